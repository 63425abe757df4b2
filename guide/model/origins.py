"""Where what is on a page was written: the file, line and column that its author edits.

Markup carries the key of the item or block that it is made of (`data-at`, see `Html.places`); the
words that are printed there tell the field, and the line in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from guide.diagnostics.diagnostic import Place
from guide.model.artifacts import OfSource, item_of, of_key
from guide.model.base import Item
from guide.model.content import Flashcard, Section
from guide.model.pack import Pack
from guide.model.parts import NAMED

_MOST_LINES = 400  # of a block of text that are looked through
_PRINTED = ("title", "subtitle", "summary", "marking", "authors", "publisher", "supersedes", "url")
_PACK = "pack/"  # before the names of pack.yaml's own texts
_LETTERS = re.compile(r"[^\W_]+")


def side_field(card: Flashcard, side: str) -> str:
    """Return what a side of a card is called in the item that the card is made of."""
    if card.cloze:
        return "cloze"
    sides = NAMED[card.origin].sides if card.origin in NAMED else ("front", "back")
    return sides[(side == "back") != card.turned]


class Origins:
    """Finds the place of what a document prints.

    `places` are the places of its keys; `cards` the cards of a deck, by their ids.
    """

    def __init__(
        self, pack: Pack, places: Mapping[str, Place], cards: Iterable[Flashcard] = ()
    ) -> None:
        self.pack, self.places = pack, places
        self.cards = {card.id: card for card in cards}

    @cached_property
    def _items(self) -> dict[str, Item]:
        return {item.id: item for item in reversed(self.pack.items)}

    def find(self, at: str, word: str = "") -> Place:
        """Return where `word`, printed under the key `at`, was written.

        Without a word, or where it cannot be found, that is where the block, field or item begins;
        pack.yaml for what belongs to no item.
        """
        place = of_key(at)
        if isinstance(place, OfSource):
            there = self._in_source(place.item, word)
            return there or self.places.get(at, Place("pack.yaml", 1, 1))
        name, _, rest = at.partition(".") if "/" not in at else (place.item, "", "")
        item = self._item(name)
        if item is None:
            own = self._in_pack(word) if at.startswith(_PACK) and word else None
            known = own or self.places.get(at) or self.places.get(name)
            return known or self._linked(word) or self._in_pack(word) or Place("pack.yaml", 1, 1)
        if isinstance(item, Section) and "/" in at:
            return self._in_section(item, at, word)
        card = self.cards.get(name)
        field = side_field(card, rest) if card and rest in {"front", "back"} else rest
        found = self._in_item(item, field, word) if word else None
        return found or self._in_pack(word) or item.at(field)

    def other_names(self, at: str) -> tuple[str, ...]:
        """Return ids besides its item's by which somebody may call what has a key.

        For a figure `{#fig-map}` of a section they are `fig-map` and `map`.
        """
        name = at.partition("/")[2]
        made = self.cards.get(item_of(at))
        base = (made.of,) if made and made.of else ()
        if not name or name.isdecimal():
            return base
        return (*base, name, name.removeprefix("fig-").removeprefix("tbl-"))

    def _item(self, name: str) -> Item | None:
        card = self.cards.get(name)
        return self._items.get(card.of if card else name) or card

    def _in_pack(self, word: str) -> Place | None:
        """Return where a word is in what pack.yaml prints; a card has its marking, too."""
        texts: list[tuple[Place, str]] = []
        for field in _PRINTED if word else ():
            value = getattr(self.pack.manifest, field)
            several = enumerate(value) if isinstance(value, tuple) else ()
            texts += [(self.pack.at(f"{field}.{number}"), text) for number, text in several]
            texts += [(self.pack.at(field), value)] if isinstance(value, str) else []
        return _found(word, texts)

    def _in_source(self, key: str, word: str) -> Place | None:
        """Return where a word of an entry of the bibliography is in the source."""
        fields, values = self.pack.source_fields.get(key, {}), self.pack.sources.get(key, {})
        known = [(fields[name], value) for name, value in values.items() if name in fields]
        texts = ((place, text) for place, value in known for text in _strings(value))
        return _found(word, texts) if word else None

    def _linked(self, word: str) -> Place | None:
        """Return where a link is, when that is the word: `(#an-id)`."""
        for item in self.pack.items if word.startswith("(#") else ():
            if isinstance(item, Section) and word in item.body:
                return self._in_section(item, f"{item.id}/", word)
            found = next(((name, text) for name, text in _texts(item) if word in text), None)
            if found:
                return item.at(found[0]).inside(found[1], found[1].index(word))
        return None

    def _in_item(self, item: Item, first: str, word: str) -> Place | None:
        """Return where a word is in an item, looking into one field first."""
        texts = sorted(_texts(item), key=lambda pair: not (first and pair[0].startswith(first)))
        return _found(word, ((item.at(name), text) for name, text in texts))

    def _in_section(self, section: Section, at: str, word: str) -> Place:
        begin = self.places.get(at, section.at("body"))
        if not word:
            return begin
        if begin.line < section.body_line:
            return self._in_item(section, "", word) or begin
        lines = section.body.split("\n")
        start = max(0, begin.line - section.body_line)
        name, _, number = at.rpartition("/")
        after = self.places.get(f"{name}/{int(number) + 1}") if number.isdecimal() else None
        stop = after.line - section.body_line if after and after.line > begin.line else len(lines)
        near = (range(start, min(end, start + _MOST_LINES)) for end in (stop, len(lines)))
        for part in (*near, range(len(lines))):  # a footnote may be anywhere
            if found := _in_lines(word, lines, part):
                return Place(begin.path, found[0] + section.body_line, found[1] + 1)
        return self._in_item(section, "", word) or self._in_pack(word) or begin


def _texts(item: Item) -> Iterator[tuple[str, str]]:
    """Yield (field, text) of all that an item prints."""
    for name in type(item).model_fields:
        if name in {"id", "tags", "sources", "body", "body_line", "type"}:
            continue
        value = getattr(item, name)
        if isinstance(value, str) and value:
            yield name, value
        elif isinstance(value, tuple):
            yield from ((f"{name}.{n}", text) for n, text in enumerate(value))
        elif isinstance(value, Mapping):
            for key, text in value.items():
                yield f"{name}.{key}", str(text)
                yield f"{name}.{key}", str(key)


def _strings(value: object) -> Iterator[str]:
    """Yield the texts in a value of a source: names are lists of mappings."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)


def _wordings(word: str) -> Iterator[str]:
    """Yield what to look for: the words as they are printed, then the longest of them."""
    plain = " ".join(word.split())
    yield plain
    letters = sorted(set(_LETTERS.findall(plain)), key=len, reverse=True)
    yield from (each for each in letters[:3] if len(each) > 1 and each != plain)


def _found(word: str, texts: Iterable[tuple[Place, str]]) -> Place | None:
    """Return where a word is, in the first of some texts, each with its place, that has it."""
    for place, text in texts:
        if found := _in_lines(word, [text], range(1)):
            return place.inside(text, found[1])
    return None


def _in_lines(word: str, lines: list[str], numbers: range) -> tuple[int, int] | None:
    """Return the line and the offset in it of a word, as it is printed or of the longest part."""
    for wording in _wordings(word):
        for number in numbers:
            offset = lines[number].find(wording)
            if offset >= 0 and wording:
                return number, offset
    return None
