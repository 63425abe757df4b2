"""A Leitner schedule: on which day which box is reviewed, and when new cards come in.

After Leitner, So lernt man lernen (1972), in the common form for sessions: box n is due at every
2^(n-1)th session. The turns are staggered, so that beside the first never two boxes have theirs at
once. A card that is known goes one box on, one that is not goes back to the first.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

_SETTLE = 8  # sessions that the last new card should have before the deadline


@dataclass(frozen=True)
class Session:
    """One session: its number from 1, the new cards as (first, last) or None, and what is due.

    `due` has for each box how many cards lie in it if all were known so far, or None where the box
    has no turn.
    """

    number: int
    new: tuple[int, int] | None
    due: tuple[int | None, ...]

    @property
    def reviews(self) -> int:
        """Cards to review if all were known so far."""
        return sum(count or 0 for count in self.due)


@dataclass(frozen=True)
class Schedule:
    """Sessions up to the deadline; `left` cards have no turn before it."""

    sessions: tuple[Session, ...]
    per_session: int
    left: int


def pace(cards: int, sessions: int) -> int:
    """Return how many new cards a session takes so that the last ones still come round twice."""
    settle = min(_SETTLE, sessions // 3)
    return max(1, ceil(cards / max(1, sessions - settle)))


def schedule(cards: int, sessions: int, boxes: int = 5, per_session: int = 0) -> Schedule:
    """Return the schedule of a deck; with `per_session` 0 the pace is chosen.

    New cards are looked at on their day and reviewed from the next session on. Raises ValueError for
    less than one card, session or box.
    """
    if min(cards, sessions, boxes) < 1 or per_session < 0:
        raise ValueError("a schedule needs cards, sessions and boxes")
    step = per_session or pace(cards, sessions)
    filled = [0] * boxes
    seen = 0
    made = []
    for number in range(1, sessions + 1):
        turns = [box == 0 or number % 2**box == 2 ** (box - 1) for box in range(boxes)]
        due = tuple(filled[box] if turn else None for box, turn in enumerate(turns))
        for box in reversed([box for box, turn in enumerate(turns) if turn]):
            if box + 1 < boxes:  # every card moves one on; from the last box it is learnt
                filled[box + 1] += filled[box]
            filled[box] = 0
        new = (seen + 1, min(cards, seen + step)) if seen < cards else None
        if new:
            filled[0] += new[1] - seen
            seen = new[1]
        made.append(Session(number, new, due))
    return Schedule(tuple(made), step, cards - seen)
