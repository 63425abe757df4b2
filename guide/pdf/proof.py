"""The proof that a PDF is whole: every text of the markup is looked for in what can be read there.

WeasyPrint cuts long content without a word: in a box with `overflow: hidden`, in a table cell taller
than a page, in a float at a page's foot. What is expected is taken from the markup before it is laid
out; what was printed is read from the finished file by PDFium (`guide.pdf.ink`). Each letter of the
file stands for one letter of the markup at most, so that a text that is printed twice is missed when
it is there once.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import unescape
from html.parser import HTMLParser
from typing import Any
from xml.etree.ElementTree import Element

from guide.model.artifacts import Fault, SetFace
from guide.model.letters import letters
from guide.pdf.ink import Form, Ink, read

MOST = 20  # faults of one document; the first ones tell the cause
_LONG = (80, 24)  # letters of texts that are found first, the longest before the others
_SHORT = (10, 6, 3, 2, 1)
_SURE = 12  # letters of a piece of a text that stand nowhere by chance
_MENDED = 4  # pieces
_BACK = 400  # letters that a piece may stand before where it is looked for
_AHEAD = 4000  # letters that may be drawn between one text and the next
_MARK = 14  # letters of a mark before a text, such as the number of a list's item
_PIECE = 6  # letters; a shorter part of a text must begin or end where others end or begin
_CHANCE = 3  # letters that two texts may begin with by chance
_APART = 30.0  # pt by which a back may be moved to meet its front; cards are farther apart
_SHOWN = 48  # characters of a lost text that a message quotes
_INLINE = frozenset(
    "a abbr b bdi bdo big cite code data del dfn em font i ins kbd label mark q ruby rt rp s samp"
    " small span strike strong sub sup time tt u var wbr br img input".split()
)
_SILENT = frozenset("head script style template title textarea select option svg math".split())
_VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())
_GONE = "\0"


@dataclass(frozen=True)
class Words:
    """A text that must be printed: the runs of text in one block, and the key of their item."""

    at: str
    runs: tuple[str, ...]

    @property
    def letters(self) -> str:
        """What of it is looked for."""
        return letters("".join(self.runs))


@dataclass(frozen=True)
class Expected:
    """What must be printed, in the markup's order; `pictures` are keys with the words for each."""

    words: tuple[Words, ...]
    pictures: tuple[tuple[str, str], ...] = ()

    def __len__(self) -> int:
        return len(self.words) + len(self.pictures)


class _Collector:
    """Gathers the texts of elements as they open and end."""

    def __init__(self, at: str = "") -> None:
        self.words: list[Words] = []
        self.pictures: list[tuple[str, str]] = []
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

    def picture(self, alt: str | None, at: str) -> None:
        """Take the words for a picture; one without any is decoration."""
        if alt and letters(alt):
            self.pictures.append((at, alt))

    def done(self) -> Expected:
        """Return everything."""
        self.end()
        return Expected(tuple(self.words), tuple(self.pictures))


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
            found.picture(node.get("alt"), at)
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
            self.found.picture(given.get("alt"), self.at)
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
class Loss:
    """A text that is not in the PDF, from its letter number `start` on."""

    words: Words
    start: int = 0

    @property
    def shown(self) -> str:
        """What is lost, as it was written; the first words of it."""
        whole = "".join(self.words.runs)
        skipped, begin = 0, 0
        while skipped < self.start and begin < len(whole):
            skipped += len(letters(whole[begin]))
            begin += 1
        while 0 < begin < len(whole) and whole[begin - 1].isalnum() and whole[begin].isalnum():
            begin -= 1  # the first letters of a word may stand there by chance
        text = " ".join(unescape(whole[begin:]).split()).lstrip(".,;:!?)]}’”»-–— ")
        return text if len(text) <= _SHOWN else text[:_SHOWN].rsplit(" ", 1)[0] + "…"


def lost(wanted: Sequence[Words], text: str) -> list[Loss]:
    """Return which texts are not in the letters of a file, in their order.

    They are looked for one after the other. What moved (notes, floats) or was parted (by the foot
    of a page or of a column) is looked for among the letters that stand for nothing else, the
    longest first.
    """
    return _Search(wanted, text).run()


