"""What a kind says it prints whole is looked for in what its templates make."""

from __future__ import annotations

import itertools
import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
import pytest
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from markupsafe import Markup

from conftest import SMALL
from guide.content.library import load_kinds, resolve_options
from guide.content.load import load_pack
from guide.diagnostics.diagnostic import Severity
from guide.html.render import render
from guide.html.request import Request
from guide.html.views import Letter, TermView
from guide.html.completeness import Given, forgotten
from guide.model.artifacts import Fault
from guide.model.kinds import Kind
from guide.model.letters import letters
from guide.pipeline import Settings, build
from guide.resources import TEMPLATES

Forgot = Callable[..., tuple[Fault, ...]]


@pytest.fixture
def forgot(small_pack: Path) -> Forgot:
    """Return a function that renders a document with a template changed, and says what it forgot."""

    def found(kind_name: str, old: str = "", new: str = "", file: str = "page.html", **options: Any) -> tuple[Fault, ...]:
        pack, _ = load_pack(small_pack)
        assert pack is not None
        kind = load_kinds(pack)[kind_name]
        complete, _ = resolve_options(kind, options, pack)
        piece = next(piece for piece in kind.files if piece.template == file)
        if old:
            text = (TEMPLATES / kind_name / file).read_text("utf-8")
            assert old in text
            pack = replace(pack, templates={f"{kind_name}/{file}": text.replace(old, new)})
        html, problems = render(Request(pack, kind, complete, pack.manifest.paper, pack.manifest.theme, piece=piece))
        assert html is not None, problems
        assert all(fault.at in html.places for fault in html.forgotten)
        return html.forgotten

    return found


FORGOTTEN = {
    "a field": ("briefing", '<p class="event-date">{{ e.date_text }}</p>', "page.html", "1999-03-24-the-event", "date"),
    "a part": ("briefing", "g.definition", "page.html", "sun-force", "definition"),
    "an item among others": ("briefing", "{% for f in core_facts %}", "page.html", "days", "label"),
    "an answer": ("briefing", "q.answer_text", "page.html", "which", "answer"),
    "the body": ("briefing", "{{ s.html }}", "page.html", "one", "body"),
    "one of a list": ("briefing", '<li data-at="{{ s.at }}/objective-{{ loop.index }}">{{ o }}</li>', "page.html", "one", "objectives"),
    "the sources": ("briefing", "{{ s.html }}</p></li>", "page.html", "source:k1", "text"),
    "the title of the pack": ("worksheet", "{{ m.title }}", "page.html", "pack/title", "title"),
    "a role": ("handout", "{{ a.role }}", "page.html", "the-actor", "role"),
    "options of a quiz": ("quiz", "{{ ask(q, options.form) }}", "page.html", "which", "prompt"),
    "a key": ("quiz", "q.answer_text", "answers.html", "which", "answer"),
    "gaps": ("worksheet", "{{ gap.answer }}", "answers.html", "one", "gaps"),
}  # fmt: skip


@pytest.mark.parametrize("what", FORGOTTEN)
def test_what_a_template_forgets_is_found(what: str, forgot: Forgot) -> None:
    """The item, the field and the template are named; in a pack's own template it is a warning."""
    kind, old, file, at, name = FORGOTTEN[what]
    new = "{% for f in core_facts[1:] %}" if "core_facts" in old else "" if "{" in old else '""'
    found = {fault.at: fault for fault in forgot(kind, old, new, file)}
    assert at in found, found
    assert f"({name})" in found[at].message and f"templates/{kind}/{file}" in found[at].message
    assert {fault.severity for fault in found.values()} == {Severity.WARNING}


@pytest.mark.parametrize("kind", ["briefing", "handout", "handout-notes", "worksheet", "quiz"])
def test_the_bundled_templates_forget_nothing(kind: str, forgot: Forgot) -> None:
    """All kinds print what they say; what an option takes out is not missed."""
    files = {piece.template for piece in load_kinds(load_pack_of_templates())[kind].files}
    for file in files:
        assert forgot(kind, file=file) == ()


def load_pack_of_templates() -> Any:
    """Return a pack without anything."""
    from guide.model.pack import Manifest, Pack

    return Pack("p", Manifest(format=1, title="T"))


def test_what_options_take_out_is_not_missed(forgot: Forgot) -> None:
    """Without its page at a glance or its questions a briefing is whole."""
    assert forgot("briefing", glance=False, questions=False, contents=False, index=False) == ()


