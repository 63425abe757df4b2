"""Small faults of print: each is a kind that was printed wrongly or refused, read back as a reader sees it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pikepdf
import pytest

from guide.content.load import load_pack
from guide.html import timeline_picture
from guide.html.document import Document
from guide.html.parts import sections
from guide.markup.formulas import typeset_formula
from guide.markup.glossary import Linker
from guide.markup.labels import Labels
from guide.html.render import render
from guide.html.request import Request
from guide.markup.charts import draw_chart
from guide.content.library import load_kinds
from guide.model.dates import Date
from guide.model.pack import Pack
from guide.pipeline import Settings, build

HEAD = "format: 1\ntitle: T\n"
Load = Callable[[dict[str, str]], Pack]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def loaded(files: dict[str, str]) -> Pack:
        for name, text in {"pack.yaml": HEAD, **files}.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text, "utf-8")
        pack, found = load_pack(tmp_path)
        assert pack is not None, found
        return pack

    return loaded


def shown(pack: Pack, kind: str, piece: int = 0) -> str:
    """Return the markup of a document."""
    made = load_kinds(pack)[kind]
    options = {name: option.default for name, option in made.options.items()}
    html, found = render(Request(pack, made, options, pack.manifest.paper, pack.manifest.theme, piece=made.files[piece]))
    assert html is not None, found
    return html.markup


@pytest.mark.parametrize("lang", ["en", "de", "fr", "sq", "sr", "sr-Latn"])
def test_a_leap_day_before_our_era_is_printed(lang: str) -> None:
    """5 BCE was a leap year, the year 5 was none; other days and months are as they were."""
    labels = Labels(lang)
    assert "29" in labels.date(Date.parse("-0005-02-29")) and "2000" not in labels.date(Date.parse("-0005-02-29"))
    assert "28" in labels.date(Date.parse("-0005-02-28")) and "5" in labels.date(Date.parse("-0005-02"))
    assert "29" in labels.date(Date.parse("-0001-02-29"))


def test_the_strip_names_round_years_before_our_era() -> None:
    years = [Date.parse(year).year for year in ("-0600", "-0400", "-0200", "-0100", "0100", "0200")]
    named: list[str] = []
    look = timeline_picture.Look(160, 20, 8, "#000", "#000", "#000")
    timeline_picture.draw(years, look, lambda year: named.append(Labels("en").date(Date(year))) or "")
    assert "600 BCE" in named and "200" in named and not [name for name in named if name.startswith(("601", "201", "0"))]


def test_an_accent_apart_from_its_letter_names_the_same_term(load: Load) -> None:
    """In glossary, links and text, in either form; a term without the accent is another one."""
    forms: Any = (("NFC", "NFD"), ("NFD", "NFC"))
    for form, other in forms:
        term = normalize(form, "Peć")
        pack = load({
            "glossary.yaml": f"- {{term: Pec, definition: One.}}\n- {{term: {term}, definition: Two.}}\n",
            "sections/1.md": f"---\ntitle: A\n---\n[[{normalize(other, 'Peć')}]] and more.\n",
        })  # fmt: skip
        linker = Linker(pack.glossary)
        text = normalize(other, "in Peć today")
        assert [term for _, term in linker.split(text)] == ["", "pec-2", ""]
        assert "".join(piece for piece, _ in linker.split(text)) == text
        assert linker.find("Pec") == "pec" and not [d for d in load_pack(Path(pack.at("title").path).parent)[1] if d.code == "unknown-term"]


@pytest.mark.parametrize("sign", ["\u2028", "\u2029"])
def test_separators_of_a_word_processor_count_no_lines(sign: str, tmp_path: Path) -> None:
    (tmp_path / "pack.yaml").write_text(f"format: 1\ntitle: One{sign}two\nsubtitel: x\n", "utf-8")
    (tmp_path / "facts.yaml").write_text(f"- label: a{sign}b\n  value: 1\n  unti: x\n", "utf-8")
    places = {str(d.place) for d in load_pack(tmp_path)[1] if d.code == "unknown-key"}
    assert places == {"pack.yaml:3:1", "facts.yaml:3:3"}


@pytest.mark.parametrize("tex", [r"\text{a & <b>}", r"x + \text{R&D}", r"\mbox{a < b}", r"\text{a &amp; b}", r"\text{R\&D}"])
def test_words_in_a_formula_may_hold_signs_of_markup(tex: str) -> None:
    made = typeset_formula(tex, display=False)
    assert made.svg.startswith(b"<svg") and "amp" not in made.said


def test_a_missing_number_does_not_break_a_chart() -> None:
    """Neither in places nor in words: `NaN` between two attributes is a word."""
    values = [{"a": "A & B", "b": 3}, {"a": "NaN", "b": None}, {"a": '"q"', "b": 5}]
    spec = {
        "data": {"values": values}, "mark": {"type": "text", "text": {"expr": "datum.b + ' NaN'"}},
        "encoding": {"x": {"field": "a", "type": "nominal"}, "y": {"field": "b", "type": "quantitative"}, "text": {"field": "a"}},
    }  # fmt: skip
    assert b"</svg>" in draw_chart(spec, lambda _: "#1a1f24")


def test_one_is_not_many(load: Load) -> None:
    """One question, one point and one card are named in the singular; several in the plural."""
    one = "- {prompt: Q, type: true-false, answer: true}\n"
    pack = load({"questions.yaml": one})
    assert "it gives 1 point." in shown(pack, "quiz") and "1 question, 1 point<" in shown(pack, "quiz", 1)
    pack = load({"questions.yaml": one + one.replace("Q", "R").replace("}", ", points: 3}")})
    assert "all 2 questions; together they give 4 points" in shown(pack, "quiz") and "2 questions, 4 points" in shown(pack, "quiz", 1)


def test_a_list_in_a_lone_number_has_lines_of_its_own(load: Load) -> None:
    pack = load({"sections/1.md": "---\ntitle: A\n---\n2. two\n   1. sub\n\nHe died on\n1. April 1999.\n"})
    html = str(sections(Document.of(pack, ["sections"], "ieee", lambda _: "#1a1f24"))[0].html)
    assert "2. two<br>" in html.replace("<br />", "<br>") and "died on\n1. April" in html


def test_what_a_pack_brings_along_and_derives_is_built(tmp_path: Path) -> None:
    """Hidden files of macOS are no templates; a deck may be made of questions alone; a booklet keeps its language."""
    files = {
        "pack.yaml": HEAD + "lang: de\ndocuments: {flashcards: {derive: [questions]}, worksheet: {}, planner: {rest: [sun]}}\n",
        "questions.yaml": "- {prompt: Q, type: true-false, answer: true}\n", "sections/1.md": "---\ntitle: A\n---\nText.\n",
        "templates/planner/._page.css": "\0\5x",
    }  # fmt: skip
    for name, text in files.items():
        (tmp_path / "p" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "p" / name).write_text(text, "utf-8")
    made = build(tmp_path / "p", tmp_path / "out", Settings(jobs=1, kinds=("flashcards",)))
    assert not made.failed and {Path(each.path).name for each in made.outputs} == {"flashcards.pdf", "flashcards-screen.pdf"}
    (tmp_path / "p/sections/1.md").write_text("---\ntitle: A\n---\nThe **answer** is here.\n", "utf-8")
    made = build(tmp_path / "p", tmp_path / "out", Settings(jobs=1, kinds=("worksheet",), booklet=True))
    with pikepdf.open(tmp_path / "out/p/worksheet-booklet.pdf") as pdf:
        assert str(pdf.Root.Lang) == "de"
