"""guide.lock: which item is which after edits, numbers that are kept, and a file that merges."""

from __future__ import annotations

import hashlib
import random
import subprocess
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guide.model.identity import NEXT, Lock, State, matched, merged, released, updated
from guide.model.lockfile import read_lock, written

WORDS = ["water", "ice", "vapour", "cloud", "river", "lake", "glacier", "ocean", "rain", "snow", "soil", "plant"]


def card(name: str, words: str, given: bool = False) -> State:
    """Return the state of a card with a front and a back."""
    return State("cards", name, hashlib.sha256(words.encode()).hexdigest()[:16], words, given, faces=("",))


def pack_of(texts: list[str]) -> list[State]:
    """Return cards without ids, named for their texts."""
    return [card("-".join(text.split()[:3]), text) for text in texts]


def identities(states: list[State], lock: Lock) -> dict[str, str]:
    """Return the ids of cards by their wording."""
    found = matched(states, lock).ids
    return {state.words: name for state, name in zip(states, found, strict=True)}


texts_of_packs = st.lists(
    st.lists(st.sampled_from(WORDS), min_size=4, max_size=9).map(" ".join), min_size=2, max_size=12, unique=True
)


@settings(max_examples=40)
@given(texts_of_packs, st.data())
def test_an_edit_of_one_item_changes_the_identity_of_no_other(texts: list[str], data: st.DataObject) -> None:
    """Whatever is done to one card, and wherever it is moved, each other card is the one that it was."""
    before = matched(pack_of(texts), Lock()).ids
    states = [card(name, text, True) for name, text in zip(before, texts, strict=True)]
    lock = updated(Lock(), states, "1.0")
    place = data.draw(st.integers(0, len(texts) - 1))
    fresh = st.lists(st.sampled_from(WORDS), min_size=1, max_size=9).map(" ".join).filter(lambda t: t not in texts)
    edited = [*texts]
    edited[place] = data.draw(fresh)
    moved = data.draw(st.permutations(edited))
    now = identities(pack_of(moved), lock)
    for number, text in enumerate(texts):
        assert number == place or now[text] == before[number]
    assert len({*now.values()}) == len(texts)


def test_a_corrected_text_keeps_its_id_and_number() -> None:
    """A typo on the front made another card of it: the lock knows it, and asks where two could be meant."""
    lock = updated(Lock(), pack_of(["Wat is evaporation | Water turns to vapour", "What is rain | Drops"]), "1.0")
    now = pack_of(["What is evaporation | Water turns to vapour", "What is snow made of | Crystals", "What is rain | Drops"])
    found = matched(now, lock)
    assert found.ids == ("Wat-is-evaporation", "What-is-snow", "What-is-rain")
    assert not found.unclear
    states = [card(name, s.words, True) for name, s in zip(found.ids, now, strict=True)]
    later = updated(lock, states, "1.1")
    assert [later.items[s.key].numbers[""] for s in states] == [1, 3, 2]
    alike = updated(Lock(), pack_of(["one red house here | x", "two red house here | x"]), "1.0")
    unclear = matched(pack_of(["six red house here | x"]), alike)
    assert unclear.unclear == {0: "two-red-house"} and unclear.ids == ("one-red-house",)


@settings(max_examples=40)
@given(st.lists(st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=6), min_size=1, max_size=6))
def test_no_number_is_given_twice(versions: list[list[str]]) -> None:
    """Cards come and go: a number belongs to one card for ever, and a card that comes back has its own."""
    lock, owners = Lock(), {}
    for number, names in enumerate(versions):
        lock = updated(lock, [card(name, name, True) for name in names], f"{number}")
        for item in lock.items.values():
            assert owners.setdefault(item.numbers[""], item.id) == item.id
        assert {item.id for item in lock.items.values() if not item.gone} == {*names}
    assert read_lock(written(lock)) == (lock, ())


