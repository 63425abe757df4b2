"""All words of a text of an SVG are drawn, in their order and looks, however its parts are nested."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guide.markup.svg_words import lay_side_by_side
from guide.pipeline import Settings, build

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="300" height="150"><title>T</title><desc>D</desc>{}</svg>'
NESTED = (
    '<text x="10" y="20"><tspan>points <tspan font-size="7">or</tspan> scatters</tspan> here</text>'
    '<text x="10" y="50"><a href="#x">one <tspan>two <tspan>three</tspan> four</tspan> five</a> six</text>'
    '<text><tspan x="10" y="80">\n  <tspan>up</tspan> and</tspan><tspan x="10" y="110">down</tspan></text>'
)


def test_nested_parts_are_drawn_whole(tmp_path: Path) -> None:
    """What follows a part inside a part is on the page, and the blanks between words are."""
    import pypdfium2

    (tmp_path / "p" / "figures").mkdir(parents=True)
    (tmp_path / "p" / "sections").mkdir()
    (tmp_path / "p" / "pack.yaml").write_text("format: 1\ntitle: T\n")
    (tmp_path / "p" / "figures" / "a.svg").write_text(SVG.format(NESTED))
    (tmp_path / "p" / "sections" / "a.md").write_text("---\ntitle: A\n---\n![One.](figures/a.svg)\n")
    built = build(tmp_path / "p", tmp_path / "out", Settings(kinds=("briefing",), jobs=1))
    assert not [d for d in built.diagnostics if d.severity == "error"]
    pdf = pypdfium2.PdfDocument(next((tmp_path / "out").rglob("briefing.pdf")))
    text = " ".join(" ".join(page.get_textpage().get_text_range().split()) for page in pdf)
    for line in ("points or scatters here", "one two three four five six", "up and down"):
        assert line in text


@pytest.mark.parametrize(
    ("inside", "row"),
    [
        ('<tspan fill="red">a<tspan fill="blue">b</tspan>c</tspan>', ["red", "blue", "red"]),
        ('<tspan style="fill:red">a<tspan fill="blue">b</tspan>c</tspan>', ["red", "red;fill:blue", "red"]),
        ('<tspan class="x">a<tspan class="y">b</tspan></tspan>', ["x", "x y"]),
    ],
)
def test_a_part_keeps_its_looks(inside: str, row: list[str]) -> None:
    """Those of the part around it, and its own over them."""
    root = ET.fromstring(SVG.format(f'<text>{inside}</text>'))  # noqa: S314  our own
    lay_side_by_side(root)
    parts = [part for part in root.iter() if part.tag.endswith("tspan")]
    seen = [(p.get("style") or p.get("fill") or p.get("class") or "").removeprefix("fill:") for p in parts]
    assert seen == row


@pytest.mark.parametrize("inside", [
    '<tspan>a<textPath href="#p">b</textPath>c</tspan>', '<tspan x="1 2 3">a<tspan>b</tspan></tspan>',
    '<tspan font-size="20">a<tspan font-size="50%">b</tspan></tspan>', '<tspan>a</tspan>b',
])  # fmt: skip
def test_what_could_change_is_left_as_it_is(inside: str) -> None:
    """A path, places of letters, sizes that are relative; and what is not nested."""
    root = ET.fromstring(SVG.format(f"<text>{inside}</text>"))  # noqa: S314  our own
    before = ET.tostring(root)
    lay_side_by_side(root)
    assert ET.tostring(root) == before


PARTS = st.recursive(
    st.text("ab c", max_size=4),
    lambda inner: st.lists(inner, max_size=3).map(lambda all_: f"<tspan>{''.join(all_)}</tspan>"),
    max_leaves=12,
)


@given(PARTS)
@settings(max_examples=200, deadline=None)
def test_no_word_is_lost(inside: str) -> None:
    """The letters of a text stay, in their order; nothing is inside a part any more."""
    root = ET.fromstring(SVG.format(f"<text>{inside}</text>"))  # noqa: S314  our own
    before = re.sub(r"\s+", " ", "".join(root.itertext())).rstrip()
    lay_side_by_side(root)
    assert re.sub(r"\s+", " ", "".join(root.itertext())).rstrip() == before
    assert not [part for part in root.iter() if part.tag.endswith("tspan") and len(part)]
