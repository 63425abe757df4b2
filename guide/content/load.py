"""A folder to a Pack: every file is read, every problem is collected, nothing is raised."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from guide.content.files import Reader, Seen
from guide.content.identity import lock_of, with_known_ids, without_identity
from guide.content.items import YAML, document_of, maker
from guide.content.items import sources as source_file
from guide.content.known import Forgetful, Make, Shelf, remembered
from guide.content.library import unnamed_views
from guide.content.overrides import override
from guide.content.pictures import load_figure
from guide.content.references import mentions_of, mentions_of_body
from guide.content.rules import check_pack
from guide.content.unread import unread_files
from guide.content.validate import Places, Validator
from guide.content.yaml import Document
from guide.diagnostics.diagnostic import Diagnostic, Place, Severity, error, in_order
from guide.model.base import Item
from guide.model.content import Card, Figure
from guide.model.identity import Lock
from guide.model.lockfile import LOCK, read_lock
from guide.model.markup import Mention
from guide.model.pack import Manifest, Pack, spelling
from guide.model.parts import PARTS, Part

I = TypeVar("I", bound=Item)  # noqa: E741  an Item


def load_pack(
    folder: Path,
    overrides: Mapping[str, str] | None = None,
    read: dict[str, bytes] | None = None,
    given: Mapping[str, bytes] | None = None,
    seen: Seen | None = None,
    shelf: Shelf | None = None,
) -> tuple[Pack | None, tuple[Diagnostic, ...]]:
    """Read the pack in `folder`.

    `overrides` are values of pack.yaml for one run, by dotted key, as text in YAML; `given` the
    bytes of files that are read instead of those on the disk. Items with errors are omitted from the
    Pack; the Pack is None when pack.yaml itself cannot be used. `read`, if given, is filled with
    every file that was read, by its path in the pack: its source; `seen`, if given, with all that
    was asked of the disk (see `Reader.seen`). What is written as it was when `shelf` got it is not
    parsed again.
    """
    written = "pack.yaml" in (given or {})
    if not written and not folder.is_dir():
        hint = "Give the folder that holds pack.yaml, or start one: guide new DIR"
        return None, (error("pack-not-found", "there is no such folder", Place(""), hint),)
    if not written and not (folder / "pack.yaml").is_file():
        if (folder / "pack.yml").is_file():
            hint = "Rename pack.yml to pack.yaml."
            return None, (error("no-pack", "the folder has no pack.yaml", Place(""), hint),)
        hint = "Every pack has a pack.yaml with at least `format: 1` and `title: ...`."
        return None, (error("no-pack", "the folder has no pack.yaml", Place(""), hint),)
    loading = _Loading(folder, read, given or {}, shelf or Forgetful())
    loaded = loading.load(overrides or {})
    if seen is not None:
        seen |= loading.reader.seen
    return loaded


def load_manifest(
    folder: Path, overrides: Mapping[str, str] | None = None
) -> tuple[Manifest | None, Mapping[str, str], tuple[Diagnostic, ...]]:
    """Read pack.yaml and the pack's own templates alone; what is wrong with them, as `load_pack`."""
    if not (folder / "pack.yaml").is_file():
        return None, {}, load_pack(folder)[1]
    loading = _Loading(folder)
    manifest, _ = loading._manifest(overrides or {})  # noqa: SLF001  of this module
    return manifest, _templates(loading.reader), in_order(loading.problems)


def lock_in(folder: Path) -> Lock | None:
    """Return the guide.lock of a pack, None without one; what is wrong with it, `load_pack` reports."""
    return read_lock_of(Reader(folder))


