"""Where faces go: every card once, every back behind its front."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guide.content.library import all_stock
from guide.model.kinds import Stock
from guide.sheets.marks import Line, lines
from guide.sheets.plan_cards import Placement, Side, plan
from guide.units import Paper

DUPLEX = ("long-edge", "short-edge")
ORDERS = ("reading", "cut-stack")
NEAR = 0.002  # mm


@st.composite
def stocks(draw: st.DrawFn, margin: int = 0) -> Stock:
    """Make stock on sheets of any shape but square, with or without gutters."""
    tenths = st.integers
    columns, rows = draw(tenths(1, 5)), draw(tenths(1, 6))
    card = (draw(tenths(200, 1500)) / 10, draw(tenths(200, 1500)) / 10)
    gutter = (draw(tenths(0, 150)) / 10, draw(tenths(0, 150)) / 10)
    origin = (draw(tenths(margin, 300)) / 10, draw(tenths(margin, 300)) / 10)
    rest = (draw(tenths(margin, 300)) / 10, draw(tenths(margin, 300)) / 10)
    width = origin[0] + columns * card[0] + (columns - 1) * gutter[0] + rest[0]
    height = origin[1] + rows * card[1] + (rows - 1) * gutter[1] + rest[1]
    if abs(width - height) < 1:
        height += 2
    pitch = (card[0] + gutter[0], card[1] + gutter[1])
    return Stock(
        name="any", title="Any", paper=Paper("any", round(width, 4), round(height, 4)),
        card=card, columns=columns, rows=rows, origin=origin, pitch=pitch,
    )


def mirrored(stock: Stock, placement: Placement, duplex: str) -> tuple[float, float, bool]:
    """Return where a back shows when seen through the sheet from its front, and if it is upright.

    The printer turns the sheet about the edge that is named. Seen from the front again, left and
    right (or top and bottom) of the back side are exchanged. A reader turns a card like a page,
    about its upright axis; it is then upright if the sheet was turned so, too, and not turned, or
    if it was turned about the level axis and its face was turned.
    """
    portrait = stock.paper.width < stock.paper.height
    upright_axis = portrait == (duplex == "long-edge")
    if upright_axis:
        return stock.paper.width - placement.left - stock.card[0], placement.top, not placement.turned
    return placement.left, stock.paper.height - placement.top - stock.card[1], placement.turned


def pairs(sides: list[Side]) -> list[tuple[Side, Side]]:
    """Return front and back of each sheet."""
    return list(zip(sides[::2], sides[1::2], strict=True))


@given(stocks(), st.integers(0, 80), st.sampled_from(DUPLEX), st.sampled_from(ORDERS))
def test_every_face_is_placed_once(stock: Stock, cards: int, duplex: str, order: str) -> None:
    """Fronts of all cards are on fronts, backs on backs, each once, on as few sheets as can be."""
    sides = plan(cards, stock, duplex, order)
    assert len(sides) == 2 * -(-cards // stock.per_sheet)
    assert [(s.sheet, s.back) for s in sides] == [(n // 2, bool(n % 2)) for n in range(len(sides))]
    fronts = Counter(p.page for s in sides if not s.back for p in s.placements)
    backs = Counter(p.page for s in sides if s.back for p in s.placements)
    assert fronts == Counter(range(0, 2 * cards, 2))
    assert backs == Counter(range(1, 2 * cards, 2))
    assert all(s.placements for s in sides)


@given(stocks(), st.integers(0, 80), st.sampled_from(DUPLEX), st.sampled_from(ORDERS))
def test_every_back_lies_behind_its_front(stock: Stock, cards: int, duplex: str, order: str) -> None:
    """Seen through the sheet, a back has its front's rectangle, and it is upright when turned."""
    for front, back in pairs(plan(cards, stock, duplex, order)):
        behind = {p.page: p for p in back.placements}
        for face in front.placements:
            left, top, upright = mirrored(stock, behind[face.page + 1], duplex)
            assert abs(left - face.left) < NEAR
            assert abs(top - face.top) < NEAR
            assert upright
            assert not face.turned


@given(stocks(), st.integers(1, 80), st.sampled_from(DUPLEX), st.sampled_from(ORDERS))
def test_cards_lie_on_the_sheet_and_not_on_one_another(
    stock: Stock, cards: int, duplex: str, order: str
) -> None:
    """No card leaves the paper, and no two overlap."""
    width, height = stock.card
    for side in plan(cards, stock, duplex, order):
        placed = side.placements
        for face in placed:
            assert face.left >= -0.06
            assert face.top >= -0.06
            assert face.left + width <= stock.paper.width + 0.06
            assert face.top + height <= stock.paper.height + 0.06
        for number, one in enumerate(placed):
            for other in placed[number + 1 :]:
                apart = max(abs(one.left - other.left) - width, abs(one.top - other.top) - height)
                assert apart > -NEAR


