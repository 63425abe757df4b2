"""When a message that was refused for now is tried again: after the server's own time, if it has one."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

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


def named_wait(text: str) -> float | None:
    """Return after how many seconds a server wants to be asked again, or None if it does not say."""
    if found := _WAIT.search(text):
        if found["clock"]:
            numbers = [int(part) for part in found["clock"].split(":")]
            seconds = 0.0
            for number in numbers:
                seconds = seconds * 60 + number
            return seconds
        parts = _PART.findall(found["parts"])
        return math.fsum(float(number) * _UNITS[unit[0].lower()] for number, unit in parts)
    if found := _BARE.search(text):
        return float(found[1])
    return None


@dataclass(frozen=True)
class Patience:
    """How long something is tried: `tries` times, `wait` seconds after the first, then twice that.

    That is `span` seconds in all. A server that names a time of its own is asked again after it, also
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
