"""Faces of cards and of sheets' margins: those that are kept, and those that are set anew.

They are set in chunks, by all processes, each card for itself: its faces are kept under the digest of
what they depend on, so that a card that is added, moved or edited is the only one that is set.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from guide.model.artifacts import FaceSet, Fault, FontFace, FontObjects, Html, SetFace
from guide.pipeline.inputs import digest_of_code
from guide.pipeline.jobs import fonts_job, set_faces_job
from guide.system.cache import Store
from guide.system.digest import digest
from guide.system.pool import Job, Workers

MOST = 60  # items in a chunk: a second's work, and little memory
LEAST = 8  # a smaller chunk is not worth a process
NO_GLYPH = "missing-glyph"
_T = TypeVar("_T")
_MOST_HELD = 8  # environments whose faces a process holds


def key_in_store(*values: Any) -> str:
    """Return the store's key for what depends on values and on this program."""
    return digest(*values, digest_of_code())


def begun(
    store: Store, pool: Workers, key: str, kind: type[_T], job: Callable[..., _T], *values: Any
) -> Callable[[], _T]:
    """Look a value up, and begin to make one that is not there; what is returned waits for it, and keeps it."""
    known: _T | None = store.value(key, kind)
    if known is not None:
        there = known
        return lambda: there
    waiting = pool.submit(job, *values)

    def made() -> _T:
        found: _T = waiting.result()
        store.keep(key, found)
        return found

    return made


def begin_fonts(
    store: Store, pool: Workers, known: Mapping[str, FontFace], drawn: Iterable[Any]
) -> Callable[[], FontObjects]:
    """Begin to make the fonts of what was drawn, each with the glyphs that are used together.

    What is returned waits for them: as PDF objects.
    """
    from guide.pdf.uses import union

    uses = union(drawn)
    wanted = tuple(known[use.name] for use in uses)
    key = f"fonts:{key_in_store(uses, [font.name for font in wanted])}"
    return begun(store, pool, key, FontObjects, fonts_job, wanted, uses)


@dataclass
class _Kept:
    """What the store has of one environment: faces by their keys, and the fonts of all."""

    faces: dict[str, tuple[SetFace, ...]]
    fonts: dict[str, FontFace]


_held: OrderedDict[tuple[str, str, str], _Kept] = OrderedDict()


@dataclass
class _Chunk:
    names: list[str]
    keys: list[str]
    job: Job


@dataclass
class Started:
    """Items that are being set: the key of each, and the work that was handed out."""

    keys: dict[str, str]
    chunks: list[_Chunk]
    size: float


@dataclass
class FaceCache:
    """The faces of one environment that the store has; others are set, and kept.

    An item has `faces_each` faces. `render` makes the document of some items by name. `faults` are
    those that belong to no face.
    """

    store: Store
    pool: Workers
    environment: str
    faces_each: int
    render: Callable[[Sequence[str]], Html]
    progress: Callable[[float], None] = lambda _: None
    faults: list[Fault] = field(default_factory=list)
    fonts: dict[str, FontFace] = field(default_factory=dict)
    cached: bool = True
    _known: dict[str, tuple[SetFace, ...]] = field(default_factory=dict)
    _used: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._key = f"faces:{key_in_store(self.environment)}"
        self._held_as = str(self.store.folder), self.store.world, self._key
        kept = _held.get(self._held_as) if self.store.enabled else None
        if kept is None and self.store.enabled:
            kept = self.store.value(self._key, _Kept)
        if kept is not None:
            self._known, self.fonts = dict(kept.faces), dict(kept.fonts)
            self._hold(kept)

    def start(self, names: Sequence[str], key_of: Callable[[str], str], size: float = 0) -> Started:
        """Begin to set items by name, all at one size if given.

        A key is asked for one by one: workers have something to do while others are made.
        """
        keys: dict[str, str] = {}
        chunks: list[_Chunk] = []
        unknown: list[str] = []
        for number, name in enumerate(names, 1):
            key = key_of(name)
            keys[name] = f"{key}@{size:g}" if size else key
            if keys[name] not in self._known:
                unknown.append(name)
            left = len(names) - number + len(unknown)
            if unknown and len(unknown) >= _share(left, len(chunks), self.pool.workers):
                chunks.append(self._submitted(unknown, keys, size))
                unknown = []
        if unknown:
            chunks.append(self._submitted(unknown, keys, size))
        self.cached = self.cached and not chunks
        return Started(keys, chunks, size)

    def _submitted(self, names: list[str], keys: Mapping[str, str], size: float) -> _Chunk:
        html = self.render(names)
        html = replace(html, sizes=(size,)) if size else html
        size_of = len(html.markup) + sum(len(face.markup) for face in html.faces)
        job = self.pool.submit(set_faces_job, html, size=size_of)
        return _Chunk(names, [keys[name] for name in names], job)

    def finish(self, started: Started) -> dict[str, tuple[SetFace, ...]]:
        """Return the faces of each item; raises what a job raises."""
        fresh: dict[str, tuple[SetFace, ...]] = {}
        total = sum(len(chunk.names) for chunk in started.chunks)
        for chunk in started.chunks:
            found: FaceSet = chunk.job.result()
            self.faults += [fault for fault in found.faults if fault not in self.faults]
            self.fonts.update({font.name: font for font in found.fonts})
            each = self.faces_each
            told = [*found.faults, *(fault for face in found.faces for fault in face.faults)]
            partial = bool(found.faults) or any(f.code == NO_GLYPH for f in told)
            for n, (name, key) in enumerate(zip(chunk.names, chunk.keys, strict=True)):
                fresh[name] = found.faces[n * each : (n + 1) * each]
                # What belongs to no face, or is said of the first card that has it alone, must be
                # said again the next time.
                if not partial:
                    self._known[key] = fresh[name]
            self.progress(len(fresh) / total)
        self._used |= set(started.keys.values())
        return {name: fresh.get(name) or self._known[key] for name, key in started.keys.items()}

    def keep(self, everything: bool = False) -> None:
        """Keep the faces that were asked for, and no others: an entry does not grow for ever.

        `everything` keeps the others as well, for a selection from a deck.
        """
        if self.cached:
            return
        used = self._known if everything else self._used
        kept = {key: faces for key, faces in self._known.items() if key in used}
        self._hold(_Kept(kept, self.fonts))
        self.store.keep(self._key, _Kept(kept, self.fonts))

    def _hold(self, kept: _Kept) -> None:
        """Hold the faces in this process, if the store may keep them."""
        if self.store.enabled:
            _held[self._held_as] = kept
            _held.move_to_end(self._held_as)
            while len(_held) > _MOST_HELD:
                _held.popitem(last=False)


def _share(left: int, number: int, workers: int) -> int:
    """Return how many items chunk `number` (from 0) has when at most `left` are still to be set.

    All processes have some soon, and end at nearly the same time: chunks become smaller towards the
    end (guided self-scheduling, Polychronopoulos and Kuck 1987). The first ones are small, so that
    nobody waits while this process renders them.
    """
    share = -(-left // (2 * workers)) if workers > 1 else MOST
    most = 2 * LEAST if number < workers > 1 else MOST
    return max(LEAST, min(most, share))
