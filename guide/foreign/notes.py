"""Appearances for annotations that have none: highlights, lines, ink, shapes (ISO 32000-2, 12.5.6).

Viewers draw them from their entries; a PDF library that flattens a page drops them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name

from guide.model.pageview import ordered

Point = tuple[float, float]
_KAPPA = 0.5523  # of the radius: the handles of a quarter circle


def drawing_of(note: Any) -> bytes | None:
    """Return what draws an annotation in user space; None for kinds that nothing here can draw."""
    draw = _KINDS.get(str(note.get("/Subtype")))
    if draw is None:
        return None
    try:
        return draw(note)
    except (TypeError, ValueError, IndexError, ArithmeticError, pikepdf.PdfError):
        return None


def give_appearance(pdf: pikepdf.Pdf, note: Any, drawn: bytes) -> None:
    """Let an annotation show `drawn`, in the colours and the transparency that it asks for."""
    left, bottom, right, top = ordered(note["/Rect"])
    slack = 2 * _width(note) + 12  # ends of lines reach beyond what many programs write
    box = [left - slack, bottom - slack, right + slack, top + slack]
    form = pikepdf.Stream(pdf, b"/G gs " + drawn)
    opacity = _number(note.get("/CA"), 1.0)
    state = Dictionary(Type=Name.ExtGState, CA=opacity, ca=opacity)
    if str(note.get("/Subtype")) == "/Highlight":
        state.BM = Name.Multiply
    form.Type, form.Subtype, form.BBox = Name.XObject, Name.Form, Array(box)
    form.Resources = Dictionary(ExtGState=Dictionary(G=state))
    note.AP = Dictionary(N=pdf.make_indirect(form))
    note.Rect = Array(box)


def colour(value: Any, stroke: bool) -> bytes:
    """Return the operator that chooses a colour; nothing for one that is transparent."""
    parts = [float(each) for each in value] if value is not None else []
    word = {1: b"g", 3: b"rg", 4: b"k"}.get(len(parts))
    if word is None:
        return b""
    numbers = b" ".join(b"%.4f" % part for part in parts)
    return b"%s %s " % (numbers, word.upper() if stroke else word)


def stroke_of(note: Any) -> bytes:
    """Return width and dashes of a line, '' for a border that is not drawn."""
    width = _width(note)
    if width <= 0:
        return b""
    style = note.get("/BS")
    dashes = b""
    if isinstance(style, Dictionary) and style.get("/S") == "/D":
        lengths = [float(each) for each in style.get("/D", [3])]
        dashes = b"[%s] 0 d " % b" ".join(b"%.2f" % each for each in lengths)
    return b"%.3f w %s" % (width, dashes)


def text_colour(appearance: str) -> list[float]:
    """Return the colour of a default appearance (`DA`): grey, RGB or CMYK, from 0 to 1; black without."""
    found = re.search(r"((?:[\d.]+\s+){1,4})(?:g|rg|k)\b", appearance)
    return [float(each) for each in found[1].split()] if found else [0.0]


def text_box(note: Any) -> tuple[bytes, float]:
    """Return what draws the box of a free text that has no appearance, and its border's width in points.

    The background is `C`. A border is drawn unless its width is 0 (ISO 32000-2, table 166), in the
    colour of the text, as viewers do.
    """
    left, bottom, right, top = ordered(note["/Rect"])
    width, height, edge = right - left, top - bottom, max(0.0, _width(note))
    drawn = colour(note.get("/C"), False)
    if drawn:
        drawn += b"0 0 %.2f %.2f re f " % (width, height)
    edge = min(edge, width, height)
    if edge:
        shade = colour(text_colour(str(note.get("/DA", ""))), True)
        box = (edge / 2, edge / 2, width - edge, height - edge)
        drawn += b"%s%s%.2f %.2f %.2f %.2f re S " % (shade, stroke_of(note), *box)
    return drawn, edge


def _width(note: Any) -> float:
    style, border = note.get("/BS"), note.get("/Border")
    if isinstance(style, Dictionary) and "/W" in style:
        return _number(style.W, 1.0)
    if isinstance(border, Array) and len(border) >= 3:
        return _number(border[2], 1.0)
    return 1.0


def _number(value: Any, otherwise: float) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return otherwise


def _points(value: Any) -> list[Point]:
    numbers = [float(each) for each in value]
    return list(zip(numbers[::2], numbers[1::2], strict=False))


def _quads(note: Any) -> list[tuple[Point, Point, Point, Point]]:
    """Return upper left, upper right, lower left and lower right of each marked piece of text."""
    points = _points(note.get("/QuadPoints", []))
    if len(points) < 4:
        left, bottom, right, top = ordered(note["/Rect"])
        points = [(left, top), (right, top), (left, bottom), (right, bottom)]
    return list(zip(points[::4], points[1::4], points[2::4], points[3::4], strict=False))


def _path(points: Sequence[Point], closed: bool = False) -> bytes:
    words = [b"%.3f %.3f %s" % (x, y, b"l" if n else b"m") for n, (x, y) in enumerate(points)]
    return b" ".join(words) + (b" h " if closed else b" ")


def _highlight(note: Any) -> bytes:
    drawn = colour(note.get("/C"), False) or b"1 1 0 rg "
    for a, b, c, d in _quads(note):
        drawn += _path([a, b, d, c], True) + b"f "
    return drawn


def _lined(height: float, wave: bool = False) -> Callable[[Any], bytes]:
    """Return what draws a line through marked text, at a share of its height."""

    def draw(note: Any) -> bytes:
        drawn = colour(note.get("/C"), True) or b"0 G "
        for a, b, c, d in _quads(note):
            tall = math.dist(a, c)
            start = (c[0] + (a[0] - c[0]) * height, c[1] + (a[1] - c[1]) * height)
            end = (d[0] + (b[0] - d[0]) * height, d[1] + (b[1] - d[1]) * height)
            points = [start, end]
            if wave:
                steps = max(2, int(math.dist(start, end) / 2))
                points = [
                    (start[0] + (end[0] - start[0]) * n / steps,
                     start[1] + (end[1] - start[1]) * n / steps + (n % 2))
                    for n in range(steps + 1)
                ]  # fmt: skip
            drawn += b"%.3f w " % max(0.5, tall / 16) + _path(points) + b"S "
        return drawn

    return draw


def _ink(note: Any) -> bytes:
    drawn = (colour(note.get("/C"), True) or b"0 G ") + stroke_of(note) + b"1 J 1 j "
    for line in note.get("/InkList", []):
        drawn += _path(_points(line)) + b"S "
    return drawn


def _polyline(note: Any, key: str = "/Vertices") -> bytes:
    points = _points(note[key])
    return _stroked(note, _path(points), False) + _ends(note, points)


def _stroked(note: Any, path: bytes, filled: bool) -> bytes:
    inside = colour(note.get("/IC"), False) if filled else b""
    width = stroke_of(note)
    line = (
        (colour(note.get("/C"), True) or (b"" if filled and inside else b"0 G ")) if width else b""
    )
    paint = b"B " if inside and line else b"f " if inside else b"S " if line else b"n "
    return inside + line + width + path + paint


def _ends(note: Any, points: Sequence[Point]) -> bytes:
    """Return arrows at the ends of a line (LE); other ends are drawn as a dot."""
    ends = [str(each) for each in note.get("/LE", [])]
    if len(points) < 2 or len(ends) != 2:
        return b""
    drawn = colour(note.get("/C"), True) + stroke_of(note)
    size = 3 + 3 * _width(note)
    for kind, tip, before in ((ends[0], points[0], points[1]), (ends[1], points[-1], points[-2])):
        if kind == "/None":
            continue
        angle = math.atan2(before[1] - tip[1], before[0] - tip[0])
        wings = [(tip[0] + size * math.cos(angle + turn), tip[1] + size * math.sin(angle + turn))
                 for turn in (0.5, -0.5)]  # fmt: skip
        closed = kind not in {"/OpenArrow", "/ROpenArrow", "/Slash", "/Butt"}
        drawn += _path([wings[0], tip, wings[1]], closed) + b"S "
    return drawn


def _inner(note: Any) -> tuple[float, float, float, float]:
    left, bottom, right, top = ordered(note["/Rect"])
    inset = [float(each) for each in note.get("/RD", [0, 0, 0, 0])]
    half = _width(note) / 2
    left, bottom = left + inset[0] + half, bottom + inset[1] + half
    return left, bottom, right - inset[2] - half, top - inset[3] - half


def _square(note: Any) -> bytes:
    left, bottom, right, top = _inner(note)
    path = b"%.3f %.3f %.3f %.3f re " % (left, bottom, right - left, top - bottom)
    return _stroked(note, path, True)


def ellipse(left: float, bottom: float, right: float, top: float) -> bytes:
    """Return the path of an ellipse in a rectangle."""
    x, y = (left + right) / 2, (bottom + top) / 2
    a, b = (right - left) / 2, (top - bottom) / 2
    i, j = a * _KAPPA, b * _KAPPA
    curves = [
        (right, y + j, x + i, top, x, top), (x - i, top, left, y + j, left, y),
        (left, y - j, x - i, bottom, x, bottom), (x + i, bottom, right, y - j, right, y),
    ]  # fmt: skip
    drawn = b"".join(b"%.3f %.3f %.3f %.3f %.3f %.3f c " % each for each in curves)
    return b"%.3f %.3f m " % (right, y) + drawn + b"h "


_KINDS: dict[str, Callable[[Any], bytes]] = {
    "/Highlight": _highlight,
    "/Underline": _lined(0.06),
    "/StrikeOut": _lined(0.45),
    "/Squiggly": _lined(0.04, wave=True),
    "/Ink": _ink,
    "/Line": lambda note: _polyline(note, "/L"),
    "/PolyLine": _polyline,
    "/Polygon": lambda note: _stroked(note, _path(_points(note["/Vertices"]), True), True),
    "/Square": _square,
    "/Circle": lambda note: _stroked(note, ellipse(*_inner(note)), True),
}
