"""Marks, ruler, footer, bleed and what viewers are asked for, as they come out of the printer."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest
from PIL import Image, ImageChops

sys.path.insert(0, str(Path(__file__).parents[1]))
from sheets.test_fold import SCALE, Stroke, inked, pictures, printed, strokes

from guide.content.library import all_stock
from guide.model.kinds import Stock
from guide.pipeline import Built, Settings, build
from guide.sheets.impose_cards import Layout
from guide.sheets.marks import lines, ruler
from guide.sheets.plan_cards import cell, plan
from guide.units import POINTS_PER_MM, Paper

Make = Callable[..., Built]
RED = "#ff0000"


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Return a function that builds a deck of some cards into tmp_path/out/deck."""

    def made(cards: int = 5, head: str = "", title: str = "Deck", options: str = "", **settings: Any) -> Built:
        folder = tmp_path / "deck"
        folder.mkdir(exist_ok=True)
        documents = f"documents:\n  flashcards: {{{options}}}\n" if options else ""
        (folder / "pack.yaml").write_text(f"format: 1\ntitle: {title}\n{head}{documents}")
        rows = [f"- {{id: c{n:02}, front: Front{n:02}, back: Back{n:02}, tags: [t{n % 2}]}}\n" for n in range(cards)]
        (folder / "cards.yaml").write_text("".join(rows))
        built = build(folder, tmp_path / "out", Settings(kinds=("flashcards",), jobs=1, **settings))
        assert {d.severity for d in built.diagnostics} <= {"warning", "note"}, built.diagnostics
        return built

    return made


def sheet_texts(path: Path) -> list[str]:
    """Return the text of each page in one line."""
    document = pypdfium2.PdfDocument(path)
    found = [" ".join(page.get_textpage().get_text_range().split()) for page in document]
    document.close()
    return found


def cells(stock: Stock, count: int) -> list[tuple[float, float, float, float]]:
    """Return left, top, right and bottom of the first cards of a sheet."""
    corners = [cell(stock, n) for n in range(count)]
    return [(x, y, x + stock.card[0], y + stock.card[1]) for x, y in corners]


def through(stroke: Stroke, stock: Stock, vertical: bool) -> Stroke:
    """Return a mark of the back as it is seen from the front."""
    width, height = stock.paper.width, stock.paper.height
    return Stroke(tuple((width - x, y) if vertical else (x, height - y) for x, y in stroke.points))


def rounded(found: list[Stroke]) -> set[tuple[tuple[float, float], ...]]:
    """Return marks in a form in which they can be compared, whichever end was drawn first."""
    return {tuple(sorted((round(x, 2) + 0.0, round(y, 2) + 0.0) for x, y in s.points)) for s in found}


SAMPLE = ["poker", "index-3x5", "avery-8373", "poker-letter", "business-us", "a8"]


@pytest.mark.parametrize("name", SAMPLE)
@pytest.mark.parametrize("duplex", ["long-edge", "short-edge"])
@pytest.mark.parametrize("marks", ["crop", "cut"])
def test_marks_of_the_back_stand_behind_those_of_the_front(name: str, duplex: str, marks: str) -> None:
    """Full and partial sheets: seen through the paper there is one set of marks."""
    stock = all_stock()[name]
    found = strokes(printed(stock, Layout(duplex, marks, ruler=False), stock.per_sheet + 1))
    vertical = (stock.paper.width <= stock.paper.height) == (duplex == "long-edge")
    assert len(found) == 4
    for front, back in zip(found[::2], found[1::2], strict=True):
        assert front
        assert rounded(front) == rounded([through(s, stock, vertical) for s in back])


@pytest.mark.parametrize("name", ["poker", "index-3x5", "avery-8373", "business-us"])
def test_crop_marks_stand_off_the_cards_at_their_edges(name: str) -> None:
    """3 mm off, at most 5 mm long, in line with an edge, two for each; none touches a card."""
    stock = all_stock()[name]
    (front, _) = strokes(printed(stock, Layout(ruler=False), stock.per_sheet))
    boxes = cells(stock, stock.per_sheet)
    xs = {round(x, 2) for left, _, right, _ in boxes for x in (left, right)}
    ys = {round(y, 2) for _, top, _, bottom in boxes for y in (top, bottom)}
    assert len(front) == 2 * (len(xs) + len(ys))
    for mark in front:
        left, top, right, bottom = mark.box
        upright = right - left < 0.01
        assert min(abs((left if upright else top) - edge) for edge in (xs if upright else ys)) < 0.01
        assert 1.9 < (bottom - top if upright else right - left) < 5.01
        off = (min(ys) - bottom, top - max(ys)) if upright else (min(xs) - right, left - max(xs))
        assert abs(max(off) - 3) < 0.01


