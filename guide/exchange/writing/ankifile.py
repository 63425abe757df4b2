"""The file of an Anki package: a ZIP of an SQLite database (scheme 11, which all versions read) and pictures.

The database is that of Anki 2.1: tables col, notes, cards, revlog and graves. Nothing in it depends on the clock.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import sqlite3
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from typing import Any

_SCHEME = 11
_MADE = 1_577_836_800  # 2020-01-01, when the note types were last changed
_SEPARATOR = "\x1f"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first day that a ZIP can have
_TABLES = """
CREATE TABLE col (id integer primary key, crt integer not null, mod integer not null, scm integer not null,
  ver integer not null, dty integer not null, usn integer not null, ls integer not null, conf text not null,
  models text not null, decks text not null, dconf text not null, tags text not null);
CREATE TABLE notes (id integer primary key, guid text not null, mid integer not null, mod integer not null,
  usn integer not null, tags text not null, flds text not null, sfld integer not null, csum integer not null,
  flags integer not null, data text not null);
CREATE TABLE cards (id integer primary key, nid integer not null, did integer not null, ord integer not null,
  mod integer not null, usn integer not null, type integer not null, queue integer not null, due integer not null,
  ivl integer not null, factor integer not null, reps integer not null, lapses integer not null,
  left integer not null, odue integer not null, odid integer not null, flags integer not null, data text not null);
CREATE TABLE revlog (id integer primary key, cid integer not null, usn integer not null, ease integer not null,
  ivl integer not null, lastIvl integer not null, factor integer not null, time integer not null,
  type integer not null);
CREATE TABLE graves (usn integer not null, oid integer not null, type integer not null);
CREATE INDEX ix_notes_usn on notes (usn);
CREATE INDEX ix_cards_usn on cards (usn);
CREATE INDEX ix_revlog_usn on revlog (usn);
CREATE INDEX ix_cards_nid on cards (nid);
CREATE INDEX ix_cards_sched on cards (did, queue, due);
CREATE INDEX ix_revlog_cid on revlog (cid);
CREATE INDEX ix_notes_csum on notes (csum);
"""


@dataclass(frozen=True)
class Template:
    """A card type: its name, and the templates of its front and back."""

    name: str
    front: str
    back: str


@dataclass(frozen=True)
class NoteType:
    """A note type: its number and name, its fields, and its card types."""

    id: int
    name: str
    fields: tuple[str, ...]
    templates: tuple[Template, ...]
    css: str
    cloze: bool = False


@dataclass(frozen=True)
class Row:
    """A note: its GUID and number, what its fields say, its deck, when it changed, and its place among new cards.

    `ords` are the card types that it has cards of.
    """

    guid: str
    id: int
    kind: NoteType
    fields: tuple[str, ...]
    tags: tuple[str, ...]
    deck: int
    changed: int
    due: int
    ords: tuple[int, ...]


def package(
    rows: Sequence[Row], kinds: Sequence[NoteType], decks: Mapping[str, int],
    media: Mapping[str, bytes], about: str,
) -> bytes:  # fmt: skip
    """Return an .apkg with these notes, decks by name, and pictures by name."""
    names = sorted(media)
    files = {"collection.anki2": _database(rows, kinds, decks, about)}
    files["media"] = json.dumps({str(n): name for n, name in enumerate(names)}).encode()
    files |= {str(number): media[name] for number, name in enumerate(names)}
    return zipped(files)


def zipped(files: Mapping[str, bytes | str]) -> bytes:
    """Return a ZIP with files by their names, in this order, the same at any time and on any system."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            archive.writestr(_zip_entry(name), data)
    return out.getvalue()


def _zip_entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.compress_type, entry.create_system, entry.external_attr = (
        zipfile.ZIP_DEFLATED,
        3,
        0o644 << 16,
    )
    return entry