@dataclass
class _Loading:
    folder: Path
    read: dict[str, bytes] | None = None
    given: Mapping[str, bytes] = field(default_factory=dict)
    shelf: Shelf = field(default_factory=Forgetful)
    validator: Validator = field(default_factory=Validator)
    listed: frozenset[str] | None = None
    language: str = ""

    def __post_init__(self) -> None:
        self.reader = Reader(self.folder, read=self.read, given=self.given)
        self.problems = self.reader.problems
        self.validator.problems = self.problems

    def load(self, overrides: Mapping[str, str]) -> tuple[Pack | None, tuple[Diagnostic, ...]]:
        manifest, document = self._manifest(overrides)
        self.language = manifest.language if manifest else ""
        items: dict[str, Any] = {part.name: tuple(self._items(part)) for part in PARTS}
        pack = Pack(
            name=self.folder.resolve().name,
            manifest=manifest or Manifest(format=1, title="-"),
            templates=_templates(self.reader),
            places=document.places,
            listed=self.listed,
            **items,
            **self._sources(),
        )
        pack = replace(pack, figures=self._figures(pack), locked=read_lock_of(self.reader))
        pack, unclear = with_known_ids(pack, pack.locked) if pack.locked else (pack, [])
        pack, twice = _with_ids(pack)
        self.problems.extend([*unclear, *twice])
        self.problems.extend(unnamed_views(pack.templates))
        paths = {d.place.path for d in self.problems if d.severity == Severity.ERROR}
        broken = {
            path: self.reader.texts.get(path, "") for path in paths
        }  # '' if it cannot be read
        self.problems.extend(check_pack(pack, broken))
        if pack.locked is not None:
            pack = replace(pack, lock=lock_of(pack))
            self.problems.extend(without_identity(pack))
        asked = {os.path.normpath(path) for kind, path, _ in self.reader.seen if kind == "data"}
        self.problems.extend(unread_files(self.reader.strays(), asked))
        return (pack if manifest else None), in_order(self.problems)

    def _manifest(self, overrides: Mapping[str, str]) -> tuple[Manifest | None, Document]:
        text = self.reader.text("pack.yaml")
        document = document_of(text, "pack.yaml", self.problems) if text is not None else None
        if document is None or not isinstance(document.data, dict):
            if document is not None:
                hint = "Write `key: value` lines."
                message = "pack.yaml must be keys and values"
                at = Place("pack.yaml", 1, 1)
                self.problems.append(error("wrong-type", message, at, hint))
            return None, Document()
        self.listed = _kinds_in(document.data)
        for key, text in overrides.items():
            self.problems += override(document, key, text)
            self._list_kind(key, document.data)
        number = document.data.get("format")
        if isinstance(number, int) and number != 1:
            at = document.places["format"]
            hint = "This guide reads format 1; install the version that the pack was written for."
            self.problems.append(error("format-version", f"format {number} is not known", at, hint))
            return None, document
        places = Places("pack.yaml", document)
        return self.validator.item(Manifest, document.data, places, "pack.yaml"), document

    def _list_kind(self, key: str, data: Mapping[str, Any]) -> None:
        """Note which documents an override asks for: an option of a document asks for none."""
        if key == "documents":
            self.listed = _kinds_in(data)
        elif self.listed is not None and key.startswith("documents.") and key.count(".") == 1:
            self.listed |= {key.partition(".")[2]}

    def _items(self, part: Part) -> Iterator[Item]:
        """Yield the items of a part; those without an id have a mark, see `_named`."""
        if not part.file:
            paths = self.reader.listing(part.name, ".md", ".markdown")
        else:
            paths = [part.file] if self.reader.exists(part.file) else []
        if part.model is Card:
            paths += self.reader.listing(part.name, ".yaml", ".yml", ".csv", ".tsv")
        for path in paths:
            make = maker(part, path, self.language)
            yield from self._made(part.name, path, make, bool(part.file) and path.endswith(YAML))

    def _made(self, name: str, path: str, make: Make, is_list: bool = False) -> Iterator[Any]:
        """Yield what is made of a file, of each entry as it was if that is known."""
        text = self.reader.text(path)
        if text is None:
            return
        for entry in remembered(self.shelf, f"{name}:{path}", text, make, is_list):
            self.problems.extend(entry.problems)
            yield from entry.made

    def _sources(self) -> dict[str, Any]:
        sources: dict[str, Any] = {}
        places: dict[str, Place] = {}
        fields: dict[str, Mapping[str, Place]] = {}
        for path in ("sources.yaml", "sources.yml", "sources.json", "sources.bib"):
            if not self.reader.exists(path):
                continue
            made = tuple(self._made("sources", path, partial(source_file, path)))
            if not made:
                continue
            found, more = made
            fields |= more
            for key, (item, place) in found.items():
                if key in sources:
                    message = f"two sources have the id `{key}`; the first is at {places[key]}"
                    hint = "Delete one of the two."
                    self.problems.append(error("duplicate-id", message, place, hint))
                else:
                    sources[key], places[key] = item, place
        return {"sources": sources, "source_places": places, "source_fields": fields}

    def _figures(self, pack: Pack) -> dict[str, Figure]:
        wanted: dict[str, Place] = {}
        pointed: list[tuple[Mention, Place]] = []
        for section in pack.sections:
            pointed += mentions_of_body(section, pack)
        for item in pack.items:
            pointed += mentions_of(item, pack)
        for mention, place in pointed:
            if mention.kind == "image":
                wanted.setdefault(mention.value, place)
        for card in pack.cards:
            if card.image:
                wanted.setdefault(card.image, card.at("image"))
        loaded = {path: load_figure(self.reader, path, place) for path, place in wanted.items()}
        figures = {path: figure for path, figure in loaded.items() if figure}
        return {spelling(path): figure for path, figure in figures.items()} | figures


