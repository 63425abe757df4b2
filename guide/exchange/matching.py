"""Which item of a pack an entry of an imported file is: by its key, by what it says, by what is most alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from guide.exchange.reading.found import Entry
from guide.exchange.record import Imported
from guide.model.alike import printed
from guide.model.base import Item
from guide.model.cloze import unnumbered
from guide.model.identity import Known, Lock, State, matched
from guide.model.parts import NAMED

MAIN = {
    "cards": ("front", "cloze"),
    "questions": ("prompt",),
    "glossary": ("term",),
    "sections": ("title",),
}
"""The fields that say which item an entry is; the first that it has counts."""


def main_of(part: str, data: Mapping[str, Any]) -> str:
    """Return the text that an entry's id is made of."""
    found = next((str(data[name]) for name in MAIN[part] if data.get(name)), "")
    return unnumbered(found)


def said(item: Item) -> dict[str, Any]:
    """Return what an item of a pack says, as an entry would: its fields without those that are left at their default."""
    data = item.model_dump(mode="json", exclude_defaults=True, by_alias=True)
    if body := getattr(item, "body", ""):
        data["body"] = body.strip("\n")
    return {
        name: value for name, value in data.items() if name != "id" and value not in ("", [], None)
    }


@dataclass
class Partners:
    """For each entry, by its place: the record of the import before it, or the item that says the same already."""

    records: dict[int, Imported] = field(default_factory=dict)
    same: dict[int, str] = field(default_factory=dict)
    gone: list[Imported] = field(default_factory=list)


def partners(
    entries: Sequence[Entry], source: str, records: Iterable[Imported], items: Mapping[tuple[str, str], Item],
    fields: Sequence[Mapping[str, str]],
) -> Partners:  # fmt: skip
    """Find the partners of all entries of a file; `items` are the pack's by part and id, `fields` the entries' digests."""
    found = Partners()
    own = [each for each in records if each.source == source]
    for part in MAIN:
        places = [place for place, entry in enumerate(entries) if entry.part == part]
        of_part = [each for each in own if each.part == part]
        if of_part and places:
            _recorded(part, places, entries, of_part, items, fields, found)
        elif of_part:
            found.gone += [each for each in of_part if (part, each.id) in items]
        rest = [place for place in places if place not in found.records]
        if rest and any(of == part for of, _ in items):
            _already_there(part, rest, entries, items, found)
    same = {*found.same.values()}
    found.gone = [each for each in found.gone if each.id not in same]
    return found


def _recorded(
    part: str, places: Sequence[int], entries: Sequence[Entry], records: Sequence[Imported],
    items: Mapping[tuple[str, str], Item], fields: Sequence[Mapping[str, str]], found: Partners,
) -> None:  # fmt: skip
    """Match entries with what was imported before: by key, by id, whole, by one side, and by what is most alike."""
    free = {each.id: each for each in records}

    def by(keys: Mapping[str, list[str]], key_of: Callable[[int], str]) -> None:
        for place in places:
            if place in found.records or not (key := key_of(place)):
                continue
            names = keys.get(key, [])
            while names and place not in found.records:
                name = names.pop(0)
                if name in free:
                    found.records[place] = free.pop(name)

    by(_index((each.key, each.id) for each in records), lambda place: entries[place].key)
    by(
        _index((each.id, each.id) for each in records),
        lambda place: str(entries[place].data.get("id", "")),
    )
    by(
        _index((_whole(each.fields), each.id) for each in records),
        lambda place: _whole(fields[place]),
    )
    for name in (*MAIN[part], "back", "answer", "definition", "body"):
        sides = {place: fields[place].get(name, "") for place in places}
        by(_index((each.fields.get(name, ""), each.id) for each in records), sides.__getitem__)
    _like(
        part, [place for place in places if place not in found.records], entries, free, items, found
    )
    found.gone += [each for each in free.values() if (part, each.id) in items]


def _whole(fields: Mapping[str, str]) -> str:
    return " ".join(f"{name}:{value}" for name, value in sorted(fields.items()))


def _index(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    index: dict[str, list[str]] = {}
    for key, name in pairs:
        index.setdefault(key, []).append(name)
    return index


def _like(
    part: str, rest: Sequence[int], entries: Sequence[Entry], free: dict[str, Imported],
    items: Mapping[tuple[str, str], Item], found: Partners,
) -> None:  # fmt: skip
    """Match what is left with the items that were corrected in the file: those that are most alike."""
    known = {
        f"{part}/{name}": Known(part, name, "", _words(part, said(items[part, name])), "1", "1")
        for name in free
        if (part, name) in items
    }
    if not known or not rest:
        return
    unlike = "\ue000"  # an id that no item has
    states = [
        State(
            part,
            f"{unlike}{place}",
            f"{unlike}{place}",
            _words(part, entries[place].data),
            given=False,
        )
        for place in rest
    ]
    for place, name in zip(rest, matched(states, Lock(known)).ids, strict=True):
        if name in free and f"{part}/{name}" in known:
            found.records[place] = free.pop(name)


def _words(part: str, data: Mapping[str, Any]) -> str:
    """Return an entry's wording on one line."""
    fields = NAMED[part].fields
    texts = [data[name] for name in (*MAIN[part], *fields) if isinstance(data.get(name), str)]
    return " ".join(" ".join(dict.fromkeys(texts)).split())[:400]


def _already_there(
    part: str,
    rest: Sequence[int],
    entries: Sequence[Entry],
    items: Mapping[tuple[str, str], Item],
    found: Partners,
) -> None:
    """Match entries with items that say the same, wherever these are from: nothing is imported twice."""
    index: dict[tuple[str, ...], list[str]] = {}
    for (of, name), item in items.items():
        if of == part:
            index.setdefault(_sides(part, said(item)), []).append(name)
    for place in rest:
        names = index.get(_sides(part, entries[place].data), [])
        if names:
            found.same[place] = names[0]


def _sides(part: str, data: Mapping[str, Any]) -> tuple[str, ...]:
    sides = {
        "cards": ("front", "back", "cloze"),
        "questions": ("prompt", "type"),
        "glossary": ("term",),
        "sections": ("title",),
    }
    return tuple(printed(str(data.get(name, ""))) for name in sides[part])
