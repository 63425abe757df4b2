"""Crop marks and cut lines: pure geometry in mm, from a sheet's top left corner."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from guide.model.kinds import Stock
from guide.sheets.plan import Side

LENGTH = 5.0  # mm
DISTANCE = 3.0  # mm between a mark and the trim
TICK = 1.5  # mm; the arm of a cross where a sheet leaves no margin for marks


@dataclass(frozen=True)
class Line:
    """A straight line; all coordinates in mm."""

    x1: float
    y1: float
    x2: float
    y2: float


def lines(stock: Stock, side: Side, style: str) -> list[Line]:
    """Return the marks of one side: `crop` outside the cards, `cut` along their edges, or `none`.

    Marks follow the cards of that side, so that those of the back stand behind those of the front.
    """
    if style == "none" or not side.placements:
        return []
    lefts = sorted({round(p.left, 3) for p in side.placements})
    tops = sorted({round(p.top, 3) for p in side.placements})
    xs = sorted({edge for left in lefts for edge in (left, round(left + stock.card[0], 3))})
    ys = sorted({edge for top in tops for edge in (top, round(top + stock.card[1], 3))})
    if style == "cut":
        return _cut(stock, xs, ys)
    return [*_outside(stock, xs, ys), *_crosses(stock, xs, ys)]


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
