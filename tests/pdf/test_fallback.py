"""A font of the machine is never used for a sign that a bundled font has, and is reported where it is."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pikepdf
import pytest
from click.testing import CliRunner

from guide.cli import guide
from guide.model.artifacts import Fault
from guide.pdf.fallback import fallbacks, placed
from guide.fonts.glyphs import BUNDLED, LISTED, needs_east_asian, uncovered
from guide.resources import TEMPLATES

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><text font-family="%s">%s</text></svg>'


def tree(markup: str) -> object:
    from weasyprint import HTML

    return HTML(string=markup).etree_element


PAGE = '<html><body><p data-at="a/1">Tick \u2610 twice.</p><figure data-at="a/fig-x"><img src="asset/x.svg"></figure></body></html>'


def test_a_sign_is_reported_at_its_word() -> None:
    """The character, its number and its name; the key of the block; the word, which tells the line."""
    (found,) = fallbacks({"DejaVu Sans": {"\u2610"}}, {}, tree(PAGE), None)
    assert (found.at, found.word, found.code) == ("a/1", "\u2610", "font-fallback")
    assert "\u2610 (U+2610 ballot box)" in found.message


@pytest.mark.parametrize("sign", ["\u2610", "\U000103a0", "\u1a00", "\u0966"])
def test_signs_and_letters_of_any_script_have_their_place(sign: str) -> None:
    """A letter that no bundled font has is found in the text, also when the font drew figures beside it."""
    page = tree(f'<html><body><p data-at="a/1">Here {sign} is.</p></body></html>')
    (found,) = fallbacks({"DejaVu Sans": {sign, "1", " "}}, {}, page, None)
    assert (found.at, found.word) == ("a/1", sign)


@pytest.mark.parametrize(
    ("svg", "signs", "said"),
    [
        (SVG % (b"Arial", b"Force"), set("Force"), "asks for `Arial`"),
        (SVG % (b"Source Sans 3", "☏".encode()), {"☏"}, "☏ (U+260F white telephone) in a picture"),
        (SVG % (b"Noto Sans", b"&#x260F;"), {"☏"}, "☏ (U+260F white telephone) in a picture"),
    ],
)
def test_a_picture_is_reported_at_its_line(svg: bytes, signs: set[str], said: str) -> None:
    """The family that it asks for, or the sign that no bundled font has."""
    (found,) = fallbacks({"DejaVu Sans": signs}, {"asset/x.svg": svg}, tree(PAGE), None)
    assert found.at == "a/fig-x"
    assert said in found.message


def test_a_sign_without_any_font_in_a_picture_has_its_place() -> None:
    """What the renderer says of a glyph is said of the picture."""
    fault = Fault("missing-glyph", 'unsupported by fonts: "x" (U+1D11E)')
    svg = SVG % (b"Noto Sans", "\U0001d11e".encode())
    assert placed(fault, {"asset/x.svg": svg}, tree(PAGE)).at == "a/fig-x"
    assert placed(fault, {}, tree(PAGE)) == fault


def test_each_list_of_families_ends_in_all_bundled_ones() -> None:
    """So a sign that one of them has is never taken from elsewhere."""
    tokens = (TEMPLATES / "tokens.css").read_text("utf-8")
    for name in ("serif", "sans", "mono"):
        families = re.search(rf"--{name}:([^;]+);", tokens)
        assert families
        assert set(re.findall(r'"([^"]+)"', families[1])) == LISTED, name
    assert uncovered("☐ ☑ ✗ ★ ② ╔") == set()
    assert (needs_east_asian("★"), needs_east_asian("日"), needs_east_asian("é ☐")) == (True, True, False)


def test_signs_of_other_bundled_fonts_are_embedded(tmp_path: Path) -> None:
    """Ballot boxes in the text, other scripts and a line on a card come from fonts that guide ships."""
    (tmp_path / "p/sections").mkdir(parents=True)
    (tmp_path / "p/pack.yaml").write_text("format: 1\ntitle: T\nmarking: FOR გიორგი\ndocuments: {handout-notes: {}, flashcards: {}}\n", "utf-8")
    (tmp_path / "p/sections/1.md").write_text("---\ntitle: A\nobjectives: [Tick ☐ or *☑*., Say שלום to Արմեն.]\n---\nx\n", "utf-8")
    (tmp_path / "p/cards.yaml").write_text('- {front: "Which is *☑*?", back: "**☐** ╔"}\n', "utf-8")
    words = ["build", str(tmp_path / "p"), "-o", str(tmp_path / "out"), "--jobs", "1"]
    result = CliRunner().invoke(guide, words)
    assert result.exit_code == 0, result.output
    told = json.loads((tmp_path / "out/p/build.json").read_text("utf-8"))
    assert not [each for each in told["diagnostics"] if each["code"] in {"font-fallback", "missing-glyph"}]
    known = {re.sub(r"\W", "", name) for name in BUNDLED}
    for name in ("handout-notes", "flashcards-screen"):
        with pikepdf.open(tmp_path / f"out/p/{name}.pdf") as pdf:
            fonts = {str(each.BaseFont) for each in pdf.objects if isinstance(each, pikepdf.Dictionary) and "/BaseFont" in each}
        assert fonts
        for font in fonts:
            plain = re.sub(r"\W", "", font.partition("+")[2])
            assert any(plain.startswith(family) for family in known), font
