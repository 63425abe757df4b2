"""What each stage hands to the next: Html, Pdf, Sheets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from guide.errors import Place, Severity


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
    """

    title: str
    lang: str
    markup: str
    stylesheets: tuple[tuple[str, str], ...]
    assets: Mapping[str, bytes] = field(default_factory=dict)
    faces: tuple[Face, ...] = ()
    sizes: tuple[float, ...] = ()
    places: Mapping[str, Place] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Fault:
    """A fault of layout: `at` is a key of `Html.places`, or '' for the document as a whole."""

    code: str
    message: str
    at: str = ""
    hint: str = ""
    severity: Severity = Severity.ERROR
    page: int = 0


@dataclass(frozen=True)
class Pdf:
    """A typeset document: its bytes, its pages, and what is wrong with them.

    `page_sizes` are width and height in mm, one pair a page. `sizes` are the type sizes in pt
    that the faces came out in, in their order.
    """

    data: bytes
    page_sizes: tuple[tuple[float, float], ...]
    faults: tuple[Fault, ...] = ()
    sizes: tuple[float, ...] = ()

    @property
    def pages(self) -> int:
        """Number of pages."""
        return len(self.page_sizes)


@dataclass(frozen=True)
class Sheets:
    """Imposed sheets, one page a side: for the printer, not for reading."""

    data: bytes
    pages: int
