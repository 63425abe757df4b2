"""Headings as they are written: lines that look like one and print as text, and levels that are skipped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate, pairwise

from guide.markup.parse import Parsed, read
from guide.markup.prose import Edited
from guide.model.signs import without_code

# Two signs or more before a word, or one before a letter.
_BARE = re.compile(r"(##{1,5}(?=[^#\s])|#(?=[^\W\d_]))")
_LONGEST_HEADING = 60  # letters of a line with one sign: `#topic` may begin a sentence


def bare_headings(text: str, parsed: Parsed) -> Iterator[tuple[int, str]]:
    """Yield lines such as `##Heading`, which print as text: the offset of the signs, and the signs.

    One sign begins a heading only where the line is a whole paragraph and reads like a title.
    """
    starts = [0, *accumulate(len(line) + 1 for line in text.split("\n"))]
    for before, token in pairwise(parsed.tokens):
        if before.type != "paragraph_open" or not token.map or "#" not in token.content:
            continue
        lines = without_code(token.content).split("\n")
        for number, line in enumerate(lines, token.map[0]):
            match = _BARE.match(line)
            title = len(lines) == 1 and len(line) <= _LONGEST_HEADING and line.count("#") == 1
            if match and (len(match[1]) > 1 or (title and not line.endswith((".", "?", "!")))):
                yield text.index("#", starts[number]), match[1]


def space_headings(text: str, language: str) -> Edited:
    """Put a blank after the signs of `##Heading`, so that it prints as a heading."""
    found = list(bare_headings(text, read(text, language)))
    for offset, signs in reversed(found):
        end = offset + len(signs)
        text = f"{text[:end]} {text[end:]}"
    return text, [
        (text.count("\n", 0, at) + 1, "a blank after the signs of a heading") for at, _ in found
    ]


def skipped_levels(text: str, parsed: Parsed) -> Iterator[tuple[int, str, int, int, int]]:
    """Yield headings that skip a level: offset, words, level, right level, level before (or 0).

    The first heading is below the title of the section, so it has the highest level of all.
    """
    headings = [pair for pair in pairwise(parsed.tokens) if pair[0].type == "heading_open"]
    right, before = min((int(token.tag[1]) for token, _ in headings), default=1), 0
    starts = [0, *accumulate(len(line) + 1 for line in text.split("\n"))]
    for token, words in headings:
        level = int(token.tag[1])
        if level > right:
            yield starts[(token.map or [0])[0]], words.content, level, right, before
        right, before = level + 1, level
