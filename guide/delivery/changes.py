"""What a decision says: changes of a ledger, what is due to each row, and what is to be reported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from guide.delivery.issues import Edition
from guide.delivery.records import Person, State
from guide.diagnostics.diagnostic import Diagnostic
from guide.model.copies import Recipient


@dataclass(frozen=True)
class NewCopy:
    """A copy that gets a number now."""

    number: int
    person: int
    ordinal: int
    supersedes: int | None
    recipient: Recipient


@dataclass(frozen=True)
class Changes:
    """What is to be written, all of it or nothing; empty when the ledger stays as it is.

    `version` is a new version with what it supersedes, `details` are copies whose row is another
    now, `dealt` the versions of a quiz by copy, `states` copies with their new state and why.
    """

    facts: Mapping[str, str] = field(default_factory=dict)
    version: tuple[str, str, str] | None = None
    documents: Mapping[str, str] = field(default_factory=dict)
    of_version: int = 0
    people: tuple[Person, ...] = ()
    copies: tuple[NewCopy, ...] = ()
    total: int = 0
    dealt: Mapping[int, str] = field(default_factory=dict)
    details: tuple[tuple[int, Recipient], ...] = ()
    states: tuple[tuple[int, State, str], ...] = ()

    def __bool__(self) -> bool:
        return bool(
            self.facts or self.version or self.documents or self.people or self.copies
            or self.dealt or self.details or self.states
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Standing:
    """The state of a version before a run, and what is to be said of it.

    `had` counts copies that were given out before. `uncertain` and `failed` are copies of people in
    the list that earlier runs left so; `lost` are failed or uncertain ones of people who are not.
    `absent` are copies of people who are not in the list. `questions` are rows that only the user
    can explain: they get nothing.
    """

    had: int = 0
    uncertain: tuple[int, ...] = ()
    failed: tuple[int, ...] = ()
    lost: tuple[tuple[int, State], ...] = ()
    notes: tuple[Diagnostic, ...] = ()
    questions: tuple[Diagnostic, ...] = ()
    absent: frozenset[int] = frozenset()


Share = tuple[Recipient, int, tuple[int, ...]]
"""A row of the list, its line, and the numbers of the copies that are due to it."""


@dataclass(frozen=True)
class Decision(Standing):
    """What is to be done: changes, and the numbers due to each row."""

    edition: Edition
    changes: Changes = Changes()
    due: tuple[Share, ...] = ()
