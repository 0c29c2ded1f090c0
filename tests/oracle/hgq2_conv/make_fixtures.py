# SPDX-License-Identifier: Apache-2.0
"""Random convolutional HGQ2 networks with their inputs and the outputs that HGQ2 computes.

make_fixtures.py OUT [COUNT [SEED [FIRST]]] writes OUT/netNNN.keras (every fourth: .h5), netNNN_x.npy
(events x inputs, a position's channels side by side) and netNNN_y.npy (events x outputs), as ../hgq2 does.
Network NNN is of kind NNN modulo the number of KINDS, so the first of them show every layer once.

Formats differ as HGQ2 allows: per weight, per output channel or per tensor; layer inputs per pixel, per
channel, per position or per tensor. They are narrow (at most 4 fraction bits, values below 4), so that
every float32 sum of a window is exact whatever its order.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "hgq2"))

# XLA simplifies a division by a constant to a product with the rounded reciprocal: a mean of 15 numbers that
# is 0.3125 comes out as 0.31250003, on the other side of a quantizer's tie. Here IEEE division is wanted.
os.environ["XLA_FLAGS"] = "--xla_disable_hlo_passes=algsimp"

import make_fixtures as dense_networks  # selects the backend, so it comes before keras

import keras
import numpy as np
from hgq.layers import (
    QAdd,
    QAveragePooling1D,
    QAveragePooling2D,
    QBatchNormalization,
    QConv1D,
    QConv2D,
    QDense,
    QEinsumDense,
    QGlobalAveragePooling1D,
    QGlobalAveragePooling2D,
    QGlobalMaxPooling1D,
    QGlobalMaxPooling2D,
    QMaximum,
    QMaxPooling1D,
    QMaxPooling2D,
    QMultiply,
    QSoftmax,
    QUnaryFunctionLUT,
)
from hgq.quantizer import Quantizer
from hgq.quantizer.internal import FixedPointQuantizerKBI, FixedPointQuantizerKIF
from keras import layers


EVENTS = 100
SHAPE_2D = (7, 6, 3)
SHAPE_1D = (12, 4)


class Chooser(dense_networks.Chooser):
    """Random configurations for tensors with positions and channels."""

    def chance(self, probability):
        return bool(self.rng.random() < probability)

    def data_of(self, x, **extra):
        """A quantizer of tensor ``x`` [batch, positions.., channels]: one format per ..."""
        rank = len(x.shape)
        shared = self.pick(
            [
                None,  # pixel
                tuple(range(rank - 1)),  # channel
                (0, rank - 1),  # position
                tuple(range(rank)),  # tensor
            ]
        )
        if shared is not None:
            extra = dict(homogeneous_axis=shared, heterogeneous_axis=None, **extra)
        return self.config("datalane", **extra)

    def kernel(self, rank):
        """A kernel's quantizer: one format per weight, output channel or tensor."""
        shared = self.pick([None, tuple(range(rank - 1)), tuple(range(rank))])
        if shared is None:
            return self.config("weight")
        return self.config("weight", homogeneous_axis=shared, heterogeneous_axis=None)

    def layer(self, x, kernel_rank):
        """Options that every weighted layer behind ``x`` takes."""
        bias = self.config("bias", is_weight=self.chance(0.5))
        options = dict(kq_conf=self.kernel(kernel_rank), bq_conf=bias, iq_conf=self.data_of(x))
        return options | dict(activation=self.activation(), use_bias=self.chance(0.8))

    def window(self, spatial, rank, paddings):
        """Kernel size, strides, dilation and padding that fit a tensor of shape ``spatial``."""
        padding = self.pick(paddings)
        size, dilation = [], []
        for length in spatial:
            size.append(int(self.rng.integers(1, min(3, length) + 1)))
            reach = 1 if size[-1] == 1 else (length - 1) // (size[-1] - 1)
            dilation.append(int(self.rng.integers(1, max(1, min(2, reach)) + 1)))
        strides = [1] * rank if max(dilation) > 1 else [int(self.rng.integers(1, 3)) for _ in range(rank)]
        one = rank == 1
        return dict(
            kernel_size=size[0] if one else tuple(size),
            strides=strides[0] if one else tuple(strides),
            dilation_rate=dilation[0] if one else tuple(dilation),
            padding=padding,
        )

    def pool_window(self, spatial):
        """Pool size, strides and padding."""
        size = tuple(int(self.rng.integers(1, min(3, length) + 1)) for length in spatial)
        strides = self.pick([None, tuple(1 for _ in size), size])
        padding = self.pick(["valid", "same"])
        if len(size) == 1:
            size, strides = size[0], None if strides is None else strides[0]
        return dict(pool_size=size, strides=strides, padding=padding)


