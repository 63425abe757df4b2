"""Whether a reader can see the pictures of a page: judged on its pixels, and on what the file holds.

A raster picture is decoded from the finished file and reduced to a few cells, which are compared with
those of its source. A picture of paths is known by its marked content. Each must leave visible ink:
a page is rendered with its pictures and without them, and with them alone on white and on black.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import correlation, pstdev
from typing import Any

from PIL import Image, ImageChops, ImageCms, ImageOps
from pypdfium2 import raw

from guide.model.artifacts import Thumb
from guide.proof.drawn import (
    Box,
    Drawn,
    Reader,
    clip_of,
    extent_of,
    image_of,
    most,
    opened,
    rendered,
    scale_for,
    total,
)
from guide.proof.trouble import Trouble

CELLS = 16  # of a thumb's side
_DECODED = 64  # pixels of a side that a picture is decoded to; four a cell
_FAR = 24.0  # of 255; by so much the cells of two thumbs of one picture may differ on average
_FAR_INKS = 64.0  # the same of CMYK, where libraries differ in how they turn inks into light
_FLAT = 8.0  # standard deviation of the cells of a picture without features
_ALIKE = 0.8  # correlation of the cells of two pictures of inks
_SCALE = 1.5  # pixels a pt of a page with pictures
_WIDER = 1000.0  # times its size a clipping path is, so that it lets the whole picture through
_LEAST = 3.0  # pt; the longer side of a picture
_FAINT = 0.12  # of its source's opacity and area that is printed at least; a cropped one has more
_EMPTY = 1 / 256  # of a picture's area, or of its opacity, that shows something at least
_DIFFERS = 24  # of 255 that a pixel of a picture and what is behind it differ at least to be judged
_CROWDED = 0.25  # of a picture that others may overlap before it is looked at by itself
_COVERED = 0.5  # of those pixels that may be covered

_BOMBS = Image.DecompressionBombError, Image.DecompressionBombWarning
_HINT = (
    "Look in stylesheets and templates of the pack for `opacity`, `width`, `height`, `overflow`, "
    "`clip`, `position` and `z-index`."
)


def _lost(said: str) -> Trouble:
    return Trouble("lost-picture", said, _HINT)


COVERED = _lost("covered by something that is drawn over it")
FAINT = _lost("clipped away or printed too faintly")
BLANK = Trouble(
    "lost-picture",
    "transparent all over: its file shows nothing",
    "Export the picture again, with what it should show, or take it out.",
)
NO_INK = _lost("not visible: it leaves no ink on the page")


@dataclass(frozen=True)
class Shown:
    """A raster picture on a page: what it looks like, and what hides it."""

    thumb: Thumb | None
    trouble: Trouble | None


@dataclass(frozen=True)
class View:
    """The pictures of a page: raster pictures by their objects' numbers, figures by their words."""

    rasters: Mapping[int, Shown] = field(default_factory=dict)
    figures: Sequence[Trouble | None] = ()


