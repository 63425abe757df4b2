"""What `guide distribute` is asked for, what it gives out, and what came of it."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from guide import pipeline
from guide.delivery.recipients import Row
from guide.delivery.records import LedgerEntry, Selection
from guide.diagnostics.diagnostic import Diagnostic, Severity
from guide.diagnostics.formats import diagnostic_json
from guide.foreign.apart import RealTime
from guide.model.copies import StampPlace
from guide.units import Paper


@dataclass(frozen=True)
class Request:
    """What the user asks for; `docs/distribution.md` explains each.

    `rate` is messages a minute, 0 for no limit; `limit` recipients in this run, 0 for all. `version`
    names that of a PDF. `same` maps lines of the list to copies of the people who are meant, `new`
    holds lines of people who are new. `mail` holds settings of the mail server that go before all others.
    """

    source: Path
    recipients: Path
    out: Path | None = None
    ledger: Path | None = None
    kind: str = "briefing"
    channel: str = "folder"
    encoding: str = ""
    send: bool = False
    resend: Selection = Selection()
    mark_sent: Selection = Selection()
    same: Mapping[int, int] = field(default_factory=dict)
    new: frozenset[int] = frozenset()
    limit: int = 0
    rate: float = 0.0
    names: bool = False
    version: str = ""
    same_version: bool = False
    same_document: bool = False
    watermark: str = ""
    encrypt: bool = False
    sign: Path | None = None
    visible: bool = False
    detached: bool = False
    remote: str = ""
    link_base: str = ""
    subject: str = ""
    body: Path | None = None
    html: Path | None = None
    merge: bool = False
    mail: Mapping[str, Any] = field(default_factory=dict)
    settings: pipeline.Settings = field(default_factory=pipeline.Settings)


@dataclass(frozen=True)
class About:
    """The document that copies are made of. `editions` is None for a PDF, which has none.

    `named` is False where the version is only digits of the document's digest. `file` is the name of
    a PDF without its ending. `kind` makes the document, maybe among others.
    """

    series: str
    title: str
    version: str
    lang: str
    stem: str
    name: str
    date: str = ""
    marking: str = ""
    supersedes: str = ""
    valid_until: str = ""
    editions: tuple[str, ...] | None = None
    templates: Mapping[str, str] = field(default_factory=dict, repr=False)
    place: StampPlace = StampPlace(anchor="copy-box")
    paper: Paper | None = None
    named: bool = True
    file: str = ""
    kind: str = ""

    @property
    def shown_version(self) -> str:
        """The version as people read it: '' for one that nobody named, as a PDF's may be a digest."""
        return self.version if self.editions is not None or self.named else ""


Count = Callable[[int, int], None]
"""Called with the copies that are done, and those that are to be done."""


def uncounted(_done: int, _total: int) -> None:
    """Count for nobody."""


@dataclass(frozen=True)
class Task:
    """A request, the document that it is about, where copies and the ledger are, and for whom.

    `source` is the PDF that is given out, b'' for a pack; `reading` is the time that all steps of
    reading it share. With `partial`, wrong rows of the list are omitted from `rows`. `count` and
    `building` report progress with the copies and with the document.
    """

    request: Request
    about: About
    out: Path
    ledger: Path
    source: bytes = field(default=b"", repr=False)
    reading: RealTime = field(default_factory=RealTime, compare=False)
    rows: tuple[Row, ...] = ()
    partial: bool = False
    count: Count = field(default=uncounted, compare=False)
    building: pipeline.Progress = field(default=pipeline.silent, compare=False)

    @property
    def list(self) -> str:
        """The list's path, as places have it."""
        return str(self.request.recipients)

    @property
    def book(self) -> str:
        """What `guide ledger` has to be given from here, as a shell reads it."""
        return shlex.quote(str(self.ledger) if self.request.ledger else self.list)

    def stopped(self, problems: Iterable[Diagnostic]) -> bool:
        """Return True if problems keep anything from being sent."""
        levels = {Severity.ERROR, *([Severity.WARNING] if self.request.settings.strict else [])}
        return any(d.severity in levels for d in problems)


@dataclass(frozen=True)
class Report:
    """What is to be done, or what was done: copies in the order of their numbers.

    `merged` are the files for the printer.
    """

    about: About
    sending: bool
    out: Path
    ledger: Path
    recipients: int
    had: int
    copies: tuple[LedgerEntry, ...]
    diagnostics: tuple[Diagnostic, ...]
    refused: bool = False
    merged: tuple[Path, ...] = ()

    @property
    def failed(self) -> bool:
        """Return True if anything went wrong, or a strict run was stopped by a warning."""
        return self.refused or any(d.severity == Severity.ERROR for d in self.diagnostics)

    def as_json(self) -> dict[str, Any]:
        """Return it as plain data; people are named only before anything is sent."""
        named = ("name", "email", "organisation", "ref")
        fields = ("number", "total", "channel", "edition", "language", "state", "copy_id", "digest",
                  "file", *(() if self.sending else named))  # fmt: skip
        return {
            "document": {"title": self.about.title, "version": self.about.version},
            "sent": self.sending,
            "folder": str(self.out),
            "ledger": str(self.ledger),
            "recipients": self.recipients,
            "had_before": self.had,
            "copies": [
                {name: getattr(copy, name) for name in fields} | quiz_of(copy)
                for copy in self.copies
            ],
            "merged": [str(path) for path in self.merged],
            "diagnostics": [diagnostic_json(d) for d in self.diagnostics],
        }


def quiz_of(entry: LedgerEntry) -> dict[str, str]:
    """Return which version of a quiz a copy is of, for records; {} where there is one for all."""
    return {"quiz": entry.quiz} if entry.quiz else {}