@pytest.mark.parametrize("edge", [5, 5.5, 9, 20])
def test_each_margin_with_room_for_crop_marks_has_them(edge: float) -> None:
    """From 5 mm on: without marks at one side the sheet cannot be cut along a ruler."""
    stock = all_stock()["poker"]
    width, height = (2 * each + 2 * edge for each in stock.card)
    sheet = Paper("own", width, height)
    stock = stock.model_copy(update={"paper": sheet, "columns": 2, "rows": 2, "origin": (edge, edge), "pitch": stock.card})
    (front, _) = strokes(printed(stock, Layout(ruler=False), stock.per_sheet))
    for axis, side in enumerate((width, height)):
        along = [mark.box for mark in front if mark.box[axis + 2] - mark.box[axis] > 1.9]
        assert sum(box[axis + 2] < edge for box in along) == 3
        assert sum(box[axis] > side - edge for box in along) == 3


def test_crosses_stand_in_where_there_is_no_margin() -> None:
    """On A7 sheets, which cards fill to the edge, every corner of a card has a small cross."""
    stock = all_stock()["a7"]
    (front, _) = strokes(printed(stock, Layout(), stock.per_sheet))
    corners = {(round(x), round(y)) for left, top, right, bottom in cells(stock, 8) for x in (left, right) for y in (top, bottom)}
    middles = {(round((s.box[0] + s.box[2]) / 2), round((s.box[1] + s.box[3]) / 2)) for s in front}
    assert all(any(abs(x - u) <= 1 and abs(y - v) <= 1 for u, v in middles) for x, y in corners)
    assert max(max(s.box[2] - s.box[0], s.box[3] - s.box[1]) for s in front) < 3.1


@pytest.mark.parametrize("name", SAMPLE)
def test_no_marks_means_none(name: str) -> None:
    """With marks: none and no ruler nothing is drawn but the cards; a card that is the sheet has no marks."""
    stock = all_stock()[name]
    assert strokes(printed(stock, Layout(marks="none", ruler=False, corners=True), 2)) == [[], []]
    assert strokes(printed(all_stock()["card-3x5"], Layout("long-edge", "crop"), 1)) == [[], []]


def test_cut_lines_go_along_every_edge_of_every_card() -> None:
    """Each edge of each card of a full sheet lies on a line."""
    stock = all_stock()["business-us"]
    (front, _) = strokes(printed(stock, Layout(marks="cut", ruler=False), stock.per_sheet))
    for left, top, right, bottom in cells(stock, stock.per_sheet):
        for x in (left, right):
            assert any(abs(s.box[0] - x) < 0.01 and s.box[1] <= top + 0.01 and s.box[3] >= bottom - 0.01 for s in front)
        for y in (top, bottom):
            assert any(abs(s.box[1] - y) < 0.01 and s.box[0] <= left + 0.01 and s.box[2] >= right - 0.01 for s in front)


@pytest.mark.parametrize("name", ["business-us", "poker"])
def test_cut_lines_are_seen_on_paper(name: str) -> None:
    """In the picture of a full sheet each line shows along its whole length."""
    stock = all_stock()[name]
    data = printed(stock, Layout(marks="cut", ruler=False), stock.per_sheet)
    picture, (found, _) = pictures(data)[0], strokes(data)
    assert [s for s in found if inked(picture, s) < 0.95] == []


