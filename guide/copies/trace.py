"""The invisible copy id: where it stands in a copy, and how it is found again.

It is in the trailer's ID, the information dictionary and XMP; each page has it in a dictionary of its
own (PieceInfo), in the name of the stamp's form and in a marked-content point. Programs that write
pages anew (Ghostscript, Cairo) keep none of these but what is painted: so there are also 34 white
hairlines behind the page's content, whose lengths are the digits.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

PIECE = "/GuidePress"  # the name of our PieceInfo
KEYS = ("/GuideCopy", "/GuideNumber", "/GuideTotal", "/GuideVersion")
_HEX = re.compile(r"[0-9a-f]{32}")
_NAMED = re.compile(rb"/GuideCopy ?/c([0-9a-f]{32})")
_PITCH, _UNIT, _THIN = 1.2, 0.5, 0.15  # pt: from bar to bar, a digit's step, a bar's width
_FIRST, _LAST = 24, 20  # units: the bars that stand before and after the digits
MARK_SIZE = (33 * _PITCH + _THIN, _FIRST * _UNIT)  # pt


def is_id(text: str) -> bool:
    """Tell whether text is a copy id."""
    return bool(_HEX.fullmatch(text))


def bars(copy_id: str) -> bytes:
    """Return the drawing of a copy id: white bars from the origin."""
    units = [_FIRST, *(int(digit, 16) + 1 for digit in copy_id), _LAST]
    drawn = [
        b"%.2f 0 %.2f %.2f re" % (n * _PITCH, _THIN, unit * _UNIT) for n, unit in enumerate(units)
    ]
    return b"q 1 g\n" + b"\n".join(drawn) + b"\nf Q"


def unprotected_id(data: bytes) -> str:
    """Return the copy id that a file shows without being opened, even when it is encrypted; or ''."""
    found = Counter(_NAMED.findall(data))
    return found.most_common(1)[0][0].decode() if found else ""


def ids_of_page(page: Any) -> Iterator[str]:
    """Yield the copy ids that a page (a pikepdf page) carries, the surest first."""
    own = page.obj.get("/PieceInfo")
    try:
        private = own[PIECE]["/Private"] if own is not None else {}
        yield from _valid(private.get("/GuideCopy", ""))
    except (KeyError, TypeError, ValueError, AttributeError):
        pass
    yield from _in_forms(page.obj.get("/Resources"), 0)
    yield from _valid(read_bars(page))


def _valid(value: Any) -> Iterator[str]:
    text = str(value).lower().removeprefix("/c")
    if is_id(text):
        yield text


def _in_forms(resources: Any, depth: int) -> Iterator[str]:
    try:
        forms = list(resources["/XObject"].values())
    except (KeyError, TypeError, AttributeError, ValueError):
        return
    for form in forms:
        try:
            yield from _valid(form.get("/GuideCopy", ""))
            if depth < 3 and form.get("/Subtype") == "/Form":
                yield from _in_forms(form.get("/Resources"), depth + 1)
        except (TypeError, AttributeError, ValueError):
            continue


Box = tuple[float, float, float, float]


def read_bars(page: Any) -> str:
    """Return the copy id that is painted on a page, however it is turned and scaled, or ''."""
    thin = [box for box in _Painted(page).boxes() if _ratio(box) > 2]
    for upright in (True, False):
        lines = [_line(box, upright) for box in thin]
        for sign in (1, -1):
            # The bars stand on one line: at their lower or left ends, or, turned over, at the others.
            feet: dict[float, list[tuple[float, float]]] = {}
            for place, _, length, foot in lines:
                end = foot if sign > 0 else foot + length
                feet.setdefault(round(end), []).append((place, length))
                feet.setdefault(round(end + 0.5), []).append((place, length))
            for group in feet.values():
                if len(group) >= 34 and (found := _digits(sorted(set(group)))):
                    return found
    return ""


def _ratio(box: Box) -> float:
    width, height = box[2] - box[0], box[3] - box[1]
    return max(width, height) / max(min(width, height), 1e-6)


def _line(box: Box, upright: bool) -> tuple[float, float, float, float]:
    """Return a bar's place in the row, its width, its length and its foot."""
    x0, y0, x1, y1 = box
    return (x0, x1 - x0, y1 - y0, y0) if upright else (y0, y1 - y0, x1 - x0, x0)


