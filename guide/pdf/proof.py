"""The proof that a PDF is whole: every text of the markup is looked for in what can be read there.

WeasyPrint cuts long content without a word: in a box with `overflow: hidden`, in a table cell taller
than a page, in a float at a page's foot. What is expected is taken from the markup before it is laid
out; what was printed is read from the finished file by PDFium (`guide.pdf.ink`). Each letter of the
file stands for one letter of the markup at most, so that a text that is printed twice is missed when
it is there once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from typing import Any
from xml.etree.ElementTree import Element

from guide.model.artifacts import Fault, SetFace, Thumb
from guide.model.letters import letters
from guide.pdf.ink import Asked, Form, Ink, read
from guide.pdf.pairs import paired
from guide.pdf.search import Loss, Words, illegible, lost
from guide.pdf.seen import HIDDEN, Trouble
from guide.pdf.shown import Shown, alike, thumb_of

MOST = 20  # faults of one document; the first ones tell the cause
_APART = 30.0  # pt by which a back may be moved to meet its front; cards are farther apart
_SHOWN = 48  # characters of a lost text that a message quotes
_INLINE = frozenset(
    "a abbr b bdi bdo big cite code data del dfn em font i ins kbd label mark q ruby rt rp s samp"
    " small span strike strong sub sup time tt u var wbr br img input".split()
)
_SILENT = frozenset("head script style template title textarea select option svg math".split())
_VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())


__all__ = ["Expected", "Proof", "Raster", "Spot", "Words", "expected", "lost", "prove"]


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
    """Tell whether an element's text stands apart; a note does, at the foot of the page."""
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


@dataclass(frozen=True)
class Proof:
    """How many texts and pictures were looked for, and what is missing."""

    items: int
    faults: tuple[Fault, ...] = ()
    missing: int = 0


def with_thumbs(wanted: Expected, assets: Mapping[str, bytes]) -> Expected:
    """Return what must be printed with the looks of its raster pictures, from their files."""
    known = {
        name: thumb_of(assets[name])
        for name in {raster.source for raster in wanted.rasters}
        if name in assets and not name.endswith(".svg")
    }
    rasters = tuple(
        replace(raster, thumb=known[raster.source])
        for raster in wanted.rasters
        if known.get(raster.source) is not None
    )
    return replace(wanted, rasters=rasters)


def prove(wanted: Expected, data: bytes, told: frozenset[str] = frozenset()) -> Proof:
    """Look for everything in a PDF. `told` are keys of which a fault says already that they are cut."""
    figures = range(10**6) if wanted.pictures else ()
    pages = read(data, Asked(figures, rasters=bool(wanted.rasters)))
    missing = illegible(wanted.words, [piece for page in pages for piece in page.pieces])
    shown = [each for page in pages for each in page.shown]
    unseen = _unseen(wanted, pages, shown)
    faults = tuple(_faults(missing, unseen, told))
    return Proof(len(wanted), faults, len(missing) + len(unseen))


def expected_of(face: SetFace) -> Expected:
    """Return what a face that is set must show."""
    words = tuple(Words(face.at, runs) for runs in face.texts)
    pictures = tuple((face.at, words) for words in face.pictures)
    rasters = tuple(Raster(face.at, words, thumb=thumb) for words, thumb in face.rasters)
    return Expected(words, pictures, rasters)


def prove_deck(wanted: Sequence[Expected], data: bytes) -> Proof:
    """Look for the text of each face on its own page."""
    figures = {n for n, each in enumerate(wanted) if each.pictures}
    pages = read(data, Asked(figures, rasters=any(each.rasters for each in wanted)))
    blank = [Ink()] * (len(wanted) - len(pages))
    missing, unseen = list[Loss](), list[_Unseen]()
    for each, page in zip(wanted, [*pages, *blank], strict=False):
        missing += illegible(each.words, page.pieces)
        unseen += _unseen(each, [page], page.shown)
    faults = tuple(_faults(missing, unseen, frozenset()))
    return Proof(sum(map(len, wanted)), faults, len(missing) + len(unseen))


@dataclass(frozen=True)
class Spot:
    """Where on a side of a sheet a face belongs: its origin in pt, and whether it is turned.

    A face's origin is its lower left corner as one reads it.
    """

    x: float
    y: float
    turned: bool
    face: int


def prove_sheets(wanted: Sequence[Expected], sides: Sequence[Sequence[Spot]], data: bytes) -> Proof:
    """Look for each face on the side and in the place where it belongs."""
    pages = read(data, Asked(rasters=any(each.rasters for each in wanted)))
    missing, count = dict[str, Fault](), 0
    for number, spots in enumerate(sides, 1):
        forms = pages[number - 1].forms if number <= len(pages) else ()
        for spot in spots:
            count += 1
            form = min(forms, key=lambda each: _distance(each, spot), default=None)
            near = form is not None and _distance(form, spot) <= _APART
            found = form if near and form is not None and form.turned == spot.turned else None
            fault = _of_spot(wanted[spot.face], found, number)
            if fault is not None:
                missing[fault.at] = fault
    return Proof(count, tuple(missing.values())[:MOST], len(missing))


