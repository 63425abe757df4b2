"""Anki's collection: notes, note types and decks, of its old and its new format. Scheduling is not read.

Old: one row in `col` with JSON (schema 11). New: tables `notetypes`, `fields`, `templates`, `decks` (schema 18), with
settings as protocol buffers, of which only the kind of a note type and the two sides of a template are read.
Source: rslib/src/storage and proto/anki/notetypes.proto of Anki.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from guide.exchange.reading.found import Found

_AGAIN = "In Anki, run Tools, Check Database, and export the deck again."
_NORMAL, _CLOZE = 0, 1


@dataclass(frozen=True)
class NoteType:
    """A kind of notes: its fields in their order, and the two sides of each of its cards, in HTML."""

    name: str
    fields: tuple[str, ...]
    sides: tuple[tuple[str, str], ...]
    cloze: bool


@dataclass(frozen=True)
class Note:
    """A note: its fields, its tags, its deck, and which cards it has (numbers of templates)."""

    guid: str
    kind: NoteType
    fields: tuple[str, ...]
    tags: tuple[str, ...]
    deck: str
    cards: frozenset[int]


@dataclass
class _Tables:
    kinds: dict[int, NoteType] = field(default_factory=dict)
    decks: dict[int, str] = field(default_factory=dict)


def notes(data: bytes, found: Found) -> Iterator[Note]:
    """Yield the notes of a collection in their order; raises GuideError if it is damaged."""
    if not data.startswith(b"SQLite format 3\0"):
        found.refuse("import-unreadable", "the deck's database is damaged: it is none", _AGAIN)
    try:
        with sqlite3.connect(":memory:") as database:
            database.deserialize(data)
            database.execute("PRAGMA trusted_schema = OFF")
            database.execute("PRAGMA cell_size_check = ON")
            database.text_factory = lambda raw: raw.decode("utf-8", "replace")
            database.create_collation(
                "unicase",
                lambda one, other: (
                    (one.casefold() > other.casefold()) - (one.casefold() < other.casefold())
                ),
            )
            yield from _notes(database, found)
    except (
        sqlite3.Error,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        IndexError,
        RecursionError,
    ) as exc:
        reason = " ".join(str(exc).split())[:80]
        found.refuse("import-unreadable", f"the deck's database is damaged: {reason}", _AGAIN)


def _notes(database: sqlite3.Connection, found: Found) -> Iterator[Note]:
    known = {
        name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    }
    if not {"notes", "cards"} <= known:
        found.refuse("import-unreadable", "the file has no notes of Anki in it", _AGAIN)
    tables = _new(database) if "notetypes" in known else _old(database)
    where: dict[int, tuple[int, set[int]]] = {}
    for note, deck, number in database.execute(
        "SELECT nid, CASE WHEN odid > 0 THEN odid ELSE did END, ord FROM cards ORDER BY ord, id"
    ):
        where.setdefault(note, (deck, set()))[1].add(number)
    for name, guid, kind, tags, fields in database.execute(
        "SELECT id, guid, mid, tags, flds FROM notes ORDER BY id"
    ):
        deck, cards = where.get(name, (0, {0}))
        yield Note(
            str(guid), tables.kinds[kind], tuple(str(fields).split("\x1f")), tuple(str(tags).split()),
            tables.decks.get(deck, ""), frozenset(cards),
        )  # fmt: skip


def _old(database: sqlite3.Connection) -> _Tables:
    tables = _Tables()
    models, decks = database.execute("SELECT models, decks FROM col").fetchone()
    for name, model in json.loads(models).items():
        fields = sorted(model["flds"], key=lambda each: each["ord"])
        sides = sorted(model["tmpls"], key=lambda each: each["ord"])
        tables.kinds[int(name)] = NoteType(
            str(model["name"]), tuple(str(each["name"]) for each in fields),
            tuple((str(each["qfmt"]), str(each["afmt"])) for each in sides), model.get("type") == _CLOZE,
        )  # fmt: skip
    tables.decks = {int(name): str(deck["name"]) for name, deck in json.loads(decks).items()}
    return tables


def _new(database: sqlite3.Connection) -> _Tables:
    tables = _Tables()
    fields: dict[int, list[str]] = {}
    for kind, name in database.execute("SELECT ntid, name FROM fields ORDER BY ntid, ord"):
        fields.setdefault(kind, []).append(str(name))
    sides: dict[int, list[tuple[str, str]]] = {}
    for kind, config in database.execute("SELECT ntid, config FROM templates ORDER BY ntid, ord"):
        read = parts(config)
        sides.setdefault(kind, []).append((_string(read, 1), _string(read, 2)))
    for kind, name, config in database.execute("SELECT id, name, config FROM notetypes"):
        cloze = parts(config).get(1, [_NORMAL])[0] == _CLOZE
        tables.kinds[kind] = NoteType(
            str(name), tuple(fields.get(kind, ())), tuple(sides.get(kind, ())), cloze
        )
    for name, title in database.execute("SELECT id, name FROM decks"):
        tables.decks[name] = str(title).replace("\x1f", "::")
    return tables


def _string(read: Mapping[int, list[Any]], number: int) -> str:
    value = read.get(number, [b""])[0]
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else ""


def parts(data: bytes) -> dict[int, list[Any]]:
    """Return the fields of a message of protocol buffers by their numbers: integers and bytes. Raises ValueError."""
    found: dict[int, list[Any]] = {}
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        number, kind = tag >> 3, tag & 7
        if kind == 0:
            value, at = _varint(data, at)
            found.setdefault(number, []).append(value)
            continue
        if kind == 2:
            length, at = _varint(data, at)
        elif kind in {1, 5}:
            length = 8 if kind == 1 else 4
        else:
            raise ValueError("a message that cannot be read")
        if at + length > len(data):
            raise ValueError("a message that is cut off")
        found.setdefault(number, []).append(data[at : at + length])
        at += length
    return found


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise ValueError("a number that is cut off")
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
