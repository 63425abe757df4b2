"""What looks like a table, a gap or a mark in a text and is printed as it is: lines of pipes, `{gap}`.

Regular expressions read it, since to the parser it is no more than words; what is code, a formula or a
comment comes from the lexer that the parser uses (`model/signs.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from guide.diagnostics.diagnostic import Diagnostic, warning
from guide.model.base import Item
from guide.model.content import Card, Section
from guide.model.markup import TERM, placed_texts
from guide.model.pack import Pack
from guide.model.signs import without_code

_PREFIX = re.compile(r"[ \t]*(?:>[ \t]?|[-*+][ \t]+|\d{1,9}[.)][ \t]+)*")
_BAR = re.compile(r"(?<!\\)\|")
_DASHES = re.compile(r"\|?[ \t]*:?[-–—]+:?[ \t]*(?:\|[ \t]*:?[-–—]+:?[ \t]*)*\|?")
_GRID = re.compile(r"\+(?:[-=:–]{2,}\+){1,}")
_BLOCK = re.compile(r"#{1,6}[ \t]|:::|```|~~~")


@dataclass(frozen=True)
class Slip:
    """Something printed unchanged: where it begins in the text, and its warning."""

    offset: int
    message: str
    hint: str
    code: str


def check_texts(pack: Pack) -> Iterator[Diagnostic]:
    """Yield what was meant as a table, a gap or a mark, at its line, in sections and in all fields."""
    for item in pack.items:
        yield from slips_of(item)


def slips_of(item: Item) -> tuple[Diagnostic, ...]:
    """Return what is wrong with the texts of an item, each at its line."""

    def found() -> tuple[Diagnostic, ...]:
        return tuple(
            warning(slip.code, slip.message, place(slip.offset), slip.hint, item.id)
            for name, text, place in placed_texts(item)
            for slip in slips_in(text, item, name)
        )

    return item.once("slips", found, lasting=True)


def slips_in(text: str, item: Item | None = None, field: str = "") -> Iterator[Slip]:
    """Yield what is wrong with a text: the body of a section, or the field of an item."""
    if "|" in text or "+-" in text or "+=" in text:
        yield from _tables(text)
    if "{" in text:
        yield from _gaps(text, item, field)
    if "%%" in text or "==" in text:
        yield from _marks(text)


_REMARK = re.compile(r"(?<![\w%])(?<!\d )%%(?!%)(?:(?!%%).)+%%(?![\w%])", re.S)
_BRIGHT = re.compile(r"(?<![\w=!<>:])==(?=[^\s=])[^=\n]*[^\s=]==(?![\w=])")


def _marks(text: str) -> Iterator[Slip]:
    """Yield the remarks and bright words of Obsidian, whose signs are printed."""
    plain = _blanked(text)
    for match in _REMARK.finditer(plain):
        message = "`%%` begins a remark in Obsidian; here it is printed"
        hint = "Write <!-- in its place, and --> where the remark ends: that is not printed."
        yield Slip(match.start(), message, hint, "stray-mark")
    for match in _BRIGHT.finditer(plain):
        message = f"`{match[0][:40]}` is printed with its signs"
        hint = "Write **words** to make them stand out."
        yield Slip(match.start(), message, hint, "stray-mark")


def _blanked(text: str) -> str:
    """Return a text without code, formulas and glossary links, every place kept."""
    return TERM.sub(lambda match: " " * len(match[0]), without_code(text))


def _tables(text: str) -> Iterator[Slip]:
    lines = [_PREFIX.sub("", line).rstrip() for line in _blanked(text).split("\n")]
    original = text.split("\n")
    number = 0
    while number < len(lines):
        end = number
        while end < len(lines) and lines[end] and not _BLOCK.match(lines[end]):
            end += 1
        if end > number:
            yield from _in_paragraph(lines[number:end], number, original)
        number = max(end, number) + 1


def _in_paragraph(lines: Sequence[str], first: int, original: Sequence[str]) -> Iterator[Slip]:
    """Yield the first thing wrong with the tables of some lines without a blank one between."""
    grid = next((n for n, line in enumerate(lines) if _GRID.fullmatch(line)), None)
    if grid is not None:
        message = "a grid table is printed as text"
        hint = "Write its rows as `| a | b |`, with `| --- | --- |` below the first, and no other lines."
        yield _slip(first + grid, original, message, hint)
        return
    bars = [_columns(line) for line in lines]
    start = next((n for n, line in enumerate(lines) if _looks_like_a_row(lines, n)), None)
    if start is None:
        return
    head, below = bars[start], lines[start + 1] if start + 1 < len(lines) else ""
    rule = "| " + " | ".join(["---"] * head) + " |"
    if _DASHES.fullmatch(below) and ("|" in below or "-" in below or "—" in below):
        if _columns(below) != head:
            message = f"the line of dashes has {_columns(below)} columns, the one above it {head}: the table is printed as text"
            yield _slip(first + start + 1, original, message, f"Write `{rule}` here.")
        elif "–" in below or "—" in below:
            message = (
                "the line below the table's head has long dashes: the table is printed as text"
            )
            yield _slip(first + start + 1, original, message, f"Write `{rule}` here, with hyphens.")
        return
    message = "lines with | are printed as text: a table needs a line of dashes below its first row"
    hint = f"Write `{rule}` on a separate line below this one."
    yield _slip(first + start, original, message, hint)


def _looks_like_a_row(lines: Sequence[str], number: int) -> bool:
    """Return True if a table begins at a line: with bars at its ends, or dashes below it."""
    line, below = lines[number], lines[number + 1] if number + 1 < len(lines) else ""
    if _DASHES.fullmatch(line) or not _BAR.search(line):
        return False
    if "|" in below and _DASHES.fullmatch(below):
        return True
    both = line.startswith("|") and _columns(line) > 1
    return both and (line.endswith("|") or (below.startswith("|") and _columns(below) > 1))


def _columns(line: str) -> int:
    """Return how many cells a row has."""
    inner = line.strip().removeprefix("|")
    inner = inner[:-1] if inner.endswith("|") and not inner.endswith("\\|") else inner
    return len(_BAR.findall(inner)) + 1


def _slip(number: int, original: Sequence[str], message: str, hint: str) -> Slip:
    line = original[number]
    column = len(line) - len(line.lstrip())
    offset = sum(len(each) + 1 for each in original[:number]) + column
    return Slip(offset, message, hint, "not-a-table")


_GAP = re.compile(r"\{\{(.{1,200}?)\}\}(?!\})", re.S)
_SINGLE = re.compile(r"(?<![{\\\w\])`$%@])\{([^\W_][^{}\n#.=|]{0,60})\}(?!\})")
_ATTRIBUTES = re.compile(r"^[ \t]*(?:#{1,6}[ \t]|:::)")


def _gaps(text: str, item: Item | None, field: str) -> Iterator[Slip]:
    """Yield words in braces that are no gap: `{78}` in a cloze, `{{78}}` outside one."""
    plain = _blanked(text)
    cloze = isinstance(item, Card) and field == "cloze"
    inside = _GAP.sub(lambda match: " " * len(match[0]), plain)
    for match in _SINGLE.finditer(inside):
        begin = inside.rfind("\n", 0, match.start()) + 1
        if _ATTRIBUTES.match(inside[begin:]) or match[1].strip() == "decorative":
            continue
        if not cloze and ("," in match[1] or len(match[1]) == 1):
            continue  # a set, as mathematicians write it
        shown = match[0]
        hint = f"Did you mean a gap: {{{shown}}}?" if cloze else _hint(item, match[1])
        yield Slip(match.start(), f"`{shown}` is printed with its braces", hint, "gap-in-braces")
    for match in () if cloze else _GAP.finditer(plain):
        begin = plain.rfind("\n", 0, match.start()) + 1
        if not _ATTRIBUTES.match(plain[begin:]):
            shown = match[0][:40]
            if match[1][0] in "<>%#/":
                message = f"`{shown}` is a command of another program, and is printed"
                hint = "Write the text itself in its place, or ![Caption](figures/a.png)."
            else:
                message = f"`{shown}` is printed with its braces: gaps are for cards with `cloze`"
                hint = _hint(item, match[1])
            yield Slip(match.start(), message, hint, "gap-in-braces")


def _hint(item: Item | None, word: str) -> str:
    if isinstance(item, Card):
        return f"Did you mean a gap? Write the whole text as `cloze: ...`, with {{{{{word}}}}}."
    if item is None or isinstance(item, Section):
        return (
            f"Did you mean a gap? A card takes {{{{{word}}}}} in its `cloze`; a worksheet makes its "
            "gaps itself, of glossary terms, words in bold and numbers."
        )
    return "Delete the braces, or write \\{ to print them."
