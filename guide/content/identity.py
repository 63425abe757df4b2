"""What guide.lock needs of a pack: the state of each item, and the lock as it would be written now."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from guide.content.derive_cards import counted, drafted, face_of
from guide.content.library import deck_kind, load_stock, resolve_options
from guide.content.references import mentions_of
from guide.content.slugs import slug
from guide.content.spread import Sheets
from guide.diagnostics.diagnostic import Diagnostic, GuideError, Place, warning
from guide.model.alike import printed
from guide.model.base import Item
from guide.model.content import Card, ChoiceQuestion, Figure, Flashcard, Section
from guide.model.identity import MOST_WORDS, Lock, State, matched, updated
from guide.model.pack import Pack
from guide.model.parts import PARTS, Part
from guide.units import parse_paper

_APART = " | "  # between the sides of a card, on one line


def digest_of(item: Item, pictures: tuple[str, ...] = ()) -> str:
    """Return the digest of what an item says: not its id, nor where it is written."""
    said = item.model_dump(mode="json", exclude={"id"}, exclude_defaults=True, by_alias=True)
    if isinstance(item, Section):
        said["body"] = item.body.strip()
    text = json.dumps([said, *pictures], ensure_ascii=False, sort_keys=True)
    return _short(text, 16)


def _short(text: str, length: int) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:length]


def words_of(item: Item, part: Part) -> str:
    """Return the wording of an item on one line, as a reader sees it: a card's sides, a term and its definition."""
    if isinstance(item, Section):
        sides = [item.title, item.summary]
    elif isinstance(item, Card) and item.cloze:
        sides = [item.cloze]
    elif isinstance(item, ChoiceQuestion):
        sides = [item.prompt, *item.answer]
    else:
        values = (getattr(item, name, "") for name in (*part.sides, "detail", "unit"))
        sides = [str(value) for value in dict.fromkeys(values) if value]
    text = _APART.join(printed(side) for side in sides if side)
    return text if len(text) <= MOST_WORDS else text[: MOST_WORDS - 1] + "…"


def blocks_of(body: str) -> tuple[str, ...]:
    """Return a digest of each paragraph, list, table or box of a section."""
    return tuple(_short(" ".join(text.split()), 8) for text, _ in paragraphs(body))


def paragraphs(body: str) -> Iterator[tuple[str, int]]:
    """Yield the texts of a body between blank lines, each with the line that it begins on, from 0."""
    line = 0
    for text in re.split(r"(\n[ \t]*\n\s*)", body):
        if text.strip():
            yield text.strip("\n"), line + len(text[: len(text) - len(text.lstrip("\n"))])
        line += text.count("\n")


def states(pack: Pack) -> list[State]:
    """Return the state of each item of a pack, those of the deck in their order in it."""
    pictures = {path: _of_figure(figure) for path, figure in pack.figures.items()}
    faces: dict[str, list[str]] = {}
    order: dict[str, int] = {}
    for card in _deck(pack):
        key = f"{card.origin}/{card.of}"
        faces.setdefault(key, []).append(face_of(card))
        order.setdefault(key, len(order))
    found = [
        _state(item, part, pack, pictures, tuple(faces.get(f"{part.name}/{item.id}", ())))
        for part in PARTS
        for item in getattr(pack, part.name)
    ]
    return sorted(found, key=lambda state: order.get(state.key, len(order)))


def _state(
    item: Item, part: Part, pack: Pack, pictures: Mapping[str, str], faces: tuple[str, ...] = ()
) -> State:
    shown: tuple[str, ...] = ()
    if pictures:
        names = [m.value for m, _ in mentions_of(item, pack) if m.kind == "image"]
        names += [item.image] if isinstance(item, Card) and item.image else []
        shown = tuple(pictures.get(name, "") for name in names)
    blocks = blocks_of(item.body) if isinstance(item, Section) else ()
    digest, words = digest_of(item, shown), words_of(item, part)
    return State(part.name, item.id, digest, words, True, blocks, faces)


def _of_figure(figure: Figure) -> str:
    if figure.data:
        return hashlib.sha256(figure.data).hexdigest()[:16]
    return _short(json.dumps(figure.spec, sort_keys=True, default=str), 16)


