"""Lengths and paper sizes, in millimetres."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

MM_PER_INCH = 25.4
POINTS_PER_MM = 72 / MM_PER_INCH
MM_PER_POINT = MM_PER_INCH / 72
PX_PER_MM = 96 / MM_PER_INCH

_MM = {"mm": 1.0, "cm": 10.0, "in": MM_PER_INCH, "pt": 1 / POINTS_PER_MM, "px": 1 / PX_PER_MM}
_LENGTH = re.compile(r"\s*([-+]?\d+(?:\.\d+)?)\s*(mm|cm|in|pt|px)?\s*")


@dataclass(frozen=True)
class Paper:
    """A sheet of paper: its name and its size in mm, portrait unless the user says otherwise."""

    name: str
    width: float
    height: float

    @property
    def css(self) -> str:
        """The size as CSS writes it, for `@page { size: ... }`."""
        return f"{self.width:g}mm {self.height:g}mm"

    @property
    def turned(self) -> Paper:
        """The same paper the other way round: landscape for portrait."""
        return Paper(self.name, self.height, self.width)


# ISO 216 for the A series; ANSI/ASME Y14.1 and North American trade use for the others.
PAPERS = {
    "a3": Paper("a3", 297, 420),
    "a4": Paper("a4", 210, 297),
    "a5": Paper("a5", 148, 210),
    "a6": Paper("a6", 105, 148),
    "letter": Paper("letter", 215.9, 279.4),
    "legal": Paper("legal", 215.9, 355.6),
}


def parse_length(text: str | float) -> float:
    """Return a length in mm; a bare number is mm. Raises ValueError for anything else."""
    match = _LENGTH.fullmatch(str(text))
    if not match:
        raise ValueError(f"{text!r} is not a length such as 12mm, 0.5in or 9pt")
    return float(match[1]) * _MM[match[2] or "mm"]


def parse_paper(value: object) -> Paper:
    """Return the paper for a name (`a4`, `a4-landscape`), a size (`90x60mm`) or `[width, height]` in mm.

    Raises ValueError with a message for the user when there is no such paper or the size is not
    between 20 mm and 2,000 mm.
    """
    if isinstance(value, Paper):
        return value
    if isinstance(value, str):
        name, across, rest = value.lower().partition("-landscape")
        if name in PAPERS and not rest:
            return PAPERS[name].turned if across else PAPERS[name]
    if isinstance(value, list | tuple) and len(value) == 2:
        width, height = (parse_length(side) for side in value)
    elif isinstance(value, str) and (
        match := re.fullmatch(r"([\d.]+)\s*x\s*([\d.]+)\s*(mm|cm|in)?", value)
    ):
        unit = match[3] or "mm"
        width, height = (parse_length(f"{match[n]}{unit}") for n in (1, 2))
    else:
        names = ", ".join(PAPERS)
        raise ValueError(f"{value!r} is not a paper: use {names} or [width, height] in mm")
    if not (20 <= width <= 2000 and 20 <= height <= 2000):
        raise ValueError(f"a sheet of {width:g} x {height:g} mm is outside 20 to 2,000 mm")
    return Paper(f"{width:g}x{height:g}mm", width, height)


def spans(numbers: Iterable[int], separator: str = ", ") -> str:
    """Return whole numbers as people write them, in order and once each: `1-3, 7`."""
    found = []
    for _, group in groupby(enumerate(sorted({*numbers})), lambda pair: pair[1] - pair[0]):
        members = [number for _, number in group]
        found.append(f"{members[0]}-{members[-1]}" if len(members) > 1 else f"{members[0]}")
    return separator.join(found)
