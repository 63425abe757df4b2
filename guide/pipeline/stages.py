"""A pack to finished files, in the process that may: read, begun, finished, and what was wrong."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from guide.content.editions import empty, leaks
from guide.content.files import Seen
from guide.content.load import load_pack
from guide.content.validate import did_you_mean
from guide.diagnostics.diagnostic import GuideError, Place, Severity, error
from guide.model.kinds import Kind
from guide.model.pack import Pack
from guide.pipeline.child import worker_died
from guide.pipeline.inputs import machine_met
from guide.pipeline.orders import order_of, stems, too_many, wanted
from guide.pipeline.pages import Pages, begin_pages, finish_pages, pieces
from guide.pipeline.problems import Problems
from guide.pipeline.record import Output, Record
from guide.pipeline.settings import Progress, Settings
from guide.pipeline.task import Task
from guide.system.cache import Store
from guide.system.pool import Job, Workers

if TYPE_CHECKING:
    from guide.pipeline.flashcards import Flashcards


@dataclass(frozen=True)
class Reading:
    """What was read of a pack: the pack if there is one, and what is wrong with it.

    `wrong` are the codes of the errors, `seen` what the reader saw, and `source` the bytes of the
    pack's files by path if an archive asks for them.
    """

    pack: Pack | None
    problems: Problems
    wrong: frozenset[str]
    seen: Seen
    source: dict[str, bytes] = field(default_factory=dict)


def make(
    folder: Path, settings: Settings, store: Store, pool: Workers, progress: Progress, most: int,
    machine: Job | None = None,
) -> Record:  # fmt: skip
    """Make what a pack says; nothing is written but the cache.

    `most` is the size in MB that a document may have, `machine` asks for its fonts and libraries.
    """
    reading = read(folder, settings)
    if reading.pack is None:
        told = reading.problems.in_order()
        return Record("", "", [], told, seen=reading.seen, machine=store.world)
    pack, problems = reading.pack, reading.problems
    store = _of_machine(store, pool, machine, problems) if machine is not None else store
    task = Task(pack, settings, store, pool, progress, most, problems)
    files = _finish(task, begin(task), reading.source)
    told = problems.in_order(reading.wrong)
    stopped = problems.stopped(told)
    return Record(
        pack.manifest.title, pack.manifest.version, [] if stopped else files, told,
        {} if stopped else task.decks, tuple(problems.happened), stems=stems(pack),
        seen=reading.seen, machine=store.world,
    )  # fmt: skip


def read(folder: Path, settings: Settings) -> Reading:
    """Read a pack, or its edition that is asked for; raises GuideError when it has none such."""
    source: dict[str, bytes] = {}
    seen: Seen = {}
    wanted_source = source if settings.archive else None
    pack, found = load_pack(folder, dict(settings.overrides), wanted_source, seen=seen)
    wrong = frozenset(d.code for d in found if d.severity == Severity.ERROR)
    name = settings.edition
    if pack is not None and name:
        if name not in pack.manifest.editions:
            hint = did_you_mean(name, pack.manifest.editions) or "Define it under `editions:`."
            place = Place(f"{folder}/pack.yaml")
            raise GuideError(error("unknown-edition", f"there is no edition `{name}`", place, hint))
        pack = pack.edition(name)
        found = (*found, *leaks(pack, name))
    return Reading(pack, Problems(settings, pack, [*found]), wrong, seen, source)


def _of_machine(store: Store, pool: Workers, machine: Job, problems: Problems) -> Store:
    """Return the store of this machine's fonts and libraries; a closed one if they are not known."""
    from guide.system.pool import JobTimeout, WorkerDied

    try:
        store = store.on(machine_met(store, machine.result()))
    except (JobTimeout, WorkerDied, MemoryError, OSError):
        store = replace(store, enabled=False)
    problems.happened += [worker_died(how, "reading the fonts") for how in pool.deaths]
    return store


def begin(task: Task) -> list[Pages | Flashcards]:
    """Render the documents of a task, and begin to set them; in the order of their kinds."""
    begun: list[Pages | Flashcards] = []
    count, kinds = 0, list[Kind]()
    try:
        # Decks first: their markup is quick to make, and a worker sets it meanwhile.
        kinds = sorted(wanted(task), key=lambda kind: kind.shape != "faces")
    except GuideError as exc:
        task.problems.add(*exc.diagnostics)
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
    left_out = any(d.code == "nothing-to-print" for d in task.problems.found)
    if task.settings.edition and left_out and not begun and not task.problems.fatal:
        task.problems.add(empty(task.pack, task.settings.edition))
    return sorted(begun, key=lambda each: each.document.kind.order)


def _finish(task: Task, begun: list[Pages | Flashcards], source: dict[str, bytes]) -> list[Output]:
    """Wait for documents, and return their files; as archives of the source if those are asked for."""
    files: list[Output] = []
    for each in begun:
        if isinstance(each, Pages):
            files += finish_pages(task, each)
        else:
            from guide.pipeline.flashcards import finish_flashcards

            files += finish_flashcards(task, each)
    if not task.settings.archive:
        return files
    from guide.pipeline.archives import archived

    return archived(task, {each.document.kind.name: each.document for each in begun}, files, source)
