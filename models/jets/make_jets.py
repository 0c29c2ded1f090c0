#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Generate the jets of the Gatewright demo model with Pythia 8 and FastJet.

The committed files were made with this command (python 3.11, the versions of
requirements.txt, two processes on a shared two-core machine; 600 s for 220,000 jets):

    python make_jets.py --out-dir JETS --jets-per-class 44000 --seed 20261 --jobs 2

``JETS`` is any scratch folder; train.py reads it.  Nothing of it is committed.
The number of processes changes nothing in the jets: every file has its own seed.

What is generated
-----------------
Proton-proton collisions at sqrt(s) = 13 TeV, Pythia 8 at leading order with its
default (Monash 2013) tune: initial- and final-state showers, multiparton
interactions, hadronisation and decays.  The hard 2 -> 2 transverse momentum is
held between 950 and 1050 GeV.  There is no detector simulation and no pile-up.

====  =========================================================  ==============
name  hard process                                               jet
====  =========================================================  ==============
g     g g -> g g, q qbar -> g g                                  gluon
q     q q -> q q, q qbar -> q' qbar', g g -> q qbar (u d s)      quark
w     f fbar -> W W, both W -> hadrons                           boosted W
z     f fbar -> Z Z (no photon), both Z -> hadrons (b included)  boosted Z
t     g g, q qbar -> t tbar, both W -> hadrons                   boosted top
====  =========================================================  ==============

Stable particles except neutrinos, |eta| < 5, are clustered by anti-kt, R = 0.8.
Of each event's two leading jets those are kept that have 900 < pT < 1100 GeV,
|eta| < 2.5, and lie within Delta R < 0.4 of one of the two outgoing particles
of the hard process, which gives the label.

Grooming is the modified mass-drop tagger (Dasgupta, Fregoso, Marzani, Salam,
arXiv:1307.0007), which is soft drop with beta = 0 (Larkoski, Marzani, Soyez,
Thaler, arXiv:1402.2657); z_cut = 0.1, Cambridge/Aachen declustering.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import time
from dataclasses import dataclass
from pathlib import Path

import awkward as ak
import fastjet
import numba
import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

CLASSES: tuple[str, ...] = ("g", "q", "w", "z", "t")
FEATURES: tuple[str, ...] = (
    "zlogz",
    "c1_b0_mmdt",
    "c1_b1_mmdt",
    "c1_b2_mmdt",
    "c2_b1_mmdt",
    "c2_b2_mmdt",
    "d2_b1_mmdt",
    "d2_b2_mmdt",
    "d2_a1_b1_mmdt",
    "d2_a1_b2_mmdt",
    "m2_b1_mmdt",
    "m2_b2_mmdt",
    "n2_b1_mmdt",
    "n2_b2_mmdt",
    "mass_mmdt",
    "multiplicity",
)

CM_ENERGY_GEV = 13000.0
PT_HAT_GEV = (950.0, 1050.0)
JET_RADIUS = 0.8
JET_PT_GEV = (900.0, 1100.0)
JET_ABS_ETA = 2.5
PARTICLE_ABS_ETA = 5.0
MATCH_DELTA_R = 0.4
Z_CUT = 0.1
EVENTS_PER_BATCH = 250

HADRONIC_W = ["24:onMode = off", "24:onIfAny = 1 2 3 4 5"]
HADRONIC_Z = ["23:onMode = off", "23:onIfAny = 1 2 3 4 5"]
PROCESS: dict[str, list[str]] = {
    "g": ["HardQCD:gg2gg = on", "HardQCD:qqbar2gg = on"],
    "q": ["HardQCD:qq2qq = on", "HardQCD:qqbar2qqbarNew = on", "HardQCD:gg2qqbar = on"],
    "w": ["WeakDoubleBoson:ffbar2WW = on", *HADRONIC_W],
    "z": ["WeakDoubleBoson:ffbar2gmZgmZ = on", "WeakZ0:gmZmode = 2", *HADRONIC_Z],
    "t": ["Top:gg2ttbar = on", "Top:qqbar2ttbar = on", *HADRONIC_W],
}
"""Pythia settings that switch on each class's hard process and decays."""

ABS_PDG_ID: dict[str, tuple[int, ...]] = {
    "g": (21,),
    "q": (1, 2, 3, 4, 5),
    "w": (24,),
    "z": (23,),
    "t": (6,),
}
"""|PDG id| that an outgoing particle of the hard process must have."""


