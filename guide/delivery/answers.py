"""What channels said of copies: as diagnostics that name nobody, and when one is tried again."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from guide.delivery.channels.base import Answer, Outcome
from guide.delivery.message import ascii_domain
from guide.delivery.records import Due
from guide.diagnostics.diagnostic import Diagnostic, Place, error
from guide.model.copies import Recipient

LONGEST = 3600.0  # s; what is to wait longer is left to another run
_MARGIN = 1.0  # s more than the server asks for: its clock is not ours
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0}
_UNIT = r"(h|hr|hrs|hours?|m|min|mins|minutes?|s|sec|secs|seconds?)\b"
_PARTS = rf"(?:\d{{1,6}}(?:\.\d+)?\s*{_UNIT}[\s,]*(?:and\s+)?)+"
# "come back in 300 seconds", "retry after 5 min", "try again in 00:04:30", "greylisted for 240s".
_WAIT = re.compile(
    rf"\b(?:in|after|for|within|least|wait|another|next)[\s:=]+"
    rf"(?:(?P<parts>{_PARTS})|(?P<clock>\d{{1,2}}:\d{{2}}(?::\d{{2}})?)\b)",
    re.IGNORECASE,
)
_PART = re.compile(rf"(\d+(?:\.\d+)?)\s*{_UNIT}", re.IGNORECASE)
# "retry-after=300", "retry after 300": seconds, as in HTTP.
_BARE = re.compile(r"\bretry[- _]?(?:after|in)[\s:=]+(\d{1,6})\b(?!\s*[:.\w])", re.IGNORECASE)


def faults(due: Due, answer: Answer, path: str) -> list[Diagnostic]:
    """Return what is to be said of copies that were not taken, at their row of the list at `path`."""
    at = Place(path, due.line, 1)
    said = _discreet(answer.text, due.recipient)
    return [_fault(entry.number, answer, said, at) for entry in due.entries]


def _fault(number: int, answer: Answer, said: str, at: Place) -> Diagnostic:
    if answer.outcome == Outcome.UNCERTAIN:
        return uncertain(number, said, at)
    if answer.outcome == Outcome.FAILED:
        message = f"copy {number} cannot be delivered: {said}"
        hint = f"Correct the row and run again; to try it unchanged: --resend {number}"
        return error("delivery-failed", message, at, hint)
    message = f"copy {number} was not taken yet: {said}"
    wait = named_wait(answer.text)
    when = f"in {math.ceil(wait / 60)} min" if wait else "later"
    hint = f"Run again {when}: only what is still open is sent."
    return error("delivery-later", message, at, hint)


def uncertain(number: int, said: str, at: Place) -> Diagnostic:
    """Return that nobody knows whether a copy arrived."""
    message = f"copy {number} may have arrived or not" + (f": {said}" if said else "")
    hint = (
        f"Ask the recipient, or look into the server's log; then: --mark-sent {number}, "
        f"or --resend {number}"
    )
    return error("delivery-uncertain", message, at, hint)


def _discreet(text: str, who: Recipient) -> str:
    """Return a channel's answer without the person whom it names, whatever part of the address."""
    local, _, domain = who.email.rpartition("@")
    for part in (who.email, f"{local}@{ascii_domain(domain)}", local, who.name):
        if len(part) > 2:
            text = re.sub(rf"(?<!\w){re.escape(part)}(?!\w)", "…", text, flags=re.IGNORECASE)
    return text


def named_wait(text: str) -> float | None:
    """Return after how many seconds a server wants to be asked again, or None if it does not say."""
    if found := _WAIT.search(text):
        if found["clock"]:
            units = enumerate(reversed(found["clock"].split(":")))
            return math.fsum(int(number) * 60.0**n for n, number in units)
        parts = _PART.findall(found["parts"])
        return math.fsum(float(number) * _UNITS[unit[0].lower()] for number, unit in parts)
    if found := _BARE.search(text):
        return float(found[1])
    return None


@dataclass(frozen=True)
class Patience:
    """How long something is tried: `tries` times, `wait` seconds after the first, then twice that.

    That is `span` seconds in all. A server that names its own time is asked again after it, also
    more often than `tries`, until the span is over.
    """

    tries: int
    wait: float

    @property
    def span(self) -> float:
        """Seconds between the first try and the last, if no server names a time."""
        return self.wait * (2.0 ** (self.tries - 1) - 1)

    def pause(self, text: str, attempt: int, waited: float) -> float | None:
        """Return how many seconds after try number `attempt` the next one is due; None for no more.

        `text` is what the server said, `waited` the seconds since the first try.
        """
        named = named_wait(text)
        if named is None:
            left = attempt < self.tries or waited < self.span
            pause = self.wait * 2.0 ** (min(attempt, self.tries) - 1)
            return min(pause, LONGEST) if left else None
        if named > LONGEST:
            return None
        pause = max(named + _MARGIN, self.wait / 4)
        return pause if attempt < self.tries or waited + pause <= self.span else None
