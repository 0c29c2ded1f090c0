# SPDX-License-Identifier: Apache-2.0
"""Random 16-input HGQ2 networks with their inputs and the outputs that HGQ2 computes.

make_fixtures.py OUT [COUNT [SEED [FIRST]]] writes OUT/netNNN.keras (every fourth: .h5), netNNN_x.npy
(events x inputs, all inputs of the model one behind the other) and netNNN_y.npy (the same for outputs).
Every quantizer gets random widths per element, rounded half to even by HGQ2 itself, and a random rounding
and overflow mode. Widths are small enough that float32 sums are exact.
"""

import os
import sys

os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_PLATFORMS"] = "cpu"

import keras
import numpy as np
from hgq.layers import (
    QAdd,
    QAveragePow2,
    QBatchNormalization,
    QBatchNormDense,
    QDense,
    QDot,
    QEinsumDense,
    QEinsumDenseBatchnorm,
    QMaximum,
    QMeanPow2,
    QMinimum,
    QMultiply,
    QSoftmax,
    QSubtract,
    QSum,
    QUnaryFunctionLUT,
)
from hgq.quantizer import Quantizer, QuantizerConfig
from hgq.quantizer.internal import FixedPointQuantizerKBI, FixedPointQuantizerKIF
from keras import layers

ROUND_MODES = ["TRN", "RND", "RND_CONV", "TRN_ZERO", "RND_ZERO", "RND_MIN_INF", "RND_INF", "S_RND"]
OVERFLOW_MODES = ["WRAP", "SAT", "SAT_SYM", "wrap", "sat_sym"]
EVENTS = 400


