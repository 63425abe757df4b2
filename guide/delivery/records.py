"""What a ledger holds, as plain values: copies, people, versions, and what a run asks for."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from itertools import chain

from guide.model.copies import Recipient
from guide.units import spans


class State(StrEnum):
    """How far a copy has come."""

    PLANNED = "planned"
    MADE = "made"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    RECALLED = "recalled"


OPEN = (State.PLANNED, State.MADE, State.SENDING)
GIVEN = (State.SENT, State.UNCERTAIN, State.SENDING)  # the person has it, or may have it


@dataclass(frozen=True)
class LedgerEntry:
    """What is known of one copy.

    `total` is how many copies of the version there were when it was made, 0 where that is not said.
    `document` is the digest of the document before it was stamped, `digest` that of the copy as it
    was delivered, `file` and `file_digest` what holds it, if a file does. `supersedes` is the number
    of the copy of an earlier version that the same person has, `superseded_by` of a later one.
    `quiz` is the letter of the version of a quiz that the copy is of, '' where there is one for all.
    `name` is empty when the person was forgotten. `changed` is when `state` was written, in UTC.
    """

    number: int
    total: int
    state: State
    name: str
    email: str
    organisation: str
    ref: str
    channel: str
    edition: str
    language: str
    title: str
    version: str
    document: str
    digest: str
    copy_id: str
    secret: str
    message_id: str
    file: str
    file_digest: str
    answer: str
    quiz: str
    supersedes: int | None
    superseded_by: int | None
    changed: str


@dataclass(frozen=True)
class Event:
    """One line of a copy's history."""

    sequence: int
    time: str
    number: int
    state: State
    answer: str
    digest: str


@dataclass(frozen=True)
class Issue:
    """A version of a document that is to be given out.

    `series` is what stays the same from version to version: a ledger belongs to one. `version` is
    empty for a PDF whose version nobody named. `documents` are the digests by edition, as far as
    they are known. `marking` is printed on distribution lists. `file` is the name of a PDF without
    its ending, '' for a pack. With `same_version` the document may differ from the one that was
    given out, with `same_document` its name and title may.
    """

    series: str
    title: str
    version: str
    supersedes: str = ""
    documents: Mapping[str, str] = field(default_factory=dict)
    same_version: bool = False
    marking: str = ""
    file: str = ""
    same_document: bool = False


@dataclass(frozen=True)
class Due:
    """What one row of the list is still to be given, in the order of the numbers."""

    recipient: Recipient
    line: int
    entries: tuple[LedgerEntry, ...]


@dataclass(frozen=True)
class Person:
    """Somebody whom the ledger knows, as the list last had them.

    `place` is the position in the list of the last run, -1 for somebody who was not in it.
    """

    id: int
    name: str
    email: str = ""
    organisation: str = ""
    ref: str = ""
    place: int = -1


@dataclass(frozen=True)
class Held:
    """A copy, as far as a decision needs it; `version` is the version's number in the ledger."""

    number: int
    person: int
    ordinal: int
    version: int
    state: State
    name: str
    email: str
    organisation: str
    ref: str
    channel: str
    edition: str
    language: str
    document: str
    digest: str
    message_id: str
    quiz: str = ""


def details(of: Held | Recipient) -> tuple[str, ...]:
    """Return what the list says of a copy or a row, in the order in which the ledger stores it."""
    return (of.name, of.email, of.organisation, of.ref, of.channel, of.edition, of.language)


@dataclass(frozen=True)
class Version:
    """A version that was given out, and the digests of its document by edition."""

    id: int
    version: str
    documents: Mapping[str, str]


