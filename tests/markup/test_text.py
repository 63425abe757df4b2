"""Text is printed as written: numbers, signs, scripts, formulas, comments, tags, braces."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guide.content.tables import read_table
from guide.html.parts import with_scripts
from guide.markup.blocks import flow, plain
from guide.model.signs import as_paragraph, spans, without_comments

PNG = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 10 10'><title>A map</title></svg>"


def shown(html: str) -> str:
    """Return the words of HTML, a line for each block or break, formulas as they are read aloud."""
    text = re.sub(r'<img class="math"[^>]* alt="([^"]*)"[^>]*>', r"\1", html)
    text = re.sub(r"\n", " ", text)
    text = re.sub(r"<br>|</(?:p|li|h\d|td|th|dt|dd|blockquote|section|pre)>", "\n", text)
    lines = unescape(re.sub(r"<[^>]*>", "", text)).split("\n")
    return "\n".join(" ".join(line.split()) for line in lines if line.strip())


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("24. March 1999 was the first day.", "24. March 1999 was the first day."),
        ("7) seventh", "7) seventh"),
        ("1860.", "1860."),
        ("He died on\n1. April 1945 in Berlin.", "He died on 1. April 1945 in Berlin."),
        ("> 12. juni 1999", "12. juni 1999"),
        ("- 24. March: began", "24. March: began"),
        ("He said\n~ 5 men\n\n~ 6 men", "He said ~ 5 men\n~ 6 men"),
        ("Term\n: First\n\n  more", "Term\nFirst\nmore"),
        ("::: note\n3. Korps\n:::", "Note\n3. Korps"),
        ("24. March: began\n\n10. June: ended", "24. March: began\n10. June: ended"),
        ("Paragraph 9(c), 11(r), 5 (C), (tm), (p), 5 +- 1, a,, b", "Paragraph 9(c), 11(r), 5 (C), (tm), (p), 5 +- 1, a,, b"),
        ("dash -- long---dash...", "dash – long—dash…"),
        ("2*3*4 = 24, but *x*2*y*", "2*3*4 = 24, but x2y"),
        ("It cost $10-$20 million; $5/$6; US$5–US$6.", "It cost $10-$20 million; $5/$6; US$5–US$6."),
        ("From $5 and up to 6$ each", "From $5 and up to 6$ each"),
        ("Between $HOME and $PATH, $ a$ or $b $", "Between $HOME and $PATH, $ a$ or $b $"),
        (r"$x$, \(a\), \[sic\]", "x, a, [sic]"),
        ("Before <!-- a\n\nb --> after", "Before\nafter"),
        ("- a\n\n  <!-- hidden -->\n\n- b", "a\nb"),
        ("`<!-- kept -->`", "<!-- kept -->"),
        ("## Doses {0.5 mg, 1.5 mg}", "Doses {0.5 mg, 1.5 mg}"),
        ("## Doses {#sec-d}", "Doses"),
        ("The set {x=1}", "The set {x=1}"),
        ("A paragraph. {#par-a}", "A paragraph."),
        ("::: note Doses {0.5 mg}\nx\n:::", "Note · Doses {0.5 mg}\nx"),
        ('::: {.tip title="A title"}\nx\n:::', "Tip · A title\nx"),
        ("> [!WARNING] Do **not**\n> text", "Warning · Do not\ntext"),
        ("> [!note]- Folded\n>\n> - a", "Note · Folded\na"),
        ("> [!faq]+ Why?\n> > [!todo]\n> > Deep", "Question · Why?\nNote\nDeep"),
        ("> [!my-kind|right] Head\n> text", "Note · Head\ntext"),
        ("> [!my-kind]\n> text", "Note · my-kind\ntext"),
        ("> [!quote] Somebody\n> said it", "Somebody\nsaid it"),
        ("> [!cite]\n> said it", "said it"),
        ("```rust,ignore,panics\nx\n```", "x"),
        ("```js {1,3-4}\nx\n```", "x"),
        ("```{r, echo=FALSE}\nx\n```", "x"),
        ("> ```css:a.css\n> x\n> ```", "x"),
        ("a. one\nb. two\n\n(1) who\nis\n(2) what", "a. one\nb. two\n(1) who is\n(2) what"),
        ("• one\n• two", "• one\n• two"),
        ("At the time\na. m. nothing", "At the time a. m. nothing"),
        ("<div>one</div><div>two</div>", "one\ntwo"),
        ("A <b>bold <i>text</b> here", "A bold text here"),
        ("<ul><li>one<li>two</ul>", "• one\n• two"),
        ("<ol><li>one</li><li>two</li></ol>", "1. one\n2. two"),
        ("a < b > c and <unknown> and 1999&nbsp;on", "a < b > c and <unknown> and 1999 on"),
        ('<a href="x">y</a>', '<a href="x">y</a>'),
        ("x[^1]\n\n[^1]: one\n\n    - a\n    - b\n\n    two", "xone\n• a\n• b\ntwo"),
    ],
)  # fmt: skip
def test_a_body_is_printed_as_written(written: str, printed: str, make: Callable[..., Any]) -> None:
    """A section prints what was written, line for line."""
    made = make(written)
    assert shown(made.html) == printed
    assert not [p for p in made.problems if p.severity == "error"]


@pytest.mark.parametrize("text", ["> 4500", "+ 5", "# 12", "- 5 degrees", "* note", "24. March", "1860.", "7) x",
                                  "| a | b |", "::: note", "---", "    four blanks", ": x", "=== 1"])  # fmt: skip
def test_a_field_of_one_line_has_no_blocks(text: str, make: Callable[..., Any]) -> None:
    """What begins a block elsewhere is printed on a card, in an option and in an answer."""
    document = make("x").document
    wanted = text.strip().replace("---", "—")
    assert unescape(str(document.flowing(text))) == wanted
    below = shown(str(document.flowing(f"{as_paragraph(text)}\n\nMore.")))
    assert below.replace("-–", "—") == f"{wanted}\nMore."


def test_lists_begin_at_their_own_numbers(make: Callable[..., Any]) -> None:
    """A list from 4 begins at 4, one that skips a number skips it, one of ones is counted."""
    html = make("4. a\n5. b\n7. c\n\ntext\n\n1. x\n1. y\n\ntext\n\n1) p\n2) q").html
    assert '<ol start="4" data-at="1/1" style="counter-reset: list-item 3">' in html
    assert '<li value="7" data-at="1/6" style="counter-increment: list-item 2">c' in html
    assert html.count("value=") == 1
    assert '<ol class="paren"' in html


def test_nested_lists_are_numbered_as_in_laws(make: Callable[..., Any]) -> None:
    """1, (a), (i): each list has its class."""
    html = make("1. one\n   1. sub\n      1. deep\n      2. er\n   2. sub\n2. two").html
    assert re.findall(r"<ol(?: class=\"(\w+)\")?", html) == ["", "alpha", "roman"]


@pytest.mark.parametrize("mark", ["1.", "1)", "-"])
def test_lists_of_any_depth_are_printed(mark: str, make: Callable[..., Any]) -> None:
    """Deeper than there are styles, the words are there, and the first depths have their styles."""
    made = make("\n".join(f"{' ' * (len(mark) + 1) * depth}{mark} level{depth}" for depth in range(8)))
    assert re.findall(r"level\d", made.html) == [f"level{depth}" for depth in range(8)]
    styles = re.findall(r'<ol class="(?:paren )?(alpha|roman)', made.html)
    assert styles == (["alpha", "roman"] if mark != "-" else [])


@pytest.mark.parametrize(
    ("written", "html"),
    [
        ("CO~2~ and x^2^ and ^14^C", "CO<sub>2</sub> and x<sup>2</sup> and <sup>14</sup>C"),
        ("~1998, ~10–~20, a ~ b ~ c, 2^ 3^", "~1998, ~10–~20, a ~ b ~ c, 2^ 3^"),
        (r"a~b\ c~ \^x^", "a<sub>b c</sub> ^x^"),
        ("~~gone~~ H~2~O", "<s>gone</s> H<sub>2</sub>O"),
        ("<B>x</B> <u>y</u> <sub>2</sub>", "<strong>x</strong> <u>y</u> <sub>2</sub>"),
        ('<span style="color:red" onclick="x">red</span>', "red"),
        ("**a <i>b** c</i>", "<strong>a <em>b</em></strong> c"),
        ("one<br><br/>two</div>", "one<br><br>two"),
    ],
)
def test_words_have_their_style(written: str, html: str, make: Callable[..., Any]) -> None:
    """Scripts of Pandoc, and what is understood of HTML, without its attributes."""
    assert str(make("x").document.flowing(written)) == html
    assert str(make("x").document.inline(written)) == html


def test_rows_keep_every_word(make: Callable[..., Any]) -> None:
    """A bar in code or a formula parts no cells; a row that is too long is printed and reported."""
    body = "| A | B |\n|---|---|\n| 1 | 2 | LOST |\n| $|v|$ | `x || y` |\n| a\\|b | c |\n| one |\n"
    made = make(body)
    assert "2 | LOST" in shown(made.html)
    assert "|v|" in made.html and "<code>x || y</code>" in made.html and "a|b" in made.html
    found = [(p.code, p.place.line) for p in made.problems if p.severity == "error"]
    assert found == [("row-too-long", 6)]


def test_headings_keep_formulas_in_contents_and_bookmarks(make: Callable[..., Any]) -> None:
    """The contents and references set a formula; the bookmark reads it."""
    made = make("## Law $x^2$ on CO~2~[^1] {#sec-l}\n\nSee @sec-l.\n\n[^1]: Note.\n")
    title = str(made.sections[0].headings[0].title)
    assert "CO<sub>2</sub>" in title and 'alt="x²"' in title and "Note" not in title
    assert 'data-bookmark="Law x² on CO2"' in made.html
    assert made.html.count('alt="x²"') == 2
    assert plain(made.sections[0].headings[0].title) == "Law x² on CO2"


def test_pictures_are_found_however_they_are_written(make: Callable[..., Any]) -> None:
    """Named targets and names with blanks are loaded and printed."""
    made = make("![Map][m]\n\n![m]\n\n![B](<figures/my map.svg>)\n\n[m]: figures/q.svg\n",
                figures__q_svg=PNG, **{"figures__my map_svg": PNG})  # fmt: skip
    assert made.html.count('<img class="picture"') == 3
    assert sorted(made.pack.figures) == ["figures/my map.svg", "figures/q.svg"]


def test_fields_keep_their_blocks() -> None:
    """Words go into the first and the last paragraph of a field; a list has its own line after it."""
    assert flow("c", "1", "text", "[2]") == '<p class="c">1 text [2]</p>'
    made = flow({"class": "c", "id": ""}, "<b>", _markup("<p>a</p>\n<p>b</p>\n"), "z")
    assert made == '<div class="c"><p>&lt;b&gt; a</p>\n<p>b z</p>\n</div>'
    made = flow("", "w", _markup("<ul>\n<li>a</li>\n</ul>"), "z")
    assert made == "<div><p>w</p>\n<ul>\n<li>a</li>\n</ul>\n<p>z</p>\n</div>"


def _markup(text: str) -> Any:
    from markupsafe import Markup

    return Markup(text)


def test_cells_keep_their_lines(make: Callable[..., Any]) -> None:
    """A line break in a cell is printed, typed or real; a path and a formula have none."""
    text = 'front,back\n1,"one\ntwo"\n2,one\\ntwo\n3,C:\\new\\note\n4,"$\\nu$"\n5,"- a\n- b"\n'
    rows, problems = read_table(text, "cards/a.csv")
    document = make("x").document
    backs = [shown(str(document.flowing(row.data["back"]))) for row in rows]
    assert not problems
    assert backs == ["one\ntwo", "one\ntwo", "C:\\new\\note", "ν", "a\nb"]


_PIECES = st.sampled_from(
    ["a", "5", " ", " ", "\n", "\n\n", "$", "$$", "`", "``", "\\", "[@s]", "@fig-x", "[[t]]",
     "![i](p.png)", "<!--", "--> ", "\\(", "\\)", "**", "~", "{#x}", "word ", "$x$", "[@s; @t, p. 3]"]
)  # fmt: skip


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(_PIECES, max_size=14).map("".join))
def test_comments_leave_every_line(text: str) -> None:
    """A text without comments has as many lines, and no comment."""
    assert without_comments(text).count("\n") == text.count("\n")
    assert all(span.kind != "comment" for span in spans(without_comments(text))) or "<!--" in text


_MARKS = ["> ", "# ", "- ", "+ ", "* ", "24. ", "7) ", "(1) ", "a. ", "• ", "1. ", "(c)", "<b>", "</b>",
          "<br>", "<p>", "<li>", "</ul>", "<td>", "$", "~", "^", "`", "*", "_", "[", "]", "{0.5}", "| ",
          "\n", "\n", "\n\n", "  \n", "\\", "&nbsp;", "$5 ", "--", "!", "[!NOTE] ", "    ", "{.x}"]  # fmt: skip


@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from([*_MARKS, *["w"] * 25]), max_size=16), st.sampled_from(["body", "field", "line"]))
def test_no_word_is_lost(document: Any, pieces: list[str], where: str) -> None:
    """Whatever marks are around a word, it is printed, in every kind of field."""
    text, words = "", []
    for piece in pieces:
        if piece == "w":
            words.append(f"wort{len(words)}x")
            text += f" {words[-1]} "
        else:
            text += piece
    before = len(document.problems)
    html = {"body": document.block, "field": document.flowing, "line": document.inline}[where](text)
    found = shown(str(html))
    if len(document.problems) == before:
        assert [word for word in words if word not in found] == []


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return the document of an empty pack."""
    from guide.content.load import load_pack
    from guide.html.document import Document

    folder = tmp_path_factory.mktemp("pack")
    (folder / "pack.yaml").write_text("format: 1\ntitle: T\n")
    pack, _ = load_pack(folder)
    assert pack is not None
    return Document.of(pack, (), "ieee", lambda _: "#1a1f24")


