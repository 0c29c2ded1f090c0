# SPDX-License-Identifier: Apache-2.0
"""Whole networks as hardware: our Verilog against alkaid's, by one Yosys command.

    bench.py GATEWRIGHT FOLDER

For each network alkaid (a black box, its default RTL flow) writes its Verilog. Gatewright compiles the
same file twice: for the clock that alkaid's own constraint file asks for, in as few stages as that takes
(never more than alkaid's), which is what the bars are held against; and in as many stages as alkaid has at
the highest clock they allow, to show what that costs. Registers at inputs and outputs are counted on both sides. `synth_xilinx -family xcup` without wide multiplexers and DSPs maps both. Equality: alkaid's
interpreter and our emulator give the same numbers on random events. A quantity is a ratio ours / alkaid.
"""

import json
import pathlib
import re
import subprocess
import sys

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
HGQ = ROOT / "../shared/data/hgq2_models/hgq-ae/jsc_openml"
NETWORKS = {
    "our jets (HGQ2)": ROOT / "models/jets/jets.keras",
    "HGQ jets, 1572 EBOPs": HGQ / "epoch=136813-val_acc=0.750-ebops=1572-val_loss=0.708.keras",
    "HGQ jets, 13285 EBOPs": HGQ / "epoch=27883-val_acc=0.771-ebops=13285-val_loss=0.635.keras",
}
LUT_BAR = 0.85
FF_BAR = 0.80
SYNTHESIS = "synth_xilinx -family xcup -flatten -nodsp -nowidelut -noiopad -noclkbuf -run prepare:check"


def yosys(files, top, folder):
    """Cells of the mapped design: {"LUT", "FF", "SRL", "CARRY"}."""
    script = "read_verilog -lib -specify +/xilinx/cells_sim.v\nread_verilog -lib +/xilinx/cells_xtra.v\n"
    script += "".join(f"read_verilog {file}\n" for file in files)
    script += f"hierarchy -check -top {top}\n{SYNTHESIS} -top {top}\ntee -q -o stat.txt stat\n"
    (folder / "synth.ys").write_text(script)
    subprocess.run(["yosys", "-q", "-s", "synth.ys"], cwd=folder, check=True, capture_output=True)
    counts = {"LUT": 0, "FF": 0, "SRL": 0, "CARRY": 0}
    patterns = {"LUT": r"LUT[1-6]", "FF": r"FD\w+", "SRL": r"SRL\w+", "CARRY": r"CARRY\d"}
    for line in (folder / "stat.txt").read_text().splitlines():
        fields = line.split()
        if len(fields) != 2 or not fields[1].isdigit():
            continue
        for kind, pattern in patterns.items():
            if re.fullmatch(pattern, fields[0]):
                counts[kind] += int(fields[1])
    return counts


def peer_design(model, folder):
    """alkaid's Verilog: its cells, stages, the clock of its constraints, its interpreter."""
    from alkaid.types import CombLogic

    program = pathlib.Path(sys.executable).with_name("alkaid")
    command = [program, "convert", model, folder, "--flavor", "verilog", "-n", "100"]
    subprocess.run(command, check=True, capture_output=True)
    source = folder / "src"
    files = sorted(source.glob("*.v")) + sorted((source / "static").glob("*.v"))
    files = [file.resolve() for file in files if file.name != "model_wrapper.v"]
    stages = len([file for file in files if re.fullmatch(r"logic\d+\.v", file.name)])
    period = re.search(r"set clock_period ([0-9.]+)", (source / "model.sdc").read_text())
    # alkaid registers its inputs as well: that many cuts, plus one.
    return {"cells": yosys(files, "model", folder), "stages": stages + 1,
            "clock_mhz": 1e3 / float(period[1]),
            "program": CombLogic.load(folder / "model/comb.json.gz")}


def our_design(gatewright, model, folder, wanted, without=()):
    folder.mkdir(parents=True, exist_ok=True)
    command = [gatewright, "compile", model, "-o", folder, "--name", "net", *wanted]
    if without:
        command += ["--without-pass", ",".join(without)]
    subprocess.run(command, check=True, capture_output=True)
    report = json.loads((folder / "report.json").read_text())
    files = [file.resolve() for file in sorted((folder / "rtl").glob("*.v"))]
    files = [file for file in files if not file.name.endswith("_axis.v")]
    return yosys(files, "net", folder), report


def same_outputs(gatewright, design, program, features, folder):
    rng = np.random.default_rng(1)
    events = rng.normal(0, 2, (4000, features))
    np.save(folder / "x.npy", events)
    subprocess.run([gatewright, "emulate", design, "--input", folder / "x.npy", "--output",
                    folder / "y.npy"], check=True, capture_output=True)
    ours = np.load(folder / "y.npy").reshape(len(events), -1)
    peer = np.asarray(program.predict(events)).reshape(len(events), -1)
    return bool(np.array_equal(ours, peer))


