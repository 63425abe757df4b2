"""Problems as a compiler shows them, and how many there are."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from pathlib import Path
from typing import TextIO

from guide.diagnostics.calling import as_called
from guide.diagnostics.diagnostic import Diagnostic, Severity
from guide.diagnostics.formats import diagnostic_json, github_line, plain, plain_json, text_lines
from guide.diagnostics.sarif import sarif_log

_ORDER = (Severity.NOTE, Severity.WARNING, Severity.ERROR)
_MANY = 5  # problems of one code that are listed one by one
_FIRST = 2  # of more, those that are shown as examples


class HowMuch(Enum):
    """How much of the problems a person is shown: errors alone, examples of what is many, or all."""

    QUIET = "quiet"
    GROUPED = "grouped"
    ALL = "all"


def coloured(stream: TextIO) -> bool:
    """Return whether colour is wanted: on a terminal, unless NO_COLOR is set (no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def show(
    diagnostics: Sequence[Diagnostic], form: str = "text", stream: TextIO | None = None,
    how_much: HowMuch = HowMuch.GROUPED,
) -> None:  # fmt: skip
    """Print diagnostics as text, json, github or sarif; text, which people read, as `how_much` says."""
    out = stream or sys.stdout
    if form == "sarif":
        print(plain_json(sarif_log(diagnostics, Path.cwd())), file=out)
        return
    if form == "json":
        print(plain_json([diagnostic_json(d) for d in diagnostics]), file=out)
        return
    colour = coloured(out)
    if form == "github":
        lines = [github_line(diagnostic) for diagnostic in diagnostics]
    else:
        lines = list(_for_reading(diagnostics, how_much, colour))
    for line in lines:
        print(line, file=out)


def _for_reading(
    diagnostics: Sequence[Diagnostic], how_much: HowMuch, colour: bool
) -> Iterator[str]:
    """Give notes, warnings and last the errors, nearest the prompt; many of a code as one entry."""
    groups: dict[tuple[int, str], list[Diagnostic]] = {}
    for diagnostic in diagnostics:
        shown = how_much is HowMuch.ALL or not diagnostic.accepted
        if shown and (how_much is not HowMuch.QUIET or diagnostic.severity is Severity.ERROR):
            key = _ORDER.index(diagnostic.severity), diagnostic.code
            groups.setdefault(key, []).append(diagnostic)
    for (rank, code), group in sorted(groups.items(), key=lambda item: item[0][0]):
        few = how_much is HowMuch.ALL or len(group) <= _MANY or _ORDER[rank] is Severity.ERROR
        for diagnostic in group if few else group[:_FIRST]:
            yield text_lines(diagnostic, colour)
        if not few:
            yield _others(code, group[_FIRST:])


def _others(code: str, group: Sequence[Diagnostic]) -> str:
    """Return the entry that stands for further problems of a code."""
    files = len({diagnostic.place.path for diagnostic in group})
    severity, where = group[0].severity, f" in {files} files" if files > 1 else ""
    hint = "`guide check --all` lists them."
    if severity is not Severity.NOTE:
        hint += f" To accept them, with a reason: `accept: [{{code: {code}, because: ...}}]` in pack.yaml."
    return (
        f"{plain(str(group[0].place))}: {severity}[{code}]: {len(group)} more of this kind{where}, "
        f"the next one here\n    {plain(as_called(hint))}"
    )


def show_diff(diff: str) -> None:
    """Print a unified diff, to stdout; a terminal is shown no control characters."""
    if sys.stdout.isatty():
        diff = "".join(plain(line) + "\n" for line in diff.splitlines())
    sys.stdout.write(diff)
    sys.stdout.flush()


def report_fixes(folder: Path, fixes: Sequence[tuple[str, int, str]]) -> None:
    """Print (path, line, what) of what was put right in a pack, to stderr."""
    for path, line, what in fixes:
        print(f"{plain(str(folder / path))}:{line}: fixed: {plain(what)}", file=sys.stderr)
    count = len(fixes)
    print(f"{count} fix{'es'[: 2 * (count != 1)]}" if count else "nothing to fix", file=sys.stderr)


def summary(diagnostics: Iterable[Diagnostic]) -> str:
    """Return how many errors, warnings and notes there are, and in how many files the errors."""
    found = list(diagnostics)
    parts = [_count(severity, found) for severity in Severity]
    accepted = sum(bool(d.accepted) for d in found)
    return (", ".join(filter(None, parts)) or "no problems") + (
        f" ({accepted} accepted)" if accepted else ""
    )


def _count(severity: Severity, found: Sequence[Diagnostic]) -> str:
    of_it = [d for d in found if d.severity == severity]
    if not of_it:
        return ""
    files = len({d.place.path for d in of_it if d.place.line})
    where = f" in {files} file{'s' * (files != 1)}" if files and severity is Severity.ERROR else ""
    return f"{len(of_it)} {severity}{'s' * (len(of_it) != 1)}{where}"
