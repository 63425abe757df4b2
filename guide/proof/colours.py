"""Contrast of colours.

Source: W3C, Web Content Accessibility Guidelines 2.2, the definitions of contrast ratio and relative
luminance.
"""

from __future__ import annotations

from functools import lru_cache

Colour = tuple[float, float, float]
"""Red, green and blue of sRGB, from 0 to 1."""


@lru_cache(maxsize=4096)
def contrast(first: Colour, second: Colour) -> float:
    """Return the contrast ratio of two colours, from 1 to 21."""
    light, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: Colour) -> float:
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