def conv2d(c, x, filters, **options):
    """A convolution of random window and, where the channels divide, groups."""
    channels = x.shape[-1]
    groups = c.pick([g for g in (1, 2, 3, 4) if channels % g == 0 and filters % g == 0])
    window = c.window(x.shape[1:-1], 2, ["valid", "same"])
    return QConv2D(filters, **(dict(groups=groups) | window | c.layer(x, 4) | c.output() | options))(x)


def conv1d(c, x, filters, **options):
    channels = x.shape[-1]
    groups = c.pick([g for g in (1, 2, 3, 4) if channels % g == 0 and filters % g == 0])
    window = c.window(x.shape[1:-1], 1, ["valid", "same", "causal"])
    return QConv1D(filters, **(dict(groups=groups) | window | c.layer(x, 3) | c.output() | options))(x)


def head(c, x, units=4):
    """Flatten, if anything is left to flatten, and a dense layer."""
    if len(x.shape) > 2:
        x = layers.Flatten()(x)
    return QDense(units, **(c.weights()))(x)


def stack_2d(c, x):
    x = conv2d(c, x, 6)
    x = conv2d(c, x, 4)
    return head(c, x) if c.chance(0.6) else conv2d(c, x, 3, kernel_size=1)


def stack_1d(c, x):
    x = conv1d(c, x, 6)
    x = conv1d(c, x, 4)
    return head(c, x) if c.chance(0.6) else conv1d(c, x, 3, kernel_size=1)


def separable(c, x):
    """Depthwise is a convolution with a group per channel; pointwise in three spellings."""
    channels = x.shape[-1]
    x = conv2d(c, x, channels * c.pick([1, 2]), groups=channels)
    x = conv2d(c, x, 5, kernel_size=1, strides=1, dilation_rate=1, groups=1)
    x = conv2d(c, x, 5, groups=5)
    if c.chance(0.5):
        x = QDense(4, **c.weights())(x)
    else:
        x = QEinsumDense("bhwc,cd->bhwd", (*x.shape[1:-1], 4), bias_axes="d", **c.weights())(x)
    return head(c, x) if c.chance(0.5) else x


def pooled_2d(c, x):
    x = conv2d(c, x, 4, strides=1)
    pool = c.pick([QMaxPooling2D, QAveragePooling2D])
    x = pool(**c.pool_window(x.shape[1:-1]), iq_conf=c.data_of(x), **c.output())(x)
    x = conv2d(c, x, 4, strides=1, padding="same")
    if c.chance(0.3):
        x = layers.MaxPooling2D(**c.pool_window(x.shape[1:-1]))(x)
    last = c.pick([QGlobalAveragePooling2D, QGlobalMaxPooling2D, None])
    if last is not None:
        x = last(keepdims=c.chance(0.3), iq_conf=c.data_of(x), **c.output())(x)
    return head(c, x)


def pooled_1d(c, x):
    x = conv1d(c, x, 4, strides=1)
    pool = c.pick([QMaxPooling1D, QAveragePooling1D])
    x = pool(**c.pool_window(x.shape[1:-1]), iq_conf=c.data_of(x), **c.output())(x)
    x = conv1d(c, x, 4, strides=1, padding="same")
    if c.chance(0.3):
        x = layers.MaxPooling1D(**c.pool_window(x.shape[1:-1]))(x)
    last = c.pick([QGlobalAveragePooling1D, QGlobalMaxPooling1D, None])
    if last is not None:
        x = last(keepdims=c.chance(0.3), iq_conf=c.data_of(x), **c.output())(x)
    return head(c, x)


