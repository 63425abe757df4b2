"""Draw a plan: faces as form XObjects on sheets, with marks and a footer, for the printer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import cos, radians, sin

import pydyf

from guide.model.artifacts import FontObjects, SetFace, Sheets
from guide.model.kinds import Stock
from guide.model.printers import Registration
from guide.pdf.assemble import About, Common
from guide.proof.prove import Spot
from guide.sheets.forms import finish, form_of, page_of
from guide.sheets.marks import Arc, Line, arcs, folds, lines, ruler
from guide.sheets.plan_cards import Placement, Side, room
from guide.sheets.plan_pages import EDGES
from guide.units import POINTS_PER_MM

_MARK_WIDTH = 0.25  # pt
_MARK_GREY = 0.35


@dataclass(frozen=True)
class Layout:
    """How a deck is put on sheets: see the options of templates/flashcards/kind.toml.

    `registration` moves the back sides to where this printer puts the fronts; `ruler` draws 100 mm
    to check the scaling with, `corners` the radius of rounded corners.
    """

    duplex: str = "long-edge"
    marks: str = "crop"
    corners: bool = False
    ruler: bool = True
    registration: Registration = Registration()


def impose(
    faces: Sequence[SetFace],
    sides: Sequence[Side],
    stock: Stock,
    layout: Layout,
    fonts: FontObjects,
    about: About,
    furniture: Sequence[SetFace] = (),
) -> Sheets:
    """Return the sheets of a deck: `faces` are front and back of each card in turn.

    `furniture` has a page for each side with what is printed in the margins; it is laid under the
    cards. Structure tags do not survive: sheets are for the printer, the deck is for reading.
    """
    return _Imposing(faces, stock, layout, fonts, about).sheets(sides, furniture)


@dataclass
class _Imposing:
    faces: Sequence[SetFace]
    stock: Stock
    layout: Layout
    fonts: FontObjects
    about: About
    pdf: pydyf.PDF = field(default_factory=pydyf.PDF)
    _forms: dict[int, int] = field(default_factory=dict)

    def sheets(self, sides: Sequence[Side], furniture: Sequence[SetFace]) -> Sheets:
        self.common = Common(self.pdf, self.fonts)
        numbers = [
            self._side(side, furniture[n] if furniture else None) for n, side in enumerate(sides)
        ]
        self._prefer()
        return finish(self.pdf, numbers, self.about)

    def _side(self, side: Side, under: SetFace | None) -> int:
        names: dict[bytes, int] = {}
        drawn = []
        if under is not None:
            names[b"Furniture"] = self._form(under)
            drawn.append(b"/Furniture Do")
        for index, placement in enumerate(side.placements):
            name = b"Face%d" % index
            names[name] = self._form(self.faces[placement.page])
            drawn.append(self._placed(name, placement, side))
        drawn.append(self._marks(side))  # last: a card's own background must not hide the cut
        content = b"\n".join(drawn)
        if side.back and not self.layout.registration.is_none:
            turned = any(placement.turned for placement in side.placements)
            matrix = _moved(self.layout.registration, self.stock, turned)
            content = b"q %s cm\n%s\nQ" % (matrix, content)
        return page_of(self.pdf, content, names, self.stock.paper)

    def _form(self, face: SetFace) -> int:
        """Return the number of a face's form, which is written once however often it is drawn."""
        key = id(face)
        if key not in self._forms:
            self._forms[key] = form_of(self.common, face)
        return self._forms[key]

    def _placed(self, name: bytes, placement: Placement, side: Side) -> bytes:
        face = self.faces[placement.page]
        matrix = _matrix(self.stock, placement)
        if not face.bleed:
            return b"q %s cm /%s Do Q" % (matrix, name)
        # Bleed ends half way to the neighbour: the one that is drawn last must not cover the other.
        left, top, right, bottom = (
            min(face.bleed, gap * POINTS_PER_MM)
            for gap in room(self.stock, placement, side.placements)
        )
        if placement.turned:
            left, top, right, bottom = right, bottom, left, top
        box = (-left, -bottom, face.width + left + right, face.height + top + bottom)
        return b"q %s cm %.3f %.3f %.3f %.3f re W n /%s Do Q" % (matrix, *box, name)

    def _marks(self, side: Side) -> bytes:
        drawn = [b"q %g w %g G 0 J" % (_MARK_WIDTH, _MARK_GREY)]
        drawn += map(self._line, lines(self.stock, side, self.layout.marks, self.layout.ruler))
        if self.layout.corners and self.layout.marks != "none":
            drawn += map(self._arc, arcs(self.stock, side))
        if self.layout.ruler and not side.back:
            drawn += map(self._line, ruler(self.stock))
        dashed = [*map(self._line, folds(self.stock, side))]
        if dashed:
            drawn += [b"[4 3] 0 d", *dashed]
        return b"\n".join([*drawn, b"Q"])

    def _line(self, line: Line) -> bytes:
        height = self.stock.paper.height
        points = (line.x1, height - line.y1, line.x2, height - line.y2)
        return b"%.3f %.3f m %.3f %.3f l S" % tuple(each * POINTS_PER_MM for each in points)

    def _arc(self, arc: Arc) -> bytes:
        height = self.stock.paper.height
        points: Iterable[float] = (
            value
            for x, y in arc.points
            for value in (x * POINTS_PER_MM, (height - y) * POINTS_PER_MM)
        )
        return b"%.3f %.3f m %.3f %.3f %.3f %.3f %.3f %.3f c S" % tuple(points)

    def _prefer(self) -> None:
        """Ask the viewer to print as it is: no scaling, the right edge, paper by the page's size."""
        sides = EDGES.get(self.layout.duplex, "/Simplex")
        self.pdf.catalog["ViewerPreferences"] = pydyf.Dictionary(
            {
                "PrintScaling": "/None",
                "Duplex": sides,
                "PickTrayByPDFSize": "true",
                "DisplayDocTitle": "true",
                "NumCopies": 1,
                "Enforce": pydyf.Array(["/PrintScaling"]),
            }
        )


