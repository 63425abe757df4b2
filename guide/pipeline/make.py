"""A pack to finished files, in the process that may: content, html, pdf, sheets."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import os
import re
import shlex
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from guide import __version__
from guide.diagnostics.diagnostic import (
    Diagnostic,
    GuideError,
    Place,
    Severity,
    error,
    in_order,
    note,
    warning,
)
from guide.model.lostfields import once_each
from guide.pipeline.inputs import digest_of_code, machine_met
from guide.pipeline.jobs import archive_job, typeset_job
from guide.pipeline.limits import render_limit, worker_died
from guide.pipeline.record import JSON, PDF, Output, Record
from guide.pipeline.settings import Progress, Settings
from guide.system.cache import Store
from guide.system.digest import digest
from guide.system.output import NO_ROOM
from guide.units import Paper, parse_paper

if TYPE_CHECKING:
    from guide.content.files import Seen
    from guide.content.spread import Sheets
    from guide.html.faces import Faces
    from guide.model.artifacts import Fault, Html, Pdf
    from guide.model.content import Flashcard
    from guide.model.kinds import Kind, Piece, Stock
    from guide.model.origins import Origins
    from guide.model.pack import Accepted, Pack
    from guide.pipeline.deck import Deck, Made
    from guide.sheets.impose_pages import Pressed
    from guide.system.pool import Job, Pool

T = TypeVar("T")
MOST_DOCUMENTS = 200  # files of one build
_NAMED = 8  # files that a message names


def make(
    folder: Path, settings: Settings, store: Store, pool: Pool, progress: Progress,
    most: int, machine: Job | None = None,
) -> Record:  # fmt: skip
    """Make what a pack says. `most` is the size in MB that a document may have."""
    return _Making(folder, settings, store, pool, progress, most, machine).record()


# Errors of content that leave nothing out of the pack.
_WHOLE_PACK = {
    "answer-not-an-option", "bad-reference", "duplicate-id", "duplicate-option", "missing-source",
    "unknown-source", "unknown-term",
}  # fmt: skip
# What is only found because something was left out, whose error is told.
_SECONDARY = {
    "dropped-reference", "nothing-to-print", "plan-too-short", "too-few-questions", "unknown-tag",
}  # fmt: skip


@dataclass
class _Document:
    """A document under way."""

    kind: Kind
    started: float
    places: Mapping[str, Place]
    name: str = ""
    html: Html | None = None
    deck: Deck | None = None
    job: Job | None = None
    pdf: Pdf | None = None
    cached: bool = False
    _origins: Origins | None = None

    def origins(self, pack: Pack) -> Origins:
        """Return what knows where its content was written."""
        from guide.model.origins import Origins

        if self._origins is None:
            cards = self.deck.source.request.cards if self.deck else ()
            self._origins = Origins(pack, self.places, cards)
        return self._origins


def _how_made(pack: str, settings: Settings) -> str:
    """Return how a document is made of a pack's source: what rebuild.txt says."""
    given = {
        "--edition": settings.edition, "--paper": settings.paper, "--theme": settings.theme,
        "--stock": settings.stock, "--duplex": settings.duplex, "--tags": ",".join(settings.tags),
    }  # fmt: skip
    command = ["guide", "build", pack, "--archive"]
    for option, value in given.items():
        command += [option, value] if value else []
    command += ["--booklet"] if settings.booklet else []
    for key, value in settings.overrides:
        command += ["-D", f"{key}={value}"]
    return f"Made by guide {__version__}. To make it again:\n\n  {shlex.join(command)}\n"


