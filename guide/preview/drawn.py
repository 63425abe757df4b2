"""Finished files, and what a process that stays draws of them: kept by the digests of their bytes."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections import OrderedDict
from pathlib import Path
from typing import Any

from guide.pipeline import Settings, fence
from guide.pipeline.child import work_on
from guide.preview import painter
from guide.preview.builder import identity
from guide.preview.resident import Resident
from guide.preview.views import Digests
from guide.system.cache import Store, default_folder

_MOST_BYTES = 400_000_000  # of PDFs, and of pictures, that are kept
_MOST_DIGESTS = 200  # documents whose pages can be compared
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


class Drawn:
    """The documents of a preview by digest, and the pictures, words and digests of their pages.

    All methods but `put` and `data` raise LookupError for what is not there.
    """

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.folder = folder
        self._files, self._pictures = Shelf(), Shelf()
        self._painter = Painter(folder, settings)
        self._digests = OrderedDict[str, Digests]()

    def put(self, sha: str, data: bytes) -> None:
        """Keep a document."""
        self._files.put(sha, data)

    def data(self, sha: str) -> bytes | None:
        """Return the bytes of a document, if it is kept."""
        return self._files.get(sha)

    async def picture(self, sha: str, number: int, width: int) -> bytes:
        """Return a page as PNG."""
        name = sha, number, width
        data = self._pictures.get(name)
        if data is None:
            data = await self._ask("picture", sha, number, width)
            self._pictures.put(name, data)
        return data

    async def lines(self, sha: str, number: int) -> list[painter.Line]:
        """Return the lines of a page."""
        found: list[painter.Line] = await self._ask("lines", sha, number)
        return found

    async def find(self, sha: str, wanted: str) -> list[tuple[int, int]]:
        """Return the pages of a document on which a text is, from 0, and how often."""
        found: list[tuple[int, int]] = await self._ask("find", sha, wanted)
        return found

    async def where(self, sha: str, number: int, line: int) -> tuple[str, int, int] | None:
        """Return path, line and column of what is printed in a line of a page."""
        found: tuple[str, int, int] | None = await self._ask(
            "where", sha, self.folder, number, line
        )
        return found

    async def sizes(self, sha: str, rank: int = _LOOKING) -> list[tuple[float, float]]:
        """Open a document in the process that draws, which may be a new one; return its pages' sizes in pt."""
        known = await self._painter.ask("has", sha, rank=rank)
        data = b"" if known else self._files.get(sha)
        if data is None:
            raise LookupError(sha)
        sizes: list[tuple[float, float]] = await self._painter.ask("open", sha, data, rank=rank)
        return sizes

    async def digests(self, sha: str, count: int) -> Digests | None:
        """Return the digests of the pages of a document, None if they are not to be had."""
        if sha not in self._digests:
            found: list[tuple[str, str]] = []
            for start in range(0, count, _AT_ONCE):
                with contextlib.suppress(LookupError):
                    stop = start + _AT_ONCE
                    found += await self._ask("digests", sha, start, stop, rank=_LATER)
            if len(found) != count:
                return None
            self._digests[sha] = found
            while len(self._digests) > _MOST_DIGESTS:
                self._digests.popitem(last=False)
        return self._digests[sha]

    async def _ask(self, name: str, sha: str, *arguments: Any, rank: int = _LOOKING) -> Any:
        await self.sizes(sha, rank)
        return await self._painter.ask(name, sha, *arguments, rank=rank)

    def close(self) -> None:
        """End the process that draws."""
        self._painter.close()
