"""The file of a ledger: opened for one run at a time, checked, written in whole transactions.

`queries` reads it and `ledger` writes it.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

from guide.delivery import formats, locks
from guide.diagnostics.diagnostic import Diagnostic, GuideError, Place, error
from guide.system.locks import Busy

_PATIENCE = 3.0  # s to wait for somebody who reads or writes


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class Ledger(contextlib.AbstractContextManager["Ledger"]):
    """The file of a ledger, open; use it as a context manager."""

    def __init__(
        self, path: Path, db: sqlite3.Connection, lock: locks.Lock | None = None,
        clock: Callable[[], dt.datetime] = _now,
    ) -> None:  # fmt: skip
        self.path, self._db, self._lock, self._clock = path, db, lock, clock
        self._upgraded: sqlite3.Connection | None = None

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file and of the lock."""
        if self._upgraded is not None:
            self._upgraded.close()
        self._db.close()  # first: closing another descriptor of the file would end SQLite's locks
        if self._lock is not None:
            self._lock.release()

    @classmethod
    def change(cls, path: Path) -> Self:
        """Open a ledger for a run, as `begin` does; raises GuideError when there is none."""
        cls.read(path).close()
        return cls.begin(path)

    @classmethod
    def begin(cls, path: Path, clock: Callable[[], dt.datetime] = _now) -> Self:
        """Open a ledger for a run; no other run may begin, by whatever name it calls the ledger.

        A file that is made for it has mode 0600, and goes again if nothing is written. Raises
        GuideError when another run has it, or it cannot be used.
        """
        with translated(path):
            try:
                lock = locks.take(path)
            except Busy as exc:
                raise GuideError(_locked(path)) from exc
        try:
            with translated(path):
                if lock.path.stat().st_mode & 0o077:
                    lock.path.chmod(0o600)
            ledger = cls(path, _connect(path, "rw"), lock, clock)
        except BaseException:
            lock.release()
            raise
        try:
            with translated(path):
                # EXTRA also makes the end of a transaction last through a power cut. What is
                # deleted is overwritten: a person who is forgotten is gone from the file.
                for pragma in ("journal_mode=DELETE", "synchronous=EXTRA", "secure_delete=ON",
                               "temp_store=MEMORY"):  # fmt: skip
                    ledger._db.execute(f"PRAGMA {pragma}")
            ledger._check()
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
            with cls.read(path) as found, translated(path):
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

    @property
    def _empty(self) -> bool:
        with translated(self.path):
            return formats.is_empty(self._db)

    def rows(self, text: str, values: Sequence[Any] = ()) -> list[Any]:
        """Return what a query finds; nothing in a file to which nothing was written yet."""
        if self._empty:
            return []
        with translated(self.path):
            return self._tables.execute(text, values).fetchall()

    def facts(self) -> dict[str, str]:
        """Return what the ledger says of itself: `id`, `series`, `title`, `marking` and others."""
        if self._empty:
            return {}
        with translated(self.path):
            return dict(self._db.execute("SELECT name, value FROM facts"))

    def now(self) -> str:
        """Return the time of an event, in UTC."""
        return self._clock().astimezone(dt.UTC).isoformat(timespec="milliseconds")

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

    def clean(self) -> None:
        """Write the file anew, without what was deleted."""
        with translated(self.path):
            self._db.execute("VACUUM")

    def _check(self) -> None:
        if self._empty:
            return
        with translated(self.path):
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
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Give the connection to write with: all that is written, or nothing; raises GuideError."""
        with translated(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                formats.upgrade(self._db)
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    with translated(path):
        if not path.is_file():
            message = "a folder, or something else, has the ledger's name"
            hint = "Move it away, or name another: --ledger FILE"
            raise GuideError(error("ledger-damaged", message, Place(str(path)), hint))
        uri = f"file:{quote(os.fsencode(path.resolve()))}?mode={mode}"
        return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=_PATIENCE)


@contextlib.contextmanager
def translated(path: Path) -> Iterator[None]:
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
        "It is beside the list: make room there and allow writing, or name another place with "
        "--ledger FILE"
    )
    message = f"the ledger cannot be used: {said}"
    return error("cannot-write", message, Place(str(path)), hint)
