"""Fonts told apart by their bytes; WeasyPrint 70.0 knows them by family, style and weight alone.

Two files of one name are one font to it: the second would be drawn with the glyphs of the first.
And it takes the width of a glyph from the size at which it meets it first, rounded: a thousandth of
the type size more or less, as pages come. Here it is that of the font file.
"""

from __future__ import annotations

import hashlib
from typing import Any

from weasyprint.pdf.fonts import Font
from weasyprint.text.ffi import ffi, harfbuzz
from weasyprint.text.fonts import get_pango_font_hb_face, get_pango_font_key

from guide.engine import patches

patches.check()
_TAG = 6  # capitals before the name of a subset (ISO 32000-2, 9.9.2)


class Typeface(Font):  # type: ignore[misc]
    """A font whose `digest`, and the tag before its name, come from its bytes as well."""

    hash: str
    name: bytes

    def __init__(self, pango_font: Any, description: Any, font_size: float) -> None:
        super().__init__(pango_font, description, font_size)
        hasher = hashlib.sha256(f"{self.hash} {self.index} {sorted(self.variations)}".encode())
        hasher.update(self.file_content)
        self.digest = hasher.hexdigest()
        before = self.hash.encode()
        self.hash = "".join(chr(65 + letter % 26) for letter in hasher.digest()[:_TAG])
        self.name = self.name.replace(before, self.hash.encode(), 1)
        self._advances = b"" if "fvar" in self.tables else self._table(b"hmtx")
        header = self._table(b"hhea")
        self._count = int.from_bytes(header[-2:], "big") if self._advances else 0
        self.forget()

    def forget(self) -> None:
        """Begin anew to note which glyphs are used."""
        self.to_unicode = _Letters(self)
        self.widths: dict[int, int] = {}
        self.missing: dict[int, int] = {}

    def width_of(self, glyph: int) -> int | None:
        """Return a glyph's width in thousandths of the type size; None where the file has none."""
        if not self._count or self.bitmap or glyph >= self.glyph_count:
            return None
        at = 4 * min(glyph, self._count - 1)  # advance and bearing (OpenType, hmtx)
        advance = int.from_bytes(self._advances[at : at + 2], "big")
        upem = int(self.upem)
        return (2000 * advance + upem) // (2 * upem)

    def _table(self, tag: bytes) -> bytes:
        blob = harfbuzz.hb_face_reference_table(self.hb_face, harfbuzz.hb_tag_from_string(tag, -1))
        try:
            length = harfbuzz.hb_blob_get_length(blob)
            data = harfbuzz.hb_blob_get_data(blob, ffi.new("unsigned int *"))
            return bytes(ffi.unpack(data, length)) if length else b""
        finally:
            harfbuzz.hb_blob_destroy(blob)


class _Letters(dict[int, str]):
    """What glyphs are read as; the width of one that is met is noted at once."""

    def __init__(self, font: Typeface) -> None:
        super().__init__()
        self.font = font

    def __setitem__(self, glyph: int, text: str) -> None:
        super().__setitem__(glyph, text)
        width = self.font.width_of(glyph)
        if width is not None:
            self.font.widths.setdefault(glyph, width)


def _add_font(stream: Any, pango_font: Any) -> tuple[Any, float]:
    """Return the font of a stream for Pango's, and its size in px."""
    key, description, size = get_pango_font_key(pango_font)
    face = get_pango_font_hb_face(pango_font)
    known = stream._fonts  # noqa: SLF001
    file = key, int(ffi.cast("uintptr_t", face))
    if file not in known:
        known[file] = Typeface(pango_font, description, size)
    return known[file], size
