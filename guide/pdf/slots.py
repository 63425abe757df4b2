"""The place of a card's number on a face: left open when the face is drawn, with glyphs to fill it.

`numbers` fills it in when a deck is put together.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from weasyprint.draw import text as drawing
from weasyprint.matrix import Matrix
from weasyprint.pdf.stream import Stream
from weasyprint.text.line_break import create_layout

from guide.model.artifacts import NumberGlyph, NumberSlot
from guide.pdf.numbers import MARK

ATTRIBUTE = (
    "data-number"  # of the element with a placeholder: all characters that a number may need
)
_ENDS = {"right", "end"}
_CODE = 4  # hexadecimal digits of a glyph of an outline font


class FaceStream(Stream):  # type: ignore[misc]
    """The content of a face; `slot` is the text box whose glyphs are left open, once it is drawn."""

    slot: Any = None
    _inside: Any = None

    @contextmanager
    def marked(self, box: Any, tag: str) -> Iterator[None]:
        """Mark the content of a box, and note which one has the number."""
        element = getattr(box, "element", None)
        if self.slot is None and element is not None and element.get(ATTRIBUTE):
            self._inside = box
        with super().marked(box, tag):
            yield
        self._inside = None

    def show_text(self, text: str) -> None:
        """Show glyphs, or leave room for those of the number."""
        if self._inside is None:
            super().show_text(text)
        elif self.slot is None:
            self.slot = self._inside
            self.stream.append(MARK)


class _Scratch(Stream):  # type: ignore[misc]
    """Notes the font, size and glyphs of what is drawn on it."""

    def __init__(self, fonts: Any) -> None:
        super().__init__(fonts, (0, 0, 0, 0), None, None, None, None, None)
        self.font, self.size, self.shown = "", 0.0, ""

    def set_font_size(self, font: str, size: float) -> None:
        """Note the font."""
        self.font, self.size = font, size

    def show_text(self, text: str) -> None:
        """Note the glyphs."""
        self.shown += text


@dataclass
class Specimens:
    """The glyphs that numbers are made of, by style: drawn once for all faces of a document."""

    fonts: dict[Any, Any]
    _known: dict[tuple[Any, ...], tuple[NumberGlyph, ...]] = field(default_factory=dict)

    def slot(self, stream: FaceStream) -> NumberSlot | None:
        """Return the slot of a face, and count its glyphs as used; None for a face without one."""
        box = stream.slot
        if box is None:
            return None
        style, wanted = box.style, sorted({*box.element.get(ATTRIBUTE)})
        names = ("font_family", "font_weight", "font_size", "font_style", "font_stretch",
                 "font_variant_numeric", "lang")  # fmt: skip
        key = (str([style[name] for name in names]), "".join(wanted))
        if key not in self._known:
            self._known[key] = tuple(g for sign in wanted if (g := self._glyph(sign, style)))
        glyphs = self._known[key]
        by_hash = {font.hash: font for font in self.fonts.values()}
        for glyph in glyphs:
            font, number = by_hash[glyph.font], int(glyph.code, 16)
            font.to_unicode.setdefault(number, glyph.sign)
            font.widths.setdefault(number, glyph.width)
        return NumberSlot(box.text, float(box.width), style["text_align_all"] in _ENDS, glyphs)

    def _glyph(self, sign: str, style: Any) -> NumberGlyph | None:
        scratch = _Scratch(self.fonts)
        layout = create_layout(sign, style, None, None, 0)
        # Its text is only asked whether it is blank; the layout has the sign, a space as well.
        box = SimpleNamespace(text="x", style=style, pango_layout=layout, baseline=0)
        drawing.draw_first_line(scratch, box, "clip", "none", Matrix())
        code = scratch.shown.partition("<")[2].partition(">")[0]
        font = next((f for f in self.fonts.values() if f.hash == scratch.font), None)
        if len(code) != _CODE or font is None:
            return None
        return NumberGlyph(sign, scratch.font, scratch.size, code, font.widths[int(code, 16)])
