"""Copies that are due, as orders, in portions that one job makes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from guide.copies.labels import SetLabel
from guide.delivery.channels.base import Channel
from guide.delivery.dealing import key_of
from guide.delivery.names import safe
from guide.delivery.orders import Made, Order, Recipe
from guide.delivery.records import Due, LedgerEntry
from guide.delivery.request import Task
from guide.diagnostics.diagnostic import GuideError, Place, error
from guide.model.copies import CopyLabel

CHUNK = 64  # copies between two writes of the ledger, where a copy may be made twice
AHEAD = 16  # copies that one job makes while others are being sent
_SIGNED = 16  # signed copies that one job makes: each takes a while
_BYTES = 64_000_000  # of copies that one job makes


def copy_name(task: Task, entry: LedgerEntry, last: int = 0) -> str:
    """Return a file name without ending: unique by its number, and nobody's name unless asked.

    With `last` it is that of all copies from the entry's number to that one.
    """
    parts = [
        task.about.stem, safe(entry.edition, ascii_only=True), "" if last else entry.quiz,
        f"copy-{entry.number:03d}" + (f"-{last:03d}" if last else ""),
        safe(entry.name) if task.request.names else "",
    ]  # fmt: skip
    return "-".join(filter(None, parts))


def order_of(
    task: Task, due: Due, secret: str, message_id: str,
    ahead: Mapping[tuple[str, CopyLabel], SetLabel],
) -> Order:  # fmt: skip
    """Return the order for what one recipient is due."""
    first, own = due.entries[0], due.recipient.copies == 1
    last = due.entries[-1].number if len(due.entries) > 1 else 0
    labels = tuple(
        CopyLabel(e.number, e.total, e.name, e.organisation, e.copy_id, own) for e in due.entries
    )
    names = tuple(f"{copy_name(task, e)}.pdf" for e in due.entries)
    return Order(
        due.recipient, labels, tuple(map(key_of, due.entries)), names,
        copy_name(task, first, last), secret, message_id,
        tuple(ahead.get((first.language, replace(label, copy_id=""))) for label in labels),
    )  # fmt: skip


def portions(
    dues: Sequence[Due], channel: Channel, recipe: Recipe, most: int
) -> Iterator[list[Due]]:
    """Yield what one job makes: a bounded number of copies, and of bytes, whatever the rows ask for.

    A row of many copies is divided where the channel allows it; else it is a job of its own.
    """
    size = recipe.size("*")
    most = max(1, min(_SIGNED if recipe.signature else most, _BYTES // max(1, size)))
    portion: list[Due] = []
    count = 0
    for due in dues:
        step = most if channel.divisible else len(due.entries)
        for start in range(0, len(due.entries), step or 1):
            entries = due.entries[start : start + step]
            if portion and count + len(entries) > most:
                yield portion
                portion, count = [], 0
            portion.append(replace(due, entries=tuple(entries)))
            count += len(entries)
    if portion:
        yield portion


def made_by(job: Any, copies: int = 1) -> list[Made]:
    """Return what a job made; raises GuideError when its process died.

    A job may take the longer the more copies it makes.
    """
    from guide.system.pool import TIME_LIMIT, JobTimeout, WorkerDied

    try:
        found: list[Made] = job.result(TIME_LIMIT * max(1.0, copies / _SIGNED))
    except (WorkerDied, JobTimeout) as exc:
        message = "the process that made copies died"
        hint = "There may be too little memory: run again with --jobs 1. Nothing is sent twice."
        raise GuideError(error("render-failed", message, Place(""), hint)) from exc
    return found
