# SPDX-License-Identifier: Apache-2.0
"""Designs: compiled networks that can be run, verified, synthesised and measured."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import command
from ._core import Emulator, Error
from .command import Option
from .fixed import Fixed
from .progress import Listener
from .summary import summary_html, summary_text

Arrays = ArrayLike | Sequence[ArrayLike] | Mapping[str, ArrayLike]


@dataclass(frozen=True)
class Port:
    """A named array of a design's inputs or outputs; `shape` is without the axis of events."""

    name: str
    shape: tuple[int, ...]
    types: tuple[Fixed, ...]

    @property
    def size(self) -> int:
        return len(self.types)


class Design:
    """A design directory, or the function of a native model file. Made by `compile` and `load`."""

    def __init__(
        self, path: str | os.PathLike[str], _folder: tempfile.TemporaryDirectory[str] | None = None
    ) -> None:
        self._path = Path(path)
        self._folder = _folder  # removed with the last reference to the design
        self._emulator = Emulator.load(os.fspath(path))
        self.inputs = _ports(self._emulator.inputs)
        self.outputs = _ports(self._emulator.outputs)

    # -- what it is

    @property
    def path(self) -> Path:
        """The design directory (a temporary one if `compile` was given no `out`)."""
        return self._path

    @property
    def name(self) -> str:
        return self._emulator.name

    @property
    def part(self) -> str:
        return self._emulator.part

    @property
    def clock_mhz(self) -> float:
        return self._emulator.clock_mhz

    @property
    def latency_cycles(self) -> int:
        """Clock edges from an event's inputs to its outputs; 0 for a model file."""
        return self._emulator.latency_cycles

    @property
    def latency_ns(self) -> float:
        return 1e3 * self.latency_cycles / self.clock_mhz if self.clock_mhz else 0.0

    @property
    def initiation_interval(self) -> int:
        """Clock cycles between events."""
        return self._emulator.initiation_interval

    # -- running it

    def predict(self, x: Arrays, *, threads: int = 0) -> Any:
        """What the hardware answers to real values, as real values.

        `x`: [events, ...shape] or [events, elements], or one event of exactly the port's shape; a
        sequence or a dict by name if there are several ports. float32 gives float32, everything else
        float64. C-contiguous arrays of these types are read where they are; others are copied.
        Returns one array, or a dict by port name. `threads`: 0 for all cores; the interpreter is
        free meanwhile.
        """
        arrays, single = self._arrays(x)
        keeps = all(a.dtype == np.float32 for a in arrays)
        dtype = np.dtype(np.float32 if keeps else np.float64)
        rows = _rows([_real(a, dtype) for a in arrays])
        out = np.empty((rows.shape[0], _size(self.outputs)), dtype=dtype)
        self._emulator.run(rows, out, threads)
        return self._results(out, single)

    def predict_raw(
        self,
        codes: Arrays,
        *,
        out_of_range: Literal["error", "wrap"] = "error",
        threads: int = 0,
    ) -> Any:
        """The same on codes, the integers on the wires: shapes as in `predict`.

        The result has the input's type, or the next wider signed one that holds every output.
        Codes that do not fit their port's type are an `Error`; with "wrap" their low bits count.
        """
        arrays, single = self._arrays(codes)
        for array in arrays:
            if array.dtype.kind not in "iu":
                raise TypeError(f"codes are integers, not {array.dtype}; predict() takes reals")
        if out_of_range == "error":
            for array, port in zip(arrays, self.inputs):
                _check_codes(array, port)
        dtype = self._code_type(arrays)
        rows = _rows([np.ascontiguousarray(_signed(a).astype(dtype, copy=False)) for a in arrays])
        out = np.empty((rows.shape[0], _size(self.outputs)), dtype=dtype)
        self._emulator.run_codes(rows, out, threads)
        return self._results(out, single)

    def trace(self, x: Arrays) -> dict[str, NDArray[np.float64]]:
        """Every layer's exact values for up to 100 events, by layer name: [events, ...shape]."""
        arrays, single = self._arrays(x)
        events = arrays[0].shape[0]
        if events > 100:
            raise Error(f"{events} events given; a trace holds at most 100")
        with tempfile.TemporaryDirectory(prefix="gatewright-") as folder:
            output = os.path.join(folder, "y.npy")
            arguments = ["emulate", self._target(), *_inputs(self, arrays, folder)]
            command.run(arguments, {"output": output, "trace": True})
            traced: dict[str, NDArray[np.float64]] = {}
            with open(output + ".trace/trace.txt", encoding="utf-8") as index:
                for line in index:
                    file, layer = line.split("\t")[:2]
                    values = np.load(os.path.join(output + ".trace", file))
                    traced[layer] = values[0] if single else values
            return traced

    # -- its evidence

    def verify(
        self,
        vectors: int | None = None,
        data: Arrays | None = None,
        *,
        progress: Listener | bool | None = None,
        **options: Option,
    ) -> dict[str, Any]:
        """`gatewright verify`: all evaluators on the same events, bit for bit, and proofs.

        Returns the result; result["passed"] says whether every bit agreed. `data`: events of yours
        beside the random ones. Other options as on the command line (seed, proof_seconds).
        """
        with tempfile.TemporaryDirectory(prefix="gatewright-") as folder:
            arguments = ["verify", self._target()]
            if data is not None:
                arguments += _inputs(self, self._arrays(data)[0], folder, "--data")
            return command.run(arguments, {"vectors": vectors, **options}, progress)[1]

    def synth(
        self, *, progress: Listener | bool | None = None, **options: Option
    ) -> dict[str, Any]:
        """`gatewright synth`: LUT, FF, DSP and BRAM by open synthesis."""
        return command.run(["synth", self._target()], options, progress)[1]

    def evaluate(
        self,
        x: Arrays,
        y: ArrayLike,
        *,
        progress: Listener | bool | None = None,
        **options: Option,
    ) -> dict[str, Any]:
        """`gatewright evaluate`: accuracy, AUC, ROC and confusion on labelled events.

        `y`: class numbers or one-hot rows. Options: classes, class_names.
        """
        with tempfile.TemporaryDirectory(prefix="gatewright-") as folder:
            labels = os.path.join(folder, "y.npy")
            np.save(labels, np.asarray(y, dtype=np.float64))
            arguments = ["evaluate", self._target()]
            arguments += _inputs(self, self._arrays(x)[0], folder, "--data")
            return command.run(arguments, {"labels": labels, **options}, progress)[1]

    def report(self) -> dict[str, Any]:
        """report.json: everything known of the design; writes report.html again."""
        return command.run(["report", self._target()])[1]

    def __repr__(self) -> str:
        return summary_text(self)

    def _repr_html_(self) -> str:
        return summary_html(self)

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        """Travels as its path: the processes of a cluster load it from a shared file system."""
        return load, (os.path.abspath(self._path),)

    # -- parts

    def _target(self) -> str:
        return os.fspath(self._path)

    def _arrays(self, x: Arrays) -> tuple[list[NDArray[Any]], bool]:
        """One array per port, [events, elements], and whether x was one event without its axis."""
        given = _by_port(x, self.inputs)
        arrays = [np.asarray(array) for array in given]
        single = [
            array.shape == port.shape and not _is_batch(array, port)
            for array, port in zip(arrays, self.inputs)
        ]
        if all(single):
            return [a.reshape(1, p.size) for a, p in zip(arrays, self.inputs)], True
        rows = [_as_rows(array, port) for array, port in zip(arrays, self.inputs)]
        for array, port in zip(rows, self.inputs):
            if array.shape[0] != rows[0].shape[0]:
                raise Error(
                    f"input port '{port.name}': {array.shape[0]} events, "
                    f"'{self.inputs[0].name}' has {rows[0].shape[0]}"
                )
        return rows, False

    def _results(self, out: NDArray[Any], single: bool) -> Any:
        first = 0
        results: dict[str, NDArray[Any]] = {}
        for port in self.outputs:
            part = out[:, first : first + port.size].reshape(out.shape[0], *port.shape)
            results[port.name] = part[0] if single else part
            first += port.size
        return next(iter(results.values())) if len(results) == 1 else results

    def _code_type(self, arrays: list[NDArray[Any]]) -> np.dtype[Any]:
        bits = max((_signed_bits(t) for port in self.outputs for t in port.types), default=16)
        bits = max([bits] + [_signed(a).dtype.itemsize * 8 for a in arrays])
        if bits > 64:
            raise Error("the design has codes of more than 64 bits; predict() takes real values")
        return np.dtype(np.int16 if bits <= 16 else np.int32 if bits <= 32 else np.int64)


