#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draw 32x32 colour pictures of house-number-like digits: the demo CNN's training data.

    python make_digits.py --out DIGITS.npz [--train 40000] [--test 8000] [--seed 11]

The pictures imitate what makes street digits hard, not any data set: a digit in the
middle, usually with parts of its neighbours beside it, in two colours of random
contrast on a background with a gradient, a stripe of clutter, blur and noise.  Every
digit is a few smooth strokes through jittered points, with variants per class,
stretched, sheared and turned.  Nothing is taken from another data set, so the
pictures carry the project's own licence, and the same seed draws them again.

Arrays of the file: train_x, val_x, test_x uint8 [n, 32, 32, 3]; train_y, val_y, test_y
uint8 [n]; val has as many pictures as test.  About a minute on one core.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]

SIZE = 32
PIECES = 24  # straight pieces a digit is drawn with; unused ones repeat the last
PARTS_PER_SPAN = 3  # pieces between two points of a smooth stroke

# Strokes in a box of 1 x 1, x to the right and y down: (smooth?, points).
Stroke = tuple[bool, list[tuple[float, float]]]
STROKES: list[list[list[Stroke]]] = [
    [[(True, [(0.5, 0.0), (0.95, 0.3), (0.95, 0.7), (0.5, 1.0), (0.05, 0.7), (0.05, 0.3), (0.5, 0.0)])]],
    [
        [(False, [(0.5, 0.0), (0.5, 1.0)])],
        [(False, [(0.2, 0.25), (0.55, 0.0), (0.55, 1.0)])],
        [(False, [(0.25, 0.2), (0.5, 0.0), (0.5, 1.0)]), (False, [(0.2, 1.0), (0.8, 1.0)])],
    ],
    [
        [
            (True, [(0.05, 0.28), (0.3, 0.02), (0.75, 0.03), (0.9, 0.3), (0.5, 0.66), (0.05, 1.0)]),
            (False, [(0.05, 1.0), (0.95, 1.0)]),
        ]
    ],
    [
        [(True, [(0.08, 0.15), (0.5, 0.0), (0.88, 0.22), (0.4, 0.47), (0.93, 0.72), (0.5, 1.0), (0.05, 0.85)])],
        [
            (False, [(0.1, 0.0), (0.9, 0.0), (0.45, 0.4)]),
            (True, [(0.45, 0.4), (0.95, 0.65), (0.55, 1.0), (0.05, 0.88)]),
        ],
    ],
    [
        [(False, [(0.7, 0.0), (0.02, 0.68), (0.98, 0.68)]), (False, [(0.7, 0.0), (0.7, 1.0)])],
        [(False, [(0.2, 0.0), (0.1, 0.6), (0.95, 0.6)]), (False, [(0.75, 0.05), (0.72, 1.0)])],
    ],
    [
        [
            (False, [(0.88, 0.0), (0.18, 0.0), (0.12, 0.45)]),
            (True, [(0.12, 0.45), (0.6, 0.36), (0.95, 0.68), (0.55, 1.0), (0.05, 0.88)]),
        ]
    ],
    [
        [(True, [(0.8, 0.04), (0.35, 0.18), (0.06, 0.65), (0.45, 1.0), (0.93, 0.7), (0.55, 0.45), (0.1, 0.68)])],
        [(True, [(0.65, 0.0), (0.12, 0.55), (0.3, 0.97), (0.8, 0.93), (0.88, 0.6), (0.5, 0.47), (0.12, 0.66)])],
    ],
    [
        [(False, [(0.05, 0.0), (0.95, 0.0), (0.4, 1.0)])],
        [(False, [(0.05, 0.0), (0.95, 0.0), (0.4, 1.0)]), (False, [(0.3, 0.5), (0.85, 0.5)])],
    ],
    [
        [
            (True, [(0.5, 0.47), (0.1, 0.25), (0.5, 0.0), (0.9, 0.25), (0.5, 0.47)]),
            (True, [(0.5, 0.47), (0.03, 0.75), (0.5, 1.0), (0.97, 0.75), (0.5, 0.47)]),
        ]
    ],
    [
        [(True, [(0.9, 0.32), (0.45, 0.55), (0.07, 0.3), (0.55, 0.0), (0.94, 0.35), (0.65, 0.82), (0.2, 0.97)])],
        [(True, [(0.88, 0.34), (0.5, 0.53), (0.1, 0.28), (0.5, 0.0), (0.88, 0.2)]), (False, [(0.88, 0.1), (0.84, 1.0)])],
    ],
]