@dataclass(frozen=True)
class Known:
    """All that a ledger knows at one moment; empty for a ledger that does not exist yet."""

    facts: Mapping[str, str] = field(default_factory=dict)
    versions: tuple[Version, ...] = ()
    people: tuple[Person, ...] = ()
    copies: tuple[Held, ...] = ()
    ids: frozenset[str] = frozenset()

    @property
    def last(self) -> int:
        """The highest number that was given to a copy, 0 for none."""
        return max((copy.number for copy in self.copies), default=0)

    @cached_property
    def by_number(self) -> dict[int, Held]:
        """The copies by number."""
        return {copy.number: copy for copy in self.copies}

    @cached_property
    def of_person(self) -> dict[int, list[Held]]:
        """The copies of each person, by the person's id."""
        found: dict[int, list[Held]] = {}
        for copy in self.copies:
            found.setdefault(copy.person, []).append(copy)
        return found

    def after(self, events: Iterable[tuple[int, State, str]]) -> Known:
        """Return it with the states that copies have after events: number, state and why."""
        states = {number: state for number, state, _ in events}
        return replace(self, copies=tuple(
            replace(c, state=states[c.number]) if c.number in states else c for c in self.copies
        ))  # fmt: skip


_TOKEN = re.compile(r"(\d{1,9})(?:(?:-|\u2013|\.\.)(\d{1,9}))?")
_MOST = 1_000_000  # copies in a range: more than any ledger holds


@dataclass(frozen=True)
class Selection:
    """Copies that a person names: by number, in ranges, all, by state, or by channel."""

    ranges: tuple[tuple[int, int], ...] = ()
    everything: bool = False
    states: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.ranges or self.everything or self.states or self.channels)

    def numbers(self) -> list[int]:
        """Return the numbers that are named one by one or in ranges, in order and once each."""
        every = (range(first, last + 1) for first, last in self.ranges)
        return list(dict.fromkeys(chain.from_iterable(every)))

    def chooses(self, copy: Held) -> bool:
        """Return True if a copy is meant by `all`, by its state or by its channel."""
        return self.everything or copy.state.value in self.states or copy.channel in self.channels


def selection(words: Iterable[str], channels: Mapping[str, str]) -> Selection:
    """Return the copies that are named so: `7`, `3-9,12`, `all`, `failed`, `channel:folder`.

    `channels` maps every name of a channel to the channel. Raises ValueError with the reason.
    """
    ranges: list[tuple[int, int]] = []
    states: set[str] = set()
    chosen: set[str] = set()
    everything = False
    for word in " ".join(words).replace(",", " ").split():
        kind, colon, rest = word.lower().partition(":")
        if match := _TOKEN.fullmatch(word):
            first, last = int(match[1]), int(match[2] or match[1])
            if first > last:
                raise ValueError(f"{word!r} is not a range: write the lower number first, 3-9")
            if last - first >= _MOST:
                raise ValueError(f"{word!r} names more copies than a ledger holds: write all")
            ranges.append((first, last))
        elif word.lower() == "all":
            everything = True
        elif (rest if kind == "state" and colon else word.lower()) in {*State}:
            states.add(rest if colon else word.lower())
        elif kind == "channel" and rest in channels:
            chosen.add(channels[rest])
        else:
            usual = "write 7, 3-9,12, all, failed or channel:folder"
            raise ValueError(f"{word!r} is not the number of a copy: {usual}")
    return Selection(tuple(ranges), everything, frozenset(states), frozenset(chosen))


def copies_named(numbers: Iterable[int]) -> str:
    """Return copies as a message names them: `copy 7`, `copies 1-3, 7`."""
    each = {*numbers}
    return f"cop{'y' if len(each) == 1 else 'ies'} {spans(each)}"


@dataclass(frozen=True)
class Wish:
    """What a run asks of the ledger.

    `rows` are recipients with their lines in the list at `path`; `ledger` is where the ledger is,
    `name` the list's file name. `once` are channels that must not do a thing twice. `resend` and
    `mark_sent` name copies. `same` maps a line to a copy of the person who is meant, `new` holds
    lines of people who are new. `book` is what `guide ledger` has to be given, as a shell reads it.
    """

    issue: Issue
    rows: Sequence[tuple[Recipient, int]]
    path: str = ""
    ledger: str = ""
    once: Collection[str] = ()
    resend: Selection = Selection()
    mark_sent: Selection = Selection()
    same: Mapping[int, int] = field(default_factory=dict)
    new: frozenset[int] = frozenset()
    book: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
