"""Bars of what is under way, when stderr is a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from guide.screen.problems import coloured


@contextmanager
def counter(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show one bar for many things of a kind, when stderr is a terminal."""
    if not coloured(sys.stderr):
        yield lambda _done, _total: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    shown = (TextColumn(what), BarColumn(24), MofNCompleteColumn(), TimeRemainingColumn())
    progress = Progress(*shown, console=Console(stderr=True), transient=True)
    task = progress.add_task(what, total=None)

    def count(done: int, total: int) -> None:
        progress.start()
        progress.update(task, completed=done, total=total)

    try:
        yield count
    finally:
        progress.stop()


@contextmanager
def progress_bars() -> Iterator[Callable[[str, str], None]]:
    """Show a bar for each document under way, when stderr is a terminal."""
    if not coloured(sys.stderr):
        yield lambda _document, _state: None
        return
    bars = _Bars()
    try:
        yield bars.update
    finally:
        bars.stop()


class _Bars:
    """Bars are made at the first event: a build from the cache never pays for them."""

    _STEPS = {"render": 15, "typeset": 40, "archive": 80, "done": 100, "cached": 100}

    def __init__(self) -> None:
        self._progress: Any = None
        self._tasks: dict[str, Any] = {}

    def update(self, document: str, state: str) -> None:
        if state == "cached" and self._progress is None:
            return
        if self._progress is None:
            self._start()
        if document not in self._tasks:
            self._tasks[document] = self._progress.add_task(document, total=100, state=state)
        name, _, share = state.partition(" ")  # "typeset 40%", or of parts "typeset 3/15"
        step = self._STEPS[name]
        done, _, count = share.partition("/")
        if count:
            step += round(int(done) / int(count) * (self._STEPS["archive"] - step))
        self._progress.update(self._tasks[document], completed=step, state=state)

    def _start(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        columns = (
            SpinnerColumn(),
            TextColumn("{task.description:<12}", markup=False),
            BarColumn(24),
            TextColumn("{task.fields[state]:<8}", markup=False),
            TimeElapsedColumn(),
        )
        self._progress = Progress(*columns, console=Console(stderr=True), transient=True)
        self._progress.start()

    def stop(self) -> None:
        if self._progress is not None:
            self._progress.stop()
