"""Who was given which copy: a SQLite file beside the list, written before and after each delivery.

A copy is `planned`, `made`, `sending`, then `sent` or `failed`. A run that dies leaves what it had
begun as `sending`: a channel that can do the same thing twice does it again, for any other the copy
is `uncertain`, and a person decides. Times are UTC and only informative: order is by `sequence`.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import re
import secrets
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from guide.delivery import formats, locks
from guide.delivery.changes import Changes, Decision, Standing
from guide.delivery.decide import decide, marks
from guide.delivery.names import fold
from guide.delivery.records import (
    OPEN,
    Due,
    Event,
    Held,
    Issue,
    Known,
    LedgerEntry,
    Person,
    Selection,
    State,
    Version,
    Wish,
)
from guide.diagnostics.diagnostic import Diagnostic, GuideError, Place, error
from guide.model.copies import Recipient

__all__ = ["Due", "Event", "Issue", "Ledger", "LedgerEntry", "Plan", "State", "Wish", "ledger_of"]

SUFFIX = ".ledger.db"
_PATIENCE = 3.0  # s to wait for somebody who reads or writes


@dataclass(frozen=True)
class Plan(Standing):
    """A decision that was carried out: `version` is the one that is meant, `named` whether a person did."""

    version: str
    named: bool
    due: tuple[Due, ...] = ()


def ledger_of(recipients: Path) -> Path:
    """Return where the ledger of a list is: `recipients.csv` has `recipients.ledger.db`.

    A link to a list has the list's own ledger, unless there is one beside the link.
    """
    if recipients.name.endswith(SUFFIX):
        return recipients
    beside = recipients.with_name(recipients.stem + SUFFIX)
    if recipients.is_symlink() and not os.path.lexists(beside):
        real = Path(os.path.realpath(recipients))
        return real.with_name(real.stem + SUFFIX)
    return beside


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class Ledger:
    """A ledger that is open; use it as a context manager."""

    def __init__(
        self,
        path: Path,
        connection: sqlite3.Connection,
        lock: locks.Lock | None = None,
        clock: Callable[[], dt.datetime] = _now,
    ) -> None:
        self.path, self._db, self._lock, self._clock = path, connection, lock, clock
        self._upgraded: sqlite3.Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file and of the lock."""
        if self._upgraded is not None:
            self._upgraded.close()
        self._db.close()  # first: closing another descriptor of the file would end SQLite's locks
        if self._lock is not None:
            self._lock.release()

    # Opening ----------------------------------------------------------------------------------

    @classmethod
    def begin(cls, path: Path, clock: Callable[[], dt.datetime] = _now) -> Self:
        """Open a ledger for a run; no other run may begin, by whatever name it calls the ledger.

        A file that is made for it has mode 0600, and goes again if nothing is written. Raises
        GuideError when another run has it, or it cannot be used.
        """
        with _translated(path):
            try:
                lock = locks.take(path)
            except locks.Busy as exc:
                raise GuideError(_locked(path)) from exc
        try:
            with _translated(path):
                if lock.path.stat().st_mode & 0o077:
                    lock.path.chmod(0o600)
            ledger = cls(path, _connect(path, "rw"), lock, clock)
        except BaseException:
            lock.release()
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
            ledger._check()
        except BaseException:
            ledger.close()
            raise
        return ledger

    def _prepare(self) -> None:
        """Set up the connection and check the file; nothing is written."""
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
        self._check()

    @property
    def _empty(self) -> bool:
        """Whether nothing was written yet."""
        with _translated(self.path):
            return formats.is_empty(self._db)

    @property
    def _tables(self) -> sqlite3.Connection:
        """What is read from: the file, or of a file of an older format a copy that is upgraded.

        Only what is written upgrades the file itself: a command that is refused leaves it alone.
        """
        if not formats.is_older(self._db):
            return self._db
        if self._upgraded is None:
            self._upgraded = sqlite3.connect(":memory:", isolation_level=None)
            self._db.backup(self._upgraded)
            formats.upgrade(self._upgraded)
        return self._upgraded

    def _check(self) -> None:
        if self._empty:
            return
        with _translated(self.path):
            application = self._db.execute("PRAGMA application_id").fetchone()[0]
            number = formats.format_of(self._db)
            if application != formats.APPLICATION:
                message = "this is another program's database, not a ledger"
                hint = "Move it away, or name the ledger: --ledger FILE"
                raise GuideError(error("ledger-damaged", message, Place(str(self.path)), hint))
            if not 1 <= number <= formats.FORMAT:
                message = (
                    f"the ledger has format {number}; this guide reads format {formats.FORMAT}"
                )
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
                formats.upgrade(self._db)
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
        if self._empty:
            return []
        with _translated(self.path):
            rows = self._tables.execute(_ENTRIES.format(" AND ".join(conditions)), found).fetchall()
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
        if self._empty:
            return []
        with _translated(self.path):
            rows = self._db.execute(text, [number]).fetchall()
        return [Event(s, t, n, State(state), a, d) for s, t, n, state, a, d in rows]

    def fact(self, name: str) -> str:
        """Return what the ledger says of itself: `id`, `series`, `title`, `marking`; '' for nothing."""
        if self._empty:
            return ""
        with _translated(self.path):
            row = self._db.execute("SELECT value FROM facts WHERE name = ?", [name]).fetchone()
        return str(row[0]) if row else ""

    def versions(self) -> list[str]:
        """Return the versions that were given out, oldest first."""
        return [version.version for version in self.known().versions]

    def _last(self) -> int:
        return self.known().last

    def known(self) -> Known:
        """Return all that a decision needs."""
        if self._empty:
            return Known()
        with _translated(self.path):
            documents: dict[int, dict[str, str]] = {}
            for version, edition, digest in self._db.execute("SELECT * FROM documents"):
                documents.setdefault(version, {})[edition] = digest
            versions = self._db.execute("SELECT id, version FROM versions ORDER BY id").fetchall()
            copies = self._tables.execute(_HELD).fetchall()
            facts = dict(self._db.execute("SELECT name, value FROM facts").fetchall())
            ids = self._db.execute("SELECT copy_id FROM copies").fetchall()
            return Known(
                facts,
                tuple(Version(n, version, documents.get(n, {})) for n, version in versions),
                tuple(Person(*row) for row in self._tables.execute(_PEOPLE)),
                tuple(_held(row) for row in copies),
                frozenset(str(each[0]) for each in ids),
            )

    # Planning ---------------------------------------------------------------------------------

    def plan(self, wish: Wish) -> Plan:
        """Number what the list asks for and was not numbered yet; return what is to be done.

        Nothing is written when it is refused (GuideError), or when there is nothing to write.
        """
        decision = decide(self.known(), wish)
        self.commit(decision.changes)
        return self.planned(decision)

    def mark_sent(self, chosen: Selection) -> None:
        """Record that copies arrived, as the user found out; raises GuideError when one cannot have."""
        self.commit(Changes(states=marks(self.known(), chosen, str(self.path))))

    def planned(self, decision: Decision) -> Plan:
        """Return a decision that was carried out, with the ledger's entries."""
        version = decision.edition.version
        wanted = {n for _, _, numbers in decision.due for n in numbers}
        entries = {e.number: e for e in self.entries(version=version) if e.number in wanted}
        return Plan(
            version,
            decision.edition.named,
            tuple(Due(who, line, tuple(entries[n] for n in numbers))
                  for who, line, numbers in decision.due),
            had=decision.had, uncertain=decision.uncertain, failed=decision.failed,
            lost=decision.lost, notes=decision.notes, questions=decision.questions,
            absent=decision.absent,
        )  # fmt: skip

    def commit(self, changes: Changes) -> None:
        """Write changes, all of them or none; without any the file stays as it is, to the byte."""
        if not changes:
            return
        with self._transaction() as db:
            db.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", changes.facts.items())
            version = changes.of_version
            if changes.version is not None:
                version = db.execute(
                    "INSERT INTO versions (version, title, supersedes) VALUES (?, ?, ?)"
                    " RETURNING id",
                    changes.version,
                ).fetchone()[0]
            db.executemany(
                "INSERT OR REPLACE INTO documents VALUES (?, ?, ?)",
                [(version, *each) for each in changes.documents.items()],
            )
            formats.write_people(db, changes.people)
            new = [(c.number, c.person, c.ordinal, version, c.supersedes, *_details(c.recipient),
                    secrets.token_hex(16), secrets.token_urlsafe(24)) for c in changes.copies]  # fmt: skip
            update = [(*_details(row), number) for number, row in changes.details]
            self._insert(new, update, changes.total)
            dealt = [(letter, number) for number, letter in changes.dealt.items()]
            db.executemany("UPDATE copies SET quiz = ? WHERE number = ?", dealt)
            for number, state, answer in changes.states:
                self._write([(number, "")], state, answer)

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

    def recall(self, numbers: Sequence[int]) -> None:
        """Record that copies are withdrawn: not sent, and not sent again. Raises GuideError."""
        for number in numbers:
            self.copy(number)
        self.record([{"number": n} for n in numbers], State.RECALLED, "recalled by the user")

    def forget(self, who: str) -> list[int]:
        """Remove a person, named by name, address, ref or a copy's number; keep the numbers.

        `copy:7`, `ref:7`, `name:...` and `email:...` say which of them is meant. Returns the numbers.
        Raises GuideError when nobody, or more than one person, is meant.
        """
        people: dict[int, list[int]] = {}
        kind, colon, rest = who.partition(":")
        kind = kind.strip().lower() if colon else ""
        kind, part = (kind, fold(rest)) if kind in _KINDS else ("", fold(who))
        with _translated(self.path):
            rows = self._tables.execute(
                "SELECT c.person, c.number, c.name, c.email, c.ref, p.name, p.email, p.ref"
                " FROM copies c LEFT JOIN people p ON p.id = c.person"
                " WHERE c.name <> '' ORDER BY c.number"
            ).fetchall()
        for person, number, name, email, ref, *now in rows:
            has = {"copy": (str(number),), "name": (name, now[0]), "email": (email, now[1]),
                   "ref": (ref, now[2])}  # fmt: skip
            if part in [
                fold(x) for k in (kind or "copy", *([] if kind else _KINDS)) for x in has[k] if x
            ]:
                people.setdefault(int(person), []).append(int(number))
        at = Place(str(self.path))
        if not people:
            hint = "Write the name as the ledger has it: guide ledger LIST --name PART shows it."
            raise GuideError(error("unknown-person", "nobody in the ledger is called so", at, hint))
        if len(people) > 1:
            firsts = [numbers[0] for numbers in people.values()]
            message = f"{len(people)} people are meant: those with the copies "
            message += ", ".join(map(str, firsts))
            hint = f"Name one by a copy: forget copy:{firsts[0]}. Or by ref:TEXT, email:ADDRESS."
            raise GuideError(error("ambiguous-person", message, at, hint))
        person = next(iter(people))
        with self._transaction() as db:
            db.execute("UPDATE copies SET state = ? WHERE person = ? AND state IN (?, ?, ?)",
                       [State.RECALLED, person, *OPEN])  # fmt: skip
            db.execute("UPDATE events SET answer = '' WHERE number IN "
                       "(SELECT number FROM copies WHERE person = ?)", [person])  # fmt: skip
            db.execute("UPDATE copies SET name = '', email = '', organisation = '', ref = '', "
                       "answer = 'forgotten', message_id = '' WHERE person = ?", [person])  # fmt: skip
            db.execute("DELETE FROM people WHERE id = ?", [person])
            found = db.execute(
                "SELECT number, file FROM copies WHERE person = ? ORDER BY number", [person]
            ).fetchall()
            named = [(number,) for number, file in found if not _NUMBERED.search(file)]
            db.executemany("UPDATE copies SET file = '' WHERE number = ?", named)
            numbers = [int(number) for number, _ in found]
        with _translated(self.path):
            self._db.execute("VACUUM")
        return numbers


