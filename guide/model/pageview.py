"""A page of any PDF as a reader sees it: the one reading of its boxes, rotation and unit.

Printing, imposing, stamping and signing all place something on pages that somebody else made. They
agree because they ask here. Sources: ISO 32000-2, 7.7.3.4 (inheritance), 14.11.2 (boxes), table 31
(Rotate, UserUnit). Faulty values are read as PDFium reads them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from guide.units import MM_PER_POINT

Matrix = tuple[float, float, float, float, float, float]
"""A PDF matrix: `x' = a x + c y + e`, `y' = b x + d y + f` (ISO 32000-2, 8.3.4)."""
Corners = tuple[float, float, float, float]
"""Left, bottom, right and top in user space."""

_LETTER: Corners = (0.0, 0.0, 612.0, 792.0)  # what PDFium takes for a page without a media box
_DEEPEST = 100  # nodes above a page; a file that names a page as its own parent has no end
_LARGEST = 1e6  # pt; 350 m


@dataclass(frozen=True)
class PageView:
    """The part of a page that is shown: its `box` in user space, its `turn` and its `unit`.

    `turn` is the clockwise rotation in degrees: 0, 90, 180 or 270. `unit` is the size of a unit of
    user space in pt. `stated` is False when the file gives no usable box, and Letter is assumed.
    """

    box: Corners
    turn: int = 0
    unit: float = 1.0
    stated: bool = True

    @property
    def width(self) -> float:
        """Width in pt as the page is read."""
        return self._sides[self.turn in {90, 270}]

    @property
    def height(self) -> float:
        """Height in pt as the page is read."""
        return self._sides[self.turn not in {90, 270}]

    @property
    def millimetres(self) -> tuple[float, float]:
        """Width and height in mm as the page is read."""
        return self.width * MM_PER_POINT, self.height * MM_PER_POINT

    @property
    def _sides(self) -> tuple[float, float]:
        x0, y0, x1, y1 = self.box
        return (x1 - x0) * self.unit, (y1 - y0) * self.unit

    @property
    def outward(self) -> Matrix:
        """The matrix from user space to the page as read: its lower left corner is the origin."""
        left, bottom, right, top = self.box
        u = self.unit
        if self.turn == 90:
            return (0, -u, u, 0, -bottom * u, right * u)
        if self.turn == 180:
            return (-u, 0, 0, -u, right * u, top * u)
        if self.turn == 270:
            return (0, u, -u, 0, top * u, -left * u)
        return (u, 0, 0, u, -left * u, -bottom * u)

    @property
    def inward(self) -> Matrix:
        """The matrix from the page as read to user space; `outward` backwards."""
        left, bottom, right, top = self.box
        s = 1 / self.unit
        if self.turn == 90:
            return (0, s, -s, 0, right, bottom)
        if self.turn == 180:
            return (-s, 0, 0, -s, right, top)
        if self.turn == 270:
            return (0, -s, s, 0, left, top)
        return (s, 0, 0, s, left, bottom)

    def at(self, matrix: Matrix) -> Matrix:
        """Return the matrix that draws in user space what `matrix` draws on the page as read."""
        return times(matrix, self.inward)


def view_of(page: Any) -> PageView:
    """Return how a page (a pikepdf dictionary) is read.

    The crop box counts as far as it is inside the media box. Where it is not, the media box is shown.
    """
    own = corners(inherited(page, "/MediaBox"))
    media = own or _LETTER
    crop = corners(inherited(page, "/CropBox")) or media
    box = (max(media[0], crop[0]), max(media[1], crop[1]),
           min(media[2], crop[2]), min(media[3], crop[3]))  # fmt: skip
    if box[2] - box[0] < 1 or box[3] - box[1] < 1:
        box = media
    turn = int(number(inherited(page, "/Rotate"), 0.0) / 90) % 4 * 90
    unit = number(page.get("/UserUnit"), 1.0)
    return PageView(box, turn, unit if 0 < unit <= _LARGEST else 1.0, own is not None)


def inherited(page: Any, key: str) -> Any:
    """Return an attribute of a page or of the nodes above it, None when there is none."""
    node = page
    for _ in range(_DEEPEST):
        try:
            if node is None:
                break
            if key in node:
                return node[key]
            node = node.get("/Parent")
        except (TypeError, ValueError, AttributeError):
            break  # a parent that is not a dictionary
    return None


def corners(value: Any) -> Corners | None:
    """Return a rectangle with its corners in order; None when it is not one of at least 1 x 1."""
    try:
        box = ordered(value)
    except (TypeError, ValueError, ArithmeticError):
        return None
    if not all(abs(side) <= _LARGEST for side in box):
        return None
    return box if box[2] - box[0] >= 1 and box[3] - box[1] >= 1 else None


def ordered(value: Any) -> Corners:
    """Return a rectangle with its corners in order; raises ValueError, TypeError or ArithmeticError."""
    a, b, c, d = (float(each) for each in value)
    return min(a, c), min(b, d), max(a, c), max(b, d)


def number(value: Any, otherwise: float) -> float:
    """Return a value as a finite number, else `otherwise`."""
    try:
        found = float(value)
    except (TypeError, ValueError, ArithmeticError):
        return otherwise
    return found if math.isfinite(found) else otherwise


def times(first: Matrix, then: Matrix) -> Matrix:
    """Return the matrix that applies one after the other."""
    a, b, c, d, e, f = first
    g, h, i, j, k, m = then
    return (
        a * g + b * i, a * h + b * j,
        c * g + d * i, c * h + d * j,
        e * g + f * i + k, e * h + f * j + m,
    )  # fmt: skip


def apply(matrix: Matrix, x: float, y: float) -> tuple[float, float]:
    """Return where a matrix puts a point."""
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f


def bounds(points: Sequence[tuple[float, float]]) -> Corners:
    """Return the rectangle around points; one at the origin around none."""
    xs, ys = zip(*points, strict=True) if points else ((0.0,), (0.0,))
    return min(xs), min(ys), max(xs), max(ys)


def moved(box: Corners, matrix: Matrix) -> Corners:
    """Return the rectangle around what a matrix makes of one."""
    return bounds([apply(matrix, x, y) for x in (box[0], box[2]) for y in (box[1], box[3])])
