"""The Leitner schedule as one who keeps it: cards in boxes, moved by hand from session to session."""

from __future__ import annotations

from collections import Counter
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guide.model.leitner import pace, schedule

CARDS = st.integers(1, 800)
SESSIONS = st.integers(1, 200)
BOXES = st.integers(2, 7)


@given(CARDS, SESSIONS, BOXES, st.integers(0, 40))
def test_it_agrees_with_cards_in_real_boxes(cards: int, sessions: int, boxes: int, new: int) -> None:
    """Each card is followed one by one: what the plan says lies in a box that day lies in it."""
    made = schedule(cards, sessions, boxes, new)
    where: dict[int, int] = {}
    learnt = 0
    for session in made.sessions:
        counts = Counter(where.values())
        assert len(session.due) == boxes
        for box, due in enumerate(session.due):
            assert due is None or due == counts[box]
        assert session.reviews == sum(due or 0 for due in session.due)
        for card, box in list(where.items()):
            if session.due[box] is None:
                continue
            if box + 1 == boxes:
                del where[card]
                learnt += 1
            else:
                where[card] = box + 1
        if session.new:
            first, last = session.new
            assert first == len(where) + learnt + 1 <= last
            where |= dict.fromkeys(range(first, last + 1), 0)
    assert len(where) + learnt + made.left == cards


@given(CARDS, SESSIONS, BOXES)
def test_all_cards_come_in_once_and_in_time(cards: int, sessions: int, boxes: int) -> None:
    """With a pace that is chosen none is left, and the last ones still come round."""
    made = schedule(cards, sessions, boxes)
    taken = [n for s in made.sessions if s.new for n in range(s.new[0], s.new[1] + 1)]
    assert taken == list(range(1, cards + 1))
    assert made.left == 0
    last = max(s.number for s in made.sessions if s.new)
    assert sessions - last >= min(8, sessions // 3)


@given(CARDS, SESSIONS, BOXES)
def test_beside_the_first_no_two_boxes_have_their_turn_at_once(cards: int, sessions: int, boxes: int) -> None:
    """Box 1 has it each time, box n every 2^(n-1)th time."""
    made = schedule(cards, sessions, boxes)
    turns: dict[int, list[int]] = {box: [] for box in range(boxes)}
    for number, session in enumerate(made.sessions, 1):
        assert session.number == number
        assert session.due[0] is not None
        assert sum(due is not None for due in session.due[1:]) <= 1
        for box, due in enumerate(session.due):
            turns[box] += [number] if due is not None else []
    for box, days in turns.items():
        assert {b - a for a, b in zip(days, days[1:], strict=False)} <= {2**box}


@given(CARDS, SESSIONS, st.integers(1, 50))
def test_the_pace_is_kept(cards: int, sessions: int, new: int) -> None:
    """No day has more new cards than were asked for, and only the last has fewer."""
    made = schedule(cards, sessions, 5, new)
    sizes = [s.new[1] - s.new[0] + 1 for s in made.sessions if s.new]
    assert made.per_session == new
    assert all(size == new for size in sizes[:-1])
    assert 1 <= sizes[-1] <= new
    assert sum(sizes) == min(cards, new * sessions) == cards - made.left


@given(CARDS, SESSIONS)
def test_the_pace_that_is_chosen_is_no_faster_than_it_must_be(cards: int, sessions: int) -> None:
    """One card a day fewer would not do."""
    step = pace(cards, sessions)
    days = sessions - min(8, sessions // 3)
    assert step * days >= cards
    assert step == 1 or (step - 1) * days < cards
    assert step == max(1, ceil(cards / days))


@pytest.mark.parametrize(("cards", "sessions", "boxes", "new"), [(0, 5, 5, 0), (5, 0, 5, 0), (5, 5, 0, 0), (5, 5, 5, -1)])
def test_a_schedule_of_nothing_is_refused(cards: int, sessions: int, boxes: int, new: int) -> None:
    """A ValueError, for the caller has checked."""
    with pytest.raises(ValueError, match="needs"):
        schedule(cards, sessions, boxes, new)
