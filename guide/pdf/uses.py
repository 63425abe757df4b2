"""Which glyphs of which fonts faces use, packed small: a deck may have 20,000 faces."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping

from guide.model.artifacts import FontUse
from guide.model.setparts import Drawn

_NUL = "\0"


def font_use(name: str, texts: Mapping[int, str], widths: Mapping[int, int]) -> FontUse:
    """Return the use of a font: glyphs to what they are read as, and to their widths."""
    return FontUse(
        name,
        array("i", texts.keys()).tobytes(),
        _NUL.join(texts.values()),
        array("i", widths.keys()).tobytes(),
        array("i", widths.values()).tobytes(),
    )


def of_use(use: FontUse) -> tuple[dict[int, str], dict[int, int]]:
    """Return glyphs to text, and glyphs to widths."""
    texts = use.texts.split(_NUL) if use.glyphs else []
    return (
        dict(zip(_numbers(use.glyphs), texts, strict=True)),
        dict(zip(_numbers(use.sized), _numbers(use.widths), strict=True)),
    )


def _numbers(data: bytes) -> array[int]:
    found = array("i")
    found.frombytes(data)
    return found


def union(faces: Iterable[Drawn]) -> tuple[FontUse, ...]:
    """Return the glyphs that faces or parts use together; the first one decides what a glyph is read as."""
    texts: dict[str, dict[int, str]] = {}
    widths: dict[str, dict[int, int]] = {}
    seen: set[tuple[str, bytes]] = set()
    for face in faces:
        for use in face.fonts:
            key = (use.name, use.glyphs)
            if key in seen:
                continue
            seen.add(key)
            known = texts.setdefault(use.name, {})
            sized = widths.setdefault(use.name, {})
            if known.keys() >= {*_numbers(use.glyphs)}:
                continue
            more, lengths = of_use(use)
            for glyph, text in more.items():
                known.setdefault(glyph, text)
            for glyph, width in lengths.items():
                sized.setdefault(glyph, width)
    # Sorted, so that the same glyphs are the same fonts in whatever order cards come.
    return tuple(
        font_use(name, dict(sorted(texts[name].items())), dict(sorted(widths[name].items())))
        for name in sorted(texts)
    )
