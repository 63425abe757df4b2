"""The grammar that guide adds to Markdown: citations, references, terms, gaps. Pure text in, values out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import NamedTuple

from guide.diagnostics.diagnostic import Place
from guide.model.base import Item
from guide.model.content import Citation, Section
from guide.model.signs import MARKS, without_comments

# `[@key, p. 12; see @other]`: a bracket with at least one key in it (Pandoc's citation syntax).
# A key begins with a letter, a figure or `_` of any script; what cannot be in one goes in braces.
SOURCE_KEY = r"(?:\{[^{}\[\]\n]+\}|\w[\w:.+/?~#$%&<>-]*)"
CLUSTER = re.compile(rf"\[(?=[^\[\]]*@{SOURCE_KEY})([^\[\]]*)\](?![(\[{{])")
_KEY = re.compile(
    rf"^(?P<prefix>(?:[^@]*[\s(])?)(?P<hide>-?)@(?P<key>{SOURCE_KEY})(?P<rest>.*)$", re.S
)
_END_OF_KEY = ".:?~#$%&<>-/+"  # punctuation that ends a sentence rather than a key
REFERENCE = re.compile(r"(?<![\w@/.\[-])@((?:fig|sec|tbl)-[A-Za-z0-9][\w-]*)")
BARE_KEY = re.compile(rf"(?<![\w@/.])@({SOURCE_KEY})")  # outside a citation
NOTE = re.compile(r"\[\^([^\]\s]+)\]")
# `[[term]]`, `[[term|shown]]`; in a cell of a table the bar has a backslash before it.
TERM = re.compile(r"\[\[([^\[\]|\n]+?)(?:\\?\|([^\[\]\n]+))?\]\]")
_PAIR = r"[A-Za-z][\w-]*=(?:\"[^\"]*\"|'[^']*'|“[^”]*”|[^\s\"'{}]+)"
_ATTRIBUTE = rf"(?:\#[A-Za-z][\w:-]*|\.[A-Za-z][\w-]*|{_PAIR}|decorative)"
_ATTRIBUTES = re.compile(rf"\s*{_ATTRIBUTE}(?:\s+{_ATTRIBUTE})*\s*")
_TRAILING = re.compile(r"(?<!\\)\{([^{}\n]*)\}\s*$")
BOXES = ("note", "tip", "warning", "key", "example", "question", "disputed")

# Locator terms of CSL that mean the same in every language that writes them so. Words of one
# language (`S.`, `chap.`, `стр.`) are looked up in that language's terms when they are printed; what
# is neither (`art. 5`, `§ 3`, `annex B`) is printed as it is written.
_LOCATORS = {
    "p": "page", "pp": "page", "page": "page", "pages": "page", "ch": "chapter",
    "chs": "chapter", "chap": "chapter", "chaps": "chapter", "chapter": "chapter", "chapters": "chapter",
    "para": "paragraph", "paras": "paragraph", "paragraph": "paragraph", "paragraphs": "paragraph",
    "sec": "section", "secs": "section", "section": "section", "sections": "section",
    "vol": "volume", "vols": "volume", "volume": "volume", "volumes": "volume", "no": "issue",
    "nos": "issue", "fig": "figure", "figs": "figure", "figure": "figure", "figures": "figure",
    "note": "note", "notes": "note", "l": "line", "ll": "line", "line": "line", "lines": "line", "verse": "verse", "verses": "verse",
    "fol": "folio", "folio": "folio", "col": "column", "cols": "column", "column": "column",
    "columns": "column", "part": "part", "parts": "part", "pt": "part", "pts": "part",
}  # fmt: skip


@dataclass(frozen=True)
class Mention:
    """Something that a text points at: `kind` is cite, ref, term, image or anchor.

    What points at nothing is `bare` (a key outside a citation), `note` (the call of a note that is
    not there) or `uncalled` (a note).

    `offset` is where in the text it begins, `shown` a term's wording or an image's caption, `given`
    the names of the attributes in the braces after an image.
    """

    kind: str
    value: str
    offset: int
    shown: str = ""
    given: frozenset[str] = frozenset()


_KIND_OF_PLACE = re.compile(r"([^\W\d_]+)\.?\s*(?=[\w(])(.*)", re.S)
# A page: figures with a letter or two, roman numerals, or ranges and lists of them.
_PAGES = re.compile(r"(?:[^\W\d_]{0,2}\d|[ivxlcdmIVXLCDM]+(?:\s(?!\d)|[^\w.\s]|\.?$))")


@lru_cache(maxsize=65_536)
def read_citation(text: str) -> Citation:
    """Read `key` or `key, p. 12`; numbers without a label are pages, other words a phrase."""
    key, _, rest = text.partition(",")
    return placed(key.strip(), rest.strip())


def placed(key: str, rest: str) -> Citation:
    """Return a citation of a place in a source; what is not a known kind of place is a phrase."""
    match = _KIND_OF_PLACE.fullmatch(rest)
    if match and match[1].lower() in _LOCATORS:
        label = _LOCATORS[match[1].lower()]
        return Citation(key=key, locator=match[2].strip(), label=label, written=rest)
    if not rest or _PAGES.match(rest):
        return Citation(key=key, locator=rest, written=rest)
    return Citation(key=key, locator=rest, label="", written=rest)


def are_attributes(text: str) -> bool:
    """Return True if the inside of braces is `#id`, `.class` and `key=value`, and not text."""
    return _ATTRIBUTES.fullmatch(text) is not None


def read_attributes(text: str) -> dict[str, str]:
    """Read `#id .class key=value key="a value"`."""
    found: dict[str, str] = {}
    for match in re.finditer(
        r"#([\w:-]+)|\.([\w-]+)|([\w-]+)=(?:\"([^\"]*)\"|'([^']*)'|“([^”]*)”|(\S+))|([\w-]+)", text
    ):
        if match[1]:
            found["id"] = match[1]
        elif match[2]:
            found["class"] = f"{found.get('class', '')} {match[2]}".strip()
        elif match[3]:
            found[match[3]] = match[4] or match[5] or match[6] or match[7] or ""
        else:
            found[match[8]] = "true"
    return found


def trailing_attributes(text: str, paragraph: bool = False) -> tuple[int, str] | None:
    """Return where the attributes at the end of a text begin, and what is in their braces.

    Those of a paragraph have a blank before them, and an id or a class: `the set {x=1}` is text.
    """
    match = _TRAILING.search(text)
    if not match or not are_attributes(match[1]):
        return None
    before = text[: match.start()]
    if paragraph and (not before[-1:].isspace() or not re.search(r"(?:^|\s)[#.]", match[1])):
        return None
    return match.start(), match[1]


def read_cluster(inner: str) -> tuple[Citation, ...] | None:
    """Read the inside of a citation's brackets; None when it is none after all."""
    found = []
    for part in inner.split(";"):
        match = _KEY.match(part.strip())
        if not match:
            return None
        key, rest = split_key(match["key"])
        rest = (rest + match["rest"]).strip()
        rest = rest.lstrip(",.:?~").strip()
        made = placed(key, " ".join(rest.split()))
        prefix = " ".join(match["prefix"].split())
        found.append(replace_citation(made, prefix, bool(match["hide"])))
    return tuple(found)


