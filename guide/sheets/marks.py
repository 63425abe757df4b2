"""Crop marks and cut lines: pure geometry in mm, from a sheet's top left corner."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from guide.model.kinds import EDGE, RULER_HEIGHT, RULER_ROOM, Stock
from guide.model.kinds import MARK_DISTANCE as DISTANCE
from guide.model.kinds import MARK_LENGTH as LENGTH
from guide.sheets.plan_cards import Side

TICK = 1.5  # mm; the arm of a cross where a sheet leaves no margin for marks


@dataclass(frozen=True)
class Line:
    """A straight line; all coordinates in mm."""

    x1: float
    y1: float
    x2: float
    y2: float


@dataclass(frozen=True)
class Arc:
    """A quarter of a circle as a Bezier curve: its start, two control points, its end, in mm."""

    points: tuple[tuple[float, float], ...]


def lines(stock: Stock, side: Side, style: str, ruled: bool = True) -> list[Line]:
    """Return the marks of one side: `crop` outside the cards, `cut` along their edges, or `none`.

    Marks follow the cards of that side, so that those of the back are behind those of the front.
    A sheet that is one card needs none. `ruled` sheets have a ruler at the foot, of which marks
    keep clear.
    """
    whole = stock.per_sheet == 1 and max(stock.margins) < 0.1 and not stock.fold
    if style == "none" or not side.placements or whole:
        return []
    corners = list(_cells(stock, side))
    xs = sorted({round(x, 3) for left, _ in corners for x in (left, left + stock.cell[0])})
    ys = sorted({round(y, 3) for _, top in corners for y in (top, top + stock.cell[1])})
    if style == "cut":
        return _cut(stock, xs, ys)
    outside = _outside(stock, xs, ys)
    if ruled:
        # Where the back comes out upside down, its marks are as short at the head.
        turned = any(placement.turned for placement in side.placements)
        outside = [
            short for line in outside if (short := _above_ruler(stock, line, turned)) is not None
        ]
    return [*outside, *_crosses(stock, xs, ys)]


def _above_ruler(stock: Stock, line: Line, turned: bool) -> Line | None:
    """Return a mark cut short above the ruler, or None when too little is left of it."""
    drawn = ruler(stock)
    if not drawn or not drawn[0].x1 - 2 < line.x1 < drawn[0].x2 + 2:
        return line
    height = stock.paper.height
    top = min(tick.y1 for tick in drawn) - 0.5
    y1, y2 = (height - line.y2, height - line.y1) if turned else (line.y1, line.y2)
    if y2 <= top:
        return line
    if top - y1 < 1.5:
        return None
    return (
        Line(line.x1, height - top, line.x2, line.y2) if turned else Line(line.x1, y1, line.x2, top)
    )


def _cells(stock: Stock, side: Side) -> Iterable[tuple[float, float]]:
    """Yield the top left corner of each cell that holds a card; a folded one holds two faces."""
    for placement in side.placements:
        if stock.fold and placement.page % 2:
            continue
        yield placement.left, placement.top


def folds(stock: Stock, side: Side) -> list[Line]:
    """Return the lines between front and back on sheets that are folded."""
    width, height = stock.card
    if stock.fold == "beside":
        return [Line(x + width, y, x + width, y + height) for x, y in _cells(stock, side)]
    if stock.fold == "below":
        return [Line(x, y + height, x + width, y + height) for x, y in _cells(stock, side)]
    return []


# A quarter circle as a cubic Bezier: the control points lie 4/3 (sqrt(2) - 1) of the radius away.
_KAPPA = 0.5522847498


def arcs(stock: Stock, side: Side) -> list[Arc]:
    """Return the rounded corners of all cells, for a corner punch or scissors."""
    r, (width, height) = stock.corner, stock.cell
    if not r:
        return []
    found = []
    for left, top in _cells(stock, side):
        for x, y, right, down in (
            (left, top, 1, 1),
            (left + width, top, -1, 1),
            (left, top + height, 1, -1),
            (left + width, top + height, -1, -1),
        ):
            near = r * (1 - _KAPPA)
            start, end = (x, y + down * r), (x + right * r, y)
            found.append(Arc((start, (x, y + down * near), (x + right * near, y), end)))
    return found


RULER = 100.0  # mm


def ruler(stock: Stock) -> list[Line]:
    """Return 100 mm in steps of 10, in the margin at the foot, where it is high enough."""
    foot = stock.margins[3]
    if foot < RULER_ROOM or stock.paper.width < RULER + 20:
        return []
    y = stock.paper.height - EDGE
    left = (stock.paper.width - RULER) / 2
    ticks = [
        Line(left + n * 10, y - (RULER_HEIGHT if n % 5 == 0 else 1.4), left + n * 10, y)
        for n in range(11)
    ]
    return [Line(left, y, left + RULER, y), *ticks]


def _cut(stock: Stock, xs: list[float], ys: list[float]) -> list[Line]:
    width, height = stock.paper.width, stock.paper.height
    upright = [Line(x, ys[0], x, ys[-1]) for x in xs if 0 < x < width]
    level = [Line(xs[0], y, xs[-1], y) for y in ys if 0 < y < height]
    return upright + level


def _outside(stock: Stock, xs: list[float], ys: list[float]) -> list[Line]:
    """Return marks in the margins around the block of cards, where these are wide enough."""
    width, height = stock.paper.width, stock.paper.height
    found = []
    if ys[0] >= DISTANCE + 2:
        start = max(0.0, ys[0] - DISTANCE - LENGTH)
        found += [Line(x, start, x, ys[0] - DISTANCE) for x in xs]
    if height - ys[-1] >= DISTANCE + 2:
        end = min(height, ys[-1] + DISTANCE + LENGTH)
        found += [Line(x, ys[-1] + DISTANCE, x, end) for x in xs]
    if xs[0] >= DISTANCE + 2:
        start = max(0.0, xs[0] - DISTANCE - LENGTH)
        found += [Line(start, y, xs[0] - DISTANCE, y) for y in ys]
    if width - xs[-1] >= DISTANCE + 2:
        end = min(width, xs[-1] + DISTANCE + LENGTH)
        found += [Line(xs[-1] + DISTANCE, y, end, y) for y in ys]
    return found


def _crosses(stock: Stock, xs: list[float], ys: list[float]) -> Iterable[Line]:
    """Return small crosses on the corners when a margin is missing: nothing else shows the cut."""
    width, height = stock.paper.width, stock.paper.height
    narrow = min(ys[0], xs[0], height - ys[-1], width - xs[-1]) < DISTANCE + 2
    if not narrow:
        return
    for x in xs:
        for y in ys:
            yield Line(max(0.0, x - TICK), y, min(width, x + TICK), y)
            yield Line(x, max(0.0, y - TICK), x, min(height, y + TICK))
