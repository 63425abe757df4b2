"""`guide impose` on the pages that one asks for."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pypdfium2
import pytest
from click.testing import Result
from post_office import made_pdf

Run = Callable[..., Result]


@pytest.mark.parametrize(
    ("ranges", "wanted"),
    [("2", [2]), ("1-3", [1, 2, 3]), ("2-", [2, 3, 4, 5]), ("5,1-2", [5, 1, 2]), ("4,4", [4, 4])],
)
def test_the_chosen_pages_are_imposed_in_their_order(ranges: str, wanted: list[int], run: Run, tmp_path: Path) -> None:
    """Only these, each as often as it is named."""
    source, target = tmp_path / "in.pdf", tmp_path / "out.pdf"
    source.write_bytes(made_pdf("Page", pages=5))
    result = run("impose", source, target, "--n-up", "2", "--pages", ranges)
    assert result.exit_code == 0, result.output
    document = pypdfium2.PdfDocument(target)
    try:
        text = " ".join(page.get_textpage().get_text_range() for page in document)
    finally:
        document.close()
    assert [int(n) for n in re.findall(r"Page (\d)", text)] == wanted
