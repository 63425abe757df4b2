"""Which person of the ledger each row of the list means, or that only the user can know.

A person is known by name, address and `ref`. Two of the three are enough. Where one alone agrees, it
depends on what the others say; where several rows and people come into question, the user is asked,
since a wrong guess gives one person two copies and another one none.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from guide.delivery.names import corrected, fold_ref, may_be_one, personal
from guide.delivery.records import Person, copies_named
from guide.diagnostics.diagnostic import Diagnostic, Place, error
from guide.model.copies import Recipient
from guide.model.letters import fold
from guide.units import spans

NEW = 0  # in place of a person's id
_SOME = 5  # people that a question names one by one


@dataclass(frozen=True)
class Identity:
    """Whom the rows mean: ids of people by the row's place, `NEW` for somebody new.

    Rows in `asked` have a question instead. `gone` are people of the last list who are not in this
    one, without those whom a question names.
    """

    people: Mapping[int, int]
    asked: frozenset[int] = frozenset()
    gone: tuple[Person, ...] = ()
    questions: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True)
class _Keys:
    name: str
    email: str
    organisation: str
    ref: str

    @property
    def addressed(self) -> bool:
        return bool(self.email or self.ref)

    def agree(self, other: _Keys) -> tuple[bool, bool, bool]:
        """Return whether name, address and ref are there and the same."""
        return (
            self.name == other.name,
            bool(self.email) and self.email == other.email,
            bool(self.ref) and self.ref == other.ref,
        )


def _differ(one: str, other: str) -> bool:
    return bool(one) and bool(other) and one != other


def identify(
    people: Sequence[Person],
    rows: Sequence[tuple[Recipient, int]],
    *,
    path: str = "",
    same: Mapping[int, int] | None = None,
    new: Collection[int] = (),
    holders: Mapping[int, Sequence[int]] | None = None,
    numbers: Mapping[int, Sequence[int]] | None = None,
) -> Identity:
    """Return whom each row means.

    `same` maps a row's place to the id of the person whom the user named; `new` are the places of
    rows that the user called new. `holders` are people who may have a copy of the version that is
    given out, `numbers` the copies by which a question names people.
    """
    found = _Matches(people, rows, path, holders or {}, numbers or {})
    for row, person in (same or {}).items():
        found.match(row, person)
    for row in new:
        found.found[row] = NEW
    found.certain()
    found.doubtful()
    found.strangers()
    return found.identity()


@dataclass
class _Matches:
    people: Sequence[Person]
    rows: Sequence[tuple[Recipient, int]]
    path: str
    holders: Mapping[int, Sequence[int]]
    numbers: Mapping[int, Sequence[int]]
    found: dict[int, int] = field(default_factory=dict)
    asked: dict[int, frozenset[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.free = {person.id: person for person in self.people}
        self.known = {p.id: _Keys(fold(p.name), fold(p.email), fold(p.organisation), fold_ref(p.ref))
                      for p in self.people}  # fmt: skip
        self.wanted = [_Keys(fold(r.name), fold(r.email), fold(r.organisation), fold_ref(r.ref))
                       for r, _ in self.rows]  # fmt: skip

    def match(self, row: int, person: int) -> None:
        self.found[row] = person
        self.free.pop(person, None)

    def _open(self) -> list[int]:
        return [n for n in range(len(self.rows)) if n not in self.found and n not in self.asked]

    # What leaves no doubt -----------------------------------------------------------------------

    def certain(self) -> None:
        """Match rows that are as they were, then those where two of three keys agree."""
        unchanged: dict[_Keys, list[int]] = {}
        for person in sorted(self.free):
            unchanged.setdefault(self.known[person], []).append(person)
        for row in self._open():
            if same := unchanged.get(self.wanted[row]):
                self.match(row, same.pop(0))
        for level in (3, 2):
            edges = {pair: sum(agree) for pair, agree in self._edges().items()}
            self._match_sole([pair for pair, strength in edges.items() if strength == level])
        pairs = [(pair, self.wanted[pair[0]], self.known[pair[1]]) for pair in self._edges()]
        self._match_sole([
            pair for pair, one, other in pairs
            if (one.name, one.organisation) == (other.name, other.organisation)
            and not _differ(one.email, other.email) and not _differ(one.ref, other.ref)
        ])  # fmt: skip

    def _match_sole(self, pairs: Sequence[tuple[int, int]]) -> None:
        """Match the pairs whose row and whose person are in no other pair."""
        rows, people = Counter(row for row, _ in pairs), Counter(person for _, person in pairs)
        for row, person in pairs:
            if rows[row] == people[person] == 1:
                self.match(row, person)

    def _edges(self) -> dict[tuple[int, int], tuple[bool, bool, bool]]:
        """Return rows and people that agree in name, address or ref, and in which of them."""
        index: dict[tuple[str, str], list[int]] = {}
        for person in self.free:
            keys = self.known[person]
            for kind, value in (("name", keys.name), ("email", keys.email), ("ref", keys.ref)):
                if value:
                    index.setdefault((kind, value), []).append(person)
        found = {}
        for row in self._open():
            keys = self.wanted[row]
            for kind, value in (("name", keys.name), ("email", keys.email), ("ref", keys.ref)):
                for person in index.get((kind, value), ()):
                    found[row, person] = keys.agree(self.known[person])
        return found

    # What is in doubt ---------------------------------------------------------------------------

    def doubtful(self) -> None:
        """Match a row and a person that agree in one key, where the rest allows it; ask for others."""
        edges = self._edges()
        candidates: dict[int, set[int]] = {}
        for row, person in edges:
            candidates.setdefault(row, set()).add(person)
        for rows, people in _components(edges):
            row, person = next(iter(rows)), next(iter(people))
            if len(rows) == len(people) == 1 and self._same(row, person, edges[row, person]):
                self.match(row, person)
                continue
            for each in rows:
                self.asked[each] = frozenset(candidates[each])

    def _same(self, row: int, person: int, agree: tuple[bool, bool, bool]) -> bool:
        """Return True if a row that agrees with a person in one key alone is that person's."""
        name, email, _ref = agree
        who, known = self.rows[row][0], self.free[person]
        wanted, keys = self.wanted[row], self.known[person]
        if name:
            elsewhere = _differ(wanted.organisation, keys.organisation)
            return not elsewhere and not _differ(wanted.ref, keys.ref)
        if email:
            likely = corrected(known.name, who.name) or personal(who.email, known.name, who.name)
            return likely and not _differ(wanted.ref, keys.ref)
        return corrected(known.name, who.name)

    # Who has nothing in common with anybody -----------------------------------------------------

    def strangers(self) -> None:
        """Call the rest new; ask where somebody who is gone has a copy and may have become the new one.

        A row whose name and address were changed at once looks like one who left and another who
        came; a `ref` that was changed as well, and nothing alike in them, is another person. So is
        another name where people have only names.
        """
        holders = [p for p in self.free.values() if p.id in self.holders]
        claimed = {p for row, people in self.asked.items() for p in people
                   if self.wanted[row].name == self.known[p].name}  # fmt: skip
        gone = [p for p in holders if p.place >= 0 and p.id not in claimed]
        earlier = [p for p in holders if p.place < 0 or p.id in claimed]
        addressed = frozenset(p.id for p in gone if self.known[p.id].addressed)
        for row in self._open():
            who, keys = self.rows[row][0], self.wanted[row]
            all_of = frozenset(p for p in addressed if not self._apart(row, p))
            all_of = all_of if keys.addressed else frozenset()
            more = {p.id for p in gone if p.id not in all_of
                    and may_be_one(p.name, p.email, who.name, who.email)}  # fmt: skip
            more |= {p.id for p in earlier if corrected(p.name, who.name)
                     and not _differ(keys.ref, self.known[p.id].ref)}  # fmt: skip
            if doubts := all_of | more if more else all_of:
                self.asked[row] = doubts
            else:
                self.found[row] = NEW

    def _apart(self, row: int, person: int) -> bool:
        """Return True if a row and a person have other names, addresses and refs, and nothing alike."""
        who, keys = self.rows[row][0], self.wanted[row]
        before, known = self.free[person], self.known[person]
        if not (_differ(keys.ref, known.ref) and _differ(keys.email, known.email)):
            return False
        return not may_be_one(before.name, before.email, who.name, who.email)

    # The answer ---------------------------------------------------------------------------------

    def identity(self) -> Identity:
        """Return what was found; each question says what to type."""
        named = {person for people in self.asked.values() for person in people}
        gone = [p for p in self.free.values() if p.place >= 0 and p.id not in named]
        gone.sort(key=lambda person: person.place)
        lines: dict[int, set[int]] = {}
        groups: dict[frozenset[int], set[int]] = {}
        for row, people in self.asked.items():
            groups.setdefault(people, set()).add(self.rows[row][1])
        for people, some in groups.items():
            for person in people:
                lines.setdefault(person, set()).update(some)
        said = {}
        for people in groups:
            first = heapq.nsmallest(_SOME, people, key=lambda p: (self._copies(p)[:1], p))
            asked = set().union(*(lines[p] for p in people))
            said[people] = (first, len(people) - len(first), len(asked), spans(asked))
        questions = [self._question(row, *said[self.asked[row]]) for row in sorted(self.asked)]
        return Identity(self.found, frozenset(self.asked), tuple(gone), tuple(questions))

    def _copies(self, person: int) -> tuple[int, ...]:
        return tuple(self.numbers.get(person, ()))

    def _question(
        self, row: int, people: Sequence[int], more: int, rows: int, lines: str
    ) -> Diagnostic:
        """Return a row's question: the people it may mean and `more`, and the rows that may mean them."""
        line = self.rows[row][1]
        reasons: dict[str, list[int]] = {}
        for person in people:
            reasons.setdefault(self._why(row, person), []).extend(self._copies(person))
        said = " or ".join(f"of {copies_named(some)} ({why})" for why, some in reasons.items())
        message = f"the row may mean the person {said}{f', or of {more} more' if more else ''}"
        message += "; nothing is sent to it"
        if rows > 1:
            message += f". The rows on lines {lines} may mean the same person"
        first = [self._copies(person)[0] for person in people if self._copies(person)]
        hint = " ".join(f"If it is the person of copy {n}: `--same {line}={n}`." for n in first)
        hint += f" If it is somebody new: `--new {line}`"
        if rows > 1:
            hint += f"; if all are: `--new {lines.replace(' ', '')}`"
        return error("unclear-person", message, Place(self.path, line, 1), hint.strip())

    def _why(self, row: int, person: int) -> str:
        one, other = self.wanted[row], self.known[person]
        pairs = (("name", one.name, other.name), ("address", one.email, other.email),
                 ("organisation", one.organisation, other.organisation), ("ref", one.ref, other.ref))  # fmt: skip
        same = [word for word, a, b in pairs if a and a == b and word != "organisation"]
        changed = [word for word, a, b in pairs if a != b]
        if not same:
            return "who is not in the list any more"
        return f"same {' and '.join(same)}, other {' and '.join(changed) or 'people of that name'}"


def _components(edges: Collection[tuple[int, int]]) -> list[tuple[set[int], set[int]]]:
    """Return rows and people that hang together, in the order of the rows."""
    of_row: dict[int, set[int]] = {}
    of_person: dict[int, set[int]] = {}
    for row, person in edges:
        of_row.setdefault(row, set()).add(person)
        of_person.setdefault(person, set()).add(row)
    found: list[tuple[set[int], set[int]]] = []
    seen: set[int] = set()
    for start in sorted(of_row):
        if start in seen:
            continue
        rows: set[int] = set()
        people: set[int] = set()
        todo = [start]
        while todo:
            row = todo.pop()
            if row in rows:
                continue
            rows.add(row)
            for person in of_row[row] - people:
                people.add(person)
                todo.extend(of_person[person])
        seen |= rows
        found.append((rows, people))
    return found
