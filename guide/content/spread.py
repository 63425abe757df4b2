"""The order of a deck in which no card is near another that gives its answer away.

The cards of one cloze text show each other's answers, and so do the two directions of a reversed
card. They are kept apart by as many cards as a sheet holds, so that no two are on one side of it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import pairwise

from guide.model.content import Flashcard

_NEAR = 20  # cards of the same text before and after a place that count
_FAR = 400  # places from the end of a deck that are tried
APART = 24  # cards between two of one text; most stock has fewer on a sheet


@dataclass(frozen=True)
class Sheets:
    """How cards lie on sheets: `first` cards come before the deck's own."""

    per_sheet: int = 1
    cut_stack: bool = False
    first: int = 0

    def together(self, one: int, other: int, cards: int) -> bool:
        """Return True if two places of a deck are on the same sheet."""
        if self.cut_stack:
            return (one - other) % max(1, -(-(cards + self.first) // self.per_sheet)) == 0
        return (one + self.first) // self.per_sheet == (other + self.first) // self.per_sheet


def spread(cards: Sequence[Flashcard], sheets: Sheets = Sheets()) -> tuple[Flashcard, ...]:
    """Return the cards with those of one text apart; all others keep their order.

    A card that would come too soon waits until it may. At the end of the deck it goes back to where
    it is farthest from its like. Where a deck is too small for that, the cards are only kept from
    being neighbours, as far as that can be.
    """
    groups = [_group(card) for card in cards]
    counts = Counter(filter(None, groups))
    if not any(count > 1 for count in counts.values()):
        return tuple(cards)
    names = [name if counts[name] > 1 else "" for name in groups]
    if 2 * max(counts.values()) > len(cards):  # one text is most of the deck
        return tuple(cards[n] for n in _alternated(names))
    order = _Order(names, sheets)
    order.wait()
    order.go_back()
    found = order.placed
    if _neighbours(found, names):
        found = min(found, _alternated(names), key=lambda each: _neighbours(each, names))
    return tuple(cards[n] for n in found)


def _group(card: Flashcard) -> str:
    """Return what a card shares with those that give it away; '' for a card that is alone."""
    return card.of if card.origin == "cards" else ""


@dataclass
class _Order:
    """The places of cards (by their number in the given order) while they are found."""

    names: Sequence[str]
    sheets: Sheets

    def __post_init__(self) -> None:
        self.placed: list[int] = []
        self.left: list[int] = []
        self.apart = max(APART, self.sheets.per_sheet)

    def wait(self) -> None:
        """Place cards in their order; one that is too near its like waits for its turn."""
        last: dict[str, list[int]] = {}
        waiting: dict[str, deque[int]] = {}
        turns: list[tuple[int, int, str]] = []  # the place from which a text may have its turn
        for number, name in enumerate(self.names):
            if name and (name in waiting or not self._may(last.get(name, []))):
                if name not in waiting:
                    heappush(turns, (last[name][-1] + self.apart, number, name))
                waiting.setdefault(name, deque()).append(number)
            else:
                self._place(number, name, last)
            while turns and turns[0][0] <= len(self.placed):
                _, first, text = heappop(turns)
                if not self._may(last[text]):
                    heappush(turns, (len(self.placed) + 1, first, text))
                    continue
                self._place(waiting[text].popleft(), text, last)
                if waiting[text]:
                    heappush(turns, (len(self.placed) - 1 + self.apart, waiting[text][0], text))
                else:
                    del waiting[text]
        self.left = sorted(number for queue in waiting.values() for number in queue)

    def _may(self, like: Sequence[int]) -> bool:
        here, cards = len(self.placed), len(self.names)
        return not like or (
            here - like[-1] >= self.apart
            and not any(self.sheets.together(here, each, cards) for each in like[-_NEAR:])
        )

    def _place(self, number: int, name: str, last: dict[str, list[int]]) -> None:
        last.setdefault(name, []).append(len(self.placed))
        self.placed.append(number)

    def go_back(self) -> None:
        """Put each card that had no turn where it is best, looking from the end of the deck."""
        for number in self.left:
            name, end = self.names[number], len(self.placed)
            like = [n for n, each in enumerate(self.placed) if self.names[each] == name]
            best, worth = end, (False, False, -1)
            for place in range(end, max(-1, end - _FAR), -1):
                if (found := self._worth(place, like)) > worth:
                    best, worth = place, found
                if found == (True, True, self.apart):
                    break
            self.placed.insert(best, number)

    def _worth(self, place: int, like: Sequence[int]) -> tuple[bool, bool, int]:
        at = bisect_left(like, place)
        after = [*like[max(0, at - _NEAR) : at], *(n + 1 for n in like[at : at + _NEAR])]
        near = min(abs(n - place) for n in after)
        apart = not any(self.sheets.together(place, n, len(self.names)) for n in after)
        return near > 1, apart, min(near, self.apart)


def _neighbours(found: Sequence[int], names: Sequence[str]) -> int:
    return sum(bool(names[a]) and names[a] == names[b] for a, b in pairwise(found))


def _alternated(names: Sequence[str]) -> list[int]:
    """Return an order without neighbours of one name, if there is one, early cards early.

    The next card is the first whose name differs from the last one's; a name that has more than half
    of the cards that are left goes first.
    """
    queues: dict[str, deque[int]] = {}
    for number, name in enumerate(names):
        queues.setdefault(name or f"\0{number}", deque()).append(number)
    found, before, left = list[int](), "", len(names)
    while left:
        free = [name for name in queues if name != before] or [*queues]
        most = max(free, key=lambda name: len(queues[name]))
        name = most if 2 * len(queues[most]) > left else min(free, key=lambda each: queues[each][0])
        found.append(queues[name].popleft())
        if not queues[name]:
            del queues[name]
        before, left = name, left - 1
    return found
