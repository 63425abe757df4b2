"""Decks printed on one side and folded: folding brings each back behind its front."""

from __future__ import annotations

import io
import re
import sys
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from PIL import Image

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import weasyprint  # noqa: F401  an import that warns, which the settings take for an error

sys.path.insert(0, str(Path(__file__).parents[1]))
from support import whole_deck

from guide.content.library import all_stock
from guide.model.artifacts import Face, FontObjects, Html, SetFace
from guide.model.kinds import Stock
from guide.pdf.assemble import About
from guide.resources import TEMPLATES
from guide.sheets.impose_cards import Layout, impose
from guide.sheets.plan_cards import plan
from guide.units import PAPERS, POINTS_PER_MM


@lru_cache(maxsize=64)
def faces(cards: int, card: tuple[float, float]) -> tuple[list[SetFace], FontObjects]:
    """Return a deck with `F03` and `B03` in the middle of card 3's sides, on white as real ones."""
    width, height = card
    css = (
        f"@page {{ size: {width}mm {height}mm; margin: 0 }}\n"
        f'html {{ font: 9pt/{height}mm "Source Sans 3"; background: #fff }}\n'
        f".face {{ break-before: page; height: {height}mm; overflow: hidden }} body, p {{ margin: 0; text-align: center }}"
    )
    made = tuple(
        Face(f"c{n}", f"<p>{side}{n:02}</p>", f"c{n}") for n in range(cards) for side in "FB"
    )
    markup = '<html lang="en"><head><title>Deck</title></head><body><!--faces--></body></html>'
    sheets = (("fonts.css", (TEMPLATES / "fonts.css").read_text("utf-8")), ("own.css", css))
    return whole_deck(Html("Deck", "en", markup, sheets, faces=made, sizes=(9.0,)))[1:]


def printed(stock: Stock, layout: Layout, cards: int = 3, order: str = "reading") -> bytes:
    """Return the sheets of a deck of so many cards."""
    found, fonts = faces(cards, stock.card)
    sides = plan(cards, stock, layout.duplex, order)
    return impose(found, sides, stock, layout, fonts, About("Deck", "en")).data


@dataclass(frozen=True)
class Word:
    """A word on a side: its middle in mm from the top left, and whether it is upside down."""

    text: str
    side: int
    x: float
    y: float
    turned: bool


def words(data: bytes | Path, pattern: str = r"[FB]\d\d") -> dict[str, Word]:
    """Return the words of a PDF that match, each of which must be there once."""
    found: dict[str, Word] = {}
    document = pypdfium2.PdfDocument(data)
    for side in range(len(document)):
        height = document[side].get_height()
        content = document[side].get_textpage()
        for match in re.finditer(pattern, content.get_text_range()):
            boxes = [content.get_charbox(n) for n in range(*match.span())]
            x = (min(b[0] for b in boxes) + max(b[2] for b in boxes)) / 2
            y = height - (min(b[1] for b in boxes) + max(b[3] for b in boxes)) / 2
            turned = boxes[0][0] > boxes[-1][0]
            assert match[0] not in found, match[0]
            found[match[0]] = Word(match[0], side, x / POINTS_PER_MM, y / POINTS_PER_MM, turned)
    document.close()
    return found


Point = tuple[float, float]


