"""Citations in two styles: marks, locators, clusters, order, bibliography."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from guide.html.parts import bibliography, timeline
from guide.markup.citations import Citations, UnknownStyleError
from guide.model.content import Citation
from guide.model.markup import read_cluster

SOURCES: dict[str, dict[str, Any]] = {
    "a": {"id": "a", "type": "book", "title": "Kosovo & War", "publisher": "OUP",
          "author": [{"family": "Judah", "given": "Tim"}], "issued": {"date-parts": [[2008]]}},
    "b": {"id": "b", "type": "report", "title": "Resolution <1244>", "author": [{"literal": "UN"}],
          "issued": {"date-parts": [[1999, 6, 10]]}, "URL": "https://example.org/1244?a=1&b=2"},
    "c": {"id": "c", "type": "article-journal", "title": "Zones", "container-title": "J", "volume": "3",
          "author": [{"family": "Adams", "given": "Bea"}, {"family": "Cole", "given": "Dee"}],
          "issue": "2", "page": "5-9", "issued": {"date-parts": [[2010]]}},
}  # fmt: skip


def cited(style: str, *keys: str) -> Citations:
    """Return the citations of a text that cites `keys` in this order."""
    made = Citations(SOURCES, style)
    made.register([Citation(key=key) for key in keys])
    return made


def link(key: str, text: str) -> str:
    """Return a mark as it is printed."""
    return f'<a class="cite" href="#src-{key}">{text}</a>'


@pytest.mark.parametrize(
    ("text", "ieee", "apa"),
    [
        ("@b", link("b", "[1]"), f"({link('b', 'UN, 1999')})"),
        ("@a, p. 12", link("a", "[2, p. 12]"), f"({link('a', 'Judah, 2008, p. 12')})"),
        ("@a, 12", link("a", "[2, p. 12]"), f"({link('a', 'Judah, 2008, p. 12')})"),
        ("see @a, pp. 12-14; @b", f"see {link('a', '[2, pp. 12–14]')}, {link('b', '[1]')}",
         f"(see {link('a', 'Judah, 2008, pp. 12–14')}; {link('b', 'UN, 1999')})"),
        ("@b; @a", f"{link('b', '[1]')}, {link('a', '[2]')}", f"({link('a', 'Judah, 2008')}; {link('b', 'UN, 1999')})"),
        ("@c; @none", link("c", "[3]"), f"({link('c', 'Adams &amp; Cole, 2010')})"),
        ("@a, para. 7", link("a", "[2, Para. 7]"), f"({link('a', 'Judah, 2008, para. 7')})"),
        ("@a, p. <i>", link("a", "[2, p. &lt;i&gt;]"), f"({link('a', 'Judah, 2008, p. &lt;i&gt;')})"),
        ("@none", '<span class="missing">[?]</span>', '<span class="missing">[?]</span>'),
    ],
)  # fmt: skip
def test_marks(text: str, ieee: str, apa: str) -> None:
    """A cluster is printed in each style, with locators, each mark a link to its source."""
    cluster = read_cluster(text)
    assert cluster is not None
    assert cited("ieee", "b", "a", "none", "b", "c").printed(cluster) == ieee
    shown = cited("apa", "b", "a", "none", "b", "c").printed(cluster)
    assert shown.replace("cite words", "cite") == apa


def test_a_chapter_in_apa() -> None:
    """A chapter is not printed as if it were a page."""
    assert "Chapter 3" in str(cited("apa", "a").printed([Citation(key="a", locator="3", label="chapter")]))


def test_bibliographies() -> None:
    """IEEE lists in the order of first citation with numbers, APA by name; only what was cited."""
    ieee = cited("ieee", "b", "a").bibliography()
    address = '<a class="url" href="https://example.org/1244?a=1&amp;b=2">https://example.org/1244?a=1&amp;b=2</a>'
    assert [(s.key, s.label) for s in ieee] == [("b", "[1]"), ("a", "[2]")]
    assert str(ieee[1].html) == "T. Judah, <i>Kosovo &amp; War</i>. OUP, 2008."
    assert address in ieee[0].html
    assert "<1244>" not in ieee[0].html
    apa = cited("apa", "b", "a", "c").bibliography()
    assert [(s.key, s.label) for s in apa] == [("c", ""), ("a", ""), ("b", "")]
    assert str(apa[0].html) == "Adams, B., &amp; Cole, D. (2010). Zones. <i>J</i>, <i>3</i>(2), 5–9."
    assert cited("ieee").bibliography() == []


def test_keys_that_differ_in_case_only() -> None:
    """Two sources whose keys differ in case only are two sources."""
    made = Citations({"A": {**SOURCES["a"], "id": "A"}, "a": {**SOURCES["b"], "id": "a"}}, "ieee")
    made.register([Citation(key="A"), Citation(key="a")])
    assert made.printed([Citation(key="a")]) == link("a", "[2]")
    assert len(made.bibliography()) == 2


def test_unknown_styles(make: Callable[..., Any]) -> None:
    """A style that does not exist is refused, and reported where it was written."""
    with pytest.raises(UnknownStyleError):
        Citations(SOURCES, "iee")
    made = make("Text.", manifest="citation_style: iee\n", style="iee")
    assert [(p.code, p.place.line) for p in made.problems] == [("unknown-style", 3)]
    assert made.problems[0].hint.startswith("did you mean `i")


FILE = "".join(f"- id: {key}\n  title: Title {key}\n" for key in "xyzwvu")


def test_numbers_follow_the_printed_order(make: Callable[..., Any]) -> None:
    """Sources are numbered as a reader meets them: text, notes and captions before the lists."""
    made = make(
        "One [@w].[^n] Two [@x].\n\n| a |\n|---|\n| b |\n: Caption [@v]\n\n[^n]: Note [@z].\n",
        sources_yaml=FILE,
        timeline_yaml="- {date: 1999, title: t, sources: [x, y]}\n",
    )
    events = timeline(made.document)[0].events
    shown = made.filled(*(s.html for s in made.sections), *(event.cites for event in events))
    numbers = {s.key: int(s.label.strip("[]")) for s in bibliography(made.document)}
    assert numbers == {"w": 1, "z": 2, "x": 3, "v": 4, "y": 5}
    found = re.findall(r'href="#src-(\w)">\[(\d+)\]', shown)
    assert [(key, int(n)) for key, n in found] == [("w", 1), ("z", 2), ("x", 3), ("v", 4), ("x", 3), ("y", 5)]


def test_numbers_of_notes_follow_their_calls(make: Callable[..., Any]) -> None:
    """A source that only a note cites is numbered after those cited before the note's call."""
    made = make("One [@w].[^n] Two [@x].\n\n[^n]: Note [@z].\n", sources_yaml=FILE)
    assert made.html
    assert [s.key for s in bibliography(made.document)] == ["w", "z", "x"]


def test_a_citation_in_another_text_is_printed(make: Callable[..., Any]) -> None:
    """A source that is cited in an event's detail gets its number."""
    made = make(sources_yaml=FILE, timeline_yaml="- {date: 1999, title: t, detail: 'So [@x].'}\n")
    assert "[1]" in made.filled(timeline(made.document)[0].events[0].detail)
