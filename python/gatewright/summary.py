# SPDX-License-Identifier: Apache-2.0
"""A design in a few lines: as text, and as a table for notebooks."""

from __future__ import annotations

import html
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .design import Design, Port


def _report(design: Design) -> dict[str, Any]:
    """report.json as it is on disk; nothing for a model file."""
    try:
        content = json.loads((design.path / "report.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _port(port: Port) -> str:
    types = sorted({str(t) for t in port.types})
    text = types[0] if len(types) == 1 else f"{port.size} values of {len(types)} types"
    return f"{port.name}{list(port.shape)}: {text}"


def _counts(values: dict[str, Any]) -> str:
    names = ("lut", "ff", "dsp", "bram")
    return ", ".join(f"{values[n]:,.0f} {n.upper()}" for n in names if n in values)


def _rows(design: Design) -> list[tuple[str, str]]:
    report = _report(design)
    rows = [("inputs", "; ".join(map(_port, design.inputs)))]
    rows.append(("outputs", "; ".join(map(_port, design.outputs))))
    if design.clock_mhz:
        rows.append(
            (
                "latency",
                f"{design.latency_cycles} cycles at {design.clock_mhz:g} MHz on {design.part} = "
                f"{design.latency_ns:.1f} ns",
            )
        )
    if "estimate" in report:
        rows.append(("estimate", _counts(report["estimate"])))
    if report.get("synth"):
        rows.append(("synthesis", f"{_counts(report['synth'])} ({report['synth'].get('tool', '')})"))
    if report.get("verify"):
        passed = "every bit agrees" if report["verify"].get("passed") else "NOT EQUAL"
        evaluators = report["verify"].get("evaluators", [])
        rows.append(("verified", passed + ": " + ", ".join(e["evaluator"] for e in evaluators)))
    if report.get("metrics"):
        rows.append(("accuracy", f"{report['metrics'].get('accuracy', float('nan')):.4f}"))
    return rows


def summary_text(design: Design) -> str:
    lines = [f"<gatewright.Design {design.name}: {design.path}"]
    lines += [f"  {name:<10} {value}" for name, value in _rows(design)]
    return "\n".join(lines) + ">"


def summary_html(design: Design) -> str:
    cell = '<td style="text-align:left">{}</td>'
    body = "".join(
        "<tr>" + cell.format(f"<b>{html.escape(name)}</b>") + cell.format(html.escape(value)) + "</tr>"
        for name, value in _rows(design)
    )
    return (
        f"<table><caption>gatewright design <b>{html.escape(design.name)}</b></caption>"
        f"<tbody>{body}</tbody></table>"
    )