@pytest.mark.parametrize(
    ("files", "code", "place", "words"),
    [
        ({"cards_yaml": "- front: F\n  back: |\n    Hello\n    <font color=red>x</font>\n"}, "html-tag", "cards.yaml:4:5", "<font>"),
        ({"sections__a_md": "---\ntitle: A\n---\nText.\n\nand <table><tr>\n"}, "html-tag", "sections/a.md:6:5", "<table>"),
        ({"sections__a_md": "---\ntitle: A\n---\nText <!-- private\n"}, "unclosed-block", "sections/a.md:4:6", "comment"),
        ({"sections__a_md": "---\ntitle: A\n---\nText {#x} on.\n"}, "stray-mark", "sections/a.md:4:6", "{#x}"),
        ({"sections__a_md": "---\ntitle: A\n---\nText. {#par-a}\n\nSee @par-a.\n"}, "bad-reference", "sections/a.md:6:5", "par-a"),
        ({"glossary_yaml": "- term: T\n  definition: A note[^1].\n"}, "bad-reference", "glossary.yaml:2:15", "[^1]"),
        ({"sections__a_md": "---\ntitle: A\n---\n<unknown> is text, <hidden style=\"display:none\">x</hidden> is not\n"}, "html-tag", "sections/a.md:4:20", "<hidden>"),
        ({"questions_yaml": "- {prompt: P, type: short, answer: 'x <img src=y>'}\n"}, "html-tag", "questions.yaml:1:36", "<img>"),
    ],
)  # fmt: skip
def test_what_prints_as_a_mark_is_reported(
    files: dict[str, str], code: str, place: str, words: str, tmp_path: Any
) -> None:
    """A tag, an open comment, loose braces and a note that is elsewhere have a line, a column and a remedy."""
    from guide.content.load import load_pack

    (tmp_path / "pack.yaml").write_text("format: 1\ntitle: T\n")
    for name, text in files.items():
        path = tmp_path / ".".join(name.replace("__", "/").rsplit("_", 1))
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    _, problems = load_pack(tmp_path)
    found = next(problem for problem in problems if problem.code == code)
    assert (str(found.place), words in found.message, bool(found.hint)) == (place, True, True)


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("km^2^", "km<sup>2</sup>"),
        ("H~2~SO~4~", "H<sub>2</sub>SO<sub>4</sub>"),
        ("~5 to ~9", "~5 to ~9"),
        ("~~5~~", "~~5~~"),
        ("3 < 4^", "3 &lt; 4^"),
    ],
)
def test_a_value_is_as_written_but_for_scripts(written: str, printed: str) -> None:
    """A value or unit is no Markdown; what is raised or lowered in it is set so."""
    assert with_scripts(written) == printed
