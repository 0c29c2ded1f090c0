#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Train the demo region-of-interest finder with QKeras: a 1D CNN over a wire's ticks.

    python make_waveforms.py --out WIRES.npz
    python train.py --waveforms WIRES.npz --out-dir models/wires

Three convolutions (8 filters over 7 ticks, 12 over 5, 16 over 3) with ReLU, max pooling
by 4 after the first two, a global max pooling, dense 1: the logit that the window of
200 ticks holds charge.  The idea is that of L. Uboldi et al., arXiv 2106.09911; size
and data are ours.  Weights have 6 bits, activations 7 (unsigned, saturating), the same
everywhere: the uniform counterpart to the HGQ2 networks beside it.

The network's input is counts * 2^-4, a number of ap_fixed<9,5>.  QKeras 0.9.0 wants
TensorFlow 2.15, so this network has requirements of its own (requirements.txt).
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from qkeras import QActivation, QConv1D, QDense
from qkeras.utils import load_qmodel
from tensorflow.keras import layers, models

TICKS = 200
COMMITTED = 256
KERNEL = "quantized_bits(6,0,alpha=1)"
BIAS = "quantized_bits(8,2,alpha=1)"
ACTIVATION = "quantized_relu(7,3)"
INPUT = "quantized_bits(9,4,alpha=1)"
CONVOLUTIONS = ((8, 7, 4), (12, 5, 4), (16, 3, 1))  # filters, ticks, pooling behind

Array = npt.NDArray[Any]


def network() -> tf.keras.Model:
    """The quantized network."""
    stack: list[Any] = [layers.Input((TICKS, 1), name="ticks"), QActivation(INPUT, name="adc")]
    for number, (filters, ticks, pool) in enumerate(CONVOLUTIONS):
        stack += [
            QConv1D(
                filters,
                ticks,
                kernel_quantizer=KERNEL,
                bias_quantizer=BIAS,
                name=f"conv_{number}",
            ),
            QActivation(ACTIVATION, name=f"relu_{number}"),
        ]
        if pool > 1:
            stack.append(layers.MaxPooling1D(pool, name=f"pool_{number}"))
    stack += [
        layers.GlobalMaxPooling1D(name="highest"),
        QDense(1, kernel_quantizer=KERNEL, bias_quantizer=BIAS, name="logit"),
    ]
    return models.Sequential(stack, name="wires")


def half_even(values: Array, fraction: int, low: float, high: float) -> Array:
    """Round to multiples of 2^-fraction, ties to even, then clip: a QKeras quantizer."""
    scale = 2.0**fraction
    return np.clip(np.round(values * scale) / scale, low, high)


def exact_outputs(model: tf.keras.Model, x: Array) -> npt.NDArray[np.float64]:
    """The network in float64 from its float weights and the quantizers' definitions."""
    stored = {
        layer.name: [v.astype(np.float64) for v in layer.get_weights()] for layer in model.layers
    }
    weights = {
        name: (half_even(w[0], 5, -1, 1 - 2**-5), half_even(w[1], 5, -4, 4 - 2**-5))
        for name, w in stored.items()
        if len(w) == 2
    }
    h = half_even(x.astype(np.float64).reshape(-1, TICKS, 1), 4, -16, 16 - 2**-4)
    for number, (_, ticks, pool) in enumerate(CONVOLUTIONS):
        kernel, bias = weights[f"conv_{number}"]
        view = np.lib.stride_tricks.sliding_window_view(h, ticks, axis=1)
        h = np.einsum("npct,tcf->npf", view, kernel) + bias
        h = half_even(h, 4, 0, 8 - 2**-4)
        if pool > 1:
            whole = h.shape[1] // pool
            h = h[:, : whole * pool].reshape(len(h), whole, pool, -1).max(axis=2)
    kernel, bias = weights["logit"]
    return h.max(axis=1) @ kernel + bias


def scores(logit: Array, y: Array, height: Array) -> dict[str, Any]:
    """Accuracy, and at 1 % of noise windows kept the efficiency by height in counts."""
    cut = np.quantile(logit[y == 0], 0.99)
    edges = (8, 12, 20, 35, 60)
    by_height = {
        f"{low}-{high}": round(float((logit[(height >= low) & (height < high)] > cut).mean()), 4)
        for low, high in zip(edges[:-1], edges[1:], strict=True)
    }
    return {
        "accuracy": round(float(((logit > 0) == y).mean()), 4),
        "efficiency_at_1_percent": round(float((logit[y == 1] > cut).mean()), 4),
        "efficiency_by_height": by_height,
    }


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--waveforms", type=Path, required=True)
    parser.add_argument("--out-dir", type=Path, default=Path(__file__).resolve().parent)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--batch", type=int, default=256)
    args = parser.parse_args()
    began = time.process_time()
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.keras.utils.set_random_seed(args.seed)
    tf.config.experimental.enable_op_determinism()
    with np.load(args.waveforms) as file:
        data = {name: file[name] for name in file.files}
    x = {n: data[f"{n}_x"].astype(np.float32)[..., None] / 16 for n in ("train", "val", "test")}

    model = network()
    steps = -(-len(x["train"]) // args.batch)
    rate = tf.keras.optimizers.schedules.CosineDecay(4e-3, steps * args.epochs)
    model.compile(
        optimizer=tf.keras.optimizers.Adam(rate),
        loss=tf.keras.losses.BinaryCrossentropy(from_logits=True),
        metrics=[tf.keras.metrics.BinaryAccuracy(threshold=0.0)],
    )
    model.fit(
        x["train"],
        data["train_y"].astype(np.float32),
        validation_data=(x["val"], data["val_y"].astype(np.float32)),
        epochs=args.epochs,
        batch_size=args.batch,
        verbose=2,
    )

    args.out_dir.mkdir(parents=True, exist_ok=True)
    path = args.out_dir / "wires.h5"
    model.save(path, include_optimizer=False)
    model = load_qmodel(str(path), compile=False)
    outputs = model.predict(x["test"], batch_size=1000, verbose=0)
    if not np.array_equal(outputs.astype(np.float64), exact_outputs(model, x["test"])):
        sys.exit("QKeras' float32 outputs and the float64 evaluation differ")
    np.save(args.out_dir / "wires_test_x.npy", x["test"][:COMMITTED].astype(np.float16))
    np.save(args.out_dir / "wires_test_y.npy", data["test_y"][:COMMITTED])
    np.save(args.out_dir / "wires_expected.npy", outputs[:COMMITTED])
    metrics = {
        "what": "200 ticks of toy liquid-argon wires, charge against noise",
        "waveforms": {part: len(v) for part, v in x.items()},
        "test": scores(outputs[:, 0], data["test_y"], data["test_h"]),
        "weights": int(model.count_params()),
        "committed_events": COMMITTED,
        "options": {k: v for k, v in vars(args).items() if not isinstance(v, Path)},
        "cpu_seconds": round(time.process_time() - began),
        "python": sys.version.split()[0],
        "packages": {
            package: importlib.metadata.version(package)
            for package in ("qkeras", "tensorflow-cpu", "numpy")
        },
    }
    (args.out_dir / "metrics.json").write_text(json.dumps(metrics, indent=1) + "\n")
    print(json.dumps(metrics, indent=1))


if __name__ == "__main__":
    main()
