"""Cards that ask the same: written twice, or with two answers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from guide.diagnostics.diagnostic import Diagnostic, Place, warning
from guide.model.alike import printed
from guide.model.content import Card
from guide.model.pack import Pack

_GAP = re.compile(r"\{\{.{1,200}?\}\}(?!\})", re.S)
_Side = tuple[str, ...]


def check_duplicates(pack: Pack) -> Iterator[Diagnostic]:
    """Yield the authored cards that say what an earlier one says, or ask what it asks.

    A side is the text as a reader sees it, with the picture and the hint on it: "What is this?"
    under two pictures is two questions.
    """
    whole: dict[tuple[_Side, str], Card] = {}
    asked: dict[_Side, Card] = {}
    for card in pack.cards:
        told: set[str] = set()
        for front, back in _sides(card):
            same, first = whole.get((front, back)), asked.get(front)
            if same is not None and same is not card and same.id not in told:
                told.add(same.id)
                message = f"the card says the same as the one at {same.at()}"
                yield warning(
                    "duplicate-card", message, card.at(), "Delete one of the two.", card.id
                )
            elif first is not None and first is not card and first.id not in told and same is None:
                told.add(first.id)
                yield _two_answers(card, first.at(), front[0])
            whole.setdefault((front, back), card)
            asked.setdefault(front, card)


def _sides(card: Card) -> Iterator[tuple[_Side, str]]:
    """Yield each front of a card with its back."""
    if card.cloze:
        asked = _GAP.sub("\0", card.cloze)
        yield (printed(asked), card.image, printed(card.hint)), printed(card.cloze)
    elif card.front and card.back:
        front, back = printed(card.front), printed(card.back)
        yield (front, card.image, printed(card.hint)), back
        if card.reverse:
            yield (back, card.image, ""), front


def _two_answers(card: Card, first: Place, front: str) -> Diagnostic:
    shown = " ".join(front.replace("\0", "…").split())[:50]
    message = f"the card asks `{shown}`, as the one at {first} does, and has another answer"
    hint = "Make the two questions differ, add a `hint` to each, or put both answers on one card."
    return warning("duplicate-card", message, card.at(), hint, card.id)
