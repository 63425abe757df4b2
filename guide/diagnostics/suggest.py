"""Which known word somebody may have meant."""

from __future__ import annotations

from typing import Any


def nearest(word: str, choices: Any, cutoff: int = 70) -> str:
    """Return the choice most like `word`, or '' when none is like it."""
    from rapidfuzz import fuzz, process  # only a mistake needs it

    found = process.extractOne(word, list(choices), scorer=fuzz.ratio, score_cutoff=cutoff)
    return found[0] if found else ""


def likeness(one: str, other: str) -> float:
    """Return how alike two texts are: 100 for the same text, 0 for texts without a common letter."""
    from rapidfuzz import fuzz

    return float(fuzz.ratio(one, other))


def did_you_mean(word: str, choices: Any) -> str:
    """Return `did you mean ...?` for the nearest choice, or a list of all when there are few."""
    names = list(choices)
    near = nearest(word, names)
    if near:
        return f"did you mean `{near}`?"
    if 0 < len(names) <= 14:
        return "known are " + ", ".join(f"`{name}`" for name in names)
    return ""
