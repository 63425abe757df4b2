"""Which of what is there is which of what was wanted, when several look alike."""

from __future__ import annotations

from collections.abc import Sequence


def paired(choices: Sequence[Sequence[Sequence[int]]]) -> list[int | None]:
    """Return for each wanted thing the number of what it is paired with, None for nothing.

    `choices[n]` are the numbers that the n-th may be paired with, in tiers, the best first. Each
    number is given once, and as many things as possible get one, first from the first tiers: the
    first that fits could be the only one that fits another (Kuhn 1955; augmenting paths).
    """
    owner: dict[int, int] = {}
    for tier in range(max((len(each) for each in choices), default=0)):
        for n in range(len(choices)):
            if n not in owner.values():
                _find(n, choices, tier, owner, set())
    found: list[int | None] = [None] * len(choices)
    for number, n in owner.items():
        found[n] = number
    return found


def _find(
    n: int, choices: Sequence[Sequence[Sequence[int]]], tier: int, owner: dict[int, int],
    tried: set[int],
) -> bool:  # fmt: skip
    """Give the n-th thing a number, if need be one that another can do without."""
    for number in (each for part in choices[n][: tier + 1] for each in part):
        if number in tried:
            continue
        tried.add(number)
        if number not in owner or _find(owner[number], choices, tier, owner, tried):
            owner[number] = n
            return True
    return False
