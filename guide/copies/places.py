"""Where on a page a stamp is, as people see the page: turned, cropped, scaled as it may be."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from guide.model.copies import StampPlace
from guide.model.pageview import Matrix, PageView
from guide.units import POINTS_PER_MM

FRAME = 2.0  # mm around what a face may print, which `set_faces` keeps free
_LEAST = 60.0  # mm; a line on a narrower page is set so wide and then made smaller
_MOST = 300.0  # mm; a longer line is hard to read
_STEP = 10.0  # mm between widths that a line is set in
_CLASSES = 3  # widths that a line is set in, at most: each costs milliseconds a copy


@dataclass(frozen=True)
class Slot:
    """Where a line is drawn on a page: which width in mm it is set in, and the matrix of its face."""

    width: float
    matrix: Matrix


def slots(pages: Sequence[PageView], place: StampPlace) -> list[Slot]:
    """Return where the line is on each page.

    Small pages have smaller margins: at most 3 % of the height and 5 % of the width.
    """
    # A page is turned until its left or right edge is at the foot.
    more = {"right": 90, "left": 270}.get(place.edge, 0)
    pages = [replace(page, turn=(page.turn + more) % 360) for page in pages]
    acrosses = [page.width / POINTS_PER_MM for page in pages]
    rooms = [max(1.0, each - 2 * min(place.side, 0.05 * each)) for each in acrosses]
    widths = sorted({_step(room) for room in rooms})
    if len(widths) > _CLASSES:
        widths = [widths[0], widths[len(widths) // 2], widths[-1]]
    found = []
    for page, room, across in zip(pages, rooms, acrosses, strict=True):
        width = max((w for w in widths if w <= _step(room)), default=min(widths))
        scale = min(1.0, room / width)
        whole = (width + 2 * FRAME) * scale
        tall = (place.height + 2 * FRAME) * scale
        high = page.height / POINTS_PER_MM
        inset = min(place.inset, 0.03 * high) - FRAME * scale
        side = (across - room) / 2 - FRAME * scale
        left = {"left": side, "center": (across - whole) / 2, "right": across - side - whole}
        foot = high - inset - tall if place.edge == "top" else inset
        x, y = left[place.align] * POINTS_PER_MM, foot * POINTS_PER_MM
        found.append(Slot(width, page.at((scale, 0, 0, scale, x, y))))
    return found


def _step(room: float) -> float:
    return min(_MOST, max(_LEAST, room // _STEP * _STEP))


def across(page: PageView, width: float, height: float) -> Matrix:
    """Return the matrix that draws a face, in pt, along the rising diagonal of a page."""
    diagonal = math.hypot(page.width, page.height)
    scale = 0.8 * diagonal / width
    cos, sin = page.width / diagonal * scale, page.height / diagonal * scale
    x = page.width / 2 - (cos * width - sin * height) / 2
    y = page.height / 2 - (sin * width + cos * height) / 2
    return page.at((cos, sin, -sin, cos, x, y))
