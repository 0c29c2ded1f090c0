# SPDX-License-Identifier: Apache-2.0
"""Beside numpy: live Keras and HGQ2 models, dask, notebooks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import JETS, SOURCE

import gatewright as gw


def test_importing_needs_numpy_only() -> None:
    code = (
        "import sys, gatewright\n"
        "heavy = {'keras', 'hgq', 'tensorflow', 'jax', 'torch', 'matplotlib', 'IPython', 'dask', 'pandas'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_live_keras_model() -> None:
    keras = pytest.importorskip("keras")
    keras.utils.set_random_seed(3)
    model = keras.Sequential(
        [keras.layers.Input((4,)), keras.layers.Dense(3, activation="relu"), keras.layers.Dense(2)],
        name="small-one",
    )
    # Weights and inputs on a grid of 1/8: exact in the types below, so equal to the float model.
    for layer in model.layers:
        layer.set_weights([np.round(w * 8) / 8 for w in layer.get_weights()])
    design = gw.from_keras(model, precision="fixed<24,10>", input_type="fixed<10,4>", progress=False)
    assert design.name == "small_one"
    x = np.random.default_rng(3).integers(-60, 60, (200, 4)) / 8
    assert np.array_equal(design.predict(x), np.asarray(model(x)))
    with pytest.raises(gw.Error, match="no layer of HGQ2"):
        gw.from_hgq2(model)
    with pytest.raises(TypeError, match="expected a Keras model, found list"):
        gw.from_keras([1, 2])


def test_a_live_hgq2_model() -> None:
    keras = pytest.importorskip("keras")
    layers = pytest.importorskip("hgq.layers")
    from hgq.utils import trace_minmax

    keras.utils.set_random_seed(5)
    x = np.random.default_rng(5).normal(0, 1, (500, 6)).astype(np.float32)
    model = keras.Sequential(
        [keras.layers.Input((6,)), layers.QDense(5, activation="relu"), layers.QDense(3)]
    )
    trace_minmax(model, x)
    design = gw.from_hgq2(model, clock="300MHz", progress=False)
    assert np.array_equal(design.predict(x), np.asarray(model.predict(x, verbose=0)))
    assert design.verify(vectors=20, proof_seconds=0)["passed"]


def test_dask_on_a_local_cluster(jets: gw.Design, events: np.ndarray) -> None:
    da = pytest.importorskip("dask.array")
    distributed = pytest.importorskip("distributed")
    x = da.from_array(events, chunks=(512, 16))
    lazy = da.map_blocks(jets.predict, x, chunks=(x.chunks[0], (5,)), dtype=np.float32)
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=2, processes=True, dashboard_address=None
    ) as cluster, distributed.Client(cluster):
        assert np.array_equal(lazy.compute(), jets.predict(events))


def test_designs_can_be_pickled(jets: gw.Design, events: np.ndarray) -> None:
    import pickle

    copy = pickle.loads(pickle.dumps(jets))
    assert np.array_equal(copy.predict(events[:10]), jets.predict(events[:10]))


def test_the_notebook_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    jupytext = pytest.importorskip("jupytext")
    nbclient = pytest.importorskip("nbclient")
    monkeypatch.setenv("GW_MODELS", str(JETS))
    notebook = jupytext.read(SOURCE / "examples" / "python" / "jets_to_rtl.py")
    nbclient.NotebookClient(
        notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    pages = [
        output["data"]["text/html"]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "text/html" in output.get("data", {})
    ]
    assert any("gatewright design" in page for page in pages)
    assert any(" s</pre>" in page for page in pages)  # the progress line's last word
    assert (tmp_path / "roc.png").stat().st_size > 1000
