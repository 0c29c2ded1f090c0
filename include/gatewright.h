/* SPDX-License-Identifier: Apache-2.0
 *
 * The bit-exact emulation of a Gatewright design, for C and for everything that can call C. This is
 * the library's only binary interface: structs below never change, functions are only added, and
 * gatewright_abi_version() grows when one is. C++ wraps it in gatewright/emulator.h.
 *
 *     gatewright_emulator* jets = NULL;
 *     if (gatewright_load("jets/", &jets) != GATEWRIGHT_OK) puts(gatewright_last_error());
 *     double x[16] = {0}, y[5];
 *     if (gatewright_run_f64(jets, x, 16, y, 5, 1) != GATEWRIGHT_OK) puts(gatewright_last_error());
 *     gatewright_free(jets);
 *
 * An emulator never changes after loading: any number of threads may use one at once. No function
 * writes to a terminal, ends the process or lets a C++ exception out.
 */
#ifndef GATEWRIGHT_H
#define GATEWRIGHT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define GATEWRIGHT_API __attribute__((visibility("default")))
#else
#define GATEWRIGHT_API
#endif

/* Of this header. A library with the same number or a higher one has all functions below. */
#define GATEWRIGHT_ABI_VERSION 1

typedef struct gatewright_emulator gatewright_emulator;

/* What every function that returns int returns. */
enum gatewright_status {
    GATEWRIGHT_OK = 0,
    GATEWRIGHT_CANNOT_LOAD =
        1, /* file missing, damaged, of another version, of an unknown format */
    GATEWRIGHT_BAD_ARGUMENT = 2, /* null pointer, wrong number of values, no such port */
    GATEWRIGHT_BAD_VALUE = 3,    /* NaN or infinity; an integer type too narrow for a port */
    GATEWRIGHT_NO_MEMORY = 4,
    GATEWRIGHT_DEFECT = 5 /* of the library; please report it */
};

enum gatewright_direction { GATEWRIGHT_INPUT = 0, GATEWRIGHT_OUTPUT = 1 };

/* A named array of the design's inputs or outputs. Pointers live as long as the emulator. */
typedef struct gatewright_port {
    const char* name;
    const int64_t* shape; /* without the axis of events */
    size_t rank;          /* entries of shape */
    size_t elements;      /* product of the shape */
    size_t first;         /* index of its first element among those of all ports of the direction */
} gatewright_port;

/* value = code * 2^-fraction_bits; the code is an integer of `width` bits. */
typedef struct gatewright_format {
    int is_signed;
    int width;
    int fraction_bits;
    const char* type; /* "fixed<16,6,RND,SAT>": for inputs also how a real value becomes a code */
} gatewright_format;

GATEWRIGHT_API int gatewright_abi_version(void);
/* Version of the library, "0.1.0". */
GATEWRIGHT_API const char* gatewright_version(void);
/* What went wrong in the last call on this thread that did not return GATEWRIGHT_OK; never null.
 * Overwritten by the next failure on the thread. */
GATEWRIGHT_API const char* gatewright_last_error(void);

/* Loads a design directory, its design.json (milliseconds), or a native model file (compiled in
 * memory). *emulator is set only on success; gatewright_free() releases it (null is allowed). */
GATEWRIGHT_API int gatewright_load(const char* path, gatewright_emulator** emulator);
GATEWRIGHT_API void gatewright_free(gatewright_emulator* emulator);

GATEWRIGHT_API const char* gatewright_name(const gatewright_emulator* emulator);
/* The hardware: device, clock, latency and initiation interval; "" and 0 for a model file. */
GATEWRIGHT_API const char* gatewright_part(const gatewright_emulator* emulator);
GATEWRIGHT_API double gatewright_clock_mhz(const gatewright_emulator* emulator);
GATEWRIGHT_API int gatewright_latency_cycles(const gatewright_emulator* emulator);
GATEWRIGHT_API int gatewright_initiation_interval(const gatewright_emulator* emulator);

/* Ports, and elements of one event over all ports of a direction. */
GATEWRIGHT_API size_t gatewright_port_count(const gatewright_emulator* emulator, int direction);
GATEWRIGHT_API size_t gatewright_element_count(const gatewright_emulator* emulator, int direction);
GATEWRIGHT_API int gatewright_get_port(const gatewright_emulator* emulator, int direction,
                                       size_t index, gatewright_port* port);
GATEWRIGHT_API int gatewright_get_format(const gatewright_emulator* emulator, int direction,
                                         size_t element, gatewright_format* format);

/* Runs a whole number of events, one after another in memory: event e has its inputs at
 * inputs[e * element_count(GATEWRIGHT_INPUT)], all ports in order; outputs likewise. The counts are
 * of values, not of events or bytes; zero events are allowed. Input and output may not overlap.
 *
 * f64, f32: real values. Inputs are cast by the ports' types, exactly; NaN and infinities are
 * GATEWRIGHT_BAD_VALUE and outputs are then unspecified. Outputs are exact in double up to 53 bits
 * and rounded to nearest beyond, as in float beyond 24.
 * i16, i32, i64: codes. Inputs keep their low bits (they wrap into the port's format); a type too
 * narrow for an output's format is GATEWRIGHT_BAD_VALUE.
 *
 * threads: 1 runs on the calling thread alone (and allocates nothing there once it has run this
 * emulator); n splits the events over n threads, 0 over all cores. The result never depends on
 * it. */
GATEWRIGHT_API int gatewright_run_f64(const gatewright_emulator* emulator, const double* inputs,
                                      size_t input_values, double* outputs, size_t output_values,
                                      unsigned threads);
GATEWRIGHT_API int gatewright_run_f32(const gatewright_emulator* emulator, const float* inputs,
                                      size_t input_values, float* outputs, size_t output_values,
                                      unsigned threads);
GATEWRIGHT_API int gatewright_run_i16(const gatewright_emulator* emulator, const int16_t* inputs,
                                      size_t input_values, int16_t* outputs, size_t output_values,
                                      unsigned threads);
GATEWRIGHT_API int gatewright_run_i32(const gatewright_emulator* emulator, const int32_t* inputs,
                                      size_t input_values, int32_t* outputs, size_t output_values,
                                      unsigned threads);
GATEWRIGHT_API int gatewright_run_i64(const gatewright_emulator* emulator, const int64_t* inputs,
                                      size_t input_values, int64_t* outputs, size_t output_values,
                                      unsigned threads);

#ifdef __cplusplus
}
#endif

#endif
