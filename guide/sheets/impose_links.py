"""Links and bookmarks of imposed pages: read from the PDF, and added to its sheets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, NameTree, OutlineItem, Pdf

from guide.model.pageview import Matrix, apply

Target = tuple[int, float | None, float | None]
"""A page, from 0, and a point on it in pt; None for the left or top edge."""


@dataclass(frozen=True)
class Targets:
    """What a destination in a PDF may name."""

    source: Pdf

    @cached_property
    def numbers(self) -> dict[tuple[int, ...], int]:
        """The pages, from 0, by their object numbers."""
        return {tuple(page.obj.objgen): n for n, page in enumerate(self.source.pages)}

    @cached_property
    def named(self) -> dict[str, Any]:
        """The named destinations."""
        named: dict[str, Any] = {}
        root = self.source.Root
        try:
            if "/Names" in root and "/Dests" in root.Names:
                named |= {str(key): value for key, value in NameTree(root.Names.Dests).items()}
            if "/Dests" in root:
                named |= {key.lstrip("/"): value for key, value in root.Dests.items()}
        except (pikepdf.PdfError, ValueError, TypeError, RuntimeError, AttributeError):
            pass  # links that name what is not there lead nowhere
        return named


@dataclass(frozen=True)
class Placed:
    """Where pages are: `spots` has the side and matrix of each, `boxes` its view box in pt."""

    spots: dict[int, tuple[int, Matrix]] = field(default_factory=dict)
    boxes: dict[int, tuple[float, float, float, float]] = field(default_factory=dict)
    sides: list[Any] = field(default_factory=list)


def links_of(page: Any, targets: Targets) -> Iterator[tuple[list[float], Any]]:
    """Yield the rectangle of each link of a page, and where it leads: an address or a place."""
    annotations = page.get("/Annots")
    for each in annotations if isinstance(annotations, Array) else ():
        try:
            if not isinstance(each, Dictionary) or each.get("/Subtype") != "/Link":
                continue
            rectangle = [float(value) for value in each["/Rect"]]
            action = each.get("/A")
            if isinstance(action, Dictionary) and action.get("/S") == "/URI":
                yield rectangle, bytes(action["/URI"])
                continue
            target = each.get("/Dest")
            if target is None and isinstance(action, Dictionary) and action.get("/S") == "/GoTo":
                target = action.get("/D")
            place = _target(target, targets)
            if place is not None:
                yield rectangle, place
        except (pikepdf.PdfError, ValueError, TypeError, KeyError):
            continue  # a link that no viewer could follow either


def _target(target: Any, targets: Targets) -> Target | None:
    """Return the page and point (pt) that a destination names, None when it names none."""
    if isinstance(target, pikepdf.String | Name | str):
        target = targets.named.get(str(target).lstrip("/"))
    if isinstance(target, Dictionary):
        target = target.get("/D")
    if not isinstance(target, Array) or not len(target):
        return None
    page = target[0]
    index = (
        page if isinstance(page, int) else targets.numbers.get(tuple(getattr(page, "objgen", ())))
    )
    if index is None or not 0 <= index < len(targets.numbers):
        return None
    numbers = [_number(value) for value in list(target)[2:]]
    fit = str(target[1]) if len(target) > 1 else "/Fit"
    if fit == "/XYZ":
        left, top = (*numbers, None, None)[:2]
        return index, left, top
    return (index, None, numbers[0]) if fit == "/FitH" and numbers else (index, None, None)


def add_links(
    out: Pdf, index: int, links: Iterable[tuple[list[float], Target | bytes]], placed: Placed
) -> None:
    """Add the links of a page to the sheet that it was drawn on first."""
    if index not in placed.spots:
        return
    number, matrix = placed.spots[index]
    made = []
    for rectangle, target in links:
        points = [apply(matrix, x, y) for x in rectangle[::2] for y in rectangle[1::2]]
        box = [min(p[0] for p in points), min(p[1] for p in points),
               max(p[0] for p in points), max(p[1] for p in points)]  # fmt: skip
        link = Dictionary(
            Type=Name.Annot, Subtype=Name.Link, Rect=Array([round(v, 3) for v in box]),
            Border=Array([0, 0, 0]), F=4,
        )  # fmt: skip
        if isinstance(target, bytes):
            link.A = Dictionary(S=Name.URI, URI=pikepdf.String(target))
        elif place := _place(target, placed):
            link.Dest = place
        else:
            continue
        made.append(out.make_indirect(link))
    if made:
        page = placed.sides[number]
        page.Annots = Array([*page.get("/Annots", []), *made])


def _place(target: Target, placed: Placed) -> Array | None:
    index, left, top = target
    if index not in placed.spots:
        return None
    number, matrix = placed.spots[index]
    box = placed.boxes[index]
    x, y = apply(matrix, box[0] if left is None else left, box[3] if top is None else top)
    return Array([placed.sides[number], Name.XYZ, round(x, 3), round(y, 3), 0])


def add_bookmarks(out: Pdf, source: Pdf, targets: Targets, placed: Placed) -> None:
    """Give the sheets the bookmarks of the pages; those of pages that are omitted go."""
    try:
        with source.open_outline() as old:
            kept = list(_outline(old.root, targets, placed))
    except (pikepdf.PdfError, ValueError, TypeError, RuntimeError, RecursionError,
            AttributeError, KeyError):  # fmt: skip
        return  # bookmarks that cannot be read
    if kept:
        with out.open_outline() as new:
            new.root.extend(kept)


def _outline(
    items: Sequence[OutlineItem], targets: Targets, placed: Placed
) -> Iterator[OutlineItem]:
    for item in items:
        target: Any = item.destination
        if target is None and isinstance(item.action, Dictionary):
            target = item.action.get("/D")
        found = _target(target, targets)
        place = _place(found, placed) if found else None
        children = list(_outline(item.children, targets, placed))
        if place is None:
            yield from children
            continue
        made = OutlineItem(item.title, place)
        made.children.extend(children)
        made.is_closed = item.is_closed
        yield made


def _number(value: object) -> float | None:
    try:
        return float(str(value))
    except ValueError:
        return None  # null: as it was
