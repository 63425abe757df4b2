"""Thirty edits of the shipped pack: each gives a diagnostic that points at it, or builds. mutate.py makes 300."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import mutate  # noqa: E402

MUTANTS = list(mutate.mutants(mutate.PACK, 30, seed=7))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the pack to be edited."""
    return mutate.copied(mutate.PACK, tmp_path_factory.mktemp("mutants"))


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: f"{m.kind}-{m.path.replace('/', '-')}-{m.first}")
def test_an_edit_is_pointed_at_or_builds(mutant: mutate.Mutant, folder: Path) -> None:
    """The first error stands within two lines of the edit, or names it; without errors the briefing renders."""
    mutate.judge(mutant, folder, ("briefing",) if mutant.number % 3 == 0 else None)
    assert mutant.verdict in {"near", "named", "word", "built"}, f"{mutant.shown}\n{mutant.said}"


def test_edits_are_of_all_kinds() -> None:
    """Every kind of edit is among them, and the same seed gives the same edits."""
    assert {mutant.kind for mutant in MUTANTS} == set(mutate.EDITS)
    again = list(mutate.mutants(mutate.PACK, 3, seed=7))
    assert [(m.path, m.first, m.data) for m in again] == [(m.path, m.first, m.data) for m in MUTANTS[:3]]


def test_what_points_at_an_edit() -> None:
    """A place within two lines counts, a line that is named, a thing that stood there; a place elsewhere does not."""
    from guide.diagnostics.diagnostic import Place, error

    mutant = mutate.Mutant(0, "delete-line", "a.yaml", 10, 10, b"x\n" * 20, "")
    old = "\n".join(f"- id: key-{n}" for n in range(1, 21))
    cases = [
        (error("c", "m", Place("a.yaml", 12, 1)), "near"),
        (error("c", "m", Place("a.yaml", 13, 1)), ""),
        (error("c", "m", Place("b.yaml", 10, 1)), ""),
        (error("c", "the first is on line 9", Place("a.yaml", 19, 1)), "named"),
        (error("c", "m", Place("b.yaml", 1, 1), "the first is at a.yaml:9"), "named"),
        (error("unknown-source", "there is no source `key-10`", Place("b.yaml", 1, 1)), "word"),
        (error("unknown-source", "there is no source `key-17`", Place("b.yaml", 1, 1)), ""),
        (error("bad-date", "there is no source `key-10`", Place("b.yaml", 1, 1)), ""),
    ]
    for diagnostic, wanted in cases:
        assert mutate.points_at(mutant, diagnostic, old) == wanted, diagnostic
