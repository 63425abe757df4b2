"""What a kind says it prints whole is looked for in what its templates make."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conftest import SMALL
from guide.content.library import load_kinds, resolve_options
from guide.content.load import load_pack
from guide.errors import Severity
from guide.html.render import Request, render
from guide.model.artifacts import Fault
from guide.model.kinds import Kind
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
    "a part": ("briefing", "{{ g.definition }}", "page.html", "sun-force", "definition"),
    "an item among others": ("briefing", "{% for f in core_facts %}", "page.html", "days", "label"),
    "an answer": ("briefing", "{{ q.answer_text }}", "page.html", "which", "answer"),
    "the body": ("briefing", "{{ s.html }}", "page.html", "one", "body"),
    "one of a list": ("briefing", '<li data-at="{{ s.at }}/objective-{{ loop.index }}">{{ o }}</li>', "page.html", "one", "objectives"),
    "the sources": ("briefing", "{{ s.html }}</p></li>", "page.html", "source:k1", "text"),
    "the title of the pack": ("worksheet", "{{ m.title }}", "page.html", "pack/title", "title"),
    "a role": ("handout", "{{ a.role }}", "page.html", "the-actor", "role"),
    "options of a quiz": ("quiz", "{{ ask(q, options.form) }}", "page.html", "which", "prompt"),
    "a key": ("quiz", "{{ q.answer_text }}", "answers.html", "which", "answer"),
    "gaps": ("worksheet", "{{ gap.answer }}", "answers.html", "one", "gaps"),
}  # fmt: skip


@pytest.mark.parametrize("what", FORGOTTEN)
def test_what_a_template_forgets_is_found(what: str, forgot: Forgot) -> None:
    """The item, the field and the template are named; in a pack's own template it is a warning."""
    kind, old, file, at, name = FORGOTTEN[what]
    new = "{% for f in core_facts[1:] %}" if "core_facts" in old else ""
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
