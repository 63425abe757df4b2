"""What `guide build --check` reports of files that it could not compare."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from guide.actions.compare import _not_compared


@pytest.mark.parametrize("count", range(1, 8))
def test_each_file_that_was_not_compared_is_named_or_counted(count: int, tmp_path: Path) -> None:
    """The first few by name, the others by their number, and no number if there are none."""
    others = [str(tmp_path / f"file-{n}.pdf") for n in range(count)]
    (found,) = _not_compared(tmp_path, compared=True, others=others)
    named = re.findall(r"file-\d\.pdf", found.message)
    more = re.search(r"and (\d+) more", found.message)
    assert named == [f"file-{n}.pdf" for n in range(len(named))]
    assert len(named) + (int(more[1]) if more else 0) == count
    assert not more or int(more[1]) > 0