class Chooser:
    """Random configurations, all from one generator."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)

    def pick(self, options):
        return options[int(self.rng.integers(len(options)))]

    def config(self, place, **extra):
        options = dict(
            q_type=self.pick(["kbi", "kif"]),
            place=place,
            round_mode=self.pick(ROUND_MODES),
            overflow_mode=self.pick(OVERFLOW_MODES),
        )
        if place == "datalane" and self.rng.random() < 0.3:
            options.update(homogeneous_axis=None, heterogeneous_axis=())  # one type per tensor
        options.update(extra)
        return QuantizerConfig(**options)

    def data(self, **extra):
        return self.config("datalane", **extra)

    def weights(self):
        bias = self.config("bias", is_weight=bool(self.rng.random() < 0.5))
        return dict(kq_conf=self.config("weight"), bq_conf=bias, iq_conf=self.data())

    def output(self):
        if self.rng.random() < 0.4:
            return dict(enable_oq=True, oq_conf=self.data())
        return {}

    def activation(self):
        return self.pick(["relu", "linear", None])


def dense_stack(c, x):
    for units in (12, 8):
        x = QDense(units, activation=c.activation(), use_bias=bool(c.rng.random() < 0.8), **c.weights(), **c.output())(x)
    return QDense(5, **c.weights())(x)


def einsum_norm_stack(c, x):
    x = QEinsumDenseBatchnorm("bc,cC->bC", 10, bias_axes="C", activation="relu", **c.weights())(x)
    x = QEinsumDenseBatchnorm("bc,cC->bC", 8, bias_axes="C", activation=c.activation(), **c.weights(), **c.output())(x)
    return QDense(5, **c.weights())(x)


def norm_dense_stack(c, x):
    x = QBatchNormDense(10, activation="relu", **c.weights())(x)
    x = QBatchNormDense(8, activation=c.activation(), epsilon=0.01, **c.weights(), **c.output())(x)
    return QDense(5, **c.weights())(x)


def merges(c, x):
    x = Quantizer(c.data())(x)
    a = QDense(8, activation="relu", **c.weights(), **c.output())(x)
    b = QDense(8, **c.weights())(x)
    parts = []
    for layer in (QAdd, QSubtract, QMultiply, QMaximum, QMinimum, QAveragePow2):
        if c.rng.random() < 0.6:
            parts.append(layer(iq_confs=[c.data(), c.data()], **c.output())([a, b]))
    parts.append(QAdd(iq_confs=[c.data(), c.data(), c.data()])([a, b, a]))
    y = layers.Concatenate()(parts)
    return QDense(4, **c.weights())(layers.Dropout(0.2)(y))


def tensors(c, x):
    x = Quantizer(c.data())(x)
    x = layers.Reshape((4, 4))(x)
    y = QEinsumDense("bij,jk->bik", (4, 3), bias_axes="k", activation="relu", **c.weights())(x)
    z = QEinsumDense("bij,ik->bkj", (5, 4), bias_axes="kj", **c.weights())(x)
    w = QEinsumDenseBatchnorm("bij,jk->bik", (4, 6), bias_axes="k", **c.weights())(layers.Permute((2, 1))(x))
    v = QEinsumDense("bij,ijk->bk", 3, **{**c.weights(), "bq_conf": None})(y)
    s = QSum(axes=c.pick([-1, 1, (1, 2)]), iq_conf=c.data(), scale=0.5)(z)
    m = QMeanPow2(axes=1, iq_conf=c.data(), keepdims=True)(w)
    flat = [layers.Flatten()(t) for t in (y, z, m, v)] + ([s] if len(s.shape) == 2 else [])
    return QDense(4, **c.weights())(layers.Concatenate()(flat))


def tables(c, x):
    x = QDense(6, **c.weights())(x)
    narrow = c.config("table", overflow_mode="SAT")
    a = QUnaryFunctionLUT(c.pick(["tanh", "sigmoid", "exponential", "softplus", "softsign", "elu", "selu"]), iq_conf=c.data(), oq_conf=narrow)(x)
    b = layers.Activation(c.pick(["tanh", "sigmoid"]))(Quantizer(c.data())(x))
    return layers.Concatenate()([QDense(4, **c.weights())(a), QDense(3, **c.weights())(b)])


def softmax(c, x):
    x = QDense(5, **c.weights())(x)
    stable = bool(c.rng.random() < 0.7)
    return QSoftmax(
        stable=stable,
        enable_iq=True,
        iq_conf=c.data(),
        exp_iq_conf=c.data(overflow_mode="SAT"),
        exp_oq_conf=c.config("table"),
        inv_iq_conf=c.data(overflow_mode="SAT"),
        inv_oq_conf=c.config("table"),
        input_scaler=c.pick([1.0, 0.5, 0.25]),
    )(x)


def plain_parts(c, x):
    x = QBatchNormalization(iq_conf=c.data(), kq_conf=c.config("weight"), bq_conf=c.config("bias"), center=bool(c.rng.random() < 0.7))(x)
    x = Quantizer(c.data(scaler=c.pick([None, 2.0, 0.5]), affine=c.pick([None, (0.25, 0.5)])))(x)
    x = c.pick([layers.ReLU(max_value=1.5), layers.LeakyReLU(negative_slope=0.25), layers.ReLU(negative_slope=0.5)])(x)
    return QDense(5, activation="relu6" if c.rng.random() < 0.3 else "relu", **c.weights(), **c.output())(x)


def two_inputs(c, x):
    other = layers.Input((6,), name="other")
    a = QDense(6, activation="relu", **c.weights())(x)
    b = QDense(6, **c.weights())(other)
    dot = QDot(axes=1, iq_confs=[c.data(), c.data()])([a, b])
    shared = QDense(4, **c.weights())
    return [x, other], [QAdd(iq_confs=[c.data(), c.data()])([shared(a), shared(b)]), dot]


KINDS = [dense_stack, einsum_norm_stack, norm_dense_stack, merges, tensors, tables, softmax, plain_parts, two_inputs]


def all_layers(layer):
    yield layer
    for inner in layer._layers:
        yield from all_layers(inner)


def randomize(model, rng):
    """Trained-looking numbers: noisy widths, about 20 % dead elements, normalization statistics."""
    for layer in all_layers(model):
        for variable in layer._trainable_variables + layer._non_trainable_variables:
            name, shape = variable.name, variable.shape
            if name in ("moving_mean", "bias", "beta", "bn_beta") and shape:
                variable.assign(rng.normal(0, 0.5, shape))
            elif name == "moving_variance":
                variable.assign(10 ** rng.uniform(-3, 0.5, shape))  # small ones show the epsilon
            elif name in ("gamma", "bn_gamma"):
                variable.assign(rng.uniform(0.2, 3, shape) * np.sqrt(0.1))
            elif name == "kernel":
                variable.assign(rng.normal(0, 0.7, shape))
        if not isinstance(layer, (FixedPointQuantizerKBI, FixedPointQuantizerKIF)):
            continue
        shape = layer._k.shape
        noise = rng.uniform(-0.5, 0.5, shape)
        integer = rng.integers(-1, 4, shape)
        bits = rng.integers(1, 6, shape) * (rng.random(shape) > 0.1)
        table = "table" in layer.path or "unary" in layer.path
        if not table:
            layer._k.assign(rng.integers(0, 2, shape))
        layer._i.assign(integer + noise * (rng.random(shape) < 0.5))
        if isinstance(layer, FixedPointQuantizerKBI):
            layer._b.assign(bits + 0.3 * noise)
        else:
            layer._f.assign(bits - integer + 0.3 * noise)


    for layer in model.layers:
        if isinstance(layer, QSoftmax):
            randomize_softmax(layer, rng)


def randomize_softmax(layer, rng):
    """Widths in the range of the tables' values, so that the results are not all zero or all saturated."""
    tables = [(layer.exp_table.oq, 0, 7), (layer.inv_table.oq, 0, 7), (layer.inv_table.iq, 3, 3)]
    if layer.stable:
        tables.append((layer.exp_table.iq, 3, 3))
    for quantizer, integer, fraction in tables:
        inner = quantizer.quantizer
        fraction += int(rng.integers(-1, 2))
        inner._i.assign(np.full(inner._i.shape, integer))
        if isinstance(inner, FixedPointQuantizerKBI):
            inner._b.assign(np.full(inner._i.shape, integer + fraction))
        else:
            inner._f.assign(np.full(inner._i.shape, fraction))


