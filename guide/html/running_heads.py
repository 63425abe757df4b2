"""Running heads and feet: one line each, measured with the font that prints them."""

from __future__ import annotations

import re

from guide.fonts.widths import width

GAP = 6.0  # mm between the texts at the two ends of a line
_CUT = " \u2026"
# A line of eight words, four of them in lower case, reads as a sentence. As an artifact, which no
# screen reader speaks, checkers of PDF/UA take it for lost text (outloud's rule TAG-002). So the
# pack's title is not in such a line; the title of the part stays whole for those who see.
_WORDS, _LOWER = 8, 4


def _is_label(line: str) -> bool:
    words = re.findall(r"[^\W\d_][^\s]*", line)
    return len(words) < _WORDS or sum(word[:1].islower() for word in words) < _LOWER


def running_heads(part: str, title: str, room: float, size: float) -> tuple[str, str]:
    """Return the two ends of a running head of `room` mm at `size` pt: the part, and the title.

    The pack's title gives way first. A text that is alone and too wide is cut after a word.
    """
    if not part:
        return "", shortened(title, room, size)
    both = width(part, size) + GAP + width(title, size)
    if both <= room and _is_label(f"{part} {title}"):
        return part, title
    return shortened(part, room, size), ""


def shortened(text: str, room: float, size: float) -> str:
    """Return a text, cut after the last word that leaves it within `room` mm at `size` pt."""
    if width(text, size) <= room:
        return text
    words = text.split()
    for count in range(len(words) - 1, 0, -1):
        kept = " ".join(words[:count]).rstrip(",;:\u2013\u2014- ") + _CUT
        if width(kept, size) <= room:
            return kept
    letters = next(
        (n for n in range(len(text), 0, -1) if width(text[:n], size) + width(_CUT, size) <= room), 0
    )
    return text[:letters].rstrip() + _CUT if letters else ""


def running_foot(versions: tuple[str, ...], page: str, room: float, size: float) -> str:
    """Return the first of `versions` that has room beside the page's number, or ''."""
    free = room - GAP - width(page, size)
    return next((text for text in versions if width(text, size) <= free), "")


def lines_of(text: str, size: float, room: float) -> int:
    """Return how many lines of `room` mm a text in bold takes at `size` pt."""
    lines, at, blank = 1, 0.0, width(" ", size, bold=True)
    for word in text.split():
        wide = width(word, size, bold=True)
        lines += at > 0 and at + wide > room
        at = wide + blank if at + wide > room else at + wide + blank
    return lines