def skip_connections(c, x):
    """Branches of different depth that meet again, position by position."""
    same = dict(strides=1, padding="same")
    x = conv2d(c, x, 4, **same)
    for _ in range(2):
        long = conv2d(c, conv2d(c, x, 5, **same), 4, **same)
        short = x if c.chance(0.5) else conv2d(c, x, 4, kernel_size=1, dilation_rate=1, **same)
        join = c.pick([QAdd, QMaximum, QMultiply])
        x = join(iq_confs=[c.data_of(long), c.data_of(short)], **c.output())([long, short])
        if c.chance(0.5):
            x = layers.Concatenate()([x, short])
        if c.chance(0.5):
            x = layers.ReLU()(x)
        x = conv2d(c, x, 4, **same)
    return head(c, x)


def moves_2d(c, x):
    """Layers that only move elements, between convolutions."""
    x = layers.ZeroPadding2D(c.pick([1, (1, 2), ((0, 1), (2, 1))]))(Quantizer(c.data_of(x))(x))
    x = conv2d(c, x, 4, strides=1, padding="valid")
    x = layers.UpSampling2D(c.pick([2, (1, 2)]))(x)
    if c.chance(0.5):
        x = layers.Permute(c.pick([(2, 1, 3), (3, 1, 2), (1, 3, 2)]))(x)
    x = conv2d(c, x, 3)
    x = layers.Cropping2D(c.pick([((1, 0), (0, 1)), ((0, 0), (1, 0))]))(x)
    x = layers.Reshape((x.shape[1] * x.shape[2], x.shape[3]))(x)
    return head(c, conv1d(c, x, 2))


def moves_1d(c, x):
    x = layers.ZeroPadding1D(c.pick([1, (2, 0), (0, 1)]))(Quantizer(c.data_of(x))(x))
    x = conv1d(c, x, 4, strides=1)
    x = layers.UpSampling1D(2)(x)
    x = layers.Cropping1D(c.pick([1, (0, 2)]))(x)
    if c.chance(0.3):
        x = layers.Permute((2, 1))(x)
    return conv1d(c, x, 3)


def per_position(c, x):
    """Normalization, tables and softmax at every position."""
    x = conv2d(c, x, 4, activation="linear")
    x = QBatchNormalization(iq_conf=c.data_of(x), kq_conf=c.config("weight"), bq_conf=c.config("bias"))(x)
    x = layers.ReLU()(Quantizer(c.data_of(x))(x))
    x = QConv2D(4, 1, **c.layer(x, 4))(x)
    choice = int(c.rng.integers(3))
    if choice == 0:
        table = c.config("table", overflow_mode="SAT")
        return QUnaryFunctionLUT(c.pick(["tanh", "sigmoid"]), iq_conf=c.data_of(x), oq_conf=table)(x)
    if choice == 1:
        x = layers.Activation(c.pick(["tanh", "sigmoid"]))(Quantizer(c.data_of(x))(x))
        return Quantizer(c.data_of(x))(x)
    stable = c.chance(0.7)
    return QSoftmax(
        axis=-1,
        stable=stable,
        enable_iq=True,
        iq_conf=c.data_of(x),
        exp_iq_conf=c.data(overflow_mode="SAT"),
        exp_oq_conf=c.config("table"),
        inv_iq_conf=c.data(overflow_mode="SAT"),
        inv_oq_conf=c.config("table"),
    )(x)


def plain_layers(c, x):
    """Keras' own layers between quantizers; their weights lie on a grid of 2^-4."""
    x = Quantizer(c.data_of(x))(x)
    first = c.pick(
        [
            layers.Conv2D(4, 3, padding=c.pick(["valid", "same"])),
            layers.DepthwiseConv2D(3, depth_multiplier=c.pick([1, 2])),
            layers.Conv2DTranspose(4, c.pick([2, 3]), strides=c.pick([1, 2]), padding=c.pick(["valid", "same"])),
            layers.SeparableConv2D(4, 3, use_bias=c.chance(0.5)),
        ]
    )
    x = first(x)
    x = Quantizer(c.data_of(x))(x)
    x = layers.AveragePooling2D(2)(layers.ReLU()(x))
    x = layers.Reshape((x.shape[1] * x.shape[2], x.shape[3]))(Quantizer(c.data_of(x))(x))
    second = c.pick(
        [
            layers.Conv1D(3, 2, padding="causal", activation="relu"),
            layers.DepthwiseConv1D(2, padding="same"),
            layers.Conv1DTranspose(3, 2, strides=2),
            layers.SeparableConv1D(3, 2),
        ]
    )
    x = second(x)
    return Quantizer(c.data_of(x))(x)


