"""Whether a reader can read the texts of a page: judged on its pixels, as printed.

The page is rendered three times: as it is, without its texts, and with its texts alone in black. The
third says where the ink of a text belongs, the other two what difference it makes there. Where a text
makes too little, it is looked at closely: in colour, larger, without other texts.

A text must have a contrast of at least 1.5:1 to what is behind it. The ratio is WCAG's, which asks
for 4.5:1 (`guide.pdf.contrast` warns below that); below 1.5:1, a Michelson contrast of 0.2, small
print cannot be read fluently by normal eyes, and a copier prints nothing of it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageChops
from pypdfium2 import raw

from guide.model.letters import letters
from guide.pdf.colours import Colour, contrast
from guide.pdf.drawn import (
    Box,
    Drawn,
    Reader,
    colour,
    extent_of,
    most,
    opened,
    rendered,
    scale_for,
    total,
)

LEAST_SIZE = 4.0  # pt; the smallest type of maps and of legal print, a superscript of 7 pt
LEAST_CONTRAST = 1.5  # to 1
_SCALE = 1.0  # pixels a pt of a whole page
_CLEAR = 64  # of 255; grey values that far apart have a contrast above LEAST_CONTRAST
_DOUBT = 12  # of 255 that a difference may lack by rounding
_DENSE = 0.01  # of a letter's square that ink covers at least; a full stop's is more
_TOLERANCE = 2.0  # pt that ink may be outside: overhangs of italics, rounding
_SEEN = 0.7  # of the height of a line that must be inside
_PILED = 0.12  # of the type size that a letter advances at least; an `i` advances 0.22
_CLOSE = 28.0  # pixels that the type size has in a close look
_CORE = 0.65  # of a pixel that ink covers where its colour is looked at
_WINDOW = 1.5  # of the type size; so much of a line is judged at once
_READ = 0.55  # of the ink in a window that must be seen
_FEW = 6  # pixels of ink that are too few to judge
_CROSSED = 0.06  # of the ink of a text that another may print over
_TALL, _WIDE = (
    0.35,
    0.5,
)  # of the type size that two texts share at least when one is over the other


@dataclass(frozen=True)
class Trouble:
    """Why a reader cannot read a text: a code, what is said of the text, and what to do."""

    code: str
    said: str
    hint: str


_OVER = (
    "Look in templates of the pack for `z-index`, `position`, `margin`, `float` and `transform`, "
    "and give the text room of its own."
)
_SMALL = "Look in templates of the pack for `font-size`, `transform` and `letter-spacing`."
_PALE = (
    "Choose a darker colour for the text or a lighter one behind it; look in templates of the pack "
    "for `color`, `opacity` and `background`."
)
HIDDEN = Trouble("lost-content", "not in the PDF", "")


def _unreadable(said: str, hint: str) -> Trouble:
    return Trouble("unreadable-text", said, hint)


def _pale(ratio: float) -> Trouble:
    said = f"too pale: {ratio:.1f}:1 against what is behind it; {LEAST_CONTRAST:g}:1 is the least"
    return _unreadable(said, _PALE)


COVERED = _unreadable("covered by something that is drawn over it", _OVER)
OVERPRINTED = _unreadable("printed over other text", _OVER)
MIRRORED = _unreadable("mirrored", "Look in templates of the pack for `scale` and `matrix`.")
PILED = _unreadable("printed with its letters on top of each other", _SMALL)


@dataclass(frozen=True, eq=False)
class Text:
    """A text of a page: the object, its letters, and its size in pt along its line and across it.

    `box` is the rectangle around it, `fill` its colour with the opacity that it has in the forms around it, from 0 to 1.
    """

    drawn: Drawn
    box: Box | None
    letters: str
    size: tuple[float, float]
    fill: tuple[float, float, float, float]

    @property
    def least(self) -> float:
        """The smaller of its sizes."""
        return min(self.size)


def texts_of(reader: Reader, objects: Sequence[Drawn]) -> list[Text]:
    """Return the texts of a page that have letters."""
    found = []
    for drawn in objects:
        if drawn.kind == raw.FPDF_PAGEOBJ_TEXT:
            plain = letters(reader.words(drawn))
            if plain:
                red, green, blue, _ = (value / 255 for value in colour(drawn.handle))
                fill = red, green, blue, drawn.alpha
                found.append(Text(drawn, drawn.box, plain, reader.size(drawn), fill))
    return found


def _hidden(text: Text, page: Box) -> bool:
    """Return True if a text has no colour, or is outside the page or its clipping path."""
    drawn = text.drawn
    if not text.fill[3]:
        return True
    return text.box is not None and not (_inside(text.box, page) and _inside(text.box, drawn.clip))


def _inside(own: Box, box: Box) -> bool:
    """Return True if a line is seen: all of its width, and the better part of its height."""
    left, bottom, right, top = own
    if left < box[0] - _TOLERANCE or right > box[2] + _TOLERANCE:
        return False
    seen = min(top, box[3]) - max(bottom, box[1])
    return seen >= min(_SEEN * (top - bottom), top - bottom - 0.01)


def troubles(
    document: Any, number: int, page: Any, objects: Sequence[Drawn], texts: Sequence[Text]
) -> dict[int, Trouble]:
    """Return what hinders a reader, by the number of the text. `page` is of no use afterwards."""
    extent = extent_of(page)
    found = concealed(page, texts)
    found |= {n: said for n, text in enumerate(texts) if n not in found and (said := _shape(text))}
    if all(n in found or text.drawn.silent for n, text in enumerate(texts)):
        return found
    screen = _Screen(page, objects, extent)
    doubtful = [n for n, text in enumerate(texts) if n not in found and screen.doubts(text)]
    pairs = list(_pairs(texts, [n for n in range(len(texts)) if n not in found]))
    named = {n for pair in pairs for n in pair}
    doubtful = [n for n in doubtful if not texts[n].drawn.silent or n in named]
    if not doubtful and not pairs:
        return found
    with opened(document, number) as whole, opened(document, number) as mask:
        look = _Close(whole, mask, objects, texts)
        found |= {n: said for n in doubtful if (said := look.trouble(n))}
        for pair in pairs:
            known = [found.get(n) for n in pair]
            open_one = None in known and all(each in {None, OVERPRINTED} for each in known)
            if open_one and look.crossed(*pair):
                found |= dict.fromkeys(pair, OVERPRINTED)
    return found


def concealed(page: Any, texts: Sequence[Text]) -> dict[int, Trouble]:
    """Return the texts that are not on a page for a reader, by their numbers."""
    extent = extent_of(page)
    return {n: HIDDEN for n, text in enumerate(texts) if _hidden(text, extent)}


def _shape(text: Text) -> Trouble | None:
    """Return what is wrong with the size or the matrix of a text."""
    a, b, c, d, _, _ = text.drawn.matrix
    if text.least < LEAST_SIZE:
        said = f"printed at {text.least:.1f} pt; {LEAST_SIZE:g} pt is the least"
        return _unreadable(said, _SMALL)
    if a * d - b * c < 0:
        return MIRRORED
    box = text.box
    if box is not None and len(text.letters) > 2:
        length = max(box[2] - box[0], box[3] - box[1])
        if length < _PILED * text.size[0] * len(text.letters):
            return PILED
    return None


_WANTED = [value * _CLEAR // 255 for value in range(256)]


class _Screen:
    """A whole page, looked at once: which texts make less difference than they should."""

    def __init__(self, page: Any, objects: Sequence[Drawn], extent: Box) -> None:
        self.extent = extent
        self.scale = scale_for(extent, _SCALE)
        drawn = [each for each in objects if each.kind == raw.FPDF_PAGEOBJ_TEXT]
        full = rendered(page, extent, self.scale)
        _switch(drawn, on=False)
        empty = rendered(page, extent, self.scale)
        _alone(objects, drawn)
        mask = ImageChops.invert(rendered(page, extent, self.scale))
        self.mask = mask
        wanted = mask.point(_WANTED)
        self.lacking = ImageChops.subtract(wanted, ImageChops.difference(full, empty))
        self.clean = most(self.lacking) <= _DOUBT

    def doubts(self, text: Text) -> bool:
        """Return True if a text must be looked at closely."""
        drawn = text.drawn
        box = text.box
        if box is None:
            return False
        if not self.clean and most(self._crop(self.lacking, box)) > _DOUBT:
            return True
        if not drawn.holders and drawn.clip[0] < -1e8:
            return False
        ink = total(self._crop(self.mask, box))
        area = text.size[0] * text.size[1] * self.scale * self.scale
        return ink < _DENSE * area * len(text.letters)

    def _crop(self, image: Image.Image, box: Box) -> Image.Image:
        left, _, _, top = self.extent
        return image.crop((
            int((box[0] - left) * self.scale), int((top - box[3]) * self.scale),
            int((box[2] - left) * self.scale) + 1, int((top - box[1]) * self.scale) + 1,
        ))  # fmt: skip


def _switch(drawn: Sequence[Drawn], *, on: bool) -> None:
    for each in drawn:
        raw.FPDFPageObj_SetIsActive(each.handle, on)


def _alone(objects: Sequence[Drawn], texts: Sequence[Drawn]) -> None:
    """Let a page draw nothing but texts, black and opaque."""
    _switch([each for each in objects if each.kind != raw.FPDF_PAGEOBJ_FORM], on=False)
    _switch(texts, on=True)
    for each in texts:
        raw.FPDFPageObj_SetFillColor(each.handle, 0, 0, 0, 255)
        for holder in each.holders:
            raw.FPDFPageObj_SetFillColor(holder.handle, 0, 0, 0, 255)


def _pairs(texts: Sequence[Text], numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield pairs of texts that share a good part of a letter's square, from their rectangles."""
    boxes = sorted((texts[n].box, n) for n in numbers if texts[n].box is not None)
    lefts = [box[0] for box, _ in boxes if box is not None]
    for place, (one, n) in enumerate(boxes):
        if one is None:
            continue
        stop = bisect_right(lefts, one[2])
        for other, m in boxes[place + 1 : stop]:
            if other is None or other[1] >= one[3] or other[3] <= one[1]:
                continue
            size = min(texts[n].least, texts[m].least)
            wide = min(one[2], other[2]) - other[0]
            tall = min(one[3], other[3]) - max(one[1], other[1])
            if min(wide, tall) < _TALL * size or max(wide, tall) < _WIDE * size:
                continue
            if texts[n].drawn.silent and texts[m].drawn.silent:
                continue
            yield n, m


