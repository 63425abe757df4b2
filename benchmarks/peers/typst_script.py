"""The same flashcards with Typst: one .typ file with every face placed on its sheet.

python typst_script.py job.json cards.typ cards.pdf
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import typst
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin
from weasyprint_script import CARD, COLUMNS, PER_SHEET, TOP, size

HEAD = """
#set page(width: 210mm, height: 297mm, margin: 0mm)
#set text(font: ("Gentium Book Plus", "Noto Sans"), size: 12pt, fill: rgb("#1a1f24"), lang: "en",
  hyphenate: true)
#set par(leading: 0.5em)
#set table(stroke: (bottom: .3pt + rgb("#d5dce3")), inset: (x: 0mm, y: 1mm))
#show table: set text(font: ("Source Sans 3", "Noto Sans"), size: .8em)
#show raw: set text(font: "Source Code Pro", size: 1.06em)
#let accent = rgb("#1f4e79")
#let crosses = {
  for x in range(COLUMNS + 1) { for y in range(ROWS + 1) {
    place(dx: x * 105mm - 1.5mm, dy: TOP + y * 74mm, line(length: 3mm, stroke: .25pt + gray))
    place(dx: x * 105mm, dy: TOP + y * 74mm - 1.5mm,
      line(length: 3mm, angle: 90deg, stroke: .25pt + gray))
  } }
}
#let face(x, y, pt, head, foot, body) = place(dx: x, dy: y, block(width: 105mm, height: 74mm,
  inset: (x: 5.8mm, y: 5mm), clip: true, {
  block(width: 100%, below: 0mm, inset: (bottom: .8mm), stroke: (bottom: .5pt + accent),
    text(font: "Source Sans 3", size: 6.6pt, weight: 600, fill: accent, head))
  block(width: 100%, height: 55mm, above: 0mm, align(horizon, text(size: pt, body)))
  place(bottom + left, text(font: "Source Sans 3", size: 5.8pt, fill: rgb("#56606a"), foot))
}))
#let question(body) = text(font: ("Source Sans 3", "Noto Sans"), weight: 600, size: 1.18em, body)
#let hint(body) = block(above: .6em, text(style: "italic", size: .86em, fill: rgb("#56606a"), body))
"""

_SPECIAL = re.compile(r"([\\#*_`$<>@\[\]~=+\-/\"'])")
_TAGS = {
    "strong_open": "#strong[",
    "strong_close": "]",
    "em_open": "#emph[",
    "em_close": "]",
    "softbreak": " ",
    "hardbreak": " \\ ",
    "paragraph_close": "\n\n",
    "bullet_list_open": "#list(",
    "bullet_list_close": ")\n\n",
    "list_item_open": "[",
    "list_item_close": "],",
    "tr_open": "",
    "th_open": "[",
    "th_close": "],",
    "td_open": "[",
    "td_close": "],",
    "table_close": ")\n\n",
}


def escaped(text: str) -> str:
    """Return text without anything that Typst would read as markup."""
    return _SPECIAL.sub(r"\\\1", text)


class Converter:
    """Markdown to Typst's own markup."""

    def __init__(self, formulas: dict[str, str]) -> None:
        self.formulas = formulas
        self.reader = MarkdownIt("commonmark").enable("table").use(dollarmath_plugin)

    def convert(self, text: str) -> str:
        """Return a text as Typst content."""
        return self._join(self.reader.parse(text)).strip()

    def _join(self, tokens: list[Token]) -> str:
        return "".join(self._one(tokens, index) for index in range(len(tokens)))

    def _one(self, tokens: list[Token], index: int) -> str:
        token = tokens[index]
        if token.type == "inline":
            return self._join(token.children or [])
        if token.type == "text":
            return escaped(token.content)
        if token.type == "code_inline":
            return f"#raw({json.dumps(token.content, ensure_ascii=False)})"
        if token.type == "math_inline":
            return f"${self.formulas[token.content]}$"
        if token.type == "table_open":
            columns = [t.type for t in tokens[index:]].index("tr_close")
            heads = sum(t.type == "th_open" for t in tokens[index : index + columns])
            return f"#table(columns: (1fr,) * {heads}, "
        return _TAGS.get(token.type, "")


def face(converter: Converter, card: dict[str, str], number: int, back: bool) -> str:
    """Return the call that places one side of a card."""
    row, column = divmod((number - 1) % PER_SHEET, COLUMNS)
    left = CARD[0] * (COLUMNS - 1 - column if back else column)
    body = converter.convert(card["back" if back else "front"])
    if not back:
        body = f"#question[{body}]"
        if card["image"]:
            picture = f'#align(center, image("{card["image"]}", height: 38mm, fit: "contain"))'
            body = f"{picture}\n{body}"
        if card["hint"]:
            body += f"\n#hint[{escaped(card['hint'])}]"
    pt = min(size(card["front"]), size(card["back"]))
    head = f"{number} · {escaped(card['topic'])}{' · Answer' if back else ''}"
    place = f"{left}mm, {TOP + CARD[1] * row}mm, {pt}pt"
    return f"#face({place}, [{head}], [{escaped(card['id'])}])[{body}]"


def document(job: dict[str, Any]) -> str:
    """Return the source of all sheets."""
    converter, cards = Converter(job["typst"]), list(enumerate(job["cards"], 1))
    rows = PER_SHEET // COLUMNS
    head = HEAD.replace("COLUMNS", str(COLUMNS)).replace("ROWS", str(rows))
    pages = []
    for start in range(0, len(cards), PER_SHEET):
        for back in (False, True):
            faces = [face(converter, c, n, back) for n, c in cards[start : start + PER_SHEET]]
            pages.append("\n".join(["#crosses", *faces]))
    return head.replace("TOP", f"{TOP}mm") + "\n#pagebreak()\n".join(pages)


def main() -> None:
    """Write the source and compile it."""
    source, page, out = (Path(name) for name in sys.argv[1:4])
    job = json.loads(source.read_text(encoding="utf-8"))
    page.write_text(document(job), encoding="utf-8")
    folders = list(job["fonts"].values())
    typst.compile(str(page), output=str(out), font_paths=folders, ignore_system_fonts=True)


if __name__ == "__main__":
    main()
