"""What changed since an earlier version, for a run that asks: from guide.lock, or from what the run brings."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from guide.content.identity import states
from guide.content.validate import did_you_mean
from guide.diagnostics.diagnostic import Diagnostic, Place, error, note
from guide.diagnostics.formats import plain_json
from guide.model.changes import Changes, compare
from guide.model.content import Flashcard
from guide.model.identity import Lock, State
from guide.model.pack import Pack
from guide.pipeline.record import JSON, Items, Output
from guide.pipeline.settings import Settings
from guide.sheets.plan_cards import Side

NAME = "changes.json"


def changes_of(pack: Pack, run: Settings) -> tuple[Changes | None, list[Diagnostic]]:
    """Return what changed since the version that the run or pack.yaml names; None, and why, if there is none such.

    An edition has its own items alone: of those that were removed, nobody knows whether they belonged to it.
    """
    own = pack.manifest.changes
    since = run.since or (own.since if own else "")
    if not since:
        return None, []
    place = Place("--since") if run.since else pack.at("changes.since")
    lock = pack.locked or Lock()
    if run.before is not None:
        before = {state.key: state for state in run.before}
    elif lock.release(since):
        before = lock.at(since)
    else:
        known = [each.version for each in lock.releases]
        hint = (
            did_you_mean(since, known)
            or "Record a version with `guide release` before the pack is changed."
        )
        return None, [error("unknown-version", f"version {since} was not released", place, hint)]
    return compare(since, before, _states(pack), removed=not run.edition), []


def _states(pack: Pack) -> list[State]:
    """Return the states of a pack, or of the items of an edition, in the order of the pack."""
    kept = {id(item) for item in pack.items}
    whole = pack.whole or pack
    found = {state.key: state for state in states(whole)}
    names = [(name, item.id) for name in ("sections", "timeline", "glossary", "actors", "facts", "cards", "questions")
             for item in getattr(pack, name) if id(item) in kept]  # fmt: skip
    return [found[f"{part}/{name}"] for part, name in names]


def items_of(pack: Pack) -> Items:
    """Return what build.json lists of the items of a pack with guide.lock."""
    if pack.lock is None:
        return ()
    found = (item.state for item in pack.lock.items.values() if not item.gone)
    return tuple((each.part, each.id, each.digest, each.words, each.blocks) for each in found)


def changes_file(changes: Changes) -> Output:
    """Return changes.json."""
    data = (plain_json(changes.as_json()) + "\n").encode()
    sha256 = hashlib.sha256(data).hexdigest()
    return Output("changes", NAME, 0, len(data), sha256, 0.0, False, media=JSON, data=data)


def reprint(
    changes: Changes, cards: Sequence[Flashcard], sides: Sequence[Side], place: Place
) -> Diagnostic | None:
    """Return a note on the sheets to print again: those with cards that are new or changed."""
    changed = {(each.part, each.id) for each in changes.items if each.how != "removed"}
    pages = {2 * number for number, card in enumerate(cards) if (card.origin, card.of) in changed}
    sheets = sorted({
        side.sheet + 1 for side in sides for each in side.placements if each.page - each.page % 2 in pages
    })  # fmt: skip
    if not sheets:
        return None
    count = f"{len(pages)} cards are" if len(pages) > 1 else "1 card is"
    which = f"sheets {_runs(sheets)}" if len(sheets) > 1 else f"sheet {sheets[0]}"
    message = f"{count} new or changed since {changes.since}: on {which}"
    return note(
        "changed-cards",
        message,
        place,
        "Print these sheets again, or the cards alone with `--only-changed-since`.",
    )


def _runs(numbers: Sequence[int]) -> str:
    """Return numbers in few words: `3, 7-9`."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else f"{run[0]}" for run in runs)