class _Close:
    """One text at a time, larger, in colour, without other texts."""

    def __init__(
        self, page: Any, mask: Any, objects: Sequence[Drawn], texts: Sequence[Text]
    ) -> None:
        self.page, self.texts = page, texts
        places = [n for n, each in enumerate(objects) if each.kind == raw.FPDF_PAGEOBJ_TEXT]
        at = {id(objects[n]): place for place, n in enumerate(places)}
        self.places = [at[id(text.drawn)] for text in texts]
        reader = Reader()
        mine, theirs = reader.objects(page), reader.objects(mask)
        self.mask = mask
        self.drawn = [mine[n] for n in places]
        self.shapes = [theirs[n] for n in places]
        _switch(self.drawn, on=False)
        _alone(theirs, self.shapes)
        _switch(self.shapes, on=False)

    def trouble(self, number: int) -> Trouble | None:
        """Return what hinders a reader of a text."""
        text = self.texts[number]
        box = text.box
        assert box is not None
        scale = min(8.0, max(1.5, _CLOSE / text.size[1]))
        ink = self._ink(number, box, scale)
        area = text.size[0] * text.size[1] * scale * scale
        if total(ink) < (_DENSE * area * len(text.letters)):
            return HIDDEN
        ground = rendered(self.page, box, scale, grey=False)
        mine = self.drawn[self.places[number]]
        _switch([mine], on=True)
        full = rendered(self.page, box, scale, grey=False)
        _switch([mine], on=False)
        pixels = _Pixels(ink, full, ground)
        if pixels.uncovered(text.fill) and (plain := pixels.plain_ground()) is not None:
            ratio = _intended(text, plain)
            return None if ratio >= LEAST_CONTRAST else _pale(ratio)
        return _judged(text, pixels, scale)

    def crossed(self, first: int, second: int) -> bool:
        """Return True if the ink of two texts really meets."""
        one, other = self.texts[first], self.texts[second]
        assert one.box is not None
        assert other.box is not None
        if one.letters == other.letters and max(
            abs(a - b) for a, b in zip(one.box, other.box, strict=True)
        ) < 0.1 * min(one.least, other.least):  # the same text twice, to make it bolder
            return False
        a, b = one.box, other.box
        box = max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])
        scale = min(12.0, _CLOSE / min(one.least, other.least))
        inks = [self._ink(n, box, scale).point([0] * 128 + [255] * 128) for n in (first, second)]
        counts = [ink.histogram()[255] for ink in inks]
        both = ImageChops.darker(*inks).histogram()[255]
        return both > max(_FEW, _CROSSED * min(counts))

    def _ink(self, number: int, box: Box, scale: float) -> Image.Image:
        shape = self.shapes[self.places[number]]
        _switch([shape], on=True)
        ink = ImageChops.invert(rendered(self.mask, box, scale))
        _switch([shape], on=False)
        return ink


