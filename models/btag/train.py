#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Train the demo b tagger: two Conv1D layers over ten particles and a dense head.

    python make_jets.py --out BTAG.npz
    python train.py --jets BTAG.npz --out-dir models/btag

Two convolutions of kernel 1 (12 and 6 filters, the same little network for every
particle), flatten, dense 16 and 1, ReLU between; the output is the logit of b against
light and c.  Layer inputs of the convolutions have one format per channel, shared by
the ten particles, so that a convolution's kernel can be solved once; those of the
dense layers one per element.  HGQ2 trains all widths with the weights.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import quantized  # selects the backend, so it comes before keras

import keras
import numpy as np
from hgq.config import QuantizerConfigScope
from hgq.layers import QConv1D, QDense
from keras import layers
from sklearn.metrics import roc_auc_score, roc_curve

COMMITTED = 256
BEAUTY = 2


def float_model() -> keras.Model:
    """The same layers in float32."""
    return keras.Sequential(
        [
            layers.Input((10, 8)),
            layers.Conv1D(12, 1, activation="relu"),
            layers.Conv1D(6, 1, activation="relu"),
            layers.Flatten(),
            layers.Dense(16, activation="relu"),
            layers.Dense(1),
        ]
    )


def hgq_model(beta0: float) -> keras.Model:
    """The quantized network."""

    def convolution(filters: int, name: str) -> keras.Layer:
        return QConv1D(
            filters,
            1,
            activation="relu",
            iq_conf=quantized.per_channel(1),
            beta0=beta0,
            name=name,
        )

    with (
        QuantizerConfigScope(place="weight", b0=6, i0=1),
        QuantizerConfigScope(place="bias", b0=7, i0=2),
        QuantizerConfigScope(place="datalane", i0=3, f0=5),
    ):
        return keras.Sequential(
            [
                layers.Input((10, 8), name="particles"),
                convolution(12, "conv_0"),
                convolution(6, "conv_1"),
                layers.Flatten(name="flatten"),
                QDense(16, activation="relu", beta0=beta0, name="dense_0"),
                QDense(1, beta0=beta0, name="logit"),
            ],
            name="btag",
        )


def scores(logit: quantized.Array, flavour: quantized.Array) -> dict[str, Any]:
    """AUC against light and c jets, and the efficiencies at 1 % mistagged light jets."""
    b, c, light = (logit[flavour == number] for number in (BEAUTY, 1, 0))
    cut = np.quantile(light, 0.99)
    fall_out, recall, _ = roc_curve(flavour == BEAUTY, logit)
    return {
        "accuracy": round(float(((logit > 0) == (flavour == BEAUTY)).mean()), 4),
        "auc": round(float(roc_auc_score(flavour == BEAUTY, logit)), 4),
        "b_efficiency_at_1_percent_light": round(float((b > cut).mean()), 4),
        "c_efficiency_there": round(float((c > cut).mean()), 4),
        "efficiency_at_10_percent_background": round(float(np.interp(0.1, fall_out, recall)), 4),
    }


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--jets", type=Path, required=True)
    parser.add_argument("--out-dir", type=Path, default=Path(__file__).resolve().parent)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--float-epochs", type=int, default=20)
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--batch", type=int, default=512)
    parser.add_argument("--beta", type=float, nargs=2, default=(1e-7, 5e-6))
    args = parser.parse_args()
    began = time.process_time()
    with np.load(args.jets) as file:
        data = {name: file[name] for name in file.files}
    x = data["train_x"]
    y, val_y = ((data[f"{n}_y"] == BEAUTY).astype(np.float32) for n in ("train", "val"))
    steps = -(-len(x) // args.batch)
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    options = {
        "validation_data": (data["val_x"], val_y),
        "batch_size": args.batch,
        "verbose": 0,
    }

    keras.utils.set_random_seed(args.seed)
    reference = quantized.compiled(float_model(), loss, steps * args.float_epochs, 5e-3)
    reference.fit(x, y, epochs=args.float_epochs, **options)
    float_scores = scores(quantized.predict(reference, data["test_x"])[:, 0], data["test_y"])
    print(f"float: {float_scores}", flush=True)

    model = hgq_model(args.beta[0])
    for layer, start in zip(model.layers, reference.layers, strict=True):
        if hasattr(start, "kernel"):
            layer.kernel.assign(start.kernel)
            layer.bias.assign(start.bias)
    quantized.compiled(model, loss, steps * args.epochs, 5e-3)
    callbacks = quantized.rising_beta(*args.beta, args.epochs) + [quantized.progress(10)]
    model.fit(x, y, epochs=args.epochs, callbacks=callbacks, **options)
    ebops = quantized.fix_ranges(model, x)

    logits = {part: quantized.predict(model, data[f"{part}_x"])[:, 0] for part in ("val", "test")}
    metrics = {
        "what": "10 particles x 8 features of toy jets, b against light and c",
        "jets": {part: len(data[f"{part}_y"]) for part in ("train", "val", "test")},
        "float_test": float_scores,
        "validation": scores(logits["val"], data["val_y"]),
        "test": scores(logits["test"], data["test_y"]),
        "ebops": ebops,
        "options": {k: v for k, v in vars(args).items() if not isinstance(v, Path)},
        "cpu_seconds": round(time.process_time() - began),
    }
    quantized.save(
        args.out_dir,
        "btag",
        model,
        data["test_x"][:COMMITTED],
        data["test_y"][:COMMITTED],
        metrics,
    )


if __name__ == "__main__":
    main()
