"""Signs in a text that are not prose: code, formulas, comments, and tags of HTML.

The checks of the content and the parser of Markdown share these rules, so that both see the same
text: a dollar sign that is money to one of them is money to the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from html import unescape


@dataclass(frozen=True)
class Span:
    """A run of a text that is not prose: `kind` is code, formula or comment.

    `start` and `end` are offsets in the text; `content` is what is between the marks.
    """

    kind: str
    start: int
    end: int
    content: str = ""
    display: bool = False


MARKS = r"(?:[ \t]*(?:>|[-*+](?=[ \t])|\d{1,9}[.)](?=[ \t])|:(?=[ \t])|\[\^[^\]\s]+\]:))*[ \t]*"
"""What may be in a line before a block: the marks of lists, quotes and notes."""
_FENCE = re.compile(
    rf"(?:{MARKS})(?P<mark>`{{3,}}(?=[^`\n]*$)|~{{3,}})[^\n]*\n?(?:.*?^[ \t>]*(?P=mark)[`~]*[ \t]*$|.*\Z)",
    re.M | re.S,
)
_BLANK = re.compile(r"\n[ \t]*\n")
_STOP = re.compile(r"`+|<!--|\$|\\|^[^\n`~]*(?:```|~~~)", re.M)
_SIGN = re.compile(r"`+|<!--|\$|\\")
_TICKS = re.compile(r"`+")
_COMMENT = re.compile(r"<!--.*?-->", re.S)

# An amount of money with words after it: `$5 and 6$` is no formula.
_MONEY = re.compile(r"\d[\d.,'\u2019]*\s+[^\W\d_]{2,}|\d[\d.,]*\s*[-\u2013\u2014/]\s*\Z")
_SIGNS_OF_TEX = re.compile(r"[\\^_={}]")
_BEFORE = " \t\n([{\"'„“«»‚‘—–-/>*_|:"  # what may be right before a formula in brackets
_LONGEST = 6000  # letters of a formula; a longer one is refused when it is set
_TEX_IN_BRACKETS = re.compile(r"\\[a-zA-Z]|[\^_=+<>]|\d\s*[-*/]\s*\d")


def formula_at(text: str, at: int) -> Span | None:
    r"""Return the formula that begins at an offset: `$x$`, `$$x$$`, `\(x\)` or `\[x = y\]`.

    The rules of Pandoc's tex_math_dollars: the opening dollar has text right after it, and neither a
    letter, a digit nor a backslash before it; the closing dollar has text right before it, and no
    digit after it. What reads like an amount of money is none. Brackets with a backslash hold a
    formula if a sign of one is in them.
    """
    if text.startswith("$$", at):
        return _between(text, at, "$$", "$$", display=True) if _opens(text, at) else None
    if text.startswith("$", at):
        found = _between(text, at, "$", "$", display=False) if _opens(text, at) else None
        if found is None or text[found.end : found.end + 1].isdigit():
            return None
        plain = found.content
        if plain[:1].isspace() or plain[-1:].isspace():
            return None
        return None if _MONEY.match(plain) and not _SIGNS_OF_TEX.search(plain) else found
    if text.startswith(r"\(", at):
        found = _between(text, at, r"\(", r"\)", display=False)
        apart = found is not None and not (
            text[at - 1 : at].strip(_BEFORE) or text[found.end : found.end + 1].isalnum()
        )
        return found if apart else None  # in `f\(x\)s` the brackets are only escaped
    if text.startswith(r"\[", at):
        found = _between(text, at, r"\[", r"\]", display=True)
        return found if found and _TEX_IN_BRACKETS.search(found.content) else None
    return None


def _opens(text: str, at: int) -> bool:
    before = text[at - 1 : at]
    return not (before.isalnum() or before in {"_", "$"})


def _between(text: str, at: int, opened: str, closed: str, display: bool) -> Span | None:
    """Return what is between two marks, in one paragraph, when that is more than blanks."""
    start = position = at + len(opened)
    last = min(len(text), at + _LONGEST)
    while position < last:
        if text.startswith(closed, position):
            content = text[start:position]
            if not content.strip():
                return None
            return Span("formula", at, position + len(closed), content, display)
        if text[position] == "\n" and _BLANK.match(text, position):
            return None
        position += 2 if text[position] == "\\" else 1
    return None


@lru_cache(maxsize=4096)
def spans(text: str) -> tuple[Span, ...]:
    """Return code, formulas and comments in reading order; what is inside one of them is not read."""
    all_spans: list[Span] = []
    position, paragraph = 0, -1
    while match := _STOP.search(text, position):
        if match.start() >= paragraph:
            blank = _BLANK.search(text, match.start())
            paragraph = blank.start() + 1 if blank else len(text) + 1
        found = _span_at(text, match, paragraph)
        if found is None:
            position = _after(text, match)
        else:
            all_spans.append(found)
            position = max(found.end, match.start() + 1)
    return tuple(all_spans)


def _after(text: str, match: re.Match[str]) -> int:
    """Return where to go on when nothing begins at a sign."""
    sign = match[0]
    if sign == "\\":
        return match.end() + 1
    inner = None
    if sign[0] != "`" and sign.endswith(("```", "~~~")):  # a line like a fence: its first sign
        inner = _SIGN.search(text, match.start(), match.end())
    return match.end() if inner is None else inner.start()


def _span_at(text: str, match: re.Match[str], last: int) -> Span | None:
    at, sign = match.start(), match[0]
    begins = at == 0 or text[at - 1] == "\n"
    if begins and (fence := _FENCE.match(text, at)):
        return Span("code", at, fence.end())
    if sign[0] == "`":
        return _code(text, at, sign, last)
    if sign == "<!--":
        comment = _COMMENT.match(text, at)
        return Span("comment", at, comment.end(), comment[0]) if comment else None
    return formula_at(text, at) if sign in {"$", "\\"} else None


def _code(text: str, at: int, mark: str, last: int) -> Span | None:
    """Return the code between two equal runs of backticks in one paragraph."""
    for match in _TICKS.finditer(text, at + len(mark), last):
        if match[0] == mark:
            return Span("code", at, match.end(), text[at + len(mark) : match.start()])
    return None


def without_code(text: str) -> str:
    """Return a Markdown text with code, formulas and comments blanked out, every place kept."""
    return _blanked(text, {"code", "formula", "comment"})


def without_comments(text: str) -> str:
    """Return a text without its comments, every line kept."""
    return _blanked(text, {"comment"}, "") if "<!--" in text else text


_NOTHING = re.compile(r"(?:[\s\u00ad\u200b-\u200f\u2060\ufeff]|<br ?/?>)*", re.I)


def is_blank(text: str) -> bool:
    """Return True for a text that prints nothing: blanks, line breaks and comments alone."""
    return _NOTHING.fullmatch(unescape(without_comments(text))) is not None


def _blanked(text: str, kinds: set[str], by: str = " ") -> str:
    if not _STOP.search(text):
        return text
    made, last = [], 0
    for span in spans(text):
        if span.kind in kinds:
            made += [text[last : span.start], re.sub(r"[^\n]", by, text[span.start : span.end])]
            last = span.end
    return "".join(made) + text[last:]


def open_comment(text: str) -> int:
    """Return the offset of a comment that is never closed, -1 when there is none."""
    return without_code(text).find("<!--") if "<!--" in text else -1


TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*)(\s[^<>]*?)?\s*(/?)>")

STYLES = {
    "b": "strong", "strong": "strong", "i": "em", "em": "em", "cite": "em", "u": "u", "ins": "u",
    "s": "s", "del": "s", "strike": "s", "sub": "sub", "sup": "sup", "code": "code", "tt": "code",
    "kbd": "code",
}  # fmt: skip
"""Tags of spreadsheets and card programs that are understood, and what they become."""

BREAKS = {"br", "div", "p", "ul", "ol", "li"}
"""Tags that break the line."""

DROPPED = {"span", "wbr", "small", "big"}
"""Tags that print nothing, and whose text is printed."""

REMEDIES = {
    "a": "Write a link as [words](https://...).",
    "img": "Write a picture as ![caption](figures/name.png).",
    "table": "Write a table with | between its cells.",
    "hr": "Write --- on a separate line.",
    "pre": "Put code between two lines of ```.",
    "blockquote": "Begin the lines of a quotation with >.",
    **dict.fromkeys(("tr", "td", "th", "thead", "tbody"), "Write a table with | between its cells."),
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), "Write a heading as ## Heading."),
    **dict.fromkeys(("video", "audio", "iframe", "embed", "object", "source"),
                    "Write a link as [words](https://...){.qr}: paper plays nothing."),
    **dict.fromkeys(("script", "style", "link", "meta", "html", "head", "body", "form", "input",
                     "button", "select", "option", "textarea", "title", "template", "svg", "math"),
                    "Delete it: a pack holds text, not parts of a web page."),
    **dict.fromkeys(("font", "center", "mark", "abbr", "label", "section", "article", "details",
                     "summary", "caption", "col", "colgroup", "dl", "dt", "dd", "q", "var", "samp",
                     "figure", "figcaption", "ruby", "rt", "header", "footer", "nav", "main"),
                    "Delete the tag, and keep its text."),
}  # fmt: skip
"""Tags of HTML that are printed as text, and what to write instead."""


_ATTRIBUTE = re.compile(r"\s[A-Za-z][\w:-]*=[\"']")


def understood(name: str) -> bool:
    """Return True if a tag is read as Markdown would be."""
    return name in STYLES or name in BREAKS or name in DROPPED


def foreign_tags(text: str) -> Iterator[tuple[str, int]]:
    """Yield the tags of HTML that are not understood, with their offsets; each name once.

    A name that HTML does not have is a tag when it has attributes: `<unknown>` is text.
    """
    if "<" not in text:
        return
    seen = set()
    for match in TAG.finditer(without_code(text)):
        name = match[2].lower()
        foreign = not understood(name) and _ATTRIBUTE.search(match[0])
        if (name in REMEDIES or foreign) and name not in seen:
            seen.add(name)
            yield name, match.start()


_MARK = re.compile(
    r"\d{1,9}(?=[.)](?:\s|$))"
    r"|(?=[>|]|\#{1,6}(?:\s|$)|[-+*:](?:\s|$)|(?:[-*_=][ \t]*){3,}$|:::|```|~~~|\[\^)"
)


def as_paragraph(text: str) -> str:
    """Return a text of one line so that it stays a paragraph where blocks are read.

    A number, `>`, `#` or a hyphen at its start is printed, and begins no list, quotation or heading.
    """
    line = text.strip()
    match = None if "\n" in line else _MARK.match(line)
    return text if match is None else f"{line[: match.end()]}\\{line[match.end() :]}"