def smooth(points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Catmull-Rom curve through the points (E. Catmull, R. Rom 1974), as a polygon."""
    ends = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    t = np.arange(PARTS_PER_SPAN)[:, None] / PARTS_PER_SPAN
    spans = []
    for p0, p1, p2, p3 in zip(ends[:-3], ends[1:-2], ends[2:-1], ends[3:], strict=True):
        spans.append(
            0.5
            * (
                2 * p1
                + (p2 - p0) * t
                + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2
                + (3 * p1 - p0 - 3 * p2 + p3) * t**3
            )
        )
    return np.concatenate([*spans, points[-1:]])


def outline(rng: np.random.Generator, digit: int) -> npt.NDArray[np.float64]:
    """A digit's pieces [PIECES, 2 ends, 2 coordinates] around the origin, in a 1 x 1 box."""
    variants = STROKES[digit]
    pieces = []
    for is_smooth, corners in variants[rng.integers(len(variants))]:
        points = np.array(corners) + rng.normal(0, 0.035, (len(corners), 2)) - 0.5
        line = smooth(points) if is_smooth else points
        pieces.append(np.stack([line[:-1], line[1:]], axis=1))
    joined = np.concatenate(pieces)
    if len(joined) > PIECES:
        raise ValueError(f"digit {digit} needs {len(joined)} pieces, PIECES is {PIECES}")
    return np.concatenate([joined, np.repeat(joined[-1:], PIECES - len(joined), axis=0)])


def distance(pieces: F32) -> F32:
    """Distance of every pixel's centre to the nearest piece.

    :param pieces: pixels [n, PIECES, 2, 2]
    :returns: pixels [n, SIZE, SIZE]
    """
    grid = np.arange(SIZE, dtype=np.float32)
    x, y = np.meshgrid(grid, grid)
    px, py = x.reshape(1, -1), y.reshape(1, -1)
    best = np.full((len(pieces), SIZE * SIZE), 1e9, np.float32)
    for k in range(pieces.shape[1]):
        ax, ay = pieces[:, k, 0, 0, None], pieces[:, k, 0, 1, None]
        dx, dy = pieces[:, k, 1, 0, None] - ax, pieces[:, k, 1, 1, None] - ay
        along = ((px - ax) * dx + (py - ay) * dy) / np.maximum(dx * dx + dy * dy, 1e-6)
        along = np.clip(along, 0, 1)
        best = np.minimum(best, (px - ax - along * dx) ** 2 + (py - ay - along * dy) ** 2)
    return np.sqrt(best).reshape(-1, SIZE, SIZE)


def draw(rng: np.random.Generator, count: int) -> tuple[U8, U8]:
    """``count`` pictures uint8 [count, 32, 32, 3] and their digits."""
    label = rng.integers(0, 10, count)
    height = rng.uniform(17, 27, count)
    width = height * rng.uniform(0.42, 0.75, count)
    angle, shear = rng.normal(0, 0.09, count), rng.normal(0, 0.12, count)
    pen = height * rng.uniform(0.05, 0.1, count)
    edge = rng.uniform(0.5, 1.8, count).astype(np.float32)[:, None, None]
    centre = (SIZE - 1) / 2 + rng.normal(0, 1.2, (count, 2))
    cover = np.zeros((count, SIZE, SIZE), np.float32)
    for place in (0, -1, 1):  # the digit, its left and its right neighbour
        digit = label if place == 0 else rng.integers(0, 10, count)
        shape = np.stack([outline(rng, int(d)) for d in digit])
        sx = shape[..., 0] * width[:, None, None]
        sy = shape[..., 1] * height[:, None, None]
        sx = sx + shear[:, None, None] * sy
        sx = sx + (place * (width * rng.uniform(1.2, 1.6, count) + 2 * pen))[:, None, None]
        cos, sin = np.cos(angle)[:, None, None], np.sin(angle)[:, None, None]
        turned = np.stack([cos * sx - sin * sy, sin * sx + cos * sy], axis=-1)
        pieces = (turned + centre[:, None, None, :]).astype(np.float32)
        ink = np.clip(0.5 + (pen.astype(np.float32)[:, None, None] - distance(pieces)) / edge, 0, 1)
        if place != 0:
            ink *= (rng.random(count) < 0.65)[:, None, None]
        cover = np.maximum(cover, ink)
    return paint(rng, cover), label.astype(np.uint8)


def paint(rng: np.random.Generator, cover: F32) -> U8:
    """Colours for the ink: background with a gradient and a stripe, shade, noise."""
    count = len(cover)
    ground = rng.uniform(20, 235, (count, 3))
    tint = rng.uniform(-60, 60, (count, 3))
    step = rng.uniform(35, 130, count) * rng.choice([-1, 1], count)
    ink = ground + tint * 0.5 + step[:, None]
    # Ink that would leave the range goes to the other side of the background.
    flip = (ink.mean(axis=1) < 5) | (ink.mean(axis=1) > 250)
    ink = np.where(flip[:, None], ground + tint * 0.5 - step[:, None], ink)
    grid = np.linspace(-1, 1, SIZE)
    x, y = np.meshgrid(grid, grid)
    slope = rng.normal(0, 14, (count, 2))
    shade = slope[:, :1, None] * x + slope[:, 1:, None] * y
    turn = rng.uniform(0, np.pi, count)[:, None, None]
    across = np.cos(turn) * x + np.sin(turn) * y - rng.uniform(-1.2, 1.2, count)[:, None, None]
    stripe = np.clip(1 - (np.abs(across) - 0.1) * 6, 0, 1) * rng.uniform(0, 45, count)[:, None, None]
    stripe *= rng.choice([-1, 1], count)[:, None, None]
    picture = ground[:, None, None, :] + stripe[..., None]
    picture = picture + cover[..., None] * (ink[:, None, None, :] - picture)
    picture += shade[..., None]
    picture += rng.normal(0, 1, picture.shape) * rng.uniform(0, 4, count)[:, None, None, None]
    return np.clip(np.round(picture), 0, 255).astype(np.uint8)


def many(seed: list[int], count: int) -> tuple[U8, U8]:
    """``draw`` in portions that fit the memory; each has its own generator."""
    portions = [
        draw(np.random.default_rng([*seed, first]), min(500, count - first))
        for first in range(0, count, 500)
    ]
    return np.concatenate([p[0] for p in portions]), np.concatenate([p[1] for p in portions])


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--train", type=int, default=40000)
    parser.add_argument("--test", type=int, default=8000)
    parser.add_argument("--seed", type=int, default=11)
    args = parser.parse_args()
    arrays = {}
    parts = {"train": args.train, "val": args.test, "test": args.test}
    for number, (part, count) in enumerate(parts.items()):
        arrays[f"{part}_x"], arrays[f"{part}_y"] = many([args.seed, number], count)
        print(part, count, flush=True)
    np.savez_compressed(args.out, **arrays)


if __name__ == "__main__":
    main()