class _Making:
    """One build of one pack whose result is not known yet."""

    def __init__(
        self, folder: Path, settings: Settings, store: Store, pool: Pool, progress: Progress,
        most: int, machine: Job | None = None,
    ) -> None:  # fmt: skip
        self.folder, self.settings, self.store = folder, settings, store
        self.machine = machine
        self.most = most  # MB of one document
        self.pool, self.progress = pool, progress
        self.problems: list[Diagnostic] = []
        self.layout_problems: list[Diagnostic] = []
        self.told: dict[tuple[Any, ...], _Told] = {}
        self.decks: dict[str, dict[str, str]] = {}
        self.marks: dict[str, Callable[[], dict[str, str]]] = {}
        self.happened: tuple[Diagnostic, ...] = ()
        self.seen: Seen = {}
        self.count = 0  # documents so far

    def record(self) -> Record:
        from guide.content.editions import empty, leaks
        from guide.content.load import load_pack

        self.source: dict[str, bytes] = {}
        read = self.source if self.settings.archive else None
        pack, found = load_pack(self.folder, dict(self.settings.overrides), read, seen=self.seen)
        self.problems += found
        if pack is None:
            return self._record(pack, [])
        if self.settings.edition:
            pack = self._edition(pack)
            self.problems += leaks(pack, self.settings.edition)
        self.pack = pack
        self._meet_machine()
        wrong = {d.code for d in found if d.severity == Severity.ERROR}
        try:
            # Decks first: their markup is quick to make, and a worker sets it meanwhile.
            wanted = sorted(self._wanted(pack), key=lambda each: each[0].shape != "faces")
        except GuideError as exc:
            self.problems += exc.diagnostics
            wanted = []
        documents = [document for each in wanted for document in self._begin(pack, *each)]
        left_out = any(d.code == "nothing-to-print" for d in self.problems)
        if self.settings.edition and left_out and not documents and not self._fatal():
            self.problems.append(empty(pack, self.settings.edition))
        documents.sort(key=lambda document: document.kind.order)
        files = [file for document in documents for file in self._finish(pack, document)]
        if self.settings.archive:
            files = self._archived(pack, documents, files)
        # What is missing was said to be wrong, and need not be said to be missing.
        repeated = _SECONDARY if wrong - _WHOLE_PACK else {"dropped-reference"} if wrong else set()
        self.problems = [d for d in self.problems if d.code not in repeated]
        told = [each.diagnostic for each in self.told.values()]
        self.problems += told
        self.layout_problems = [*self.layout_problems, *told]
        self._accept(pack)
        return self._record(pack, files)

    def _meet_machine(self) -> None:
        """Keep results for the fonts and libraries of this machine; none if they are not known."""
        from guide.system.pool import JobTimeout, WorkerDied

        if self.machine is None:
            return
        try:
            self.store = self.store.on(machine_met(self.store, self.machine.result()))
        except (JobTimeout, WorkerDied, MemoryError, OSError):
            self.store = dataclasses.replace(self.store, enabled=False)
        self.happened += tuple(worker_died(how, "reading the fonts") for how in self.pool.deaths)

    def _archived(
        self, pack: Pack, documents: Sequence[_Document], files: Sequence[Output]
    ) -> list[Output]:
        """Return the files as archives that hold the pack's source, but for those that cannot be."""
        from guide.content.editions import source_leak
        from guide.pdf.archive import source_of

        self.problems += source_leak(pack, self.settings.edition)
        date = pack.manifest.date
        day = date.first if date else time.gmtime(self.settings.epoch)[:3]
        source = source_of(pack.name, self.source, day, _how_made(pack.name, self.settings))
        jobs = [
            self.pool.submit(archive_job, file.data, source, size=file.size)
            if file.path.endswith(".pdf") else None
            for file in files
        ]  # fmt: skip
        by_kind = {document.kind.name: document for document in documents}
        made = []
        for file, job in zip(files, jobs, strict=True):
            found: bytes | str | None = file.data
            if job is not None:
                self.progress(_stem(file.path), "archive")
                found = self._guarded(by_kind[file.kind], job.result)
            if isinstance(found, bytes):
                sha256 = hashlib.sha256(found).hexdigest()
                made.append(dataclasses.replace(file, data=found, size=len(found), sha256=sha256))
            elif found is not None:
                self._not_archivable(pack, file.kind, f"{_stem(file.path)}: {found}")
        return made

    def _not_archivable(self, pack: Pack, kind: str, reason: str) -> None:
        """Leave out what cannot be an archive."""
        hint = "Leave it out with --only, or build it without --archive. See docs/archive.md."
        place = pack.at(f"documents.{kind}")
        problem = error("not-archivable", reason, place, hint)
        self.problems.append(problem)
        self.layout_problems = [*self.layout_problems, problem]

    def _record(self, pack: Pack | None, files: list[Output]) -> Record:
        if self.settings.strict:
            self.problems = [
                dataclasses.replace(d, severity=Severity.ERROR)
                if d.severity == Severity.WARNING else d
                for d in self.problems
            ]  # fmt: skip
        self.problems = once_each(_once_about_a_colour(_once_about_the_marking(self.problems)))
        found = in_order(self.problems)
        stopped = not pack or self._stopped(found)
        kept = [] if stopped else files
        title = pack.manifest.title if pack else ""
        version = pack.manifest.version if pack else ""
        decks = {} if stopped else self.decks
        stems = self._stems(pack) if pack else {}
        return Record(
            title, version, kept, found, decks, self.happened, stems=stems, seen=self.seen,
            machine=self.store.world,
        )  # fmt: skip

    def _stems(self, pack: Pack) -> dict[str, str]:
        """Return the beginnings of the names of files, each with its kind."""
        from guide.content.library import load_kinds

        try:
            kinds = load_kinds(pack)
        except GuideError:  # said already
            return {}
        return {_stem(piece.output): k.name for k in kinds.values() for piece in k.files}

    def _stopped(self, found: tuple[Diagnostic, ...]) -> bool:
        """Errors in content stop all documents; those of layout have left theirs out already."""
        layout = {id(d) for d in self.layout_problems} if not self.settings.strict else set()
        return any(d.severity == Severity.ERROR and id(d) not in layout for d in found)

    def _edition(self, pack: Pack) -> Pack:
        from guide.content.validate import did_you_mean

        name = self.settings.edition
        if name in pack.manifest.editions:
            return pack.edition(name)
        hint = did_you_mean(name, pack.manifest.editions) or "Define it under `editions:`."
        message = f"there is no edition `{name}`"
        raise GuideError(error("unknown-edition", message, Place(f"{self.folder}/pack.yaml"), hint))

    def _wanted(self, pack: Pack) -> Iterator[tuple[Kind, dict[str, Any]]]:
        """Yield the kinds to make with their options as given."""
        from guide.content.editions import empty, nothing_for
        from guide.content.library import load_kinds
        from guide.content.overrides import unlisted
        from guide.content.validate import did_you_mean

        kinds, given = load_kinds(pack), pack.manifest.documents
        for name in [*(given or {}), *self.settings.kinds]:
            if name not in kinds:
                place = pack.at(f"documents.{name}") if name in (given or {}) else Place("--only")
                hint = did_you_mean(name, kinds)
                self.problems.append(
                    error("unknown-kind", f"there is no kind of document `{name}`", place, hint)
                )
        named, edition = self.settings.kinds, self.settings.edition
        self.problems += () if named else unlisted(pack, kinds)
        for kind in kinds.values():
            listed = pack.listed is None or kind.name in pack.listed
            asked = kind.name in named if named else listed
            derived = (given or {}).get(kind.name, {}).get("derive", ())
            sources = {*kind.needs, *({"questions"} if "questions" in derived else ())}
            has = any(getattr(pack, name) for name in sources)
            if asked and has:
                yield kind, dict((given or {}).get(kind.name, {}))
            elif asked and (pack.listed is not None or named):
                self.problems.append(nothing_for(kind, pack, edition, bool(named)))
        if not any(getattr(pack, name) for kind in kinds.values() for name in kind.needs):
            self.problems.append(empty(pack, edition))

    def _spared(self, kind: Kind, problems: Sequence[Diagnostic]) -> Sequence[Diagnostic]:
        """Return the problems of a document; one that nobody asked for may have no content."""
        from guide.content.editions import spared

        asked = self.pack.listed is not None and not self.settings.edition
        if asked or kind.name in self.settings.kinds:
            return problems
        return spared(problems, kind.name, self.settings.edition)

    def _begin(self, pack: Pack, kind: Kind, given: dict[str, Any]) -> list[_Document]:
        from guide.content.library import resolve_options

        options, found = resolve_options(kind, self._given(kind, given), pack)
        self.problems += found
        paper, theme = self._paper_and_theme(pack, kind, options)
        if kind.shape == "faces":
            self.progress(kind.name, "render")
            bad = any(map(self._stops, found))
            deck = None if bad else self._begin_deck(pack, kind, options, paper, theme)
            return [deck] if deck else []
        if self.settings.archive and options.get("form"):
            reason = f"{kind.name}: a form that is filled in is no archive"
            self._not_archivable(pack, kind.name, reason)
            return []
        if any(map(self._stops, found)):
            return []
        wanted = [
            (piece, version)
            for piece in kind.files
            if not piece.when or options.get(piece.when)
            for version in versions(piece, options)
        ]
        self.count += len(wanted)
        if self.count > MOST_DOCUMENTS:
            message = (
                f"`{kind.name}` is document {self.count} of the pack; {MOST_DOCUMENTS} is the most"
            )
            hint = "Ask for fewer versions, or build some kinds at a time with --only."
            place = pack.at(f"documents.{kind.name}")
            self.problems.append(error("too-many-documents", message, place, hint))
            return []
        begun = [
            self._begin_pages(pack, kind, options, paper, theme, piece, version)
            for piece, version in wanted
        ]
        return [document for document in begun if document is not None]

    def _begin_pages(
        self, pack: Pack, kind: Kind, options: dict[str, Any], paper: Any, theme: Any,
        piece: Piece, version: str,
    ) -> _Document | None:  # fmt: skip
        from guide.html.render import Request, render

        started = time.perf_counter()
        name = piece.output.removesuffix(".pdf") + (f"-{version}" if version else "") + ".pdf"
        self.progress(_stem(name), "render")
        cards = self._deck(pack) if "cards" in kind.prints else ()
        request = Request(
            pack, kind, options, paper, theme, cards, edition=self.settings.edition, piece=piece,
            version=version,
        )  # fmt: skip
        html, more = render(request)
        self.problems += self._spared(kind, more)
        if html is None or self._fatal():
            return None
        document = _Document(kind, started, html.places, name, html)
        self.progress(_stem(name), "typeset")
        document.pdf = self._stored(html)
        document.cached = document.pdf is not None
        if document.pdf is None:
            document.job = self.pool.submit(typeset_job, html, size=len(html.markup))
        return document

    def _deck(self, pack: Pack) -> tuple[Flashcard, ...]:
        """Return the cards that the pack's flashcards are made of."""
        from guide.content.derive_cards import deck, selected
        from guide.content.library import deck_kind, load_stock, resolve_options

        kind = deck_kind(pack)
        given = self._given(kind, (pack.manifest.documents or {}).get("flashcards", {}))
        options, _ = resolve_options(kind, given, pack)  # what is wrong is said with the deck
        stock = None
        with contextlib.suppress(GuideError, ValueError):
            paper = parse_paper(self.settings.paper or options.get("paper") or pack.manifest.paper)
            stock = load_stock(str(options["stock"]), Place(""), pack, paper)
            stock = stock.folded() if options["duplex"] == "fold" else stock
        cards = deck(pack, options["derive"])
        return selected(cards, options, self.settings.tags, _sheets(stock, options))

    def _begin_deck(
        self, pack: Pack, kind: Kind, options: dict[str, Any], paper: Any, theme: Any
    ) -> _Document | None:
        from guide.html.faces import Faces, wrong_options
        from guide.html.render import Request, marking_problems
        from guide.html.sheet_margins import BareSide, Furniture, Printed
        from guide.html.templates import TemplateFault
        from guide.pipeline.deck import Deck
        from guide.sheets.plan_cards import margins as margins_of
        from guide.sheets.plan_cards import plan

        started = time.perf_counter()
        stock = self._stock(pack, kind, options, paper)
        if stock is None:
            return None
        cards = self._cards(pack, kind, options, stock)
        if not cards:
            return None
        request = Request(pack, kind, options, paper, theme, cards, stock, self.settings.edition)
        source = Faces(request)
        wrong = [
            *source.missing_layouts(), *wrong_options(pack, kind, options),
            *marking_problems(request),
        ]  # fmt: skip
        self.problems += wrong
        self.marks[kind.name] = partial(source.fingerprints, cards)
        cards = self._printed(pack, kind, options, source, self._stopping(wrong))
        if not cards:
            self.problems += source.problems
            return None
        duplex, order = str(options["duplex"]), str(options["order"])
        sides = plan(len(cards), stock, duplex, order)
        self._check_budget(pack, kind, options, len(sides), stock.per_sheet)
        bare = [BareSide(side.sheet, side.back, margins_of(stock, side, duplex)) for side in sides]
        printed = Printed(
            duplex, str(options["marks"]), bool(options["ruler"]), float(options["bleed"] or 0)
        )
        margins = Furniture(pack, kind, stock, printed, bare)
        deck = Deck(
            source, margins, sides, stock, self.store, self.pool, self.settings.registration,
            lambda share: self.progress(kind.name, f"typeset {share:.0%}"),
            bool(self.settings.tags or self.settings.printed is not None),
        )  # fmt: skip
        fatal = self._fatal()
        if not fatal:
            self.progress(kind.name, "typeset")
        try:
            if not fatal:
                deck.begin()
            elif not self._stopping(wrong):
                source.html(cards)  # no deck is made; what is wrong with its texts is said
        except TemplateFault as fault:
            self.problems.append(fault.diagnostic)
        self.problems += source.problems
        if self._fatal():
            return None
        places = {card.id: card.at() for card in cards}
        places |= source.document.context.places
        return _Document(kind, started, places, kind.output, deck=deck)

    def _check_budget(
        self, pack: Pack, kind: Kind, options: Mapping[str, Any], sides: int, per_side: int
    ) -> None:
        """Say that a deck takes more sides of sheets than its budget has."""
        from guide.model.kinds import page_budget

        most, multiple = page_budget(options.get("pages"))
        within = not (most and sides > most) and sides % multiple == 0
        if not within:
            limit = f"at most {most}" if most and sides > most else f"a multiple of {multiple}"
            message = f"the sheets have {sides} pages, but the budget is {limit}"
            hint = f"A side holds {per_side} cards: choose by `tags`, smaller stock, or a larger budget."
            place = pack.at(f"documents.{kind.name}.pages")
            self.problems.append(error("over-budget", message, place, hint))

    def _stock(
        self, pack: Pack, kind: Kind, options: Mapping[str, Any], paper: Any
    ) -> Stock | None:
        """Return the stock to print on, as it is folded if it is."""
        from guide.content.library import load_stock

        place = self._stock_place(pack, kind)
        try:
            stock = load_stock(str(options["stock"]), place, pack, paper)
            self._check_paper(pack, kind, options, stock, paper)
            _, least = self._cards_of_theme(options)
            stock = stock.enlarged(least) if least else stock
            return stock.folded() if options["duplex"] == "fold" else stock
        except GuideError as exc:
            self.problems += exc.diagnostics
        except ValueError as exc:
            hint = "Choose smaller stock, or --duplex long-edge."
            self.problems.append(error("bad-stock", str(exc), place, hint))
        return None

    def _check_paper(
        self, pack: Pack, kind: Kind, options: Mapping[str, Any], stock: Stock, paper: Paper
    ) -> None:
        """Warn that the stock is for another paper, unless the pack has chosen both."""
        from guide.content.cardpaper import other_paper

        own = (pack.manifest.documents or {}).get(kind.name, {})
        if self.settings.paper:
            place = Place("--paper")
        elif options.get("paper"):
            place = pack.at(f"documents.{kind.name}.paper")
        elif self.settings.stock or own.get("stock"):
            return
        else:
            place = pack.at("paper")
        found = other_paper(stock, paper, place)
        self.problems += [found] if found else []

    def _cards(
        self, pack: Pack, kind: Kind, options: Mapping[str, Any], stock: Stock
    ) -> tuple[Flashcard, ...]:
        """Return the cards that are chosen, in order; reports when there are none."""
        from guide.content.derive_cards import deck, selected
        from guide.content.validate import did_you_mean

        place = pack.at(f"documents.{kind.name}")
        every = deck(pack, options["derive"])
        tags = self.settings.tags or tuple(map(str, options["tags"]))
        known = {tag for card in every for tag in card.tags}
        for tag in tags if known & {*tags} else ():
            if tag not in known:
                hint = did_you_mean(tag, known)
                here = (
                    Place("--tags")
                    if self.settings.tags
                    else pack.at(f"documents.{kind.name}.tags")
                )
                self.problems.append(
                    warning("unknown-tag", f"no card has the tag `{tag}`", here, hint)
                )
        cards = selected(every, options, self.settings.tags, _sheets(stock, options))
        if not cards:
            none = self._no_cards(every, tags, place)
            self.problems += self._spared(kind, [none])
            return ()
        return cards

    def _printed(
        self, pack: Pack, kind: Kind, options: Mapping[str, Any], source: Faces, wrong: bool
    ) -> tuple[Flashcard, ...]:
        """Return the cards to print of those chosen: all, or those not printed before.

        None are rendered to compare them if something is `wrong` with all.
        """
        from guide.html.faces import prelude
        from guide.html.templates import TemplateFault

        cards, place = source.request.cards, pack.at(f"documents.{kind.name}")
        if self.settings.printed is None:
            title, contents = bool(options["title-card"]), bool(options["contents-card"])
            cards = (*prelude(pack, cards, title, contents), *cards)
        elif not wrong:
            before = dict(self.settings.printed)
            try:
                now = source.fingerprints(cards)
            except TemplateFault as fault:
                self.problems.append(fault.diagnostic)
                return ()
            cards = tuple(card for card in cards if before.get(card.id) != now[card.id])
            if not cards:
                self.decks[kind.name] = now
                message = "no card is new or changed since that build; no sheets are made"
                self.problems.append(note("nothing-changed", message, place))
        source.printing(cards)
        return cards

    def _stopping(self, problems: Iterable[Diagnostic]) -> bool:
        return any(map(self._stops, problems))

    def _no_cards(
        self, every: tuple[Flashcard, ...], tags: tuple[str, ...], place: Place
    ) -> Diagnostic:
        from guide.content.validate import did_you_mean

        message, hint = "the deck has no cards", "Add cards."
        if every and tags:
            message = f"no card has the tag {' or '.join(f'`{tag}`' for tag in tags)}"
            known = sorted({tag for card in every for tag in card.tags})
            hint = (
                did_you_mean(tags[0], known) or f"Tags in use: {', '.join(known[:12]) or 'none'}."
            )
            place = Place("--tags") if self.settings.tags else place
        return error("nothing-to-print", message, place, hint)

    def _given(self, kind: Kind, given: dict[str, Any]) -> dict[str, Any]:
        run = {"stock": self.settings.stock, "duplex": self.settings.duplex}
        usual = {"stock": self._cards_of_theme(given)[0]} if kind.name == "flashcards" else {}
        return {
            **{k: v for k, v in usual.items() if v},
            **given,
            **{k: v for k, v in run.items() if v and k in kind.options},
        }

    def _cards_of_theme(self, options: Mapping[str, Any]) -> tuple[str, float]:
        """Return the stock that the theme of a deck prints on, and its least type in pt."""
        from guide.content.library import theme_of_cards

        own = self.pack.manifest.theme.name
        return theme_of_cards(str(self.settings.theme or options.get("theme") or own), self.pack)

    def _stock_place(self, pack: Pack, kind: Kind) -> Place:
        return Place("--stock") if self.settings.stock else pack.at(f"documents.{kind.name}.stock")

    def _fatal(self) -> bool:
        return any(self._stops(d) for d in self.problems if d not in self.layout_problems)

    def _stops(self, problem: Diagnostic) -> bool:
        """Tell whether a problem is an error that the author does not accept."""
        return self.pack.manifest.stops(problem)

    def _paper_and_theme(
        self, pack: Pack, kind: Kind, options: Mapping[str, Any]
    ) -> tuple[Any, Any]:
        from guide.content.library import check_theme

        paper = pack.manifest.paper
        try:
            paper = parse_paper(self.settings.paper or options.get("paper") or paper)
        except ValueError as exc:
            self.problems.append(error("bad-value", str(exc), Place("--paper")))
        theme = pack.manifest.theme
        name = self.settings.theme or options.get("theme") or theme.name
        place = Place("--theme") if self.settings.theme else pack.at("theme.name")
        if options.get("theme") and not self.settings.theme:
            place = pack.at(f"documents.{kind.name}.theme")
        problem = check_theme(name, place, pack)
        if problem:
            self.problems.append(problem)
        return paper, theme.model_copy(update={"name": str(name)})

    def _stored(self, html: Html) -> Pdf | None:
        from guide.model.artifacts import Pdf

        found: Pdf | None = self.store.value(f"pdf:{self._key(html)}", Pdf)
        return found

    def _key(self, html: Html) -> str:
        return digest(html, digest_of_code())

    def _finish(self, pack: Pack, document: _Document) -> list[Output]:
        if document.deck is not None:
            return self._finish_deck(document, document.deck)
        assert document.html is not None
        self.progress(_stem(document.name), "typeset")
        pdf = document.pdf or self._wait(document, document.job)
        if pdf is not None and len(pdf.data) > self.most * 1_000_000:
            size = len(pdf.data) // 1_000_000
            self._limit(f"`{_stem(document.name)}` has {size} MB; {self.most} MB is the most")
            return []
        if pdf is None:
            return []
        if not document.cached:
            self.store.keep(f"pdf:{self._key(document.html)}", pdf)
        warnings = self._judged(document, (*document.html.forgotten, *pdf.faults))
        self.progress(_stem(document.name), "cached" if document.cached else "done")
        if warnings is None:
            return []
        seconds = time.perf_counter() - document.started
        proof = pdf.items, pdf.missing
        made = [_file(document, document.name, pdf.data, pdf.pages, seconds, warnings, *proof)]
        if self.settings.booklet:
            from guide.sheets.impose_pages import Scheme, impose_pdf

            name = f"{_stem(document.name)}-booklet.pdf"
            pressed = self._guarded(document, lambda: impose_pdf(pdf.data, Scheme(), name))
            booklet = self._booklet(document, name, pdf, pressed) if pressed else None
            made += [booklet] if booklet else []
        return made

    def _booklet(self, document: _Document, name: str, pdf: Pdf, pressed: Pressed) -> Output | None:
        """Return a booklet once all pages of its document are known to be on it."""
        from guide.proof.prove import prove_imposed

        sheets = pressed.sheets
        proof = self._guarded(document, lambda: prove_imposed(pdf.data, sheets.data))
        if proof is None or self._judged(document, proof.faults) is None:
            return None
        seconds = time.perf_counter() - document.started
        found = proof.items, proof.missing
        return _file(document, name, sheets.data, sheets.pages, seconds, 0, *found)

    def _finish_deck(self, document: _Document, deck: Deck) -> list[Output]:
        faults = self._guarded(document, deck.finish)
        if faults is None:
            return []
        document.cached = deck.cached
        warnings = self._judged(document, faults)
        stem = document.kind.output.removesuffix(".pdf")
        stem += "-changed" if self.settings.printed is not None else ""
        report: list[Made] = []
        if self.settings.fit_report:
            report = self._guarded(document, lambda: deck.fit_report(stem)) or []
        made = report
        if warnings is not None:
            files = self._guarded(document, lambda: deck.files(stem))
            more = self._judged(document, deck.losses)
            files = files if more is not None else None
            warnings += more or 0
            made = [*(files or []), *report]
            if files:
                self.decks[document.kind.name] = self.marks[document.kind.name]()
        self.progress(document.kind.name, "cached" if document.cached else "done")
        if self.settings.booklet:
            message = f"`{document.kind.name}` is on sheets already; no booklet is made of it"
            place = self.pack.at(f"documents.{document.kind.name}")
            self.problems.append(Diagnostic("no-booklet", message, place, "", Severity.NOTE))
        seconds = time.perf_counter() - document.started
        return [
            _file(
                document,
                each.name,
                each.data,
                each.pages,
                seconds,
                0 if n else warnings or 0,
                each.items,
                each.missing,
            )
            for n, each in enumerate(made)
        ]

    def _judged(self, document: _Document, faults: Iterable[Fault]) -> int | None:
        """Report the faults of a layout; return the number of warnings, None when it is refused."""
        found = []
        for fault in faults:
            if fault.code == "left-out":
                notes = _left_out(fault, document)
                self.problems += notes
                self.layout_problems = [*self.layout_problems, *notes]
                continue
            made = _fault(fault, document, self.pack)
            found.append(made)
            where = (_stem(document.name), fault.page)
            self.told.setdefault(_cause(made), _Told(made)).add(*where)
        if any(map(self._stops, found)):
            return None
        warnings = {_cause(d): d for d in found if d.severity == Severity.WARNING}
        return sum(not self.pack.manifest.accepting(d) for d in warnings.values())

    def _wait(self, document: _Document, job: Job | None) -> Pdf | None:
        assert job is not None
        return self._guarded(document, job.result)

    def _guarded(self, document: _Document, work: Callable[[], T]) -> T | None:
        """Return what work gives, or None and a diagnostic: layout is a stranger's code."""
        from guide.system.pool import JobTimeout, WorkerDied

        deaths = len(self.pool.deaths)
        try:
            done = work()
            for how in self.pool.deaths[deaths:]:
                self.happened += (worker_died(how, _stem(document.name) or document.kind.name),)
            return done
        except (JobTimeout, WorkerDied, MemoryError, RecursionError, OverflowError) as exc:
            reason = {
                JobTimeout: "took too much computing time",
                WorkerDied: "was killed twice: it needs too much memory or time",
                RecursionError: "is nested too deeply",
                OverflowError: "came to a number that is too large",
            }.get(type(exc), "needs more memory than it may have")
            name = _stem(document.name) or document.kind.name
            self._limit(f"typesetting `{name}` {reason}")
        except Exception as exc:  # noqa: BLE001  on a stranger's text
            if isinstance(exc, OSError) and exc.errno in NO_ROOM:
                self._no_room(exc)
                return None
            detail = f"{type(exc).__name__}: {exc}"[:200]
            if "RefusedURL" in detail:
                self._outside(document, str(exc))
                return None
            self.problems.append(self._failed(document, detail))
        return None

    def _failed(self, document: _Document, detail: str) -> Diagnostic:
        """Return the error for what the typesetter does not survive: a template's, or a bug."""
        name = _stem(document.name) or document.kind.name
        theme = self.settings.theme or self.pack.manifest.theme.name
        own = [
            path
            for path in sorted(self.pack.templates)
            if path.startswith((f"{document.kind.name}/", f"themes/{theme}."))
            or ("/" not in path and path.endswith((".css", ".html")))
        ]
        if not own:
            hint = "Leave out what was changed last; this is a bug, please report it with the pack."
            message = f"typesetting `{name}` failed ({detail})"
            return error("render-failed", message, Place("pack.yaml", 1, 1), hint)
        styles = [path for path in own if path.endswith(".css")] or own
        files = ", ".join(f"templates/{path}" for path in own[:_NAMED])
        message = f"typesetting `{name}` failed: the pack's own templates ask for what cannot be set ({detail})"
        hint = f"Take out what was changed last in {files}. If it fails without them as well, report it as a bug."
        return error("bad-template", message, Place(f"templates/{styles[0]}", 1, 1), hint)

    def _outside(self, document: _Document, message: str) -> None:
        problem = error(
            "remote-data",
            f"{_stem(document.name)}: {message.partition('RefusedURL: ')[2]}",
            Place("pack.yaml", 1, 1),
            "Nothing is loaded but the pack's own files: look for url(...) in its stylesheets.",
        )
        self.problems.append(problem)
        self.layout_problems = [*self.layout_problems, problem]

    def _no_room(self, exc: OSError) -> None:
        """Say once for all documents that temporary files have no room: fonts are such files."""
        message = f"temporary files cannot be written: {exc.strerror}"
        hint = "Free some room there, or set TMPDIR to a folder that has some."
        place = Place(os.path.dirname(tempfile.gettempdir()))
        problem = error("cannot-write", message, place, hint)
        self.problems.append(problem)
        self.layout_problems = [*self.layout_problems, problem]

    def _limit(self, message: str) -> None:
        """Leave out a document that takes too much; the others are made."""
        problem = render_limit(message)
        self.problems.append(problem)
        self.layout_problems = [*self.layout_problems, problem]

    def _accept(self, pack: Pack) -> None:
        """Turn problems that the author accepts into notes that say why."""
        entries, used = pack.manifest.accept, set[int]()
        shown = []
        for found in self.problems:
            numbers = pack.manifest.accepting(found)
            used |= {*numbers}
            if numbers:
                because = entries[numbers[0]].because
                found = dataclasses.replace(found, severity=Severity.NOTE, accepted=because)  # noqa: PLW2901
            shown.append(found)
        self.layout_problems = [d for d in shown if d in self.layout_problems or d.accepted]
        self.problems = shown
        if self._partial():
            return
        codes = {found.code for found in self.problems}
        for number, entry in enumerate(entries):
            if number not in used:
                self.problems.append(_unused(entry, codes, pack.at(f"accept.{number}")))

    def _partial(self) -> bool:
        """Tell whether this run does not look at all that the pack has."""
        run = self.settings
        return bool(run.kinds or run.edition or run.tags or run.printed is not None)


