"""Headings that are printed as text, and headings that skip a level."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from guide.diagnostics.diagnostic import Diagnostic, Place, warning
from guide.markup.headings import bare_headings, skipped_levels
from guide.markup.parse import Parsed, read
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
                at = (text, parsed, place, item.id)
                yield from _without_space(*at, name == "body")
                yield from _skipped(*at)


def _without_space(
    text: str, parsed: Parsed, place: At, item: str, fixed: bool
) -> Iterator[Diagnostic]:
    for offset, signs in bare_headings(text, parsed):
        words = text[offset:].partition("\n")[0].strip()
        shown, title = words[:_SHOWN], words[len(signs) :]
        message = f"`{shown}` is printed as text: a heading has a space after `{signs}`"
        fix = "; `guide check --fix` does it" if fixed else ""
        hint = f"Write `{signs} {title[:_SHOWN]}`{fix}. If it is text, write `\\{signs}`."
        yield warning("heading-without-space", message, place(offset), hint, item)


def _skipped(text: str, parsed: Parsed, place: At, item: str) -> Iterator[Diagnostic]:
    for offset, words, level, right, before in skipped_levels(text, parsed):
        title = words[:_SHOWN]
        above = f"comes directly below one with `{'#' * before}`" if before else "comes first"
        message = f"the heading `{title}` has `{'#' * level}` and {above}: it skips a level"
        yield warning(
            "skipped-heading", message, place(offset), f"Write `{'#' * right} {title}`.", item
        )
