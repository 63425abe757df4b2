"""Edits of Markdown prose as text: blanks and quote marks, so that what is printed stays the same.

Each function returns the new text with what it changed: (line, words), the line from 1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from markdown_it.token import Token

from guide.markup.parse import read
from guide.model.signs import without_code

Edited = tuple[str, list[tuple[int, str]]]

_DOUBLED = re.compile(r"(?<=[^\W_]|[.,;:!?)»”’%])(?<![|:])  +(?=[^\s|])")
_MASKED = re.compile(
    r"\]\([^)\n]*\)|\]\[[^\]\n]*\]|<[^>\s]+>|\{[^{}\n]*\}|https?://\S+|\[\[[^\]\n]*\]\]"
    r"|\[[^\[\]\n]*@[^\[\]\n]*\]|\\.|^:::.*$|^\[[^\]]+\]:.*$",
    re.M,
)
_MARKER = re.compile(r"[\s>]*(?:\d+[.)]|[-*+:])")  # of a list: what follows is its indentation
_STRAIGHT = {'"', "'"}
_QUOTES = _STRAIGHT | set("“”„‟‘’‚‛«»‹›")
_THIN = "\u202f"  # after an opening guillemet, before a closing one


def tidy_prose(text: str, language: str) -> Edited:
    """Take out blanks that print nothing: at ends of lines, and doubled between words.

    Two blanks before a line end are a line break, and stay; so does everything in code.
    """
    for careful in (False, True):
        made, changes = _tidied(text, language, careful)
        if not changes or printed_body(text, language) == printed_body(made, language):
            return made, changes
    return text, []


def _tidied(text: str, language: str, careful: bool) -> Edited:
    lines = text.split("\n")
    masked = _mask(text).split("\n")
    changes = []
    for number in _prose_lines(lines, language):
        line = lines[number]
        if careful and line.startswith(("    ", "\t")):
            continue
        following = lines[number + 1] if number + 1 < len(lines) else ""
        made = _without_end(line, following)
        if made != line:
            changes.append((number + 1, "no blanks at the end of the line"))
        if not re.match(r"\s*\||:?-+:?\s*\|", made):
            single = _single(made, masked[number])
            if single != made:
                changes.append((number + 1, "one blank between words"))
            made = single
        lines[number] = made
    after = "\n".join(lines)
    if after and not after.endswith("\n"):
        after += "\n"
        changes.append((len(lines), "a line end after the last line"))
    return after, changes


def _without_end(line: str, following: str) -> str:
    stripped = line.rstrip(" \t")
    broken = line.endswith("  ") and stripped and following.strip()
    return line if broken else stripped


def _single(line: str, masked: str) -> str:
    """Put one blank for several between words that are not masked."""
    spots = [match.span() for match in _DOUBLED.finditer(line)]
    for start, end in reversed(spots):
        if _MARKER.fullmatch(line[:start]):
            continue
        if masked[start:end] == line[start:end] and masked[start - 1] == line[start - 1]:
            line = line[:start] + " " + line[end:]
    return line


def _prose_lines(lines: Sequence[str], language: str) -> list[int]:
    """Return the lines that are not in fenced code."""
    fences = [t.map or (0, 0) for t in read("\n".join(lines), language).tokens if t.type == "fence"]
    return [n for n in range(len(lines)) if not any(first <= n < last for first, last in fences)]


def _mask(text: str) -> str:
    """Blank out code, formulas, addresses and attributes, every place kept."""
    return _MASKED.sub(lambda match: re.sub(r"[^\n]", "\0", match[0]), without_code(text))


def curly_quotes(text: str, language: str) -> Edited:
    """Write straight quote marks as they are printed, paragraph by paragraph."""
    changes: list[tuple[int, str]] = []
    made, line = [], 1
    masked = _mask(text)
    position = 0
    for piece in re.split(r"(\n[ \t]*\n)", text):
        shown = masked[position : position + len(piece)]
        new = _curled(piece, shown, language) if _STRAIGHT & set(shown) else piece
        if new != piece:
            pairs = zip(piece.split("\n"), new.split("\n"), strict=True)
            changes += [
                (line + n, "typographic quote marks") for n, (a, b) in enumerate(pairs) if a != b
            ]
        made.append(new)
        position += len(piece)
        line += piece.count("\n")
    after = "".join(made)
    if changes and printed_body(text, language) != printed_body(after, language):
        return text, []
    return after, changes


def _curled(piece: str, masked: str, language: str) -> str:
    """Return a paragraph with its quote marks as they are printed, or as it was when in doubt."""
    marks = [n for n, sign in enumerate(masked) if sign in _QUOTES]
    printed = [
        sign for text in _texts(read(piece, language).tokens) for sign in text if sign in _QUOTES
    ]
    if len(marks) != len(printed):
        return piece
    made = list(piece)
    for at, sign in zip(marks, printed, strict=True):
        if piece[at] in _STRAIGHT and sign not in _STRAIGHT:
            made[at] = _spaced(sign, language)
        elif piece[at] != sign:
            return piece
    new = "".join(made)
    return new if printed_body(piece, language) == printed_body(new, language) else piece


def _spaced(sign: str, language: str) -> str:
    if language != "fr":
        return sign
    return {"«": f"«{_THIN}", "»": f"{_THIN}»"}.get(sign, sign)


def _texts(tokens: Sequence[Token]) -> Iterator[str]:
    """Yield the texts that are printed, in order."""
    for token in tokens:
        for child in token.children or ():
            if child.children:
                yield from (each.content for each in child.children if each.type == "text")
            elif child.type == "text":
                yield child.content


def printed_body(text: str, language: str) -> list[Any]:
    """Return what a text prints, so that two can be compared; blanks do not count but in code."""
    return [_plain(token) for token in read(text, language).tokens]


_VERBATIM = {
    "fence", "code_block", "code_inline", "math_block", "math_inline", "math_inline_double", "literal"
}  # fmt: skip


def _plain(token: Token) -> Any:
    keep = token.type in _VERBATIM
    content = token.content if keep else ""
    if token.type == "text":
        content = re.sub(r"[ \t\n]+", " ", token.content)
    attrs = sorted((name, str(value)) for name, value in token.attrs.items())
    notes = token.meta.get("notes", {}) if token.type == "notes" else {}
    inside = [_plain(child) for child in token.children or ()]
    caption = token.meta.get("caption") if token.type == "table_open" else None
    extra: list[Any] = [[_plain(t) for t in note] for _, note in sorted(notes.items())]
    extra += [[_plain(caption)]] if caption is not None else []
    extra += [
        str(token.meta.get(name))
        for name in ("term", "cluster", "attributes")
        if token.meta.get(name)
    ]
    return (token.type, token.tag, token.info, content, attrs, inside, extra)
