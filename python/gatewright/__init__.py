# SPDX-License-Identifier: Apache-2.0
"""Trained network in, verified Verilog out.

    import gatewright as gw

    design = gw.compile("jets.keras", part="xcvu13p-2", clock="360MHz")
    scores = design.predict(x)          # bit for bit what the hardware answers
    design.verify(vectors=100_000)      # every evaluator and Verilator agree
    design.synth()["lut"]

Needs numpy only. Keras, HGQ2, matplotlib and IPython are used where they are there.
"""

from ._core import Error, version as _version
from .design import Design, Port, compile, load
from .fixed import Fixed
from .live import from_hgq2, from_keras

Error.__module__ = "gatewright"
__version__: str = _version()
__all__ = [
    "Design",
    "Error",
    "Fixed",
    "Port",
    "compile",
    "from_hgq2",
    "from_keras",
    "load",
]
