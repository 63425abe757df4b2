"""Numbered copies for the people of a list: planned, made, delivered and recorded, never twice."""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import hashlib
import importlib
import io
import json
import os
import re
import secrets
import threading
import time
import unicodedata
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from guide import __version__, output, pipeline
from guide.copies import channels, making, recipients
from guide.copies.channels import Answer, Channel, ChannelClosed, Outcome
from guide.copies.labels import LabelSetter, SetLabel, set_ahead
from guide.copies.ledger import Due, Issue, Ledger, LedgerEntry, Plan, State, ledger_of
from guide.copies.places import Seen, slots
from guide.copies.recipients import Row
from guide.copies.seal import check_seal, with_field
from guide.copies.stamp import Stamper
from guide.errors import Diagnostic, GuideError, Place, Severity, error, in_order
from guide.html.stamps import signature_caption, stamp_style
from guide.jobs import temporary
from guide.jobs.pool import Pool
from guide.mail import Letters, server
from guide.model.copies import (
    ENCRYPTED,
    SIGNED,
    CopyLabel,
    Recipient,
    Seal,
    Signature,
    StampPlace,
    StampStyle,
)
from guide.model.pack import Manifest
from guide.pdf.apart import apart
from guide.units import POINTS_PER_MM, Paper, parse_paper

MANIFEST, SUMS, LINKS = "manifest.json", "SHA256SUMS", "links.csv"
_UPRIGHT = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
_CHUNK = 64  # recipients between two writes of the ledger, where a copy may be made twice
_AHEAD = 16  # recipients whose copies are made while others are being sent
_ALONE = 48  # copies that one process makes sooner than it starts others


@dataclass(frozen=True)
class Request:
    """What the user asks for; `docs/distribution.md` explains each.

    `rate` is messages a minute, 0 for no limit; `limit` recipients in this run, 0 for all. `version`
    names that of a PDF. `mail` holds settings of the mail server that go before all others.
    """

    source: Path
    recipients: Path
    out: Path | None = None
    ledger: Path | None = None
    kind: str = "briefing"
    channel: str = "folder"
    encoding: str = ""
    send: bool = False
    resend: tuple[int, ...] = ()
    mark_sent: tuple[int, ...] = ()
    limit: int = 0
    rate: float = 0.0
    names: bool = False
    version: str = ""
    same_version: bool = False
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
    mail: Mapping[str, Any] = field(default_factory=dict)
    settings: pipeline.Settings = field(default_factory=pipeline.Settings)


@dataclass(frozen=True)
class About:
    """The document that copies are made of. `editions` is None for a PDF, which has none."""

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


@dataclass(frozen=True)
class Report:
    """What is to be done, or what was done: copies in the order of their numbers."""

    about: About
    sending: bool
    out: Path
    ledger: Path
    recipients: int
    had: int
    copies: tuple[LedgerEntry, ...]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def failed(self) -> bool:
        """Tell whether anything went wrong."""
        return any(d.severity == Severity.ERROR for d in self.diagnostics)

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
            "copies": [{name: getattr(copy, name) for name in fields} for copy in self.copies],
            "diagnostics": [pipeline.diagnostic_json(d) for d in self.diagnostics],
        }


Count = Callable[[int, int], None]
"""Called with the copies that are done, and those that are to be done."""


def _uncounted(_done: int, _total: int) -> None:
    """Count for nobody."""


def distribute(
    request: Request, count: Count = _uncounted, building: pipeline.Progress | None = None
) -> Report:
    """Show who would get what; with `request.send`, make, deliver and record it.

    Raises GuideError when nothing can be planned. Without `send` nothing is written anywhere, but
    what `mark_sent` says into the ledger.
    """
    return _Run(request, count, building).run()


