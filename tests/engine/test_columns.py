"""Columns are balanced as WeasyPrint does it, from fewer layouts."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from weasyprint.layout import block

from guide import engine
from guide.engine import columns
from guide.engine.clock import at_a_fixed_time
from guide.model.artifacts import Html
from guide.pdf.typeset import Typesetting
from guide.resources import TEMPLATES

SHEET = """
@page { size: 100mm 120mm; margin: 8mm; @footnote { border-top: 1px solid } }
html { font: 8pt/11pt "Source Sans 3"; orphans: 2; widows: 2 }
p, ul, figure { margin: 0 0 1.3mm; padding: 0 } li { display: block }
.whole > * { break-inside: avoid; border-bottom: .3pt solid } .note { float: footnote } .head { position: running(head) }
.flex { display: flex } .grid { display: grid; grid-template-columns: 1fr 2fr } .left { float: left; width: 9mm }
.mark { position: relative; padding: 1mm 0 1mm 5mm; min-height: 4mm } .mark::before { content: "x"; position: absolute; left: 0; top: 0 }
.span { column-span: all } .keep { break-after: avoid } .next { break-before: column } .box { height: 9mm; overflow: hidden }
.clone { box-decoration-break: clone; padding: 1mm; border: 1px solid } .low { height: 6mm; min-height: 0 } .up { margin-top: -2mm }
"""
ITEMS = {
    "text": "{}",
    "lines": "<li>{}</li>",
    "marks": "<li class=mark>{}</li>",
    "rows": "<li class=flex><b>1</b><p>{}</p><i>2 pt</i></li>",
    "grids": "<li class=grid><b>1</b><p>{}</p></li>",
    "parts": "<li class=mark><p class=up>{0}</p><p>{0}</p></li>",
    "tables": "<table><tr><td>1<td>{}</table>",
    "floats": "<li><b class=left>1</b>{}</li>",
    "notes": "<li>{}<span class=note>note</span></li>",
    "heads": "<li><span class=head>head</span>{}</li>",
    "spans": "<li>{}</li><h2 class=span>over all</h2>",
    "kept": "<h3 class=keep>head</h3><p>{}</p>",
    "forced": "<li class=next>{}</li><li>{}</li>",
    "fixed": "<li class=low><p>{}</p></li><li class=box>{}</li>",
    "cloned": "<div class=clone><p>{}</p><p>more</p></div>",
    "nested": "<div style='columns: 2'><p>{}</p><p>two</p><p>three</p></div>",
    "figures": "<figure class=figure><b>{}</b><figcaption>c</figcaption></figure><p>{}</p>",
}
BOXES = (
    "columns: 2", "columns: 3; column-gap: 3mm", "columns: 4; direction: rtl", "columns: 20mm; padding: 2mm; border: 1px solid",
    "columns: 2; column-fill: auto", "columns: 2; height: 50mm", "columns: 3; position: relative; min-height: 40mm",
)  # fmt: skip


@contextmanager
def _laid_out_by(function: Any) -> Iterator[list[int]]:
    """Let a function lay out blocks; yields how many columns were laid out."""
    engine.install()
    laid = [0]
    real = columns._block_box_layout

    def counted(*about: Any, **named: Any) -> Any:
        laid[0] += about[1].is_column
        return real(*about, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(columns, "_block_box_layout", counted)
        patch.setattr(block, "block_box_layout", counted if function is real else function)
        yield laid


def _both(body: str) -> tuple[int, int]:
    """Set a document with the shortcut and without; returns how many columns were laid out in each."""
    sheets = (("templates:fonts.css", (TEMPLATES / "fonts.css").read_text("utf-8")), ("templates:x.css", SHEET))
    html = Html("t", "en", f"<!DOCTYPE html><html lang=en><title>t</title><body>{body}</body></html>", sheets, {})
    made, laid = [], []
    for function in (columns._lay_out, columns._block_box_layout):
        with _laid_out_by(function) as count, at_a_fixed_time():
            work = Typesetting(html)
            made.append(work._write(work.layout(html.markup)))
            laid.append(count[0])
    assert made[0] == made[1], body
    return laid[0], laid[1]


def _page(kind: str, box: str, count: int, seed: int, whole: bool) -> str:
    """Return a document with a box of columns after some text."""
    words = random.Random(f"{kind} {box} {count} {seed}")
    items = "".join(ITEMS[kind].format(*(["word " * words.randrange(1, 12)] * 2)) for _ in range(count))
    return (f"<p>{'before ' * words.randrange(1, 60)}</p><div class='prose {'whole' * whole}' style='{box}'>{items}</div>"
            f"<p>after</p>")  # fmt: skip


@pytest.mark.parametrize(("kind", "box", "count"), [
    ("text", 1, 9), ("lines", 1, 8), ("marks", 1, 5), ("marks", 5, 6), ("rows", 0, 5), ("grids", 5, 5), ("parts", 1, 5), ("tables", 6, 5),
    ("floats", 2, 9), ("notes", 5, 6), ("heads", 1, 7), ("spans", 5, 4), ("kept", 0, 9), ("forced", 6, 4), ("fixed", 1, 6),
    ("cloned", 2, 8), ("nested", 0, 2), ("figures", 0, 7), ("lines", 3, 16), ("kept", 4, 6),
])  # fmt: skip
def test_columns_are_balanced_as_without_the_shortcut(kind: str, box: int, count: int) -> None:
    """Whatever is in the columns, and however many there are, the file is the same to the byte."""
    fewer, more = _both(_page(kind, BOXES[box], count, box, box % 3 < 2))
    assert fewer <= more


def test_columns_of_unbroken_items_take_few_layouts() -> None:
    """The rows of an answer sheet, each unbroken, are not laid out again for each height."""
    fewer, more = _both(_page("parts", "columns: 3", 16, 1, whole=True))
    assert fewer < 0.7 * more
