"""What is found while a pack is made: what stops it, what its author accepts, and how it is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from guide.content.load import load_pack
from guide.diagnostics.diagnostic import Diagnostic, Place, Severity, error, warning
from guide.model.pack import Pack
from guide.pipeline import Settings
from guide.pipeline.problems import Problems

AT = Place("cards.yaml", 3, 1)
WIDE = error("card-overflow", "the front is 3.1 mm too high", AT, item="big")


@pytest.fixture
def pack(small_pack: Path) -> Pack:
    """Return a pack whose author accepts a card that is too large, and something that is not there."""
    accept = "accept:\n  - {code: card-overflow, id: big, because: It is a map.}\n  - {code: low-contrast, because: Old.}\n"
    with (small_pack / "pack.yaml").open("a", encoding="utf-8") as stream:
        stream.write(accept)
    found, _ = load_pack(small_pack)
    assert found is not None
    return found


def test_an_error_of_layout_leaves_out_its_document_and_one_of_content_all(pack: Pack) -> None:
    """Unless the run is strict, what is made without the document is kept."""
    problem = error("render-limit", "too large", AT)
    for settings, stopped in ((Settings(), False), (Settings(strict=True), True)):
        problems = Problems(settings, pack)
        problems.add(problem, layout=True)
        assert not problems.fatal
        assert problems.stopped(problems.in_order()) is stopped
    problems = Problems(Settings(), pack)
    problems.add(problem)
    assert problems.fatal
    assert problems.stopped(problems.in_order())


def test_a_warning_stops_a_strict_run_alone(pack: Pack) -> None:
    """It is told as an error then."""
    for strict in (False, True):
        problems = Problems(Settings(strict=strict), pack)
        problems.add(warning("orphan", "nobody asks for it", AT))
        told = problems.in_order()
        assert not problems.fatal
        assert problems.stopped(told) is strict
        assert any(each.severity == Severity.ERROR for each in told) is strict


def test_what_the_author_accepts_is_a_note_with_the_reason(pack: Pack) -> None:
    """An entry that nothing needed is told by a run that looked at the whole pack."""
    for settings, codes in ((Settings(), {"card-overflow", "unused-accept"}), (Settings(tags=("core",)), {"card-overflow"})):
        problems = Problems(settings, pack)
        assert not problems.stop([WIDE])
        problems.add_fault(WIDE, "flashcards", 0)
        told = {each.code: each for each in problems.in_order()}
        assert {*told} == codes
        assert told["card-overflow"].severity == Severity.NOTE
        assert told["card-overflow"].accepted == "It is a map."


def test_a_fault_of_layout_is_told_once_with_all_its_pages(pack: Pack) -> None:
    """A tenth of a mm makes no other fault; another place does."""
    problems = Problems(Settings(kinds=("quiz", "briefing")), pack)
    for document, page, width, line in (("quiz", 2, 1.5, 3), ("quiz", 4, 1.6, 3), ("briefing", 1, 1.5, 3), ("quiz", 2, 1.5, 9)):
        found = Diagnostic("overflow", f"a word is {width} mm too wide", Place("a.md", line, 1))
        problems.add_fault(found, document, page)
    first, second = problems.in_order()
    assert first.message == "quiz, pages 2, 4; briefing, page 1: a word is 1.5 mm too wide"
    assert second.message == "quiz, page 2: a word is 1.5 mm too wide"


def test_what_is_missing_because_it_was_wrong_is_not_told(pack: Pack) -> None:
    """A card that could not be read is no card that is missing."""
    missing = error("nothing-to-print", "the deck has no cards", AT)
    for wrong, told in ((frozenset(), True), (frozenset({"bad-value"}), False), (frozenset({"missing-source"}), True)):
        problems = Problems(Settings(kinds=("quiz",)), pack)
        problems.add(missing)
        assert bool(problems.in_order(wrong)) is told