def thumb_of(data: bytes) -> Thumb | None:
    """Return a picture's cells; None for what is not a raster picture."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            inks = image.mode == "CMYK"
            image.draft("RGB", (8 * CELLS, 8 * CELLS))
            upright = _upright(image)
            plain = _thumb(upright)
            managed = _managed(upright, image.info.get("icc_profile"))
            others = (_thumb(managed).cells,) if managed is not None else ()
            return replace(plain, others=others, inks=inks)
    except (OSError, ValueError, SyntaxError, *_BOMBS):
        return None


def _upright(image: Image.Image) -> Image.Image:
    """Return a picture as it is to be seen, in eight bits a channel."""
    found = ImageOps.exif_transpose(image)
    if found.mode.startswith("I"):  # 16 bits of grey
        found = found.convert("I").point(lambda value: value / 256).convert("L")
    return found


def _managed(image: Image.Image, profile: bytes | None) -> Image.Image | None:
    """Return a picture with a colour profile in sRGB; None for one without."""
    if not profile or "A" in image.mode or "transparency" in image.info:
        return None
    small = image.resize((_DECODED, _DECODED), Image.Resampling.BOX) if image.mode != "P" else image
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.profileToProfile(
            small, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None


def _thumb(image: Image.Image) -> Thumb:
    """Return the cells of a picture over white."""
    clear = image.mode in {"LA", "PA", "RGBA", "RGBa"} or "transparency" in image.info
    small = image.convert("RGBA" if clear else "RGB")
    small = small.resize((_DECODED, _DECODED), Image.Resampling.BOX)
    alpha = 1.0
    if clear:
        mask = small.getchannel("A")
        alpha = total(mask) / _DECODED**2
        ground = Image.new("RGB", small.size, "white")
        ground.paste(small.convert("RGB"), mask=mask)
        small = ground
    return Thumb(small.resize((CELLS, CELLS), Image.Resampling.BOX).tobytes(), alpha)


def alike(source: Thumb, shown: Thumb) -> bool:
    """Return True if two thumbs are of one picture, also when one is upside down."""
    return any(
        _close(turned, shown.cells, inks=source.inks)
        for cells in (source.cells, *source.others)
        for turned in _turned(cells)
    )


def _close(one: bytes, other: bytes, *, inks: bool) -> bool:
    if abs(sum(one) - sum(other)) > (_FAR_INKS if inks else _FAR) * len(one):
        return False  # most others, in a moment
    far = sum(abs(a - b) for a, b in zip(one, other, strict=True)) / len(one)
    if not inks:
        return far <= _FAR
    if far > _FAR_INKS or min(pstdev(list(cells)) for cells in (one, other)) < _FLAT:
        return far <= _FAR_INKS
    return correlation(one, other) >= _ALIKE


def _turned(cells: bytes) -> Iterator[bytes]:
    image = Image.frombytes("RGB", (CELLS, CELLS), cells)
    yield cells
    for way in Image.Transpose:
        yield image.transpose(way).tobytes()


class Viewer:
    """Looks at the pictures of a document."""

    def __init__(self, document: Any) -> None:
        self.document = document

    def look(
        self,
        number: int,
        objects: Sequence[Drawn],
        marks: Sequence[Collection[int]],
        *,
        rasters: bool,
    ) -> View:
        """Return what is seen of a page's raster pictures and of its figures.

        `marks` are the numbers of each figure's marked content.
        """
        images = [n for n, each in enumerate(objects) if each.kind == raw.FPDF_PAGEOBJ_IMAGE]
        alone = [[n] for n in images] if rasters else []
        figures = [
            [n for n, each in enumerate(objects) if each.mark in mine and mine]
            for mine in map(set, marks)
        ]
        parts = [part for part in (*alone, *figures) if part]
        if not parts:
            return View({}, [NO_INK] * len(figures))
        boxes = [_around(objects, part) for part in parts]
        crowded = {
            n
            for n, (part, box) in enumerate(zip(parts, boxes, strict=True))
            if any(
                _shared(box, other) > _CROWDED and not {*part} & {*parts[m]}
                for m, other in enumerate(boxes)
            )
        }
        found: dict[int, Shown] = {}
        together = [n for n in range(len(parts)) if n not in crowded]
        for group in ([together] if together else []) + [[n] for n in sorted(crowded)]:
            found |= self._together(number, {n: parts[n] for n in group})
        of_figures = iter(found[n].trouble for n in range(len(alone), len(parts)))
        return View(
            {n: found[at] for at, (n,) in enumerate(alone)},
            [next(of_figures) if part else NO_INK for part in figures],
        )

    def _together(self, number: int, parts: Mapping[int, Sequence[int]]) -> dict[int, Shown]:
        """Look at pictures that do not cover one another."""
        layers = _Layers(
            self.document, number, sorted({n for part in parts.values() for n in part})
        )
        try:
            found = {}
            for at, part in parts.items():
                lone = all(layers.mine[n].kind == raw.FPDF_PAGEOBJ_IMAGE for n in part)
                # Not kept by its bytes: one with a mask may have the same as one without.
                handle = layers.mine[part[0]].handle
                thumb = _rendered_alone(self.document, layers.page, handle) if lone else None
                found[at] = Shown(thumb, layers.trouble(part, thumb))
            return found
        finally:
            layers.close()


def _rendered_alone(document: Any, page: Any, handle: Any) -> Thumb | None:
    """Return a whole picture of the file, also of one that is cropped on its page."""
    before = raw.FS_MATRIX()
    raw.FPDFPageObj_GetMatrix(handle, before)
    left, bottom, right, top = clip_of(handle)
    x, y, more = (left + right) / 2, (bottom + top) / 2, _WIDER
    raw.FPDFPageObj_SetMatrix(handle, raw.FS_MATRIX(_DECODED, 0, 0, _DECODED, 0, 0))
    raw.FPDFPageObj_TransformClipPath(handle, more, 0, 0, more, -more * x, -more * y)
    bitmap = raw.FPDFImageObj_GetRenderedBitmap(document, page, handle)
    raw.FPDFPageObj_TransformClipPath(handle, 1 / more, 0, 0, 1 / more, x, y)
    raw.FPDFPageObj_SetMatrix(handle, before)
    if not bitmap:
        return None
    try:
        return _thumb(image_of(bitmap))
    finally:
        raw.FPDFBitmap_Destroy(bitmap)


def _around(objects: Sequence[Drawn], parts: Sequence[int]) -> Box | None:
    """Return the rectangle around some objects."""
    boxes = [box for n in parts if (box := objects[n].box) is not None]
    if not boxes:
        return None
    lefts, bottoms, rights, tops = zip(*boxes, strict=True)
    return min(lefts), min(bottoms), max(rights), max(tops)


def _shared(box: Box | None, other: Box | None) -> float:
    """Return how much of a rectangle another covers, from 0 to 1."""
    if box is None or other is None:
        return 0.0
    wide = min(box[2], other[2]) - max(box[0], other[0])
    tall = min(box[3], other[3]) - max(box[1], other[1])
    area = (box[2] - box[0]) * (box[3] - box[1])
    return wide * tall / area if wide > 0 and tall > 0 and area > 0 else 0.0


class _Layers:
    """A page taken apart: with its pictures and without them, and what the pictures alone paint."""

    def __init__(self, document: Any, number: int, pictures: Sequence[int]) -> None:
        self.page = raw.FPDF_LoadPage(document, number)
        self.extent = extent_of(self.page)
        self.scale = scale_for(self.extent, _SCALE)
        reader = Reader()
        self.mine = reader.objects(self.page)
        full = rendered(self.page, self.extent, self.scale)
        for n in pictures:
            raw.FPDFPageObj_SetIsActive(self.mine[n].handle, False)
        without = rendered(self.page, self.extent, self.scale)
        with opened(document, number) as alone:
            chosen = set(pictures)
            for n, each in enumerate(reader.objects(alone)):
                if n not in chosen and each.kind != raw.FPDF_PAGEOBJ_FORM:
                    raw.FPDFPageObj_SetIsActive(each.handle, False)
            on_white = rendered(alone, self.extent, self.scale)
            on_black = rendered(alone, self.extent, self.scale, ground=0xFF000000)
        clear = ImageChops.difference(on_white, on_black)
        self.paint = ImageChops.invert(clear)
        topmost = ImageChops.add(on_black, ImageChops.multiply(without, clear))
        self.meant = ImageChops.difference(topmost, without)
        quarter = self.meant.point([value // 4 for value in range(256)])
        made = ImageChops.difference(full, without)
        self.kept = ImageChops.subtract(made, quarter)

    def close(self) -> None:
        raw.FPDF_ClosePage(self.page)

    def trouble(self, parts: Sequence[int], source: Thumb | None) -> Trouble | None:
        """Return what hides a picture that these objects draw."""
        box = _around(self.mine, parts)
        if box is None or _shared(box, self.extent) <= 0:
            return NO_INK
        width, height = box[2] - box[0], box[3] - box[1]
        if max(width, height) < _LEAST:
            return _lost(f"printed at {width:.1f} × {height:.1f} pt")
        if source and source.alpha < _EMPTY:
            return BLANK
        crop = self._crop(box)
        paint = total(self.paint.crop(crop))
        a, b, c, d, _, _ = self.mine[parts[0]].matrix
        area = abs(a * d - b * c) * self.scale * self.scale * source.alpha if source else 0.0
        if paint < _FAINT * area or most(self.paint.crop(crop)) < _DIFFERS:
            return FAINT
        meant = self.meant.crop(crop).point([0] * _DIFFERS + [255] * (256 - _DIFFERS))
        count = meant.histogram()[255]
        if not count:
            return None if source else NO_INK
        kept = ImageChops.darker(meant, self.kept.crop(crop).point([0] + [255] * 255))
        seen = kept.histogram()[255]
        return COVERED if seen < (1 - _COVERED) * count else None

    def _crop(self, box: Box) -> tuple[int, int, int, int]:
        left, bottom, right, top = self.extent
        return (
            int((max(box[0], left) - left) * self.scale), int((top - min(box[3], top)) * self.scale),
            max(0, int((min(box[2], right) - left) * self.scale)) + 1,
            max(0, int((top - max(box[1], bottom)) * self.scale)) + 1,
        )  # fmt: skip
