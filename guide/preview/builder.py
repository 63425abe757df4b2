"""Builds in a process that is kept, with its workers: what was imported and measured stays in memory."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Sequence
from concurrent import futures
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from guide.diagnostics.diagnostic import Diagnostic, GuideError, in_order
from guide.pipeline.child import Work, outcome, work_on
from guide.pipeline.jobs import SHARED_MODULES, WORKER_MODULES, machine_job
from guide.pipeline.record import Output, Record
from guide.pipeline.settings import Progress, Settings, silent
from guide.preview.resident import Resident, Say, Superseded, requests
from guide.system.cache import Store, default_folder
from guide.system.pool import Pool
from guide.system.sandbox import Limits

_OFTEN = 0.05  # s between two looks whether a build is still wanted
_RENEWED = 300  # builds after which a fresh process begins: libraries keep what they have seen
_PAPERS = ("a4", "letter", "a5", "a3", "legal")


@dataclass(frozen=True)
class Facts:
    """What can be chosen of a pack: its title, editions and themes, and its kinds: name, title, shape."""

    title: str = ""
    editions: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    kinds: tuple[tuple[str, str, str], ...] = ()
    papers: tuple[str, ...] = _PAPERS


@dataclass(frozen=True)
class Eye:
    """Sees a build's results as they come, in the thread that asked for it.

    The kind named `first` is finished before the others.
    """

    facts: Callable[[Facts, Sequence[Diagnostic]], None] = lambda _, __: None
    made: Callable[[Sequence[Output]], None] = lambda _: None
    first: str = ""


def identity(folder: Path) -> tuple[int, int] | None:
    """Return what distinguishes a folder from another one of the same name; None if there is none."""
    try:
        facts = os.stat(folder)
    except OSError:
        return None
    return facts.st_dev, facts.st_ino


class Builder:
    """Makes a pack, again and again, in one confined process."""

    def __init__(self) -> None:
        self._resident: Resident | None = None
        self._key: Any = None
        self._count = 0

    def make(
        self, folder: Path, settings: Settings, store: Store, progress: Progress, eye: Eye = Eye()
    ) -> Record:
        """Return what a build gives; raises Superseded when `interrupt` was called, and GuideError."""
        return outcome(work_on(folder, settings, store), progress, partial(self._run, eye))

    def _run(self, eye: Eye, work: Work, progress: Progress) -> Record:
        jobs = work.settings.jobs
        # The fence lets through one folder, and not another that came in its place.
        key = identity(work.folder), jobs, work.bounds, work.fence
        self._count += 1
        if self._resident is None or key != self._key or self._count % _RENEWED == 0:
            self.close()
            given = jobs, work.bounds
            self._resident = Resident(serve, given, work.bounds, work.seconds, work.fence)
            self._key = key

        def heard(what: str, *values: Any) -> None:
            call: Any = {"progress": progress, "facts": eye.facts, "made": eye.made}[what]
            call(*values)

        record: Record = self._resident.ask(
            work.folder, work.settings, work.store.offline(), eye.first, heard=heard
        )
        return record

    def facts(self, folder: Path, settings: Settings) -> Facts:
        """Return what can be chosen of a pack; raises what `make` raises."""
        found: list[Facts] = []
        eye, store = (
            Eye(lambda facts, _: found.append(facts)),
            Store(default_folder(), settings.cache),
        )
        self.make(folder, replace(settings, layout=False), store, silent, eye)
        return found[-1] if found else Facts()

    def interrupt(self) -> None:
        """Give up the build under way, if there is one."""
        if self._resident is not None:
            self._resident.interrupt()

    def close(self) -> None:
        """End the process and its workers."""
        if self._resident is not None:
            self._resident.close()
            self._resident = None


class _Kept(Pool):
    """Workers that stay between builds; a build that nobody wants any more does not wait for them."""

    wanted: Callable[[], None] = staticmethod(lambda: None)

    def wait(self, future: Future[Any], seconds: float) -> bool:
        """Wait for a result; raises Superseded."""
        for _ in range(max(1, round(seconds / _OFTEN))):
            self.wanted()
            if futures.wait([future], min(seconds, _OFTEN)).done:
                return True
        return False

    def abandon(self) -> None:
        """Put fresh workers in the place of those that are still at work."""
        executor = self._executor
        if executor is not None and executor._pending_work_items:  # noqa: SLF001
            self.replace(executor, death=False)


def serve(link: Connection, jobs: int, bounds: Limits, say: Say) -> None:
    """Answer requests for builds, in the confined process."""
    gc.set_threshold(200_000, 50, 100)  # as for one build: see `guide.pipeline.child`
    with _Kept(jobs, WORKER_MODULES, 1, SHARED_MODULES, bounds) as pool:

        def wanted() -> None:
            if link.poll():
                raise Superseded

        pool.wanted = wanted
        for request in requests(link, bounds, say):
            try:
                answer: tuple[str, Any] = "done", _made(link, pool, bounds, say, *request)
            except Superseded as exc:
                pool.abandon()
                answer = "raised", exc
            except GuideError as exc:
                answer = "raised", exc
            link.send(answer)


def _made(
    link: Connection, pool: _Kept, bounds: Limits, say: Say,
    folder: Path, settings: Settings, store: Store, first: str,
) -> Record:  # fmt: skip
    from guide.pipeline.reading import Reading
    from guide.pipeline.stages import Onlooker, make

    def progress(document: str, state: str) -> None:
        pool.wanted()
        say(document, state)
        link.send(("part", ("progress", document, state)))

    def read(reading: Reading) -> None:
        pool.wanted()
        wrong = [d for d in reading.problems.found if reading.problems.stop([d])]
        link.send(("part", ("facts", facts_of(reading), in_order(wrong))))

    def made(files: Sequence[Output]) -> None:
        link.send(("part", ("made", files)))

    say("", "read")
    unknown = settings.layout and store.enabled and not store.world
    machine = pool.submit(machine_job) if unknown else None
    onlooker = Onlooker(read, made, first)
    return make(folder, settings, store, pool, progress, bounds.output, machine, onlooker)


def facts_of(reading: Any) -> Facts:
    """Return what can be chosen of a pack that was read."""
    from guide.content.library import load_kinds
    from guide.resources import TEMPLATES

    pack = reading.pack
    if pack is None:
        return Facts()
    try:
        kinds = [(kind.name, kind.title, kind.shape) for kind in load_kinds(pack).values()]
    except GuideError:
        kinds = []
    bundled = [path.stem for path in sorted((TEMPLATES / "themes").glob("*.css"))]
    own = [
        path.split("/")[1].removesuffix(".css")
        for path in sorted(pack.templates)
        if path.startswith("themes/") and path.endswith(".css")
    ]
    themes = tuple(dict.fromkeys([*bundled, *own]))
    return Facts(pack.manifest.title, tuple(pack.manifest.editions), themes, tuple(kinds))
