"""Faces that fit: each card in the largest type size at which neither side overflows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from html import unescape
from typing import Any

from guide.model.artifacts import At, Face, Fault, Html
from guide.proof.layout import (
    BREAK,
    body_height,
    centre,
    face_boxes,
    face_overflow,
    leaf_text,
    leaves,
    page_faults,
    run_on,
    widest,
)
from guide.units import POINTS_PER_MM, PX_PER_MM

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
        f'<section class="face size-{size * 100:.0f}" data-face="{index} {size:g}" '
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
    """The faces of one card, and the steps of size that are still open."""

    indices: list[int]
    low: int = 0
    high: int = 0

    def learn(self, step: int, fits: bool) -> None:
        """Narrow the open steps by what was measured at one of them."""
        if fits:
            self.high = min(self.high, step)
        else:
            self.low = max(self.low, min(step + 1, self.high))


def fit_faces(html: Html, layout: Layout) -> Fitted:
    """Lay out every face at the largest size, and again, smaller, only those that overflow.

    How far a card is over tells nearly the size that it needs: that one is tried, then its neighbour.
    What overflows at the stock's smallest size is a fault.
    """
    sizes = html.sizes or (10.0,)
    fitting = _Fitting(html, layout, sizes)
    document = fitting.lay_out([(index, 0) for index in range(len(html.faces))])
    families = [family for family in _families(html.faces) if fitting.worst(family.indices, 0)]
    for family in families:
        family.low, family.high = min(1, len(sizes) - 1), len(sizes) - 1
    step_of = {id(family): fitting.next(family, 0) for family in families}
    while open_ones := [family for family in families if family.low < family.high]:
        tried = [(family, step_of[id(family)]) for family in open_ones]
        fitting.lay_out([(index, step) for family, step in tried for index in family.indices])
        for family, step in tried:
            fits = not fitting.worst(family.indices, step)
            family.learn(step, fits)
            if fits and step > family.low and fitting.surely_larger(family, step):
                family.low = step
            step_of[id(family)] = fitting.next(family, step)
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
    tall: dict[tuple[int, int], float] = field(default_factory=dict)
    room: float = 0.0

    def lay_out(self, chosen: list[tuple[int, int]]) -> Any:
        """Lay out (index, step) pairs together, and measure each."""
        markup = faces_markup(self.html, [(index, self.sizes[step]) for index, step in chosen])
        document = self.layout(markup)
        steps = {size: step for step, size in enumerate(self.sizes)}
        seen = set[tuple[int, int]]()
        for page in document.pages:
            found = face_boxes(page)
            key = (found.index, steps[found.size])
            if key in seen:  # the face ran on to a second page
                self.over[key] += run_on(page, found)
                continue
            seen.add(key)
            self.pages[key] = page
            self.over[key] = face_overflow(page, found, self.safe)
            self.room = float(found.face.height)
            self.tall[key] = body_height(page, found)
            centre(found)
        return document

    def next(self, family: _Family, step: int) -> int:
        """Return the step to try after one that was measured.

        After one that fits, the one above it. After one that does not, the one that the overflow
        tells: text at a share of its size takes about the square of that share of the area, and
        lines that end sooner a little more.
        """
        worst = self.worst(family.indices, step)
        if not worst:
            return max(family.low, step - 1)
        size = 0.97 * self.sizes[step] * (self.room / (self.room + worst)) ** 0.5
        found = next((n for n, each in enumerate(self.sizes) if each <= size), len(self.sizes) - 1)
        return max(family.low, min(found, family.high))

    def surely_larger(self, family: _Family, step: int) -> bool:
        """Return whether a card that fits at a step cannot fit at the one above it.

        Its tallest face would take the square of the ratio of sizes; two lines are for the doubt.
        """
        ratio = (self.sizes[step - 1] / self.sizes[step]) ** 2
        tallest = max(self.tall[index, step] for index in family.indices)
        line = 1.4 * self.sizes[step] * PX_PER_MM / POINTS_PER_MM
        return tallest * ratio > self.room + 2 * line

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
        # A face's page is not the deck's: the card alone says where it is.
        coarse = [f for f in page_faults(pages) if f.code == "low-resolution"]
        faults += [replace(fault, page=0, at=_picture(fault.at)) for fault in coarse]
        sizes = [self.sizes[step] for step in steps.values()]
        return Fitted(pages, sizes, over, document, faults)

    def _whole(self, index: int, step: int) -> float:
        """Return by how many px a face is over, also where layout stopped at the foot of the page.

        What is omitted is reckoned from the letters that are missing.
        """
        over = self.over[index, step]
        box = self.pages[index, step]._page_box  # noqa: SLF001
        laid = sum(1 for leaf in leaves(box) for c in leaf_text(leaf) if not c.isspace())
        plain = unescape(re.sub(r"<[^>]*>", "", self.html.faces[index].markup))
        whole = sum(not c.isspace() for c in plain)
        if not laid or laid > 0.5 * whole:
            return over
        return max(over, self.room * (whole / laid - 1))

    def _faults(self, family: _Family) -> list[Fault]:
        found = []
        for position, index in enumerate(family.indices):
            over = self.over[index, family.low]
            if over:
                at = self.html.faces[index].at
                side = ("front", "back")[position % 2]
                size = self.sizes[family.low]
                word, wide = widest(self.pages[index, family.low], self.safe)
                what = f'{side} of "{at}" is {_amount(self._whole(index, family.low))} mm too tall'
                hint = "Shorten the text, split the card in two, or use larger stock."
                if wide >= over:
                    what = f'{side} of "{at}": `{word[:60]}` is {_amount(wide)} mm too wide'
                    hint = f"{BREAK} Larger stock helps, too."
                message = f"{what} at the smallest size ({size:g} pt)"
                found.append(Fault("card-overflow", message, f"{at}.{side}", hint))
        return found


def _picture(at: At) -> At:
    """Return the key of a card's own picture, where that is what is there."""
    return f"{at}.image" if isinstance(at, str) and at and "/" not in at else at


def _amount(over: float) -> str:
    """Return an overflow in px as whole mm, or as tenths where that would be nothing."""
    return f"{over / PX_PER_MM:.0f}" if over >= PX_PER_MM else f"{max(over / PX_PER_MM, 0.1):.1f}"
