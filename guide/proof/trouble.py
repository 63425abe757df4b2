"""Why a reader cannot read a text or see a picture, in words.

A text must have a contrast of at least 1.5:1 to what is behind it. The ratio is WCAG's, which asks
for 4.5:1 (`guide.proof.contrast` warns below that); below 1.5:1, a Michelson contrast of 0.2, small
print cannot be read fluently by normal eyes, and a copier prints nothing of it.
"""

from __future__ import annotations

from dataclasses import dataclass

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
