"""Whether a reader can read the texts of a page: judged on its pixels, as printed.

The page is rendered three times: as it is, without its texts, and with its texts alone in black. The
third says where the ink of a text belongs, the other two what difference it makes there. Where a text
makes too little, it is looked at closely: in colour, larger, without other texts.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Any

from PIL import Image, ImageChops
from pypdfium2 import raw

from guide.model.letters import letters
from guide.proof.closely import DENSE, Close, Text, leave_only, switch
from guide.proof.drawn import (
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
from guide.proof.trouble import (
    HIDDEN,
    LEAST_SIZE,
    MIRRORED,
    OVERPRINTED,
    PILED,
    SMALL,
    Trouble,
    unreadable,
)

_SCALE = 1.0  # pixels a pt of a whole page
_CLEAR = 64  # of 255; grey values that far apart have a contrast above LEAST_CONTRAST
_DOUBT = 12  # of 255 that a difference may lack by rounding
_TOLERANCE = 2.0  # pt that ink may be outside: overhangs of italics, rounding
_SEEN = 0.7  # of the height of a line that must be inside
_PILED = 0.12  # of the type size that a letter advances at least; an `i` advances 0.22
_TALL = 0.35  # of the type size that two texts share at least when one is over the other
_WIDE = 0.5  # the same of the longer side of what they share


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
        look = Close(whole, mask, objects, texts)
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
        return unreadable(said, SMALL)
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
        switch(drawn, on=False)
        empty = rendered(page, extent, self.scale)
        leave_only(objects, drawn)
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
        return ink < DENSE * area * len(text.letters)

    def _crop(self, image: Image.Image, box: Box) -> Image.Image:
        left, _, _, top = self.extent
        return image.crop((
            int((box[0] - left) * self.scale), int((top - box[3]) * self.scale),
            int((box[2] - left) * self.scale) + 1, int((top - box[1]) * self.scale) + 1,
        ))  # fmt: skip


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
