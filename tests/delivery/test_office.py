"""A simulated office: whatever happens to its list, each person gets each version once, or is asked about."""

from __future__ import annotations

import dataclasses
import os
import re
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from guide.delivery.decide import decide
from guide.delivery import queries
from guide.delivery import ledger as ledgers
from guide.delivery.database import Ledger
from guide.delivery.records import State
from guide.delivery.records import Issue, Selection, Wish
from guide.diagnostics.diagnostic import GuideError
from guide.model.copies import Recipient

EXAMPLES = int(os.environ.get("GUIDE_OFFICE_EXAMPLES", "12"))
FIRST = ["Anna", "Ben", "Cora", "David", "Elif", "Farid", "Greta", "Hana", "Ivan", "Jovana", "Kim", "Lena", "Milan", "Nora", "Omar", "Pia", "Rosa", "Sven", "Tara", "Uwe"]
LAST = ["Adler", "Berg", "Costa", "Dietz", "Engel", "Frank", "Gashi", "Hoxha", "Ilic", "Jung", "Kelmendi", "Lang", "Meier", "Nagy", "Otto", "Petrovic", "Roth", "Sand"]


@dataclass
class Worker:
    """Somebody in the office; `key` never changes, all else may.

    `got` has the copies they received and `most` those that the list ever asked for, by version.
    """

    key: int
    name: str
    email: str
    ref: str
    organisation: str
    copies: int = 1
    got: Counter[int] = field(default_factory=Counter)
    most: Counter[int] = field(default_factory=Counter)


