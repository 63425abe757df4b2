"""A build in a separate process, within limits: a pack is a stranger's work."""

from __future__ import annotations

import contextlib
import gc
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from guide.diagnostics.diagnostic import Diagnostic, GuideError, Place, error, note
from guide.pipeline.inputs import size_of_inputs
from guide.pipeline.jobs import SHARED_MODULES, WORKER_MODULES, machine_job
from guide.pipeline.record import Record
from guide.pipeline.settings import Progress, Settings
from guide.resources import TEMPLATES, font_folders
from guide.system.cache import Store

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from guide.cluster.desk import Line
    from guide.system.fence import Fence
    from guide.system.sandbox import Limits


@dataclass(frozen=True)
class Work:
    """One run on a pack, and what the process that does it may take and touch.

    `seconds` are those of computing between two signs of life.
    """

    folder: Path
    settings: Settings
    store: Store
    bounds: Limits
    seconds: int
    fence: Fence


def make_confined(folder: Path, settings: Settings, store: Store, progress: Progress) -> Record:
    """Make what a pack says; raises GuideError when no process can be had."""
    return outcome(work_on(folder, settings, store), progress, _once)


def _once(work: Work, progress: Progress) -> Record:
    from guide.system.sandbox import confined

    how: dict[str, Any] = {
        "heard": progress, "bounds": work.bounds, "seconds": work.seconds, "fence": work.fence,
    }  # fmt: skip
    settings, store = work.settings, work.store
    given = work.folder, settings, store.offline(), work.bounds
    cluster = settings.cluster if settings.layout else None
    entries = store.shared if store.shared is not None and store.shared.folder is None else None
    made: Record
    if cluster is None and entries is None:
        made = confined(_make, *given, None, False, **how)
        return made
    from guide.cluster.address import check
    from guide.cluster.desk import Desk

    if cluster is not None:
        check(cluster)
    with Desk(cluster, SHARED_MODULES, entries) as desk:
        made = confined(_make, *given, desk.far, entries is not None, **how, begun=desk.open)
    return made


def work_on(folder: Path, settings: Settings, store: Store) -> Work:
    """Return the work of a run on a pack; raises GuideError when the limits are wrong."""
    if settings.layout:  # content is read and checked without them
        from guide.system import shared_libraries

        shared_libraries.require()
    bounds = _bounds(settings)
    seconds = bounds.allowed(size_of_inputs(folder))
    if store.enabled:
        with contextlib.suppress(OSError):  # what is not there cannot be let through
            store.folder.mkdir(parents=True, exist_ok=True)
            if store.shared is not None and store.shared.folder is not None:
                store.shared.folder.mkdir(parents=True, exist_ok=True)
    shared = store.shared.folder if store.shared is not None else None
    written = (store.folder, *([shared] if shared is not None else [])) if store.enabled else ()
    within = fence(folder, *written)
    return Work(folder, settings, store, bounds, seconds, within)


def outcome(work: Work, progress: Progress, run: Callable[[Work, Progress], Record]) -> Record:
    """Return what `run` makes in a confined process, twice if it was killed; raises GuideError."""
    from guide.system.sandbox import Exceeded

    happened: tuple[Diagnostic, ...] = ()
    while True:
        try:
            made = run(work, progress)
        except Exceeded as exc:
            document, state = exc.doing
            if exc.died and not happened:  # it may have been the system's fault
                happened = (worker_died(exc.died, document or "reading the content"),)
                continue
            what = f"making `{document}` ({state})" if document else "reading the content"
            twice = ", twice" if happened else ""
            problem = render_limit(f"{what} {exc.limit}{twice}")
            return Record("", "", [], (problem,))
        made.happened += happened
        return made


def _bounds(settings: Settings) -> Limits:
    """Return the limits of this run; raises GuideError when they are wrong, or leave no process."""
    from guide.system import allowance
    from guide.system.sandbox import limits

    bounds = limits((settings.jobs or os.cpu_count() or 1) + 1)
    if refused := allowance.computing():
        message, hint = refused
        raise GuideError(error("cannot-start", message, Place(""), hint))
    return bounds


def _make(
    folder: Path, settings: Settings, store: Store, bounds: Limits, link: Connection | None,
    shared: bool, progress: Progress,
) -> Record:  # fmt: skip
    """Make it in this process and its workers; a `link` leads to a cluster, and to a `shared` store."""
    if not settings.layout:
        from guide.pipeline.reading import content_only, read

        return content_only(read(folder, settings, store), store)
    # A pack is many small values that live to the end: looking for garbage finds none.
    gc.set_threshold(200_000, 50, 100)
    if link is not None:
        from guide.cluster.desk import Line

        line = Line(link)
        store = replace(store, shared=line if shared else store.shared)
        if settings.cluster is not None:
            return _make_elsewhere(folder, settings, store, bounds, line, progress)
    from guide.system.pool import Pool

    # A pack that was built before has changed a little: one process is enough to begin with.
    mark = f"built:{folder.resolve()}"
    warm = 1 if store.get(mark) is not None else 0
    with Pool(settings.jobs, WORKER_MODULES, warm, SHARED_MODULES, bounds) as pool:
        machine = pool.submit(machine_job) if store.enabled and not store.world else None
        from guide.pipeline.stages import make  # while the workers start

        record = make(folder, settings, store, pool, progress, bounds.output, machine)
    if not warm:
        store.put(mark, b"built")
    return record


def _make_elsewhere(
    folder: Path, settings: Settings, store: Store, bounds: Limits, line: Line, progress: Progress
) -> Record:
    """Make it with workers on other machines, whose fonts and libraries are those of this one."""
    from guide.cluster.remote import Elsewhere, Here
    from guide.pipeline.outfit import KIT, outfit
    from guide.pipeline.stages import make

    said = ("", "read")

    def say(document: str, state: str) -> None:
        nonlocal said
        said = document, state
        progress(document, state)

    pool = Elsewhere(line, KIT, outfit, bounds, alive=lambda: progress(*said))
    machine = Here(machine_job) if store.enabled and not store.world else None
    return make(folder, settings, store, pool, say, bounds.output, machine)


def fence(folder: Path, *written: Path) -> Fence:
    """Return what a process that works on a pack may touch: it reads the pack, and writes below `written`."""
    from guide.system.fence import Fence

    read = (folder, TEMPLATES, *font_folders().values())
    return Fence(tuple(map(os.path.realpath, read)), tuple(map(os.path.realpath, written)))


def worker_died(how: str, document: str, place: Place | None = None) -> Diagnostic:
    """Say that the work of a process was done again."""
    message = f"the process making `{document}` was killed by {how}; guide repeated its work"
    hint = "Memory ran out, most likely: end other programs, or build with a smaller --jobs."
    return note("worker-died", message, place or Place("pack.yaml", 1, 1), hint)


def render_limit(message: str) -> Diagnostic:
    """Say that a document takes more than it may."""
    hint = (
        "Look for a huge picture, table, chart or formula, or a loop in a template of the pack; "
        "leave documents out with --only. If the size is intended, raise GUIDE_LIMITS (docs/security.md)."
    )
    return error("render-limit", message, Place("pack.yaml", 1, 1), hint)
