#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# run.sh BUILD FOLDER: Verilog of whole networks against alkaid's, both by the same Yosys command. The
# pinned peer is installed from PyPI into BUILD/venv-logic if missing; GW_LOGIC_PYTHON
# names another Python that has alkaid and HGQ2. Writes FOLDER/logic.json.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=$1
mkdir -p "$2"
python=$("$here/../../tests/oracle/venv.sh" "$build" logic)
KERAS_BACKEND=jax exec "$python" "$here/bench.py" "$build/bin/gatewright" "$2"
