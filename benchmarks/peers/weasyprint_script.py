"""Flashcards with WeasyPrint alone, as one writes it in an afternoon: no guide.

    python weasyprint_script.py job.json cards.html [cards.pdf]

Every side of a sheet is a page of one HTML text, on which the faces of cards are placed absolutely;
fronts and backs take turns, the backs mirrored. Of the ways to centre a text, the one that took
WeasyPrint the least time was kept; `contain` does nothing there, but saves the browser time. The type
size is guessed from the length of a card. Nothing checks whether a text fits. The HTML file is also
what the browser prints.
"""

from __future__ import annotations

import html
import json
import math
import sys
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import ziamath
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

CARD, COLUMNS, ROWS, TOP = (105, 74), 2, 4, 0.5  # mm; A7 on A4
PER_SHEET = COLUMNS * ROWS
BODY = 54  # mm; what a card leaves for its text

FACES = {
    "Gentium Book Plus": {
        "GentiumBookPlus-Regular.ttf": "font-weight: 400",
        "GentiumBookPlus-Italic.ttf": "font-weight: 400; font-style: italic",
        "GentiumBookPlus-Bold.ttf": "font-weight: 700",
    },
    "Source Sans 3": {
        "SourceSans3-Regular.ttf": "font-weight: 400",
        "SourceSans3-Bold.ttf": "font-weight: 700",
    },
    "Noto Sans": {"NotoSans-Regular.ttf": "font-weight: 400"},
    "Source Code Pro": {"SourceCodePro[wght].ttf": "font-weight: 400"},
}

CSS = """
@page { size: A4; margin: 0 }
html { font: 12pt/1.28 "Gentium Book Plus", "Noto Sans"; color: #1a1f24; hyphens: auto }
body, p, ul, table { margin: 0 }
.sheet { position: relative; width: 210mm; height: 297mm; overflow: hidden; break-after: page;
  contain: size layout;
  background: url("crosses.svg") 0 0 / 210mm 297mm no-repeat }
.sheet:last-child { break-after: auto }
.card { position: absolute; width: 105mm; height: 74mm; box-sizing: border-box; padding: 5mm 5.8mm;
  overflow: hidden }
.head { font: 600 6.6pt/1.2 "Source Sans 3", "Noto Sans"; color: #1f4e79;
  border-bottom: .5pt solid #1f4e79; padding-bottom: .8mm }
.foot { position: absolute; left: 5.8mm; bottom: 5mm; color: #56606a;
  font: 400 5.8pt/1.2 "Source Sans 3", "Noto Sans" }
.body { display: table; table-layout: fixed; width: 93.4mm }
.middle { display: table-cell; vertical-align: middle; height: 55mm }
.front { font-family: "Source Sans 3", "Noto Sans"; font-weight: 600; font-size: 1.18em }
.hint { font: italic .86em/1.25 "Gentium Book Plus"; color: #56606a; margin-top: .6em }
.middle table { width: 100%; border-collapse: collapse; font-family: "Source Sans 3"; font-size: .8em }
.middle th, .middle td { text-align: left; border-bottom: .3pt solid #d5dce3; padding: 1mm 2mm 1mm 0 }
ul { padding-left: 4mm }
code { font-family: "Source Code Pro"; font-size: .85em; hyphens: manual }
img { display: block; margin: 0 auto 1.4mm; max-width: 100%; max-height: 38mm }
img.formula { display: inline; margin: 0; max-height: none; vertical-align: middle }
.s12 { font-size: 12pt } .s11 { font-size: 11pt } .s10 { font-size: 10pt } .s9 { font-size: 9pt }
.s8 { font-size: 8pt }
"""


@cache
def formula(tex: str) -> str:
    """Return a formula as a picture: WeasyPrint has no MathML."""
    drawing = ziamath.Latex(tex, size=16).svg()
    return (
        f'<img class="formula" alt="{html.escape(tex)}" src="data:image/svg+xml,{quote(drawing)}">'
    )


