"""A pack to a deck: cards as authored, then those derived from its other content."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from guide.content.rules import usable_cards
from guide.content.spread import Sheets, spread
from guide.model import cloze
from guide.model.alike import end_of
from guide.model.base import Item
from guide.model.content import (
    Actor,
    Card,
    ChoiceQuestion,
    Event,
    Fact,
    Flashcard,
    MatchQuestion,
    OrderQuestion,
    Question,
    Term,
    TrueFalseQuestion,
)
from guide.model.pack import Pack
from guide.model.parts import DERIVED, part_of
from guide.model.quiz import as_written, in_right_order, letter, shuffled
from guide.model.signs import as_paragraph

TRUTHS = {True: "True", False: "False"}


@dataclass(frozen=True)
class _Draft:
    item: Item
    id: str
    fields: dict[str, Any]
    own: bool = False  # the id is the one that the item itself has in the pack


def deck(pack: Pack, derive: Sequence[str] = DERIVED) -> tuple[Flashcard, ...]:
    """Return the numbered cards of a pack: one for each gap of a cloze, two for a reversed card.

    In a pack with guide.lock, each has the number that it keeps as `fixed`.
    """
    cards = drafted(pack, derive)
    lock = pack.lock
    if lock is None:
        return cards
    fixed = {(item.part, item.id): item.numbers for item in lock.items.values()}
    return tuple(
        card.placed(card.places, fixed=fixed.get((card.origin, card.of), {}).get(face_of(card), 0))
        for card in cards
    )


def face_of(card: Flashcard) -> str:
    """Return which of an item's cards this is: `''` for the first, `r` for a turned one, `2` for a second gap."""
    if card.origin != "cards" or card.id == card.of:
        return ""
    return card.id.removeprefix(f"{card.of}-")


def drafted(pack: Pack, derive: Sequence[str] = DERIVED) -> tuple[Flashcard, ...]:
    """Return the cards of a pack, without the numbers that guide.lock has for them."""
    drafts = [draft for card in usable_cards(pack.cards) for draft in _authored(card)]
    for name in derive:
        drafts += [_MAKERS.get(type(item), _question)(item) for item in getattr(pack, name)]
    names = _free_names(drafts, {card.id for card in pack.cards})
    return tuple(
        _finish(draft, name, number)
        for number, (draft, name) in enumerate(zip(drafts, names, strict=True), 1)
    )


def _free_names(drafts: Sequence[_Draft], authored: set[str]) -> list[str]:
    """Number made names until they are free: an id names one card and no other."""
    used: set[str] = set()
    names = []
    for draft in drafts:
        free, number = draft.id, 2
        made = not draft.own or draft.id in used
        while free in used or (made and free in authored):
            free, number = f"{draft.id}-{number}", number + 1
        used.add(free)
        names.append(free)
    return names


def _finish(draft: _Draft, name: str, number: int) -> Flashcard:
    item = draft.item
    same = {"tags": item.tags, "sources": item.sources, "of": item.id, "origin": part_of(item).name}
    card = Flashcard(id=name, number=number, **same, **draft.fields)
    return card.placed(item.places)


def _authored(card: Card) -> Iterator[_Draft]:
    same = ("hint", "image", "image_side", "front_lang", "back_lang")
    base: dict[str, Any] = {name: getattr(card, name) for name in same}
    if card.cloze:
        base |= {"cloze": True, "layout": card.layout or "cloze"}
        for place, side in enumerate(cloze.sides(card.cloze)):
            name = f"{card.id}-{side.number}" if place else card.id
            fields = {**base, "front": side.front, "back": side.back}
            yield _Draft(card, name, fields, own=not place)
        return
    layout = card.layout or ("image" if card.image else "basic")
    fields = {**base, "layout": layout, "front": card.front, "back": card.back}
    yield _Draft(card, card.id, fields, own=True)
    if card.reverse:
        fields = {**fields, "hint": "", "front": card.back, "back": card.front, "turned": True}
        fields["image_side"] = "front" if card.image_side == "back" else "back"
        fields |= {"front_lang": card.back_lang, "back_lang": card.front_lang}
        yield _Draft(card, f"{card.id}-r", fields)


def _made(item: Item, layout: str, front: str, back: str, **more: Any) -> _Draft:
    fields = {"layout": layout, "front": front, "back": back, **more}
    return _Draft(item, f"card-{item.id}", fields)


def _with_abbreviation(name: str, abbreviation: str) -> str:
    return f"{name} ({abbreviation})" if abbreviation else name


def _term(term: Term) -> _Draft:
    return _made(term, "term", _with_abbreviation(term.term, term.abbreviation), term.definition)


def _event(event: Event) -> _Draft:
    return _made(event, "event", event.title, event.detail, start=event.date, end=event.end)


def _actor(actor: Actor) -> _Draft:
    front = _with_abbreviation(actor.name, actor.abbreviation)
    apart = "\n\n" if "\n" in f"{actor.role}{actor.detail}".strip() else " "
    end = end_of(actor.role) if actor.detail and "\n" not in actor.role.strip() else ""
    back = f"{actor.role}{end}{apart}{actor.detail}".strip()
    return _made(actor, "actor", front, back, start=actor.from_, end=actor.to)


