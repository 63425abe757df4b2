"""Each word of a text's source is printed, was consumed on purpose, or is reported where it was written."""

from __future__ import annotations

import time
from collections.abc import Callable
from html import unescape
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from guide.diagnostics.diagnostic import Diagnostic, Severity
from guide.markup.account import lost
from guide.html.document import Document
from guide.html.parts import RENDER
from guide.markup.context import Context, Here
from guide.markup.to_html import block
from guide.markup.visible import runs
from guide.model.letters import letters
from guide.model.pack import Manifest, Pack

if TYPE_CHECKING:
    from documents import Made

Load = Callable[..., Pack]
PARTS = ("sections", "timeline", "actors", "facts", "glossary", "questions")
Reported = Callable[[str], list[tuple[int, int, str, Severity]]]


SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><desc>d</desc><rect width="5" height="5"/></svg>'
SOURCES = "- {id: a, type: book, title: A Book, author: 'Smith, Jane', issued: 1999}\n"


@pytest.fixture
def reported(make: Callable[..., Made]) -> Reported:
    """Return a function that renders a section's text and returns the losses: line, column, words, severity."""

    def found(body: str) -> list[tuple[int, int, str, Severity]]:
        problems = make(body, figures__q_svg=SVG, sources_yaml=SOURCES).problems
        return [
            (d.place.line, d.place.column, d.message.split("`")[1], d.severity)
            for d in problems if d.code == "lost-content"
        ]  # fmt: skip

    return found


ERROR, WARNING = Severity.ERROR, Severity.WARNING
LOST = {
    "a sentence that reads as an address": ("Text.\n\n[Smith]: Hello\n", (6, 1, "[Smith]: Hello", ERROR)),
    "an address that no link uses": ("[m]: https://example.org/x\n", (4, 1, "[m]: https://example.org/x", WARNING)),
    "the title of a link": ('See [x](https://example.org "More about it").', (4, 29, '"More about it"', WARNING)),
    "words after the language of code": ("```python print(1)\nx\n```\n", (4, 11, "print(1)", ERROR)),
}


@pytest.mark.parametrize("what", LOST)
def test_what_the_parser_drops_is_reported_at_its_place(what: str, reported: Reported) -> None:
    """The words are named, with their line and column."""
    body, wanted = LOST[what]
    assert reported(body) == [wanted]


@pytest.mark.parametrize("lang", ["en", "de", "fr", "sq", "sr-Cyrl"])
def test_the_name_of_a_box_is_no_text(lang: str, make: Callable[..., Made]) -> None:
    """`[!CAUTION]` prints as the label of its box, in the language of the pack."""
    body = "> [!CAUTION] Ice\n> Thin.\n\n> [!NOTE]\n> Cold.\n\n- > [!IMPORTANT]+\n  > In a list.\n"
    assert make(body, manifest=f"lang: {lang}\n").problems == []


# Markup that a parser with another reading of the source might make: words are missing in it.
DROPPED = {
    "cells beyond a table's columns": ("| A | B |\n|---|---|\n| 1 | 2 | gone |\n", "<td>A</td><td>B</td><td>1</td><td>2</td>", "gone"),
    "a bar in code in a table": ("| A |\n|---|\n| `x|y` |\n", "<td>A</td><td>`x</td>", "`x|y`"),
    "braces after a heading": ("## Doses {0.5 mg, 1.5 mg}", "<h2>Doses</h2>", "{0.5 mg, 1.5 mg}"),
    "dollars that read as a formula": ("cost $5 and US$ more", '<p>cost <img class="math" alt=""> more</p>', "$5 and US$"),
    "a dollar before a number": ("from $10-$20 on", "<p>from 10-20 on</p>", "$10-$20"),
    "a formula": ("If $x$ holds.", "<p>If holds.</p>", "$x$"),
    "a picture": ("See ![Map](figures/q.svg).", "<p>See .</p>", "![Map](figures/q.svg)"),
    "a picture with a reference": ("![Map][m]\n\n[m]: figures/q.svg\n", "<figure><figcaption>Map</figcaption></figure>", "![Map][m]"),
    "a caption": ("![The map](figures/q.svg)\n", "<figure><img><figcaption>The</figcaption></figure>", "map"),
    "the number of an item": ("24. March was the day.", "<ol><li>March was the day.</li></ol>", "24."),
    "a number in the middle": ("3. x\n7. y\n", '<ol start="3"><li>x</li><li>y</li></ol>', "7."),
    "a sign in brackets": ("Article 9(c) holds.", "<p>Article 9© holds.</p>", "9(c)"),
    "a title of a box": ("::: note Take care\nText\n:::\n", "<p>Note</p><p>Text</p>", "Take care"),
    "one of two like words": ("no, no, never", "<p>no, never</p>", "no,"),
    "what is in a hidden element": ("seen hidden", '<p>seen <span aria-hidden="true">hidden</span></p>', "hidden"),
    "what is only in an attribute": ("seen said", '<p>seen <img alt="said"></p>', "said"),
    "what is in a comment": ("seen said", "<p>seen <!-- said --></p>", "said"),
    "text before an entity": ("a&amp;b &lt;c&gt; d", "<p>a&amp;b d</p>", "&lt;c&gt;"),
    "a word in brackets that no box has": ("> [!WALDBRAND]\n> a", "<p>a</p>", "WALDBRAND"),
    "a number that skips some": ("1. a\n2. b\n4. c\n", "<ol><li>a</li><li>b</li><li>c</li></ol>", "4."),
    "a term's wording": ("[[kfor|the force]]", "<p>kfor</p>", "the force"),
}  # fmt: skip


