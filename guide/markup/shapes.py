"""Shapes of blocks that CommonMark does not know: numbers that stay, boxes of others, whole rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

from markdown_it.rules_block import StateBlock, list_block
from markdown_it.rules_block.table import escapedSplit, getLine, table
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from guide.model.markup import read_attributes, trailing_attributes
from guide.model.signs import formula_at, without_code

_NUMBER = re.compile(r"[ \t]*(\d{1,9})([.)])(?=[ \t]|$)")
_CAPTION = re.compile(r"\s*(?:Table)?:\s+")
_ALERT = re.compile(r"\[!([\w-]+)(?:\|[^\]\n]*)?\][+-]?[ \t]*([^\n]*)\n?")
_STYLES = ("", "", "alpha", "roman")  # by depth, as laws number: 1, (a), (i)
ALERTS = {
    "note": "note", "tip": "tip", "important": "key", "warning": "warning", "caution": "warning",
    "info": "note", "abstract": "note", "summary": "note", "todo": "note", "hint": "tip",
    "success": "tip", "check": "tip", "done": "tip", "help": "question", "faq": "question",
    "question": "question", "attention": "warning", "danger": "warning", "error": "warning",
    "bug": "warning", "failure": "warning", "fail": "warning", "missing": "warning",
    "tldr": "note", "example": "example",
}  # fmt: skip
"""Boxes of GitHub and Obsidian, and those of guide that they become."""


def shape(state: StateCore) -> None:
    """Give blocks their shapes, before the text in them is read."""
    tokens = state.tokens
    if any(token.type == "blockquote_open" for token in tokens):
        tokens = _alerts(tokens)
    if any(token.type == "ordered_list_open" for token in tokens):
        tokens = _numbered(tokens)
    if not state.env.get("field"):
        _take_attributes(tokens)
    state.tokens = tokens


def _alerts(tokens: list[Token]) -> list[Token]:
    """Turn quotations that begin with `[!NOTE]` into boxes."""
    opened: list[str] = []
    for number, token in enumerate(tokens):
        if token.type == "blockquote_open":
            opened.append(_alert(tokens, number))
        elif token.type == "blockquote_close" and opened.pop():
            token.type, token.tag = "container_box_close", "div"
    return [token for token in tokens if token.type != "gone"]


def _alert(tokens: list[Token], number: int) -> str:
    """Turn one quotation into a box, and return its kind; '' when it stays a quotation."""
    inside = tokens[number + 1 : number + 4]
    if len(inside) < 3 or inside[0].type != "paragraph_open":
        return ""
    match = _ALERT.match(inside[1].content)
    if not match:
        return ""
    if match[1].lower() in {"quote", "cite"}:
        _quoted(inside, match)
        return ""
    kind, title = ALERTS.get(match[1].lower(), "note"), match[2].strip()
    if match[1].lower() not in ALERTS and not title:
        title = match[1]
    box = tokens[number]
    box.type, box.tag, box.info = "container_box_open", "div", f"{kind} {title}".strip()
    inside[1].content = inside[1].content[match.end() :]
    if inside[1].map:
        inside[1].map = [inside[1].map[0] + 1, inside[1].map[1]]
    if not inside[1].content.strip():
        for token in inside:
            token.type = "gone"
    return kind


def _quoted(inside: Sequence[Token], match: re.Match[str]) -> None:
    """Take the mark from a quotation that stays one; its title is on a separate line."""
    title, rest = match[2].strip(), inside[1].content[match.end() :]
    inside[1].content = f"{title}\\\n{rest}" if title and rest.strip() else title or rest
    if inside[1].map and not title:
        inside[1].map = [inside[1].map[0] + 1, inside[1].map[1]]
    if not inside[1].content.strip():
        for token in inside[:3]:
            token.type = "gone"


def _numbered(tokens: list[Token]) -> list[Token]:
    """Let every number of a list be printed as written.

    Numbers that do not rise begin another list, which CommonMark would join to the one before. A
    single line with a number, such as a date, is a paragraph. A list begins at its own number.
    """
    made: list[Token] = []
    opened: list[tuple[int, list[int]]] = []  # where a list begins, and its items
    for token in tokens:
        made.append(token)
        if token.type == "ordered_list_open":
            opened.append((len(made) - 1, []))
        elif token.type == "list_item_open" and opened:
            start, items = opened[-1]
            if token.level == made[start].level + 1:
                items.append(len(made) - 1)
        elif token.type == "ordered_list_close":
            start, items = opened.pop()
            ends = [*items[1:], len(made) - 1]
            parts = [made[first:last] for first, last in zip(items, ends, strict=True)]
            made[start:] = _relisted(made[start], token, parts)
    _styled(made)
    return made


def _relisted(opened: Token, closed: Token, items: Sequence[list[Token]]) -> list[Token]:
    """Return the items of a list as lists whose numbers rise, and single lines as paragraphs."""
    made: list[Token] = []
    for run in _runs(items):
        if len(run) == 1 and _is_line(run[0]):
            made += _paragraph(run[0])
            continue
        numbers = [int(item[0].info) for item in run]
        same = len(set(numbers)) == 1
        for item, (before, number) in zip(run[1:], pairwise(numbers), strict=True):
            if not same and number != before + 1:
                item[0].attrSet("value", number)
                item[0].meta = {"step": number - before}
        attrs = {} if numbers[0] == 1 else {"start": numbers[0]}
        first, last = run[0][0].map, run[-1][0].map
        lines = [first[0], last[1]] if first and last else opened.map
        digits = len(str(numbers[0] + len(numbers) - 1 if same else numbers[-1]))
        made.append(opened.copy(attrs=attrs, map=lines, meta={"digits": digits}))
        made += [token for item in run for token in item]
        made.append(closed.copy())
    return made


def _runs(items: Sequence[list[Token]]) -> list[list[list[Token]]]:
    """Split items where their numbers do not rise; equal ones are left to be counted."""
    runs: list[list[list[Token]]] = []
    for item in items:
        number = int(item[0].info)
        known = [int(each[0].info) for each in runs[-1]] if runs else []
        if known and (number > known[-1] or {number} == set(known)):
            runs[-1].append(item)
        else:
            runs.append([item])
    return runs


def _is_line(item: Sequence[Token]) -> bool:
    """Return True if an item has one paragraph or nothing in it."""
    inside = [token.type for token in item[1:-1]]
    return inside in ([], ["paragraph_open", "inline", "paragraph_close"])


def _paragraph(item: Sequence[Token]) -> list[Token]:
    """Return an item as a paragraph that begins with its number."""
    head, inside = item[0], list(item[1:-1])
    number = f"{head.info}\\{head.markup}"
    if not inside:
        level = max(0, head.level - 1)
        words = Token("inline", "", 0, level=level + 1, map=head.map, children=[], block=True)
        inside = [
            Token("paragraph_open", "p", 1, map=head.map, level=level, block=True),
            words,
            Token("paragraph_close", "p", -1, level=level, block=True),
        ]
    for token in inside:
        token.hidden = False
    inside[1].content = f"{number} {inside[1].content}".strip()
    return inside


def _styled(tokens: Sequence[Token]) -> None:
    """Give lists the style of their depth, and the sign after their numbers."""
    depth = 0
    for token in tokens:
        depth += (token.type == "ordered_list_open") - (token.type == "ordered_list_close")
        if token.type != "ordered_list_open":
            continue
        nested = _STYLES[depth] if depth < len(_STYLES) and "start" not in token.attrs else ""
        css = f"{nested} {'paren' if token.markup == ')' and not nested else ''}".strip()
        if css:
            token.attrSet("class", css)


def _take_attributes(tokens: Sequence[Token]) -> None:
    """Move `{#id}` at the end of a heading or paragraph to the block that it names."""
    items: list[Token] = []
    for number, token in enumerate(tokens):
        if token.type == "list_item_open":
            items.append(token)
        elif token.type == "list_item_close":
            items.pop()
        if token.type not in {"heading_open", "paragraph_open"}:
            continue
        inline = tokens[number + 1]
        if not inline.content.rstrip().endswith("}"):
            continue
        found = trailing_attributes(inline.content, paragraph=token.type == "paragraph_open")
        if found is None or (token.type == "paragraph_open" and _CAPTION.match(inline.content)):
            continue
        inline.content = inline.content[: found[0]].rstrip()
        target = items[-1] if token.hidden and items else token
        for name, value in read_attributes(found[1]).items():
            target.attrSet(name, value)


def numbered_list(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Read a list; a lone number at the start of a line inside a paragraph belongs to the text.

    `He died on` and, in the next line, `1. April 1999` is one sentence: a list that begins inside a
    paragraph has a second number.
    """
    if silent and state.parentType == "paragraph" and state.sCount[start] >= state.blkIndent:
        first = _NUMBER.match(state.src[state.bMarks[start] : state.eMarks[start]])
        dated = first is not None and first[2] == "."
        if first and dated and not _goes_on(state, start, end, int(first[1]), first[2]):
            return False
    return list_block(state, start, end, silent)


