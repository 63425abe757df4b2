"""guide stock, guide calibrate, and the options of guide build that move the backs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from click.testing import Result

from guide.content.library import all_stock
from guide.units import POINTS_PER_MM

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def _own_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GUIDE_CONFIG_DIR", str(tmp_path / "config"))


def text_of(path: Path) -> list[str]:
    """Return the text of each page in one line."""
    document = pypdfium2.PdfDocument(path)
    found = [" ".join(page.get_textpage().get_text_range().split()) for page in document]
    document.close()
    return found


def test_all_stock_is_listed(run: Run) -> None:
    """A line each, name and title; drawings when they are asked for."""
    plain = run("stock")
    assert plain.exit_code == 0
    assert [line.split()[0] for line in plain.stdout.splitlines()] == list(all_stock())
    drawn = run("stock", "--draw").stdout
    assert drawn.count("105 x 74 mm, 8 a sheet") == 1
    assert max(map(len, drawn.splitlines())) < 120


@pytest.mark.parametrize("name", sorted(all_stock()))
def test_the_drawing_of_one_has_every_card(run: Run, name: str) -> None:
    """Each card's number once, and the measures."""
    stock = all_stock()[name]
    told = run("stock", name).stdout
    assert f"{stock.card[0]:g} x {stock.card[1]:g} mm" in told
    assert f"{stock.pitch[0]:g}, {stock.pitch[1]:g} mm" in told
    assert f"{stock.columns} x {stock.rows}, {stock.per_sheet} a sheet" in told
    drawing = told.split("\n\n")[-1]
    assert sorted(map(int, re.findall(r"\d+", drawing))) == list(range(1, stock.per_sheet + 1))
    assert len({len(line) for line in drawing.strip("\n").split("\n")}) == 1  # the right edge is straight


def test_the_drawings_of_the_list_have_every_card() -> None:
    """As the large ones do."""
    from guide.cli.stock import _SMALL, drawing

    lacking = []
    for name, stock in all_stock().items():
        wide = _SMALL if stock.paper.width <= stock.paper.height else _SMALL * 2
        numbers = re.findall(r"\d+", "\n".join(drawing(stock, wide)))
        if stock.per_sheet > 1 and len(numbers) != stock.per_sheet:
            lacking.append(name)
    assert lacking == []


def test_stock_by_alias_and_size(run: Run) -> None:
    """A part number in any spelling, a size on a paper."""
    assert run("stock", "avery 5371").stdout.startswith("business-us: ")
    told = run("stock", "90x60mm", "--paper", "letter").stdout
    assert "215.9 x 279.4 mm" in told or "279.4 x 215.9 mm" in told
    assert "90 x 60 mm" in told


def test_stock_that_is_not_there(run: Run) -> None:
    """A suggestion; exit 1 for the content, 2 for the command line."""
    result = run("stock", "a77")
    assert result.exit_code == 1
    assert "did you mean `a7`?" in result.stderr
    assert run("stock", "a7", "--paper", "nope").exit_code == 2
    assert "bad-stock" in run("stock", "900x60mm").stderr


def test_stock_as_a_drawing_to_scale(run: Run, tmp_path: Path) -> None:
    """A page of A4 with the name and the numbers; the list has all of it."""
    result = run("stock", "poker", "--pdf", tmp_path / "one.pdf")
    assert result.exit_code == 0
    (text,) = text_of(tmp_path / "one.pdf")
    assert "poker" in text
    assert "63.5" in text
    assert "88.9" in text
    run("stock", "--pdf", tmp_path / "all.pdf")
    text = " ".join(text_of(tmp_path / "all.pdf"))
    assert [name for name in all_stock() if name not in text] == []


@pytest.mark.parametrize(("paper", "size"), [("a4", (210, 297)), ("letter", (215.9, 279.4)), ("a4-landscape", (297, 210))])
@pytest.mark.parametrize("duplex", ["long-edge", "short-edge"])
def test_a_calibration_sheet(run: Run, tmp_path: Path, paper: str, size: tuple[float, float], duplex: str) -> None:
    """Two pages of the paper's size; the edge is said on the sheet and by the command."""
    path = tmp_path / "sheet.pdf"
    result = run("calibrate", "--paper", paper, "--duplex", duplex, "-o", path)
    assert result.exit_code == 0
    assert duplex.replace("-", " ") in result.stdout
    with pikepdf.open(path) as pdf:
        assert len(pdf.pages) == 2
        for page in pdf.pages:
            assert [round(float(n) / POINTS_PER_MM, 1) for n in page.MediaBox[2:]] == list(size)
    assert f"flip on the {duplex.replace('-', ' ')}" in text_of(path)[0]


def test_the_calibration_sheet_asks_for_no_scaling(run: Run, tmp_path: Path) -> None:
    """As the sheets of cards do."""
    run("calibrate", "-o", tmp_path / "sheet.pdf", "--duplex", "short-edge")
    with pikepdf.open(tmp_path / "sheet.pdf") as pdf:
        wanted = pdf.Root.ViewerPreferences
        assert str(wanted.get("/PrintScaling")) == "/None"
        assert str(wanted.get("/Duplex")) == "/DuplexFlipShortEdge"