def _unused(entry: Accepted, codes: Iterable[str], place: Place) -> Diagnostic:
    from guide.diagnostics.suggest import nearest

    whose = f" of `{entry.id}`" if entry.id else ""
    message = f"nothing to accept: no `{entry.code}`{whose} was found"
    near = nearest(entry.code, [code for code in codes if code != entry.code])
    hint = f"did you mean `{near}`?" if near else "Delete the entry."
    return note("unused-accept", message, place, hint)


def _file(
    document: _Document, name: str, data: bytes, pages: int, seconds: float, warnings: int,
    items: int = 0, missing: int = 0,
) -> Output:  # fmt: skip
    sha256 = hashlib.sha256(data).hexdigest()
    return Output(
        document.kind.name, name, pages, len(data), sha256, seconds, document.cached, warnings,
        items, missing, PDF if name.endswith(".pdf") else JSON, data,
    )  # fmt: skip


def _once_about_the_marking(problems: list[Diagnostic]) -> list[Diagnostic]:
    """Return problems with only one about the marking's length: that of the narrowest place."""
    if not any(found.code == "marking-too-long" for found in problems):
        return problems
    from guide.html.marking import narrowest

    return narrowest(problems)


def _once_about_a_colour(problems: list[Diagnostic]) -> list[Diagnostic]:
    """Return problems without the pale texts, if the accent colour that makes them so is among them."""
    if not any(found.code == "unreadable-text" for found in problems):
        return problems
    from guide.proof.contrast import HINT
    from guide.proof.trouble import PALE_HINT

    of_colours = {found.hint for found in problems if found.code == "unreadable-text"}
    if HINT not in of_colours:
        return problems
    return [d for d in problems if d.code != "unreadable-text" or d.hint != PALE_HINT]


