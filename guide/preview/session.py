"""One preview: a pack that is watched, built for each choice that somebody looks at, and shown to browsers."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from guide.diagnostics.diagnostic import Diagnostic, GuideError, Place, Severity, error, in_order
from guide.pipeline import Output, Settings, make
from guide.pipeline.folder import LostFile
from guide.pipeline.record import PDF
from guide.pipeline.run import Made
from guide.preview.builder import Builder, Eye, Facts
from guide.preview.drawn import Drawn
from guide.preview.resident import Superseded
from guide.preview.views import Choice, Shown, View, compared
from guide.preview.watch import changes

_MOST_VIEWS = 8
_LARGE = 300  # pixels; what is narrower is a thumbnail, and nobody reads it


class Session:
    """All that is shown of one pack, to all browsers; lives in one event loop."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.folder, self.settings = folder, settings
        self.views: OrderedDict[Choice, View] = OrderedDict()
        self.builder, self.drawn = Builder(), Drawn(folder, settings)
        self.ending = False
        self._changed = asyncio.Condition()
        self._work = asyncio.Event()
        self._tasks: set[asyncio.Task[Any]] = set()

    def view(self, choice: Choice) -> View:
        """Return the view of a choice; one that is new will be built."""
        view = self.views.setdefault(choice, View(choice))
        self.views.move_to_end(choice)
        spare = max(0, len(self.views) - _MOST_VIEWS)
        for old in [v for v in self.views.values() if not v.readers and v is not view][:spare]:
            del self.views[old.choice]
        return view

    async def states(self, view: View) -> AsyncIterator[dict[str, Any]]:
        """Yield what is shown, now and after each change; a slow reader misses what is old."""
        view.readers += 1
        self._work.set()
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
        """Return a page as PNG, and make its kind first from now on; raises LookupError."""
        for view in self.views.values():
            for shown in view.documents.values():
                if shown.sha == sha and width > _LARGE:
                    view.first = shown.kind
        return await self.drawn.picture(sha, number, width)

    async def run(self) -> None:
        """Watch and build until cancelled."""
        watching = asyncio.create_task(self._watch())
        try:
            while True:
                await self._work.wait()
                self._work.clear()
                latest = [*self.views.values()][-1:]  # somebody comes back to it from the editor
                for view in reversed([*self.views.values()]):
                    if view.wanted and (view.readers or view in latest):
                        await self._build(view)
        finally:
            watching.cancel()

    async def _watch(self) -> None:
        async for _ in changes(self.folder):
            for view in self.views.values():
                view.wanted = True
            self._work.set()
            self.builder.interrupt()

    async def _build(self, view: View) -> None:
        view.wanted, view.building = False, True
        await self.tell(view)
        loop, started = asyncio.get_running_loop(), time.monotonic()

        def later(work: Any, *values: Any) -> None:
            loop.call_soon_threadsafe(lambda: self._soon(work(view, *values)))

        eye = Eye(partial(later, self._read), partial(later, self._show), view.first)
        run = partial(self.builder.make, eye=eye)
        settings = view.choice.settings(self.settings)
        try:
            made = await asyncio.to_thread(
                make, self.folder, settings, partial(later, self._doing), run
            )
            if not view.facts.kinds:  # nothing was read: it is of an earlier build
                view.facts = await asyncio.to_thread(self.builder.facts, self.folder, settings)
        except Superseded:
            view.wanted = True
            self._work.set()
            return
        except GuideError as exc:
            view.problems = in_order(exc.diagnostics)
        except Exception as exc:  # noqa: BLE001  a bug is shown, and the next save builds again
            hint = "This is a bug, please report it; the next save builds again."
            message = f"the build ended with an internal error ({type(exc).__name__}: {exc})"
            view.problems = (error("render-failed", message, Place("pack.yaml", 1, 1), hint),)
        else:
            await self._finished(view, made)
        view.building, view.seconds = False, time.monotonic() - started
        await self.tell(view)

    async def _finished(self, view: View, made: Made) -> None:
        record = made.record
        view.problems = in_order((*record.diagnostics, *record.happened))
        for file in record.files:
            if self.drawn.data(file.sha256) is None:  # it is of an earlier build
                with contextlib.suppress(LostFile):
                    self.drawn.put(file.sha256, made.data(file))
        await self._show(view, record.files)
        if not record.wrong:
            order = [file.path for file in record.files if file.path in view.documents]
            view.documents = {name: view.documents[name] for name in order}

    async def _doing(self, view: View, document: str, state: str) -> None:
        view.doing = document, state
        await self.tell(view)

    async def _read(self, view: View, facts: Facts, wrong: Sequence[Diagnostic]) -> None:
        if facts.kinds:
            view.facts = facts
        if wrong:
            others = (d for d in view.problems if d.severity != Severity.ERROR)
            view.problems = in_order((*wrong, *others))
        await self.tell(view)

    async def _show(self, view: View, files: Sequence[Output]) -> None:
        """Show finished files; which of their pages changed follows as soon as it is known."""
        shapes = {name: shape for name, _, shape in view.facts.kinds}
        for made in files:
            before = view.documents.get(made.path)
            if made.media != PDF or (before and before.sha == made.sha256):
                continue
            if made.data:
                self.drawn.put(made.sha256, made.data)
            try:
                sizes = await self.drawn.sizes(made.sha256)
            except LookupError:
                continue
            pairs = shapes.get(made.kind) == "faces" and len(sizes) % 2 == 0
            new = Shown(made.path, made.kind, made.sha256, tuple(sizes), pairs)
            view.documents[made.path] = new
            if before is None:
                self._soon(self.drawn.digests(new.sha, len(sizes)))  # to compare the next one with
            else:
                self._soon(self._mark(view, before, new))
        await self.tell(view)

    async def _mark(self, view: View, before: Shown, new: Shown) -> None:
        known = await self.drawn.digests(before.sha, len(before.sizes))
        after = await self.drawn.digests(new.sha, len(new.sizes))
        if known is None or after is None or view.documents.get(new.name) != new:
            return
        changed, jump = compared(known, after)
        view.documents[new.name] = replace(new, changed=changed, jump=jump)
        await self.tell(view)

    def _soon(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

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
        for task in [*self._tasks]:
            task.cancel()
        self.builder.interrupt()
        await asyncio.to_thread(self.builder.close)
        await asyncio.to_thread(self.drawn.close)
