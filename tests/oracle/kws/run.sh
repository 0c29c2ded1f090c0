#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# run.sh IMPORT_EVAL BUILD_DIR: the keyword-spotting network of MLPerf Tiny with seeded weights, from Keras 2 and
# from Keras 3, imported in fixed<16,6,RND,SAT> and evaluated layer by layer; every output must equal NumPy's
# integers. The Pythons are those of ../qkeras and ../hgq2. GW_SEED changes weights and inputs.
set -eu
import_eval=$1
build=$2
here=$(cd "$(dirname "$0")" && pwd)
work=$build/oracle-kws
rm -rf "$work"
make() {
    "$1" "$here/make_fixtures.py" "$2" "${GW_SEED:-1}" 2> "$build/oracle-kws.log" || {
        tail -20 "$build/oracle-kws.log"
        exit 1
    }
}
make "$("$here/../venv.sh" "$build" qkeras)" "$work/2"
make "$("$here/../venv.sh" "$build" hgq2)" "$work/3"
"$import_eval" --reference --precision "fixed<16,6,RND,SAT>" \
    "$work/2/kws.json" "$work/2/x.npy" "$work/2/y.npy" "$work/3/kws.keras" "$work/3/x.npy" "$work/3/y.npy"