@numba.njit(cache=False)
def correlators(pt: FloatArray, rap: FloatArray, phi: FloatArray) -> FloatArray:
    """Energy correlators of one groomed jet.

    With z_i = pT_i / sum pT and theta_ij = sqrt(dy^2 + dphi^2), over i < j (< k):

        e2^(b)  = sum z_i z_j theta_ij^b
        e3^(b)  = sum z_i z_j z_k (theta_ij theta_jk theta_ik)^b
        1e3^(b) = as e3 but with the smallest theta^b alone
        2e3^(b) = as e3 but with the product of the two smallest theta^b

    e2 and e3: Larkoski, Salam, Thaler, arXiv:1305.0007 (normalised as in
    Larkoski, Moult, Neill, arXiv:1409.6298).  1e3, 2e3: Moult, Necib, Thaler,
    arXiv:1609.07483.

    :param pt: constituents' transverse momenta, GeV.
    :param rap: their rapidities.
    :param phi: their azimuths, radians.
    :returns: e2 for b = 0, 1, 2; e3, 1e3, 2e3 for b = 1, then for b = 2.
    """
    out = np.zeros(9)
    n = pt.size
    z = pt / pt.sum()
    d2 = np.zeros((n, n))
    for i in range(n):
        for j in range(i + 1, n):
            dphi = abs(phi[i] - phi[j])
            if dphi > math.pi:
                dphi = 2.0 * math.pi - dphi
            dy = rap[i] - rap[j]
            d2[i, j] = dy * dy + dphi * dphi
            zz = z[i] * z[j]
            out[0] += zz
            out[1] += zz * math.sqrt(d2[i, j])
            out[2] += zz * d2[i, j]
    d1 = np.sqrt(d2)
    for i in range(n):
        for j in range(i + 1, n):
            zz = z[i] * z[j]
            a = d1[i, j]
            for k in range(j + 1, n):
                b = d1[i, k]
                c = d1[j, k]
                w = zz * z[k]
                lo = min(a, b, c)
                hi = max(a, b, c)
                mid = max(min(a, b), min(max(a, b), c))
                lm = lo * mid
                p = lm * hi
                out[3] += w * p
                out[4] += w * lo
                out[5] += w * lm
                out[6] += w * p * p
                out[7] += w * lo * lo
                out[8] += w * lm * lm
    return out


@numba.njit(cache=False)
def _ratio(a: float, b: float) -> float:
    """a / b, and 0 where b is 0 (a groomed jet with too few constituents)."""
    return a / b if b > 0.0 else 0.0


@numba.njit(cache=False)
def observables(
    pt: FloatArray,
    start: IntArray,
    g_pt: FloatArray,
    g_rap: FloatArray,
    g_phi: FloatArray,
    g_start: IntArray,
    g_mass: FloatArray,
) -> FloatArray:
    """The 16 observables of many jets, in the order of FEATURES.

    They are those that Coleman et al. (arXiv:1709.08705) and, after them, the
    public benchmark's table list:

    * zlogz: sum z_i ln z_i over the ungroomed jet (dimensionless).
    * c1_bB: C1 = e2^(B) (arXiv:1305.0007), groomed.
    * c2_bB: C2 = e3^(B) / e2^(B)^2 (arXiv:1305.0007), groomed.
    * d2_bB: D2 = e3^(B) / e2^(B)^3 (arXiv:1409.6298), groomed.
    * d2_aA_bB: D2 = e3^(A) / e2^(B)^(3A/B) (arXiv:1409.6298), groomed; with
      A = B = 1 it is d2_b1, which the list holds twice.
    * m2_bB: M2 = 1e3^(B) / e2^(B) (arXiv:1609.07483), groomed.
    * n2_bB: N2 = 2e3^(B) / e2^(B)^2 (arXiv:1609.07483), groomed.
    * mass_mmdt: invariant mass of the groomed jet, GeV (arXiv:1307.0007).
    * multiplicity: number of constituents of the ungroomed jet.

    :param pt: transverse momenta (GeV) of all jets' constituents, end to end.
    :param start: where in ``pt`` each jet starts, and the end: n_jets + 1 numbers.
    :param g_pt, g_rap, g_phi: the groomed jets' constituents (GeV, -, radians).
    :param g_start: as ``start``, for the groomed jets.
    :param g_mass: groomed masses, GeV.
    """
    n_jets = start.size - 1
    x = np.zeros((n_jets, 16))
    for jet in range(n_jets):
        z = pt[start[jet] : start[jet + 1]]
        z = z / z.sum()
        x[jet, 0] = (z * np.log(z)).sum()
        a, b = g_start[jet], g_start[jet + 1]
        e = correlators(g_pt[a:b], g_rap[a:b], g_phi[a:b])
        x[jet, 1] = e[0]
        x[jet, 2] = e[1]
        x[jet, 3] = e[2]
        x[jet, 4] = _ratio(e[3], e[1] ** 2)
        x[jet, 5] = _ratio(e[6], e[2] ** 2)
        x[jet, 6] = _ratio(e[3], e[1] ** 3)
        x[jet, 7] = _ratio(e[6], e[2] ** 3)
        x[jet, 8] = _ratio(e[3], e[1] ** 3)
        x[jet, 9] = _ratio(e[3], e[2] ** 1.5)
        x[jet, 10] = _ratio(e[4], e[1])
        x[jet, 11] = _ratio(e[7], e[2])
        x[jet, 12] = _ratio(e[5], e[1] ** 2)
        x[jet, 13] = _ratio(e[8], e[2] ** 2)
        x[jet, 14] = g_mass[jet]
        x[jet, 15] = z.size
    return x