@dataclass(frozen=True)
class Stroke:
    """A line or curve as it is drawn: its points in mm from the top left, whether it is dashed."""

    points: tuple[Point, ...]
    dashed: bool = False

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom."""
        xs, ys = zip(*self.points, strict=True)
        return min(xs), min(ys), max(xs), max(ys)


def _times(a: Sequence[float], b: Sequence[float]) -> tuple[float, ...]:
    """Return the matrix that does a, then b."""
    return (
        a[0] * b[0] + a[1] * b[2], a[0] * b[1] + a[1] * b[3],
        a[2] * b[0] + a[3] * b[2], a[2] * b[1] + a[3] * b[3],
        a[4] * b[0] + a[5] * b[2] + b[4], a[4] * b[1] + a[5] * b[3] + b[5],
    )  # fmt: skip


def _strokes(owner: Any, matrix: tuple[float, ...], height: float) -> Iterator[Stroke]:
    stack: list[tuple[tuple[float, ...], bool]] = []
    dashed, path = False, []
    for operands, operator in pikepdf.parse_content_stream(owner):  # type: ignore[misc]  # its stub has no iteration
        name = str(operator)
        numbers = [float(each) for each in operands] if name in {"cm", "m", "l", "c"} else []
        if name == "q":
            stack.append((matrix, dashed))
        elif name == "Q":
            matrix, dashed = stack.pop()
        elif name == "cm":
            matrix = _times(numbers, matrix)
        elif name == "d":
            dashed = len(operands[0]) > 0
        elif name in {"m", "l", "c"}:
            if name == "m":
                path.append([])
            for x, y in zip(numbers[::2], numbers[1::2], strict=True):
                px = x * matrix[0] + y * matrix[2] + matrix[4]
                py = x * matrix[1] + y * matrix[3] + matrix[5]
                path[-1].append((px / POINTS_PER_MM, height - py / POINTS_PER_MM))
        elif name == "S":
            yield from (Stroke(tuple(points), dashed) for points in path)
            path = []
        elif name in {"f", "f*", "n", "B", "s", "W", "W*"}:
            path = path if name.startswith("W") else []


def strokes(data: bytes | Path) -> list[list[Stroke]]:
    """Return the lines that each side of a sheet draws itself: marks, not what cards hold."""
    with pikepdf.open(io.BytesIO(data) if isinstance(data, bytes) else data) as pdf:
        found = []
        for page in pdf.pages:
            height = float(page.mediabox[3]) / POINTS_PER_MM
            found.append(list(_strokes(page, (1, 0, 0, 1, 0, 0), height)))
        return found


SCALE = 6.0  # px per mm in pictures


def pictures(data: bytes | Path) -> list[Image.Image]:
    """Return each side as it comes out of the printer."""
    document = pypdfium2.PdfDocument(data)
    scale = SCALE / POINTS_PER_MM
    made = [page.render(scale=scale).to_pil().convert("RGB") for page in document]
    document.close()
    return made


def inked(picture: Image.Image, stroke: Stroke) -> float:
    """Return the share of a straight line on which something darker than paper is seen."""
    (x1, y1), (x2, y2) = stroke.points[0], stroke.points[-1]
    steps = max(10, int(2 * SCALE * max(abs(x2 - x1), abs(y2 - y1))))
    seen = 0
    for n in range(steps):
        share = (n + 0.5) / steps
        x, y = (x1 + (x2 - x1) * share) * SCALE, (y1 + (y2 - y1) * share) * SCALE
        near: list[Any] = [
            picture.getpixel((px, py))
            for px in range(int(x) - 1, int(x) + 2)  # a picture is up to a pixel larger than the paper
            for py in range(int(y) - 1, int(y) + 2)
            if 0 <= px < picture.width and 0 <= py < picture.height
        ]
        seen += any(min(pixel) < 235 for pixel in near)
    return seen / steps


def folded(word: Word, line: Stroke) -> Word:
    """Return where a word is when the paper is folded backwards along a line, seen from behind.

    The reader turns the folded card like a page, about its upright axis. What was turned by the fold
    about a level line stands on its head then, unless it was printed so.
    """
    left, top, right, bottom = line.box
    if right - left < bottom - top:
        return replace(word, x=2 * left - word.x)
    return replace(word, y=2 * top - word.y, turned=not word.turned)


def line_of(word: Word, lines: list[Stroke], card: Point) -> Stroke:
    """Return the fold line at a front: at its right edge or below it."""
    for line in lines:
        left, top, right, bottom = line.box
        upright = right - left < bottom - top
        beside = abs(left - word.x - card[0] / 2) < 1.5 and top < word.y < bottom
        below = abs(top - word.y - card[1] / 2) < 1.5 and left < word.x < right
        if beside if upright else below:
            return line
    raise AssertionError(f"{word.text} has no fold line")


def by_size(width: float, height: float, paper: str) -> Stock:
    """Return stock of one card of this size, as its author may write it."""
    sheet = PAPERS[paper]
    return Stock(
        name="any", title="Any", paper=sheet, card=(width, height), columns=1, rows=1,
        origin=(0, 0), pitch=(width, height), safe=2,
    )  # fmt: skip


def check_folds(stock: Stock, cards: int) -> None:
    """Fold every card of a deck on paper, and compare its sides."""
    data = printed(stock, Layout("fold"), cards)
    found, lines = words(data), [[s for s in side if s.dashed] for side in strokes(data)]
    assert len(lines) == -(-cards // stock.per_sheet)
    assert sum(map(len, lines)) == cards
    for n in range(cards):
        front, back = found[f"F{n:02}"], found[f"B{n:02}"]
        assert front.side == back.side
        assert not front.turned
        behind = folded(back, line_of(front, lines[front.side], stock.card))
        assert abs(behind.x - front.x) < 0.8
        assert abs(behind.y - front.y) < 1.0
        assert not behind.turned
    boxes = [(w.side, w.x, w.y) for w in found.values()]
    width, height = stock.card
    for n, (side, x, y) in enumerate(boxes):
        assert width / 2 - 0.8 < x < stock.paper.width - width / 2 + 0.8
        assert height / 2 - 1 < y < stock.paper.height - height / 2 + 1
        for other, x2, y2 in boxes[n + 1 :]:
            assert side != other or abs(x - x2) > width - 1 or abs(y - y2) > height - 1


sides_mm = st.integers(200, 2000).map(lambda n: n / 10)


@settings(max_examples=25)
@given(sides_mm, sides_mm, st.sampled_from(["a4", "letter"]), st.integers(1, 5))
def test_folding_brings_every_back_behind_its_front(
    width: float, height: float, paper: str, cards: int
) -> None:
    """Any size of card: each pair is folded along its own dashed line; nothing overlaps or leaves the paper."""
    sheet = PAPERS[paper]
    assume(width <= sheet.width and height <= sheet.height)
    try:
        stock = by_size(width, height, paper).folded()
    except ValueError as exc:
        assert "do not fit" in str(exc)
        small, large = sorted((sheet.width, sheet.height))
        for two in ((2 * width, height), (width, 2 * height)):
            assert min(two) > small - 0.1 or max(two) > large - 0.1
        return
    check_folds(stock, cards)


FOLDED = ("a7", "a8", "business-us", "index-4x6", "index-5x8", "poker-letter")


@pytest.mark.parametrize("name", FOLDED)
def test_bundled_stock_is_folded_too(name: str) -> None:
    """A full sheet and a card on the next, of sheets that are cut beside and below."""
    stock = all_stock()[name].folded()
    check_folds(stock, stock.per_sheet + 1)


def test_a_fold_is_beside_or_below_the_front() -> None:
    """Both ways of folding come up, so that the tests above have seen both."""
    assert {all_stock()[name].folded().fold for name in FOLDED} == {"beside", "below"}


def test_folded_sheets_are_printed_on_one_side() -> None:
    """The viewer is asked for one-sided printing, without scaling."""
    data = printed(all_stock()["a7"].folded(), Layout("fold"))
    with pikepdf.open(io.BytesIO(data)) as pdf:
        wanted = pdf.Root.ViewerPreferences
        assert (str(wanted.Duplex), str(wanted.PrintScaling)) == ("/Simplex", "/None")


@pytest.mark.parametrize("marks", ["crop", "cut", "none"])
def test_the_fold_line_is_drawn_whatever_the_marks(marks: str) -> None:
    """Without the line nobody knows where to fold; without marks there is nothing else."""
    data = printed(all_stock()["index-4x6"].folded(), Layout("fold", marks, ruler=False), 1)
    (found,) = strokes(data)
    assert sum(s.dashed for s in found) == 1
    assert (len(found) > 1) == (marks != "none")


def test_crop_marks_stand_at_the_ends_of_the_folded_pair() -> None:
    """Front and back are one piece of paper: no mark lies between them but the fold line."""
    stock = all_stock()["index-4x6"].folded()
    data = printed(stock, Layout("fold", ruler=False), 1)
    (found,) = strokes(data)
    (line,) = [s for s in found if s.dashed]
    left, top, right, bottom = line.box
    level = right - left > bottom - top
    for mark in (s for s in found if not s.dashed):
        x1, y1, x2, y2 = mark.box
        assert abs((y1 + y2) / 2 - top) > 5 if level else abs((x1 + x2) / 2 - left) > 5


@pytest.mark.parametrize("name", ["a7", "index-5x8"])
def test_the_fold_line_is_seen_on_paper(name: str) -> None:
    """Dashes cover about half of the line in the picture of the sheet."""
    data = printed(all_stock()[name].folded(), Layout("fold"), 1)
    (line,) = [s for s in strokes(data)[0] if s.dashed]
    assert inked(pictures(data)[0], line) > 0.3