def test_a_summary_of_several_blocks_is_whole(small_pack: Path) -> None:
    """The blocks of a summary belong to it, and hide neither it nor the marking from the proof."""
    path = small_pack / "pack.yaml"
    path.write_text(f"{path.read_text()}marking: SECRET\nsummary: |\n  One[^1].\n\n  - two\n\n  [^1]: Three.\n")
    pack, _ = load_pack(small_pack)
    assert pack is not None
    for name in ("briefing", "handout"):
        kind = load_kinds(pack)[name]
        options, _ = resolve_options(kind, {}, pack)
        html, problems = render(Request(pack, kind, options, pack.manifest.paper, pack.manifest.theme))
        assert html is not None and (html.forgotten, problems) == ((), ())
        assert {key for key in html.places if key.startswith(("/", "pack/summary-"))} >= {"pack/summary-1"}
        assert not any(key.startswith("/") for key in html.places)


def test_a_text_in_an_attribute_is_not_printed(forgot: Forgot) -> None:
    """A title that stands in the contents and in data-running alone is missed in its section."""
    found = forgot("worksheet", "{{ w.section.title }}</h2>", "</h2>")
    assert [fault.at for fault in found] == ["one"]


def test_a_field_that_there_is_not_is_an_error() -> None:
    """`whole` in kind.toml knows parts and fields."""
    good = {"name": "k", "title": "K", "output": "k.pdf", "whole": {"timeline": ["title", "date if glance"]}}
    assert Kind(**good).files[0].whole["timeline"] == ("title", "date if glance")
    with pytest.raises(ValueError, match="timeline has no field `titel`; it has date, title, detail"):
        Kind(**{**good, "whole": {"timeline": ["titel"]}})


LAYOUT = '{{% extends "flashcards/layouts/frame.html" %}}{{% block body %}}{{% if side == "front" %}}{front}{{% else %}}{back}{{% endif %}}{{% endblock %}}'


def test_a_layout_that_forgets_a_side_is_found(small_pack: Path, tmp_path: Path) -> None:
    """A back that a layout of the pack does not print is a warning with the card's line; the bundled ones print all."""
    path = small_pack / "templates" / "flashcards" / "layouts" / "basic.html"
    path.parent.mkdir(parents=True)
    path.write_text(LAYOUT.format(front="{{ card.front }}", back="No"))
    (small_pack / "cards.yaml").write_text("- {front: Q1, back: A1 hidden, sources: [k1]}\n")
    settings = Settings(kinds=("flashcards",), overrides=(("documents.flashcards.derive", "[]"),), jobs=1)
    found = build(small_pack, tmp_path / "out", settings).diagnostics
    assert [(d.code, d.severity, d.place.line) for d in found] == [("lost-content", Severity.WARNING, 1)]
    again = build(small_pack, tmp_path / "out", settings).diagnostics
    assert found == again
    path.write_text(LAYOUT.format(front="{{ card.front }}", back="{{ card.back }}"))
    (small_pack / "cards.yaml").write_text("- {front: Q1, back: A1, hint: h1, layout: term, sources: [k1]}\n")
    assert build(small_pack, tmp_path / "out", settings).diagnostics == ()


def test_what_a_stylesheet_hides_stops_the_document_unless_it_is_accepted(small_pack: Path, tmp_path: Path) -> None:
    """The error has the line of the content; build.json says what is complete."""
    (small_pack / "templates" / "briefing").mkdir(parents=True)
    css = (TEMPLATES / "briefing" / "page.css").read_text("utf-8")
    (small_pack / "templates" / "briefing" / "page.css").write_text(css + ".figure.table { display: none }\n")
    settings = Settings(kinds=("briefing",), jobs=1)
    built = build(small_pack, tmp_path / "out", settings)
    lost = [d for d in built.diagnostics if d.code == "lost-content"]
    assert [d.severity for d in lost] == [Severity.ERROR] * 3, built.diagnostics
    lines = SMALL["sections/10-one.md"].splitlines()
    assert {lines[d.place.line - 1] for d in lost} == {
        ": A table. {#tbl-one}", "| left cell | right cell |", "| third | fourth |"
    }  # fmt: skip
    assert built.outputs == ()
    accept = 'accept: [{code: lost-content, because: "it is in the annex"}]\n'
    (small_pack / "pack.yaml").write_text(SMALL["pack.yaml"] + accept)
    built = build(small_pack, tmp_path / "out", settings)
    assert not built.failed
    assert [made.missing for made in built.outputs] == [5]
    assert built.as_json()["outputs"][0]["complete"]["missing"] == 5


