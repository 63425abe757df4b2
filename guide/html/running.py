"""Running heads: short enough to be furniture, and not a sentence at the top of every page.

A line of eight words, four of them in lower case, reads as prose. As an artifact it would be prose
that no screen reader speaks; checkers of PDF/UA take it for that (outloud's rule TAG-002).
"""

from __future__ import annotations

import re

_WORDS, _LOWER = 8, 4


def _count(text: str) -> tuple[int, int]:
    words = re.findall(r"[^\W\d_][^\s]*", text)
    return len(words), sum(word[:1].islower() for word in words)


def _is_label(line: str) -> bool:
    words, lower = _count(line)
    return words < _WORDS or lower < _LOWER


def running_heads(part: str, marking: str, title: str) -> tuple[str, str]:
    """Return what stands left and right of the marking: the part's title, and the pack's.

    The pack's title gives way first; then the part's is cut.
    """
    if _is_label(f"{part} {marking} {title}"):
        return part, title
    kept: list[str] = []
    for word in part.split():
        if not _is_label(" ".join([*kept, word, marking])):
            return " ".join(kept).rstrip(",;:\u2013 ") + " \u2026", ""
        kept.append(word)
    return part, ""