_KINDS = ("copy", "name", "email", "ref")
_NUMBERED = re.compile(r"copy-\d+(-\d+)?\.\w+$")  # a file name that has numbers, and no name
_KNOWN = {"digest", "document", "file", "file_digest", "message_id"}

_ENTRIES = """
SELECT c.number, c.total, c.state, c.name, c.email, c.organisation, c.ref, c.channel, c.edition,
  c.language, v.title, v.version, c.document, c.digest, c.copy_id, c.secret, c.message_id, c.file,
  c.file_digest, c.answer, c.quiz, c.supersedes,
  (SELECT min(later.number) FROM copies later WHERE later.supersedes = c.number),
  coalesce((SELECT time FROM events e WHERE e.number = c.number ORDER BY sequence DESC LIMIT 1), '')
FROM copies c JOIN versions v ON v.id = c.version WHERE {} ORDER BY c.number
"""


_HELD = """
SELECT number, person, ordinal, version, state, name, email, organisation, ref, channel, edition,
  language, document, digest, message_id, quiz FROM copies ORDER BY number
"""

_PEOPLE = "SELECT id, name, email, organisation, ref, place FROM people ORDER BY id"


def _held(row: Sequence[Any]) -> Held:
    values = dict(zip((f.name for f in fields(Held)), row, strict=True))
    return Held(**{**values, "state": State(values["state"])})


def _entry(row: Sequence[Any]) -> LedgerEntry:
    values = dict(zip((f.name for f in fields(LedgerEntry)), row, strict=True))
    return LedgerEntry(**{**values, "state": State(values["state"])})


def _details(who: Recipient) -> tuple[str, ...]:
    return (who.name, who.email, who.organisation, who.ref, who.channel, who.edition, who.language)


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    with _translated(path):
        if not path.is_file():
            message = "a folder, or something else, stands where the ledger should be"
            hint = "Move it away, or name another: --ledger FILE"
            raise GuideError(error("ledger-damaged", message, Place(str(path)), hint))
        uri = f"file:{quote(os.fsencode(path.resolve()))}?mode={mode}"
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
