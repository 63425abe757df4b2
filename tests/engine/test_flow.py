"""Breaks of pages and lines, read back from the PDF as the reader sees them."""

from __future__ import annotations

import io

import pypdfium2
import pytest

from guide.model.artifacts import Html
from guide.pdf.typeset import typeset

STYLE = """
@page { size: 150mm 200mm; margin: 10mm }
html { font: 11pt/14pt "Gentium Book Plus"; orphans: 2; widows: 2; hyphens: auto }
h3 { font-size: 12pt; margin: 0; break-after: avoid }
p { margin: 0 0 2mm }
.figure { height: 120mm; margin: 0; break-inside: avoid }
.nobr { white-space: nowrap }
"""
WORDS = " ".join(f"word{n}" for n in range(90))


def _pages(body: str) -> list[str]:
    html = Html(title="T", lang="en", stylesheets=(("x", STYLE),), markup=(
        f'<html lang="en"><title>T</title><body><div class="prose">{body}</div></body></html>'
    ))  # fmt: skip
    pdf = pypdfium2.PdfDocument(io.BytesIO(typeset(html).data))
    return [page.get_textpage().get_text_range().replace("\r\n", "\n") for page in pdf]


def _figure(name: str) -> str:
    return f'<div class="figure"><p>{name}</p><figcaption></figcaption></div>'


def test_text_after_a_figure_that_does_not_fit_fills_the_page() -> None:
    first, second = _pages(f"<p>START {WORDS} {WORDS}</p>{_figure('FIGURE')}<p>AFTER {WORDS}</p>")
    assert "AFTER" in first
    assert "FIGURE" not in first
    assert second.index("FIGURE") >= 0


def test_what_has_no_caption_stays_in_its_order() -> None:
    """The text says "as follows", and no number leads to it."""
    follows = _figure("FIGURE").replace("<figcaption></figcaption>", "")
    text = "".join(_pages(f"<p>START {WORDS} {WORDS}</p>{follows}<p>AFTER {WORDS}</p>"))
    assert text.index("START") < text.index("FIGURE") < text.index("AFTER")


def test_a_figure_that_fits_stays_where_it_is() -> None:
    first = _pages(f"<p>START</p>{_figure('FIGURE')}<p>AFTER</p>")[0]
    assert first.index("START") < first.index("FIGURE") < first.index("AFTER")


def test_two_figures_in_a_row_keep_their_order() -> None:
    text = "\n".join(
        _pages(
            f"<p>START {WORDS} {WORDS}</p>{_figure('ONE')}{_figure('TWO')}<p>AFTER {WORDS}</p><p>END</p>"
        )
    )
    assert text.index("AFTER") < text.index("ONE") < text.index("TWO")


def test_a_heading_goes_before_the_figure_only_with_its_text() -> None:
    first = _pages(
        f"<p>START {WORDS}</p><p>TWO</p>{_figure('FIGURE')}<h3>HEAD</h3><p>AFTER {WORDS}</p>"
    )[0]
    assert first.index("HEAD") < first.index("AFTER")


def test_a_heading_does_not_go_before_the_figure_when_little_room_is_left() -> None:
    body = f"<p>START</p><div style='height: 135mm'></div>{_figure('FIGURE')}<h3>HEAD</h3>"
    first, second, *_ = _pages(f"{body}<p>AFTER {WORDS}</p>")
    assert "HEAD" not in first
    assert second.index("FIGURE") < second.index("HEAD") < second.index("AFTER")


def test_nothing_is_lost_or_doubled_by_moving() -> None:
    blocks = [f"<p>P{n}. {WORDS}</p>" + (_figure(f"F{n}.") if n % 2 else "") for n in range(9)]
    text = "\n".join(_pages("".join(blocks)))
    for name in [*(f"P{n}." for n in range(9)), *(f"F{n}." for n in range(1, 9, 2))]:
        assert text.count(name) == 1


@pytest.mark.parametrize("width", [118.0 + n / 4 for n in range(0, 48)])
def test_a_text_is_not_broken_after_its_first_word(width: float) -> None:
    text = (
        "Two verdicts call for care. NATO officials present it as a cornerstone of "
        '<span class="nobr">stability <a href="#x">[55]</a>,</span> which is a judgement.'
    )
    page = _pages(f'<p style="width: {width}mm" id="x">{text}</p>')[0]
    assert "verdicts" in page.split("\n")[0]


@pytest.mark.parametrize("hyphens", ["manual", "auto"])
def test_a_soft_hyphen_does_not_widen_the_column_of_a_table(hyphens: str) -> None:
    """The least width of a cell is that of a word, whatever stands before it."""
    words = "Von der Keimung im Wald bis zur Waldbewirtschaftungs\u00adrahmenvereinbarung"
    cells = f'<table style="width: 150mm; hyphens: {hyphens}"><tr><td>{words}</td><td>{"other words " * 40}</td></tr></table>'
    lines = _pages(cells)[0].splitlines()
    assert lines[0].startswith("Von der")
    assert not any("Von" in line and "schaft" in line for line in lines), lines
