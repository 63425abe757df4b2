"""A pack to finished files, in the process that may: read, begun, finished, and what was wrong."""

from __future__ import annotations

import hashlib
import shlex
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from guide import __version__
from guide.content.editions import empty, source_leak
from guide.diagnostics.diagnostic import GuideError
from guide.model.kinds import Kind
from guide.pipeline.changed import changes_file, changes_of, items_of
from guide.pipeline.child import worker_died
from guide.pipeline.faults import attempt
from guide.pipeline.inputs import machine_met
from guide.pipeline.jobs import archive_job
from guide.pipeline.orders import not_archivable, order_of, stems, too_many, wanted
from guide.pipeline.pages import Pages, begin_pages, finish_pages, pieces
from guide.pipeline.problems import Problems
from guide.pipeline.reading import Reading, content_only, read
from guide.pipeline.record import PDF, Output, Record
from guide.pipeline.settings import Progress, Settings
from guide.pipeline.task import Document, Task
from guide.system.cache import Store
from guide.system.pool import Job, Workers

if TYPE_CHECKING:
    from guide.pipeline.flashcards import Flashcards


@dataclass(frozen=True)
class Onlooker:
    """Sees a run's results before all are made: the kind named `first` is finished before the others.

    `read` is called with what was read of the pack, `made` with the files of each document.
    """

    read: Callable[[Reading], None] = lambda _: None
    made: Callable[[Sequence[Output]], None] = lambda _: None
    first: str = ""


def make(
    folder: Path, settings: Settings, store: Store, pool: Workers, progress: Progress, most: int,
    machine: Job | None = None, onlooker: Onlooker = Onlooker(),
) -> Record:  # fmt: skip
    """Make what a pack says; nothing is written but the cache.

    `most` is the size in MB that a document may have, `machine` asks for its fonts and libraries.
    """
    reading = read(folder, settings, store)
    onlooker.read(reading)
    if reading.pack is None or not settings.layout:
        return content_only(reading, store)
    pack, problems = reading.pack, reading.problems
    store = _of_machine(store, pool, machine, problems) if machine is not None else store
    changes, unknown = changes_of(pack, settings)
    problems.add(*unknown)
    task = Task(
        pack,
        settings,
        store,
        pool,
        progress,
        most,
        problems,
        lambda file: onlooker.made([file]),
        changes,
    )
    done = _documents(task, onlooker)
    files = [file for _, made in done for file in made]
    files += [changes_file(changes)] if changes and files else []
    if settings.archive:
        files = _archived(task, {d.kind.name: d for d, _ in done}, files, reading.source)
    told = problems.in_order(reading.wrong)
    stopped = problems.stopped(told)
    return Record(
        pack.manifest.title, pack.manifest.version, [] if stopped else files, told,
        {} if stopped else task.decks, tuple(problems.happened), stems=stems(pack),
        unmade=_unmade(done, files), seen=reading.seen, machine=store.world, items=items_of(pack),
    )  # fmt: skip


def _unmade(
    done: Iterable[tuple[Document, list[Output]]], files: Iterable[Output]
) -> dict[str, tuple[str, ...]]:
    """Return the kinds with a document of which no file is left: the names, none if all are missing."""
    left, found = {file.path: file.kind for file in files}, dict[str, tuple[str, ...]]()
    for document, made in done:
        kind = document.kind.name
        if not any(file.path in left for file in made):
            some = (document.name,) if kind in left.values() else ()
            found[kind] = (*found.get(kind, ()), *some)
    return found


def _of_machine(store: Store, pool: Workers, machine: Job, problems: Problems) -> Store:
    """Return the store of this machine's fonts and libraries; a closed one if they are not known."""
    from guide.system.pool import JobTimeout, WorkerDied

    try:
        store = store.on(machine_met(store, machine.result()))
    except (JobTimeout, WorkerDied, MemoryError, OSError):
        store = replace(store, enabled=False)
    problems.happened += [worker_died(how, "reading the fonts") for how in pool.deaths]
    return store


def _documents(task: Task, onlooker: Onlooker) -> list[tuple[Document, list[Output]]]:
    """Begin and finish the documents of a task; return each with its files, in the order of kinds."""
    kinds = kinds_of(task)
    ahead = [kind for kind in kinds if kind.name == onlooker.first]
    done: list[tuple[Document, list[Output]]] = []
    for some in (ahead, [kind for kind in kinds if kind not in ahead]):
        for each in begin(task, some, len(done)):
            done.append((each.document, _finish(task, each)))
            onlooker.made(done[-1][1])
    left_out = any(d.code == "nothing-to-print" for d in task.problems.found)
    if task.settings.edition and left_out and not done and not task.problems.fatal:
        task.problems.add(empty(task.pack, task.settings.edition))
    return sorted(done, key=lambda pair: pair[0].kind.order)


def kinds_of(task: Task) -> list[Kind]:
    """Return the kinds to make, decks first: their markup is quick to make, and a worker sets it meanwhile."""
    try:
        return sorted(wanted(task), key=lambda kind: kind.shape != "faces")
    except GuideError as exc:
        task.problems.add(*exc.diagnostics)
        return []


def begin(task: Task, kinds: Iterable[Kind], count: int = 0) -> list[Pages | Flashcards]:
    """Render documents after `count` others, and begin to set them; in the order of their kinds."""
    begun: list[Pages | Flashcards] = []
    for kind in kinds:
        if kind.shape == "faces":
            from guide.pipeline.flashcards import begin_flashcards

            task.progress(kind.name, "render")
            order = order_of(task, kind)
            deck = begin_flashcards(task, order) if order else None
            begun += [deck] if deck else []
        elif order := order_of(task, kind):
            parts = pieces(order)
            count += len(parts)
            if not too_many(task, order, count):
                made = [begin_pages(task, order, piece, version) for piece, version in parts]
                begun += [pages for pages in made if pages]
    return sorted(begun, key=lambda each: each.document.kind.order)


def _finish(task: Task, begun: Pages | Flashcards) -> list[Output]:
    """Wait for a document, and return its files."""
    if isinstance(begun, Pages):
        return finish_pages(task, begun)
    from guide.pipeline.flashcards import finish_flashcards

    return finish_flashcards(task, begun)


def _archived(
    task: Task, documents: Mapping[str, Document], files: Sequence[Output], read: dict[str, bytes]
) -> list[Output]:
    """Return the files as archives, but for those that cannot be.

    `documents` has one of each kind, `read` the bytes of the pack's files by path.
    """
    from guide.pdf.archive import source_of

    pack, run = task.pack, task.settings
    task.problems.add(*source_leak(pack, run.edition))
    date = pack.manifest.date
    day = date.first if date else time.gmtime(run.epoch)[:3]
    source = source_of(pack.name, read, day, _how_made(pack.name, run))
    jobs = {file.path: task.pool.submit(archive_job, file.data, source, size=file.size)
            for file in files if file.media == PDF}  # fmt: skip
    made = []
    for file in files:
        found: bytes | str | None = file.data
        stem = file.path.removesuffix(".pdf")
        if file.path in jobs:
            task.progress(stem, "archive")
            found = attempt(task, documents[file.kind], jobs[file.path].result)
        if isinstance(found, bytes):
            sha256 = hashlib.sha256(found).hexdigest()
            made.append(replace(file, data=found, size=len(found), sha256=sha256))
        elif found is not None:
            not_archivable(task, file.kind, f"{stem}: {found}")
    return made


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
