"""The answers of a worksheet can be read nowhere else on their sheet, and gaps are found in text alone."""

from __future__ import annotations

import re
from pathlib import Path

import pypdfium2
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from guide.cli import guide
from guide.markup.glossary import Linker
from guide.html.seen import Page, words_of, words_of_picture
from guide.html.worksheet import Gap, with_gaps
from guide.model.content import Term

NAMES = ("enclave", "amp", "Kosovo Force", "KFOR", "mandate", "ceasefire", "embargo", "corridor")
TERMS = tuple(Term(id=name.lower().replace(" ", "-"), term=name, definition="d") for name in NAMES)
LINKER = Linker(TERMS)


def gaps(html: str, *also: str, most: int = 12) -> tuple[str, list[str]]:
    found, made = with_gaps(html, LINKER, most, also)
    assert [gap.number for gap in made] == list(range(1, len(made) + 1))
    return str(found), [gap.answer for gap in made]


ELSEWHERE = [
    "<figcaption>The enclave</figcaption>", "<table><tr><th>Enclave</th></tr></table>", '<p class="box-title">Enclave</p>',
    "<h3>The <em>en</em>clave</h3>", '<p><a href="#x">enclave</a></p>', "<dl><dt>enclaves</dt></dl>", "<pre>enclave</pre>",
    '<img src="a.svg" alt="an enclave">', "<p>An en\u00adclave's road.</p>", "<p>The enclaves.</p>", '<p>Of <code>enclave</code>.</p>',
]  # fmt: skip


@pytest.mark.parametrize("html", ELSEWHERE)
def test_a_word_that_the_sheet_shows_is_not_asked(html: str) -> None:
    """Wherever it is, in whatever form."""
    text = f"<p>The enclave was closed.</p>{html}"
    made, answers = gaps(text)
    assert answers == [] or "enclave" not in words_of(made).casefold()
    assert gaps("<p>The enclave was closed.</p>")[1] == ["enclave"]
    assert gaps("<p>The enclave was closed.</p>", "Roads to an Enclave")[1] == []


def test_gaps_of_one_number_take_one_word() -> None:
    """A word is taken out wherever it is, or nowhere; `R&D` and entities are text."""
    made, answers = gaps("<p>The enclave.</p><ul><li>Enclave &amp; mandate of R&amp;D.</li></ul>")
    assert answers == ["enclave"]
    assert made.count('class="gap-number">1<') == 2
    assert "&amp; mandate of R&amp;D" in made
    assert gaps('<p class="amp">Fish &amp; chips &lt;amp&gt; here</p>')[1] == ["amp"]
    made, answers = gaps("<p>Fish &amp; chips&nbsp;&quot;R&amp;D&quot;</p>")
    assert (answers, made) == ([], "<p>Fish &amp; chips&nbsp;&quot;R&amp;D&quot;</p>")


def test_capitals_and_numbers_are_whole_words() -> None:
    """KFOR is not in `kfor.org`, nor 78 in 1,078; an embargo is in `embargoes`."""
    page = Page(["see kfor.org, KFORs and 1,078 of 78. Embargoes; 3.5 and 35"])
    assert [page.count(word) for word in ("KFOR", "78", "embargo", "35", "EU", "5")] == [1, 1, 1, 1, 0, 0]


def test_words_in_pictures() -> None:
    """Labels, titles and descriptions of an SVG can be read."""
    svg = b'<svg><title>A map</title><text x="1">The <tspan>en</tspan>clave &amp; co</text><path d="m"/></svg>'
    assert words_of_picture(svg) == "The enclave & co A map" or "enclave & co" in words_of_picture(svg)
    assert gaps("<p>The enclave.</p>", words_of_picture(svg))[1] == []


FILLER = "which was far from all that had been agreed upon by those who had met there before"
BITS = st.lists(st.sampled_from([*NAMES, "Enclave", "R&amp;D", "1999", "12,000", "of", "the", "&lt;b&gt;", "mandates"]), max_size=30)
TAGS = st.sampled_from(["p", "li", "h3", "figcaption", "th", "td", "strong", "code", "blockquote"])