@dataclass(frozen=True)
class _Pixels:
    """The pixels of a text's rectangle: where its ink belongs, with it, and without it."""

    ink: Image.Image
    full: Image.Image
    ground: Image.Image

    def uncovered(self, fill: tuple[float, float, float, float]) -> bool:
        """Return True if the pixels are those of a text in its own colour with nothing over it."""
        red, green, blue, alpha = fill
        paint = Image.new("RGB", self.ink.size, tuple(round(255 * c) for c in (red, green, blue)))
        mask = self.ink.point([round(alpha * value) for value in range(256)])
        meant = Image.composite(paint, self.ground, mask)
        return most(ImageChops.difference(meant, self.full).convert("L")) <= _DOUBT

    def plain_ground(self) -> Colour | None:
        """Return the colour behind the text if it is one colour."""
        values = self.ground.getcolors(1)
        if values is None:
            return None
        pixel = values[0][1]
        assert isinstance(pixel, tuple)
        red, green, blue = (value / 255 for value in pixel)
        return red, green, blue

    def core(self) -> Iterator[tuple[int, Colour, Colour]]:
        """Yield place, colour of the text as seen and colour behind it, where ink fills a pixel."""
        full, ground = self.full.tobytes(), self.ground.tobytes()
        for place, value in enumerate(self.ink.tobytes()):
            if value >= 255 * _CORE:
                cover = value / 255
                behind = ground[3 * place : 3 * place + 3]
                pairs = zip(full[3 * place : 3 * place + 3], behind, strict=True)
                seen = [min(255.0, max(0.0, b + (f - b) / cover)) for f, b in pairs]
                red, green, blue = (round(value) / 255 for value in seen)
                yield place, (red, green, blue), tuple(value / 255 for value in behind)  # type: ignore[misc]


