"""What can be read in a finished PDF, by a library that had no part in making it.

PDFium reads the file as a viewer does. Text that is drawn outside the page or outside its clipping
path, or in no colour, is not in the file for a reader; text that is drawn may still be illegible
(`guide.proof.readable`). Running heads and feet are artifacts, and what is written in a figure is not text.
"""

from __future__ import annotations

import ctypes
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pypdfium2 as pdfium
from pypdfium2 import raw

from guide.proof.drawn import Drawn, Reader
from guide.proof.pictures import Shown, Viewer
from guide.proof.readable import concealed, texts_of, troubles
from guide.proof.trouble import Trouble

_ROOM = 65_536  # bytes of one alternative text


@dataclass(frozen=True)
class Piece:
    """The letters of one text object, and why a reader cannot read them; None when a reader can."""

    letters: str
    trouble: Trouble | None = None


@dataclass(frozen=True)
class Form:
    """A form on a page, such as a card on a sheet: its lower left corner's place, and what it shows.

    `x` and `y` are in pt, after the matrix that it is drawn with; `turned` says that it is upside
    down.
    """

    x: float
    y: float
    turned: bool
    pieces: tuple[Piece, ...]
    shown: tuple[Shown, ...] = ()

    @property
    def letters(self) -> str:
        """The letters that can be read, in the order in which they are drawn."""
        return readable(self.pieces)


@dataclass(frozen=True)
class Ink:
    """A page: its texts in the order in which they are drawn, its forms, its pictures.

    `pictures` are its figures, in words, each with what hides it; `shown` are its raster pictures.
    """

    pieces: tuple[Piece, ...] = ()
    forms: tuple[Form, ...] = ()
    pictures: tuple[tuple[str, Trouble | None], ...] = ()
    shown: tuple[Shown, ...] = ()

    @property
    def letters(self) -> str:
        """The letters that can be read."""
        return readable(self.pieces)


def readable(pieces: tuple[Piece, ...]) -> str:
    """Return the letters of the pieces that can be read."""
    return "".join(piece.letters for piece in pieces if piece.trouble is None)


@dataclass(frozen=True)
class Asked:
    """What is looked for in a file.

    `figures` are the pages, from 0, whose figures are asked for: their structure is walked.
    `rasters` says whether raster pictures are; `legible`, whether text must be legible as printed.
    `only` are the pages that are read at all, None for every page.
    """

    figures: Container[int] = ()
    rasters: bool = False
    legible: bool = True
    only: Container[int] | None = None


TEXT = Asked()


def read(data: bytes, asked: Asked = TEXT) -> list[Ink]:
    """Return what can be read on each page of a PDF, or on those that are asked for."""
    document = pdfium.PdfDocument(data)
    try:
        every = range(len(document))
        numbers = (n for n in every if asked.only is None or n in asked.only)
        return read_pages(document.raw, numbers, asked)
    finally:
        document.close()


def read_pages(document: Any, numbers: Iterable[int], asked: Asked) -> list[Ink]:
    """Return what can be read on pages of a PDF that PDFium has opened."""
    viewer = Viewer(document)
    return [_page(document, viewer, n, asked) for n in numbers]


def _page(document: Any, viewer: Viewer, number: int, asked: Asked) -> Ink:
    page = raw.FPDF_LoadPage(document, number)
    text = raw.FPDFText_LoadPage(page)
    try:
        reader = Reader(text)
        objects = reader.objects(page)
        figures = list(_figures(page)) if number in asked.figures else []
        view = viewer.look(number, objects, [marks for _, marks in figures], rasters=asked.rasters)
        texts = texts_of(reader, objects)
        judged = (
            troubles(document, number, page, objects, texts)
            if asked.legible
            else concealed(page, texts)
        )
    finally:
        raw.FPDFText_ClosePage(text)
        raw.FPDF_ClosePage(page)
    pieces = [
        (found.drawn.form, Piece(found.letters, judged.get(n)))
        for n, found in enumerate(texts)
        if not found.drawn.silent
    ]
    shown = [(objects[n].form, each) for n, each in view.rasters.items()]
    forms = [each for each in objects if each.kind == raw.FPDF_PAGEOBJ_FORM and not each.holders]
    return Ink(
        tuple(piece for _, piece in pieces),
        tuple(_form(each, pieces, shown) for each in forms),
        tuple(zip((words for words, _ in figures), view.figures, strict=True)),
        tuple(each for _, each in shown),
    )


def _form(
    drawn: Drawn, pieces: Sequence[tuple[int, Piece]], shown: Sequence[tuple[int, Shown]]
) -> Form:
    a, _, _, _, x, y = drawn.matrix
    mine = tuple(piece for form, piece in pieces if form == drawn.form)
    pictures = tuple(each for form, each in shown if form == drawn.form)
    return Form(x, y, a < 0, mine, pictures)


def _figures(page: Any) -> Iterator[tuple[str, list[int]]]:
    """Yield a page's structure elements with an alternative text: that, and their marked content."""
    room = ctypes.create_string_buffer(_ROOM)
    tree = raw.FPDF_StructTree_GetForPage(page)
    try:
        tops = [
            raw.FPDF_StructTree_GetChildAtIndex(tree, n)
            for n in range(raw.FPDF_StructTree_CountChildren(tree))
        ]
        for element in _elements(tops):
            size = raw.FPDF_StructElement_GetAltText(element, room, _ROOM)
            if 2 < size <= _ROOM:
                words = room.raw[: size - 2].decode("utf-16-le", "replace")
                marks = (
                    raw.FPDF_StructElement_GetMarkedContentIdAtIndex(each, n)
                    for each in _elements([element])
                    for n in range(raw.FPDF_StructElement_GetMarkedContentIdCount(each))
                )
                yield words, [mark for mark in marks if mark >= 0]
    finally:
        raw.FPDF_StructTree_Close(tree)


def _elements(tops: list[Any]) -> Iterator[Any]:
    """Yield structure elements and those in them, the last first."""
    while tops:
        element = tops.pop()
        if element:
            yield element
            tops += [
                raw.FPDF_StructElement_GetChildAtIndex(element, n)
                for n in range(raw.FPDF_StructElement_CountChildren(element))
            ]
