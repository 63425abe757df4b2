"""Numbers of sections, figures and tables, over the whole document before it is rendered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from markdown_it.token import Token

from guide.markup.context import Target
from guide.markup.parse import parse
from guide.model.content import Section
from guide.model.pack import Pack


@dataclass
class Parsed:
    """A section's tokens, and what was found in them."""

    section: Section
    number: int
    tokens: list[Token]
    shift: int = 0
    headings: list[tuple[str, list[Token]]] = field(default_factory=list)


@dataclass
class Outline:
    """All sections, parsed, and every target that a reference can lead to."""

    sections: list[Parsed]
    targets: dict[str, Target]


def outline(pack: Pack, language: str) -> Outline:
    """Parse all sections and number what is in them, each kind from 1 on through the document."""
    targets: dict[str, Target] = {}
    counts = {"fig": 0, "tbl": 0}
    sections = []
    for number, section in enumerate(pack.sections, 1):
        parsed = Parsed(section, number, parse(section.body, language))
        targets[section_anchor(section)] = Target("sec", str(number), section.title)
        _number(parsed, targets, counts)
        sections.append(parsed)
    return Outline(sections, targets)


def section_anchor(section: Section) -> str:
    """Return the id that references to a section use: `sec-` and its id."""
    return section.id if section.id.startswith("sec-") else f"sec-{section.id}"


def _number(parsed: Parsed, targets: dict[str, Target], counts: dict[str, int]) -> None:
    levels = [int(t.tag[1]) for t in parsed.tokens if t.type == "heading_open"]
    top = min(levels, default=2)
    parsed.shift = 3 - top
    for place, token in enumerate(parsed.tokens):
        if token.type == "heading_open":
            _heading(parsed, place, token, top, targets)
        kind = _numbered(token)
        if kind:
            counts[kind] += 1
            name = _name(token, f"{kind}-{parsed.section.id}-{counts[kind]}")
            targets[name] = Target(kind, str(counts[kind]))


def _heading(
    parsed: Parsed, place: int, token: Token, top: int, targets: Mapping[str, Target]
) -> None:
    words = _words(parsed.tokens[place + 1])
    title = "".join(word.content for word in words)
    if int(token.tag[1]) == top:
        name = str(token.attrs.get("id") or f"h-{parsed.section.id}-{len(parsed.headings) + 1}")
        token.attrSet("id", name)
        parsed.headings.append((name, words))
    if "id" in token.attrs and isinstance(targets, dict):
        targets.setdefault(str(token.attrs["id"]), Target("sec", "", title, words))


_KEPT = {"text", "code_inline", "math_inline", "math_inline_double", "term", "literal"}
_STYLES = {"em", "strong", "sub", "sup", "s", "u", "code"}


def _words(inline: Token) -> list[Token]:
    """Return what the contents print of a heading: its words and formulas, no notes and links."""
    return [
        child
        for child in inline.children or ()
        if child.type in _KEPT or child.type.partition("_")[0] in _STYLES
    ]


def _numbered(token: Token) -> str:
    """Tell what kind of number a token takes: figures with a caption, tables with one, none else."""
    if token.type == "figure" and (token.content.strip() or "id" in token.attrs):
        return "fig"
    return "tbl" if token.type == "table_open" and "caption" in token.meta else ""


def _name(token: Token, fallback: str) -> str:
    """Return the token's id, given or made."""
    if token.type == "figure":
        token.attrs.setdefault("id", fallback)
        return str(token.attrs["id"])
    name: str = token.meta.setdefault("attributes", {}).setdefault("id", fallback)
    return name
