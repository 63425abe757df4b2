"""Why a reader cannot read a text or see a picture, in words.

A text must have a contrast of at least 1.5:1 to what is behind it. The ratio is WCAG's, which asks
for 4.5:1 (`guide.proof.contrast` warns below that); below 1.5:1, a Michelson contrast of 0.2, small
print cannot be read fluently by normal eyes, and a copier prints nothing of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

LEAST_SIZE = 4.0  # pt; the smallest type of maps and of legal print, a superscript of 7 pt
LEAST_CONTRAST = 1.5  # to 1


@dataclass(frozen=True)
class Trouble:
    """Why a reader cannot read a text: a code, what is said of the text, and what to do."""

    code: str
    said: str
    hint: str


_OVER = (
    "Look in templates of the pack for `z-index`, `position`, `margin`, `float` and `transform`, "
    "and give the text its own room."
)
SMALL = "Look in templates of the pack for `font-size`, `transform` and `letter-spacing`."
PALE_HINT = (
    "Choose a darker colour for the text or a lighter one behind it; look in templates of the pack "
    "for `color`, `opacity` and `background`."
)
HIDDEN = Trouble("lost-content", "not in the PDF", "")


def unreadable(said: str, hint: str) -> Trouble:
    """Return a trouble of a text that is on the page."""
    return Trouble("unreadable-text", said, hint)


def pale(ratio: float) -> Trouble:
    """Return the trouble of a text with too little contrast."""
    said = f"too pale: {ratio:.1f}:1 against what is behind it; {LEAST_CONTRAST:g}:1 is the least"
    return unreadable(said, PALE_HINT)


COVERED = unreadable("covered by something that is drawn over it", _OVER)
OVERPRINTED = unreadable("printed over other text", _OVER)
MIRRORED = unreadable("mirrored", "Look in templates of the pack for `scale` and `matrix`.")
PILED = unreadable("printed with its letters on top of each other", SMALL)

Colour = tuple[float, float, float]
"""Red, green and blue of sRGB, from 0 to 1."""


@lru_cache(maxsize=4096)
def contrast(first: Colour, second: Colour) -> float:
    """Return the contrast ratio of two colours, from 1 to 21 (WCAG 2.2)."""
    light, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: Colour) -> float:
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
