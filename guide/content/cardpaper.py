"""Card stock on another paper than the one that was asked for."""

from __future__ import annotations

from guide.content.library import all_stock
from guide.diagnostics.diagnostic import Diagnostic, Place, warning
from guide.model.kinds import Stock, grid
from guide.units import Paper

_SAME = 0.5  # mm
_NAMED = 3  # stocks in a hint


def other_paper(stock: Stock, paper: Paper, place: Place) -> Diagnostic | None:
    """Return the warning for cards that are not printed on `paper`, as their stock is for another.

    Sheets of stock have their own size: labels and perforated cards cannot be laid out anew.
    """
    if _alike(stock.paper, paper):
        return None
    message = (
        f"the cards are printed on {stock.paper.name}, not on {paper.name}: "
        f"the stock `{stock.name}` is for {stock.paper.name}"
    )
    fitting = [each.name for each in all_stock().values() if _alike(each.paper, paper)]
    ways = []
    if fitting:
        ways.append(f"choose stock for {paper.name} ({', '.join(sorted(fitting)[:_NAMED])})")
    width, height = stock.card
    if _goes_on(stock, paper):
        ways.append(f"cut cards of this size from it: --stock {width:g}x{height:g}mm")
    ways = ways or ["choose smaller stock (guide stock), or larger paper"]
    hint = ", or ".join(ways)
    return warning("stock-paper", message, place, f"{hint[:1].upper()}{hint[1:]}")


def _alike(one: Paper, other: Paper) -> bool:
    """Return True if two papers have one size, upright or across."""
    sizes = (sorted((each.width, each.height)) for each in (one, other))
    return all(abs(a - b) <= _SAME for a, b in zip(*sizes, strict=True))


def _goes_on(stock: Stock, paper: Paper) -> bool:
    try:
        grid(stock.model_copy(update={"paper": paper, "fold": ""}))
    except ValueError:
        return False
    return True
