"""CSV and TSV cards: the same names as in YAML, with line and column of every cell."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from guide.content.cells import cell_starts, delimiter_of
from guide.content.yaml import Document
from guide.diagnostics.diagnostic import Diagnostic, Place, error, warning
from guide.diagnostics.suggest import did_you_mean
from guide.model.content import Card
from guide.model.quiz import letter
from guide.model.signs import without_code

_LISTS = ("tags", "sources")
_FLAGS = dict.fromkeys(("true", "yes", "1", "x"), True) | dict.fromkeys(
    ("", "false", "no", "0"), False
)
_TEXTS = {"front", "back", "hint", "cloze"}
_TYPED = re.compile(r"(?<!\\)\\n")
_FOLDER = re.compile(r"[A-Za-z]:\\|\\\\")  # a path, in which `\n` is no line break
COLUMNS = tuple(Card.model_fields)
_OF_ANKI = re.compile(
    r"#\s*(?:separator|html|tags|columns|notetype|deck|guid|if matches)\b[^:]*:", re.I
)
_SEPARATOR = re.compile(r'"?sep=([^"\s\w]|\t)"?[;,\t]*', re.I)  # Excel's first line


@dataclass(frozen=True)
class Row:
    """One row: data as YAML would have given it, and the places of its cells."""

    data: dict[str, Any]
    document: Document


@dataclass
class _Table:
    """A file of cards while it is read: its columns, its rows, and what is wrong with them."""

    path: str
    delimiter: str
    header: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    problems: list[Diagnostic] = field(default_factory=list)
    unnamed: set[int] = field(default_factory=set)


def read_table(text: str, path: str) -> tuple[list[Row], list[Diagnostic]]:
    """Read rows under a header of card fields; the delimiter is a comma, semicolon or tab."""
    lines = text.split("\n")
    if not text.strip():
        empty = error("empty-file", "the file is empty", Place(path, 1, 1), "Write a header row.")
        return [], [empty]
    separator = _SEPARATOR.fullmatch(lines[0])
    table = _Table(path, separator[1] if separator else delimiter_of(_first(lines), path))
    source = csv.reader(io.StringIO(text, newline=""), delimiter=table.delimiter, strict=True)
    start = 1
    try:
        for cells in source:
            starts = cell_starts(lines[start - 1 : source.line_num], start, table.delimiter)
            if (separator and start == 1) or not any(cell.strip() for cell in cells):
                pass  # `sep=;` is for the spreadsheet
            elif not table.header:
                table.header = [name.strip() for name in cells]
                table.problems += _check_header(table.header, path, starts)
                if table.problems:
                    return [], table.problems
            else:
                row = _as_wide(cells, table.header)
                _check_unnamed(table, row, starts)
                _add_row(table, row, starts, len(lines[start - 1]))
            start = source.line_num + 1
    except csv.Error as exc:
        table.problems.append(_csv_syntax(exc, Place(path, start, 1)))
    if not table.header and not table.problems:
        hint = "Write a row with the names of the columns, such as front,back."
        table.problems.append(error("empty-file", "the file has no cells", Place(path, 1, 1), hint))
    return table.rows, table.problems


def _first(lines: list[str]) -> str:
    """Return the first line with a word on it: rows above the names may be empty."""
    return next((line for line in lines if line.strip(' ",;\t')), lines[0])


def _as_wide(cells: list[str], header: list[str]) -> list[str]:
    """Return the cells of a row without empty ones beyond the columns, and with those that it omits.

    A spreadsheet writes or omits the empty cells at the end of a row as it likes; only columns
    without a name are filled up.
    """
    kept = list(cells)
    while len(kept) > len(header) and not kept[-1].strip():
        kept.pop()
    while len(kept) < len(header) and not any(header[len(kept) :]):
        kept.append("")
    return kept


def _check_unnamed(table: _Table, cells: list[str], starts: Sequence[tuple[int, int]]) -> None:
    """Add an error for each column without a name in which a row has something, once a column."""
    for number, cell in enumerate(cells[: len(table.header)]):
        if table.header[number] or number in table.unnamed or not cell.strip():
            continue
        table.unnamed.add(number)
        name, shown = letter(number), cell.strip()[:30]
        message = f"column {name} has no name in its first row, but `{shown}` here"
        hint = f"Write what column {name} holds into its first row, such as `hint`, or empty the column."
        at = Place(table.path, *(starts[number] if number < len(starts) else starts[0]))
        table.problems.append(error("unnamed-column", message, at, hint))


def check_rows(text: str, path: str, delimiter: str) -> list[Diagnostic]:
    """Return which rows of a chart's data cannot be read, or have not as many cells as the first."""
    source = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    problems: list[Diagnostic] = []
    header: list[str] = []
    start = 1
    try:
        for cells in source:
            if not header:
                header = cells
            elif cells and len(cells) != len(header):
                problems.append(_ragged(cells, header, delimiter, Place(path, start, 1)))
            start = source.line_num + 1
    except csv.Error as exc:
        problems.append(_csv_syntax(exc, Place(path, start, 1)))
    return problems


