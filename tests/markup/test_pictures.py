"""Charts, drawings and formulas: what they may hold, and where their faults are."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from guide.markup.charts import MAX_SVG, ChartError, clean_svg, draw_chart
from guide.resources import TEMPLATES
from guide.markup.formulas import MAX_LENGTH, FormulaError, typeset_formula

SPEC: dict[str, Any] = {
    "data": {"values": [{"a": "x", "b": 1}, {"a": "y", "b": 2}]},
    "mark": "bar",
    "encoding": {"x": {"field": "a", "type": "nominal"}, "y": {"field": "b", "type": "quantitative"}},
}
HEAD = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'

TOKENS = dict(re.findall(r"(--[\w-]+):\s*(#\w+)", (TEMPLATES / "tokens.css").read_text("utf-8")))


def clean(inner: str, attributes: str = "") -> str:
    """Return the inside of an SVG after cleaning."""
    return clean_svg(f"<svg {HEAD} {attributes}>{inner}</svg>".encode()).decode()


def test_a_chart_is_a_quiet_drawing_in_the_documents_font() -> None:
    """A chart's SVG is set in Source Sans 3, loads nothing, runs nothing, and is the same each time."""
    svg = draw_chart(SPEC, TOKENS.get).decode()
    assert "Source Sans 3" in svg
    assert "url(" not in svg
    assert "<script" not in svg
    assert draw_chart(dict(reversed(SPEC.items())), TOKENS.get).decode() == svg
    assert "#1f4e79" in svg
    assert "#aa0000" in draw_chart(SPEC, {**TOKENS, "--accent": "#aa0000"}.get).decode()


def test_a_charts_own_config_wins() -> None:
    """What a spec says about its look is kept."""
    assert "Noto Sans" in draw_chart({**SPEC, "config": {"font": "Noto Sans"}}, TOKENS.get).decode()


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {**SPEC, "mark": "nosuch"},
        {**SPEC, "data": {"url": "https://example.org/a.csv"}},
        pytest.param({**SPEC, "data": {"url": "file:///etc/passwd"}}, marks=pytest.mark.xfail(
            strict=True, reason="vl-convert takes a file that it may not read for an empty one")),
    ],
)
def test_charts_that_cannot_be_drawn(spec: dict[str, Any]) -> None:
    """A spec that is wrong, or that wants to load something, is refused with a message."""
    with pytest.raises(ChartError, match=r"\w"):
        draw_chart(spec, TOKENS.get)


def test_cleaning_removes_what_runs_loads_or_moves() -> None:
    """Scripts, foreign objects, events, external references and imports are gone; the rest stays."""
    svg = clean(
        '<script>1</script><foreignObject><p/></foreignObject><g><g><script/><rect onclick="a" ONLOAD="b" width="2"/></g></g>'
        '<a href="https://e.org/1"/><a xlink:href="javascript:x"/><use xlink:href="#ok"/><use href="data:x"/>'
        "<rect fill=\"url(#g)\" style=\"fill:url('https://e.org/2')\" filter=\"url( 'http://e.org/3')\"/>"
        '<style>@import "e.org/4";</style><style>rect{fill:url(http://e.org/5)}</style><style>rect{fill:red}</style>'
        '<image href="file:///etc/passwd"/><set attributeName="x"/><animate/>',
        'onload="x()" viewBox="0 0 1 1"',
    )
    for gone in ("script", "foreignObject", "onload", "ONLOAD", "onclick", "e.org", "data:", "passwd", "<set", "<animate"):
        assert gone not in svg, gone
    for kept in ('viewBox="0 0 1 1"', 'width="2"', 'xlink:href="#ok"', 'fill="url(#g)"', "rect{fill:red}"):
        assert kept in svg, kept


@pytest.mark.parametrize(
    "wrong",
    ["fill red", ";;", "@media print { fill: red }", "--own: red", ".b { fill: red }", "fill", ": red", "5px: red", "filter: blur(2px)"],
)
def test_a_stylesheet_keeps_its_sound_rules(wrong: str) -> None:
    """One line that is wrong, or that a drawing may not have, costs neither its rule nor the others."""
    svg = clean(f"<style>.a {{ stroke: #123; {wrong}; width: 2 }} .c {{ fill: green }}</style><rect class='a'/>")
    style = re.sub(r"\s", "", svg[svg.index("<style") : svg.index("</style>")])
    assert "stroke:#123" in style
    assert ".c{fill:green}" in style
    assert "red" not in style
    assert "blur" not in style


