#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""check.py GATEWRIGHT COUNT_FOLDER [SEED]: random matrices through `gatewright cmvm`; every figure it prints
must equal the count of bench/cmvm/count.py, which shares no code with it. GW_SEED changes the matrices."""

import json
import os
import random
import subprocess
import sys
import tempfile
from fractions import Fraction

sys.path.insert(0, sys.argv[2])
import count  # noqa: E402

OPTIONS = [["--effort", "0"], ["--effort", "1"], ["--depth-slack", "0"], ["--depth-slack", "3"],
           ["--ternary"], ["--two-operand", "--seed", "7"]]


def random_matrix(rng):
    rows, columns = rng.randint(1, 7), rng.randint(1, 7)
    bits = rng.randint(1, 10)
    zeros = rng.choice([0, 0.3, 0.7])
    entry = lambda: 0 if rng.random() < zeros else rng.randint(-(1 << bits), 1 << bits)
    matrix = [[entry() for _ in range(columns)] for _ in range(rows)]
    if columns > 2 and rng.random() < 0.3:  # columns that are others times a power of two
        for row in matrix:
            row[-1] = -4 * row[0]
    return matrix


def random_ranges(rng, rows):
    if rng.random() < 0.3:
        return None
    ranges = []
    for _ in range(rows):
        step = Fraction(2) ** rng.randint(-4, 3)
        lo = rng.randint(-40, 40)
        ranges.append((lo * step, (lo + rng.randint(0, 70)) * step, step))
    return ranges


def main():
    seed = int(sys.argv[3] if len(sys.argv) > 3 else os.environ.get("GW_SEED", "1"))
    print(f"GW_SEED={seed}")
    rng = random.Random(seed)
    wrong = solved = 0
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "m.txt")
        for trial in range(120):
            matrix = random_matrix(rng)
            ranges = random_ranges(rng, len(matrix))
            count.write_matrix(path, matrix, ranges)
            options = OPTIONS[trial % len(OPTIONS)]
            command = [sys.argv[1], "cmvm", path, "--graph", "--json", *options]
            said = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            counted = count.count(said["graph"], matrix, ranges or [(-128, 127, 1)] * len(matrix))
            differs = {key: (said[key], value) for key, value in counted.items() if said[key] != value}
            if differs or not counted["exact"]:
                wrong += 1
                print(f"trial {trial} {options}: {differs}, exact {counted['exact']}\n{open(path).read()}")
            solved += 1
        # The check must be able to fail: one shift changed is another matrix.
        nodes = said["graph"]["nodes"] or said["graph"]["outputs"]
        nodes[-1][3 if said["graph"]["nodes"] else 1] += 1
        if count.count(said["graph"], matrix, ranges or [(-128, 127, 1)] * len(matrix))["exact"]:
            wrong += 1
            print("a changed graph still counts as exact")
    print(f"{solved} matrices, {wrong} wrong")
    return 1 if wrong or not solved else 0


if __name__ == "__main__":
    sys.exit(main())
