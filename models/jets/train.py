#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Train the Gatewright demo model, a 16-64-32-32-5 jet tagger, with HGQ2.

The committed files were made with this command (python 3.11, the versions of
requirements.txt, the CPU backend of jax on a shared two-core machine; 313 s):

    python train.py --jets-dir JETS --work-dir WORK --out-dir models/jets

``JETS`` is what make_jets.py wrote, ``WORK`` a scratch folder for the candidate
models.  Written to ``--out-dir``: jets.keras, jets_test_x.npy, jets_test_y.npy,
jets_expected.npy, scaler.json, metrics.json.

Steps
-----
1. Split by event (both jets of an event fall on the same side): 80 % train,
   10 % validation, 10 % test.
2. Standardise with the training set's mean and standard deviation, clip every
   feature to the range its training values span (leaving out the outermost 1e-4
   at each end, and nothing beyond +-8), round to a multiple of 2^-10: the network's
   input is a number of ap_fixed<16,6>.  scaler.json holds all it takes.
3. Train a float network of the same shape, the reference.
4. Train the HGQ2 network with rising beta (the price of an effective bit
   operation) and keep the Pareto front of validation accuracy and EBOPs.
5. For the front's eight most accurate models: fix the ranges of the WRAP quantizers
   with trace_minmax on the training set, measure again on the validation set, and
   take the most accurate under ``--max-ebops``.  The test set takes no part in the choice.
6. Check the Python model's float32 outputs against an evaluation of ours in
   float64 (every value is a dyadic rational that fits both): they must be equal.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
import numpy as np
import numpy.typing as npt
from hgq.config import QuantizerConfigScope
from hgq.layers import QDense
from hgq.utils import trace_minmax
from hgq.utils.sugar import BetaScheduler, FreeEBOPs, ParetoFront, PieceWiseSchedule
from sklearn.metrics import roc_auc_score

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
U8 = npt.NDArray[np.uint8]

HERE = Path(__file__).resolve().parent
CLASSES = (HERE / "classes.txt").read_text().split()
FEATURES = (HERE / "features.txt").read_text().split()
HIDDEN = (64, 32, 32)
INPUT_FRACTION_BITS = 10
INPUT_LIMIT = 8.0
TAIL = 1e-4
N_TEST_COMMITTED = 4000
CANDIDATES = 8


def load(folder: Path) -> tuple[F64, U8, npt.NDArray[np.int64]]:
    """Read make_jets.py's files.

    :returns: observables [n, 16] (GeV for the mass), class numbers, and for each jet
        the position of its event in its file (the split goes by it).
    """
    x, y, event = [], [], []
    for number, name in enumerate(CLASSES):
        for path in sorted(folder.glob(f"{name}_*.npz")):
            with np.load(path) as data:
                x.append(data["x"])
                event.append(data["event"])
                y.append(np.full(len(data["x"]), number, np.uint8))
    return np.concatenate(x), np.concatenate(y), np.concatenate(event)


class Scaler:
    """Raw observables to the network's input; see step 2 of the module's text."""

    def __init__(self, train: F64) -> None:
        self.mean: F64 = train.mean(axis=0)
        self.std: F64 = train.std(axis=0)
        z = (train - self.mean) / self.std
        step = 2.0**-INPUT_FRACTION_BITS
        lo, hi = np.quantile(z, [TAIL, 1.0 - TAIL], axis=0)
        self.lo: F64 = np.maximum(np.ceil(lo / step) * step, -INPUT_LIMIT)
        self.hi: F64 = np.minimum(np.floor(hi / step) * step, INPUT_LIMIT - step)

    def __call__(self, raw: F64) -> F32:
        """Standardise, clip, round half up to the input grid (all dimensionless)."""
        z = np.clip((raw - self.mean) / self.std, self.lo, self.hi)
        scale = 2.0**INPUT_FRACTION_BITS
        return (np.floor(z * scale + 0.5) / scale).astype(np.float32)

    def save(self, path: Path) -> None:
        """Write scaler.json."""
        content = {
            "what": "x = round(clip((raw - mean) / std, lo, hi) * 2^f) / 2^f, half rounded up",
            "f": INPUT_FRACTION_BITS,
            "features": FEATURES,
            "mean": self.mean.tolist(),
            "std": self.std.tolist(),
            "lo": self.lo.tolist(),
            "hi": self.hi.tolist(),
        }
        path.write_text(json.dumps(content, indent=1) + "\n")


def compiled(model: keras.Model, steps: int, rate: float) -> keras.Model:
    """Adam with a cosine decay to zero over ``steps`` steps; softmax in the loss."""
    model.compile(
        optimizer=keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(rate, steps)),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        jit_compile=True,
    )
    return model


def float_model() -> keras.Model:
    """The reference: the same layers in float32."""
    layers: list[Any] = [keras.layers.Input((len(FEATURES),))]
    layers += [keras.layers.Dense(n, activation="relu") for n in HIDDEN]
    layers += [keras.layers.Dense(len(CLASSES))]
    return keras.Sequential(layers)


