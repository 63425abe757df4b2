"""Tables of text: what parts the cells, and where each begins."""

from __future__ import annotations

from collections.abc import Sequence


def delimiter_of(first: str, path: str) -> str:
    """Return what parts the cells: a tab in .tsv, else what is most frequent in the first line."""
    if path.lower().endswith((".tsv", ".tab")):
        return "\t"
    return max((",", ";", "\t"), key=first.count)


def cell_starts(lines: Sequence[str], line: int, delimiter: str) -> list[tuple[int, int]]:
    """Return line and column where each cell of the record that begins at `line` starts."""
    starts, quoted = [(line, 1)], False
    for row in range(line, len(lines) + 1):
        for column, sign in enumerate(lines[row - 1], 1):
            if sign == '"':
                quoted = not quoted
            elif sign == delimiter and not quoted:
                starts.append((row, column + 1))
        if not quoted:
            break
    return starts
