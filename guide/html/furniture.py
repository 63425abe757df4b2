"""What imposed sheets carry in their margins: marking, deck, sheet n of m, how to print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from guide.html.labels import Labels
from guide.html.render import css_tokens
from guide.html.templates import Templates
from guide.model.artifacts import Html
from guide.model.kinds import Kind, Stock
from guide.model.pack import Pack

LEAST = 6.0  # mm; printers leave up to 5 mm blank, and the line itself needs some
_HOW = {
    "long-edge": "Print at 100 %, flip on the long edge",
    "short-edge": "Print at 100 %, flip on the short edge",
}


@dataclass(frozen=True)
class _SideView:
    text: str


def render_furniture(
    pack: Pack, kind: Kind, stock: Stock, duplex: str, sides: Sequence[tuple[int, bool]]
) -> Html | None:
    """Return one page a side, (sheet from 0, is it the back); None when the stock has no margins."""
    bottom = stock.origin[1] + (stock.rows - 1) * stock.pitch[1] + stock.card[1]
    head, foot = stock.origin[1], stock.paper.height - bottom
    if max(head, foot) < LEAST:
        return None
    labels, templates = Labels(pack.manifest.lang), Templates(pack.templates)
    sheets = sides[-1][0] + 1 if sides else 0
    views = []
    for sheet, back in sides:
        count = labels("sheet %(sheet)s of %(sheets)s") % {"sheet": sheet + 1, "sheets": sheets}
        views.append(_SideView(f"{count}, {labels('back' if back else 'front')}"))
    markup = templates.render(
        f"{kind.name}/sheet.html",
        {},
        m=pack.manifest,
        lang=pack.manifest.lang,
        dir=labels.direction,
        sides=views,
        how=labels(_HOW[duplex]),
        head=_height(head),
        foot=_height(foot),
    )
    names = ["fonts.css", "tokens.css", f"{kind.name}/sheet.css"]
    sheets_css = [(str(templates.place(name)), templates.text(name) or "") for name in names]
    page = f"@page {{ size: {stock.paper.css}; }}\n{css_tokens({})}"
    return Html(
        title=pack.manifest.title,
        lang=pack.manifest.lang,
        markup=str(markup),
        stylesheets=(*sheets_css, ("generated", page)),
    )


def _height(margin: float) -> float:
    return round(margin, 2) if margin >= LEAST else 0
