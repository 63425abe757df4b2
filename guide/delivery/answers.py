"""What channels said of copies, as diagnostics that name nobody."""

from __future__ import annotations

import math
import re

from guide.delivery.channels.base import Answer, Outcome
from guide.delivery.message import ascii_domain
from guide.delivery.records import Due
from guide.delivery.retry import named_wait
from guide.diagnostics.diagnostic import Diagnostic, Place, error
from guide.model.copies import Recipient


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
