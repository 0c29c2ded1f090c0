/* SPDX-License-Identifier: Apache-2.0
 *
 * plugin LIBRARY DESIGN: opens libgatewright.so while running, as a framework with plugins does,
 * and puts one event of zeros through a design. Nothing of gatewright is known when this is linked.
 */
#include <dlfcn.h>
#include <gatewright.h>
#include <stdio.h>
#include <stdlib.h>

/* The functions of one opened library. */
struct api {
    int (*abi_version)(void);
    const char* (*version)(void);
    const char* (*last_error)(void);
    int (*load)(const char*, gatewright_emulator**);
    void (*release)(gatewright_emulator*);
    const char* (*name)(const gatewright_emulator*);
    size_t (*element_count)(const gatewright_emulator*, int);
    int (*get_format)(const gatewright_emulator*, int, size_t, gatewright_format*);
    int (*run_f64)(const gatewright_emulator*, const double*, size_t, double*, size_t, unsigned);
};

/* POSIX lets a pointer to data hold one to a function; ISO C wants it said like this. */
static int find(void* library, const char* name, void* function) {
    void** place = (void**)function;
    *place = dlsym(library, name);
    if (*place == NULL) fprintf(stderr, "%s\n", dlerror());
    return *place != NULL;
}

static int open_api(void* library, struct api* api) {
    return find(library, "gatewright_abi_version", &api->abi_version) &&
           find(library, "gatewright_version", &api->version) &&
           find(library, "gatewright_last_error", &api->last_error) &&
           find(library, "gatewright_load", &api->load) &&
           find(library, "gatewright_free", &api->release) &&
           find(library, "gatewright_name", &api->name) &&
           find(library, "gatewright_element_count", &api->element_count) &&
           find(library, "gatewright_get_format", &api->get_format) &&
           find(library, "gatewright_run_f64", &api->run_f64);
}

static int run_zeros(const struct api* api, const gatewright_emulator* design) {
    const size_t in = api->element_count(design, GATEWRIGHT_INPUT);
    const size_t out = api->element_count(design, GATEWRIGHT_OUTPUT);
    double* x = calloc(in + 1, sizeof *x);
    double* y = calloc(out + 1, sizeof *y);
    int status = GATEWRIGHT_NO_MEMORY;
    if (x != NULL && y != NULL) status = api->run_f64(design, x, in, y, out, 1);
    if (status == GATEWRIGHT_OK) {
        printf("%s of zeros:", api->name(design));
        for (size_t i = 0; i < out; ++i) {
            gatewright_format format;
            if (api->get_format(design, GATEWRIGHT_OUTPUT, i, &format) != GATEWRIGHT_OK) break;
            printf(" %.17g (%s)", y[i], format.type);
        }
        printf("\n");
    } else {
        fprintf(stderr, "%s\n", api->last_error());
    }
    free(x);
    free(y);
    return status;
}

int main(int argc, char** argv) {
    struct api api;
    gatewright_emulator* design = NULL;
    void* library;
    int status;
    if (argc != 3) {
        fprintf(stderr, "usage: %s LIBRARY DESIGN\n", argv[0]);
        return 2;
    }
    library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    if (!open_api(library, &api)) return 1;
    if (api.abi_version() < GATEWRIGHT_ABI_VERSION) {
        fprintf(stderr, "gatewright %s is too old\n", api.version());
        return 1;
    }
    status = api.load(argv[2], &design);
    if (status == GATEWRIGHT_OK) {
        status = run_zeros(&api, design);
        api.release(design);
    } else {
        fprintf(stderr, "%s\n", api.last_error());
    }
    dlclose(library);
    return status == GATEWRIGHT_OK ? 0 : 1;
}
