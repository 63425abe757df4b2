"""What a run does to a ledger, decided before anything is written: changes, or questions.

`decide` reads nothing and writes nothing. What it cannot allow it refuses as a whole (GuideError);
rows that only the user can explain are left out of the changes and named in questions. The ledger
writes the changes in one transaction, so that a command that is refused leaves no trace.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from guide.delivery.changes import Changes, Decision, NewCopy
from guide.delivery.dealing import dealt
from guide.delivery.identity import NEW, Identity, identify
from guide.delivery.issues import recognise
from guide.delivery.names import alike
from guide.delivery.notes import notes_on
from guide.delivery.records import (
    GIVEN,
    OPEN,
    Held,
    Known,
    Person,
    Selection,
    State,
    Wish,
    copies_named,
    spans,
)
from guide.diagnostics.diagnostic import GuideError, Place, error
from guide.model.copies import Recipient
from guide.model.letters import fold

AGAIN = "to be sent again, as the user decided"
MARKED = "marked as sent by the user"
BROKEN_OFF = "the run ended before the answer came"


def decide(known: Known, wish: Wish) -> Decision:
    """Return what a run does; raises GuideError when it must not be done, or not so."""
    return _Deciding(known, wish).decision()


def marks(known: Known, chosen: Selection, ledger: str) -> tuple[tuple[int, State, str], ...]:
    """Return copies that are to be marked as sent; raises GuideError when one cannot be."""
    by_number = {copy.number: copy for copy in known.copies}
    latest = known.versions[-1].id if known.versions else 0
    wanted = chosen.numbers()
    _refuse_unknown(wanted, by_number, ledger)
    if bad := [n for n in wanted if by_number[n].state == State.RECALLED]:
        raise _unknown(f"{_named(bad)} recalled", ledger, "Omit the number.")
    more = [c.number for c in known.copies if c.version == latest and chosen.chooses(c)
            and c.state != State.RECALLED]  # fmt: skip
    if not wanted and not more:
        raise _unknown("no copy is meant by --mark-sent", ledger, "guide ledger shows the states.")
    return tuple((n, State.SENT, MARKED) for n in dict.fromkeys([*wanted, *more])
                 if by_number[n].state != State.SENT)  # fmt: skip


class _Deciding:
    """One decision; `states` are those that the copies have once it is carried out."""

    def __init__(self, known: Known, wish: Wish) -> None:
        self.known, self.wish = known, wish
        self.by_number = {copy.number: copy for copy in known.copies}
        self.states: dict[int, State] = {copy.number: copy.state for copy in known.copies}
        self.events: list[tuple[int, State, str]] = []
        self.edition = recognise(known, wish.issue, wish.ledger)
        self.version = self.edition.known.id if self.edition.known else 0
        self.of_person: dict[int, list[Held]] = {}
        for copy in known.copies:
            self.of_person.setdefault(copy.person, []).append(copy)

    def decision(self) -> Decision:
        self._settle_begun()
        if self.wish.mark_sent:
            for event in marks(self._now(), self.wish.mark_sent, self.wish.ledger):
                self._set(*event)
        who = self._identity()
        again = self._resent(who)
        new, details, due, had = self._copies(who, again)
        uncertain, failed, lost = self._leftover(who, {n for _, _, numbers in due for n in numbers})
        notes = notes_on(self._now(), self.wish, who, self.version)
        changes = Changes(
            facts=self._facts(),
            version=None if self.edition.known else (
                self.edition.version, self.wish.issue.title, self.edition.supersedes),
            documents=self._documents(),
            of_version=self.version,
            people=self._people(who),
            copies=tuple(new),
            total=self._total(len(new)),
            dealt=self._dealt(new, due),
            details=tuple(details),
            states=tuple(self.events),
        )  # fmt: skip
        if not due and who.questions and not self.events:
            changes = Changes()  # nothing goes out: the question comes first
        return Decision(
            self.edition, changes, tuple(due), had=had, uncertain=uncertain, failed=failed, lost=lost,
            notes=(*self.edition.notes, *notes), questions=who.questions, absent=self._absent(who),
        )  # fmt: skip

    # States -------------------------------------------------------------------------------------

    def _set(self, number: int, state: State, answer: str) -> None:
        self.states[number] = state
        self.events.append((number, state, answer))

    def _now(self) -> Known:
        """Return what is known, with the states as they are decided so far."""
        copies = tuple(replace(c, state=self.states[c.number]) for c in self.known.copies)
        return replace(self.known, copies=copies)

    def _settle_begun(self) -> None:
        """Call uncertain what a run that died had begun on a channel that must not repeat itself."""
        for copy in self.known.copies:
            if copy.state == State.SENDING and copy.channel in self.wish.once:
                self._set(copy.number, State.UNCERTAIN, BROKEN_OFF)

    # People -------------------------------------------------------------------------------------

    def _identity(self) -> Identity:
        holders: dict[int, list[int]] = {}
        numbers: dict[int, list[int]] = {}
        for copy in self.known.copies:
            if copy.version == self.version:
                numbers.setdefault(copy.person, []).append(copy.number)
                if self.states[copy.number] in (*GIVEN, State.RECALLED):
                    holders.setdefault(copy.person, []).append(copy.number)
        for person, copies in self.of_person.items():
            last = max(copy.version for copy in copies)
            numbers.setdefault(person, [c.number for c in copies if c.version == last])
        same, new = self._answers()
        return identify(self.known.people, self.wish.rows, path=self.wish.path, same=same, new=new,
                        holders=holders, numbers=numbers)  # fmt: skip

    def _answers(self) -> tuple[dict[int, int], set[int]]:
        """Return what the user answered, by the rows' places; raises GuideError."""
        places: dict[int, list[int]] = {}
        for place, (_, line) in enumerate(self.wish.rows):
            places.setdefault(line, []).append(place)
        for line in {*self.wish.same, *self.wish.new}:
            if len(places.get(line, ())) != 1:
                message = f"no row begins on line {line}"
                hint = "Give the line that the question names: --same LINE=COPY, --new LINE"
                raise GuideError(error("unknown-row", message, Place(self.wish.path), hint))
        _refuse_unknown([*self.wish.same.values()], self.by_number, self.wish.ledger)
        same = {places[line][0]: self.by_number[n].person for line, n in self.wish.same.items()}
        present = {person.id for person in self.known.people}
        if len({*same.values()}) < len(same) or {*same} & {places[n][0] for n in self.wish.new}:
            message = "two answers contradict each other: one person is one row"
            hint = "Give each line, and each person, one answer."
            raise GuideError(error("unknown-row", message, Place(self.wish.path), hint))
        if any(person not in present for person in same.values()):
            raise _unknown("the person of the copy is forgotten", self.wish.ledger,
                           "Answer with --new instead.")  # fmt: skip
        return same, {places[line][0] for line in self.wish.new}

    def _people(self, who: Identity) -> tuple[Person, ...]:
        """Return the people who are not as the ledger has them: corrections are taken over."""
        by_id = {person.id: person for person in self.known.people}
        changed = []
        for place, (row, _) in enumerate(self.wish.rows):
            person = self.ids.get(place)
            if person is None:
                continue
            before = by_id.get(person, Person(person, ""))
            after = Person(person, row.name, row.email or before.email,
                           row.organisation or before.organisation, row.ref or before.ref,
                           before.place if self.wish.resend else place)  # fmt: skip
            if after != before:
                changed.append(after)
        if self.wish.resend:  # who left and who came is decided when new rows are
            return tuple(changed)
        return (*changed, *(replace(person, place=-1) for person in who.gone))

    # Copies -------------------------------------------------------------------------------------

    def _copies(
        self, who: Identity, again: frozenset[int] | None
    ) -> tuple[list[NewCopy], list[tuple[int, Recipient]],
               list[tuple[Recipient, int, tuple[int, ...]]], int]:  # fmt: skip
        """Return new copies, those with other details, what each row is due, and how many were sent.

        `again` are the copies that are sent again, and nothing else; None for all that is due.
        """
        new: list[NewCopy] = []
        details: list[tuple[int, Recipient]] = []
        due: list[tuple[Recipient, int, tuple[int, ...]]] = []
        had, number = 0, self.known.last
        self.ids: dict[int, int] = {}
        fresh = max([p.id for p in self.known.people] + [c.person for c in self.known.copies] + [0])
        for place, (row, line) in enumerate(self.wish.rows):
            if place not in who.people:
                continue
            person = who.people[place]
            if person == NEW:
                if again is not None and line not in self.wish.new:
                    continue  # who was called new is remembered, and gets a copy another time
                fresh += 1
                person = fresh
            self.ids[place] = person
            had_by = self.of_person.get(person, ())
            mine = {c.ordinal: c for c in had_by if c.version == self.version}
            had += sum(self.states[c.number] == State.SENT for c in mine.values())
            numbers: list[int] = []
            if again is not None:
                numbers = [c.number for c in mine.values() if c.number in again]
            else:
                for ordinal in range(row.copies):
                    if (copy := mine.get(ordinal)) is None:
                        number += 1
                        before = self._before(person, ordinal)
                        new.append(NewCopy(number, person, ordinal, before, row))
                        numbers.append(number)
                    elif self._is_open(copy, row):
                        numbers.append(copy.number)
            details += [(n, row) for n in numbers if n in self.by_number
                        and _details(self.by_number[n]) != _details(row)]  # fmt: skip
            if numbers:
                due.append((row, line, tuple(sorted(numbers))))
        return new, details, due, had

    def _total(self, new: int) -> int:
        """Return how many copies of the version there are, 0 where its numbers do not begin at 1.

        `Copy 6 of 9` would say that there are nine of a version whose copies are 5 to 9.
        """
        others = any(copy.version != self.version for copy in self.known.copies)
        return 0 if others else self.known.last + new

    def _dealt(
        self, new: Sequence[NewCopy], due: Sequence[tuple[Recipient, int, tuple[int, ...]]]
    ) -> dict[int, str]:
        """Return the versions of a quiz for copies that have none, or one that is no longer made."""
        fresh: dict[int, list[int]] = {}
        for copy in new:
            fresh.setdefault(copy.person, []).append(copy.number)
        rows = []
        for place, person in sorted(self.ids.items()):
            had = [c for c in self.of_person.get(person, ()) if c.version == self.version
                   and self.states[c.number] != State.RECALLED]  # fmt: skip
            rows.append((self.wish.rows[place][0], had, fresh.get(person, ())))
        wanted = frozenset(number for _, _, numbers in due for number in numbers)
        return dealt(self.wish.issue.documents, rows, wanted)

    def _is_open(self, copy: Held, row: Recipient) -> bool:
        """Return True if a copy is still to be delivered; what was refused, by another way."""
        state = self.states[copy.number]
        changed = (fold(copy.email), copy.channel) != (fold(row.email), row.channel)
        return state in OPEN or (state == State.FAILED and changed)

    def _before(self, person: int, ordinal: int) -> int | None:
        found = [c.number for c in self.of_person.get(person, ()) if c.ordinal == ordinal
                 and c.version != self.version]  # fmt: skip
        return max(found, default=None)

    def _leftover(
        self, who: Identity, due: set[int]
    ) -> tuple[tuple[int, ...], tuple[int, ...], tuple[tuple[int, State], ...]]:
        """Return uncertain and failed copies that a person must decide on, and those of the lost."""
        present = {*who.people.values()} | self._asked_people(who)
        named = {person.id for person in self.known.people}
        found: dict[State, list[int]] = {State.UNCERTAIN: [], State.FAILED: []}
        lost = []
        for copy in self.known.copies:
            state = self.states[copy.number]
            if copy.version != self.version or copy.number in due or state not in found:
                continue
            if copy.person in present:
                found[state].append(copy.number)
            elif copy.person in named:
                lost.append((copy.number, state))
        return tuple(found[State.UNCERTAIN]), tuple(found[State.FAILED]), tuple(lost)

    def _absent(self, who: Identity) -> frozenset[int]:
        """Return the copies of this version whose people are in no row, and in no question."""
        present = {*self.ids.values()} | self._asked_people(who)
        return frozenset(copy.number for copy in self.known.copies
                         if copy.version == self.version and copy.person not in present)  # fmt: skip

    def _asked_people(self, who: Identity) -> set[int]:
        gone = {person.id for person in who.gone}
        taken = {*who.people.values()}
        return {p.id for p in self.known.people if p.place >= 0 and p.id not in gone | taken}

    # Sending again ------------------------------------------------------------------------------

    def _resent(self, who: Identity) -> frozenset[int] | None:
        """Return the copies that are sent again, None when nobody asked; raises GuideError."""
        chosen, ledger = self.wish.resend, self.wish.ledger
        if not chosen:
            return None
        wanted = chosen.numbers()
        _refuse_unknown(wanted, self.by_number, ledger)
        self._refuse_resend(wanted, who)
        present = {*who.people.values()}
        more = [c.number for c in self.known.copies if c.version == self.version
                and c.person in present and chosen.chooses(replace(c, state=self.states[c.number]))
                and self.states[c.number] != State.RECALLED]  # fmt: skip
        found = frozenset([*wanted, *more])
        if not found:
            raise _unknown("no copy of this version is meant by --resend", ledger,
                           "guide ledger shows numbers, states and channels.")  # fmt: skip
        for number in sorted(found):
            if self.states[number] not in OPEN:
                self._set(number, State.PLANNED, AGAIN)
        return found

    def _refuse_resend(self, wanted: Sequence[int], who: Identity) -> None:
        ledger = self.wish.ledger
        named = {person.id for person in self.known.people}
        if bad := [n for n in wanted if self.states[n] == State.RECALLED
                   or self.by_number[n].person not in named]:  # fmt: skip
            message = f"{_named(bad)} recalled, or the person is forgotten"
            raise _unknown(message, ledger, "Omit the number.")
        if bad := [n for n in wanted if self.by_number[n].version != self.version]:
            of = {v.id: v.version for v in self.known.versions}[self.by_number[bad[0]].version]
            message = f"{_named(bad)} of version {of}, and {self.edition.version} is given out now"
            hint = "Give numbers of copies of this version: guide ledger shows them."
            if self.edition.known is None:
                hint = f"Nobody has version {self.edition.version} yet: leave --resend out."
            raise _unknown(message, ledger, hint)
        present = {*who.people.values()}
        if bad := [n for n in wanted if self.by_number[n].person not in present]:
            if who.questions and {self.by_number[n].person for n in bad} & self._asked_people(who):
                raise GuideError(*who.questions)
            message = f"copy {spans(bad)}: the recipient is not in the list any more"
            hint = "Put the row back, or leave the number out."
            raise GuideError(error("unknown-copy", message, Place(self.wish.path), hint))

    # The rest -----------------------------------------------------------------------------------

    def _facts(self) -> dict[str, str]:
        issue = self.wish.issue
        wanted = {
            "series": issue.series, "title": issue.title, "marking": issue.marking,
            "file": issue.file, **self.wish.facts,
        }  # fmt: skip
        facts, edition = self.known.facts, self.edition.known
        same = edition is not None and {*edition.documents.values()} & {*issue.documents.values()}
        if same and facts.get("file") and alike(facts["file"], issue.file):
            # The same bytes as `pack (1).pdf`, say: the document is known by its first name.
            wanted = {name: value for name, value in wanted.items()
                      if name not in {"series", "title", "file"}}  # fmt: skip
        return {name: value for name, value in wanted.items() if value != facts.get(name, "")}

    def _documents(self) -> dict[str, str]:
        known = self.edition.known.documents if self.edition.known else {}
        return {edition: digest for edition, digest in self.wish.issue.documents.items()
                if known.get(edition) != digest}  # fmt: skip


def _details(of: Held | Recipient) -> tuple[str, ...]:
    return (of.name, of.email, of.organisation, of.ref, of.channel, of.edition, of.language)


def _named(numbers: Sequence[int]) -> str:
    return f"{copies_named(numbers)} {'is' if len(numbers) == 1 else 'are'}"


def _refuse_unknown(wanted: Sequence[int], known: Mapping[int, Held], ledger: str) -> None:
    if bad := [number for number in wanted if number not in known]:
        last = max(known, default=0)
        hint = f"Copies have the numbers 1 to {last}." if last else "No copy was numbered yet."
        raise _unknown(f"there is no copy {spans(bad)}", ledger, hint)


def _unknown(message: str, ledger: str, hint: str) -> GuideError:
    return GuideError(error("unknown-copy", message, Place(ledger), hint))