class _Search:
    def __init__(self, wanted: Sequence[Words], text: str) -> None:
        self.wanted, self.text = wanted, text
        self.plain = [words.letters for words in wanted]
        self.used = bytearray(len(text))
        self.ends = [-1] * len(wanted)  # where each text ends
        self.parts: list[_Part] = []  # of texts that were parted, and are not found yet

    def run(self) -> list[Loss]:
        for least in _LONG:
            self._in_order(least)
        if min(self.ends, default=0) < 0:
            self._part()
            for least in _SHORT:
                self._in_order(least)
        parted = {part.text for part in self.parts}
        open_ones = [n for n, end in enumerate(self.ends) if end < 0 and n not in parted]
        if not open_ones and not self.parts:
            return []
        pool = _Pool(self.text, self.used)
        for n in sorted(open_ones, key=lambda n: (-len(self.plain[n]), n)):
            near = self._before(n)
            if not pool.take_alone(self.plain[n], pool.index(near)):
                self.parts += [part for part in self._runs(n, near) if part.plain]
        return self._told(self._in_pool(pool))

    def _told(self, missing: dict[int, int]) -> list[Loss]:
        # What is lost may have taken the letters of a very short text for its own.
        doubtful = {n for n in missing if len(self.plain[n]) <= _CHANCE}
        told = [n for n in sorted(missing) if n not in doubtful] or sorted(missing)
        return [Loss(self.wanted[n], missing[n]) for n in told]

    def _in_order(self, least: int) -> None:
        """Find the texts of so many letters, each soon after the one before it.

        Long ones are found wherever they are. What is short may stand inside what is long, so that
        it comes later, and stands right there.
        """
        at = 0
        for n, plain in enumerate(self.plain):
            if self.ends[n] >= 0:
                at = self.ends[n]
                continue
            if len(plain) < least or (least < _LONG[-1] <= len(plain)):
                continue
            ahead = _AHEAD if least >= _LONG[-1] else _MARK if len(plain) >= _PIECE else 0
            found = self._free(plain, at, at + len(plain) + ahead)
            if found < 0 and least >= _LONG[-1]:
                found = self._free(plain, 0, len(self.text))
            if found >= 0:
                at = self.ends[n] = self._take(found, len(plain))

    def _free(self, plain: str, start: int, stop: int) -> int:
        """Return where a text stands among letters that are free, or -1."""
        at = self.text.find(plain, start, stop)
        while at >= 0:
            taken = self.used.rfind(1, at, at + len(plain))
            if taken < 0:
                return at
            at = self.text.find(plain, taken + 1, stop)
        return -1

    def _take(self, at: int, size: int) -> int:
        self.used[at : at + size] = b"\1" * size
        return at + size

    def _before(self, number: int) -> int:
        """Return where the text before this one ends."""
        return next((end for end in reversed(self.ends[:number]) if end >= 0), 0)

    def _runs(self, number: int, near: int) -> Iterator[_Part]:
        start = 0
        for run in self.wanted[number].runs:
            plain = letters(run)
            yield _Part(number, start, run, plain, near)
            start += len(plain)

    def _part(self) -> None:
        """Find the long pieces of long texts that are not together, the longest texts first."""
        long_ones = (
            n for n, end in enumerate(self.ends) if end < 0 and len(self.plain[n]) >= _LONG[-1]
        )
        for n in sorted(long_ones, key=lambda n: (-len(self.plain[n]), n)):
            near = self._before(n)
            for run in self._runs(n, near):
                if _turns(run.run):
                    self.parts.append(run)
                else:
                    near = self._pieces(n, run.start, run.plain, near)
            self.ends[n] = near

    def _pieces(self, number: int, start: int, plain: str, near: int) -> int:
        """Find the long pieces of a run, and note the others; return where the last one ends."""
        done = 0
        while done < len(plain):
            rest = plain[done:]
            size, at = self._piece(rest, near)
            if at < 0:
                self.parts.append(_Part(number, start + done, rest, rest, near))
                break
            near, done = self._take(at, size), done + size
        return near

    def _piece(self, rest: str, near: int) -> tuple[int, int]:
        """Return the length and the place of the first letters of a text; -1 when they are few."""
        least = min(len(rest), _SURE)
        if len(rest) < _SURE:
            return 0, -1
        around = max(0, near - _BACK), near + _AHEAD
        for start, stop in (around, (0, len(self.text))):
            at = self._free(rest[:least], max(start, min(near, stop)), stop)
            at = at if at >= 0 else self._free(rest[:least], start, stop)
            if at >= 0:
                return self._parted(rest, at), at
        return 0, -1

    def _parted(self, rest: str, at: int) -> int:
        """Return how many letters from a place on are a text's, or a few less.

        What is drawn after a piece may begin like its continuation.
        """
        most = len(rest)
        taken = self.used.find(1, at, at + most)
        limit = min(most, (taken if taken >= 0 else len(self.text)) - at)
        here = self.text[at : at + limit]
        pairs = zip(rest, here, strict=False)
        size = next((n for n, (one, other) in enumerate(pairs) if one != other), limit)
        if size == most:
            return size
        sizes = range(size, max(size - _CHANCE, _SURE) - 1, -1)
        follows = {n: rest[n : n + _SURE] for n in sizes}
        return next(
            (n for n in sizes if self._free(follows[n], at + n, at + n + _AHEAD) >= 0), size
        )

    def _in_pool(self, pool: _Pool) -> dict[int, int]:
        """Look for parts among what is left, the longest first; return where texts are lost."""
        short: list[tuple[_Part, int]] = []
        for part in sorted(self.parts, key=lambda each: (-len(each.plain), each.text, each.start)):
            near = pool.index(part.near)
            turns = _turns(part.run)
            kept = pool.take_words(part.run, near) if turns else pool.take(part.plain, near)
            if kept < len(part.plain):
                short.append((part, kept))
        missing: dict[int, int] = {}
        for part, kept in short:
            if not pool.mend(part.plain[kept:], pool.index(part.near)):
                lost_from = part.start + kept
                missing[part.text] = min(missing.get(part.text, lost_from), lost_from)
        return missing


