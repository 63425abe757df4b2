"""Where a cite is after those before it: first, subsequent, ibid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from guide.markup.csl.processor import Cite


def positioned(
    clusters: Sequence[Sequence[Cite]], notes: Sequence[int] = (), distance: int = 5
) -> list[list[Cite]]:
    """Return clusters, in the order of the document, with the position of each cite.

    `notes` are the numbers of the notes in which they are, `distance` how near a note is near.
    """
    result: list[list[Cite]] = []
    seen: dict[str, tuple[int, int]] = {}  # the first note, the last note
    for at, cluster in enumerate(clusters):
        note = notes[at] if at < len(notes) and notes[at] else at + 1
        made: list[Cite] = []
        for n, cite in enumerate(cluster):
            before = made[n - 1] if n else _only(result)
            position = _position(cite, before, cite.key in seen)
            first, last = seen.get(cite.key, (0, 0))
            near = bool(first) and note - last <= distance
            made.append(replace(cite, position=position, near=near, first_note=first))
            seen[cite.key] = (first or note, note)
        result.append(made)
    return result


def _only(result: Sequence[Sequence[Cite]]) -> Cite | None:
    """Return the cite of the cluster before, if it is the only one there."""
    return result[-1][0] if result and len(result[-1]) == 1 else None


def _position(cite: Cite, before: Cite | None, seen: bool) -> str:
    if not seen:
        return "first"
    if before is None or before.key != cite.key:
        return "subsequent"
    if before.locator and not cite.locator:
        return "subsequent"
    same = (before.locator, before.label) == (cite.locator, cite.label)
    return "ibid" if same or not cite.locator else "ibid-with-locator"