def _fact(fact: Fact) -> _Draft:
    return _made(fact, "fact", fact.label, f"{fact.value} {fact.unit}".strip(), start=fact.as_of)


def _question(question: Question) -> _Draft:
    """Return a question's card: options on the front, the answer and why on the back."""
    choices, back = _asked(question)
    if question.explanation:
        back = f"{as_paragraph(back)}\n\n{as_paragraph(question.explanation)}"
    truth = isinstance(question, TrueFalseQuestion)
    return _made(question, "question", question.prompt, back, choices=tuple(choices), truth=truth)


_MAKERS: dict[type[Item], Callable[[Any], _Draft]] = {
    Term: _term, Event: _event, Actor: _actor, Fact: _fact,
}  # fmt: skip


def _asked(question: Question) -> tuple[Sequence[str], str]:
    """Return what a question's card offers, by letters, and the answer with the same letters."""
    asked = as_written(question, 1)
    if isinstance(question, ChoiceQuestion):
        said = "; ".join(
            f"{letter(n)}: {question.options[n]}"
            for n in range(len(asked.options))
            if letter(n) in asked.key
        )
        return question.options, f"**{said}**"
    if isinstance(question, TrueFalseQuestion):
        return list(TRUTHS.values()), f"**{TRUTHS[question.answer]}**"
    if isinstance(question, MatchQuestion):
        pairs = zip(asked.key, question.pairs.items(), strict=True)
        return asked.right, "\n".join(
            f"- {as_paragraph(left)}: **{key}: {right}**" for key, (left, right) in pairs
        )
    if isinstance(question, OrderQuestion):
        places = enumerate(in_right_order(asked), 1)
        return asked.items, "\n".join(
            f"{n}. {letter(at)}: {as_paragraph(asked.items[at])}" for n, at in places
        )
    return (), question.answer


def arranged(cards: Sequence[Flashcard], sort: str, seed: str) -> tuple[Flashcard, ...]:
    """Return the cards in another order; `shuffled` depends on `seed` alone."""
    if sort == "shuffled":
        named = {card.id: card for card in cards}
        return tuple(named[name] for name in shuffled(sorted(named), seed))
    keys: dict[str, Callable[[Flashcard], Any]] = {
        "id": lambda card: card.id,
        "topic": lambda card: (card.tags[:1], card.number),
        "front": lambda card: card.front.casefold(),
    }
    return tuple(sorted(cards, key=keys[sort])) if sort in keys else tuple(cards)


def tagged(cards: Sequence[Flashcard], tags: Sequence[str]) -> tuple[Flashcard, ...]:
    """Return the cards with one of the tags; all of them when no tag is given."""
    return tuple(card for card in cards if not tags or {*tags} & {*card.tags})


def counted(
    cards: Sequence[Flashcard], options: Mapping[str, Any], sheets: Sheets
) -> tuple[Flashcard, ...]:
    """Return the whole deck of a document in its order, each card with its number in it.

    `options` are those of templates/flashcards/kind.toml. The order is the one in which the deck is
    printed, and in which the planner brings in new cards.
    """
    chosen = tagged(cards, tuple(map(str, options["tags"])))
    sort = str(options["sort"])
    done = arranged(chosen, sort, str(options["seed"]))
    if sort == "topic":
        parts: list[Flashcard] = []
        start = sheets.first
        for _, group in groupby(done, key=lambda card: card.tags[:1]):
            part = tuple(group)
            parts += spread(part, replace(sheets, first=start))
            start += len(part)
        done = tuple(parts)
    elif sort not in _EXACT:
        done = spread(done, sheets)
    if any(card.fixed for card in done):
        return _with_fixed(done, sort)
    count = len(done)
    return tuple(
        card.placed(card.places, number=number, count=count) for number, card in enumerate(done, 1)
    )


def _with_fixed(cards: Sequence[Flashcard], sort: str) -> tuple[Flashcard, ...]:
    """Return the cards of a deck with the numbers that they keep; of `count`, some may have gone.

    They are in the order of these numbers unless another one is asked for: so a card that is added comes
    last, and the others stay on their sheets.
    """
    count = max(card.fixed for card in cards)
    done = [card.placed(card.places, number=card.fixed or count, count=count) for card in cards]
    return tuple(sorted(done, key=lambda card: card.number) if sort == "authored" else done)


def selected(
    cards: Sequence[Flashcard], options: Mapping[str, Any], tags: Sequence[str], sheets: Sheets
) -> tuple[Flashcard, ...]:
    """Return the cards of a deck that have one of `tags`, all of them without any.

    They keep their numbers in the whole deck, so that cards which are printed later belong to those
    that were printed before. Tags given for one run replace the deck's own.
    """
    whole = counted(cards, options, sheets)
    if not tags or set(tags) == set(options["tags"]):
        return whole
    chosen = tagged(whole, tags)
    if len(chosen) < len(tagged(cards, tags)):
        chosen = tagged(counted(cards, {**options, "tags": ()}, sheets), tags)
    return chosen if options["sort"] in {*_EXACT, "topic"} else spread(chosen, sheets)


_EXACT = {"id", "front"}  # orders in which a reader looks for a card
