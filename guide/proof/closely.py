"""One text of a page looked at closely: larger, in colour, without other texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageChops
from pypdfium2 import raw

from guide.proof.drawn import Box, Drawn, Reader, most, rendered, total
from guide.proof.trouble import COVERED, HIDDEN, LEAST_CONTRAST, Colour, Trouble, contrast, pale

DENSE = 0.01  # of a letter's square that ink covers at least; a full stop's is more
_CLOSE = 28.0  # pixels that the type size has in a close look
_CORE = 0.65  # of a pixel that ink covers where its colour is looked at
_WINDOW = 1.5  # of the type size; so much of a line is judged at once
_READ = 0.55  # of the ink in a window that must be seen
_FEW = 6  # pixels of ink that are too few to judge
_CROSSED = 0.06  # of the ink of a text that another may print over
_SAME = 12  # of 255 that pixels may differ by rounding


@dataclass(frozen=True, eq=False)
class Text:
    """A text of a page: the object, its letters, and its size in pt along its line and across it.

    `box` is the rectangle around it, `fill` its colour with the opacity that it has in the forms
    around it, from 0 to 1.
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


def switch(drawn: Sequence[Drawn], *, on: bool) -> None:
    """Let a page draw some objects, or not."""
    for each in drawn:
        raw.FPDFPageObj_SetIsActive(each.handle, on)


def leave_only(objects: Sequence[Drawn], texts: Sequence[Drawn]) -> None:
    """Let a page draw nothing but texts, black and opaque."""
    switch([each for each in objects if each.kind != raw.FPDF_PAGEOBJ_FORM], on=False)
    switch(texts, on=True)
    for each in texts:
        raw.FPDFPageObj_SetFillColor(each.handle, 0, 0, 0, 255)
        for holder in each.holders:
            raw.FPDFPageObj_SetFillColor(holder.handle, 0, 0, 0, 255)


class Close:
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
        switch(self.drawn, on=False)
        leave_only(theirs, self.shapes)
        switch(self.shapes, on=False)

    def trouble(self, number: int) -> Trouble | None:
        """Return what hinders a reader of a text."""
        text = self.texts[number]
        box = text.box
        assert box is not None
        scale = min(8.0, max(1.5, _CLOSE / text.size[1]))
        ink = self._ink(number, box, scale)
        area = text.size[0] * text.size[1] * scale * scale
        if total(ink) < DENSE * area * len(text.letters):
            return HIDDEN
        ground = rendered(self.page, box, scale, grey=False)
        mine = self.drawn[self.places[number]]
        switch([mine], on=True)
        full = rendered(self.page, box, scale, grey=False)
        switch([mine], on=False)
        pixels = _Pixels(ink, full, ground)
        if pixels.uncovered(text.fill) and (plain := pixels.plain_ground()) is not None:
            ratio = _intended(text, plain)
            return None if ratio >= LEAST_CONTRAST else pale(ratio)
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
        switch([shape], on=True)
        ink = ImageChops.invert(rendered(self.mask, box, scale))
        switch([shape], on=False)
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
        return most(ImageChops.difference(meant, self.full).convert("L")) <= _SAME

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
    return pale(ratio)


def _intended(text: Text, behind: Colour) -> float:
    """Return the contrast that the colour of a text would have if nothing covered it."""
    *fill, alpha = text.fill
    red, green, blue = (alpha * c + (1 - alpha) * b for c, b in zip(fill, behind, strict=True))
    return contrast((red, green, blue), behind)
