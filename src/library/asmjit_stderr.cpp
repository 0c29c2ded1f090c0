// SPDX-License-Identifier: Apache-2.0
//
// Debian's libasmjit.a is compiled for programs, not for shared libraries: it reads `stderr` (in
// the text of failed assertions) by an address relative to its own code, which a shared library may
// only do with variables of its own. `--wrap=stderr` at link time sends every use of the name to
// the variable below; the double underscores are the linker's.
#include <cstdio>

extern "C" {
extern std::FILE* __real_stderr;
__attribute__((visibility("hidden"))) std::FILE* __wrap_stderr = __real_stderr;
}
