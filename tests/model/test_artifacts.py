"""Where a fault is: what a key in the markup names, or outside of it."""

from __future__ import annotations

import pickle
from dataclasses import replace

import pytest

from guide.model.artifacts import Fault, OfCss, OfItem, OfPack, OfSource, item_of


@pytest.mark.parametrize(("key", "kind", "item"), [
    ("kfor", OfItem, "kfor"), ("kfor.back", OfItem, "kfor"), ("kfor/3", OfItem, "kfor"), ("", OfItem, ""),
    ("source:un-1999", OfSource, "un-1999"),
])  # fmt: skip
def test_a_key_in_the_markup_becomes_what_it_names(key: str, kind: type, item: str) -> None:
    fault = Fault("code", "message", key, cause=key)
    assert type(fault.at) is type(fault.cause) is kind
    assert (fault.at, item_of(fault.at)) == (key, item)
    again = pickle.loads(pickle.dumps(replace(fault, page=2)))
    assert again == replace(fault, page=2) and type(again.at) is kind


def test_what_is_outside_of_the_markup_stays_and_has_no_item() -> None:
    for at in (OfCss("own.css", 3, 3), OfPack("marking")):
        fault = Fault("code", "message", at)
        assert fault.at is at and item_of(fault.at) == "" and fault.cause == ""
