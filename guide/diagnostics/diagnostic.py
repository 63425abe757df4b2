"""What can be wrong and where: places, diagnostics, the exceptions that carry them.

GuideError            one or more diagnostics; the command ends with exit code 1
└── ContentError      nothing can be built from this pack at all
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum


class Severity(StrEnum):
    """How bad a diagnostic is: errors stop the output concerned, warnings stop only `--strict`."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


_RANK = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}


@dataclass(frozen=True, order=True)
class Place:
    """A point in a file that a person can edit.

    `path` is relative to the pack folder with forward slashes (`cards.yaml`), so that it is the
    same wherever the pack is; the report puts the pack's folder before it. A path that starts
    with `templates:` names a bundled template. `line` and `column` count from 1; 0 means the whole
    file. Of a text that was written over several lines, `starts` tells for each of them how many
    characters of the text, spaces aside, come before it, and its line and column.
    """

    path: str
    line: int = 0
    column: int = 0
    starts: tuple[tuple[int, int, int], ...] = field(default=(), compare=False, repr=False)

    def inside(self, text: str, offset: int) -> Place:
        """Return the place of the character at `offset` of the text that was written here.

        Spaces do not count: YAML folds lines, and indents them.
        """
        if not self.starts:
            return self
        before = sum(map(len, text[:offset].split()))
        number = bisect_right(self.starts, before, key=lambda start: start[0]) - 1
        _, line, column = self.starts[max(0, number)]
        return Place(self.path, line, column)

    def __str__(self) -> str:
        if not self.line:
            return self.path
        return f"{self.path}:{self.line}:{self.column or 1}"


def place_of(offset: int, text: str, start: Place) -> Place:
    """Return the place of the character at `offset` of a text whose first line begins at `start`."""
    before = text.count("\n", 0, offset)
    return Place(start.path, start.line + before, offset - text.rfind("\n", 0, offset))


@dataclass(frozen=True)
class Diagnostic:
    """One problem: what is wrong, where, and what to do about it.

    `code` is a stable kebab-case name documented in docs/diagnostics.md; `item` is the id of the
    content item concerned, when there is one, and `names` are others by which `accept:` may mean
    it, such as that of a figure. `accepted` is the reason why the author accepts it, or ''.
    """

    code: str
    message: str
    place: Place
    hint: str = ""
    severity: Severity = Severity.ERROR
    item: str = ""
    accepted: str = ""
    names: tuple[str, ...] = field(default=(), compare=False)

    @property
    def sort_key(self) -> tuple[str, int, int, int, str, str]:
        """Order of a report: by place, then severity, then code."""
        place = self.place
        rank = _RANK[self.severity]
        return (place.path, place.line, place.column, rank, self.code, self.message)

    def within(self, folder: str) -> Diagnostic:
        """Return the same diagnostic with `folder` put before its path."""
        if not folder or self.place.path.startswith(("/", "templates:", "-")):
            return self
        path = f"{folder.rstrip('/')}/{self.place.path}"
        return replace(self, place=replace(self.place, path=path))


def error(code: str, message: str, place: Place, hint: str = "", item: str = "") -> Diagnostic:
    """Make a diagnostic that stops the output concerned."""
    return Diagnostic(code, message, place, hint, Severity.ERROR, item)


def warning(code: str, message: str, place: Place, hint: str = "", item: str = "") -> Diagnostic:
    """Make a diagnostic that stops only a strict run."""
    return Diagnostic(code, message, place, hint, Severity.WARNING, item)


def note(code: str, message: str, place: Place, hint: str = "", item: str = "") -> Diagnostic:
    """Make a diagnostic that only informs."""
    return Diagnostic(code, message, place, hint, Severity.NOTE, item)


def in_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Sort by place and drop exact repetitions."""
    return tuple(sorted(dict.fromkeys(diagnostics), key=lambda d: d.sort_key))


class GuideError(Exception):
    """A user's problem, shown in one place and never as a traceback."""

    exit_code = 1

    def __init__(self, *diagnostics: Diagnostic) -> None:
        self.diagnostics = diagnostics
        super().__init__("; ".join(f"{d.place}: {d.message}" for d in diagnostics))

    def __reduce__(self) -> tuple[type[GuideError], tuple[Diagnostic, ...]]:
        return type(self), self.diagnostics  # it crosses from the process that renders


class ContentError(GuideError):
    """The pack cannot be read."""
