"""The back of a sheet behind its front on printers that set it off: offset, profile, calibration."""

from __future__ import annotations

import io
import sys
from dataclasses import replace
from math import cos, hypot, radians, sin
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[1]))
from sheets.test_fold import Point, Stroke, _strokes, printed, strokes, words

from guide.model.kinds import Stock
from guide.model.printers import Registration
from guide.actions.calibrate import write_calibration
from guide.printing.profiles import crosses, fitted
from guide.sheets.impose_cards import Layout
from guide.units import PAPERS, POINTS_PER_MM, Paper, parse_paper

PORTRAIT = Stock(
    name="p", title="P", paper=PAPERS["a4"], card=(60, 40), columns=2, rows=4, origin=(20, 25), pitch=(75, 50)
)
LANDSCAPE = Stock(
    name="l", title="L", paper=PAPERS["a4"].turned, card=(60, 40), columns=3, rows=2, origin=(30, 15),
    pitch=(70, 40),
)
STOCKS = [PORTRAIT, LANDSCAPE]
EDGES = ["long-edge", "short-edge"]
CARDS = 10
both = pytest.mark.parametrize("stock", STOCKS, ids=["portrait", "landscape"])
edges = pytest.mark.parametrize("duplex", EDGES)


def turned(paper: Paper, duplex: str) -> bool:
    """Return whether the back comes out upside down: the sheet turns about its level axis."""
    return (paper.width <= paper.height) != (duplex == "long-edge")


def moved(point: Point, by: Registration, paper: Paper, upside_down: bool) -> Point:
    """Return where a point of the back goes, as the user says it: looking at the back, upright."""
    sign = -1 if upside_down else 1
    x, y = sign * (point[0] - paper.width / 2), sign * (point[1] - paper.height / 2)
    s, t = by.scale / 100, radians(by.rotation)  # clockwise as one looks, y downwards
    x, y = s * (x * cos(t) - y * sin(t)) + by.right, s * (x * sin(t) + y * cos(t)) + by.down
    return sign * x + paper.width / 2, sign * y + paper.height / 2


REGISTRATIONS = [
    Registration(0.4, -0.8),
    Registration(-3, 5),
    Registration(0, 0, 99.5, 0),
    Registration(0, 0, 100, 0.5),
    Registration(1.25, -0.5, 100.4, -0.3),
]


@both
@edges
@pytest.mark.parametrize("registration", REGISTRATIONS, ids=str)
def test_backs_and_their_marks_move_and_fronts_do_not(
    stock: Stock, duplex: str, registration: Registration
) -> None:
    """Every word and every mark of a back is moved as one looks at it; fronts are the same."""
    plain = printed(stock, Layout(duplex), CARDS)
    shifted = printed(stock, Layout(duplex, registration=registration), CARDS)
    upside_down = turned(stock.paper, duplex)
    before, after = words(plain), words(shifted)
    assert before.keys() == after.keys()
    for name, word in before.items():
        there = (word.x, word.y)
        if name.startswith("B"):
            assert word.turned is upside_down
            there = moved(there, registration, stock.paper, upside_down)
        assert abs(after[name].x - there[0]) < 0.06, name
        assert abs(after[name].y - there[1]) < 0.06, name
    for number, (old, new) in enumerate(zip(strokes(plain), strokes(shifted), strict=True)):
        assert old
        assert len(old) == len(new)
        for one, other in zip(old, new, strict=True):
            for point, found in zip(one.points, other.points, strict=True):
                there = moved(point, registration, stock.paper, upside_down) if number % 2 else point
                assert abs(found[0] - there[0]) < 0.02
                assert abs(found[1] - there[1]) < 0.02


def test_one_sided_sheets_do_not_move() -> None:
    """A folded sheet has no back: the same bytes with and without a registration."""
    stock = PORTRAIT.folded()
    assert printed(stock, Layout("fold", registration=Registration(2, 2))) == printed(stock, Layout("fold"))


def test_no_registration_changes_nothing() -> None:
    """A profile of a printer without any error is as none at all."""
    assert printed(PORTRAIT, Layout(registration=Registration(0, 0, 100, 0))) == printed(PORTRAIT, Layout())


tenths = st.integers(-20, 20).map(lambda n: n / 10)
errors = st.builds(
    Registration, tenths, tenths, st.integers(-40, 40).map(lambda n: 100 + n / 100),
    st.integers(-30, 30).map(lambda n: n / 100),
)  # fmt: skip


