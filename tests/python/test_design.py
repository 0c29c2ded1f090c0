# SPDX-License-Identifier: Apache-2.0
"""Designs from Python: the formula by hand, the trained model's outputs, and the command line."""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from conftest import JETS, command

import gatewright as gw


def test_the_version_is_the_programs() -> None:
    assert command("--version").stdout.strip() == f"gatewright {gw.__version__}"


def test_a_model_file_gives_the_formula(tiny: Path) -> None:
    design = gw.load(tiny)
    x = np.array([[1, 2], [-4, 0]])
    assert np.array_equal(design.predict(x), [[3.75, 2.5], [0, 3.5]])
    assert np.array_equal(design.predict([1.0, 2.0]), [3.75, 2.5])  # one event without its axis
    assert design.latency_cycles == 0 and design.latency_ns == 0
    assert design.inputs[0].name == "x" and design.inputs[0].shape == (2,)
    assert str(design.inputs[0].types[0]) == "fixed<6,4,RND,SAT>"


def test_the_trained_models_outputs_bit_for_bit(jets: gw.Design, events: np.ndarray) -> None:
    expected = np.load(JETS / "jets_expected.npy")
    scores = jets.predict(events)
    assert scores.dtype == np.float32
    assert np.array_equal(scores, expected)
    assert np.array_equal(jets.predict(events.astype(np.float64), threads=1), expected)


@pytest.mark.parametrize(
    "mapping",
    [{"reuse": 16, "round_reuse": True}, {"loadable_weights": True}, {"io": "stream", "reuse": 8, "round_reuse": True}],
)
def test_designs_of_stages_give_the_same_bits(mapping: dict[str, str | int | bool], events: np.ndarray) -> None:
    design = gw.compile(JETS / "jets.keras", progress=False, **mapping)
    assert np.array_equal(design.predict(events), np.load(JETS / "jets_expected.npy"))
    assert (design.path / "stages.json").exists()


def test_a_reuse_factor_that_does_not_divide_is_an_error(tiny: Path) -> None:
    with pytest.raises(gw.Error, match="the nearest that do: 2 and 4"):
        gw.compile(tiny, reuse=3, progress=False)


def test_numbers_of_the_hardware(jets: gw.Design) -> None:
    stored = json.loads((jets.path / "design.json").read_text())
    assert jets.latency_cycles == stored["latency_cycles"] > 0
    assert jets.initiation_interval == 1 and jets.part == "xcvu13p-2"
    assert jets.latency_ns == pytest.approx(1e3 * jets.latency_cycles / jets.clock_mhz)
    assert [str(t) for t in jets.inputs[0].types] == [
        e["type"] for e in stored["inputs"][0]["elements"]
    ]