def _goes_on(state: StateBlock, start: int, end: int, number: int, mark: str) -> bool:
    for line in range(start + 1, end):
        text = state.src[state.bMarks[line] : state.eMarks[line]]
        if not text.strip():
            return False
        match = _NUMBER.match(text)
        if match and match[2] == mark and int(match[1]) in {number, number + 1}:
            return True
    return False


def formula_block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Read a formula that has its lines to itself, whatever its lines begin with."""
    at = state.bMarks[start] + state.tShift[start]
    if state.is_code_block(start) or not state.src.startswith(("$$", "\\["), at):
        return False
    found = formula_at(state.src, at)
    if found is None:
        return False
    last = start
    while last < end and state.eMarks[last] < found.end:
        last += 1
    if last >= end or state.src[found.end : state.eMarks[last]].strip():
        return False
    if any(state.sCount[line] < state.blkIndent for line in range(start, last + 1)):
        return False
    if not silent:
        lines = state.getLines(start, last + 1, state.blkIndent, False).strip()
        token = state.push("math_block", "math", 0)
        token.content, token.map, token.block = lines[2:-2].strip(), [start, last + 1], True
        state.line = last + 1
    return True


Rule = Callable[[StateBlock, int, int, bool], bool]


def definitions(rule: Rule) -> Rule:
    """Return the rule of definition lists without Pandoc's second mark: `~ 5 men` is text."""

    def found(state: StateBlock, start: int, end: int, silent: bool) -> bool:
        line = start if silent else start + 1
        while not silent and line < end and state.isEmpty(line):
            line += 1
        first = state.bMarks[line] + state.tShift[line] if line < end else len(state.src)
        return not state.src.startswith("~", first) and bool(rule(state, start, end, silent))

    return found


