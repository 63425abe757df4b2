"""Imposition, folded and cut as a person would: what comes out must read in order."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guide.sheets.plan_pages import (
    Flip,
    Cell,
    Surface,
    booklet,
    booklet_sheet,
    grid_of,
    n_up,
    pocket,
    poster,
)
from guide.units import PAPERS, Paper

A4, LETTER = PAPERS["a4"], PAPERS["letter"]


@dataclass(frozen=True)
class Seen:
    """A page as it is seen on a sheet that lies front up: where its middle is, and on its head or not."""

    page: int | None
    x: float
    y: float
    turned: bool


def seen(surface: Surface, back: bool, flip: str) -> list[Seen]:
    """Return a side's pages in the coordinates of the front: the back through the paper, as it was turned."""
    width, height = surface.paper.width, surface.paper.height
    result = []
    for cell in surface.cells:
        x, y = cell.box[0] + cell.box[2] / 2, cell.box[1] + cell.box[3] / 2
        turned = cell.turned
        if back:
            vertical = (flip == "long-edge") == (height >= width)
            x, y = (width - x, y) if vertical else (x, height - y)
            turned = turned if vertical else not turned
        result.append(Seen(cell.page, round(x, 6), round(y, 6), turned))
    return result


def folded(surfaces: list[Surface], signatures: list[int], flip: str) -> list[int | None]:
    """Fold each signature in the middle, lay the signatures on one another, and read from the front."""
    read: list[int | None] = []
    start = 0
    for sheets in signatures:
        leaves = []
        for number in range(sheets):
            front = seen(surfaces[start + 2 * number], False, flip)
            back = seen(surfaces[start + 2 * number + 1], True, flip)
            assert not any(each.turned for each in (*front, *back)), "a page stands on its head"
            leaves.append((front, back))
        start += 2 * sheets
        # The right half is the first half of the book: outermost sheet first; each leaf front, then back.
        for front, back in leaves:
            read += [at(front, right=True), at(back, right=True)]
        for front, back in reversed(leaves):
            read += [at(back, right=False), at(front, right=False)]
    return read


def at(side: list[Seen], right: bool) -> int | None:
    ordered = sorted(side, key=lambda each: each.x)
    return ordered[1 if right else 0].page


@given(pages=st.integers(1, 200), sheets=st.integers(0, 12), flip=st.sampled_from(["short-edge", "long-edge"]),
       paper=st.sampled_from([A4, LETTER, PAPERS["a5"], Paper("", 100, 100)]))  # fmt: skip
