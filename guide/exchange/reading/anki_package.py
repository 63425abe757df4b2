"""Decks that Anki exports as .apkg and .colpkg, old and new: notes as cards, with their pictures."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote

from guide.exchange import ours
from guide.exchange.reading.anki_database import Note, NoteType, notes, parts
from guide.exchange.reading.archive import MOST_OF_ONE, Archive
from guide.exchange.reading.found import EXTRA, Found, Options
from guide.exchange.reading.htmltext import Html
from guide.exchange.reading.pictures import Pictures, described

_ZSTD = b"\x28\xb5\x2f\xfd"
_FIELD = re.compile(r"\{\{(?![#^/!])([^{}]*)\}\}")
_SECTION = re.compile(r"\{\{#([^{}]+)\}\}(.*?)\{\{/\1\}\}", re.S)
_GAP = re.compile(r"\{\{c\d+(?:,\d+)*::")
_SYSTEM = {"leech", "marked", "missing-media"}
_OCCLUSION = "image-occlusion:"
_DEFAULT = "Default"


def read_package(data: bytes, found: Found, options: Options) -> None:
    """Read the cards of a deck; raises GuideError."""
    del options
    found.format = "Anki package"
    archive = Archive(data, found)
    media = Media(archive, found)
    name = next(
        each
        for each in ("collection.anki21b", "collection.anki21", "collection.anki2")
        if archive.has(each)
    )
    database = unpacked(archive.read(name), found)
    cards = NoteCards(found, media.picture, media.keep)
    decks = set()
    for note in notes(database, found):
        decks.add(note.deck)
        cards.add(note)
    if len(decks) == 1 and (only := next(iter(decks))) and only != _DEFAULT:
        found.title = only.split("::")[-1]


def unpacked(data: bytes, found: Found) -> bytes:
    """Return data without the compression that newer packages have; raises GuideError."""
    if not data.startswith(_ZSTD):
        return data
    import zstandard

    try:
        with zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(data) as stream:
            made = stream.read(MOST_OF_ONE + 1)
    except (zstandard.ZstdError, MemoryError) as exc:
        found.refuse(
            "import-unreadable",
            f"the file is damaged: {' '.join(str(exc).split())[:80]}",
            "In Anki, export the deck again.",
        )
    if len(made) > MOST_OF_ONE:
        found.refuse(
            "import-too-large",
            f"unpacked, the deck has more than {MOST_OF_ONE // 1_000_000} MB",
            "Export fewer cards at a time.",
        )
    return made


class Media:
    """The sounds and pictures of a package, by the names that its notes use."""

    def __init__(self, archive: Archive, found: Found) -> None:
        self.archive, self.found = archive, found
        self.pictures = Pictures(found)
        self.names: dict[str, str] = {}
        if archive.has("media"):
            self.names = self._listed(unpacked(archive.read("media"), found))
        for name in self.names:
            if ".." in PurePosixPath(name.replace("\\", "/")).parts or name.startswith(("/", "\\")):
                message = f"a picture has a name that leads out of the package: `{name[:60]}`"
                found.refuse("import-unsafe", message, "Do not use this file; export it again.")

    def _listed(self, data: bytes) -> dict[str, str]:
        """Return which file of the package has which name: JSON, or a protocol buffer in new packages."""
        try:
            if data[:1] == b"{":
                return {str(name): str(number) for number, name in json.loads(data).items()}
            entries = [parts(entry) for entry in parts(data).get(1, ())]
            return {entry[1][0].decode(): str(number) for number, entry in enumerate(entries)}
        except (ValueError, KeyError, AttributeError, RecursionError, TypeError):
            self.found.refuse(
                "import-unreadable",
                "the list of pictures is damaged",
                "In Anki, export the deck again.",
            )

    def keep(self, path: str, name: str) -> bool:
        """Put a picture into the pack under the path that it had; return False if the package lacks it."""
        number = self.names.get(name, "")
        if not number or not self.archive.has(number):
            return False
        self.found.pictures[path] = unpacked(self.archive.read(number), self.found)
        return True

    def picture(self, name: str, alt: str) -> str:
        """Return Markdown of a picture; one that is missing or cannot be printed is omitted, and counted."""
        known = next((each for each in (name, unquote(name)) if each in self.names), "")
        number = self.names.get(known, "")
        if not number or not self.archive.has(number):
            self.found.omit(
                "a picture that is not in the file|pictures that are not in the file",
                self.found.at(),
            )
            return ""
        try:
            path = self.pictures.place(known, unpacked(self.archive.read(number), self.found))
        except ValueError:
            self.found.omit(
                "a picture that cannot be printed|pictures that cannot be printed", self.found.at()
            )
            return ""
        return f"![{described(alt)}]({path})"


@dataclass(frozen=True)
class Shape:
    """Which fields of a note are on the front and the back of its cards, and what makes it two-way."""

    front: tuple[int, ...]
    back: tuple[int, ...]
    mirrored: int = -1
    further: frozenset[int] = frozenset()


@dataclass
class NoteCards:
    """Makes cards of notes; `picture` makes Markdown of a picture's name and its description.

    `keep` puts a picture of a deck that guide exported into the pack, by its path there and its name.
    """

    found: Found
    picture: Callable[[str, str], str]
    keep: Callable[[str, str], bool] = lambda _path, _name: False
    shapes: dict[int, Shape] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.html = Html(
            picture=self.picture, omit=lambda what: self.found.omit(what, self.found.at())
        )

    def add(self, note: Note) -> None:
        """Add the card of a note, or say why there is none."""
        if any(_OCCLUSION in each for each in note.fields):
            self.found.omit(
                "a picture with covered parts (image occlusion)|pictures with covered parts (image occlusion)",
                self.found.at(),
            )
            return
        own = ours.unpacked(note.kind.name, note.kind.fields, note.fields)
        if own is not None and all(self.keep(path, name) for path, name in own.pictures.items()):
            self.found.add("cards", own.card, self.found.at(), note.guid, note.deck.split("::")[-1])
            return
        if note.kind.name in {ours.CARD, ours.CLOZE}:  # it was edited in Anki
            self._own(note)
            return
        shape = self.shapes.setdefault(id(note.kind), shape_of(note.kind))
        data = self._cloze(note, shape) if note.kind.cloze else self._sides(note, shape)
        deck = note.deck.split("::")[-1] if note.deck != _DEFAULT else ""
        tags = [deck, *(tag.replace("_", " ") for tag in note.tags if tag not in _SYSTEM)]
        data["tags"] = list(dict.fromkeys(filter(None, tags)))
        missing = (
            next((side for side in ("front", "back") if not data.get(side)), "")
            if not data.get("cloze")
            else ""
        )
        if missing:
            shown = " ".join(next((each for each in note.fields if each.strip()), "").split())[:40]
            message = f"the note `{shown}` has nothing that can be printed on the {missing}"
            self.found.unreadable(
                message,
                self.found.at(),
                "Correct the note in Anki and export again, or import the rest with --skip-unreadable.",
            )
            return
        self.found.add("cards", data, self.found.at(), note.guid, deck)

    def _own(self, note: Note) -> None:
        """Add the card of a note that guide has exported: under its own id, without its printed head and foot."""
        given = dict(zip(note.kind.fields, note.fields, strict=False))
        texts = {name: self.html.markdown(text) for name, text in given.items() if text.strip()}
        sides = ("Text", "Front picture"), ("Back", "Back picture")
        if "Front" in given:
            sides = ("Front", "Front picture"), ("Back", "Back picture")
        front, back = (
            "\n\n".join(texts[name] for name in names if name in texts) for names in sides
        )
        data: dict[str, Any] = {"front": front, "back": back}
        if "Front" not in given:
            data = {"cloze": front}
            if back:
                self.found.omit(EXTRA, self.found.at())
        data |= {"hint": texts.get("Hint", ""), "id": given.get("Id", "").strip()}
        data |= {"reverse": True} if given.get("Reverse", "").strip() else {}
        data["tags"] = [tag.replace("_", " ") for tag in note.tags if tag not in _SYSTEM]
        self.found.add("cards", data, self.found.at(), note.guid)

    def _text(self, note: Note, numbers: tuple[int, ...]) -> str:
        texts = (
            self.html.markdown(note.fields[n])
            for n in numbers
            if n < len(note.fields) and note.fields[n].strip()
        )
        return "\n\n".join(filter(None, texts))

    def _cloze(self, note: Note, shape: Shape) -> dict[str, Any]:
        main = next((n for n, each in enumerate(note.fields) if _GAP.search(each)), 0)
        rest = tuple(n for n in (*shape.front, *shape.back) if n != main)
        text = self._text(note, (main,))
        if not _GAP.search(text):
            return {"front": text, "back": self._text(note, rest)}
        fronts = tuple(n for n in rest if n in shape.front)
        if self._text(note, tuple(n for n in rest if n not in shape.front)):
            self.found.omit(EXTRA, self.found.at())
        return {"cloze": "\n\n".join(filter(None, (text, self._text(note, fronts))))}

    def _sides(self, note: Note, shape: Shape) -> dict[str, Any]:
        data: dict[str, Any] = {
            "front": self._text(note, shape.front),
            "back": self._text(note, shape.back),
        }
        if shape.mirrored in note.cards:
            data["reverse"] = True
        if note.cards & shape.further:
            self.found.omit(
                "a further card of a note with several|further cards of notes with several",
                self.found.at(),
            )
        return data


def shape_of(kind: NoteType) -> Shape:
    """Return which fields are on which side, by the templates of a note type."""
    numbers = {name.casefold(): number for number, name in enumerate(kind.fields)}

    def named(template: str) -> tuple[int, ...]:
        text = _SECTION.sub(r"\2", template)
        names = (match[1].split(":")[-1].strip().casefold() for match in _FIELD.finditer(text))
        return tuple(dict.fromkeys(numbers[name] for name in names if name in numbers))

    if not kind.sides:
        return Shape((0,), tuple(range(1, len(kind.fields))))
    fronts = [named(front) for front, _ in kind.sides]
    front = fronts[0] or (0,)
    back = tuple(n for n in named(kind.sides[0][1]) if n not in front)
    if kind.cloze:
        return Shape(front, back)
    mirrored = next(
        (n for n, other in enumerate(fronts) if n and other and set(other) <= set(back)), -1
    )
    further = frozenset(n for n in range(1, len(kind.sides)) if n != mirrored)
    return Shape(front, back, mirrored, further)
