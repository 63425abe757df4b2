"""What a run does to a ledger, decided before anything is written: changes, or questions.

`decide` reads nothing and writes nothing. What it cannot allow it refuses as a whole (GuideError);
rows that only the user can explain do not become changes and named in questions. The ledger
writes the changes in one transaction, so that a command that is refused leaves no trace.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from guide.delivery.changes import Changes, Decision, NewCopy, Share
from guide.delivery.chosen import Case, marks, refuse_unknown, resent, unknown_copy
from guide.delivery.dealing import dealt
from guide.delivery.identity import NEW, Identity, identify
from guide.delivery.issues import recognise
from guide.delivery.names import alike
from guide.delivery.notes import notes_on
from guide.delivery.records import GIVEN, OPEN, Held, Known, Person, State, Wish, details
from guide.diagnostics.diagnostic import GuideError, Place, error
from guide.model.copies import Recipient
from guide.model.letters import fold

AGAIN = "to be sent again, as the user decided"
BROKEN_OFF = "the run ended before the answer came"


def decide(known: Known, wish: Wish) -> Decision:
    """Return what a run does; raises GuideError when it must not be done, or not so."""
    edition = recognise(known, wish.issue, wish.ledger)
    # A run that died had begun these on a channel that must not repeat itself.
    events = [(copy.number, State.UNCERTAIN, BROKEN_OFF) for copy in known.copies
              if copy.state == State.SENDING and copy.channel in wish.once]  # fmt: skip
    if wish.mark_sent:
        events += marks(known.after(events), wish.mark_sent, wish.ledger)
    case = Case(known.after(events), wish, edition)
    who = _identity(case)
    case = replace(case, who=who)
    again = resent(case)
    anew = [(number, State.PLANNED, AGAIN) for number in sorted(again or ())
            if case.known.by_number[number].state not in OPEN]  # fmt: skip
    events += anew
    case = replace(case, known=case.known.after(anew))
    ids, new, due, had = _copies(case, again)
    uncertain, failed, lost = _leftover(case, {n for _, _, numbers in due for n in numbers})
    copies = case.known.by_number
    changes = Changes(
        facts=_facts(case),
        version=None if edition.known else (edition.version, wish.issue.title, edition.supersedes),
        documents={key: digest for key, digest in wish.issue.documents.items()
                   if (edition.known.documents if edition.known else {}).get(key) != digest},
        of_version=case.version,
        people=_people(case, ids),
        copies=tuple(new),
        total=_total(case, len(new)),
        dealt=_dealt(case, ids, new, due),
        details=tuple((n, row) for row, _, numbers in due for n in numbers
                      if n in copies and details(copies[n]) != details(row)),
        states=tuple(events),
    )  # fmt: skip
    if not due and who.questions and not events:
        changes = Changes()  # nothing goes out: the question comes first
    present = {*ids.values()} | case.asked
    return Decision(
        edition, changes, tuple(due), had=had, uncertain=uncertain, failed=failed, lost=lost,
        notes=(*edition.notes, *notes_on(case.known, wish, who, case.version)),
        questions=who.questions,
        absent=frozenset(copy.number for copy in known.copies
                         if copy.version == case.version and copy.person not in present),
    )  # fmt: skip


# People -----------------------------------------------------------------------------------------


def _identity(case: Case) -> Identity:
    known, wish = case.known, case.wish
    holders: dict[int, list[int]] = {}
    numbers: dict[int, list[int]] = {}
    for copy in known.copies:
        if copy.version == case.version:
            numbers.setdefault(copy.person, []).append(copy.number)
            if copy.state in (*GIVEN, State.RECALLED):
                holders.setdefault(copy.person, []).append(copy.number)
    for person, copies in known.of_person.items():
        last = max(copy.version for copy in copies)
        numbers.setdefault(person, [c.number for c in copies if c.version == last])
    same, new = _answers(known, wish)
    return identify(known.people, wish.rows, path=wish.path, same=same, new=new, holders=holders,
                    numbers=numbers)  # fmt: skip


def _answers(known: Known, wish: Wish) -> tuple[dict[int, int], set[int]]:
    """Return what the user answered, by the rows' places; raises GuideError."""
    places: dict[int, list[int]] = {}
    for place, (_, line) in enumerate(wish.rows):
        places.setdefault(line, []).append(place)
    for line in {*wish.same, *wish.new}:
        if len(places.get(line, ())) != 1:
            message = f"no row begins on line {line}"
            hint = "Give the line that the question names: --same LINE=COPY, --new LINE"
            raise GuideError(error("unknown-row", message, Place(wish.path), hint))
    refuse_unknown([*wish.same.values()], known.by_number, wish.ledger)
    same = {places[line][0]: known.by_number[n].person for line, n in wish.same.items()}
    new = {places[line][0] for line in wish.new}
    if len({*same.values()}) < len(same) or {*same} & new:
        message = "two answers contradict each other: one person is one row"
        hint = "Give each line, and each person, one answer."
        raise GuideError(error("unknown-row", message, Place(wish.path), hint))
    if {*same.values()} - {person.id for person in known.people}:
        message = "the person of the copy is forgotten"
        raise unknown_copy(message, wish.ledger, "Answer with --new instead.")
    return same, new