@pytest.mark.parametrize("what", DROPPED)
def test_what_is_not_in_the_markup_is_missed(what: str) -> None:
    """Whatever the reason for which the markup lacks it."""
    source, html, words = DROPPED[what]
    assert [each.shown for each in lost(source, html)] == [words]


CONSUMED = {
    "emphasis inside a word": ("un*frigging*likely **bo**ld", "<p>un<em>frigging</em>likely <strong>bo</strong>ld</p>"),
    "links": ("[a b](https://example.org/c) <https://e.org> [d][r]\n\n[r]: f.html", '<p><a href="x">a b</a><sup class="linkno">L1</sup> https://e.org d</p>'),
    "citations": ("Text [@a, p. 3; -@b], more", '<p>Text <span class="cites">[1]</span>, more</p>'),
    "references and attributes": ("## H {#sec-x .c}\n\n@fig-a `c`{.py}", "<h3>H</h3><p>Figure 1 <code>c</code></p>"),
    "marks of lists and quotes": ("> q\n> 1. a\n> 2. b\n\n+ c\n- [x] d", "<p>q</p><ol><li>a</li><li>b</li></ol><ul><li>c</li><li>d</li></ul>"),
    "numbers that are all the same": ("1. a\n1. b\n", "<ol><li>a</li><li>b</li></ol>"),
    "numbers that rise": ("1. a\n2. b\n3. c\n\n> 7) d\n> 8) e\n", "<ol><li>a</li><li>b</li><li>c</li></ol><blockquote>7) d 8) e</blockquote>"),
    "a number that is in the text": ("24. March", "<p>24. March</p>"),
    "code": ("```python\na | $b$ # <b>\n```\n`[@k] $x$`", "<pre>a | $b$ # &lt;b&gt;</pre><p><code>[@k] $x$</code></p>"),
    "a table": ("| A | B |\n|:--|--:|\n| 1 \\| 2 | `a|b` |\n\n: Cap {#tbl-x}", "<figcaption>Table 1 Cap</figcaption><td>A</td><td>B</td><td>1 | 2</td><td>a|b</td>"),
    "formulas": ("Let $x_1$, \\(y\\) and CO$_2$:\n\n$$\nz\n$$", '<p>Let <img class="math">, <img class="math"> and CO<img class="math">:</p><img class="math">'),
    "formulas as written": ("Let \\(y\\)", "<p>Let (y)</p>"),
    "comments": ("a <!-- not\n\nthis --> b", "<p>a</p><p>b</p>"),
    "comments that are printed": ("a <!-- this --> b", "<p>a &lt;!-- this --&gt; b</p>"),
    "tags of HTML": ("H<sub>2</sub>O<br>x", "<p>H<sub>2</sub>O<br>x</p>"),
    "a tag without its other half": ("List<i> of x", "<p>List&lt;i&gt; of x</p>"),
    "tags that are printed": ("H<sub>2</sub>O", "<p>H&lt;sub&gt;2&lt;/sub&gt;O</p>"),
    "signs that are text": ("a < b > c, Map<K, V>, 5 ~ 6, x|y, {z}", "<p>a &lt; b &gt; c, Map&lt;K, V&gt;, 5 ~ 6, x|y, {z}</p>"),
    "entities, read or not": ("&copy; 10&nbsp;km &lt;", "<p>© 10\u00a0km &amp;lt;</p>"),
    "notes": ("a[^n]b\n\n[^n]: note", '<p>a<span class="footnote">note</span>b</p>'),
    "boxes of GitHub, in German": ("> [!WARNING] T\n> a\n\n> [!caution]\n> b", "<div><p>Warnung · T</p><p>a</p></div><div><p>Warnung</p><p>b</p></div>"),
    "a comment in code": ("`<!--` and `-->`", "<p><code>&lt;!--</code> and <code>--&gt;</code></p>"),
}  # fmt: skip


@pytest.mark.parametrize("what", CONSUMED)
def test_what_is_printed_or_consumed_is_not_missed(what: str) -> None:
    """No false alarm."""
    source, html = CONSUMED[what]
    assert lost(source, html) == []


def test_a_note_that_nothing_calls_is_reported_once(make: Callable[..., Made]) -> None:
    """By the check of the content, for all its paragraphs."""
    source = "Text.\n\n[^1]: Words of a note.\n\n    More of it.\n\n[^2]: Lost.\n\nText [^3].\n\n[^3]: Seen.\n"
    assert [each.kind for each in lost(source, "<p>Text.</p><p>Text Seen.</p>")] == ["note"] * 3
    assert not [d for d in make(source).problems if d.code == "lost-content"]


