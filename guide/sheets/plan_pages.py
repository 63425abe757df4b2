"""Imposition as arithmetic: which page is where on which side of which sheet. No PDF, only numbers.

Lengths are in mm, from the sheet's top left. A sheet is given as it is in front of the printer: its
front, and its back as it looks after the sheet was turned about the edge that `duplex` names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Literal

from guide.units import PAPERS, Paper

Flip = Literal["none", "long-edge", "short-edge"]
EDGES = {"long-edge": "/DuplexFlipLongEdge", "short-edge": "/DuplexFlipShortEdge"}
Box = tuple[float, float, float, float]
"""Left, top, width and height in mm."""
LARGEST = (216.0, 356.0)  # mm; what an office printer takes: Letter, Legal, A4


@dataclass(frozen=True)
class Cell:
    """A place on a side: the `page` that is in it, by its index, or None for a blank.

    `turned` pages are upside down. `window` is the part of the cell's place that is seen, when
    the page is larger than the sheet (posters).
    """

    page: int | None
    box: Box
    turned: bool = False
    window: Box | None = None


@dataclass(frozen=True)
class Stroke:
    """A line on a side: `fold` is dashed, `cut` is whole, `mark` is short and fine."""

    x1: float
    y1: float
    x2: float
    y2: float
    kind: Literal["fold", "cut", "mark"] = "mark"


@dataclass(frozen=True)
class Surface:
    """One side of a sheet."""

    paper: Paper
    cells: tuple[Cell, ...]
    strokes: tuple[Stroke, ...] = ()
    filled: tuple[Box, ...] = ()


def booklet_sheet(page: Paper, paper: Paper | None = None) -> Paper:
    """Return the sheet of a booklet of such pages, with the fold in its middle.

    Without `paper` it is twice the page where office printers take that, else the page's own paper
    turned, on which the pages become smaller by the root of two.
    """
    if paper is not None:
        return max(
            (paper, paper.turned),
            key=lambda p: min(p.width / 2 / page.width, p.height / page.height),
        )
    short, long = sorted((2 * page.width, page.height))
    if short <= LARGEST[0] and long <= LARGEST[1]:
        return named(2 * page.width, page.height)
    return booklet_sheet(page, page)


def booklet_spreads(pages: int, sheets: int = 0) -> list[list[tuple[int | None, int | None]]]:
    """Return the signatures of a booklet, each a list of sides in turn, front and back.

    A side is (left, right). `sheets` is the most that are folded into one another, 0 for all: saddle
    stitch. Pages that the last sheet has too many are None. The order is that of a model folded from
    paper: the first and the last page lie beside one another on the outermost sheet.
    """
    total = max(1, ceil(pages / 4))
    each = min(sheets, total) if sheets else total
    signatures = []
    for first in range(0, total, each):
        count = min(each, total - first)
        base, last = 4 * first, 4 * (first + count) - 1
        sides: list[tuple[int | None, int | None]] = []
        for n in range(count):
            sides.append((_page(last - 2 * n, pages), _page(base + 2 * n, pages)))
            sides.append((_page(base + 2 * n + 1, pages), _page(last - 2 * n - 1, pages)))
        signatures.append(sides)
    return signatures


def _page(index: int, pages: int) -> int | None:
    return index if index < pages else None


def booklet(
    pages: int,
    sheet: Paper,
    sheets: int = 0,
    creep: float = 0.0,
    margin: float = 0.0,
    flip: Flip = "short-edge",
    right_to_left: bool = False,
) -> list[Surface]:
    """Return the sides of a booklet. `creep` is the paper's thickness in mm.

    An inner sheet sticks out of the folded pile by its place in it times the thickness, so its pages
    move that much towards the spine. Turned about the edge that is not parallel to the spine, the
    backs lie on their heads.
    """
    half = sheet.width / 2
    # The spine is vertical: about a vertical edge, backs come out upright.
    upright = (flip == "short-edge") == (sheet.width >= sheet.height)
    surfaces = []
    for sides in booklet_spreads(pages, sheets):
        for number, (left, right) in enumerate(sides):
            if right_to_left:
                left, right = right, left  # noqa: PLW2901
            shift = (number // 2) * creep
            size = (half - 2 * margin, sheet.height - 2 * margin)
            cells = (
                Cell(left, (margin + shift, margin, *size)),
                Cell(right, (half + margin - shift, margin, *size)),
            )
            surface = Surface(sheet, cells)
            surfaces.append(surface if number % 2 == 0 or upright else _turned(surface))
    return surfaces


def _turned(surface: Surface) -> Surface:
    """Turn a side by 180 degrees."""
    width, height = surface.paper.width, surface.paper.height
    cells = tuple(
        replace(cell, turned=not cell.turned, box=(width - x - w, height - y - h, w, h))
        for cell in surface.cells
        for x, y, w, h in [cell.box]
    )
    return replace(surface, cells=cells)


def grid_of(count: int, page: Paper, paper: Paper, margin: float = 0.0) -> tuple[Paper, int, int]:
    """Return the sheet, upright or across, with the columns and rows in which pages come out largest."""
    best: tuple[float, Paper, int, int] | None = None
    for sheet in (paper, paper.turned):
        for columns in (n for n in range(1, count + 1) if count % n == 0):
            rows = count // columns
            width = (sheet.width - 2 * margin) / columns
            height = (sheet.height - 2 * margin) / rows
            scale = min(width / page.width, height / page.height)
            if best is None or scale > best[0] + 1e-9:
                best = scale, sheet, columns, rows
    assert best is not None
    return best[1:]


def n_up(
    pages: int,
    sheet: Paper,
    columns: int,
    rows: int,
    order: str = "across",
    margin: float = 0.0,
    cut_stack: bool = False,
    flip: Flip = "none",
    right_to_left: bool = False,
) -> list[Surface]:
    """Return sides with several pages each.

    In reading order pages follow one another `across` or `down`. With `cut_stack` page i is in
    place i div s on sheet i mod s, so that the cut piles, laid on one another, are in order. With a
    `flip`, a cut leaf has one page in front and the next behind it.
    """
    width = (sheet.width - 2 * margin) / columns
    height = (sheet.height - 2 * margin) / rows
    places = columns * rows
    two_sided = cut_stack and flip != "none"
    leaves = ceil(pages / 2) if two_sided else pages
    sheets = max(1, ceil(leaves / places))

    def side(indices: Sequence[int]) -> Surface:
        cells = []
        for place, index in enumerate(indices):
            row, column = divmod(place, columns) if order == "across" else divmod(place, rows)[::-1]
            column = columns - 1 - column if right_to_left else column
            box = (margin + column * width, margin + row * height, width, height)
            cells.append(Cell(_page(index, pages), box))
        return Surface(sheet, tuple(cells))

    surfaces = []
    for number in range(sheets):
        first, step = (number, sheets) if cut_stack else (number * places, 1)
        chosen = [first + place * step for place in range(places)]
        if two_sided:
            surfaces.append(side([2 * leaf for leaf in chosen]))
            surfaces.append(_behind(side([2 * leaf + 1 for leaf in chosen]), flip))
        else:
            surfaces.append(side(chosen))
    return surfaces


def _behind(surface: Surface, flip: Flip) -> Surface:
    """Mirror places so that each is behind its own after the sheet is turned about the edge."""
    width, height = surface.paper.width, surface.paper.height
    vertical = (flip == "long-edge") == (height >= width)
    cells = tuple(
        replace(cell, box=(width - x - w, y, w, h))
        if vertical
        else replace(cell, box=(x, height - y - h, w, h), turned=True)
        for cell in surface.cells
        for x, y, w, h in [cell.box]
    )
    return replace(surface, cells=cells)


def poster(
    page: int,
    size: Paper,
    sheet: Paper,
    columns: int,
    rows: int,
    margin: float = 10.0,
    overlap: float = 10.0,
    marks: bool = True,
) -> list[Surface]:
    """Return the sheets of one page made large, row by row.

    Each sheet shows a window of the poster, inside its `margin`; neighbours share `overlap` mm, to
    glue. Marks are where to cut, and a small plan at the foot says which sheet it is. Raises
    ValueError when margin and overlap leave nothing.
    """
    width, height = sheet.width - 2 * margin, sheet.height - 2 * margin
    if min(width, height) <= overlap:
        raise ValueError("margin and overlap leave no room on the sheet")
    whole = (columns * width - (columns - 1) * overlap, rows * height - (rows - 1) * overlap)
    scale = min(whole[0] / size.width, whole[1] / size.height)
    left, top = (
        (side - scale * length) / 2
        for side, length in zip(whole, (size.width, size.height), strict=True)
    )
    surfaces = []
    for row in range(rows):
        for column in range(columns):
            x, y = column * (width - overlap), row * (height - overlap)
            box = (margin + left - x, margin + top - y, scale * size.width, scale * size.height)
            window = (margin, margin, width, height)
            surface = Surface(sheet, (Cell(page, box, window=window),))
            if marks:
                surface = replace(
                    surface,
                    strokes=_poster_marks(sheet, margin, overlap, column, row, columns, rows),
                    filled=(
                        (margin + 3.0 * column, sheet.height - margin + 1.5 + 2.0 * row, 3.0, 2.0),
                    )
                    if margin >= 2 + 2 * rows
                    else (),
                )
            surfaces.append(surface)
    return surfaces


def _poster_marks(
    sheet: Paper, margin: float, overlap: float, column: int, row: int, columns: int, rows: int
) -> tuple[Stroke, ...]:
    """Return short marks at the edges of what is not covered by a neighbour, and the plan of sheets."""
    length = min(5.0, margin * 0.6)
    xs = [margin + (overlap if column else 0), sheet.width - margin]
    ys = [margin + (overlap if row else 0), sheet.height - margin]
    strokes = []
    for x in xs:
        strokes.append(Stroke(x, margin - length, x, margin - 1))
        strokes.append(Stroke(x, ys[1] + 1, x, ys[1] + length))
    for y in ys:
        strokes.append(Stroke(margin - length, y, margin - 1, y))
        strokes.append(Stroke(xs[1] + 1, y, xs[1] + length, y))
    if margin >= 2 + 2 * rows:
        top = sheet.height - margin + 1.5
        strokes += [
            Stroke(margin, top + 2 * n, margin + 3 * columns, top + 2 * n) for n in range(rows + 1)
        ]
        strokes += [
            Stroke(margin + 3 * n, top, margin + 3 * n, top + 2 * rows) for n in range(columns + 1)
        ]
    return tuple(strokes)


def pocket(pages: int, sheet: Paper, margin: float = 0.0) -> Surface:
    """Return the one side of a pocket booklet: eight pages on a sheet that is cut once and folded.

    Raises ValueError for more than eight pages.
    """
    if pages > 8:
        raise ValueError(f"a pocket booklet has 8 pages, not {pages}")
    across = sheet if sheet.width >= sheet.height else sheet.turned
    width, height = across.width / 4, across.height / 2
    # The upper row hangs upside down; cut between the two middle panels of both rows.
    cells = []
    for place, number in enumerate((6, 5, 4, 3, 7, 0, 1, 2)):
        row, column = divmod(place, 4)
        size = (width - 2 * margin, height - 2 * margin)
        box = (column * width + margin, row * height + margin, *size)
        cells.append(Cell(_page(number, pages), box, turned=row == 0))
    strokes = [Stroke(n * width, 0, n * width, across.height, "fold") for n in (1, 2, 3)]
    strokes += [
        Stroke(0, height, width, height, "fold"),
        Stroke(width, height, 3 * width, height, "cut"),
        Stroke(3 * width, height, across.width, height, "fold"),
    ]
    return Surface(across, tuple(cells), tuple(strokes))


def named(width: float, height: float) -> Paper:
    """Return the paper of a size in mm, by its name where it has one."""
    for paper in PAPERS.values():
        for turned in (paper, paper.turned):
            if abs(turned.width - width) < 1.5 and abs(turned.height - height) < 1.5:
                return turned
    return Paper(f"{width:g}x{height:g}mm", width, height)
