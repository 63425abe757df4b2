"""Who was given which copy: a SQLite file beside the list, written before and after each delivery.

A copy is `planned`, `made`, `sending`, then `sent` or `failed`. A run that dies leaves what it had
begun as `sending`: a channel that can do the same thing twice does it again, for any other the copy
is `uncertain`, and a person decides. Times are UTC and only informative: order is by `sequence`.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import fcntl
import os
import re
import secrets
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from guide.errors import Diagnostic, GuideError, Place, error, note
from guide.model.copies import Recipient

SUFFIX = ".ledger.db"
_APPLICATION = 0x67_75_6C_67  # "gulg": what the file says it is, where `file` and SQLite look
_FORMAT = 1
_PATIENCE = 3.0  # s to wait for somebody who reads or writes

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
  state TEXT NOT NULL, answer TEXT NOT NULL DEFAULT '');
CREATE INDEX later_copies ON copies (supersedes);
CREATE INDEX copies_of_a_version ON copies (version, person, ordinal);
CREATE TABLE events (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT, time TEXT NOT NULL, number INTEGER NOT NULL,
  state TEXT NOT NULL, answer TEXT NOT NULL, digest TEXT NOT NULL);
CREATE INDEX events_of_a_copy ON events (number, sequence);
"""


class State(StrEnum):
    """How far a copy has come."""

    PLANNED = "planned"
    MADE = "made"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    RECALLED = "recalled"


OPEN = (State.PLANNED, State.MADE, State.SENDING)


@dataclass(frozen=True)
class LedgerEntry:
    """What is known of one copy.

    `document` is the digest of the document before it was stamped, `digest` that of the copy as it
    was delivered, `file` and `file_digest` what holds it, if a file does. `supersedes` is the number
    of the copy of an earlier version that the same person has, `superseded_by` of a later one.
    `name` is empty when the person was forgotten. `changed` is when `state` was written, in UTC.
    """

    number: int
    total: int
    state: State
    name: str
    email: str
    organisation: str
    ref: str
    channel: str
    edition: str
    language: str
    title: str
    version: str
    document: str
    digest: str
    copy_id: str
    secret: str
    message_id: str
    file: str
    file_digest: str
    answer: str
    supersedes: int | None
    superseded_by: int | None
    changed: str


@dataclass(frozen=True)
class Event:
    """One line of a copy's history."""

    sequence: int
    time: str
    number: int
    state: State
    answer: str
    digest: str


@dataclass(frozen=True)
class Issue:
    """A version of a document that is to be given out.

    `series` is what stays the same from version to version: a ledger belongs to one. `documents`
    are the digests by edition, as far as they are known. `marking` is printed on distribution lists.
    """

    series: str
    title: str
    version: str
    supersedes: str = ""
    documents: Mapping[str, str] = field(default_factory=dict)
    same_version: bool = False
    marking: str = ""


@dataclass(frozen=True)
class Due:
    """What one row of the list is still to be given, in the order of the numbers."""

    recipient: Recipient
    line: int
    entries: tuple[LedgerEntry, ...]


@dataclass(frozen=True)
class Plan:
    """What is to be done; `had` counts copies that were given out before."""

    due: tuple[Due, ...]
    had: int
    uncertain: tuple[int, ...]
    failed: tuple[int, ...]
    notes: tuple[Diagnostic, ...] = ()