def replace_citation(made: Citation, prefix: str, hide: bool) -> Citation:
    """Return a citation with the words before it, and whether its author is omitted."""
    return made.model_copy(update={"prefix": prefix, "hide": hide}) if prefix or hide else made


def split_key(written: str) -> tuple[str, str]:
    """Return a key without braces and the punctuation after it, and that punctuation."""
    if written.startswith("{"):
        return written[1:-1], ""
    key = written.rstrip(_END_OF_KEY)
    return key, written[len(key) :]


# A line that may open or close a block: after the marks of lists, quotes and notes, a fence or colons.
_FENCED = re.compile(rf"({MARKS})(`{{3,}}(?=[^`]*$)|~{{3,}}|:{{3,}})(.*)$")
_QUOTE = re.compile(r"(?:[ \t]*>)*")
_SIGNS_OF_BLOCKS = ("```", "~~~", ":::")
_ITEM = re.compile(r"[-*+:>][ \t]|\d{1,9}[.)][ \t]|\[\^[^\]\s]+\]:|>")
BOX = re.compile(r"^\s*(?:\{\s*\.)?([a-z-]+)\s*\}?\s*(.*)$", re.S)


@dataclass(frozen=True)
class Loose:
    """A mark of a block without its counterpart: `kind` is code, box, end or unknown.

    `code` and `box` are never closed, `end` closes nothing, `unknown` opens a box of no known kind,
    which `shown` names. `line` counts from 1 within the text. A box ends between `first`, the end of
    the text at its head, and `last`, the last line before the next heading or box, or the end.
    """

    kind: str
    line: int
    shown: str
    first: int = 0
    last: int = 0


