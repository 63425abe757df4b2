"""What one run asks for, besides the pack itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from guide.cluster.address import Cluster
from guide.model.identity import State
from guide.model.printers import Registration

Progress = Callable[[str, str], None]
"""Called with (document, state): `render`, `typeset`, `done` or `cached`."""


def silent(_document: str, _state: str) -> None:
    """Report no progress."""


@dataclass(frozen=True)
class Settings:
    """What one run asks for, besides the pack itself.

    `printed` are the cards of a deck printed before, each with its fingerprint: only others are
    made. `registration` is how far off the printer prints the back of a sheet. With `archive`, PDFs
    are PDF/A-3b and hold the pack's source, dated as the pack is; one without a date is dated `epoch`
    (seconds since 1970). Without `layout`, the content alone is read, and nothing is made.
    `jobs` is the number of processes on this machine, 0 for one on each core; with a `cluster`, jobs run there.
    `since` names what changes are printed since: a release, or a build or a revision that had the items `before`.
    """

    kinds: tuple[str, ...] = ()
    edition: str = ""
    paper: str = ""
    theme: str = ""
    stock: str = ""
    duplex: str = ""
    tags: tuple[str, ...] = ()
    printed: tuple[tuple[str, str], ...] | None = None
    registration: Registration = Registration()
    fit_report: bool = False
    booklet: bool = False
    archive: bool = False
    epoch: int = 0
    overrides: tuple[tuple[str, str], ...] = ()
    strict: bool = False
    layout: bool = True
    since: str = ""
    before: tuple[State, ...] | None = None
    jobs: int = field(default=0, compare=False)
    cluster: Cluster | None = field(default=None, compare=False)
    cache: bool = field(default=True, compare=False)
