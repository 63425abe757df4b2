"""The anchors in a document at which copies carry more than their line: a box, and lines for a name."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from typing import Any

from guide.copies.places import FRAME
from guide.model.copies import StampPlace
from guide.model.pageview import Matrix, PageView
from guide.units import POINTS_PER_MM

_NAME_LINE = re.compile(r"name-line(-\d+)?")
_SHORTEST = 20.0  # mm: no name is set on a shorter line


def spot_of(pdf: Any, name: str) -> tuple[tuple[int, int], float, float] | None:
    """Return where an anchor is: its page's number and generation, x and y; None if nowhere."""
    import pikepdf

    with contextlib.suppress(
        pikepdf.PdfError, KeyError, TypeError, AttributeError, ValueError, IndexError
    ):
        found: Any = pikepdf.NameTree(pdf.Root.Names.Dests).get(name)
        target: Any = found.get("/D") if isinstance(found, pikepdf.Dictionary) else found
        if str(target[1]) == "/XYZ":
            return target[0].objgen, float(target[2]), float(target[3])
    return None


def box(
    pdf: Any, pages: Sequence[Any], views: Sequence[PageView], place: StampPlace
) -> tuple[int, Matrix] | None:
    """Return the page of the cover's box, and the matrix of its face, if the document has one."""
    found = spot_of(pdf, place.anchor) if place.anchor else None
    numbers = {page.objgen: n for n, page in enumerate(pages)}
    if found is None or found[0] not in numbers:
        return None
    number = numbers[found[0]]
    if views[number].inward[:4] != (1, 0, 0, 1):
        return None  # our own pages are never turned
    high = place.box[1] + FRAME
    x, y = found[1] - FRAME * POINTS_PER_MM, found[2] - high * POINTS_PER_MM
    return number, (1, 0, 0, 1, x, y)


def name_lines(
    pdf: Any, pages: Sequence[Any], views: Sequence[PageView]
) -> list[tuple[int, float, Matrix]]:
    """Return the lines to write a name on: page, width in mm, and the matrix of the name's face.

    A template gives each two anchors: `name-line`, `name-line-2` ... where the line begins, and
    the same with `-end` where it ends.
    """
    import pikepdf

    numbers = {page.objgen: n for n, page in enumerate(pages)}
    names: list[str] = []
    with contextlib.suppress(KeyError, TypeError, AttributeError, ValueError):
        every = pikepdf.NameTree(pdf.Root.Names.Dests).keys()
        names = sorted(name for name in every if _NAME_LINE.fullmatch(name))
    found = []
    for name in names:
        begin, end = spot_of(pdf, name), spot_of(pdf, f"{name}-end")
        if begin is None or end is None or begin[0] != end[0] or begin[0] not in numbers:
            continue
        number, width = numbers[begin[0]], (end[1] - begin[1]) / POINTS_PER_MM
        if width < _SHORTEST or views[number].inward[:4] != (1, 0, 0, 1):
            continue
        x, y = begin[1] - FRAME * POINTS_PER_MM, end[2] - FRAME * POINTS_PER_MM
        found.append((number, width, (1.0, 0.0, 0.0, 1.0, x, y)))
    return found
