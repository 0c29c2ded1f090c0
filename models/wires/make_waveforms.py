#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draw 200-tick waveforms of liquid-argon wires, with and without charge: a toy.

    python make_waveforms.py --out WIRES.npz [--train 60000] [--test 10000] [--seed 41]

A tick is 0.5 us (2 MHz), a count one ADC count above the pedestal.  Noise: white, plus
a slow part (a first-order low-pass), plus a line of 50 to 150 kHz, 3 counts r.m.s. in
all, with a little spread from wire to wire.  Half of the windows hold charge: one to
three deposits, 8 to 60 counts high (many near the noise), each a cloud of 1.2 to 5
ticks width (diffusion, the track's angle) behind a shaper of about 1.5 ticks.
Collection wires see it as one lobe, induction wires as a positive and a negative one;
the network must find both.  A toy shows that the compiler handles such a network; its
efficiencies say nothing about a detector.

Arrays: train_x, val_x, test_x int16 [n, 200]; train_y, val_y, test_y uint8 [n] (1 = has
charge); train_h, ... float32 [n], the highest deposit in counts (0 without).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt

TICKS = 200
NOISE = 3.0  # counts r.m.s.
LIMIT = 255  # the trigger path carries 9 bits, sign included
MOST_DEPOSITS = 3

F64 = npt.NDArray[np.float64]


def noise(rng: np.random.Generator, count: int) -> F64:
    """Electronics noise [count, TICKS] in counts."""
    white = rng.normal(0, 1, (count, TICKS))
    slow = np.empty((count, TICKS))
    state = rng.normal(0, 1, count)
    keep = 0.9
    for tick in range(TICKS):
        state = keep * state + np.sqrt(1 - keep**2) * rng.normal(0, 1, count)
        slow[:, tick] = state
    period = rng.uniform(2e6 / 150e3, 2e6 / 50e3, (count, 1))
    line = np.sin(2 * np.pi * (np.arange(TICKS) / period + rng.random((count, 1))))
    size = NOISE * rng.uniform(0.85, 1.2, (count, 1))
    return size * (0.7 * white + 0.6 * slow + 0.55 * line)


def pulse(time: F64, width: F64, induction: npt.NDArray[np.bool_]) -> F64:
    """Response, height 1, to a cloud of ``width`` ticks at time 0."""
    total = np.sqrt(width**2 + 1.5**2)
    lobe = np.exp(-0.5 * (time / total) ** 2)
    return np.where(induction, -time / total * lobe * np.exp(0.5), lobe)


def waveforms(
    rng: np.random.Generator, count: int
) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.uint8], npt.NDArray[np.float32]]:
    """Waveforms, whether they hold charge, and the height of the highest deposit."""
    wave = noise(rng, count)
    label = rng.random(count) < 0.5
    induction = (rng.random(count) < 0.5)[:, None]
    deposits = np.where(label, rng.choice([1, 2, 3], count, p=(0.6, 0.3, 0.1)), 0)
    highest = np.zeros(count)
    for number in range(MOST_DEPOSITS):
        live = number < deposits
        height = np.where(live, 8 * (60 / 8) ** rng.random(count), 0)
        centre = rng.uniform(8, TICKS - 8, (count, 1))
        width = rng.uniform(1.2, 5, (count, 1))
        wave += height[:, None] * pulse(np.arange(TICKS) - centre, width, induction)
        highest = np.maximum(highest, height)
    counts = np.clip(np.round(wave), -LIMIT - 1, LIMIT).astype(np.int16)
    return counts, label.astype(np.uint8), highest.astype(np.float32)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--train", type=int, default=60000)
    parser.add_argument("--test", type=int, default=10000)
    parser.add_argument("--seed", type=int, default=41)
    args = parser.parse_args()
    arrays = {}
    parts = {"train": args.train, "val": args.test, "test": args.test}
    for number, (part, count) in enumerate(parts.items()):
        rng = np.random.default_rng([args.seed, number])
        arrays[f"{part}_x"], arrays[f"{part}_y"], arrays[f"{part}_h"] = waveforms(rng, count)
    np.savez_compressed(args.out, **arrays)


if __name__ == "__main__":
    main()
