# SPDX-License-Identifier: Apache-2.0
"""What the training scripts of the convolutional demo networks share.

Import this before keras: it selects the CPU backend of jax and one thread, so that a
second training on the same machine gives the same numbers.

``exact_outputs`` evaluates a Sequential of HGQ2 layers in float64 from its quantized
numbers alone.  All of them are dyadic rationals and every sum fits 53 bits, so no
order of summation matters and the result is the exact one; a trained model is saved
only if HGQ2's own float32 outputs equal it bit for bit.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")

import keras
import numpy as np
import numpy.typing as npt
from hgq.quantizer import QuantizerConfig
from hgq.utils import trace_minmax
from hgq.utils.sugar import BetaScheduler, FreeEBOPs, PieceWiseSchedule

F64 = npt.NDArray[np.float64]
Array = npt.NDArray[Any]


def per_channel(dimensions: int) -> QuantizerConfig:
    """Layer inputs of one format per channel, the same at every position.

    :param dimensions: number of spatial dimensions, 1 or 2
    """
    return QuantizerConfig(
        place="datalane",
        homogeneous_axis=tuple(range(dimensions + 1)),
        heterogeneous_axis=None,
    )


def compiled(model: keras.Model, loss: keras.losses.Loss, steps: int, rate: float) -> keras.Model:
    """Adam with a cosine decay to zero over ``steps`` steps."""
    model.compile(
        optimizer=keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(rate, steps)),
        loss=loss,
        metrics=["accuracy"],
        jit_compile=True,
    )
    return model


def rising_beta(first: float, last: float, epochs: int) -> list[keras.callbacks.Callback]:
    """The price of an effective bit operation rises from 10 % to 70 % of the epochs."""
    schedule = [
        (0, first, "constant"),
        (max(1, epochs // 10), first, "log"),
        (max(2, epochs * 7 // 10), last, "constant"),
    ]
    return [BetaScheduler(PieceWiseSchedule(schedule)), FreeEBOPs()]


def progress(every: int) -> keras.callbacks.Callback:
    """Print the state after every so many epochs."""

    def show(epoch: int, logs: dict[str, Any]) -> None:
        if epoch % every == every - 1:
            print(
                f"{epoch + 1}: val {logs['val_accuracy']:.4f} ebops {logs['ebops']:.0f}", flush=True
            )

    return keras.callbacks.LambdaCallback(on_epoch_end=show)


def move_input_scale(model: keras.Model, bits: int) -> None:
    """Let a network trained on x * 2^-bits take x itself; exact.

    The factor goes into the first layer's kernel and into the formats of its kernel
    and its input; every product keeps its value.
    """
    first = model.layers[0]
    data, weights = first.iq.quantizer, first.kq.quantizer
    data._i.assign(data._i + bits)
    data._f.assign(data._f - bits)
    weights._i.assign(weights._i - bits)
    first.kernel.assign(first.kernel * 2.0**-bits)


def fix_ranges(model: keras.Model, x: Array) -> int:
    """Trace the ranges of the wrapping quantizers on ``x``; EBOPs of the result."""
    return int(trace_minmax(model, x, batch_size=min(len(x), 2048)))


def quantized_input(layer: keras.Layer, h: F64) -> tuple[F64, int]:
    """The layer's input after its quantizer (RND, WRAP), and how many values wrapped."""
    k, i, f = (np.asarray(v, np.float64) for v in layer.iq.quantizer.kif)
    span, low = 2.0 ** (i + k), k * 2.0**i
    rounded = np.where(k + i + f > 0, np.floor(h * 2.0**f + 0.5) / 2.0**f, 0.0)
    wrapped = np.where(k + i + f > 0, np.mod(rounded + low, span) - low, 0.0)
    return wrapped, int((rounded != wrapped).sum())


def windows(layer: keras.Layer, h: F64, size: tuple[int, ...], strides: tuple[int, ...]) -> F64:
    """Views [n, *positions, channels, *size] of the layer's valid windows."""
    if getattr(layer, "padding", "valid") != "valid":
        raise ValueError(f"{layer.name}: padding {layer.padding}, expected valid")
    axes = tuple(range(1, 1 + len(size)))
    view = np.lib.stride_tricks.sliding_window_view(h, size, axis=axes)
    return view[(slice(None), *(slice(None, None, s) for s in strides))]


def convolution(layer: keras.Layer, h: F64) -> F64:
    """Sum over window and input channels, plus the bias."""
    kernel = np.asarray(layer.qkernel, np.float64)
    size = kernel.shape[:-2]
    view = windows(layer, h, size, layer.strides)
    rank = len(size)
    moved = np.moveaxis(view, 1 + rank, -1)  # channels behind the window, as in the kernel
    flat = moved.reshape(*moved.shape[: 1 + rank], -1)
    return flat @ kernel.reshape(-1, kernel.shape[-1]) + np.asarray(layer.qbias, np.float64)