def measure(gatewright, name, model, folder):
    (folder / "peer").mkdir(parents=True, exist_ok=True)
    peer = peer_design(model, folder / "peer")
    theirs = peer["cells"]
    clock = ("--clock", f"{peer['clock_mhz']:g}MHz")
    cells, report = our_design(gatewright, model, folder / "ours", clock)
    passes = sorted({row["pass"] for row in report["passes"]})
    plain, _ = our_design(gatewright, model, folder / "plain", clock, passes)
    fast, fast_report = our_design(gatewright, model, folder / "fast",
                                   ("--stages", str(peer["stages"])))
    estimate = report["estimate"]
    return {
        "network": name,
        "clock_mhz": report["clock_mhz"],
        "stages": report["stages"], "peer_stages": peer["stages"],
        "lut": cells["LUT"], "peer_lut": theirs["LUT"], "lut_ratio": cells["LUT"] / theirs["LUT"],
        "ff": cells["FF"], "peer_ff": theirs["FF"], "ff_ratio": cells["FF"] / theirs["FF"],
        "srl": cells["SRL"], "peer_srl": theirs["SRL"],
        "lut_without_passes": plain["LUT"], "ff_without_passes": plain["FF"],
        "estimate_lut": estimate["lut"], "estimate_error": estimate["lut"] / cells["LUT"] - 1,
        "estimate_ff": estimate["ff"], "estimate_ff_error": estimate["ff"] / cells["FF"] - 1,
        "best_clock_at_peer_stages": {
            "clock_mhz": fast_report["clock_mhz"], "stages": fast_report["stages"],
            "lut": fast["LUT"], "lut_ratio": fast["LUT"] / theirs["LUT"],
            "ff": fast["FF"], "ff_ratio": fast["FF"] / theirs["FF"],
            "estimate_error": fast_report["estimate"]["lut"] / fast["LUT"] - 1},
        "passes": report["passes"],
        "equal": same_outputs(gatewright, folder / "ours", peer["program"], 16, folder),
    }


def print_row(name, clock, row, peer, extra=""):
    print(f"{name:<24}{clock:>7.0f}{row['stages']:>7}{peer['peer_stages']:>6}{row['lut']:>8}"
          f"{peer['peer_lut']:>8}{row['lut_ratio']:>7.3f}{row['ff']:>7}{peer['peer_ff']:>7}"
          f"{row['ff_ratio']:>7.3f}{extra}", flush=True)


def main():
    gatewright = str(pathlib.Path(sys.argv[1]).resolve())
    folder = pathlib.Path(sys.argv[2]).resolve()
    print("{:<24}{:>7}{:>7}{:>6}{:>8}{:>8}{:>7}{:>7}{:>7}{:>7}{:>11}{:>10}{:>7}".format(
        "network", "MHz", "stages", "peer", "LUT", "peer", "ratio", "FF", "peer", "ratio", "plain LUT",
        "estimate", "equal"))
    rows = []
    for number, (name, model) in enumerate(NETWORKS.items()):
        if not model.exists():
            continue
        row = measure(gatewright, name, model.resolve(), folder / f"logic{number}")
        rows.append(row)
        print_row(name, row["clock_mhz"], row, row,
                  f"{row['lut_without_passes']:>11}{100 * row['estimate_error']:>9.1f}%"
                  f"{'yes' if row['equal'] else 'NO':>7}")
        fast = row["best_clock_at_peer_stages"]
        print_row("  its stages, best clock", fast["clock_mhz"], fast, row)
    errors = sorted(abs(row["estimate_error"]) for row in rows)
    median = errors[len(errors) // 2]
    bars = {"lut": all(row["lut_ratio"] <= LUT_BAR for row in rows),
            "ff": all(row["ff_ratio"] <= FF_BAR and row["stages"] <= row["peer_stages"] for row in rows),
            "estimate": median <= 0.10}
    print(f"median error of the LUT estimate {100 * median:.1f} %; bars: "
          f"LUT <= {LUT_BAR}: {'met' if bars['lut'] else 'MISSED'}, "
          f"FF <= {FF_BAR}: {'met' if bars['ff'] else 'MISSED'}")
    result = {"benchmark": "logic", "command": "bench/logic/run.sh build build/bench",
              "peer": "alkaid (PyPI), default RTL flow", "synthesis": SYNTHESIS, "rows": rows,
              "median_estimate_error": median, "bars_met": bars}
    (folder / "logic.json").write_text(json.dumps(result, indent=1) + "\n")
    sys.exit(0 if all(row["equal"] for row in rows) else 1)


main()