@given(st.lists(st.tuples(TAGS, BITS), max_size=6), st.integers(1, 6))
def test_no_answer_is_left_on_any_sheet(parts: list[tuple[str, list[str]]], most: int) -> None:
    """The text is the same but for its gaps, and what they hide is nowhere."""
    html = "".join(f"<p><{tag}>{' '.join(bits)}</{tag}></p>" for tag, bits in parts)
    found, made = with_gaps(html, LINKER, most)
    assert len(made) <= most
    seen = Page([words_of(re.sub(r'<span class="gap-number">\d+</span>', "", str(found)))])
    assert [gap for gap in made if seen.count(gap.answer)] == []
    filled = re.sub(r'<span class="gap"><span class="gap-number">(\d+)</span></span>', lambda m: _answer(made, m[1]), str(found))
    assert words_of(filled).casefold() == words_of(html).casefold()


def _answer(made: list[Gap], number: str) -> str:
    return made[int(number) - 1].answer.replace("&", "&amp;")


def test_the_printed_sheets(tmp_path: Path) -> None:
    """On paper: each section on its own page, its answers nowhere on it, all of them in the key."""
    folder = tmp_path / "p"
    (folder / "sections").mkdir(parents=True)
    (folder / "figures").mkdir()
    (folder / "pack.yaml").write_text("format: 1\ntitle: The embargo\ndocuments: {worksheet: {word-bank: false}}\n", "utf-8")
    (folder / "glossary.yaml").write_text("".join(f"- {{term: {name}, definition: d}}\n" for name in NAMES), "utf-8")
    (folder / "figures/a.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="300" height="60" viewBox="0 0 300 60">'
        '<text x="5" y="30" font-size="20">A corridor</text></svg>', "utf-8")  # fmt: skip
    (folder / "sections/1.md").write_text(
        "---\ntitle: The ceasefire\n---\nThe embargo and the ceasefire came before the mandate of 1999, " + FILLER + " with R&D and fish.\n\n"
        "A corridor led to the enclave, " + FILLER + " with 4,500 people in it, and KFOR was there to see to it.\n\n"
        '![The road of KFOR](figures/a.svg){#fig-a alt="A road"}\n\n::: note The mandate in short\nIt is long.\n:::\n', "utf-8")  # fmt: skip
    (folder / "sections/2.md").write_text("---\ntitle: Two\n---\nThe ceasefire held, " + FILLER + " and KFOR kept the peace.\n", "utf-8")
    result = CliRunner().invoke(guide, ["build", str(folder), "-o", str(tmp_path / "out"), "--jobs", "1"])
    assert result.exit_code == 0, result.output
    sheet, key = (_pages(tmp_path / f"out/p/{name}.pdf") for name in ("worksheet", "worksheet-answers"))
    assert len(sheet) == 2
    answers = set(re.sub(r"(?m)^.*(The ceasefire|The embargo|Two).*$", "", "\n".join(key)).split())
    assert {"enclave", "1999", "4,500"} <= answers
    assert not {"amp", "corridor", "embargo", "mandate"} & answers
    for word in ("enclave", "1999", "4,500"):
        assert word not in sheet[0]
    assert "R&D" in sheet[0]
    assert "KFOR" in answers
    assert "KFOR" not in sheet[1]


def _pages(path: Path) -> list[str]:
    with pypdfium2.PdfDocument(path) as document:
        return [page.get_textpage().get_text_range().replace("\r\n", "\n") for page in document]


def test_a_sign_at_the_end_of_words_in_bold_stays_in_the_text() -> None:
    """`**Serbia:** ...` is asked as a word, as `**Serbia**: ...` is."""
    made, answers = gaps("<ul><li><strong>Serbia:</strong> against.</li></ul>")
    assert answers == ["Serbia"]
    assert re.search(r"</span></span>:</strong> against", made)
