"""Which pages of a deck's files were proven before: those that draw the same, in the same fonts, are not read again.

A page is known by the digest of all that it draws, of the fonts of its file and of the texts that are
wanted of it. One that was found whole is whole in every file that is put together of the same parts by
this program. Besides the new pages, the first, the last and the neighbours of new ones are read, so
that a file whose pages were exchanged or lost is noticed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from guide.model.artifacts import FontObjects, Group, SetFace
from guide.model.kinds import Stock
from guide.pipeline.faces import key_in_store
from guide.pipeline.jobs import Marked
from guide.pipeline.remembered import ById
from guide.sheets.impose_cards import Layout
from guide.sheets.plan_cards import Side
from guide.system.cache import Store
from guide.system.digest import digest


@dataclass(frozen=True)
class _Proven:
    """The digests of pages that were found whole."""

    pages: frozenset[str]


@dataclass(frozen=True)
class Proofs:
    """The pages of a file by their digests, and those of them that were found whole before."""

    store: Store
    name: str
    pages: tuple[str, ...]
    known: frozenset[str]

    @property
    def unread(self) -> frozenset[int]:
        """The pages to read, from 0."""
        count = len(self.pages)
        new = {n for n, page in enumerate(self.pages) if page not in self.known}
        beside = {n + step for n in new for step in (-1, 1)} if len(new) < count else set()
        return frozenset(n for n in new | beside | {0, count - 1} if 0 <= n < count)

    def keep(self, others: bool = False) -> None:
        """Keep that these pages are whole, and no others unless `others` says so."""
        now = frozenset(self.pages) | (self.known if others else frozenset())
        if now != self.known:
            self.store.keep(self.name, _Proven(now))


def proofs(store: Store, name: str, pages: Sequence[str]) -> Proofs:
    """Return what is known of the pages of a file; `name` tells it from the deck's other files."""
    key = f"proven:{key_in_store(name)}"
    kept: _Proven | None = store.value(key, _Proven)
    return Proofs(store, key, tuple(pages), kept.pages if kept else frozenset())


def drawn(face: SetFace) -> str:
    """Return the digest of all that a face draws, and of what is wanted of it."""
    return _drawn.get(face, "", lambda: _digest(face))


_drawn = ById[str]()


def _digest(face: SetFace) -> str:
    groups = [face.objects, face.drawing, *(group for _, group in face.shared)]
    streams = [face.plain]
    for group in groups:
        streams += [group.text, *(data for _, data in group.data)]
    facts = (
        face.at, face.width, face.height, face.bleed, face.structure, face.marked, face.links,
        face.bookmarks, face.fonts, face.texts, face.pictures, face.rasters,
        [name for name, _ in face.shared], [len(stream) for stream in streams],
        [(group.refs, [n for n, _ in group.data]) for group in groups],
    )  # fmt: skip
    hasher = hashlib.sha256(repr(facts).encode("utf-8", "surrogatepass"))
    for stream in streams:
        hasher.update(stream)
    return hasher.hexdigest()


def _plain(group: Group) -> tuple[bytes, str, tuple[tuple[int, bytes], ...]]:
    return group.text, repr(group.refs), group.data  # thousands of numbers


def pages_of_deck(faces: Sequence[str], fonts: FontObjects, marked: Marked) -> list[str]:
    """Return the digests of the pages of a deck; `faces` are those of its faces."""
    around = digest(_plain(fonts.objects), fonts.names, marked.text)
    return [digest(around, *pair) for pair in zip(faces, marked.counts, strict=True)]


def pages_of_sheets(
    faces: Sequence[str], sides: Sequence[Side], under: Sequence[SetFace], fonts: FontObjects,
    marked: Marked, stock: Stock, layout: Layout,
) -> list[str]:  # fmt: skip
    """Return the digests of the sides of sheets; `under` are their margins, if there are any."""
    around = digest(
        _plain(fonts.objects), fonts.names, marked.text, stock.model_dump_json(), layout
    )
    return [
        digest(
            around, count, side.back,
            [(each.left, each.top, each.turned, faces[each.page]) for each in side.placements],
            drawn(under[n]) if under else None,
        )
        for n, (side, count) in enumerate(zip(sides, marked.counts, strict=True))
    ]  # fmt: skip
