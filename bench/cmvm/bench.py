#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Adder graphs of Gatewright against da4ml and alkaid from PyPI, in one run, counted by one counter.

    bench/cmvm/run.sh BUILD FOLDER [options]    makes the Python with the peers if needed, then runs this
    bench.py GATEWRIGHT FOLDER [options]        when Python has da4ml and alkaid already

  --quick          small matrices and two networks: a minute or two (what `make bench` runs)
  --reuse FILE     peers' figures from the JSON of an earlier run where the matrix is the same, so that
                   only Gatewright runs: for development; the committed result is one full run
  --effort N       of Gatewright (default: its own default)
  --only TEXT      only classes whose name contains TEXT

Per matrix each peer runs with the settings of its own command-line tool. Gatewright then runs once for
each depth a peer reached, limited to that depth, two-operand adders only. All graphs are counted by
count.py, which also compares them with the matrix (column "equal"). "ratio" is cells over those of the
better peer (adders for the literature's protocol, against da4ml without slack), a geometric mean per
class, and over the classes for the bars; "worst" is the largest ratio of one matrix to either peer. Seconds are CPU time. Writes
FOLDER/cmvm.json.
"""

import argparse
import hashlib
import json
import math
import os
import subprocess
import sys
import tempfile

import count
import matrices
import peers

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FULL = {"dense": {4: 12, 8: 8, 16: 4, 32: 2, 64: 1}, "networks": list(matrices.NETWORKS),
        "literature": {2: 20, 4: 20, 6: 20, 8: 20, 10: 10, 12: 10, 14: 10, 16: 10}}
QUICK = {"dense": {4: 6, 8: 3, 16: 1}, "networks": ["our jets", "HGQ jets 1572"],
         "literature": {2: 6, 4: 6, 8: 4}}
BARS = [("dense, geometric mean of cells", "dense", 0.93), ("network kernels, cells", "network", 0.95),
        ("literature protocol at no slack, adders", "[129", 0.92)]


class Runner:
    def __init__(self, args, folder):
        self.gatewright = args.gatewright
        self.effort = [] if args.effort is None else ["--effort", str(args.effort)]
        self.path = os.path.join(folder, "matrix.txt")
        self.known = {}
        if args.reuse:
            with open(args.reuse) as file:
                for row in json.load(file)["matrices"]:
                    for peer in row["peers"].values():
                        self.known[row["sha256"], peer["tool"], peer["version"], peer["hard_dc"]] = peer

    def peer(self, tool, problem, digest, hard_dc):
        hard_dc = peers.DEFAULT_HARD_DC[tool] if hard_dc is None else hard_dc
        key = digest, tool, peers.version(tool), hard_dc
        if key in self.known:
            return self.known[key]
        graph, seconds = peers.solve(tool, problem["matrix"], problem["ranges"], hard_dc)
        figures = count.count(graph, problem["matrix"], problem["ranges"])
        return {"tool": tool, "version": key[2], "hard_dc": hard_dc, "seconds": seconds, **figures}

    def ours(self, problem, options):
        command = [self.gatewright, "cmvm", self.path, "--two-operand", "--graph", "--json", *options,
                   *self.effort]
        outcome = subprocess.run(command, capture_output=True, text=True)
        if outcome.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: {outcome.stderr}{outcome.stdout}")
        said = json.loads(outcome.stdout)
        figures = count.count(said["graph"], problem["matrix"], problem["ranges"])
        for key, value in figures.items():
            if said[key] != value:
                raise RuntimeError(f"gatewright says {key} {said[key]}, counted {value}")
        return {"seconds": said["cpu_seconds"], **figures}

    def run(self, problem):
        count.write_matrix(self.path, problem["matrix"], problem["ranges"])
        with open(self.path, "rb") as file:
            digest = hashlib.sha256(file.read()).hexdigest()
        literature = problem["class"].startswith("[129")
        tools = {"da4ml": 0} if literature else {"da4ml": None, "alkaid": None}
        measure = "adders" if literature else "cells"
        theirs = {tool: self.peer(tool, problem, digest, dc) for tool, dc in tools.items()}
        ours = {}
        for depth in sorted({peer["depth"] for peer in theirs.values()}):
            ours[depth] = self.ours(problem, ["--max-depth", str(depth)])
        ratios = {tool: ratio(ours[peer["depth"]][measure], peer[measure]) for tool, peer in theirs.items()}
        better = min(theirs, key=lambda tool: (theirs[tool][measure], theirs[tool]["depth"]))
        equal = all(r["exact"] for r in (*theirs.values(), *ours.values())) and all(
            r["depth"] <= depth for depth, r in ours.items())
        return {"class": problem["class"], "name": problem["name"], "rows": len(problem["matrix"]),
                "columns": len(problem["matrix"][0]), "sha256": digest, "peers": theirs, "better": better,
                "ours": ours[theirs[better]["depth"]], "ratios": ratios, "ratio": ratios[better],
                "worst": max(ratios.values()), "equal": equal}


def ratio(ours, theirs):
    return ours / theirs if theirs else (1.0 if ours == 0 else float("inf"))


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values)) if values else float("nan")


def mean(values):
    return sum(values) / len(values)


HEADING = ["class", "n", "adders", "cells", "depth", "s", "da4ml adders", "cells", "depth", "s",
           "alkaid adders", "cells", "depth", "s", "ratio", "worst", "equal"]


def table_row(rows):
    cells = [rows[0]["class"], str(len(rows))]
    for pick in (lambda r: r["ours"], lambda r: r["peers"].get("da4ml"), lambda r: r["peers"].get("alkaid")):
        figures = [pick(row) for row in rows]
        if figures[0] is None:
            cells += [""] * 4
            continue
        cells += [f"{mean([f[key] for f in figures]):.{digits}f}"
                  for key, digits in (("adders", 1), ("cells", 0), ("depth", 1), ("seconds", 3))]
    return cells + [f"{geometric_mean([r['ratio'] for r in rows]):.3f}", f"{max(r['worst'] for r in rows):.3f}",
                    "yes" if all(r["equal"] for r in rows) else "NO"]


def print_table(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(w) if i == 0 else cell.rjust(w)
                        for i, (cell, w) in enumerate(zip(row, widths))))


def summarize(rows):
    summary = []
    for title, prefix, bar in BARS:
        classes = {}
        for row in rows:
            if row["class"].startswith(prefix):
                classes.setdefault(row["class"], []).append(row["ratio"])
        if classes:  # every size and width weighs the same, however many matrices it has
            value = geometric_mean([geometric_mean(ratios) for ratios in classes.values()])
            summary.append({"bar": title, "limit": bar, "ratio": value, "met": value <= bar})
    large = [row for row in rows if min(row["rows"], row["columns"]) >= 8 and not row["class"].startswith("[")]
    if large:
        worst = max(large, key=lambda row: row["worst"])
        summary.append({"bar": "worst single matrix of 8 x 8 or more, cells", "limit": 1.0,
                        "ratio": worst["worst"], "met": worst["worst"] <= 1.0,
                        "matrix": f"{worst['class']} {worst['name']}"})
    return summary


def timings(runner, quick):
    """Gatewright alone at its defaults: the sizes that have a time limit."""
    rows = []
    for n, limit in ((64, 1.0), (128, 8.0)):
        problem = {"matrix": matrices.uniform(n, n, -128, 127, 1), "ranges": [matrices.BYTE] * n}
        count.write_matrix(runner.path, problem["matrix"], problem["ranges"])
        for effort in ([] if quick else [None]) + [0]:
            options = [] if effort is None else ["--effort", str(effort)]
            result = runner.ours(problem, options)
            rows.append({"size": n, "effort": "default" if effort is None else effort,
                         "limit_seconds": limit if effort is None else None, **result})
    return rows


def problems(args, sizes, folder):
    yield from matrices.literature(sizes["literature"])
    yield from matrices.network_kernels(args.gatewright, ROOT, folder, sizes["networks"])
    yield from matrices.dense(sizes["dense"])


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("gatewright")
    parser.add_argument("folder")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--reuse")
    parser.add_argument("--effort", type=int)
    parser.add_argument("--only", default="")
    return parser.parse_args()


def main():
    args = parse_arguments()
    sizes = QUICK if args.quick else FULL
    rows, done, table = [], [], [HEADING]
    with tempfile.TemporaryDirectory() as folder:
        runner = Runner(args, folder)
        for problem in problems(args, sizes, folder):
            if args.only not in problem["class"]:
                continue
            if rows and rows[-1]["class"] != problem["class"]:
                table.append(table_row(done))
                done = []
            print(f"{problem['class']} {problem['name']}", file=sys.stderr, flush=True)
            rows.append(runner.run(problem))
            done.append(rows[-1])
        if done:
            table.append(table_row(done))
        times = timings(runner, args.quick) if not args.only else []
    print_table(table)
    summary = summarize(rows)
    for bar in summary:
        print(f"{bar['bar']}: {bar['ratio']:.3f}, limit {bar['limit']}: {'met' if bar['met'] else 'MISSED'}"
              + (f" ({bar['matrix']})" if "matrix" in bar else ""))
    for row in times:
        print(f"{row['size']} x {row['size']} 8 bit, effort {row['effort']}: {row['seconds']:.3f} s CPU, "
              f"{row['adders']} adders, {row['cells']} cells, depth {row['depth']}")
    result = {"benchmark": "cmvm", "command": "bench/cmvm/run.sh build bench/results",
              "mode": "quick" if args.quick else "full", "peers_reused": bool(args.reuse),
              "baseline": "da4ml and alkaid from PyPI, same run, same counter",
              "summary": summary, "timings": times, "matrices": rows}
    with open(os.path.join(args.folder, "cmvm.json"), "w") as file:
        json.dump(result, file, indent=1)
        file.write("\n")
    return 0 if rows and all(row["equal"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
