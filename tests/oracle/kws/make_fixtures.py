# SPDX-License-Identifier: Apache-2.0
"""The MLPerf-Tiny keyword-spotting network (DS-CNN) as a Keras model, with outputs in fixed point.

make_fixtures.py FOLDER SEED writes FOLDER/kws.json and kws_weights.h5 with TensorFlow's Keras 2, kws.keras
with Keras 3 (whichever the Python has), and x.npy [events, 490] and y.npy. The architecture is that of mlcommons/tiny keyword_spotting (49 x 10 spectrogram, convolution 10 x 4 with stride 2,
four blocks of depthwise 3 x 3 and pointwise, 64 channels, average pooling over 25 x 5, dense 12); the published
weights exist as tflite only, so these are drawn from a seed, with normalizations that keep values in range.

y is computed here in NumPy on integers: weights and results in fixed<16,6,RND,SAT>, sums exact, the mean over
125 positions rounded once. Nothing of Gatewright is used.
"""
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["JAX_PLATFORMS"] = "cpu"
os.environ.setdefault("KERAS_BACKEND", "jax")

import numpy as np

try:
    from tensorflow.keras import layers, models

    KERAS = 2
except ImportError:
    from keras import layers, models

    KERAS = 3

EVENTS = 2
FRACTION = 10


def network():
    x = start = layers.Input((49, 10, 1))
    x = layers.Conv2D(64, (10, 4), strides=(2, 2), padding="same")(x)
    x = layers.Dropout(0.2)(layers.Activation("relu")(layers.BatchNormalization()(x)))
    for _ in range(4):
        x = layers.DepthwiseConv2D((3, 3), padding="same")(x)
        x = layers.Activation("relu")(layers.BatchNormalization()(x))
        x = layers.Conv2D(64, (1, 1), padding="same")(x)
        x = layers.Activation("relu")(layers.BatchNormalization()(x))
    x = layers.Dropout(0.4)(x)
    x = layers.Flatten()(layers.AveragePooling2D((25, 5))(x))
    return models.Model(start, layers.Dense(12)(x))


def draw(model, rng):
    for layer in model.layers:
        new = []
        for variable in layer.weights:
            name, shape = variable.name, variable.shape
            if "kernel" in name:
                fan_in = np.prod(shape[:2] if "Depthwise" in type(layer).__name__ else shape[:-1])
                new.append(rng.normal(0, np.sqrt(2 / fan_in), shape))
            elif "gamma" in name or "variance" in name:
                new.append(rng.uniform(0.5, 1.5, shape))
            else:
                new.append(rng.normal(0, 0.2, shape))
        layer.set_weights(new)


def rounded(numerator, denominator):
    """Integers numerator / denominator, to nearest, ties up, saturated to 16 bits."""
    return np.clip((2 * numerator + denominator) // (2 * denominator), -(2**15), 2**15 - 1)


def code(weights):
    return np.clip(np.floor(weights.astype(np.float64) * 2**FRACTION + 0.5), -(2**15), 2**15 - 1).astype(np.int64)


def padded(x, size, stride):
    pads = []
    for length, taps, step in zip(x.shape[:2], size, stride):
        total = max((-(-length // step) - 1) * step + taps - length, 0)
        pads.append((total // 2, total - total // 2))
    return np.pad(x, (*pads, (0, 0)))


def windows(x, size, stride):
    """[rows, columns, taps.., channels] under TensorFlow's "same" padding."""
    rows, columns = -(-x.shape[0] // stride[0]), -(-x.shape[1] // stride[1])
    x = padded(x, size, stride)
    out = np.empty((rows, columns, *size, x.shape[2]), np.int64)
    for r in range(rows):
        for c in range(columns):
            out[r, c] = x[r * stride[0] : r * stride[0] + size[0], c * stride[1] : c * stride[1] + size[1]]
    return out


def evaluate(layer, x):
    one = 2**FRACTION
    kind = type(layer).__name__
    if kind == "Conv2D":
        kernel, bias = map(code, layer.get_weights())
        sums = np.einsum("rcijk,ijkf->rcf", windows(x, kernel.shape[:2], layer.strides), kernel)
        return rounded(sums + bias * one, one)
    if kind == "DepthwiseConv2D":
        kernel, bias = map(code, layer.get_weights())
        sums = np.einsum("rcijk,ijk->rck", windows(x, kernel.shape[:2], layer.strides), kernel[..., 0])
        return rounded(sums + bias * one, one)
    if kind == "Dense":
        kernel, bias = map(code, layer.get_weights())
        return rounded(x @ kernel + bias * one, one)
    if kind == "BatchNormalization":
        gamma, beta, mean, variance = (w.astype(np.float32) for w in layer.get_weights())
        scale = np.float32(1) / np.sqrt(variance + np.float32(layer.epsilon)) * gamma
        return rounded(x * code(scale) + code(beta - mean * scale) * one, one)
    if kind == "AveragePooling2D":
        return rounded(x.sum(axis=(0, 1), keepdims=True), x.shape[0] * x.shape[1])
    if kind == "Activation":
        return np.maximum(x, 0)
    return x.reshape(-1) if kind == "Flatten" else x


def main():
    folder, seed = sys.argv[1], int(sys.argv[2])
    os.makedirs(folder, exist_ok=True)
    rng = np.random.default_rng(seed)
    model = network()
    draw(model, rng)
    if KERAS == 3:
        model.save(f"{folder}/kws.keras")
    else:
        with open(f"{folder}/kws.json", "w") as file:
            file.write(model.to_json())
        model.save_weights(f"{folder}/kws_weights.h5")
    x = rng.integers(-2048, 2048, (EVENTS, 49, 10, 1))
    y = []
    for event in x:
        for layer in model.layers[1:]:
            event = evaluate(layer, event)
        y.append(event)
    y = np.array(y) / 2**FRACTION
    floats = np.asarray(model((x / 2**FRACTION).astype(np.float32), training=False))
    print("largest difference to the float model", np.abs(floats - y).max(), "of", np.abs(floats).max())
    np.save(f"{folder}/x.npy", (x / 2**FRACTION).reshape(EVENTS, -1))
    np.save(f"{folder}/y.npy", y)


if __name__ == "__main__":
    main()
