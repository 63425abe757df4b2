"""Things that look alike are paired as a whole."""

from __future__ import annotations

from guide.proof.pairs import paired


def test_the_first_that_fits_is_given_up_for_another() -> None:
    """The first may be either, the second only one; the best tier comes first, nothing is given twice."""
    assert paired([([0, 1], []), ([0], [])]) == [1, 0]
    assert paired([([1], [0]), ([], [0])]) == [1, 0]
    assert paired([([0], []), ([0], [])]) == [0, None]
    assert paired([]) == []
