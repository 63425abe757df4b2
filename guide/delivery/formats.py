"""The tables of a ledger's file, and what is done to a file whose format is older."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterable

from guide.delivery.dealing import letters_of
from guide.delivery.records import Person, State

APPLICATION = 0x67_75_6C_67  # "gulg": what the file says it is, where `file` and SQLite look
FORMAT = 3  # the first had no table of people, the second no versions of a quiz

_SCHEMA = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE versions (
  id INTEGER PRIMARY KEY AUTOINCREMENT, version TEXT NOT NULL UNIQUE, title TEXT NOT NULL,
  supersedes TEXT NOT NULL);
CREATE TABLE documents (
  version INTEGER NOT NULL REFERENCES versions, edition TEXT NOT NULL, digest TEXT NOT NULL,
  PRIMARY KEY (version, edition));
CREATE TABLE copies (
  number INTEGER PRIMARY KEY, person INTEGER NOT NULL, ordinal INTEGER NOT NULL,
  version INTEGER NOT NULL REFERENCES versions, total INTEGER NOT NULL, supersedes INTEGER,
  name TEXT NOT NULL, email TEXT NOT NULL, organisation TEXT NOT NULL, ref TEXT NOT NULL,
  channel TEXT NOT NULL, edition TEXT NOT NULL, language TEXT NOT NULL,
  copy_id TEXT NOT NULL UNIQUE, secret TEXT NOT NULL, message_id TEXT NOT NULL DEFAULT '',
  document TEXT NOT NULL DEFAULT '', digest TEXT NOT NULL DEFAULT '',
  file TEXT NOT NULL DEFAULT '', file_digest TEXT NOT NULL DEFAULT '',
  state TEXT NOT NULL, answer TEXT NOT NULL DEFAULT '', quiz TEXT NOT NULL DEFAULT '');
CREATE TABLE people (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL, organisation TEXT NOT NULL,
  ref TEXT NOT NULL, place INTEGER NOT NULL);
CREATE INDEX later_copies ON copies (supersedes);
CREATE INDEX copies_of_a_version ON copies (version, person, ordinal);
CREATE TABLE events (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT, time TEXT NOT NULL, number INTEGER NOT NULL,
  state TEXT NOT NULL, answer TEXT NOT NULL, digest TEXT NOT NULL);
CREATE INDEX events_of_a_copy ON events (number, sequence);
"""
_INSERT_PERSON = (
    "INSERT OR REPLACE INTO people (id, name, email, organisation, ref, place)"
    " VALUES (?, ?, ?, ?, ?, ?)"
)

EVENT = "INSERT INTO events (time, number, state, answer, digest) VALUES (?, ?, ?, ?, ?)"


def is_empty(db: sqlite3.Connection) -> bool:
    """Return True if nothing was written yet: a new file, or one whose first run was killed."""
    return not db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]


def format_of(db: sqlite3.Connection) -> int:
    """Return the number of a file's format, 0 for an empty file."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def is_older(db: sqlite3.Connection) -> bool:
    """Return True if a file has tables, and they are those of an older format."""
    return not is_empty(db) and format_of(db) < FORMAT


def upgrade(db: sqlite3.Connection) -> None:
    """Give a file all that this format has: a new one its tables, an older one what it lacks.

    It is done within the caller's transaction, so that a file is never half upgraded.
    """
    if is_empty(db):
        db.execute(f"PRAGMA application_id={APPLICATION}")
        for statement in _SCHEMA.split(";"):
            db.execute(statement)
    elif format_of(db) < FORMAT:
        if format_of(db) < 2:
            _add_people(db)
        _add_quizzes(db)
    else:
        return
    db.execute(f"PRAGMA user_version={FORMAT}")
    identity = [("id", secrets.token_hex(16))]
    db.executemany("INSERT OR IGNORE INTO facts VALUES (?, ?)", identity)


def write_people(db: sqlite3.Connection, people: Iterable[Person]) -> None:
    """Write people as the list has them now."""
    db.executemany(
        _INSERT_PERSON, [(p.id, p.name, p.email, p.organisation, p.ref, p.place) for p in people]
    )


def write_state(
    db: sqlite3.Connection, time: str, number: int, state: State, answer: str, digest: str = ""
) -> None:
    """Write the state of a copy, what was answered, and the event."""
    text = "UPDATE copies SET state = ?, answer = ? WHERE number = ?"
    db.execute(text, (state, answer, number))
    db.execute(EVENT, (time, number, state, answer, digest))


def _add_people(db: sqlite3.Connection) -> None:
    """Add people as their last copies name them; those of the last version were in the list."""
    text = """SELECT person, name, email, organisation, ref,
                CASE WHEN version = (SELECT max(id) FROM versions) THEN number ELSE -1 END
              FROM copies WHERE name <> '' AND number IN
                (SELECT max(number) FROM copies GROUP BY person) ORDER BY person"""
    people = db.execute(text).fetchall()
    db.execute(next(each for each in _SCHEMA.split(";") if "TABLE people" in each))
    db.executemany(_INSERT_PERSON, people)


def _add_quizzes(db: sqlite3.Connection) -> None:
    """Add which version of a quiz each copy is of.

    The document that a copy was made of says so. A copy that was not made yet has the version that
    it was planned to get: they were dealt round by the number of the copy.
    """
    db.execute("ALTER TABLE copies ADD COLUMN quiz TEXT NOT NULL DEFAULT ''")
    documents: dict[int, dict[str, str]] = {}
    for version, key, digest in db.execute("SELECT version, edition, digest FROM documents"):
        documents.setdefault(version, {})[key] = digest
    found = []
    for number, version, edition, digest in db.execute(
        "SELECT number, version, edition, document FROM copies"
    ).fetchall():
        known = documents.get(version, {})
        letters = letters_of(known).get(edition, ())
        made = [each for each in letters if digest and known[f"{edition}/{each}"] == digest]
        if letters:
            dealt = letters[(number - 1) % len(letters)]
            found.append((made[0] if len(made) == 1 else dealt, number))
    db.executemany("UPDATE copies SET quiz = ? WHERE number = ?", found)
