"""Which channels there are: one row for each. Light, since the command line reads it for its help."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from guide.diagnostics.diagnostic import Diagnostic, GuideError

if TYPE_CHECKING:
    from guide.delivery.channels.base import Channel
    from guide.delivery.request import Task

_HERE = "guide.delivery.channels"


@dataclass(frozen=True)
class Row:
    """A channel: its names, its own first, what else a list may call it, and where its class is."""

    names: tuple[str, ...]
    module: str
    symbol: str
    also: tuple[str, ...] = ()

    @property
    def channel(self) -> type[Channel]:
        """The class, which is imported when it is asked for."""
        found: type[Channel] = getattr(importlib.import_module(self.module), self.symbol)
        return found


ROWS: tuple[Row, ...] = (
    Row(("folder",), f"{_HERE}.folder", "Folder"),
    Row(("zip",), f"{_HERE}.folder", "Zip"),
    Row(("smtp", "mail", "email"), f"{_HERE}.smtp", "Smtp", also=("e-mail",)),
    Row(("link",), f"{_HERE}.folder", "Link", also=("links",)),
    Row(("remote",), f"{_HERE}.remote", "Remote"),
)


def choices() -> list[str]:
    """Return what an option may name."""
    return [name for row in ROWS for name in row.names]


def names() -> dict[str, str]:
    """Return channels by every name that a list may use."""
    return {name: row.names[0] for row in ROWS for name in (*row.names, *row.also)}


def classes() -> dict[str, type[Channel]]:
    """Return the class of each channel, by its own name."""
    return {row.names[0]: row.channel for row in ROWS}


def mailing() -> frozenset[str]:
    """Return the channels that need an address, and write a letter."""
    return frozenset(name for name, channel in classes().items() if channel.mailing)


def once() -> frozenset[str]:
    """Return the channels that must not deliver the same thing twice."""
    return frozenset(name for name, channel in classes().items() if not channel.repeatable)


def opened(used: Iterable[str], task: Task) -> tuple[dict[str, Channel], list[Diagnostic]]:
    """Return channels that are ready, and why others are not."""
    ready: dict[str, Channel] = {}
    problems: list[Diagnostic] = []
    for name in sorted(used):
        try:
            ready[name] = classes()[name].open(task)
        except GuideError as exc:
            problems += exc.diagnostics
    return ready, problems
