# SPDX-License-Identifier: Apache-2.0
"""Random convolutional QKeras networks with inputs and QKeras' own outputs.

make_fixtures.py FOLDER COUNT SEED [FIRST] writes, per network, an .h5 (or .json with _weights.h5), _x.npy
[events, elements] and _y.npy, and one line per network to FOLDER/list.txt, as ../qkeras does. Network N is
of kind N modulo the number of KINDS, so the first of them show every layer once.

QKeras computes in float32; activations are rounded to a few bits and windows are small, so that every sum
fits 24 bits: its outputs are exact and any difference is an error.
"""
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "qkeras"))

import make_fixtures as dense_networks  # sets TensorFlow's environment, so it comes first

import numpy as np
import qkeras
import tensorflow as tf
from tensorflow.keras import layers, models
from tensorflow.python.ops import array_ops

# QKeras 0.9.0 calls it by the name it had before TensorFlow 2.15.
array_ops.stack = tf.stack

EVENTS = 100
SHAPE_2D = (7, 6, 3)
SHAPE_1D = (12, 4)

rounded = dense_networks.rounded


def weights(rng, prefix="kernel", bias=True):
    """Quantizers of a layer's weights; ``prefix`` is what the layer calls its kernel."""
    options = {f"{prefix}_quantizer": dense_networks.kernel_quantizer(rng), "use_bias": False}
    if bias and rng.random() < 0.8:
        options.update(use_bias=True, bias_quantizer=dense_networks.bias_quantizer(rng))
    return options


def exact_quantizer(rng):
    """A kernel quantizer whose scale is 1: for layers where others have no scale per channel."""
    return rng.choice(
        [
            f"quantized_bits({rng.randint(2, 6)},{rng.randint(0, 1)},alpha=1)",
            "ternary(alpha=1)",
            "binary(alpha=1)",
            "quantized_po2(4,1)",
        ]
    )


def window(rng, lengths, paddings=("valid", "same")):
    """Kernel size, strides, dilation and padding that fit; scalars for one dimension."""
    size = [rng.randint(1, min(3, n)) for n in lengths]
    dilation = [1] * len(size)
    strides = [1] * len(size)
    if rng.random() < 0.3 and all(2 * (k - 1) < n for k, n in zip(size, lengths)):
        dilation = [2] * len(size)
    elif rng.random() < 0.5:
        strides = [rng.randint(1, 2)] * len(size)  # TensorFlow's CPU depthwise wants equal ones
    scalar = (lambda v: v[0]) if len(size) == 1 else tuple
    return {
        "kernel_size": scalar(size),
        "strides": scalar(strides),
        "dilation_rate": scalar(dilation),
        "padding": rng.choice(paddings),
    }


def conv2d(rng, x, filters, **options):
    return qkeras.QConv2D(filters, **{**window(rng, x.shape[1:3]), **weights(rng), **options})(x)


def conv1d(rng, x, filters, **options):
    shape = window(rng, x.shape[1:2], ("valid", "same", "causal"))
    return qkeras.QConv1D(filters, **{**shape, **weights(rng), **options})(x)


def depthwise(rng, x, **options):
    shape = window(rng, x.shape[1:3])
    quantizers = weights(rng, "depthwise")
    quantizers["depthwise_quantizer"] = exact_quantizer(rng)
    return qkeras.QDepthwiseConv2D(
        depth_multiplier=rng.choice([1, 2]), **{**shape, **quantizers, **options}
    )(x)


def head(rng, x, units=4):
    return dense_networks.dense(rng, units)(layers.Flatten()(x))


def stack_2d(rng, x):
    x = rounded(rng, conv2d(rng, x, 5))
    x = rounded(rng, conv2d(rng, x, 4))
    return head(rng, x) if rng.random() < 0.6 else conv2d(rng, x, 3, kernel_size=1)


def stack_1d(rng, x):
    x = rounded(rng, conv1d(rng, x, 5))
    x = rounded(rng, conv1d(rng, x, 4))
    return head(rng, x) if rng.random() < 0.6 else conv1d(rng, x, 3, kernel_size=1)


