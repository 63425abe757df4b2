"""Builds a pack again whenever it is saved: `guide build --watch`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from guide.diagnostics.diagnostic import GuideError
from guide.pipeline import Built, Progress, Settings, build
from guide.preview.builder import Builder
from guide.preview.resident import Superseded
from guide.preview.watch import changes


def rebuild(
    folder: Path, out: Path, settings: Settings,
    bars: Callable[[], AbstractContextManager[Progress]],
    report: Callable[[Built | GuideError], None],
) -> None:  # fmt: skip
    """Build a pack now and after each change, until a signal ends it; `report` gets what came of it."""
    asyncio.run(_rebuild(folder, out, settings, bars, report))


async def _rebuild(
    folder: Path, out: Path, settings: Settings,
    bars: Callable[[], AbstractContextManager[Progress]],
    report: Callable[[Built | GuideError], None],
) -> None:  # fmt: skip
    builder, changed = Builder(), asyncio.Event()

    async def watch() -> None:
        async for _ in changes(folder, out):
            changed.set()
            builder.interrupt()

    def once() -> Built:
        with bars() as progress:
            return build(folder, out, settings, progress, builder.make)

    watching = asyncio.create_task(watch())
    try:
        while True:
            changed.clear()
            try:
                report(await asyncio.to_thread(once))
            except Superseded:
                continue
            except GuideError as exc:
                report(exc)
            await changed.wait()
    finally:
        watching.cancel()
        builder.interrupt()
        builder.close()
