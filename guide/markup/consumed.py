"""What is consumed inside the lines of a Markdown text, read without a Markdown parser: see `claims`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from markdown_it.common.utils import normalizeReference

from guide.model.letters import letters

JOIN = "\0"  # where something inside a word was consumed; letters() drops it
_UNDERSTOOD = (
    "a abbr b big blockquote br center code dd del dfn div dl dt em font h1 h2 h3 h4 h5 h6 hr i ins kbd li"
    " mark ol p pre q s samp small span strike strong sub sup table tbody td th thead tr tt u ul var wbr"
)
_APART = frozenset(
    "blockquote br dd div dl dt hr li ol p pre table tbody td th thead tr ul".split()
)
_PAIRED = frozenset("b strong i em cite u ins s del strike sub sup code tt kbd".split())
PAIR = re.compile(rf"</(?:{'|'.join(sorted(_PAIRED))})\s*>", re.I)
_NAMES = (
    "alt align class colour color cols decorative dir fig-alt fig-cap height id key lang media"
    " numberLines qr role rowspan colspan start startFrom style target tbl-cap title value width"
)
_ATTRIBUTES = re.compile(
    rf"\{{\s*(?:(?:[#.][A-Za-z][\w:-]*|-|decorative|qr"
    rf"|(?:{'|'.join(_NAMES.split())})=(?:\"[^\"\n]*\"|'[^'\n]*'|[^\s{{}}\"']+))"
    r"(?:\s+|(?=\})))+\}"
)
WITHIN = r"(?:(?!\n[ \t]*\n)[\s\S])"  # a sign of the same paragraph
DEST = r"\s*(?:<[^<>\n]*>|(?:[^\s()\\]|\\.|\((?:[^\s()]|\([^\s()]*\))*\))*)"
TITLE = r"(?:\s+(?:\"[^\"]*\"|'[^']*'|\([^()]*\)))?"
_BRACKETED = r"(?:[^\[\]\\]|\\.|\[(?:[^\[\]\\]|\\.|\[[^\[\]]*\])*\])*"
_KEY = re.compile(r"\s*[^@]*?-?@(?:\w|\{[^{}]+\})[^;]*")
_INLINE = re.compile(
    rf"(?P<brackets>\\\((?:(?!\\\(){WITHIN})+?\\\)|\\\[(?:(?!\\\[){WITHIN})+?\\\])"
    r"|(?P<escape>\\[!-/:-@\[-`{-~])"
    rf"|(?P<code>(?<!`)(?P<ticks>`+)(?!`){WITHIN}+?(?<!`)(?P=ticks)(?!`))"
    r"|(?P<run>`+)"
    r"|(?P<autolink><(?:[A-Za-z][\w+.-]{1,31}:[^<>\s]*|[\w.+-]+@[\w.-]+)>)"
    rf"|(?P<tag></?(?:{'|'.join(_UNDERSTOOD.split())})(?:\s[^<>]*)?/?>)"
    rf"|(?P<display>\$\${WITHIN}+?\$\$)"
    rf"|(?P<math>\$(?![\s$])(?:\\.|(?!\n[ \t]*\n)[^$\\])*?(?<!\s)\$(?!\d))"
    rf"|(?P<image>!\[(?P<alt>{_BRACKETED})\](?:\((?P<src>{DEST}{TITLE}|[^()\n]*)\s*\)|\[(?P<label>[^\[\]\n]*)\]))"
    rf"|(?P<tail>\]\((?P<dest>{DEST})(?P<title>{TITLE})\s*\))"
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
_BARE_WORD = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{2,}")
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
    source whose words need their own remedy: title (of a link), address (that no link uses),
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

    def mark(self, kind: str, start: int, end: int) -> None:
        """Note that the words from one offset to another need the remedy of a kind."""
        if start < end:
            self.kinds.append((start, end, kind))

    def _kind(self, offset: int) -> str:
        found = (kind for start, end, kind in self.kinds if start <= offset < end)
        return next(found, "")


@dataclass
class Signs:
    """What reading the lines of a text knows of the whole: what it defines, and what was found.

    `captions` is as for `claims`, `defined` are the names of addresses that are used, `notes` those of
    notes, `paired` says that a tag has its other half. `depth` counts brackets that are open.
    """

    found: Claims
    captions: bool
    defined: set[str]
    notes: set[str]
    paired: bool
    depth: int = 0

    def read(self, text: str, offset: int) -> str:
        """Return a text with what is consumed inside lines blanked out, every place kept."""
        pieces: list[str] = []
        at, self.depth = 0, 0
        while special := _SPECIAL.search(text, at):
            start = special.start()
            pieces.append(text[at:start])
            match = _INLINE.match(text, start)
            made = (
                _HANDLERS.get(match.lastgroup or "", _printed)(self, match, offset)
                if match
                else None
            )
            made = text[start] if made is None else made  # not what it looked like
            pieces.append(made)
            at = start + len(made)
        pieces.append(text[at:])
        return "".join(pieces)


def blank(text: str, sign: str = " ") -> str:
    """Return a text of the same lines in which all else is one sign."""
    return re.sub(r"[^\n]", sign, text)


def _kept(blank: str, at: int, text: str) -> str:
    return blank[:at] + text + blank[at + len(text) :]


def _printed(_signs: Signs, match: re.Match[str], _: int) -> str:
    return match[0]


def _consumed(_signs: Signs, match: re.Match[str], _: int) -> str:
    return blank(match[0])


def _open(signs: Signs, match: re.Match[str], _: int) -> str:
    signs.depth += 1
    return match[0]


def _close(signs: Signs, match: re.Match[str], _: int) -> str:
    signs.depth = max(0, signs.depth - 1)
    return match[0]


def _tag(signs: Signs, match: re.Match[str], _: int) -> str | None:
    name = match[0].strip("</>").split()[0].casefold()
    if name in _PAIRED and not signs.paired:
        return None
    return blank(match[0], " " if name in _APART else JOIN)


def _display(signs: Signs, match: re.Match[str], offset: int) -> str:
    signs.found.formulas.append((offset + match.start(), match[0]))
    return blank(match[0], JOIN)


def _math(signs: Signs, match: re.Match[str], offset: int) -> str | None:
    tex = match[0][1:-1]
    before = match.string[match.start() - 1 : match.start()]
    attached = before.isalnum() and not tex.startswith(("_", "^", "\\"))
    if before == "$" or attached or _is_money(tex):
        signs.found.mark("money", offset + match.start(), offset + match.end())
        return None
    signs.found.formulas.append((offset + match.start(), match[0]))
    return blank(match[0], JOIN)


def _image(signs: Signs, match: re.Match[str], offset: int) -> str | None:
    if match["label"] is not None:
        label = normalizeReference(match["label"] or match["alt"])
        if label not in signs.defined:
            return None
    title = re.search(TITLE + r"$", match["src"] or "")
    signs.found.pictures.append((offset + match.start(), match[0]))
    kept = blank(match[0])
    if signs.captions and _stands_alone(match):
        depth = signs.depth
        caption = signs.read(match["alt"], offset + match.start("alt"))
        signs.depth = depth
        kept = _kept(kept, match.start("alt") - match.start(), caption)
    if title and title[0]:
        begin = match.start("src") + title.start()
        signs.found.mark("title", offset + begin, offset + begin + len(title[0]))
        kept = _kept(kept, begin - match.start(), title[0])
    return kept


def _tail(signs: Signs, match: re.Match[str], offset: int) -> str | None:
    if not signs.depth:
        return None
    signs.depth -= 1
    signs.found.mark("title", offset + match.start("title"), offset + match.end("title"))
    return _kept(blank(match[0]), match.start("title") - match.start(), match["title"])


def _term(_signs: Signs, match: re.Match[str], _: int) -> str:
    if not match["shown"]:
        return match[0]
    start = match.start("shown") - match.start()
    return blank(match[0][:start]) + match[0][start:]


def _call(signs: Signs, match: re.Match[str], _: int) -> str:
    return blank(match[0]) if match["note"] in signs.notes else match[0]


def _cluster(_signs: Signs, match: re.Match[str], _: int) -> str | None:
    """Blank a citation: keys, places and the words around them are printed by the style."""
    parts = match["inner"].split(";")
    return blank(match[0]) if all(map(_KEY.fullmatch, parts)) else None


def _second(signs: Signs, match: re.Match[str], _: int) -> str | None:
    label = normalizeReference(match["of"])
    if not signs.depth or (label and label not in signs.defined):
        return None
    signs.depth -= 1
    return blank(match[0])


def _inline_note(signs: Signs, match: re.Match[str], _: int) -> str:
    signs.depth += 1
    return blank(match[0])


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
    if tail.strip() or not _MARK_OF_ITEM.fullmatch(head.replace(JOIN, " ")):
        return False
    above, next_line = before.rpartition("\n")[2].strip(), below.partition("\n")[0].strip()
    begins = not above or bool(head.strip()) or above.startswith(("::", "#"))
    return begins and (not next_line or next_line.startswith(("::", "#")))


_HANDLERS: Mapping[str, Callable[[Signs, re.Match[str], int], str | None]] = {
    "open": _open, "close": _close, "tag": _tag, "display": _display, "brackets": _display,
    "math": _math, "image": _image, "tail": _tail, "term": _term, "call": _call, "cluster": _cluster,
    "second": _second, "inline_note": _inline_note, "reference": _consumed, "attributes": _consumed,
    "hint": _consumed,
    "autolink": lambda _signs, match, _at: f" {match[0][1:-1]} ",
    "strike": lambda _signs, match, _at: blank(match[0], JOIN),
    "low": lambda _signs, match, _at: f"{JOIN}{match[0][1:-1]}{JOIN}",
}  # fmt: skip
