#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# run.sh IMPORT_EVAL BUILD_DIR [COUNT [SEED]]: random convolutional QKeras networks, made by the Python
# package, imported and run by Gatewright; every output of every event must be equal. GW_SEED changes the
# networks. The Python is that of ../qkeras (GW_QKERAS_PYTHON names another).
set -eu
import_eval=$1
build=$2
here=$(cd "$(dirname "$0")" && pwd)
count=${3:-22}
seed=${4:-${GW_SEED:-1}}
python=$("$here/../venv.sh" "$build" qkeras)
work=$build/oracle-qkeras-conv
rm -rf "$work"
echo "seed $seed, $count networks"
"$python" "$here/make_fixtures.py" "$work" "$count" "$seed" > "$build/oracle-qkeras-conv.log" 2>&1 || {
    tail -20 "$build/oracle-qkeras-conv.log"
    exit 1
}
# The list holds three paths per network without blanks in them.
set -f
# shellcheck disable=SC2046
"$import_eval" $(cat "$work/list.txt")
