# SPDX-License-Identifier: Apache-2.0
"""The matrices of the benchmark: random ones from fixed seeds, and the kernels of real networks."""

import glob
import os
import subprocess

from count import read_matrix

BYTE = (-128, 127, 1)  # 8-bit signed inputs


class Rng:
    """splitmix64, so that a seed means the same matrix in every version of Python."""

    def __init__(self, seed):
        self.state = seed

    def next(self):
        mask = (1 << 64) - 1
        self.state = (self.state + 0x9E3779B97F4A7C15) & mask
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        return z ^ (z >> 31)

    def between(self, lo, hi):
        return lo + (self.next() * (hi - lo + 1) >> 64)


def uniform(rows, columns, lo, hi, seed):
    rng = Rng(seed * 1_000_003 + rows * 1009 + columns * 31 + hi)
    return [[rng.between(lo, hi) for _ in range(columns)] for _ in range(rows)]


def dense(sizes):
    """Entries uniform over the b-bit signed numbers; sizes: {N: number of seeds}."""
    for n, seeds in sizes.items():
        for bits in (4, 6, 8):
            for seed in range(1, seeds + 1):
                matrix = uniform(n, n, -(1 << (bits - 1)), (1 << (bits - 1)) - 1, seed)
                yield {"class": f"dense {n}x{n} {bits} bit", "name": f"seed {seed}", "matrix": matrix,
                       "ranges": [BYTE] * n}


def literature(sizes):
    """The protocol of the literature: entries uniform in [129, 255]."""
    for n, seeds in sizes.items():
        for seed in range(1, seeds + 1):
            yield {"class": f"[129,255] {n}x{n}", "name": f"seed {seed}",
                   "matrix": uniform(n, n, 129, 255, seed), "ranges": [BYTE] * n}


# Trained, sparse networks with bits per weight. Those of ../shared/data are used where it exists.
NETWORKS = {
    "our jets": "models/jets/jets.keras",
    "HGQ jets 1572": "../shared/data/hgq2_models/hgq-ae/jsc_openml/epoch=136813-*.keras",
    "HGQ jets 13285": "../shared/data/hgq2_models/hgq-ae/jsc_openml/epoch=27883-*.keras",
    "da4ml-ae jets 75.16": "../shared/data/hgq2_models/da4ml-ae/jsc/cernbox/*.keras",
    "da4ml-ae jets 76.47": "../shared/data/hgq2_models/da4ml-ae/jsc/openml/*76.47.h5",
    "da4ml-ae jets 76.86": "../shared/data/hgq2_models/da4ml-ae/jsc/openml/*76.86.h5",
}


def network_kernels(gatewright, root, folder, names):
    for name in names:
        files = glob.glob(os.path.join(root, NETWORKS[name]))
        if not files:
            continue
        out = os.path.join(folder, name.replace(" ", "_"))
        subprocess.run([gatewright, "cmvm", "--dump-kernels", files[0], out], check=True,
                       stdout=subprocess.DEVNULL)
        for path in sorted(glob.glob(os.path.join(out, "*.txt"))):
            matrix, ranges = read_matrix(path)
            if any(any(row) for row in matrix):
                yield {"class": f"network: {name}", "name": os.path.basename(path)[:-4],
                       "matrix": matrix, "ranges": ranges}
