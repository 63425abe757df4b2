"""What is remembered of a pack's files: an entry of a list that is written as before is not read again."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Protocol

from guide.content.yaml import MAX_NODES, Document, read_yaml
from guide.diagnostics.diagnostic import Diagnostic
from guide.model.entries import Entries, Entry

_ENTRY = re.compile(r"^-(?=[ \t\n]|\Z)", re.M)
# Marks of documents and directives, tabs, and anchors, which reach from one entry to another.
_WHOLE = re.compile(r"^(?:---|\.\.\.|%|\t)|(?<!\S)&\S", re.M)
_NOTHING = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\n)*")


class Shelf(Protocol):
    """Keeps values between two readings of a pack, if it can."""

    def get(self, name: str, kind: type) -> Any:
        """Return the value of a class that was kept under a name, or None."""

    def put(self, name: str, value: Any) -> None:
        """Keep a value."""


class Forgetful:
    """Keeps nothing."""

    def get(self, name: str, kind: type) -> Any:
        """Return None."""
        del name, kind

    def put(self, name: str, value: Any) -> None:
        """Do nothing."""


class NotApartError(Exception):
    """An entry of a list cannot be read by itself."""


Make = Callable[[str, int, bool], Entry]
"""Reads a piece of a file that begins at a line, True if it is the whole file; raises NotApartError."""


def remembered(
    shelf: Shelf, name: str, text: str, make: Make, is_list: bool = False
) -> list[Entry]:
    """Return the entries of a file, those that are not known made anew, and keep them.

    The entries of a YAML list are read one by one if they can be.
    """
    known: Entries = shelf.get(name, Entries) or Entries()
    first = known.by_line.get(1)
    if first is not None and first.text == text:
        return [first]
    pieces = _pieces(text) if is_list else []
    try:
        found = [_entry(known, line, piece, make) for line, piece in pieces]
        if sum(entry.nodes for entry in found) > MAX_NODES:
            found = []
    except NotApartError:
        found = []
    found = found or [make(text, 1, True)]
    if len(found) != len(known.by_line) or any(known.by_line.get(e.line) is not e for e in found):
        shelf.put(name, Entries({entry.line: entry for entry in found}))
    return found


def _entry(known: Entries, line: int, text: str, make: Make) -> Entry:
    entry = known.by_line.get(line)
    return entry if entry is not None and entry.text == text else make(text, line, False)


def _pieces(text: str) -> list[tuple[int, str]]:
    """Return the entries of a YAML list, each with its line; none where they cannot be told apart.

    A piece may be only the beginning of an entry, such as of a text in quotes that goes on at the
    margin: then it cannot be read by itself.
    """
    starts = [match.start() for match in _ENTRY.finditer(text)]
    before = _NOTHING.match(text)
    if len(starts) < 2 or _WHOLE.search(text) or before is None or before.end() != starts[0]:
        return []
    found, line = [], text.count("\n", 0, starts[0]) + 1
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        found.append((line, text[start:end]))
        line += text.count("\n", start, end)
    return found


def one_entry(text: str, path: str, line: int) -> tuple[Document, list[Diagnostic]]:
    """Return an entry of a list, read by itself; raises NotApartError."""
    document, problems = read_yaml(text, path, first_line=line)
    if document is None or not isinstance(document.data, list) or len(document.data) != 1:
        raise NotApartError
    return document, problems
