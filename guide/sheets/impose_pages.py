"""Impose any PDF: its pages as form XObjects on sheets, its links and bookmarks with them."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf

from guide.diagnostics.diagnostic import Diagnostic, GuideError, Place, error, warning
from guide.foreign.fields import draw_fields
from guide.foreign.forms import unread_filter, unread_filters
from guide.model.artifacts import Sheets
from guide.model.pageview import Matrix, times
from guide.sheets.impose_links import Placed, Targets, add_bookmarks, add_links, links_of
from guide.sheets.page_forms import PageForm, opened, page_form, short
from guide.sheets.page_sizes import common_size
from guide.sheets.plan_pages import (
    Box,
    Cell,
    Flip,
    Stroke,
    Surface,
    booklet,
    booklet_sheet,
    grid_of,
    n_up,
    pocket,
    poster,
)
from guide.sheets.prefer import preferences
from guide.units import POINTS_PER_MM, Paper

_DASH = {"fold": b"[4 3] 0 d .5 G", "cut": b"[] 0 d 0 G", "mark": b"[] 0 d .2 G"}
_GREY = b".35 G .25 w"


@dataclass(frozen=True)
class Scheme:
    """What to make of a PDF, as `guide impose --help` describes it. Lengths in mm.

    `kind` is booklet, n-up, poster or pocket. `paper` is the sheet, chosen when None. `sheets` are
    those of a signature, 0 for all; `across` and `down` the sheets of a poster.
    """

    kind: str = "booklet"
    paper: Paper | None = None
    flip: Flip = "short-edge"
    sheets: int = 0
    creep: float = 0.0
    margin: float = 0.0
    count: int = 2
    order: str = "across"
    border: bool = False
    cut_stack: bool = False
    across: int = 2
    down: int = 2
    overlap: float = 10.0
    marks: bool = True
    right_to_left: bool = False


@dataclass(frozen=True)
class Pressed:
    """Imposed sheets: how many sides, sheets of paper and blank places there are.

    `smaller` is the smallest scale of a page; `problems` say what a reader should know of them.
    """

    sheets: Sheets
    paper: Paper
    leaves: int
    blanks: int
    smaller: float
    problems: tuple[Diagnostic, ...] = ()


def impose_pdf(
    data: bytes,
    scheme: Scheme,
    name: str = "",
    chosen: Sequence[int] | None = None,
    password: str = "",
) -> Pressed:
    """Return the PDF imposed; `chosen` are indices of pages, all when None.

    Structure tags do not survive: sheets are for the printer. Raises GuideError, with `name` as its
    place, for what is no PDF, is encrypted or may not be printed, and for a scheme that cannot be.
    """
    with opened(data, name, password) as source:
        return _impose(source, scheme, name, chosen)


def _impose(source: Pdf, scheme: Scheme, name: str, chosen: Sequence[int] | None) -> Pressed:
    indices = list(range(len(source.pages)) if chosen is None else chosen)
    pages = list(dict.fromkeys(indices))
    targets, out = Targets(source), Pdf.new()
    links = {n: list(links_of(source.pages[n].obj, targets)) for n in pages}
    problems = _show_fields(source, pages, name)
    problems += [problem for n in pages for problem in _unread(source, n, name)]
    sources = [page_form(source, out, n, name) for n in indices]
    size, more = common_size([form.size for form in sources], indices, scheme.paper, name)
    surfaces = _surfaces(sources, scheme, size, name)
    placed = Placed(boxes={n: form.box for n, form in zip(indices, sources, strict=True)})
    for number, surface in enumerate(surfaces):
        cells = [cell.page for cell in surface.cells if cell.page is not None]
        matrices = _side(out, surface, sources, scheme.border)
        for page, matrix in zip(cells, matrices, strict=True):
            placed.spots.setdefault(indices[page], (number, matrix))
    placed.sides.extend(page.obj for page in out.pages)
    for n in pages:
        add_links(out, n, links[n], placed)
    add_bookmarks(out, source, targets, placed)
    two_sided = scheme.kind == "booklet" or (scheme.kind == "n-up" and scheme.flip != "none")
    flip: Flip = scheme.flip if two_sided else "none"
    _keep(source, out, flip)
    scales = [
        _scale(cell, sources[cell.page].size)
        for surface in surfaces for cell in surface.cells if cell.page is not None
    ]  # fmt: skip
    blanks = sum(cell.page is None for surface in surfaces for cell in surface.cells)
    leaves = len(surfaces) if flip == "none" else (len(surfaces) + 1) // 2
    stream = io.BytesIO()
    out.save(stream, deterministic_id=True, min_version="1.7")
    return Pressed(
        Sheets(stream.getvalue(), len(surfaces)), surfaces[0].paper, leaves, blanks,
        min(scales, default=1.0), (*problems, *more),
    )  # fmt: skip


def _surfaces(sources: Sequence[PageForm], scheme: Scheme, size: Paper, name: str) -> list[Surface]:
    count = len(sources)
    paper = scheme.paper or size
    try:
        if scheme.kind == "booklet":
            sheet = booklet_sheet(size, scheme.paper)
            return booklet(count, sheet, scheme.sheets, scheme.creep, scheme.margin, scheme.flip,
                           scheme.right_to_left)  # fmt: skip
        if scheme.kind == "n-up":
            sheet, columns, rows = grid_of(scheme.count, size, paper, scheme.margin)
            return n_up(count, sheet, columns, rows, scheme.order, scheme.margin, scheme.cut_stack,
                        scheme.flip, scheme.right_to_left)  # fmt: skip
        if scheme.kind == "poster":
            upright = (paper.width <= paper.height) == (
                size.width / scheme.across <= size.height / scheme.down
            )
            sheet = paper if upright else paper.turned
            return [
                side
                for index in range(count)
                for side in poster(index, sources[index].size, sheet, scheme.across, scheme.down,
                                   scheme.margin, scheme.overlap, scheme.marks)
            ]  # fmt: skip
        surface = pocket(count, paper, scheme.margin)
        return [surface if scheme.marks else Surface(surface.paper, surface.cells)]
    except ValueError as exc:
        hint = "Choose pages with --pages 1-8, another scheme, or a smaller margin."
        raise GuideError(error("cannot-impose", str(exc), Place(name), hint)) from exc


def _show_fields(source: Pdf, indices: Iterable[int], name: str) -> list[Diagnostic]:
    """Draw form fields and notes into their pages: a form XObject carries no annotations."""
    try:
        return draw_fields(source, indices, name)
    except (pikepdf.PdfError, ValueError, TypeError, RuntimeError, AttributeError) as exc:
        message = f"fields and notes cannot be drawn ({short(exc)})"
        hint = "Open the PDF in the program it was made with, and print it to a new PDF."
        return [warning("not-drawn", message, Place(name), hint)]


def _unread(source: Pdf, index: int, name: str) -> Iterator[Diagnostic]:
    """Leave out of a page the content that nothing can read, and yield a warning of it.

    Viewers leave it out as well. Pictures are never read: they stay as they are stored.
    """
    contents = source.pages[index].obj.get("/Contents")
    streams = list(contents) if isinstance(contents, Array) else [contents]
    parts = [each for each in streams if isinstance(each, pikepdf.Stream)]
    filters = unread_filters(parts)
    if filters:
        kept = [each for each in parts if not unread_filter(each)]
        source.pages[index].obj.Contents = Array(kept)
        message = f"page {index + 1} has content that cannot be read: it is stored as {filters}"
        hint = (
            "Compare the sheet with the page in a viewer. If something is missing, print the "
            "PDF to a new one there, and impose that."
        )
        yield warning("not-drawn", message, Place(name), hint)


def _side(out: Pdf, surface: Surface, sources: Sequence[PageForm], border: bool) -> list[Matrix]:
    """Add a side of a sheet; return the matrix of the page in each of its cells that has one."""
    paper = surface.paper
    names: dict[str, Any] = {}
    drawn, matrices = [], []
    for place, cell in enumerate(surface.cells):
        if cell.page is None:
            continue
        source = sources[cell.page]
        matrix = times(source.matrix, _placed(cell, source.size, paper))
        names[f"/P{place}"] = source.form
        numbers = b"%.5f %.5f %.5f %.5f %.3f %.3f" % matrix
        window = b""
        if cell.window:
            window = b"%s W n " % _rectangle(cell.window, paper.height)
        drawn.append(b"q %s%s cm /P%d Do Q" % (window, numbers, place))
        matrices.append(matrix)
    drawn += _lines(surface, border)
    content = pikepdf.Stream(out, b"\n".join(drawn))
    page = Dictionary(
        Type=Name.Page,
        MediaBox=Array([0, 0, *(round(v * POINTS_PER_MM, 3) for v in (paper.width, paper.height))]),
        Contents=out.make_indirect(content),
        Resources=Dictionary(XObject=Dictionary(names)),
    )
    out.pages.append(pikepdf.Page(out.make_indirect(page)))
    return matrices


def _lines(surface: Surface, border: bool) -> Iterator[bytes]:
    height = surface.paper.height
    if border:
        for cell in surface.cells:
            if cell.page is not None:
                yield b"q %s %s S Q" % (_GREY, _rectangle(cell.box, height))
    for box in surface.filled:
        yield b"q .2 g %s f Q" % _rectangle(box, height)
    for stroke in surface.strokes:
        yield _stroke(stroke, height)


def _keep(source: Pdf, out: Pdf, flip: Flip) -> None:
    """Take over the title, layers and language; ask the viewer to print as it is."""
    if isinstance(source.Root.get("/OCProperties"), Dictionary):
        layers = source.make_indirect(source.Root.OCProperties)
        out.Root.OCProperties = out.copy_foreign(layers)
    language = source.Root.get("/Lang")
    if isinstance(language, pikepdf.String):
        out.Root.Lang = pikepdf.String(str(language))
    info = source.trailer.get("/Info")
    title = info.get("/Title") if isinstance(info, Dictionary) else None
    if isinstance(title, pikepdf.String):
        out.docinfo["/Title"] = str(title)[:500]
    out.Root.ViewerPreferences = preferences(flip)


def _scale(cell: Cell, size: Paper) -> float:
    return min(cell.box[2] / size.width, cell.box[3] / size.height)


def _placed(cell: Cell, size: Paper, sheet: Paper) -> Matrix:
    """Return what puts an upright page in the middle of its cell, in pt from the sheet's bottom left."""
    x, y, width, height = cell.box
    scale = _scale(cell, size)
    left = x + (width - scale * size.width) / 2
    bottom = sheet.height - y - height + (height - scale * size.height) / 2
    if not cell.turned:
        return (scale, 0, 0, scale, left * POINTS_PER_MM, bottom * POINTS_PER_MM)
    right, top = left + scale * size.width, bottom + scale * size.height
    return (-scale, 0, 0, -scale, right * POINTS_PER_MM, top * POINTS_PER_MM)


def _rectangle(box: Box, height: float) -> bytes:
    x, y, w, h = (value * POINTS_PER_MM for value in box)
    return b"%.3f %.3f %.3f %.3f re" % (x, height * POINTS_PER_MM - y - h, w, h)


def _stroke(stroke: Stroke, height: float) -> bytes:
    x1, y1, x2, y2 = (
        value * POINTS_PER_MM
        for value in (stroke.x1, height - stroke.y1, stroke.x2, height - stroke.y2)
    )
    return b"q .25 w %s %.3f %.3f m %.3f %.3f l S Q" % (_DASH[stroke.kind], x1, y1, x2, y2)