def test_a_folded_booklet_reads_in_order(pages: int, sheets: int, flip: Flip, paper: Paper) -> None:
    """Printed on both sides, folded and gathered, a booklet reads 1, 2, 3 ... and then blanks."""
    sheet = booklet_sheet(paper)
    surfaces = booklet(pages, sheet, sheets, flip=flip)
    total = len(surfaces) // 2
    assert total == -(-pages // 4)
    each = min(sheets, total) if sheets else total
    signatures = [min(each, total - n) for n in range(0, total, each)]
    read = folded(surfaces, signatures, flip)
    assert read[:pages] == list(range(pages))
    assert read[pages:] == [None] * (len(read) - pages)


@given(pages=st.integers(5, 200), creep=st.floats(0.05, 0.3))
def test_inner_sheets_move_to_the_spine(pages: int, creep: float) -> None:
    """Each inner sheet's pages lie one thickness nearer to the fold than those around it."""
    sheet = booklet_sheet(A4)
    surfaces = booklet(pages, sheet, creep=creep)
    for number, surface in enumerate(surfaces):
        left, right = surface.cells
        spine = sheet.width / 2
        moved = (number // 2) * creep
        assert left.box[0] + left.box[2] == pytest.approx(spine + moved)
        assert right.box[0] == pytest.approx(spine - moved)


@given(pages=st.integers(1, 120), count=st.sampled_from([2, 3, 4, 6, 8, 9, 16]), order=st.sampled_from(["across", "down"]),
       stack=st.booleans(), rtl=st.booleans())  # fmt: skip
def test_n_up_keeps_every_page_once(pages: int, count: int, order: str, stack: bool, rtl: bool) -> None:
    """Whatever the order, each page lies once, inside the sheet, and on no other page."""
    sheet, columns, rows = grid_of(count, A4, A4, 5)
    surfaces = n_up(pages, sheet, columns, rows, order, 5, cut_stack=stack, right_to_left=rtl)
    laid = Counter(cell.page for surface in surfaces for cell in surface.cells if cell.page is not None)
    assert laid == Counter(range(pages))
    for surface in surfaces:
        boxes = [cell.box for cell in surface.cells]
        assert all(x >= 5 - 1e-6 and x + w <= sheet.width - 5 + 1e-6 for x, _, w, _ in boxes)
        assert not any(overlap(a, b) for n, a in enumerate(boxes) for b in boxes[n + 1 :])


@given(count=st.sampled_from([2, 3, 4, 6, 8, 9, 16]), margin=st.sampled_from([0, 5, 20]),
       page=st.sampled_from([A4, A4.turned, LETTER, PAPERS["a5"], Paper("strip", 60, 300)]))  # fmt: skip
def test_pages_on_a_sheet_are_as_large_as_they_can_be(count: int, margin: float, page: Paper) -> None:
    """No other grid, and no sheet turned the other way, shows the same pages larger."""

    def scale(sheet: Paper, columns: int, rows: int) -> float:
        across, down = (sheet.width - 2 * margin) / columns, (sheet.height - 2 * margin) / rows
        return min(across / page.width, down / page.height)

    grids = [(sheet, n, count // n) for sheet in (A4, A4.turned) for n in range(1, count + 1) if count % n == 0]
    chosen = grid_of(count, page, A4, margin)
    assert chosen[1] * chosen[2] == count
    assert scale(*chosen) == pytest.approx(max(scale(*grid) for grid in grids))


def overlap(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return (
        a[0] + a[2] > b[0] + 1e-6 and b[0] + b[2] > a[0] + 1e-6
        and a[1] + a[3] > b[1] + 1e-6 and b[1] + b[3] > a[1] + 1e-6
    )  # fmt: skip


@given(pages=st.integers(1, 90), count=st.sampled_from([2, 4, 6, 8]), flip=st.sampled_from(["none", "long-edge", "short-edge"]),
       paper=st.sampled_from([A4, LETTER]))  # fmt: skip
def test_cut_piles_come_out_sorted(pages: int, count: int, flip: Flip, paper: Paper) -> None:
    """Cut the pile, lay the small piles on one another in the order of the places: it reads in order."""
    sheet, columns, rows = grid_of(count, paper, paper)
    surfaces = n_up(pages, sheet, columns, rows, cut_stack=True, flip=flip)
    step = 1 if flip == "none" else 2
    read: list[int | None] = []
    places = [(cell.box[0] + cell.box[2] / 2, cell.box[1] + cell.box[3] / 2) for cell in surfaces[0].cells]
    for x, y in places:
        for number in range(0, len(surfaces), step):
            for back in range(step):
                found = [
                    each for each in seen(surfaces[number + back], bool(back), flip)
                    if abs(each.x - x) < 1e-3 and abs(each.y - y) < 1e-3
                ]  # fmt: skip
                assert len(found) == 1 and not found[0].turned
                read.append(found[0].page)
    assert [page for page in read if page is not None] == list(range(pages))


def test_a_pocket_book_reads_in_order() -> None:
    """Folded along the middle, cut and pushed together, the panels follow one another as eight pages."""
    surface = pocket(8, A4)
    panels: dict[tuple[int, int], Cell] = {}
    for cell in surface.cells:
        column = round(cell.box[0] / (surface.paper.width / 4))
        row = round(cell.box[1] / (surface.paper.height / 2))
        panels[row, column] = cell
    # Pushed together the four columns make a cross; going round it, outside, one meets: lower 1, 2, 3,
    # then, folded over, the upper row from right to left, and the lower left panel is the back cover.
    walk = [(1, 1), (1, 2), (1, 3), (0, 3), (0, 2), (0, 1), (0, 0), (1, 0)]
    assert [panels[place].page for place in walk] == list(range(8))
    assert all(cell.turned == (row == 0) for (row, _), cell in panels.items())
    cuts = [stroke for stroke in surface.strokes if stroke.kind == "cut"]
    assert [(s.x1, s.x2) for s in cuts] == [(surface.paper.width / 4, 3 * surface.paper.width / 4)]
    with pytest.raises(ValueError, match="8 pages, not 9"):
        pocket(9, A4)


@given(columns=st.integers(1, 5), rows=st.integers(1, 5), overlapping=st.floats(0, 40), margin=st.floats(0, 20))
def test_tiles_cover_a_poster_with_their_overlap(columns: int, rows: int, overlapping: float, margin: float) -> None:
    """Laid on one another by their overlap, the windows show the whole page, none of it apart."""
    tiles = poster(0, A4, A4, columns, rows, margin, overlapping)
    assert len(tiles) == columns * rows
    width, height = A4.width - 2 * margin, A4.height - 2 * margin
    for number, tile in enumerate(tiles):
        row, column = divmod(number, columns)
        first, cell = tiles[0].cells[0], tile.cells[0]
        assert cell.box[0] == pytest.approx(first.box[0] - column * (width - overlapping))
        assert cell.box[1] == pytest.approx(first.box[1] - row * (height - overlapping))
        assert cell.window == pytest.approx((margin, margin, width, height))
    box = tiles[0].cells[0].box
    assert box[0] >= margin - 1e-6 and box[1] >= margin - 1e-6
    last = tiles[-1].cells[0].box
    assert last[0] + last[2] <= margin + width + 1e-6 and last[1] + last[3] <= margin + height + 1e-6


def test_a_poster_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="no room"):
        poster(0, A4, A4, 2, 2, 100, 50)


@pytest.mark.parametrize(("page", "sheet"), [("a5", "a4"), ("a4", "a4"), ("letter", "letter"), ("a6", "a5")])
def test_the_sheet_of_a_booklet_is_one_that_printers_take(page: str, sheet: str) -> None:
    """Twice the page when an office printer takes that, else the page's own paper."""
    found = booklet_sheet(PAPERS[page])
    assert (found.width, found.height) == (PAPERS[sheet].height, PAPERS[sheet].width)
