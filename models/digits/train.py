#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Train the demo CNN: 32x32 colour pictures of digits, streamed a pixel at a time.

    python make_digits.py --out DIGITS.npz
    python train.py --digits DIGITS.npz --out-dir models/digits

The shape is that of T. Aarrestad et al., arXiv 2101.05108: three 3x3 convolutions
with 16, 16 and 24 filters, each with batch normalization, ReLU and 2x2 max pooling,
then dense layers of 42, 64 and 10.  The pictures are ours (make_digits.py), so no
accuracy here can be compared with one on SVHN.

1. Train the float network with batch normalization.
2. Fold the normalization: w' = w gamma / sqrt(var + eps), b' = beta - mean gamma /
   sqrt(var + eps).  HGQ2 has no convolution with a normalization inside, and folded
   layers are what the hardware holds.
3. Go on with HGQ2 from the folded weights: every weight has a width of its own, layer
   inputs have one per channel (convolutions: a stream carries one position after the
   other) or per element (dense).  EBOPs of a convolution count the products of one position.
4. Fix the ranges on the training pictures.
5. The network was trained on pixel / 256.  Move the factor 2^-8 into the first layer,
   kernel and formats, which is exact: the committed network takes pixels 0..255.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import quantized  # selects the backend, so it comes before keras

import keras
import numpy as np
from hgq.config import QuantizerConfigScope
from hgq.layers import QConv2D, QDense
from keras import layers

FILTERS, UNITS, CLASSES = (16, 16, 24), (42, 64), 10
INPUT_SHIFT = 8  # the network is trained on pixel * 2^-8
EPSILON = 1e-3
COMMITTED = 256


def float_model() -> keras.Model:
    """The reference with batch normalization."""
    stack = [layers.Input((32, 32, 3))]
    for n in FILTERS:
        stack += [layers.Conv2D(n, 3, use_bias=False), layers.BatchNormalization(epsilon=EPSILON)]
        stack += [layers.ReLU(), layers.MaxPooling2D(2)]
    stack += [layers.Flatten()]
    for n in UNITS:
        stack += [layers.Dense(n, use_bias=False), layers.BatchNormalization(epsilon=EPSILON)]
        stack += [layers.ReLU()]
    return keras.Sequential([*stack, layers.Dense(CLASSES)])


def folded(model: keras.Model) -> list[list[quantized.F64]]:
    """Kernels and biases of the float model without its normalizations."""
    result = []
    for layer in model.layers:
        values = [np.asarray(v, np.float64) for v in layer.get_weights()]
        if isinstance(layer, layers.BatchNormalization):
            gamma, beta, mean, variance = values
            scale = gamma / np.sqrt(variance + EPSILON)
            result[-1] = [result[-1][0] * scale, beta - mean * scale]
        elif values:
            result.append(values)
    return result


def hgq_model(beta0: float) -> keras.Model:
    """The quantized network, batch normalizations folded."""
    stack = [layers.Input((32, 32, 3), name="pixels")]
    with (
        QuantizerConfigScope(place="weight", b0=7, i0=1),
        QuantizerConfigScope(place="bias", b0=8, i0=2),
        QuantizerConfigScope(place="datalane", i0=3, f0=6),
    ):
        for number, n in enumerate(FILTERS):
            stack += [
                QConv2D(
                    n,
                    3,
                    activation="relu",
                    iq_conf=quantized.per_channel(2),
                    parallelization_factor=1,
                    beta0=beta0,
                    name=f"conv_{number}",
                ),
                layers.MaxPooling2D(2, name=f"pool_{number}"),
            ]
        stack += [layers.Flatten(name="flatten")]
        for number, n in enumerate(UNITS):
            stack += [QDense(n, activation="relu", beta0=beta0, name=f"dense_{number}")]
        return keras.Sequential([*stack, QDense(CLASSES, beta0=beta0, name="logits")], name="digits")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--digits", type=Path, required=True)
    parser.add_argument("--out-dir", type=Path, default=Path(__file__).resolve().parent)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--float-epochs", type=int, default=6)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--beta", type=float, nargs=2, default=(1e-7, 1e-6))
    args = parser.parse_args()
    began = time.process_time()
    with np.load(args.digits) as file:
        data = {name: file[name] for name in file.files}
    scale = np.float32(2.0**-INPUT_SHIFT)
    x, val_x = data["train_x"] * scale, data["val_x"] * scale
    steps = -(-len(x) // args.batch)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    options = {
        "validation_data": (val_x, data["val_y"]),
        "batch_size": args.batch,
        "verbose": 2,
    }

    keras.utils.set_random_seed(args.seed)
    reference = quantized.compiled(float_model(), loss, steps * args.float_epochs, 4e-3)
    reference.fit(x, data["train_y"], epochs=args.float_epochs, **options)

    def accuracy(model: keras.Model, pictures: quantized.Array, labels: quantized.Array) -> float:
        return float((quantized.predict(model, pictures).argmax(axis=1) == labels).mean())

    float_accuracy = accuracy(reference, data["test_x"] * scale, data["test_y"])
    print(f"float: test {float_accuracy:.4f}", flush=True)

    model = hgq_model(args.beta[0])
    weighted = [layer for layer in model.layers if hasattr(layer, "kernel")]
    for layer, (kernel, bias) in zip(weighted, folded(reference), strict=True):
        layer.kernel.assign(kernel)
        layer.bias.assign(bias)
    quantized.compiled(model, loss, steps * args.epochs, 3e-3)
    model.fit(
        x,
        data["train_y"],
        epochs=args.epochs,
        callbacks=quantized.rising_beta(*args.beta, args.epochs),
        **options,
    )
    ebops = quantized.fix_ranges(model, x)
    quantized.move_input_scale(model, INPUT_SHIFT)

    metrics = {
        "what": "32x32x3 drawn digits; EBOPs of a convolution: one position's products, all biases",
        "pictures": {part: len(data[f"{part}_y"]) for part in ("train", "val", "test")},
        "float_test_accuracy": float_accuracy,
        "validation_accuracy": accuracy(model, data["val_x"], data["val_y"]),
        "test_accuracy": accuracy(model, data["test_x"], data["test_y"]),
        "committed_accuracy": accuracy(
            model, data["test_x"][:COMMITTED], data["test_y"][:COMMITTED]
        ),
        "ebops": ebops,
        "options": {k: v for k, v in vars(args).items() if not isinstance(v, Path)},
        "cpu_seconds": round(time.process_time() - began),
    }
    quantized.save(
        args.out_dir,
        "digits",
        model,
        data["test_x"][:COMMITTED],
        data["test_y"][:COMMITTED],
        metrics,
    )


if __name__ == "__main__":
    main()
