#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draw calorimeter windows of hadronic tau decays and of QCD jets: a toy.

    python make_windows.py --out TAU.npz [--windows 60000] [--test 10000] [--seed 21]

A window is 5 x 9 towers (eta x phi, 0.087 each) around the highest one, with an
electromagnetic and a hadronic energy, 0.5 GeV a count and at most 255 counts: what a
level-1 calorimeter trigger sees.  Taus are narrow: one or three charged pions and up
to two neutral ones in a cone of 3 GeV / pT.  Jets are broad: many particles, softer
and further out.  Charged particles bend in phi (0.74 / pT[GeV]), showers spread over
towers, energies are smeared, and pile-up adds to every tower.  Both classes are
thinned to the same spectrum of the window's sum, so that only the shape tells them
apart.  A toy shows that the compiler handles such a network; its efficiencies say
nothing about a detector.

Arrays: train_x, val_x, test_x uint8 [n, 5, 9, 2]; train_y, val_y, test_y uint8 [n]
(1 = tau).  About half a minute on one core.
"""

from __future__ import annotations

import argparse
from math import pi
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import erf

F64 = npt.NDArray[np.float64]
U8 = npt.NDArray[np.uint8]

TOWER = 0.087  # width of a tower in eta and phi
COUNT_GEV = 0.5
ROWS, COLUMNS = 5, 9  # of the window
MARGIN = 2  # towers around it, so that the highest tower can be centred
BEND = 0.74  # rad GeV: 0.3 B R / 2 in 3.8 T at 1.3 m
CHUNK = 5000


class Particles(NamedTuple):
    """Particles [n, slots] of n events: pT in GeV (0: no particle), place, kind."""

    pt: F64
    eta: F64
    phi: F64
    charged: npt.NDArray[np.bool_]
    photon: npt.NDArray[np.bool_]


def spectrum(rng: np.random.Generator, count: int, low: float) -> F64:
    """pT falling like pT^-3 between ``low`` and 150 GeV."""
    u = rng.random(count)
    return (low**-2 + u * (150.0**-2 - low**-2)) ** -0.5


def taus(rng: np.random.Generator, count: int) -> Particles:
    """Visible decay products of taus."""
    total = spectrum(rng, count, 30)
    three = rng.random(count) < 0.35
    neutral = np.where(three, rng.random(count) < 0.3, rng.choice(3, count, p=(0.2, 0.55, 0.25)))
    slots = np.arange(7)
    charged = (slots < 3) & ((slots == 0) | three[:, None])
    photon = (slots >= 3) & (slots < 3 + 2 * neutral[:, None])
    share = rng.gamma(1.5, 1, (count, 7)) * (charged | photon)
    share /= share.sum(axis=1, keepdims=True)
    cone = np.clip(3.0 / total, 0.03, 0.12)[:, None]
    radius = cone * np.sqrt(rng.random((count, 7))) * 0.8
    angle = rng.uniform(0, 2 * pi, (count, 7))
    return Particles(
        total[:, None] * share, radius * np.cos(angle), radius * np.sin(angle), charged, photon
    )


def jets(rng: np.random.Generator, count: int) -> Particles:
    """Particles of quark and gluon jets; gluon jets are broader and softer."""
    total = spectrum(rng, count, 35)
    gluon = rng.random(count) < 0.6
    slots = 28
    number = np.clip(rng.poisson(np.where(gluon, 14, 9) * (total / 40) ** 0.3), 3, slots)
    live = np.arange(slots) < number[:, None]
    share = rng.gamma(np.where(gluon, 0.6, 0.4)[:, None], 1, (count, slots)) * live
    share /= np.maximum(share.sum(axis=1, keepdims=True), 1e-9)
    # Hard particles fly close to the axis.
    radius = rng.exponential(np.where(gluon, 0.2, 0.14)[:, None], (count, slots))
    radius = np.minimum(radius * (0.12 / (share + 0.05)) ** 0.4, 0.6)
    angle = rng.uniform(0, 2 * pi, (count, slots))
    kind = rng.random((count, slots))
    return Particles(
        total[:, None] * share,
        radius * np.cos(angle),
        radius * np.sin(angle),
        kind < 0.6,
        (kind >= 0.6) & (kind < 0.88),
    )


def fractions(place: F64, towers: int, width: F64) -> F64:
    """Share of a Gaussian shower in each of ``towers`` towers along one axis."""
    edges = np.arange(towers + 1) - towers / 2
    reach = 0.5 * erf((edges - place[..., None]) / (width[..., None] * np.sqrt(2)))
    return np.diff(reach, axis=-1)


def deposits(rng: np.random.Generator, p: Particles) -> F64:
    """Energies [n, rows, columns, 2] in GeV on the window with its margin."""
    rows, columns = ROWS + 2 * MARGIN, COLUMNS + 2 * MARGIN
    shape = p.pt.shape
    bend = BEND / np.maximum(p.pt, 0.8) * rng.choice([-1, 1], shape) * p.charged
    offset = rng.uniform(-0.5, 0.5, (2, shape[0], 1))
    eta, phi = p.eta / TOWER + offset[0], (p.phi + bend) / TOWER + offset[1]
    seen = p.pt * (~p.charged | (p.pt > 0.8))  # softer ones curl up
    hadronic_share = np.where(p.photon, 0.02, rng.beta(2, 1, shape))
    energy = np.zeros((shape[0], rows, columns, 2))
    for channel, share, spread, stochastic in (
        (0, 1 - hadronic_share, 0.25, 0.15),
        (1, hadronic_share, 0.5, 0.9),
    ):
        part = seen * share
        part = np.maximum(part + stochastic * np.sqrt(part) * rng.normal(0, 1, shape), 0)
        width = np.full(shape, spread)
        energy[..., channel] = np.einsum(
            "np,npr,npc->nrc", part, fractions(eta, rows, width), fractions(phi, columns, width)
        )
    pile_up = rng.exponential(0.7, energy.shape) * (rng.random(energy.shape) < 0.35)
    return energy + pile_up


def windows(rng: np.random.Generator, p: Particles) -> U8:
    """Counts [n, ROWS, COLUMNS, 2] around each event's highest tower."""
    energy = deposits(rng, p)
    total = energy.sum(axis=-1)
    inner = total[:, MARGIN : MARGIN + ROWS, MARGIN : MARGIN + COLUMNS]
    centre = inner[:, ROWS // 2 - 2 : ROWS // 2 + 3, COLUMNS // 2 - 2 : COLUMNS // 2 + 3]
    row, column = np.divmod(centre.reshape(len(p.pt), -1).argmax(axis=1), 5)
    r = row[:, None] + np.arange(ROWS)
    c = column[:, None] + np.arange(COLUMNS)
    event = np.arange(len(p.pt))[:, None, None]
    cut = energy[event, r[:, :, None], c[:, None, :]]
    return np.clip(np.floor(cut / COUNT_GEV), 0, 255).astype(np.uint8)


def many(rng: np.random.Generator, make: object, count: int) -> U8:
    """``count`` windows of one class, in portions that fit the memory."""
    portions = [
        windows(rng, make(rng, min(CHUNK, count - first))) for first in range(0, count, CHUNK)
    ]
    return np.concatenate(portions)


def same_spectrum(rng: np.random.Generator, a: U8, b: U8) -> tuple[U8, U8]:
    """Thin both so that the window sums (60 to 300 counts, bins of 10) are alike."""
    edges = np.arange(60, 301, 10)
    kept: list[list[U8]] = [[], []]
    groups = [np.digitize(v.sum(axis=(1, 2, 3), dtype=np.int64), edges) for v in (a, b)]
    for group in range(1, len(edges)):
        chosen = [np.flatnonzero(g == group) for g in groups]
        size = min(len(c) for c in chosen)
        for part, values, index in zip(kept, (a, b), chosen, strict=True):
            part.append(values[rng.permutation(index)[:size]])
    return np.concatenate(kept[0]), np.concatenate(kept[1])


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--windows", type=int, default=60000, help="per class, before thinning")
    parser.add_argument("--test", type=int, default=10000)
    parser.add_argument("--seed", type=int, default=21)
    args = parser.parse_args()
    rng = np.random.default_rng(args.seed)
    signal, background = same_spectrum(
        rng, many(rng, taus, args.windows), many(rng, jets, args.windows)
    )
    x = np.concatenate([signal, background])
    y = np.repeat(np.array([1, 0], np.uint8), [len(signal), len(background)])
    order = rng.permutation(len(x))
    x, y = x[order], y[order]
    cut = [args.test, 2 * args.test]
    print(f"{len(x)} windows, {cut[1]} of them for validation and test")
    names = ("test", "val", "train")
    arrays = {f"{n}_x": v for n, v in zip(names, np.split(x, cut), strict=True)}
    arrays |= {f"{n}_y": v for n, v in zip(names, np.split(y, cut), strict=True)}
    np.savez_compressed(args.out, **arrays)


if __name__ == "__main__":
    main()