class _Run:
    """One run of the command."""

    def __init__(self, request: Request, count: Count, building: pipeline.Progress | None) -> None:
        self.request, self.count, self.building = request, count, building
        self.kind = request.kind
        self.problems: list[Diagnostic] = []
        self.path = request.ledger or ledger_of(request.recipients)
        self.list = str(request.recipients)
        self.letters: Letters | None = None
        self.reply_to = ""
        self.done = self.total = 0
        self.ahead: dict[tuple[str, CopyLabel], SetLabel] = {}

    def run(self) -> Report:
        request = self.request
        self.source = b""
        self.about = self._about()
        self.out = request.out or Path("build") / self.about.name / "copies"
        rows = self._rows()
        used = {row.recipient.channel for row in rows}
        self._mark_sent()
        if self._stopped() or not request.send:
            return self._rehearse(rows, used)
        self.channels = {name: self._channel(name) for name in sorted(used)}
        self._try_letters(rows)
        if self._stopped():
            return self._rehearse(rows, used)
        return self._send(rows)

    def _stopped(self) -> bool:
        levels = {Severity.ERROR, *([Severity.WARNING] if self.request.settings.strict else [])}
        return any(d.severity in levels for d in self.problems)

    # What is distributed ------------------------------------------------------------------------

    def _about(self) -> About:
        source = self.request.source
        if source.is_file() and source.name != "pack.yaml":
            return self._about_pdf(source)
        folder = source.parent if source.name == "pack.yaml" else source
        from guide.content.load import load_manifest

        overrides = dict(self.request.settings.overrides)
        manifest, templates, problems = load_manifest(folder, overrides)
        problems = tuple(d.within(str(folder)) for d in problems)
        if manifest is None or any(d.severity == Severity.ERROR for d in problems):
            raise GuideError(*problems)
        name = folder.resolve().name
        kind = self.request.kind
        stem = "-".join(
            [_safe(name, ascii_only=True) or "pack", *([kind] if kind != "briefing" else [])]
        )
        return About(
            series=f"{name}/{kind}",
            title=manifest.title,
            version=manifest.version,
            lang=manifest.lang,
            stem=f"{stem}-{_safe(manifest.version, ascii_only=True)}".rstrip("-"),
            name=name,
            date=str(manifest.date or ""),
            marking=manifest.marking,
            supersedes=manifest.supersedes,
            valid_until=str(manifest.valid_until or ""),
            editions=tuple(manifest.editions),
            templates=templates,
            place=self._place(templates),
            paper=self._paper(manifest),
        )

    def _paper(self, manifest: Manifest) -> Paper | None:
        """Return the paper that the document probably has."""
        options = (manifest.documents or {}).get(self.kind)
        chosen = options.get("paper") if isinstance(options, Mapping) else None
        with contextlib.suppress(ValueError):
            return parse_paper(str(chosen or "a4"))
        return None

    def _place(self, templates: Mapping[str, str]) -> StampPlace:
        """Return where copies of the kind carry their label; raises GuideError when there is none.

        A kind may make several documents: `flashcards-screen` is one of the kind `flashcards`.
        """
        from guide.content.library import load_kinds
        from guide.content.validate import did_you_mean

        kinds, name = load_kinds(own=templates), self.request.kind
        while name not in kinds and "-" in name:
            name = name.rpartition("-")[0]
        self.kind = name
        if name not in kinds:
            name = self.request.kind
            message = f"there is no kind of document `{name}`"
            hint = did_you_mean(name, kinds) or f"There are: {', '.join(kinds)}."
            raise GuideError(error("unknown-kind", message, Place("--kind"), hint))
        return kinds[name].stamp

    def _about_pdf(self, path: Path) -> About:
        from guide.copies.original import look_at

        try:
            self.source = path.read_bytes()
        except OSError as exc:
            message = f"the PDF cannot be read: {exc.strerror or exc}"
            raise GuideError(
                error("unreadable-file", message, Place(str(path)), "Check the permissions.")
            ) from exc
        size = len(self.source)
        found = apart(look_at, self.source, str(path), name=str(path), size=size)
        version = self.request.version
        stem = _safe(path.stem, ascii_only=True) or "document"
        return About(
            series=found.title or path.stem,
            title=found.title or path.stem,
            version=version or hashlib.sha256(self.source).hexdigest()[:8],
            lang=found.lang or "en",
            stem=f"{stem}-{_safe(version, ascii_only=True)}".rstrip("-"),
            name=_safe(path.stem) or "document",
        )

    def _documents(self, editions: Iterable[str]) -> dict[str, bytes]:
        """Return the document of each edition; raises GuideError when one cannot be built."""
        if self.about.editions is None:
            return dict.fromkeys(editions, self.source)
        found = {}
        request = self.request
        folder = request.source.parent if request.source.name == "pack.yaml" else request.source
        with temporary.folder() as out:
            for edition in editions:
                settings = dataclasses.replace(
                    request.settings, kinds=(self.kind,), edition=edition
                )
                progress = (self.building,) if self.building else ()
                built = pipeline.build(folder, Path(out), settings, *progress)
                paths = [Path(made.path) for made in built.outputs if made.path.endswith(".pdf")]
                if built.failed or not paths:
                    raise GuideError(
                        *[d for d in built.diagnostics if d.severity == Severity.ERROR]
                    )
                told = set(self.problems)
                self.problems += [
                    d for d in built.diagnostics
                    if d.severity == Severity.WARNING and d not in told
                ]  # fmt: skip
                found[edition] = self._chosen(paths).read_bytes()
        return found

    def _chosen(self, paths: Sequence[Path]) -> Path:
        """Return the document that was asked for of those that its kind made; raises GuideError."""
        name = self.request.kind
        for path in paths:
            if path.stem == name or (len(paths) == 1 and name == self.kind):
                return path
        message = f"the pack makes no document `{name}`"
        if name == self.kind:
            message = f"the pack makes several documents of the kind `{name}`"
        hint = "Choose one: " + ", ".join(f"--kind {path.stem}" for path in paths)
        raise GuideError(error("unknown-kind", message, Place("--kind"), hint))

    # The list -----------------------------------------------------------------------------------

    def _rows(self) -> tuple[Row, ...]:
        """Return the recipients; what is wrong with the list joins the problems."""
        request, path = self.request, self.list
        data = recipients.read_file(request.recipients)
        text = recipients.decode(data, path, request.encoding)
        if path.lower().endswith((".yaml", ".yml")):
            from guide.content.yaml12 import read_yaml

            document, found = read_yaml(text, path)
            entries: list[recipients.Entry] = []
            if document is not None:
                entries, more = recipients.from_values(
                    document.data, document.places, document.keys, path
                )
                found = [*found, *more]
        else:
            entries, found = recipients.read_table(text, path)
        self.problems += found
        if not entries and found:
            return ()
        languages: tuple[str, ...] = ()
        if any(entry.cells.get("language") for entry in entries):
            from guide.html.labels import CATALOGUES

            languages = ("sr", *(name.replace("_", "-") for name in CATALOGUES))
        rules = recipients.Rules(
            channels=channels.NAMES,
            default=channels.NAMES[request.channel],
            mailing=channels.MAILING,
            editions=self.about.editions,
            languages=languages,
            encrypt=request.encrypt,
        )
        rows, problems = recipients.check(entries, rules, path)
        self.problems += problems
        return rows

    def _mark_sent(self) -> None:
        if not self.request.mark_sent:
            return
        Ledger.read(self.path).close()  # raises GuideError when there is none
        with Ledger.begin(self.path) as ledger:
            for number in self.request.mark_sent:
                ledger.mark_sent(number)

    def _issue(self, documents: Mapping[str, bytes]) -> Issue:
        about = self.about
        self.digests = {name: hashlib.sha256(data).hexdigest() for name, data in documents.items()}
        return Issue(
            about.series, about.title, about.version, about.supersedes, self.digests,
            self.request.same_version, about.marking,
        )  # fmt: skip

    def _plan(self, ledger: Ledger, rows: Sequence[Row], issue: Issue) -> Plan:
        """Return what is due; with `--resend` only that, with `--limit` only the first."""
        request = self.request
        for number in request.resend:
            ledger.resend(number)
        listed = [(row.recipient, row.line) for row in rows]
        plan = ledger.plan(issue, listed, channels.ONCE, self.list)
        self.problems += plan.notes
        due = plan.due
        if request.resend:
            wanted = set(request.resend)
            due = tuple(
                dataclasses.replace(d, entries=tuple(e for e in d.entries if e.number in wanted))
                for d in due
                if any(e.number in wanted for e in d.entries)
            )
            if lost := wanted - {e.number for d in due for e in d.entries}:
                numbers = ", ".join(map(str, sorted(lost)))
                message = f"copy {numbers}: the recipient is not in the list any more"
                hint = "Put the row back, or leave the number out."
                raise GuideError(error("unknown-copy", message, Place(self.list), hint))
        return dataclasses.replace(plan, due=due[: request.limit] if request.limit else due)

    def _rehearse(self, rows: Sequence[Row], used: Iterable[str]) -> Report:
        """Plan on a copy of the ledger, which is then forgotten."""
        if not self.request.send:
            self._try_channels(used)
            self._try_letters(rows)
            self._try_seal()
        documents = {"": self.source} if self.source else {}
        with Ledger.rehearse(self.path) as ledger:
            try:
                self._check_folder(ledger)
                plan = self._plan(ledger, rows, self._issue(documents))
            except GuideError as exc:
                self.problems += exc.diagnostics
                plan = Plan((), 0, (), ())
            self._report_open(plan)
            copies = tuple(e for due in plan.due for e in due.entries)
        return self._report(rows, plan, copies, False)

    def _report(
        self, rows: Sequence[Row], plan: Plan, copies: tuple[LedgerEntry, ...], sending: bool
    ) -> Report:
        return Report(self.about, sending, self.out, self.path, len(rows), plan.had,
                      tuple(sorted(copies, key=lambda e: e.number)), in_order(self.problems))  # fmt: skip

    def _report_open(self, plan: Plan) -> None:
        """Report what earlier runs left for a person to decide."""
        for number in plan.uncertain:
            self.problems.append(_uncertain(number, "", Place(str(self.path))))
        for number in plan.failed:
            message = f"copy {number} could not be delivered by an earlier run"
            hint = f"Correct the row in the list, or try it again: --resend {number}"
            self.problems.append(error("delivery-failed", message, Place(str(self.path)), hint))

    # Channels -----------------------------------------------------------------------------------

    def _channel(self, name: str) -> Channel | None:
        """Return a channel that is ready; None after noting why it is not."""
        request = self.request
        try:
            if name == "smtp":
                found, self.reply_to = server(request.mail)
                return channels.Smtp(found)
            if name == "remote":
                return self._remote()
        except GuideError as exc:
            self.problems += exc.diagnostics
            return None
        except ChannelClosed as exc:
            self.problems.append(exc.diagnostic)
            return None
        if name == "zip":
            return channels.Zip(self.out, output.Batch(self.out))
        if name == "link":
            return channels.Link(self.out, output.Batch(self.out), request.link_base)
        return channels.Folder(self.out, output.Batch(self.out))

    def _remote(self) -> Channel:
        if not self.request.remote:
            hint = "Name it: --remote s3://bucket/folder, or sftp://host/folder"
            message = "the channel `remote` needs a place to write to"
            raise GuideError(error("bad-remote", message, Place("--remote"), hint))
        return channels.Remote(self.request.remote)

    def _try_channels(self, used: Iterable[str]) -> None:
        """Note what would keep a channel from working; only a warning while nothing is sent."""
        before = len(self.problems)
        for name in used:
            channel = self._channel(name)
            if channel is not None:
                channel.close()
        self.problems[before:] = [
            dataclasses.replace(d, severity=Severity.WARNING) for d in self.problems[before:]
        ]

    def _try_seal(self) -> None:
        """Note what would keep copies from being sealed; a pack's document is not made for it."""
        try:
            self._check_seal({"": self.source})
        except GuideError as exc:
            self.problems += exc.diagnostics

    def _try_letters(self, rows: Sequence[Row]) -> None:
        """Write every letter, so that a template's mistake is known before anything is sent."""
        mailed = [row for row in rows if row.recipient.channel in channels.MAILING]
        if not mailed:
            return
        request = self.request
        files = {"body.txt": request.body, "body.html": request.html}
        given = {name: path for name, path in files.items() if path is not None}
        line = 0
        try:
            self.letters = Letters(self.about.templates, given, request.subject)
            for row in mailed:
                line = row.line if row is not mailed[0] else 0
                numbers = list(range(1, row.recipient.copies + 1))
                self._letter(row.recipient, numbers, len(numbers), ["copy.pdf"] * len(numbers))
        except GuideError as exc:
            self.problems += [
                dataclasses.replace(d, message=f"{d.message} (in the letter for line {line})")
                if line else d
                for d in exc.diagnostics
            ]  # fmt: skip

    def _letter(
        self, who: Recipient, numbers: Sequence[int], total: int, files: Sequence[str]
    ) -> channels.Letter:
        about = self.about
        assert self.letters is not None
        document = {
            name: getattr(about, name)
            for name in ("title", "version", "date", "marking", "supersedes", "valid_until")
        }
        return self.letters.write(
            self.reply_to,
            name=who.name,
            organisation=who.organisation,
            email=who.email,
            ref=who.ref,
            numbers=", ".join(map(str, numbers)),
            total=total,
            document=document,
            files=list(files),
            encrypted=self.request.encrypt,
            lang=who.language or about.lang,
        )

    # Sending ------------------------------------------------------------------------------------

    def _send(self, rows: Sequence[Row]) -> Report:
        copies = sum(row.recipient.copies for row in rows)
        # Workers import their modules while the document is typeset; a later run may need none.
        with self._pool(copies, 0 if not self.path.exists() else 1) as pool:
            return self._send_with(pool, rows)

    def _pool(self, copies: int, warm: int) -> Pool:
        jobs = self.request.settings.jobs or os.cpu_count() or 1
        workers = jobs if copies > _ALONE else 1
        return Pool(workers, ("guide.copies.stamp",), warm, pipeline.SHARED_MODULES)

    def _send_with(self, pool: Pool, rows: Sequence[Row]) -> Report:
        with self._setting_ahead(pool, rows):
            documents = self._documents(sorted({row.recipient.edition for row in rows}))
        self._check_seal(documents)
        with Ledger.begin(self.path) as ledger:
            self.ledger = ledger
            self._check_folder(ledger)
            plan = self._plan(ledger, rows, self._issue(documents))
            self._report_open(plan)
            output.sweep(self.out)
            self._write_records()  # what cannot be written is found before anything is sent
            if plan.due:
                self.total = sum(len(due.entries) for due in plan.due)
                self._deliver_all(plan.due, documents, pool)
                self.problems += [
                    pipeline.worker_died(how, "copies", Place(self.list)) for how in pool.deaths
                ]
            numbers = {e.number for due in plan.due for e in due.entries}
            copies = tuple(
                e for e in ledger.entries(version=self.about.version) if e.number in numbers
            )
        return self._report(rows, plan, copies, True)

    def _deliver_all(self, dues: Sequence[Due], documents: Mapping[str, bytes], pool: Pool) -> None:
        """Deliver what is due; what stops it is noted, and the records say how far it came."""
        try:
            self._deliver(dues, self._recipe(documents, dues), pool)
        except GuideError as exc:
            self.problems += exc.diagnostics
        finally:  # Ctrl-C as well
            try:
                self._write_records()
            except GuideError as exc:
                self.problems += [each for each in exc.diagnostics if each not in self.problems]

    @contextlib.contextmanager
    def _setting_ahead(self, pool: Pool, rows: Sequence[Row]) -> Iterator[None]:
        """Set the labels of a first run while its document is typeset, which takes one core.

        They are what the ledger will say if all goes as it does nearly always; a label that turns out
        otherwise is set again.
        """
        paper = self.about.paper
        if pool.workers < 2 or self.path.exists() or paper is None:
            yield
            return
        ended = threading.Event()
        worker = threading.Thread(target=self._set_ahead, args=(pool, rows, paper, ended))
        worker.start()
        try:
            yield
        finally:
            ended.set()
            worker.join()

    def _set_ahead(
        self, pool: Pool, rows: Sequence[Row], paper: Paper, ended: threading.Event
    ) -> None:
        place = self.about.place
        width = slots(
            [Seen(paper.width * POINTS_PER_MM, paper.height * POINTS_PER_MM, _UPRIGHT)], place
        )[0].width
        total = sum(row.recipient.copies for row in rows)
        labels: dict[str, list[CopyLabel]] = {}
        number = 0
        for row in rows:
            who = row.recipient
            for _ in range(who.copies):
                number += 1
                label = CopyLabel(number, total, who.name, who.organisation, "")
                labels.setdefault(who.language, []).append(label)
        for language, wanted in labels.items():
            setter = LabelSetter(self._style("", language), (width,), bool(place.anchor))
            for chunk in _chunks(wanted, _CHUNK):
                if ended.is_set():
                    return
                # What fails here is done again where it is reported.
                with contextlib.suppress(Exception):
                    made = pool.submit(set_ahead, setter, chunk).result()
                    found = zip(chunk, made, strict=False)
                    self.ahead |= {(language, label): each for label, each in found}

    def _recipe(self, documents: Mapping[str, bytes], dues: Sequence[Due]) -> making.Recipe:
        """Return what copies are made of."""
        styles = {(due.recipient.edition, due.recipient.language) for due in dues}
        style = {key: self._style(*key) for key in styles}
        if self.signature and not self.signature.detached:
            how = self.signature
            documents = {
                name: apart(with_field, data, how, name=str(self.request.source), size=len(data))
                for name, data in documents.items()
            }
        stampers: dict[tuple[str, str], Stamper] = {}
        if self.about.editions is None:  # a stranger's PDF, which is read in a process of its own
            importlib.import_module("guide.pdf.typeset")  # once, for that process and this one
            for key, how_stamped in style.items():
                data, source = documents[key[0]], str(self.request.source)
                stampers[key] = apart(Stamper, data, (), how_stamped, name=source, size=len(data))
            documents = {}
        return making.Recipe(
            secrets.token_hex(8), documents, style, self.signature, self.request.encrypt, stampers
        )

    def _check_folder(self, ledger: Ledger) -> None:
        """Raise GuideError when the folder holds copies of another ledger: they have the same names."""
        path = self.out / MANIFEST
        try:
            if not path.is_file():
                return
            manifest = json.loads(path.read_text("utf-8"))
            there = {str(copy["copy_id"]) for copy in manifest["copies"]}
            message = "the folder holds the copies of another list, which would be written over"
        except (OSError, ValueError, TypeError, KeyError):
            there = {""}
            message = "the folder has a manifest.json of another program"
        if not there <= ledger.ids():
            hint = f"Choose another folder: -o {self.out}-{_safe(self.request.recipients.stem)}"
            raise GuideError(error("folder-of-another", message, Place(str(path)), hint))

    def _check_seal(self, documents: Mapping[str, bytes]) -> None:
        """Read the key, and refuse what cannot be sealed so; raises GuideError."""
        request = self.request
        self.signature: Signature | None = None
        if request.sign is not None:
            self.signature = Signature(
                key=_key(request.sign),
                passphrase=os.environ.get("GUIDE_SIGN_PASSPHRASE", ""),
                visible=request.visible,
                detached=request.detached,
                caption=signature_caption(self.about.lang),
                lang=self.about.lang,
            )
        if request.encrypt or self.signature:
            for document in documents.values():
                wanted = Seal(password="-" if request.encrypt else "", signature=self.signature)
                check_seal(wanted, document, str(request.source))

    def _style(self, edition: str, language: str) -> StampStyle:
        about, pack = self.about, self.about.editions is not None
        style = stamp_style(
            about.place,
            language or about.lang,
            version=about.version if pack or self.request.version else "",
            date=about.date,
            marking=about.marking,
            supersedes=about.supersedes,
            valid_until=about.valid_until,
            watermark=self.request.watermark,
        )
        embedded = self.request.sign is not None and not self.request.detached
        seal = " ".join([ENCRYPTED] * self.request.encrypt + [SIGNED] * embedded)
        # A version that nobody named still tells copies apart, but is nothing for people to read.
        return dataclasses.replace(style, version=about.version, seal=seal)

    def _order(self, due: Due) -> making.Order:
        entries = due.entries
        names = tuple(f"{self._name(e)}.pdf" for e in entries)
        parcel = self._name(entries[0], entries[-1].number if len(entries) > 1 else 0)
        first = entries[0]
        labels = tuple(_label(e) for e in entries)
        ahead = tuple(
            self.ahead.get((first.language, dataclasses.replace(label, copy_id="")))
            for label in labels
        )
        return making.Order(
            due.recipient, labels, names, parcel, first.secret, self._id(first), ahead
        )

    def _name(self, entry: LedgerEntry, last: int = 0) -> str:
        """Return a file name without ending: unique by its number, and nobody's name unless asked."""
        parts = [self.about.stem]
        if entry.edition:
            parts.append(_safe(entry.edition, ascii_only=True))
        parts.append(f"copy-{entry.number:03d}" + (f"-{last:03d}" if last else ""))
        if self.request.names:
            parts.append(_safe(entry.name))
        return "-".join(part for part in parts if part)

    def _id(self, entry: LedgerEntry) -> str:
        """Return the Message-ID of a copy: the same however often it is sent."""
        channel = self.channels.get("smtp")
        if entry.message_id or not isinstance(channel, channels.Smtp):
            return entry.message_id
        domain = channel.server.sender.rpartition("@")[2].rstrip("> ") or "localhost"
        host = domain if re.fullmatch(r"[A-Za-z0-9.-]+", domain) else "localhost"
        return f"<guide.{entry.copy_id}.{entry.number}@{host}>"

    def _deliver(self, dues: Sequence[Due], recipe: making.Recipe, pool: Pool) -> None:
        """Deliver by one channel after the other, those that stay on this machine first."""
        by_channel: dict[str, list[Due]] = {}
        for due in dues:
            by_channel.setdefault(due.recipient.channel, []).append(due)
        self.count(0, self.total)
        for name in sorted(by_channel, key=lambda n: (n in channels.ONCE, n == "remote", n)):
            channel = self.channels[name]
            assert channel is not None
            try:
                if channel.parallel:
                    self._in_parallel(channel, by_channel[name], recipe, pool)
                else:
                    _InOrder(self, channel, recipe, pool).deliver(by_channel[name])
            except ChannelClosed as exc:
                self.problems.append(exc.diagnostic)
            finally:
                channel.close()

    def _in_parallel(
        self, channel: Channel, dues: Sequence[Due], recipe: making.Recipe, pool: Any
    ) -> None:
        """Make and deliver in all processes: here the ledger is written for many copies at once.

        A copy that is made again is the same file, so that nothing is lost by it.
        """
        under_way: deque[tuple[Sequence[Due], Any]] = deque()
        for chunk in _chunks(dues, _CHUNK):
            self.record(chunk, State.SENDING)
            orders = [self._order(due) for due in chunk]
            under_way.append((chunk, pool.submit(making.make_all, recipe, orders, channel)))
            if len(under_way) > 2 * pool.workers:
                self._delivered(*under_way.popleft())
        while under_way:
            self._delivered(*under_way.popleft())

    def _delivered(self, chunk: Sequence[Due], job: Any) -> None:
        results = made_by(job)
        done, known = [], []
        for due, made in zip(chunk, results, strict=False):
            if made.answer is not None:
                done.append(due)
                known.append(made)
        self.noted(results)
        self.record(done, State.SENT, known)
        self.counted(sum(len(due.entries) for due in done))
        if results and results[-1].problems:
            raise GuideError(*results[-1].problems)

    def record(
        self,
        dues: Sequence[Due],
        state: State,
        made: Sequence[making.Made] = (),
        answer: Answer | None = None,
        message_id: str = "",
    ) -> None:
        """Write what happened to the copies of some recipients."""
        known: list[dict[str, Any]] = []
        for number, due in enumerate(dues):
            result = made[number] if made else making.Made()
            said = answer or result.answer
            for place, entry in enumerate(due.entries):
                each: dict[str, Any] = {"number": entry.number}
                if result.digests:
                    each["digest"] = result.digests[place]
                    each["document"] = self.digests[entry.edition]
                if message_id:
                    each["message_id"] = message_id
                if said is not None:
                    each["answer"] = said.text
                    stored = _stored(said.stored, self._name(entry))
                    if stored:
                        each["file"], each["file_digest"] = stored
                known.append(each)
        if known:
            self.ledger.record(known, state)

    def noted(self, results: Iterable[making.Made]) -> None:
        """Report, once each, what making said of the copies, unless the list was told of it."""
        known = {d.code for d in self.problems if d.place.path == self.list}
        for made in results:
            fresh = [each for each in made.notes if each not in self.problems]
            self.problems += [each for each in fresh if each.code not in known & {"missing-glyph"}]

    def counted(self, copies: int) -> None:
        """Report that some copies are done with."""
        self.done += copies
        self.count(self.done, self.total)

    # Records ------------------------------------------------------------------------------------

    def _write_records(self) -> None:
        """Write manifest.json, SHA256SUMS and the index of links: numbers, and nobody's name."""
        about = self.about
        entries = self.ledger.entries()
        current = [e for e in entries if e.version == about.version]
        manifest = {
            "guide": __version__,
            "document": {"title": about.title, "version": about.version, "series": about.series},
            "copies": [
                {
                    "number": e.number, "total": e.total, "copy_id": e.copy_id,
                    "channel": e.channel, "edition": e.edition, "state": str(e.state),
                    "sha256": e.digest, "file": e.file, "supersedes": e.supersedes,
                }
                for e in current
            ],
        }  # fmt: skip
        text = json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"
        output.write(self.out / MANIFEST, text.encode())
        sums: dict[str, str] = {}
        for entry in entries:
            if entry.file and (self.out / entry.file).is_file():
                sums[entry.file] = entry.file_digest
                signature = f"{entry.file}.p7s"
                if found := output.sha256_of(self.out / signature):
                    sums[signature] = found
        lines = "".join(f"{digest}  {file}\n" for file, digest in sorted(sums.items()))
        output.write(self.out / SUMS, lines.encode())
        linked = [e for e in current if e.channel == "link" and e.state == State.SENT]
        if linked:
            index = io.StringIO()
            table = csv.writer(index, lineterminator="\n")
            table.writerow(["number", "link"])
            table.writerows(
                [e.number, channels.link(self.request.link_base, e.file)] for e in linked
            )
            output.write(self.out / LINKS, index.getvalue().encode())
            for name in (LINKS, MANIFEST, SUMS):  # who reads one of these has all copies
                (self.out / name).chmod(0o600)
            # A server that lists folders would give all names away.
            output.write(self.out / "links" / "index.html", b"<!DOCTYPE html><title></title>\n")


