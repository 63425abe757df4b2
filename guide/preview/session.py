"""One preview: a pack that is watched, built for each choice that somebody looks at, and told to browsers."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from guide.diagnostics.diagnostic import Diagnostic, GuideError, Place, Severity, error, in_order
from guide.pipeline import Output, Settings, fence, make
from guide.pipeline.child import work_on
from guide.pipeline.record import PDF, Record
from guide.preview import painter, watch
from guide.preview.builder import Builder, Eye, Facts, identity
from guide.preview.resident import Resident, Superseded
from guide.preview.views import Choice, Digests, Shown, View, compared
from guide.system.cache import Store, default_folder

_MOST_VIEWS = 8
_MOST_BYTES = 400_000_000  # of PDFs and pictures that are kept
_AT_ONCE = 8  # pages whose digests are asked for at once: what is looked at comes between
_LOOKING, _LATER = 0, 1  # what somebody waits for comes first


class Shelf:
    """Bytes by their names; those asked for longest ago go first."""

    def __init__(self, most: int = _MOST_BYTES) -> None:
        self._most, self._kept = most, OrderedDict[Any, bytes]()

    def get(self, name: Any) -> bytes | None:
        """Return the bytes of a name, if they are kept."""
        if name in self._kept:
            self._kept.move_to_end(name)
        return self._kept.get(name)

    def put(self, name: Any, data: bytes) -> None:
        """Keep bytes."""
        self._kept[name] = data
        while sum(map(len, self._kept.values())) > self._most and len(self._kept) > 1:
            self._kept.popitem(last=False)


class Painter:
    """Asks the process that draws pages; of the questions that wait, what somebody looks at is first."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.folder, self.settings = folder, settings
        self._resident: Resident | None = None
        self._key: Any = None
        self._turn = asyncio.PriorityQueue[tuple[int, int, asyncio.Event]]()
        self._count = itertools.count()
        self._busy = False

    async def ask(self, name: str, *arguments: Any, rank: int = _LOOKING) -> Any:
        """Return an answer of `painter.Shelf`; raises LookupError, and what a process ends with."""
        turn = asyncio.Event()
        self._turn.put_nowait((rank, next(self._count), turn))
        self._next()
        await turn.wait()
        try:
            return await asyncio.shield(asyncio.to_thread(self._answer, name, *arguments))
        finally:
            self._busy = False
            self._next()

    def _next(self) -> None:
        if not self._busy and not self._turn.empty():
            self._busy = True
            self._turn.get_nowait()[2].set()

    def _answer(self, name: str, *arguments: Any) -> Any:
        key = identity(self.folder)
        if self._resident is None or key != self._key:
            self.close()
            work = work_on(self.folder, self.settings, Store(default_folder(), enabled=False))
            given = (work.bounds,)
            self._resident = Resident(
                painter.serve, given, work.bounds, work.seconds, fence(self.folder)
            )
            self._key = key
        return self._resident.ask(name, *arguments)

    def close(self) -> None:
        """End the process."""
        if self._resident is not None:
            self._resident.close()
            self._resident = None