class Office:
    """The office, its list, and the ledger that knows only the list."""

    def __init__(self, draw: st.DrawFn, size: int, refs: bool) -> None:
        self.draw, self.refs = draw, refs
        self.hired = 0
        self.rows: list[Worker] = []
        self.all: list[Worker] = []
        self.version = 1
        self.asked: set[int] = set()
        self.names: set[str] = set()
        self.renumbered: set[int] = set()
        self.renamed: set[int] = set()
        self.made_for: dict[int, int] = {}
        for _ in range(size):
            self.hire()
        self.ledger = Ledger.rehearse(Path("none-such.ledger.db"))

    def number(self, most: int) -> int:
        return self.draw(st.integers(0, most))

    def pick(self) -> Worker:
        return self.rows[self.number(len(self.rows) - 1)]

    # What happens to the list -------------------------------------------------------------------

    def hire(self, place: int | None = None, email: str = "") -> None:
        key = self.hired = self.hired + 1
        # A successor whose first name is in the address would be one who has married.
        first = [each for each in FIRST if each.lower() not in email][self.number(len(FIRST) - 3)]
        name = f"{first} {LAST[self.number(len(LAST) - 1)]}"
        if name in self.names:  # two of one name are told apart by nobody
            name = f"{name.split()[0]} Z{''.join(chr(97 + int(digit)) for digit in str(key))}"
        self.names.add(name)
        worker = Worker(key, name, email or f"{name.replace(' ', '.').lower()}{key}@office.example",
                        f"{key:04d}" if self.refs else "", "HQ")  # fmt: skip
        self.rows.insert(len(self.rows) if place is None else place, worker)
        self.all.append(worker)

    def leave(self) -> None:
        if len(self.rows) > 2:
            self.rows.remove(self.pick())

    def swap(self) -> None:
        """Somebody leaves, somebody else comes: in the same row, at the end, at the same address, or not."""
        place = self.number(len(self.rows) - 1)
        gone = self.rows.pop(place)
        self.hire([place, None, 0][self.number(2)], gone.email if self.number(2) == 0 else "")

    def move_desk(self) -> None:
        """An office's address goes to a successor; the predecessor stays, with a new one."""
        worker = self.pick()
        old, worker.email = worker.email, f"new{worker.key}-{self.number(99)}@office.example"
        self.hire(None, old)

    def new_address(self) -> None:
        worker = self.pick()
        worker.email = f"moved{worker.key}-{self.number(99)}@other.example"

    def new_name(self) -> None:
        worker = self.pick()
        first, _, rest = worker.name.partition(" ")
        if first == "Dr." and worker.key in self.renumbered:
            return
        choices = (f"Dr. {first} {rest}", f"{first}{first[-1]} {rest}", f"{first} {LAST[self.number(len(LAST) - 1)]}")
        name = choices[self.number(2)]
        if name not in self.names:
            self.names.add(name)
            worker.name = name

    def new_ref(self) -> None:
        worker = self.pick()
        if self.number(1):
            worker.ref = worker.ref.lstrip("0")
        elif worker.key not in self.renamed and not worker.name.startswith("Dr."):
            self.renumbered.add(worker.key)
            worker.ref = f"N{worker.key}"

    def new_both(self) -> None:
        """Name and address change at once; with the ref as well it would be another person."""
        self.new_name()
        self.new_address()
        worker = self.pick()
        if worker.key in self.renumbered:
            return
        self.renamed.add(worker.key)
        worker.name = f"{FIRST[self.number(len(FIRST) - 1)]} Van{worker.key}"
        worker.email = f"van{worker.key}@other.example"

    def shuffle(self) -> None:
        self.rows.insert(0, self.rows.pop())

    def publish(self) -> None:
        self.version += 1

    def more_or_fewer(self) -> None:
        self.pick().copies = 1 + self.number(2)

    EDITS = (leave, swap, more_or_fewer, move_desk, new_address, new_name, new_ref, new_both, shuffle, publish, hire)

    # What the command does ----------------------------------------------------------------------

    def wish(self, **more: Any) -> Wish:
        issue = Issue("pack/briefing", "T", str(self.version))
        listed = [(Recipient(name=w.name, email=w.email, ref=w.ref, organisation=w.organisation, copies=w.copies,
                             channel="smtp"), line) for line, w in enumerate(self.rows, 2)]  # fmt: skip
        return dataclasses.replace(Wish(issue, listed, once={"smtp"}), **more)

    def refused(self) -> None:
        """A command that names what is not there, in the middle of what is."""
        before = queries.known(self.ledger)
        for wish in (
            self.wish(resend=Selection(((1, 1), (9999, 9999)))), self.wish(mark_sent=Selection(((9999, 9999),))),
            self.wish(new=frozenset({999})), dataclasses.replace(self.wish(), issue=Issue("other", "O", "9")),
        ):  # fmt: skip
            if before.copies:
                with suppress(GuideError):
                    ledgers.plan(self.ledger, wish)
                    raise AssertionError("not refused")
                assert queries.known(self.ledger) == before

    def run(self, kill: int = -1, **answers: Any) -> None:
        """Deliver what is due; killed after some mails, one of them without an answer."""
        by_line = dict(enumerate(self.rows, 2))
        for worker in self.rows:
            worker.most[self.version] = max(worker.most[self.version], worker.copies)
        plan = ledgers.plan(self.ledger, self.wish(**answers))
        self.asked = {by_line[q.place.line].key for q in plan.questions}
        for done, due in enumerate(plan.due):
            worker, numbers = by_line[due.line], [entry.number for entry in due.entries]
            assert worker.key not in self.asked
            self.made_for |= dict.fromkeys(numbers, worker.key)
            ledgers.record(self.ledger, [{"number": number} for number in numbers], State.SENDING)
            if done != kill or self.number(1):
                worker.got[self.version] += len(numbers)
            if done == kill:
                return
            ledgers.record(self.ledger, [{"number": number} for number in numbers], State.SENT)

    def answers(self) -> dict[str, Any]:
        """Return what somebody types who knows the people, and whose copies are whose."""
        same, new = {}, set()
        for question in decide(queries.known(self.ledger), self.wish()).questions:
            line = question.place.line
            offered = map(int, re.findall(rf"--same {line}=(\d+)", question.hint))
            mine = [n for n in offered if self.made_for.get(n) == self.rows[line - 2].key]
            assert f"--new {line}`" in question.hint
            if mine:
                same[line] = mine[0]
            else:
                new.add(line)
        return {"same": same, "new": frozenset(new)}

    def open_mail(self) -> set[int]:
        """Return the workers whose copy of this version is reported as uncertain."""
        plan = decide(queries.known(self.ledger), self.wish())
        return {self.made_for[number] for number in (*plan.uncertain, *(n for n, _ in plan.lost))}


@st.composite
def histories(draw: st.DrawFn) -> Office:
    """Return an office after a history of edits, refused commands, kills and new versions."""
    office = Office(draw, draw(st.sampled_from([3, 8, 50])), draw(st.booleans()))
    for _ in range(draw(st.integers(1, 4))):
        if draw(st.booleans()):
            office.refused()
        office.run(draw(st.sampled_from([-1, -1, 0, 1, 5])))
        for edit in draw(st.lists(st.sampled_from(Office.EDITS), max_size=3)):
            edit(office)
    office.run()
    return office


@given(histories())
@settings(max_examples=EXAMPLES, phases=(Phase.explicit, Phase.generate), deadline=None, database=None,
          suppress_health_check=[*HealthCheck])  # fmt: skip
def test_everybody_gets_each_version_once_or_is_asked_about(office: Office) -> None:
    """Nobody twice, whoever they became; nobody left out without a question that names their row."""
    check(office, office.asked)
    for _ in range(5):  # an answer may bring up the next question
        if office.asked:
            office.run(**office.answers())
    check(office, set())
    office.ledger.close()


def check(office: Office, asked: set[int]) -> None:
    """Nobody has a version twice; who has none is asked about, or their mail is uncertain."""
    uncertain = office.open_mail()
    for worker in office.all:
        assert worker.got <= worker.most, f"{worker} got a copy twice"
    for worker in office.rows:
        if worker.got[office.version] < worker.copies:
            assert worker.key in asked | uncertain, f"{worker} got nothing"
