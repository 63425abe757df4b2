"""Colours have one home: templates/tokens.css and the themes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tinycss2.color4 import parse_color

ROOT = Path(__file__).parents[2]
NEUTRAL = {"transparent", "currentcolor", "none", "inherit"}
# The white of a comparison and the examples that an editor shows are never printed; the preview's own page and
# the cards in Anki are for screens: they have a light and a dark look, which in Anki is frozen with the note types.
TRUE = ("guide/proof/pictures.py", "guide/content/keys.py", "guide/preview/page/", "guide/exchange/writing/anki.py")
VALUE = r"#[0-9a-fA-F]{3,8}\b|rgba?\(\s*\d[^)]*\)|hsla?\(\s*\d[^)]*\)|[a-zA-Z]+\b(?![-(])"
DECLARED = re.compile(
    r"(?<![\w-])(?:color|background(?:-color)?|border[\w-]*|outline|fill|stroke|stop-color|text-decoration)"
    r"\s*[:=]\s*[\"']?(?P<values>[^;\"'{}]*)"
)


def colours(text: str) -> Iterator[str]:
    """Yield the colours that declarations of CSS or attributes of SVG spell out."""
    for match in DECLARED.finditer(re.sub(r"/\*.*?\*/|\{[{#%].*?[%#}]\}", "", text, flags=re.S)):
        for value in re.findall(VALUE, re.sub(r"var\([^)]*\)", "", match["values"])):
            if value.lower() not in NEUTRAL and parse_color(value) is not None:
                yield value


def literals(path: Path) -> Iterator[str]:
    """Yield the colours in the strings of a module: declared in them, or all of one."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            whole = node.value.strip()
            if re.fullmatch(r"#[0-9a-fA-F]{3,8}", whole) or whole in {"white", "black"}:
                yield whole
            yield from colours(node.value)


def test_colours_are_found() -> None:
    """In CSS, in SVG, and whatever their notation; not where a token or nothing is meant."""
    assert [*colours("a { color: #123; background: red url(x) } b { border-top: 1pt solid rgb(1, 2, 3) }")] == [
        "#123", "red", "rgb(1, 2, 3)",
    ]  # fmt: skip
    assert [*colours('<path stroke="#000" fill="none"/><rect fill="{{ tint }}"/>')] == ["#000"]
    assert not [*colours("a { color: var(--ink); border: 0; fill: none; background: transparent; color: inherit }")]
    assert not [*colours("/* color: red */ a#bad { width: 1px }")]


@pytest.mark.parametrize("folder", ["templates", "guide"])
def test_colours_are_spelled_out_in_tokens_alone(folder: str) -> None:
    """A theme changes every colour: none is written in a template, a stylesheet or the program."""
    home = {ROOT / "templates/tokens.css", *(ROOT / "templates/themes").iterdir()}
    found = {}
    for path in sorted((ROOT / folder).rglob("*")):
        if path in home or path.suffix not in {".css", ".html", ".py", ".svg"}:
            continue
        name = path.relative_to(ROOT).as_posix()
        seen = [*(literals(path) if path.suffix == ".py" else colours(path.read_text("utf-8")))]
        if seen and not name.startswith(TRUE):
            found[name] = seen
    assert not found
