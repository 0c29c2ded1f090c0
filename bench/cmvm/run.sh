#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# run.sh BUILD FOLDER [options of bench.py]: adder graphs against da4ml and alkaid. Their pinned versions
# are installed from PyPI into BUILD/venv-peers if missing; GW_PEERS_PYTHON names another Python that has
# them. Writes FOLDER/cmvm.json.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=$1
shift
mkdir -p "$1"
python=$("$here/../../tests/oracle/venv.sh" "$build" peers)
# One thread: what is compared is CPU time.
OMP_NUM_THREADS=1 GW_THREADS=1 exec "$python" "$here/bench.py" "$build/bin/gatewright" "$@"