def test_equal_to_the_command_line(jets: gw.Design, events: np.ndarray, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", events)
    done = command("emulate", jets.path, "--input", tmp_path / "x.npy", "--output", tmp_path / "y.npy")
    assert done.returncode == 0, done.stderr
    assert np.array_equal(np.load(tmp_path / "y.npy"), jets.predict(events))


def codes_of(design: gw.Design, x: np.ndarray) -> np.ndarray:
    columns = [t.codes(x[:, i]) for i, t in enumerate(design.inputs[0].types)]
    return np.stack(columns, axis=1)


@pytest.mark.parametrize("dtype", [np.int16, np.int32, np.int64])
def test_codes_in_codes_out(jets: gw.Design, events: np.ndarray, dtype: type) -> None:
    raw = jets.predict_raw(codes_of(jets, events).astype(dtype))
    assert raw.dtype == dtype
    values = np.stack([t.values(raw[:, i]) for i, t in enumerate(jets.outputs[0].types)], axis=1)
    assert np.array_equal(values, jets.predict(events))


def test_codes_outside_their_type(tiny: Path) -> None:
    design = gw.load(tiny)
    codes = np.array([[4, 8], [40, 8]], dtype=np.int16)  # 40 is -24 in 6 bits
    with pytest.raises(gw.Error, match=r"event 1, element 0: code 40 does not fit fixed<6,4"):
        design.predict_raw(codes)
    wrapped = design.predict_raw(codes, out_of_range="wrap")
    assert np.array_equal(wrapped[1], design.predict_raw(np.array([-24, 8], dtype=np.int16)))
    with pytest.raises(TypeError, match="codes are integers"):
        design.predict_raw([[0.5, 1.0]])


def test_any_strides_byte_order_and_type(jets: gw.Design, events: np.ndarray) -> None:
    expected = jets.predict(events)
    wide = np.zeros((len(events), 40), dtype=np.float32)
    wide[:, 3:35:2] = events
    assert np.array_equal(jets.predict(wide[:, 3:35:2]), expected)
    assert np.array_equal(jets.predict(np.asfortranarray(events)), expected)
    assert np.array_equal(jets.predict(events[::-1]), expected[::-1])
    assert np.array_equal(jets.predict(events.astype(">f4")), expected)
    assert np.array_equal(jets.predict(events.tolist()), expected)
    whole = np.floor(events)
    for dtype in (np.int8, np.int16, np.int64, np.float16):
        assert np.array_equal(jets.predict(whole.astype(dtype)), jets.predict(whole))
    events.flags.writeable = False
    assert np.array_equal(jets.predict(events), expected)


def test_contiguous_arrays_are_not_copied(jets: gw.Design) -> None:
    import tracemalloc

    x = np.zeros((200_000, 16), dtype=np.float32)
    jets.predict(x[:10])
    tracemalloc.start()
    jets.predict(x)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200_000 * 5 * 4 + 100_000  # the outputs alone


def test_batches_of_every_size(jets: gw.Design, events: np.ndarray) -> None:
    expected = jets.predict(events)
    for n in (0, 1, 2, 15, 31, 33, 257, 1000):
        got = jets.predict(events[:n])
        assert got.shape == (n, 5) and np.array_equal(got, expected[:n])


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros((4, 15)), r"input port 'features': the array has shape \[4, 15\]"),
        (np.zeros((2, 3, 16)), r"expected \[events, 16\]"),
        (np.zeros(()), "the array has shape"),
        (np.full((3, 16), np.nan), "event 0, element 0 is nan; only finite numbers have a code"),
        ([np.zeros((1, 16)), np.zeros((1, 16)), np.zeros((2, 16))], "inhomogeneous|shape"),
    ],
)
def test_wrong_arrays_say_what_is_wrong(jets: gw.Design, x: object, message: str) -> None:
    with pytest.raises((gw.Error, ValueError), match=message):
        jets.predict(x)


def test_complex_numbers_and_text_are_type_errors(jets: gw.Design) -> None:
    for x in (np.zeros((1, 16), dtype=complex), np.full((1, 16), "1")):
        with pytest.raises(TypeError, match="real numbers"):
            jets.predict(x)


def test_several_ports(tmp_path: Path) -> None:
    model = {
        "format": "gatewright-model", "version": 1, "name": "two",
        "layers": [
            {"name": "a", "kind": "input", "shape": [2], "type": "fixed<8,4>"},
            {"name": "b", "kind": "input", "shape": [2], "type": "fixed<8,4>"},
            {"name": "s", "kind": "add", "inputs": ["a", "b"]},
            {"name": "r", "kind": "relu", "inputs": ["a"]},
        ],
        "outputs": ["s", "r"],
    }
    path = tmp_path / "two.json"
    path.write_text(json.dumps(model))
    design = gw.load(path)
    a, b = np.array([[1, -2.0], [3, 0.5]]), np.array([[0.25, 1], [-1, 2.0]])
    for given in ([a, b], {"b": b, "a": a}):
        results = design.predict(given)
        assert list(results) == ["s", "r"]
        assert np.array_equal(results["s"], a + b)
        assert np.array_equal(results["r"], np.maximum(a, 0))
    with pytest.raises(gw.Error, match="one array for each of the 2 input ports: a, b"):
        design.predict(a)
    with pytest.raises(gw.Error, match="arrays for a, c given; the input ports are a, b"):
        design.predict({"a": a, "c": b})
    with pytest.raises(gw.Error, match="input port 'b': 1 events, 'a' has 2"):
        design.predict([a, b[:1]])


def test_trace_holds_every_layer(tiny: Path) -> None:
    layers = gw.load(tiny).trace([[1, 2], [-4, 0]])
    assert np.array_equal(layers["x"], [[1, 2], [-4, 0]])
    assert np.array_equal(layers["act"], [[3.75, 2.5], [0, 3.5]])
    with pytest.raises(gw.Error, match="at most 100"):
        gw.load(tiny).trace(np.zeros((101, 2)))


