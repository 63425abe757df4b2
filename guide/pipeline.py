"""The stages joined: content, html, pdf, sheets, output. The one place that knows them all."""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import hashlib
import json
import os
import re
import shlex
import tempfile
import time
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
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
from guide.inputs import (
    code_kept,
    code_known,
    differing,
    digest_of_code,
    digest_of_inputs,
    machine_known,
    machine_met,
    recall,
    remember,
    size_of_inputs,
)
from guide.model.lostfields import once_each
from guide.model.printers import Registration
from guide.resources import TEMPLATES, font_folders
from guide.system import output
from guide.system.cache import Store, default_folder
from guide.system.digest import digest
from guide.units import Paper, parse_paper

if TYPE_CHECKING:  # stages are imported when a build needs them: nothing changed needs none
    from guide.content.files import Seen
    from guide.content.spread import Sheets
    from guide.decks import Deck, Made
    from guide.html.faces import Faces
    from guide.model.artifacts import Fault, Html, Pdf
    from guide.model.content import Flashcard
    from guide.model.kinds import Kind, Piece, Stock
    from guide.model.origins import Origins
    from guide.model.pack import Accepted, Pack
    from guide.pdf.archive import Source
    from guide.sheets.impose_pages import Pressed
    from guide.system.fence import Fence
    from guide.system.pool import Job, Pool
    from guide.system.sandbox import Limits
    from guide.system.watch import Machine

T = TypeVar("T")
ARCHIVE = "PDF/A-3b"
MOST_DOCUMENTS = 200  # files of one build
WORKER_MODULES = ("guide.pdf.warm",)
SHARED_MODULES = ("guide.pdf.typeset",)


@dataclass(frozen=True)
class Settings:
    """What one run asks for, besides the pack itself.

    `printed` are the cards of a deck printed before, each with its fingerprint: only others are
    made. `registration` is how far off the printer prints the back of a sheet. With `archive`, PDFs
    are PDF/A-3b and hold the pack's source, dated as the pack is; one without a date is dated `epoch`
    (seconds since 1970).
    """

    kinds: tuple[str, ...] = ()
    edition: str = ""
    paper: str = ""
    theme: str = ""
    stock: str = ""
    duplex: str = ""
    tags: tuple[str, ...] = ()
    printed: tuple[tuple[str, str], ...] | None = None
    registration: Registration = Registration()
    fit_report: bool = False
    booklet: bool = False
    archive: bool = False
    epoch: int = 0
    overrides: tuple[tuple[str, str], ...] = ()
    strict: bool = False
    jobs: int = field(default=0, compare=False)
    cache: bool = field(default=True, compare=False)


@dataclass(frozen=True)
class Output:
    """A file that was made: `path` as the user sees it, `size` in bytes, `seconds` it took.

    `items` texts of the content were looked for in it, and `missing` of them are not there: see
    `guide.proof.prove`. Both are 0 for a file that is made of another one.
    """

    kind: str
    path: str
    pages: int
    size: int
    sha256: str
    seconds: float
    cached: bool
    warnings: int = 0
    items: int = 0
    missing: int = 0


@dataclass(frozen=True)
class Built:
    """What a build of one pack came to.

    `decks` has the fingerprint of each card of a deck by its id: what `--only-changed-since` reads.
    `leftover` says which files in the folder are of an earlier build: no part of this one's record.
    """

    folder: str
    title: str
    version: str
    digest: str
    outputs: tuple[Output, ...]
    diagnostics: tuple[Diagnostic, ...]
    decks: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    leftover: tuple[Diagnostic, ...] = ()
    archive: str = ""

    @property
    def failed(self) -> bool:
        """Tell whether anything was wrong enough to stop an output."""
        return any(d.severity == Severity.ERROR for d in self.diagnostics)

    def as_json(self) -> dict[str, Any]:
        """Return the content of build.json."""
        return {
            "guide": __version__,
            "pack": {"title": self.title, "version": self.version, "digest": self.digest},
            **({"archive": self.archive} if self.archive else {}),
            "outputs": [
                {
                    "kind": made.kind,
                    "path": made.path,
                    "pages": made.pages,
                    "bytes": made.size,
                    "sha256": made.sha256,
                    **_complete(made),
                    "seconds": round(made.seconds, 3),
                    "cached": made.cached,
                }
                for made in self.outputs
            ],
            "decks": {kind: dict(cards) for kind, cards in self.decks.items()},
            "diagnostics": [diagnostic_json(d) for d in self.diagnostics],
        }


