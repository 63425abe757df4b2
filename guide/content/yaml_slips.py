"""What YAML reads in another way than its writer meant, without an error: comments, curly quotes, commas."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from guide.diagnostics.diagnostic import Diagnostic, Place, warning

CUT = "cut-by-comment"
_COMMENT = re.compile(r"[ \t]+#(?!#)(.*)$")
_NO_VALUE = re.compile(r"[ \t]*#(?!#)(.*)$")
_AT_ONCE = re.compile(r"[^\s#!]")  # `#1`, `#tag`: a comment has a space there
_ANCHOR = re.compile(r"&([^\s,\[\]{}]+)")
_OPEN_END = re.compile(r"[,;:(\[{/&+=<–—-]$")
_PAIRS = {"(": ")", "[": "]", "{": "}", "“": "”", "„": "“”", "«": "»"}
_CURLY = {"“": "”“", "„": "“”", "”": "”", "«": "»", "»": "«", "‘": "’", "‚": "‘’"}
_DOUBLE = {"“", "„", "”", "«", "»"}
# A value in curly quotes on a line that YAML gives up, as for a colon in it.
CURLY_VALUE = re.compile(r"(?:^\s*|[:,\[{-]\s+|\[|\{)([“„”«»‘‚])")
CURLY_HINT = 'YAML knows only straight quotes: replace %s and its partner with ".'


def cut(value: str, line: str, end: int, place: Place) -> Iterator[Diagnostic]:
    """Warn of a comment that was part of the text: `front: Who was team #1 in 1999`.

    `line` is the one on which the value ends, before the column `end` (from 0); `place` is there.
    A comment as writers of YAML write it, with a space after its #, is left alone, unless the
    value before it breaks off: at a comma or dash, in an open bracket, or before a question mark.
    """
    found = (_COMMENT if value else _NO_VALUE).match(line, end)
    if found is None:
        return
    comment = found[1].rstrip()
    at_once = _AT_ONCE.match(comment) is not None
    if not at_once and not (value and _breaks_off(value, comment)):
        return
    column = line.index("#", end)
    shown = f"#{comment}"[:40]
    message = f"YAML takes `{shown}` for a comment: it is not part of the value"
    whole = f"{value} {shown}".strip() if value else shown
    quote = "'" if '"' in whole and "'" not in whole else '"'
    hint = f"Put the value in quotes: {quote}{whole}{quote}"
    if at_once:
        hint += "; or, for a comment, write a space after the #"
    at = Place(place.path, place.line, column + 1)
    yield warning("cut-by-comment", message, at, f"{hint}.")


def _breaks_off(value: str, comment: str) -> bool:
    """Return True if a value cannot end where a comment begins."""
    ends = any(value.count(o) > sum(value.count(c) for c in close) for o, close in _PAIRS.items())
    asked = comment.endswith("?") and not value.rstrip().endswith(("?", ".", "!"))
    return ends or asked or _OPEN_END.search(value) is not None


def anchored(value: str, line: str, lines: Sequence[str], place: Place) -> Iterator[Diagnostic]:
    """Warn of a word with `&` before a text, which YAML takes for an anchor, when no alias names it."""
    match = _ANCHOR.match(line, place.column - 1)
    if match is None or any(f"*{match[1]}" in each for each in lines):
        return
    message = f"YAML takes `&{match[1]}` for an anchor: it is not part of the value"
    yield warning(
        "unused-anchor", message, place, f'Put the value in quotes: "&{match[1]} {value[:40]}".'
    )


def curly(value: str, place: Place) -> Iterator[Diagnostic]:
    """Warn of quotes of a word processor around a value: YAML prints them, and splits inside them."""
    opened = value[:1]
    if opened not in _CURLY or len(value) < 2:
        return
    inside, closers = value[1:-1], _CURLY[opened]
    whole = value[-1] in closers and not any(sign in inside for sign in {opened, *closers})
    split = opened in _DOUBLE and not any(sign in value[1:] for sign in closers)
    if not whole and not split:
        return
    plain = inside if whole else value[1:]
    message = f"the quotes `{opened}` are not those of YAML: they are printed"
    hint = f"Type straight quotes: \"{plain[:40]}\". To print them: '{value[:40]}'."
    if split:
        message = (
            f"the quote `{opened}` is not one of YAML: the value ends at the next comma or line"
        )
        hint = f'Type straight quotes around the whole value: "{plain[:40]}, ...".'
    yield warning("curly-quotes", message, place, hint)


_SENTENCE_ENDS = (".", "!", "?")
_FEWEST_WORDS = 5  # of a sentence; `[Dr. Lee, jr.]` is none


def split(items: Sequence[tuple[str, Place]]) -> Iterator[Diagnostic]:
    """Warn of a sentence that its commas split: `[Late is better, they say, than never.]`.

    `items` are those of a list in brackets that are written without quotes, '' for all others. A
    sentence begins with a capital, goes on in lower case, and ends where its last part does.
    """
    start = 0
    for number, (text, _) in enumerate(items):
        goes_on = number > start and text[:1].islower()
        if not goes_on:
            start = number
        if text.endswith(_SENTENCE_ENDS) and goes_on and items[start][0][:1].isupper():
            parts = [part for part, _ in items[start : number + 1]]
            whole = ", ".join(parts)
            if len(whole.split()) >= _FEWEST_WORDS and len(text.split()) > 1:
                message = f"the comma after `{parts[0][-40:]}` begins another item of the list"
                hint = f'Put the whole sentence in quotes: "{whole}"'
                yield warning("split-by-comma", message, items[start][1], hint)
        if text.endswith((*_SENTENCE_ENDS, ":", ";")) or not text:
            start = number + 1
