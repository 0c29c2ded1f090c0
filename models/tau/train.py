#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Train the demo tau tagger: a small CNN on 5 x 9 calorimeter windows, unrolled.

    python make_windows.py --out TAU.npz
    python train.py --windows TAU.npz --out-dir models/tau

Two 2x2 convolutions (4 and 8 filters), one 2x2 max pooling between them, dense 16 and
1; ReLU between; the output is the tau logit.  The size is that of level-1 tau CNNs
(two convolutions and a dense head, 20 cycles at 360 MHz).  Every weight and every
single layer input, pixel by pixel, has a width of its own; HGQ2 trains them together
with the weights and prunes what does not pay.

The network is trained on counts * 2^-4; the factor then moves into the first layer,
so that the committed network takes counts 0..255 (uint8 [n, 5, 9, 2]).
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
from hgq.layers import QConv2D, QDense
from keras import layers
from sklearn.metrics import roc_auc_score, roc_curve

INPUT_SHIFT = 4
COMMITTED = 256


def float_model() -> keras.Model:
    """The same layers in float32."""
    return keras.Sequential(
        [
            layers.Input((5, 9, 2)),
            layers.Conv2D(4, 2, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(8, 2, activation="relu"),
            layers.Flatten(),
            layers.Dense(16, activation="relu"),
            layers.Dense(1),
        ]
    )


def hgq_model(beta0: float) -> keras.Model:
    """The quantized network."""
    with (
        QuantizerConfigScope(place="weight", b0=6, i0=1),
        QuantizerConfigScope(place="bias", b0=7, i0=2),
        QuantizerConfigScope(place="datalane", i0=4, f0=4),
    ):
        return keras.Sequential(
            [
                layers.Input((5, 9, 2), name="towers"),
                QConv2D(4, 2, activation="relu", beta0=beta0, name="conv_0"),
                layers.MaxPooling2D(2, name="pool_0"),
                QConv2D(8, 2, activation="relu", beta0=beta0, name="conv_1"),
                layers.Flatten(name="flatten"),
                QDense(16, activation="relu", beta0=beta0, name="dense_0"),
                QDense(1, beta0=beta0, name="logit"),
            ],
            name="tau",
        )


def scores(logit: quantized.Array, y: quantized.Array) -> dict[str, Any]:
    """Accuracy at logit 0, AUC, and the efficiency where 1 % of the background passes."""
    fall_out, recall, _ = roc_curve(y, logit)
    return {
        "accuracy": round(float(((logit > 0) == y).mean()), 4),
        "auc": round(float(roc_auc_score(y, logit)), 4),
        "efficiency_at_1_percent": round(float(np.interp(0.01, fall_out, recall)), 4),
    }


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--windows", type=Path, required=True)
    parser.add_argument("--out-dir", type=Path, default=Path(__file__).resolve().parent)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--float-epochs", type=int, default=20)
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--batch", type=int, default=512)
    parser.add_argument("--beta", type=float, nargs=2, default=(1e-7, 8e-6))
    args = parser.parse_args()
    began = time.process_time()
    with np.load(args.windows) as file:
        data = {name: file[name] for name in file.files}
    scale = np.float32(2.0**-INPUT_SHIFT)
    x, val_x = data["train_x"] * scale, data["val_x"] * scale
    steps = -(-len(x) // args.batch)
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    options = {
        "validation_data": (val_x, data["val_y"].astype(np.float32)),
        "batch_size": args.batch,
        "verbose": 0,
    }
    y = data["train_y"].astype(np.float32)

    keras.utils.set_random_seed(args.seed)
    reference = quantized.compiled(float_model(), loss, steps * args.float_epochs, 5e-3)
    reference.fit(x, y, epochs=args.float_epochs, **options)
    float_scores = scores(quantized.predict(reference, data["test_x"] * scale)[:, 0], data["test_y"])
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
    quantized.move_input_scale(model, INPUT_SHIFT)

    logits = {part: quantized.predict(model, data[f"{part}_x"])[:, 0] for part in ("val", "test")}
    metrics = {
        "what": "5x9x2 toy calorimeter windows, tau against jet",
        "windows": {part: len(data[f"{part}_y"]) for part in ("train", "val", "test")},
        "float_test": float_scores,
        "validation": scores(logits["val"], data["val_y"]),
        "test": scores(logits["test"], data["test_y"]),
        "ebops": ebops,
        "options": {k: v for k, v in vars(args).items() if not isinstance(v, Path)},
        "cpu_seconds": round(time.process_time() - began),
    }
    quantized.save(
        args.out_dir,
        "tau",
        model,
        data["test_x"][:COMMITTED],
        data["test_y"][:COMMITTED],
        metrics,
    )


if __name__ == "__main__":
    main()
