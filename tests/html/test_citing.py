"""What a whole document cites, it lists: numbers in reading order, none without its entry."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from guide.content.library import load_kinds, resolve_options
from guide.content.load import load_pack
from guide.html.render import render
from guide.html.request import Request

KEYS = ["sum", "point", "sec", "head", "one", "two", "box", "cap", "cell", "note", "fact", "label", "gloss", "ask", "answer", "left", "right"]
FILES = {
    "sources_yaml": "".join(f"- {{id: {key}, type: book, title: Title {key}, issued: 1999}}\n" for key in KEYS),
    "facts_yaml": '- {label: "Label [@label]", value: 97, sources: [fact]}\n',
    "glossary_yaml": "- {term: Đakovica, definition: 'A town [@gloss]'}\n- {term: Ера, definition: d}\n- {term: 9/11, definition: d}\n",
    "questions_yaml": (
        '- {prompt: "Ask [@ask]?", type: short, answer: "So [@answer]"}\n'
        '- {prompt: Match, type: match, pairs: {"l [@left]": "r [@right]", c: d}}\n'
    ),
    "sections__a_md": (
        '---\ntitle: A\nkey_points: ["Point [@point]"]\nsummary: S [@sec]\n---\n# Head [@head]\n\n'
        "One [@one, art. 5], then [@two; @one]: so. [A link [@two]](https://example.org/x).[^1]\n\n"
        "[@one; @two]: begins a line.\n\n::: note Box [@box]\nText.\n:::\n\n| a |\n|---|\n| b [@cell] |\n: Caption [@cap]\n\n[^1]: Note [@note].\n"
    ),
}


@pytest.fixture
def document(load: Callable[..., Any]) -> Callable[..., str]:
    """Return a function that renders the file of a kind for a pack that cites everywhere."""

    def made(kind_name: str, template: str = "page.html", manifest: str = "summary: 'It cites [@sum]'\n") -> str:
        pack = load(manifest, **FILES)
        kind = load_kinds(pack)[kind_name]
        options, _ = resolve_options(kind, {}, pack)
        piece = next(piece for piece in kind.files if piece.template == template)
        html, problems = render(Request(pack, kind, options, pack.manifest.paper, pack.manifest.theme, piece=piece))
        assert html is not None, problems
        return html.markup

    return made


def numbers(markup: str) -> list[int]:
    """Return the numbers of the marks, in reading order."""
    return [int(n) for n in re.findall(r'<a class="cite" href="#src-[^"]*">\[(\d+)', markup)]


@pytest.mark.parametrize(("kind", "template"), [("briefing", "page.html"), ("handout", "page.html"), ("quiz", "answers.html")])
def test_numbers_rise_as_one_reads(document: Callable[..., str], kind: str, template: str) -> None:
    """Each new number is the next one, and each has its entry, in every document."""
    markup = document(kind, template)
    found = numbers(markup)
    assert found
    assert list(dict.fromkeys(found)) == list(range(1, max(found) + 1))
    targets = set(re.findall(r'href="#(src-[^"]*)"', markup))
    assert targets == set(re.findall(r'id="(src-[^"]*)"', markup))
    assert "[?]" not in markup
    assert "data-cite" not in markup


def test_every_text_of_a_briefing_can_cite(document: Callable[..., str]) -> None:
    """Also the summary, a box's title, a pair, a short answer, a link and a line that begins so."""
    markup = document("briefing")
    assert {f"src-{key}" for key in KEYS} == set(re.findall(r'id="(src-[^"]*)"', markup))
    assert "[@" not in markup
    assert ": begins a line." in markup
    assert not re.search(r'<a [^>]*href="https://example.org/x"[^>]*>[^<]*<a', markup)


def test_a_paper_without_a_list_prints_no_number(document: Callable[..., str]) -> None:
    """A quiz has no list of sources, so its questions have no numbers."""
    markup = document("quiz")
    assert not re.search(r"\[\d+\]", markup)
    assert "Ask?" in re.sub("<[^>]*>", "", markup)


def test_notes_of_a_style_of_notes(document: Callable[..., str]) -> None:
    """A style of notes sets them at the foot, in full once and short after."""
    markup = document("briefing", manifest="summary: 'It cites [@sum]'\ncitation_style: chicago-notes-bibliography\n")
    notes = re.findall(r'One<span class="cites"><span class="footnote">(.*?)</span></span>', markup)
    assert len(notes) == 1
    assert "1999" in notes[0]
    assert "art. 5" in notes[0]


def test_terms_in_the_serbian_order(document: Callable[..., str]) -> None:
    """Letters of the alphabet group the glossary, and what is no letter has one group."""
    markup = document("briefing", manifest="lang: sr-Cyrl\n")
    assert re.findall(r"<dfn>(.*?)</dfn>", markup) == ["9/11", "Ера", "Đakovica"]


def test_unknown_keys_of_the_summary_and_of_answers_are_errors(tmp_path: Any) -> None:
    """A key that is not there is reported wherever it is written."""
    (tmp_path / "pack.yaml").write_text("format: 1\ntitle: T\nsummary: S [@no1]\n")
    (tmp_path / "questions.yaml").write_text(
        '- {prompt: P, type: short, answer: "x [@no2]"}\n- {prompt: P, type: match, pairs: {"a [@no3]": b, c: "d [@no4]"}}\n'
    )
    found = {p.message for p in load_pack(tmp_path)[1] if p.code == "unknown-source"}
    assert found == {f"there is no source `no{n}`" for n in range(1, 5)}


def test_the_caption_of_a_handout_has_its_notes(load: Callable[..., Any]) -> None:
    """A picture stands there without the text around it, and prints its note all the same."""
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="5" height="5"/></svg>'
    body = "---\ntitle: A\n---\n![A map[^m] of $x$ [@k]](figures/q.svg)\n\n[^m]: By hand.\n"
    pack = load("", sections__a_md=body, figures__q_svg=svg, sources_yaml="- {id: k, type: book, title: T, issued: 1999}\n")
    kind = load_kinds(pack)["handout"]
    options, _ = resolve_options(kind, {}, pack)
    html, problems = render(Request(pack, kind, options, pack.manifest.paper, pack.manifest.theme))
    assert html is not None and not problems
    assert '<span class="footnote">By hand.</span>' in html.markup and "[^m]" not in html.markup
    assert 'alt="A map of x"' in html.markup
