"""Tables of text: what parts the cells, and where each begins."""

from __future__ import annotations

from collections.abc import Sequence


def delimiter_of(first: str, path: str) -> str:
    """Return what parts the cells: a tab in .tsv, else what is most frequent in the first line."""
    if path.lower().endswith((".tsv", ".tab")):
        return "\t"
    return max((",", ";", "\t"), key=first.count)


def cell_starts(record: Sequence[str], line: int, delimiter: str) -> list[tuple[int, int]]:
    """Return line and column where each cell starts; `record` has its lines, the first is `line`.

    Lines after the record's end may follow.
    """
    starts, quoted = [(line, 1)], False
    for row, text in enumerate(record, line):
        for column, sign in enumerate(text, 1):
            if sign == '"':
                quoted = not quoted
            elif sign == delimiter and not quoted:
                starts.append((row, column + 1))
        if not quoted:
            break
    return starts
