"""The parts of a pack: one row for each. What is read, checked, printed and fixed follows from it.

A new part is a row here, its model in `content.py`, a field of `Pack`, and a view with its function in guide/html.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from guide.model.cloze import unnumbered

if TYPE_CHECKING:  # an unchanged build asks for the names of files, and pays for no models
    from guide.model.base import Item


@dataclass(frozen=True)
class Part:
    """A part of a pack; `name` is the field of `Pack` and of the function in `html.parts.RENDER` that gives its views.

    `file` is a list in YAML ('' for a folder of files), `kind` the class of its items in content.py, `what`
    names one in a message, and `title` is the text that its id is made from. `whole` of a kind.toml may
    name its `fields`. `turn` is its place in the order in which documents render the parts (0: not
    rendered as a list). `sides` are the fields on front and back of its cards, and `verbatim` is the
    side that is printed as written. `derived` is its place among the parts that cards are made of
    unless `derive` says otherwise, and among whose items a handout chooses (0: neither).
    """

    name: str
    file: str
    kind: str
    what: str
    title: Callable[[Any], str]
    fields: tuple[str, ...]
    turn: int = 0
    sides: tuple[str, str] = ("front", "back")
    verbatim: str = ""
    derived: int = 0

    @cached_property
    def model(self) -> Any:
        """The class of its items."""
        from guide.model import content

        return getattr(content, self.kind)


PARTS = (
    Part("sections", "", "Section", "the section", lambda section: section.title,
         ("title", "summary", "objectives", "key_points", "body"), 1),
    Part("timeline", "timeline.yaml", "Event", "an event", lambda event: f"{event.date}-{event.title}",
         ("date", "title", "detail"), 3, ("title", "detail"), derived=2),
    Part("glossary", "glossary.yaml", "Term", "a term", lambda term: term.term,
         ("term", "abbreviation", "aliases", "definition"), 5, ("term", "definition"), "front", 1),
    Part("actors", "actors.yaml", "Actor", "an actor", lambda actor: actor.name,
         ("name", "abbreviation", "role", "detail", "span"), 4, ("name", "role"), "front", 3),
    Part("facts", "facts.yaml", "Fact", "a fact", lambda fact: fact.label,
         ("label", "value", "unit", "as_of"), 2, ("label", "value"), "back", 4),
    Part("cards", "cards.yaml", "Card", "a card", lambda card: card.front or unnumbered(card.cloze),
         ("front", "back", "hint", "choices", "image")),
    Part("questions", "questions.yaml", "Question", "a question", lambda question: question.prompt,
         ("prompt", "options", "pairs", "items", "answer", "explanation"), 6, ("prompt", "answer")),
)  # fmt: skip
"""In the order in which they are read."""

NAMED = {part.name: part for part in PARTS}
FILES = tuple(part.file for part in PARTS if part.file)
RENDERED = tuple(p.name for p in sorted(PARTS, key=lambda part: part.turn) if p.turn)
DERIVED = tuple(p.name for p in sorted(PARTS, key=lambda part: part.derived) if p.derived)
FIELDS: dict[str, tuple[str, ...]] = {
    "pack": ("title", "subtitle", "summary", "authors", "publisher", "marking"),
    **{part.name: part.fields for part in PARTS},
    "sources": ("text",),
    "links": ("url",),
    "worksheets": ("title", "body", "gaps"),
}
"""The fields that `whole` may name: of the parts, of pack.yaml, and of what is made of both."""


def part_of(item: Item) -> Part:
    """Return the part that an item belongs to; raises StopIteration for none."""
    return next(part for part in PARTS if isinstance(item, part.model))
