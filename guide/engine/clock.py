"""One time for all: fontTools stamps the fonts it makes, and the same content gives the same bytes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def at_a_fixed_time() -> Iterator[None]:
    """Set SOURCE_DATE_EPOCH, which is fontTools' only clock."""
    name = "SOURCE_DATE_EPOCH"
    before = os.environ.get(name)
    os.environ[name] = "0"
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