def _templates(reader: Reader) -> dict[str, str]:
    paths = reader.tree("templates", ".html", ".css", ".toml", ".yaml", ".txt")
    texts = ((path.removeprefix("templates/"), reader.text(path)) for path in paths)
    return {name: text for name, text in texts if text is not None}


def _with_ids(pack: Pack) -> tuple[Pack, list[Diagnostic]]:
    """Return a pack whose items without an id have free ones from their titles.

    Ids that were given twice are reported.
    """
    known = pack.locked.items.values() if pack.locked else ()
    taken: dict[str, Place] = {}
    numbers: dict[str, int] = {}  # the next one to try; those before it are taken
    problems = []
    for item in pack.items:
        if item.id.startswith("?"):
            continue
        if item.id in taken:
            message = f"two items have the id `{item.id}`; the first is at {taken[item.id]}"
            hint = "Rename one of the two."
            problems.append(error("duplicate-id", message, item.at("id"), hint, item.id))
        taken.setdefault(item.id, item.at("id"))
    taken |= {each.id: Place(LOCK) for each in known if each.id not in taken}

    def free(item: Item) -> Item:
        base = name = item.id.removeprefix("?")
        if base == item.id:
            return item
        number = numbers.get(base, 2)
        while name in taken:
            name, number = f"{base}-{number}", number + 1
        numbers[base], taken[name] = number, item.at()
        return item.once(f"named {name}", lambda: item.placed(item.places, id=name))

    named: dict[str, Any] = {
        part.name: tuple(map(free, getattr(pack, part.name))) for part in PARTS
    }
    return replace(pack, **named), problems


def read_lock_of(reader: Reader) -> Lock | None:
    """Return what the guide.lock of a pack says, None without one; what is wrong with it is reported."""
    text = reader.text(LOCK) if reader.exists(LOCK) else None
    if text is None:
        return None
    lock, problems = read_lock(text)
    reader.problems.extend(problems)
    return lock


def _kinds_in(data: Mapping[str, Any]) -> frozenset[str] | None:
    """Return the names under `documents` in what pack.yaml says, None when it has no such list."""
    given = data.get("documents")
    return frozenset(map(str, given)) if isinstance(given, dict) else None
