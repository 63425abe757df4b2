"""Tells when something of a pack was written, renamed, deleted or restored."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

from watchfiles import Change, awatch

from guide.preview.builder import identity

_STEP, _MOST = 20, 200  # ms without another change that end a burst, and the longest burst
_LOOK = 0.5  # s between two looks whether the folder is still the same
_IGNORED = {"build", "__pycache__", "node_modules"}
_TEMPORARY = (".swp", ".swx", ".tmp", ".part", ".bak", "~")


def concerns(folder: Path, path: str, out: Path | None = None) -> bool:
    """Return True if a file of a pack may matter: not an editor's own, hidden, or a finished one.

    `out` is a folder that finished files are written to.
    """
    try:
        parts = Path(path).relative_to(folder).parts
    except ValueError:
        return False
    if out is not None and out != folder and Path(path).is_relative_to(out):
        return False
    hidden = any(part.startswith((".", "#")) or part in _IGNORED for part in parts)
    return not hidden and not path.endswith(_TEMPORARY) and (not parts or parts[-1] != "4913")


async def changes(folder: Path, out: Path | None = None) -> AsyncIterator[None]:
    """Yield once for each burst of changes below a folder, also when it is deleted and restored.

    What is written below `out` is not a change.
    """
    folder, out = _real(folder), _real(out) if out else None
    while True:
        before = identity(folder)
        if before is None:
            await asyncio.sleep(_LOOK)
            if identity(folder) is not None:
                yield
            continue
        gone = asyncio.Event()
        looking = asyncio.create_task(_until_another(folder, before, gone))

        def matters(_: Change, path: str) -> bool:
            return concerns(folder, path, out)

        try:
            with contextlib.suppress(FileNotFoundError):
                async for _ in awatch(
                    folder, watch_filter=matters, debounce=_MOST, step=_STEP, stop_event=gone,
                    ignore_permission_denied=True, raise_interrupt=False,
                ):  # fmt: skip
                    yield
        finally:
            looking.cancel()
        yield  # what happened while nobody watched


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))


async def _until_another(folder: Path, before: tuple[int, int], gone: asyncio.Event) -> None:
    while identity(folder) == before:  # noqa: ASYNC110  nobody says so: the watch went with the folder
        await asyncio.sleep(_LOOK)
    gone.set()
