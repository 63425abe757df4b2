"""The grammar that guide adds to Markdown: citations, references, terms, gaps. Pure text in, values out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from guide.model.base import Item
from guide.model.content import Citation

# `[@key, p. 12; see @other]`: a bracket with at least one key in it (Pandoc's citation syntax).
CLUSTER = re.compile(r"\[(?=[^\[\]]*@[A-Za-z0-9_])([^\[\]]*)\](?![(\[{:])")
_KEY = re.compile(
    r"^(?P<prefix>[^@]*?)-?@(?P<key>[A-Za-z0-9_][A-Za-z0-9_:.+/?~-]*)(?P<rest>.*)$", re.S
)
REFERENCE = re.compile(r"(?<![\w@/.\[-])@((?:fig|sec|tbl)-[A-Za-z0-9][\w-]*)")
TERM = re.compile(r"\[\[([^\[\]|\n]+)(?:\|([^\[\]\n]+))?\]\]")
IMAGE = re.compile(r"!\[((?:[^\[\]]|\[[^\]]*\])*)\]\(\s*<?([^)\s>]+)>?[^)]*\)(\{[^}\n]*\})?")
ANCHOR = re.compile(r"\{[^{}\n]*?#([A-Za-z][\w:-]*)[^{}\n]*\}")
GAP = re.compile(r"\{\{((?:[^{}]|\{[^{}]*\})+?)\}\}")
BOXES = ("note", "tip", "warning", "key", "example", "question", "disputed")

# Locator terms of CSL, by the abbreviations that people write.
_LOCATORS = {
    "p": "page", "pp": "page", "page": "page", "pages": "page", "s": "page", "ch": "chapter",
    "chap": "chapter", "chapter": "chapter", "para": "paragraph", "paras": "paragraph",
    "paragraph": "paragraph", "sec": "section", "section": "section", "§": "section",
    "art": "section", "vol": "volume", "no": "issue", "fig": "figure", "n": "note",
    "note": "note", "l": "line", "line": "line", "v": "verse", "fol": "folio", "col": "column",
    "part": "part", "annex": "part",
}  # fmt: skip


@dataclass(frozen=True)
class Mention:
    """Something that a text points at: `kind` is cite, ref, term, image or anchor.

    `line` and `column` count from 1 within the text, `offset` from 0; `shown` is a term's wording or an image's
    caption, `attributes` the braces after an image.
    """

    kind: str
    value: str
    line: int
    column: int
    shown: str = ""
    attributes: str = ""
    offset: int = 0


def read_citation(text: str) -> Citation:
    """Read `key` or `key, p. 12`; a locator without a known label is one of pages."""
    key, _, rest = text.partition(",")
    rest = rest.strip()
    match = re.match(r"(§|[a-zA-Z]+)\.?\s*(.*)", rest)
    if match and match[1].lower() in _LOCATORS and match[2]:
        return Citation(key=key.strip(), locator=match[2], label=_LOCATORS[match[1].lower()])
    return Citation(key=key.strip(), locator=rest)


def read_cluster(inner: str) -> tuple[Citation, ...] | None:
    """Read the inside of a citation's brackets; None when it is none after all."""
    found = []
    for part in inner.split(";"):
        match = _KEY.match(part.strip())
        if not match:
            return None
        key, rest = match["key"].rstrip(".:?~"), match["rest"].strip().lstrip(",").strip()
        found.append(read_citation(f"{key}, {rest}" if rest else key))
    return tuple(found)


_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})[^\n]*\n.*?(?:^ {0,3}\1[`~]*[ \t]*$|\Z)", re.M | re.S)
_CODE = re.compile(r"(?<!`)(`+)(?!`)(?:(?!\n[ \t]*\n).)+?(?<!`)\1(?!`)", re.S)
# The rules of Pandoc's tex_math_dollars, which markdown-it's dollarmath follows.
_MATH = re.compile(
    r"(?<![\\$])\$\$.+?\$\$|(?<![\\$\w])\$(?![\s$])[^$\n]*?(?<![\s\\])\$(?!\d)", re.S
)


def without_code(text: str) -> str:
    """Return a Markdown text with code and formulas blanked out, every place kept."""
    for pattern in (_FENCE, _CODE, _MATH):
        text = pattern.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
    return text


_SIGNS = re.compile(r"[\[@]|\{#")


def mentions(text: str) -> Iterator[Mention]:
    """Yield what a Markdown text points at, in reading order."""
    if not _SIGNS.search(text):
        return
    plain = without_code(text)
    found = [(at, mention) for at, mention in _found(plain)]
    for _, mention in sorted(found, key=lambda pair: pair[0]):
        yield mention


def _found(text: str) -> Iterator[tuple[int, Mention]]:
    for match in _paragraphs(IMAGE, text):
        yield _mention("image", match[2], text, match.start(2), match[1], match[3] or "")
    for match in _paragraphs(ANCHOR, text):
        yield _mention("anchor", match[1], text, match.start(1))
    for match in _paragraphs(TERM, text):
        yield _mention("term", " ".join(match[1].split()), text, match.start(1), match[2] or "")
    for match in _paragraphs(REFERENCE, text):
        yield _mention("ref", match[1].rstrip("-_"), text, match.start())
    for match in _paragraphs(CLUSTER, text):
        for citation in read_cluster(match[1]) or ():
            yield _mention("cite", citation.key, text, text.find(f"@{citation.key}", match.start()))


def _paragraphs(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """Yield the matches that stay within a paragraph."""
    for match in pattern.finditer(text):
        if not re.search(r"\n[ \t]*\n", match[0]):
            yield match


def _mention(
    kind: str, value: str, text: str, at: int, shown: str = "", attributes: str = ""
) -> tuple[int, Mention]:
    line = text.count("\n", 0, at) + 1
    column = at - text.rfind("\n", 0, at)
    return at, Mention(kind, value, line, column, shown, attributes, at)


def texts_of(item: Item) -> Iterator[tuple[str, str]]:
    """Yield (field, Markdown) for each text of an item that is printed as Markdown."""
    for name in _markdown_fields(type(item)):
        value = getattr(item, name)
        if isinstance(value, str) and value:
            yield name, value
        elif isinstance(value, tuple):
            yield from ((f"{name}.{number}", text) for number, text in enumerate(value))


_MARKDOWN = ("title", "summary", "objectives", "key_points", "detail", "definition", "role", "label",
             "front", "back", "hint", "cloze", "prompt", "options", "items", "explanation")  # fmt: skip


@lru_cache
def _markdown_fields(model: type[Item]) -> tuple[str, ...]:
    return tuple(name for name in _MARKDOWN if name in model.model_fields)