@pytest.mark.parametrize("name", ["poker", "poker-letter", "your-design-vm5112"])
def test_corner_arcs_have_the_radius_of_the_stock(name: str) -> None:
    """Four arcs a card, each a quarter of a circle that touches both edges at the radius."""
    stock = all_stock()[name]
    (front, _) = strokes(printed(stock, Layout(corners=True, ruler=False), 2))
    arcs = [s for s in front if len(s.points) == 4]
    assert len(arcs) == 8
    for left, top, right, bottom in cells(stock, 2):
        for x, u in ((left, 1), (right, -1)):
            for y, v in ((top, 1), (bottom, -1)):
                centre = (x + u * stock.corner, y + v * stock.corner)
                ends = {(round(x, 2), round(y + v * stock.corner, 2)), (round(x + u * stock.corner, 2), round(y, 2))}
                (arc,) = [a for a in arcs if {(round(p, 2), round(q, 2)) for p, q in (a.points[0], a.points[-1])} == ends]
                for n in range(11):
                    t = n / 10
                    weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
                    px, py = (sum(w * p[axis] for w, p in zip(weights, arc.points, strict=True)) for axis in (0, 1))
                    distance = ((px - centre[0]) ** 2 + (py - centre[1]) ** 2) ** 0.5
                    assert abs(distance - stock.corner) < 0.01
    assert not [s for s in strokes(printed(stock, Layout(ruler=False), 2))[0] if len(s.points) == 4]


def test_corner_arcs_are_seen_on_paper() -> None:
    """A chord's middle is away from the arc: look at the arc's own middle."""
    stock = all_stock()["poker"]
    data = printed(stock, Layout(corners=True, ruler=False), 1)
    picture, (found, _) = pictures(data)[0], strokes(data)
    for arc in (s for s in found if len(s.points) == 4):
        x, y = (sum(w * p[axis] for w, p in zip((1, 3, 3, 1), arc.points, strict=True)) / 8 for axis in (0, 1))
        assert inked(picture, Stroke(((x - 0.01, y), (x + 0.01, y)))) > 0


RULED = [name for name, stock in all_stock().items() if ruler(stock)]


@pytest.mark.parametrize("name", ["poker", "index-3x5", "business-us", "poker-letter"])
def test_the_ruler_is_100_mm_long(name: str) -> None:
    """One line of 100 mm with eleven ticks, 10 mm apart, on the front only, inside the paper."""
    stock = all_stock()[name]
    front, back = strokes(printed(stock, Layout(marks="none"), 1))
    assert back == []
    (line,) = [s for s in front if s.box[2] - s.box[0] > 50]
    assert abs(line.box[2] - line.box[0] - 100) < 0.01
    ticks = sorted(s.box[0] for s in front if s is not line)
    assert len(ticks) == 11
    assert all(abs(x - line.box[0] - 10 * n) < 0.01 for n, x in enumerate(ticks))
    assert line.box[3] < stock.paper.height
    assert min(s.box[1] for s in front) > max(bottom for _, _, _, bottom in cells(stock, stock.per_sheet))
    assert inked(pictures(printed(stock, Layout(marks="none"), 1))[0], line) > 0.99
    assert strokes(printed(stock, Layout(marks="none", ruler=False), 1)) == [[], []]


def test_the_ruler_is_where_printers_print() -> None:
    """It is no use where it is cut off; 5 mm at the edge stay blank."""
    for name in RULED:
        stock = all_stock()[name]
        assert max(line.y2 for line in ruler(stock)) <= stock.paper.height - 5


def test_no_crop_mark_touches_the_ruler() -> None:
    """Else nobody can tell marks from ticks."""
    crossed = []
    for name in RULED:
        stock = all_stock()[name]
        left, right = ruler(stock)[0].x1, ruler(stock)[0].x2
        top, bottom = min(line.y1 for line in ruler(stock)), max(line.y2 for line in ruler(stock))
        for side in plan(stock.per_sheet, stock)[:1]:
            for mark in lines(stock, side, "crop"):
                if left - 1 < mark.x1 < right + 1 and mark.y1 < bottom and mark.y2 > top:
                    crossed.append(name)
    assert sorted(set(crossed)) == []


HOW = {
    "long-edge": "100 %, flip on the long edge",
    "short-edge": "100 %, flip on the short edge",
    "fold": "one side; fold backwards along the dashed line",
}


