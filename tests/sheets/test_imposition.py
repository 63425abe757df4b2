"""Imposition: every card once, every back behind its front, on every stock."""

from __future__ import annotations

import io

import pikepdf
import pypdfium2
from hypothesis import given
from hypothesis import strategies as st

from guide.content.library import all_stock
from guide.model.artifacts import Face, FontObjects, Html, SetFace
from guide.model.kinds import Stock
from guide.pdf.assemble import About
from guide.sheets.impose_cards import Layout, impose
from guide.sheets.marks import lines
from guide.sheets.plan_cards import Placement, Side, plan
from guide.units import POINTS_PER_MM
from support import whole_deck


@st.composite
def stocks(draw: st.DrawFn) -> Stock:
    """Any grid of cards on any sheet, portrait or landscape, with gutters and margins."""
    columns, rows = draw(st.integers(1, 5)), draw(st.integers(1, 6))
    size = st.floats(20, 60).map(lambda x: round(x, 2))
    gap = st.floats(0, 8).map(lambda x: round(x, 2))
    card = (draw(size), draw(size))
    pitch = (card[0] + draw(gap), card[1] + draw(gap))
    origin = (draw(gap), draw(gap))
    width = origin[0] + columns * pitch[0] + draw(gap)
    height = origin[1] + rows * pitch[1] + draw(gap)
    return Stock(name="any", title="Any", paper=(width, height), card=card, columns=columns,
                 rows=rows, origin=origin, pitch=pitch)  # fmt: skip


def seen_from_the_front(stock: Stock, back: Placement, edge: str) -> tuple[float, float, bool]:
    """Turn the sheet about its edge, and say where a back comes to lie and whether it stands right.

    The sheet turns about the vertical axis when the edge is parallel to it. Then left and right
    swap; a reader who turns the sheet that way reads what stands upright on the back. About the
    horizontal axis top and bottom swap, and upright print on the back stands on its head.
    """
    width, height = stock.paper.width, stock.paper.height
    vertical = (height >= width) == (edge == "long-edge")
    if vertical:
        return width - back.left - stock.card[0], back.top, not back.turned
    return back.left, height - back.top - stock.card[1], back.turned


@given(stocks(), st.integers(0, 70), st.sampled_from(["long-edge", "short-edge"]),
       st.sampled_from(["reading", "cut-stack"]))  # fmt: skip
def test_every_card_once_and_every_back_behind_its_front(
    stock: Stock, cards: int, duplex: str, order: str
) -> None:
    """Every front and back is placed once, and turning the sheet brings each back behind its front."""
    sides = plan(cards, stock, duplex, order)
    pages = sorted(p.page for side in sides for p in side.placements)
    assert pages == list(range(2 * cards))
    for front, back in zip(sides[::2], sides[1::2], strict=True):
        assert (front.back, back.back) == (False, True)
        assert len(front.placements) <= stock.per_sheet
        behind = {p.page - 1: seen_from_the_front(stock, p, duplex) for p in back.placements}
        for placed in front.placements:
            left, top, upright = behind[placed.page]
            assert abs(left - placed.left) < 1e-6
            assert abs(top - placed.top) < 1e-6
            assert upright


