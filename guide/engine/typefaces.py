"""Fonts told apart by their bytes; WeasyPrint 70.0 knows them by family, style and weight alone.

Two files of one name are one font to it: the second would be drawn with the glyphs of the first.
"""

from __future__ import annotations

import hashlib
from typing import Any

from weasyprint.pdf.fonts import Font
from weasyprint.text.ffi import ffi
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


def _add_font(stream: Any, pango_font: Any) -> tuple[Any, float]:
    """Return the font of a stream for Pango's, and its size in px."""
    key, description, size = get_pango_font_key(pango_font)
    face = get_pango_font_hb_face(pango_font)
    known = stream._fonts  # noqa: SLF001
    file = key, int(ffi.cast("uintptr_t", face))
    if file not in known:
        known[file] = Typeface(pango_font, description, size)
    return known[file], size
