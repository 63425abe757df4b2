"""Problems as a compiler shows them, and how many there are."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TextIO

from guide.diagnostics.diagnostic import Diagnostic, Severity
from guide.diagnostics.formats import diagnostic_json, github_line, plain, plain_json, text_lines
from guide.diagnostics.sarif import sarif_log


def coloured(stream: TextIO) -> bool:
    """Return whether colour is wanted: on a terminal, unless NO_COLOR is set (no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def show(
    diagnostics: Sequence[Diagnostic], form: str = "text", stream: TextIO | None = None
) -> None:
    """Print diagnostics as text, json, github or sarif."""
    out = stream or sys.stdout
    if form == "sarif":
        print(plain_json(sarif_log(diagnostics, Path.cwd())), file=out)
        return
    if form == "json":
        print(plain_json([diagnostic_json(d) for d in diagnostics]), file=out)
        return
    colour = coloured(out)
    for diagnostic in diagnostics:
        line = github_line(diagnostic) if form == "github" else text_lines(diagnostic, colour)
        print(line, file=out)


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
    """Return how many errors, warnings and notes there are."""
    found = list(diagnostics)
    counts = [(s, sum(d.severity == s for d in found)) for s in Severity]
    parts = [f"{count} {name}{'s' if count != 1 else ''}" for name, count in counts if count]
    accepted = sum(bool(d.accepted) for d in found)
    return (", ".join(parts) or "no problems") + (f" ({accepted} accepted)" if accepted else "")
