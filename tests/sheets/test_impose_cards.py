"""Imposed sheets as PDF: text behind text, page size, what viewers are asked for."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import lru_cache

import pikepdf
import pypdfium2
import pytest

from guide.model.artifacts import Face, FontObjects, Html, Pdf, SetFace, Sheets
from guide.model.kinds import Stock
from guide.resources import TEMPLATES
from guide.pdf.assemble import About
from guide.sheets.impose_cards import Layout, impose
from guide.sheets.plan_cards import plan
from guide.units import POINTS_PER_MM, PAPERS, Paper
from support import whole_deck

PORTRAIT = Stock(
    name="p", title="P", paper=PAPERS["a4"], card=(60, 40), columns=2, rows=4, origin=(20, 25), pitch=(75, 50)
)
LANDSCAPE = Stock(
    name="l", title="L", paper=Paper("a4-landscape", 297, 210), card=(60, 40), columns=3, rows=2,
    origin=(30, 15), pitch=(70, 40),
)
CARDS = 10


@lru_cache
def deck() -> tuple[Pdf, list[SetFace], FontObjects]:
    """Return a deck with `Front03` and `Back03` in the middle of card 3's sides."""
    css = """
    @page { size: 60mm 40mm; margin: 0 }
    html { font: 14pt/30mm "Source Sans 3" }
    .face { break-before: page; box-sizing: border-box; height: 40mm; padding: 5mm } body, p { margin: 0; text-align: center }
    """
    faces = tuple(
        Face(f"c{n}", f"<p>{side}{n:02}</p>", f"c{n}") for n in range(CARDS) for side in ("Front", "Back")
    )
    markup = '<html lang="en"><head><title>Deck</title></head><body><!--faces--></body></html>'
    sheets = (("fonts.css", (TEMPLATES / "fonts.css").read_text("utf-8")), ("own.css", css))
    found = whole_deck(Html("Deck", "en", markup, sheets, faces=faces, sizes=(14.0,)))
    assert found[0].faults == ()
    assert found[0].pages == 2 * CARDS
    return found


def imposed(stock: Stock, layout: Layout, order: str = "reading", title: str = "Deck") -> Sheets:
    """Return the deck on sheets."""
    _, faces, fonts = deck()
    sides = plan(CARDS, stock, layout.duplex, order)
    return impose(faces, sides, stock, layout, fonts, About(title, "en"))


@dataclass(frozen=True)
class Word:
    """A word on a side: its middle in mm from the top left, and whether it is upside down."""

    side: int
    x: float
    y: float
    turned: bool


def word(document: pypdfium2.PdfDocument, text: str) -> Word:
    """Find a word, which must be in the document once."""
    found = []
    for number in range(len(document)):
        page = document[number]
        height = page.get_height()
        content = page.get_textpage()
        searched = content.search(text)
        while hit := searched.get_next():
            start, count = hit
            boxes = [content.get_charbox(start + n) for n in range(count)]
            left, right = min(b[0] for b in boxes), max(b[2] for b in boxes)
            bottom, top = min(b[1] for b in boxes), max(b[3] for b in boxes)
            x, y = (left + right) / 2, height - (bottom + top) / 2
            found.append(
                Word(number, x / POINTS_PER_MM, y / POINTS_PER_MM, boxes[0][0] > boxes[-1][0])
            )
    assert len(found) == 1, (text, found)
    return found[0]


@pytest.mark.parametrize("order", ["reading", "cut-stack"])
@pytest.mark.parametrize("duplex", ["long-edge", "short-edge"])
@pytest.mark.parametrize("stock", [PORTRAIT, LANDSCAPE], ids=["portrait", "landscape"])
def test_the_text_of_a_back_lies_behind_that_of_its_front(stock: Stock, duplex: str, order: str) -> None:
    """Through the paper, both middles are the same point, and each back is upright when turned."""
    sheets = imposed(stock, Layout(duplex), order)
    document = pypdfium2.PdfDocument(sheets.data)
    assert len(document) == sheets.pages == 2 * -(-CARDS // stock.per_sheet)
    about_upright = (stock.paper.width < stock.paper.height) == (duplex == "long-edge")
    for number in range(CARDS):
        front, back = word(document, f"Front{number:02}"), word(document, f"Back{number:02}")
        assert back.side == front.side + 1
        x, y = (stock.paper.width - back.x, back.y) if about_upright else (back.x, stock.paper.height - back.y)
        assert abs(x - front.x) < 0.6
        assert abs(y - front.y) < 1.5
        assert not front.turned
        assert back.turned is not about_upright
    document.close()


def test_a_card_lies_where_the_stock_says() -> None:
    """The first card's text is in the middle of the first cell, to a fraction of a millimetre."""
    document = pypdfium2.PdfDocument(imposed(PORTRAIT, Layout()).data)
    found = word(document, "Front00")
    assert found.side == 0
    assert abs(found.x - (20 + 30)) < 0.5
    assert abs(found.y - (25 + 20)) < 1.5
    document.close()


@pytest.mark.parametrize("stock", [PORTRAIT, LANDSCAPE], ids=["portrait", "landscape"])
def test_pages_have_the_size_of_the_paper(stock: Stock) -> None:
    """Each side is as large as the sheet that it is printed on, and not rotated."""
    with pikepdf.open(io.BytesIO(imposed(stock, Layout()).data)) as pdf:
        for page in pdf.pages:
            width, height = (float(n) / POINTS_PER_MM for n in page.mediabox[2:])
            assert (round(width, 2), round(height, 2)) == (stock.paper.width, stock.paper.height)
            assert "/Rotate" not in page


@pytest.mark.parametrize(
    ("duplex", "edge"), [("long-edge", "/DuplexFlipLongEdge"), ("short-edge", "/DuplexFlipShortEdge")]
)
def test_viewers_are_asked_to_print_as_it_is(duplex: str, edge: str) -> None:
    """No scaling, the edge that the plan was made for, paper by the size of the pages, the title."""
    with pikepdf.open(io.BytesIO(imposed(PORTRAIT, Layout(duplex), title="A deck").data)) as pdf:
        preferences = pdf.Root.ViewerPreferences
        assert str(preferences.PrintScaling) == "/None"
        assert str(preferences.Duplex) == edge
        assert bool(preferences.PickTrayByPDFSize)
        assert [str(name) for name in preferences.Enforce] == ["/PrintScaling"]
        assert str(pdf.docinfo.Title) == "A deck"


def test_sheets_are_clean_and_the_same_bytes_each_time() -> None:
    """qpdf has nothing to repair, and equal decks give equal sheets."""
    once = imposed(PORTRAIT, Layout()).data
    assert imposed(PORTRAIT, Layout()).data == once
    assert imposed(PORTRAIT, Layout(marks="none")).data != once
    with pikepdf.open(io.BytesIO(once)) as pdf:
        assert pdf.check_pdf_syntax() == []


def test_fonts_are_shared_by_the_faces_of_a_deck() -> None:
    """A font file is in the sheets as often as it is in the deck, not once for each face."""

    def fonts(data: bytes) -> int:
        with pikepdf.open(io.BytesIO(data)) as pdf:
            return sum(
                isinstance(each, pikepdf.Dictionary) and "/FontFile2" in each for each in pdf.objects
            )

    assert fonts(imposed(PORTRAIT, Layout()).data) == fonts(deck()[0].data)
