#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# venv.sh BUILD_DIR [NAME]: prints the Python that has the packages of NAME/requirements.txt beside this
# file (default hgq2), from PyPI at pinned versions. Makes BUILD_DIR/venv-NAME if it is missing or its
# requirements changed; silent otherwise. GW_HGQ2_PYTHON (GW_<NAME>_PYTHON) names another Python that has
# them.
set -eu
build=$1
name=${2:-hgq2}
requirements=$(dirname "$0")/$name/requirements.txt
variable=GW_$(echo "$name" | tr '[:lower:]' '[:upper:]')_PYTHON
given=$(printenv "$variable" || true)
if [ -n "$given" ]; then
    echo "$given"
    exit 0
fi
venv=$build/venv-$name
# Several tests may want the same packages at once: one makes them, the others wait.
exec 9> "$venv.lock"
flock 9
if ! cmp -s "$requirements" "$venv/requirements.txt"; then
    rm -rf "$venv"
    python3 -m venv "$venv" >&2
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$requirements" >&2
    cp "$requirements" "$venv/requirements.txt"
fi
echo "$venv/bin/python"
