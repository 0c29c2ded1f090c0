#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""check.py INTERCHANGE_EVAL FOLDER COUNT SEED: programs exchanged with da4ml and alkaid, both ways.

Theirs of ours: random programs written by Gatewright run in the packages' own interpreters. Ours of
theirs: random programs with every opcode, and programs made by their tracers, run in the packages and in
Gatewright. Every output of every event must be equal.
"""

import json
import os
import random
import subprocess
import sys

import numpy as np
from alkaid.types import CombLogic as AlirProgram
from da4ml.types import CombLogic as DaisProgram

EVENTS = 64


def bits(number):
    return max(0, int(number)).bit_length()


class Slot:
    """A range of codes lo..hi with step 2^-frac, and its type: width (with sign) and signedness."""

    def __init__(self, lo, hi, frac):
        self.lo, self.hi = lo, hi
        self.frac = frac if lo or hi else 0  # both tools forget the step of a zero
        self.signed = lo < 0
        self.width = max(bits(hi), bits(-lo - 1)) + (1 if self.signed else 0)

    def json(self):
        step = 2.0 ** -self.frac
        return [self.lo * step, self.hi * step, step]


def typed(rng, frac, most=7):
    signed, width = rng.random() < 0.5, rng.randint(1, most)
    if signed:
        return Slot(-(1 << (width - 1)), (1 << (width - 1)) - 1, frac)
    return Slot(0, (1 << width) - 1, frac)


def on(slot, frac, shift=0, sign=1):
    """lo, hi in steps of 2^-frac of ±x·2^shift"""
    up = frac - slot.frac + shift
    ends = sorted((sign * slot.lo << up, sign * slot.hi << up))
    return ends[0], ends[1]


class Generator:
    """Random programs with ranges worked out op by op; `ops` are ready for JSON."""

    def __init__(self, rng):
        self.rng = rng
        self.slots, self.ops, self.tables = [], [], []
        self.inputs = rng.randint(1, 3)
        self.used = set()

    def pick(self):
        n = len(self.slots)
        return self.rng.randint(max(0, n - 5), n - 1) if self.rng.random() < 0.6 else self.rng.randrange(n)

    def fits(self, slot):
        return slot.width <= 16 and abs(slot.frac) <= 10

    def generate(self):
        for i in range(self.inputs):
            self.slots.append(typed(self.rng, self.rng.randint(-1, 4), 6))
            self.ops.append(self.input_op(i))
        wanted, tries = self.rng.randint(8, 30), 0
        while wanted and tries < 500:
            tries += 1
            made = self.random_op()
            if made is not None and self.fits(made[0]):
                self.slots.append(made[0])
                self.ops.append(made[1])
                self.used.add(made[2])
                wanted -= 1
        self.outputs = [self.pick() for _ in range(3)]
        if self.rng.random() < 0.2:
            self.outputs[0] = -1

    def events(self):
        columns = []
        for slot in self.slots[:self.inputs]:
            codes = [slot.lo, slot.hi] + [self.rng.randint(slot.lo, slot.hi) for _ in range(EVENTS - 2)]
            columns.append(np.array(codes) * 2.0 ** -slot.frac)
        return np.stack(columns, axis=1)

    def table(self, index):
        slot = self.slots[index]
        if slot.width > 6:
            return None
        frac = self.rng.randint(-1, 4)
        codes = [self.rng.randint(-60, 60) for _ in range(slot.hi - slot.lo + 1)]
        out = Slot(min(codes), max(codes), frac)
        lo, hi, step = out.json()
        self.tables.append({"spec": {"hash": f"{len(self.tables)}",
                                     "out_qint": {"min": lo, "max": hi, "step": step},
                                     "inp_width": slot.width}, "table": codes})
        return out

    def model(self):
        shifts = [self.rng.randint(-2, 2) for _ in self.outputs]
        negations = [self.rng.random() < 0.3 for _ in self.outputs]
        return [[self.inputs, len(self.outputs)], [0] * self.inputs, self.outputs, shifts, negations,
                self.ops, -1, -1] + ([self.tables] if self.tables else [])

    def sum_slot(self, terms, offset=None):
        """terms: (slot, shift, sign); offset: (code, frac)"""
        frac = max([s.frac - shift for s, shift, _ in terms] + ([offset[1]] if offset else []))
        lo = hi = 0
        for slot, shift, sign in terms:
            a, b = on(slot, frac, shift, sign)
            lo, hi = lo + a, hi + b
        if offset:
            lo, hi = lo + (offset[0] << (frac - offset[1])), hi + (offset[0] << (frac - offset[1]))
        return Slot(lo, hi, frac)

    def bitwise_slot(self, terms):
        frac = max(s.frac - shift for s, shift, _ in terms)
        ends = [end for s, shift, sign in terms for end in on(s, frac, shift, sign)]
        width = max(max(bits(end), bits(-end - 1)) for end in ends)
        return Slot(-(1 << width) if min(ends) < 0 else 0, (1 << width) - 1, frac)


class Alir(Generator):
    def input_op(self, i):
        return [[], -1, [i], self.slots[i].json(), 0.0, 0.0]

    def random_op(self):
        rng, code = self.rng, self.rng.randint(-2, 11)
        a, b, c = self.pick(), self.pick(), self.pick()
        x, y = self.slots[a], self.slots[b]
        shift = rng.randint(-2, 2)
        addr, data = [a], []
        if code == -2:
            out = self.sum_slot([(x, 0, -1)])
        elif code in (0, 1):
            addr, data = [a, b], [shift]
            out = self.sum_slot([(x, 0, 1), (y, shift, 1 - 2 * code)])
        elif code == 2:
            out = typed(rng, x.frac - rng.randint(0, 2))
        elif code == 3:
            data, out = [shift], typed(rng, x.frac - shift - rng.randint(0, 2))
        elif code == 4:
            value, frac = rng.randint(-30, 30), rng.randint(-1, 3)
            data, out = [value, frac], self.sum_slot([(x, 0, 1)], (value, frac))
        elif code == 5:
            value = rng.randint(-30, 30)
            addr, data, out = [], [value], Slot(value, value, rng.randint(-2, 4))
        elif code == 6:
            addr, data = [a, b, c], [shift]
            out = typed(rng, max(x.frac, y.frac - shift))
        elif code == 7:
            addr = [a, b]
            ends = [p * q for p in (x.lo, x.hi) for q in (y.lo, y.hi)]
            out = Slot(min(ends), max(ends), x.frac + y.frac)
        elif code == 8:
            out = self.table(a)
            data = [len(self.tables) - 1]
        elif code == 9:
            sub = rng.randint(0, 2)
            data = [sub]
            out = Slot(0, 1, 0)
            if sub == 0:
                out = Slot(-(1 << (x.width - 1)), (1 << (x.width - 1)) - 1, x.frac) if x.signed \
                    else Slot(0, (1 << x.width) - 1, x.frac)
        elif code == 10:
            addr, data = [a, b], [shift, rng.randint(0, 2)]
            out = self.bitwise_slot([(x, 0, 1), (y, shift, 1)])
        elif code == 11:
            terms = [(s, rng.randint(-2, 2), rng.choice((-1, 1))) for s in (a, b, c)[:rng.randint(2, 3)]]
            addr = [s for s, _, _ in terms]
            data = [v for _, sh, sign in terms for v in ((1 + sign) // 2, sh)]
            out = self.sum_slot([(self.slots[s], sh, sign) for s, sh, sign in terms])
        else:
            return None
        return None if out is None else (out, [addr, code, data, out.json(), 0.0, 0.0], code)


class Dais(Generator):
    def input_op(self, i):
        return [i, -1, -1, 0, self.slots[i].json(), 0.0, 0.0]

    def random_op(self):
        rng = self.rng
        code = rng.choice([-9, -6, -3, -2, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
        a, b, data = self.pick(), -1, 0
        x = self.slots[a]
        shift, sign = rng.randint(-2, 2), -1 if code < 0 else 1
        if code in (0, 1):
            b, data = self.pick(), shift
            out = self.sum_slot([(x, 0, 1), (self.slots[b], shift, 1 - 2 * code)])
        elif code in (2, -2, 3, -3):
            out = typed(rng, x.frac - rng.randint(0, 2))
        elif code == 4:
            frac = x.frac + rng.randint(0, 2)
            data = rng.randint(-30, 30)
            out = self.sum_slot([(x, 0, 1)], (data, frac))
        elif code == 5:
            a, data = -1, rng.randint(-30, 30)
            out = Slot(data, data, rng.randint(-2, 4))
        elif code in (6, -6):
            b, key = self.pick(), self.pick()
            if not self.slots[key].signed or rng.random() < 0.3 and shift == 0:
                return None  # da4ml's interpreter takes the wrong bit of unsigned conditions
            y = self.slots[b]
            frac = max(x.frac, y.frac - shift)
            out = typed(rng, frac)
            data = (shift << 32) | key
        elif code == 7:
            b = self.pick()
            y = self.slots[b]
            ends = [p * q for p in (x.lo, x.hi) for q in (y.lo, y.hi)]
            out = Slot(min(ends), max(ends), x.frac + y.frac)
        elif code == 8:
            out = self.table(a)
            data = len(self.tables) - 1
        elif code in (9, -9):
            data = rng.randint(0, 2)
            out = Slot(0, 1, 0)
            if data == 0 and (code < 0 or x.signed):
                out = Slot(-(1 << x.width), (1 << x.width) - 1, x.frac)
            elif data == 0:
                out = Slot(0, (1 << x.width) - 1, x.frac)
        else:
            b = self.pick()
            signs = [rng.choice((1, -1)), rng.choice((1, -1))]
            out = self.bitwise_slot([(x, 0, signs[0]), (self.slots[b], shift, signs[1])])
            data = (rng.randint(0, 2) << 56) | (shift & 0xFFFFFFFF)
            data |= (signs[0] < 0) << 32 | (signs[1] < 0) << 33
        return None if out is None else (out, [a, b, code, data, out.json(), 0.0, 0.0], code)


def traced_by_da4ml(path):
    from da4ml.trace import FixedVariableArrayInput, comb_trace
    inputs = FixedVariableArrayInput((4,))
    x = inputs.quantize(np.ones(4, int), np.full(4, 3), np.arange(4))
    hidden = np.maximum(x @ np.array([[3, -1.5], [0.25, 7], [-5, 1], [1, 2]]), 0).quantize(0, 4, 2)
    y = np.concatenate([hidden, np.sin(x[:2]).quantize(1, 0, 5), np.abs(x[2:]) * x[:2]])
    comb_trace(inputs, y).save(path)


def traced_by_alkaid(path):
    from alkaid.trace import FVArrayInput, trace
    inputs = FVArrayInput((4,))
    x = inputs.quantize(np.ones(4, int), np.full(4, 3), np.arange(4))
    hidden = np.maximum(x @ np.array([[3, -1.5], [0.25, 7], [-5, 1], [1, 2]]), 0).quantize(0, 4, 2)
    y = np.concatenate([hidden, np.sin(x[:2]).quantize(1, 0, 5), np.abs(x[2:]) * x[:2]])
    trace(inputs, y).save(path)


def theirs_of_ours(evaluate, folder, count, seed):
    subprocess.run([evaluate, "make", folder, str(count), str(seed)], check=True)
    wrong = 0
    for n in range(count):
        stem = os.path.join(folder, str(n))
        x, y = np.load(stem + "_x.npy"), np.load(stem + "_y.npy")
        for tool, suffix in ((AlirProgram, "_alir.json.gz"), (DaisProgram, "_dais.json")):
            got = tool.load(stem + suffix).predict(x)
            if not np.array_equal(got.reshape(y.shape), y):
                wrong += 1
                print(f"{stem}{suffix}: {np.sum(got.reshape(y.shape) != y)} of {y.size} outputs differ")
    return 2 * count * EVENTS, wrong


def ours_of_theirs(evaluate, folder, count, seed):
    rng = random.Random(seed)
    files, used = [], {Alir: set(), Dais: set()}
    for n in range(count):
        for kind, tool in ((Alir, AlirProgram), (Dais, DaisProgram)):
            generator = kind(rng)
            generator.generate()
            model = generator.model()
            used[kind] |= generator.used
            stem = os.path.join(folder, f"{kind.__name__}{n}")
            whole = {"meta": "ALIRModel", "spec_version": 4, "model": model} if kind is Alir else model
            with open(stem + ".json", "w") as file:
                json.dump(whole, file)
            x = generator.events()
            np.save(stem + "_x.npy", x)
            np.save(stem + "_y.npy", tool.load(stem + ".json").predict(x))
            files += [stem + ".json", stem + "_x.npy", stem + "_y.npy"]
    for kind, codes in ((Alir, set(range(-2, 12)) - {-1}),
                        (Dais, {-9, -6, -3, -2, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10})):
        if used[kind] != codes:
            raise RuntimeError(f"{kind.__name__}: opcodes {codes - used[kind]} were never made")
    for name, make, tool in (("da4ml.json", traced_by_da4ml, DaisProgram),
                             ("alkaid.json.gz", traced_by_alkaid, AlirProgram)):
        path = os.path.join(folder, name)
        make(path)
        x = np.array([[rng.randint(-100, 100) / 8 for _ in range(4)] for _ in range(EVENTS)])
        np.save(path + "_x.npy", x)
        np.save(path + "_y.npy", tool.load(path).predict(x))
        files += [path, path + "_x.npy", path + "_y.npy"]
    outcome = subprocess.run([evaluate, "check", *files], capture_output=True, text=True)
    print(outcome.stdout + outcome.stderr, end="")
    return len(files) // 3 * EVENTS, outcome.returncode


def main():
    evaluate, folder, count, seed = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    os.makedirs(folder, exist_ok=True)
    sent, wrong_sent = theirs_of_ours(evaluate, folder, count, seed)
    read, wrong_read = ours_of_theirs(evaluate, folder, count, seed)
    print(f"GW_SEED={seed}: {sent} events of our programs in their interpreters, {read} of theirs in ours")
    return 1 if wrong_sent or wrong_read else 0


if __name__ == "__main__":
    sys.exit(main())