class _InOrder:
    """Delivers one parcel after the other: what may go well later is tried again, up to a bound."""

    def __init__(self, run: _Run, channel: Channel, recipe: making.Recipe, pool: Any) -> None:
        self.run, self.channel, self.recipe, self.pool = run, channel, recipe, pool
        self.waiting: list[tuple[float, int, Due]] = []  # when, how often it was tried, whom
        rate = run.request.rate
        self.pause = 60 / rate if rate else 0.0
        self.next = 0.0

    def deliver(self, dues: Sequence[Due]) -> None:
        """Deliver all; raises ChannelClosed when the channel takes nothing more."""
        for due, made in self._made(dues):
            self._hand_over(due, made, 1)
            while self.waiting and self.waiting[0][0] <= time.monotonic():
                self._again()
        while self.waiting:
            time.sleep(max(0.0, self.waiting[0][0] - time.monotonic()))
            self._again()

    def _made(self, dues: Sequence[Due]) -> Iterator[tuple[Due, making.Made]]:
        """Yield copies while those that follow are being made."""
        under_way: deque[tuple[Sequence[Due], Any]] = deque()
        chunks = iter(_chunks(dues, _AHEAD))
        for chunk in chunks:
            orders = [self.run._order(due) for due in chunk]  # noqa: SLF001  of this module
            job = self.pool.submit(making.make_all, self.recipe, orders, None)
            under_way.append((chunk, job))
            if len(under_way) > self.pool.workers:
                yield from self._ready(*under_way.popleft())
        while under_way:
            yield from self._ready(*under_way.popleft())

    def _ready(self, chunk: Sequence[Due], job: Any) -> Iterator[tuple[Due, making.Made]]:
        results = made_by(job)
        whole = [made for made in results if made.parcel is not None]
        self.run.noted(results)
        self.run.record(chunk[: len(whole)], State.MADE, whole)
        yield from zip(chunk, whole, strict=False)
        if results and results[-1].problems:
            raise GuideError(*results[-1].problems)

    def _again(self) -> None:
        _, tried, due = self.waiting.pop(0)
        orders = [self.run._order(due)]  # noqa: SLF001
        for _, made in self._ready(
            [due], self.pool.submit(making.make_all, self.recipe, orders, None)
        ):
            self._hand_over(due, made, tried + 1)

    def _hand_over(self, due: Due, made: making.Made, attempt: int) -> None:
        run, parcel = self.run, made.parcel
        assert parcel is not None
        message_id = parcel.message_id
        numbers = [e.number for e in due.entries]
        if self.channel.mailing:
            names = [file.name for file in parcel.files]
            letter = run._letter(due.recipient, numbers, due.entries[0].total, names)  # noqa: SLF001
            parcel = dataclasses.replace(parcel, letter=letter)

        def leaving() -> None:
            run.record([due], State.SENDING, [made], None, message_id)

        if self.channel.repeatable:
            leaving()
        else:
            parcel = dataclasses.replace(parcel, leaving=leaving)
        if self.pause:
            time.sleep(max(0.0, self.next - time.monotonic()))
            self.next = max(time.monotonic(), self.next) + self.pause
        answer = self.channel.deliver(parcel, due.recipient)
        self._answered(due, made, attempt, answer)

    def _answered(self, due: Due, made: making.Made, attempt: int, answer: Answer) -> None:
        """Write what the channel said, then report it without naming anybody."""
        run = self.run
        states = {Outcome.SENT: State.SENT, Outcome.FAILED: State.FAILED,
                  Outcome.UNCERTAIN: State.UNCERTAIN, Outcome.LATER: State.MADE}  # fmt: skip
        run.record([due], states[answer.outcome], [made], answer)
        again = answer.outcome == Outcome.LATER and attempt < self.channel.tries
        if again:
            when = time.monotonic() + self.channel.wait * 2 ** (attempt - 1)
            self.waiting.append((when, attempt, due))
            self.waiting.sort(key=lambda each: each[0])
            return
        run.counted(len(due.entries))
        if answer.outcome == Outcome.SENT:
            return
        at = Place(run.list, due.line, 1)
        said = _discreet(answer.text, due.recipient)
        for entry in due.entries:
            number = entry.number
            if answer.outcome == Outcome.UNCERTAIN:
                run.problems.append(_uncertain(number, said, at))
            elif answer.outcome == Outcome.FAILED:
                message = f"copy {number} cannot be delivered: {said}"
                hint = f"Correct the row and run again; as it stands: --resend {number}"
                run.problems.append(error("delivery-failed", message, at, hint))
            else:
                message = f"copy {number} was not taken yet: {said}"
                hint = "Run again later: only what is still open is sent."
                run.problems.append(error("delivery-later", message, at, hint))


