"""Texts of a pack as HTML for other programs: formulas in TeX, pictures by name; and as plain text."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape, unescape

from guide.content.library import deck_kind
from guide.exchange.writing.chosen import Export
from guide.html.cards import card_view, layout_of, short_source, topic
from guide.html.faces import Faces
from guide.html.request import Request
from guide.html.views import CardView
from guide.markup.labels import Labels
from guide.model import cloze
from guide.model.base import Item
from guide.model.content import Flashcard
from guide.model.markup import read_citation

_FORMULA = re.compile(r'<img class="math" src="tex:(\w+)" alt="([^"]*)">')
_OURS = re.compile(r' (?:data-[\w-]+|id|role)="[^"]*"')
_BODY = re.compile(r'<div class="face-body"[^>]*>(.*)</div>', re.S)
_SOURCE = re.compile(r'\bsrc="(asset/[^"]+)"')
_ENDS = re.compile(r"<br\s*/?>|</(?:p|div|li|tr|h\d|figcaption|pre)>")
_OPEN, _CLOSE = 0xE100, 0xE900  # characters for private use in place of the braces of gaps
_MOST_GAPS = 1000


def _kept(tex: str, block: bool) -> str:
    """Return a formula as a picture without a file, which `cleaned` writes for MathJax."""
    return f'<img class="math" src="tex:{"block" if block else "inline"}" alt="{escape(tex)}">'


def _mathjax(found: re.Match[str]) -> str:
    """Return a formula for MathJax, as Anki and Moodle have it."""
    begin, end = (r"\[", r"\]") if found[1] == "block" else (r"\(", r"\)")
    return f"{begin}{escape(unescape(found[2]), quote=False)}{end}"


@dataclass
class Texts:
    """Renders the texts of an export; with `tex`, formulas are written for MathJax, else they are pictures."""

    export: Export
    tex: bool = True
    faces: Faces = field(init=False)

    def __post_init__(self) -> None:
        pack, kind = self.export.pack, deck_kind(self.export.pack)
        manifest = pack.manifest
        self.faces = Faces(Request(pack, kind, self.export.options, manifest.paper, manifest.theme))
        self.faces.document.context.formula = _kept if self.tex else None

    @property
    def labels(self) -> Labels:
        """The labels in the language of the pack."""
        return self.faces.document.labels

    def html(self, text: str, item: Item, name: str = "") -> str:
        """Return the Markdown of a field as HTML."""
        return cleaned(str(self.faces.document.flowing(text, item, name)))

    def view(self, card: Flashcard) -> CardView:
        """Return the sides of a card as HTML."""
        return card_view(self.faces.document, card, self.export.options)

    def layout(self, card: Flashcard) -> str:
        """Return the name of a card's layout."""
        return layout_of(card, self.export.options)

    def bodies(self, card: Flashcard) -> tuple[str, str]:
        """Return front and back of a card as its layout prints them, without head and foot."""
        front, back = (_BODY.search(face.markup) for face in self.faces.faces(card))
        whole = [face.markup for face in self.faces.faces(card)]
        return tuple(cleaned(m[1] if m else w) for m, w in zip((front, back), whole, strict=True))  # type: ignore[return-value]

    def clozed(self, text: str, item: Item) -> str:
        """Return a cloze text as HTML with Anki's gaps: `{{c1::answer::hint}}`."""
        marks: dict[str, str] = {}
        gaps, _ = cloze.read(text)
        made = _span(
            text, 0, len(text), gaps[:_MOST_GAPS], marks, lambda hint: self.html(hint, item)
        )
        html = self.html(made, item, "cloze")
        html = re.sub(r"\}(?=\})", "} ", html)  # two braces would end the gap: TeX may have them
        for sign, mark in marks.items():
            html = html.replace(f"}}{sign}", f"}} {sign}").replace(sign, mark)
        return html

    def source(self, item: Item) -> str:
        """Return the sources of an item in few words."""
        found = []
        for each in map(read_citation, item.sources):
            text = short_source(self.export.pack, each)
            found += [f"{text}, {each.written}" if text and each.written else text]
        named = "; ".join(filter(None, found))
        return f"{self.labels('Source')}: {named}" if named else ""

    def topic(self, cards: Sequence[Flashcard]) -> str:
        """Return the topic of an item's cards, '' if it would give the answer of one of them away."""
        shown = all(self.view(card).seen_from("front").head for card in cards)
        return topic(self.export.pack, cards[0]) if shown else ""

    def pictures(self, html: str, name: Callable[[str], str]) -> tuple[str, dict[str, bytes]]:
        """Return HTML in which each picture has another name, and the pictures by these names."""
        files: Mapping[str, bytes] = self.faces.document.assets.files
        used = {path: name(path) for path in _SOURCE.findall(html) if path in files}
        made = _SOURCE.sub(lambda m: f'src="{used.get(m[1], m[1])}"', html)
        return made, {used[path]: files[path] for path in used}

    def finished(self) -> None:
        """Report what rendering found to be wrong."""
        self.export.problems += self.faces.problems


def _span(
    text: str, start: int, end: int, gaps: tuple[cloze.Gap, ...], marks: dict[str, str],
    shown: Callable[[str], str],
) -> str:  # fmt: skip
    made, at = "", start
    for gap in gaps:
        number = len(marks) // 2
        opened, closed = chr(_OPEN + number), chr(_CLOSE + number)
        numbers = ",".join(map(str, gap.numbers))
        hint = f"::{shown(gap.hint)}" if gap.hint else ""
        marks[opened], marks[closed] = f"{{{{c{numbers}::", f"{hint}}}}}"
        inside = _span(text, gap.first, gap.last, gap.inner, marks, shown).strip()
        inside = inside if gap.formula else inside.replace("::", ":\u2060:")
        made += text[at : gap.start] + opened + inside + closed
        at = gap.end
    return made + text[at:end]


def cleaned(html: str) -> str:
    """Return HTML without what only the printed document needs."""
    return _OURS.sub("", _FORMULA.sub(_mathjax, html)).strip()


def plain_text(html: str) -> str:
    """Return the words of HTML on one line or several; a formula that is a picture as it is said.

    Other pictures are omitted.
    """
    text = re.sub(r'<img class="math"[^>]*\balt="([^"]*)"[^>]*>', r"\1", html)
    text = re.sub(r"<[^>]*>", "", _ENDS.sub("\n", text.replace("\n", " ")))
    lines = (" ".join(line.split()) for line in unescape(text).split("\n"))
    return "\n".join(filter(None, lines))
