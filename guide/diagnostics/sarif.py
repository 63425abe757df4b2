"""Diagnostics as SARIF 2.1.0, the format in which code scanners and editors exchange findings.

Source: OASIS, Static Analysis Results Interchange Format (SARIF) Version 2.1.0, 2020.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from guide import __version__
from guide.diagnostics.diagnostic import Diagnostic
from guide.resources import DIAGNOSTICS

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_BASE = "%SRCROOT%"


@lru_cache
def documented() -> dict[str, str]:
    """Return the sections of docs/diagnostics.md by code; {} where it was not installed."""
    if not DIAGNOSTICS.is_file():
        return {}
    parts = re.split(r"^## ([a-z0-9-]+)$", DIAGNOSTICS.read_text("utf-8"), flags=re.M)
    return dict(zip(parts[1::2], map(str.strip, parts[2::2]), strict=True))


def sarif_log(diagnostics: Sequence[Diagnostic], folder: Path) -> dict[str, Any]:
    """Return a SARIF log of one run; addresses of files are relative to `folder`."""
    codes = sorted({d.code for d in diagnostics})
    rules = [_rule(code) for code in codes]
    driver = {"name": "guide", "version": __version__, "rules": rules}
    seen: Counter[str] = Counter()
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_BASE: {"description": {"text": "The folder guide was run in."}}},
        "results": [_result(d, codes.index(d.code), folder, seen) for d in diagnostics],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(code: str) -> dict[str, Any]:
    """Return what SARIF says of a code: its section of the documentation."""
    text = documented().get(code, "")
    cause = _part(text, "Cause")
    rule: dict[str, Any] = {"id": code, "name": code.title().replace("-", "")}
    if cause:
        remedy = _part(text, "Remedy")
        rule["shortDescription"] = {"text": cause}
        rule["fullDescription"] = {"text": cause}
        rule["help"] = {"text": f"{cause}\n{remedy}".strip(), "markdown": text}
    return rule


def _part(text: str, name: str) -> str:
    match = re.search(rf"\*\*{name}\.\*\*\s+(.*?)(?=\n\n\*\*|\n\n```|\Z)", text, re.S)
    return " ".join(match[1].split()) if match else ""


def _result(diagnostic: Diagnostic, index: int, folder: Path, seen: Counter[str]) -> dict[str, Any]:
    text = diagnostic.message + (f"\n{diagnostic.hint}" if diagnostic.hint else "")
    found: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "ruleIndex": index,
        "level": str(diagnostic.severity),
        "message": {"text": text},
        "locations": [_location(diagnostic, folder)],
        "partialFingerprints": {"guide/v1": _fingerprint(diagnostic, folder, seen)},
    }
    if diagnostic.item:
        found["properties"] = {"item": diagnostic.item}
    if diagnostic.accepted:
        found["suppressions"] = [
            {"kind": "external", "status": "accepted", "justification": diagnostic.accepted}
        ]
    return found


def _relative(path: str, folder: Path) -> str:
    """Return a path relative to the folder, or unchanged if it is elsewhere."""
    whole = folder / path
    try:
        return whole.absolute().relative_to(folder.absolute()).as_posix()
    except ValueError:
        return whole.as_posix()


def _location(diagnostic: Diagnostic, folder: Path) -> dict[str, Any]:
    place = diagnostic.place
    if not place.path or place.path.startswith(("-", "templates:")):  # no file of the user's
        return {"logicalLocations": [{"name": place.path or "guide"}]}
    path = _relative(place.path, folder)
    outside = path.startswith(("/", "../"))
    address: dict[str, Any] = {"uri": quote(os.fsencode(path))}
    if path.startswith("/"):
        address["uri"] = "file://" + quote(os.fsencode(path))
    elif not outside:
        address["uriBaseId"] = _BASE
    physical: dict[str, Any] = {"artifactLocation": address}
    if place.line:
        physical["region"] = {"startLine": place.line, "startColumn": max(1, place.column)}
    return {"physicalLocation": physical}


def _fingerprint(diagnostic: Diagnostic, folder: Path, seen: Counter[str]) -> str:
    """Return what a problem is known by though lines move: numbers in its words do not count."""
    words = re.sub(r"\d+(?:\.\d+)?", "#", diagnostic.message)
    parts = (diagnostic.code, _relative(diagnostic.place.path, folder), diagnostic.item, words)
    mark = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
    seen[mark] += 1
    return f"{mark}:{seen[mark]}"
