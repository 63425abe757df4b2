"""Short texts set in boxes, one to a page: what a form field says, for files that do not draw it.

The bundled fonts are used whatever the field asks for: they have the letters of most languages, and a
field's own font has often no more than those of English.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from guide.model.artifacts import Face, Html
from guide.resources import TEMPLATES

FRAME = 2.0  # mm around each box, which `set_faces` keeps free
_BASE, _LEAST = 12.0, 3.0  # pt: the type size of which texts give their share, and the smallest
_LONGEST = 8000  # characters of one text
_CSS = """
html { font: 400 12pt/1.15 var(--sans); hyphens: manual; }
.face { break-before: page; overflow-wrap: anywhere; }
.box { padding: 2mm; box-sizing: border-box; }
.box p { margin: 0; white-space: pre-wrap; }
.one p { white-space: pre; }
.mark { background: var(--chosen); }
.serif { font-family: var(--serif); } .mono { font-family: var(--mono); } .bold { font-weight: 700; }
.comb { white-space: nowrap; font-size: 0; } .comb span { display: inline-block; text-align: center; }
"""


@dataclass(frozen=True)
class BoxText:
    """A text and the box it is set in; `width` and `height` are in mm.

    `size` is in pt, 0 for one that fits. A text that is too long is set smaller, never cut. With
    `cells` each character is in the middle of one of so many cells. `marked` lines are shaded.
    """

    text: str
    width: float
    height: float
    size: float = 0.0
    align: str = "left"
    lines: bool = False
    cells: int = 0
    colour: str = "var(--black)"
    family: str = ""
    marked: tuple[int, ...] = ()


def set_texts(texts: Sequence[BoxText]) -> bytes:
    """Return a PDF with a page for each text, `FRAME` larger on each side than its box."""
    from guide.pdf.assemble import About, assemble
    from guide.pdf.fonts import font_objects
    from guide.pdf.typeset import set_faces
    from guide.pdf.uses import union

    pages = [
        f"@page t{n} {{ size: {t.width + 2 * FRAME:.2f}mm {t.height + 2 * FRAME:.2f}mm; margin: 0 }}"
        for n, t in enumerate(texts)
    ]
    faces = tuple(Face(str(n), _markup(n, text), str(n)) for n, text in enumerate(texts))
    sheets = [(f"templates:{name}", (TEMPLATES / name).read_text("utf-8"))
              for name in ("fonts.css", "fonts-cjk.css", "tokens.css")]  # fmt: skip
    sheets.append(("generated", _CSS + "\n".join(pages)))
    markup = (
        '<!DOCTYPE html><html lang="en"><head><title>fields</title></head>'
        "<body><!--faces--></body></html>"
    )
    steps = int((_BASE - _LEAST) / 0.5) + 1
    sizes = tuple(_BASE - 0.5 * n for n in range(steps))
    found = set_faces(
        Html("fields", "en", markup, tuple(sheets), faces=faces, sizes=sizes, unproved=True)
    )
    set_ = list(found.faces)
    return assemble(set_, font_objects(found.fonts, union(set_)), About("fields", "en"))


def _markup(number: int, text: BoxText) -> str:
    said = text.text[:_LONGEST]
    high = text.height * 72 / 25.4
    size = text.size or (_BASE if text.lines else min(max(high * 0.7, 4.0), 24.0))
    style = f"color: {text.colour}; text-align: {text.align}; font-size: {size / _BASE:.3f}em"
    if text.cells:
        inner = _combed(said[: text.cells], text.cells, text)
    else:
        gap = min(0.7, text.width / 10)
        lines = said.split("\n") if text.marked else [said]
        inner = "".join(
            f'<p{" class=mark" * (n in text.marked)} style="padding: 0 {gap:.2f}mm">{escape(line) or "&#8203;"}</p>'
            for n, line in enumerate(lines)
        )
    kind = "many" if text.lines else "one"
    if not text.lines:  # in the middle of the box
        style += f"; line-height: {text.height:.2f}mm"
    return f'<div class="box {kind} {text.family}" style="page: t{number}; {style}">{inner}</div>'


def _combed(said: str, cells: int, text: BoxText) -> str:
    each = text.width / cells
    blank = {"left": 0, "center": (cells - len(said)) // 2, "right": cells - len(said)}[text.align]
    padded = (" " * blank + said).ljust(cells)
    spans = "".join(
        f'<span style="width: {each:.3f}mm; font-size: {_cell_size(each, text):.2f}pt">'
        f"{escape(letter) if letter.strip() else '&nbsp;'}</span>"
        for letter in padded
    )
    return f'<p class="comb">{spans}</p>'


def _cell_size(each: float, text: BoxText) -> float:
    """Return a type size in pt with which a capital fits its cell."""
    fitting = min(each * 72 / 25.4 * 0.95, text.height * 72 / 25.4 * 0.75)
    return min(text.size or 24.0, fitting)