@given(st.integers(1, 90), st.sampled_from(sorted(all_stock())))
def test_cut_piles_are_in_order(cards: int, name: str) -> None:
    """Piles cut from the stack and laid on one another come out in the deck's order."""
    stock = all_stock()[name]
    fronts = plan(cards, stock, "long-edge", "cut-stack")[::2]
    piles: dict[tuple[float, float], list[int]] = {}
    for side in fronts:
        for placed in side.placements:
            piles.setdefault((placed.top, placed.left), []).append(placed.page // 2)
    order = [card for _, pile in sorted(piles.items()) for card in pile]
    assert order == list(range(cards))


@given(stocks(), st.integers(1, 30))
def test_crop_marks_stay_out_of_wide_margins(stock: Stock, cards: int) -> None:
    """Where the margins are wide enough, no crop mark enters a card."""
    side = plan(cards, stock)[0]
    placed = side.placements
    xs = [p.left for p in placed] + [p.left + stock.card[0] for p in placed]
    ys = [p.top for p in placed] + [p.top + stock.card[1] for p in placed]
    margins = (min(xs), min(ys), stock.paper.width - max(xs), stock.paper.height - max(ys))
    if min(margins) < 5:
        return
    for line in lines(stock, side, "crop"):
        for p in placed:
            inside_x = p.left < (line.x1 + line.x2) / 2 < p.left + stock.card[0]
            inside_y = p.top < (line.y1 + line.y2) / 2 < p.top + stock.card[1]
            assert not (inside_x and inside_y)


def plain(sides: list[Side]) -> list[str]:
    """Return a plan as text: sheet and side, then the pages row by row."""
    return [
        f"{side.sheet + 1} {'back' if side.back else 'front'}: "
        + " ".join(str(p.page) for p in sorted(side.placements, key=lambda p: (p.top, p.left)))
        for side in sides
    ]


def test_a_plan_reads_as_expected() -> None:
    """Three cards on A7 sheets: the backs of the first row swap places, the third stays alone."""
    assert plain(plan(3, all_stock()["a7"])) == ["1 front: 0 2 4", "1 back: 3 1 5"]
    assert plain(plan(3, all_stock()["a7"], "short-edge")) == ["1 front: 0 2 4", "1 back: 5 1 3"]


def deck(cards: int, stock: Stock) -> tuple[list[SetFace], FontObjects]:
    """Return a deck whose faces say `front3x` and `back3x`."""
    css = f"@page {{ size: {stock.card[0]}mm {stock.card[1]}mm; margin: 0 }} .face {{ break-before: page; padding: 5mm }}"
    fonts = '@font-face { font-family: "Noto Sans"; src: url("fonts/Noto%20Sans/NotoSans-Regular.ttf") }'
    markup = '<html lang="en"><title>Deck</title><body style="font-family: Noto Sans"><!--faces--></body></html>'
    faces = tuple(
        Face(f"c{n}", f"<p>{side}{n}x</p>", f"c{n}") for n in range(cards) for side in ("front", "back")
    )
    html = Html("Deck", "en", markup, (("fonts", fonts), ("page", css)), faces=faces, sizes=(12.0,))
    return whole_deck(html)[1:]


def words(page: pypdfium2.PdfPage) -> dict[str, tuple[float, float]]:
    """Return where each word of a page begins, in mm from the page's top left corner."""
    text = page.get_textpage()
    whole = text.get_text_range()
    height = page.get_height()
    found = {}
    for word in whole.split():
        left, bottom, _, top = text.get_charbox(whole.index(word))
        found[word] = (left / POINTS_PER_MM, (height - (top + bottom) / 2) / POINTS_PER_MM)
    return found


def test_on_the_drawn_sheet_backs_lie_behind_fronts() -> None:
    """Read back from the PDF: the cell of each back mirrors the cell of its front, last sheet too."""
    stock = all_stock()["business-us"]
    faces, fonts = deck(13, stock)
    layout = Layout("long-edge", "crop")
    made = impose(faces, plan(13, stock), stock, layout, fonts, About("Deck", "en"))
    document = pypdfium2.PdfDocument(made.data)
    assert len(document) == made.pages == 4
    for sheet in range(2):
        front, back = words(document[2 * sheet]), words(document[2 * sheet + 1])
        assert {w.removeprefix("front") for w in front} == {w.removeprefix("back") for w in back}
        for word, (x, y) in front.items():
            back_x, back_y = back[word.replace("front", "back")]
            cell = int((x - stock.origin[0]) // stock.pitch[0])
            other = int((back_x - stock.origin[0]) // stock.pitch[0])
            assert other == stock.columns - 1 - cell
            assert abs(back_y - y) < 4  # ascenders of f and b differ; a row is 50.8 mm


def test_sheets_ask_for_honest_printing() -> None:
    """No scaling, the right edge, paper by size; the same bytes twice; fonts embedded."""
    stock = all_stock()["index-3x5"]
    faces, fonts = deck(2, stock)
    parts = (plan(2, stock, "short-edge"), stock, Layout("short-edge", "cut"), fonts, About("Deck", "en"))
    first = impose(faces, *parts)
    assert first.data == impose(faces, *parts).data
    with pikepdf.open(io.BytesIO(first.data)) as pdf:
        wanted = pdf.Root.ViewerPreferences
        assert wanted.PrintScaling == "/None"
        assert wanted.Duplex == "/DuplexFlipShortEdge"
        box = [float(n) for n in pdf.pages[0].MediaBox]
        assert [round(n / POINTS_PER_MM, 1) for n in box[2:]] == [215.9, 279.4]
        descriptors = [o for o in pdf.objects if isinstance(o, pikepdf.Dictionary) and o.get("/Type") == "/FontDescriptor"]
        assert descriptors
        assert all("/FontFile2" in d for d in descriptors)
        assert not pdf.check_pdf_syntax()