def markdown() -> MarkdownIt:
    """Return a reader of Markdown with tables and formulas."""
    reader = MarkdownIt("commonmark", {"html": False}).enable("table").use(dollarmath_plugin)

    def math_inline(_: Any, tokens: Any, index: int, *__: Any) -> str:
        return formula(tokens[index].content)

    reader.add_render_rule("math_inline", math_inline)
    return reader


def size(text: str) -> int:
    """Guess the type size in pt at which a text fits: some 52 letters a line at 12 pt."""
    for pt in (12, 11, 10, 9):
        lines = sum(max(1, math.ceil(len(line) * pt / 12 / 52)) for line in text.split("\n"))
        if lines * pt * 1.28 / 72 * 25.4 <= BODY:
            return pt
    return 8


def font_faces(fonts: dict[str, str]) -> str:
    """Return the rules that load the fonts from their folders."""
    return "\n".join(
        f'@font-face {{ font-family: "{family}"; {style}; '
        f'src: url("{(Path(fonts[family]) / name).as_uri()}") }}'
        for family, files in FACES.items()
        for name, style in files.items()
    )


def places() -> str:
    """Return a class for each row and column of a sheet."""
    rows = (f".row{row} {{ top: {TOP + CARD[1] * row}mm }}" for row in range(ROWS))
    columns = (f".column{column} {{ left: {CARD[0] * column}mm }}" for column in range(COLUMNS))
    return "\n".join([*rows, *columns])


def crosses() -> str:
    """Return small crosses on the corners of the cards, as an SVG of the whole sheet."""
    lines = []
    for x in (CARD[0] * column for column in range(COLUMNS + 1)):
        for y in (TOP + CARD[1] * row for row in range(ROWS + 1)):
            lines.append(f"M{x - 1.5} {y}h3M{x} {y - 1.5}v3")
    path = f'<path d="{"".join(lines)}" stroke="#999" stroke-width=".09"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 210 297">{path}</svg>'


def face(reader: MarkdownIt, card: dict[str, str], number: int, back: bool) -> str:
    """Return one side of a card at its place on the sheet."""
    row, column = divmod((number - 1) % PER_SHEET, COLUMNS)
    column = COLUMNS - 1 - column if back else column
    body = reader.render(card["back" if back else "front"])
    if not back and card["image"]:
        body = f'<img src="{html.escape(card["image"])}" alt="">{body}'
    if not back and card["hint"]:
        body += f'<p class="hint">{html.escape(card["hint"])}</p>'
    pt = min(size(card["front"]), size(card["back"]))
    return (
        f'<div class="card s{pt} row{row} column{column}">'
        f'<p class="head">{number} · {html.escape(card["topic"])}{" · Answer" if back else ""}</p>'
        f'<div class="body"><div class="middle{"" if back else " front"}">{body}</div></div>'
        f'<p class="foot">{html.escape(card["id"])}</p></div>'
    )


def document(job: dict[str, Any]) -> str:
    """Return the HTML of all sheets."""
    reader, cards = markdown(), list(enumerate(job["cards"], 1))
    pages = []
    for start in range(0, len(cards), PER_SHEET):
        for back in (False, True):
            faces = [face(reader, card, n, back) for n, card in cards[start : start + PER_SHEET]]
            pages.append(f'<section class="sheet">{"".join(faces)}</section>')
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{job["title"]}</title>'
        f"<style>{font_faces(job['fonts'])}{CSS}{places()}</style></head><body>{''.join(pages)}</body></html>"
    )


def main() -> None:
    """Make the HTML, and the PDF when a third file is named."""
    source, page = Path(sys.argv[1]), Path(sys.argv[2])
    text = document(json.loads(source.read_text(encoding="utf-8")))
    page.with_name("crosses.svg").write_text(crosses(), encoding="utf-8")
    page.write_text(text, encoding="utf-8")
    if len(sys.argv) > 3:
        from weasyprint import HTML

        HTML(string=text, base_url=str(page)).write_pdf(sys.argv[3])


if __name__ == "__main__":
    main()
