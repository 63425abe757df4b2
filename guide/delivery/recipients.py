"""Who gets a copy: lists as CSV, TSV or YAML, read with the line of every problem.

Messages never repeat what a cell holds: they name a person.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from guide.content.cells import cell_starts, delimiter_of
from guide.copies.encrypt import password_fault
from guide.delivery.channels import registry
from guide.delivery.columns import COLUMNS, Columns, columns
from guide.delivery.names import fold
from guide.diagnostics.diagnostic import (
    Diagnostic,
    GuideError,
    Place,
    error,
    in_order,
    note,
    warning,
)
from guide.diagnostics.suggest import did_you_mean
from guide.model.copies import Recipient

if TYPE_CHECKING:
    from guide.delivery.request import Task

MAX_BYTES = 64_000_000
MAX_TEXT = 500  # characters in a cell: a name of 300 is unusual, one of 5,000 is a mistake
MAX_COPIES = 1000

# Marks that turn the direction of what follows: a name with one could pose as another (UTS #55).
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True)
class Row:
    """A recipient, and the line of the list that names it."""

    recipient: Recipient
    line: int


@dataclass(frozen=True)
class Rules:
    """What a list may ask for in this run.

    `channels` maps each name and alias to the channel that is meant; `mailing` are the channels
    that need an address. `editions` is None for a document that has none.
    """

    channels: Mapping[str, str]
    default: str
    mailing: Collection[str] = ()
    editions: Collection[str] | None = None
    languages: Collection[str] = ()
    encrypt: bool = False


@dataclass
class Entry:
    """One row as it was written: text by column, and where each cell stands."""

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


def recipients_of(task: Task) -> tuple[Task, list[Diagnostic]]:
    """Return a task with the recipients of its list, and what is wrong with the list; raises GuideError."""
    request, path = task.request, task.list
    entries, problems = read(request.recipients, request.encoding)
    if not entries and problems:
        return task, problems
    languages: tuple[str, ...] = ()
    if any(entry.cells.get("language") for entry in entries):
        from guide.markup.labels import CATALOGUES

        languages = ("sr", *(name.replace("_", "-") for name in CATALOGUES))
    rules = Rules(
        channels=registry.names(),
        default=registry.names()[request.channel],
        mailing=registry.mailing(),
        editions=task.about.editions,
        languages=languages,
        encrypt=request.encrypt,
    )
    rows, faults = check(entries, rules, path)
    problems += faults
    partial = any(d.severity == "error" for d in problems)
    return replace(task, rows=rows, partial=partial), problems


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
    entries, more = from_values(document.data, document.places, document.keys, path)
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
        raise GuideError(
            error("file-too-large", message, Place(str(path)), "Split it into several lists.")
        )
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
    start = first + above
    body = io.StringIO("\n".join(lines[start - 1 :]), newline="")
    source = csv.reader(body, delimiter=delimiter, strict=True)
    problems: list[Diagnostic] = []
    entries: list[Entry] = []
    header: Columns | None = None
    first = start
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
                if entry is not None:
                    entries.append(entry)
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
    candidates = [given] if given else [usual, *({",", ";", "\t"} - {usual})]
    for delimiter in candidates:
        above = 0
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
            hint = f"Put a cell that holds {self.delimiter!r} in double quotes, or add the missing "
            hint += "cells."
            problems.append(error("csv-ragged-row", message, Place(self.path, line, 1), hint))
            return None
        found = self.header.cells(cells)
        return Entry(self.path, line, found, {}, self.lines, self.delimiter, self.header.fields)


def from_values(
    data: Any, places: Mapping[str, Place], keys: Mapping[str, Place], path: str
) -> tuple[list[Entry], list[Diagnostic]]:
    """Return the rows of a list that was written as YAML: keys and values, or names alone.

    `places` and `keys` tell where each value and key was written, by dotted path (`0.name`).
    """
    top = ""
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
        place = places.get(prefix, at)
        if isinstance(value, str):
            value = {"name": value}  # noqa: PLW2901  a name alone
        if not isinstance(value, dict):
            hint = "Write it as `{name: A. Reader, email: reader@example.org}`."
            message = "a recipient must be keys and values"
            problems.append(error("wrong-type", message, place, hint))
            continue
        cells: dict[str, str] = {}
        found, whole = {"": place}, True
        for key, inner in value.items():
            name = str(key)
            found[name] = places.get(f"{prefix}.{name}", place)
            if name not in COLUMNS:
                hint = did_you_mean(name, COLUMNS)
                where = keys.get(f"{prefix}.{name}", place)
                said = f"unknown key `{name}`" if set(map(str, value)) & set(COLUMNS) else ""
                said = said or "the key is none of a recipient's"  # it may be somebody's name
                problems.append(error("unknown-key", said, where, hint))
            elif isinstance(inner, dict | list):
                message = f"`{name}` must be text"
                problems.append(error("wrong-type", message, found[name], "Write plain text."))
                whole = False
            elif inner is not None:
                cells[name] = str(getattr(inner, "text", inner))
        if whole:
            entries.append(Entry(path, place.line, cells, found))
    return entries, problems


def check(
    entries: Iterable[Entry], rules: Rules, path: str
) -> tuple[tuple[Row, ...], tuple[Diagnostic, ...]]:
    """Return the recipients of a list, and everything that is wrong with them."""
    checking = _Checking(rules)
    rows = [row for entry in entries if (row := checking.row(entry)) is not None]
    if not rows and not checking.problems:
        hint = "Write a row for each recipient under the header: A. Reader,reader@example.org"
        message = "the list has a header, but no recipients"
        checking.problems.append(error("no-recipients", message, Place(path, 1, 1), hint))
    return tuple(rows), in_order(checking.problems)


class _Checking:
    """Reads rows one by one and remembers those before, for what appears twice."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.problems: list[Diagnostic] = []
        self.refs: dict[str, int] = {}
        self.addresses: dict[str, int] = {}
        self.named: dict[tuple[str, str], list[tuple[int, str]]] = {}
        self.people: dict[tuple[str, str], int] = {}
        self.passwords_unused = False

    def row(self, entry: Entry) -> Row | None:
        before = len(self.problems)
        cells = {name: self._text(entry, name, cell) for name, cell in entry.cells.items()}
        values: dict[str, Any] = {name: cell for name, cell in cells.items() if cell}
        if not values.get("name"):
            hint = "Only `name` is required; write somebody's name, or the name of an office."
            self._refuse("missing-key", "the recipient has no `name`", entry, "name", hint)
        values["copies"] = self._copies(entry, cells.get("copies", ""))
        values["channel"] = self._channel(entry, cells.get("channel", ""))
        values["email"] = self._email(entry, cells.get("email", ""), values["channel"])
        self._edition(entry, cells.get("edition", ""))
        self._language(entry, cells.get("language", ""))
        self._password(entry, cells.get("password", ""))
        if any(found.severity == "error" for found in self.problems[before:]):
            return None
        recipient = Recipient(**values)
        self._twice(entry, recipient)
        return Row(recipient, entry.line)

    def _refuse(self, code: str, message: str, entry: Entry, name: str, hint: str = "") -> None:
        self.problems.append(error(code, message, entry.at(name), hint))

    def _text(self, entry: Entry, name: str, cell: str) -> str:
        """Return a cell in one line and composed form (NFC), after noting what cannot be printed."""
        text = cell.strip()
        if not text.isprintable() and (wrong := _unprintable(text)):
            code = ord(wrong)
            what = "a line break" if wrong in "\n\r\u2028\u2029\x0b\x0c\x85" else f"U+{code:04X}"
            self._refuse("control-character", f"`{name}` holds {what}", entry, name,
                      "Delete it: a name, an address or a password is one line of text.")  # fmt: skip
            text = "".join(c for c in text if c != wrong)
        if name == "password":
            return text
        if len(text) > MAX_TEXT:
            message = f"`{name}` has {len(text)} characters; {MAX_TEXT} is the most"
            self._refuse(
                "bad-value", message, entry, name, "Shorten it, or look for a missing quote."
            )
            return text[:MAX_TEXT]
        formula = text[:1] in {"=", "@"} or (text[:1] in {"+", "-"} and text[1:2].isalpha())
        if name in {"name", "organisation", "ref"} and formula and len(text) > 1:
            message = f"`{name}` begins like a formula of a spreadsheet"
            hint = "It is printed as it stands. If nobody is called so, correct the list."
            self.problems.append(warning("formula-in-list", message, entry.at(name), hint))
        if text.isascii():
            return text
        text = unicodedata.normalize("NFC", text)
        if name in {"name", "organisation"}:
            self._printable(entry, name, text)
        return text

    def _printable(self, entry: Entry, name: str, text: str) -> None:
        """Note letters that a copy cannot show: one of them, since all of them are a name."""
        if all(c < "\u0250" or "\u0400" <= c < "\u0460" for c in text):  # as Europe writes
            return
        from guide.fonts.glyphs import uncovered

        if missing := sorted(uncovered(text)):
            said = unicodedata.name(missing[0], "?").lower()
            message = (
                f"`{name}` has letters that no bundled font has: U+{ord(missing[0]):04X} {said}"
            )
            if len(missing) > 1:
                message += f" and {len(missing) - 1} more"
            hint = "Write it in letters: emoji and rare signs cannot be printed."
            self.problems.append(warning("missing-glyph", message, entry.at(name), hint))

    def _copies(self, entry: Entry, cell: str) -> int:
        if not cell:
            return 1
        digits = cell.isascii() and cell.isdigit() and len(cell) < 8
        if not digits or not 1 <= int(cell) <= MAX_COPIES:
            message = f"`copies` must be a whole number from 1 to {MAX_COPIES}"
            self._refuse("bad-value", message, entry, "copies", "Leave it empty for one copy.")
            return 1
        return int(cell)

    def _channel(self, entry: Entry, cell: str) -> str:
        name = cell.lower()
        if not name:
            return self.rules.default
        if name not in self.rules.channels:
            hint = did_you_mean(name, self.rules.channels)
            self._refuse("unknown-channel", "there is no such channel", entry, "channel", hint)
            return ""
        return self.rules.channels[name]

    def _email(self, entry: Entry, cell: str, channel: str) -> str:
        if not cell:
            if channel in self.rules.mailing:
                message = f"the channel `{channel}` needs an address in `email`"
                self._refuse("missing-address", message, entry, "email",
                          "Write the address, or choose the channel folder or zip.")  # fmt: skip
            return ""
        from email_validator import EmailNotValidError, validate_email

        try:
            if cell.lower().endswith("@localhost"):  # a server on this machine
                validate_email(f"{cell}.test", check_deliverability=False, test_environment=True)
                return cell
            found = validate_email(
                cell, check_deliverability=False, test_environment=True, strict=True
            )
        except EmailNotValidError as exc:
            reason = "the address has no @" if "@" not in cell else str(exc).rstrip(".")
            self._refuse("bad-address", f"`email` is not one address: {reason}", entry, "email",
                      "Write one address, such as reader@example.org.")  # fmt: skip
            return ""
        return str(found.normalized)

    def _edition(self, entry: Entry, cell: str) -> None:
        if not cell:
            return
        if self.rules.editions is None:
            self._refuse("unknown-edition", "a PDF has no editions", entry, "edition",
                      "Leave the cell empty, or distribute the pack.")  # fmt: skip
        elif cell not in self.rules.editions:
            hint = did_you_mean(cell, self.rules.editions) or "pack.yaml names no editions."
            self._refuse("unknown-edition", "there is no such edition", entry, "edition", hint)

    def _language(self, entry: Entry, cell: str) -> None:
        known = {name.lower() for name in self.rules.languages}
        parts = cell.lower().replace("_", "-").split("-")
        if cell and known and not known & {"-".join(parts[:n]) for n in range(1, len(parts) + 1)}:
            self._refuse("unknown-language", "there are no words for this language", entry, "language",
                      did_you_mean(cell, sorted(self.rules.languages)))  # fmt: skip

    def _password(self, entry: Entry, cell: str) -> None:
        if self.rules.encrypt and not cell:
            self._refuse("missing-password", "--encrypt needs a password in every row", entry,
                      "password", "Write one, or leave --encrypt out.")  # fmt: skip
        elif cell and (message := password_fault(cell)):
            hint = "Choose another one: three or four words are easy to type and hard to guess."
            self._refuse("bad-value", message, entry, "password", hint)
        elif cell and not self.rules.encrypt and not self.passwords_unused:
            self.passwords_unused = True
            self.problems.append(
                warning("unused-password", "the list has passwords, but nothing is encrypted",
                        entry.at("password"), "Encrypt the copies with --encrypt.")
            )  # fmt: skip

    def _twice(self, entry: Entry, who: Recipient) -> None:
        """Note what stands in the list already: a ref, a person, an address."""
        hint = "Delete one row; for several copies write `copies`."
        if who.ref:
            first = self.refs.setdefault(who.ref, entry.line)
            if first != entry.line:
                message = f"the same `ref` is in line {first}"
                self._refuse("duplicate-recipient", message, entry, "ref", hint)
        name, address = fold(who.name), fold(who.email)
        if address:
            same = self.named.setdefault((name, address), [])
            twice = next((line for line, ref in same if not (who.ref and ref)), 0)
            same.append((entry.line, who.ref))
            line = self.addresses.setdefault(address, entry.line)
            if twice:
                message = f"the same name and address are in line {twice}"
                self._refuse("duplicate-recipient", message, entry, "email", hint)
            elif line != entry.line:
                message = f"the same address is in line {line}"
                hint = "It gets both copies. If that is one person, delete one row."
                self.problems.append(warning("duplicate-address", message, entry.at("email"), hint))
        elif not who.ref:
            first = self.people.setdefault((name, fold(who.organisation)), entry.line)
            if first != entry.line:
                message = f"the same name and organisation are in line {first}"
                hint += " Tell two people apart by `email` or `ref`."
                self._refuse("duplicate-recipient", message, entry, "name", hint)


def _unprintable(text: str) -> str:
    """Return the first character that breaks a line, is a control, or turns the direction."""
    for sign in text:
        category = unicodedata.category(sign)
        if category in {"Cc", "Cs", "Zl", "Zp"} or sign in _TURNING:
            return sign
    return ""
