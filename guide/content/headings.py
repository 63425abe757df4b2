"""Headings that are printed as text, and headings that skip a level."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from markdown_it.token import Token

from guide.diagnostics.diagnostic import Diagnostic, Place, warning
from guide.markup.parse import read
from guide.markup.prose import bare_headings
from guide.model.markup import placed_texts
from guide.model.pack import Pack

_SHOWN = 40  # letters of a heading that a message quotes
At = Callable[[int], Place]
"""Gives the place of an offset in a text."""


def check_headings(pack: Pack) -> Iterator[Diagnostic]:
    """Yield a warning for each heading without a space after its signs, and for each skipped level."""
    for item in pack.items:
        for name, text, place in placed_texts(item):
            if "#" not in text and "\n-" not in text:
                continue
            parsed = read(text, pack.manifest.language, False, name != "body")
            if not parsed.one_line:
                at = (text, parsed.tokens, place, item.id)
                yield from _without_space(*at, name == "body")
                yield from _skipped(*at)


def _without_space(
    text: str, tokens: Sequence[Token], place: At, item: str, fixed: bool
) -> Iterator[Diagnostic]:
    for offset, signs in bare_headings(text, tokens):
        words = text[offset:].partition("\n")[0].strip()
        shown, title = words[:_SHOWN], words[len(signs) :]
        message = f"`{shown}` is printed as text: a heading has a space after `{signs}`"
        fix = "; `guide check --fix` does it" if fixed else ""
        hint = f"Write `{signs} {title[:_SHOWN]}`{fix}. If it is text, write `\\{signs}`."
        yield warning("heading-without-space", message, place(offset), hint, item)


def _skipped(text: str, tokens: Sequence[Token], place: At, item: str) -> Iterator[Diagnostic]:
    """Yield a warning for each heading more than one level below the heading before it.

    The first heading is below the title of the section, so it has the highest level of all.
    """
    found = [n for n, token in enumerate(tokens) if token.type == "heading_open"]
    levels = [int(tokens[n].tag[1]) for n in found]
    before = min(levels, default=1) - 1
    for number, level in zip(found, levels, strict=True):
        if level > before + 1:
            line = (tokens[number].map or [0])[0]
            offset = sum(len(each) + 1 for each in text.split("\n")[:line])
            right, title = "#" * (before + 1), tokens[number + 1].content[:_SHOWN]
            above = f"directly below one with `{'#' * before}`" if number != found[0] else "first"
            message = (
                f"the heading `{title}` has `{'#' * level}` and comes {above}: it skips a level"
            )
            hint = f"Write `{right} {title}`."
            yield warning("skipped-heading", message, place(offset), hint, item)
        before = level
