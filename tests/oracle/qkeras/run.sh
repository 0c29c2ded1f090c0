#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# run.sh IMPORT_EVAL BUILD_DIR [COUNT [SEED]]: random QKeras networks, made by the Python package, imported
# and run by Gatewright; every output of every event must be equal. GW_SEED changes the networks.
# GW_QKERAS_PYTHON names a Python that has the packages; without it BUILD_DIR/venv-qkeras is made.
set -eu
import_eval=$1
build=$2
here=$(cd "$(dirname "$0")" && pwd)
count=${3:-60}
seed=${4:-${GW_SEED:-1}}
python=${GW_QKERAS_PYTHON:-$build/venv-qkeras/bin/python}
requirements=$here/requirements.txt
if [ -z "${GW_QKERAS_PYTHON:-}" ] && ! cmp -s "$requirements" "$build/venv-qkeras/requirements.txt"; then
    rm -rf "$build/venv-qkeras"
    python3 -m venv "$build/venv-qkeras"
    "$build/venv-qkeras/bin/pip" install --quiet --disable-pip-version-check -r "$requirements"
    cp "$requirements" "$build/venv-qkeras/requirements.txt"
fi
work=$build/oracle-qkeras
rm -rf "$work"
echo "seed $seed, $count networks"
"$python" "$here/make_fixtures.py" "$work" "$count" "$seed" > "$build/oracle-qkeras.log" 2>&1 || {
    tail -20 "$build/oracle-qkeras.log"
    exit 1
}
# The list holds three paths per network without blanks in them.
set -f
# shellcheck disable=SC2046
"$import_eval" $(cat "$work/list.txt")