def _people(case: Case, ids: Mapping[int, int]) -> tuple[Person, ...]:
    """Return the people who are not as the ledger has them: corrections are taken over."""
    by_id = {person.id: person for person in case.known.people}
    changed = []
    for place, person in sorted(ids.items()):
        row, _ = case.wish.rows[place]
        before = by_id.get(person, Person(person, ""))
        after = Person(person, row.name, row.email or before.email,
                       row.organisation or before.organisation, row.ref or before.ref,
                       before.place if case.wish.resend else place)  # fmt: skip
        if after != before:
            changed.append(after)
    if case.wish.resend:  # who left and who came is decided when new rows are
        return tuple(changed)
    return (*changed, *(replace(person, place=-1) for person in case.who.gone))


# Copies -----------------------------------------------------------------------------------------


def _copies(
    case: Case, again: frozenset[int] | None
) -> tuple[dict[int, int], list[NewCopy], list[Share], int]:
    """Return people by the row's place, new copies, what each row is due, and how many were sent.

    `again` are the copies that are sent again, and nothing else; None for all that is due.
    """
    known, wish = case.known, case.wish
    ids: dict[int, int] = {}
    new: list[NewCopy] = []
    due: list[Share] = []
    had, number = 0, known.last
    fresh = max([p.id for p in known.people] + [c.person for c in known.copies] + [0])
    for place, (row, line) in enumerate(wish.rows):
        if place not in case.who.people:
            continue
        person = case.who.people[place]
        if person == NEW:
            if again is not None and line not in wish.new:
                continue  # who was called new is remembered, and gets a copy another time
            fresh += 1
            person = fresh
        ids[place] = person
        had_by = known.of_person.get(person, ())
        mine = {c.ordinal: c for c in had_by if c.version == case.version}
        had += sum(copy.state == State.SENT for copy in mine.values())
        numbers: list[int] = []
        if again is not None:
            numbers = [c.number for c in mine.values() if c.number in again]
        else:
            for ordinal in range(row.copies):
                if (copy := mine.get(ordinal)) is None:
                    number += 1
                    before = [c.number for c in had_by if c.ordinal == ordinal]
                    new.append(NewCopy(number, person, ordinal, max(before, default=None), row))
                    numbers.append(number)
                elif _is_open(copy, row):
                    numbers.append(copy.number)
        if numbers:
            due.append((row, line, tuple(sorted(numbers))))
    return ids, new, due, had


def _total(case: Case, new: int) -> int:
    """Return how many copies of the version there are, 0 where its numbers do not begin at 1.

    `Copy 6 of 9` would say that there are nine of a version whose copies are 5 to 9.
    """
    others = any(copy.version != case.version for copy in case.known.copies)
    return 0 if others else case.known.last + new


def _dealt(
    case: Case, ids: Mapping[int, int], new: Sequence[NewCopy], due: Sequence[Share]
) -> dict[int, str]:
    """Return the versions of a quiz for copies that have none, or one that is no longer made."""
    fresh: dict[int, list[int]] = {}
    for copy in new:
        fresh.setdefault(copy.person, []).append(copy.number)
    rows = []
    for place, person in sorted(ids.items()):
        had = [c for c in case.known.of_person.get(person, ())
               if c.version == case.version and c.state != State.RECALLED]  # fmt: skip
        rows.append((case.wish.rows[place][0], had, fresh.get(person, ())))
    wanted = frozenset(number for _, _, numbers in due for number in numbers)
    return dealt(case.wish.issue.documents, rows, wanted)


def _is_open(copy: Held, row: Recipient) -> bool:
    """Return True if a copy is still to be delivered; what was refused, by another way."""
    changed = (fold(copy.email), copy.channel) != (fold(row.email), row.channel)
    return copy.state in OPEN or (copy.state == State.FAILED and changed)


def _leftover(
    case: Case, due: set[int]
) -> tuple[tuple[int, ...], tuple[int, ...], tuple[tuple[int, State], ...]]:
    """Return uncertain and failed copies that a person must decide on, and those of the lost."""
    present = {*case.who.people.values()} | case.asked
    lost = {person.id for person in case.known.people} - present
    left = [(c.number, c.state, c.person) for c in case.known.copies
            if c.version == case.version and c.number not in due
            and c.state in {State.UNCERTAIN, State.FAILED}]  # fmt: skip
    uncertain, failed = (
        tuple(number for number, state, person in left if state == each and person in present)
        for each in (State.UNCERTAIN, State.FAILED)
    )
    return uncertain, failed, tuple((n, state) for n, state, person in left if person in lost)


# The rest ---------------------------------------------------------------------------------------


def _facts(case: Case) -> dict[str, str]:
    issue = case.wish.issue
    wanted = {
        "series": issue.series, "title": issue.title, "marking": issue.marking,
        "file": issue.file, **case.wish.facts,
    }  # fmt: skip
    facts, edition = case.known.facts, case.edition.known
    same = edition is not None and {*edition.documents.values()} & {*issue.documents.values()}
    if same and facts.get("file") and alike(facts["file"], issue.file):
        # The same bytes as `pack (1).pdf`, say: the document is known by its first name.
        wanted = {name: value for name, value in wanted.items()
                  if name not in {"series", "title", "file"}}  # fmt: skip
    return {name: value for name, value in wanted.items() if value != facts.get(name, "")}
