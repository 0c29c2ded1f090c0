#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Events per second of other tools' emulation beside ours, in one run, with an equality column.

    emulate_peers.py BUILD_DIR FOLDER [MODEL.keras ...]

Runs bench_emulate and gatewright from BUILD_DIR/bin, then on the same models and machine: alkaid's batch
interpreter, hls4ml's compiled emulation (its own project, compiled by its own script with g++) and ONNX
Runtime on a float network of the same shape. Rates are events per second of processor time on one thread
and per wall second on two; "equal" compares every output value with `gatewright emulate`. Packages: see
tests/oracle/emulate_peers/requirements.txt; run with the Python that tests/oracle/venv.sh BUILD_DIR
emulate_peers prints. Writes FOLDER/emulate_peers.json.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("JAX_PLATFORMS", "cpu")

import numpy as np  # noqa: E402

SHARED = Path(__file__).resolve().parents[2] / "shared/data/hgq2_models/hgq-ae/jsc_openml"
OURS = Path(__file__).resolve().parents[1] / "models/jets/jets.keras"


def rate(run, events, repeats=5):
    """Best of the repeats: (events per processor second, events per wall second)."""
    processor, wall = [], []
    for _ in range(repeats):
        begin = time.process_time(), time.perf_counter()
        run()
        processor.append(time.process_time() - begin[0])
        wall.append(time.perf_counter() - begin[1])
    return events / min(processor), events / min(wall)


def row(name, one, two, equal, note=""):
    """One line of the table and of the JSON."""
    text = {None: "", True: "equal", False: "DIFFERS"}[equal]
    print(f"  {name:34} {one:14,.0f} {two:14,.0f} {text:8} {note}", flush=True)
    return {"name": name, "per_core": one, "two_threads": two, "equal": equal, "note": note}


def ours(binary, model, x, folder):
    """Our outputs for x, by the command line."""
    np.save(folder / "x.npy", x)
    design = folder / "design"
    subprocess.run([binary, "compile", model, "-o", design, "--clock", "360MHz"], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    subprocess.run([binary, "emulate", design, "--input", folder / "x.npy", "--output", folder / "y.npy"],
                   check=True, stdout=subprocess.DEVNULL)
    return np.load(folder / "y.npy")


def bench_alkaid(model, x, y):
    from alkaid.converter import trace_model
    from alkaid.trace import trace

    inputs, outputs = trace_model(model)
    program = trace(inputs, outputs)
    many = np.ascontiguousarray(np.tile(x, (100, 1)).astype(np.float64))
    found = program.predict(many[: len(x)], n_threads=1).reshape(len(x), -1)
    one, _ = rate(lambda: program.predict(many, n_threads=1), len(many))
    _, two = rate(lambda: program.predict(many, n_threads=2), len(many))
    return row("alkaid batch interpreter", one, two, bool(np.array_equal(found, y)))


def bench_hls4ml(model, x, y, folder):
    from hls4ml.converters import convert_from_keras_model
    from hls4ml.utils import config_from_keras_model

    config = config_from_keras_model(model, granularity="name")
    project = convert_from_keras_model(model, hls_config=config, output_dir=str(folder / "hls4ml"),
                                       backend="Vitis", io_type="io_parallel")
    begin = time.perf_counter()
    project.compile()
    seconds = time.perf_counter() - begin
    x = np.ascontiguousarray(x.astype(np.float32))
    found = np.asarray(project.predict(x)).reshape(len(x), -1)
    one, wall = rate(lambda: project.predict(x), len(x), repeats=3)
    return row("hls4ml compiled emulation", one, wall, bool(np.array_equal(found, y)),
               f"one thread; g++ took {seconds:.0f} s")


def float_network(sizes):
    """Dense layers with ReLU between them, as ONNX."""
    from onnx import TensorProto, helper, numpy_helper

    random = np.random.default_rng(1)
    nodes, weights, value = [], [], "x"
    for i, (rows, columns) in enumerate(zip(sizes, sizes[1:])):
        matrix = random.normal(0, 0.3, (rows, columns)).astype(np.float32)
        weights += [numpy_helper.from_array(matrix, f"w{i}"),
                    numpy_helper.from_array(np.zeros(columns, np.float32), f"b{i}")]
        last = i == len(sizes) - 2
        nodes.append(helper.make_node("Gemm", [value, f"w{i}", f"b{i}"], ["y" if last else f"d{i}"]))
        if not last:
            nodes.append(helper.make_node("Relu", [f"d{i}"], [f"r{i}"]))
        value = f"r{i}"
    graph = helper.make_graph(
        nodes, "float", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", sizes[0]])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", sizes[-1]])], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def bench_onnx(sizes):
    import onnxruntime

    serialized = float_network(sizes).SerializeToString()
    best = {}
    for threads in (1, 2):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        session = onnxruntime.InferenceSession(serialized, options, providers=["CPUExecutionProvider"])
        for batch in (64, 256, 1024, 4096, 16384):
            x = np.random.default_rng(2).normal(size=(batch, sizes[0])).astype(np.float32)
            calls = max(1, 100_000 // batch)

            def run():
                for _ in range(calls):
                    session.run(None, {"x": x})

            processor, wall = rate(run, batch * calls)
            found = processor if threads == 1 else wall
            best[threads] = max(best.get(threads, (0, 0)), (found, batch))
    shape = "-".join(str(size) for size in sizes)
    return row("ONNX Runtime, float", best[1][0], best[2][0], None, f"{shape}, batches of {best[1][1]}")


def dense_sizes(model):
    """Features of the input and of each dense layer's output."""
    sizes = [model.inputs[0].shape[-1]]
    for layer in model.layers:
        if "dense" in type(layer).__name__.lower():
            sizes.append(layer.output.shape[-1])
    return sizes


def main():
    build, folder = Path(sys.argv[1]), Path(sys.argv[2])
    models = [Path(name) for name in sys.argv[3:]] or [OURS, *sorted(SHARED.glob("*.keras"))]
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run([build / "bin/bench_emulate", folder], check=True)
    result = {"benchmark": "emulate_peers", "ours": json.loads((folder / "emulate.json").read_text()),
              "models": []}

    import hgq  # noqa: F401  registers its layers
    import keras

    for path in models:
        print(f"{path.name}\n  {'':34} {'per core':>14} {'two threads':>14}")
        model = keras.models.load_model(path, compile=False)
        x = np.random.default_rng(7).uniform(-6, 6, (2048, model.inputs[0].shape[-1])).astype(np.float32)
        with tempfile.TemporaryDirectory() as scratch:
            y = ours(build / "bin/gatewright", path, x, Path(scratch))
            y = y.reshape(len(x), -1)
            peers = []
            for bench in (lambda: bench_alkaid(model, x, y),
                          lambda: bench_hls4ml(model, x, y, Path(scratch)),
                          lambda: bench_onnx(dense_sizes(model))):
                try:
                    peers.append(bench())
                except Exception as error:  # a peer that cannot do the model is a finding, not our failure
                    print(f"  failed: {type(error).__name__}: {str(error)[:200]}")
                    peers.append({"failed": f"{type(error).__name__}: {error}"[:500]})
        result["models"].append({"model": path.name, "peers": peers})
    (folder / "emulate_peers.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