def _key(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as exc:
        message = f"the key cannot be read: {exc.strerror or exc}"
        hint = "Check the name and the permissions of the file after --sign."
        raise GuideError(error("unreadable-file", message, Place(str(path)), hint)) from exc


def made_by(job: Any) -> list[making.Made]:
    """Return what a job made; raises GuideError when its process died."""
    from guide.jobs.pool import JobTimeout, WorkerDied

    try:
        found: list[making.Made] = job.result()
    except (WorkerDied, JobTimeout) as exc:
        message = "the process that made copies died"
        hint = "There may be too little memory: run again with --jobs 1. Nothing is sent twice."
        raise GuideError(error("render-failed", message, Place(""), hint)) from exc
    return found


def _stored(stored: Sequence[tuple[str, str]], name: str) -> tuple[str, str] | None:
    """Return the file that holds a copy: its own, or the one that holds all of a parcel."""
    for path, digest in stored:
        if path.rpartition("/")[2] == f"{name}.pdf":
            return path, digest
    return stored[0] if stored else None


def _label(entry: LedgerEntry) -> CopyLabel:
    return CopyLabel(entry.number, entry.total, entry.name, entry.organisation, entry.copy_id)


def _uncertain(number: int, said: str, at: Place) -> Diagnostic:
    message = f"copy {number} may have arrived or not" + (f": {said}" if said else "")
    hint = (
        f"Ask the recipient, or look into the server's log; then: --mark-sent {number}, "
        f"or --resend {number}"
    )
    return error("delivery-uncertain", message, at, hint)


def _discreet(text: str, who: Recipient) -> str:
    """Return a channel's answer without the person whom it names, whatever part of the address."""
    local, _, domain = who.email.rpartition("@")
    for part in (who.email, f"{local}@{channels.ascii_domain(domain)}", local, who.name):
        if len(part) > 2:
            text = re.sub(rf"(?<!\w){re.escape(part)}(?!\w)", "…", text, flags=re.IGNORECASE)
    return text


def _chunks(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


_RESERVED = re.compile(r'[<>:"/\\|?*\s]+')  # what Windows, macOS or Linux refuses, and spaces


def _safe(text: str, ascii_only: bool = False) -> str:
    """Return text as part of a file name on any system: one that leads nowhere else."""
    if ascii_only:
        text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
        text = re.sub(r"[^A-Za-z0-9._-]+", "-", text)
    text = "".join(c if c.isprintable() else "-" for c in unicodedata.normalize("NFC", text))
    text = _RESERVED.sub("-", text)
    text = re.sub(r"\.{2,}", ".", text).strip("-. ")
    return text.encode()[:80].decode("utf-8", "ignore").rstrip("-. ")
