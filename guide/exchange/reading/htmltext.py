"""HTML of card programs, spreadsheets and documents as Markdown: what it shows, without its looks.

Signs that Markdown would read are escaped (`plain`). Formulas of MathJax and of Anki stay TeX, gaps of a cloze
(`{{c1::answer::hint}}`) stay gaps. Pictures become `![](name)`, with the name that the caller gives them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape, unescape
from typing import Any

from guide.exchange.reading.found import cleaned
from guide.exchange.reading.layout import (
    CLOSE,
    EDGE,
    HELD,
    LINE,
    OPEN,
    PARA,
    PRIVATE,
    around,
    as_block,
    laid_out,
)
from guide.exchange.reading.plain import as_markdown, escaped
from guide.model.signs import REMEDIES, STYLES, understood

NOTE_MARK = "guide-note"
"""A tag that readers of documents put around the name of a footnote, where it is called."""

Picture = Callable[[str, str], str]
"""What makes Markdown of the address of a picture and the text that describes it."""

_LOOKS_LIKE = re.compile(
    r"</?([A-Za-z][A-Za-z0-9]*)(?:\s[^<>]*)?/?>|&(?:#\d+|#x[0-9a-fA-F]+|[A-Za-z]{2,8});"
)
_FORMULA = re.compile(
    r"\\\((?P<a>.+?)\\\)|\\\[(?P<b>.+?)\\\]|\[\$\](?P<c>.+?)\[/\$\]|\[\$\$\](?P<d>.+?)\[/\$\$\]"
    r"|\[latex\](?P<e>.+?)\[/latex\]|<anki-mathjax(?P<block>[^>]*)>(?P<f>.+?)</anki-mathjax>",
    re.S,
)  # fmt: skip
_DOLLARS = re.compile(
    r"^\s*(?:\$\$?|\\begin\{displaymath\})(.*?)(?:\$\$?|\\end\{displaymath\})\s*$", re.S
)
_CLOZE = re.compile(r"\{\{c(\d{1,4}(?:,\d{1,4})*)::")
_SOUND = re.compile(r"\[sound:[^\]\n]*\]|\[anki:(?:play|tts)[^\]]*\]")
_DROPPED = {"script", "style", "head", "title", "template", "noscript"}
_LOST = {"video": "a video|videos", "audio": "a sound|sounds", "iframe": "an embedded page|embedded pages",
         "object": "an embedded object|embedded objects", "embed": "an embedded object|embedded objects",
         "svg": "a drawing in the text|drawings in the text", "math": "a formula in MathML|formulas in MathML",
         "canvas": "a drawing in the text|drawings in the text", "input": "a form field|form fields"}  # fmt: skip
_PARAGRAPHS = {
    "p",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "blockquote",
    "ul",
    "ol",
    "dl",
    "table",
    "pre",
    "hr",
    "figure",
}
_LINES = {"div", "section", "article", "center", "header", "footer", "main", "li", "dt", "dd", "tr", "figcaption",
          "details", "summary", "caption", "address", "nav", "form", "fieldset"}  # fmt: skip


def is_html(text: str) -> bool:
    """Return True if a text has a tag or an entity that HTML knows."""
    for match in _LOOKS_LIKE.finditer(text):
        name = (match[1] or "").lower()
        if not name and unescape(match[0]) != match[0]:
            return True
        if name and (understood(name) or name in REMEDIES):
            return True
    return False


@dataclass
class Html:
    """Turns HTML of one file into Markdown; `picture` makes text of a picture, `omit` counts what is omitted."""

    picture: Picture = field(default=lambda name, alt: f"![{escaped(alt)}]({name})")
    omit: Callable[[str], None] = field(default=lambda _: None)

    def markdown(self, html: str, top: int = 2) -> str:
        """Return HTML as Markdown; `top` is the level that its highest heading gets."""
        text = PRIVATE.sub("", cleaned(html))
        if _SOUND.search(text):
            for _ in _SOUND.findall(text):
                self.omit("a sound|sounds")
            text = _SOUND.sub("", text)
        if (
            "<" not in text
            and "&" not in text
            and "\\" not in text
            and "{{" not in text
            and "[" not in text
        ):
            return as_markdown(" ".join(text.split()))
        held: list[str] = []
        text = _FORMULA.sub(lambda match: _hold(_tex(match), held), text)
        text = _hold_gaps(text, held)
        writer = _Writer(self, top)
        made = writer.written(_parsed(text))
        return re.sub(f"{HELD}(\\d+){HELD}", lambda m: held[int(m[1])], made)


def _hold(text: str, held: list[str]) -> str:
    held.append(text)
    return f"{HELD}{len(held) - 1}{HELD}"


def _tex(match: re.Match[str]) -> str:
    """Return a formula as guide writes it: TeX without tags and entities."""
    display = match["b"] is not None or match["d"] is not None or "block" in (match["block"] or "")
    inside = next(match[name] for name in "abcdef" if match[name] is not None)
    tex = unescape(re.sub(r"<br ?/?>|</?div[^>]*>", " ", inside))
    tex = " ".join(re.sub(r"</?[a-z][^>]*>", "", tex).split())
    if match["e"] is not None and (dollars := _DOLLARS.match(tex)):
        tex = dollars[1].strip()
    return f"\\[{tex}\\]" if display else f"\\({tex}\\)"


def _hold_gaps(text: str, held: list[str]) -> str:
    """Hold the marks of gaps, which Markdown would not have, so that their answers are read as HTML."""
    if not _CLOZE.search(text):
        return text
    made, depth, at = [], 0, 0
    for match in re.finditer(_CLOZE.pattern + r"|\}\}|::", text):
        if match[0] == "::" and not depth:
            continue
        if match[0] == "}}" and not depth:
            continue
        made += [text[at : match.start()], _hold(match[0], held)]
        depth += 1 if match[1] else -1 if match[0] == "}}" else 0
        at = match.end()
    return "".join([*made, text[at:]])


def _parsed(text: str) -> Any:
    """Return the tree of a piece of HTML, whatever is wrong with it."""
    from lxml import etree
    from lxml import html as lxml_html

    parser = lxml_html.HTMLParser(
        encoding="utf-8", huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        return lxml_html.document_fromstring(f"<div>{text}</div>".encode(), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError):
        return lxml_html.document_fromstring(f"<div>{escape(text)}</div>".encode(), parser=parser)


class _Writer:
    """Writes a tree as Markdown: each method gives text in which breaks are still signs for private use."""

    def __init__(self, html: Html, top: int) -> None:
        self.html, self.top = html, top
        self.levels: dict[int, int] = {}

    def written(self, root: Any) -> str:
        found = sorted(
            {
                int(each.tag[1])
                for each in root.iter()
                if isinstance(each.tag, str) and re.fullmatch(r"h[1-6]", each.tag)
            }
        )
        self.levels = {level: min(6, self.top + number) for number, level in enumerate(found)}
        return laid_out(self._inside(root))

    def _inside(self, node: Any) -> str:
        parts = [_spaced(node.text or "")]
        for child in node:
            if isinstance(child.tag, str):
                parts.append(self._element(child))
            parts.append(_spaced(child.tail or ""))
        return "".join(parts)

    def _element(self, node: Any) -> str:
        name = node.tag.lower()
        if name in _DROPPED:
            return ""
        if name in _LOST:
            self.html.omit(_LOST[name])
            return ""
        if name == NOTE_MARK:
            return f"[^{_plain(node)}]"
        if name in {"br", "wbr"}:
            return LINE if name == "br" else ""
        if name == "img":
            return self._picture(node)
        if name in _PARAGRAPHS:
            return f"{PARA}{self._block(name, node)}{PARA}"
        if name in _LINES:
            return f"{EDGE}{self._inside(node)}{EDGE}"
        if name == "a" and (link := str(node.get("href") or "")).startswith(
            ("http://", "https://", "mailto:")
        ):
            return self._link(node, link)
        return self._styled(name, node)

    def _picture(self, node: Any) -> str:
        source = unescape(str(node.get("src") or "")).strip()
        if not source:
            return ""
        return self.html.picture(source, " ".join(str(node.get("alt") or "").split()))

    def _link(self, node: Any, link: str) -> str:
        words = " ".join(laid_out(self._inside(node)).split())
        target = (
            link.replace(" ", "%20")
            .replace("(", "%28")
            .replace(")", "%29")
            .replace("<", "%3C")
            .replace(">", "%3E")
        )
        return f"[{words or escaped(link)}]({target})"

    def _styled(self, name: str, node: Any) -> str:
        inside = self._inside(node)
        style = STYLES.get(name, "") or _style_of(node)
        if (
            not style
            or not inside.strip(f"{LINE}{EDGE}{PARA} ")
            or re.search(f"[{PARA}\ue021]", inside)
        ):
            return inside
        if style == "code":
            return _code(_plain(node))
        left, words, right = around(inside)
        if style in OPEN:
            lines = re.split(f"([{LINE}{EDGE}]+)", words)
            shown = (
                f"{OPEN[style]}{line}{CLOSE[style]}" if line.strip(f"{LINE}{EDGE} ") else line
                for line in lines
            )
            return f"{left}{''.join(shown)}{right}"
        mark = {"sub": "~", "sup": "^"}.get(style)
        if mark and re.fullmatch(r"[A-Za-z0-9+\-−]+", words):
            return f"{left}{mark}{words}{mark}{right}"
        return f"{left}<{style}>{words}</{style}>{right}"

    def _block(self, name: str, node: Any) -> str:
        if name == "hr":
            return as_block("---")
        if name == "pre":
            return as_block(_fenced(_plain(node)))
        if name in {"ul", "ol"}:
            return as_block(self._list(name, node))
        if name == "table":
            return as_block(self._table(node))
        inside = self._inside(node)
        if name[0] == "h" and name[1:].isdigit():
            words = " ".join(laid_out(inside).replace("\\\n", " ").split())
            return as_block(f"{'#' * self.levels[int(name[1])]} {words}") if words else ""
        if name == "blockquote":
            return as_block(
                "\n".join(f"> {line}".rstrip() for line in laid_out(inside).split("\n"))
            )
        return inside

    def _list(self, name: str, node: Any) -> str:
        if len(node) and all(
            re.match(r"(?:foot|end)note-\d", str(each.get("id") or ""))
            for each in node
            if isinstance(each.tag, str)
        ):
            texts = ((each.get("id"), laid_out(self._inside(each))) for each in node)
            return "\n\n".join(
                f"[^{name}]: {text.replace(chr(10), chr(10) + '    ')}"
                for name, text in texts
                if text
            )
        number = int(node.get("start")) if str(node.get("start") or "").isdigit() else 1
        made = []
        for child in node:
            if not isinstance(child.tag, str):
                continue
            mark = "- " if name == "ul" else f"{number}. "
            inside = self._inside(child) if child.tag == "li" else self._element(child)
            text = laid_out(inside)
            if not text:
                continue
            number += 1
            text = re.sub(r"\n\n(?=- |\d+\. )", "\n", text)
            made.append(mark + text.replace("\n", "\n" + " " * len(mark)))
        return re.sub(r"(?m)^ +$", "", "\n".join(made))

    def _table(self, node: Any) -> str:
        rows: list[list[str]] = []
        for row in node.iter("tr"):
            if next(row.iterancestors("table")) is not node:
                continue
            cells: list[str] = []
            for cell in row:
                if cell.tag in {"td", "th"}:
                    wide = str(cell.get("colspan") or "1")
                    cells += [
                        self._cell(cell),
                        *[""] * (min(int(wide), 40) - 1 if wide.isdigit() else 0),
                    ]
            rows.append(cells)
        width = max(map(len, rows), default=0)
        if width < 2 or len(rows) < 2:  # a frame around text, as Word and Anki have it
            return "\n\n".join(filter(None, (" ".join(filter(None, row)) for row in rows)))
        lines = [f"| {' | '.join([*row, *[''] * (width - len(row))])} |" for row in rows]
        return "\n".join([lines[0], "|" + "---|" * width, *lines[1:]])

    def _cell(self, node: Any) -> str:
        text = laid_out(self._inside(node)).replace("\\\n", "<br>")
        return re.sub(r"\s*\n\s*", "<br>", text).replace("|", "\\|")


def _style_of(node: Any) -> str:
    """Return what the style of a span says: bold, italic or underlined, '' for another."""
    style = str(node.get("style") or "").lower()
    if re.search(r"font-weight:\s*(bold|[6-9]00)", style):
        return "strong"
    if re.search(r"font-style:\s*italic", style):
        return "em"
    return "u" if re.search(r"text-decoration[^;]*underline", style) else ""


def _spaced(text: str) -> str:
    """Return the text of a node, escaped, with single blanks as HTML shows them."""
    if not text:
        return ""
    return "".join(
        part if part.startswith(HELD) else escaped(re.sub(r"[ \t\n\r\f]+", " ", part))
        for part in re.split(f"({HELD}\\d+{HELD})", text)
    )


def _plain(node: Any) -> str:
    """Return the text of code, with a line for each break."""
    parts = [node.text or ""]
    for child in node:
        if isinstance(child.tag, str):
            parts.append(
                "\n"
                if child.tag == "br"
                else _plain(child) + ("\n" if child.tag in {"div", "p"} else "")
            )
        parts.append(child.tail or "")
    return "".join(parts).replace("\xa0", " ")


def _code(text: str) -> str:
    words = " ".join(text.split())
    if not words:
        return ""
    longest = max((len(run) for run in re.findall("`+", words)), default=0)
    marks, space = "`" * (longest + 1), " " if longest else ""
    return f"{marks}{space}{words}{space}{marks}"


def _fenced(text: str) -> str:
    longest = max([2, *(len(run) for run in re.findall("`+", text))])
    marks = "`" * (longest + 1)
    return f"{marks}\n{text.strip(chr(10)).rstrip()}\n{marks}" if text.strip() else ""
