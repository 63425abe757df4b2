"""Diagnostics and other values as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from guide.diagnostics.diagnostic import Diagnostic, Place, Severity

_UNPRINTABLE = re.compile("[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def plain_json(value: Any) -> str:
    """Return JSON that a terminal may be shown: what it would obey, or not encode, is escaped."""
    text = json.dumps(value, indent=1, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def diagnostic_json(diagnostic: Diagnostic) -> dict[str, Any]:
    """Return a diagnostic as plain data."""
    place = diagnostic.place
    return {
        "path": place.path,
        "line": place.line,
        "column": place.column,
        "severity": str(diagnostic.severity),
        "code": diagnostic.code,
        "message": diagnostic.message,
        "hint": diagnostic.hint,
        "item": diagnostic.item,
        "accepted": diagnostic.accepted,
    }


def diagnostic_of(data: Mapping[str, Any]) -> Diagnostic:
    """Return the diagnostic of `diagnostic_json`; raises KeyError, TypeError and ValueError."""
    place = Place(data["path"], data["line"], data["column"])
    severity = Severity(data["severity"])
    known = {name: data[name] for name in ("code", "message", "hint", "item", "accepted")}
    return Diagnostic(**known, place=place, severity=severity)
