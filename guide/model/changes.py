"""What changed in a pack since an earlier version: items that are new, changed or removed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from guide.model.identity import State
from guide.model.parts import PARTS

How = Literal["new", "changed", "removed"]


@dataclass(frozen=True)
class Change:
    """An item that is new, changed or removed: its wording now and before, '' where it is in one version only.

    `blocks` are the digests of the paragraphs of a section that are not in the earlier version.
    """

    how: How
    part: str
    id: str
    now: str = ""
    before: str = ""
    blocks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Changes:
    """All that changed since a version (or a build, or a revision), part by part in the order of the pack."""

    since: str
    items: tuple[Change, ...] = ()

    def of(self, part: str) -> tuple[Change, ...]:
        """Return the changes of a part."""
        return tuple(each for each in self.items if each.part == part)

    def as_json(self) -> dict[str, Any]:
        """Return the content of changes.json."""
        return {"since": self.since, "items": [
            {"change": each.how, "part": each.part, "id": each.id,
             **({"now": each.now} if each.now else {}), **({"before": each.before} if each.before else {})}
            for each in self.items
        ]}  # fmt: skip


def compare(
    since: str, before: Mapping[str, State], after: Iterable[State], removed: bool = True
) -> Changes:
    """Return what is different after; `removed` is False where nobody knows whether an item belonged there."""
    now = {state.key: state for state in after}
    found = [_change(before.get(key), state) for key, state in now.items()]
    gone = [
        Change("removed", state.part, state.id, before=state.words)
        for key, state in sorted(before.items())
        if removed and key not in now
    ]
    order = {part.name: number for number, part in enumerate(PARTS)}
    every = [each for each in found if each] + gone
    return Changes(since, tuple(sorted(every, key=lambda each: order.get(each.part, 0))))


def _change(before: State | None, now: State) -> Change | None:
    if before is None:
        return Change("new", now.part, now.id, now.words, "", now.blocks)
    if before.digest == now.digest:
        return None
    old = {*before.blocks}
    blocks = tuple(each for each in now.blocks if each not in old)
    return Change("changed", now.part, now.id, now.words, before.words, blocks)
