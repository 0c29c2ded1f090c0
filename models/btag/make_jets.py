#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draw jets as lists of ten particles, some with displaced tracks: a toy.

    python make_jets.py --out BTAG.npz [--jets 60000] [--test 10000] [--seed 31]

In a b jet some charged particles come from the decay of a B hadron that flew
0.45 mm x pT / mass on average, so their tracks miss the primary vertex on the side the
jet flies to.  In c jets (0.12 mm x pT / mass, one jet in five of the background) they
do so less; in light jets tracks miss by the resolution, by its tails, or because a K
short or a Lambda decayed.  All classes have the same spectrum of pT.  A toy shows that
the compiler handles such a network; its efficiencies say nothing about a detector.

An event is the ten hardest particles (0.8 GeV and more, else zeros) in order of pT,
each with eight features, multiples of 2^-6 in [-8, 8):

    0 pT / jet pT x 4           4 d0 / sigma / 8, signed by the jet's direction
    1 log2(pT / GeV)            5 z0 - primary vertex, mm
    2 delta eta x 16            6 1 if charged
    3 delta phi x 16            7 1 if a muon

Arrays: train_x, val_x, test_x float32 [n, 10, 8]; train_y, val_y, test_y uint8 [n]
(0 light, 1 c, 2 b).  About a quarter of a minute on one core.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
U8 = npt.NDArray[np.uint8]

KEPT = 10
PROMPT, DECAY = 24, 9  # slots for prompt particles and for those of a heavy decay
FRACTION_BITS, LIMIT = 6, 8.0
LIGHT, CHARM, BEAUTY = 0, 1, 2
MASS = np.array([1.0, 1.87, 5.28])  # GeV
FLIGHT_MM = np.array([0.0, 0.12, 0.45])  # c tau
CHARGED_DECAYS = np.array([0.0, 2.2, 4.9])  # mean charged particles
HEAVY_SHARE = [(1, 1), (5, 4), (7, 3)]  # beta distribution of the hadron's share of pT


def shares(rng: np.random.Generator, live: npt.NDArray[np.bool_], hardness: float) -> F64:
    """Random shares per row that sum to one over the live slots."""
    part = rng.gamma(hardness, 1, live.shape) * live
    return part / np.maximum(part.sum(axis=1, keepdims=True), 1e-9)


def flavour(rng: np.random.Generator, count: int, kind: int) -> F32:
    """Features [count, KEPT, 8] of jets of one flavour."""
    jet_pt = (30.0**-2 + rng.random(count) * (200.0**-2 - 30.0**-2)) ** -0.5
    a, b = HEAVY_SHARE[kind]
    heavy = rng.beta(a, b, count) if kind != LIGHT else np.zeros(count)
    prompt_live = np.arange(PROMPT) < np.clip(
        rng.poisson((11 if kind == LIGHT else 7) * (jet_pt / 60) ** 0.3), 2, PROMPT
    )[:, None]
    charged_decays = rng.poisson(CHARGED_DECAYS[kind], count)
    neutral_decays = rng.poisson(0.5 * CHARGED_DECAYS[kind] + 0.2, count)
    slot = np.arange(DECAY)
    decay_live = (slot < np.minimum(charged_decays + neutral_decays, DECAY)[:, None]) & (
        kind != LIGHT
    )
    decay_charged = slot < charged_decays[:, None]
    heavy = np.where(decay_live.any(axis=1), heavy, 0)
    pt = np.concatenate(
        [
            shares(rng, prompt_live, 0.6) * ((1 - heavy) * jet_pt)[:, None],
            shares(rng, decay_live, 1.2) * (heavy * jet_pt)[:, None],
        ],
        axis=1,
    )
    total = PROMPT + DECAY
    from_decay = np.broadcast_to(np.arange(total) >= PROMPT, (count, total))
    charged = np.where(
        from_decay,
        np.concatenate([np.zeros((count, PROMPT), bool), decay_charged], axis=1),
        rng.random((count, total)) < 0.62,
    )
    # Angles to the jet: prompt ones as in a shower, those of a decay by mass over pT.
    spread = np.where(
        from_decay,
        (MASS[kind] / np.maximum(heavy * jet_pt, 1))[:, None],
        0.12 / np.sqrt(pt / jet_pt[:, None] * 10 + 0.3),
    )
    eta, phi = rng.normal(0, 1, (2, count, total)) * np.minimum(spread, 0.25) * 0.8
    displaced, along = flight(rng, kind, heavy * jet_pt, (count, total))
    displaced = np.where(from_decay, displaced * np.abs(np.sin(phi)), 0)
    strange = ~from_decay & (rng.random((count, total)) < 0.07)
    displaced += strange * rng.exponential(1.5, (count, total)) * rng.choice([-1, 1], (count, total))
    sigma = 0.03 + 0.09 / np.maximum(pt, 0.8)  # mm
    tail = np.where(rng.random((count, total)) < 0.05, 4.0, 1.0)
    d0 = (displaced + sigma * tail * rng.normal(0, 1, (count, total))) / sigma
    z0 = rng.normal(0, 0.3, (count, total)) * tail + from_decay * along * 0.3
    muon_rate = np.where(from_decay & (kind != LIGHT), 0.05 if kind == CHARM else 0.07, 0.004)
    muon = charged & (rng.random((count, total)) < muon_rate) & (pt > 2)
    features = np.stack(
        [
            4 * pt / jet_pt[:, None],
            np.log2(np.maximum(pt, 0.8)),
            16 * eta,
            16 * phi,
            d0 / 8 * charged,
            z0 * charged,
            charged,
            muon,
        ],
        axis=-1,
    )
    features *= (pt > 0.8)[..., None]
    order = np.argsort(-pt, axis=1, kind="stable")[:, :KEPT]
    return to_grid(np.take_along_axis(features, order[..., None], axis=1))


def flight(
    rng: np.random.Generator, kind: int, pt: F64, shape: tuple[int, int]
) -> tuple[F64, F64]:
    """Transverse flight in mm and the same along the beam, equal for one jet's slots."""
    length = rng.exponential(1, shape[0]) * FLIGHT_MM[kind] * pt / MASS[kind]
    slope = np.sinh(rng.uniform(-1.5, 1.5, shape[0]))
    across = np.broadcast_to(length[:, None], shape)
    return across, across * slope[:, None] * rng.normal(0, 0.1, shape)


def to_grid(values: F64) -> F32:
    """Clip and round half up to the network's input grid."""
    step = 2.0**-FRACTION_BITS
    clipped = np.clip(values, -LIMIT, LIMIT - step)
    return (np.floor(clipped / step + 0.5) * step).astype(np.float32)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--jets", type=int, default=60000, help="b jets, and background jets")
    parser.add_argument("--test", type=int, default=10000)
    parser.add_argument("--seed", type=int, default=31)
    args = parser.parse_args()
    rng = np.random.default_rng(args.seed)
    counts = {LIGHT: args.jets * 4 // 5, CHARM: args.jets // 5, BEAUTY: args.jets}
    x = np.concatenate([flavour(rng, n, kind) for kind, n in counts.items()])
    y = np.repeat(np.array(list(counts), np.uint8), list(counts.values()))
    order = rng.permutation(len(x))
    x, y = x[order], y[order]
    cut = [args.test, 2 * args.test]
    names = ("test", "val", "train")
    arrays = {f"{n}_x": v for n, v in zip(names, np.split(x, cut), strict=True)}
    arrays |= {f"{n}_y": v for n, v in zip(names, np.split(y, cut), strict=True)}
    np.savez_compressed(args.out, **arrays)


if __name__ == "__main__":
    main()