def _judged(text: Text, pixels: _Pixels, scale: float) -> Trouble | None:
    """Return what hinders a reader, judged window by window along the line."""
    width = pixels.ink.width
    along = abs(text.drawn.matrix[0]) >= abs(text.drawn.matrix[1])
    step = max(1.0, _WINDOW * text.size[0] * scale)
    windows: dict[int, list[int]] = {}
    missed: list[tuple[float, Colour]] = []
    count = 0
    for place, seen, behind in pixels.core():
        where = place % width if along else place // width
        window = windows.setdefault(int(where / step), [0, 0])
        ratio = contrast(seen, behind)
        good = ratio >= LEAST_CONTRAST
        window[0] += 1
        window[1] += good
        count += 1
        if not good:
            missed.append((ratio, behind))
    bad = [total for total, good in windows.values() if total >= _FEW and good < _READ * total]
    if not bad and (not missed or len(missed) < (1 - _READ) * count):
        return None
    missed.sort()
    ratio, behind = missed[len(missed) // 2]
    ratio = max(ratio, _intended(text, behind))
    if ratio >= LEAST_CONTRAST:
        return COVERED
    return _pale(ratio)


def _intended(text: Text, behind: Colour) -> float:
    """Return the contrast that the colour of a text would have if nothing covered it."""
    *fill, alpha = text.fill
    red, green, blue = (alpha * c + (1 - alpha) * b for c, b in zip(fill, behind, strict=True))
    return contrast((red, green, blue), behind)