def make_inputs(rng, width):
    """On a grid of 2^-8 (so all ties occur), uniform and near zero, with the extremes."""
    x = np.concatenate([rng.uniform(-20, 20, (EVENTS // 2, width)), rng.normal(0, 1.5, (EVENTS // 2, width))])
    x[0], x[1], x[2] = 0, 31.99609375, -32
    return np.round(x * 256) / 256


def build(kind, seed):
    keras.utils.set_random_seed(seed)
    chooser = Chooser(seed)
    first = layers.Input((16,), name="x")
    made = kind(chooser, first)
    inputs, outputs = made if isinstance(made, tuple) else (first, made)
    if kind in (dense_stack, norm_dense_stack) and chooser.rng.random() < 0.5:
        model = keras.Sequential([layer for layer in keras.Model(inputs, outputs).layers])
    else:
        model = keras.Model(inputs, outputs)
    randomize(model, chooser.rng)
    return model, chooser.rng


def main():
    out = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 63
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    os.makedirs(out, exist_ok=True)
    first = int(sys.argv[4]) if len(sys.argv) > 4 else 0
    for number in range(first, count):
        model, rng = build(KINDS[number % len(KINDS)], 1000 * seed + number)
        xs = [make_inputs(rng, tensor.shape[1]) for tensor in model.inputs]
        ys = model([x.astype("float32") for x in xs] if len(xs) > 1 else xs[0].astype("float32"), training=False)
        ys = [np.asarray(y, dtype="float64").reshape(EVENTS, -1) for y in (ys if isinstance(ys, (list, tuple)) else [ys])]
        stem = os.path.join(out, f"net{number:03d}")
        model.save(stem + (".h5" if number % 4 == 3 else ".keras"))
        np.save(stem + "_x.npy", np.concatenate(xs, axis=1))
        np.save(stem + "_y.npy", np.concatenate(ys, axis=1))


if __name__ == "__main__":
    main()
