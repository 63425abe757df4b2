"""Versions of a quiz dealt to a class."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass

from guide.delivery.records import Held, LedgerEntry
from guide.model.copies import Recipient
from guide.model.letters import fold


def versions_among(stems: Iterable[str], kind: str) -> tuple[str, ...]:
    """Return the letters of the versions among the documents of a kind: `quiz-a`, `quiz-b`; or ()."""
    pattern = re.compile(re.escape(kind) + r"-([a-z])")
    found = [match[1] for stem in stems if (match := pattern.fullmatch(stem))]
    return tuple(sorted(found)) if len(found) > 1 else ()


@dataclass(frozen=True)
class Seat:
    """A copy in the list of its class: `has` is its version, '' for none; `letters` it may get."""

    number: int
    group: str
    has: str = ""
    letters: tuple[str, ...] = ()


def deal(seats: Iterable[Seat]) -> dict[int, str]:
    """Return the versions of the copies that have none yet, by number; '' where there are none.

    Seats are in the order of the list. Within a class, a copy gets the version that those beside it
    do not have, of these the one that fewest of the class have, of these the first. So a new list
    is dealt in turn: a, b, c, a. A copy keeps its version when pupils join or leave.
    """
    groups: dict[str, list[Seat]] = {}
    for seat in seats:
        groups.setdefault(seat.group, []).append(seat)
    return {number: letter for each in groups.values() for number, letter in _dealt(each)}


def _dealt(seats: Sequence[Seat]) -> Iterator[tuple[int, str]]:
    has = [seat.has for seat in seats]
    used = Counter(has)
    first = next((place for place, letter in enumerate(has) if letter), 0)
    # Who is put before all others is dealt from there to the front, so that no two meet alike.
    for place in (*range(first, len(seats)), *reversed(range(first))):
        seat = seats[place]
        if not seat.has:
            beside = [*has[max(0, place - 1) : place], *has[place + 1 : place + 2]]
            ranked = [(beside.count(each), used[each], each) for each in seat.letters]
            has[place] = min(ranked)[-1] if ranked else ""
            used[has[place]] += 1
            yield seat.number, has[place]


def dealt(
    documents: Collection[str],
    rows: Iterable[tuple[Recipient, Sequence[Held], Sequence[int]]],
    due: Container[int],
) -> dict[int, str]:
    """Return the versions that copies get now, by number.

    `documents` are the keys of those that are made; without any, nothing is known. `rows` are those
    of the list in order, each with the copies that its person has and the numbers of new ones. A
    copy that is `due` gets another version only if its own is no longer made.
    """
    letters = letters_of(documents)
    seats: list[Seat] = []
    known: dict[int, str] = {}
    for row, had, new in rows:
        group, can = fold(row.organisation), letters.get(row.edition, ())
        for copy in had:
            if copy.number not in due:
                seats.append(Seat(copy.number, group, copy.quiz))
                continue
            known[copy.number] = copy.quiz
            seats.append(Seat(copy.number, group, copy.quiz if copy.quiz in can else "", can))
        seats += [Seat(number, group, letters=can) for number in new]
        known |= dict.fromkeys(new, "")
    found = deal(seats) if documents else {}
    return {number: letter for number, letter in found.items()
            if number in known and known[number] != letter}  # fmt: skip


def letters_of(keys: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the letters of the versions of each edition, by the keys of its documents."""
    found: dict[str, list[str]] = {}
    for key in sorted(keys):
        edition, slash, letter = key.partition("/")
        if slash:
            found.setdefault(edition, []).append(letter)
    return {edition: tuple(letters) for edition, letters in found.items()}


def document_key(edition: str, letter: str) -> str:
    """Return what a document of a run is called: by its edition, and its version where there are some."""
    return f"{edition}/{letter}" if letter else edition


def key_of(entry: LedgerEntry) -> str:
    """Return which document a copy is made of."""
    return document_key(entry.edition, entry.quiz)