def separable_2d(rng, x):
    x = rounded(rng, depthwise(rng, x))
    x = rounded(rng, conv2d(rng, x, 4, kernel_size=1, strides=1, dilation_rate=1))
    options = {**window(rng, x.shape[1:3]), "dilation_rate": 1}
    x = qkeras.QSeparableConv2D(
        4,
        depthwise_quantizer=exact_quantizer(rng),
        pointwise_quantizer=exact_quantizer(rng),
        bias_quantizer=dense_networks.bias_quantizer(rng),
        **options,
    )(x)
    return head(rng, rounded(rng, x))


def separable_1d(rng, x):
    options = {**window(rng, x.shape[1:2]), "dilation_rate": 1}
    x = qkeras.QSeparableConv1D(
        4,
        depthwise_quantizer=exact_quantizer(rng),
        pointwise_quantizer=exact_quantizer(rng),
        bias_quantizer=dense_networks.bias_quantizer(rng),
        **options,
    )(x)
    return conv1d(rng, rounded(rng, x), 3)


def pooled_2d(rng, x):
    x = rounded(rng, conv2d(rng, x, 4, strides=1))
    pool = {
        "pool_size": rng.choice([(2, 2), (1, 2), (2, 1)]),
        "strides": rng.choice([None, (1, 1)]),
        "padding": rng.choice(["valid", "same"]),
    }
    if rng.random() < 0.5:
        x = layers.MaxPooling2D(**pool)(x)
    else:
        x = qkeras.QActivation("quantized_bits(6,1,alpha=1)")(layers.AveragePooling2D(**pool)(x))
    x = rounded(rng, conv2d(rng, x, 4, strides=1, padding="same"))
    if rng.random() < 0.5:
        x = layers.GlobalMaxPooling2D()(x)
    return head(rng, x)


def pooled_1d(rng, x):
    x = rounded(rng, conv1d(rng, x, 4, strides=1))
    pool = {"pool_size": 2, "strides": rng.choice([None, 1]), "padding": rng.choice(["valid", "same"])}
    x = rng.choice([layers.MaxPooling1D, layers.AveragePooling1D])(**pool)(x)
    x = rounded(rng, conv1d(rng, rounded(rng, x), 4, padding="same", strides=1))
    if rng.random() < 0.5:
        x = layers.GlobalMaxPooling1D()(x)
    return head(rng, x)


def quantized_pool(rng, x):
    """QKeras' own average pooling: a sum times a quantized reciprocal."""
    x = rounded(rng, conv2d(rng, x, 4, strides=1, padding="same", dilation_rate=1))
    x = qkeras.QAveragePooling2D(
        pool_size=rng.choice([2, (2, 3), (1, 2)]),
        padding="valid",
        average_quantizer="quantized_bits(8,0,1,alpha=1)",
        activation=qkeras.get_quantizer("quantized_bits(6,1,alpha=1)"),
    )(x)
    x = rounded(rng, conv2d(rng, x, 4, padding="same"))
    x = qkeras.QGlobalAveragePooling2D(
        average_quantizer="quantized_bits(8,0,1,alpha=1)",
        activation=qkeras.get_quantizer("quantized_bits(6,1,alpha=1)"),
    )(x)
    return dense_networks.dense(rng, 3)(x)


def skip_connections(rng, x):
    """Branches of different depth that meet again, position by position."""
    same = {"strides": 1, "padding": "same"}
    x = rounded(rng, conv2d(rng, x, 4, **same))
    for _ in range(2):
        long = rounded(rng, conv2d(rng, rounded(rng, conv2d(rng, x, 5, **same)), 4, **same))
        short = x
        if rng.random() < 0.5:
            short = rounded(rng, conv2d(rng, x, 4, **{**same, "kernel_size": 1, "dilation_rate": 1}))
        merge = rng.choice(
            [layers.Add, layers.Subtract, layers.Multiply, layers.Maximum, layers.Concatenate]
        )
        x = merge()([long, short])
        x = rounded(rng, conv2d(rng, rounded(rng, x), 4, **same))
    return head(rng, x)


