"""Lists of people as CSV, TSV or YAML: their rows, with the line of every problem.

Messages never repeat what a cell holds: they name a person.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from guide.content.cells import cell_starts, delimiter_of
from guide.delivery.columns import COLUMNS, Columns, columns
from guide.diagnostics.diagnostic import Diagnostic, GuideError, Place, error, note
from guide.diagnostics.suggest import did_you_mean

if TYPE_CHECKING:
    from guide.content.yaml import Document

MAX_BYTES = 64_000_000


@dataclass
class Entry:
    """One row as it was written: text by column, and where each cell is."""

    path: str
    line: int
    cells: dict[str, str]
    places: Mapping[str, Place] = field(default_factory=dict)
    lines: Sequence[str] = ()
    delimiter: str = ""
    header: Sequence[str] = ()

    def at(self, name: str = "") -> Place:
        """Return the place of a cell, else of the row."""
        if name in self.places:
            return self.places[name]
        if self.lines and name in self.header:
            record = self.lines[self.line - 1 : self.line + 100]
            starts = cell_starts(record, self.line, self.delimiter)
            number = self.header.index(name)
            if number < len(starts):
                return Place(self.path, *starts[number])
        return self.places.get("", Place(self.path, self.line, 1))


def read(file: Path, encoding: str) -> tuple[list[Entry], list[Diagnostic]]:
    """Return the rows of a list of any form, and what is wrong with its form; raises GuideError."""
    path = str(file)
    text = decode(read_file(file), path, encoding)
    if not path.lower().endswith((".yaml", ".yml")):
        return read_table(text, path)
    from guide.content.yaml import read_yaml

    document, problems = read_yaml(text, path)
    if document is None:
        return [], list(problems)
    entries, more = _from_yaml(document, path)
    return entries, [*problems, *more]


def read_file(path: Path) -> bytes:
    """Return the bytes of a list; raises GuideError when it cannot be read."""
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as exc:
        message = f"the list cannot be read: {getattr(exc, 'strerror', None) or exc}"
        hint = "Check the name, upper and lower case too, and the permissions."
        raise GuideError(error("unreadable-file", message, Place(str(path)), hint)) from exc
    if len(data) > MAX_BYTES:
        message = f"the list has more than {MAX_BYTES / 1e6:.0f} MB"
        hint = "Split it into several lists."
        raise GuideError(error("file-too-large", message, Place(str(path)), hint))
    return data


def decode(data: bytes, path: str, encoding: str = "") -> str:
    """Return the text of a list with unix line ends; raises GuideError.

    UTF-8, or UTF-16 when its byte order mark says so (Excel's "Unicode text"). Older encodings are
    never guessed, since a wrong guess would print wrong names: `encoding` names one.
    """
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF")):
        hint = "Save the sheet as CSV UTF-8, and give that file."
        message = "this is a workbook or a PDF, not a list in CSV, TSV or YAML"
        raise GuideError(error("csv-syntax", message, Place(path, 1, 1), hint))
    utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        text = data.decode("utf-16" if utf16 else encoding or "utf-8")
    except LookupError as exc:
        message = f"there is no encoding `{encoding}`"
        hint = "Such as windows-1252, windows-1250 or iso-8859-1."
        raise GuideError(error("not-utf8", message, Place("--encoding"), hint)) from exc
    except UnicodeDecodeError as exc:
        before = data[: exc.start].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        line = before.count(b"\n") + 1
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1
        wrong = data[exc.start : exc.start + 1]
        west, east = (wrong.decode(name, "replace") for name in ("cp1252", "cp1250"))
        message = (
            f"byte 0x{wrong[0]:02X} is not {encoding or 'UTF-8'} "
            f"(in Windows-1252 it would be {west!r}, in Windows-1250 {east!r})"
        )
        hint = "Save the list as CSV UTF-8, or name its encoding: --encoding windows-1252"
        raise GuideError(error("not-utf8", message, Place(path, line, column), hint)) from exc
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def read_table(text: str, path: str) -> tuple[list[Entry], list[Diagnostic]]:
    """Return the rows of a CSV or TSV list, and what is wrong with its form."""
    lines = text.split("\n")
    first = 2 if lines[0].lower().startswith("sep=") and len(lines[0].strip()) == 5 else 1
    if not any(line.strip() for line in lines[first - 1 :]):
        hint = "The first row names the columns: name,email,organisation"
        return [], [error("empty-file", "the list is empty", Place(path, 1, 1), hint)]
    delimiter = lines[0].strip()[4] if first == 2 else ""
    if delimiter == '"' or delimiter.isalnum():
        hint = "Write sep=; or sep=, or delete the line."
        message = "the first line names a sign that cannot separate cells"
        return [], [error("csv-syntax", message, Place(path, 1, 5), hint)]
    delimiter, above = _header_place(lines, first, path, delimiter)
    first = start = first + above
    body = io.StringIO("\n".join(lines[start - 1 :]), newline="")
    source = csv.reader(body, delimiter=delimiter, strict=True)
    problems: list[Diagnostic] = []
    entries: list[Entry] = []
    header: Columns | None = None
    try:
        for cells in source:
            if header is None:
                if any(cell.strip() for cell in cells):
                    header = columns(cells)
                    form = _Form(path, lines, delimiter, header)
                    problems += form.check(start, above)
                    if not header.known:
                        break
            elif any(cell.strip() for cell in cells):
                entry = form.entry(cells, start, problems)
                entries += [entry] if entry else []
            start = source.line_num + first
    except csv.Error as exc:
        hint = 'A cell with quotes inside must double them: "".'
        message = f"the row cannot be read: {exc}"
        problems.append(error("csv-syntax", message, Place(path, start, 1), hint))
    return entries, problems


_ABOVE = 10  # lines that a title may take above the header


def _header_place(lines: Sequence[str], first: int, path: str, given: str) -> tuple[str, int]:
    """Return what separates the cells, and how many lines of a title are above the header.

    A title has one cell in a line, or none: a row of two could be somebody.
    """
    usual = given or delimiter_of(lines[first - 1], path)
    best = (0, 0, usual)
    for delimiter in [given] if given else [usual, *({",", ";", "\t"} - {usual})]:
        for above, line in enumerate(lines[first - 1 : first - 1 + _ABOVE]):
            try:
                cells = next(csv.reader([line], delimiter=delimiter), [])
            except csv.Error:
                break
            filled = [cell for cell in cells if cell.strip()]
            found = columns(cells)
            if found.named and found.known > best[0] and (above == 0 or len(filled) > 1):
                best = (found.known, above, delimiter)
            if len(filled) > 1 or found.known:
                break
    return best[2], best[1]


@dataclass(frozen=True)
class _Form:
    """The form of a list: its lines, what separates cells, and its columns."""

    path: str
    lines: list[str]
    delimiter: str
    header: Columns

    def check(self, line: int, above: int) -> list[Diagnostic]:
        """Return what is wrong with the header in a line, and how it is read."""
        header, path = self.header, self.path
        if not header.known:  # somebody's row: what it says is not repeated
            message = "the first row names no column of a list"
            hint = "Write a row above it that names the columns: name,email,organisation"
            return [error("csv-missing-column", message, Place(path, line, 1), hint)]
        problems = []
        names = [name.strip().lower() for name in header.written]
        for number, (name, role) in enumerate(zip(names, header.roles, strict=True)):
            if name and name in names[:number] and role:
                hint = "Delete or rename one of the two."
                message = f"the column `{name}` appears twice"
                problems.append(error("duplicate-key", message, self._at(number, line), hint))
            elif name and not role and header.own:
                hint = did_you_mean(name, COLUMNS)
                message = f"unknown column `{name}`"
                problems.append(error("unknown-key", message, self._at(number, line), hint))
        if not header.named:
            hint = "The first row names the columns; `name` must be there: name,email,organisation"
            message = "the column `name` is missing"
            problems.append(error("csv-missing-column", message, Place(path, line, 1), hint))
        elif not header.own or above:
            message = f"the list is read as {header.described()}"
            if above:
                message += f"; line {line} is its header, and the lines above are not used"
            hint = f"If a column is something else, rename it: {', '.join(COLUMNS)}."
            problems.append(note("list-columns", message, Place(path, line, 1), hint))
        return problems

    def _at(self, number: int, line: int) -> Place:
        starts = cell_starts(self.lines[line - 1 :], line, self.delimiter)
        return Place(self.path, *(starts[number] if number < len(starts) else (line, 1)))

    def entry(self, cells: list[str], line: int, problems: list[Diagnostic]) -> Entry | None:
        """Return a row, or None after noting that its cells are not those of the header."""
        header = self.header.written
        while len(cells) > len(header) and not cells[-1].strip():  # spreadsheets like to add some
            cells.pop()
        named = zip(cells, header, strict=False)
        stray = any(cell.strip() for cell, name in named if not name.strip())
        if len(cells) != len(header) or stray:
            message = f"the row has {len(cells)} cells, but the header names {len(header)} columns"
            if stray:
                message = "a cell is in a column without a name"
            hint = f"Put a cell that holds {self.delimiter!r} in double quotes, or add the missing cells."
            problems.append(error("csv-ragged-row", message, Place(self.path, line, 1), hint))
            return None
        found = self.header.cells(cells)
        return Entry(self.path, line, found, {}, self.lines, self.delimiter, self.header.fields)


def _from_yaml(document: Document, path: str) -> tuple[list[Entry], list[Diagnostic]]:
    """Return the rows of a list that was written as YAML: keys and values, or names alone."""
    data, top = document.data, ""
    if isinstance(data, dict) and set(data) == {"recipients"}:
        data, top = data["recipients"], "recipients."
    at = Place(path, 1, 1)
    if data is None or data == []:
        hint = "Write a list: `- {name: A. Reader, email: reader@example.org}`"
        return [], [error("empty-file", "the list is empty", at, hint)]
    if not isinstance(data, list):
        hint = "Write each recipient on its own line: `- {name: A. Reader}`"
        return [], [error("wrong-type", "the file must be a list of recipients", at, hint)]
    entries, problems = [], []
    for number, value in enumerate(data):
        prefix = f"{top}{number}"
        if isinstance(value, str):
            value = {"name": value}  # noqa: PLW2901  a name alone
        if not isinstance(value, dict):
            hint = "Write it as `{name: A. Reader, email: reader@example.org}`."
            message = "a recipient must be keys and values"
            place = document.places.get(prefix, at)
            problems.append(error("wrong-type", message, place, hint))
        elif entry := _entry(document, prefix, value, path, problems):
            entries.append(entry)
    return entries, problems


def _entry(
    document: Document, at: str, value: Mapping[Any, Any], path: str, problems: list[Diagnostic]
) -> Entry | None:
    """Return a recipient that was written as keys and values, or None where one of them is no text."""
    places, place = document.places, document.places.get(at, Place(path, 1, 1))
    cells: dict[str, str] = {}
    found, whole = {"": place}, True
    for key, inner in value.items():
        name = str(key)
        found[name] = places.get(f"{at}.{name}", place)
        if name not in COLUMNS:
            hint = did_you_mean(name, COLUMNS)
            where = document.keys.get(f"{at}.{name}", place)
            said = f"unknown key `{name}`" if set(map(str, value)) & set(COLUMNS) else ""
            said = said or "the key is none of a recipient's"  # it may be somebody's name
            problems.append(error("unknown-key", said, where, hint))
        elif isinstance(inner, dict | list):
            message = f"`{name}` must be text"
            problems.append(error("wrong-type", message, found[name], "Write plain text."))
            whole = False
        elif inner is not None:
            cells[name] = str(getattr(inner, "text", inner))
    return Entry(path, place.line, cells, found) if whole else None