def load(path: str | os.PathLike[str]) -> Design:
    """A design directory that `compile` wrote (milliseconds), or a native model file."""
    return Design(path)


def compile(
    model: str | os.PathLike[str],
    out: str | os.PathLike[str] | None = None,
    *,
    part: str | None = None,
    clock: str | float | None = None,
    progress: Listener | bool | None = None,
    **options: Option,
) -> Design:
    """`gatewright compile`: model file to RTL, testbench, scripts and report.

    `out`: the design directory to write; without it the design lives in a temporary one, as long as
    the returned object. `clock`: "360MHz" or a number of MHz. Every other option of the command line
    is a keyword: latency="100ns", precision="fixed<16,6>", io="stream", reuse=8 ... `progress`: called
    with every stage; False for silence.
    """
    folder = tempfile.TemporaryDirectory(prefix="gatewright-") if out is None else None
    target = os.path.join(folder.name, "design") if folder is not None else os.fspath(out or "")
    command.run(
        ["compile", os.fspath(model), "-o", target],
        {"part": part, "clock": clock, **options},
        progress,
    )
    return Design(target, _folder=folder)


def _ports(described: list[tuple[str, tuple[int, ...], list[Any]]]) -> tuple[Port, ...]:
    return tuple(
        Port(name, tuple(shape), tuple(Fixed._of(t) for t in types))
        for name, shape, types in described
    )


