#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts an adder graph from scratch, with Python's integers, for every tool alike.

A graph is the JSON of `gatewright cmvm --graph` (docs/adder_graphs.md); nothing in it is trusted but its
structure. Definitions:

  adders          two-operand additions or subtractions
  ternary_adders  additions of three operands
  negations       outputs that negate (never counted as adders)
  depth           adders in series on the longest path to an output
  cells           over all adders, msb(result) - s + 1: s is the larger lsb position of the operands, but the
                  smaller one for a - b with lsb(b) < lsb(a); msb and lsb are those of the exact linear form
                  over the inputs' ranges. Of three operands, s is the second lowest lsb, or the lowest if
                  that operand is subtracted.
  exact           the linear forms of the outputs are the columns of the matrix

count.py MATRIX.txt RESULT.json reads the output of `gatewright cmvm MATRIX.txt --graph --json` and exits
with 1 unless every figure in it is what is counted here.
"""

import json
import sys
from fractions import Fraction


def parse_number(text):
    mantissa, _, exponent = text.partition("*2^")
    return Fraction(mantissa) * Fraction(2) ** int(exponent or 0)


def read_matrix(path):
    """(matrix as rows of integers, ranges as (lo, hi, step) fractions or None)"""
    with open(path) as file:
        words = [word for line in file for word in line.split("#")[0].split()]
    rows, columns = int(words[0]), int(words[1])
    entries = [int(word) for word in words[2:2 + rows * columns]]
    matrix = [entries[i * columns:(i + 1) * columns] for i in range(rows)]
    rest = [parse_number(word) for word in words[2 + rows * columns:]]
    ranges = [tuple(rest[3 * i:3 * i + 3]) for i in range(rows)] if rest else None
    return matrix, ranges


def write_matrix(path, matrix, ranges=None):
    with open(path, "w") as file:
        file.write(f"{len(matrix)} {len(matrix[0])}\n")
        for row in matrix:
            file.write(" ".join(str(int(entry)) for entry in row) + "\n")
        for lo, hi, step in ranges or []:
            file.write(f"{float(lo)!r} {float(hi)!r} {float(step)!r}\n")


def trailing_zeros(number):
    return (number & -number).bit_length() - 1


def exponent_of(step):
    """log2 of a power of two"""
    return trailing_zeros(step.numerator) - trailing_zeros(step.denominator)


class Form:
    """2^exponent times an integer combination of the inputs."""

    def __init__(self, coefficients, exponent=0):
        self.coefficients = coefficients
        self.exponent = exponent

    def plus(self, other, sign, shift_self, shift_other):
        low = min(self.exponent + shift_self, other.exponent + shift_other)
        a = self.exponent + shift_self - low
        b = other.exponent + shift_other - low
        return Form([(x << a) + sign * (y << b) for x, y in zip(self.coefficients, other.coefficients)], low)


class Bits:
    """Positions of the lowest and the highest bit of linear forms over given ranges."""

    def __init__(self, ranges):
        self.steps = [exponent_of(Fraction(step)) for _, _, step in ranges]
        self.unit = min(self.steps)
        scale = Fraction(2) ** -self.unit
        self.bounds = [(int(Fraction(lo) * scale), int(Fraction(hi) * scale)) for lo, hi, _ in ranges]

    def lowest(self, form):
        used = [trailing_zeros(c) + step for c, step in zip(form.coefficients, self.steps) if c]
        return min(used, default=0) + form.exponent

    def highest(self, form):
        """None for a form that is always zero."""
        low = high = 0
        for c, (lo, hi) in zip(form.coefficients, self.bounds):
            if c:
                low += min(c * lo, c * hi)
                high += max(c * lo, c * hi)
        width = max(high.bit_length(), (-low - 1).bit_length()) + 1 if low < 0 else high.bit_length()
        return self.unit + form.exponent + width - 1 if width else None


def meeting_bit(operands):
    """operands: (lsb, subtracted) pairs"""
    first, second = sorted(operands)[:2]
    return first[0] if first[1] else second[0]


def count(graph, matrix, ranges):
    """The figures of a graph for a matrix (rows of integers) with inputs in ranges (lo, hi, step)."""
    inputs = len(matrix)
    bits = Bits(ranges)
    forms = [Form([int(i == j) for j in range(inputs)]) for i in range(inputs)]
    depths = [0] * inputs
    figures = {"adders": 0, "ternary_adders": 0, "cells": 0}
    for node in graph["nodes"]:
        if len(node) not in (5, 8):
            raise ValueError(f"node {node} has neither two nor three operands")
        a, b, shift_a, shift_b, sign = node[:5]
        terms = [(a, shift_a, 1), (b, shift_b, sign)] + ([tuple(node[5:])] if len(node) == 8 else [])
        if any(not 0 <= value < len(forms) or s not in (1, -1) for value, _, s in terms):
            raise ValueError(f"node {node} reads what does not precede it, or has no sign")
        form = forms[a].plus(forms[b], sign, shift_a, shift_b)
        if len(node) == 8:
            form = form.plus(forms[node[5]], node[7], 0, node[6])
        meets = meeting_bit([(bits.lowest(forms[value]) + shift, s < 0) for value, shift, s in terms])
        highest = bits.highest(form)
        if highest is not None:
            figures["cells"] += max(0, highest - meets + 1)
        figures["ternary_adders" if len(node) == 8 else "adders"] += 1
        forms.append(form)
        depths.append(1 + max(depths[value] for value, _, _ in terms))
    outputs = graph["outputs"]
    figures["negations"] = sum(1 for value, _, negate in outputs if negate and value >= 0)
    figures["depth"] = max((depths[value] for value, _, _ in outputs if value >= 0), default=0)
    figures["exact"] = len(outputs) == len(matrix[0]) and all(
        output_is(output, forms, [row[j] for row in matrix]) for j, output in enumerate(outputs))
    return figures


def output_is(output, forms, column):
    value, shift, negate = output
    if value < 0:
        return not any(column)
    scale = Fraction(2) ** (forms[value].exponent + shift) * (-1 if negate else 1)
    return all(c * scale == entry for c, entry in zip(forms[value].coefficients, column))


def main():
    matrix, ranges = read_matrix(sys.argv[1])
    with open(sys.argv[2]) as file:
        result = json.load(file)
    counted = count(result["graph"], matrix, ranges or [(-128, 127, 1)] * len(matrix))
    wrong = {key: (result[key], value) for key, value in counted.items() if result[key] != value}
    print(counted if not wrong else f"differs (said, counted): {wrong}")
    return 1 if wrong or not counted["exact"] else 0


if __name__ == "__main__":
    sys.exit(main())