_ESCAPED = "!\"#$%&'(*+,-./:;<=>?@[\\^_`{|}~"  # brackets with a backslash each would be a formula


def _markdown(text: str) -> str:
    """Return a text as Markdown that prints it as it is."""
    return "".join(f"\\{c}" if c in _ESCAPED else c for c in text)


def _any_text_pack(folder: Path, texts: Sequence[str]) -> Path:
    """Write a pack that has texts in turn in all of its fields, each field with letters of its own."""
    turn = itertools.cycle(texts)
    number = itertools.count(1)

    def plain() -> str:
        return f"f{next(number)} {next(turn)} end"

    def marked() -> str:
        return _markdown(plain())

    right = marked()
    files: dict[str, Any] = {
        "pack.yaml": {
            "format": 1, "title": plain(), "subtitle": plain(), "authors": [plain(), plain()], "publisher": plain(),
            "marking": plain(), "summary": marked(), "documents": {"briefing": {}},
        },
        "timeline.yaml": [{"date": "1999", "title": marked(), "detail": marked(), "sources": ["k"]}],
        "glossary.yaml": [{"term": plain(), "abbreviation": plain(), "aliases": [plain(), plain()], "definition": marked(), "sources": ["k"]}],
        "actors.yaml": [{"name": plain(), "abbreviation": plain(), "kind": "state", "role": marked(), "detail": marked(), "sources": ["k"]}],
        "facts.yaml": [{"label": marked(), "value": plain(), "unit": plain(), "as_of": "1999", "sources": ["k"]}],
        "questions.yaml": [
            {"prompt": marked(), "type": "choice", "options": [right, marked()], "answer": [right], "explanation": marked(), "sources": ["k"]},
            {"prompt": marked(), "type": "match", "pairs": {marked(): marked(), marked(): marked()}, "sources": ["k"]},
            {"prompt": marked(), "type": "order", "items": [marked(), marked()], "sources": ["k"]},
            {"prompt": marked(), "type": "short", "answer": marked(), "sources": ["k"]},
        ],
        "sources.yaml": [{"id": "k", "type": "book", "title": "A Book", "author": "Smith, Jane", "issued": "1999"}],
        "cards.yaml": [{"front": marked(), "back": marked(), "hint": marked(), "sources": ["k"]}],
    }  # fmt: skip
    for name, value in files.items():
        (folder / name).write_text(json.dumps(value, ensure_ascii=False), "utf-8")
    (folder / "sections").mkdir(exist_ok=True)
    front = {"title": marked(), "id": "s", "summary": marked(), "objectives": [marked()], "key_points": [marked()]}
    body = f"{marked()} [x](https://example.org/?a=1&b=%3C2%3E&c='d')\n\n## {marked()}\n\n| {marked()} |\n|---|\n| {marked()} |\n"
    (folder / "sections" / "a.md").write_text(f"---\n{json.dumps(front, ensure_ascii=False)}\n---\n{body}", "utf-8")
    return folder


_SIGNS = " <>&\"'$|{}[]*_~^`#:!@()-+.;\\"
_NASTY = ("When a < b and c > d", "a < b > c", "3 < 4 > 2", "&lt; &amp;amp; &copy;", "<b>x</b> <script>", "Map<K, V>", "'\"` \\ \\n", "{{x}} {% if %}", "<!-- c -->", "%(x)s 100 %", "$5 $x$", "# > +")


_TEXTS = st.text(st.sampled_from(list(_SIGNS)) | st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=25)


@hypothesis_settings(max_examples=3)
@given(st.lists(_TEXTS, min_size=20, max_size=40))
@example(list(_NASTY))
def test_any_text_in_any_field_is_printed_and_stops_nothing(texts: list[str]) -> None:
    """Plain texts and markup are told apart by their type, never by looking for signs in them."""
    clean = [" ".join(text.split()) for text in texts]
    with tempfile.TemporaryDirectory() as name:
        pack, problems = load_pack(_any_text_pack(Path(name), clean))
    assert pack is not None, problems
    kinds = load_kinds(pack)
    for kind_name in ("briefing", "quiz"):
        kind = kinds[kind_name]
        complete, _ = resolve_options(kind, {}, pack)
        for piece in kind.files:
            html, found = render(Request(pack, kind, complete, pack.manifest.paper, pack.manifest.theme, piece=piece))
            assert html is not None
            assert html.forgotten == ()
            assert [d for d in found if d.code == "lost-content"] == []


