# SPDX-License-Identifier: Apache-2.0
"""Random QKeras networks with inputs and QKeras' own outputs.

make_fixtures.py FOLDER COUNT SEED writes, per network, an .h5 (or .json with _weights.h5), X.npy and
Y.npy, and one line per network to FOLDER/list.txt. QKeras computes in float32; the networks are kept
small enough that every sum fits 24 bits, so its outputs are exact and any difference is an error.
"""
import os
import random
import sys
import warnings

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
warnings.filterwarnings("ignore")

import numpy as np
import qkeras
import tensorflow as tf
from tensorflow.keras import layers, models


def kernel_quantizer(rng):
    bits = rng.randint(2, 6)
    integer = rng.randint(0, 1)
    return rng.choice([
        f"quantized_bits({bits},{integer},alpha=1)",
        f"quantized_bits({bits},{integer},1,alpha=0.5)",
        f"quantized_bits({bits},{integer},keep_negative=False,alpha=1)",
        f"quantized_bits({bits},{integer})",
        f"quantized_bits({bits + 1},{integer},alpha='auto_po2')",
        "quantized_bits(1,0,alpha=1)",
        "binary(alpha=1)",
        "binary(alpha='auto_po2')",
        "binary()",
        "binary(use_01=True,alpha=1)",
        "ternary(alpha=1)",
        "ternary(alpha=1,threshold=0.6)",
        "ternary()",
        "ternary(alpha='auto_po2')",
        "stochastic_binary(alpha=1)",
        "stochastic_ternary(alpha='auto_po2')",
        "quantized_po2(4,1)",
        "quantized_po2(3,2,quadratic_approximation=True)",
        "quantized_po2(3,2,log2_rounding='floor')",
    ])


def bias_quantizer(rng):
    bits = rng.randint(2, 7)
    return rng.choice([
        f"quantized_bits({bits},1,alpha=1)",
        f"quantized_bits({bits},0)",
        f"quantized_bits({bits},0,alpha='auto_po2')",
        "ternary(alpha=1)",
        "quantized_po2(4,1)",
        "quantized_relu_po2(3,1)",
    ])


def activation(rng):
    bits = rng.randint(2, 6)
    integer = rng.randint(0, 2)
    return rng.choice([
        f"quantized_relu({bits},{integer})",
        f"quantized_relu({bits},{integer})",
        f"quantized_relu({bits},{integer},negative_slope={2.0 ** -rng.randint(0, 4)})",
        f"quantized_relu({bits},{integer},use_sigmoid=1)",
        f"quantized_tanh({bits})",
        f"quantized_tanh({bits},symmetric=True)",
        f"quantized_sigmoid({bits})",
        f"quantized_sigmoid({bits},symmetric=True)",
        f"quantized_bits({bits},{integer},alpha=1)",
        f"quantized_bits({bits},{integer},1)",
        f"quantized_bits({bits},{integer},keep_negative=0,alpha=0.25)",
        "quantized_bits(1,0,alpha=1)",
        "binary(alpha=1)",
        "binary(use_01=True,alpha=2)",
        "ternary(alpha=1)",
        "ternary(threshold=0.5,alpha=0.5)",
        "stochastic_ternary()",
        "hard_tanh",
        "hard_sigmoid",
        "smooth_tanh",
        "binary_tanh",
    ])


def dense(rng, units):
    arguments = {"kernel_quantizer": kernel_quantizer(rng), "use_bias": rng.random() < 0.8}
    if arguments["use_bias"]:
        arguments["bias_quantizer"] = bias_quantizer(rng)
    if rng.random() < 0.3:
        # QKeras wants an object here where it cannot find a Keras function of the name.
        arguments["activation"] = qkeras.get_quantizer(f"quantized_relu({rng.randint(3, 6)},1)")
    return qkeras.QDense(units, **arguments)


def rounded(rng, x):
    """An activation that leaves few bits."""
    x = qkeras.QActivation(activation(rng))(x)
    return qkeras.QActivation(f"quantized_bits({rng.randint(3, 6)},1,alpha=1)")(x)


def network(rng):
    start = x = layers.Input((16,))
    if rng.random() < 0.7:
        x = qkeras.QActivation(f"quantized_bits({rng.randint(4, 8)},{rng.randint(0, 2)},alpha=1)")(x)
    for _ in range(rng.randint(1, 3)):
        units = rng.randint(4, 12)
        x = rounded(rng, dense(rng, units)(x))
        if rng.random() < 0.4:
            other = rounded(rng, dense(rng, units)(x))
            this = rounded(rng, dense(rng, units)(x))
            merge = rng.choice([layers.Add, layers.Subtract, layers.Multiply, layers.Maximum,
                                layers.Minimum, layers.Average, layers.Concatenate])
            x = merge()([this, other])
        if rng.random() < 0.2:
            x = rng.choice([layers.ReLU(max_value=1.0), layers.LeakyReLU(0.25), layers.Dropout(0.5),
                            layers.Activation("relu")])(x)
    x = dense(rng, 5)(x)
    return models.Model(start, x)


def inputs(rng):
    """Values on the grid of fixed<16,6>, most of them small, all within four."""
    x = np.clip(rng.normal(0, 1.2, (256, 16)), -3.99, 3.99)
    return np.round(x * 1024) / 1024


def main():
    folder, count, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    os.makedirs(folder, exist_ok=True)
    lines = []
    for number in range(count):
        rng = random.Random(seed * 1000003 + number)
        numpy_rng = np.random.default_rng(seed * 1000003 + number)
        tf.keras.backend.clear_session()
        model = network(rng)
        spread = rng.choice([0.4, 1.0, 1.6])
        model.set_weights([numpy_rng.uniform(-spread, spread, w.shape).astype(np.float32)
                           for w in model.get_weights()])
        x = inputs(numpy_rng)
        y = model.predict(x.astype(np.float32), verbose=0).astype(np.float64)
        stem = f"{folder}/net{number}"
        if number % 2 == 0:
            model.save(stem + ".h5", include_optimizer=False)
            path = stem + ".h5"
        else:
            with open(stem + ".json", "w") as file:
                file.write(model.to_json())
            model.save_weights(stem + "_weights.h5")
            path = stem + ".json"
        np.save(stem + "_x.npy", x)
        np.save(stem + "_y.npy", y)
        lines.append(f"{path} {stem}_x.npy {stem}_y.npy")
    with open(f"{folder}/list.txt", "w") as file:
        file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