def _of_spot(wanted: Expected, form: Form | None, page: int) -> Fault | None:
    """Return what is missing of a face in its place on a sheet."""
    if form is None:
        at = wanted.words[0].at if wanted.words else ""
        said = f"the face belongs on page {page} and is not there"
        return Fault("lost-content", said, at, _HINT)
    for loss in illegible(wanted.words, form.pieces)[:1]:
        at, trouble = loss.words.at, loss.trouble or HIDDEN
        if trouble is HIDDEN:
            said = f"`{loss.shown}` belongs on page {page} and is not there"
            return Fault("lost-content", said, at, _HINT)
        said = f"`{loss.shown}` on page {page} is {trouble.said}"
        return Fault(trouble.code, said, at, trouble.hint, page=page)
    for each in _destroyed(wanted.rasters, form.shown)[:1]:
        said = f"{each.named} on page {page} is {each.trouble.said}"
        return Fault(each.trouble.code, said, each.at, each.trouble.hint, page=page)
    return None


def prove_imposed(pages: bytes, sheets: bytes) -> Proof:
    """Look for each page of a document on the sheets that were imposed of it."""
    asked = Asked(legible=False)  # the pages were proven; there they are smaller
    there = Counter(form.letters for side in read(sheets, asked) for form in side.forms)
    wanted = [page.letters for page in read(pages, asked)]
    missing = []
    for number, page in enumerate(wanted, 1):
        there[page] -= 1
        if there[page] < 0:
            missing.append(number)
    faults = [
        Fault("lost-content", f"page {number} is not whole on the sheets", "", _HINT)
        for number in missing[:MOST]
    ]
    return Proof(len(wanted), tuple(faults), len(missing))


def _distance(form: Form, spot: Spot) -> float:
    return max(abs(form.x - spot.x), abs(form.y - spot.y))


@dataclass(frozen=True)
class _Unseen:
    """A picture that a reader cannot see, and why."""

    at: str
    words: str
    trouble: Trouble

    @property
    def named(self) -> str:
        """What a message calls it."""
        return f"the picture `{self.words[:_SHOWN]}`" if self.words else "a picture"


_HINT = (
    "It does not fit where it is, or a stylesheet hides it: shorten or split it, and look for "
    "`overflow`, `display`, `height` and `float` in templates of the pack."
)
_ABSENT = Trouble("lost-content", "not in the PDF", _HINT)
_OTHER = Trouble(
    "lost-picture",
    "not in the PDF as it is in its file",
    "Save the picture as PNG or JPEG with 8 bits a channel, in RGB. If that does not help, it is an "
    "error of guide: please report it with the picture.",
)


def _unseen(wanted: Expected, pages: Sequence[Ink], shown: Sequence[Shown]) -> list[_Unseen]:
    """Return the pictures whose words no structure element says, or that a reader cannot see."""
    figures: dict[str, list[Trouble | None]] = {}
    for page in pages:
        for words, trouble in page.pictures:
            figures.setdefault(letters(words), []).append(trouble)
    found: dict[tuple[str, str], _Unseen] = {}
    for at, words in wanted.pictures:
        there = figures.get(letters(words), [])
        trouble = there.pop(0) if there else _ABSENT
        if trouble is not None:
            found[at, words] = _Unseen(at, words, trouble)
    for each in _destroyed(wanted.rasters, shown):
        found.setdefault((each.at, each.words), each)
    return [*found.values()]


def _destroyed(wanted: Sequence[Raster], shown: Sequence[Shown]) -> list[_Unseen]:
    """Return the raster pictures that do not look as in their files, or that something hides."""
    choices = [_alike(raster, shown) for raster in wanted]
    found = []
    for raster, number in zip(wanted, paired(choices), strict=True):
        trouble = shown[number].trouble if number is not None else _OTHER
        if trouble is not None:
            found.append(_Unseen(raster.at, raster.words, trouble))
    return found


def _alike(raster: Raster, shown: Sequence[Shown]) -> tuple[list[int], list[int]]:
    """Return which pictures look as one in its file does: those that are well seen, and the others."""
    assert raster.thumb is not None
    same = [n for n, x in enumerate(shown) if x.thumb is not None and alike(raster.thumb, x.thumb)]
    well = [n for n in same if shown[n].trouble is None]
    return well, [n for n in same if shown[n].trouble is not None]


def _faults(
    missing: Sequence[Loss], unseen: Sequence[_Unseen], told: frozenset[str]
) -> Iterator[Fault]:
    """Yield a fault for each item that misses something, and for each way in which it does."""
    by_item: dict[tuple[str, Trouble], list[tuple[str, str]]] = {}  # what is said, and looked up
    for loss in missing:
        said = f"`{loss.shown}`", loss.shown.rstrip("…")
        trouble = _ABSENT if loss.trouble in {None, HIDDEN} else loss.trouble
        assert trouble is not None
        by_item.setdefault((loss.words.at, trouble), []).append(said)
    for each in unseen:
        by_item.setdefault((each.at, each.trouble), []).append((each.named, ""))
    known = [(key, said) for key, said in by_item.items() if key[0] not in told]
    for (at, trouble), found in known[:MOST]:
        first, word = found[0]
        more = f" and {len(found) - 1} more of this item" if len(found) > 1 else ""
        message = f"{first}{more} {'are' if more else 'is'} {trouble.said}"
        yield Fault(trouble.code, message, at, trouble.hint, word=word)
    if len(known) > MOST:
        (at, trouble), _ = known[MOST]
        message = f"and {len(known) - MOST} more items are not whole in the PDF"
        yield Fault(trouble.code, message, at, trouble.hint)
