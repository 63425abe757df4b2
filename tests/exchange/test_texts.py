"""HTML in fields becomes Markdown that prints the same, and YAML keeps every text."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from imports import TEXTS, printing, words

from guide.content.yaml import read_yaml
from guide.exchange.entries import entry
from guide.exchange.reading.htmltext import Html, is_html


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("<div>a</div><div>b</div>", "a\\\nb"),
        ("<div>a</div><div><br></div><div>b</div>", "a\n\nb"),
        ("x<b>y</b>z <b>w</b>, <i>v</i>", "x<b>y</b>z **w**, *v*"),
        ("H<sub>2</sub>O, m<sup>a b</sup>", "H~2~O, m<sup>a b</sup>"),
        ("<ul><li>a<ol><li>b</li></ol></li><li>c</li></ul>", "- a\n  1. b\n- c"),
        ("<table><tr><th>A<th>B</tr><tr><td>1|2<td>x<br>y</table>", "| A | B |\n|---|---|\n| 1\\|2 | x<br>y |"),
        ("<table><tr><td>only</table>", "only"),
        ("1. a<br># b<br>- c", "1\\. a\\\n\\# b\\\n\\- c"),
        ("\\(a &lt; b\\) [latex]$x^2$[/latex] [$]y[/$]", "\\(a < b\\) \\(x^2\\) \\(y\\)"),
        ("<pre>a\n  b</pre>", "```\na\n  b\n```"),
        ("<code>a`b</code>", "`` a`b ``"),
        ("<span style='font-weight: 700'>b</span><script>x</script>", "**b**"),
        ('<a href="https://x.y/(z)">w</a> <a href="javascript:x">v</a>', "[w](https://x.y/%28z%29) v"),
        ("{{c1::<b>a</b>::h}} is a::b", "{{c1::<b>a</b>::h}} is a::b"),
        ("a &lt;b&gt; &amp;amp; c", "a &lt;b> \\&amp; c"),
    ],
)  # fmt: skip
def test_html_is_read_as_what_it_shows(html: str, markdown: str) -> None:
    """Breaks, emphasis, scripts, lists, tables, formulas, code, links and gaps."""
    assert Html().markdown(html) == markdown


def test_only_tags_that_html_has_are_html() -> None:
    """A comparison, a name in brackets and an ampersand are text."""
    assert not any(map(is_html, ("a < b > c", "<unknown>", "R&D; x", "3 <4> 5", "AT&T")))
    assert all(map(is_html, ("a<br>b", "<b>x</b>", "a &nbsp; b", "<img src='x'>", "&#39;")))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=80)
@given(TEXTS, st.sampled_from(["", "b", "i", "u", "div", "p", "li"]))
def test_words_of_html_are_printed(make: Callable[..., Any], text: str, tag: str) -> None:
    """Whatever signs a text has, inside a tag or not, they are printed as the browser shows them."""
    inside = escape(re.sub(r"\{\{c\d+::|\}\}|\\[(\[]", "", text), quote=False)
    html = f"<{tag}>{inside}</{tag}> end" if tag else inside
    shown = words(str(printing(make).flowing(Html().markdown(html))))
    wanted = " ".join((re.sub(r"<[^>]*>", "", html).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")).split())
    assert shown.replace(" ", "") == wanted.replace(" ", "")


@settings(max_examples=100)
@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"], include_characters="\n"), min_size=1, max_size=40))
@example("a: b")
@example("no")
@example("a #b")
@example("x\n\n  y")
@example("- a\n- b\n")
@example("'q' \"r\" \\ :")
@example("\u2028a\u00a0")
def test_yaml_keeps_every_text(text: str) -> None:
    """What is written as an entry is read as the same text, in a value, a list and a pair."""
    data = {"front": text, "tags": [text], "pairs": {"k": text}}
    made = entry(data)
    document, problems = read_yaml(made, "cards.yaml")
    found = [each for each in problems if each.severity == "error"]
    assert document is not None and not found, (made, found)
    assert document.data == [data], made
