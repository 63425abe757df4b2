"""What imposed sheets carry in their margins: marking, deck, sheet n of m, how to print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from guide.html.labels import Labels
from guide.html.render import css_tokens
from guide.html.templates import Templates
from guide.jobs.digest import digest
from guide.model.artifacts import Face, Html
from guide.model.kinds import EDGE, Kind, Stock
from guide.model.pack import Pack
from guide.units import POINTS_PER_MM

LEAST = 6.0  # mm; printers leave up to 5 mm blank, and the line itself needs some
_HOW = {
    "long-edge": "Print at 100 %, flip on the long edge",
    "short-edge": "Print at 100 %, flip on the short edge",
    "fold": "Print at 100 %, one side; fold backwards along the dashed line",
    "none": "Print at 100 %: fronts first, then backs on the same sheets, turned about the long edge",
}
_SIZE = 7.0  # pt
_ADVANCE = 0.54  # of the type size, what a letter takes, with some to spare


@dataclass(frozen=True)
class SideView:
    """What stands in the margins of one side."""

    text: str


@dataclass
class Furniture:
    """The margins of the sides of a deck's sheets, each side a page; none where there is no room.

    `sides` are pairs: the sheet, from 0, and whether it is its back.
    """

    pack: Pack
    kind: Kind
    stock: Stock
    duplex: str
    sides: Sequence[tuple[int, bool]]
    ruler: bool = True
    templates: Templates = field(init=False)

    def __post_init__(self) -> None:
        self.templates = Templates(self.pack.templates)
        self.labels = Labels(self.pack.manifest.lang)

    @cached_property
    def _shell(self) -> Html:
        names = ["fonts.css", "tokens.css", f"{self.kind.name}/sheet.css"]
        sheets = [
            (str(self.templates.place(name)), self.templates.text(name) or "") for name in names
        ]
        manifest = self.pack.manifest
        page = f"@page {{ size: {self.stock.paper.css}; }}\n{css_tokens({})}"
        return Html(
            title=manifest.title,
            lang=manifest.lang,
            markup=(
                f'<!DOCTYPE html><html lang="{manifest.lang}" dir="{self.labels.direction}">'
                "<head><title>sheets</title></head><body><!--faces--></body></html>"
            ),
            stylesheets=(*sheets, ("generated", page)),
            sizes=(_SIZE,),
        )

    @cached_property
    def _markups(self) -> dict[str, str]:
        """The markup of each side, by its number; raises TemplateFault."""
        _, head, _, foot = self.stock.margins
        if max(head, foot) < LEAST:
            return {}
        sheets = self.sides[-1][0] + 1 if self.sides else 0
        found = {}
        for number, (sheet, back) in enumerate(self.sides):
            words = {"sheet": sheet + 1, "sheets": sheets}
            text = self.labels("sheet %(sheet)s of %(sheets)s") % words
            if self.duplex != "fold":
                text = f"{text}, {self.labels('back' if back else 'front')}"
            size, title = self._fitted(text)
            markup = self.templates.render(
                f"{self.kind.name}/sheet.html",
                {},
                m=self.pack.manifest,
                side=SideView(text),
                title=title,
                size=size,
                how=self.labels(_HOW[self.duplex]),
                head=_height(head),
                foot=_height(foot),
                ruler=self.ruler and not back,
            )
            found[str(number)] = str(markup)
        return found

    def _fitted(self, text: str) -> tuple[float, str]:
        """Return a type size in pt and the deck's title, cut if need be, that fit on one line."""
        manifest = self.pack.manifest
        rest = len(f"{manifest.marking} · {text} · {self.labels(_HOW[self.duplex])} · ")
        width = (self.stock.paper.width - 2 * EDGE - 2) * POINTS_PER_MM
        for size in (_SIZE, 6.5, 6.0, 5.5):
            room = int(width / (size * _ADVANCE)) - rest
            if len(manifest.title) <= room:
                return size, manifest.title
        return size, manifest.title[: max(8, room - 1)].rstrip() + "\u2026"

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
        shell = self._shell
        return Html(
            shell.title, shell.lang, shell.markup, shell.stylesheets, faces=faces, sizes=shell.sizes
        )


def _height(margin: float) -> float:
    return round(margin, 2) if margin >= LEAST else 0
