"""The bundled stock: right by the facts, reachable by every name, and every back behind its front."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
from sheets.test_fold import printed, words

from guide.content.library import all_stock, load_stock
from guide.content.load import load_pack
from guide.diagnostics.diagnostic import ContentError, Place
from guide.model.kinds import Stock
from guide.sheets.impose_cards import Layout
from guide.sheets.plan_cards import cell
from guide.units import PAPERS

NAMES = sorted(all_stock())
every = pytest.mark.parametrize("name", NAMES)
HERE = Place("here")


@every
def test_cards_lie_on_the_paper_and_not_on_one_another(name: str) -> None:
    """Whole on the sheet, apart by the gutter, the text inside the trim."""
    stock = all_stock()[name]
    width, height = stock.card
    corners = [cell(stock, n) for n in range(stock.per_sheet)]
    for n, (x, y) in enumerate(corners):
        assert x >= 0
        assert y >= 0
        assert x + width <= stock.paper.width + 0.01
        assert y + height <= stock.paper.height + 0.01
        for u, v in corners[n + 1 :]:
            assert abs(x - u) >= width - 0.001 or abs(y - v) >= height - 0.001
    assert 2 <= stock.safe <= 8
    assert min(stock.sizes) >= 7
    assert max(stock.sizes) / min(stock.sizes) >= 1.2


@every
@pytest.mark.parametrize("duplex", ["long-edge", "short-edge"])
def test_backs_lie_behind_fronts_on_full_and_partial_sheets(name: str, duplex: str) -> None:
    """Read from the PDF and turned about the edge: each back is behind its front and upright."""
    stock = all_stock()[name]
    count = stock.per_sheet + max(1, stock.per_sheet // 2 - 1)
    found = words(printed(stock, Layout(duplex), count))
    vertical = (stock.paper.width <= stock.paper.height) == (duplex == "long-edge")
    assert len(found) == 2 * count
    for n in range(count):
        front, back = found[f"F{n:02}"], found[f"B{n:02}"]
        assert (front.side, back.side) == (2 * (n // stock.per_sheet), 2 * (n // stock.per_sheet) + 1)
        x, y = (stock.paper.width - back.x, back.y) if vertical else (back.x, stock.paper.height - back.y)
        assert abs(x - front.x) < 0.8
        assert abs(y - front.y) < 1.0
        assert not front.turned
        assert back.turned is not vertical
        left, top = cell(stock, n % stock.per_sheet)
        assert abs(front.x - left - stock.card[0] / 2) < 0.8
        assert abs(front.y - top - stock.card[1] / 2) < 1.5


def test_names_and_aliases_are_used_once() -> None:
    """A part number that two stocks claimed would be a lottery."""
    used = Counter(
        alias.casefold() for stock in all_stock().values() for alias in {stock.name, *stock.aliases}
    )
    assert [name for name, count in used.items() if count > 1] == []


ALL = [(name, stock.name) for stock in all_stock().values() for name in (stock.name, *stock.aliases)]
SIZES = {"3x5", "85x55", "85x54"}


@pytest.mark.parametrize(("alias", "name"), [each for each in ALL if each[0] not in SIZES])
def test_every_name_leads_to_its_stock(alias: str, name: str) -> None:
    """As written, in capitals, and with spaces for hyphens."""
    for written in (alias, alias.upper(), alias.replace("-", " ")):
        assert load_stock(written, HERE).name == name


@pytest.mark.parametrize(("alias", "name"), [each for each in ALL if each[0] in SIZES])
def test_aliases_that_look_like_sizes_lead_to_their_stock(alias: str, name: str) -> None:
    """The list offers them as names."""
    assert load_stock(alias, HERE).name == name


# Facts from the makers' data by way of glabels: part, paper, card, columns x rows, first card, pitch.
FACTS = """
7414 a4 89.994 51.999 2 5 14.997 18.5 89.994 51.999
8414 a4 86.995 50.8 2 5 14.817 20.422 93.133 50.8
32015 a4 85 54 2 4 17 31.5 91 60
c32011-10 a4 85 54 2 5 15 13.5 95 54
5371 letter 88.9 50.8 2 5 19.05 12.7 88.9 50.8
8371 letter 88.9 50.8 2 5 19.05 12.7 88.9 50.8
28877 letter 88.9 50.8 2 5 19.05 12.7 88.9 50.8
5388 letter 127 76.2 1 3 44.45 25.4 127 76.2
avery-8388 letter 127 76.2 1 3 44.45 25.4 127 76.2
5389 letter 152.4 101.6 1 2 31.75 31.75 152.4 114.3
8373 letter 88.9 50.8 2 4 12.7 19.05 101.6 63.5
57125 a4 86 54 2 5 16 11 91 55.625
57126 a4 90 50.8 2 5 15 21.5 90 50.8
occ-3342 a4 85 54 2 5 15 13.5 95 54
p68 a4 85 54 2 4 15 13 95 72
p70 a4 85 54 2 5 15 13.5 95 54
50400 a4 85 55 2 5 13.5 10.5 95 55
50402 a4 81 50.8 2 5 16 14.5 97 54.8
"""


@pytest.mark.parametrize("line", FACTS.split("\n")[1:-1], ids=lambda line: line.split()[0])
def test_part_numbers_have_the_makers_measures(line: str) -> None:
    """To the thousandth of a millimetre."""
    part, paper, *numbers = line.split()
    width, height, columns, rows, left, top, across, down = map(float, numbers)
    stock = load_stock(part, HERE)
    assert stock.paper == PAPERS[paper]
    assert stock.card == (width, height)
    assert (stock.columns, stock.rows) == (columns, rows)
    assert stock.origin == (left, top)
    assert stock.pitch == (across, down)


@pytest.mark.parametrize("part", ["8388", "5386"])
def test_a_part_number_alone_is_enough(part: str) -> None:
    """Who has the packet in hand types what stands on it."""
    assert load_stock(part, HERE).name == "index-3x5"


# What issue 4 promises: sizes in mm, whichever way round, and how many on which paper.
SIZED = {
    "a7": (74, 105, 8), "a6": (105, 148, 4), "a8": (52, 74, 16), "index-3x5": (76.2, 127, 3), "index-4x6": (101.6, 152.4, 2),
    "index-5x8": (127, 203.2, 2), "card-3x5": (76.2, 127, 1), "card-4x6": (101.6, 152.4, 1), "card-5x8": (127, 203.2, 1),
    "business-eu": (55, 85, 10), "business-us": (50.8, 88.9, 10), "poker": (63.5, 88.9, 9), "bridge": (57.15, 88.9, 9),
}  # fmt: skip


@pytest.mark.parametrize("name", SIZED)
def test_sizes_that_users_ask_for(name: str) -> None:
    """Each is there under its plain name; single cards are their own paper."""
    stock = all_stock()[name]
    short, long, count = SIZED[name]
    assert tuple(sorted(stock.card)) == (short, long)
    assert stock.per_sheet == count
    if count == 1:
        assert (stock.paper.width, stock.paper.height) == stock.card


@pytest.mark.parametrize("size", ["90x60mm", "9x6cm", "3.5x2in", "63.5 x 88.9 mm", "90x60"])
@pytest.mark.parametrize("paper", ["a4", "letter", "a3"])
def test_a_size_gives_the_best_grid(size: str, paper: str) -> None:
    """No grid of one direction on that sheet, inside what printers print, has more cards; it is centred."""
    sheet = PAPERS[paper]
    stock = load_stock(size, HERE, paper=sheet)
    width, height = stock.card
    best = max(
        int((w - 10 + 0.01) // width) * int((h - 10 + 0.01) // height)
        for w, h in ((sheet.width, sheet.height), (sheet.height, sheet.width))
    )
    assert stock.per_sheet == best
    assert {stock.paper.width, stock.paper.height} == {sheet.width, sheet.height}
    left, top, right, bottom = stock.margins
    assert abs(left - right) < 0.01
    assert abs(top - bottom) < 0.01
    assert min(stock.margins) >= 4.99


@pytest.mark.parametrize(("size", "least"), [("40x25mm", 0.8), ("60x30mm", 0.8), ("90x60mm", 0.75), ("150x100mm", 0.85)])
def test_a_card_of_any_size_keeps_most_of_its_room_for_text(size: str, least: float) -> None:
    """The margin shrinks with the card, so that a small one has room, and is 5 mm at most."""
    stock = load_stock(size, HERE, paper=PAPERS["a4"])
    assert 1.5 <= stock.safe <= 5
    assert (min(stock.card) - 2 * stock.safe) / min(stock.card) >= least


@pytest.mark.parametrize("size", ["900x60mm", "300x300mm", "0x0", "5x5mm", "1..2x50", "x50mm"])
def test_a_size_that_cannot_be_is_said(size: str) -> None:
    """With the numbers, and an example of one that can."""
    with pytest.raises(ContentError) as caught:
        load_stock(size, HERE, paper=PAPERS["a4"])
    (found,) = caught.value.diagnostics
    assert found.code in {"bad-stock", "unknown-stock"}
    assert found.hint


@pytest.mark.parametrize("size", ["250x100mm", "280x200mm", "9x6in"])
def test_a_size_that_goes_on_the_sheet_across(size: str) -> None:
    """A card wider than A4 upright fits A4 across."""
    assert load_stock(size, HERE, paper=PAPERS["a4"]).per_sheet >= 1


OWN = "name: {}\ntitle: Mine\npaper: a4\ncard: [60, 40]\ncolumns: 2\nrows: 2\norigin: [10, 10]\npitch: [70, 50]\n"


def own(folder: Path, text: str, name: str) -> Stock:
    """Return stock by name for a pack that has its own."""
    (folder / "templates" / "stock").mkdir(parents=True)
    (folder / "pack.yaml").write_text("format: 1\ntitle: T\n")
    (folder / "templates" / "stock" / "mine.yaml").write_text(text)
    pack, _ = load_pack(folder)
    assert pack is not None
    return load_stock(name, HERE, pack)


def test_stock_of_a_packs_own(tmp_path: Path) -> None:
    """A YAML file in templates/stock is stock like any other; of one name with bundled stock it comes first."""
    assert own(tmp_path / "a", OWN.format("mine"), "mine").card == (60, 40)
    assert own(tmp_path / "b", OWN.format("a7"), "a7").title == "Mine"


@pytest.mark.parametrize(("name", "alias", "asked"), [("leitner", "x", "leitner"), ("mine", "5371", "5371")])
def test_stock_of_a_packs_own_comes_before_bundled_aliases(tmp_path: Path, name: str, alias: str, asked: str) -> None:
    """`load_stock` promises it, and the pack's author cannot know 200 part numbers."""
    assert own(tmp_path, f'{OWN.format(name)}aliases: ["{alias}"]\n', asked).title == "Mine"


