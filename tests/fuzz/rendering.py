"""A pack as far as the markup of all its documents, in this process: a build without typesetting."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from guide.pipeline import Settings
from guide.pipeline.make import _Making
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
    """A pool that keeps the work and does none."""

    workers = 1

    def __init__(self) -> None:
        self.given: list[Html] = []

    def submit(self, _work: Any, html: Any, *_: Any, **__: Any) -> None:
        """Keep the document."""
        self.given.append(html)


class _Rendering(_Making):
    """A build that ends before typesetting."""

    def _finish(self, pack: Any, document: Any) -> list[Any]:
        return []


def rendered(folder: Path, settings: Settings | None = None) -> Rendered:
    """Return what is wrong with a pack, and the markup of its documents."""
    pool = _Idle()
    store = Store(Path("/nonexistent"), False)
    making = _Rendering(folder, settings or Settings(), store, pool, lambda *_: None, 500)
    try:
        found = making.record().diagnostics
    except GuideError as exc:
        found = exc.diagnostics
    return Rendered(tuple(found), pool.given)
