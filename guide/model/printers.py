"""What a user knows of a printer: how far off it prints the back of a sheet."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Registration:
    """How the back side must be moved to lie behind the front.

    `right` and `down` in mm as one looks at the back, `scale` in per cent, `rotation` in degrees
    clockwise.
    """

    right: float = 0.0
    down: float = 0.0
    scale: float = 100.0
    rotation: float = 0.0

    @property
    def is_none(self) -> bool:
        """Tell whether nothing is to be moved."""
        return self == Registration()