def ledger_of(recipients: Path) -> Path:
    """Return where the ledger of a list stands: `recipients.csv` has `recipients.ledger.db`."""
    if recipients.name.endswith(SUFFIX):
        return recipients
    return recipients.with_name(recipients.stem + SUFFIX)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class Ledger:
    """A ledger that is open; use it as a context manager."""

    def __init__(
        self,
        path: Path,
        connection: sqlite3.Connection,
        lock: int = -1,
        clock: Callable[[], dt.datetime] = _now,
    ) -> None:
        self.path, self._db, self._lock, self._clock = path, connection, lock, clock

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file and of the lock."""
        self._db.close()
        if self._lock >= 0:
            with contextlib.suppress(OSError):
                _lock_file(self.path).unlink()
            os.close(self._lock)
            self._lock = -1

    # Opening ----------------------------------------------------------------------------------

    @classmethod
    def begin(cls, path: Path, clock: Callable[[], dt.datetime] = _now) -> Self:
        """Open a ledger for a run, made with mode 0600 if there is none; no other run may begin.

        Raises GuideError when another run has it, or it cannot be used.
        """
        lock = _take_lock(path)
        try:
            with _translated(path):
                if not os.path.lexists(path):
                    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
                elif path.stat().st_mode & 0o077:
                    path.chmod(0o600)
            ledger = cls(path, _connect(path, "rw"), lock, clock)
        except BaseException:
            with contextlib.suppress(OSError):
                _lock_file(path).unlink()
            os.close(lock)
            raise
        try:
            ledger._prepare()
        except BaseException:
            ledger.close()
            raise
        return ledger

    @classmethod
    def rehearse(cls, path: Path) -> Self:
        """Open a copy of a ledger in memory: what is written there is written nowhere."""
        memory = sqlite3.connect(":memory:", isolation_level=None)
        ledger = cls(path, memory)
        if os.path.lexists(path):
            with cls.read(path) as found, _translated(path):
                found._db.backup(memory)  # noqa: SLF001
        else:
            ledger._prepare()
        return ledger

    @classmethod
    def read(cls, path: Path) -> Self:
        """Open a ledger to look at it; raises GuideError when there is none."""
        if not os.path.lexists(path):
            hint = "guide distribute PACK --to recipients.csv --send makes one beside the list."
            raise GuideError(error("no-ledger", "there is no ledger", Place(str(path)), hint))
        # Only a writer may roll back what a run that was killed left half written.
        mode = "rw" if os.access(path, os.W_OK) and os.access(path.parent, os.W_OK) else "ro"
        ledger = cls(path, _connect(path, mode))
        try:
            with _translated(path):
                if not ledger._db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                    ledger._db.close()
                    ledger = cls(path, sqlite3.connect(":memory:", isolation_level=None))
                    ledger._prepare()  # killed before its first word: a ledger without copies
            ledger._check()
        except BaseException:
            ledger.close()
            raise
        return ledger

    def _prepare(self) -> None:
        """Write the schema into a new file, and check that of an old one."""
        with _translated(self.path):
            # EXTRA also makes the end of a transaction last through a power cut. What is deleted is
            # overwritten: a person who is forgotten is gone from the file.
            for pragma in (
                "journal_mode=DELETE",
                "synchronous=EXTRA",
                "secure_delete=ON",
                "temp_store=MEMORY",
            ):
                self._db.execute(f"PRAGMA {pragma}")
            tables = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            if not tables:
                self._db.executescript(
                    f"BEGIN IMMEDIATE; PRAGMA application_id={_APPLICATION};"
                    f"PRAGMA user_version={_FORMAT}; {_SCHEMA} COMMIT;"
                )
        self._check()

    def _check(self) -> None:
        with _translated(self.path):
            application = self._db.execute("PRAGMA application_id").fetchone()[0]
            number = self._db.execute("PRAGMA user_version").fetchone()[0]
            if application != _APPLICATION:
                message = "this is another program's database, not a ledger"
                hint = "Move it away, or name the ledger: --ledger FILE"
                raise GuideError(error("ledger-damaged", message, Place(str(self.path)), hint))
            if number != _FORMAT:
                message = f"the ledger has format {number}; this guide reads format {_FORMAT}"
                hint = "Install the version of guide that wrote it."
                raise GuideError(error("ledger-damaged", message, Place(str(self.path)), hint))
            found = self._db.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise GuideError(_damaged(self.path, str(found).split("\n")[0]))

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with _translated(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    # Reading ----------------------------------------------------------------------------------

    def entries(
        self,
        *,
        state: str = "",
        name: str = "",
        version: str = "",
        where: str = "",
        values: Sequence[Any] = (),
    ) -> list[LedgerEntry]:
        """Return copies by number: those in a state, of a version, with `name` in who they are for.

        `name` is looked for in name, address, organisation and ref, without regard to case.
        """
        conditions, found = [where or "1"], list(values)
        if state:
            conditions.append("c.state = ?")
            found.append(state)
        if version:
            conditions.append("v.version = ?")
            found.append(version)
        with _translated(self.path):
            rows = self._db.execute(_ENTRIES.format(" AND ".join(conditions)), found).fetchall()
        entries = [_entry(row) for row in rows]
        if not name:
            return entries
        part = name.casefold()
        return [
            e for e in entries
            if any(part in each.casefold() for each in (e.name, e.email, e.organisation, e.ref))
        ]  # fmt: skip

    def find(self, copy_id: str) -> LedgerEntry | None:
        """Return the copy with this invisible id, or None."""
        return next(iter(self.entries(where="c.copy_id = ?", values=[copy_id.lower()])), None)

    def find_digest(self, digest: str) -> LedgerEntry | None:
        """Return the copy that had these bytes, at whatever time, or None."""
        where = "c.digest = ? OR c.number IN (SELECT number FROM events WHERE digest = ?)"
        return next(iter(self.entries(where=f"({where})", values=[digest, digest])), None)

    def ids(self) -> set[str]:
        """Return the invisible ids of all copies."""
        with _translated(self.path):
            return {str(row[0]) for row in self._db.execute("SELECT copy_id FROM copies")}

    def copy(self, number: int) -> LedgerEntry:
        """Return a copy by its number; raises GuideError when there is none."""
        found = self.entries(where="c.number = ?", values=[number])
        if not found:
            last = self._last()
            hint = f"Copies have the numbers 1 to {last}." if last else "No copy was numbered yet."
            message = f"there is no copy {number}"
            raise GuideError(error("unknown-copy", message, Place(str(self.path)), hint))
        return found[0]

    def history(self, number: int = 0) -> list[Event]:
        """Return what happened, to one copy or to all, in order."""
        where = "number = ?" if number else "? = 0"
        text = f"SELECT sequence, time, number, state, answer, digest FROM events WHERE {where} ORDER BY sequence"  # noqa: S608
        with _translated(self.path):
            rows = self._db.execute(text, [number]).fetchall()
        return [Event(s, t, n, State(state), a, d) for s, t, n, state, a, d in rows]

    def fact(self, name: str) -> str:
        """Return what the ledger says of itself: `series`, `title`, `marking`; '' for nothing."""
        with _translated(self.path):
            row = self._db.execute("SELECT value FROM facts WHERE name = ?", [name]).fetchone()
        return str(row[0]) if row else ""

    def versions(self) -> list[str]:
        """Return the versions that were given out, oldest first."""
        with _translated(self.path):
            return [
                str(row[0]) for row in self._db.execute("SELECT version FROM versions ORDER BY id")
            ]

    def _last(self) -> int:
        with _translated(self.path):
            return int(
                self._db.execute("SELECT coalesce(max(number), 0) FROM copies").fetchone()[0]
            )

    # Planning ---------------------------------------------------------------------------------

    def plan(
        self,
        issue: Issue,
        rows: Sequence[tuple[Recipient, int]],
        once: Collection[str] = (),
        path: str = "",
    ) -> Plan:
        """Number what the list asks for and was not numbered yet; return what is to be done.

        `rows` are recipients with their lines in the list at `path`. `once` are channels that must
        not do a thing twice: what they had begun becomes uncertain. Numbers go on from version to
        version. Raises GuideError when the ledger belongs to another series, when the version is
        older than the last one, or its document is not the one that was given out.
        """
        with self._transaction():
            version = self._version(issue)
            self._settle_begun(once)
            people = self._people([who for who, _ in rows])
            return self._planned(issue, version, rows, people, path)

    def _version(self, issue: Issue) -> int:
        db, at = self._db, Place(str(self.path))
        series = self.fact("series")
        if series and series != issue.series:
            message = f"the ledger is that of `{series}`, not of `{issue.series}`"
            hint = "Give each document a list, or a ledger, of its own: --ledger FILE"
            raise GuideError(error("ledger-of-another", message, at, hint))
        facts = (
            ("series", issue.series), ("title", issue.title), ("marking", issue.marking)
        )  # fmt: skip
        db.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", facts)
        last = db.execute("SELECT id, version FROM versions ORDER BY id DESC LIMIT 1").fetchone()
        known = db.execute("SELECT id FROM versions WHERE version = ?", [issue.version]).fetchone()
        if known is None:
            supersedes = issue.supersedes or (str(last[1]) if last else "")
            known = db.execute(
                "INSERT INTO versions (version, title, supersedes) VALUES (?, ?, ?) RETURNING id",
                [issue.version, issue.title, supersedes],
            ).fetchone()
        elif last is not None and known[0] != last[0]:
            message = f"version {issue.version} was superseded by {last[1]}"
            hint = "Distribute the latest version, or give this one a version of its own."
            raise GuideError(error("version-superseded", message, at, hint))
        version = int(known[0])
        for edition, digest in issue.documents.items():
            row = db.execute(
                "SELECT digest FROM documents WHERE version = ? AND edition = ?", [version, edition]
            ).fetchone()
            if row is not None and row[0] != digest and not issue.same_version:
                message = f"the document has changed, but its version is still {issue.version}"
                hint = (
                    "Raise `version` in pack.yaml, and everybody gets the new one; or add "
                    "--same-version, and only those who have none yet get it."
                )
                raise GuideError(error("version-unchanged", message, at, hint))
            db.execute(
                "INSERT OR REPLACE INTO documents VALUES (?, ?, ?)", [version, edition, digest]
            )
        return version

    def _settle_begun(self, once: Collection[str]) -> None:
        """Call uncertain what a run that died had begun on a channel that must not repeat itself."""
        marks = ", ".join("?" * len(once))
        text = f"SELECT number, digest FROM copies WHERE state = ? AND channel IN ({marks})"  # noqa: S608
        begun = self._db.execute(text, [State.SENDING, *once]).fetchall()
        answer = "the run ended before the answer came"
        self._write([(int(number), digest) for number, digest in begun], State.UNCERTAIN, answer)

    def _people(self, rows: Sequence[Recipient]) -> list[int]:
        """Return the person that each row means: one who is known, or a new number.

        By `ref`; else by name, address and organisation; else by name and address; else by address
        or by name and organisation, where that leaves no choice.
        """
        text = """SELECT person, name, email, organisation, ref FROM copies WHERE number IN
                  (SELECT max(number) FROM copies GROUP BY person) AND name <> ''"""
        known = {int(p): tuple(_fold(x) for x in rest) for p, *rest in self._db.execute(text)}
        wanted = [tuple(_fold(x) for x in (r.name, r.email, r.organisation, r.ref)) for r in rows]
        result = [0] * len(rows)
        free, open_ = dict(known), set(range(len(rows)))
        keys: tuple[tuple[tuple[int, ...], bool], ...] = (
            ((3,), False), ((0, 1, 2), False), ((0, 1), False), ((1,), True), ((0, 2), True),
        )  # fmt: skip
        for columns, sole in keys:
            by_key: dict[tuple[str, ...], list[int]] = {}
            for person, who in free.items():
                if key := _key(who, columns):
                    by_key.setdefault(key, []).append(person)
            asking: dict[tuple[str, ...], list[int]] = {}
            for row in sorted(open_):
                if key := _key(wanted[row], columns):
                    asking.setdefault(key, []).append(row)
            for key, numbers in asking.items():
                candidates = by_key.get(key, [])
                if sole and not len(numbers) == len(candidates) == 1:
                    continue
                for row in numbers:
                    match = next(
                        (p for p in candidates if p in free and _may_be(wanted[row], known[p])), 0
                    )
                    if match:
                        result[row] = match
                        del free[match]
                        open_.discard(row)
        last = int(self._db.execute("SELECT coalesce(max(person), 0) FROM copies").fetchone()[0])
        for row in sorted(open_):
            last += 1
            result[row] = last
        return result

    def _planned(
        self,
        issue: Issue,
        version: int,
        rows: Sequence[tuple[Recipient, int]],
        people: Sequence[int],
        path: str,
    ) -> Plan:
        has: dict[int, list[Any]] = {}
        text = """SELECT person, ordinal, number, state, name, email, organisation, channel,
                    edition FROM copies WHERE version = ? ORDER BY number"""
        for person, *rest in self._db.execute(text, [version]):
            has.setdefault(person, []).append(rest)
        before: dict[tuple[int, int], int] = {
            (p, o): n
            for p, o, n in self._db.execute(
                "SELECT person, ordinal, max(number) FROM copies WHERE version <> ? GROUP BY 1, 2",
                [version],
            )
        }
        number = self._last()
        new: list[tuple[Any, ...]] = []
        update: list[tuple[Any, ...]] = []
        due: list[tuple[Recipient, int, list[int]]] = []
        notes: list[Diagnostic] = []
        had = 0
        for (who, line), person in zip(rows, people, strict=True):
            mine = {row[0]: row[1:] for row in has.get(person, ())}
            numbers = []
            details = (who.name, who.email, who.organisation, who.ref, who.channel, who.edition,
                       who.language)  # fmt: skip
            for ordinal in range(who.copies):
                if ordinal not in mine:
                    number += 1
                    new.append((number, person, ordinal, version, before.get((person, ordinal)),
                                *details, secrets.token_hex(16), secrets.token_urlsafe(24)))  # fmt: skip
                    numbers.append(number)
                    continue
                known, state, name, email, organisation, channel, edition = mine[ordinal]
                changed = (email.casefold(), channel) != (who.email.casefold(), who.channel)
                if state in OPEN or (state == State.FAILED and changed):
                    update.append((*details, known))
                    numbers.append(known)
                    continue
                had += state == State.SENT
                other = (name, email, organisation) != (who.name, who.email, who.organisation)
                if state == State.SENT and (other or edition != who.edition):
                    what = "under another name, address or organisation" if other else ""
                    what = what or f"in the edition `{edition or 'whole'}`"
                    message = f"copy {known} was sent {what}"
                    hint = f"It counts as the same person's. To send it again: --resend {known}"
                    notes.append(note("recipient-changed", message, Place(path, line, 1), hint))
            if numbers:
                due.append((who, line, numbers))
        self._insert(new, update, number)
        wanted = {n for _, _, numbers in due for n in numbers}
        entries = {e.number: e for e in self.entries(version=issue.version) if e.number in wanted}
        states = {
            state: tuple(
                int(row[0])
                for row in self._db.execute(
                    "SELECT number FROM copies WHERE version = ? AND state = ? ORDER BY number",
                    [version, state],
                )
                if row[0] not in wanted
            )
            for state in (State.UNCERTAIN, State.FAILED)
        }
        return Plan(
            tuple(Due(who, line, tuple(entries[n] for n in numbers)) for who, line, numbers in due),
            had,
            states[State.UNCERTAIN],
            states[State.FAILED],
            tuple(notes),
        )

    def _insert(self, new: list[tuple[Any, ...]], update: list[tuple[Any, ...]], last: int) -> None:
        self._db.executemany(
            "INSERT INTO copies (number, person, ordinal, version, supersedes, name, email,"
            " organisation, ref, channel, edition, language, copy_id, secret, total, state)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [(*row, last, State.PLANNED) for row in new],
        )
        time = self._time()
        self._db.executemany(
            "INSERT INTO events (time, number, state, answer, digest) VALUES (?, ?, ?, '', '')",
            [(time, row[0], State.PLANNED) for row in new],
        )
        self._db.executemany(
            "UPDATE copies SET name = ?, email = ?, organisation = ?, ref = ?, channel = ?,"
            " edition = ?, language = ? WHERE number = ?",
            update,
        )

    # Writing ----------------------------------------------------------------------------------

    def record(self, made: Sequence[Mapping[str, Any]], state: State, answer: str = "") -> None:
        """Write what happened to some copies, in one transaction.

        Each of `made` has `number`, and of `digest`, `document`, `file`, `file_digest`,
        `message_id` and `answer` what is now known.
        """
        with self._transaction() as db:
            for each in made:
                known = {k: v for k, v in each.items() if k in _KNOWN}
                if known:
                    changes = ", ".join(f"{name} = ?" for name in known)
                    text = f"UPDATE copies SET {changes} WHERE number = ?"  # noqa: S608
                    db.execute(text, [*known.values(), each["number"]])
            for each in made:
                number = each["number"]
                said = str(each.get("answer", answer))
                digest = each.get("digest", "")
                self._write([(number, digest)], state, said)

    def _write(self, numbers: Sequence[tuple[int, str]], state: State, answer: str) -> None:
        time = self._time()
        self._db.executemany(
            "UPDATE copies SET state = ?, answer = ? WHERE number = ?",
            [(state, answer, number) for number, _ in numbers],
        )
        self._db.executemany(
            "INSERT INTO events (time, number, state, answer, digest) VALUES (?, ?, ?, ?, ?)",
            [(time, number, state, answer, digest) for number, digest in numbers],
        )

    def _time(self) -> str:
        return self._clock().astimezone(dt.UTC).isoformat(timespec="milliseconds")

    def resend(self, number: int) -> None:
        """Let a copy be delivered again by the next run; raises GuideError when it cannot be."""
        entry = self.copy(number)
        at = Place(str(self.path))
        if entry.state == State.RECALLED or not entry.name:
            message = f"copy {number} was recalled, or its person is forgotten"
            raise GuideError(error("unknown-copy", message, at, "Leave the number out."))
        if entry.version != (latest := self.versions()[-1]):
            message = f"copy {number} is of version {entry.version}; the latest is {latest}"
            hint = "Give the number of a copy of the latest version: guide ledger shows them."
            raise GuideError(error("unknown-copy", message, at, hint))
        self.record([{"number": number}], State.PLANNED, "to be sent again, as the user decided")

    def mark_sent(self, number: int) -> None:
        """Record that a copy arrived, as the user found out; raises GuideError."""
        entry = self.copy(number)
        if entry.state == State.RECALLED:
            message = f"copy {number} was recalled"
            hint = "Leave the number out."
            raise GuideError(error("unknown-copy", message, Place(str(self.path)), hint))
        self.record([{"number": number}], State.SENT, "marked as sent by the user")

    def recall(self, number: int) -> None:
        """Record that a copy is withdrawn: it is not sent, and not sent again. Raises GuideError."""
        self.copy(number)
        self.record([{"number": number}], State.RECALLED, "recalled by the user")

    def forget(self, who: str) -> list[int]:
        """Remove a person, named by name, address, ref or a copy's number; keep the numbers.

        Returns the numbers. Raises GuideError when nobody, or more than one person, is meant.
        """
        people: dict[int, list[int]] = {}
        part = _fold(who)
        text = (
            "SELECT person, number, name, email, ref FROM copies WHERE name <> '' ORDER BY number"
        )
        with _translated(self.path):
            rows = self._db.execute(text).fetchall()
        for person, number, *names in rows:
            if part in [_fold(each) for each in names if each] or who == str(number):
                people.setdefault(int(person), []).append(int(number))
        at = Place(str(self.path))
        if not people:
            hint = "Write the name as the ledger has it: guide ledger LIST --name PART shows it."
            raise GuideError(error("unknown-person", "nobody in the ledger is called so", at, hint))
        if len(people) > 1:
            some = ", ".join(str(numbers[0]) for numbers in people.values())
            message = f"{len(people)} people are meant: those with the copies {some}"
            hint = "Name one by address, by ref, or by the number of a copy."
            raise GuideError(error("ambiguous-person", message, at, hint))
        person = next(iter(people))
        with self._transaction() as db:
            db.execute("UPDATE copies SET state = ? WHERE person = ? AND state IN (?, ?, ?)",
                       [State.RECALLED, person, *OPEN])  # fmt: skip
            db.execute("UPDATE events SET answer = '' WHERE number IN "
                       "(SELECT number FROM copies WHERE person = ?)", [person])  # fmt: skip
            db.execute("UPDATE copies SET name = '', email = '', organisation = '', ref = '', "
                       "answer = 'forgotten', message_id = '' WHERE person = ?", [person])  # fmt: skip
            found = db.execute(
                "SELECT number, file FROM copies WHERE person = ? ORDER BY number", [person]
            ).fetchall()
            named = [(number,) for number, file in found if not _NUMBERED.search(file)]
            db.executemany("UPDATE copies SET file = '' WHERE number = ?", named)
            numbers = [int(number) for number, _ in found]
        with _translated(self.path):
            self._db.execute("VACUUM")
        return numbers


_NUMBERED = re.compile(r"copy-\d+(-\d+)?\.\w+$")  # a file name that has numbers, and no name
_KNOWN = {"digest", "document", "file", "file_digest", "message_id"}

_ENTRIES = """
SELECT c.number, c.total, c.state, c.name, c.email, c.organisation, c.ref, c.channel, c.edition,
  c.language, v.title, v.version, c.document, c.digest, c.copy_id, c.secret, c.message_id, c.file,
  c.file_digest, c.answer, c.supersedes,
  (SELECT min(later.number) FROM copies later WHERE later.supersedes = c.number),
  coalesce((SELECT time FROM events e WHERE e.number = c.number ORDER BY sequence DESC LIMIT 1), '')