def _stem(name: str) -> str:
    return name.removesuffix(".pdf")


def _sheets(stock: Stock | None, options: Mapping[str, Any]) -> Sheets:
    """Return how the cards of a deck lie on sheets."""
    from guide.content.spread import Sheets

    own = bool(options["title-card"]) + bool(options["contents-card"])
    return Sheets(stock.per_sheet if stock else 1, options["order"] == "cut-stack", own)


def versions(piece: Piece, options: Mapping[str, Any]) -> list[str]:
    """Return the letters of the versions of a file; one without a letter when there is but one."""
    count = min(26, int(options.get("versions") or 1)) if piece.versions else 1
    return [chr(97 + n) for n in range(count)] if count > 1 else [""]


def _cause(found: Diagnostic) -> tuple[Any, ...]:
    """Return what tells one cause from another: not the document, and not a tenth of a mm."""
    words = re.sub(r"\d+(?:\.\d+)?", "#", found.message)
    if found.code == "card-overflow":
        words = ""  # a cloze is on both sides, and a reversed card is two cards
    place = found.place
    return found.code, place.path, place.line, place.column, found.severity, words


@dataclass
class _Told:
    """A fault of layout, and the pages of the documents in which it was found."""

    found: Diagnostic
    pages: dict[str, list[int]] = field(default_factory=dict)

    def add(self, document: str, page: int) -> None:
        """Note that it was found in one more place; page 0 is the document as a whole."""
        self.pages.setdefault(document, [])
        if page and page not in self.pages[document]:
            self.pages[document].append(page)

    @property
    def diagnostic(self) -> Diagnostic:
        """The fault, said once for all documents."""
        if self.found.code in _WHOLE or not any(self.pages.values()):
            return self.found
        where = "; ".join(_pages(name, pages) for name, pages in self.pages.items())
        return dataclasses.replace(self.found, message=f"{where}: {self.found.message}")