def _matrix(stock: Stock, placement: Placement) -> bytes:
    """Return the matrix that puts a face, whose origin is its bottom left, in its place."""
    left = placement.left * POINTS_PER_MM
    bottom = (stock.paper.height - placement.top - stock.card[1]) * POINTS_PER_MM
    if not placement.turned:
        return b"1 0 0 1 %.3f %.3f" % (left, bottom)
    right = left + stock.card[0] * POINTS_PER_MM
    top = bottom + stock.card[1] * POINTS_PER_MM
    return b"-1 0 0 -1 %.3f %.3f" % (right, top)


def spots(stock: Stock, side: Side) -> list[Spot]:
    """Return where the faces of a side belong, for the proof of the finished sheets."""
    height, (wide, tall) = stock.paper.height, stock.card
    found = []
    for placement in side.placements:
        x = placement.left + (wide if placement.turned else 0)
        y = height - placement.top - (0 if placement.turned else tall)
        spot = Spot(x * POINTS_PER_MM, y * POINTS_PER_MM, placement.turned, placement.page)
        found.append(spot)
    return found


def _moved(registration: Registration, stock: Stock, turned: bool) -> bytes:
    """Return the matrix of a back side: turned and scaled about the sheet's middle, then moved.

    PDF's y grows upwards and a positive rotation turns left, the user's grows downwards and turns
    right. Where the faces are turned, right and down are so too: one looks at them upright.
    """
    sign = -1 if turned else 1
    angle = radians(-registration.rotation)
    scale = registration.scale / 100
    a, b = scale * cos(angle), scale * sin(angle)
    x = stock.paper.width / 2 * POINTS_PER_MM
    y = stock.paper.height / 2 * POINTS_PER_MM
    right = sign * registration.right * POINTS_PER_MM
    up = -sign * registration.down * POINTS_PER_MM
    return b"%.6f %.6f %.6f %.6f %.3f %.3f" % (
        a, b, -b, a, x - a * x + b * y + right, y - b * x - a * y + up,
    )  # fmt: skip