class Session:
    """All that is shown of one pack, to all browsers; lives in one event loop."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.folder, self.settings = folder, settings
        self.views: OrderedDict[Choice, View] = OrderedDict()
        self.files, self.pictures = Shelf(), Shelf()
        self.builder, self.painter = Builder(), Painter(folder, settings)
        self.ending = False
        self._digests: dict[str, Digests] = {}
        self._changed = asyncio.Condition()
        self._work = asyncio.Event()
        self._marking: set[asyncio.Task[None]] = set()

    # -- what browsers ask for

    def view(self, choice: Choice) -> View:
        """Return the view of a choice; one that is new is built."""
        view = self.views.get(choice)
        if view is None:
            view = self.views[choice] = View(choice)
            self._work.set()
        self.views.move_to_end(choice)
        for old in [v for v in self.views.values() if not v.readers][
            : len(self.views) - _MOST_VIEWS
        ]:
            if old is not view:
                del self.views[old.choice]
        return view

    async def states(self, view: View) -> AsyncIterator[dict[str, Any]]:
        """Yield what is shown, now and after each change; a slow reader misses what is old."""
        view.readers += 1
        if view.stale:
            self._ask_for(view)
        seen = -1
        try:
            while not self.ending:
                async with self._changed:
                    while view.number == seen and not self.ending:
                        await self._changed.wait()
                seen = view.number
                yield view.as_json(self.folder)
        finally:
            view.readers -= 1

    async def picture(self, sha: str, number: int, width: int) -> bytes:
        """Return a page as PNG; raises LookupError."""
        name = sha, number, width
        data = self.pictures.get(name)
        if data is None:
            data = await self._of_document("picture", sha, number, width)
            self.pictures.put(name, data)
        for view in self.views.values():
            for shown in view.documents.values():
                view.first = shown.kind if shown.sha == sha and width > 300 else view.first
        return data

    async def lines(self, sha: str, number: int) -> list[painter.Line]:
        """Return the lines of a page; raises LookupError."""
        found: list[painter.Line] = await self._of_document("lines", sha, number)
        return found

    async def find(self, sha: str, wanted: str) -> list[tuple[int, int]]:
        """Return the pages of a document on which a text is, from 0; raises LookupError."""
        found: list[tuple[int, int]] = await self._of_document("find", sha, wanted)
        return found

    async def where(self, sha: str, number: int, line: int) -> tuple[str, int, int] | None:
        """Return path, line and column of what is printed in a line of a page; raises LookupError."""
        if sha not in {d.sha for v in self.views.values() for d in v.documents.values()}:
            raise LookupError(sha)
        await self._opened(sha)
        found: tuple[str, int, int] | None = await self.painter.ask(
            "where", self.folder, sha, number, line
        )
        return found

    async def _of_document(self, name: str, sha: str, *arguments: Any, rank: int = _LOOKING) -> Any:
        await self._opened(sha, rank)
        return await self.painter.ask(name, sha, *arguments, rank=rank)

    async def _opened(self, sha: str, rank: int = _LOOKING) -> list[tuple[float, float]]:
        """Open a document in the process that draws, which may have been started again."""
        known = await self.painter.ask("has", sha, rank=rank)
        data = b"" if known else self.files.get(sha)
        if data is None:
            raise LookupError(sha)
        sizes: list[tuple[float, float]] = await self.painter.ask("open", sha, data, rank=rank)
        return sizes

    # -- building

    async def run(self) -> None:
        """Watch and build until cancelled."""
        watching = asyncio.create_task(self._watch())
        try:
            while True:
                await self._work.wait()
                self._work.clear()
                for view in reversed([*self.views.values()]):
                    if view.wanted and (view.readers or not view.number):
                        await self._build(view)
        finally:
            watching.cancel()

    async def _watch(self) -> None:
        async for _ in watch.changes(self.folder):
            for view in self.views.values():
                view.stale = True
                if view.readers:
                    self._ask_for(view)
            self.builder.interrupt()

    def _ask_for(self, view: View) -> None:
        view.wanted = True
        self._work.set()

    async def _build(self, view: View) -> None:
        view.wanted, view.stale, view.building = False, False, True
        await self.tell(view)
        loop, started = asyncio.get_running_loop(), time.monotonic()

        def later(call: Any, *values: Any) -> None:
            loop.call_soon_threadsafe(call, *values)

        eye = Eye(partial(later, self._read, view), partial(later, self._made, view), view.first)
        run = partial(self.builder.make, eye=eye)
        settings = view.choice.settings(self.settings)
        try:
            made = await asyncio.to_thread(
                make, self.folder, settings, partial(later, self._doing, view), run
            )
        except Superseded:
            self._ask_for(view)
            return
        except GuideError as exc:
            view.problems = in_order(exc.diagnostics)
        except Exception as exc:  # noqa: BLE001  a bug is shown, and the next save builds again
            hint = "This is a bug, please report it; the next save builds again."
            message = f"the build ended with an internal error ({type(exc).__name__}: {exc})"
            view.problems = (error("render-failed", message, Place("pack.yaml", 1, 1), hint),)
        else:
            await self._finished(view, made.record)
        view.building, view.seconds = False, time.monotonic() - started
        await self.tell(view)

    async def _finished(self, view: View, record: Record) -> None:
        view.problems = in_order((*record.diagnostics, *record.happened))
        if record.files and all(not made.data for made in record.files):  # from the cache
            store = Store(default_folder(), self.settings.cache)
            for made in record.files:
                self.files.put(made.sha256, store.get(f"file:{made.sha256}") or b"")
        await self._show(view, record.files)
        names = {made.path for made in record.files}
        if not record.wrong:
            for name in [n for n in view.documents if n not in names]:
                del view.documents[name]
            order = [made.path for made in record.files if made.path in view.documents]
            view.documents = {name: view.documents[name] for name in order}

    def _doing(self, view: View, document: str, state: str) -> None:
        view.doing = document, state
        self._soon(self.tell(view))

    def _read(self, view: View, facts: Facts, wrong: Sequence[Diagnostic]) -> None:
        if facts.kinds:
            view.facts = facts
        if wrong:
            others = (d for d in view.problems if d.severity != Severity.ERROR)
            view.problems = in_order((*wrong, *others))
        self._soon(self.tell(view))

    def _made(self, view: View, files: Sequence[Output]) -> None:
        self._soon(self._show(view, files))

    def _soon(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._marking.add(task)
        task.add_done_callback(self._marking.discard)

    async def _show(self, view: View, files: Sequence[Output]) -> None:
        """Show finished files; which of their pages changed is told as soon as it is known."""
        shapes = {name: shape for name, _, shape in view.facts.kinds}
        for made in files:
            before = view.documents.get(made.path)
            if made.media != PDF or (before and before.sha == made.sha256):
                continue
            if made.data:
                self.files.put(made.sha256, made.data)
            try:
                sizes = await self._opened(made.sha256)
            except LookupError:
                continue
            pairs = shapes.get(made.kind) == "faces" and len(sizes) % 2 == 0
            new = Shown(made.path, made.kind, made.sha256, tuple(sizes), pairs)
            view.documents[made.path] = new
            self._soon(self._mark(view, before, new))
        await self.tell(view)

    async def _mark(self, view: View, before: Shown | None, new: Shown) -> None:
        after = await self._digests_of(new)
        if before is None or after is None:
            return
        known = await self._digests_of(before)
        if known is None or view.documents.get(new.name) != new:
            return
        changed, jump = compared(known, after)
        view.documents[new.name] = Shown(
            new.name, new.kind, new.sha, new.sizes, new.pairs, changed, jump
        )
        await self.tell(view)

    async def _digests_of(self, shown: Shown) -> Digests | None:
        if shown.sha not in self._digests:
            found: list[tuple[str, str]] = []
            for start in range(0, len(shown.sizes), _AT_ONCE):
                with contextlib.suppress(LookupError):
                    found += await self._of_document(
                        "digests", shown.sha, start, start + _AT_ONCE, rank=_LATER
                    )
            if len(found) != len(shown.sizes):
                return None
            self._digests[shown.sha] = found
        return self._digests[shown.sha]

    async def tell(self, view: View) -> None:
        """Tell browsers that a view is another one now."""
        async with self._changed:
            view.number += 1
            self._changed.notify_all()

    async def end(self) -> None:
        """Let browsers and processes go."""
        async with self._changed:
            self.ending = True
            self._changed.notify_all()
        for task in [*self._marking]:
            task.cancel()
        self.builder.interrupt()
        await asyncio.to_thread(self.builder.close)
        await asyncio.to_thread(self.painter.close)