def _digits(bars_found: list[tuple[float, float]]) -> str:
    """Return what a row of bars says; there may be other lines among them."""
    for start in range(len(bars_found) - 33):
        row = bars_found[start : start + 34]
        for each in (row, row[::-1]):
            first, last = each[0][1], each[-1][1]
            if not math.isclose(first / max(last, 1e-6), _FIRST / _LAST, rel_tol=0.04):
                continue
            pitch = abs(each[-1][0] - each[0][0]) / 33
            if any(
                abs(abs(b[0] - each[0][0]) - n * pitch) > 0.3 * pitch for n, b in enumerate(each)
            ):
                continue
            units = [length / first * _FIRST for _, length in each[1:-1]]
            if all(abs(u - round(u)) < 0.4 and 1 <= round(u) <= 16 for u in units):
                return "".join(f"{round(u) - 1:x}" for u in units)
    return ""


_LIMIT = 200_000  # instructions of a page that are looked at


class _Painted:
    """The rectangles that a page paints."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.left = _LIMIT

    def boxes(self) -> list[Box]:
        import pikepdf

        found: list[Box] = []
        try:
            self._run(self.page.obj, self.page.obj.get("/Resources"), (1, 0, 0, 1, 0, 0), found, 0)
        except (pikepdf.PdfError, TypeError, ValueError, KeyError, AttributeError, RuntimeError):
            return found  # a page that cannot be read to its end may still have said enough
        return found

    def _run(self, content: Any, resources: Any, matrix: Any, found: list[Box], depth: int) -> None:
        import pikepdf

        stack: list[Any] = []
        points: list[tuple[float, float]] = []
        path: list[Box] = []

        def close() -> None:
            if len(points) >= 4:
                path.append(_bounds(points))
            points.clear()

        instructions: Any = pikepdf.parse_content_stream(content)
        for operands, operator in instructions:
            self.left -= 1
            if self.left < 0:
                return
            name = str(operator)
            if name == "q":
                stack.append(matrix)
            elif name == "Q":
                matrix = stack.pop() if stack else matrix
            elif name == "cm":
                matrix = _times([float(n) for n in operands], matrix)
            elif name == "re":
                x, y, w, h = (float(n) for n in operands)
                corners = [(x, y), (x + w, y), (x + w, y + h), (x, y + h)]
                path.append(_bounds([_apply(matrix, p) for p in corners]))
            elif name in {"m", "l"}:
                if name == "m":
                    close()
                points.append(_apply(matrix, (float(operands[0]), float(operands[1]))))
            elif name == "h":
                close()
            elif name in {"f", "F", "f*", "B", "B*", "b", "b*", "S", "s", "n"}:
                close()
                if name not in {"n", "S", "s"}:
                    found += path
                path = []
            elif name == "Do" and depth < 4:
                form = resources["/XObject"].get(str(operands[0]))
                if form is None or form.get("/Subtype") != "/Form":
                    continue
                inner = _times([float(n) for n in form.get("/Matrix", (1, 0, 0, 1, 0, 0))], matrix)
                self._run(form, form.get("/Resources", resources), inner, found, depth + 1)


def _times(a: Any, b: Any) -> tuple[float, ...]:
    return (
        a[0] * b[0] + a[1] * b[2], a[0] * b[1] + a[1] * b[3],
        a[2] * b[0] + a[3] * b[2], a[2] * b[1] + a[3] * b[3],
        a[4] * b[0] + a[5] * b[2] + b[4], a[4] * b[1] + a[5] * b[3] + b[5],
    )  # fmt: skip


def _apply(m: Any, point: tuple[float, float]) -> tuple[float, float]:
    x, y = point
    return m[0] * x + m[2] * y + m[4], m[1] * x + m[3] * y + m[5]


def _bounds(points: list[tuple[float, float]]) -> Box:
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    return min(xs), min(ys), max(xs), max(ys)