def _size(ports: Sequence[Port]) -> int:
    return sum(port.size for port in ports)


def _signed_bits(type: Fixed) -> int:
    return type.width + (0 if type.signed or type.width == 0 else 1)


def _by_port(x: Arrays, ports: Sequence[Port]) -> list[Any]:
    names = ", ".join(port.name for port in ports)
    if isinstance(x, Mapping):
        if set(x) != {port.name for port in ports}:
            raise Error(f"arrays for {', '.join(map(str, x))} given; the input ports are {names}")
        return [x[port.name] for port in ports]
    if len(ports) == 1:
        return [x]
    if not isinstance(x, (list, tuple)) or len(x) != len(ports):
        raise Error(f"give one array for each of the {len(ports)} input ports: {names}")
    return list(x)


def _is_batch(array: NDArray[Any], port: Port) -> bool:
    """A port without axes takes [events]; everything else needs one axis more than the port."""
    return port.shape == () and array.ndim == 1


def _as_rows(array: NDArray[Any], port: Port) -> NDArray[Any]:
    events = array.shape[0] if array.ndim else 0
    fits = array.ndim > 0 and (
        array.shape[1:] == port.shape
        or array.shape[1:] == (port.size,)
        or (port.size == 1 and array.ndim == 1)
    )
    if not fits:
        expected = ", ".join(["events", *map(str, port.shape)])
        raise Error(
            f"input port '{port.name}': the array has shape {list(array.shape)}, "
            f"expected [{expected}]"
        )
    return array.reshape(events, port.size)


def _rows(arrays: list[NDArray[Any]]) -> NDArray[Any]:
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays, axis=1)


def _real(array: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    if array.dtype.kind not in "fiub":
        raise TypeError(f"expected real numbers, found an array of {array.dtype}")
    return np.ascontiguousarray(array, dtype=dtype)


def _signed(array: NDArray[Any]) -> NDArray[Any]:
    """A signed integer array that holds the same codes, at least 16 bits wide."""
    bits = array.dtype.itemsize * 8 * (1 if array.dtype.kind == "i" else 2)
    wanted = np.int16 if bits <= 16 else np.int32 if bits <= 32 else np.int64
    return array.astype(wanted, copy=False)


def _check_codes(array: NDArray[Any], port: Port) -> None:
    if array.shape[0] == 0:
        return
    least, most = array.min(axis=0), array.max(axis=0)
    for i, type in enumerate(port.types):
        top = type.width - 1 if type.signed else type.width
        low, high = (-(1 << max(top, 0)) if type.signed and type.width else 0), (1 << max(top, 0)) - 1
        if low <= int(least[i]) and int(most[i]) <= high:
            continue
        column = array[:, i]
        event = int(np.flatnonzero((column < low) | (column > high))[0])
        raise Error(
            f"input port '{port.name}': event {event}, element {i}: code {column[event]} does not "
            f"fit {type} ({low} to {high}); out_of_range='wrap' keeps its low bits"
        )


def _inputs(
    design: Design, arrays: list[NDArray[Any]], folder: str, option: str = "--input"
) -> list[str]:
    """Arrays as files for the command line: ["--input", "x=/tmp/x.npy", ...]."""
    words: list[str] = []
    for p, (array, port) in enumerate(zip(arrays, design.inputs)):
        path = os.path.join(folder, f"x{p}.npy")
        np.save(path, np.ascontiguousarray(array, dtype=np.float64))
        words += [option, f"{port.name}={path}"]
    return words