@given(stocks(), st.integers(1, 80))
def test_reading_order_fills_sheets_row_by_row(stock: Stock, cards: int) -> None:
    """Cards follow one another on a sheet; only the last sheet may be partial, from its top left."""
    fronts = plan(cards, stock)[::2]
    assert [p.page // 2 for s in fronts for p in s.placements] == list(range(cards))
    assert all(len(s.placements) == stock.per_sheet for s in fronts[:-1])
    for side in fronts:
        places = [(round(p.top, 3), round(p.left, 3)) for p in side.placements]
        assert places == sorted(places)
        assert places[0] == (round(stock.origin[1], 3), round(stock.origin[0], 3))


@given(stocks(), st.integers(1, 80))
def test_cut_piles_laid_on_one_another_are_in_order(stock: Stock, cards: int) -> None:
    """Cut through the stack, pile after pile gives the cards from first to last."""
    piles: dict[tuple[float, float], list[int]] = {}
    for side in plan(cards, stock, "long-edge", "cut-stack")[::2]:
        for face in side.placements:
            piles.setdefault((round(face.top, 3), round(face.left, 3)), []).append(face.page // 2)
    assert [card for place in sorted(piles) for card in piles[place]] == list(range(cards))


def crosses(line: Line, stock: Stock, face: Placement) -> bool:
    """Return whether an upright or level line runs through a card's inside."""
    left, right = sorted((line.x1, line.x2))
    top, bottom = sorted((line.y1, line.y2))
    return (
        right > face.left + NEAR
        and left < face.left + stock.card[0] - NEAR
        and bottom > face.top + NEAR
        and top < face.top + stock.card[1] - NEAR
    )


@given(stocks(margin=51), st.integers(1, 40), st.sampled_from(DUPLEX), st.sampled_from(ORDERS))
def test_crop_marks_stay_out_of_the_cards(stock: Stock, cards: int, duplex: str, order: str) -> None:
    """Where the margins hold them, no mark crosses a card, all lie on the paper, and edges have some."""
    for side in plan(cards, stock, duplex, order):
        found = lines(stock, side, "crop")
        assert not [1 for line in found for face in side.placements if crosses(line, stock, face)]
        for line in found:
            assert min(line.x1, line.x2) >= -NEAR
            assert min(line.y1, line.y2) >= -NEAR
            assert max(line.x1, line.x2) <= stock.paper.width + NEAR
            assert max(line.y1, line.y2) <= stock.paper.height + NEAR
        upright = {round(line.x1, 2) for line in found if line.x1 == line.x2}
        level = {round(line.y1, 2) for line in found if line.y1 == line.y2}
        for face in side.placements:
            assert {round(face.left, 2), round(face.left + stock.card[0], 2)} <= near(upright)
            assert {round(face.top, 2), round(face.top + stock.card[1], 2)} <= near(level)


def near(numbers: set[float]) -> set[float]:
    """Return the numbers with those that rounding could have made of them."""
    return {round(n + d, 2) for n in numbers for d in (-0.01, 0, 0.01)}


@given(stocks(), st.integers(1, 40), st.sampled_from(DUPLEX), st.sampled_from(["crop", "cut"]))
def test_marks_of_the_back_lie_behind_those_of_the_front(
    stock: Stock, cards: int, duplex: str, style: str
) -> None:
    """Seen through the sheet, there is no mark on one side that is not on the other."""
    portrait = stock.paper.width < stock.paper.height
    width, height = stock.paper.width, stock.paper.height
    for front, back in pairs(plan(cards, stock, duplex)):
        turned = []
        for line in lines(stock, back, style):
            if portrait == (duplex == "long-edge"):
                turned.append((width - line.x1, line.y1, width - line.x2, line.y2))
            else:
                turned.append((line.x1, height - line.y1, line.x2, height - line.y2))
        plain = [(line.x1, line.y1, line.x2, line.y2) for line in lines(stock, front, style)]
        assert len(plain) == len(turned)
        for one in turned:
            assert any(same(one, other) for other in plain), one


def same(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    """Return whether two lines are the same, whichever end is named first."""
    ends = (other, (other[2], other[3], other[0], other[1]))
    return any(all(abs(a - b) < 0.01 for a, b in zip(one, end, strict=True)) for end in ends)


def test_cut_lines_follow_the_edges_and_none_means_none() -> None:
    """`cut` draws the edges inside the paper from end to end of the block; `none` draws nothing."""
    stock = all_stock()["business-us"]
    side = plan(10, stock)[0]
    assert lines(stock, side, "none") == []
    found = lines(stock, side, "cut")
    assert sorted(line.x1 for line in found if line.x1 == line.x2) == [19.05, 107.95, 196.85]
    assert len([line for line in found if line.y1 == line.y2]) == 6
    assert lines(stock, Side(0, False, ()), "crop") == []


def written(sides: list[Side]) -> str:
    """Return a plan as text."""
    rows = []
    for side in sides:
        faces = " ".join(
            f"{p.page}@{p.left:g},{p.top:g}{'*' if p.turned else ''}" for p in side.placements
        )
        rows.append(f"{side.sheet} {'back ' if side.back else 'front'} {faces}")
    return "\n".join(rows)


GOLDEN = {
    ("avery-c32011", 3, "long-edge", "reading"): """\
0 front 0@15,13.5 2@110,13.5 4@15,67.5
0 back  1@110,13.5 3@15,13.5 5@110,67.5""",
    ("index-3x5", 4, "short-edge", "reading"): """\
0 front 0@44.45,25.4 2@44.45,101.6 4@44.45,177.8
0 back  1@44.45,177.8* 3@44.45,101.6* 5@44.45,25.4*
1 front 6@44.45,25.4
1 back  7@44.45,177.8*""",
    ("a6", 6, "long-edge", "cut-stack"): """\
0 front 0@0,0.5 4@105,0.5 8@0,148.5
0 back  1@105,0.5 5@0,0.5 9@105,148.5
1 front 2@0,0.5 6@105,0.5 10@0,148.5
1 back  3@105,0.5 7@0,0.5 11@105,148.5""",
}


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: case[0])
def test_plans_are_as_written(case: tuple[str, int, str, str]) -> None:
    """Three plans by hand: page@left,top in mm, turned faces with a star."""
    name, cards, duplex, order = case
    assert written(plan(cards, all_stock()[name], duplex, order)) == GOLDEN[case]
