"""What is exported: the cards or questions that a run asks for, and what a format cannot carry of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from guide.content.derive_cards import counted, deck, tagged
from guide.content.library import deck_kind, resolve_options
from guide.content.spread import Sheets
from guide.diagnostics.diagnostic import Diagnostic, Place, error, warning
from guide.model.base import Item
from guide.model.content import Card, Flashcard, Question
from guide.model.identity import Known
from guide.model.pack import Pack
from guide.model.parts import DERIVED

CARDS = ("cards", *DERIVED, "questions")
"""The parts of a pack that cards are made of."""

OMITTED = "the question is omitted"
"""How a message ends when nothing of a question is exported."""


@dataclass(frozen=True)
class Wanted:
    """What a run asks for: an edition, tags of which an item has one, parts of the pack (`kinds`).

    With `decks`, each topic is a deck inside that of the pack; else it is a tag alone.
    """

    edition: str = ""
    tags: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    decks: bool = False


@dataclass
class Export:
    """A pack on its way out: what is asked for, and what is wrong or cannot be carried."""

    pack: Pack
    wanted: Wanted
    problems: list[Diagnostic] = field(default_factory=list)
    left_out: set[str] = field(default_factory=set)

    @cached_property
    def by_id(self) -> dict[str, Card]:
        """The cards of cards.yaml and of tables by their ids."""
        return {card.id: card for card in self.pack.cards}

    @cached_property
    def options(self) -> dict[str, Any]:
        """The options of the pack's deck."""
        kind = deck_kind(self.pack)
        given = (self.pack.manifest.documents or {}).get(kind.name, {})
        return resolve_options(kind, given, self.pack)[0]

    def cards(self) -> list[list[Flashcard]]:
        """Return the cards, those of one item together, in the order of their numbers."""
        options, kinds = self.options, self.wanted.kinds
        derive = [name for name in CARDS[1:] if name in (kinds or options["derive"])]
        every = deck(self.pack, derive)
        if kinds and "cards" not in kinds:
            every = tuple(card for card in every if card.origin != "cards")
        if not self.wanted.tags:
            every = tagged(every, tuple(map(str, options["tags"])))
        numbered = counted(every, {**options, "tags": (), "sort": "authored"}, Sheets(1, False, 0))
        found: dict[tuple[str, str], list[Flashcard]] = {}
        for card in sorted(tagged(every, self.wanted.tags), key=_place(numbered)):
            found.setdefault((card.origin, card.of), []).append(card)
        return list(found.values())

    def questions(self) -> list[Question]:
        """Return the questions, in the order of the pack."""
        kinds, tags = self.wanted.kinds, {*self.wanted.tags}
        if kinds and "questions" not in kinds:
            return []
        return [each for each in self.pack.questions if not tags or tags & {*each.tags}]

    def known(self, part: str, name: str) -> Known | None:
        """Return the line of an item in guide.lock as it would be written now, None without a lock."""
        lock = self.pack.lock
        return lock.items.get(f"{part}/{name}") if lock else None

    def lost(self, item: Item, what: str, name: str = "", hint: str = "") -> None:
        """Report what a format cannot carry of an item."""
        if what.endswith(f"; {OMITTED}"):
            self.left_out.add(item.id)
        hint = hint or "Choose another format for it, or leave it to the printed documents."
        found = warning("export-loss", f"`{item.id}`: {what}", item.at(name), hint, item.id)
        self.problems.append(found)


def _place(cards: Sequence[Flashcard]) -> Any:
    places = {card.id: number for number, card in enumerate(cards)}
    return lambda card: places[card.id]


def nothing(export: Export, what: str) -> Diagnostic:
    """Return the error for a pack of which nothing can be exported."""
    asked = export.wanted
    narrowed = asked.edition or asked.tags or asked.kinds
    hint = "Leave out --edition, --tags or --kind." if narrowed else f"Add {what} to the pack."
    return error("nothing-to-export", f"there are no {what} to export", Place("pack.yaml"), hint)


def without_id(export: Export) -> Iterator[Diagnostic]:
    """Yield a warning about items that another program would not know again after a correction."""
    if export.pack.locked is not None:
        return
    bare = [item for item in export.pack.cards if "id" not in item.places]
    if bare:
        message = f"`{bare[0].id}` has no `id`, and the pack has no guide.lock"
        if len(bare) > 1:
            message = f"{len(bare)} cards have no `id`, `{bare[0].id}` among them, and the pack has no guide.lock"
        hint = "Run `guide check --fix`, so that a corrected card is the same card in the other program."
        yield warning("no-identity", message, bare[0].at(), hint, bare[0].id)
