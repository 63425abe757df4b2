"""The gaps of cloze texts: guide's form, Anki's, braces at any depth, formulas and code."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guide.model.cloze import answers, hints, in_formula, read, sides, unnumbered, without_hints


def both(text: str) -> list[tuple[str, str]]:
    """Return front and back of each card of a text."""
    return [(side.front, side.back) for side in sides(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("no gap", []),
        ("{{A}} met {{B::who?}}.", [("{{:}} met B.", "{{A}} met B."), ("A met {{:who?}}.", "A met {{B}}.")]),
        (r"It is {{$\frac{1}{\sqrt{x}}$}}.", [("It is {{:}}.", r"It is {{$\frac{1}{\sqrt{x}}$}}.")]),
        (r"{{\frac{a}{\sqrt{b}}}}", [("{{:}}", r"{{\frac{a}{\sqrt{b}}}}")]),
        ("{{f(x)={x}}}!", [("{{:}}!", "{{f(x)={x}}}!")]),
        (r"{{\{a\}}} set", [("{{:}} set", r"{{\{a\}}} set")]),
        ("Write `{{ x }}`; {{Jinja}} reads it.", [("Write `{{ x }}`; {{:}} reads it.", "Write `{{ x }}`; {{Jinja}} reads it.")]),
        ("```\n{{ x }}\n```\n{{y}}", [("```\n{{ x }}\n```\n{{:}}", "```\n{{ x }}\n```\n{{y}}")]),
        (r"\{{not}} {{so}}", [(r"\{\{not}} {{:}}", r"\{\{not}} {{so}}")]),
        ("$a = {{b}} + {{c::n}}$", [("$a = {{:}} + {c}$", "$a = {{b}} + {c}$"), ("$a = {b} + {{:n}}$", "$a = {b} + {{c}}$")]),
        ("{{5}} and $x$ and {{6}}", [("{{:}} and $x$ and 6", "{{5}} and $x$ and 6"), ("5 and $x$ and {{:}}", "5 and $x$ and {{6}}")]),
        (r"$\frac{{{a}}}{{{b}}}$", [(r"$\frac{{{:}}}{ {b}}$", r"$\frac{{{a}}}{ {b}}$"), (r"$\frac{ {a}}{{{:}}}$", r"$\frac{ {a}}{{{b}}}$")]),
        (r"$\frac{{{a::top}}}{b}$", [(r"$\frac{{{:top}}}{b}$", r"$\frac{{{a}}}{b}$")]),
        ("{{c1::A::h}} in {{c2::B}}.", [("{{:h}} in B.", "{{A}} in B."), ("A in {{:}}.", "A in {{B}}.")]),
        ("{{c1::A}} and {{c1::B}}", [("{{:}} and {{:}}", "{{A}} and {{B}}")]),
        ("{{c2::B}} after {{c1::A}}", [("B after {{:}}", "B after {{A}}"), ("{{:}} after A", "{{B}} after A")]),
        ("{{c1::a {{c2::b}} c}}", [("{{:}}", "{{a b c}}"), ("a {{:}} c", "a {{b}} c")]),
        ("{{`a::b`}}", [("{{:}}", "{{`a::b`}}")]),
        ("{{std::vector}}", [("{{:vector}}", "{{std}}")]),
        ("{{**c1**::x}}", [("{{:x}}", "{{**c1**}}")]),
        ("{{:)}} {{b}}", [("{{:}} b", "{{ :)}} b"), (":) {{:}}", ":) {{b}}")]),
    ],
)
def test_sides(text: str, expected: list[tuple[str, str]]) -> None:
    """Each number has one card; a gap that is not asked for is plain text, in a formula in TeX's braces."""
    assert both(text) == expected


@pytest.mark.parametrize(
    ("text", "offset", "words"),
    [
        ("It is {{so", 6, "not closed"),
        ("a {{b\n\nc}}", 2, "not closed"),
        ("{{ { }}", 0, "not closed"),
        ("x {{}}", 2, "no answer"),
        ("x {{::hint}}", 2, "no answer"),
        ("x {{c1::}}", 2, "no answer"),
        ("x {{c0::a}}", 2, "number 0"),
        ("$a = {{b$ c", 5, "not closed"),
        ("{{a " + "{{c1::" * 8 + "x" + "}}" * 9, 0, "nested"),
    ],
)
def test_faults(text: str, offset: int, words: str) -> None:
    """What no card can be made of is said, with its place in the text."""
    _, faults = read(text)
    (fault,) = [each for each in faults if each.fatal]
    assert words in fault.message
    assert fault.offset >= offset


def test_a_gap_inside_a_gap_without_numbers_is_a_warning() -> None:
    """Its braces are text."""
    ((gap,), (fault,)) = read("{{the {{cat}} sat}}")
    assert (gap.first, fault.fatal, fault.offset) == (2, False, 6)


BALANCED = st.recursive(
    st.text("ab+=^_ ,.", max_size=4),
    lambda inner: st.builds(lambda a, b, c: f"{a}{{{b}}}{c}", inner, inner, inner),
    max_leaves=12,
)


@given(before=st.text("xy .", max_size=5), answer=BALANCED, after=st.text("xy .", max_size=5))
def test_any_nesting_of_braces_comes_back(before: str, answer: str, after: str) -> None:
    """The answer is the text between the braces of the gap, whatever braces it holds."""
    if not answer.strip():
        return
    text = f"{before}{{{{{answer}}}}}{after}"
    ((front, back),) = both(text)
    assert answers(text, 1) == [answer.strip()]
    assert front == f"{before}{{{{:}}}}{after}"
    assert back == text


@given(st.lists(st.tuples(st.integers(1, 4), st.text("abc {}", min_size=1, max_size=5), st.text("hi", max_size=2)), min_size=1, max_size=6))
def test_numbers_group_gaps(gaps: list[tuple[int, str, str]]) -> None:
    """There is a card for each number, and it asks for as many gaps as have it."""
    gaps = [(n, a.replace("{", "").replace("}", "").strip() or "x", h) for n, a, h in gaps]
    text = " ".join(f"{{{{c{n}::{a}{'::' + h if h else ''}}}}}" for n, a, h in gaps)
    made = sides(text)
    assert [side.number for side in made] == sorted({n for n, _, _ in gaps})
    for side in made:
        assert side.front.count("{{:") == sum(n == side.number for n, _, _ in gaps)
        assert answers(text, side.number) == [a for n, a, _ in gaps if n == side.number]
        assert hints(side.front) == [h for n, _, h in gaps if n == side.number and h]


@given(st.text("{}:c1`$\\ \na", max_size=40))
def test_any_text_is_read(text: str) -> None:
    """No text is too strange; what has no fault has its gaps in its order."""
    gaps, _ = read(text)
    assert [gap.start for gap in gaps] == sorted(gap.start for gap in gaps)
    for side in sides(text):
        assert "{{:" in side.front
        without_hints(side.front)
        in_formula(side.front)


def test_boxes_in_formulas() -> None:
    """The gap that is asked for is an empty box, or one with its hint; the answer is in a box."""
    assert in_formula("a + b") == "a + b"
    assert r"\boxed{\;\text{n}\;}" in in_formula("a = {{:n}}")
    assert in_formula(r"\frac{{{b}}}{2}") == r"\frac{{\boxed{b}}}{2}"


def test_a_name_has_no_numbers() -> None:
    """Ids that are made of a cloze text do not change when it gets Anki's numbers."""
    assert unnumbered("{{c1::A::h}} met {{c2::B}}") == "{{A::h}} met {{B}}"