@pytest.mark.parametrize("duplex", HOW)
def test_sheets_say_what_they_are_and_how_to_print_them(make: Make, tmp_path: Path, duplex: str) -> None:
    """Deck, sheet n of m, side, marking and instructions stand on each side."""
    make(4, head="marking: FOR TRAINING\n", stock="index-5x8" if duplex == "fold" else "index-3x5", duplex=duplex)
    found = sheet_texts(tmp_path / "out" / "deck" / "flashcards.pdf")
    sides = [""] if duplex == "fold" else [", front", ", back"]
    expected = [f"Deck · sheet {n + 1} of {len(found) // len(sides)}{side} · " for n in range(len(found) // len(sides)) for side in sides]
    assert len(found) == len(expected) >= 4
    for text, words in zip(found, expected, strict=True):
        assert words in text
        assert HOW[duplex] in text
        assert "FOR TRAINING" in text


def test_two_files_say_how_to_print_them(make: Make, tmp_path: Path) -> None:
    """`none`: fronts in one file, backs in the other, both with the same instructions."""
    make(4, stock="index-3x5", duplex="none")
    for name, side in (("fronts", "front"), ("backs", "back")):
        found = sheet_texts(tmp_path / "out" / "deck" / f"flashcards-{name}.pdf")
        assert len(found) == 2
        for n, text in enumerate(found, 1):
            assert f"sheet {n} of 2, {side} · " in text
            assert "fronts first, then backs on the same sheets, turned about the long edge" in text


def test_a_long_footer_stays_clear_of_the_ruler(make: Make, tmp_path: Path) -> None:
    """A long title is cut or set smaller: it must not touch the ruler, the cards or the edge."""
    title = "A very long title of a deck about the water cycle, the carbon cycle and the nitrogen cycle in the sea, on land and in the air above both of them"
    make(2, head="marking: FOR TRAINING ONLY\n", title=f"'{title}'", stock="poker", duplex="none")
    path = tmp_path / "out" / "deck" / "flashcards-fronts.pdf"
    stock = all_stock()["poker"]
    document = pypdfium2.PdfDocument(path)
    content = document[0].get_textpage()
    boxes = [content.get_rect(n) for n in range(content.count_rects())]
    height = document[0].get_height()
    top = min(line.y1 for line in ruler(stock))
    foot = [b for b in boxes if (height - b[3]) / POINTS_PER_MM > stock.paper.height - stock.margins[3] - 1]
    assert foot
    for left, bottom, right, _ in foot:
        assert (height - bottom) / POINTS_PER_MM <= top
        assert left / POINTS_PER_MM >= 4.9
        assert right / POINTS_PER_MM <= stock.paper.width - 4.9
    document.close()


PREFERENCES = {
    "long-edge": ["/DuplexFlipLongEdge"],
    "short-edge": ["/DuplexFlipShortEdge"],
    "fold": ["/Simplex"],
    "none": ["/Simplex", "/Simplex"],
}


@pytest.mark.parametrize("duplex", PREFERENCES)
def test_viewers_are_asked_to_print_it_as_it_is(make: Make, duplex: str) -> None:
    """No scaling, the way of turning, paper by the size of the page; the screen's file asks for nothing."""
    built = make(2, duplex=duplex)
    asked = []
    for each in built.outputs:
        with pikepdf.open(each.path) as pdf:
            wanted = pdf.Root.ViewerPreferences
            if each.path.endswith("-screen.pdf"):
                assert "/Duplex" not in wanted
                continue
            asked.append(str(wanted.Duplex))
            assert str(wanted.PrintScaling) == "/None"
            assert bool(wanted.PickTrayByPDFSize)
            assert [str(each) for each in wanted.Enforce] == ["/PrintScaling"]
    assert asked == PREFERENCES[duplex]


def test_bleed_goes_beyond_the_trim_of_a_page(make: Make, tmp_path: Path) -> None:
    """3 mm around the card; the trim is the card, and viewers show the trim."""
    make(1, options=f"bleed: 3, colours: {{t0: '{RED}'}}", stock="poker")
    k = POINTS_PER_MM
    with pikepdf.open(tmp_path / "out" / "deck" / "flashcards-screen.pdf") as pdf:
        for page in pdf.pages:
            media, trim, crop = ([round(float(n) / k, 1) for n in box] for box in (page.MediaBox, page.TrimBox, page.CropBox))
            assert media == [-3, -3, 66.5, 91.9]
            assert trim == crop == [0, 0, 63.5, 88.9]
    make(1, stock="poker")
    with pikepdf.open(tmp_path / "out" / "deck" / "flashcards-screen.pdf") as pdf:
        assert [round(float(n) / k, 1) for n in pdf.pages[0].MediaBox] == [0, 0, 63.5, 88.9]


def red_in(picture: Image.Image, left: float, top: float, right: float, bottom: float) -> float:
    """Return the share of a rectangle, in mm, that is of the colour of the bars."""
    part = picture.crop((round(left * SCALE), round(top * SCALE), round(right * SCALE), round(bottom * SCALE)))
    red, green, _ = part.split()
    seen = ImageChops.subtract(red, green).histogram()
    return sum(seen[100:]) / (part.width * part.height)


def bars(make: Make, tmp_path: Path, name: str, duplex: str = "long-edge", cards: int = 20) -> list[Image.Image]:
    """Print cards of which every other one has a red bar with bleed, and return the pictures."""
    make(cards, options=f"bleed: 3, ruler: false, marks: none, colours: {{t0: '{RED}'}}", stock=name, duplex=duplex)
    return pictures(tmp_path / "out" / "deck" / "flashcards.pdf")


@pytest.mark.parametrize("name", ["poker", "business-us", "index-3x5", "avery-8373", "a7"])
def test_bleed_does_not_cover_neighbours(make: Make, tmp_path: Path, name: str) -> None:
    """A bar colours its own card at the left edge; cards without one stay white within their trim."""
    stock = all_stock()[name]
    front, back = bars(make, tmp_path, name, cards=stock.per_sheet)[:2]
    for n, (left, top, right, bottom) in enumerate(cells(stock, stock.per_sheet)):
        has = n % 2 == 0
        assert (red_in(front, left + 0.3, top + 0.3, left + 2.1, bottom - 0.3) > 0.98) is has
        assert red_in(front, left + (2.7 if has else 0.3), top + 0.3, right - 0.3, bottom - 0.3) == 0
        behind = stock.paper.width - right
        assert (red_in(back, behind + 0.3, top + 0.3, behind + 2.1, bottom - 0.3) > 0.98) is has
        assert red_in(back, behind + (2.7 if has else 0.3), top + 0.3, behind + stock.card[0] - 0.3, bottom - 0.3) == 0


def test_bleed_reaches_half_of_a_gutter_or_its_whole_width(make: Make, tmp_path: Path) -> None:
    """Avery 8373 has gutters of 12.7 mm: all 3 mm are printed; index cards bleed to the left only side by side."""
    stock = all_stock()["avery-8373"]
    picture = bars(make, tmp_path, "avery-8373", cards=1)[0]
    left, top, _, bottom = cells(stock, 1)[0]
    assert red_in(picture, left - 2.8, top - 2.8, left, bottom + 2.8) > 0.98
    assert red_in(picture, left - 6, top - 6, left - 3.2, bottom + 6) == 0


def test_bleed_goes_into_the_margin_where_cards_touch(make: Make, tmp_path: Path) -> None:
    """The outer cards have room for bleed on their outer side."""
    stock = all_stock()["business-us"]
    picture = bars(make, tmp_path, "business-us", cards=1)[0]
    left, top, _, bottom = cells(stock, 1)[0]
    assert red_in(picture, left - 2.8, top + 1, left, bottom - 1) > 0.98


@pytest.mark.parametrize("name", ["a7", "index-5x8"])
def test_bleed_does_not_cross_the_fold(make: Make, tmp_path: Path, name: str) -> None:
    """The back's bar ends at the fold, else it shows on the front; and the front's on the back."""
    stock = all_stock()[name].folded()
    picture = bars(make, tmp_path, name, "fold", cards=1)[0]
    x, y = cell(stock, 0)
    if stock.fold == "beside":
        assert red_in(picture, x + stock.card[0] - 2.8, y + 1, x + stock.card[0] - 0.2, y + stock.card[1] - 1) == 0
    else:
        assert red_in(picture, x - 2.8, y + stock.card[1] + 0.3, x + stock.card[0] - 5, y + stock.card[1] + 2.8) == 0


@pytest.mark.parametrize("bleed", ["-3", "1000"])
def test_a_senseless_bleed_is_said(make: Make, bleed: str) -> None:
    """Less than nothing and more than the card are diagnostics."""
    with pytest.raises(AssertionError, match="bleed"):
        make(1, options=f"bleed: {bleed}")