KINDS = [
    (stack_2d, SHAPE_2D),
    (stack_1d, SHAPE_1D),
    (separable, SHAPE_2D),
    (pooled_2d, SHAPE_2D),
    (pooled_1d, SHAPE_1D),
    (skip_connections, SHAPE_2D),
    (moves_2d, SHAPE_2D),
    (moves_1d, SHAPE_1D),
    (per_position, SHAPE_2D),
    (plain_layers, SHAPE_2D),
]


def narrow(model, rng):
    """Bounds on all formats but the tables', so that sums over windows are exact in float32."""
    softmax = [inner for layer in model.layers if isinstance(layer, QSoftmax) for inner in dense_networks.all_layers(layer)]
    for layer in dense_networks.all_layers(model):
        if not isinstance(layer, (FixedPointQuantizerKBI, FixedPointQuantizerKIF)) or layer in softmax:
            continue
        integer = np.clip(np.asarray(layer._i), -1, 2)
        layer._i.assign(integer)
        if isinstance(layer, FixedPointQuantizerKBI):
            layer._b.assign(np.clip(np.asarray(layer._b), 0, integer + 4))
        else:
            layer._f.assign(np.clip(np.asarray(layer._f), -1, 4))
    for layer in model.layers:
        if isinstance(layer, QUnaryFunctionLUT):  # a dead or coarse table would hide errors before it
            inner, fraction = layer.oq.quantizer, int(rng.integers(3, 6))
            inner._i.assign(np.ones(inner._i.shape))
            if isinstance(inner, FixedPointQuantizerKBI):
                inner._b.assign(np.full(inner._i.shape, 1 + fraction))
            else:
                inner._f.assign(np.full(inner._i.shape, fraction))
        if type(layer).__name__ in ("Conv1D", "Conv2D") or "Depthwise" in type(layer).__name__ or any(
            part in type(layer).__name__ for part in ("Transpose", "Separable")
        ):
            weights = [rng.normal(0, 0.7, w.shape) for w in layer.get_weights()]
            layer.set_weights([np.round(w * 16) / 16 for w in weights])


def make_inputs(rng, shape):
    """On a grid of 2^-8 (so all ties occur), uniform and near zero, with the extremes."""
    half = EVENTS // 2
    x = np.concatenate([rng.uniform(-20, 20, (half, *shape)), rng.normal(0, 1.5, (EVENTS - half, *shape))])
    x[0], x[1], x[2] = 0, 31.99609375, -32
    return np.round(x * 256) / 256


def build(number, seed):
    kind, shape = KINDS[number % len(KINDS)]
    keras.utils.set_random_seed(seed)
    chooser = Chooser(seed)
    start = layers.Input(shape, name="x")
    model = keras.Model(start, kind(chooser, start))
    dense_networks.randomize(model, chooser.rng)
    narrow(model, chooser.rng)
    return model, chooser.rng


def main():
    out = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 60
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    first = int(sys.argv[4]) if len(sys.argv) > 4 else 0
    os.makedirs(out, exist_ok=True)
    for number in range(first, count):
        model, rng = build(number, 1000 * seed + number)
        x = make_inputs(rng, model.inputs[0].shape[1:])
        y = np.asarray(model(x.astype("float32"), training=False), dtype="float64")
        stem = os.path.join(out, f"net{number:03d}")
        model.save(stem + (".h5" if number % 4 == 3 else ".keras"))
        np.save(stem + "_x.npy", x.reshape(EVENTS, -1))
        np.save(stem + "_y.npy", y.reshape(EVENTS, -1))


if __name__ == "__main__":
    main()
