"""What each stage hands to the next: Html, Pdf, Sheets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from guide.diagnostics.diagnostic import Place, Severity

SOURCE = "source:"  # before the citation key in the key of an entry of the bibliography


@dataclass(frozen=True)
class Face:
    """One side of one card: the markup of its page, and the key of its content item.

    `at` is a key of `Html.places`; `family` is shared by faces that should have one type size
    (front and back of a card).
    """

    at: str
    markup: str
    family: str


@dataclass(frozen=True)
class Html:
    """One document before typesetting: pure values, nothing to be looked up but bundled fonts.

    `markup` is a whole HTML document. When `faces` are given, it holds the marker `<!--faces-->`
    once, and each face becomes one page there, in an element
    `<section class="face" data-at="..." style="font-size: 10pt">`, set in the largest of `sizes`
    (pt) at which nothing overflows. `stylesheets` are (name, CSS) pairs in cascade order, where the
    name is what a diagnostic shows. `assets` maps a URL path below BASE ("asset/1f3c.svg") to bytes.
    Elements carry `data-at="key"`; `places` tells where each key was written, and is not part of
    the digest, so that moving a paragraph does not typeset it again.

    With `fill`, elements with a `data-rank` are chosen, lowest first, so that that many pages are
    filled. `most` and `multiple` are the budget: not more pages than that, and a multiple of that.
    `forgotten` says what the templates should have printed and did not. `marking` must be printed
    at head and foot of every page, or on every face; where `own` says that the templates are the
    pack's, a page without it is a warning. `unproved` says that its text is no content that is
    looked for in the finished PDF, such as names on copies.
    """

    title: str
    lang: str
    markup: str
    stylesheets: tuple[tuple[str, str], ...]
    assets: Mapping[str, bytes] = field(default_factory=dict)
    faces: tuple[Face, ...] = ()
    sizes: tuple[float, ...] = ()
    places: Mapping[str, Place] = field(default_factory=dict, compare=False)
    fill: int = 0
    most: int = 0
    multiple: int = 1
    forgotten: tuple[Fault, ...] = field(default=(), compare=False)
    marking: str = ""
    own: bool = False
    unproved: bool = False


@dataclass(frozen=True)
class OfCss:
    """A declaration of a stylesheet, by its name in `Html.stylesheets`; line 0 is the whole sheet."""

    sheet: str
    line: int = 0
    column: int = 0


@dataclass(frozen=True)
class OfPack:
    """A value of pack.yaml, by its dotted key."""

    key: str


class OfItem(str):
    """An item, or a field or block of it, by its key in `Html.places`: `kfor`, `kfor.back`, `kfor/3`.

    '' is the document as a whole.
    """

    __slots__ = ()

    @property
    def item(self) -> str:
        """The item's id."""
        return self.partition("/")[0].partition(".")[0]


class OfSource(str):
    """An entry of the bibliography, by its key in `Html.places`: `source:` and the citation key."""

    __slots__ = ()

    @property
    def item(self) -> str:
        """The citation key."""
        return self.removeprefix(SOURCE)


At = OfItem | OfSource | OfCss | OfPack | str
"""Where a fault is: what a key in the markup names, or outside of it. `Fault` reads a plain key."""


def of_key(key: str) -> OfItem | OfSource:
    """Return what a key in the markup (`data-at`) names."""
    return OfSource(key) if key.startswith(SOURCE) else OfItem(key)


def item_of(at: At) -> str:
    """Return the id of the item, or the citation key, that a fault or a key in the markup is of."""
    return "" if isinstance(at, OfCss | OfPack) else of_key(at).item


@dataclass(frozen=True)
class Fault:
    """A fault of layout, and where it is; `cause` is what its author edits, if that is elsewhere.

    A key in the markup may be given as plain text: it becomes what it names.
    `others` are more keys that it concerns, each with what is to be said of it. `word` is what is
    printed there: it tells the line of a text that has many.
    """

    code: str
    message: str
    at: At = OfItem()
    hint: str = ""
    severity: Severity = Severity.ERROR
    page: int = 0
    others: tuple[tuple[str, str], ...] = ()
    word: str = ""
    cause: At = OfItem()

    def __post_init__(self) -> None:
        for name in ("at", "cause"):
            if type(key := getattr(self, name)) is str:
                object.__setattr__(self, name, of_key(key))


@dataclass(frozen=True)
class Pdf:
    """A typeset document: its bytes, its pages, and what is wrong with them.

    `page_sizes` are width and height in mm, one pair a page. `sizes` are the type sizes in pt
    that the faces came out in, in their order. `items` texts and pictures were looked for in the
    file (see `guide.proof.prove`), `missing` of them are not there.
    """

    data: bytes
    page_sizes: tuple[tuple[float, float], ...]
    faults: tuple[Fault, ...] = ()
    sizes: tuple[float, ...] = ()
    items: int = 0
    missing: int = 0

    @property
    def pages(self) -> int:
        """Number of pages."""
        return len(self.page_sizes)


