"""Ledgers beside a list that know its people already: the list, or its document, was renamed."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from guide.delivery.database import Ledger
from guide.delivery.issues import is_of
from guide.delivery.ledger import SUFFIX
from guide.delivery.names import fold
from guide.delivery.queries import known
from guide.delivery.records import Issue, Known
from guide.diagnostics.diagnostic import Diagnostic, GuideError, Place, error
from guide.model.copies import Recipient

_MOST = 100  # ledgers that are looked at
_HALF = 0.5  # of the rows: from there on it is the same list


def _beside(folders: Iterable[Path], but: Path) -> list[tuple[Path, Known]]:
    """Return the ledgers of some folders that can be read, without one."""
    found: dict[str, tuple[Path, Known]] = {}
    for folder in folders:
        for path in sorted(folder.glob(f"*{SUFFIX}"))[:_MOST]:
            real = os.path.realpath(path)
            if path.name.startswith(".") or real in {*found, os.path.realpath(but)}:
                continue
            try:
                with Ledger.read(path) as ledger:
                    found[real] = (path, known(ledger))
            except GuideError:  # whatever it is, it is not the ledger that is looked for
                continue
    return [*found.values()]


def owner_of(folder_id: str, copies: set[str], recipients: Path, but: Path) -> Path | None:
    """Return the ledger that a folder of copies belongs to, if it is beside the list or here."""
    for path, there in _beside([recipients.parent, Path()], but):
        same = folder_id and there.facts.get("id") == folder_id
        if same or (copies and copies <= there.ids):
            return path
    return None


def known_elsewhere(
    rows: Sequence[tuple[Recipient, int]], issue: Issue, recipients: Path, ledger: Path
) -> Diagnostic | None:
    """Return an error if another ledger here has given this document to most people of the list.

    Without it a list that was renamed would begin anew, and everybody would get a second copy.
    """
    if not rows:
        return None
    for path, there in _beside([recipients.parent], ledger):
        if not is_of(there, issue):
            continue
        people = {(fold(p.name), fold(p.email)) for p in there.people}
        both = sum((fold(who.name), fold(who.email)) in people for who, _ in rows)
        if both and both >= _HALF * len(rows):
            message = (
                f"{path.name} has given this document to {both} of {len(rows)} people of the list"
            )
            hint = f"If it is the same list under another name: --ledger {path}. A ledger that you "
            hint += "name with --ledger is taken as it is."
            return error("list-renamed", message, Place(str(recipients)), hint)
    return None
