# SPDX-License-Identifier: Apache-2.0
"""Oracle for real_function_test.cpp: mpmath at 6000 bits, rounded in exact fractions.

    python3 make_real_function_cases.py > real_function_cases.txt      (mpmath 1.4.1)

Each line: function alpha u type code, the code that `type` gives for f(u).
"""
import random
from fractions import Fraction

import mpmath as mp

mp.mp.prec = 6000
RNG = random.Random(20)


def erf_half(u):
    return u * (1 + mp.erf(u / mp.sqrt(2))) / 2


def sigmoid(u):
    return 1 / (1 + mp.exp(-u))


FUNCTIONS = {
    "linear": lambda u, a: u,
    "abs": lambda u, a: abs(u),
    "square": lambda u, a: u**2,
    "cube": lambda u, a: u**3,
    "relu": lambda u, a: max(u, mp.mpf(0)),
    "relu6": lambda u, a: min(max(u, mp.mpf(0)), mp.mpf(6)),
    "leaky_relu": lambda u, a: u if u >= 0 else a * u,
    "reciprocal": lambda u, a: 1 / u,
    "sqrt": lambda u, a: mp.sqrt(u),
    "rsqrt": lambda u, a: 1 / mp.sqrt(u),
    "exp": lambda u, a: mp.exp(u),
    "expm1": lambda u, a: mp.exp(u) - 1,
    "log": lambda u, a: mp.log(u),
    "log1p": lambda u, a: mp.log(1 + u),
    "sigmoid": lambda u, a: sigmoid(u),
    "tanh": lambda u, a: mp.tanh(u),
    "elu": lambda u, a: u if u >= 0 else a * (mp.exp(u) - 1),
    "selu": lambda u, a: mp.mpf(1.0507009873554805)
    * (u if u >= 0 else mp.mpf(1.6732632423543772) * (mp.exp(u) - 1)),
    "softplus": lambda u, a: mp.log(1 + mp.exp(u)),
    "softsign": lambda u, a: u / (1 + abs(u)),
    "silu": lambda u, a: u * sigmoid(u),
    "hard_silu": lambda u, a: u * min(max(u + 3, mp.mpf(0)), mp.mpf(6)) / 6,
    "mish": lambda u, a: u * mp.tanh(mp.log(1 + mp.exp(u))),
    "gelu": lambda u, a: erf_half(u),
    "gelu_tanh": lambda u, a: u * (1 + mp.tanh(mp.sqrt(2 / mp.pi) * (u + mp.mpf(44715) / 10**6 * u**3))) / 2,
    "erf": lambda u, a: mp.erf(u),
    "sin": lambda u, a: mp.sin(u),
    "cos": lambda u, a: mp.cos(u),
    "tan": lambda u, a: mp.tan(u),
    "atan": lambda u, a: mp.atan(u),
    "sinh": lambda u, a: mp.sinh(u),
    "cosh": lambda u, a: mp.cosh(u),
}
POSITIVE = {"reciprocal", "sqrt", "rsqrt", "log", "log1p"}
FLAT = {"erf", "gelu", "gelu_tanh"}  # e^(-u^2): 6000 bits tell them from their limits up to u = 50
MODES = ["TRN", "TRN_ZERO", "RND", "RND_ZERO", "RND_MIN_INF", "RND_INF", "RND_CONV"]


def to_fraction(v, step):
    """The value as a fraction; on the half-step grid exactly if 5900 bits cannot tell it from there."""
    sign, man, exp, _ = mp.mpf(v)._mpf_
    exact = Fraction(int(man)) * Fraction(2) ** exp * (-1 if sign else 1)
    half = step / 2
    near = Fraction(round(exact / half)) * half
    return near if abs(exact - near) < Fraction(1, 2**5900) else exact


def floor(x):
    return x.numerator // x.denominator


def rounded(x, mode):
    low, rest = floor(x), x - floor(x)
    half = Fraction(1, 2)
    if mode == "TRN":
        return low
    if mode == "TRN_ZERO":
        return low if x >= 0 or rest == 0 else low + 1
    if rest != half:
        return low + (rest > half)
    up = {
        "RND": True,
        "RND_ZERO": x < 0,
        "RND_MIN_INF": False,
        "RND_INF": x > 0,
        "RND_CONV": low % 2 == 1,
    }[mode]
    return low + up


def code_of(value, width, frac, signed, mode, overflow):
    code = rounded(value * Fraction(2) ** frac, mode)
    low = -(2 ** (width - 1)) if signed else 0
    high = 2 ** (width - 1) - 1 if signed else 2**width - 1
    if overflow == "SAT":
        return min(max(code, low), high)
    code %= 2**width
    return code - 2**width if signed and code > high else code


def dyadic(mantissa, exponent):
    return f"{mantissa}*2^{exponent}"


def arguments(name):
    yield 1, 0
    if name not in POSITIVE:
        yield 0, 0
        yield -1, 0
    yield 1, -60  # near zero: cancellation in expm1, log1p, tanh
    yield 1, 3
    if name in FLAT:
        yield 45, 0
    elif name not in POSITIVE:
        yield 1900, 0
        yield -1900, 0
    for _ in range(13):
        sign = 1 if name in POSITIVE else RNG.choice([1, -1])
        yield sign * RNG.randint(1, 4000), RNG.randint(-12, -7)


for name, function in FUNCTIONS.items():
    for mantissa, exponent in arguments(name):
        alpha = (RNG.randint(-9, 9), -2)
        frac = RNG.choice([-1, 2, 3, 8, 15, 30, 61])
        width = RNG.choice([4, 9, 16, 33, 64, 90])
        signed = RNG.random() < 0.7
        mode = RNG.choice(MODES)
        overflow = RNG.choice(["SAT", "SAT", "WRAP"])
        u = mp.ldexp(mp.mpf(mantissa), exponent)
        value = function(u, mp.ldexp(mp.mpf(alpha[0]), alpha[1]))
        if abs(value) > mp.mpf(2) ** 1000:
            overflow = "SAT"
        code = code_of(to_fraction(value, Fraction(2) ** -frac), width, frac, signed, mode, overflow)
        kind = f"{'' if signed else 'u'}fixed<{width},{width - frac},{mode},{overflow}>"
        print(name, dyadic(*alpha), dyadic(mantissa, exponent), kind, code)