def loose_marks(text: str) -> list[Loose]:
    """Return fences of code and marks of boxes that lack their counterpart, by line.

    As markdown-it reads them: a fence ends at one of its sign and at least its length, in the same
    quotation, a box at the next colons alone that are at least as many as its own, so that a box inside it has fewer.
    """
    if not any(sign in text for sign in _SIGNS_OF_BLOCKS):
        return []
    lines = without_comments(text).split("\n")
    found: list[Loose] = []
    boxes: list[_Box] = []
    for number, marks, rest in _marks(lines, found):
        if rest:
            name = BOX.match(rest)
            shown = name[1] if name else rest
            known = name is not None and name[1] in BOXES
            if not known:
                found.append(Loose("unknown", number, shown))
            # A box inside another has fewer colons: with as many, the one before lacks its end.
            _close(boxes, len(marks), 0, found)
            boxes.append(_Box(len(marks), shown, number, known))
        elif any(box.colons <= len(marks) for box in boxes):
            _close(boxes, len(marks), 1, found)
        else:
            found.append(Loose("end", number, marks))
    _close(boxes, 0, 0, found)
    whole = [
        replace(mark, first=_first_end(lines, mark.line), last=_last_line(lines, mark.line))
        if mark.kind == "box"
        else mark
        for mark in found
    ]
    return sorted(whole, key=lambda mark: mark.line)


class _Box(NamedTuple):
    """A box that is open: its colons, its name, the line of its head, and whether its kind is known."""

    colons: int
    name: str
    line: int
    known: bool


def _close(boxes: list[_Box], colons: int, ended: int, found: list[Loose]) -> None:
    """Close the first box of at most so many colons (0: any), and all inside it, which lack an end.

    Of these boxes, the first ones that `ended` counts have theirs.
    """
    fits = (n for n, box in enumerate(boxes) if not colons or box.colons <= colons)
    outer = next(fits, len(boxes))
    found += [Loose("box", box.line, box.name) for box in boxes[outer + ended :] if box.known]
    del boxes[outer:]


def _marks(lines: list[str], found: list[Loose]) -> Iterator[tuple[int, str, str]]:
    """Yield line, colons and the text after them for each mark of a box; add code that is not closed."""
    fence: tuple[str, int, int] | None = None  # marks, line, how deep in quotations
    indented = True  # a line of four spaces is code, unless it goes on with a list
    for number, line in enumerate(lines, 1):
        match = _FENCED.match(line) if any(sign in line for sign in _SIGNS_OF_BLOCKS) else None
        if fence is not None:
            quoted = _QUOTE.match(line)
            if (quoted[0].count(">") if quoted else 0) >= fence[2]:
                ends = match and match[2].startswith(fence[0]) and not match[3].strip()
                if match and ends and "".join(match[1].split()) == ">" * fence[2]:
                    fence = None
                continue
            found.append(Loose("code", fence[1], fence[0]))  # the quotation ends, and the code too
            fence = None
        skipped = match is None or (indented and match[1].startswith(("    ", "\t")))
        if line.strip() and not line.startswith((" ", "\t")):
            indented = _ITEM.match(line) is None
        if match is None or skipped:
            continue
        if match[2][0] == ":":
            yield number, match[2], match[3].strip()
        else:
            fence = (match[2], number, match[1].count(">"))
    if fence is not None:
        found.append(Loose("code", fence[1], fence[0]))


def _first_end(lines: list[str], start: int) -> int:
    """Return the last line of the text that begins after line `start`, up to a blank line."""
    rest = enumerate(lines[start:], start + 1)
    begun = next((number for number, line in rest if line.strip()), start)
    end = next((number for number, line in enumerate(lines[begun:], begun) if not line.strip()), 0)
    return end or len(lines)


def _last_line(lines: list[str], start: int) -> int:
    """Return the last line with text before the next heading or box, from line `start` on."""
    last = start
    for number, line in enumerate(lines[start:], start + 1):
        if re.match(r" {0,3}(?:#{1,6} |:{3,}[ \t]*\S)", line):
            break
        last = number if line.strip() else last
    return last


def texts_of(item: Item) -> Iterator[tuple[str, str]]:
    """Yield (field, Markdown) for each text of an item that is printed as Markdown."""
    for name in _markdown_fields(type(item)):
        value = getattr(item, name)
        if isinstance(value, str) and value:
            yield name, value
        elif isinstance(value, Mapping):
            yield from (
                (f"{name}.{key}", text) for key, one in value.items() for text in (key, one)
            )
        elif isinstance(value, tuple) and not (name == "answer" and hasattr(item, "options")):
            yield from ((f"{name}.{number}", text) for number, text in enumerate(value))


def placed_texts(item: Item) -> Iterator[tuple[str, str, Callable[[int], Place]]]:
    """Yield the texts of an item with their fields, and what gives the place of an offset in each."""
    for name, text in texts_of(item):
        yield name, text, partial(item.at(name).inside, text)
    if isinstance(item, Section):
        yield "body", item.body, item.in_body


_MARKDOWN = ("title", "summary", "objectives", "key_points", "detail", "definition", "role", "label",
             "front", "back", "hint", "cloze", "prompt", "options", "items", "pairs", "answer",
             "explanation")  # fmt: skip


@lru_cache
def _markdown_fields(model: type[Item]) -> tuple[str, ...]:
    return tuple(name for name in _MARKDOWN if name in model.model_fields)
