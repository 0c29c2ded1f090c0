#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# run.sh GATEWRIGHT BUILD_DIR: `gatewright place` for ECP5 with the router from PyPI (Debian 12 has none):
# two small networks must be routed and meet their clocks, the same seed must give the same clock, and
# without the router the error must say how it is installed. GW_NEXTPNR_ECP5_PYTHON names a Python in
# whose folder the router is.
set -eu
gatewright=$1
build=$2
here=$(cd "$(dirname "$0")" && pwd)
python=$("$here/../venv.sh" "$build" nextpnr_ecp5)
work=$build/oracle-nextpnr_ecp5
rm -rf "$work"
mkdir -p "$work"
exec "$python" "$here/check.py" "$gatewright" "$work" "$(dirname "$python")"
