# SPDX-License-Identifier: Apache-2.0
"""gw.Fixed against an independent model in exact fractions."""

from __future__ import annotations

import os
import random
from fractions import Fraction
from math import floor

import numpy as np
import pytest

import gatewright as gw

ROUNDS = ["TRN", "TRN_ZERO", "RND", "RND_ZERO", "RND_MIN_INF", "RND_INF", "RND_CONV"]


def rounded(value: Fraction, mode: str) -> int:
    below = floor(value)
    rest = value - below
    if mode == "TRN":
        return below
    if mode == "TRN_ZERO":
        return below + (1 if value < 0 and rest else 0)
    if rest != Fraction(1, 2):
        return below + (rest > Fraction(1, 2))
    up = {"RND": True, "RND_ZERO": value < 0, "RND_MIN_INF": False, "RND_INF": value > 0,
          "RND_CONV": below % 2 == 1}[mode]
    return below + up


def expected(value: float, t: gw.Fixed) -> Fraction:
    code = rounded(Fraction(value) * Fraction(2) ** t.fraction_bits, t.round)
    low = -(1 << (t.width - 1)) if t.signed else 0
    high = (1 << (t.width - 1 if t.signed else t.width)) - 1
    if t.overflow == "WRAP":
        code = (code - low) % (1 << t.width) + low
    elif t.overflow == "SAT":
        code = max(low, min(high, code))
    elif t.overflow == "SAT_ZERO":
        code = code if low <= code <= high else 0
    else:  # SAT_SYM
        code = max(-high if t.signed else 0, min(high, code))
    return Fraction(code) / Fraction(2) ** t.fraction_bits


def test_every_mode_is_exact() -> None:
    seed = int(os.environ.get("GW_SEED", "1"))
    rng = random.Random(seed)
    for round_mode in ROUNDS:
        for overflow in ("WRAP", "SAT", "SAT_ZERO", "SAT_SYM"):
            for _ in range(20):
                t = gw.Fixed(rng.randint(1, 20), rng.randint(-4, 12), signed=rng.random() < 0.5,
                             round=round_mode, overflow=overflow)
                step = Fraction(1, 2) ** (t.fraction_bits + 2)
                values = [float(rng.randint(-1000, 1000) * step) for _ in range(50)]
                values += [rng.gauss(0, 1) * 10.0 ** rng.randint(-30, 30) for _ in range(10)]
                got = t.quantize(values)
                assert [Fraction(v) for v in got] == [expected(v, t) for v in values], (seed, t)
                assert np.array_equal(t.values(t.codes(values)), got)


@pytest.mark.parametrize("text", ["fixed<16,6>", "ufixed<8,0>", "fixed<8,3,RND_CONV,SAT>",
                                  "fixed<9,-2,TRN,WRAP,1>", "ufixed<4,10,RND,SAT_SYM>"])
def test_text_is_read_back(text: str) -> None:
    t = gw.Fixed(text)
    assert str(t) == repr(t) == f"{t}" == text
    assert gw.Fixed(str(t)) == t and hash(gw.Fixed(text)) == hash(t)
    assert gw.Fixed("ap_" + text) == t


def test_properties() -> None:
    t = gw.Fixed(16, 6)
    assert str(t) == "fixed<16,6>"
    assert (t.width, t.integer_bits, t.fraction_bits, t.signed) == (16, 6, 10, True)
    assert (t.min, t.max, t.step) == (-32.0, 32 - 2.0**-10, 2.0**-10)
    assert (t.round, t.overflow, t.saturation_bits) == ("TRN", "WRAP", 0)
    assert gw.Fixed(4, 4, signed=False) != gw.Fixed(4, 4)
    assert gw.Fixed("int<8>") == gw.Fixed(8, 8)


def test_shapes_and_strides_are_kept() -> None:
    t = gw.Fixed(8, 4, round="RND", overflow="SAT")
    x = np.linspace(-10, 10, 24).reshape(2, 3, 4)
    assert t.quantize(x).shape == x.shape and t.codes(x).dtype == np.int64
    assert np.array_equal(t.quantize(x.T), t.quantize(x).T)
    assert t.quantize(0.3).shape == ()
    assert t.quantize([]).shape == (0,)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: gw.Fixed("float"), "is no fixed-point type"),
        (lambda: gw.Fixed("fixed<8,3,ROUND>"), "unknown rounding mode"),
        (lambda: gw.Fixed(8, 3).quantize([1, float("nan")]), "value 1 is nan"),
        (lambda: gw.Fixed(8, 3).values([200]), "code 200 does not fit fixed<8,3>"),
        (lambda: gw.Fixed(80, 3).codes([1]), "do not fit 64-bit integers"),
    ],
)
def test_errors(make: object, message: str) -> None:
    with pytest.raises(gw.Error, match=message):
        make()  # type: ignore[operator]
