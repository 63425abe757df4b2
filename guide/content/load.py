"""A folder to a Pack: every file is read, every problem is collected, nothing is raised."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from guide.content.files import Reader, Seen
from guide.content.identity import lock_of, with_known_ids, without_identity
from guide.content.library import unnamed_views
from guide.content.overrides import override
from guide.content.pictures import load_figure
from guide.content.references import mentions_of, mentions_of_body
from guide.content.rules import check_marks, check_pack
from guide.content.slugs import slug
from guide.content.sources import read_sources
from guide.content.tables import read_table
from guide.content.unread import unread_files
from guide.content.validate import Places, Validator
from guide.content.yaml import Document, read_yaml
from guide.diagnostics.diagnostic import Diagnostic, Place, Severity, error, in_order
from guide.model.base import Item
from guide.model.content import Card, Figure, Question, Section
from guide.model.identity import Lock
from guide.model.lockfile import LOCK, read_lock
from guide.model.markup import Mention
from guide.model.pack import Manifest, Pack, spelling
from guide.model.parts import PARTS, Part
from guide.model.signs import TAG, understood

I = TypeVar("I", bound=Item)  # noqa: E741  an Item


def load_pack(
    folder: Path,
    overrides: Mapping[str, str] | None = None,
    read: dict[str, bytes] | None = None,
    given: Mapping[str, bytes] | None = None,
    seen: Seen | None = None,
) -> tuple[Pack | None, tuple[Diagnostic, ...]]:
    """Read the pack in `folder`.

    `overrides` are values of pack.yaml for one run, by dotted key, as text in YAML; `given` the
    bytes of files that are read instead of those on the disk. Items with errors are omitted from the
    Pack; the Pack is None when pack.yaml itself cannot be used. `read`, if given, is filled with
    every file that was read, by its path in the pack: its source; `seen`, if given, with all that
    was asked of the disk (see `Reader.seen`).
    """
    if not folder.is_dir():
        hint = "Give the folder that holds pack.yaml, or start one: guide new DIR"
        return None, (error("pack-not-found", "there is no such folder", Place(""), hint),)
    if not (folder / "pack.yaml").is_file():
        if (folder / "pack.yml").is_file():
            hint = "Rename pack.yml to pack.yaml."
            return None, (error("no-pack", "the folder has no pack.yaml", Place(""), hint),)
        hint = "Every pack has a pack.yaml with at least `format: 1` and `title: ...`."
        return None, (error("no-pack", "the folder has no pack.yaml", Place(""), hint),)
    loading = _Loading(folder, read, given or {})
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
    validator: Validator = field(default_factory=Validator)
    listed: frozenset[str] | None = None

    def __post_init__(self) -> None:
        self.reader = Reader(self.folder, read=self.read, given=self.given)
        self.problems = self.reader.problems
        self.validator.problems = self.problems

    def load(self, overrides: Mapping[str, str]) -> tuple[Pack | None, tuple[Diagnostic, ...]]:
        manifest, document = self._manifest(overrides)
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

    def _document(self, path: str) -> Document | None:
        text = self.reader.text(path)
        if text is None:
            return None
        document, problems = read_yaml(text, path)
        self.problems.extend(problems)
        if document is not None and document.data is None:
            hint = "Write something into it, or delete it: an absent file is omitted."
            if path == "pack.yaml":
                hint = "Write a line such as `title: My Subject` into it; `guide new my-pack` makes a pack to copy from."
            self.problems.append(error("empty-file", "the file is empty", Place(path, 1, 1), hint))
            return None
        return document

    def _manifest(self, overrides: Mapping[str, str]) -> tuple[Manifest | None, Document]:
        document = self._document("pack.yaml")
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
            for path in self.reader.listing(part.name, ".md", ".markdown"):
                text = self.reader.text(path)
                if text is not None and (section := self._section(path, text)):
                    yield section
            return
        paths = [part.file] if self.reader.exists(part.file) else []
        if part.model is Card:
            paths += self.reader.listing(part.name, ".yaml", ".yml", ".csv", ".tsv")
        for path in paths:
            for data, places in self._entries(path):
                if part.model is Question:
                    made: Item | None = self.validator.question(data, places)
                else:
                    made = self.validator.item(part.model, data, places, part.what)
                if made is not None:
                    yield self._named(made, part.title(made))

    def _section(self, path: str, text: str) -> Section | None:
        match = re.match(r"---[ \t]*\n(.*?)(?:^|\n)(?:---|\.\.\.)[ \t]*(?:\n|$)", text, re.S)
        if not match:
            self.problems.append(_no_front_matter(path, text))
            return None
        document, problems = read_yaml(match[1], path, first_line=2)
        self.problems.extend(problems)
        if document is None:
            return None
        data = document.data if document.data is not None else {}
        places = Places(path, document)
        made = self.validator.item(Section, data, places, "the section")
        if made is None:
            return None
        stem = re.sub(r"^[\d\s._-]+", "", Path(path).stem) or Path(path).stem
        line = text.count("\n", 0, match.end()) + 1
        fields = {"id": made.id or slug(stem), "body": text[match.end() :], "body_line": line}
        section = made.placed(
            {**made.places, "": Place(path, 1, 1), "body": Place(path, line, 1)}, **fields
        )
        self.problems += check_marks(section)
        return section

    def _entries(self, path: str) -> Iterator[tuple[Any, Places]]:
        """Yield the entries of a list, or the rows of a table of cards."""
        if not path.endswith((".yaml", ".yml")):
            text = self.reader.text(path)
            rows, problems = read_table(text, path) if text is not None else ([], [])
            self.problems.extend(problems)
            yield from ((row.data, Places(path, row.document)) for row in rows)
            return
        document = self._document(path)
        if document is not None and isinstance(document.data, list):
            for number, data in enumerate(document.data):
                yield data, Places(path, document, str(number))
        elif document is not None:
            at = document.places.get("", Place(path, 1, 1))
            hint = "Write each entry after `- `."
            self.problems.append(error("wrong-type", f"{path} must be a list", at, hint))

    def _named(self, item: I, title: str) -> I:
        """Mark an item without an id; `_with_ids` gives it one that is free."""
        if item.id:
            return item
        words = TAG.sub(lambda tag: "" if understood(tag[2].lower()) else tag[0], title)
        return item.placed(item.places, id="?" + slug(words))

    def _sources(self) -> dict[str, Any]:
        sources: dict[str, Any] = {}
        places: dict[str, Place] = {}
        fields: dict[str, Mapping[str, Place]] = {}
        for path in ("sources.yaml", "sources.yml", "sources.json", "sources.bib"):
            if not self.reader.exists(path):
                continue
            text = self.reader.text(path)
            if text is None:
                continue
            found, problems = read_sources(text, path, fields)
            self.problems.extend(problems)
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
        return item.placed(item.places, id=name)

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


def _no_front_matter(path: str, text: str) -> Diagnostic:
    """Say that a section does not begin with front matter, or where it should have ended."""
    if not re.match(r"---[ \t]*\n", text):
        hint = "Begin the file with three lines: ---, then title: ..., then ---."
        message = "the section has no front matter"
        return error("missing-front-matter", message, Place(path, 1, 1), hint)
    lines = text.split("\n")
    yaml = re.compile(r"[ \t]+\S|#|- |[\w-]+:(?: |$)")
    end = next((n for n, line in enumerate(lines[1:], 2) if not yaml.match(line)), len(lines))
    message = "the front matter that begins on line 1 is never closed"
    hint = "Write a line --- here, between the keys and the text."
    return error("missing-front-matter", message, Place(path, end, 1), hint)
