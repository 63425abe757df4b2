"""The invisible copy id: where it is in a copy, and how it is found again.

It is in the trailer's ID, the information dictionary and XMP; each page has it in a dictionary of its
own (PieceInfo), in the name of the stamp's form and in a marked-content point. Programs that write
pages anew (Ghostscript, Cairo) keep none of these but what is painted: so there are also 34 white
hairlines behind the page's content, whose lengths are the digits.
"""

from __future__ import annotations

import contextlib
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from guide.foreign.forms import unread_filter
from guide.model.pageview import Matrix, apply, bounds, inherited, moved, times

PIECE = "/GuidePress"  # the name of our PieceInfo
_HEX = re.compile(r"[0-9a-f]{32}")
_NAMED = re.compile(rb"/GuideCopy ?/c([0-9a-f]{32})")
_PITCH, _UNIT, _THIN = 1.2, 0.5, 0.15  # pt: from bar to bar, a digit's step, a bar's width
_FIRST, _LAST = 24, 20  # units: the bars that are before and after the digits
Box = tuple[float, float, float, float]
MARK_SIZE = (33 * _PITCH + _THIN, _FIRST * _UNIT)  # pt


def is_id(text: str) -> bool:
    """Return whether text is a copy id."""
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
    """Yield the copy ids that a page (a pikepdf page) names, the surest first."""
    own = page.obj.get("/PieceInfo")
    try:
        private = own[PIECE]["/Private"] if own is not None else {}
        yield from _valid(private.get("/GuideCopy", ""))
    except (KeyError, TypeError, ValueError, AttributeError):
        pass
    yield from _in_forms(inherited(page.obj, "/Resources"), 0, set())


def _valid(value: Any) -> Iterator[str]:
    text = str(value)[:40].lower().removeprefix("/c")
    if is_id(text):
        yield text


def _in_forms(resources: Any, depth: int, known: set[tuple[int, int]]) -> Iterator[str]:
    try:
        forms = list(resources["/XObject"].values())
    except (KeyError, TypeError, AttributeError, ValueError):
        return
    for form in forms:
        try:
            if form.objgen in known or len(known) > _MOST_FORMS:
                continue
            known.add(form.objgen)
            yield from _valid(form.get("/GuideCopy", ""))
            if depth < 3 and form.get("/Subtype") == "/Form":
                yield from _in_forms(form.get("/Resources"), depth + 1, known)
        except (TypeError, AttributeError, ValueError):
            continue


class Search:
    """Looks for what is painted on the pages of one file, as far as one may look for it.

    Each page and each form it draws is read to `_BYTES`: the bars are behind everything else. All
    pages together have `_LIMIT` instructions; `exhausted` is True once they are used up.
    """

    def __init__(self) -> None:
        self.left = _LIMIT

    @property
    def exhausted(self) -> bool:
        """Return True if nothing more is looked at."""
        return self.left < 0

    def painted_id(self, page: Any) -> str:
        """Return the copy id that is painted on a page, however it is turned and scaled, or ''."""
        return _bars_in([box for box in _Painted(self, page).boxes() if _ratio(box) > 2])


def _bars_in(thin: list[Box]) -> str:
    for upright in (True, False):
        lines = [_line(box, upright) for box in thin]
        for sign in (1, -1):
            # The bars are on one line: at their lower or left ends, or, turned over, at the others.
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


_LIMIT = 400_000  # instructions of a file that are looked at
_BYTES = 500_000  # bytes of a page's content, and of a form's, that are looked at
_MOST_FORMS = 2_000  # of one page
_MOST_BOXES = 5_000  # thin rectangles of one page that may be bars
_OPERATORS = "q Q cm re m l h f F f* B B* b b* S s n Do"


class _Painted:
    """The rectangles that a page paints."""

    def __init__(self, search: Search, page: Any) -> None:
        self.search, self.page = search, page
        self.under_way: set[tuple[int, int]] = set()

    def boxes(self) -> list[Box]:
        import pikepdf

        found: list[Box] = []
        self.scratch = pikepdf.new()  # a stream is gone when its file is
        contents = self.page.obj.get("/Contents")
        streams = list(contents) if isinstance(contents, pikepdf.Array) else [contents]
        resources = inherited(self.page.obj, "/Resources")
        # A page that cannot be read to its end may still have said enough.
        with contextlib.suppress(
            pikepdf.PdfError, TypeError, ValueError, KeyError, AttributeError, RuntimeError,
            ArithmeticError, IndexError,
        ):  # fmt: skip
            self._run(self._start_of(streams), resources, (1, 0, 0, 1, 0, 0), found, 0)
        return found

    def _start_of(self, streams: Iterable[Any]) -> bytes:
        data = b""
        for stream in streams:
            if len(data) < _BYTES and not unread_filter(stream):
                data += b"\n" + stream.read_bytes()[: _BYTES - len(data)]
        return data

    def _run(
        self, content: bytes, resources: Any, matrix: Matrix, found: list[Box], depth: int
    ) -> None:
        import pikepdf

        stack: list[Matrix] = []
        points: list[tuple[float, float]] = []
        path: list[Box] = []

        def close() -> None:
            if len(points) >= 4:
                path.append(bounds(points))
            points.clear()

        read: Any = pikepdf.parse_content_stream(pikepdf.Stream(self.scratch, content), _OPERATORS)
        for operands, operator in read:
            self.search.left -= 1
            if self.search.left < 0 or len(found) > _MOST_BOXES:
                return
            name = str(operator)
            if len(operands) < _OPERANDS.get(name, 0):
                continue  # malformed: viewers leave it out as well
            if name == "q":
                stack.append(matrix)
            elif name == "Q":
                matrix = stack.pop() if stack else matrix
            elif name == "cm":
                matrix = times(_matrix(operands), matrix)
            elif name == "re":
                x, y, w, h = (float(n) for n in list(operands)[:4])
                path.append(moved((x, y, x + w, y + h), matrix))
            elif name in {"m", "l"}:
                if name == "m":
                    close()
                points.append(apply(matrix, float(operands[0]), float(operands[1])))
            elif name == "h":
                close()
            elif name == "Do":
                self._draw(resources, str(operands[0]), matrix, found, depth)
            else:
                close()
                if name not in {"n", "S", "s"}:
                    found += path
                path = []

    def _draw(
        self, resources: Any, name: str, matrix: Matrix, found: list[Box], depth: int
    ) -> None:
        """Run a form, unless it draws itself."""
        form = resources["/XObject"].get(name)
        if depth >= 4 or form is None or form.get("/Subtype") != "/Form":
            return
        if form.objgen in self.under_way:
            return
        self.search.left -= 100  # unpacking a form takes time, even an empty one
        self.under_way.add(form.objgen)
        inner = times(_matrix(form.get("/Matrix", (1, 0, 0, 1, 0, 0))), matrix)
        content = self._start_of([form])
        self._run(content, form.get("/Resources", resources), inner, found, depth + 1)
        self.under_way.discard(form.objgen)


_OPERANDS = {"cm": 6, "re": 4, "m": 2, "l": 2, "Do": 1}


def _matrix(numbers: Any) -> Matrix:
    a, b, c, d, e, f = (float(n) for n in list(numbers)[:6])
    return a, b, c, d, e, f
