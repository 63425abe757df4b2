"""What a user knows of a printer: its queue, its tray, its price, and how far off it prints backs."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


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
        """Return whether nothing is to be moved."""
        return self == Registration()


@dataclass(frozen=True)
class Profile:
    """What is stored of a printer under a name; whatever is omitted is asked of the printer.

    `queue` is its name in CUPS, `tray` the one that documents are printed from. `duplex` overrules
    what the queue says it can do. A sheet of paper costs `cost_per_sheet`, printing one side of it
    `cost_per_side`, both in `currency`. `default` marks the printer of `guide print`.
    """

    registration: Registration = Registration()
    queue: str = ""
    tray: str = ""
    duplex: bool | None = None
    cost_per_sheet: Decimal | None = None
    cost_per_side: Decimal | None = None
    currency: str = ""
    default: bool = False

    def cost(self, sheets: int, sides: int) -> Decimal | None:
        """Return what so many sheets and printed sides cost, None when no price is known."""
        if self.cost_per_sheet is None and self.cost_per_side is None:
            return None
        return sheets * (self.cost_per_sheet or 0) + sides * (self.cost_per_side or Decimal(0))
