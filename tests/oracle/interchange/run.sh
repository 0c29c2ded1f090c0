#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# run.sh INTERCHANGE_EVAL BUILD_DIR [COUNT [SEED]]: programs exchanged with da4ml and alkaid from PyPI in
# both directions; every output of every event must be equal. GW_SEED changes the programs.
# GW_PEERS_PYTHON names a Python that has the packages.
set -eu
evaluate=$1
build=$2
here=$(cd "$(dirname "$0")" && pwd)
python=$("$here/../venv.sh" "$build" peers)
work=$build/oracle-interchange
rm -rf "$work"
exec "$python" "$here/check.py" "$evaluate" "$work" "${3:-100}" "${4:-${GW_SEED:-1}}"
