"""A timeline at a glance: every event a dot over its year, on a scale of time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from markupsafe import escape

from guide.units import MM_PER_POINT

LEAST = 8  # events; fewer are seen at a glance in the list itself
_COLUMNS = 60  # dots side by side that are still apart at 170 mm
_TICKS = 9
_STEPS = [size * 10**power for power in range(7) for size in (1, 2, 5)]
_EDGE = 6.0  # mm left and right of the first and last column, for their labels


@dataclass(frozen=True)
class Look:
    """How a strip is drawn: lengths in mm, type size in pt, CSS colours.

    `height` is that of the dots alone; the line of time and its labels come below.
    """

    width: float
    height: float
    type_size: float
    dot: str
    line: str
    text: str


@dataclass(frozen=True)
class Scale:
    """Years in columns of `step` years, from the one that begins at `first`."""

    first: int
    step: int
    columns: int

    def column(self, year: int) -> int:
        """Return the column of a year, from 0."""
        return (year - self.first) // self.step


def scale(years: Iterable[int], columns: int = _COLUMNS) -> Scale:
    """Return the finest scale that shows all years in at most so many columns."""
    first, last = min(found := list(years)), max(found)
    for step in _STEPS:
        start = first // step * step
        count = (last - start) // step + 1
        if count <= columns:
            break
    return Scale(start, step, count)


def draw(years: Iterable[int], look: Look, label: Callable[[int], str]) -> bytes:
    """Return the strip as SVG; `label` writes a year in the pack's language."""
    years = list(years)
    axis = scale(years)
    stacks = Counter(axis.column(year) for year in years)
    across = (look.width - 2 * _EDGE) / axis.columns
    pitch = min(across, look.height / max(stacks.values()), 3.2)
    tall = pitch * max(stacks.values())
    size = look.type_size * MM_PER_POINT
    base, whole = tall + 0.8, tall + 0.8 + 2.2 + size * 1.25

    def middle(column: float) -> float:
        return _EDGE + (column + 0.5) * across

    drawn = [
        f'<circle cx="{middle(column):.2f}" cy="{tall - (n + 0.5) * pitch:.2f}" '
        f'r="{pitch * 0.38:.2f}" fill="{look.dot}"/>'
        for column, count in sorted(stacks.items())
        for n in range(count)
    ]
    drawn.append(
        f'<path d="M0 {base:.2f}H{look.width:.2f}" stroke="{look.line}" stroke-width=".3" fill="none"/>'
    )
    for year in _ticks(axis, look):
        x = middle((year - axis.first) / axis.step)
        drawn.append(
            f'<path d="M{x:.2f} {base:.2f}v1.4" stroke="{look.line}" stroke-width=".3"/>'
            f'<text x="{x:.2f}" y="{base + 1.6 + size:.2f}" text-anchor="middle" '
            f'font-family="Source Sans 3" font-size="{size:.3f}" fill="{look.text}">'
            f"{escape(label(year))}</text>"
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{look.width:.2f}mm" height="{whole:.2f}mm" '
        f'viewBox="0 0 {look.width:.2f} {whole:.2f}">{"".join(drawn)}</svg>'
    ).encode()


def _ticks(axis: Scale, look: Look) -> list[int]:
    """Return the years that are labelled: round ones, as many as have room."""
    room = int((look.width - 2 * _EDGE) / (look.type_size * MM_PER_POINT * 4))
    last = axis.first + (axis.columns - 1) * axis.step
    for step in _STEPS:
        if step < axis.step or step % axis.step:
            continue
        round_years = range(-(-axis.first // step) * step, last + 1, step)
        # There is no year 0, and 600 BCE is the year -599.
        named = [number + (number < 0) for number in round_years if number]
        found = [year for year in named if axis.first <= year <= last] or [axis.first]
        if len(found) <= min(_TICKS, max(2, room)):
            return found
    return [axis.first]


def busiest(years: Iterable[int]) -> tuple[int, int]:
    """Return the year with the most events, the earliest of several, and their number."""
    counts = Counter(years)
    year = min(counts, key=lambda each: (-counts[each], each))
    return year, counts[year]
