"""Markdown that means harm: nothing in it runs, loads, or leads where it should not."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from guide.diagnostics.diagnostic import Place
from guide.html.parts import timeline
from guide.markup.assets import Assets
from guide.markup.glossary import Linker
from guide.markup.labels import Labels
from guide.markup.context import Context, Here
from guide.markup.to_html import block
from guide.markup.words import inline
from guide.model.pack import Manifest, Pack


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<table onclick=\"x\">\n<b>a</b>\n</table>",
        "Text <img src=x onerror=alert(1)> and <!-- comment -->",
        "<style>@import url(http://x)</style>",
        "<iframe src='file:///etc/passwd'></iframe>",
    ],
)  # fmt: skip
def test_raw_html_is_printed_as_it_was_written(text: str, make: Callable[..., Any]) -> None:
    """HTML in Markdown is text."""
    html = make(text).html
    assert not re.search(r"<(script|div|img|style|iframe|b\b|!--)", html)
    assert "&lt;" in html


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "&#106;avascript:alert(1)", "vbscript:x", "data:text/html,x",
     "file:///etc/passwd", "//example.org", "other.html"],
)  # fmt: skip
def test_a_bad_link_is_dropped_and_reported_at_its_line(address: str, make: Callable[..., Any]) -> None:
    """A link that leads anywhere else than to a page, a mailbox or this document prints its text only."""
    made = make(f"Text.\n\nA [word]({address}) here.\n")
    assert "<a" not in made.html
    assert "A word here." in made.html
    assert [(p.code, p.severity, p.place) for p in made.problems] == [
        ("bad-link", "warning", Place("sections/1.md", 6, 1))
    ]


def test_a_bad_automatic_link_and_a_bad_reference(make: Callable[..., Any]) -> None:
    """Automatic links and links by reference are held to the same rule."""
    made = make("<javascript:alert(1)>\n\n[a][r]\n\n[r]: javascript:x\n")
    assert "<a" not in made.html
    assert [(p.code, p.place.line) for p in made.problems] == [("bad-link", 4), ("bad-link", 6)]


def test_a_bad_link_in_a_field_is_reported_at_the_field(make: Callable[..., Any]) -> None:
    """A link in an event's detail is reported where the detail was written."""
    made = make(timeline_yaml="- date: 1999\n  title: t\n  detail: '[a](javascript:x)'\n")
    timeline(made.document)
    assert [(p.code, p.place) for p in made.problems] == [("bad-link", Place("timeline.yaml", 3, 11))]


@pytest.mark.parametrize("address", ["https://example.org", "http://example.org", "mailto:a@example.org", "#sec-1"])
def test_a_good_link_stays(address: str, make: Callable[..., Any]) -> None:
    """Links to pages, mailboxes and this document are printed."""
    made = make(f"A [word]({address}).\n")
    assert f'href="{address}"' in made.html
    assert made.problems == []


@pytest.mark.parametrize(
    "text",
    [
        "# Head {onclick=alert(1) style=color:red}",
        "[span]{onclick=alert(1) style=color:red}",
        "[a](https://example.org){onclick=alert(1) style=color:red}",
        "![a](x.svg){onclick=alert(1)}",
        "| a |\n|---|\n| b |\n: Caption {onclick=alert(1)}",
        '::: {.note onclick="alert(1)"}\nText\n:::',
        pytest.param("`code`{onclick=alert(1) style=color:red}"),
    ],
    ids=["heading", "span", "link", "image", "caption", "box", "code"],
)  # fmt: skip
def test_attributes_cannot_run_or_restyle(text: str, make: Callable[..., Any]) -> None:
    """Attributes in braces add no event and no style."""
    tags = "".join(re.findall(r"<[^>]*>", make(text).html))
    assert "onclick" not in tags
    assert "color:red" not in tags


def test_a_term_and_a_figure_cannot_break_out(make: Callable[..., Any]) -> None:
    """Ids, captions, alternative texts and terms are escaped."""
    made = make('![a "b" <i>](figures/m.svg){alt="x<y"}\n\n[[<b>|"<i>]] [@x<b>]\n',
                figures__m_svg="<svg xmlns='http://www.w3.org/2000/svg'/>")  # fmt: skip
    assert "<i>" not in made.html
    assert "<b>" not in made.html


def test_a_picture_whose_name_is_not_ascii(make: Callable[..., Any]) -> None:
    """A picture whose file name has an accent is found."""
    made = make("![Plan](figures/plan-é.svg)\n", **{
        "figures__plan-é_svg": "<svg xmlns='http://www.w3.org/2000/svg'><title>t</title></svg>"
    })  # fmt: skip
    assert "figures/plan-é.svg" in made.pack.figures
    assert '<img class="picture"' in made.html


SIGNS = st.text(alphabet="<>&\"'[](){}*_`~|$^:#@!\\/-=.;\n aαx1", max_size=60)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(text=SIGNS | st.text(max_size=40))
def test_any_text_gives_only_known_tags(text: str) -> None:
    """Any text at all is rendered, as blocks and as a line, with no tag that guide does not make."""
    pack = Pack("p", Manifest(format=1, title="T"))
    context = Context(Labels("en"), Assets(pack, lambda _: ""), Linker(()), lambda _: None, lambda *_: Markup())
    for html in (
        block(text, context, Here(item="a", gaps=True)),
        inline(text, context, Here(item="a", gaps=True)),
    ):
        tags = set(re.findall(r"<([a-zA-Z]\w*)", str(html)))
        assert tags <= set(
            ["p", "h3", "h4", "h5", "h6", "em", "strong", "s", "code", "pre", "span", "a", "sup", "img", "ul", "ol", "li", "dl", "dt", "dd", "table", "thead", "tbody", "tr", "th", "td", "figure", "figcaption", "blockquote", "hr", "br", "section", "input"]
        ), tags
