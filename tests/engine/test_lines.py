"""Lines of text are split once for a font, a width and a text, and come out the same."""

from __future__ import annotations

from typing import Any

import pytest
from weasyprint.layout import inline, preferred

from guide import engine
from guide.engine import flow, lines
from guide.engine.clock import at_a_fixed_time
from guide.model.artifacts import Html
from guide.pdf.typeset import Typesetting
from guide.resources import TEMPLATES

SHEET = """
@page { size: 100mm 120mm; margin: 8mm } html { font: 9pt/12pt "Source Sans 3"; hyphens: auto }
.just { text-align: justify } .wide { letter-spacing: .1em; word-spacing: .2em } .under { text-decoration: underline }
.break { overflow-wrap: anywhere } .pre { white-space: pre-wrap } .caps { font-variant-caps: small-caps } .two { columns: 2 }
.plain { hyphens: none } .first::first-line { color: red; font-weight: 700 } .flex { display: flex } .fit { display: inline-block }
"""
TEXT = "Characteristically long re\u00adspon\u00adsi\u00adbil\u00adities of the <b>infra</b>structure, "
KINDS = ("just", "wide", "under", "break", "pre", "caps", "two", "plain", "first", "flex", "fit", "just wide", "break just under")


def _set(split: Any, monkeypatch: pytest.MonkeyPatch) -> bytes:
    engine.install()
    body = "".join(
        f"<p class='{kind}'>{TEXT}{'x' * 70}</p><p class='{kind}' lang=de dir=rtl>{TEXT} a\tb\n c</p>" for kind in KINDS
    )
    sheets = (("templates:fonts.css", (TEMPLATES / "fonts.css").read_text("utf-8")), ("templates:x.css", SHEET))
    html = Html("t", "en", f"<!DOCTYPE html><html lang=en><title>t</title><body>{body}</body></html>", sheets, {})
    for module in (inline, preferred):
        monkeypatch.setattr(module, "split_first_line", split)
    with at_a_fixed_time():
        work = Typesetting(html)
        return work._write(work.layout(html.markup))


def test_lines_are_split_as_without_a_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also the second time, when all lines are known, and with little memory."""
    wanted = _set(flow._split, monkeypatch)
    asked: list[str] = []
    real = flow._split
    monkeypatch.setattr(flow, "_split", lambda text, *rest: asked.append(text) or real(text, *rest))
    monkeypatch.setattr(lines, "_first_lines", {})
    monkeypatch.setattr(lines, "_letters", 0)  # what earlier tests left would empty it halfway
    assert _set(lines._split, monkeypatch) == wanted
    first = len(asked)
    assert _set(lines._split, monkeypatch) == wanted
    assert len(asked) - first < 0.1 * first
    monkeypatch.setattr(lines, "_MOST", 3000)
    assert _set(lines._split, monkeypatch) == wanted
    assert len(lines._first_lines) < 40
