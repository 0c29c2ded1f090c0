#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# venv.sh BUILD_DIR: prints the Python that has HGQ2, from PyPI at pinned versions. Makes
# BUILD_DIR/venv-hgq2 if it is missing or its requirements changed; silent otherwise.
# GW_HGQ2_PYTHON names another Python that has the packages.
set -eu
build=$1
requirements=$(dirname "$0")/hgq2/requirements.txt
if [ -n "${GW_HGQ2_PYTHON:-}" ]; then
    echo "$GW_HGQ2_PYTHON"
    exit 0
fi
venv=$build/venv-hgq2
if ! cmp -s "$requirements" "$venv/requirements.txt"; then
    rm -rf "$venv"
    python3 -m venv "$venv" >&2
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$requirements" >&2
    cp "$requirements" "$venv/requirements.txt"
fi
echo "$venv/bin/python"
