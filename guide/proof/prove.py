"""The proof that a PDF is whole: every text of the markup is looked for in what can be read there.

WeasyPrint cuts long content without a word: in a box with `overflow: hidden`, in a table cell taller
than a page, in a float at a page's foot. What is expected is taken from the markup before it is laid
out; what was printed is read from the finished file by PDFium (`guide.proof.ink`). Each letter of the
file stands for one letter of the markup at most, so that a text that is printed twice is missed when
it is there once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from guide.model.artifacts import At, Fault, SetFace
from guide.model.letters import letters
from guide.proof.expected import Expected, Raster, expected, expected_of_face, with_thumbs
from guide.proof.ink import Asked, Form, Ink, read
from guide.proof.pairs import paired
from guide.proof.pictures import Shown, alike
from guide.proof.search import Loss, Words, illegible, lost
from guide.proof.trouble import HIDDEN, Trouble

MOST = 20  # faults of one document; the first ones tell the cause
_APART = 30.0  # pt by which a back may be moved to meet its front; cards are farther apart
_SHOWN = 48  # characters of a lost text that a message quotes

__all__ = [
    "Expected", "Proof", "Raster", "Spot", "Words", "expected", "expected_of", "expected_of_face",
    "lost", "prove", "prove_deck", "prove_imposed", "prove_sheets", "with_thumbs",
]  # fmt: skip


@dataclass(frozen=True)
class Proof:
    """How many texts and pictures were looked for, and what is missing."""

    items: int
    faults: tuple[Fault, ...] = ()
    missing: int = 0


def prove(wanted: Expected, data: bytes, told: frozenset[At] = frozenset()) -> Proof:
    """Look for everything in a PDF. `told` are keys of which a fault says already that they are cut."""
    figures = range(10**6) if wanted.pictures else ()
    return prove_pages(wanted, read(data, Asked(figures, rasters=bool(wanted.rasters))), told)


def prove_pages(wanted: Expected, pages: Sequence[Ink], told: frozenset[At]) -> Proof:
    """Look for everything on pages that were read."""
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


def prove_deck(
    wanted: Sequence[Expected], data: bytes, only: Collection[int] | None = None
) -> Proof:
    """Look for the text of each face on its own page; of others than `only`, it was found before."""
    figures = {n for n, each in enumerate(wanted) if each.pictures}
    rasters = any(each.rasters for each in wanted)
    numbers = range(len(wanted)) if only is None else sorted(only)
    pages = read(data, Asked(figures, rasters, only=only))
    blank = [Ink()] * (len(numbers) - len(pages))
    missing, unseen = list[Loss](), list[_Unseen]()
    for number, page in zip(numbers, [*pages, *blank], strict=False):
        missing += illegible(wanted[number].words, page.pieces)
        unseen += _unseen(wanted[number], [page], page.shown)
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


def prove_sheets(
    wanted: Sequence[Expected], sides: Sequence[Sequence[Spot]], data: bytes,
    only: Collection[int] | None = None,
) -> Proof:  # fmt: skip
    """Look for each face on the side and in the place where it belongs; as `prove_deck`."""
    rasters = any(each.rasters for each in wanted)
    pages = iter(read(data, Asked(rasters=rasters, only=only)))
    missing, count = dict[At, Fault](), sum(map(len, sides))
    for number, spots in enumerate(sides, 1):
        if only is not None and number - 1 not in only:
            continue
        forms = next(pages, Ink()).forms
        for spot in spots:
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
    missing: Sequence[Loss], unseen: Sequence[_Unseen], told: frozenset[At]
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
