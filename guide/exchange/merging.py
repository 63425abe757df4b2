"""An imported file and a pack: what is new, changed, gone, and what a person edited in the pack since.

An edit of the file is taken over field by field, where the pack still says what was imported. Where the pack was
edited, it stays as it is, and that is reported. Nothing is deleted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from guide.content.slugs import slug
from guide.diagnostics.diagnostic import Diagnostic, warning
from guide.exchange.matching import main_of, partners, said
from guide.exchange.reading.found import Entry, Found
from guide.exchange.record import Imported, digest, digests
from guide.model.base import KEBAB, Item
from guide.model.pack import Pack
from guide.model.signs import TAG, understood

_PICTURE = re.compile(r"!\[([^\[\]]*)\]\([^()]*\)")
STATES = ("new", "changed", "unchanged", "edited here", "gone")


@dataclass(frozen=True)
class New:
    """An entry that the pack gets, under an id that is free."""

    entry: Entry
    id: str


@dataclass(frozen=True)
class Change:
    """New values for fields of an item of the pack; None empties a field."""

    entry: Entry
    id: str
    values: Mapping[str, Any]


@dataclass
class Merged:
    """What importing one file comes to: counts by part and state, and what is to be written."""

    found: Found
    counts: dict[str, Counter[str]] = field(default_factory=dict)
    new: list[New] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    records: list[Imported] = field(default_factory=list)
    problems: list[Diagnostic] = field(default_factory=list)

    def count(self, part: str, state: str) -> None:
        """Count an entry."""
        self.counts.setdefault(part, Counter())[state] += 1


def merge(
    found: Found, pack: Pack | None, records: Sequence[Imported], taken: set[str], refused: set[int]
) -> Merged:
    """Return what importing a file into a pack (None: a new one) comes to.

    `taken` are the ids that are not free, which grow; `refused` are places of entries that are omitted.
    """
    items: dict[tuple[str, str], Item] = {}
    if pack is not None:
        for part in ("sections", "glossary", "cards", "questions"):
            items |= {(part, item.id): item for item in getattr(pack, part)}
    fields = [digests(entry.data) for entry in found.entries]
    known = partners(found.entries, found.path, records, items, fields)
    merged = Merged(found)
    for place, entry in enumerate(found.entries):
        if place in refused:
            merged.records += [known.records[place]] if place in known.records else []
        elif place in known.records:
            _known(entry, known.records[place], items, merged, fields[place])
        elif place in known.same:
            merged.count(entry.part, "unchanged")
        else:
            name = _free(entry, taken)
            merged.new.append(New(entry, name))
            merged.count(entry.part, "new")
            merged.records.append(Imported(found.path, entry.part, name, entry.key, fields[place]))
    for record in known.gone:
        merged.count(record.part, "gone")
        merged.records.append(record)
        item = items[record.part, record.id]
        message = f"`{record.id}` is no longer in {found.path}; it stays in the pack"
        merged.problems.append(
            warning(
                "import-gone", message, item.at(), "Delete it here if nobody needs it.", record.id
            )
        )
    return merged


def _known(
    entry: Entry,
    record: Imported,
    items: Mapping[tuple[str, str], Item],
    merged: Merged,
    theirs: Mapping[str, str],
) -> None:
    """Take over what the file changed in an item that was imported before."""
    item = items.get((entry.part, record.id))
    if item is None:
        _deleted(entry, record, merged)
        return
    here = said(item)
    fields = dict(record.fields)
    values: dict[str, Any] = {}
    kept: list[str] = []
    for name in sorted({*theirs, *fields}):
        before, now = fields.get(name, ""), theirs.get(name, "")
        ours = digest(here[name]) if name in here else ""
        if now == before:
            continue
        if ours not in {before, now}:
            kept.append(name)
            continue
        if ours != now:
            values[name] = entry.data.get(name)
        fields[name] = now
    if kept:
        _both(entry, record, item, kept, merged)
    if values:
        merged.changes.append(Change(entry, record.id, values))
    merged.count(entry.part, "edited here" if kept else "changed" if values else "unchanged")
    left = {name: value for name, value in sorted(fields.items()) if value}
    merged.records.append(replace(record, key=entry.key or record.key, fields=left))


def _deleted(entry: Entry, record: Imported, merged: Merged) -> None:
    """Report an entry that a person has deleted in the pack."""
    merged.count(entry.part, "edited here")
    merged.records.append(record)
    message = f"`{record.id}` was deleted in the pack; it is not imported again"
    hint = f"To have it back, delete its line in imports.lock and import the file again: {_start(entry)}"
    merged.problems.append(warning("import-edited", message, entry.at, hint, record.id))


def _both(entry: Entry, record: Imported, item: Item, kept: Sequence[str], merged: Merged) -> None:
    """Report fields that changed in the pack and in the file."""
    names = " and ".join(f"`{name}`" for name in kept)
    message = (
        f"{names} of `{record.id}` changed both here and in {merged.found.path}; the pack's stays"
    )
    hint = f"In the file it is now: {_shown(entry.data.get(kept[0], ''))}. Write here which of the two is right."
    merged.problems.append(warning("import-edited", message, item.at(kept[0]), hint, record.id))


def _shown(value: Any) -> str:
    text = " ".join(str(value).split())
    return f"`{text[:60]}`" if text else "empty"


def _start(entry: Entry) -> str:
    return f"`{' '.join(main_of(entry.part, entry.data).split())[:40]}`."


def _free(entry: Entry, taken: set[str]) -> str:
    """Return an id that no item has, and take it: the entry's own, or one made of its title."""
    own = str(entry.data.get("id", ""))
    texts = (
        _PICTURE.sub(r"\1", text).strip()
        for text in (main_of(entry.part, entry.data), str(entry.data.get("back", "")))
    )
    title = next(filter(None, texts), "")
    words = TAG.sub(lambda tag: "" if understood(tag[2].lower()) else tag[0], title)
    base = own if KEBAB.fullmatch(own) else slug(words)
    name, number = base, 2
    while name in taken:
        name, number = f"{base}-{number}", number + 1
    taken.add(name)
    return name