FROM copies c JOIN versions v ON v.id = c.version WHERE {} ORDER BY c.number
"""


def _entry(row: Sequence[Any]) -> LedgerEntry:
    values = dict(zip((f.name for f in fields(LedgerEntry)), row, strict=True))
    return LedgerEntry(**{**values, "state": State(values["state"])})


def _fold(text: str) -> str:
    return " ".join(text.split()).casefold()


def _key(who: tuple[str, ...], columns: tuple[int, ...]) -> tuple[str, ...] | None:
    """Return what a person is looked up by, or None when that says nothing."""
    key = tuple(who[n] for n in columns)
    return key if key[0] and (1 not in columns or who[1] or columns == (0, 1, 2)) else None


def _may_be(wanted: tuple[str, ...], known: tuple[str, ...]) -> bool:
    """Two refs that differ are two people."""
    return not wanted[3] or not known[3] or wanted[3] == known[3]


def _lock_file(path: Path) -> Path:
    return path.with_name(f".{path.name}.lock")


def _take_lock(path: Path) -> int:
    """Return a descriptor that holds the lock of a ledger; raises GuideError."""
    file = _lock_file(path)
    while True:
        try:
            handle = os.open(file, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as exc:
            raise GuideError(_no_room(path, exc.strerror or str(exc))) from exc
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            os.close(handle)
            if exc.errno not in {errno.EWOULDBLOCK, errno.EACCES}:
                raise GuideError(_no_room(path, exc.strerror or str(exc))) from exc
            raise GuideError(_locked(path)) from exc
        with contextlib.suppress(OSError):
            if os.path.samestat(os.fstat(handle), os.stat(file)):
                return handle
        os.close(handle)  # its last owner deleted it just now


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    with _translated(path):
        if not path.is_file():
            message = "a folder, or something else, stands where the ledger should be"
            hint = "Move it away, or name another: --ledger FILE"
            raise GuideError(error("ledger-damaged", message, Place(str(path)), hint))
        uri = f"file:{quote(str(path.resolve()))}?mode={mode}"
        return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=_PATIENCE)


@contextlib.contextmanager
def _translated(path: Path) -> Iterator[None]:
    """Turn what SQLite and the system say into diagnostics."""
    try:
        yield
    except sqlite3.OperationalError as exc:
        said = str(exc)
        if "locked" in said or "busy" in said:
            raise GuideError(_locked(path)) from exc
        if "malformed" in said or "no such" in said or "not a database" in said:
            raise GuideError(_damaged(path, said)) from exc
        raise GuideError(_no_room(path, said)) from exc
    except sqlite3.DatabaseError as exc:
        raise GuideError(_damaged(path, str(exc))) from exc
    except OSError as exc:
        raise GuideError(_no_room(path, exc.strerror or str(exc))) from exc


def _locked(path: Path) -> Diagnostic:
    hint = "Wait until it has ended, and run again: what it did is not done twice."
    message = "another run, or another program, is using the ledger"
    return error("ledger-locked", message, Place(str(path)), hint)


def _damaged(path: Path, said: str) -> Diagnostic:
    hint = (
        "Take it from a backup, or rescue it: sqlite3 OLD .recover | sqlite3 NEW. "
        "Deleting it would send everything again."
    )
    return error("ledger-damaged", f"the ledger is damaged ({said})", Place(str(path)), hint)


def _no_room(path: Path, said: str) -> Diagnostic:
    hint = (
        "It stands beside the list: make room there and allow writing, or name another place with "
        "--ledger FILE"
    )
    message = f"the ledger cannot be used: {said}"
    return error("cannot-write", message, Place(str(path)), hint)
