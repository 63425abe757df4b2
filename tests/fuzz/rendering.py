"""A pack as far as the markup of all its documents, in this process: a build without typesetting."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from guide.pipeline import Settings
from guide.pipeline.pages import Pages
from guide.pipeline.reading import read
from guide.pipeline.stages import begin, kinds_of
from guide.pipeline.task import Task
from guide.diagnostics.diagnostic import Diagnostic, GuideError
from guide.system.cache import Store
from guide.model.artifacts import Html


@dataclass
class Rendered:
    """What a build said, and the markup that it would have typeset."""

    diagnostics: tuple[Diagnostic, ...]
    markup: list[Html]

    @property
    def errors(self) -> list[Diagnostic]:
        """What stops a document."""
        return [d for d in self.diagnostics if d.severity == "error"]


class _Idle:
    """A pool that keeps the faces that it is given, and does nothing."""

    workers = 1

    def __init__(self) -> None:
        self.given: list[Html] = []

    def submit(self, _work: Any, given: Any, *_: Any, **__: Any) -> None:
        """Keep the markup of a deck; that of pages is kept by who began them."""
        if isinstance(given, Html) and given.faces:
            self.given.append(given)


def rendered(folder: Path, settings: Settings | None = None) -> Rendered:
    """Return what is wrong with a pack, and the markup of its documents."""
    settings, pool = settings or Settings(), _Idle()
    pages: list[Html] = []
    store = Store(Path("/nonexistent"), False)
    try:
        reading = read(folder, settings)
        if reading.pack is not None:
            task = Task(reading.pack, settings, store, cast(Any, pool), lambda *_: None, 500, reading.problems)
            begun = begin(task, kinds_of(task))
            pages = [each.html for each in begun if isinstance(each, Pages)]
        found = reading.problems.in_order(reading.wrong)
    except GuideError as exc:
        found = exc.diagnostics
    return Rendered(tuple(found), [*pages, *pool.given])
