"""Draw a plan: faces as form XObjects on sheets, with marks and a footer, for the printer."""

from __future__ import annotations

import io
from dataclasses import dataclass

import pikepdf
from pikepdf import Array, Dictionary, Name, String

from guide.model.artifacts import Pdf, Sheets
from guide.model.kinds import Stock
from guide.sheets.marks import lines
from guide.sheets.plan import Placement, Side, plan
from guide.units import POINTS_PER_MM

_MARK_WIDTH = 0.25  # pt
_MARK_GREY = 0.35


@dataclass(frozen=True)
class Layout:
    """How a deck is put on sheets: see the options of templates/flashcards/kind.toml."""

    duplex: str = "long-edge"
    order: str = "reading"
    marks: str = "crop"


def impose(
    deck: Pdf, stock: Stock, layout: Layout, title: str, furniture: Pdf | None = None
) -> Sheets:
    """Return the sheets of a deck whose pages are front and back of each card in turn.

    `furniture` has a page for each side with what is printed in the margins; it is laid under the
    cards. Structure tags do not survive: sheets are for the printer, the deck is for reading.
    """
    sides = plan(deck.pages // 2, stock, layout.duplex, layout.order)
    with pikepdf.new() as target, pikepdf.open(io.BytesIO(deck.data)) as source:
        under = pikepdf.open(io.BytesIO(furniture.data)) if furniture else None
        for number, side in enumerate(sides):
            page = _add_page(target, stock)
            drawn = [_marks(stock, side, layout.marks)]
            if under is not None:
                drawn.append(_draw(target, page, under.pages[number], "Furniture", _identity()))
            for index, placement in enumerate(side.placements):
                matrix = _matrix(stock, placement)
                face = source.pages[placement.page]
                drawn.append(_draw(target, page, face, f"Face{index}", matrix))
            page.Contents = target.make_stream(b"\n".join(drawn))
        _prefer(target, layout.duplex, title)
        out = io.BytesIO()
        mode = pikepdf.ObjectStreamMode.generate
        target.save(out, deterministic_id=True, compress_streams=True, object_stream_mode=mode)
        if under is not None:
            under.close()
    return Sheets(out.getvalue(), len(sides))


def _add_page(target: pikepdf.Pdf, stock: Stock) -> pikepdf.Page:
    size = (stock.paper.width * POINTS_PER_MM, stock.paper.height * POINTS_PER_MM)
    target.add_blank_page(page_size=(round(size[0], 3), round(size[1], 3)))
    page = target.pages[-1]
    page.Resources = Dictionary(XObject=Dictionary())
    return page


def _draw(
    target: pikepdf.Pdf, page: pikepdf.Page, source: pikepdf.Page, name: str, matrix: str
) -> bytes:
    form = target.copy_foreign(source.as_form_xobject())
    page.Resources.XObject[f"/{name}"] = form
    return f"q {matrix} cm /{name} Do Q".encode()


def _identity() -> str:
    return "1 0 0 1 0 0"


def _matrix(stock: Stock, placement: Placement) -> str:
    """Return the matrix that puts a face, whose origin is its bottom left, in its place."""
    left = placement.left * POINTS_PER_MM
    bottom = (stock.paper.height - placement.top - stock.card[1]) * POINTS_PER_MM
    if not placement.turned:
        return f"1 0 0 1 {left:.3f} {bottom:.3f}"
    right = left + stock.card[0] * POINTS_PER_MM
    top = bottom + stock.card[1] * POINTS_PER_MM
    return f"-1 0 0 -1 {right:.3f} {top:.3f}"


def _marks(stock: Stock, side: Side, style: str) -> bytes:
    height = stock.paper.height
    drawn = [f"q {_MARK_WIDTH} w {_MARK_GREY} G 0 J"]
    for line in lines(stock, side, style):
        x1, x2 = line.x1 * POINTS_PER_MM, line.x2 * POINTS_PER_MM
        y1, y2 = (height - line.y1) * POINTS_PER_MM, (height - line.y2) * POINTS_PER_MM
        drawn.append(f"{x1:.3f} {y1:.3f} m {x2:.3f} {y2:.3f} l S")
    return "\n".join([*drawn, "Q"]).encode()


def _prefer(target: pikepdf.Pdf, duplex: str, title: str) -> None:
    """Ask the viewer to print as it is: no scaling, the right edge, paper by the page's size."""
    edge = "/DuplexFlipShortEdge" if duplex == "short-edge" else "/DuplexFlipLongEdge"
    target.Root.ViewerPreferences = Dictionary(
        PrintScaling=Name("/None"),
        Duplex=Name(edge),
        PickTrayByPDFSize=True,
        DisplayDocTitle=True,
        NumCopies=1,
        Enforce=Array([Name("/PrintScaling")]),
    )
    target.docinfo["/Title"] = String(title)
