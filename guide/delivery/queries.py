"""What a ledger knows: copies, people, versions, what happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, TypeVar

from guide.delivery.database import Ledger
from guide.delivery.records import Event, Held, Known, LedgerEntry, Person, State, Version
from guide.diagnostics.diagnostic import GuideError, Place, error
from guide.model.letters import fold

T = TypeVar("T", Held, LedgerEntry)
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
_HISTORY = """
SELECT sequence, time, number, state, answer, digest FROM events WHERE ? IN (0, number)
ORDER BY sequence
"""
_NAMED = """
SELECT c.person, c.number, c.name, c.email, c.ref, p.name, p.email, p.ref
FROM copies c LEFT JOIN people p ON p.id = c.person WHERE c.name <> '' ORDER BY c.number
"""


def _read(kind: type[T], row: Sequence[Any]) -> T:
    values = dict(zip((f.name for f in fields(kind)), row, strict=True))
    return kind(**{**values, "state": State(values["state"])})


def entries(
    ledger: Ledger,
    *,
    state: str = "",
    name: str = "",
    version: str = "",
    where: str = "1",
    values: Sequence[Any] = (),
) -> list[LedgerEntry]:
    """Return copies by number: those in a state, of a version, with `name` in who they are for.

    `name` is looked for in name, address, organisation and ref, without regard to case. `where` and
    its `values` are a condition in SQL.
    """
    conditions, given = [where], [*values]
    for text, value in (("c.state = ?", state), ("v.version = ?", version)):
        if value:
            conditions.append(text)
            given.append(value)
    rows = ledger.rows(_ENTRIES.format(" AND ".join(conditions)), given)
    found = [_read(LedgerEntry, row) for row in rows]
    part = name.casefold()
    return [e for e in found
            if any(part in each.casefold() for each in (e.name, e.email, e.organisation, e.ref))]  # fmt: skip


def find(ledger: Ledger, copy_id: str) -> LedgerEntry | None:
    """Return the copy with this invisible id, or None."""
    return next(iter(entries(ledger, where="c.copy_id = ?", values=[copy_id.lower()])), None)


def find_digest(ledger: Ledger, digest: str) -> LedgerEntry | None:
    """Return the copy that had these bytes, at whatever time, or None."""
    where = "(c.digest = ? OR c.number IN (SELECT number FROM events WHERE digest = ?))"
    return next(iter(entries(ledger, where=where, values=[digest, digest])), None)


def copy(ledger: Ledger, number: int) -> LedgerEntry:
    """Return a copy by its number; raises GuideError when there is none."""
    found = entries(ledger, where="c.number = ?", values=[number])
    if not found:
        last = known(ledger).last
        hint = f"Copies have the numbers 1 to {last}." if last else "No copy was numbered yet."
        message = f"there is no copy {number}"
        raise GuideError(error("unknown-copy", message, Place(str(ledger.path)), hint))
    return found[0]


def history(ledger: Ledger, number: int = 0) -> list[Event]:
    """Return what happened, to one copy or to all, in order."""
    rows = ledger.rows(_HISTORY, [number])
    return [Event(s, t, n, State(state), a, d) for s, t, n, state, a, d in rows]


def known(ledger: Ledger) -> Known:
    """Return all that a decision needs."""
    documents: dict[int, dict[str, str]] = {}
    for version, edition, digest in ledger.rows("SELECT * FROM documents"):
        documents.setdefault(version, {})[edition] = digest
    versions = ledger.rows("SELECT id, version FROM versions ORDER BY id")
    return Known(
        ledger.facts(),
        tuple(Version(n, version, documents.get(n, {})) for n, version in versions),
        tuple(Person(*row) for row in ledger.rows(_PEOPLE)),
        tuple(_read(Held, row) for row in ledger.rows(_HELD)),
        frozenset(str(row[0]) for row in ledger.rows("SELECT copy_id FROM copies")),
    )


def person_named(ledger: Ledger, who: str) -> int:
    """Return the id of the person whom `who` names, as `ledger.forget` has it; raises GuideError."""
    people: dict[int, list[int]] = {}
    kind, colon, rest = who.partition(":")
    kind = kind.strip().lower() if colon else ""
    kind, part = (kind, fold(rest)) if kind in _KINDS else ("", fold(who))
    for person, number, name, email, ref, *now in ledger.rows(_NAMED):
        has = {"copy": (str(number),), "name": (name, now[0]), "email": (email, now[1]),
               "ref": (ref, now[2])}  # fmt: skip
        if part in [fold(x) for k in ([kind] if kind else _KINDS) for x in has[k] if x]:
            people.setdefault(int(person), []).append(int(number))
    at = Place(str(ledger.path))
    if not people:
        hint = "Write the name as the ledger has it: guide ledger LIST --name PART shows it."
        message = "nobody in the ledger has this name"
        raise GuideError(error("unknown-person", message, at, hint))
    if len(people) > 1:
        firsts = [numbers[0] for numbers in people.values()]
        message = f"{len(people)} people are meant: those with the copies "
        message += ", ".join(map(str, firsts))
        hint = f"Name one by a copy: forget copy:{firsts[0]}. Or by ref:TEXT, email:ADDRESS."
        raise GuideError(error("ambiguous-person", message, at, hint))
    return next(iter(people))
