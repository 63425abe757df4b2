"""Which face goes where: pure arithmetic in mm, from a sheet's top left corner."""

from __future__ import annotations

from dataclasses import dataclass

from guide.model.kinds import Stock


@dataclass(frozen=True)
class Placement:
    """A face on a sheet: its page in the deck (from 0), its top left corner, whether it is turned.

    `turned` faces are rotated by 180 degrees within the same rectangle.
    """

    page: int
    left: float
    top: float
    turned: bool = False


@dataclass(frozen=True)
class Side:
    """One side of a sheet: `sheet` counts from 0."""

    sheet: int
    back: bool
    placements: tuple[Placement, ...]


def cell(stock: Stock, index: int) -> tuple[float, float]:
    """Return the top left corner of a cell, counted row by row from the top left."""
    row, column = divmod(index, stock.columns)
    return (
        stock.origin[0] + column * stock.pitch[0],
        stock.origin[1] + row * stock.pitch[1],
    )


def flips_about_vertical(stock: Stock, duplex: str) -> bool:
    """Return whether the sheet turns about its vertical axis: the long edge of a portrait sheet."""
    portrait = stock.paper.width <= stock.paper.height
    return portrait == (duplex != "short-edge")


def behind(stock: Stock, left: float, top: float, duplex: str) -> tuple[float, float, bool]:
    """Return where the back of a card must be printed to lie behind its front.

    The rectangle is mirrored about the axis of the turn. About the horizontal axis the back side
    comes out upside down, so its faces are turned by 180 degrees.
    """
    if flips_about_vertical(stock, duplex):
        return stock.paper.width - left - stock.card[0], top, False
    return left, stock.paper.height - top - stock.card[1], True


def beside(stock: Stock, left: float, top: float) -> tuple[float, float, bool]:
    """Return where the back is on a sheet that is folded, for a cell of two faces.

    To the right of the front where the cell is two cards wide; below it, and turned, where it is
    two cards high: folded backwards along the line between them, the back reads as it should.
    """
    if stock.fold == "beside":
        return left + stock.card[0], top, False
    return left, top + stock.card[1], True


def margins(stock: Stock, side: Side, duplex: str) -> tuple[float, float, float, float]:
    """Return the space around the block of cards on a side, in mm: left, top, right, bottom."""
    left, top, right, bottom = stock.margins
    if not side.back or duplex == "fold":
        return left, top, right, bottom
    if flips_about_vertical(stock, duplex):
        return right, top, left, bottom
    return left, bottom, right, top


def plan(cards: int, stock: Stock, duplex: str = "long-edge", order: str = "reading") -> list[Side]:
    """Return the sides of all sheets for cards of two pages each.

    Fronts and backs are sides in turn; `fold` needs one side, on stock that `Stock.folded` gave,
    and `none` is planned as for a turn about the long edge, by hand. `order` is `reading` (card
    after card on a sheet) or `cut-stack`: card i is in cell i div sheets of sheet i mod sheets,
    so that the cut piles laid on one another are in order.
    """
    per_sheet = stock.per_sheet
    sheets = -(-cards // per_sheet)
    placed: list[list[tuple[int, int]]] = [[] for _ in range(sheets)]
    for card in range(cards):
        if order == "cut-stack":
            place, sheet = divmod(card, sheets)
        else:
            sheet, place = divmod(card, per_sheet)
        placed[sheet].append((place, card))
    sides = []
    for sheet, entries in enumerate(placed):
        fronts = [(card, *cell(stock, place)) for place, card in entries]
        first = tuple(Placement(2 * c, x, y) for c, x, y in fronts)
        if duplex == "fold":
            second = [(card, *beside(stock, left, top)) for card, left, top in fronts]
        else:
            second = [(card, *behind(stock, left, top, duplex)) for card, left, top in fronts]
        backs = tuple(Placement(2 * c + 1, x, y, turned) for c, x, y, turned in second)
        if duplex == "fold":
            sides.append(Side(sheet, False, first + backs))
        else:
            sides += [Side(sheet, False, first), Side(sheet, True, backs)]
    return sides


def room(
    stock: Stock, placement: Placement, others: tuple[Placement, ...]
) -> tuple[float, float, float, float]:
    """Return how far a face may bleed to the left, top, right and bottom, in mm.

    Half of the way to the next face; without one, as far as it likes.
    """
    width, height = stock.card
    found = [float("inf")] * 4
    for other in others:
        across, down = other.left - placement.left, other.top - placement.top
        if other is placement:
            continue
        if abs(down) < height - 0.01:
            gap = max(0.0, (abs(across) - width) / 2)
            found[2 if across > 0 else 0] = min(found[2 if across > 0 else 0], gap)
        if abs(across) < width - 0.01:
            gap = max(0.0, (abs(down) - height) / 2)
            found[3 if down > 0 else 1] = min(found[3 if down > 0 else 1], gap)
    return found[0], found[1], found[2], found[3]
