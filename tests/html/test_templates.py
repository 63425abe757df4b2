"""Templates of a pack: their faults have file and line, and they reach nothing outside."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from guide.content.library import load_kinds, resolve_options
from guide.diagnostics.diagnostic import Diagnostic
from guide.html import templates
from guide.html.render import render
from guide.html.request import Request
from guide.model.artifacts import Html
from guide.model.pack import Pack

PAGE = "briefing/page.html"


@pytest.fixture
def printed(load: Callable[..., Pack]) -> Callable[..., tuple[Html | None, tuple[Diagnostic, ...]]]:
    """Return a function that renders a briefing with the given templates of the pack's own."""

    def rendered(templates: dict[str, str]) -> tuple[Html | None, tuple[Diagnostic, ...]]:
        pack = replace(load(sections__a_md="---\ntitle: A <x>\n---\nText.\n"), templates=templates)
        kind = load_kinds()["briefing"]
        options, problems = resolve_options(kind, {}, pack)
        assert not problems
        return render(Request(pack, kind, options, pack.manifest.paper, pack.manifest.theme))

    return rendered


def test_the_bundled_template_renders(printed: Callable[..., Any]) -> None:
    """The briefing of a small pack has no faults, and escapes what is put in."""
    html, problems = printed({})
    assert not problems
    assert html.markup.lstrip().startswith("<!DOCTYPE html>")
    assert "A &lt;x&gt;" in html.markup
    assert "{{" not in html.markup


def test_a_template_may_extend_the_common_page(printed: Callable[..., Any]) -> None:
    """It has the head of all documents, or is a whole document by itself."""
    html, _ = printed({PAGE: '{% extends "page.html" %}{% block title %}Mine{% endblock %}{% block body %}<p>Own</p>{% endblock %}'})
    assert "<title>Mine</title>" in html.markup and '<meta name="generator" content="guide">' in html.markup
    assert html.markup.endswith("<body>\n<p>Own</p></body>\n</html>")
    alone, _ = printed({PAGE: "<!DOCTYPE html><title>Alone</title><p>Own</p>"})
    assert alone.markup == "<!DOCTYPE html><title>Alone</title><p>Own</p>"


@pytest.mark.parametrize(("theme", "ink", "size"), [("default", "#1a1f24", 11), ("large-print", "#000000", 21)])
def test_boxes_and_charts_have_the_look_of_the_theme(theme: str, ink: str, size: int, load: Callable[..., Pack]) -> None:
    """Charts and boxes of tasks are black in large print, and labels as large as notes; a pack's own accent wins."""
    chart = ("data: {values: [{a: x, b: 1}, {a: y, b: 2}]}\nmark: bar\n"
             "encoding: {x: {field: a, type: nominal}, y: {field: b, type: quantitative}}\n")
    pack = load(f'theme: {{name: {theme}, accent: "#aa0011"}}\n', **{"figures__f.vl_yaml": chart},
                sections__a_md="---\ntitle: A\n---\n- [ ] to do\n- [x] done\n\n![A chart.](figures/f.vl.yaml)\n")
    kind = load_kinds()["briefing"]
    options, _ = resolve_options(kind, {}, pack)
    html, problems = render(Request(pack, kind, options, pack.manifest.paper, pack.manifest.theme))
    assert html is not None and not [each for each in problems if each.severity.name == "ERROR"]
    drawings = [data.decode() for path, data in html.assets.items() if path.endswith(".svg")]
    assert len(drawings) == 3
    other = {"#1a1f24", "#000000"} - {ink}
    assert all(ink in drawing and not any(wrong in drawing for wrong in other) for drawing in drawings)
    assert sum("#aa0011" in drawing for drawing in drawings) == 1
    chart = next(drawing for drawing in drawings if "<text" in drawing)
    assert {int(found) for found in re.findall(r'font-size="(\d+)px"', chart)} == {size}


@pytest.mark.parametrize(("words", "seen"), [(1, True), (6, True), (12, False)])
def test_the_picture_on_a_cover_is_as_high_as_the_titles_leave_room(words: int, seen: bool, load: Callable[..., Pack]) -> None:
    """Its dots are lower under a long title; one of very many lines takes its place."""
    events = "".join(f"- {{date: {1900 + n // 6}, title: E{n}}}\n" for n in range(60))
    pack = load(timeline_yaml=events)
    pack = replace(pack, manifest=pack.manifest.model_copy(update={"title": "Inverness " * words}))
    kind = load_kinds()["briefing"]
    options, _ = resolve_options(kind, {}, pack)
    html, _ = render(Request(pack, kind, options, pack.manifest.paper, pack.manifest.theme))
    assert html is not None
    assert ('class="cover-strip"' in html.markup) is seen


def test_readers_see_the_title_of_an_edition(load: Callable[..., Pack]) -> None:
    """Its name in pack.yaml where it has no title."""
    pack = load("editions: {short: {tags: [a], title: For pupils}, other: {tags: [a]}}\n", sections__a_md="---\ntitle: A\n---\nText.\n")
    kind = load_kinds()["briefing"]
    options, _ = resolve_options(kind, {}, pack)
    for name, shown in (("short", "· For pupils"), ("other", "· other"), ("", "Briefing pack</p>")):
        html, _ = render(Request(pack, kind, options, pack.manifest.paper, pack.manifest.theme, edition=name))
        assert html is not None and shown in html.markup