def test_the_first_signs_of_a_field_of_one_line_are_text() -> None:
    """A value `> 4500` is no quotation; in a section it is."""
    assert [each.shown for each in lost("> 4500 men", "<p>4500 men</p>", short=True)] == [">"]
    assert lost("> 4500 men", "<p>4500 men</p>") == []


def test_a_lost_word_among_like_ones_is_found_in_its_line() -> None:
    """The order of the words tells which of them is missing."""
    source = "one two three\n\nfour two five\n\nsix two seven\n"
    found = lost(source, "<p>one two three</p><p>four five</p><p>six two seven</p>")
    assert [(source.count("\n", 0, each.offset), each.shown) for each in found] == [(2, "two")]


LINK = '[x](https://example.org "Gone")'
FIELDS = {
    "glossary_yaml": ("- term: T\n  definition: >-\n    Two\n    LINK\n", 4),
    "timeline_yaml": ("- date: 1999\n  title: E\n  detail: 'See LINK'\n", 3),
    "actors_yaml": ("- name: A\n  kind: state\n  role: 'R LINK'\n", 3),
    "facts_yaml": ("- value: 5\n  label: 'L LINK'\n", 2),
    "questions_yaml": ("- prompt: P\n  type: choice\n  options:\n    - a\n    - 'b LINK'\n  answer: a\n", 1),
    "sections__a_md": ("---\ntitle: S\nobjectives:\n  - Know\n  - 'o LINK'\n---\n", 5),
}


def test_fields_are_accounted_for_at_their_lines(load: Load) -> None:
    """A text that paper cannot show is reported in each field; of an option, at its question."""
    pack = load("summary: 's LINK'\n".replace("LINK", LINK), **{name: text.replace("LINK", LINK) for name, (text, _) in FIELDS.items()})
    document = Document.of(pack, PARTS, "ieee", lambda _: "#1a1f24")
    document.inline(pack.manifest.summary, None, "summary")
    for part in PARTS:
        RENDER[part](document)
    found = {(d.place.path, d.place.line) for d in document.problems if d.code == "lost-content"}
    assert found == {("pack.yaml", 3)} | {
        (".".join(name.replace("__", "/").rsplit("_", 1)), line) for name, (_, line) in FIELDS.items()
    }  # fmt: skip


def _context() -> tuple[Context, list[Diagnostic]]:
    document = Document.of(Pack("p", Manifest(format=1, title="T")), (), "ieee", lambda _: "#1a1f24")
    return document.context, document.problems


WORDS = ("alfa", "bravo", "charlie", "delta", "echo", "foxtrot")
SIGNS = st.lists(
    st.sampled_from(["|", "$", "{", "}", "<", ">", "*", "_", "~~", "\\", "\n", "\n\n", " ", " ", "- ", "`", "^", ":::", "&", "(c)", "1. ", "|---|\n", "***"]),
    min_size=7, max_size=7,
)  # fmt: skip


@hypothesis_settings(max_examples=150)
@given(SIGNS)
def test_whatever_stands_around_words_they_are_printed_or_reported(signs: list[str]) -> None:
    """A word is in the text, in a formula's words, or in a diagnostic; nothing else can happen to it."""
    source = signs[0] + "".join(word + sign for word, sign in zip(WORDS, signs[1:], strict=True))
    context, problems = _context()
    html = str(block(source, context, Here()))
    said = " ".join(each.shown for each in lost(source, html)) + " ".join(d.message for d in problems)
    shown = letters(unescape("".join(run.text for run in runs(html))))
    for word in WORDS:
        assert word in shown or word in said or word in letters(unescape(html)), (source, html)


@hypothesis_settings(max_examples=150)
@given(st.text(st.characters(exclude_categories=["C", "Z"]) | st.sampled_from(list(" <>&\"'$|{}[]*_~^`#:!@()-+.;\\")), max_size=40))
def test_escaped_text_is_printed_and_nothing_is_missed(text: str) -> None:
    """What a backslash makes plain is plain: no text stops a build."""
    plain = " ".join(text.split())
    source = "x" + "".join(f"\\{c}" if c in "!\"#$%&'(*+,-./:;<=>?@[\\^_`{|}~" else c for c in plain) + "x"
    context, problems = _context()
    html = str(block(source, context, Here()))
    assert lost(source, html, short=True) == [], html
    assert problems == []


def test_the_account_of_long_hostile_text_takes_little_time() -> None:
    """Marks that never end do not make it slow."""
    marks = ("<!-- ", "\\( ", "![", "](a ", "$$ a ", "[", "{#a ", "[a@b; ", "a|b\n-|-\n", "[a]: b\n", "<b ", "same ")
    began = time.process_time()
    for mark in marks:
        lost(mark * 2000, "<p>a</p>")
    assert time.process_time() - began < 5