def layer_output(layer: keras.Layer, h: F64) -> tuple[F64, int]:
    """One layer in float64: its outputs and the number of wrapped inputs."""
    kind = type(layer).__name__
    if kind in ("QConv1D", "QConv2D", "QDense"):
        h, wrapped = quantized_input(layer, h)
        if kind == "QDense":
            h = h @ np.asarray(layer.qkernel, np.float64) + np.asarray(layer.qbias, np.float64)
        else:
            h = convolution(layer, h)
        name = layer.activation.__name__
        if name not in ("relu", "linear"):
            raise ValueError(f"{layer.name}: activation {name}, expected relu or linear")
        return (np.maximum(h, 0.0) if name == "relu" else h), wrapped
    if kind in ("MaxPooling1D", "MaxPooling2D"):
        rank = len(layer.pool_size)
        view = windows(layer, h, tuple(layer.pool_size), tuple(layer.strides))
        return view.max(axis=tuple(range(-rank, 0))), 0
    if kind == "Flatten":
        return h.reshape(len(h), -1), 0
    raise ValueError(f"{layer.name}: layer {kind} is not known here")


def exact_outputs(model: keras.Model, x: Array) -> tuple[F64, int]:
    """Evaluate the model in float64.

    :param x: network inputs [n, ...]
    :returns: outputs [n, outputs], and how many layer inputs wrapped
    """
    parts, wrapped = [], 0
    for first in range(0, len(x), 256):
        h = x[first : first + 256].astype(np.float64)
        for layer in model.layers:
            h, more = layer_output(layer, h)
            wrapped += more
        parts.append(h)
    return np.concatenate(parts), wrapped


def predict(model: keras.Model, x: Array) -> npt.NDArray[np.float32]:
    """The Python model's own outputs."""
    parts = [
        np.asarray(model(x[first : first + 500].astype(np.float32), training=False), np.float32)
        for first in range(0, len(x), 500)
    ]
    return np.concatenate(parts)


def layer_facts(model: keras.Model) -> list[dict[str, Any]]:
    """Per weighted layer: EBOPs per event, non-zero weights, and the mean widths in use.

    Bits of a weight are those of its value without the sign (from its highest to its
    lowest set bit); bits of an input are those of its format, sign included.
    """
    facts = []
    for layer in model.layers:
        if not hasattr(layer, "qkernel"):
            continue
        kernel = np.asarray(layer.qkernel, np.float64)
        live = np.abs(kernel[kernel != 0])
        mantissa, _ = np.frexp(live)
        codes = np.round(mantissa * 2.0**30).astype(np.int64)
        trailing = np.array([(int(c) & -int(c)).bit_length() - 1 for c in codes])
        k, i, f = (np.asarray(v, np.float64) for v in layer.iq.quantizer.kif)
        width = np.maximum(k + i + f, 0)
        facts.append(
            {
                "layer": layer.name,
                "ebops": int(np.asarray(layer.ebops)),
                "weights": int(kernel.size),
                "nonzero_weights": int(live.size),
                "mean_weight_bits": round(float((30 - trailing).mean()), 2) if live.size else 0,
                "input_formats": int(width.size),
                "live_input_formats": int((width > 0).sum()),
                "mean_live_input_bits": round(float(width[width > 0].mean()), 2),
            }
        )
    return facts


def save(
    out: Path, name: str, model: keras.Model, x: Array, labels: Array, metrics: dict[str, Any]
) -> None:
    """Write NAME.keras, NAME_test_x.npy, NAME_test_y.npy, NAME_expected.npy, metrics.json.

    The model is read back first, and what was read back must give outputs in float32
    that equal the exact ones on all of ``x``.
    """
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{name}.keras"
    model.compile()  # the optimizer's state is not part of the committed file
    model.save(path)
    reloaded = keras.models.load_model(path)
    outputs = predict(reloaded, x)
    exact, wrapped = exact_outputs(reloaded, x)
    if not np.array_equal(outputs.astype(np.float64), exact):
        sys.exit(f"float32 and float64 differ by up to {np.abs(outputs - exact).max()}")
    np.save(out / f"{name}_test_x.npy", x)
    np.save(out / f"{name}_test_y.npy", labels)
    np.save(out / f"{name}_expected.npy", outputs)
    metrics["committed_events"] = len(x)
    metrics["wrapped_layer_inputs_in_committed_events"] = wrapped
    metrics["layers"] = layer_facts(reloaded)
    metrics["python"] = sys.version.split()[0]
    metrics["packages"] = {
        package: importlib.metadata.version(package)
        for package in ("hgq2", "quantizers", "keras", "jax", "numpy")
    }
    (out / "metrics.json").write_text(json.dumps(metrics, indent=1) + "\n")
    print(json.dumps(metrics, indent=1))


def fresh_folder(folder: Path) -> Path:
    """An empty folder of this name."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
