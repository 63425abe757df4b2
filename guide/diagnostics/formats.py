"""Diagnostics as text for a terminal, as JSON, and as workflow commands of GitHub Actions."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from guide.diagnostics.calling import as_called
from guide.diagnostics.diagnostic import Diagnostic, Place, Severity

_COLOURS = {Severity.ERROR: "31", Severity.WARNING: "33", Severity.NOTE: "36"}
_GITHUB = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
_WORDS = ("code", "message", "hint", "item", "accepted")
_UNPRINTABLE = re.compile("[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def plain(text: str) -> str:
    """Return text for one line of a terminal: control characters are shown, not obeyed."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


def text_lines(diagnostic: Diagnostic, colour: bool = False) -> str:
    """Return `path:line:column: severity[code]: message` and, indented, the remedy."""
    severity = str(diagnostic.severity)
    if colour:
        severity = f"\x1b[1;{_COLOURS[diagnostic.severity]}m{severity}\x1b[0m"
    place = f"{plain(str(diagnostic.place))}: " if str(diagnostic.place) else ""
    first = f"{place}{severity}[{diagnostic.code}]: {plain(diagnostic.message)}"
    remedy = remedy_of(diagnostic)
    return f"{first}\n    {plain(as_called(remedy))}" if remedy else first


def remedy_of(diagnostic: Diagnostic) -> str:
    """Return what to do about a problem; for an accepted one, why nothing is to be done."""
    accepted = diagnostic.accepted
    return f"accepted: {accepted}" if accepted else diagnostic.hint


def github_line(diagnostic: Diagnostic) -> str:
    """Return a workflow command of GitHub Actions, escaped as its documentation asks."""

    def escaped(text: str, extra: str = "") -> str:
        text = "\n".join(plain(line) for line in text.split("\n"))
        for sign in "%\r\n" + extra:
            text = text.replace(sign, f"%{ord(sign):02X}")
        return text

    place = diagnostic.place
    where = f"file={escaped(place.path, ':,')}"
    if place.line:
        where += f",line={place.line},col={place.column or 1}"
    remedy = remedy_of(diagnostic)
    message = diagnostic.message + (f"\n{remedy}" if remedy else "")
    kind = _GITHUB[diagnostic.severity]
    return f"::{kind} {where},title={escaped(diagnostic.code, ':,')}::{escaped(message)}"


def diagnostic_json(diagnostic: Diagnostic) -> dict[str, Any]:
    """Return a diagnostic as plain data."""
    place = diagnostic.place
    where = {"path": place.path, "line": place.line, "column": place.column}
    severity = {"severity": str(diagnostic.severity)}
    return where | severity | {name: getattr(diagnostic, name) for name in _WORDS}


def plain_json(value: Any) -> str:
    """Return JSON that a terminal may be shown: what it would obey, or not encode, is escaped."""
    text = json.dumps(value, indent=1, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def utf8(text: str) -> bytes:
    """Return what a program reads as UTF-8, whatever the terminal's encoding is.

    Of a file's name that is no UTF-8, the bytes are written as JSON escapes.
    """
    return text.encode("utf-8", "backslashreplace")


def from_json(data: Mapping[str, Any]) -> Diagnostic:
    """Return the diagnostic that `diagnostic_json` made plain data of; raises KeyError, ValueError."""
    place = Place(data["path"], data["line"], data["column"])
    severity = Severity(data["severity"])
    words = {name: data[name] for name in _WORDS}
    return Diagnostic(**words, place=place, severity=severity)