def _csv_syntax(exc: csv.Error, place: Place) -> Diagnostic:
    hint = 'A cell with quotes inside must double them: "".'
    return error("csv-syntax", f"the row cannot be read: {exc}", place, hint)


def _ragged(cells: list[str], header: list[str], delimiter: str, place: Place) -> Diagnostic:
    message = f"the row has {len(cells)} cells, but the header has {len(header)} columns"
    if len(cells) < len(header):
        column, sign = letter(len(cells)), "a tab" if delimiter == "\t" else f"`{delimiter}`"
        hint = f"In a spreadsheet, fill in column {column} (`{header[len(cells)]}`) of this row; in a text editor, end the row with {sign} for an empty cell."
    else:
        hint = f"Put a cell that holds `{delimiter}` in double quotes, or name the further columns in the first row."
    return error("csv-ragged-row", message, place, hint)


def json_syntax(exc: ValueError | RecursionError, place: Place) -> Diagnostic:
    """Say why a JSON file cannot be read."""
    reason = getattr(exc, "msg", "") or "it is nested too deeply"
    hint = "Look for a missing comma, quote or bracket at this place, or in the line before."
    return error("json-syntax", f"the JSON cannot be read: {reason}", place, hint)


def _check_header(header: list[str], path: str, starts: list[tuple[int, int]]) -> list[Diagnostic]:
    problems: list[Diagnostic] = []
    if not any(map(_is_near, header)):
        return [_without_names(header, path, starts)]
    for number, name in enumerate(header):
        at = Place(path, *(starts[number] if number < len(starts) else (1, 1)))
        if not name:
            continue  # a mistake only where it has cells
        if name not in COLUMNS:
            hint = did_you_mean(name, COLUMNS)
            if not _is_near(name):
                hint = f"Give it another name, or delete the column; {hint}"
            problems.append(error("unknown-key", f"unknown column `{name}`", at, hint))
        elif name in header[:number]:
            hint = "Delete or rename one of the two."
            problems.append(error("duplicate-key", f"the column `{name}` appears twice", at, hint))
    if not problems and "cloze" not in header and not {"front", "back"} <= set(header):
        missing = next(name for name in ("front", "back") if name not in header)
        hint = "The first row must name the columns, such as front,back,hint,tags,sources."
        message = f"the column `{missing}` is missing"
        problems.append(error("csv-missing-column", message, Place(path, 1, 1), hint))
    return problems


def _is_near(name: str) -> bool:
    """Return True for the name of a column, and for one that is close to it."""
    return not did_you_mean(name, COLUMNS).startswith("known are")


