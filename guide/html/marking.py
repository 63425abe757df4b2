"""The marking of a pack: how it is set on the paper at hand, and what is too long for it.

Its lines are broken here, by measured widths, so that the page knows how high they are and each
page of a document breaks them alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from guide.diagnostics.diagnostic import Diagnostic, Place, error
from guide.fonts.widths import width
from guide.units import MM_PER_POINT

SPACING = 0.05  # em between letters
LEADING = 1.2  # of the type size
MOST_LINES = 2
CODE = "marking-too-long"
_SLACK = 1.01  # rounding of the layout engine
# A break after a space or a hyphen, and beside any East Asian character.
_BREAK = re.compile(
    "(?<=[ \u2010-])(?=[^ ])|(?<=[\u2e80-\ud7ff\uf900-\ufaff])|(?=[\u2e80-\ud7ff\uf900-\ufaff])"
)


@dataclass(frozen=True)
class Marking:
    """A marking as it is set: its lines, its type size in pt.

    `room` is how many of its letters would fit where it does not; 0 where it does.
    """

    lines: tuple[str, ...] = ()
    size: float = 0.0
    room: int = 0

    @property
    def height(self) -> float:
        """The height of its lines in mm."""
        return len(self.lines) * line_height(self.size)


def line_height(size: float) -> float:
    """Return the height in mm of a line of type of `size` pt."""
    return size * LEADING * MM_PER_POINT


def measured(text: str, size: float) -> float:
    """Return the width in mm of a line of a marking."""
    return width(text, size, bold=True, spacing=SPACING) * _SLACK


def set_marking(text: str, room: float, size: float) -> Marking:
    """Return a marking set on as few lines of `room` mm as it takes, the lines about equal.

    One that needs more than MOST_LINES is returned on as many, with `room` letters that fit.
    """
    plain = " ".join(text.split())
    if not plain:
        return Marking()
    pieces = [piece for piece in _BREAK.split(plain) if piece]
    if lines := _fitting(pieces, room, size):
        return Marking(lines, size)
    lines = _even(pieces, MOST_LINES, size) or (plain,)
    return Marking(lines, size, max(1, _letters(plain, pieces, room, size)))


def _fitting(pieces: Sequence[str], room: float, size: float) -> tuple[str, ...]:
    """Return the pieces on as few lines as it takes; () where they do not fit."""
    options = (_even(pieces, count, size) for count in range(1, MOST_LINES + 1))
    return next((o for o in options if o and max(measured(x, size) for x in o) <= room), ())


def _letters(plain: str, pieces: Sequence[str], room: float, size: float) -> int:
    """Return how many letters fit: what the widest line has room for, and every line as much."""
    if len(pieces) == 1:
        return int(len(plain) * room / measured(plain, size))
    kept = plain
    while len(kept) > 1:
        kept = kept[:-1].rstrip()
        if _fitting([piece for piece in _BREAK.split(kept) if piece], room, size):
            return len(kept)
    return 1


def _even(pieces: Sequence[str], count: int, size: float) -> tuple[str, ...]:
    """Return the pieces on so many lines, the widest as narrow as can be; () for too few pieces."""
    options = list(_splits(list(pieces), count))
    if not options:
        return ()
    return min(options, key=lambda lines: max(measured(line, size) for line in lines))


def _splits(pieces: list[str], count: int) -> Iterator[tuple[str, ...]]:
    if count == 1:
        yield ("".join(pieces).strip(),)
        return
    for cut in range(1, len(pieces) - count + 2):
        first = "".join(pieces[:cut]).strip()
        for rest in _splits(pieces[cut:], count - 1):
            yield (first, *rest)


def too_long(text: str, made: Marking, where: str, place: Place) -> Diagnostic:
    """Return the error for a marking that has no room in a document."""
    message = (
        f"the marking has {len(text)} letters; {where} has room for about {made.room} "
        f"on {MOST_LINES} lines"
    )
    hint = "Shorten it, or choose a larger paper or card stock, or another theme."
    return error(CODE, message, place, hint)


def narrowest(problems: Sequence[Diagnostic]) -> list[Diagnostic]:
    """Return problems with only one of those about the marking: that of the narrowest place."""
    ours = [problem for problem in problems if problem.code == CODE]
    if len(ours) < 2:
        return list(problems)
    kept = min(ours, key=lambda each: int(re.findall(r"about (\d+)", each.message)[0]))
    return [problem for problem in problems if problem.code != CODE or problem is kept]
