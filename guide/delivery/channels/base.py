"""What a channel is: a class with one method, `deliver`. docs/distribution.md says how to add one.

A channel gets a `Parcel`, all copies that one row of the list is due, and returns an `Answer`; it
raises `ChannelClosed` when nothing can be delivered any more. It knows neither the list nor the ledger.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Self

from guide.diagnostics.diagnostic import GuideError
from guide.model.copies import Recipient

if TYPE_CHECKING:
    from guide.delivery.request import Task


class Outcome(StrEnum):
    """What became of a parcel."""

    SENT = "sent"
    LATER = "later"  # nothing was delivered; it may go well in a while
    FAILED = "failed"  # it will not go well, however often it is tried
    UNCERTAIN = "uncertain"  # it may have been delivered


@dataclass(frozen=True)
class Answer:
    """What a channel says.

    `stored` are the files that hold the copies now, below the channel's folder, with their digests:
    one for each file of the parcel, or one for all.
    """

    outcome: Outcome
    text: str = ""
    stored: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class File:
    """A file of a parcel: a copy, or its detached signature."""

    name: str
    data: bytes = field(repr=False)

    @cached_property
    def digest(self) -> str:
        """SHA-256 in hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True)
class Letter:
    """What is written to the recipient, where the channel writes to people."""

    subject: str
    text: str
    html: str = ""


def _nothing() -> None:
    """Call this when nobody keeps a record."""


@dataclass(frozen=True)
class Parcel:
    """The copies for one recipient: one or more `files`.

    `name` is a file name without ending for all of them together. `secret` is text that nobody can
    guess, the same each time the parcel is delivered, as is `message_id`. A channel that cannot take
    back or repeat what it does calls `leaving` at the last moment before. A channel that `streams`
    finds no `files` but makes them one by one with `each`, so that many never are in memory at once.
    """

    name: str
    files: tuple[File, ...]
    secret: str = ""
    message_id: str = ""
    letter: Letter | None = None
    leaving: Callable[[], None] = _nothing
    stream: Callable[[], Iterator[File]] | None = None

    def each(self) -> Iterator[File]:
        """Yield the files, each made when it is asked for if there is a `stream`."""
        return iter(self.files) if self.stream is None else self.stream()


class ChannelClosed(GuideError):
    """Nothing can be delivered by this channel now; carries the diagnostic."""


class Channel:
    """What all channels have.

    `repeatable`: delivering a parcel twice is the same as once, so that a run that died simply does
    it again. `parallel`: the channel can be pickled and may deliver in several processes at a time.
    `mailing`: it needs the recipient's address. `divisible`: the copies of one row may come in
    several parcels. `streams`: it takes the files of a parcel from `Parcel.each`. `private` is the
    folder of those whose files' names are secret. What may go well later is tried `tries` times in
    all, `wait` seconds after the first time, then twice that, and so on. Message-IDs end with `domain`.
    """

    repeatable: ClassVar[bool] = True
    parallel: ClassVar[bool] = False
    mailing: ClassVar[bool] = False
    divisible: ClassVar[bool] = False
    streams: ClassVar[bool] = False
    private: ClassVar[str] = ""
    tries: int = 3
    wait: float = 2.0
    domain: str = "localhost"

    @classmethod
    def open(cls, task: Task) -> Self:
        """Return it, ready for a run; raises GuideError when it cannot be."""
        raise NotImplementedError

    def check(self, owner: str, stem: str, used: bool) -> None:
        """Look whether the place is a ledger's, by its id; raises ChannelClosed if it is another's.

        Names of copies begin with `stem`; with `used` the ledger has delivered by this channel.
        """

    def claim(self, owner: str) -> None:
        """Mark the place as a ledger's for good; raises ChannelClosed when another was quicker."""

    def deliver(self, parcel: Parcel, recipient: Recipient) -> Answer:
        """Deliver a parcel to a recipient; raises ChannelClosed."""
        raise NotImplementedError

    def settle(self) -> None:
        """Make sure that what was delivered lasts; called before it is recorded. Raises GuideError."""

    def close(self) -> None:
        """Let go of connections."""

    @classmethod
    def index(cls, _sent: Sequence[tuple[int, str]], _base: str) -> dict[str, tuple[bytes, int]]:
        """Return files that say where sent copies lie: bytes and mode by name."""
        return {}
