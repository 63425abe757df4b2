"""Faces that fit: each card in the largest type size at which neither side overflows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from guide.model.artifacts import Face, Fault, Html
from guide.pdf.inspect import centre, face_boxes, face_overflow, page_faults
from guide.units import PX_PER_MM

_FACES = "<!--faces-->"
Layout = Callable[[str], Any]
"""Markup to a laid-out WeasyPrint document."""


@dataclass
class Fitted:
    """The page of each face, in order, the type size in pt it is set in, and how far it is over.

    `over` is in mm, at that size; more than 0 only where even the smallest is too large.
    """

    pages: list[Any]
    sizes: list[float]
    over: list[float]
    document: Any
    faults: list[Fault] = field(default_factory=list)


def faces_markup(html: Html, chosen: Iterable[tuple[int, float]]) -> str:
    """Return the whole document with the chosen faces, each (index, size in pt), one a page."""
    sections = [
        f'<section class="face size-{size * 100:.0f}" data-face="{index}" '
        f'data-at="{html.faces[index].at}">{html.faces[index].markup}</section>'
        for index, size in chosen
    ]
    return html.markup.replace(_FACES, "\n".join(sections))


def size_classes(sizes: Iterable[float]) -> str:
    """Return a class for each type size: WeasyPrint shares styles by class, not by `style=`.

    A margin of the body would move the first face of a chunk and no other.
    """
    if not sizes:
        return ""
    alike = "html, body, .face { margin: 0 !important } html, body { padding: 0 !important }\n"
    named = (f".size-{size * 100:.0f} {{ font-size: {size:g}pt }}\n" for size in sizes)
    return alike + "".join(named)


@dataclass
class _Family:
    """The faces of one card, and the range of sizes that is still open."""

    indices: list[int]
    low: int = 0
    high: int = 0
    over: float = 0.0


def fit_faces(html: Html, layout: Layout) -> Fitted:
    """Lay out every face at the largest size, and again, smaller, only those that overflow.

    The smallest size that is tried is the stock's last; what overflows there is a fault.
    """
    sizes = html.sizes or (10.0,)
    fitting = _Fitting(html, layout, sizes)
    document = fitting.lay_out([(index, 0) for index in range(len(html.faces))])
    families = [family for family in _families(html.faces) if fitting.worst(family.indices, 0)]
    for family in families:
        family.low, family.high = min(1, len(sizes) - 1), len(sizes) - 1
    while open_ones := [family for family in families if family.low < family.high]:
        middle = [(family, (family.low + family.high) // 2) for family in open_ones]
        fitting.lay_out([(index, step) for family, step in middle for index in family.indices])
        for family, step in middle:
            if fitting.worst(family.indices, step):
                family.low = step + 1
            else:
                family.high = step
    left = [(i, f.low) for f in families for i in f.indices if (i, f.low) not in fitting.pages]
    if left:
        fitting.lay_out(left)
    return fitting.result(families, document)


def _families(faces: tuple[Face, ...]) -> list[_Family]:
    found: dict[str, _Family] = {}
    for index, face in enumerate(faces):
        found.setdefault(face.family, _Family([])).indices.append(index)
    return list(found.values())


@dataclass
class _Fitting:
    html: Html
    layout: Layout
    sizes: tuple[float, ...]
    pages: dict[tuple[int, int], Any] = field(default_factory=dict)
    over: dict[tuple[int, int], float] = field(default_factory=dict)

    def lay_out(self, chosen: list[tuple[int, int]]) -> Any:
        """Lay out (index, step) pairs together, and measure each."""
        markup = faces_markup(self.html, [(index, self.sizes[step]) for index, step in chosen])
        document = self.layout(markup)
        steps, seen = dict(chosen), set[int]()
        for page in document.pages:
            found = face_boxes(page)
            index, key = found.index, (found.index, steps[found.index])
            if index in seen:  # the face ran on to a second page
                self.over[key] += _height(page)
                continue
            seen.add(index)
            self.pages[key] = page
            self.over[key] = face_overflow(page, found, self.safe)
            centre(found)
        return document

    @property
    def safe(self) -> float:
        """Margin in px that content must keep to the trim: half the stock's, for accents."""
        return 2.0 * PX_PER_MM

    def worst(self, indices: list[int], step: int) -> float:
        """Return the largest overflow in px among faces at a step."""
        return max(self.over[index, step] for index in indices)

    def result(self, families: list[_Family], document: Any) -> Fitted:
        steps = dict.fromkeys(range(len(self.html.faces)), 0)
        steps |= {index: family.low for family in families for index in family.indices}
        pages = [self.pages[index, step] for index, step in steps.items()]
        over = [self.over[index, step] / PX_PER_MM for index, step in steps.items()]
        faults = [f for family in families for f in self._faults(family)]
        faults += [f for f in page_faults(pages) if f.code == "low-resolution"]
        sizes = [self.sizes[step] for step in steps.values()]
        return Fitted(pages, sizes, over, document, faults)

    def _faults(self, family: _Family) -> list[Fault]:
        found = []
        for position, index in enumerate(family.indices):
            over = self.over[index, family.low]
            if over:
                at = self.html.faces[index].at
                side = ("front", "back")[position % 2]
                size = self.sizes[family.low]
                message = (
                    f'{side} of "{at}" is {over / PX_PER_MM:.0f} mm too tall '
                    f"at the smallest size ({size:g} pt)"
                )
                hint = "Shorten the text, split the card in two, or use larger stock."
                found.append(Fault("card-overflow", message, at, hint))
        return found


def _height(page: Any) -> float:
    box = page._page_box  # noqa: SLF001
    return float(box.height + box.margin_top + box.margin_bottom)
