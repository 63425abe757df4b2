"""Drawings of card stock, as a PDF."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from guide.model.kinds import Stock
from guide.pipeline import typeset_job
from guide.system import output
from guide.units import PAPERS


def draw_stock(stocks: Sequence[Stock], path: Path) -> int:
    """Write drawings of stock and return the number of pages; raises GuideError."""
    from guide.html.own_documents import stock_drawings

    pdf = typeset_job(stock_drawings(stocks, PAPERS["a4"]))
    output.write(path, pdf.data)
    return pdf.pages
