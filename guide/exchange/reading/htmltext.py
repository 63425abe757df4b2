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
from guide.exchange.reading.plain import as_markdown, escaped, line_start
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
# Signs for private use stand for what is decided when the text is whole.
_HELD, _LINE, _PARA, _EDGE = "\ue000", "\ue001", "\ue002", "\ue003"
_RUN = re.compile(f"[{_LINE}{_EDGE} ]*[{_LINE}{_EDGE}][{_LINE}{_EDGE} ]*")
_OPEN, _CLOSE = {"strong": "\ue010", "em": "\ue011"}, {"strong": "\ue012", "em": "\ue013"}
_STAR = {"strong": ("**", "b"), "em": ("*", "i")}
_PRIVATE = re.compile("[\ue000-\ue02f]")
_MARK = re.compile("[\ue010-\ue013]")


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
    """Turns HTML of one file into Markdown; `picture` makes text of a picture, `omit` counts what is left out."""

    picture: Picture = field(default=lambda name, alt: f"![{escaped(alt)}]({name})")
    omit: Callable[[str], None] = field(default=lambda _: None)

    def markdown(self, html: str, top: int = 2) -> str:
        """Return HTML as Markdown; `top` is the level that its highest heading gets."""
        text = _PRIVATE.sub("", cleaned(html))
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
        return re.sub(f"{_HELD}(\\d+){_HELD}", lambda m: held[int(m[1])], made)


def _hold(text: str, held: list[str]) -> str:
    held.append(text)
    return f"{_HELD}{len(held) - 1}{_HELD}"


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
        return _laid_out(self._inside(root))

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
            return _LINE if name == "br" else ""
        if name == "img":
            return self._picture(node)
        if name in _PARAGRAPHS:
            return f"{_PARA}{self._block(name, node)}{_PARA}"
        if name in _LINES:
            return f"{_EDGE}{self._inside(node)}{_EDGE}"
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
        words = " ".join(_laid_out(self._inside(node)).split())
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
            or not inside.strip(f"{_LINE}{_EDGE}{_PARA} ")
            or re.search(f"[{_PARA}\ue021]", inside)
        ):
            return inside
        if style == "code":
            return _code(_plain(node))
        left, words, right = _around(inside)
        if style in _OPEN:
            lines = re.split(f"([{_LINE}{_EDGE}]+)", words)
            shown = (
                f"{_OPEN[style]}{line}{_CLOSE[style]}" if line.strip(f"{_LINE}{_EDGE} ") else line
                for line in lines
            )
            return f"{left}{''.join(shown)}{right}"
        mark = {"sub": "~", "sup": "^"}.get(style)
        if mark and re.fullmatch(r"[A-Za-z0-9+\-−]+", words):
            return f"{left}{mark}{words}{mark}{right}"
        return f"{left}<{style}>{words}</{style}>{right}"

    def _block(self, name: str, node: Any) -> str:
        if name == "hr":
            return _as_block("---")
        if name == "pre":
            return _as_block(_fenced(_plain(node)))
        if name in {"ul", "ol"}:
            return _as_block(self._list(name, node))
        if name == "table":
            return _as_block(self._table(node))
        inside = self._inside(node)
        if name[0] == "h" and name[1:].isdigit():
            words = " ".join(_laid_out(inside).replace("\\\n", " ").split())
            return _as_block(f"{'#' * self.levels[int(name[1])]} {words}") if words else ""
        if name == "blockquote":
            return _as_block(
                "\n".join(f"> {line}".rstrip() for line in _laid_out(inside).split("\n"))
            )
        return inside

    def _list(self, name: str, node: Any) -> str:
        if len(node) and all(
            re.match(r"(?:foot|end)note-\d", str(each.get("id") or ""))
            for each in node
            if isinstance(each.tag, str)
        ):
            texts = ((each.get("id"), _laid_out(self._inside(each))) for each in node)
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
            text = _laid_out(inside)
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
        text = _laid_out(self._inside(node)).replace("\\\n", "<br>")
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
        part if part.startswith(_HELD) else escaped(re.sub(r"[ \t\n\r\f]+", " ", part))
        for part in re.split(f"({_HELD}\\d+{_HELD})", text)
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


def _around(text: str) -> tuple[str, str, str]:
    """Return the blanks and breaks before a text, the text, and those after it."""
    blanks = f" \xa0{_LINE}{_EDGE}"
    inner = text.strip(blanks)
    start = text.index(inner)
    return text[:start], inner, text[start + len(inner) :]


def _as_block(text: str) -> str:
    """Return a block whose lines are finished: its line breaks are kept as they are."""
    return text.replace("\n", "\ue020") + ("\ue021" if text else "")


def _break(match: re.Match[str]) -> str:
    """Return what a run of breaks is: `<br><br>` and an empty line of its own are a gap, others a new line."""
    run = match[0].replace(" ", "")
    hard = run.count(_LINE)
    own = run.startswith(_EDGE) and run.endswith(_EDGE) and hard
    return _PARA if hard > 1 or own else _LINE


def _laid_out(text: str) -> str:
    """Return text with its breaks as Markdown: lines, paragraphs and finished blocks."""
    paragraphs: list[str | list[str]] = []
    for part in re.split(f"{_PARA}+", _RUN.sub(_break, text)):
        if part.rstrip(f" {_LINE}").endswith("\ue021"):
            paragraphs.append(part.strip(f" {_LINE}").rstrip("\ue021").replace("\ue020", "\n"))
            continue
        lines = [" ".join(line.split(" ")).strip(" ") for line in part.split(_LINE)]
        lines = [re.sub(" {2,}", " ", line) for line in lines if line.strip(" \xa0")]
        if lines:
            paragraphs.append(lines)
    several = len(paragraphs) > 1 or any(
        isinstance(each, str) or len(each) > 1 for each in paragraphs
    )
    made = []
    for each in paragraphs:
        if isinstance(each, str):
            made.append(each)
        else:
            starts = [line_start(line) for line in each] if several else each
            made.append("\\\n".join(starts))
    return _emphasised("\n\n".join(filter(None, made)))


def _emphasised(text: str) -> str:
    """Put stars where Markdown reads them as emphasis, and tags where it would not."""
    if not _MARK.search(text):
        return text
    pieces = re.split(f"({_MARK.pattern})", text)
    made: list[str] = []
    opened: list[tuple[int, str]] = []
    for number, piece in enumerate(pieces):
        if piece in _OPEN.values():
            kind = next(name for name, sign in _OPEN.items() if sign == piece)
            opened.append((number, kind))
            made.append(piece)
        elif piece in _CLOSE.values():
            begin, kind = opened.pop() if opened else (-1, "em")
            if begin < 0:
                made.append("")
                continue
            star, tag = _STAR[kind]
            plain = _flanked(pieces, begin, number)
            made[begin] = star if plain else f"<{tag}>"
            made.append(star if plain else f"</{tag}>")
        else:
            made.append(piece)
    return "".join(made)


def _flanked(pieces: list[str], begin: int, end: int) -> bool:
    """Return True if stars around a piece are read as emphasis: words inside, and no letter beside them."""
    if end - begin != 2:
        return False
    inside = pieces[begin + 1]
    nested = (begin > 1 and not pieces[begin - 1]) or (
        end + 2 < len(pieces) and not pieces[end + 1]
    )
    before = pieces[begin - 1][-1:]
    after = pieces[end + 1][:1]
    apart = not any(side.isalnum() or side in ("*", "\\", _HELD) for side in (before, after))
    return apart and not nested and inside[:1].isalnum() and inside[-1:].isalnum()