def _complete(made: Output) -> dict[str, dict[str, int]]:
    if not made.items:
        return {}
    return {"complete": {"items": made.items, "missing": made.missing}}


Progress = Callable[[str, str], None]
"""Called with (document, state): `render`, `typeset`, `done` or `cached`."""


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


_UNPRINTABLE = re.compile("[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def plain_json(value: Any) -> str:
    """Return JSON that a terminal may be shown: what it would obey, or not encode, is escaped."""
    text = json.dumps(value, indent=1, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _diagnostic(data: Mapping[str, Any]) -> Diagnostic:
    place = Place(data["path"], data["line"], data["column"])
    severity = Severity(data["severity"])
    known = {name: data[name] for name in ("code", "message", "hint", "item", "accepted")}
    return Diagnostic(**known, place=place, severity=severity)


def printed_cards(path: Path) -> tuple[tuple[str, str], ...]:
    """Return the cards of an earlier build.json with their fingerprints; raises GuideError."""
    try:
        decks = json.loads(path.read_text("utf-8"))["decks"]
        return tuple((name, mark) for cards in decks.values() for name, mark in cards.items())
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as exc:
        message = "this is not the build.json of a deck"
        hint = "It lies beside the PDFs of a build: build/PACK/build.json."
        raise GuideError(error("bad-build-record", message, Place(str(path)), hint)) from exc


def silent(_document: str, _state: str) -> None:
    """Report no progress."""


def build(folder: Path, out: Path, settings: Settings, progress: Progress = silent) -> Built:
    """Build the documents of one pack into `out`/<pack>[/<edition>].

    Documents without errors are written, each atomically, and build.json beside them. Raises
    GuideError when a file cannot be written.
    """
    target = target_of(folder, out, settings)
    record, store = _known(folder, settings)
    if record is not None and record.is_whole(store, target):
        for file in record.files:
            progress(file.kind, "cached")
        with contextlib.suppress(_Lost):
            built = _write(record, store, folder, target, settings)
            return dataclasses.replace(built, leftover=_leftover(target, record, settings))
    record = _made(folder, settings, store, progress)
    built = _write(record, store, folder, target, settings)
    return dataclasses.replace(built, leftover=_leftover(target, record, settings))


def target_of(folder: Path, out: Path, settings: Settings) -> Path:
    """Return the folder of a pack's files below `out`; raises GuideError for one not to write in."""
    target = out / folder.resolve().name / settings.edition
    _check_target(folder, target, settings.edition)
    return target


def extra_files(
    target: Path, names: Container[str], stems: Mapping[str, str], settings: Settings
) -> list[Path]:
    """Return the PDFs in a folder that a build does not make, of the kinds that it was asked for.

    `names` are those of the files that it makes, `stems` maps the beginnings of names to kinds.
    """
    if settings.printed is not None:  # it makes one file beside those that were printed before
        return []
    found = []
    for path in sorted(target.glob("*.pdf")):
        owner = max(
            (s for s in stems if re.match(rf"{re.escape(s)}[.-]", path.name)), default="", key=len
        )
        asked = not settings.kinds or stems.get(owner) in settings.kinds
        if asked and path.name not in names and not path.name.startswith("."):
            found.append(path)
    return found


def _leftover(target: Path, record: _Record, settings: Settings) -> tuple[Diagnostic, ...]:
    """Say which files are of an earlier build; what an error kept from being made is still wanted."""
    if any(found.severity == Severity.ERROR for found in record.diagnostics):
        return ()
    names = {made.name for made in record.files}
    extra = [path.name for path in extra_files(target, names, record.stems, settings)]
    if not extra:
        return ()
    what = "this file is" if len(extra) == 1 else f"these {len(extra)} files are"
    message = f"{what} of an earlier build: {', '.join(extra[:_NAMED])}"
    message += f" and {len(extra) - _NAMED} more" if len(extra) > _NAMED else ""
    hint = "Delete what is not needed, so that nobody prints it."
    return (Diagnostic("extra-output", message, Place(str(target)), hint, Severity.NOTE),)


_NAMED = 8  # files


@dataclass(frozen=True)
class Results:
    """What the content gives: the SHA-256 of each file by name, and what is wrong.

    `stems` maps the beginnings of the names of files to kinds.
    """

    title: str
    version: str
    digest: str
    digests: Mapping[str, str]
    stems: Mapping[str, str]
    diagnostics: tuple[Diagnostic, ...]


def results(folder: Path, settings: Settings, progress: Progress = silent) -> Results:
    """Return what a build would make; nothing is written but the cache."""
    record = _known_or_made(folder, settings, progress)
    digests = {made.name: made.sha256 for made in record.files}
    return Results(
        record.title, record.version, record.key, digests, record.stems, record.shown(folder)
    )


def _known_or_made(folder: Path, settings: Settings, progress: Progress) -> _Record:
    """Return the record of a pack's state and settings."""
    record, store = _known(folder, settings)
    return _made(folder, settings, store, progress) if record is None else record


def _known(folder: Path, settings: Settings) -> tuple[_Record | None, Store]:
    """Return the record of an earlier build that saw what there is now, and the store.

    The store is that of this machine's fonts and libraries if they are known.
    """
    store = Store(default_folder(), settings.cache)
    code_known(store)
    machine = machine_known(store)
    if not machine:
        return None, store
    store = store.on(machine)
    seen = recall(store, folder, settings)
    if seen is None:
        return None, store
    return _Record.load(store, digest_of_inputs(folder, seen, settings)), store


class _Lost(Exception):
    """A finished file has left the store since it was looked for."""


def _made(folder: Path, settings: Settings, store: Store, progress: Progress) -> _Record:
    """Build, and keep what came of it if the pack still says what was read of it."""
    digest_of_code()  # of this program as it is now
    record = _confined(folder, settings, store, progress)
    store = store.on(record.machine)
    if record.seen:  # else it was ended before it had read the pack
        record.key = digest_of_inputs(folder, record.seen, settings)
    changed = differing(folder, record.seen)
    if changed or (store.enabled and store.world and not _as_it_was(store)):
        record.current = False
        record.happened += (_changed(changed),)
    elif record.seen and store.world:
        record.keep(store, folder, settings)
        store.tidy()
    if store.refused:
        message = f"the cache cannot be written: {store.refused}; every build takes its full time"
        hint = "Free some room, or name another folder in GUIDE_CACHE_DIR."
        place = Place(str(store.folder.absolute()))
        record.happened += (note("cache-unusable", message, place, hint),)
    return record


def _as_it_was(store: Store) -> bool:
    """Return True if neither this program nor the machine's fonts were changed meanwhile."""
    base = store.on("")
    return code_kept(base) and machine_known(base) in {store.world, ""}


def _changed(paths: Sequence[str]) -> Diagnostic:
    """Report that a pack was changed while it was built, or else the program or a font."""
    message = (
        f"`{paths[0]}` was changed while the pack was being built: the documents may mix old and new"
        if paths
        else "guide or a font was changed while the pack was being built"
    )
    place = Place(paths[0] if paths else "pack.yaml")
    return warning("changed-meanwhile", message, place, "Build again.")


def _check_target(folder: Path, target: Path, edition: str) -> None:
    """Refuse to write where a pack leads by its name of an edition, or a link in its own build/."""
    if Path(edition).name != edition or edition in {".", ".."}:
        message = f"there is no edition `{edition}`"
        hint = "An edition names a folder: letters, digits, spaces, dots and hyphens."
        raise GuideError(error("unknown-edition", message, Place(f"{folder}/pack.yaml"), hint))
    root = folder.resolve()
    for path in (target, *target.parents):
        if os.path.islink(path) and path.parent.resolve().is_relative_to(root):
            message = "a link in the pack stands where its files would be written"
            hint = "Delete the link, or choose another folder with -o DIR."
            raise GuideError(error("cannot-write", message, Place(str(path)), hint))


def check(folder: Path, settings: Settings, progress: Progress = silent) -> tuple[Diagnostic, ...]:
    """Return every problem of a pack, in content and layout; nothing is written to build/."""
    return _known_or_made(folder, settings, progress).shown(folder)


@dataclass(frozen=True)
class _File:
    """A finished file: its bytes lie in the store under its digest, or here."""

    kind: str
    name: str
    pages: int
    size: int
    sha256: str
    seconds: float
    cached: bool = False
    warnings: int = 0
    items: int = 0
    missing: int = 0
    data: bytes = field(default=b"", compare=False, repr=False)


@dataclass
class _Record:
    """All that a build of one state of a pack gave.

    `happened` is what befell this one run: no later one is told of it. `current` turns false when
    the pack was changed meanwhile. `seen` is what was read of the pack, `machine` the digest of the
    fonts and libraries that were there, `key` that of what the build depends on.
    """

    title: str
    version: str
    files: list[_File]
    diagnostics: tuple[Diagnostic, ...]
    decks: dict[str, dict[str, str]] = field(default_factory=dict)
    happened: tuple[Diagnostic, ...] = ()
    current: bool = True
    stems: dict[str, str] = field(default_factory=dict)
    seen: Seen = field(default_factory=dict)
    machine: str = ""
    key: str = ""

    @classmethod
    def load(cls, store: Store, key: str) -> _Record | None:
        entry = store.get(f"record:{key}")
        if entry is None:
            return None
        try:
            data = json.loads(entry)
            files = [_File(**{**item, "cached": True, "seconds": 0.0}) for item in data["files"]]
            found = tuple(_diagnostic(item) for item in data["diagnostics"])
            names = data["title"], data["version"]
            return cls(*names, files, found, data["decks"], stems=data["stems"], key=key)
        except (ValueError, KeyError, TypeError, AttributeError):
            store.drop(f"record:{key}")
            return None

    def keep(self, store: Store, folder: Path, settings: Settings) -> None:
        """Remember a build without errors; one with errors is made again."""
        if any(d.severity == Severity.ERROR for d in self.diagnostics):
            return
        for made in self.files:
            store.put(f"file:{made.sha256}", made.data)
        plain = [
            {f.name: getattr(made, f.name) for f in dataclasses.fields(made) if f.name != "data"}
            for made in self.files
        ]
        data: dict[str, Any] = {"title": self.title, "version": self.version, "files": plain}
        data["decks"], data["stems"] = self.decks, self.stems
        data["diagnostics"] = [diagnostic_json(d) for d in self.diagnostics]
        store.put(f"record:{self.key}", json.dumps(data).encode())
        remember(store, folder, settings, self.seen)

    def is_whole(self, store: Store, target: Path) -> bool:
        """Tell whether every file is still to be had, where it belongs or in the store."""
        return all(
            output.sha256_of(target / made.name) == made.sha256
            or store.get(f"file:{made.sha256}") is not None
            for made in self.files
        )

    def shown(self, folder: Path) -> tuple[Diagnostic, ...]:
        """Return the diagnostics with the pack's folder before their paths."""
        found = (*self.diagnostics, *self.happened)
        return in_order(d.within(str(folder)) for d in found)


def _write(record: _Record, store: Store, folder: Path, target: Path, settings: Settings) -> Built:
    """Write the files of a build and, last, its build.json; raises GuideError and _Lost."""
    if not record.files and any(d.severity == Severity.ERROR for d in record.diagnostics):
        found = record.shown(folder)
        return Built(str(folder), record.title, record.version, record.key, (), found)
    with output.alone(target):
        return _write_alone(record, store, folder, target, settings)


def _write_alone(
    record: _Record, store: Store, folder: Path, target: Path, settings: Settings
) -> Built:
    outputs = []
    for made in record.files:
        path = target / made.name
        if path.is_symlink() or not (made.cached and output.sha256_of(path) == made.sha256):
            data = made.data or store.get(f"file:{made.sha256}")
            if data is None:
                raise _Lost
            output.write(path, data)
        outputs.append(
            Output(
                made.kind,
                str(path),
                made.pages,
                made.size,
                made.sha256,
                made.seconds,
                made.cached,
                made.warnings,
                made.items,
                made.missing,
            )
        )
    found = record.shown(folder)
    decks = _with_earlier(target / "build.json", record.decks, bool(settings.tags))
    key = record.key if record.current else ""
    archive = ARCHIVE if settings.archive else ""
    built = Built(
        str(folder), record.title, record.version, key, tuple(outputs), found, decks,
        archive=archive,
    )  # fmt: skip
    text = plain_json(built.as_json()) + "\n"
    output.write(target / "build.json", text.encode())
    return built


def _with_earlier(
    path: Path, decks: Mapping[str, Mapping[str, str]], selection: bool
) -> dict[str, dict[str, str]]:
    """Return the cards printed now and, where this run did not print them all, those before."""
    try:
        text = path.read_text("utf-8") if path.is_file() else ""  # a FIFO would be waited for
        earlier = json.loads(text)["decks"]
        known = {kind: dict(cards) for kind, cards in earlier.items()}
    except (OSError, ValueError, KeyError, AttributeError, TypeError, RecursionError):
        known = {}
    for kind, cards in decks.items():
        known[kind] = {**known.get(kind, {}), **cards} if selection else dict(cards)
    return known


def _confined(folder: Path, settings: Settings, store: Store, progress: Progress) -> _Record:
    """Make a build in a process of its own, within limits: a pack is a stranger's work."""
    from guide.system import allowance
    from guide.system.sandbox import VARIABLE, Exceeded, NotStarted, confined, limits

    processes = (settings.jobs or os.cpu_count() or 1) + 1
    try:
        bounds = limits(processes)
    except ValueError as exc:
        hint = f"{VARIABLE}=seconds=60,memory=4000,output=500; what is left out stays as it is."
        raise GuideError(error("bad-value", str(exc), Place(""), hint)) from exc
    if refused := allowance.computing():
        message, hint = refused
        raise GuideError(error("cannot-start", message, Place(""), hint))
    seconds = bounds.allowed(size_of_inputs(folder))
    if store.enabled:
        with contextlib.suppress(OSError):  # what is not there cannot be let through
            store.folder.mkdir(parents=True, exist_ok=True)
    within = fence(folder, *([store.folder] if store.enabled else []))
    work = folder, settings, store, bounds
    happened: tuple[Diagnostic, ...] = ()
    while True:
        try:
            made: _Record = confined(
                _make, *work, heard=progress, bounds=bounds, seconds=seconds, fence=within
            )
        except NotStarted as exc:
            hint = "Free some room and end other programs; TMPDIR names another folder."
            raise GuideError(error("cannot-start", str(exc), Place(""), hint)) from exc
        except Exceeded as exc:
            document, state = exc.doing
            if exc.died and not happened:  # it may have been the system's fault
                happened = (worker_died(exc.died, document or "reading the content"),)
                continue
            what = f"making `{document}` ({state})" if document else "reading the content"
            twice = ", twice" if happened else ""
            problem = render_limit(f"{what} {exc.limit}{twice}")
            return _Record("", "", [], (problem,))
        made.happened += happened
        return made


def worker_died(how: str, document: str, place: Place | None = None) -> Diagnostic:
    """Say that the work of a process was done again."""
    message = f"a process was ended by {how} at `{document}`; its work was done again"
    hint = "Memory ran out, most likely: end other programs, or build with a smaller --jobs."
    return note("worker-died", message, place or Place("pack.yaml", 1, 1), hint)


def fence(folder: Path, *written: Path) -> Fence:
    """Return what a process that works on a pack may touch: it reads the pack, and writes below `written`."""
    from guide.system.fence import Fence

    read = (folder, TEMPLATES, *font_folders().values())
    return Fence(tuple(map(os.path.realpath, read)), tuple(map(os.path.realpath, written)))


def render_limit(message: str) -> Diagnostic:
    """Say that a document takes more than it may."""
    hint = (
        "Look for a huge picture, table, chart or formula, or a loop in a template of the pack; "
        "leave documents out with --only. If it is meant so: GUIDE_LIMITS in docs/security.md."
    )
    return error("render-limit", message, Place("pack.yaml", 1, 1), hint)


def _make(
    folder: Path, settings: Settings, store: Store, bounds: Limits, progress: Progress
) -> _Record:
    from guide.system.pool import Pool

    # A pack that was built before has changed a little: one process is enough to begin with.
    mark = f"built:{folder.resolve()}"
    warm = 1 if store.get(mark) is not None else 0
    # A pack is many small values that live to the end: looking for garbage finds none.
    gc.set_threshold(200_000, 50, 100)
    with Pool(settings.jobs, WORKER_MODULES, warm, SHARED_MODULES, bounds) as pool:
        machine = pool.submit(machine_job) if store.enabled and not store.world else None
        record = _Making(folder, settings, store, pool, progress, bounds.output, machine).record()
    if not warm:
        store.put(mark, b"built")
    return record


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


def typeset_job(html: Html) -> Pdf:
    """Typeset in whatever process this runs in."""
    from guide.pdf.typeset import typeset

    return typeset(html)


def machine_job() -> Machine:
    """Ask for the machine's fonts and libraries in a process that has loaded them."""
    from guide.engine.machine import machine

    return machine()


def archive_job(data: bytes, source: Source) -> bytes | str:
    """Make an archive in whatever process this runs in; what is wrong is returned as a text."""
    from guide.pdf.archive import NotArchivableError, archived

    try:
        return archived(data, source)
    except NotArchivableError as exc:
        return str(exc)


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

    def record(self) -> _Record:
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
        self, pack: Pack, documents: Sequence[_Document], files: Sequence[_File]
    ) -> list[_File]:
        """Return the files as archives that hold the pack's source, but for those that cannot be."""
        from guide.content.editions import source_leak
        from guide.pdf.archive import source_of

        self.problems += source_leak(pack, self.settings.edition)
        date = pack.manifest.date
        day = date.first if date else time.gmtime(self.settings.epoch)[:3]
        source = source_of(pack.name, self.source, day, _how_made(pack.name, self.settings))
        jobs = [
            self.pool.submit(archive_job, file.data, source, size=file.size)
            if file.name.endswith(".pdf") else None
            for file in files
        ]  # fmt: skip
        by_kind = {document.kind.name: document for document in documents}
        made = []
        for file, job in zip(files, jobs, strict=True):
            found: bytes | str | None = file.data
            if job is not None:
                self.progress(_stem(file.name), "archive")
                found = self._guarded(by_kind[file.kind], job.result)
            if isinstance(found, bytes):
                sha256 = hashlib.sha256(found).hexdigest()
                made.append(dataclasses.replace(file, data=found, size=len(found), sha256=sha256))
            elif found is not None:
                self._not_archivable(pack, file.kind, f"{_stem(file.name)}: {found}")
        return made

    def _not_archivable(self, pack: Pack, kind: str, reason: str) -> None:
        """Leave out what cannot be an archive."""
        hint = "Leave it out with --only, or build it without --archive. See docs/archive.md."
        place = pack.at(f"documents.{kind}")
        problem = error("not-archivable", reason, place, hint)
        self.problems.append(problem)
        self.layout_problems = [*self.layout_problems, problem]

    def _record(self, pack: Pack | None, files: list[_File]) -> _Record:
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
        return _Record(
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
        from guide.decks import Deck
        from guide.html.faces import Faces, wrong_options
        from guide.html.render import Request, marking_problems
        from guide.html.sheet_margins import BareSide, Furniture, Printed
        from guide.html.templates import TemplateFault
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

    def _finish(self, pack: Pack, document: _Document) -> list[_File]:
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

    def _booklet(self, document: _Document, name: str, pdf: Pdf, pressed: Pressed) -> _File | None:
        """Return a booklet once all pages of its document are known to be on it."""
        from guide.proof.prove import prove_imposed

        sheets = pressed.sheets
        proof = self._guarded(document, lambda: prove_imposed(pdf.data, sheets.data))
        if proof is None or self._judged(document, proof.faults) is None:
            return None
        seconds = time.perf_counter() - document.started
        found = proof.items, proof.missing
        return _file(document, name, sheets.data, sheets.pages, seconds, 0, *found)

    def _finish_deck(self, document: _Document, deck: Deck) -> list[_File]:
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
            if isinstance(exc, OSError) and exc.errno in output.NO_ROOM:
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
) -> _File:  # fmt: skip
    sha256 = hashlib.sha256(data).hexdigest()
    return _File(
        document.kind.name, name, pages, len(data), sha256, seconds, document.cached, warnings,
        items, missing, data,
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
