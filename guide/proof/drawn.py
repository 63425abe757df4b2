"""The objects that a page of a PDF draws, in the order in which it draws them, read by PDFium."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import hypot
from operator import mul
from typing import Any

from PIL import Image
from pypdfium2 import raw

from guide.model.pageview import Corners, Matrix, bounds, moved, times

_DEEP = 12  # forms in forms
_NAME = 64  # bytes of a mark's name
_MOST = 20_000_000  # pixels of a page
_ROOM = 65_536  # bytes of one text; a line has a few hundred
Box = Corners
"""Left, bottom, right and top in pt."""
EVERYWHERE: Box = (-1e9, -1e9, 1e9, 1e9)
_UNMOVED: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
_sides = tuple(ctypes.c_float() for _ in range(4))


@dataclass(slots=True, eq=False)
class Drawn:
    """A text, path, picture, shading or form of a page.

    `matrix` is in the coordinates of the page, whatever forms the object is in. `form` is the number
    of the outermost form that it is in, -1 for none; `holders` are the forms around it, the outermost
    first. `mark` is the number of its marked content, -1 for none. Of texts and forms `silent` is
    True for artifacts and figures, whose text is not text of the document, and `clip` is the
    rectangle that clips the others.
    """

    handle: Any
    kind: int
    matrix: Matrix = _UNMOVED
    clip: Box = EVERYWHERE
    form: int = -1
    holders: tuple[Drawn, ...] = ()
    mark: int = -1
    silent: bool = False

    @property
    def box(self) -> Box | None:
        """The rectangle around it in the coordinates of the page; None when it has no extent."""
        if not raw.FPDFPageObj_GetBounds(self.handle, *_sides):
            return None
        left, bottom, right, top = _sides
        box = left.value, bottom.value, right.value, top.value
        return moved(box, self.holders[-1].matrix) if self.holders else box

    @property
    def alpha(self) -> float:
        """The opacity of its fill, from 0 to 1, with that of the forms around it."""
        value = 1.0
        for each in (self, *self.holders):
            value *= colour(each.handle)[3] / 255
        return value


class Reader:
    """Reads the objects of one page; `text` is the page's text as PDFium loaded it."""

    def __init__(self, text: Any = None) -> None:
        self.text = text
        self._room = (raw.FPDF_WCHAR * (_ROOM // 2))()
        self._matrix = raw.FS_MATRIX()

    def objects(self, page: Any) -> list[Drawn]:
        """Return all objects of a page in the order in which they are drawn, forms before their content."""
        found: list[Drawn] = []
        count = raw.FPDFPage_CountObjects(page)
        self._read(found, count, raw.FPDFPage_GetObject, page, None)
        return found

    def words(self, drawn: Drawn) -> str:
        """Return what a text says."""
        size = raw.FPDFTextObj_GetText(drawn.handle, self.text, self._room, _ROOM)
        if size <= 2 or size > _ROOM:
            return ""
        return ctypes.string_at(self._room, size - 2).decode("utf-16-le", "replace")

    def size(self, drawn: Drawn) -> tuple[float, float]:
        """Return the type size of a text in pt as printed: along its line, and across it."""
        raw.FPDFTextObj_GetFontSize(drawn.handle, _sides[0])
        a, b, c, d, _, _ = drawn.matrix
        size = abs(_sides[0].value)
        return size * hypot(a, b), size * hypot(c, d)

    def _read(
        self,
        found: list[Drawn],
        count: int,
        get: Callable[..., Any],
        parent: Any,
        holder: Drawn | None,
    ) -> None:
        outer = holder.form if holder is not None else -1
        forms = 0
        for n in range(count):
            drawn = self._drawn(get(parent, n), outer, holder)
            found.append(drawn)
            if drawn.kind == raw.FPDF_PAGEOBJ_FORM:
                if holder is None:
                    drawn.form, forms = forms, forms + 1
                if len(drawn.holders) < _DEEP:
                    inside = raw.FPDFFormObj_CountObjects(drawn.handle)
                    self._read(found, inside, raw.FPDFFormObj_GetObject, drawn.handle, drawn)

    def _drawn(self, handle: Any, form: int, holder: Drawn | None) -> Drawn:
        kind = raw.FPDFPageObj_GetType(handle)
        holders = () if holder is None else (*holder.holders, holder)
        drawn = Drawn(handle, kind, form=form, holders=holders)
        drawn.mark = raw.FPDFPageObj_GetMarkedContentID(handle)
        if drawn.mark < 0 and holder is not None:
            drawn.mark = holder.mark
        if kind not in _PLACED:
            return drawn
        value = self._matrix
        raw.FPDFPageObj_GetMatrix(handle, value)
        drawn.matrix = (value.a, value.b, value.c, value.d, value.e, value.f)
        if holder is not None:
            drawn.matrix = times(drawn.matrix, holder.matrix)
        if kind == raw.FPDF_PAGEOBJ_IMAGE:
            return drawn
        drawn.silent = (holder is not None and holder.silent) or _is_no_text(handle)
        if not drawn.silent:  # the clipping paths of figures have thousands of points
            drawn.clip = clip_of(handle, holder)
        return drawn


_PLACED = {raw.FPDF_PAGEOBJ_TEXT, raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_FORM}


def colour(handle: Any) -> tuple[int, int, int, int]:
    """Return the fill colour of an object and its opacity, from 0 to 255; opaque black when unknown."""
    if not raw.FPDFPageObj_GetFillColor(handle, *_channels):
        return 0, 0, 0, 255
    red, green, blue, alpha = _channels
    return red.value, green.value, blue.value, alpha.value


_channels = tuple(ctypes.c_uint() for _ in range(4))


def extent_of(page: Any) -> Box:
    """Return the rectangle of a page that is printed."""
    box = raw.FS_RECTF()
    raw.FPDF_GetPageBoundingBox(page, box)
    return box.left, box.bottom, box.right, box.top


def scale_for(box: Box, wanted: float) -> float:
    """Return how many pixels a pt a page is rendered with: fewer than wanted if it is huge."""
    area = (box[2] - box[0]) * (box[3] - box[1])
    return min(wanted, (_MOST / area) ** 0.5) if area > 0 else wanted


def rendered(
    page: Any, box: Box, scale: float, *, grey: bool = True, ground: int = 0xFFFFFFFF
) -> Image.Image:
    """Return the pixels of a rectangle of a page, `scale` of them a pt, on a ground (ARGB)."""
    left, _, _, top = extent_of(page)
    width = max(1, round((box[2] - box[0]) * scale))
    height = max(1, round((box[3] - box[1]) * scale))
    whole = (
        round(raw.FPDF_GetPageWidthF(page) * scale),
        round(raw.FPDF_GetPageHeightF(page) * scale),
    )
    start = round((left - box[0]) * scale), round((box[3] - top) * scale)
    form = raw.FPDFBitmap_Gray if grey else raw.FPDFBitmap_BGRx
    bitmap = raw.FPDFBitmap_CreateEx(width, height, form, None, 0)
    try:
        raw.FPDFBitmap_FillRect(bitmap, 0, 0, width, height, ground)
        flags = raw.FPDF_GRAYSCALE if grey else 0
        raw.FPDF_RenderPageBitmap(bitmap, page, *start, *whole, 0, flags)
        return image_of(bitmap)
    finally:
        raw.FPDFBitmap_Destroy(bitmap)


_MODES = {
    raw.FPDFBitmap_Gray: ("L", "L"),
    raw.FPDFBitmap_BGR: ("RGB", "BGR"),
    raw.FPDFBitmap_BGRx: ("RGB", "BGRX"),
    raw.FPDFBitmap_BGRA: ("RGBA", "BGRA"),
}


def image_of(bitmap: Any) -> Image.Image:
    """Return the pixels of one of PDFium's bitmaps."""
    size = raw.FPDFBitmap_GetWidth(bitmap), raw.FPDFBitmap_GetHeight(bitmap)
    stride = raw.FPDFBitmap_GetStride(bitmap)
    data = ctypes.string_at(raw.FPDFBitmap_GetBuffer(bitmap), stride * size[1])
    mode, order = _MODES[raw.FPDFBitmap_GetFormat(bitmap)]
    return Image.frombuffer(mode, size, data, "raw", order, stride, 1)


def most(image: Image.Image) -> int:
    """Return the largest value of a grey image."""
    value = image.getextrema()[1]
    assert isinstance(value, int)
    return value


def total(image: Image.Image) -> float:
    """Return the sum of the values of a grey image, in white pixels."""
    return float(sum(map(mul, image.histogram(), range(256)))) / 255


@contextmanager
def opened(document: Any, number: int) -> Iterator[Any]:
    """Load a page, afresh, and close it."""
    page = raw.FPDF_LoadPage(document, number)
    try:
        yield page
    finally:
        raw.FPDF_ClosePage(page)


def _common(one: Box, other: Box) -> Box:
    return (
        max(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), min(one[3], other[3]),
    )  # fmt: skip


def clip_of(handle: Any, holder: Drawn | None = None) -> Box:
    """Return the rectangle inside which the clipping paths of an object are, on the page."""
    path = raw.FPDFPageObj_GetClipPath(handle)
    box = holder.clip if holder is not None else EVERYWHERE
    for n in range(raw.FPDFClipPath_CountPaths(path) if path else 0):
        extent = _extent(path, n)
        box = _common(box, moved(extent, holder.matrix) if holder is not None else extent)
    return box


def _extent(path: Any, number: int) -> Box:
    """Return the rectangle around one path of a clipping path."""
    x, y = ctypes.c_float(), ctypes.c_float()
    points = []
    for n in range(raw.FPDFClipPath_CountPathSegments(path, number)):
        raw.FPDFPathSegment_GetPoint(raw.FPDFClipPath_GetPathSegment(path, number, n), x, y)
        points.append((x.value, y.value))
    return bounds(points)


def _is_no_text(drawn: Any) -> bool:
    """Return True for an artifact or a figure (ISO 32000-2, 14.8.2.2, 14.8.4.8)."""
    for n in range(raw.FPDFPageObj_CountMarks(drawn)):
        raw.FPDFPageObjMark_GetName(raw.FPDFPageObj_GetMark(drawn, n), _name, _NAME, _length)
        if ctypes.string_at(_name, _length.value) in _NO_TEXT:
            return True
    return False


_name, _length = (raw.FPDF_WCHAR * (_NAME // 2))(), ctypes.c_ulong()


_NO_TEXT = {f"{name}\0".encode("utf-16-le") for name in ("Artifact", "Figure")}