def whole_table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Read a table; what a row has beyond its columns is kept in the last one.

    A bar in code or in a formula parts no cells, if the row has too many otherwise.
    """
    first = len(state.tokens)
    if not table(state, start, end, silent):
        return False
    columns = sum(token.type == "th_open" for token in state.tokens[first:])
    for number in range(first, len(state.tokens)):
        row = state.tokens[number]
        if row.type != "tr_open" or not row.map or row.map[0] <= start:
            continue
        line = getLine(state, row.map[0]).strip()
        if len(_outer_off(escapedSplit(line))) <= columns:
            continue
        cells = _outer_off(_careful(line))
        row.meta = {"cells": len(cells), "columns": columns} if len(cells) > columns else {}
        kept = [*cells[: columns - 1], "|".join(cells[columns - 1 :])]
        kept += [""] * (columns - len(kept))
        inside = (token for token in state.tokens[number:] if token.type == "inline")
        for cell, text in zip(inside, kept, strict=False):
            cell.content = text.strip()
    return True


def _outer_off(cells: list[str]) -> list[str]:
    cells = cells[1:] if cells and cells[0] == "" else cells
    return cells[:-1] if cells and cells[-1] == "" else cells


def _careful(line: str) -> list[str]:
    """Split a row at its bars, but not in code and formulas."""
    masked, cells, last = without_code(line), [], 0
    for match in re.finditer(r"\\.|\|", masked):
        if match[0] == "|":
            cells.append(line[last : match.start()])
            last = match.end()
    return [cell.replace("\\|", "|") for cell in (*cells, line[last:])]


_LETTER = r"[A-Za-z]|[ivxlIVXL]{1,5}|\d{1,3}"
_MARKED = re.compile(
    rf"(?:(\()?({_LETTER})(\))|({_LETTER})(\.))[ \t]+\S|([•·▪◦‣●○■□])[ \t]*\S|([–—])[ \t]+\S"
)
_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50}


def keep_lines(children: list[Token]) -> list[Token]:
    """Break the line before those of a paragraph that begin with marks of a list.

    `a.` and `(1)`, where at least two follow one another, and `•`: CommonMark has no such lists, and
    would set them in one line.
    """
    starts = [-1, *(n for n, child in enumerate(children) if child.type == "softbreak")]
    if len(starts) < 2 and not children:
        return children
    marks = [_mark(children, start + 1) for start in starts]
    kept = {n for n, mark in enumerate(marks) if mark and mark[0] == "bullet"}
    for n, mark in enumerate(marks):
        for m, other in enumerate(marks[n + 1 :], n + 1):
            if not mark or not other or mark[0] != other[0]:
                continue
            begins = m == n + 1 and mark[0] in {"1.", "1)"} and other[1] == {1}  # a list inside it
            if begins or mark[1] & {each - 1 for each in other[1]}:
                kept |= {n, m}
    if sum(mark is not None and mark[0] == "dash" for mark in marks) > 1:
        kept |= {n for n, mark in enumerate(marks) if mark and mark[0] == "dash"}
    for n in kept:
        if starts[n] >= 0:
            children[starts[n]] = Token("hardbreak", "br", 0)
    return children


def _mark(children: Sequence[Token], at: int) -> tuple[str, frozenset[int]] | None:
    """Return the kind of a mark at the start of a line, and the numbers that it may mean."""
    if at >= len(children) or children[at].type != "text":
        return None
    near = children[at : at + 3]
    text = "".join(each.content for each in near if each.type in {"text", "text_special"})
    match = _MARKED.match(text)
    if not match:
        return None
    if match[6]:
        return "bullet", frozenset()
    if match[7]:
        return "dash", frozenset()
    name = match[2] or match[4]
    kind = f"{match[1] or ''}{match[3] or match[5]}"
    if name.isdigit():
        return f"1{kind}", frozenset({int(name)})
    case = "A" if name.isupper() else "a"
    values = {ord(name.lower()) - 96} if len(name) == 1 else set()
    if all(sign in _ROMAN for sign in name.lower()):
        values.add(_roman(name.lower()))
    return f"{case}{kind}", frozenset(values)


def _roman(name: str) -> int:
    values = [_ROMAN[sign] for sign in name]
    return sum(-a if a < b else a for a, b in zip(values, [*values[1:], 0], strict=True))