_WHOLE = {"over-budget", "card-overflow"}  # their messages say of what they speak
_MOST_PAGES = 3  # of a document that are named


def _pages(name: str, pages: Sequence[int]) -> str:
    if not pages:
        return name
    shown = ", ".join(map(str, pages[:_MOST_PAGES]))
    more = f" and {len(pages) - _MOST_PAGES} more" if len(pages) > _MOST_PAGES else ""
    return f"{name}, page{'s'[: len(pages) > 1]} {shown}{more}"


_CAUSED = {
    "low-contrast",
    "unreadable-text",
    "font-fallback",
}  # the first of their `others` is what causes them
_OF_TEMPLATES = {"duplicate-anchor", "missing-alt"}  # faults of markup, when they have no key


def _in_template(pack: Pack, kind: str, word: str) -> Place | None:
    """Return where a pack's own template of a kind has a word for the last time."""
    for name, text in pack.templates.items():
        if name.startswith(f"{kind}/") and name.endswith(".html"):
            line = text.count("\n", 0, max(0, text.rfind(word))) + 1
            return Place(f"templates/{name}", line, 1)
    return None


def _fault(fault: Fault, document: _Document, pack: Pack) -> Diagnostic:
    """Give a fault of layout the place of the content that caused it."""
    from guide.model.artifacts import item_of

    hint, message, item, names = fault.hint, fault.message, "", tuple[str, ...]()
    at = fault.others[0][0] if fault.code in _CAUSED and fault.others else fault.at
    if at.startswith("css:"):
        path, *position = at.removeprefix("css:").rsplit(":", 2)
        if len(position) < 2 or not all(each.isdecimal() for each in position):
            path, position = at.removeprefix("css:"), ["0", "0"]
        place = Place(path, int(position[0]), int(position[1]))
    elif at.startswith("pack:"):
        place = pack.at(at.removeprefix("pack:"))
    elif fault.code == "over-budget":
        message = f"{_stem(document.name)}, page {fault.page}: {message}"
        place = pack.at(f"documents.{document.kind.name}.pages")
        known = [(document.places.get(key), said) for key, said in fault.others]
        longest = ", ".join(f"{at.path}:{at.line} ({said})" for at, said in known if at)
        hint = f"{hint} Longest: {longest}." if longest else hint
    else:
        origins = document.origins(pack)
        place, names = origins.find(at, fault.word), origins.other_names(at)
        item = item_of(at)
    if not fault.at and fault.code in _OF_TEMPLATES:
        place = _in_template(pack, document.kind.name, fault.word) or place
    place = Place(place.path, place.line, place.column)
    return Diagnostic(fault.code, message, place, hint, fault.severity, item, names=names)


def _left_out(fault: Fault, document: _Document) -> list[Diagnostic]:
    """Say what there was no room for, a note for each file."""
    by_file: dict[str, list[tuple[Place, str]]] = {}
    for key, _ in fault.others:
        place = document.places.get(key, Place("pack.yaml", 1, 1))
        by_file.setdefault(place.path, []).append((place, key))
    hint = "What has the tag `core` stays longest; `pages:` gives more room."
    notes = []
    for found in by_file.values():
        names = ", ".join(key for _, key in found)
        message = f"{_stem(document.name)}: no room for {len(found)} of these: {names}"
        place = min(place for place, _ in found)
        notes.append(Diagnostic("left-out", message, place, hint, Severity.NOTE))
    return notes
