"""Numbered copies for the people of a list: planned, made, delivered and recorded, never twice."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import importlib
import itertools
import json
import math
import os
import re
import secrets
import shlex
import threading
import time
from collections import deque
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from guide import __version__, pipeline
from guide.copies.joined import joined
from guide.copies.labels import LabelSetter, SetLabel, set_ahead
from guide.copies.places import Seen, slots
from guide.copies.seal import check_seal, with_field
from guide.copies.stamp import Stamper
from guide.delivery import locks, recipients
from guide.delivery.channels import registry
from guide.delivery.channels.base import Answer, Channel, ChannelClosed, Letter, Outcome
from guide.delivery.channels.folder import Folder
from guide.delivery.dealing import class_of, document_key, edition_of, versions_among
from guide.delivery.decide import decide
from guide.delivery.ledger import Due, Issue, Ledger, LedgerEntry, Plan, State, Wish, ledger_of
from guide.delivery.mail import Letters
from guide.delivery.message import ascii_domain
from guide.delivery.names import readable, safe
from guide.delivery.orders import Made, Order, Recipe, make_all
from guide.delivery.recipients import Row
from guide.delivery.records import Known, Version, copies_named
from guide.delivery.request import About, Count, Report, Request, Task, quiz_of, uncounted
from guide.delivery.retry import Patience, named_wait
from guide.delivery.siblings import known_elsewhere, owner_of
from guide.diagnostics.diagnostic import (
    Diagnostic,
    GuideError,
    Place,
    Severity,
    error,
    in_order,
    note,
)
from guide.foreign.apart import RealTime, apart
from guide.html.own_documents import class_list
from guide.html.stamps import signature_caption, stamp_style
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
from guide.system import output, tempfiles
from guide.system.pool import Pool
from guide.units import PAPERS, POINTS_PER_MM, Paper, parse_paper

MANIFEST, SUMS = "manifest.json", "SHA256SUMS"
_UPRIGHT = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
_CHUNK = 64  # copies between two writes of the ledger, where a copy may be made twice
_AHEAD = 16  # copies that one job makes while others are being sent
_SIGNED = 16  # signed copies that one job makes: each takes a while
_BYTES = 64_000_000  # of copies that one job makes
_MAIL = 100_000_000  # bytes of copies in one message: no server takes as many
_ALONE = 48  # copies that one process makes sooner than it starts others


def distribute(
    request: Request, count: Count = uncounted, building: pipeline.Progress | None = None
) -> Report:
    """Show who would get what; with `request.send`, make, deliver and record it.

    Raises GuideError when nothing can be planned. Without `send` nothing is written anywhere, except
    `mark_sent` into the ledger. What is refused leaves the ledger as it was.
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
        self.partial = False  # rows of the list are wrong and were left out
        self.letters: Letters | None = None
        self.merged: tuple[Path, ...] = ()
        self.done = self.total = 0
        self.secrets: dict[int, str] = {}  # of a row's links, by number
        self.ahead: dict[tuple[str, CopyLabel], SetLabel] = {}

    def run(self) -> Report:
        request = self.request
        self.source, self.reading = b"", RealTime()
        self.about = self._about()
        self.out = request.out or Path("build") / self.about.name / "copies"
        self.task = Task(request, self.about, self.out, self.path, self.source)
        rows = self._rows()
        used = {row.recipient.channel for row in rows}
        if self._stopped() or not request.send:
            return self._rehearse(rows, used)
        self.channels, closed = registry.opened(used, self.task)
        self.problems += closed
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
        name = readable(folder.resolve().name)
        kind = self.request.kind
        stem = "-".join(
            [safe(name, ascii_only=True) or "pack", *([kind] if kind != "briefing" else [])]
        )
        return About(
            series=f"{name}/{kind}",
            title=manifest.title,
            version=manifest.version,
            lang=manifest.lang,
            stem=f"{stem}-{safe(manifest.version, ascii_only=True)}".rstrip("-"),
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
        found = self._apart(look_at, self.source, str(path), size=len(self.source))
        version = self.request.version
        name = readable(path.stem)
        stem = safe(name, ascii_only=True) or "document"
        return About(
            series=found.title or name,
            title=found.title or name,
            version=version or hashlib.sha256(self.source).hexdigest()[:8],
            lang=found.lang or "en",
            stem=f"{stem}-{safe(version, ascii_only=True)}".rstrip("-"),
            name=safe(name) or "document",
            named=bool(version),
            file=name,
        )

    def _apart(self, function: Callable[..., Any], *arguments: Any, size: int) -> Any:
        """Return `function(*arguments)` from a confined process; all such steps share their time."""
        name = str(self.request.source)
        return apart(function, *arguments, name=name, size=size, shared=self.reading)

    def _documents(self, editions: Iterable[str]) -> dict[str, bytes]:
        """Return the documents of each edition by key; raises GuideError when one cannot be built."""
        if self.about.editions is None:
            return dict.fromkeys(editions, self.source)
        found: dict[str, bytes] = {}
        request = self.request
        folder = request.source.parent if request.source.name == "pack.yaml" else request.source
        with tempfiles.folder() as out:
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
                self._check_edition(edition, built.diagnostics)
                told = set(self.problems)
                self.problems += [
                    d for d in built.diagnostics
                    if d.severity == Severity.WARNING and d not in told
                ]  # fmt: skip
                found |= self._read(edition, paths)
        return found

    def _check_edition(self, edition: str, found: Iterable[Diagnostic]) -> None:
        """Refuse to send an edition that names what it leaves out; raises GuideError."""
        from guide.content.editions import OF_EDITIONS

        bad = [d for d in found if d.code in OF_EDITIONS and d.severity == Severity.WARNING]
        if edition and bad:
            raise GuideError(*[dataclasses.replace(d, severity=Severity.ERROR) for d in bad])

    def _read(self, edition: str, paths: Sequence[Path]) -> dict[str, bytes]:
        """Return the document of an edition, or its versions, which are dealt to the recipients."""
        name = self.request.kind
        letters = versions_among((path.stem for path in paths), name) if name == self.kind else ()
        if not letters:
            return {document_key(edition, ""): self._chosen(paths).read_bytes()}
        stems = {path.stem: path for path in paths}
        return {
            document_key(edition, letter): stems[f"{name}-{letter}"].read_bytes()
            for letter in letters
        }

    def _key(self, entry: LedgerEntry) -> str:
        """Return which document a copy is made of."""
        return document_key(entry.edition, entry.quiz)

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
            from guide.content.yaml import read_yaml

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
            from guide.markup.labels import CATALOGUES

            languages = ("sr", *(name.replace("_", "-") for name in CATALOGUES))
        rules = recipients.Rules(
            channels=registry.names(),
            default=registry.names()[request.channel],
            mailing=registry.mailing(),
            editions=self.about.editions,
            languages=languages,
            encrypt=request.encrypt,
        )
        rows, problems = recipients.check(entries, rules, path)
        self.problems += problems
        self.partial = any(d.severity == Severity.ERROR for d in (*found, *problems))
        return rows

    def _issue(self, documents: Mapping[str, bytes]) -> Issue:
        about = self.about
        self.digests = {name: hashlib.sha256(data).hexdigest() for name, data in documents.items()}
        return Issue(
            about.series, about.title, self.request.version if about.file else about.version,
            about.supersedes, self.digests, self.request.same_version, about.marking, about.file,
            self.request.same_document,
        )  # fmt: skip

    def _wish(self, rows: Sequence[Row], issue: Issue) -> Wish:
        request = self.request
        facts = {"list": readable(request.recipients.name)}
        if request.link_base:
            facts["link_base"] = request.link_base
        return Wish(
            issue, [(row.recipient, row.line) for row in rows], self.list, str(self.path),
            registry.once(), request.resend, request.mark_sent, request.same, request.new, self._book,
            facts,
        )  # fmt: skip

    @property
    def _book(self) -> str:
        """What `guide ledger` has to be given from here, as a shell reads it."""
        return shlex.quote(str(self.path) if self.request.ledger else self.list)

    def _plan(self, ledger: Ledger, rows: Sequence[Row], issue: Issue) -> Plan:
        """Return what is due; with `--resend` only that, with `--limit` only the first."""
        plan = ledger.plan(self._wish(rows, issue))
        if not self.partial:  # a row that was left out would be told as a person who is gone
            self.problems += [*plan.notes, *plan.questions]
        stem = self.about.stem
        if self.about.file and plan.named and plan.version != self.request.version:
            stem += f"-{safe(plan.version, ascii_only=True)}"
        self.about = dataclasses.replace(
            self.about, version=plan.version, stem=stem, named=not self.about.file or plan.named
        )
        limit = self.request.limit
        return dataclasses.replace(plan, due=plan.due[:limit]) if limit else plan

    def _check_list(self, known: Known, rows: Sequence[Row], issue: Issue) -> None:
        """Raise GuideError when another ledger here is that of this list, which was renamed."""
        if self.request.ledger is not None or known.copies:
            return
        listed = [(row.recipient, row.line) for row in rows]
        if found := known_elsewhere(listed, issue, self.request.recipients, self.path):
            raise GuideError(found)

    def _mark_alone(self) -> None:
        """Write what `mark_sent` says where nothing is sent; raises GuideError."""
        if not self.request.mark_sent or self.request.send:
            return
        Ledger.read(self.path).close()  # raises GuideError when there is none
        with Ledger.begin(self.path) as ledger:
            ledger.mark_sent(self.request.mark_sent)

    def _rehearse(self, rows: Sequence[Row], used: Iterable[str]) -> Report:
        """Plan on a copy of the ledger, which is then forgotten."""
        documents: Mapping[str, bytes] = {"": self.source} if self.source else {}
        with Ledger.rehearse(self.path) as ledger:
            if not self.request.send and not self.request.mark_sent:
                self._try_channels(used)
                self._try_letters(rows)
                documents = self._rehearsed(self._editions(rows, ledger.known()))
            stopped = self._stopped()
            try:
                issue = self._issue(documents)
                self._check_list(ledger.known(), rows, issue)
                self._check_folder(ledger.known())
                plan = self._plan(ledger, rows, issue)
                if not stopped:
                    self._mark_alone()
            except GuideError as exc:
                self.problems += exc.diagnostics
                plan = Plan(self.about.version, self.about.named)
            self._report_open(plan)
            copies = tuple(e for due in plan.due for e in due.entries)
        return self._report(rows, plan, copies, False)

    def _report(
        self, rows: Sequence[Row], plan: Plan, copies: tuple[LedgerEntry, ...], sending: bool
    ) -> Report:
        return Report(self.about, sending, self.out, self.path, len(rows), plan.had,
                      tuple(sorted(copies, key=lambda e: e.number)), in_order(self.problems),
                      not sending and self._stopped(),
                      self.merged)  # fmt: skip

    def _report_open(self, plan: Plan) -> None:
        """Report what earlier runs left for a person to decide."""
        at = Place(str(self.path))
        recall = f"guide ledger {self._book} recall"
        for number in plan.uncertain:
            self.problems.append(_uncertain(number, "", at))
        for number in plan.failed:
            message = f"copy {number} could not be delivered by an earlier run"
            hint = f"Correct the row in the list, or try it again: --resend {number}. "
            hint += f"To give it up: `{recall} {number}`"
            self.problems.append(error("delivery-failed", message, at, hint))
        for number, state in plan.lost:  # nothing that a person must do: nobody waits for it
            message = f"copy {number} is {state}; its recipient is not in the list any more"
            hint = f"To be done with it: `{recall} {number}`. If it arrived: --mark-sent {number}"
            self.problems.append(note("delivery-open", message, at, hint))

    # Channels -----------------------------------------------------------------------------------

    def _try_channels(self, used: Iterable[str]) -> None:
        """Note what would keep a channel from working: what `--send` refuses, a preview refuses."""
        ready, closed = registry.opened(used, self.task)
        self.problems += closed
        for channel in ready.values():
            channel.close()
        for folder in dict.fromkeys((self.out, self.path.parent)):
            there = next(each for each in (folder, *folder.absolute().parents) if each.exists())
            if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
                message = "the folder cannot be written to"
                hint = "Allow writing there, or name another: -o DIR for copies, --ledger FILE."
                self.problems.append(error("cannot-write", message, Place(str(there)), hint))

    def _rehearsed(self, editions: Sequence[str]) -> Mapping[str, bytes]:
        """Return the documents as `--send` would make them, noting why they cannot be made or sealed.

        What is made is kept in the cache, where `--send` finds it. Where something else is wrong
        already, nothing is made.
        """
        documents: Mapping[str, bytes] = {"": self.source} if self.source else {}
        try:
            self._check_seal(documents)  # a wrong key is found sooner than a document is made
            if not self.source and not self._stopped():
                documents = self._documents(editions)
                self._check_seal(documents)
        except GuideError as exc:
            self.problems += [each for each in exc.diagnostics if each not in self.problems]
        return documents

    def _try_letters(self, rows: Sequence[Row]) -> None:
        """Write every letter, so that a template's mistake is known before anything is sent."""
        mailing = registry.mailing()
        mailed = [row for row in rows if row.recipient.channel in mailing]
        if not mailed:
            return
        request = self.request
        files = {"body.txt": request.body, "body.html": request.html}
        given = {name: path for name, path in files.items() if path is not None}
        try:
            self.letters = Letters(self.about.templates, given, request.subject)
            counts = [list(range(1, row.recipient.copies + 1)) for row in mailed]
            contexts = [
                self._context(row.recipient, numbers, len(numbers), ["copy.pdf"] * len(numbers))
                for row, numbers in zip(mailed, counts, strict=True)
            ]
            done, problems = self.letters.check(contexts)
        except GuideError as exc:
            done, problems = 0, exc.diagnostics
        # What goes wrong for the first goes wrong for all.
        self.problems += [
            dataclasses.replace(d, message=f"{d.message} (in the letter for line {mailed[done].line})")
            if done else d
            for d in problems
        ]  # fmt: skip

    def letters_for(self, dues: Sequence[Due], made: Sequence[Made]) -> list[Letter]:
        """Return what some recipients are written; raises GuideError."""
        assert self.letters is not None
        contexts = [
            self._context(
                due.recipient,
                [entry.number for entry in due.entries],
                due.entries[0].total,
                [file.name for file in each.parcel.files] if each.parcel else [],
            )
            for due, each in zip(dues, made, strict=False)
        ]
        return self.letters.write(contexts)

    def _context(
        self, who: Recipient, numbers: Sequence[int], total: int, files: Sequence[str]
    ) -> dict[str, Any]:
        """Return what the templates of a letter are given."""
        about = self.about
        document = {
            name: getattr(about, name)
            for name in ("title", "version", "date", "marking", "supersedes", "valid_until")
        }
        # A version that nobody named is nothing for people to read.
        document["version"] = about.version if self._named_version else ""
        return {
            "name": who.name,
            "organisation": who.organisation,
            "email": who.email,
            "ref": who.ref,
            "numbers": ", ".join(map(str, numbers)),
            "total": total,
            "document": document,
            "files": list(files),
            "encrypted": self.request.encrypt,
            "lang": who.language or about.lang,
        }

    @property
    def _named_version(self) -> bool:
        """Return whether somebody gave the document its version: of a PDF it may be a digest."""
        return self.about.editions is not None or self.about.named

    # Sending ------------------------------------------------------------------------------------

    def _send(self, rows: Sequence[Row]) -> Report:
        copies = sum(row.recipient.copies for row in rows)
        # What is refused is refused before anything is made.
        with Ledger.rehearse(self.path) as ledger:
            known = ledger.known()
        try:
            issue = self._issue({"": self.source} if self.source else {})
            self._check_list(known, rows, issue)
            decide(known, self._wish(rows, issue))
        except GuideError as exc:
            raise GuideError(*in_order([*self.problems, *exc.diagnostics])) from exc
        self.first = not known.copies
        # Workers import their modules while the document is typeset; a later run may need none.
        with self._pool(copies, 0 if self.first else 1) as pool:
            return self._send_with(pool, rows)

    def _pool(self, copies: int, warm: int) -> Pool:
        jobs = self.request.settings.jobs or os.cpu_count() or 1
        workers = jobs if copies > _ALONE else 1
        return Pool(workers, ("guide.copies.stamp",), warm, pipeline.SHARED_MODULES)

    def _send_with(self, pool: Pool, rows: Sequence[Row]) -> Report:
        with Ledger.begin(self.path) as ledger, locks.folder(self.out):
            self.ledger = ledger
            known = ledger.known()
            self._check_folder(known)
            for name, channel in self.channels.items():
                used = any(copy.channel == name for copy in known.copies)
                channel.check(known.facts.get("id", ""), self.about.stem, used)
            with self._setting_ahead(pool, rows):
                documents = self._documents(self._editions(rows, known))
            self._check_seal(documents)
            output.try_to_write(self.out)
            plan = self._plan(ledger, rows, self._issue(documents))
            self._report_open(plan)
            output.sweep(self.out)
            self._write_records()  # what cannot be written is found before anything is sent
            for channel in self.channels.values():
                channel.claim(ledger.fact("id"))
            if plan.due:
                self.total = sum(len(due.entries) for due in plan.due)
                self._deliver_all(plan.due, documents, pool)
                self.problems += [
                    pipeline.worker_died(how, "copies", Place(self.list)) for how in pool.deaths
                ]
            if self.request.merge:
                self._merge(ledger, plan.absent)
            numbers = {e.number for due in plan.due for e in due.entries}
            copies = tuple(
                e for e in ledger.entries(version=self.about.version) if e.number in numbers
            )
        return self._report(rows, plan, copies, True)

    def _editions(self, rows: Sequence[Row], known: Known) -> list[str]:
        """Return the editions that are made.

        Where one is new under a version, those that were given out under it are made as well: one
        that has changed shows that the version has two contents.
        """
        wanted = {row.recipient.edition for row in rows}
        about = self.about
        had = next((v for v in known.versions if v.version == about.version), Version(0, "", {}))
        given = {edition_of(key) for key in had.documents}
        if about.editions is not None and given and not wanted <= given:
            wanted |= given & {"", *about.editions}
        return sorted(wanted)

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
        if pool.workers < 2 or not self.first or paper is None:
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
                own = who.copies == 1
                label = CopyLabel(number, total, who.name, who.organisation, "", own)
                labels.setdefault(who.language, []).append(label)
        for language, wanted in labels.items():
            setter = LabelSetter(self._style(language), (width,), bool(place.anchor))
            for chunk in _slices(wanted, _CHUNK):
                if ended.is_set():
                    return
                # What fails here is done again where it is reported.
                with contextlib.suppress(Exception):
                    made = pool.submit(set_ahead, setter, chunk).result()
                    found = zip(chunk, made, strict=False)
                    self.ahead |= {(language, label): each for label, each in found}

    def _recipe(self, documents: Mapping[str, bytes], dues: Sequence[Due]) -> Recipe:
        """Return what copies are made of."""
        styles = {
            (self._key(entry), due.recipient.language) for due in dues for entry in due.entries
        }
        style = {key: self._style(key[1]) for key in styles}
        if self.signature and not self.signature.detached:
            how = self.signature
            documents = {
                name: self._apart(with_field, data, how, size=len(data))
                for name, data in documents.items()
            }
        stampers: dict[tuple[str, str], Stamper] = {}
        sizes = {name: len(data) for name, data in documents.items()}
        if self.about.editions is None:  # a stranger's PDF, which is read in a process of its own
            importlib.import_module("guide.pdf.typeset")  # once, for that process and this one
            for key, how_stamped in style.items():
                data = documents[key[0]]
                stampers[key] = self._apart(Stamper, data, (), how_stamped, size=len(data))
            documents = {}
        return Recipe(
            secrets.token_hex(8), documents, style, self.signature, self.request.encrypt, stampers,
            sizes,
        )  # fmt: skip

    def _check_folder(self, known: Known) -> None:
        """Raise GuideError when the folder holds copies of another ledger: they have the same names."""
        path = self.out / MANIFEST
        owner = ""
        try:
            if not os.path.lexists(path):
                return
            manifest = json.loads(path.read_text("utf-8"))
            there = {str(copy["copy_id"]) for copy in manifest["copies"]}
            owner = str(manifest.get("ledger", ""))
            message = "the folder holds the copies of another list, which would be written over"
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            there = {""}
            message = "the folder has a manifest.json of another program"
        if (owner and owner == known.facts.get("id")) or (not owner and there <= known.ids):
            return
        name = self.request.recipients.stem
        hint = f"Choose another folder: -o {self.out}-{safe(name)}"
        if found := owner_of(owner, there, self.request.recipients, self.path):
            hint = f"If {name} is that list under another name: --ledger {found}. If it is another "
            hint += f"list, choose another folder: -o {self.out}-{safe(name)}"
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

    def _style(self, language: str) -> StampStyle:
        about = self.about
        style = stamp_style(
            about.place,
            language or about.lang,
            version=about.version if self._named_version else "",
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

    def _order(self, due: Due) -> Order:
        entries = due.entries
        names = tuple(f"{self._name(e)}.pdf" for e in entries)
        parcel = self._name(entries[0], entries[-1].number if len(entries) > 1 else 0)
        first = entries[0]
        labels = tuple(_label(e, due.recipient.copies == 1) for e in entries)
        ahead = tuple(
            self.ahead.get((first.language, dataclasses.replace(label, copy_id="")))
            for label in labels
        )
        return Order(
            due.recipient,
            labels,
            tuple(map(self._key, entries)),
            names,
            parcel,
            self.secrets.get(first.number, first.secret),
            self._id(first),
            ahead,
        )

    def _name(self, entry: LedgerEntry, last: int = 0) -> str:
        """Return a file name without ending: unique by its number, and nobody's name unless asked."""
        parts = [self.about.stem]
        if entry.edition:
            parts.append(safe(entry.edition, ascii_only=True))
        if entry.quiz and not last:
            parts.append(entry.quiz)
        parts.append(f"copy-{entry.number:03d}" + (f"-{last:03d}" if last else ""))
        if self.request.names:
            parts.append(safe(entry.name))
        return "-".join(part for part in parts if part)

    def _id(self, entry: LedgerEntry) -> str:
        """Return the Message-ID of a copy: the same for each try to deliver it.

        A copy that was sent, or refused for good, and is sent again gets another: programs that
        know the first would drop the second as a duplicate.
        """
        domain = next((each.domain for each in self.channels.values() if each.mailing), None)
        if domain is None:
            return entry.message_id
        ended = self._times_ended(entry.number) if entry.message_id else 0
        if entry.message_id and not ended:
            return entry.message_id
        again = f".{ended}" if ended else ""
        return f"<guide.{entry.copy_id}.{entry.number}{again}@{domain}>"

    def _times_ended(self, number: int) -> int:
        """Return how often a copy was sent or refused for good before it was planned again."""
        states = [event.state for event in self.ledger.history(number)]
        ends = {State.SENT, State.FAILED}
        return sum(a in ends and b not in ends for a, b in itertools.pairwise(states))

    def _deliver(self, dues: Sequence[Due], recipe: Recipe, pool: Pool) -> None:
        """Deliver by one channel after the other, those that stay on this machine first."""
        by_channel: dict[str, list[Due]] = {}
        for due in dues:
            by_channel.setdefault(due.recipient.channel, []).append(due)
            self.secrets |= dict.fromkeys((e.number for e in due.entries), due.entries[0].secret)
        self.count(0, self.total)

        def order(name: str) -> tuple[bool, bool, str]:
            return not self.channels[name].repeatable, not self.channels[name].parallel, name

        for name in sorted(by_channel, key=order):
            channel = self.channels[name]
            try:
                if channel.parallel:
                    self._in_parallel(channel, by_channel[name], recipe, pool)
                else:
                    _InOrder(self, channel, recipe, pool).deliver(by_channel[name])
            except ChannelClosed as exc:
                self.problems += exc.diagnostics
            finally:
                channel.close()

    def _in_parallel(
        self, channel: Channel, dues: Sequence[Due], recipe: Recipe, pool: Any
    ) -> None:
        """Make and deliver in all processes: here the ledger is written for many copies at once.

        A copy that is made again is the same file, so that nothing is lost by it.
        """
        under_way: deque[tuple[Sequence[Due], Any]] = deque()
        for chunk in _portions(dues, channel, recipe, _CHUNK):
            self.record(chunk, State.SENDING)
            orders = [self._order(due) for due in chunk]
            under_way.append((chunk, pool.submit(make_all, recipe, orders, channel)))
            if len(under_way) > 2 * pool.workers:
                self._delivered(*under_way.popleft())
        while under_way:
            self._delivered(*under_way.popleft())

    def _delivered(self, chunk: Sequence[Due], job: Any) -> None:
        results = made_by(job, sum(len(due.entries) for due in chunk))
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
        made: Sequence[Made] = (),
        answer: Answer | None = None,
        message_id: str = "",
    ) -> None:
        """Write what happened to the copies of some recipients."""
        known: list[dict[str, Any]] = []
        for number, due in enumerate(dues):
            result = made[number] if made else Made()
            said = answer or result.answer
            for place, entry in enumerate(due.entries):
                each: dict[str, Any] = {"number": entry.number}
                if result.digests:
                    each["digest"] = result.digests[place]
                    each["document"] = self.digests[self._key(entry)]
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

    def noted(self, results: Iterable[Made]) -> None:
        """Report, once each, what making said of the copies, unless the list was told of it."""
        known = {d.code for d in self.problems if d.place.path == self.list}
        for made in results:
            fresh = [each for each in made.notes if each not in self.problems]
            self.problems += [each for each in fresh if each.code not in known & {"missing-glyph"}]

    def counted(self, copies: int) -> None:
        """Report that some copies are done with."""
        self.done += copies
        self.count(self.done, self.total)

    # The printer --------------------------------------------------------------------------------

    def _merge(self, ledger: Ledger, absent: Container[int]) -> None:
        """Write one PDF for each class, and one with who has which version; note what is missing.

        Classes, names and their order are those of the list as it is now; nothing is printed for
        people who are `absent`: they are not in it any more.
        They are made of the files in the folder each time, so that they are whole after any kill.
        """
        sent = [
            entry
            for entry in ledger.entries(version=self.about.version)
            if entry.state == State.SENT
        ]
        left = [entry.number for entry in sent if entry.number in absent]
        sent = [entry for entry in sent if entry.number not in absent]
        if left:
            they = "its person is" if len(left) == 1 else "their people are"
            message = f"{copies_named(left)}: {they} not in the list"
            hint = "To merge it, put the row back." if len(left) == 1 else "Put the rows back."
            message += " any more, so that nothing is printed for them"
            self.problems.append(note("not-merged", message, Place(self.list), hint))
        classes = registry.classes()
        entries = [entry for entry in sent if classes.get(entry.channel) is Folder]
        if others := len(sent) - len(entries):
            message = f"{others} copies went another way than into the folder, and are not merged"
            hint = "To merge them too, write folder under `channel`, and add --resend NUMBER."
            self.problems.append(note("not-merged", message, Place(self.list), hint))
        groups, names = self._groups(self._as_listed(ledger, entries)), []
        self._note_emptied({*self._groups(entries)} - {*groups})
        for stem, group in groups.items():
            found = [self._on_disk(entry) for entry in group]
            copies = [copy for copy in found if copy is not None]
            if len(copies) < len(group):
                continue
            title = " · ".join(filter(None, (self.about.title, group[0].organisation)))
            try:
                whole = self._joined(copies, title)
            except (GuideError, ValueError) as exc:
                self.problems.append(self._not_merged(f"the copies cannot be merged: {exc}", ""))
                continue
            people = [(entry.number, entry.name, entry.quiz.upper()) for entry in group]
            page = class_list(
                title, people, self.about.paper or PAPERS["a4"], self.about.lang, self.about.marking
            )
            for name, data in (
                (f"{stem}.pdf", whole),
                (f"{stem}-list.pdf", pipeline.typeset_job(page).data),
            ):
                output.write(self.out / name, data)
                names.append(self.out / name)
        self.merged = tuple(names)

    def _as_listed(self, ledger: Ledger, entries: Iterable[LedgerEntry]) -> list[LedgerEntry]:
        """Return copies with the names and classes that the list has now, in the list's order."""
        known = ledger.known()
        people = {person.id: person for person in known.people}
        owners = {copy.number: people.get(copy.person) for copy in known.copies}

        def place(entry: LedgerEntry) -> tuple[int, int]:
            owner = owners.get(entry.number)
            return (owner.place if owner else len(people), entry.number)

        return [
            dataclasses.replace(entry, name=owner.name, organisation=owner.organisation)
            if (owner := owners.get(entry.number))
            else entry
            for entry in sorted(entries, key=place)
        ]

    def _note_emptied(self, stems: Iterable[str]) -> None:
        """Note the merged PDFs of classes that nobody is in any more: they are not made again."""
        for stem in sorted(stems):
            if (path := self.out / f"{stem}.pdf").exists():
                message = f"{path.name} is of a class that nobody in the list is in any more"
                hint = f"Delete {path.name} and {stem}-list.pdf."
                self.problems.append(note("not-merged", message, Place(self.list), hint))

    def _joined(self, copies: Sequence[bytes], title: str) -> bytes:
        """Return copies as one PDF; those of a stranger's document are read in a confined process."""
        if self.about.editions is not None:
            return joined(copies, title)
        source, size = str(self.request.source), sum(map(len, copies))
        whole: bytes = apart(joined, copies, title, name=source, size=size)
        return whole

    def _groups(self, entries: Iterable[LedgerEntry]) -> dict[str, list[LedgerEntry]]:
        """Return copies by the name of the file that they go into, without ending: one a class."""
        groups: dict[str, list[LedgerEntry]] = {}
        for entry in entries:
            groups.setdefault(class_of(entry.organisation), []).append(entry)
        named: dict[str, list[LedgerEntry]] = {}
        for group in groups.values():
            stem = f"{self.about.stem}-{safe(group[0].organisation) or 'all'}"
            number = 2
            while (name := stem) in named:
                stem = f"{name.removesuffix(f'-{number - 1}')}-{number}"
                number += 1
            named[stem] = group
        return named

    def _on_disk(self, entry: LedgerEntry) -> bytes | None:
        """Return a copy as it was delivered into the folder; None after noting that it is not there."""
        try:
            data = (self.out / entry.file).read_bytes()
        except OSError:
            data = b""
        if hashlib.sha256(data).hexdigest() == entry.file_digest:
            return data
        message = f"copy {entry.number} is not in the folder as it was delivered"
        hint = f"Make it again: --resend {entry.number} --merge --send"
        self.problems.append(self._not_merged(message, hint))
        return None

    def _not_merged(self, message: str, hint: str) -> Diagnostic:
        return error("not-merged", message, Place(str(self.out)), hint)

    # Records ------------------------------------------------------------------------------------

    def _write_records(self) -> None:
        """Write manifest.json, SHA256SUMS and the index of links: numbers, and nobody's name."""
        about = self.about
        entries = self.ledger.entries()
        current = [e for e in entries if e.version == about.version]
        manifest = {
            "guide": __version__,
            "ledger": self.ledger.fact("id"),
            "document": {"title": about.title, "version": about.version, "series": about.series},
            "copies": [
                {
                    "number": e.number, "total": e.total, "copy_id": e.copy_id,
                    "channel": e.channel, "edition": e.edition, "state": str(e.state),
                    "sha256": e.digest, "file": e.file, "supersedes": e.supersedes,
                } | quiz_of(e)
                for e in current
            ],
        }  # fmt: skip
        # Who reads the place of a link has the copy.
        classes = registry.classes()
        private = {name: each.private for name, each in classes.items() if each.private}
        hidden = tuple(private.values())
        secret = any(e.channel in private or e.file.startswith(hidden) for e in entries)
        mode = 0o600 if secret else 0o666
        text = json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"
        output.write(self.out / MANIFEST, text.encode(), mode)
        sums: dict[str, str] = {}
        for entry in entries:
            if entry.file and (self.out / entry.file).is_file():
                sums[entry.file] = entry.file_digest
                signature = f"{entry.file}.p7s"
                if found := output.sha256_of(self.out / signature):
                    sums[signature] = found
        lines = "".join(f"{digest}  {file}\n" for file, digest in sorted(sums.items()))
        output.write(self.out / SUMS, lines.encode(), mode)
        base = self.request.link_base or self.ledger.fact("link_base")
        for name, channel in classes.items():
            sent = [
                (e.number, e.file) for e in current if e.channel == name and e.state == State.SENT
            ]
            if sent:
                for file, (data, most) in channel.index(sent, base).items():
                    output.write(self.out / file, data, most)


class _InOrder:
    """Delivers one parcel after the other: what may go well later is tried again, up to a bound."""

    def __init__(self, run: _Run, channel: Channel, recipe: Recipe, pool: Any) -> None:
        self.run, self.channel, self.recipe, self.pool = run, channel, recipe, pool
        # When it is due, how often and since when it was tried, whom it is for.
        self.waiting: list[tuple[float, int, float, Due]] = []
        self.patience = Patience(channel.tries, channel.wait)
        rate = run.request.rate
        self.pause = 60 / rate if rate else 0.0
        self.next = 0.0

    def deliver(self, dues: Sequence[Due]) -> None:
        """Deliver all; raises ChannelClosed when the channel takes nothing more."""
        for due, made in self._made(dues):
            self._hand_over(due, made, 1, time.monotonic())
            while self.waiting and self.waiting[0][0] <= time.monotonic():
                self._again()
        while self.waiting:
            time.sleep(max(0.0, self.waiting[0][0] - time.monotonic()))
            self._again()

    def _made(self, dues: Sequence[Due]) -> Iterator[tuple[Due, Made]]:
        """Yield copies while those that follow are being made."""
        under_way: deque[tuple[Sequence[Due], Any]] = deque()
        for chunk in _portions(self._small_enough(dues), self.channel, self.recipe, _AHEAD):
            orders = [self.run._order(due) for due in chunk]  # noqa: SLF001  of this module
            job = self.pool.submit(make_all, self.recipe, orders, None)
            under_way.append((chunk, job))
            if len(under_way) > self.pool.workers:
                yield from self._ready(*under_way.popleft())
        while under_way:
            yield from self._ready(*under_way.popleft())

    def _small_enough(self, dues: Sequence[Due]) -> list[Due]:
        """Return what can be sent; a message that no server takes is refused before it is made."""
        found = []
        for due in dues:
            size = sum(self.recipe.size(self.run._key(entry)) for entry in due.entries)  # noqa: SLF001
            if self.channel.mailing and size > _MAIL:
                text = f"{len(due.entries)} copies, {size / 1e6:,.0f} MB, are too much for one mail"
                self._answered(due, Made(), (1, 0.0), Answer(Outcome.FAILED, text))
            else:
                found.append(due)
        return found

    def _ready(self, chunk: Sequence[Due], job: Any) -> Iterator[tuple[Due, Made]]:
        results = made_by(job, sum(len(due.entries) for due in chunk))
        whole = [made for made in results if made.parcel is not None]
        self.run.noted(results)
        self.run.record(chunk[: len(whole)], State.MADE, whole)
        if self.channel.mailing:
            whole = self._with_letters(chunk, whole)
        yield from zip(chunk, whole, strict=False)
        if results and results[-1].problems:
            raise GuideError(*results[-1].problems)

    def _with_letters(self, chunk: Sequence[Due], whole: Sequence[Made]) -> list[Made]:
        letters = self.run.letters_for(chunk, whole)
        return [
            dataclasses.replace(made, parcel=dataclasses.replace(made.parcel, letter=letter))
            for made, letter in zip(whole, letters, strict=True)
            if made.parcel is not None
        ]

    def _again(self) -> None:
        _, tried, since, due = self.waiting.pop(0)
        orders = [self.run._order(due)]  # noqa: SLF001
        for _, made in self._ready([due], self.pool.submit(make_all, self.recipe, orders, None)):
            self._hand_over(due, made, tried + 1, since)

    def _hand_over(self, due: Due, made: Made, attempt: int, since: float) -> None:
        run, parcel = self.run, made.parcel
        assert parcel is not None
        message_id = parcel.message_id

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
        self._answered(due, made, (attempt, since), answer)

    def _answered(self, due: Due, made: Made, tried: tuple[int, float], answer: Answer) -> None:
        """Write what the channel said, then report it without naming anybody."""
        run = self.run
        states = {Outcome.SENT: State.SENT, Outcome.FAILED: State.FAILED,
                  Outcome.UNCERTAIN: State.UNCERTAIN, Outcome.LATER: State.MADE}  # fmt: skip
        run.record([due], states[answer.outcome], [made], answer)
        attempt, since = tried
        if answer.outcome == Outcome.LATER:
            now = time.monotonic()
            pause = self.patience.pause(answer.text, attempt, now - since)
            if pause is not None:
                self.waiting.append((now + pause, attempt, since, due))
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
                wait = named_wait(answer.text)
                when = f"in {math.ceil(wait / 60)} min" if wait else "later"
                hint = f"Run again {when}: only what is still open is sent."
                run.problems.append(error("delivery-later", message, at, hint))


def _key(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as exc:
        message = f"the key cannot be read: {exc.strerror or exc}"
        hint = "Check the name and the permissions of the file after --sign."
        raise GuideError(error("unreadable-file", message, Place(str(path)), hint)) from exc


def made_by(job: Any, copies: int = 1) -> list[Made]:
    """Return what a job made; raises GuideError when its process died.

    A job may take the longer the more copies it makes.
    """
    from guide.system.pool import TIME_LIMIT, JobTimeout, WorkerDied

    try:
        found: list[Made] = job.result(TIME_LIMIT * max(1.0, copies / _SIGNED))
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


def _label(entry: LedgerEntry, own: bool) -> CopyLabel:
    return CopyLabel(entry.number, entry.total, entry.name, entry.organisation, entry.copy_id, own)


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
    for part in (who.email, f"{local}@{ascii_domain(domain)}", local, who.name):
        if len(part) > 2:
            text = re.sub(rf"(?<!\w){re.escape(part)}(?!\w)", "…", text, flags=re.IGNORECASE)
    return text


def _slices(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _portions(
    dues: Sequence[Due], channel: Channel, recipe: Recipe, most: int
) -> Iterator[list[Due]]:
    """Yield what one job makes: a bounded number of copies, and of bytes, whatever the rows ask for.

    A row of many copies is divided where the channel allows it; else it is a job of its own.
    """
    size = recipe.size("*")
    most = max(1, min(_SIGNED if recipe.signature else most, _BYTES // max(1, size)))
    portion: list[Due] = []
    count = 0
    for due in dues:
        pieces = _slices(due.entries, most) if channel.divisible else iter([due.entries])
        for entries in pieces:
            if portion and count + len(entries) > most:
                yield portion
                portion, count = [], 0
            portion.append(dataclasses.replace(due, entries=tuple(entries)))
            count += len(entries)
    if portion:
        yield portion
