"""Text in columns, as wide as a terminal draws it."""

from __future__ import annotations

import unicodedata
from collections.abc import Container, Sequence

from guide.diagnostics.formats import plain


def columns(rows: Sequence[Sequence[str]], left: Container[int]) -> str:
    """Return rows in columns, those in `left` set to the left, as wide as a terminal draws them."""
    widths = [max(map(_drawn, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = []
        for n, (cell, width) in enumerate(zip(row, widths, strict=True)):
            space = " " * (width - _drawn(cell))
            cells.append(cell + space if n in left else space + cell)
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _drawn(text: str) -> int:
    """Return how many columns text takes: none for accents on their own, two for wide characters."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def short(text: str, most: int = 36) -> str:
    """Return text for a cell of a table; the direction that it is read in stays inside."""
    text = plain(text) if len(text) <= most else plain(text[: most - 1]) + "…"
    turns = any(unicodedata.bidirectional(c) in {"R", "AL"} for c in text)
    return f"\u2068{text}\u2069" if turns else text
