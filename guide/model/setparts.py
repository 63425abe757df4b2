"""A part of a document: what it takes from the document around it, and what setting it gave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from guide.model.artifacts import Fault, FontFace, FontUse, Group, Html, Thumb

# What the objects of a part refer to outside of it, besides the codes of `artifacts`.
FIRST_PAGE = -100_000  # the place of a page in the document
FIRST_MARGIN = -200_000  # what is printed in the margins of a page
FIRST_HEADING = -300_000  # the level of a heading
FIRST_NOTE = -400_000  # the number of a note


class Drawn(Protocol):
    """What is drawn once and goes into any file: a face, a part, margins."""

    @property
    def fonts(self) -> tuple[FontUse, ...]:
        """The glyphs that are used."""

    @property
    def shared(self) -> tuple[tuple[str, Group], ...]:
        """Pictures, by digest."""


Counter = tuple[str, tuple[int, ...], bool]
"""A CSS counter where a part begins: name, values, and whether it belongs to the part's siblings."""
COUNTERS: tuple[Counter, ...] = (("footnote", (0,), False), ("note", (0,), False))
Sizes = tuple[tuple[float, float], tuple[float, float]]


@dataclass(frozen=True)
class Outside:
    """What is before and around a part: what it prints may depend on it.

    `index` pages are before it, of `total`. `kind` is how it begins (`break-before`), `sizes` are
    paper and area in px of the document's first page, `targets` the page that each anchor is on,
    from 1.
    """

    index: int = 0
    total: int = 0
    kind: str = "page"
    counters: tuple[Counter, ...] = COUNTERS
    sizes: Sizes | None = None
    targets: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Taken:
    """What a part has asked for of `Outside`."""

    side: bool = False
    index: bool = False
    total: bool = False
    sizes: bool = False
    counters: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()

    def of(self, outside: Outside) -> tuple[Any, ...]:
        """Return what a part that takes this depends on."""
        counters = {name: (name, *rest) for name, *rest in outside.counters}
        return (
            outside.index == 0,
            outside.kind,
            outside.index % 2 if self.side or self.index else 0,
            outside.index if self.index else 0,
            outside.total if self.total else 0,
            outside.sizes if self.sizes else None,
            tuple(counters.get(name) for name in self.counters),
            tuple(outside.targets.get(name, 0) for name in self.targets),
        )


@dataclass(frozen=True)
class Piece:
    """A part of a document to set: `html` is its markup, `last` that nothing comes after it."""

    html: Html
    outside: Outside
    last: bool = False


@dataclass(frozen=True)
class Measured:
    """How full a page is, in px: heights of lines with their number, of all ink, of each key."""

    lines: tuple[tuple[float, int], ...]
    extent: float
    heights: Mapping[str, float]


@dataclass(frozen=True)
class PageKind:
    """What `@page` rules ask of a page, but for its place in the document."""

    side: str
    blank: bool
    name: str
    groups: tuple[Any, ...]


@dataclass(frozen=True)
class SetPage:
    """A page of a part; sizes are in pt. `page` and `content` are objects of the part.

    `strings` are the texts that its elements give to running heads, by name, `starts` those of
    them that its first element gives. `marked` are the elements of its marked contents, `reaching`
    what of the content reaches into head or foot, in px, with its text.
    """

    kind: PageKind
    width: float
    height: float
    page: int
    content: int
    marked: tuple[int, ...]
    strings: tuple[tuple[str, tuple[str, ...]], ...] = ()
    starts: tuple[str, ...] = ()
    reaching: tuple[tuple[float, float, float, float, str], ...] = ()
    measured: Measured | None = None


@dataclass(frozen=True)
class Bookmark:
    """A bookmark: its level, its text, its page in the part, its place in pt."""

    level: int
    label: str
    page: int
    x: float
    y: float
    closed: bool = False


@dataclass(frozen=True)
class Wanted:
    """What a part must show: texts with their keys, pictures, raster pictures with their looks."""

    texts: tuple[tuple[str, tuple[str, ...]], ...] = ()
    pictures: tuple[tuple[str, str], ...] = ()
    rasters: tuple[tuple[str, str, Thumb], ...] = ()
    labels: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class After:
    """What a part hands on to the next: how that begins, and the counters there."""

    kind: str = "page"
    counters: tuple[Counter, ...] = COUNTERS


@dataclass(frozen=True)
class SetPart:
    """A part after typesetting, as pieces that go into any file.

    `given` is what it took from outside, as `taken` says. With `joined` the next part cannot be
    set apart from it; `whole` says why the document cannot be set in parts at all. `anchors` are
    the pages of its anchors, from 0, `places` where they are on them, `leads` the anchors elsewhere
    that its links lead to.
    """

    taken: Taken
    given: tuple[Any, ...]
    pages: tuple[SetPage, ...] = ()
    objects: Group = Group(b"")
    resources: int = 0
    structure: tuple[int, ...] = ()
    links: tuple[tuple[int, int], ...] = ()
    headings: tuple[int, ...] = ()
    notes: tuple[int, ...] = ()
    bookmarks: tuple[Bookmark, ...] = ()
    anchors: Mapping[str, int] = field(default_factory=dict)
    places: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    leads: tuple[str, ...] = ()
    after: After = After()
    sizes: Sizes | None = None
    shared: tuple[tuple[str, Group], ...] = ()
    fonts: tuple[FontUse, ...] = ()
    faces: tuple[FontFace, ...] = ()
    wanted: Wanted = Wanted()
    faults: tuple[tuple[Fault, ...], ...] = ()
    about: tuple[tuple[str, str], ...] = ()
    joined: bool = False
    whole: str = ""


@dataclass(frozen=True)
class MarginPage:
    """A page whose margins are to be filled: which it is, from 0, and what is on it.

    `strings` are the texts for running heads that it gives itself, by name, with whether its first
    element gives one; `before` are the last ones of the pages before it.
    """

    kind: PageKind
    index: int
    strings: tuple[tuple[str, tuple[str, ...], bool], ...]
    before: tuple[tuple[str, str], ...]
    reaching: tuple[tuple[float, float, float, float, str], ...] = ()


@dataclass(frozen=True)
class Margins:
    """What is printed in the margins of pages: a content for each, and what they all need.

    The first objects of `resources` are dictionaries of states, objects, patterns, shadings and
    fonts.
    """

    contents: tuple[bytes, ...]
    resources: Group
    shared: tuple[tuple[str, Group], ...] = ()
    fonts: tuple[FontUse, ...] = ()
    faces: tuple[FontFace, ...] = ()
    faults: tuple[tuple[Fault, ...], ...] = ()


@dataclass(frozen=True)
class Proving:
    """Pages of a file, from `first` (0), and what they must show; `told` are keys that are cut.

    `wanted` is None where their texts are proved already.
    """

    first: int
    count: int
    wanted: Wanted | None
    told: tuple[str, ...] = ()
    marking: str = ""


@dataclass(frozen=True)
class Proved:
    """What was found of a part: the number of texts, those that are missing, and faults.

    `unmarked` are pages, from 0, without the document's marking.
    """

    items: int = 0
    missing: int = 0
    faults: tuple[Fault, ...] = ()
    labels: tuple[Fault, ...] = ()
    unmarked: tuple[int, ...] = ()
