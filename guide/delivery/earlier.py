"""What a letter says has changed since the copy that its recipient holds: from the releases in guide.lock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from guide.content.load import lock_in
from guide.delivery.database import Ledger
from guide.delivery.queries import copy
from guide.delivery.records import Due
from guide.delivery.request import Task
from guide.model.changes import Change, compare
from guide.model.identity import Lock

NOTHING: Mapping[str, Any] = {"since": "", "changes": []}
"""What a letter is given about changes where there is nothing to tell."""
_MOST, _LONGEST = 30, 160  # lines of a letter, characters of a line


@dataclass(frozen=True)
class Earlier:
    """Knows the versions that recipients hold, by the ledger, and what was in them, by guide.lock."""

    task: Task
    ledger: Ledger

    @cached_property
    def lock(self) -> Lock | None:
        """The lock of the pack, None for a PDF and for a pack without one."""
        source = self.task.request.source
        folder = source.parent if source.name == "pack.yaml" else source
        return lock_in(folder) if self.task.about.editions is not None and folder.is_dir() else None

    def told(self, due: Due) -> Mapping[str, Any]:
        """Return the version that somebody holds, and a line for each change since then.

        There are none for an edition: guide.lock does not know which items belonged to it.
        """
        number = due.entries[0].supersedes
        if number is None or due.recipient.edition or self.lock is None:
            return NOTHING
        held = copy(self.ledger, number).version
        if not self.lock.release(held):
            return NOTHING
        now = [item.state for item in self.lock.items.values() if not item.gone]
        found = compare(held, self.lock.at(held), now).items
        lines = [_line(each) for each in found[:_MOST]]
        more = len(found) - _MOST
        return {"since": held, "changes": lines + ([f"and {more} more"] if more > 0 else [])}


def _line(change: Change) -> str:
    words = " ".join((change.now or change.before).split())
    shown = words if len(words) <= _LONGEST else words[: _LONGEST - 2].rsplit(" ", 1)[0] + " …"
    return f"{change.how}: {shown.replace(' | ', ' – ')}"