def _deck(pack: Pack) -> tuple[Flashcard, ...]:
    """Return the cards in the order in which the deck is printed, then those that are not printed."""
    kind = deck_kind(pack)
    options, _ = resolve_options(kind, (pack.manifest.documents or {}).get(kind.name, {}), pack)
    cards = drafted(pack, options["derive"])
    done = counted(cards, options, _sheets(pack, options))
    shown = {card.id for card in done}
    return (*done, *(card for card in cards if card.id not in shown))


def _sheets(pack: Pack, options: Mapping[str, Any]) -> Sheets:
    per_sheet = 1
    with contextlib.suppress(GuideError, ValueError):
        paper = parse_paper(options.get("paper") or pack.manifest.paper)
        stock = load_stock(str(options["stock"]), Place(""), pack, paper)
        per_sheet = (stock.folded() if options["duplex"] == "fold" else stock).per_sheet
    own = bool(options["title-card"]) + bool(options["contents-card"])
    return Sheets(per_sheet, options["order"] == "cut-stack", own)


def lock_of(pack: Pack) -> Lock:
    """Return guide.lock as it would be written now, from the one that the pack has."""
    whole = pack.whole or pack
    before = whole.locked or Lock()
    before = before if before.pack else replace(before, pack=_name_of(whole))
    return updated(before, states(whole), whole.manifest.version, day_of(whole))


def _name_of(pack: Pack) -> str:
    """Return a name for a pack that hardly any other pack has: two may lie in folders of one name."""
    return f"{slug(pack.name)}-{_short(f'{pack.name} {pack.manifest.title}', 6)}"


def day_of(pack: Pack) -> str:
    """Return the first day that the date of a pack can mean, as in `2026-03-01`; '' for none, or before our era."""
    date = pack.manifest.date
    return "{:04d}-{:02d}-{:02d}".format(*date.first) if date and date.year > 0 else ""


def digest_of_lock(lock: Lock) -> str:
    """Return the digest of what all items of a pack say."""
    said = sorted(f"{key} {item.digest}" for key, item in lock.items.items() if not item.gone)
    return _short("\n".join(said), 16)


def with_known_ids(pack: Pack, lock: Lock) -> tuple[Pack, list[Diagnostic]]:
    """Return a pack in which items without an id have the ids by which the lock knows them.

    Such an item has an id with a `?` before it. What is new keeps that. Where two items of the lock could be
    meant, there is a warning.
    """
    given = {item.id for item in pack.items if not item.id.startswith("?")}
    known = replace(lock, items={k: i for k, i in lock.items.items() if i.id not in given})
    pictures = {path: _of_figure(figure) for path, figure in pack.figures.items()}
    problems: list[Diagnostic] = []
    parts: dict[str, Any] = {}
    for part in PARTS:
        items = getattr(pack, part.name)
        loose = [item for item in items if item.id.startswith("?")]
        if not loose:
            continue
        seen = [replace(_state(i, part, pack, pictures), id=i.id[1:], given=False) for i in loose]
        match = matched(seen, known)
        names = {f"{part.name}/{name}" for name in match.ids} & known.items.keys()
        named = {
            id(item): item.placed(item.places, id=name)
            for item, name in zip(loose, match.ids, strict=True)
            if f"{part.name}/{name}" in names
        }
        parts[part.name] = tuple(named.get(id(item), item) for item in items)
        for place, other in match.unclear.items():
            problems.append(_unclear(loose[place], match.ids[place], other, part))
    return replace(pack, **parts), problems


def _unclear(item: Item, name: str, other: str, part: Part) -> Diagnostic:
    message = f"{part.what} was changed, and may be `{name}` or `{other}` of guide.lock; `{name}` is taken"
    hint = f"Write the right id into it: `id: {name}` or `id: {other}`."
    return warning("unclear-identity", message, item.at(), hint, name)


def without_identity(pack: Pack) -> Iterator[Diagnostic]:
    """Yield a warning about items that guide.lock does not have, in a pack that was released."""
    lock = pack.locked
    if lock is None or not lock.releases:
        return
    new = [item for part in PARTS for item in getattr(pack, part.name)
           if f"{part.name}/{item.id}" not in lock.items]  # fmt: skip
    if new:
        message = f"`{new[0].id}` is not in guide.lock yet"
        if len(new) > 1:
            message = f"{len(new)} items are not in guide.lock yet, `{new[0].id}` among them"
        hint = "Run `guide check --fix`: it gives them numbers that they keep."
        yield warning("no-identity", message, new[0].at(), hint, new[0].id)