def test_releases_know_what_was_said() -> None:
    """What changed after a release is of the next one; the wording of each release is kept."""
    lock = released(updated(Lock(), [card("a", "old a", True), card("b", "b", True)], "1.0", "2026-01-01"), "1.0", "2026-01-01", "0" * 16)
    lock = updated(lock, [card("a", "new a", True), card("c", "c", True)], "1.0", "2026-01-01")
    a, b, c = (lock.items[f"cards/{name}"] for name in "abc")
    assert (a.came, a.changed, a.revision, b.gone, c.came) == ("1.0", NEXT, 1, NEXT, NEXT)
    lock = released(lock, "1.1", "2026-02-01", "1" * 16)
    assert (lock.items["cards/a"].changed, lock.items["cards/a"].date) == ("1.1", "2026-02-01")
    assert {k: s.words for k, s in lock.at("1.0").items()} == {"cards/a": "old a", "cards/b": "b"}
    assert {k: s.words for k, s in lock.at("1.1").items()} == {"cards/a": "new a", "cards/c": "c"}
    with pytest.raises(KeyError):
        lock.at("2.0")
    assert read_lock(written(lock)) == (lock, ())


def test_two_branches_merge(tmp_path) -> None:
    """Git leaves marks where both branches added cards: both are kept, with other numbers."""
    base = updated(Lock(), [card("m", "m", True)], "1.0")
    ours = updated(base, [card("m", "m", True), card("a", "a", True)], "1.0")
    theirs = updated(base, [card("m", "m better", True), card("b", "b", True)], "1.1")
    names = []
    for name, lock in (("ours", ours), ("base", base), ("theirs", theirs)):
        names.append(str(tmp_path / name))
        (tmp_path / name).write_text(written(lock))
    text = subprocess.run(["git", "merge-file", "-p", *names], capture_output=True, text=True, check=False).stdout
    lock, problems = read_lock(text)
    assert [p.code for p in problems] == ["lock-conflict"] and problems[0].place.line == text.split("\n").index("<<<<<<< " + names[0]) + 1
    assert {k: i.numbers[""] for k, i in lock.items.items()} == {"cards/m": 1, "cards/a": 2, "cards/b": 3}
    assert lock.items["cards/m"].words == "m better"
    assert read_lock(written(lock)) == (lock, ())
    assert merged(ours, Lock()) == ours


@settings(max_examples=40)
@given(st.data())
def test_a_lock_edited_by_hand_is_reported_with_its_line(data: st.DataObject) -> None:
    """Any sign that is changed in a line is found in that line, and never a traceback."""
    text = written(updated(Lock(), pack_of(["a b c d", "e f g h"]), "1.0"))
    lines = text.split("\n")
    number = data.draw(st.integers(1, 2))
    at = data.draw(st.integers(0, len(lines[number]) - 1))
    sign = data.draw(st.characters(exclude_categories=["Cs", "Cc"]).filter(lambda c: c != lines[number][at]))
    lines[number] = lines[number][:at] + sign + lines[number][at + 1 :]
    lock, problems = read_lock("\n".join(lines))
    if lines[number].startswith("#"):
        assert len(lock.items) == 1
    else:
        assert [(p.code, p.place.line) for p in problems] == [("lock-edited", number + 1)]


def test_two_thousand_cards_are_matched_in_seconds() -> None:
    """Every card of two thousand was corrected, and each is known."""
    chance = random.Random(7)
    letters = "abcdefghijklmnopqrstuvwxyz"
    names = ["".join(chance.choices(letters, k=7)) for _ in range(1000)]
    texts = [" ".join(chance.sample(names, 8)) for _ in range(2_000)]
    lock = updated(Lock(), [card(f"c{n}", text, True) for n, text in enumerate(texts)], "1")
    started = time.process_time()
    found = matched([card("", text[:-1] + "ß", False) for text in texts], lock)
    assert found.ids == tuple(f"c{n}" for n in range(2_000))
    assert time.process_time() - started < 2
