"""Digests: equal for equal values, different for others."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guide.system.digest import digest

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@dataclass(frozen=True)
class Point:
    """A value with a field that does not count."""

    x: Any
    y: Any = 0
    note: str = field(default="", compare=False)


@dataclass(frozen=True)
class Other:
    """The same fields under another name."""

    x: Any
    y: Any = 0


class Colour(StrEnum):
    """An enumeration of texts."""

    RED = "red"


class Number(Enum):
    """An enumeration of numbers."""

    ONE = 1
    TWO = 2


DISTINCT: list[tuple[Any, ...]] = [
    (), (None,), (True,), (1,), (1.0,), ("1",), (b"1",), (False,), (0,), (0.0,), ("",), (b"",),
    ([],), ({},), ([[]],), ([], []), ("ab",), ("a", "b"), (["a", "b"],), (["a"], "b"), ("a", ["b"]),
    ({"a": "b"},), ({"a": None},), ({"a": {"b": 1}},), ({"a": 1, "b": 2},), ({"a": 2, "b": 1},),
    (Point(1),), (Point(2),), (Point(1, 1),), (Other(1),), (Number.ONE,), (Number.TWO,),
    ("int:1:1",), ("\ud800",), ("é",), ("e\u0301",), ("a\0b",),
]  # fmt: skip


def test_distinct_values_have_distinct_digests() -> None:
    """Types, nesting and lengths count: no two of these look alike."""
    found = [digest(*values) for values in DISTINCT]
    assert len(set(found)) == len(DISTINCT)
    assert all(len(each) == 64 and int(each, 16) >= 0 for each in found)


@settings(max_examples=60, deadline=None)
@given(PLAIN, PLAIN)
def test_digests_are_equal_exactly_for_equal_values(one: Any, other: Any) -> None:
    """Two values have one digest if they are written the same, and two if not."""
    assert digest(one) == digest(one)
    if one != other:
        assert digest(one) != digest(other)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.text(), st.integers(), min_size=2))
def test_the_order_of_a_mapping_does_not_matter(mapping: dict[str, int]) -> None:
    """A mapping written backwards, or of another class, is the same value."""
    backwards = dict(reversed(list(mapping.items())))
    assert digest(mapping) == digest(backwards) == digest(MappingProxyType(backwards))


def test_the_order_of_a_sequence_matters() -> None:
    """A list is not the list backwards; a tuple of the same is the list."""
    assert digest([1, 2]) != digest([2, 1])
    assert digest([1, 2]) == digest((1, 2))


def test_fields_that_are_not_compared_do_not_count() -> None:
    """A field with compare=False has no influence, any other has."""
    assert digest(Point(1, note="a")) == digest(Point(1, note="b"))
    assert digest(Point(1)) != digest(Point(1, y=2))


@pytest.mark.parametrize("value", [object(), {1, 2}, Point, print, [object()], {"a": {3}}])
def test_what_cannot_be_read_is_refused(value: Any) -> None:
    """A value without readable content has no digest."""
    with pytest.raises(TypeError, match="has no digest"):
        digest(value)


def test_digests_are_the_same_in_another_process() -> None:
    """The seed of hashes has no influence."""
    program = "from guide.system.digest import digest; print(digest({'b': 1, 'a': [2.5, 'x', None]}, b'y'))"
    root = str(Path(__file__).parents[2])
    said = [
        subprocess.run(
            [sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout.strip()
        for seed in ("1", "2")
    ]  # fmt: skip
    assert said == [digest({"a": [2.5, "x", None], "b": 1}, b"y")] * 2