def moves_2d(rng, x):
    """Layers that only move elements, between convolutions."""
    x = layers.ZeroPadding2D(rng.choice([1, (1, 2), ((0, 1), (2, 1))]))(x)
    x = rounded(rng, conv2d(rng, x, 4, strides=1, padding="valid"))
    x = layers.UpSampling2D(rng.choice([2, (1, 2)]))(x)
    if rng.random() < 0.5:
        x = layers.Permute(rng.choice([(2, 1, 3), (3, 1, 2), (1, 3, 2)]))(x)
    x = rounded(rng, conv2d(rng, x, 3))
    x = layers.Cropping2D(rng.choice([((1, 0), (0, 1)), ((0, 0), (1, 0))]))(x)
    x = layers.Reshape((x.shape[1] * x.shape[2], x.shape[3]))(x)
    return head(rng, rounded(rng, conv1d(rng, x, 2)))


def moves_1d(rng, x):
    x = layers.ZeroPadding1D(rng.choice([1, (2, 0), (0, 1)]))(x)
    x = rounded(rng, conv1d(rng, x, 4, strides=1))
    x = layers.UpSampling1D(2)(x)
    x = layers.Cropping1D(rng.choice([1, (0, 2)]))(x)
    if rng.random() < 0.3:
        x = layers.Permute((2, 1))(x)
    return conv1d(rng, x, 3)


def transposed(rng, x):
    x = rounded(rng, conv2d(rng, x, 3, strides=1))
    x = qkeras.QConv2DTranspose(
        3,
        kernel_size=rng.choice([(2, 2), (3, 2), (3, 3)]),
        strides=rng.choice([(1, 1), (2, 2)]),
        padding=rng.choice(["valid", "same"]),
        kernel_quantizer=exact_quantizer(rng),
        bias_quantizer=dense_networks.bias_quantizer(rng),
    )(x)
    return head(rng, rounded(rng, x))


KINDS = [
    (stack_2d, SHAPE_2D),
    (stack_1d, SHAPE_1D),
    (separable_2d, SHAPE_2D),
    (separable_1d, SHAPE_1D),
    (pooled_2d, SHAPE_2D),
    (pooled_1d, SHAPE_1D),
    (quantized_pool, SHAPE_2D),
    (skip_connections, SHAPE_2D),
    (moves_2d, SHAPE_2D),
    (moves_1d, SHAPE_1D),
    (transposed, SHAPE_2D),
]


def network(rng, number):
    kind, shape = KINDS[number % len(KINDS)]
    start = layers.Input(shape)
    bits = f"quantized_bits({rng.randint(4, 6)},{rng.randint(0, 1)},alpha=1)"
    return models.Model(start, kind(rng, qkeras.QActivation(bits)(start)))


def inputs(rng, shape):
    """Values on the grid of fixed<16,6>, most of them small, all within four."""
    x = np.clip(rng.normal(0, 1.2, (EVENTS, *shape)), -3.99, 3.99)
    return np.round(x * 1024) / 1024


def main():
    folder, count, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    first = int(sys.argv[4]) if len(sys.argv) > 4 else 0
    os.makedirs(folder, exist_ok=True)
    lines = []
    for number in range(first, count):
        rng = random.Random(seed * 1000003 + number)
        numpy_rng = np.random.default_rng(seed * 1000003 + number)
        tf.keras.backend.clear_session()
        model = network(rng, number)
        spread = rng.choice([0.4, 1.0, 1.6])
        model.set_weights(
            [numpy_rng.uniform(-spread, spread, w.shape).astype(np.float32) for w in model.get_weights()]
        )
        x = inputs(numpy_rng, model.input_shape[1:])
        y = model.predict(x.astype(np.float32), verbose=0).astype(np.float64)
        stem = f"{folder}/net{number}"
        if number % 2 == 0:
            path = stem + ".h5"
            model.save(path, include_optimizer=False)
        else:
            path = stem + ".json"
            with open(path, "w") as file:
                file.write(model.to_json())
            model.save_weights(stem + "_weights.h5")
        np.save(stem + "_x.npy", x.reshape(EVENTS, -1))
        np.save(stem + "_y.npy", y.reshape(EVENTS, -1))
        lines.append(f"{path} {stem}_x.npy {stem}_y.npy")
    with open(f"{folder}/list.txt", "w") as file:
        file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