def test_verify_synth_evaluate_and_report(copy_of_jets: Path, events: np.ndarray) -> None:
    design = gw.load(copy_of_jets)
    evidence = design.verify(vectors=50, data=events[:50], proof_seconds=0)
    assert evidence["passed"]
    assert {"reference", "emulator", "netlist", "verilator"} <= {
        e["evaluator"] for e in evidence["evaluators"]
    }
    assert design.synth()["lut"] > 100
    metrics = design.evaluate(events, np.load(JETS / "jets_test_y.npy"), class_names=list("gqwzt"))
    stored = json.loads((JETS / "metrics.json").read_text())
    assert 0.6 < metrics["accuracy"] < 0.9 and stored
    report = design.report()
    assert report["verify"]["passed"] and report["synth"]["lut"] > 100
    page = design._repr_html_()
    for part in ("latency", "every bit agrees", "LUT", f"{metrics['accuracy']:.4f}", "fixed"):
        assert part in page or part == "fixed"
    assert "cycles at 360" in repr(design)


def test_a_design_that_is_wrong_does_not_pass(copy_of_jets: Path) -> None:
    verilog = next((copy_of_jets / "rtl").glob("*.v"))
    verilog.write_text(verilog.read_text() + "\n// touched\n")
    with pytest.raises(gw.Error, match="was changed after compilation"):
        gw.load(copy_of_jets).verify(vectors=10)


@pytest.mark.parametrize(
    "arguments",
    [
        ("compile", "{tmp}/none.keras", "-o", "{tmp}/out"),
        ("compile", "{tiny}", "-o", "{tmp}/out", "--part", "nothing"),
        ("compile", "{tiny}", "-o", "{tmp}/out", "--clock", "fast"),
        ("compile", "{tiny}", "-o", "{tmp}/out", "--no-such-option", "1"),
    ],
)
def test_errors_are_those_of_the_command_line(
    arguments: tuple[str, ...], tiny: Path, tmp_path: Path
) -> None:
    words = [a.format(tmp=tmp_path, tiny=tiny) for a in arguments]
    done = command(*words)
    assert done.returncode != 0
    said = done.stderr.removeprefix("gatewright: error: ").strip()
    keywords = {w[2:].replace("-", "_"): v for w, v in zip(words[4::2], words[5::2])}
    with pytest.raises(gw.Error) as error:
        gw.compile(words[1], words[3], progress=False, **keywords)
    assert str(error.value) == said
    assert not (tmp_path / "out").exists()


def test_loading_what_is_no_design(tmp_path: Path, copy_of_jets: Path) -> None:
    with pytest.raises(gw.Error, match="no such file"):
        gw.load(tmp_path / "nothing")
    (copy_of_jets / "dataflow.txt").write_text("program x\n")
    with pytest.raises(gw.Error, match="compile the model again"):
        gw.load(copy_of_jets)


def test_a_temporary_design_lives_as_long_as_its_object(tiny: Path) -> None:
    design = gw.compile(tiny, progress=False, clock=250)
    path = design.path
    assert (path / "report.html").exists() and design.clock_mhz >= 250
    del design
    assert not path.exists()


def test_progress_names_the_stages(tiny: Path, capfd: pytest.CaptureFixture[str]) -> None:
    stages: list[str] = []
    gw.compile(tiny, progress=stages.append)
    assert stages[0] == "import" and stages[-1] == "write"
    assert capfd.readouterr() == ("", "")

    def interrupt(stage: str) -> None:
        raise KeyboardInterrupt(stage)

    with pytest.raises(KeyboardInterrupt):
        gw.compile(tiny, progress=interrupt)


def test_the_interpreter_is_free_meanwhile(jets: gw.Design) -> None:
    """A thread that counts goes on counting while another one emulates.

    With so long a switch interval nobody is asked to hand the lock over: the counter moves only
    where it is released, and that is inside the run.
    """
    x = np.zeros((400_000, 16), dtype=np.float32)
    out = np.empty((len(x), 5), dtype=np.float32)
    run = jets._emulator.run
    done = threading.Event()
    ticks = 0

    def count() -> None:
        nonlocal ticks
        while not done.is_set():
            ticks += 1
            time.sleep(0)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1000)
    thread = threading.Thread(target=count)
    thread.start()
    try:
        before = ticks
        for _ in range(3):
            run(x, out, 1)
        assert ticks > before
    finally:
        sys.setswitchinterval(interval)
        done.set()
        thread.join()


def test_many_threads_share_one_design(jets: gw.Design, events: np.ndarray) -> None:
    expected = jets.predict(events)
    wrong: list[int] = []

    def work(number: int) -> None:
        for turn in range(20):
            part = slice(number * 37, number * 37 + 500 + turn)
            if not np.array_equal(jets.predict(events[part], threads=1), expected[part]):
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