def starts(counts: ak.Array) -> IntArray:
    """Running sums of ``counts`` with a leading 0."""
    return np.concatenate([[0], np.cumsum(ak.to_numpy(counts))]).astype(np.int64)


def flat(a: ak.Array) -> FloatArray:
    """All numbers of a ragged array, end to end, in double precision."""
    return ak.to_numpy(ak.flatten(a, axis=None)).astype(np.float64)


def rapidity(energy: FloatArray, pz: FloatArray) -> FloatArray:
    """0.5 ln((E + pz) / (E - pz)), guarded against rounding at E = |pz|."""
    tiny = 1e-12
    return 0.5 * np.log(np.maximum(energy + pz, tiny) / np.maximum(energy - pz, tiny))


def select_jets(events: ak.Array, name: str) -> tuple[ak.Array, IntArray, FloatArray]:
    """Cluster a batch of Pythia events and keep the labelled jets.

    :param events: what ``Pythia.nextBatch`` gave.
    :param name: class name.
    :returns: the kept jets' constituents (one list a jet: px, py, pz, E in GeV),
        the position in the batch of each jet's event, and each jet's pT in GeV.
    """
    prt = events.prt
    abs_id = abs(prt.id)
    pt2 = prt.p.px**2 + prt.p.py**2
    # |eta| < c is the same as |pz| < pT sinh c.
    keep = (
        (prt.status > 0)
        & (abs_id != 12)
        & (abs_id != 14)
        & (abs_id != 16)
        & (abs(prt.p.pz) < np.sqrt(pt2) * math.sinh(PARTICLE_ABS_ETA))
    )
    seen = prt[keep].p
    particles = ak.zip({"px": seen.px, "py": seen.py, "pz": seen.pz, "E": seen.e})
    definition = fastjet.JetDefinition(fastjet.antikt_algorithm, JET_RADIUS)
    sequence = fastjet.ClusterSequence(particles, definition)
    jets = sequence.inclusive_jets(min_pt=200.0)
    parts = sequence.constituents(min_pt=200.0)
    jet_pt = np.sqrt(jets.px**2 + jets.py**2)
    order = ak.argsort(jet_pt, axis=1, ascending=False)[:, :2]
    jets, parts, jet_pt = jets[order], parts[order], jet_pt[order]
    jet_phi = np.arctan2(jets.py, jets.px)
    jet_eta = np.arcsinh(jets.pz / jet_pt)

    # Entries 5 and 6 of the event record are the hard process's outgoing pair.
    hard = prt[:, 5:7]
    hard_ok = ak.zeros_like(hard.id) > 0
    for number in ABS_PDG_ID[name]:
        hard_ok = hard_ok | (abs(hard.id) == number)
    hard_phi = np.arctan2(hard.p.py, hard.p.px)
    hard_eta = np.arcsinh(hard.p.pz / np.sqrt(hard.p.px**2 + hard.p.py**2))
    dphi = jet_phi[:, :, None] - hard_phi[:, None, :]
    dphi = (dphi + math.pi) % (2.0 * math.pi) - math.pi
    deta = jet_eta[:, :, None] - hard_eta[:, None, :]
    near = (dphi**2 + deta**2 < MATCH_DELTA_R**2) & hard_ok[:, None, :]
    good = (
        ak.any(near, axis=2)
        & (jet_pt > JET_PT_GEV[0])
        & (jet_pt < JET_PT_GEV[1])
        & (abs(jet_eta) < JET_ABS_ETA)
    )
    event_index = ak.broadcast_arrays(ak.local_index(jet_pt, axis=0), jet_pt)[0]
    return (
        ak.flatten(parts[good], axis=1),
        ak.to_numpy(ak.flatten(event_index[good])).astype(np.int64),
        flat(jet_pt[good]),
    )


