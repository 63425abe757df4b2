"""Where on a page a stamp stands, as people see the page: turned, cropped, scaled as it may be."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from guide.model.copies import StampPlace
from guide.model.pageview import Matrix, times, view_of
from guide.units import POINTS_PER_MM

FRAME = 2.0  # mm around what a face may print, which `set_faces` keeps free
_LEAST = 60.0  # mm; a line on a narrower page is set so wide and then made smaller
_MOST = 300.0  # mm; a longer line is hard to read
_STEP = 10.0  # mm between widths that a line is set in
_CLASSES = 3  # widths that a line is set in, at most: each costs milliseconds a copy


@dataclass(frozen=True)
class Seen:
    """A page as it is seen: its size in pt, and what turns a place on it into user space.

    The origin is the lower left corner that the reader sees.
    """

    width: float
    height: float
    matrix: Matrix

    def at(self, matrix: Matrix) -> Matrix:
        """Return the matrix that draws in user space what `matrix` draws on the page as seen."""
        return times(matrix, self.matrix)


def seen(page: Any) -> Seen:
    """Return how a page (a pikepdf object) is seen."""
    view = view_of(page)
    return Seen(view.width, view.height, view.inward)


@dataclass(frozen=True)
class Slot:
    """Where a line is drawn on a page: which width in mm it is set in, and the matrix of its face."""

    width: float
    matrix: Matrix


def slots(pages: Sequence[Seen], place: StampPlace) -> list[Slot]:
    """Return where the line stands on each page.

    Small pages have smaller margins: at most 3 % of the height and 5 % of the width.
    """
    pages = [_turned(page, place.edge) for page in pages]
    rooms = [_room(page, place) for page in pages]
    widths = _classes({_step(room) for room in rooms})
    found = []
    for page, room in zip(pages, rooms, strict=True):
        width = max((w for w in widths if w <= _step(room)), default=min(widths))
        scale = min(1.0, room / width)
        whole = (width + 2 * FRAME) * scale
        tall = (place.height + 2 * FRAME) * scale
        across, high = page.width / POINTS_PER_MM, page.height / POINTS_PER_MM
        inset = min(place.inset, 0.03 * high) - FRAME * scale
        side = (across - room) / 2 - FRAME * scale
        left = {"left": side, "center": (across - whole) / 2, "right": across - side - whole}
        foot = high - inset - tall if place.edge == "top" else inset
        x, y = left[place.align] * POINTS_PER_MM, foot * POINTS_PER_MM
        found.append(Slot(width, page.at((scale, 0, 0, scale, x, y))))
    return found


def _turned(page: Seen, edge: str) -> Seen:
    """Return a page as it is seen when it is turned until a left or right edge is at the foot."""
    if edge == "right":
        return Seen(page.height, page.width, page.at((0, 1, -1, 0, page.width, 0)))
    if edge == "left":
        return Seen(page.height, page.width, page.at((0, -1, 1, 0, 0, page.height)))
    return page


def _room(page: Seen, place: StampPlace) -> float:
    across = page.width / POINTS_PER_MM
    return max(1.0, across - 2 * min(place.side, 0.05 * across))


def _step(room: float) -> float:
    return min(_MOST, max(_LEAST, room // _STEP * _STEP))


def _classes(widths: set[float]) -> list[float]:
    found = sorted(widths)
    if len(found) <= _CLASSES:
        return found
    return [found[0], found[len(found) // 2], found[-1]]


def across(page: Seen, width: float, height: float) -> Matrix:
    """Return the matrix that draws a face, in pt, along the rising diagonal of a page."""
    diagonal = math.hypot(page.width, page.height)
    scale = 0.8 * diagonal / width
    cos, sin = page.width / diagonal * scale, page.height / diagonal * scale
    x = page.width / 2 - (cos * width - sin * height) / 2
    y = page.height / 2 - (sin * width + cos * height) / 2
    return page.at((cos, sin, -sin, cos, x, y))
