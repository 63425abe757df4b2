"""The stylesheets of a document, in cascade order."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from guide.fonts.glyphs import needs_east_asian, script_sheet
from guide.html.margins import css_string
from guide.html.request import Request
from guide.html.templates import Templates
from guide.model.kinds import Stock

_FACE_GAP = 0.3  # mm between the marking of a face and the source above it
_NARROW = 180.0  # mm; on papers below it there is no room for a margin column
_LARGE_HEAD = 16.0  # pt
_HEAD_WIDTH = 7.5  # mm of a card's width for each pt of its head


def stylesheets(request: Request, text: str) -> tuple[tuple[str, str], ...]:
    """Return (name, CSS) pairs for a document that prints `text`, and the marking."""
    pages = request.kind.shape == "pages"
    names = [
        *(["narrow.css"] if request.paper.width < _NARROW else []),
        f"themes/{request.theme.name}.css",
        "base.css",
        "code.css",
        *(["marking.css"] if pages and request.marking.lines else []),  # of a pack's kinds as well
        *request.kind.styles,
        f"{request.kind.name}/page.css",
    ]
    sheets = with_fonts(request.templates, names, text + request.pack.manifest.marking)
    return (*sheets, ("generated", _generated(request)))


def with_fonts(templates: Templates, names: Sequence[str], text: str) -> list[tuple[str, str]]:
    """Return stylesheets by their names, behind the tokens and the fonts that `text` needs."""
    east = ["fonts-cjk.css"] if needs_east_asian(text) else []
    scripts = script_sheet(text, templates.text("tokens.css") or "")

    def read(names: Sequence[str]) -> list[tuple[str, str]]:
        found = [(str(templates.place(name)), templates.text(name)) for name in names]
        return [(place, css) for place, css in found if css]

    return [*read(["fonts.css", *east, "tokens.css"]), *scripts, *read(names)]


def css_tokens(tokens: Mapping[str, str]) -> str:
    """Return custom properties for the whole document."""
    body = " ".join(f"{name}: {value};" for name, value in tokens.items())
    return f":root {{ {body} }}\n"


def _generated(request: Request) -> str:
    """Return what only this run knows: the page's size, the accent, the running texts."""
    stock, accent = request.faces_of, request.theme.accent
    if stock:
        size, tokens = _face(request, stock)
    else:
        size, tokens = request.paper.css + ";", request.margins.css(_page_number(request))
    tokens |= {"--accent": accent} if accent else {}
    return f"@page {{ size: {size} }}\n{css_tokens(tokens)}"


def _page_number(request: Request) -> str:
    """Return the CSS for `page 3 of 12` in the pack's language."""
    counters = {"%(page)s": " counter(page) ", "%(pages)s": " counter(pages) "}
    pieces = re.split(r"(%\(pages?\)s)", request.labels("page %(page)s of %(pages)s"))
    return "".join(counters.get(piece) or css_string(piece) for piece in pieces if piece)


def _face(request: Request, stock: Stock) -> tuple[str, dict[str, str]]:
    """Return the size of a face and its tokens, which are the same for every deck."""
    bleed = float(request.options.get("bleed") or 0)
    marking = request.marking
    height = marking.height + _FACE_GAP if marking.lines else 0.0
    tokens = {"--safe": f"{stock.safe:g}mm", "--bleed": f"{bleed:g}mm"}
    tokens["--marking-height"] = f"{height:.2f}mm"
    if stock.least:  # large type at the head of a narrow card would take lines from its text
        head = f"{min(_LARGE_HEAD, stock.card[0] / _HEAD_WIDTH):.3g}pt"
        tokens |= {"--card-head": head, "--card-foot": head}
    outside = f" bleed: {bleed:g}mm;" if bleed else ""
    return f"{stock.card[0]:g}mm {stock.card[1]:g}mm;{outside}", tokens