@pytest.mark.parametrize("name", ["MyCards", "my cards"])
def test_stock_of_a_packs_own_has_any_name(tmp_path: Path, name: str) -> None:
    """Else the message is: there is no `MyCards`, did you mean `MyCards`?"""
    assert own(tmp_path, OWN.format(name), name).title == "Mine"


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("card", "[150, 40]", "overlap"),
        ("pitch", "[50, 50]", "gutter cannot be negative"),
        ("pitch", "[70, -50]", "gutter cannot be negative"),
        ("origin", "[100, 10]", "but the paper is 210 x 297 mm"),
        ("origin", "[-1, 10]", "origin not negative"),
        ("rows", "7", "but the paper is 210 x 297 mm"),
        ("rows", "0", "at least 1"),
        ("columns", "99", "at most 20"),
        ("card", "[0, 40]", "positive"),
        ("card", "[.nan, 40]", "must be a number"),
        ("paper", "a99", "is not a paper"),
        ("sizes", "[]", "largest first"),
        ("sizes", "[8, 9]", "largest first"),
        ("sizes", "[400, 9]", "between 4 and 72"),
        ("safe", "25", "no room for text"),
        ("corner", "19.9999", ""),
        ("colour", "red", "unknown"),
    ],
)
def test_stock_that_cannot_be_is_said_with_its_place(tmp_path: Path, key: str, value: str, expected: str) -> None:
    """The file, a line, and what is wrong with which numbers; never a traceback."""
    kept = [line for line in OWN.format("mine").splitlines() if not line.startswith(f"{key}:")]
    text = "\n".join([*kept, f"{key}: {value}", ""])
    if not expected:
        assert own(tmp_path, text, "mine").corner == 19.9999
        return
    with pytest.raises(ContentError) as caught:
        own(tmp_path, text, "mine")
    found = caught.value.diagnostics[0]
    assert found.place.path == "templates/stock/mine.yaml"
    assert found.place.line >= 1
    assert expected in f"{found.code} {found.message}".replace("unknown-key", "unknown")