def features(parts: ak.Array) -> FloatArray:
    """Groom jets and compute their 16 observables.

    :param parts: constituents, one list a jet (px, py, pz, E in GeV).
    """
    # A radius that holds the whole jet: all constituents end in one C/A jet.
    definition = fastjet.JetDefinition(fastjet.cambridge_algorithm, 10.0 * JET_RADIUS)
    groomed = fastjet.ClusterSequence(parts, definition).exclusive_jets_softdrop_grooming(
        njets=1, beta=0.0, symmetry_cut=Z_CUT, symmetry_measure="scalar_z", R0=JET_RADIUS
    )
    inner = groomed.constituents
    px, py, pz, energy = (flat(inner[c]) for c in ("px", "py", "pz", "E"))
    return observables(
        np.hypot(flat(parts.px), flat(parts.py)),
        starts(ak.num(parts)),
        np.hypot(px, py),
        rapidity(energy, pz),
        np.arctan2(py, px),
        starts(ak.num(inner)),
        flat(groomed.msoftdrop),
    )


@dataclass(frozen=True)
class Job:
    """One file to make: ``jets`` jets of class ``name`` with Pythia seed ``seed``."""

    name: str
    jets: int
    seed: int
    path: Path


def generate(job: Job) -> str:
    """Make one file of jets; returns a line that says what was made.

    The file (.npz) holds x (float64 [n, 16]), pt (GeV), event (the position of the
    jet's event in this file's run: jets of one event share it) and events (how many
    were generated).
    """
    import pythia8mc

    began = time.monotonic()
    pythia = pythia8mc.Pythia("", False)
    settings = [
        "Print:quiet = on",
        "Beams:idA = 2212",
        "Beams:idB = 2212",
        f"Beams:eCM = {CM_ENERGY_GEV}",
        f"PhaseSpace:pTHatMin = {PT_HAT_GEV[0]}",
        f"PhaseSpace:pTHatMax = {PT_HAT_GEV[1]}",
        "Random:setSeed = on",
        f"Random:seed = {job.seed}",
        *PROCESS[job.name],
    ]
    for line in settings:
        if not pythia.readString(line):
            raise RuntimeError(f"Pythia refused: {line}")
    if not pythia.init():
        raise RuntimeError("Pythia did not initialise")

    x: list[FloatArray] = []
    pt: list[FloatArray] = []
    event: list[IntArray] = []
    made = events = 0
    while made < job.jets:
        batch = pythia.nextBatch(EVENTS_PER_BATCH)
        parts, index, jet_pt = select_jets(batch, job.name)
        if len(jet_pt) > 0:
            x.append(features(parts))
            pt.append(jet_pt)
            event.append(index + events)
            made += len(jet_pt)
        events += len(batch)
    n = job.jets
    arrays = {
        "x": np.concatenate(x)[:n],
        "pt": np.concatenate(pt)[:n],
        "event": np.concatenate(event)[:n],
        "events": np.array(events),
    }
    if not np.isfinite(arrays["x"]).all():
        raise RuntimeError(f"{job.path.name}: an observable is not finite")
    np.savez(job.path, **arrays)
    took = time.monotonic() - began
    return f"{job.path.name}: {n} jets of {events} events, {took:.0f} s, {n / took:.0f} jets/s"


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out-dir", type=Path, required=True)
    parser.add_argument("--jets-per-class", type=int, default=44000)
    parser.add_argument("--chunks", type=int, default=4, help="files (and seeds) a class")
    parser.add_argument("--seed", type=int, default=20261)
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    args.out_dir.mkdir(parents=True, exist_ok=True)
    jobs = [
        Job(
            name,
            args.jets_per_class // args.chunks,
            args.seed + 100 * c + chunk,
            args.out_dir / f"{name}_{chunk}.npz",
        )
        for chunk in range(args.chunks)
        for c, name in enumerate(CLASSES)
    ]
    run = {
        "jets_per_class": args.jets_per_class,
        "chunks": args.chunks,
        "seed": args.seed,
        "pythia_seeds": {job.path.stem: job.seed for job in jobs},
    }
    (args.out_dir / "run.json").write_text(json.dumps(run, indent=1) + "\n")
    began = time.monotonic()
    with multiprocessing.get_context("spawn").Pool(args.jobs) as pool:
        for line in pool.imap_unordered(generate, jobs):
            print(line, flush=True)
    print(f"all: {time.monotonic() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
