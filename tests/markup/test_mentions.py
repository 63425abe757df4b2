"""What a text points at for the checks is what the renderer meets in it, and where it is written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from guide.diagnostics.diagnostic import Place
from guide.markup.labels import Labels
from guide.markup.mentions import mentions
from guide.markup.parse import parse, read
from guide.markup.context import Context, Here
from guide.markup.to_html import block, render_tokens
from guide.model.content import Section
from guide.model.markup import Mention

Met = set[tuple[str, str]]


class Record:
    """What rendering asks for: terms, pictures, targets of references, and sources."""

    def __init__(self) -> None:
        self.met: Met = set()
        self.files: dict[str, bytes] = {}
        self.used: set[str] = set()

    def find(self, name: str) -> str:
        """A term."""
        self.met.add(("term", " ".join(name.split())))
        return ""

    def figure(self, path: str) -> tuple[str, None]:
        """A picture."""
        self.met.add(("image", path))
        return "", None

    def get(self, name: str) -> None:
        """The target of a reference; the ids of pictures and tables are asked for too."""
        self.met.add(("ref", name))

    def cite(self, cluster: Sequence[Any], _kind: str = "") -> Markup:
        """Sources."""
        self.met |= {("cite", citation.key) for citation in cluster}
        return Markup("[1]")

    def token(self, _name: str) -> str:
        """A colour."""
        return "#000000"

    def add(self, _data: bytes, suffix: str) -> str:
        """A formula."""
        return f"x.{suffix}"


def rendered(text: str, body: bool) -> Met:
    """Return what rendering a text meets."""
    record: Any = Record()
    context = Context(
        labels=Labels("en"), assets=record, linker=record, report=lambda _: None, cite=record.cite, targets=record
    )
    here = Here(place=Place("a.md"), first_line=int(body))
    if body:
        render_tokens(parse(text), context, here)
    else:
        block(text, context, here)
    met: Met = record.met
    return met


def checked(text: str, body: bool) -> tuple[Mention, ...]:
    """Return what a check sees and printing meets: no ids, and nothing that points nowhere."""
    met = {"cite", "ref", "term", "image"}
    return tuple(mention for mention in mentions(text, "en", body) if mention.kind in met)


PIECES = st.sampled_from(
    ["a", "word ", " ", "\n", "\n\n", "    ", "- ", "  - ", "> ", "1. ", "## ", "`", "``", "```\n", "\\", "**", "_",
     "[@s]", "[@s; -@t, p. 3]", "[@{a b}]", "@fig-x ", "[[t]]", "[[t|u]]", "![i [@v]](p.png)", "![j](<q r.png>)",
     "![k][n]", "[l [@w]](https://e.org)", "^[note [@n] ", "]", "[^1]", "\n\n[^1]: Note [@m]\n\n", "\n\n[n]: z.png\n\n",
     "<!-- ", " -->", "$", "$x$", "| a [@c] | b |\n", "|---|---|\n", "| [[d\\|e]] | `x|y` |\n", "\n: Caption [@q]\n",
     "::: note Title [@b]\n", "\n:::\n", "> [!NOTE] [@g]\n", "Term\n: Meaning [@h]\n", "<b>", "</b>", "{#x}", "~", "^"]
)  # fmt: skip


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(PIECES, max_size=12).map("".join), st.booleans())
def test_checks_and_print_see_the_same_marks(text: str, body: bool) -> None:
    """In code, escapes, comments, lists, tables, notes and boxes: a mark is one for both or for neither."""
    asked = {each for each in rendered(text, body) if each[0] != "ref" or each[1].startswith("fig-x")}
    assert {(mention.kind, mention.value) for mention in checked(text, body)} == asked


@settings(max_examples=120, deadline=None, derandomize=True)
@given(st.lists(PIECES, max_size=12).map("".join))
def test_a_mark_is_found_where_it_is_written(text: str) -> None:
    """And no two marks in one place."""
    found = checked(text, True)
    heads = {"cite": ("@",), "ref": ("@",)}
    for mention in found:
        begins = heads.get(mention.kind, (mention.value, mention.value.split()[0]))
        assert text.startswith(begins, mention.offset), (text, mention)
    assert len({(m.kind, m.value, m.offset) for m in found if m.kind != "image"}) == len(
        [m for m in found if m.kind != "image"]
    )


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("`[@a]` and [@a]", [("cite", 1, 13)]),
        ("\\[@a] and [@a]", [("cite", 1, 12)]),
        ("a <!-- [@a] --> b [@a]", [("cite", 1, 20)]),
        ("[@a](x) [@a]", [("bare", 1, 2), ("cite", 1, 10)]),
        ("    [@a]\n\n[@a]\n", [("cite", 3, 2)]),
        ("- one\n\n  two [[t]]\n  - three ![c](p.png)\n", [("term", 3, 9), ("image", 4, 16)]),
        ("| A |\n|---|\n| x [[a\\|b]] |\n\n: Cap [@a] {#tbl-x}\n", [("term", 3, 7), ("cite", 5, 8), ("anchor", 5, 14)]),
        ("![c][n]\n\n[n]: p.png\n", [("image", 3, 6)]),
        ("x[^1]\n\n[^1]: See [@a].\n", [("cite", 3, 12)]),
        ("[^1]: Never called [@a].\n", [("uncalled", 1, 1)]),
        ("a [^9] `[^8]` [^n] \\[^7]\n\n[^n]: Note.\n\n> [^m]: Other.\n", [("note", 1, 3), ("uncalled", 5, 3)]),
        ("@a, [@a, and @b] b@a.org `@a` \\[@a]\n\n```\n@a\n```\n", [("bare", 1, 1), ("cite", 1, 6), ("bare", 1, 14)]),
        ("## H {#sec-h}\n\ntext {#x} on\n", [("anchor", 1, 8)]),
        ("::: note Why [@a]\ntext\n:::\n", [("cite", 1, 15)]),
    ],
)
def test_marks_of_the_checks_by_their_places(text: str, places: list[tuple[str, int, int]]) -> None:
    """Marks in code, after a backslash, in comments and in notes that nothing calls are none."""
    section = Section(id="a", title="A", body=text).placed({"body": Place("a.md", 1, 1)})
    found = [(m.kind, section.in_body(m.offset)) for m in mentions(text, "en", True)]
    assert [(kind, place.line, place.column) for kind, place in found] == places


def test_a_text_is_parsed_once_however_often_it_is_asked_for() -> None:
    """By checks and documents; each may change the tokens that it is given."""
    read.cache_clear()
    text = "## H\n\n[@a] ![c](p.png){width=5cm} [l](https://e.org){.qr}\n"
    first = parse(text)
    checked(text, True)
    first[0].attrs["id"] = first[1].content = "changed"
    assert first[4].children
    first[4].children[0].meta["raw"] = "changed"
    assert parse(text)[0].attrs == {}
    assert [m.value for m in checked(text, True)] == ["a", "p.png"]
    assert rendered(text, True) == rendered(text, True) == {("cite", "a"), ("image", "p.png")}
    assert read.cache_info().misses == 1
