"""New ids for items of a pack: kebab for others, free for those that appear twice, numbers written down."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from guide.content.edits import Entry, entries
from guide.content.references import mentions_of
from guide.content.slugs import slug
from guide.model.base import KEBAB, Item
from guide.model.content import Section
from guide.model.markup import texts_of
from guide.model.pack import Pack
from guide.model.parts import part_of

_FRONT = re.compile(r"---[ \t]*\n(.*?)(?:^|\n)(?:---|\.\.\.)[ \t]*(?:\n|$)", re.S)


def front_matter(path: str, text: str) -> re.Match[str] | None:
    """Return the front matter of a Markdown file, its YAML as group 1; None for other files."""
    return _FRONT.match(text) if path.endswith((".md", ".markdown")) else None


def new_ids(pack: Pack, texts: Mapping[str, str]) -> dict[str, list[tuple[Entry, str]]]:
    """Return the entries of each file that are to have other ids, with these ids."""
    known = {item.id for item in pack.items}
    by_place = {(at.path, at.line, at.column): item for item in pack.items for at in (item.at(),)}
    taken, referred, seen = set(known), _referred(pack), set[str]()
    wanted: dict[str, list[tuple[Entry, str]]] = {}
    for path, text in texts.items():
        if path == "pack.yaml" or path.startswith("sources."):
            continue
        match = front_matter(path, text)
        for entry in entries(match[1] if match else text):
            if name := entry.id.text if entry.id else "":
                new = _other_id(name, seen, taken, referred)
            else:
                at = (path, entry.at.line + 1, entry.at.column + 1)
                new = "" if match else _numbered(by_place.get(at), known)
            seen.add(new or name)
            if new:
                taken.add(new)
                wanted.setdefault(path, []).append((entry, new))
    return wanted


def _other_id(name: str, seen: set[str], taken: set[str], referred: set[str]) -> str:
    """Return the id that an entry should have instead, '' when it may keep its own."""
    if name in referred or f"sec-{name}" in referred:
        return ""  # what is meant, its author must say
    if not KEBAB.fullmatch(name):
        return _free(slug(name), taken | seen)
    return _free(name, taken | seen) if name in seen else ""


def _numbered(item: Item | None, known: set[str]) -> str:
    """Return the id that an item has only because of those before it; '' for any other."""
    if item is None or "id" in item.places:
        return ""
    match = re.fullmatch(r"(.+)-\d+", item.id)
    base = match[1] if match else ""
    return item.id if base in known and slug(part_of(item).title(item)) == base else ""


def _referred(pack: Pack) -> set[str]:
    """Return every word by which the pack may refer to an item."""
    found = {entry.id for entry in pack.manifest.accept}
    found |= {tag for item in pack.items for tag in item.tags}
    for item in pack.items:
        texts = [text for _, text in texts_of(item)]
        texts += [item.body] if isinstance(item, Section) else []
        named = (mention for mention, _ in mentions_of(item, pack))
        found |= {m.value for m in named if m.kind in {"ref", "term", "anchor"}}
        for text in texts:
            found |= set(re.findall(r"\]\(#([^)\s]+)\)", text))
    found |= set(_words(pack.manifest.documents))
    found |= {word for edition in pack.manifest.editions.values() for word in edition.tags}
    return found - {""}


def _free(name: str, taken: set[str]) -> str:
    free, number = name, 2
    while free in taken:
        free, number = f"{name}-{number}", number + 1
    return free


def _words(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield str(key)
            yield from _words(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _words(inner)
    elif value is not None:
        yield str(value)
