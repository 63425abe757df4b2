"""How wide a line of text is, measured with the bundled fonts that will print it.

Kerning is omitted: it makes a line narrower as a rule, and by less than a hundredth.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from fontTools.ttLib import TTFont

from guide.resources import font_file
from guide.units import MM_PER_POINT

_PLAIN = (
    ("Source Sans 3", "SourceSans3-Regular.ttf"),
    ("Noto Sans", "NotoSans-Regular.ttf"),
)
_BOLD = (
    ("Source Sans 3", "SourceSans3-Bold.ttf"),
    ("Noto Sans", "NotoSans-Bold.ttf"),
)
_EAST_ASIAN = tuple(("Noto Sans", f"NotoSans{code}-Regular.ttf") for code in ("JP", "SC", "KR"))
_UNKNOWN = 1.0  # em of a character that no font has; it is reported elsewhere


@lru_cache
def _metrics(family: str, name: str) -> tuple[dict[int, str], Any, int]:
    """Return the glyph of each character, the advance of each glyph, and the units of an em."""
    font = TTFont(font_file(family, name), lazy=True)
    return font.getBestCmap(), font["hmtx"], font["head"].unitsPerEm


@lru_cache(maxsize=4096)
def _advance(character: str, bold: bool) -> float:
    """Return the advance of a character in em."""
    for family, name in (*(_BOLD if bold else _PLAIN), *_EAST_ASIAN):
        glyphs, advances, em = _metrics(family, name)
        glyph = glyphs.get(ord(character))
        if glyph is not None:
            return float(advances[glyph][0]) / em
    return _UNKNOWN


def width(text: str, size: float, bold: bool = False, spacing: float = 0.0) -> float:
    """Return the width in mm of a line in the sans serif at `size` pt.

    `spacing` is the letter-spacing in em, which follows each character.
    """
    ems = sum(_advance(character, bold) + spacing for character in text)
    return ems * size * MM_PER_POINT
