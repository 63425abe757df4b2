"""The diagrams of docs/flashcards.md are what guide's planning of sheets says today."""

from __future__ import annotations

import importlib.util
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_diagrams_are_up_to_date() -> None:
    """`python docs/diagrams.py` makes the files that are there."""
    spec = importlib.util.spec_from_file_location("diagrams", DOCS / "diagrams.py")
    assert spec is not None
    assert spec.loader is not None
    diagrams = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(diagrams)
    page = (DOCS / "flashcards.md").read_text("utf-8")
    for name, draw in diagrams.DIAGRAMS.items():
        assert (DOCS / "images" / name).read_text("utf-8") == draw(), f"run docs/diagrams.py for {name}"
        assert name in page
