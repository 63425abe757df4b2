"""What a run tells of rows that are not as they were: nothing is done about it unless asked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from guide.delivery.identity import NEW, Identity
from guide.delivery.records import GIVEN, OPEN, Held, Known, Person, State, Wish, copies_named
from guide.diagnostics.diagnostic import Diagnostic, Place, note
from guide.model.copies import Recipient
from guide.model.letters import fold
from guide.units import spans


def notes_on(known: Known, wish: Wish, who: Identity, version: int) -> tuple[Diagnostic, ...]:
    """Return notes on people removed, and on names, addresses, refs, copies and channels changed."""
    mine: dict[int, list[Held]] = {}
    for copy in known.copies:
        if copy.version == version:
            mine.setdefault(copy.person, []).append(copy)
    people = {person.id: person for person in known.people}
    found: list[Diagnostic] = [] if wish.resend else _removed(who, known, wish)
    channels: dict[tuple[str, str], list[tuple[int, list[int]]]] = {}
    refs: list[tuple[int, list[int]]] = []
    for place, person in sorted(who.people.items()):
        if person == NEW or person not in people:
            continue
        row, line = wish.rows[place]
        copies = mine.get(person, [])
        found += _changed(row, line, copies, wish.path)
        found += _lowered(row, line, copies, wish)
        for copy in copies:
            if copy.state == State.SENT and copy.channel != row.channel:
                channels.setdefault((copy.channel, row.channel), []).append((line, [copy.number]))
        if row.ref and people[person].ref and row.ref != people[person].ref:
            refs.append((line, [copy.number for copy in copies]))
    for (before, after), rows in channels.items():
        numbers = [number for _, some in rows for number in some]
        message = f"{_named(numbers)} delivered by {before}; by {after} nothing was sent"
        hint = f"To send by {after} too: {_resend(numbers)}"
        found.append(note("channel-changed", message, Place(wish.path, rows[0][0], 1), hint))
    return (*found, *_refs(refs, wish.path))


def _named(numbers: Sequence[int]) -> str:
    return f"{copies_named(numbers)} {'was' if len({*numbers}) == 1 else 'were'}"


def _resend(numbers: Sequence[int]) -> str:
    return f"--resend {spans(numbers).replace(' ', '')}"


def _removed(who: Identity, known: Known, wish: Wish) -> list[Diagnostic]:
    gone: list[Person] = list(who.gone)
    ids = {person.id for person in gone}
    latest = {person: max(c.version for c in known.copies if c.person == person)
              for person in {c.person for c in known.copies} & ids}  # fmt: skip
    numbers = [c.number for c in known.copies if c.person in ids and c.state in (*GIVEN, *OPEN)
               and c.version == latest[c.person]]  # fmt: skip
    if not numbers:
        return []
    first = min(numbers)
    person = "its person is" if len(ids) == 1 else "their people are"
    message = f"{copies_named(numbers)}: {person} not in the list any more"
    hint = f"To withdraw one: `guide ledger {_book(wish)} recall {first}`."
    new = [line for place, (_, line) in enumerate(wish.rows) if who.people.get(place) == NEW]
    if new:
        lines, are = ("line", "is") if len(new) == 1 else ("lines", "are")
        message += f"; {lines} {spans(new[:50])}{', ...' if len(new) > 50 else ''} {are} new"
        hint = f"If a new row is one of them: `--same {new[0]}={first}`. {hint}"
    return [note("person-removed", message, Place(wish.path), hint)]


def _book(wish: Wish) -> str:
    return wish.book or PurePath(wish.path).name


def _changed(row: Recipient, line: int, copies: Sequence[Held], path: str) -> list[Diagnostic]:
    """Note copies that were sent under another name, address or organisation, or another edition."""
    found = []
    now = (fold(row.name), fold(row.email), fold(row.organisation))
    sent = [c for c in copies if c.state == State.SENT]
    other = [c.number for c in sent if (fold(c.name), fold(c.email), fold(c.organisation)) != now]
    groups = {"under another name, address or organisation": other}
    for copy in sent:
        if copy.number not in other and copy.edition != row.edition:
            groups.setdefault(f"in the edition `{copy.edition or 'whole'}`", []).append(copy.number)
    for what, numbers in groups.items():
        if numbers:
            message = f"{_named(numbers)} sent {what}"
            hint = f"It counts as the same person's. To send it again: {_resend(numbers)}"
            found.append(note("recipient-changed", message, Place(path, line, 1), hint))
    return found


def _lowered(row: Recipient, line: int, copies: Sequence[Held], wish: Wish) -> list[Diagnostic]:
    more = [c.number for c in copies if c.ordinal >= row.copies and c.state in (*GIVEN, *OPEN)]
    if not more or wish.resend:
        return []
    message = f"the row asks for {row.copies} now; {_named(more)} numbered before"
    numbers = " ".join(map(str, more))
    hint = f"To withdraw what is too much: `guide ledger {_book(wish)} recall {numbers}`"
    return [note("copies-lowered", message, Place(wish.path, line, 1), hint)]


def _refs(rows: Sequence[tuple[int, list[int]]], path: str) -> list[Diagnostic]:
    if not rows:
        return []
    lines = f"line{'s' if len(rows) > 1 else ''} {spans(line for line, _ in rows)}"
    numbers = [number for _, some in rows for number in some]
    message = f"{lines}: the `ref` is another than before; name or address are the same"
    hint = "The row counts as the same person's. Spreadsheets drop leading zeros: check the column."
    if numbers:
        hint += f" It has {copies_named(numbers)}."
    return [note("ref-changed", message, Place(path, rows[0][0], 1), hint)]
