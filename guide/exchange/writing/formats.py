"""The formats that a pack is exported to, by name."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass

from guide.exchange.writing.chosen import Export


@dataclass(frozen=True)
class Format:
    """A format: the ending of its file, whether it takes cards or questions, and the module that writes it."""

    name: str
    ending: str
    takes: str
    module: str

    @property
    def write(self) -> Callable[[Export], bytes]:
        """The function that writes it."""
        module = importlib.import_module(f"guide.exchange.writing.{self.module}")
        found: Callable[[Export], bytes] = getattr(module, self.name)
        return found


FORMATS = {
    each.name: each
    for each in (
        Format("anki", "apkg", "cards", "anki"),
        Format("csv", "csv", "cards", "tables"),
        Format("quizlet", "txt", "cards", "tables"),
        Format("moodle", "xml", "questions", "moodle"),
        Format("gift", "gift", "questions", "gift"),
        Format("qti", "zip", "questions", "qti"),
        Format("kahoot", "xlsx", "questions", "kahoot"),
    )
}  # fmt: skip
