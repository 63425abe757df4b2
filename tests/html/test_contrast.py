"""Contrast of every theme's colours, by WCAG 2.2, level AA: 1.4.3 for text, 1.4.11 for graphics."""

from __future__ import annotations

import re

import pytest
import tinycss2
from tinycss2.color4 import parse_color

from guide.markup.charts import MARKS
from guide.resources import TEMPLATES

THEMES = sorted(path.stem for path in (TEMPLATES / "themes").glob("*.css"))
TEXT, GRAPHICS = 4.5, 3.0
GROUNDS = ("--paper", "--tint", "--tint-warm")  # on which all inks may stand: boxes hold any text
INKS = ("--ink", "--accent", "--warm", "--muted")
ON_FILL = (("--accent-ink", "--accent"), ("--cover-ink", "--cover-fill"))
SHAPES = (("--cover-line", "--cover-fill"), ("--accent", "--paper"), ("--ink", "--paper"), ("--warm", "--paper"),
          ("--muted", "--paper"), ("--accent", "--tint"), ("--warm", "--tint-warm"))  # fmt: skip
SEPARATORS = {"--rule", "--hair"}  # between parts that are told apart without them
SAYING = re.compile(r"a\.link|input|textarea|\.slot|\.line\b|\.field-space|\.gap\b|\.bubble \{|\.tick|\.boxes|\.copy-box")
SHEETS = sorted((*TEMPLATES.glob("*.css"), *TEMPLATES.glob("*/page.css"), *TEMPLATES.glob("*/*sheet.css")))


def tokens(theme: str) -> dict[str, str]:
    """Return the colours of a theme by token, as #rrggbb; what is transparent is the paper."""
    found: dict[str, str] = {}
    for sheet in ("tokens.css", f"themes/{theme}.css"):
        found |= dict(re.findall(r"(--[\w-]+):\s*([^;]+?)\s*;", (TEMPLATES / sheet).read_text("utf-8")))

    def value(name: str) -> str:
        text = found[name]
        inner = re.fullmatch(r"var\((--[\w-]+)\)", text)
        text = value(inner[1]) if inner else text
        return found["--paper"] if text == "transparent" else text

    return {name: value(name) for name in found if parse_color(value(name)) is not None}


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    parsed = parse_color(colour)
    assert parsed is not None
    assert parsed.alpha == 1
    channels = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parsed.to("srgb").coordinates]
    return sum(weight * channel for weight, channel in zip((0.2126, 0.7152, 0.0722), channels, strict=True))


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_measured_as_wcag_does() -> None:
    """Black on white is 21:1; #767676 is the lightest grey that may be text on white."""
    assert contrast("#000", "#fff") == pytest.approx(21)
    assert contrast("#767676", "#fff") > TEXT > contrast("#777777", "#fff")


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("ink", INKS)
@pytest.mark.parametrize("theme", THEMES)
def test_text_on_paper_and_in_boxes(theme: str, ink: str, ground: str) -> None:
    """Every ink is legible on every ground, in small type too."""
    known = tokens(theme)
    assert contrast(known[ink], known[ground]) >= TEXT


@pytest.mark.parametrize("theme", THEMES)
def test_text_on_filled_areas(theme: str) -> None:
    """The cover, and whatever is printed on the accent."""
    known = tokens(theme)
    assert all(contrast(known[ink], known[ground]) >= TEXT for ink, ground in ON_FILL)


@pytest.mark.parametrize(("shape", "ground"), SHAPES)
@pytest.mark.parametrize("theme", THEMES)
def test_shapes_that_say_something(theme: str, shape: str, ground: str) -> None:
    """Dots of the timeline, bars beside boxes, lines to write on."""
    known = tokens(theme)
    assert contrast(known[shape], known[ground]) >= GRAPHICS


@pytest.mark.parametrize("theme", THEMES)
def test_highlighted_code(theme: str) -> None:
    """Every colour of code is legible on the ground of code."""
    ground = tokens(theme)["--tint"]
    names = set(re.findall(r"color: var\((--[\w-]+)\)", (TEMPLATES / "code.css").read_text("utf-8")))
    assert len(names) > 3
    assert [name for name in names if contrast(tokens(theme)[name], ground) < TEXT] == []


@pytest.mark.parametrize("theme", THEMES)
def test_colours_of_charts(theme: str) -> None:
    """Marks of charts stand out from the paper."""
    known = tokens(theme)
    assert [name for name in MARKS if contrast(known[name], known["--paper"]) < GRAPHICS] == []


def declarations() -> list[tuple[str, str, str]]:
    """Return (selector, property, value) of every declaration in the house's stylesheets."""
    found = []
    for path in SHEETS:
        for rule in tinycss2.parse_stylesheet(path.read_text("utf-8"), skip_comments=True, skip_whitespace=True):
            if rule.type != "qualified-rule" and not (rule.type == "at-rule" and rule.content):
                continue
            selector = tinycss2.serialize(rule.prelude).strip()
            for part in re.findall(r"([\w-]+):\s*([^;{}]+)", tinycss2.serialize(rule.content or [])):
                found.append((selector, *part))
    return found


def test_no_colour_is_left_out() -> None:
    """Texts and grounds have colours that are tested above, or black and white."""
    for selector, name, value in declarations():
        if name == "color" and "whole" not in selector and ".code" not in selector:
            assert value in {f"var({ink})" for ink in (*INKS, "--cover-ink", "--accent-ink", "--black", "--copy-id")} | {
                "inherit", "transparent",
            }, selector  # fmt: skip
        if name == "background":
            used = set(re.findall(r"var\((--[\w-]+)\)", value))
            assert used <= {*GROUNDS, "--cover-fill", "--accent"}, selector


@pytest.mark.parametrize("name", ["--ink", "--muted", "--copy-id", "--black"])
def test_colours_of_stamps_and_aids(name: str) -> None:
    """They are printed on white in the default theme."""
    assert contrast(tokens("default")[name], "#fff") >= TEXT


def test_only_tokens_are_colours() -> None:
    """No stylesheet, template or module but tokens and themes writes a colour; messages, examples and drawings to scale may."""
    written = re.compile(r"#(?:[0-9a-fA-F]{6}|[0-9a-fA-F]{3})\b(?!;)")
    files = [path for path in (*TEMPLATES.rglob("*.css"), *TEMPLATES.rglob("*.html"), *(TEMPLATES.parent / "guide").rglob("*.py"))
             if path.name != "tokens.css" and path.parent.name not in {"themes", "calibrate", "stock-sheet"}]
    found = [f"{path.name}: {line.strip()}" for path in files for line in path.read_text("utf-8").splitlines()
             if written.search(line) and not re.search(r"(?:hint =|Write|Use a) ", line) and "upstream" not in line]
    assert [line for line in found if not line.startswith(("patches.py", "texts.py", "keys.py"))] == []


def test_pale_lines_only_separate() -> None:
    """What one must see to know that it is a link or a field is not drawn in the colours of separators."""
    for selector, name, value in declarations():
        if SAYING.search(f"{selector} {{") and name.startswith("border"):
            assert not SEPARATORS & set(re.findall(r"var\((--[\w-]+)\)", value)), selector
