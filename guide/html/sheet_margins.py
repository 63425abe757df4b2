"""What imposed sheets carry in their margins: marking, deck, sheet n of m, how to print.

Lines of text are next to the cards, nearer than crop marks begin, or beyond the ends of the marks:
so no mark cuts through them. They keep out of what printers leave blank, and of the ruler. Where
there is no room for the marking, each card carries it all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

from guide.fonts.widths import width
from guide.html.marking import SPACING, measured
from guide.html.running_heads import shortened
from guide.html.stylesheets import css_tokens, with_fonts
from guide.html.templates import Templates
from guide.markup.labels import Labels
from guide.model.artifacts import Face, Html
from guide.model.kinds import (
    EDGE,
    MARK_DISTANCE,
    MARK_LENGTH,
    RULER_HEIGHT,
    RULER_ROOM,
    Kind,
    Stock,
)
from guide.model.pack import Pack
from guide.system.digest import digest
from guide.units import MM_PER_POINT

_HOW = {
    "long-edge": "Print at 100 %, flip on the long edge",
    "short-edge": "Print at 100 %, flip on the short edge",
    "fold": "Print at 100 %, one side; fold backwards along the dashed line",
    "none": "Print at 100 %: fronts first, then backs on the same sheets, turned about the long edge",
}
_SIZES = (7.0, 6.5, 6.0, 5.5)  # pt
_LEADING = 1.15
_ROW = _SIZES[0] * _LEADING * MM_PER_POINT  # mm
_CLOSE = 0.1  # mm between a line and the cards, or the end of a mark
_AFTER_MARKS = MARK_DISTANCE + MARK_LENGTH + 0.3  # mm from the cards to a line beyond the marks
_AFTER_ROW = MARK_DISTANCE + 0.2  # mm from the cards to a second line, where there are no marks
_FROM_RULER = 0.6  # mm
_SIDE = EDGE + 1  # mm between a line's ends and the edges of the paper


@dataclass(frozen=True)
class BareSide:
    """A side of a sheet: its number from 0, whether it is a back, the space around its cards.

    `margins` are left, top, right and bottom in mm, as that side is seen.
    """

    sheet: int
    back: bool
    margins: tuple[float, float, float, float]


@dataclass(frozen=True)
class Printed:
    """How sheets are printed: options of templates/flashcards/kind.toml."""

    duplex: str = "long-edge"
    marks: str = "crop"
    ruler: bool = True
    bleed: float = 0.0


@dataclass(frozen=True)
class Row:
    """A line in a margin: its edge, its distance in mm from that edge of the paper, its text."""

    edge: Literal["top", "bottom", "left"]
    at: float
    text: str
    size: float
    marking: bool = False


@dataclass(frozen=True)
class SideView:
    """What is printed in the margins of one side."""

    text: str
    rows: tuple[Row, ...]


@dataclass
class Furniture:
    """The margins of the sides of a deck's sheets, each side a page; none where there is no room."""

    pack: Pack
    kind: Kind
    stock: Stock
    printed: Printed
    sides: Sequence[BareSide]
    templates: Templates = field(init=False)

    def __post_init__(self) -> None:
        self.templates = Templates(self.pack.templates)
        self.labels = Labels(self.pack.manifest.lang)

    @cached_property
    def _shell(self) -> Html:
        manifest = self.pack.manifest
        said = f"{manifest.title} {manifest.marking}"
        sheets = with_fonts(self.templates, [f"{self.kind.name}/sheet.css"], said)
        page = f"@page {{ size: {self.stock.paper.css}; }}\n{css_tokens({})}"
        return Html(
            title=manifest.title,
            lang=manifest.lang,
            markup=(
                f'<!DOCTYPE html><html lang="{manifest.lang}" dir="{self.labels.direction}">'
                "<head><title>sheets</title></head><body><!--faces--></body></html>"
            ),
            stylesheets=(*sheets, ("generated", page)),
            sizes=_SIZES[:1],
        )

    @cached_property
    def views(self) -> tuple[SideView, ...]:
        """What each side carries."""
        sheets = self.sides[-1].sheet + 1 if self.sides else 0
        return tuple(self._view(side, sheets) for side in self.sides)

    def _view(self, side: BareSide, sheets: int) -> SideView:
        words = {"sheet": side.sheet + 1, "sheets": sheets}
        text = self.labels("sheet %(sheet)s of %(sheets)s") % words
        if self.printed.duplex != "fold":
            text = f"{text}, {self.labels('back' if side.back else 'front')}"
        _, top, _, bottom = side.margins
        ruled = self.printed.ruler and not side.back and bottom >= RULER_ROOM
        marked = self._marking
        rows = []
        heads, feet = self._free(top), self._free(bottom, ruled)
        if marked and heads:
            rows.append(Row("top", top - heads[0] - _ROW, *marked, marking=True))
        if marked and feet and (len(feet) > 1 or self._beside(side)):
            rows.append(Row("bottom", bottom - feet[0] - _ROW, *marked, marking=True))
            feet = feet[1:]
        return SideView(text, (*rows, *self._foot(side, feet, text)))

    def _foot(self, side: BareSide, feet: Sequence[float], text: str) -> list[Row]:
        """Return the line that names deck and sheet: below the cards, or else left of them."""
        bottom, paper = side.margins[3], self.stock.paper
        if feet:
            return [Row("bottom", bottom - feet[0] - _ROW, *self._line(text, paper.width))]
        if self._beside(side):
            at = side.margins[0] - _CLOSE - _ROW
            return [Row("left", at, *self._line(text, paper.height))]
        return []

    def _free(self, margin: float, ruled: bool = False) -> list[float]:
        """Return how far from the cards lines may be in a margin, in mm, the nearest first."""
        outside = EDGE + (RULER_HEIGHT + _FROM_RULER if ruled else 0)
        second = _AFTER_MARKS if self.printed.marks == "crop" else _AFTER_ROW
        near = [second] if self.printed.bleed or self._crossed else [_CLOSE, second]
        return [at for at in near if at + _ROW <= margin - outside]

    @property
    def _crossed(self) -> bool:
        """Return True if crosses at the corners of cards show where to cut: see `sheets.marks`."""
        least = MARK_DISTANCE + 2
        return self.printed.marks == "crop" and min(self.stock.margins) < least

    def _beside(self, side: BareSide) -> bool:
        """Return True if a line has room left of the cards, turned."""
        return self._free(side.margins[0])[:1] == [_CLOSE]

    @cached_property
    def _marking(self) -> tuple[str, float] | None:
        """The marking and the size in pt at which it is on one line; None where it has no room."""
        text = " ".join(self.pack.manifest.marking.split())
        room = self.stock.paper.width - 2 * _SIDE
        fits = (size for size in _SIZES if text and measured(text, size) <= room)
        size = next(fits, 0.0)
        return (text, size) if size else None

    def _line(self, text: str, length: float) -> tuple[str, float]:
        """Return what names deck and sheet, and the size in pt at which it fits.

        The deck's title is cut if need be; where even so there is no room, the rest is alone.
        """
        room, title = length - 2 * _SIDE, self.pack.manifest.title
        how = self.labels(_HOW[self.printed.duplex])
        rest = f" \u00b7 {text} \u00b7 {how}"
        for size in _SIZES:
            if width(title + rest, size) <= room:
                return title + rest, size
        size = _SIZES[-1]
        kept = shortened(title, room - width(rest, size), size)
        if len(kept) > 1:
            return kept + rest, size
        return shortened(f"{text} \u00b7 {how}", room, size), size

    @cached_property
    def _markups(self) -> dict[str, str]:
        """The markup of each side, by its number; raises TemplateFault."""
        if not any(view.rows for view in self.views):
            return {}
        return {
            str(number): str(
                self.templates.render(
                    f"{self.kind.name}/sheet.html",
                    {},
                    m=self.pack.manifest,
                    side=view,
                    title=self.pack.manifest.title,
                    how=self.labels(_HOW[self.printed.duplex]),
                    row_height=_ROW,
                    spacing=SPACING,
                )
            )
            for number, view in enumerate(self.views)
        }

    def markings(self) -> list[int]:
        """Return how often the margins of each side carry the marking."""
        return [sum(row.marking for row in view.rows) for view in self.views]

    @property
    def environment(self) -> str:
        """The digest of what all sides depend on."""
        return digest("furniture", self._shell)

    @property
    def keys(self) -> dict[str, str]:
        """The digest of what each side depends on besides."""
        return {name: digest(markup) for name, markup in self._markups.items()}

    def html(self, names: Sequence[str]) -> Html:
        """Return a document of some sides."""
        faces = tuple(Face("", self._markups[name], name) for name in names)
        return replace(self._shell, faces=faces)