def test_profiles_are_stored_and_shown(run: Run, tmp_path: Path) -> None:
    """Offset from one cross, rotation and scale from more; another profile stays."""
    assert run("calibrate", "--list").stdout == ""
    assert run("calibrate", "--save", "office", "--read", "C=0.4,-0.8").exit_code == 0
    more = [f"--read={name}={1 + x * 0.01},{2 + y * 0.01}" for name, x, y in (("TL", 0, 0), ("BR", 1, 1), ("C", 0.5, 0.5))]
    assert run("calibrate", "--save", "home", *more).exit_code == 0
    told = run("calibrate", "--list").stdout.splitlines()
    assert [line.split()[0] for line in told] == ["home", "office"]
    assert "right 0.4 mm, down -0.8 mm" in told[1]
    assert "scale" in told[0]
    stored = json.loads((tmp_path / "config" / "printers.json").read_text())
    assert stored["office"] == {"right": 0.4, "down": -0.8, "scale": 100.0, "rotation": 0.0}


@pytest.mark.parametrize(
    "words",
    [
        ("--save", "x"), ("--read", "C=1,1"), ("--save", "x", "--read", "Q=1,1"), ("--save", "x", "--read", "C=1"),
        ("--save", "x", "--read", "C=40,1"), ("--save", "x", "--read", "C=1.2.3,1"), ("--paper", "nope"), ("--duplex", "fold"),
    ],
)  # fmt: skip
def test_calibration_words_that_are_wrong(run: Run, tmp_path: Path, words: tuple[str, ...]) -> None:
    """Exit 2 with the remedy; nothing is stored."""
    result = run("calibrate", *words)
    assert result.exit_code == 2
    assert "Traceback" not in result.output
    assert not (tmp_path / "config").exists()


def positions(path: Path) -> dict[str, tuple[int, float, float]]:
    """Return page and place in mm from the top left of the two words of the small pack's first card."""
    document = pypdfium2.PdfDocument(path)
    found = {}
    for number, page in enumerate(document):
        content = page.get_textpage()
        text = content.get_text_range()
        for word in ("FRONTWORD", "BACKWORD"):
            if (at := text.find(word)) >= 0:
                left, _, _, top = content.get_charbox(at)
                found[word] = (number, left / POINTS_PER_MM, (page.get_height() - top) / POINTS_PER_MM)
    document.close()
    return found


@pytest.mark.parametrize(("words", "sign"), [((), 1), (("--duplex", "short-edge"), -1)])
def test_an_offset_moves_backs_only(make: Run, tmp_path: Path, words: tuple[str, ...], sign: int) -> None:
    """By option or by profile: right and down as one looks at the back, also where faces are turned."""
    path = tmp_path / "out" / "small" / "flashcards.pdf"
    make("--only", "flashcards", *words)
    before, plain = positions(path), path.read_bytes()
    assert make("--only", "flashcards", "--back-offset", "0.4,-0.8mm", *words).exit_code == 0
    after, moved = positions(path), path.read_bytes()
    assert after["FRONTWORD"] == before["FRONTWORD"]
    assert abs(after["BACKWORD"][1] - before["BACKWORD"][1] - sign * 0.4) < 0.01
    assert abs(after["BACKWORD"][2] - before["BACKWORD"][2] + sign * 0.8) < 0.01
    from guide.printing import profiles
    from guide.model.printers import Profile, Registration

    profiles.save("office", Profile(Registration(0.4, -0.8)))
    assert make("--only", "flashcards", "--printer", "office", *words).exit_code == 0
    assert path.read_bytes() == moved != plain


@pytest.mark.parametrize(("offset", "expected"), [("0.4mm,-0.08cm", 0), ("0.1in;0", 0), ("zz", 2), ("1", 2), ("99,1", 2), ("1.2.3,1", 2), ("nan,1", 2)])
def test_offsets_as_they_are_written(make: Run, offset: str, expected: int) -> None:
    """With units or without; what is none is exit 2 with an example."""
    result = make("--only", "flashcards", f"--back-offset={offset}")
    assert result.exit_code == expected
    assert "Traceback" not in result.output


def test_printers_that_are_not_known(make: Run) -> None:
    """Exit 1 with the command that stores one; not both options at a time."""
    result = make("--printer", "office")
    assert result.exit_code == 1
    assert "error[unknown-printer]" in result.stderr
    assert "guide calibrate --save office" in result.stderr
    assert make("--printer", "office", "--back-offset", "1,1").exit_code == 2


@pytest.mark.parametrize("text", ["nonsense", "[]", '{"office": []}', '{"office": {"left": 1}}'])
def test_profiles_that_cannot_be_read(make: Run, tmp_path: Path, text: str) -> None:
    """The file is named, with what to do."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "printers.json").write_text(text)
    result = make("--printer", "office")
    assert result.exit_code == 1
    assert "printers.json:1:1: error[bad-profile]" in result.stderr


@pytest.mark.parametrize("entry", ['{"right": "0.4"}', '{"scale": 0}', '{"right": 1e9}', '{"rotation": NaN}'])
def test_profiles_that_make_no_sense(make: Run, tmp_path: Path, entry: str) -> None:
    """Written by hand, or by a version to come."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "printers.json").write_text(f'{{"office": {entry}}}')
    result = make("--printer", "office")
    assert result.exit_code == 1
    assert "error[bad-profile]" in result.stderr