@dataclass(frozen=True)
class _Part:
    """A part of a text: the text's number, the part's first letter there, and about where it is."""

    text: int
    start: int
    run: str
    plain: str
    near: int


class _Pool:
    """Letters that stand for nothing yet, those that are neighbours in the file together."""

    def __init__(self, text: str, used: bytearray) -> None:
        self.starts: list[tuple[int, int]] = []  # place in the file, place in the pool
        parts, length, at = [], 1, used.find(0)
        while 0 <= at < len(text):
            end = used.find(1, at)
            end = len(text) if end < 0 else end
            self.starts.append((at, length))
            parts.append(text[at:end])
            length += end - at + 1
            at = used.find(0, end)
        self.text = _GONE + "".join(part + _GONE for part in parts)

    def index(self, place: int) -> int:
        """Return where in the pool the letters at or after a place in the file are."""
        found = bisect_left(self.starts, (place, 0))
        return self.starts[found][1] if found < len(self.starts) else len(self.text)

    def take_alone(self, plain: str, near: int) -> bool:
        """Take a text out when it stands there and nothing beside it."""
        at = self._alone(plain, near)
        if at >= 0:
            self._cut(at, len(plain))
        return at >= 0

    def take(self, plain: str, near: int) -> int:
        """Take a text out, whole or in pieces; return how many of its letters are there."""
        start = 0
        while start < len(plain):
            size = self._parted(plain[start:])
            at = self._best(plain[start : start + size], near) if size else -1
            whole = size == len(plain)
            if at < 0 or (size < _PIECE and not whole and not self._bounded(at, size)):
                return start
            self._cut(at, size)
            near, start = at + size, start + size
        return start

    def take_words(self, run: str, near: int) -> int:
        """Take out a text that runs from right to left: parts of a line come in another order."""
        start = 0
        for word in run.split():
            plain = letters(word)
            options = (self._best(each, near) for each in (plain, plain[::-1]))
            at = next((place for place in options if place >= 0), -1)
            if plain and at < 0:
                return start
            self._cut(at, len(plain))
            start += len(plain)
        return start

    def _parted(self, text: str) -> int:
        """Return how many of the first letters are a piece: the most, or a few less.

        What is drawn after a piece may begin like its continuation.
        """
        most = self._longest(text)
        if most in {0, len(text)}:
            return most
        sizes = range(most, max(most - _CHANCE, 1) - 1, -1)
        return max(sizes, key=lambda size: size + self._longest(text[size:]))

    def mend(self, plain: str, near: int) -> bool:
        """Take out a short text of which other texts took a letter, and left one of theirs."""
        before, start = self.text, 0
        for _ in range(_MENDED):
            size = self._longest(plain[start:])
            if not size:
                break
            self._cut(self._best(plain[start : start + size], near), size)
            start += size
            if start == len(plain):
                return True
        self.text = before
        return False

    def _longest(self, text: str) -> int:
        """Return how many of the first letters stand together in the pool."""
        low, high = 0, len(text)
        while low < high:
            middle = (low + high + 1) // 2
            if text[:middle] in self.text:
                low = middle
            else:
                high = middle - 1
        return low

    def _alone(self, piece: str, near: int) -> int:
        framed = _GONE + piece + _GONE
        at = self.text.find(framed, max(0, near - 1))
        at = at if at >= 0 else self.text.rfind(framed, 0, near + len(framed))
        return at + 1 if at >= 0 else -1

    def _best(self, piece: str, near: int) -> int:
        """Return where a piece stands, best alone, else nearest to a place; -1 if it does not."""
        alone = self._alone(piece, near)
        if alone >= 0:
            return alone
        after, before = self.text.find(piece, near), self.text.rfind(piece, 0, near + len(piece))
        if after < 0 or before < 0:
            return max(after, before)
        return after if after - near <= near - before else before

    def _bounded(self, at: int, size: int) -> bool:
        return _GONE in (self.text[at - 1], self.text[at + size])

    def _cut(self, at: int, size: int) -> None:
        self.text = self.text[:at] + _GONE * size + self.text[at + size :]


