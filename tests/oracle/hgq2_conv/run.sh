#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# run.sh IMPORT_EVAL BUILD_DIR [COUNT [SEED]]: random convolutional HGQ2 networks, made by the Python
# package, imported and run by Gatewright; every output of every event must be equal. GW_SEED changes the
# networks.
set -eu
import_eval=$1
build=$2
here=$(dirname "$0")
count=${3:-10}
seed=${4:-${GW_SEED:-1}}
python=$("$here/../venv.sh" "$build")
work=$build/oracle-hgq2-conv
rm -rf "$work"
echo "seed $seed, $count networks"
"$python" "$here/make_fixtures.py" "$work" "$count" "$seed" 2> "$build/oracle-hgq2-conv.log" || {
    tail -20 "$build/oracle-hgq2-conv.log"
    exit 1
}
set --
for model in "$work"/*.keras "$work"/*.h5; do
    set -- "$@" "$model" "${model%.*}_x.npy" "${model%.*}_y.npy"
done
"$import_eval" "$@"
