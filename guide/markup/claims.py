"""What a Markdown source says must be printed, read without a Markdown parser.

This reading is independent of markdown-it and of `guide.model.markup` on purpose: it knows only what
may be consumed, such as the address of a link or the language of code. All else is text that must
appear in print, so that no disagreement about the grammar can lose a word silently.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape

from markdown_it.common.utils import normalizeReference

from guide.model.letters import letters

_JOIN = "\0"  # where something inside a word was consumed; letters() drops it
_BOXES = "note tip warning key example question disputed".split()
_ALERTS = frozenset(
    "note tip important warning caution info abstract summary tldr todo hint success check done help faq"
    " question attention danger error bug fail failure missing example quote cite".split()
)
_UNDERSTOOD = (
    "a abbr b big blockquote br center code dd del dfn div dl dt em font h1 h2 h3 h4 h5 h6 hr i ins kbd li"
    " mark ol p pre q s samp small span strike strong sub sup table tbody td th thead tr tt u ul var wbr"
)
_APART = frozenset(
    "blockquote br dd div dl dt hr li ol p pre table tbody td th thead tr ul".split()
)
_PAIRED = frozenset("b strong i em cite u ins s del strike sub sup code tt kbd".split())
_PAIR = re.compile(rf"</(?:{'|'.join(sorted(_PAIRED))})\s*>", re.I)
_NAMES = (
    "alt align class colour color cols decorative dir fig-alt fig-cap height id key lang media"
    " numberLines qr role rowspan colspan start startFrom style target tbl-cap title value width"
)
_ATTRIBUTES = re.compile(
    rf"\{{\s*(?:(?:[#.][A-Za-z][\w:-]*|-|decorative|qr"
    rf"|(?:{'|'.join(_NAMES.split())})=(?:\"[^\"\n]*\"|'[^'\n]*'|[^\s{{}}\"']+))"
    r"(?:\s+|(?=\})))+\}"
)
_WITHIN = r"(?:(?!\n[ \t]*\n)[\s\S])"  # a sign of the same paragraph
_DEST = r"\s*(?:<[^<>\n]*>|(?:[^\s()\\]|\\.|\((?:[^\s()]|\([^\s()]*\))*\))*)"
_TITLE = r"(?:\s+(?:\"[^\"]*\"|'[^']*'|\([^()]*\)))?"
_BRACKETED = r"(?:[^\[\]\\]|\\.|\[(?:[^\[\]\\]|\\.|\[[^\[\]]*\])*\])*"
_KEY = re.compile(r"\s*[^@]*?-?@(?:\w|\{[^{}]+\})[^;]*")
_INLINE = re.compile(
    rf"(?P<brackets>\\\((?:(?!\\\(){_WITHIN})+?\\\)|\\\[(?:(?!\\\[){_WITHIN})+?\\\])"
    r"|(?P<escape>\\[!-/:-@\[-`{-~])"
    rf"|(?P<code>(?<!`)(?P<ticks>`+)(?!`){_WITHIN}+?(?<!`)(?P=ticks)(?!`))"
    r"|(?P<run>`+)"
    r"|(?P<autolink><(?:[A-Za-z][\w+.-]{1,31}:[^<>\s]*|[\w.+-]+@[\w.-]+)>)"
    rf"|(?P<tag></?(?:{'|'.join(_UNDERSTOOD.split())})(?:\s[^<>]*)?/?>)"
    rf"|(?P<display>\$\${_WITHIN}+?\$\$)"
    rf"|(?P<math>\$(?![\s$])(?:\\.|(?!\n[ \t]*\n)[^$\\])*?(?<!\s)\$(?!\d))"
    rf"|(?P<image>!\[(?P<alt>{_BRACKETED})\](?:\((?P<src>{_DEST}{_TITLE}|[^()\n]*)\s*\)|\[(?P<label>[^\[\]\n]*)\]))"
    rf"|(?P<tail>\]\((?P<dest>{_DEST})(?P<title>{_TITLE})\s*\))"
    r"|(?P<term>\[\[(?P<name>[^\[\]|\n]+)(?:\|(?P<shown>[^\[\]\n]+))?\]\])"
    r"|(?P<call>\[\^(?P<note>[^\]\s]+)\])"
    r"|(?P<cluster>\[(?=[^\[\]]*@[\w{])(?P<inner>[^\[\]]*)\](?![(\[{]))"
    r"|(?P<reference>(?<![\w@/.\[-])@(?:fig|sec|tbl)-[^\W_][\w-]*)"
    r"|(?P<second>\]\[(?P<of>[^\[\]\n]*)\])"
    rf"|(?P<attributes>(?<=[\])`]){_ATTRIBUTES.pattern}|(?<![^\s]){_ATTRIBUTES.pattern}(?=[ \t]*(?:\n|\Z)))"
    r"|(?P<strike>~~|(?<=~)(?=~))|(?P<low>~[^\s~]+~)"
    r"|(?P<inline_note>\^\[)"
    r"|(?P<hint>(?<=\{\{):|::)|(?P<open>\[)|(?P<close>\])",
    re.I,
)
_SPECIAL = re.compile(r"[\\`<$!\[\]{~^@:]")
_FENCED = (
    r"^[ \t>]*(?P<marks>`{3,}|~{3,})[^\n]*\n(?:[\s\S]*?^[ \t>]*(?P=marks)|[\s\S]*)"
    rf"|(?<!`)(?P<ticks>`+)(?!`){_WITHIN}+?(?<!`)(?P=ticks)(?!`)|`+"
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
_DEFINITION = re.compile(rf" {{0,3}}\[(?!\^)([^\[\]]+)\]:({_DEST})({_TITLE})[ \t]*$")
_LABEL = re.compile(r"\[([^\[\]]+)\](?!:)")
_CALL = re.compile(r"\[\^([^\]\s]+)\](?!:)")
_NOTE = re.compile(r"^[ \t>]*\[\^([^\]\s]+)\]:", re.M)
_BARE_WORD = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{2,}")
# A bar between cells, but not one in code or a formula.
_BAR = re.compile(r"\\.|(`+)[^`]+\1(?!`)|(?<![\w$])\$[^\s$](?:[^$]*[^\s$])?\$(?!\d)|\|")
_MARK_OF_ITEM = re.compile(r"\s*(?:[-*:]|\d{1,9}[.)])?\s*")
_OF_TEX = re.compile(r"\\[A-Za-z]+(?:\s*\{[^{}]*\})?")


@dataclass(frozen=True)
class Word:
    """A word that must be printed: where it is in the source, and its letters in each reading.

    `kind` names where it is, when that tells the remedy: see `Claims`.
    """

    offset: int
    raw: str
    kind: str = ""


@dataclass
class Claims:
    """What a text must print: its source with all consumed syntax blanked out, formulas, pictures.

    Formulas and pictures are pairs of the offset and what is written there. `kinds` are ranges of the
    source whose words need a remedy of their own: title (of a link), address (that no link uses),
    sentence (that looks like one), note (that nothing calls), cell (of a table), braces,
    money.
    """

    text: str
    formulas: list[tuple[int, str]] = field(default_factory=list)
    pictures: list[tuple[int, str]] = field(default_factory=list)
    kinds: list[tuple[int, int, str]] = field(default_factory=list)

    def words(self) -> list[Word]:
        """Return the words, in the order of the source."""
        return [
            Word(match.start(), match[0], self._kind(match.start()))
            for match in re.finditer(r"\S+", self.text)
            if letters(match[0])
        ]

    def _kind(self, offset: int) -> str:
        found = (kind for start, end, kind in self.kinds if start <= offset < end)
        return next(found, "")


def claims(source: str, short: bool = False, captions: bool = True) -> Claims:
    """Return what a Markdown text must print.

    With `short` the text is a field such as the side of a card: when it has one line, its first
    signs are text, not a list or a quote. `captions` says that the words for a picture in a paragraph
    of its own are its caption; elsewhere they are what is said instead of it.
    """
    plain = not _SYNTAX.search(source)
    if plain:
        return Claims(source)
    return _Reading(source, short, captions).read()


# Without any of these signs, and without a mark of a list or quote, a text is words alone.
_SYNTAX = re.compile(r"[\\`<$\[\]{}~|]|@|::|^[ \t>]*(?:[>+]|\d{1,9}[.)]|=+[ \t]*$|Table:)", re.M)


class _Reading:
    def __init__(self, source: str, short: bool, captions: bool) -> None:
        self.marks = not (short and "\n" not in source.strip("\n"))
        self.captions = captions
        self.text = _without_comments(source) if "<!--" in source else source
        self.literal: list[tuple[int, int]] = []
        self.found = Claims("")
        self.defined = self._definitions()
        self.notes = set(_NOTE.findall(self.text))
        self.called = set(_CALL.findall(self.text))
        self.depth = 0
        self.uncalled = self.blank = False
        self.has_pair = _PAIR.search(self.text) is not None  # tags without any pair are text

    def read(self) -> Claims:
        self._lines()
        pieces, last = [], 0
        for start, end in self.literal:  # code is text as it is
            pieces += [self._inline(self.text[last:start], last), self.text[start:end]]
            last = end
        pieces.append(self._inline(self.text[last:], last))
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

    # Lines

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
                    fence, lines[number] = "", _blank(line)
                else:
                    lines[number] = _blank(line[:after]) + line[after:]
                    self.literal.append((offset + after, offset + len(line)))
            elif opened := _FENCE.match(rest):
                fence, inside = opened[1], line[:start].count(">")
                lines[number] = _blank(line[: start + opened.start(3)]) + opened[3]
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
            self._mark("note", offset, (0, len(line)))

    def _definition(self, line: str, match: re.Match[str], offset: int) -> str:
        """Blank the address of a link that is used; its title has no place on paper."""
        if normalizeReference(match[1]) in self.defined:
            self._mark("title", offset, match.span(3))
            return _blank(line[: match.start(3)]) + match[3] + _blank(line[match.end(3) :])
        sentence = not re.search(r"[/.#:]", match[2])  # which only looks like an address
        self._mark("sentence" if sentence else "address", offset, (0, len(line)))
        return line

    def _mark(self, kind: str, offset: int, span: tuple[int, int]) -> None:
        if span[0] < span[1]:
            self.found.kinds.append((offset + span[0], offset + span[1], kind))

    def _line(
        self, line: str, start: int, table: bool, numbers: dict[int, int], offset: int
    ) -> str:
        begin, rest = line[:start], line[start:]
        if table and _DELIMITER.match(line) and "|" in line:
            return _blank(line)
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
            rest = kept + _blank(alert[0][len(kept) :]) + rest[alert.end() :]
        if box := _BOX.match(rest):
            rest = _blank(box[0]) + rest[box.end() :]
        if self.marks and re.fullmatch(r"=+[ \t]*", rest):
            rest = _blank(rest)
        if re.match(r"[-*+][ \t]*$", begin.strip()[-1:]) or _NUMBER.search(line[:start]):
            rest = re.sub(r"^\[[ xX]\](?=[ \t])", lambda m: _blank(m[0]), rest)
        rest = re.sub(r"^Table:(?=[ \t])", lambda m: _blank(m[0]), rest)
        if table:
            self._mark("cell", offset, (0, len(line)))
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
                begin = begin[:indent] + _blank(match[0]) + begin[match.end() :]
        for match in re.finditer(r"\[\^([^\]\s]+)\]:", begin):
            if match[1] in self.called:
                begin = begin[: match.start()] + _blank(match[0]) + begin[match.end() :]
        return begin

    # Signs inside a line

    def _inline(self, text: str, offset: int) -> str:
        """Return the text with what is consumed inside lines blanked out, every place kept."""
        pieces: list[str] = []
        at, self.depth = 0, 0
        while special := _SPECIAL.search(text, at):
            start = special.start()
            pieces.append(text[at:start])
            match = _INLINE.match(text, start)
            handler = getattr(self, f"_{match.lastgroup}", None) if match else None
            made = match[0] if match else text[start]
            if match and handler:
                made = handler(match, offset)
            if made is None:  # not what it looked like
                made = text[start]
            pieces.append(made)
            at = start + len(made)
        pieces.append(text[at:])
        return "".join(pieces)

    def _open(self, match: re.Match[str], _: int) -> str:
        self.depth += 1
        return match[0]

    def _close(self, match: re.Match[str], _: int) -> str:
        self.depth = max(0, self.depth - 1)
        return match[0]

    def _autolink(self, match: re.Match[str], _: int) -> str:
        return f" {match[0][1:-1]} "

    def _tag(self, match: re.Match[str], _: int) -> str | None:
        name = match[0].strip("</>").split()[0].casefold()
        if name in _PAIRED and not self.has_pair:
            return None
        return _blank(match[0], " " if name in _APART else _JOIN)

    def _display(self, match: re.Match[str], offset: int) -> str:
        self.found.formulas.append((offset + match.start(), match[0]))
        return _blank(match[0], _JOIN)

    _brackets = _display

    def _math(self, match: re.Match[str], offset: int) -> str | None:
        tex = match[0][1:-1]
        before = match.string[match.start() - 1 : match.start()]
        attached = before.isalnum() and not tex.startswith(("_", "^", "\\"))
        if before == "$" or attached or _is_money(tex):
            self._mark("money", offset, match.span())
            return None
        self.found.formulas.append((offset + match.start(), match[0]))
        return _blank(match[0], _JOIN)

    def _image(self, match: re.Match[str], offset: int) -> str | None:
        if match["label"] is not None:
            label = normalizeReference(match["label"] or match["alt"])
            if label not in self.defined:
                return None
        title = re.search(_TITLE + r"$", match["src"] or "")
        self.found.pictures.append((offset + match.start(), match[0]))
        kept = _blank(match[0])
        if self.captions and _stands_alone(match):
            depth = self.depth
            caption = self._inline(match["alt"], offset + match.start("alt"))
            self.depth = depth
            kept = _kept(kept, match.start("alt") - match.start(), caption)
        if title and title[0]:
            begin = match.start("src") + title.start()
            self._mark("title", offset, (begin, begin + len(title[0])))
            kept = _kept(kept, begin - match.start(), title[0])
        return kept

    def _tail(self, match: re.Match[str], offset: int) -> str | None:
        if not self.depth:
            return None
        self.depth -= 1
        self._mark("title", offset, match.span("title"))
        return _kept(_blank(match[0]), match.start("title") - match.start(), match["title"])

    def _term(self, match: re.Match[str], _: int) -> str:
        if not match["shown"]:
            return match[0]
        start = match.start("shown") - match.start()
        return _blank(match[0][:start]) + match[0][start:]

    def _call(self, match: re.Match[str], _: int) -> str:
        return _blank(match[0]) if match["note"] in self.notes else match[0]

    def _cluster(self, match: re.Match[str], _: int) -> str | None:
        """Blank a citation: keys, places and the words around them are printed by the style."""
        parts = match["inner"].split(";")
        return _blank(match[0]) if all(map(_KEY.fullmatch, parts)) else None

    def _reference(self, match: re.Match[str], _: int) -> str:
        return _blank(match[0])

    def _second(self, match: re.Match[str], _: int) -> str | None:
        label = normalizeReference(match["of"])
        if not self.depth or (label and label not in self.defined):
            return None
        self.depth -= 1
        return _blank(match[0])

    def _attributes(self, match: re.Match[str], _: int) -> str:
        return _blank(match[0])

    def _strike(self, match: re.Match[str], _: int) -> str:
        return _blank(match[0], _JOIN)

    def _low(self, match: re.Match[str], _: int) -> str:
        return f"{_JOIN}{match[0][1:-1]}{_JOIN}"

    def _inline_note(self, match: re.Match[str], _: int) -> str:
        self.depth += 1
        return _blank(match[0])

    def _hint(self, match: re.Match[str], _: int) -> str:
        return _blank(match[0])


def _blank(text: str, sign: str = " ") -> str:
    return re.sub(r"[^\n]", sign, text)


def _kept(blank: str, at: int, text: str) -> str:
    return blank[:at] + text + blank[at + len(text) :]


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
            pieces.append(_blank(source[match.start() : at], _JOIN))
        else:
            pieces.append(match[0])
    return "".join([*pieces, source[at:]])


def _is_money(tex: str) -> bool:
    """Return True for what is between two sums and looks like a formula: `$5 and US$`."""
    words = _BARE_WORD.search(_OF_TEX.sub(" ", tex))
    return tex[0].isdecimal() and words is not None and (" " in tex or tex[-1].isalpha())


def _stands_alone(match: re.Match[str]) -> bool:
    """Return True if a picture is all of its paragraph, so that its words are a caption."""
    before, _, head = match.string[: match.start()].rpartition("\n")
    after = match.string[match.end() :].lstrip(" \t")
    attributes = _ATTRIBUTES.match(after)
    tail, _, below = after[attributes.end() if attributes else 0 :].partition("\n")
    if tail.strip() or not _MARK_OF_ITEM.fullmatch(head.replace(_JOIN, " ")):
        return False
    above, next_line = before.rpartition("\n")[2].strip(), below.partition("\n")[0].strip()
    begins = not above or bool(head.strip()) or above.startswith(("::", "#"))
    return begins and (not next_line or next_line.startswith(("::", "#")))


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
