#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# run.sh SOURCE BUILD [PYTEST ARGUMENTS]: the Python package as a user gets it. Makes a virtual
# environment, builds and installs the wheel with pip, checks the types, and runs the tests.
# GW_HGQ2_PYTHON names a Python that has Keras and HGQ2; else they come from PyPI.
set -eu
source=$1
build=$2
shift 2
venv=$build/venv-python
here=$source/tests/python
if ! cmp -s "$here/requirements.txt" "$venv/requirements.txt"; then
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
    if [ -n "${GW_HGQ2_PYTHON:-}" ]; then
        "$GW_HGQ2_PYTHON" -c 'import sysconfig; print(sysconfig.get_path("purelib"))' \
            >"$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/hgq2.pth"
    else
        "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$source/tests/oracle/hgq2/requirements.txt"
    fi
    cp "$here/requirements.txt" "$venv/requirements.txt"
fi
"$venv/bin/pip" install --quiet --disable-pip-version-check --force-reinstall --no-deps "$source"
cd "$build"  # not the source: the installed package is what is tested
export KERAS_BACKEND=jax GW_SOURCE_DIR="$source"
"$venv/bin/mypy" --strict --package gatewright
"$venv/bin/python" -m pytest -q -p no:cacheprovider "$here" "$@"
