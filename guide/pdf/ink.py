"""What can be read in a finished PDF, by a library that had no part in making it.

PDFium reads the file as a viewer does. Text that is drawn outside the page or outside its clipping
path, or in no colour, cannot be read; running heads and feet are artifacts,
and what is written in a figure is not text.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pypdfium2 as pdfium
from pypdfium2 import raw

from guide.model.letters import letters

_ROOM = 65_536  # bytes of one text; a line has a few hundred
_TOLERANCE = 2.0  # pt that ink may lie outside: overhangs of italics, rounding
_SEEN = 0.7  # of the height of a line that must be inside
_NAME = 64  # bytes of a mark's name
_DEEP = 12  # forms in forms
Box = tuple[float, float, float, float]
"""Left, bottom, right and top in pt."""


@dataclass(frozen=True)
class Form:
    """A form on a page, such as a card on a sheet: its lower left corner's place, and its letters.

    `x` and `y` are in pt, after the matrix that it is drawn with; `turned` says that it stands on
    its head.
    """

    x: float
    y: float
    turned: bool
    letters: str


@dataclass(frozen=True)
class Ink:
    """A page: its letters in the order in which they are drawn, its forms, its pictures in words."""

    letters: str
    forms: tuple[Form, ...] = ()
    pictures: tuple[str, ...] = ()


def read(data: bytes, pictures: Container[int] = ()) -> list[Ink]:
    """Return what can be read on each page of a PDF.

    `pictures` are the pages, from 0, whose pictures are asked for: their structure is walked.
    """
    document = pdfium.PdfDocument(data)
    try:
        return [_page(document.raw, n, n in pictures) for n in range(len(document))]
    finally:
        document.close()


def _page(document: Any, number: int, pictures: bool) -> Ink:
    page = raw.FPDF_LoadPage(document, number)
    text = raw.FPDFText_LoadPage(page)
    try:
        reading = _Reading(text)
        box = raw.FS_RECTF()
        raw.FPDF_GetPageBoundingBox(page, box)
        reading.page(page, (box.left, box.bottom, box.right, box.top))
        words = tuple(_alternatives(page)) if pictures else ()
        return Ink("".join(reading.found), tuple(reading.forms), words)
    finally:
        raw.FPDFText_ClosePage(text)
        raw.FPDF_ClosePage(page)


class _Reading:
    """Collects the texts of one page."""

    def __init__(self, text: Any) -> None:
        self.text = text
        self.found: list[str] = []
        self.forms: list[Form] = []
        self._room = (raw.FPDF_WCHAR * (_ROOM // 2))()
        self._sides = tuple(ctypes.c_float() for _ in range(4))
        self._colour = tuple(ctypes.c_uint() for _ in range(4))

    def page(self, page: Any, box: Box) -> None:
        count = raw.FPDFPage_CountObjects(page)
        self._objects(count, raw.FPDFPage_GetObject, page, box, 0)

    def _objects(
        self, count: int, get: Callable[..., Any], parent: Any, box: Box | None, depth: int
    ) -> None:
        for n in range(count):
            drawn = get(parent, n)
            kind = raw.FPDFPageObj_GetType(drawn)
            if kind == raw.FPDF_PAGEOBJ_TEXT:
                self._line(drawn, box)
            elif kind == raw.FPDF_PAGEOBJ_FORM and depth < _DEEP:
                self._form(drawn, depth)

    def _line(self, drawn: Any, box: Box | None) -> None:
        size = raw.FPDFTextObj_GetText(drawn, self.text, self._room, _ROOM)
        if size <= 2 or size > _ROOM:
            return
        plain = letters(ctypes.string_at(self._room, size - 2).decode("utf-16-le", "replace"))
        if plain and self._visible(drawn, box) and not _is_no_text(drawn):
            self.found.append(plain)

    def _form(self, drawn: Any, depth: int) -> None:
        start = len(self.found)
        count = raw.FPDFFormObj_CountObjects(drawn)
        self._objects(count, raw.FPDFFormObj_GetObject, drawn, None, depth + 1)
        if self._blank(drawn) or _is_no_text(drawn):
            del self.found[start:]
        if depth == 0:
            matrix = raw.FS_MATRIX()
            raw.FPDFPageObj_GetMatrix(drawn, matrix)
            text = "".join(self.found[start:])
            self.forms.append(Form(matrix.e, matrix.f, matrix.a < 0, text))

    def _blank(self, drawn: Any) -> bool:
        """Tell whether an object is drawn without opacity."""
        known = raw.FPDFPageObj_GetFillColor(drawn, *self._colour)
        return bool(known) and not self._colour[3].value

    def _visible(self, drawn: Any, box: Box | None) -> bool:
        """Tell whether a text has a colour and lies inside the page and its clipping path."""
        if self._blank(drawn):
            return False
        if not raw.FPDFPageObj_GetBounds(drawn, *self._sides):
            return True
        own = tuple(side.value for side in self._sides)
        if box is not None and not _inside(own, box):
            return False
        path = raw.FPDFPageObj_GetClipPath(drawn)
        count = raw.FPDFClipPath_CountPaths(path) if path else 0
        return all(_inside(own, _extent(path, n)) for n in range(count))


def _inside(own: tuple[float, ...], box: Box) -> bool:
    """Tell whether a line is seen: all of its width, and the better part of its height."""
    left, bottom, right, top = own
    if left < box[0] - _TOLERANCE or right > box[2] + _TOLERANCE:
        return False
    seen = min(top, box[3]) - max(bottom, box[1])
    return seen >= min(_SEEN * (top - bottom), top - bottom - 0.01)


def _extent(path: Any, number: int) -> Box:
    """Return the rectangle around one path of a clipping path."""
    x, y = ctypes.c_float(), ctypes.c_float()
    xs, ys = [], []
    for n in range(raw.FPDFClipPath_CountPathSegments(path, number)):
        raw.FPDFPathSegment_GetPoint(raw.FPDFClipPath_GetPathSegment(path, number, n), x, y)
        xs.append(x.value)
        ys.append(y.value)
    if not xs:
        return (0.0, 0.0, 0.0, 0.0)
    return min(xs), min(ys), max(xs), max(ys)


def _is_no_text(drawn: Any) -> bool:
    """Tell whether an object is marked as an artifact or a figure (ISO 32000-2, 14.8.2.2, 14.8.4.8)."""
    for n in range(raw.FPDFPageObj_CountMarks(drawn)):
        raw.FPDFPageObjMark_GetName(raw.FPDFPageObj_GetMark(drawn, n), _name, _NAME, _size)
        if ctypes.string_at(_name, _size.value) in _NO_TEXT:
            return True
    return False


_name, _size = (raw.FPDF_WCHAR * (_NAME // 2))(), ctypes.c_ulong()


_NO_TEXT = {f"{name}\0".encode("utf-16-le") for name in ("Artifact", "Figure")}


@contextmanager
def _structure(page: Any) -> Iterator[Any]:
    tree = raw.FPDF_StructTree_GetForPage(page)
    try:
        yield tree
    finally:
        raw.FPDF_StructTree_Close(tree)


def _alternatives(page: Any) -> Iterator[str]:
    """Yield the alternative texts of a page's structure elements."""
    room = ctypes.create_string_buffer(_ROOM)
    with _structure(page) as tree:
        open_ones = [
            raw.FPDF_StructTree_GetChildAtIndex(tree, n)
            for n in range(raw.FPDF_StructTree_CountChildren(tree))
        ]
        while open_ones:
            element = open_ones.pop()
            if not element:
                continue
            size = raw.FPDF_StructElement_GetAltText(element, room, _ROOM)
            if 2 < size <= _ROOM:
                yield room.raw[: size - 2].decode("utf-16-le", "replace")
            open_ones += [
                raw.FPDF_StructElement_GetChildAtIndex(element, n)
                for n in range(raw.FPDF_StructElement_CountChildren(element))
            ]
