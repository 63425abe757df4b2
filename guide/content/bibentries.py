"""The entries of a BibTeX file as written: types, keys and fields, each with its place.

pybtex reads the syntax; what it cannot read is reported, once for each entry.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from guide.content.bibtables import MONTHS
from guide.diagnostics.diagnostic import Diagnostic, Place, error, warning

_ENTRY = re.compile(r"@[ \t]*(\w+)\s*([{(])\s*([^,\s{}()=\"]*)\s*(=?)")
_SPACED_KEY = re.compile(r"@[ \t]*\w+\s*[{(]\s*([^,{}()=\"\n]*[^,{}()=\"\s])\s*,")
_NAME = re.compile(r"([A-Za-z][\w:.+/-]*)\s*=\s*[{\"\w]")
_SIGN = re.compile(r"@[ \t]*\w+\s*([{(])|[{}()\"]|^[ \t]*%", re.M)
# Entries that are part of another work, whose title the entry of that work gives.
_TRAVELS = frozenset(
    "inbook incollection inproceedings conference bookinbook suppbook inreference".split()
)
_OWN = frozenset(("crossref", "xdata", "ids", "label", "key"))


@dataclass
class Entry:
    """An entry as written: its type, its fields by name, and where it and each field begin.

    `parents` are the keys of the entries from which it takes fields.
    """

    kind: str
    key: str
    fields: dict[str, str]
    place: Place
    places: dict[str, Place] = field(default_factory=dict)
    parents: list[str] = field(default_factory=list)

    def at(self, name: str) -> Place:
        """Return where a field begins."""
        return self.places.get(name, self.place)


def read_entries(text: str, path: str, problems: list[Diagnostic]) -> list[Entry]:
    """Return the entries that can be read, each key once, with the fields that others give them."""
    found = list(_Reading(_without_comments(text), path, problems).entries())
    by_key = {entry.key.casefold(): entry for entry in found}
    for entry in found:
        _inherit(entry, by_key)
    return found


def _without_comments(text: str) -> str:
    """Blank out lines that begin with %, as biber does: never inside a value, keeping all places."""
    if not re.search(r"^[ \t]*%", text, re.M):
        return text
    depth, quoted, closer, pieces, last = 0, False, "}", [], 0
    for match in _SIGN.finditer(text):
        sign = match[0][-1]
        if match.start() < last:  # in a comment
            continue
        if sign == "%":
            if depth <= 1 and not quoted:
                end = text.find("\n", match.end())
                end = len(text) if end < 0 else end
                pieces += [text[last : match.start()], " " * (end - match.start())]
                last = end
        elif match[1]:
            if depth == 0:
                depth, quoted, closer = 1, False, "}" if sign == "{" else ")"
            else:
                depth += sign == "{"
        elif depth == 0:
            continue
        elif sign == '"' and depth == 1:
            quoted = not quoted
        elif sign == "{":
            depth += 1
        elif sign == "}" and not (depth == 1 and closer == ")"):
            depth -= 1
        elif sign == ")" and depth == 1 and closer == ")" and not quoted:
            depth = 0
    return "".join([*pieces, text[last:]])


class _Reading:
    """Reads one file."""

    def __init__(self, text: str, path: str, problems: list[Diagnostic]) -> None:
        self.text, self.path, self.problems = text, path, problems
        self.lines = [0, *(match.end() for match in re.finditer("\n", text))]
        self.undefined: dict[str, list[Place]] = {}
        self.broken: set[int] = set()
        self.keyless: set[int] = set()
        self.parser: Any = None

    def entries(self) -> Iterator[Entry]:
        """Yield the entries that can be read, each key once."""
        from pybtex.database.input.bibtex import LowLevelParser
        from pybtex.exceptions import PybtexError

        starts = self._starts()
        macros = _Macros(dict.fromkeys(MONTHS, "") | {name: name for name in MONTHS})
        self.parser = LowLevelParser(self.text, handle_error=self._failed, macros=macros)
        seen: dict[str, Place] = {}
        try:
            for command, body in self.parser:
                start = self.parser.command_start
                if command.lower() in {"string", "preamble", "comment"} or start in self.broken:
                    continue
                key, written = body
                place, places = starts.get(start, (Place(self.path, self.parser.lineno, 1), {}))
                if key in seen:
                    line = seen[key].line
                    message = f"two sources have the key `{key}`; the first is on line {line}"
                    hint = "Rename one of the two, or delete it."
                    self.problems.append(error("duplicate-id", message, place, hint))
                elif key:
                    seen[key] = place
                    yield self._entry(command.lower(), key, written, place, places)
        except PybtexError as exc:
            self._failed(exc)
        self._report_undefined()

    def _entry(
        self, kind: str, key: str, written: Any, place: Place, places: dict[str, list[Place]]
    ) -> Entry:
        fields: dict[str, str] = {}
        firsts = {name: spots[0] for name, spots in places.items()}
        for name, values in written:
            value = "".join(values)
            before = fields.setdefault(name.lower(), value)
            if before.split() != value.split():
                spots = places.get(name.lower(), [place])
                message = f"`{name.lower()}` appears twice in `{key}`; the second is not printed"
                hint = "Delete one of the two, or move its text to the other."
                self.problems.append(warning("duplicate-key", message, spots[-1], hint, key))
        return Entry(kind, key, fields, place, firsts)

    def _failed(self, exc: Any) -> None:
        """Report a fault of the syntax; what follows from the first of an entry says nothing new."""
        from pybtex.database.input.bibtex import UndefinedMacro

        start = self.parser.command_start
        if isinstance(exc, UndefinedMacro):
            line = int(getattr(exc, "lineno", 0) or 0)
            self.undefined.setdefault(str(exc.args[0]), []).append(Place(self.path, line, 1))
        elif start not in self.broken and start not in self.keyless:
            self.problems.append(self._syntax(exc, start))
        self.broken.add(start)

    def _syntax(self, exc: Any, start: int) -> Diagnostic:
        from pybtex.scanner import PrematureEOF

        begun = self._place(start)
        spaced = _SPACED_KEY.match(self.text, start)
        if spaced and re.search(r"\s", spaced[1]):
            message = f"the key `{spaced[1]}` has a space"
            hint = f"Write `{''.join(spaced[1].split())}` here and where it is cited."
            return error("bibtex-syntax", message, begun, hint)
        if isinstance(exc, PrematureEOF):
            message = "the entry that begins here does not end: a closing brace or quote is missing"
            hint = "Count the braces of its fields; what follows it is not read either."
            return error("bibtex-syntax", message, begun, hint)
        reason = " ".join(str(exc).split()).partition(": ")[2] or str(exc)
        message = f"the BibTeX cannot be read: {reason}"
        hint = "Look for a comma, quote or brace that is missing in this entry or the one before."
        line = int(getattr(exc, "lineno", 0) or 0)
        return error("bibtex-syntax", message, Place(self.path, line, 1), hint)

    def _report_undefined(self) -> None:
        for name, places in self.undefined.items():
            message = f"`{name}` is not defined: there is no @string of that name"
            if len(places) > 1:
                message += f"; {len(places)} entries use it"
            hint = (
                f"Write @string{{{name} = {{...}}}} before this entry, or put the text in braces."
            )
            self.problems.append(error("bibtex-syntax", message, places[0], hint))

    def _place(self, offset: int) -> Place:
        line = bisect_right(self.lines, offset)
        return Place(self.path, line, offset - self.lines[line - 1] + 1)

    def _starts(self) -> dict[int, tuple[Place, dict[str, list[Place]]]]:
        """Return where each entry and its fields begin, and report entries without a key."""
        matches = list(_ENTRY.finditer(self.text))
        found: dict[int, tuple[Place, dict[str, list[Place]]]] = {}
        for number, match in enumerate(matches):
            if match[1].lower() in {"comment", "string", "preamble"}:
                continue
            start = match.start()
            place = self._place(start)
            end = matches[number + 1].start() if number + 1 < len(matches) else len(self.text)
            if match[4] or not match[3]:
                message = f"an entry of the type `{match[1]}` has no key"
                hint = f"Write a short key after the brace: @{match[1]}{{doe-2001, ..."
                self.problems.append(error("missing-key", message, place, hint))
                self.keyless.add(start)
            names: dict[str, list[Place]] = {}
            for each in _NAME.finditer(self.text, start, end):
                names.setdefault(each[1].lower(), []).append(self._place(each.start()))
            found[start] = (place, names)
        return found


class _Macros(dict[str, str]):
    """The names of @string, in small letters as BibTeX reads them."""

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.lower())

    def __setitem__(self, name: str, value: str) -> None:
        super().__setitem__(name.lower(), value)

    def __contains__(self, name: object) -> bool:
        return super().__contains__(str(name).lower())


def _inherit(entry: Entry, by_key: Mapping[str, Entry]) -> None:
    """Give an entry what the one that it refers to says for both (crossref, xdata)."""
    for name in ("xdata", "crossref", "xref"):
        for key in entry.fields.get(name, "").split(","):
            parent = by_key.get(key.strip().casefold())
            if parent is None or parent is entry:
                continue
            entry.parents.append(parent.key)
            if name == "xref":  # a relation without inheritance
                continue
            given = dict(parent.fields)
            if name == "crossref" and entry.kind in _TRAVELS:
                title = given.pop("title", "")
                given.setdefault("booktitle", title)
                if "subtitle" in given:
                    given["booksubtitle"] = given.pop("subtitle")
            for field_name, value in given.items():
                if field_name not in _OWN and value:
                    entry.fields.setdefault(field_name, value)