def hgq_model(beta0: float) -> keras.Model:
    """The quantized network.

    Every weight, bias and layer input has a bit width of its own, which is trained.
    Layer inputs round half up and wrap (their ranges come from trace_minmax).
    """
    with (
        QuantizerConfigScope(place="weight", b0=6, i0=2),
        QuantizerConfigScope(place="bias", b0=8, i0=2),
        QuantizerConfigScope(place="datalane", i0=3, f0=5),
    ):
        layers: list[Any] = [keras.layers.Input((len(FEATURES),), name="features")]
        for number, n in enumerate(HIDDEN):
            layers.append(QDense(n, activation="relu", beta0=beta0, name=f"dense_{number}"))
        layers.append(QDense(len(CLASSES), beta0=beta0, name="logits"))
        return keras.Sequential(layers, name="jets")


def predict(model: keras.Model, x: F32) -> F32:
    """The model's logits."""
    return np.asarray(model.predict(x, batch_size=8192, verbose=0), np.float32)


def exact_forward(model: keras.Model, x: F32) -> tuple[F64, int, int]:
    """Evaluate the HGQ2 model in float64 from its quantized numbers alone.

    :returns: the logits, how many layer inputs overflowed (wrapped), and how many
        bits the widest sum needs, sign included (each partial sum is bounded by the
        sum of its terms' magnitudes).
    """
    h = x.astype(np.float64)
    overflowed = widest = 0
    for layer in model.layers:
        k, i, f = (np.asarray(v, np.float64).reshape(-1) for v in layer.iq.quantizer.kif)
        live = k + i + f > 0
        span = 2.0 ** (i + k)
        bias = k * 2.0**i
        rounded = np.floor(h * 2.0**f + 0.5) / 2.0**f
        wrapped = np.where(live, np.mod(rounded + bias, span) - bias, 0.0)
        overflowed += int((np.where(live, rounded, 0.0) != wrapped).sum())
        w = np.asarray(layer.qkernel, np.float64)
        b = np.asarray(layer.qbias, np.float64)
        # Common grid of all products of the layer, as a count of fraction bits.
        mantissa = 0
        while not all(
            (v * 2.0**mantissa == np.round(v * 2.0**mantissa)).all()
            for v in (w * np.where(live, 2.0**-f, 0.0)[:, None], b)
        ):
            mantissa += 1
        reach = (np.abs(wrapped) @ np.abs(w) + np.abs(b)).max()
        widest = max(widest, mantissa + 1 + int(np.ceil(np.log2(reach + 2.0**-mantissa))))
        h = wrapped @ w + b
        if layer is not model.layers[-1]:
            h = np.maximum(h, 0.0)
    return h, overflowed, widest