def _database(
    rows: Sequence[Row], kinds: Sequence[NoteType], decks: Mapping[str, int], about: str
) -> bytes:
    database = sqlite3.connect(":memory:")
    try:
        database.executescript(_TABLES)
        database.execute(
            "INSERT INTO col VALUES (1,?,?,?,?,0,0,0,?,?,?,?,'{}')",
            (_MADE, _MADE * 1000, _MADE * 1000, _SCHEME, json.dumps(_CONFIG),
             json.dumps({str(kind.id): _model(kind) for kind in kinds}),
             json.dumps({"1": _deck(1, "Default", "")} | {str(n): _deck(n, name, about) for name, n in decks.items()}),
             json.dumps({"1": _OPTIONS})),
        )  # fmt: skip
        used: set[int] = set()
        for row in rows:
            _insert(database, row, used)
        database.commit()
        return database.serialize()
    finally:
        database.close()


def _insert(database: sqlite3.Connection, row: Row, used: set[int]) -> None:
    first = row.fields[0]
    note = row.id
    while {note + n for n in range(max(row.ords, default=0) + 1)} & used:
        note += 1000
    used |= {note + n for n in range(max(row.ords, default=0) + 1)}
    database.execute(
        "INSERT INTO notes VALUES (?,?,?,?,-1,?,?,?,?,0,'')",
        (note, row.guid, row.kind.id, row.changed, f" {' '.join(row.tags)} " if row.tags else "",
         _SEPARATOR.join(row.fields), _words(first), _checksum(first)),
    )  # fmt: skip
    for number in row.ords:
        database.execute(
            "INSERT INTO cards VALUES (?,?,?,?,?,-1,0,0,?,0,0,0,0,0,0,0,0,'')",
            (note + number, note, row.deck, number, row.changed, row.due),
        )


def _words(html: str) -> str:
    """Return the words of a field, by which Anki sorts, with the names of its pictures."""
    named = re.sub(r"<img[^>]*\bsrc=\"?([^\" >]+)[^>]*>", r" \1 ", html)
    return unescape(re.sub(r"<[^>]*>", "", named))


def _checksum(html: str) -> int:
    """Return Anki's checksum of a first field, by which it finds duplicates."""
    return int(hashlib.sha1(_words(html).encode(), usedforsecurity=False).hexdigest()[:8], 16)


def _model(kind: NoteType) -> dict[str, Any]:
    fields = [
        {
            "name": name,
            "ord": n,
            "font": "Arial",
            "size": 20,
            "rtl": False,
            "sticky": False,
            "media": [],
        }
        for n, name in enumerate(kind.fields)
    ]
    templates = [
        {
            "name": each.name,
            "ord": n,
            "qfmt": each.front,
            "afmt": each.back,
            "did": None,
            "bqfmt": "",
            "bafmt": "",
        }
        for n, each in enumerate(kind.templates)
    ]
    return {
        "id": kind.id, "name": kind.name, "type": int(kind.cloze), "mod": _MADE, "usn": -1, "sortf": 0, "did": 1,
        "flds": fields, "tmpls": templates, "css": kind.css, "tags": [], "vers": [],
        "latexPre": "", "latexPost": "", "req": [[n, "any", [0]] for n in range(len(templates))],
    }  # fmt: skip


def _deck(number: int, name: str, about: str) -> dict[str, Any]:
    return {
        "id": number, "name": name, "desc": about, "mod": _MADE, "usn": -1, "conf": 1, "dyn": 0, "collapsed": False,
        "extendNew": 0, "extendRev": 0, "newToday": [0, 0], "revToday": [0, 0], "lrnToday": [0, 0], "timeToday": [0, 0],
    }  # fmt: skip


_CONFIG = {
    "activeDecks": [1], "curDeck": 1, "newSpread": 0, "collapseTime": 1200, "timeLim": 0, "estTimes": True,
    "dueCounts": True, "curModel": None, "nextPos": 1, "sortType": "noteFld", "sortBackwards": False, "addToCur": True,
}  # fmt: skip
_OPTIONS = {
    "id": 1, "name": "Default", "mod": 0, "usn": 0, "maxTaken": 60, "autoplay": True, "timer": 0, "replayq": True,
    "dyn": False,
    "new": {"bury": False, "delays": [1.0, 10.0], "initialFactor": 2500, "ints": [1, 4, 0], "order": 1, "perDay": 20},
    "rev": {"bury": False, "ease4": 1.3, "ivlFct": 1.0, "maxIvl": 36500, "perDay": 200, "hardFactor": 1.2},
    "lapse": {"delays": [10.0], "leechAction": 1, "leechFails": 8, "minInt": 1, "mult": 0.0},
}  # fmt: skip
