"""Who was given which copy: a SQLite file beside the list, written before and after each delivery.

A copy is `planned`, `made`, `sending`, then `sent` or `failed`. A run that dies leaves what it had
begun as `sending`: a channel that can do the same thing twice does it again, for any other the copy
is `uncertain`, and a person decides. Times are UTC and only informative: order is by `sequence`.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from guide.delivery import formats, queries
from guide.delivery.changes import Changes, Standing
from guide.delivery.chosen import marks
from guide.delivery.database import Ledger
from guide.delivery.decide import decide
from guide.delivery.records import OPEN, Due, Selection, State, Wish, details

SUFFIX = ".ledger.db"


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


def plan(ledger: Ledger, wish: Wish) -> Plan:
    """Number what the list asks for and was not numbered yet; return what is to be done.

    Nothing is written when it is refused (GuideError), or when there is nothing to write.
    """
    decision = decide(queries.known(ledger), wish)
    commit(ledger, decision.changes)
    version = decision.edition.version
    entries = {entry.number: entry for entry in queries.entries(ledger, version=version)}
    due = tuple(
        Due(who, line, tuple(entries[n] for n in numbers)) for who, line, numbers in decision.due
    )
    standing: dict[str, Any] = {f.name: getattr(decision, f.name) for f in fields(Standing)}
    return Plan(version, decision.edition.named, due, **standing)


def mark_sent(ledger: Ledger, chosen: Selection) -> None:
    """Record that copies arrived, as the user found out; raises GuideError when one cannot have."""
    states = marks(queries.known(ledger), chosen, str(ledger.path))
    commit(ledger, Changes(states=states))


def commit(ledger: Ledger, changes: Changes) -> None:
    """Write changes, all of them or none; without any the file stays as it is, to the byte."""
    if not changes:
        return
    with ledger.transaction() as db:
        db.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", changes.facts.items())
        version = changes.of_version
        if changes.version is not None:
            text = "INSERT INTO versions (version, title, supersedes) VALUES (?, ?, ?) RETURNING id"
            version = db.execute(text, changes.version).fetchone()[0]
        documents = [(version, *each) for each in changes.documents.items()]
        db.executemany("INSERT OR REPLACE INTO documents VALUES (?, ?, ?)", documents)
        formats.write_people(db, changes.people)
        db.executemany(
            "INSERT INTO copies (number, person, ordinal, version, supersedes, name, email,"
            " organisation, ref, channel, edition, language, copy_id, secret, total, state)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [(c.number, c.person, c.ordinal, version, c.supersedes, *details(c.recipient),
              secrets.token_hex(16), secrets.token_urlsafe(24), changes.total, State.PLANNED)
             for c in changes.copies],
        )  # fmt: skip
        time = ledger.now()
        db.executemany(
            formats.EVENT, [(time, c.number, State.PLANNED, "", "") for c in changes.copies]
        )
        db.executemany(
            "UPDATE copies SET name = ?, email = ?, organisation = ?, ref = ?, channel = ?,"
            " edition = ?, language = ? WHERE number = ?",
            [(*details(row), number) for number, row in changes.details],
        )
        dealt = [(letter, number) for number, letter in changes.dealt.items()]
        db.executemany("UPDATE copies SET quiz = ? WHERE number = ?", dealt)
        for number, state, answer in changes.states:
            formats.write_state(db, ledger.now(), number, state, answer)


def record(
    ledger: Ledger, made: Sequence[Mapping[str, Any]], state: State, answer: str = ""
) -> None:
    """Write what happened to some copies, in one transaction.

    Each of `made` has `number`, and of `digest`, `document`, `file`, `file_digest`,
    `message_id` and `answer` what is now known.
    """
    with ledger.transaction() as db:
        for each in made:
            known = {k: v for k, v in each.items() if k in _KNOWN}
            if known:
                changes = ", ".join(f"{name} = ?" for name in known)
                text = f"UPDATE copies SET {changes} WHERE number = ?"  # noqa: S608
                db.execute(text, [*known.values(), each["number"]])
        for each in made:
            said, digest = str(each.get("answer", answer)), each.get("digest", "")
            formats.write_state(db, ledger.now(), each["number"], state, said, digest)


def recall(ledger: Ledger, numbers: Sequence[int]) -> None:
    """Record that copies are withdrawn: not sent, and not sent again. Raises GuideError."""
    for number in numbers:
        queries.copy(ledger, number)
    record(ledger, [{"number": n} for n in numbers], State.RECALLED, "recalled by the user")


def forget(ledger: Ledger, who: str) -> list[int]:
    """Remove a person, named by name, address, ref or a copy's number; keep the numbers.

    `copy:7`, `ref:7`, `name:...` and `email:...` say which of them is meant. Returns the numbers.
    Raises GuideError when nobody, or more than one person, is meant.
    """
    person = queries.person_named(ledger, who)
    with ledger.transaction() as db:
        db.execute("UPDATE copies SET state = ? WHERE person = ? AND state IN (?, ?, ?)",
                   [State.RECALLED, person, *OPEN])  # fmt: skip
        db.execute("UPDATE events SET answer = '' WHERE number IN "
                   "(SELECT number FROM copies WHERE person = ?)", [person])  # fmt: skip
        db.execute("UPDATE copies SET name = '', email = '', organisation = '', ref = '', "
                   "answer = 'forgotten', message_id = '' WHERE person = ?", [person])  # fmt: skip
        db.execute("DELETE FROM people WHERE id = ?", [person])
        text = "SELECT number, file FROM copies WHERE person = ? ORDER BY number"
        found = db.execute(text, [person]).fetchall()
        named = [(number,) for number, file in found if not _NUMBERED.search(file)]
        db.executemany("UPDATE copies SET file = '' WHERE number = ?", named)
    ledger.clean()
    return [int(number) for number, _ in found]


_NUMBERED = re.compile(r"copy-\d+(-\d+)?\.\w+$")  # a file name that has numbers, and no name
_KNOWN = {"digest", "document", "file", "file_digest", "message_id"}
