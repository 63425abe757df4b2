"""Copies that the user names: to mark as sent, and to send again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from guide.delivery.identity import Identity
from guide.delivery.issues import Edition
from guide.delivery.records import Held, Known, Selection, State, Wish, copies_named
from guide.diagnostics.diagnostic import GuideError, Place, error
from guide.units import spans

MARKED = "marked as sent by the user"


@dataclass(frozen=True)
class Case:
    """What a run asks of a ledger, and what that knows, with the states as decided so far.

    `edition` is the version that is given out, `who` says whom the rows of the list mean.
    """

    known: Known
    wish: Wish
    edition: Edition
    who: Identity = Identity({})

    @property
    def version(self) -> int:
        """The version's number in the ledger, 0 for a new one."""
        return self.edition.known.id if self.edition.known else 0

    @property
    def asked(self) -> set[int]:
        """People in no row of whom a question asks."""
        others = {person.id for person in self.who.gone} | {*self.who.people.values()}
        return {p.id for p in self.known.people if p.place >= 0 and p.id not in others}


def marks(known: Known, chosen: Selection, ledger: str) -> tuple[tuple[int, State, str], ...]:
    """Return copies that are to be marked as sent; raises GuideError when one cannot be."""
    latest = known.versions[-1].id if known.versions else 0
    wanted = chosen.numbers()
    refuse_unknown(wanted, known.by_number, ledger)
    if bad := [n for n in wanted if known.by_number[n].state == State.RECALLED]:
        raise unknown_copy(f"{_named(bad)} recalled", ledger, "Omit the number.")
    more = _meant(known, chosen, latest)
    if not wanted and not more:
        message = "no copy is meant by --mark-sent"
        raise unknown_copy(message, ledger, "guide ledger shows the states.")
    return tuple((n, State.SENT, MARKED) for n in dict.fromkeys([*wanted, *more])
                 if known.by_number[n].state != State.SENT)  # fmt: skip


def _meant(known: Known, chosen: Selection, version: int) -> list[int]:
    """Return the copies of a version that are meant by `all`, a state or a channel."""
    return [c.number for c in known.copies if c.version == version and chosen.chooses(c)
            and c.state != State.RECALLED]  # fmt: skip


def resent(case: Case) -> frozenset[int] | None:
    """Return the copies that are sent again, None when nobody asked; raises GuideError."""
    known, chosen = case.known, case.wish.resend
    if not chosen:
        return None
    wanted = chosen.numbers()
    refuse_unknown(wanted, known.by_number, case.wish.ledger)
    _refuse_resend(case, wanted)
    present = {*case.who.people.values()}
    more = _meant(known, chosen, case.version)
    found = frozenset([*wanted, *(n for n in more if known.by_number[n].person in present)])
    if not found:
        hint = "guide ledger shows numbers, states and channels."
        message = "no copy of this version is meant by --resend"
        raise unknown_copy(message, case.wish.ledger, hint)
    return found


def _refuse_resend(case: Case, wanted: Sequence[int]) -> None:
    ledger, copies, edition = case.wish.ledger, case.known.by_number, case.edition
    named = {person.id for person in case.known.people}
    if bad := [n for n in wanted
               if copies[n].state == State.RECALLED or copies[n].person not in named]:  # fmt: skip
        message = f"{_named(bad)} recalled, or the person is forgotten"
        raise unknown_copy(message, ledger, "Omit the number.")
    if bad := [n for n in wanted if copies[n].version != case.version]:
        of = {v.id: v.version for v in case.known.versions}[copies[bad[0]].version]
        message = f"{_named(bad)} of version {of}, and {edition.version} is given out now"
        hint = "Give numbers of copies of this version: guide ledger shows them."
        if edition.known is None:
            hint = f"Nobody has version {edition.version} yet: leave --resend out."
        raise unknown_copy(message, ledger, hint)
    present = {*case.who.people.values()}
    if bad := [n for n in wanted if copies[n].person not in present]:
        if case.who.questions and {copies[n].person for n in bad} & case.asked:
            raise GuideError(*case.who.questions)
        message = f"copy {spans(bad)}: the recipient is not in the list any more"
        raise unknown_copy(message, case.wish.path, "Put the row back, or leave the number out.")


def _named(numbers: Sequence[int]) -> str:
    return f"{copies_named(numbers)} {'is' if len(numbers) == 1 else 'are'}"


def refuse_unknown(wanted: Sequence[int], known: Mapping[int, Held], ledger: str) -> None:
    """Raise GuideError when one of some numbers is not a copy's."""
    if bad := [number for number in wanted if number not in known]:
        last = max(known, default=0)
        hint = f"Copies have the numbers 1 to {last}." if last else "No copy was numbered yet."
        raise unknown_copy(f"there is no copy {spans(bad)}", ledger, hint)


def unknown_copy(message: str, path: str, hint: str) -> GuideError:
    """Return what is wrong with a number of a copy."""
    return GuideError(error("unknown-copy", message, Place(path), hint))
