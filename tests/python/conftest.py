# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import gatewright as gw

SOURCE = Path(os.environ["GW_SOURCE_DIR"])
JETS = SOURCE / "models" / "jets"
PROGRAM = Path(sys.executable).parent / "gatewright"

# y = relu(x·W + b) with W = [[0.5, -1], [1.5, 2]], b = (0.25, -0.5).
TINY = {
    "format": "gatewright-model",
    "version": 1,
    "name": "tiny",
    "layers": [
        {"name": "x", "kind": "input", "shape": [2], "type": "fixed<6,4,RND,SAT>"},
        {"name": "fc1", "kind": "dense", "inputs": ["x"], "kernel": [[0.5, -1], [1.5, 2]],
         "bias": [0.25, -0.5]},
        {"name": "act", "kind": "relu", "inputs": ["fc1"]},
    ],
    "outputs": ["act"],
}


def command(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(PROGRAM), *map(str, arguments)], capture_output=True, text=True)


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.json"
    path.write_text(json.dumps(TINY))
    return path


@pytest.fixture(scope="session")
def jets(tmp_path_factory: pytest.TempPathFactory) -> gw.Design:
    folder = tmp_path_factory.mktemp("jets") / "jets"
    return gw.compile(JETS / "jets.keras", folder, part="xcvu13p-2", clock="360MHz", progress=False)


@pytest.fixture
def copy_of_jets(jets: gw.Design, tmp_path: Path) -> Path:
    shutil.copytree(jets.path, tmp_path / "copy")
    return tmp_path / "copy"


@pytest.fixture(scope="session")
def events() -> np.ndarray:
    return np.load(JETS / "jets_test_x.npy")
