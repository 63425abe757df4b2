"""Cards of one text are kept apart in a deck."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from guide.content.derive_cards import counted, selected
from guide.content.spread import APART, Sheets, spread
from guide.model.content import Flashcard


def cards(names: list[str]) -> list[Flashcard]:
    """Return cards, each of the text that its letters name."""
    return [
        Flashcard(id=f"c{n}", number=0, layout="basic", front="f", back="b", origin="cards", of=name)
        for n, name in enumerate(names)
    ]


def order(names: str, sheets: Sheets | None = None) -> str:
    """Return the texts of the cards in their new order."""
    return " ".join(card.of for card in spread(cards(names.split()), sheets or Sheets()))


def test_small_decks() -> None:
    """As far apart as a deck of this size lets them be."""
    assert order("a a") == "a a"
    assert order("x a a") == "a x a"
    assert order("a a a x y") == "a x a y a"
    assert order("a a b b c c") == "a b c a b c"


def test_a_deck_without_siblings_stays() -> None:
    """Nothing moves."""
    assert order("a b c d") == "a b c d"


SOME = st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=24)


@given(names=SOME, sheet=st.integers(1, 12), cut=st.booleans())
def test_no_neighbours_when_avoidable(names: list[str], sheet: int, cut: bool) -> None:
    """All cards are there once, and those of one text are not neighbours unless they are too many."""
    given_cards = cards(names)
    found = spread(given_cards, Sheets(sheet, cut))
    assert sorted(card.id for card in found) == sorted(card.id for card in given_cards)
    assert found == spread(given_cards, Sheets(sheet, cut))
    most = max(names.count(name) for name in names)
    if 2 * most <= len(names) + 1:
        assert all(a.of != b.of for a, b in pairwise(found))


@given(pairs=st.lists(st.integers(0, 150), min_size=1, max_size=12, unique=True), at=st.integers(0, 150), cut=st.booleans())
def test_a_large_deck_is_stable(pairs: list[int], at: int, cut: bool) -> None:
    """Texts with two cards are on different sheets; a card that is added moves few others."""
    names = [each for n in range(151) for each in ([f"n{n}"] * (2 if n in pairs else 1))]
    sheets = Sheets(8, cut)
    found = [card.of for card in spread(cards(names), sheets)]
    for pair in pairs:
        one, other = (n for n, name in enumerate(found) if name == f"n{pair}")
        assert other - one >= APART
        assert not sheets.together(one, other, len(found))
    more = [*names[:at], "new", *names[at:]]
    after = [card.of for card in spread(cards(more), sheets) if card.of != "new"]
    moved = sum(found[n] != after[n] for n in range(len(found)))
    assert cut or moved <= 2 * len(pairs) * 3


def test_numbers_are_those_of_the_whole_deck() -> None:
    """A selection by a run's tags keeps them; so does every sort."""
    made = [card.model_copy(update={"tags": ("t",) if n % 2 else ("u",)}) for n, card in enumerate(cards(list("abcd")))]
    options = {"tags": (), "sort": "authored", "seed": "1"}
    assert [(c.of, c.number, c.count) for c in counted(made, options, Sheets(8))] == [("a", 1, 4), ("b", 2, 4), ("c", 3, 4), ("d", 4, 4)]
    assert [(c.of, c.number, c.count) for c in selected(made, options, ["t"], Sheets(8))] == [("b", 2, 4), ("d", 4, 4)]
    narrow = {**options, "tags": ("u",)}
    assert [c.number for c in selected(made, narrow, ["t"], Sheets(8))] == [2, 4]
    assert [c.number for c in selected(made, narrow, [], Sheets(8))] == [1, 2]