@dataclass(frozen=True)
class Group:
    """PDF objects that go into any file together.

    `(text % numbers).split(SEPARATOR)` are the objects. `refs` say, in order, what the numbers are:
    0 and more is an object of the group itself, less is one of the codes below. `data` are the bytes
    of those that are streams, as they are stored, with their place in the group.
    """

    text: bytes
    refs: tuple[int, ...] = ()
    data: tuple[tuple[int, bytes], ...] = ()


SEPARATOR = b"\0"

# What objects refer to outside their group: fonts, then groups that faces share, then links.
PARENT, DOCUMENT, PAGE_NUMBER, COLOURS = -1, -2, -3, -4
FIRST_FONT, FIRST_SHARED, FIRST_LINK = -100, -1000, -10000


@dataclass(frozen=True)
class Thumb:
    """What a raster picture looks like: 16 by 16 cells of red, green and blue over white.

    `alpha` is how much of its area is opaque, from 0 to 1; `others` are its cells with its colour
    profile applied; `inks` says that its colours are inks (CMYK).
    """

    cells: bytes
    alpha: float = 1.0
    others: tuple[bytes, ...] = ()
    inks: bool = False


@dataclass(frozen=True)
class FontUse:
    """The glyphs of a font on a face, or on several.

    `name` is that of its `FontFace`. `texts` is what each of `glyphs` is read as, joined by NUL; `widths` are in thousandths of the
    type size, `sized` the glyphs that have one. All arrays hold 32-bit numbers.
    """

    name: str
    glyphs: bytes
    texts: str
    sized: bytes
    widths: bytes


@dataclass(frozen=True)
class FontFace:
    """A font as it was loaded: a bundled file's path, or else its bytes, and what was read from it.

    `name` is the digest of its bytes, family, style and weight.
    """

    name: str
    file: str
    data: bytes
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class NumberGlyph:
    """A character of a card's number as it is drawn: `code` is the glyph, as PDF writes it.

    `size` is in px, `width` in thousandths of it.
    """

    sign: str
    font: str
    size: float
    code: str
    width: int


@dataclass(frozen=True)
class NumberSlot:
    """Where a face has the card's number: the placeholder, and its width in px.

    `at_end` numbers end where the placeholder ends, others begin where it begins.
    """

    text: str
    width: float
    at_end: bool
    glyphs: tuple[NumberGlyph, ...]


@dataclass(frozen=True)
class Rendered:
    """A card that was rendered: front and back, what they should have printed, their files and places."""

    faces: tuple[Face, Face]
    lost: tuple[Fault, ...]
    assets: Mapping[str, bytes]
    places: Mapping[str, Place]


@dataclass(frozen=True)
class SetFace:
    """A face after typesetting: a page, as pieces, that goes into any deck and on any sheet.

    Sizes are in pt: `width` and `height` of the trim, `size` of the type. `over` says by how many
    mm the content is too large at that size, `bleed` how many pt are drawn outside the trim. Of
    `objects` the first is the page. `plain` is its content, compressed, without structure, and
    `drawing` what that needs: the resources first. `structure` are the page's top elements, `marked`
    the element of each marked content, `links` pairs of annotation and element. `shared` are
    pictures, by digest; `fonts` the glyphs that are used. `texts` are the runs of each text that
    the face must show, `pictures` the words for each picture, `rasters` the words for each raster
    picture with what it looks like. `number` is where the number of the card goes, until
    `guide.pdf.numbers` has filled it in.
    """

    at: str
    width: float
    height: float
    size: float
    over: float
    objects: Group
    plain: bytes
    drawing: Group
    bleed: float = 0.0
    structure: tuple[int, ...] = ()
    marked: tuple[int, ...] = ()
    links: tuple[tuple[int, int], ...] = ()
    bookmarks: tuple[tuple[str, float, float], ...] = ()
    shared: tuple[tuple[str, Group], ...] = ()
    fonts: tuple[FontUse, ...] = ()
    faults: tuple[Fault, ...] = ()
    texts: tuple[tuple[str, ...], ...] = ()
    pictures: tuple[str, ...] = ()
    rasters: tuple[tuple[str, Thumb], ...] = ()
    number: NumberSlot | None = None


@dataclass(frozen=True)
class FaceSet:
    """What setting some faces gave; `faults` are those that belong to no face."""

    faces: tuple[SetFace, ...]
    fonts: tuple[FontFace, ...]
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True)
class FontObjects:
    """The PDF objects of the fonts of a file, and which of them is which font."""

    objects: Group
    names: Mapping[str, int]


@dataclass(frozen=True)
class Sheets:
    """Imposed sheets, one page a side: for the printer, not for reading."""

    data: bytes
    pages: int
