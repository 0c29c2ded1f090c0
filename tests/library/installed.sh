#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# installed.sh SOURCE BUILD: what a user gets from `cmake --install`. Installs into a new prefix,
# builds the example projects against it (CMake package, pkg-config, dlopen), runs them on the demo
# network and compares with the command line; then damages the design in several ways.
set -eu
source=$1
build=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix
fail() { echo "FAILED: $1" >&2; exit 1; }
expect_error() { # expect_error 'part of the message' command...
    says=$1
    shift
    if "$@" >"$work/out" 2>&1 </dev/null; then fail "accepted: $*"; fi
    grep -q "$says" "$work/out" || { cat "$work/out"; fail "does not say '$says': $*"; }
}

cmake --install "$build" --prefix "$prefix" >/dev/null
lib=$(dirname "$(find "$prefix" -name libgatewright.so)")
for file in bin/gatewright include/gatewright.h include/gatewright/emulator.h; do
    [ -f "$prefix/$file" ] || fail "not installed: $file"
done
for name in gatewrightConfig.cmake gatewrightConfigVersion.cmake gatewright.pc LICENSE cpp_library.md; do
    [ -n "$(find "$prefix" -name $name)" ] || fail "not installed: $name"
done
# Only the C interface is visible, and no HDF5 or zip comes with it.
if nm -D --defined-only "$lib/libgatewright.so" | grep -v ' A ' | grep -vq ' T gatewright_'; then
    fail "libgatewright.so shows more than its C interface"
fi
readelf -d "$lib/libgatewright.so" | grep -q 'SONAME.*libgatewright\.so\.1' || fail "soname"
if readelf -d "$lib/libgatewright.so" | grep -Eq 'NEEDED.*(hdf5|zip)|TEXTREL'; then fail "dependencies"; fi

for project in cpp/emulate cpp/event_loop c; do
    cmake -S "$source/examples/$project" -B "$work/$project" -DCMAKE_PREFIX_PATH="$prefix" \
        -DCMAKE_BUILD_TYPE=Release --no-warn-unused-cli -DCMAKE_C_FLAGS="-Wall -Wextra -Wpedantic -Werror" \
        -DCMAKE_CXX_FLAGS="-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror" >/dev/null
    cmake --build "$work/$project" >/dev/null || fail "$project does not build"
done
# The header alone in C++17 and C++20 and C99, found by pkg-config.
flags=$(PKG_CONFIG_PATH=$lib/pkgconfig pkg-config --cflags --libs gatewright)
echo '#include <gatewright/emulator.h>
int main() { return gatewright::library_version().empty() ? 1 : 0; }' >"$work/header.cpp"
for standard in 17 20; do
    # shellcheck disable=SC2086
    c++ -std=c++$standard -Wall -Wextra -Werror "$work/header.cpp" -o "$work/header" $flags -Wl,-rpath,"$lib"
    "$work/header" || fail "C++$standard"
done

gw=$prefix/bin/gatewright
$gw compile "$source/models/jets/jets.keras" -o "$work/jets" --clock 360MHz >/dev/null
python3 - "$work/x.csv" <<'PY'
import random, sys
random.seed(5)
with open(sys.argv[1], "w") as file:
    for event in range(3001):
        file.write(",".join(repr(random.gauss(0, 3)) for _ in range(16)) + "\n")
PY
$gw emulate "$work/jets" --input "$work/x.csv" --output "$work/y.csv" >/dev/null
for design in "$work/jets" "$work/jets/design.json" "$work/jets/model.json"; do
    "$work/cpp/emulate/emulate" "$design" <"$work/x.csv" >"$work/z.csv" 2>"$work/ports"
    python3 - "$work/y.csv" "$work/z.csv" <<'PY' || fail "the library and the command line differ"
import sys
rows = [[[float(v) for v in line.split(",")] for line in open(f)] for f in sys.argv[1:]]
assert len(rows[0]) == 3001 and rows[0] == rows[1]
PY
done
grep -q '^input .*: 16 values, the first is fixed<' "$work/ports" || fail "ports"
"$work/cpp/event_loop/event_loop" "$work/jets" 20000 4 | grep -q ' 0 differ' || fail "event loop"
LD_LIBRARY_PATH='' "$work/c/plugin" "$lib/libgatewright.so" "$work/jets" >"$work/plugin"
grep -q '^jets of zeros:' "$work/plugin" || fail "dlopen"

# Damage: an error value with a clear message, never a crash.
example=$work/cpp/emulate/emulate
expect_error 'no such file' "$example" "$work/nothing"
expect_error 'is no design directory' "$example" "$work"
expect_error 'dataflow.txt' sh -c "cp -r $work/jets $work/a && echo '# more' >>$work/a/dataflow.txt && $example $work/a"
expect_error 'dataflow.txt: no such file' sh -c "rm $work/a/dataflow.txt && $example $work/a"
expect_error 'design.json' sh -c "head -c 2000 $work/jets/design.json >$work/a/design.json && $example $work/a"
expect_error 'version 7' sh -c "sed 's/\"version\": 1/\"version\": 7/' $work/jets/design.json >$work/a/design.json && $example $work/a"
expect_error 'design.json' "$work/c/plugin" "$lib/libgatewright.so" "$work/a"
expect_error 'only finite numbers' sh -c "sed '7s/^[^,]*/nan/' $work/x.csv | $example $work/jets"
echo "ok"