def _without_names(header: list[str], path: str, starts: list[tuple[int, int]]) -> Diagnostic:
    """Say that the first row is a card already, a setting of Anki, or has other names altogether."""
    place = Place(path, *(starts[0] if starts else (1, 1)))
    names = ", ".join(("front", "back", "hint", "tags")[: max(2, len(header))])
    if _OF_ANKI.match(header[0]):
        message = f"`{header[0][:40]}` is a setting of Anki, not the name of a column"
        hint = (
            "Delete the lines that begin with # and write a row with the names of the columns in "
            f"their place, such as {names}. Columns that are not for a card, such as Anki's "
            "`notetype` and `deck`, have to go."
        )
    else:
        shown = ", ".join(f"`{name[:20]}`" for name in header[:2])
        message = f"the first row does not name the columns: it has {shown}"
        hint = (
            f"If it is a card, write a row above it: {names}. If it has names of another program, "
            "put these in their place; `cloze` is for texts with gaps. Columns are separated by "
            "commas, semicolons or tabs."
        )
    return error("csv-missing-column", message, place, hint)


def _add_row(
    table: _Table, cells: list[str], starts: Sequence[tuple[int, int]], width: int
) -> None:
    """Add a row, whose first line has `width` characters, or say what is wrong with it."""
    path, header, problems = table.path, table.header, table.problems
    line = starts[0][0]
    if len(cells) != len(header):
        shown = width + 1 if len(cells) < len(header) else 1
        problems.append(_ragged(cells, header, table.delimiter, Place(path, line, shown)))
        return
    data: dict[str, Any] = {}
    document = Document(places={"": Place(path, line, 1)})
    for name, cell, (row, column) in zip(header, cells, starts, strict=False):
        at = Place(path, row, column, _starts(cell, row, column))
        if not name:
            continue
        if name == "reverse":
            flag = _FLAGS.get(cell.strip().lower())
            if flag is None:
                message = f"`reverse` must be true or false, not {cell!r}"
                problems.append(error("wrong-type", message, at))
            data[name] = bool(flag)
        elif name in _LISTS:
            data[name] = _split(name, cell)
            if name == "tags" and len(data[name]) == 1 and " " in data[name][0]:
                problems.append(_spaces(data[name][0], at))
        elif cell.strip():
            data[name] = _as_text(cell) if name in _TEXTS else cell.strip()
        document.places[name] = at
    table.rows.append(Row(data, document))


def _spaces(tag: str, at: Place) -> Diagnostic:
    """Warn of tags that are separated by spaces, as Anki writes them."""
    message = f"the tags cell holds spaces: `{tag[:40]}` is one tag"
    several, one = ", ".join(tag.split())[:50], "-".join(tag.split())[:50]
    hint = f"Separate tags with commas: `{several}`; join the words of one with hyphens: `{one}`."
    return warning("tags-with-spaces", message, at, hint)


def _starts(cell: str, row: int, column: int) -> tuple[tuple[int, int, int], ...]:
    """Return where the lines of a cell are, when it has several: see `Place`."""
    lines = cell.split("\n") if "\n" in cell else []
    found, count = [], 0
    for number, line in enumerate(lines):
        if line.strip():
            found.append((count, row + number, 1 if number else column))
        count += sum(map(len, line.split()))
    return tuple(found)


def _as_text(cell: str) -> str:
    """Return a cell as Markdown: its line breaks are kept, also those that are typed as `\\n`."""
    plain = without_code(cell)
    made, last = [], 0
    for match in _TYPED.finditer(plain):
        word = plain[: match.start() + 1].split(" ")[-1]
        if _FOLDER.search(word):
            continue
        made.append(cell[last : match.start()])
        last = match.end()
    lines = "\n".join([*made, cell[last:]]).strip()
    return re.sub(r"(?<=\S)[ \t]*\n(?=[ \t]*\S)", "  \n", lines)


def _split(name: str, cell: str) -> list[str]:
    """Split a cell of several values; a source's locator ("key, p. 12") keeps its comma."""
    parts = re.split(r"[;|,]" if name == "tags" else r"[;|]", cell)
    return [part.strip() for part in parts if part.strip()]
