"""What a document must print: the texts and pictures of its markup, before it is laid out."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from typing import Any
from urllib.parse import unquote
from xml.etree.ElementTree import Element

from guide.model.artifacts import Thumb
from guide.model.letters import letters
from guide.proof.pictures import thumb_of
from guide.proof.search import Words

_INLINE = frozenset(
    "a abbr b bdi bdo big cite code data del dfn em font i ins kbd label mark q ruby rt rp s samp"
    " small span strike strong sub sup time tt u var wbr br img input".split()
)
_SILENT = frozenset("head script style template title textarea select option svg math".split())
_VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())


@dataclass(frozen=True)
class Raster:
    """A raster picture that must be printed: its item's key, its words, its address, its look."""

    at: str
    words: str
    source: str = ""
    thumb: Thumb | None = None


@dataclass(frozen=True)
class Expected:
    """What must be printed, in the markup's order; `pictures` are keys with the words for each.

    `rasters` are the pictures that come from a file, once `with_thumbs` has chosen the raster
    pictures of them and noted what they look like.
    """

    words: tuple[Words, ...]
    pictures: tuple[tuple[str, str], ...] = ()
    rasters: tuple[Raster, ...] = ()

    def __len__(self) -> int:
        return len(self.words) + len(self.pictures)


class _Collector:
    """Gathers the texts of elements as they open and end."""

    def __init__(self, at: str = "") -> None:
        self.words: list[Words] = []
        self.pictures: list[tuple[str, str]] = []
        self.rasters: list[Raster] = []
        self._runs: list[str] = []
        self._at = at

    def text(self, text: str | None, at: str) -> None:
        """Take a run of text; a block is its first run's."""
        if text and not text.isspace():
            if not self._runs:
                self._at = at
            self._runs.append(text)

    def end(self) -> None:
        """End a block."""
        if self._runs:
            words = Words(self._at, tuple(self._runs))
            self._runs = []
            if words.letters:
                self.words.append(words)

    def picture(self, alt: str | None, at: str, source: str | None) -> None:
        """Take a picture's file, and the words for it; one without any is decoration."""
        if source:
            self.rasters.append(Raster(at, alt or "", source))
        if alt and letters(alt):
            self.pictures.append((at, alt))

    def done(self) -> Expected:
        """Return everything."""
        self.end()
        return Expected(tuple(self.words), tuple(self.pictures), tuple(self.rasters))


def expected(root: Element) -> Expected:
    """Return what a document must print; what is `hidden`, `data-unprinted` or an artifact need not."""
    found = _Collector()
    body = next((e for e in root.iter() if e.tag == "body"), root)
    stack: list[tuple[Any, str, bool]] = [(body, "", True)]  # elements, and texts after them
    while stack:
        node, at, block = stack.pop()
        if isinstance(node, str):
            found.text(node, at)
            continue
        if node is None:  # the end of a block
            found.end()
            continue
        if not _speaks(node.tag, node):
            continue
        at = node.get("data-at") or at
        if node.tag == "img":
            found.picture(node.get("alt"), at, node.get("src"))
        if block:
            found.end()
            stack.append((None, at, True))
        for child in reversed(node):
            if child.tail:
                stack.append((child.tail, at, False))
            stack.append((child, at, _is_block(child.tag, child)))
        if node.text:
            stack.append((node.text, at, False))
    return found.done()


def _speaks(tag: Any, element: Any) -> bool:
    if not isinstance(tag, str) or tag.startswith("{") or tag in _SILENT:
        return False
    # What is hidden from being said is drawn as an artifact, which is not text.
    silent = element.get("aria-hidden") == "true" or {"hidden", "data-unprinted"} & {
        *element.keys()
    }
    return not silent


def _is_block(tag: Any, element: Any) -> bool:
    """Return whether an element's text is set apart; a note is, at the foot of the page."""
    apart = element.get("data-at") is not None or "footnote" in (element.get("class") or "").split()
    return apart or tag not in _INLINE


class _Parser(HTMLParser):
    """Markup of a face, which is parsed without the document around it."""

    def __init__(self, at: str) -> None:
        super().__init__(convert_charrefs=True)
        self.at, self.found = at, _Collector(at)
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if self._silent or not _speaks(tag, given):
            self._silent += tag not in _VOID
            return
        if tag == "img":
            self.found.picture(given.get("alt"), self.at, given.get("src"))
        if _is_block(tag, given):
            self.found.end()

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if self._silent and tag not in _VOID:
            self._silent -= 1

    def handle_endtag(self, tag: str) -> None:
        if self._silent:
            self._silent -= 1
        elif tag not in _INLINE:
            self.found.end()

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.found.text(data, self.at)


def expected_of_face(markup: str, at: str) -> Expected:
    """Return what a face must print."""
    parser = _Parser(at)
    parser.feed(markup)
    parser.close()
    return parser.found.done()


def with_thumbs(wanted: Expected, assets: Mapping[str, bytes]) -> Expected:
    """Return what must be printed with the looks of its raster pictures, from their files."""
    known = {
        name: thumb_of(_file(name, assets)) for name in {each.source for each in wanted.rasters}
    }
    rasters = tuple(
        replace(raster, thumb=known[raster.source])
        for raster in wanted.rasters
        if known.get(raster.source) is not None
    )
    return replace(wanted, rasters=rasters)


def _file(source: str, assets: Mapping[str, bytes]) -> bytes:
    """Return the file at an address of a document, b'' for one that is not a raster picture."""
    if source in assets:
        return b"" if source.endswith(".svg") else assets[source]
    kind, _, data = source.partition(",")
    if not kind.startswith("data:image/") or not kind.endswith(";base64"):
        return b""
    try:
        return b64decode(unquote(data))
    except ValueError:  # WeasyPrint reports it
        return b""