@hypothesis_settings(max_examples=200)
@given(_TEXTS, _TEXTS, st.booleans())
def test_a_plain_text_is_found_as_it_is_and_missed_when_it_is_not_there(term: str, alias: str, whole: bool) -> None:
    """Whatever signs it has; what a part of the markup says does not count for what is left out."""
    view = TermView("t", Markup(), "t", f"{term} x", "", (alias,), Markup("A <i>b</i> &lt; c."))
    page = Markup('<p data-at="t">{}, {}: {}</p>').format(view.term if whole else "", alias, view.definition)
    given = Given({"glossary": [Letter("T", [view])]})
    found = forgotten({"glossary": ("term", "aliases", "definition")}, given, {}, str(page), "t.html", Severity.ERROR)
    assert [fault.message.split("(")[-1].split(")")[0] for fault in found] == ([] if whole else ["term"])


HIDING = {
    "hidden": ' hidden',
    "aria-hidden": ' aria-hidden="true"',
    "data-unprinted": ' data-unprinted',
    "style": ' style="color: red; display:none"',
}


@pytest.mark.parametrize("how", HIDING)
def test_what_a_template_hides_is_not_printed(how: str, forgot: Forgot) -> None:
    """The message says what hides it."""
    (found,) = forgot("briefing", '<p class="event-title">', f'<p class="event-title"{HIDING[how]}>')
    assert found.at == "1999-03-24-the-event"
    assert f"`The event` (title) is hidden in templates/briefing/page.html by `{how}`" in found.message


@pytest.mark.parametrize("inside", ["<template>{}</template>", "<!-- {} -->", '<img src="x" alt="{}">', '<b title="{}"></b>', "<script>{}</script>", "<svg><text>{}</text></svg>"])
def test_what_no_reader_sees_is_not_printed(inside: str, forgot: Forgot) -> None:
    """A template, a comment, an attribute."""
    (found,) = forgot("briefing", "{{ e.title }}", inside.format("{{ e.title }}"))
    assert "`The event` (title) is" in found.message


def test_a_field_is_missed_although_another_has_its_words(forgot: Forgot, small_pack: Path) -> None:
    """A title that stands in the detail, too, must be printed twice."""
    (small_pack / "timeline.yaml").write_text("- {date: 1999-03-24, title: The event, detail: The event began in 1999., sources: [k1]}\n")
    (found,) = forgot("briefing", "{{ e.title }}", "")
    assert "`The event` (title) is not printed" in found.message
    assert forgot("briefing") == ()


def test_a_formula_that_a_template_strips_is_missed(forgot: Forgot, small_pack: Path) -> None:
    """A picture in a text is a part of it."""
    (small_pack / "glossary.yaml").write_text("- {term: Sun Force, definition: 'It is $E$.', sources: [k1]}\n")
    (found,) = forgot("briefing", "g.definition", "g.definition | striptags")
    assert "`It is .` (definition) is not printed" in found.message


def test_the_picture_of_a_card_is_a_field_of_it(small_pack: Path, tmp_path: Path) -> None:
    """A layout of the pack that leaves it out is told of."""
    path = small_pack / "templates" / "flashcards" / "layouts" / "image.html"
    path.parent.mkdir(parents=True)
    path.write_text('<h1>{{ card.id }}</h1><p>{{ card.front if side == "front" else card.back }}</p>')
    (small_pack / "cards.yaml").write_text("- {front: Q1, back: A1, image: figures/one.vl.yaml, sources: [k1]}\n")
    settings = Settings(kinds=("flashcards",), overrides=(("documents.flashcards.derive", "[]"),), jobs=1)
    diagnostics = build(small_pack, tmp_path / "out", settings).diagnostics
    (found,) = [d for d in diagnostics if "(image)" in d.message]
    assert "`a picture` (image) is not printed" in found.message
    assert found.place.line == 1


def test_nasty_texts_reach_the_page(tmp_path: Path) -> None:
    """Through all stages: no false stop, and the words are on the page as they were written."""
    nasty = [text for text in _NASTY if "\\n" not in text]
    folder = tmp_path / "nasty"
    folder.mkdir()
    _any_text_pack(folder, nasty)
    built = build(folder, tmp_path / "out", Settings(kinds=("briefing",), jobs=1))
    assert [d for d in built.diagnostics if d.severity is Severity.ERROR] == []
    (made,) = built.outputs
    document = pdfium.PdfDocument(made.path)
    printed = letters("".join(page.get_textpage().get_text_bounded() for page in document))
    document.close()
    for text in nasty:
        assert printed.count(letters(text)) >= 3, text