@pytest.mark.parametrize(
    ("templates", "place", "words"),
    [
        ({PAGE: "<p>\n\n{% if %}\n"}, f"templates/{PAGE}:3:1", ""),
        ({PAGE: "<p>\n{% for x in sections %}\n"}, f"templates/{PAGE}:2:1", "end"),
        ({PAGE: "\n{{ m.title | nosuch }}"}, f"templates/{PAGE}:2:1", "nosuch"),
        ({PAGE: "a\nb\n{{ nosuch }}"}, f"templates/{PAGE}:3:1", "nosuch"),
        ({PAGE: "a\n{{ m.nosuch }}"}, f"templates/{PAGE}:2:1", "nosuch"),
        ({PAGE: "a\n{% if nosuch %}x{% endif %}"}, f"templates/{PAGE}:2:1", "nosuch"),
        ({PAGE: "a\n\n\n{{ 1 / 0 }}"}, f"templates/{PAGE}:4:1", "zero"),
        ({PAGE: "{{ m.title + 1 }}"}, f"templates/{PAGE}:1:1", ""),
        ({PAGE: "{{ date(5) }}"}, f"templates/{PAGE}:1:1", ""),
        ({PAGE: "{% macro f() %}\n\n{{ nosuch }}\n{% endmacro %}\n{{ f() }}"}, f"templates/{PAGE}:3:1", "nosuch"),
        ({PAGE: 'a\n{% include "briefing/x.html" %}', "briefing/x.html": "b\n{{ nosuch }}"},
         "templates/briefing/x.html:2:1", "nosuch"),
        ({PAGE: 'a\n{% include "briefing/x.html" %}', "briefing/x.html": "b\n\n{% endif %}"},
         "templates/briefing/x.html:3:1", "endif"),
        ({PAGE: f'{{% include "{PAGE}" %}}'}, f"templates/{PAGE}", "without end"),
        ({PAGE: "{{ ().__class__.__mro__ }}"}, f"templates/{PAGE}:1:1", "__class__"),
        ({PAGE: "\n{{ m.title.__class__.__base__.__subclasses__() }}"}, f"templates/{PAGE}:2:1", "__class__"),
        ({PAGE: "{{ m.title.format.__globals__ }}"}, f"templates/{PAGE}:1:1", "__globals__"),
        ({PAGE: "{{ '{0.__class__}'.format(m) }}"}, f"templates/{PAGE}:1:1", "__class__"),
        ({PAGE: "{{ options.update({'contents': false}) }}"}, f"templates/{PAGE}:1:1", ""),
        ({PAGE: "{{ m.parse_file('/etc/passwd') }}"}, f"templates/{PAGE}:1:1", "parse_file"),
        ({PAGE: "{{ m.parse_raw('', allow_pickle=true) }}"}, f"templates/{PAGE}:1:1", "parse_raw"),
        ({PAGE: "{{ m.model_construct() }}"}, f"templates/{PAGE}:1:1", "model_construct"),
        ({PAGE: "{{ 'a' * 10 ** 9 }}"}, f"templates/{PAGE}:1:1", "too large"),
        ({PAGE: "{{ 9 ** (9 ** 9) }}"}, f"templates/{PAGE}:1:1", "too large"),
        ({PAGE: "{% for x in range(999999999) %}{% endfor %}"}, f"templates/{PAGE}:1:1", "ange"),
    ],
)  # fmt: skip
def test_faults_have_file_and_line(
    templates: dict[str, str], place: str, words: str, printed: Callable[..., Any]
) -> None:
    """Syntax errors, undefined names, run-time errors and forbidden acts say where they are."""
    html, problems = printed(templates)
    assert html is None
    assert [(p.code, str(p.place)) for p in problems] == [("template-error", place)]
    assert words in problems[0].message
    assert problems[0].hint


@pytest.mark.parametrize("name", ["../pyproject.toml", "briefing/../../pyproject.toml"])
def test_templates_do_not_leave_their_folder(name: str, printed: Callable[..., Any]) -> None:
    """A template cannot include a file outside templates/."""
    html, problems = printed({PAGE: f'{{% include "{name}" %}}'})
    assert html is None
    assert [p.code for p in problems] == ["template-error"]


def test_templates_do_not_include_by_absolute_path(printed: Callable[..., Any], tmp_path: Path) -> None:
    """A template cannot include a file by its path on the disk."""
    (tmp_path / "secret.txt").write_text("secret")
    html, _ = printed({PAGE: f'{{% include "{tmp_path}/secret.txt" %}}'})
    assert html is None or "secret" not in html.markup


def test_a_missing_include_is_reported_where_it_is_asked_for(printed: Callable[..., Any]) -> None:
    """An include of a template that does not exist is a fault of the line that includes it."""
    _, problems = printed({PAGE: 'a\n{% include "briefing/nosuch.html" %}'})
    assert [str(p.place) for p in problems] == [f"templates/{PAGE}:2:1"]


def test_code_is_kept_for_the_process_and_knows_no_pack(monkeypatch: pytest.MonkeyPatch) -> None:
    """A template is compiled once, and prints for each pack what that pack's own filters return."""
    compiled: list[str] = []
    real = templates._Sandbox._compile
    monkeypatch.setattr(templates._Sandbox, "_compile", lambda env, source, name: compiled.append(name) or real(env, source, name))
    texts = {"t/kept-once.html": "{{ 'word'|label }}-{{ x }}"}
    said = [templates.Templates(texts).render("t/kept-once.html", {"label": lambda _, n=n: f"label{n}"}, x=n) for n in (1, 2)]
    assert said == ["label1-1", "label2-2"] and len(compiled) == 1
    changed = templates.Templates({"t/kept-once.html": "another"}).render("t/kept-once.html", {})
    assert changed == "another" and len(compiled) == 2
