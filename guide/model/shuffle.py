"""A shuffle that is the same everywhere and for ever: by digest, not by a random generator."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def shuffled(values: Sequence[T], seed: str) -> list[T]:
    """Return the values in an order that depends on `seed` alone, and differs from the given one."""
    keyed = sorted(
        enumerate(values),
        key=lambda pair: hashlib.sha256(f"{seed}\0{pair[0]}".encode()).digest(),
    )
    order = [index for index, _ in keyed]
    if len(values) > 1 and order == list(range(len(values))):
        order = order[1:] + order[:1]
    return [values[index] for index in order]
