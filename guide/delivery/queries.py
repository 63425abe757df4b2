"""What a ledger knows: copies, people, versions, what happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from guide.delivery.database import Database, translated
from guide.delivery.records import Event, Held, Known, LedgerEntry, Person, State, Version
from guide.diagnostics.diagnostic import GuideError, Place, error
from guide.model.letters import fold

_KINDS = ("copy", "name", "email", "ref")

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


class Queries(Database):
    """A ledger that is open, to be read."""

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
        with translated(self.path):
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
        with translated(self.path):
            rows = self._db.execute(text, [number]).fetchall()
        return [Event(s, t, n, State(state), a, d) for s, t, n, state, a, d in rows]

    def fact(self, name: str) -> str:
        """Return what the ledger says of itself: `id`, `series`, `title`, `marking`; '' for nothing."""
        if self._empty:
            return ""
        with translated(self.path):
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
        with translated(self.path):
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

    def person_named(self, who: str) -> int:
        """Return the id of the person whom `who` names, as `Ledger.forget` has it; raises GuideError."""
        people: dict[int, list[int]] = {}
        kind, colon, rest = who.partition(":")
        kind = kind.strip().lower() if colon else ""
        kind, part = (kind, fold(rest)) if kind in _KINDS else ("", fold(who))
        with translated(self.path):
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
            raise GuideError(
                error("unknown-person", "nobody in the ledger has this name", at, hint)
            )
        if len(people) > 1:
            firsts = [numbers[0] for numbers in people.values()]
            message = f"{len(people)} people are meant: those with the copies "
            message += ", ".join(map(str, firsts))
            hint = f"Name one by a copy: forget copy:{firsts[0]}. Or by ref:TEXT, email:ADDRESS."
            raise GuideError(error("ambiguous-person", message, at, hint))
        return next(iter(people))