ENTITY = '<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    "data",
    [
        f"{ENTITY}<svg {HEAD}><text>&a;</text></svg>".encode(),
        f"<!doctype svg [\n]><svg {HEAD}/>".encode(),
        b"<svg",
        b"",
        b"<html/>",
        b"\x89PNG",
        b"<svg>" + b" " * MAX_SVG + b"</svg>",
        pytest.param(
            f'<?xml version="1.0" encoding="utf-16"?>{ENTITY}<svg {HEAD}/>'.encode("utf-16"),
        ),
        pytest.param(
            b'<?xml version="1.0" encoding="nosuch"?><svg/>',
        ),
        pytest.param(
            b'<?xml version="1.0" encoding="shift_jis"?><svg/>',
        ),
    ],
    ids=["entity", "subset", "cut", "empty", "html", "png", "huge", "utf-16", "encoding", "multi-byte"],
)
def test_svg_that_is_refused(data: bytes) -> None:
    """Entities, other documents and broken ones are refused with a ChartError."""
    with pytest.raises(ChartError, match=r"\w"):
        clean_svg(data)


def test_a_drawing_that_is_refused_is_a_diagnostic(make: Callable[..., Any]) -> None:
    """A section with an unsafe drawing names the file, and prints its caption."""
    made = make("![Cap](figures/e.svg)\n", figures__e_svg=f"{ENTITY}<svg {HEAD}><title>x</title></svg>")
    assert [(p.code, p.place.path) for p in made.problems] == [("svg-unsafe", "figures/e.svg")]
    assert '<span class="missing">Cap</span>' in made.html


def test_formulas_stand_on_the_baseline() -> None:
    """A letter without a descender has no depth, one with it has; a fraction reaches to both sides."""
    x, g, fraction = (typeset_formula(tex, False) for tex in ("x", "g", r"\frac{a}{b}"))
    assert abs(x.depth) < 0.02 < g.depth
    assert 0.3 < fraction.depth < fraction.height / 2
    assert 0.4 < x.height < 0.6
    assert typeset_formula(r"\sum_0^1", True).height > typeset_formula(r"\sum_0^1", False).height
    assert b"<path" in x.svg and b"<text" not in x.svg


def test_a_formula_in_a_text_carries_its_depth(make: Callable[..., Any]) -> None:
    """The picture of a formula is as high as it is, and as low as it reaches."""
    made = make("A $g$.\n")
    formula = typeset_formula("g", False)
    assert f'style="height:{formula.height:.3f}em;vertical-align:{-formula.depth:.3f}em"' in made.html
    assert 'alt="g"' in made.html


@pytest.mark.parametrize("tex", [r"\frac{a", "{" * 50 + "}" * 50, "x" * (MAX_LENGTH + 1), ""])
def test_formulas_that_cannot_be_typeset(tex: str) -> None:
    """A formula that is broken, too deep or too long is refused with a message."""
    with pytest.raises(FormulaError, match=r"\w"):
        typeset_formula(tex, False)


def test_an_unknown_command_is_refused() -> None:
    """A misspelt command is not printed as it stands."""
    with pytest.raises(FormulaError):
        typeset_formula(r"\nosuch{x}", False)


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("$\\frac{a$\n", 4),
        ("Text.\n\nMore $\\frac{a$.\n", 6),
        ("- one\n- two $\\frac{a$\n", 5),
        ("Text.\n\n$$\n\\frac{a\n$$\n", 6),
        ("> quoted $\\frac{a$\n", 4),
        ("::: note\nText\n\n$\\frac{a$\n:::\n", 7),
        ("Text.\n\n# Head $\\frac{a$\n", 6),
        pytest.param("Text.\n\n| a |\n|---|\n| b |\n| $\\frac{a$ |\n", 9),
        pytest.param("One\ntwo\nthree $\\frac{a$.\n", 6),
    ],
    ids=["first", "paragraph", "item", "display", "quote", "box", "heading", "row", "third-line"],
)  # fmt: skip
def test_a_bad_formula_is_reported_at_its_line(body: str, line: int, make: Callable[..., Any]) -> None:
    """A formula that cannot be typeset is an error at the line where it stands."""
    made = make(body)
    assert [(p.code, p.severity, p.place.path, p.place.line) for p in made.problems] == [
        ("bad-math", "error", "sections/1.md", line)
    ]
    assert '<code class="missing">' in made.html


@pytest.mark.parametrize(
    ("tex", "said"),
    [
        (r"\rho = m / V", "ρ = m/V"),
        (r"\frac{-b \pm \sqrt{b^2-4ac}}{2a}", "(− b ± √(b² − 4ac))/2a"),
        (r"10^{-3}\,\mathrm{m}", "10⁻³ m"),
        (r"\sum_{i=1}^{n} x_i", "∑_(i = 1)ⁿ x_i"),
        (r"e^{-kt}", "e^(− kt)"),
        (r"\vec{v}", "v\u20d7"),
        (r"\begin{pmatrix}a&b\\c&d\end{pmatrix}", "(a, b; c, d)"),
    ],
)
def test_a_formula_is_said_on_one_line(tex: str, said: str) -> None:
    """What a screen reader is given is signs, not TeX."""
    assert typeset_formula(tex, False).said == said
