"""The foldings of texts and names: which are the same, and that no other module has one of its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import guide
from guide.model import letters as of


@pytest.mark.parametrize(
    ("fold", "one", "other", "different"),
    [
        (of.composed, "Cafe\u0301", "Ca\u00adfé", "café"),
        (of.same_name, "CAFE\u0301", "café", "cafe"),
        (of.same_label, " CAFÉ\n noir", "cafe\u0301 Noir", "cafénoir"),
        (of.fold, "ＡＮＮ\u00a0\u200bＬｅｅ", "ann lee", "annlee"),
        (of.visible, "a\u200b  b\u00ad", "a b", "A b"),
        (of.unaccented, "Niederschläge", "Niederschlage", "niederschlage"),
        (of.letters, "STRASSE-ﬁ", "Straße fi", "Strase fi"),
    ],
)
def test_each_folding_joins_what_it_says(fold: object, one: str, other: str, different: str) -> None:
    """And keeps apart what the next one joins."""
    assert callable(fold)
    assert fold(one) == fold(other) != fold(different)


@given(st.text())
def test_foldings_do_not_change_what_they_made(text: str) -> None:
    """What was kept folded is found again."""
    for fold in (of.composed, of.visible, of.unaccented, of.letters):
        assert fold(fold(text)) == fold(text), fold


def test_no_other_module_folds_by_compatible_forms() -> None:
    """But the one that prepares passwords as PDF asks (SASLprep)."""
    root = Path(guide.__file__).parent
    found = {path.name for path in root.rglob("*.py") if re.search(r'"NFK[CD]"', path.read_text("utf-8"))}
    assert found == {"letters.py", "encrypt.py"}
