"""Card stock as large print needs it."""

from __future__ import annotations

import pytest

from guide.content.library import all_stock
from guide.model.kinds import Stock


@pytest.mark.parametrize("sizes", [(9,), (14, 8), (11, 10.5, 10, 9.5), (30, 29)])
@pytest.mark.parametrize("least", [16.0, 18.0])
def test_large_print_is_larger_than_the_usual_print(sizes: tuple[float, ...], least: float) -> None:
    """Whatever sizes a stock has, also a single one: the largest grows with its largest, none is small."""
    stock = Stock.model_validate(all_stock()["poker"].model_dump() | {"sizes": sizes, "paper": all_stock()["poker"].paper})
    large = stock.enlarged(least)
    assert max(large.sizes) >= max(least, 1.4 * max(sizes) - 0.5)
    assert list(large.sizes) == sorted(large.sizes, reverse=True)
    assert 12 <= min(large.sizes) <= least
