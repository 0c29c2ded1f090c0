# ---
# jupyter:
#   jupytext:
#     formats: py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---
# SPDX-License-Identifier: Apache-2.0

# %% [markdown]
# # From a trained network to hardware
#
# A jet tagger that was trained with HGQ2 becomes Verilog; the notebook shows that the hardware gives
# the trained model's answers, what it costs, and how well it tags. Open it with jupytext
# (`jupytext --to ipynb jets_to_rtl.py`) or run it as a script.

# %%
import importlib.util
import os
from pathlib import Path

import numpy as np

import gatewright as gw

models = Path(os.environ.get("GW_MODELS", "../../models/jets"))
x = np.load(models / "jets_test_x.npy")
labels = np.load(models / "jets_test_y.npy")
classes = (models / "classes.txt").read_text().split()
x.shape, classes

# %% [markdown]
# ## Compile
# One call: RTL, testbench, synthesis scripts and report. Without `out=` the design lives in a temporary
# folder; its summary is what the notebook shows.

# %%
design = gw.compile(models / "jets.keras", part="xcvu13p-2", clock="360MHz", name="jets")
design

# %%
[(port.name, port.shape, port.types[:3]) for port in design.inputs]

# %% [markdown]
# ## The same bits
# `jets_expected.npy` holds what the trained model answered in Python. The emulator, which is the
# hardware's function, gives exactly that.

# %%
scores = design.predict(x)
expected = np.load(models / "jets_expected.npy")
assert np.array_equal(scores, expected)

# %%
evidence = design.verify(vectors=200, data=x[:200], proof_seconds=1)
assert evidence["passed"]
{entry["evaluator"]: entry["vectors"] for entry in evidence["evaluators"]}

# %% [markdown]
# ## How well it tags, and what it costs

# %%
metrics = design.evaluate(x, labels, class_names=classes)
metrics["accuracy"], dict(zip(classes, metrics["auc"]))

# %%
if importlib.util.find_spec("matplotlib"):
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(5, 5))
    for curve in metrics["roc"]:
        axes.plot(curve["tpr"], curve["fpr"], label=f"{curve['class']}: AUC {curve['auc']:.3f}")
    axes.set(xlabel="signal efficiency", ylabel="background efficiency", yscale="log", ylim=(1e-3, 1))
    axes.legend()
    figure.savefig("roc.png", dpi=100)

# %%
synthesis = design.synth()
synthesis["lut"], synthesis["ff"]

# %%
verilog = sorted((design.path / "rtl").glob("*.v"))
print([file.name for file in verilog])
print("\n".join(verilog[0].read_text().splitlines()[:20]))

# %% [markdown]
# ## A model that was never saved
# With HGQ2 installed, a live model goes the same way: a small one, a few steps of training, and its
# design answers every event as the model does.

# %%
if importlib.util.find_spec("hgq"):
    os.environ.setdefault("KERAS_BACKEND", "jax")
    import keras
    from hgq.layers import QDense
    from hgq.utils import trace_minmax

    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [keras.layers.Input((16,)), QDense(8, activation="relu"), QDense(len(classes))]
    )
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(x[:2000], labels[:2000], epochs=2, batch_size=200, verbose=0)
    trace_minmax(model, x)
    small = gw.from_hgq2(model, clock="300MHz")
    answers = np.asarray(model.predict(x[:500], verbose=0))
    assert np.array_equal(small.predict(x[:500]), answers)
    print(small.latency_cycles, "cycles,", small.report()["estimate"]["lut"], "LUT")
