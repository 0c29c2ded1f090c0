# SPDX-License-Identifier: Apache-2.0
"""The command line from Python: keywords become options, answers become dicts, errors raise.

Every option that `gatewright COMMAND --help` lists is a keyword (`max_depth=3` is `--max-depth 3`),
so what the documentation says of the command line holds here as it stands.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from typing import Any

from . import _core
from .progress import Listener, Progress

Option = bool | int | float | str | os.PathLike[str] | Iterable[Any] | None


def words(options: dict[str, Option]) -> list[str]:
    """["--max-depth", "3"] of {"max_depth": 3}. True is a flag, False its --no- form, None absent."""
    out: list[str] = []
    for key, value in options.items():
        name = key.replace("_", "-")
        if value is None:
            continue
        if isinstance(value, bool):
            out.append(f"--{name}" if value else f"--no-{name}")
        elif isinstance(value, (int, float, str, os.PathLike)):
            out += [f"--{name}", os.fspath(value) if isinstance(value, os.PathLike) else str(value)]
        else:
            out += [f"--{name}", ",".join(str(item) for item in value)]
    return out


def run(
    arguments: list[str],
    options: dict[str, Option] | None = None,
    progress: Listener | bool | None = False,
) -> tuple[int, dict[str, Any]]:
    """Exit code and JSON of a command; `Error` with the command line's message if it failed."""
    given = arguments + words(options or {}) + ["--json"]
    with Progress(progress) as listener:
        code, output, error = _core.run_command(given, listener)
    if error:
        raise _core.Error(error.strip())
    return code, json.loads(output)