@settings(max_examples=25)
@given(errors, st.sampled_from(STOCKS), st.sampled_from(EDGES))
def test_what_is_read_from_the_sheet_undoes_the_error_of_a_printer(
    error: Registration, stock: Stock, duplex: str
) -> None:
    """A printer sets backs off, turned and scaled. Read at the crosses, stored, printed: backs lie behind fronts."""
    paper = stock.paper
    upside_down = turned(paper, duplex)
    readings = {}
    for name, (x, y) in crosses(paper.width, paper.height).items():
        # The reader looks at the back, upright: the front's cross is at (x, y), the scale's is off.
        off = moved((paper.width / 2 + x, paper.height / 2 + y), error, paper, False)
        readings[name] = (paper.width / 2 + x - off[0], paper.height / 2 + y - off[1])
    registration = fitted(readings, paper.width, paper.height)
    found = words(printed(stock, Layout(duplex, registration=registration), CARDS))
    straight = words(printed(stock, Layout(duplex), CARDS))
    for n in range(CARDS):
        back = found[f"B{n:02}"]
        on_paper = moved((back.x, back.y), error, paper, upside_down)
        wanted = straight[f"B{n:02}"]
        assert hypot(on_paper[0] - wanted.x, on_paper[1] - wanted.y) < 0.1


@settings(max_examples=60)
@given(errors, st.sampled_from(["a4", "letter", "a4-landscape", "a3"]),
       st.sampled_from([("C", "TL", "TR", "BL", "BR"), ("TL", "BR"), ("C", "TR"), ("BL", "TL", "C")]))  # fmt: skip
def test_a_known_similarity_is_recovered(known: Registration, paper: str, names: tuple[str, ...]) -> None:
    """Two crosses or more tell offset, rotation and scale."""
    sheet = parse_paper(paper)
    middle = (sheet.width / 2, sheet.height / 2)
    readings = {}
    for name in names:
        x, y = crosses(sheet.width, sheet.height)[name]
        there = moved((middle[0] + x, middle[1] + y), known, sheet, False)
        readings[name] = (there[0] - middle[0] - x, there[1] - middle[1] - y)
    found = fitted(readings, sheet.width, sheet.height)
    assert abs(found.right - known.right) < 0.003
    assert abs(found.down - known.down) < 0.003
    assert abs(found.scale - known.scale) < 0.003
    assert abs(found.rotation - known.rotation) < 0.003


def test_one_cross_tells_the_offset_only() -> None:
    """Whichever cross it is, and however small the paper."""
    for name in ("C", "TL"):
        assert fitted({name: (0.4, -0.8)}, 210, 297) == Registration(0.4, -0.8)
    assert fitted({"C": (1, 1), "TL": (3, 1)}, 50, 50) == Registration(2, 1)


def test_a_wrong_reading_is_averaged_out() -> None:
    """One cross read a tenth wrong moves the result by a part of it."""
    readings = {name: (1.0, 2.0) for name in crosses(210, 297)} | {"TL": (1.1, 2.0)}
    found = fitted(readings, 210, 297)
    assert abs(found.right - 1) <= 0.02 + 1e-9
    assert abs(found.down - 2) < 0.001


PAPERS_TRIED = ["a4", "letter", "a4-landscape", "215.9x139.7mm"]


def calibration(folder: Path, paper: str, duplex: str) -> Path:
    """Return the calibration sheet."""
    write_calibration(parse_paper(paper), duplex, folder / "sheet.pdf")
    return folder / "sheet.pdf"


def all_strokes(path: Path) -> list[list[Stroke]]:
    """Return the lines of each page, also those of drawings."""
    with pikepdf.open(path) as pdf:
        found = []
        for page in pdf.pages:
            height = float(page.mediabox[3]) / POINTS_PER_MM
            found.append(list(_strokes(page, (1, 0, 0, 1, 0, 0), height)))
            for form in page.resources.get("/XObject", {}).values():
                if form.get("/Subtype") == "/Form":
                    found[-1] += _strokes(form, (1, 0, 0, 1, 0, 0), height)
        return found


def centres(found: list[Stroke], length: float) -> set[Point]:
    """Return the middles of crosses with arms of this length, to a hundredth of a mm."""
    level, upright = set(), set()
    for stroke in found:
        left, top, right, bottom = stroke.box
        middle = (round((left + right) / 2, 1), round((top + bottom) / 2, 1))
        if abs(right - left - length) < 0.02 and bottom - top < 0.02:
            level.add(middle)
        if abs(bottom - top - length) < 0.02 and right - left < 0.02:
            upright.add(middle)
    return level & upright


def near(points: set[Point], others: set[Point]) -> bool:
    """Return whether each point has one of the others at the same place."""
    return all(any(hypot(x - u, y - v) < 0.15 for u, v in others) for x, y in points)


