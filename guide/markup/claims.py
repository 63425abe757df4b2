"""What a Markdown source says must be printed, read without a Markdown parser.

This reading is independent of markdown-it and of `guide.model.markup` on purpose: it knows only what
may be consumed, such as the address of a link or the language of code. All else is text that must
appear in print, so that no disagreement about the grammar can lose a word silently.

It has regular expressions and does not walk the tokens of the one parsing: what the parser drops, or
takes for syntax by mistake (two sums in dollars for a formula, a sentence for the address of a link),
is in no token, and a reading of the tokens would find nothing missing.
"""

from __future__ import annotations

import re
from html import unescape

from markdown_it.common.utils import normalizeReference

from guide.markup.consumed import DEST, JOIN, PAIR, TITLE, WITHIN, Claims, Signs, blank
from guide.model.letters import letters

_BOXES = "note tip warning key example question disputed".split()
_ALERTS = frozenset(
    "note tip important warning caution info abstract summary tldr todo hint success check done help faq"
    " question attention danger error bug fail failure missing example quote cite".split()
)
_FENCED = (
    r"^[ \t>]*(?P<marks>`{3,}|~{3,})[^\n]*\n(?:[\s\S]*?^[ \t>]*(?P=marks)|[\s\S]*)"
    rf"|(?<!`)(?P<ticks>`+)(?!`){WITHIN}+?(?<!`)(?P=ticks)(?!`)|`+"
)
_COMMENT = re.compile(rf"{_FENCED}|(?P<comment><!--)", re.M)
_BEGIN = re.compile(
    r"(?:[ \t]*(?:>|[-*+](?=[ \t]|$)|\d{1,9}[.)](?=[ \t]|$)|:(?=[ \t])|\[\^[^\]\s]+\]:))*[ \t]*"
)
_NUMBER = re.compile(r"(\d{1,9})[.)](?=[ \t]|$)")
# The language of code may be followed by what a program is to do with it: `rust,ignore`, `js {1,3-4}`.
_FENCE = re.compile(r"(`{3,}(?=[^`]*$)|~{3,})[ \t]*(\{[^{}]*\}|[^\s{}]*(?:[ \t]*\{[^{}]*\})?)(.*)$")
_ALERT = re.compile(r"\[!([\w-]+)(?:\|[^\]\n]*)?\][+-]?")
_BOX = re.compile(rf"(:{{3,}})[ \t]*(?:\{{\s*\.?)?({'|'.join(_BOXES)})\b(?:\s+title=)?")
_DELIMITER = re.compile(r"[ \t>]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
_DEFINITION = re.compile(rf" {{0,3}}\[(?!\^)([^\[\]]+)\]:({DEST})({TITLE})[ \t]*$")
_LABEL = re.compile(r"\[([^\[\]]+)\](?!:)")
_CALL = re.compile(r"\[\^([^\]\s]+)\](?!:)")
_NOTE = re.compile(r"^[ \t>]*\[\^([^\]\s]+)\]:", re.M)
# A bar between cells, but not one in code or a formula.
_BAR = re.compile(r"\\.|(`+)[^`]+\1(?!`)|(?<![\w$])\$[^\s$](?:[^$]*[^\s$])?\$(?!\d)|\|")


def claims(source: str, short: bool = False, captions: bool = True) -> Claims:
    """Return what a Markdown text must print.

    With `short` the text is a field such as the side of a card: when it has one line, its first
    signs are text, not a list or a quote. `captions` says that the words for a picture in a separate
    paragraph are its caption; elsewhere they are what is said instead of it.
    """
    plain = not _SYNTAX.search(source)
    if plain:
        return Claims(source)
    return _Lines(source, short, captions).read()


# Without any of these signs, and without a mark of a list or quote, a text is words alone.
_SYNTAX = re.compile(r"[\\`<$\[\]{}~|]|@|::|^[ \t>]*(?:[>+]|\d{1,9}[.)]|=+[ \t]*$|Table:)", re.M)


class _Lines:
    def __init__(self, source: str, short: bool, captions: bool) -> None:
        self.marks = not (short and "\n" not in source.strip("\n"))
        self.text = _without_comments(source) if "<!--" in source else source
        self.literal: list[tuple[int, int]] = []
        self.found = Claims("")
        self.defined = self._definitions()
        self.called = set(_CALL.findall(self.text))
        self.uncalled = self.blank = False
        paired = PAIR.search(self.text) is not None  # tags without any pair are text
        notes = set(_NOTE.findall(self.text))
        self.signs = Signs(self.found, captions, self.defined, notes, paired)

    def read(self) -> Claims:
        self._lines()
        pieces, last = [], 0
        for start, end in self.literal:  # code is text as it is
            pieces += [self.signs.read(self.text[last:start], last), self.text[start:end]]
            last = end
        pieces.append(self.signs.read(self.text[last:], last))
        self.found.text = "".join(pieces)
        return self.found

    def _definitions(self) -> set[str]:
        """Return the labels of link addresses that the text uses, `[label]: address`."""
        if "]:" not in self.text:
            return set()
        used = {normalizeReference(label) for label in _LABEL.findall(self.text)}
        made = (_DEFINITION.match(line) for line in self.text.split("\n"))
        return {
            normalizeReference(match[1])
            for match in made
            if match and normalizeReference(match[1]) in used
        }

    def _lines(self) -> None:
        lines = self.text.split("\n")
        tables = _table_lines(lines)
        offset, fence, inside = 0, "", 0
        numbers: dict[int, int] = {}
        for number, line in enumerate(lines):
            begin = _BEGIN.match(line)
            start = begin.end() if begin else 0
            rest = line[start:]
            if fence:
                quoted = re.match(rf"(?:[ \t]*>){{0,{inside}}}", line)
                after = quoted.end() if quoted else 0
                if re.match(rf"[ \t]*{re.escape(fence)}{fence[0]}*[ \t]*$", line[after:]):
                    fence, lines[number] = "", blank(line)
                else:
                    lines[number] = blank(line[:after]) + line[after:]
                    self.literal.append((offset + after, offset + len(line)))
            elif opened := _FENCE.match(rest):
                fence, inside = opened[1], line[:start].count(">")
                lines[number] = blank(line[: start + opened.start(3)]) + opened[3]
            else:
                lines[number] = self._line(line, start, tables[number], numbers, offset)
            self._note(line, offset)
            offset += len(line) + 1
        self.text = "\n".join(lines)

    def _note(self, line: str, offset: int) -> None:
        """Mark the lines of a note that nothing calls: its first one, and those that go on with it."""
        begins = _NOTE.match(line)
        if begins:
            self.uncalled = begins[1] not in self.called
        elif self.blank and line[:1] not in {"", " ", "\t"}:
            self.uncalled = False
        self.blank = not line.strip()
        if self.uncalled:
            self.found.mark("note", offset, offset + len(line))

    def _definition(self, line: str, match: re.Match[str], offset: int) -> str:
        """Blank the address of a link that is used; its title has no place on paper."""
        if normalizeReference(match[1]) in self.defined:
            self.found.mark("title", offset + match.start(3), offset + match.end(3))
            return blank(line[: match.start(3)]) + match[3] + blank(line[match.end(3) :])
        sentence = not re.search(r"[/.#:]", match[2])  # which only looks like an address
        self.found.mark("sentence" if sentence else "address", offset, offset + len(line))
        return line

    def _line(
        self, line: str, start: int, table: bool, numbers: dict[int, int], offset: int
    ) -> str:
        begin, rest = line[:start], line[start:]
        if table and _DELIMITER.match(line) and "|" in line:
            return blank(line)
        if self.marks:
            begin = self._begin(begin, numbers)
        if not begin.strip() and line[:1] not in {"", " ", "\t"} and start == 0:
            numbers.clear()
        definition = _DEFINITION.match(line)
        if definition:
            return self._definition(line, definition, offset)
        if self.marks and ">" in line[:start] and (alert := _ALERT.match(rest)):
            titled = alert[1].lower() in _ALERTS or rest[alert.end() :].strip()
            kept = "" if titled else f"  {alert[1]}"  # a kind that no box has is the title
            rest = kept + blank(alert[0][len(kept) :]) + rest[alert.end() :]
        if box := _BOX.match(rest):
            rest = blank(box[0]) + rest[box.end() :]
        if self.marks and re.fullmatch(r"=+[ \t]*", rest):
            rest = blank(rest)
        if re.match(r"[-*+][ \t]*$", begin.strip()[-1:]) or _NUMBER.search(line[:start]):
            rest = re.sub(r"^\[[ xX]\](?=[ \t])", lambda m: blank(m[0]), rest)
        rest = re.sub(r"^Table:(?=[ \t])", lambda m: blank(m[0]), rest)
        if table:
            self.found.mark("cell", offset, offset + len(line))
            rest = _BAR.sub(lambda match: " " if match[0] == "|" else match[0], rest)
            begin = begin.replace("|", " ")
        return begin + rest

    def _begin(self, begin: str, numbers: dict[int, int]) -> str:
        """Blank the marks of quotes and lists; a number stays when it is not the next one."""
        begin = re.sub(r"[>+]", " ", begin)
        for match in _NUMBER.finditer(begin):
            indent = match.start()
            value, before = int(match[1]), numbers.get(indent)
            numbers[indent] = value
            if before is not None and value in {before, before + 1}:
                begin = begin[:indent] + blank(match[0]) + begin[match.end() :]
        for match in re.finditer(r"\[\^([^\]\s]+)\]:", begin):
            if match[1] in self.called:
                begin = begin[: match.start()] + blank(match[0]) + begin[match.end() :]
        return begin


def _without_comments(source: str) -> str:
    """Blank comments that end, outside code."""
    pieces, at = [], 0
    while match := _COMMENT.search(source, at):
        pieces.append(source[at : match.start()])
        at = match.end()
        if match["comment"]:
            end = source.find("-->", at)
            if end < 0:
                return "".join([*pieces, source[match.start() :]])
            at = end + len("-->")
            pieces.append(blank(source[match.start() : at], JOIN))
        else:
            pieces.append(match[0])
    return "".join([*pieces, source[at:]])


def _table_lines(lines: list[str]) -> list[bool]:
    """Return which lines are parts of tables: a line of dashes, the head above it, all rows below."""
    found = [False] * len(lines)
    for number, line in enumerate(lines):
        if number and not found[number] and "|" in line and _DELIMITER.match(line):
            end = number - 1
            while end < len(lines) and lines[end].strip(" \t>"):
                found[end] = True
                end += 1
    return found


def readings(raw: str, written: str) -> list[list[str]]:
    """Return the words that may be printed for one: it, it with its entities read, or as written."""
    found = [[letters(raw)]]
    if written != raw:
        found.append([each for each in map(letters, written.split()) if each])
    if "&" in written and ";" in written:
        found.append([each for each in map(letters, unescape(raw).split()) if each])
    return found
