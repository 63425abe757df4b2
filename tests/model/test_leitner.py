"""The Leitner schedule: every card comes in once, no two later boxes are due at once, nothing is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guide.model.leitner import pace, schedule


@given(cards=st.integers(1, 900), sessions=st.integers(1, 200), boxes=st.integers(1, 7), per=st.integers(0, 60))
def test_every_card_comes_in_once(cards: int, sessions: int, boxes: int, per: int) -> None:
    made = schedule(cards, sessions, boxes, per)
    seen = [n for each in made.sessions if each.new for n in range(each.new[0], each.new[1] + 1)]
    assert seen == list(range(1, cards - made.left + 1))
    assert [each.number for each in made.sessions] == list(range(1, sessions + 1))
    for each in made.sessions:
        assert each.due[0] is not None
        assert sum(due is not None for due in each.due[1:]) <= 1
    if not per:
        assert made.left == 0 and made.per_session == pace(cards, sessions)


def test_a_card_moves_one_box_at_a_time() -> None:
    """Eight cards on the first day: in box 1 the day after, then box 2, 3 and 4 on the next turns of those."""
    made = schedule(8, 40, 5, 8)
    filled = [(each.number, box + 1) for each in made.sessions for box, due in enumerate(each.due) if due]
    assert filled == [(2, 1), (3, 2), (6, 3), (12, 4), (24, 5)]
    turns = {box: [each.number for each in made.sessions if each.due[box] is not None] for box in range(5)}
    assert turns[1][:3] == [1, 3, 5] and turns[2][:3] == [2, 6, 10] and turns[4][:2] == [8, 24]


@pytest.mark.parametrize("given_", [(0, 5, 5, 0), (5, 0, 5, 0), (5, 5, 0, 0), (5, 5, 5, -1)])
def test_nothing_has_no_schedule(given_: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="needs"):
        schedule(*given_)
