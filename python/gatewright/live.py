# SPDX-License-Identifier: Apache-2.0
"""Models that live in this process: saved in Keras' own format to a temporary file, then compiled."""

from __future__ import annotations

import os
import sys
import tempfile
from typing import Any

from ._core import Error
from .command import Option
from .design import Design, compile
from .progress import Listener


def from_keras(
    model: Any,
    out: str | os.PathLike[str] | None = None,
    *,
    part: str | None = None,
    clock: str | float | None = None,
    progress: Listener | bool | None = None,
    **options: Option,
) -> Design:
    """A Keras model, its layers plain or quantized (HGQ2, QKeras), as a design.

    `out`, `part`, `clock` and the options are those of `gatewright.compile`; a model without
    quantizers needs types: `precision="fixed<16,6>"`. Raises `Error` if the model has a layer or a
    type that cannot be compiled.
    """
    save = getattr(model, "save", None)
    if not callable(save):
        raise TypeError(f"expected a Keras model, found {type(model).__name__}")
    if not getattr(model, "built", True):
        raise Error("the model is not built: call it on data, or give it an Input, first")
    name = str(options.pop("name", None) or getattr(model, "name", "") or "model")
    with tempfile.TemporaryDirectory(prefix="gatewright-") as folder:
        path = os.path.join(folder, _file_name(name) + _suffix())
        save(path)
        options["name"] = _file_name(name)
        return compile(path, out, part=part, clock=clock, progress=progress, **options)


def from_hgq2(
    model: Any,
    out: str | os.PathLike[str] | None = None,
    *,
    part: str | None = None,
    clock: str | float | None = None,
    progress: Listener | bool | None = None,
    **options: Option,
) -> Design:
    """The same for a model with HGQ2's layers, whose trained types are kept as they are.

    Says so if the model has none of them: then `from_keras` with a precision is meant.
    """
    layers = getattr(model, "layers", [])
    if not any(type(layer).__module__.split(".")[0] == "hgq" for layer in layers):
        raise Error("the model has no layer of HGQ2; use from_keras(model, precision=...)")
    return from_keras(model, out, part=part, clock=clock, progress=progress, **options)


def _suffix() -> str:
    """Keras 3 writes .keras; Keras 2 (QKeras) writes .h5."""
    keras = sys.modules.get("keras")
    version = str(getattr(keras, "__version__", "3"))
    return ".h5" if version.split(".")[0] == "2" else ".keras"


def _file_name(name: str) -> str:
    return "".join(c if c.isalnum() and c.isascii() else "_" for c in name)
