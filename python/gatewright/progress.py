# SPDX-License-Identifier: Apache-2.0
"""What long work shows while it runs: a line in a notebook, a line on a terminal, else nothing."""

from __future__ import annotations

import html
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

Listener = Callable[[str], Any]


class _Line:
    """Seconds and the stage that runs; `show` replaces what was shown before."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def __call__(self, stage: str) -> None:
        self.show(f"{time.monotonic() - self._start:.1f} s  {stage} ...")

    def show(self, text: str) -> None:
        raise NotImplementedError

    def close(self) -> None:
        self.show("")


class _TerminalLine(_Line):
    def show(self, text: str) -> None:
        sys.stderr.write(f"\r\033[K  {text}" if text else "\r\033[K")
        sys.stderr.flush()


class _NotebookLine(_Line):
    def __init__(self, display: Any, markup: Any) -> None:
        super().__init__()
        self._markup = markup
        self._handle = display(markup("<pre></pre>"), display_id=True)

    def show(self, text: str) -> None:
        self._handle.update(self._markup(f"<pre>{html.escape(text)}</pre>"))

    def close(self) -> None:
        self.show(f"{time.monotonic() - self._start:.1f} s")


def _notebook_line() -> _Line | None:
    """Only where IPython runs already: importing it would cost a second."""
    if "IPython" not in sys.modules:
        return None
    from IPython import get_ipython
    from IPython.display import HTML, display

    shell = get_ipython()
    if shell is None or not hasattr(shell, "kernel"):
        return None
    return _NotebookLine(display, HTML)


class Progress:
    """`with Progress(choice) as listener`: None chooses by the surroundings, False is silence."""

    def __init__(self, choice: Listener | bool | None) -> None:
        self._line: _Line | None = None
        self._listener: Listener | None = None
        if callable(choice):
            self._listener = choice
        elif choice is not False:
            self._line = _notebook_line()
            if self._line is None and (choice is True or sys.stderr.isatty()):
                self._line = _TerminalLine()
            self._listener = self._line

    def __enter__(self) -> Listener | None:
        return self._listener

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._line is not None:
            self._line.close()