@edges
@pytest.mark.parametrize("paper", PAPERS_TRIED)
def test_the_crosses_of_the_calibration_sheet_coincide_through_the_paper(
    tmp_path: Path, paper: str, duplex: str
) -> None:
    """Turned about the edge, the five scales of the back lie on the five crosses of the front."""
    sheet = parse_paper(paper)
    front, back = all_strokes(calibration(tmp_path, paper, duplex))
    crossed, scales = centres(front, 18), centres(back, 12)
    assert len(crossed) == len(scales) == 5
    if turned(sheet, duplex):
        seen = {(x, sheet.height - y) for x, y in scales}
    else:
        seen = {(sheet.width - x, y) for x, y in scales}
    assert near(seen, crossed)
    assert near(crossed, seen)


@edges
@pytest.mark.parametrize("paper", PAPERS_TRIED)
def test_the_names_of_the_crosses_are_those_that_are_stored(tmp_path: Path, paper: str, duplex: str) -> None:
    """Looking at the back upright, TL stands by the cross that `fitted` takes for the top left."""
    sheet = parse_paper(paper)
    # PDFium reads signs that are set one by one from left to right, also those that stand on their heads.
    read = words(calibration(tmp_path, paper, duplex), r"(TL|TR|BL|BR|LT|RT|LB|RB)(?!=)")
    backwards = {name[::-1]: replace(word, turned=not word.turned) for name, word in read.items() if name[0] in "LR"}
    found = {name: word for name, word in read.items() if name[0] in "TB"} | backwards
    sign = -1 if turned(sheet, duplex) else 1
    for name, (x, y) in crosses(sheet.width, sheet.height).items():
        if name == "C":
            continue
        word = found[name]
        assert word.side == 1
        assert word.turned is (sign < 0)
        assert abs(sign * (word.x - sheet.width / 2) - x) < 14
        assert abs(sign * (word.y - sheet.height / 2) - y) < 10


@edges
def test_the_calibration_sheet_says_how_to_print_it(tmp_path: Path, duplex: str) -> None:
    """The edge, 100 %, and what to type are on the sheet; each side is one page of the paper's size."""
    path = calibration(tmp_path, "letter", duplex)
    document = pypdfium2.PdfDocument(path)
    assert [tuple(round(n) for n in page.get_size()) for page in document] == [(612, 792)] * 2
    front, back = (" ".join(page.get_textpage().get_text_range().split()) for page in document)
    assert duplex.replace("-", " ") in front
    assert "100 %" in front
    assert "guide calibrate --save office --read C=" in back
    assert "guide build --printer office" in back
    document.close()


def test_the_calibration_sheet_has_a_line_of_100_mm(tmp_path: Path) -> None:
    """Whoever measures it knows whether the printer scales."""
    path = calibration(tmp_path, "a4", "long-edge")
    document = pypdfium2.PdfDocument(path)
    picture = document[0].render(scale=10 / POINTS_PER_MM).to_pil().convert("L")
    document.close()
    runs = []
    for y in range(picture.height):
        row = bytes(255 if value < 128 else 0 for value in picture.crop((0, y, picture.width, y + 1)).tobytes())
        runs.append(max(map(len, row.split(b"\0"))) / 10)
    assert any(abs(run - 100) < 0.3 for run in runs), max(runs)


def test_the_calibration_sheet_is_the_same_each_time(tmp_path: Path) -> None:
    """The same bytes, and nothing for qpdf to repair."""
    once = calibration(tmp_path, "a4", "long-edge").read_bytes()
    assert calibration(tmp_path, "a4", "long-edge").read_bytes() == once
    with pikepdf.open(io.BytesIO(once)) as pdf:
        assert pdf.check_pdf_syntax() == []


@pytest.mark.parametrize("paper", ["127x76.2mm", "105x74mm", "a6"])
def test_the_calibration_sheet_goes_on_the_paper_of_single_cards(tmp_path: Path, paper: str) -> None:
    """Printers that feed index cards have a registration, too: all text is on the sheet, each line by itself."""
    path = calibration(tmp_path, paper, "long-edge")
    sheet = parse_paper(paper)
    document = pypdfium2.PdfDocument(path)
    for page in document:
        content = page.get_textpage()
        rects = [content.get_rect(n) for n in range(content.count_rects())]
        for left, bottom, right, top in rects:
            assert -0.1 <= left <= right <= sheet.width * POINTS_PER_MM + 0.1
            assert -0.1 <= bottom <= top <= sheet.height * POINTS_PER_MM + 0.1
        for n, one in enumerate(rects):
            for other in rects[n + 1 :]:
                wide = min(one[2], other[2]) - max(one[0], other[0])
                tall = min(one[3], other[3]) - max(one[1], other[1])
                assert wide < 2 or tall < 2
    document.close()