def scores(logits: npt.NDArray[np.floating[Any]], y: U8) -> dict[str, Any]:
    """Accuracy, and each class's one-against-the-rest area under the ROC curve.

    The AUC's discriminant is the softmax probability of the class.
    """
    z = logits.astype(np.float64)
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    auc = {name: float(roc_auc_score(y == c, p[:, c])) for c, name in enumerate(CLASSES)}
    return {
        "accuracy": float((z.argmax(axis=1) == y).mean()),
        "auc": auc,
        "auc_mean": float(np.mean(list(auc.values()))),
    }


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--jets-dir", type=Path, required=True)
    parser.add_argument("--work-dir", type=Path, required=True)
    parser.add_argument("--out-dir", type=Path, default=HERE)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--float-epochs", type=int, default=200)
    parser.add_argument("--epochs", type=int, default=1000)
    parser.add_argument("--batch", type=int, default=2048)
    parser.add_argument("--rate", type=float, default=5e-3)
    parser.add_argument("--beta", type=float, nargs=2, default=(2e-6, 1.1e-5))
    parser.add_argument("--max-ebops", type=int, default=3500)
    args = parser.parse_args()
    began = time.monotonic()
    options = " ".join(
        f"--{key.replace('_', '-')} {' '.join(map(str, np.atleast_1d(value)))}"
        for key, value in vars(args).items()
        if not isinstance(value, Path)
    )
    made = json.loads((args.jets_dir / "run.json").read_text())

    raw, y, event = load(args.jets_dir)
    fold = event % 10
    part = {"train": fold > 1, "val": fold == 1, "test": fold == 0}
    scaler = Scaler(raw[part["train"]])
    x = scaler(raw)
    xs = {name: x[mask] for name, mask in part.items()}
    ys = {name: y[mask] for name, mask in part.items()}
    steps_per_epoch = -(-len(xs["train"]) // args.batch)
    print({name: len(v) for name, v in xs.items()}, flush=True)

    keras.utils.set_random_seed(args.seed)
    reference = compiled(float_model(), steps_per_epoch * args.float_epochs, 3e-3)
    reference.fit(
        xs["train"],
        ys["train"],
        validation_data=(xs["val"], ys["val"]),
        batch_size=args.batch,
        epochs=args.float_epochs,
        verbose=0,
    )
    float_scores = scores(predict(reference, xs["test"]), ys["test"])
    float_val = scores(predict(reference, xs["val"]), ys["val"])["accuracy"]
    float_seconds = time.monotonic() - began
    print(f"float: {float_seconds:.0f} s {float_scores}", flush=True)

    keras.utils.set_random_seed(args.seed)
    shutil.rmtree(args.work_dir, ignore_errors=True)
    lo, hi = args.beta
    beta = PieceWiseSchedule(
        [
            (0, lo, "constant"),
            (args.epochs // 10, lo, "log"),
            (args.epochs * 7 // 10, hi, "constant"),
        ]
    )
    model = compiled(hgq_model(lo), steps_per_epoch * args.epochs, args.rate)
    log = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: (
            print(
                f"{epoch}: val {logs['val_accuracy']:.4f} ebops {logs['ebops']} "
                f"beta {logs['beta']:.2e} {time.monotonic() - began:.0f} s",
                flush=True,
            )
            if epoch % 50 == 49
            else None
        )
    )
    front = ParetoFront(
        args.work_dir,
        ["val_accuracy", "ebops"],
        [1, -1],
        enable_if=lambda logs: logs["ebops"] <= 1.2 * args.max_ebops,
    )
    model.fit(
        xs["train"],
        ys["train"],
        validation_data=(xs["val"], ys["val"]),
        batch_size=args.batch,
        epochs=args.epochs,
        verbose=0,
        callbacks=[BetaScheduler(beta), FreeEBOPs(), front, log],
    )
    hgq_seconds = time.monotonic() - began - float_seconds

    best: tuple[float, int, Path] | None = None
    candidates = []
    ranked = sorted(zip(front.record, front.paths, strict=True), key=lambda v: -v[0][0])
    for _, path in ranked[:CANDIDATES]:
        candidate = keras.models.load_model(path)
        ebops = int(trace_minmax(candidate, xs["train"], batch_size=8192))
        accuracy = float((predict(candidate, xs["val"]).argmax(axis=1) == ys["val"]).mean())
        candidates.append((ebops, accuracy))
        print(f"candidate: {ebops} EBOPs, validation {accuracy:.4f}", flush=True)
        if ebops <= args.max_ebops and (best is None or accuracy > best[0]):
            candidate.save(args.work_dir / "chosen.keras")
            best = (accuracy, ebops, path)
    if best is None:
        sys.exit("no candidate is under --max-ebops")

    args.out_dir.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(args.work_dir / "chosen.keras", args.out_dir / "jets.keras")
    chosen = keras.models.load_model(args.out_dir / "jets.keras")
    logits = predict(chosen, xs["test"])
    exact, overflowed, widest = exact_forward(chosen, xs["test"])
    if not np.array_equal(logits.astype(np.float64), exact):
        sys.exit(f"float32 and float64 differ: {np.abs(logits - exact).max()}")
    hgq_scores = scores(logits, ys["test"])

    rng = np.random.default_rng(args.seed)
    each = N_TEST_COMMITTED // len(CLASSES)
    pick = np.concatenate(
        [rng.permutation(np.flatnonzero(ys["test"] == c))[:each] for c in range(len(CLASSES))]
    )
    pick = rng.permutation(pick)
    x4, y4, z4 = xs["test"][pick], ys["test"][pick], logits[pick]
    np.save(args.out_dir / "jets_test_x.npy", x4)
    np.save(args.out_dir / "jets_test_y.npy", y4)
    np.save(args.out_dir / "jets_expected.npy", z4)
    scaler.save(args.out_dir / "scaler.json")
    overflowed_4000 = exact_forward(chosen, x4)[1]

    metrics = {
        "classes": CLASSES,
        "jets": {name: len(v) for name, v in xs.items()},
        "jets_per_class": {name: int((y == c).sum()) for c, name in enumerate(CLASSES)},
        "float_reference": {"validation_accuracy": float_val, "test": float_scores},
        "hgq2": {
            "ebops": best[1],
            "validation_accuracy": best[0],
            "test": hgq_scores,
            "test_4000_committed": scores(z4, y4),
            "overflowed_layer_inputs": {"test": overflowed, "test_4000_committed": overflowed_4000},
            "widest_sum_bits": widest,
            "float32_equals_float64": True,
            "nonzero_weights": [int((np.asarray(v.qkernel) != 0).sum()) for v in chosen.layers],
        },
        "pareto_front_ebops_validation_accuracy": sorted(candidates),
        "seconds": {"float": round(float_seconds), "hgq2": round(hgq_seconds)},
        "make_jets": made,
        "seed": args.seed,
        "commands": [
            f"python make_jets.py --out-dir JETS --jets-per-class {made['jets_per_class']} "
            f"--chunks {made['chunks']} --seed {made['seed']}",
            f"python train.py --jets-dir JETS --work-dir WORK {options}",
        ],
        "python": sys.version.split()[0],
        "packages": {
            name: importlib.metadata.version(name)
            for name in ("hgq2", "quantizers", "keras", "jax", "numpy", "scikit-learn")
            + ("pythia8mc", "fastjet", "awkward", "numba")
        },
    }
    (args.out_dir / "metrics.json").write_text(json.dumps(metrics, indent=1) + "\n")
    print(json.dumps(metrics["hgq2"], indent=1))
    print(f"all: {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