def _turns(run: str) -> bool:
    return any(unicodedata.bidirectional(c) in {"R", "AL"} for c in run if c > "\u0590")


@dataclass(frozen=True)
class Proof:
    """How many texts and pictures were looked for, and what is missing."""

    items: int
    faults: tuple[Fault, ...] = ()
    missing: int = 0


def prove(wanted: Expected, data: bytes, told: frozenset[str] = frozenset()) -> Proof:
    """Look for everything in a PDF. `told` are keys of which a fault says already that they are cut."""
    pages = read(data, range(10**6) if wanted.pictures else ())
    missing = lost(wanted.words, "".join(page.letters for page in pages))
    unseen = _unseen(wanted.pictures, pages)
    faults = tuple(_faults(missing, unseen, told))
    return Proof(len(wanted), faults, len(missing) + len(unseen))


def expected_of(face: SetFace) -> Expected:
    """Return what a face that is set must show."""
    words = tuple(Words(face.at, runs) for runs in face.texts)
    return Expected(words, tuple((face.at, words) for words in face.pictures))


def prove_deck(wanted: Sequence[Expected], data: bytes) -> Proof:
    """Look for the text of each face on its own page."""
    pages = read(data, {n for n, each in enumerate(wanted) if each.pictures})
    blank = [Ink("")] * (len(wanted) - len(pages))
    missing, unseen = list[Loss](), list[tuple[str, str]]()
    for each, page in zip(wanted, [*pages, *blank], strict=False):
        missing += lost(each.words, page.letters)
        unseen += _unseen(each.pictures, [page])
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
    pages = read(data)
    missing, count = dict[str, str](), 0
    for number, spots in enumerate(sides):
        forms = pages[number].forms if number < len(pages) else ()
        for spot in spots:
            count += 1
            form = min(forms, key=lambda each: _distance(each, spot), default=None)
            near = form is not None and _distance(form, spot) <= _APART
            if form is None or not near or form.turned != spot.turned:
                words = wanted[spot.face].words
                missing[words[0].at if words else ""] = f"the face belongs on page {number + 1}"
                continue
            for loss in lost(wanted[spot.face].words, form.letters)[:1]:
                missing[loss.words.at] = f"`{loss.shown}` belongs on page {number + 1}"
    faults = [
        Fault("lost-content", f"{said} and is not there", at, _HINT)
        for at, said in [*missing.items()][:MOST]
    ]
    return Proof(count, tuple(faults), len(missing))


def prove_imposed(pages: bytes, sheets: bytes) -> Proof:
    """Look for each page of a document on the sheets that were imposed of it."""
    there = Counter(form.letters for side in read(sheets) for form in side.forms)
    wanted = [page.letters for page in read(pages)]
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


def _unseen(wanted: Sequence[tuple[str, str]], pages: Sequence[Ink]) -> list[tuple[str, str]]:
    """Return the pictures whose words no structure element says."""
    shown = Counter(letters(words) for page in pages for words in page.pictures)
    found = []
    for at, words in wanted:
        plain = letters(words)
        shown[plain] -= 1
        if shown[plain] < 0:
            found.append((at, words))
    return found


_HINT = (
    "It does not fit where it is, or a stylesheet hides it: shorten or split it, and look for "
    "`overflow`, `display`, `height` and `float` in templates of the pack."
)


def _faults(
    missing: Sequence[Loss], unseen: Sequence[tuple[str, str]], told: frozenset[str]
) -> Iterator[Fault]:
    """Yield a fault for each item that misses something."""
    by_item: dict[str, list[tuple[str, str]]] = {}  # what is said, and where it is looked up
    for loss in missing:
        said = f"`{loss.shown}`", loss.shown.rstrip("…")
        by_item.setdefault(loss.words.at, []).append(said)
    for at, words in unseen:
        by_item.setdefault(at, []).append((f"the picture `{words[:_SHOWN]}`", ""))
    known = [(at, said) for at, said in by_item.items() if at not in told]
    for at, found in known[:MOST]:
        first, word = found[0]
        more = f" and {len(found) - 1} more of this item" if len(found) > 1 else ""
        message = f"{first}{more} {'are' if more else 'is'} not in the PDF"
        yield Fault("lost-content", message, at, _HINT, word=word)
    if len(known) > MOST:
        message = f"and {len(known) - MOST} more items are not whole in the PDF"
        yield Fault("lost-content", message, known[MOST][0], _HINT)
