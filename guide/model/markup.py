"""The grammar that guide adds to Markdown: citations, references, terms, gaps. Pure text in, values out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

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

    `line` and `column` count from 1 within the text; `shown` is a term's wording or an image's
    caption, `attributes` the braces after an image.
    """

    kind: str
    value: str
    line: int
    column: int
    shown: str = ""
    attributes: str = ""


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


def without_code(text: str) -> list[str]:
    """Return the lines of a Markdown text with code and formulas blanked out, columns kept."""
    lines, fence = [], ""
    for line in text.split("\n"):
        opened = re.match(r" {0,3}(`{3,}|~{3,})", line)
        if fence:
            if opened and opened[1].startswith(fence) and not line.strip(" `~"):
                fence = ""
            lines.append("")
        elif opened:
            fence = opened[1]
            lines.append("")
        else:
            blank = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", lambda m: " " * len(m[0]), line)
            lines.append(re.sub(r"\$[^$\n]+\$", lambda m: " " * len(m[0]), blank))
    return lines


def mentions(text: str) -> Iterator[Mention]:
    """Yield what a Markdown text points at, in reading order by line."""
    for number, line in enumerate(without_code(text), 1):
        for match in IMAGE.finditer(line):
            shown, target, braces = match[1], match[2], match[3] or ""
            yield Mention("image", target, number, match.start(2) + 1, shown, braces)
        for match in ANCHOR.finditer(line):
            yield Mention("anchor", match[1], number, match.start(1) + 1)
        for match in TERM.finditer(line):
            yield Mention("term", match[1].strip(), number, match.start(1) + 1, match[2] or "")
        for match in REFERENCE.finditer(line):
            yield Mention("ref", match[1].rstrip("-_"), number, match.start() + 1)
        for match in CLUSTER.finditer(line):
            cluster = read_cluster(match[1]) or ()
            for citation in cluster:
                column = line.find(f"@{citation.key}", match.start()) + 1
                yield Mention("cite", citation.key, number, column)
