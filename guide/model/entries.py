"""The entries of a pack's file, as they are remembered: values that a store may give back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from guide.diagnostics.diagnostic import Diagnostic


@dataclass(frozen=True)
class Entry:
    """A piece of a file: the line where it begins, its text, and what was made of it.

    `nodes` are the values that it has as YAML.
    """

    line: int
    text: str
    made: Any = None
    problems: tuple[Diagnostic, ...] = ()
    nodes: int = 0


@dataclass(frozen=True)
class Entries:
    """The entries of a file by the line where each begins."""

    by_line: dict[int, Entry] = field(default_factory=dict)
