"""Who was given which copy: a SQLite file beside the list, written before and after each delivery.

A copy is `planned`, `made`, `sending`, then `sent` or `failed`. A run that dies leaves what it had
begun as `sending`: a channel that can do the same thing twice does it again, for any other the copy
is `uncertain`, and a person decides. Times are UTC and only informative: order is by `sequence`.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from guide.delivery import formats
from guide.delivery.changes import Changes, Decision, Standing
from guide.delivery.database import translated
from guide.delivery.decide import decide, marks
from guide.delivery.queries import Queries
from guide.delivery.records import OPEN, Due, Selection, State, Wish
from guide.model.copies import Recipient

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


class Ledger(Queries):
    """A ledger that is open, to be read and written."""

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
        person = self.person_named(who)
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
        with translated(self.path):
            self._db.execute("VACUUM")
        return numbers


_NUMBERED = re.compile(r"copy-\d+(-\d+)?\.\w+$")  # a file name that has numbers, and no name
_KNOWN = {"digest", "document", "file", "file_digest", "message_id"}


def _details(who: Recipient) -> tuple[str, ...]:
    return (who.name, who.email, who.organisation, who.ref, who.channel, who.edition, who.language)
