"""What the copies of a run are made of, and orders for those that are due, in portions for one job."""

from __future__ import annotations

import importlib
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from guide.copies.labels import SetLabel
from guide.copies.seal import check_seal, with_field
from guide.copies.stamp import Stamper
from guide.delivery.channels.base import Channel
from guide.delivery.dealing import key_of
from guide.delivery.names import safe
from guide.delivery.orders import Made, Order, Recipe
from guide.delivery.records import Due, LedgerEntry
from guide.delivery.request import Task
from guide.diagnostics.diagnostic import GuideError, Place, error
from guide.foreign.apart import apart
from guide.html.stamps import signature_caption, stamp_style
from guide.model.copies import ENCRYPTED, SIGNED, CopyLabel, Seal, Signature, StampStyle

CHUNK = 64  # copies between two writes of the ledger, where a copy may be made twice
AHEAD = 16  # copies that one job makes while others are being sent
_SIGNED = 16  # signed copies that one job makes: each takes a while
_BYTES = 64_000_000  # of copies that one job makes


def sealed_with(task: Task, documents: Mapping[str, bytes]) -> Signature | None:
    """Read the key, and refuse what cannot be sealed so; raises GuideError."""
    request = task.request
    signature = None
    if request.sign is not None:
        signature = Signature(
            key=_key(request.sign),
            passphrase=os.environ.get("GUIDE_SIGN_PASSPHRASE", ""),
            visible=request.visible,
            detached=request.detached,
            caption=signature_caption(task.about.lang),
            lang=task.about.lang,
        )
    if request.encrypt or signature:
        for document in documents.values():
            wanted = Seal(password="-" if request.encrypt else "", signature=signature)
            check_seal(wanted, document, str(request.source))
    return signature


def _key(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as exc:
        message = f"the key cannot be read: {exc.strerror or exc}"
        hint = "Check the name and the permissions of the file after --sign."
        raise GuideError(error("unreadable-file", message, Place(str(path)), hint)) from exc


def style_of(task: Task, language: str) -> StampStyle:
    """Return how copies of a language are stamped."""
    about, request = task.about, task.request
    style = stamp_style(
        about.place, language or about.lang, version=about.shown_version, date=about.date,
        marking=about.marking, supersedes=about.supersedes, valid_until=about.valid_until,
        watermark=request.watermark,
    )  # fmt: skip
    embedded = request.sign is not None and not request.detached
    seal = " ".join([ENCRYPTED] * request.encrypt + [SIGNED] * embedded)
    # A version that nobody named still tells copies apart, but is nothing for people to read.
    return replace(style, version=about.version, seal=seal)


def recipe_of(
    task: Task, documents: Mapping[str, bytes], dues: Sequence[Due], signature: Signature | None
) -> Recipe:
    """Return what copies are made of; raises GuideError."""
    how: dict[str, Any] = {"name": str(task.request.source), "shared": task.reading}
    keys = {(key_of(entry), due.recipient.language) for due in dues for entry in due.entries}
    styles = {key: style_of(task, key[1]) for key in keys}
    if signature and not signature.detached:
        documents = {
            name: apart(with_field, data, signature, size=len(data), **how)
            for name, data in documents.items()
        }
    stampers: dict[tuple[str, str], Stamper] = {}
    sizes = {name: len(data) for name, data in documents.items()}
    if task.about.editions is None:  # a stranger's PDF, which is read in a separate process
        importlib.import_module("guide.pdf.typeset")  # once, for that process and this one
        for key, style in styles.items():
            data = documents[key[0]]
            stampers[key] = apart(Stamper, data, (), style, size=len(data), **how)
        documents = {}
    return Recipe(
        secrets.token_hex(8), documents, styles, signature, task.request.encrypt, stampers, sizes
    )


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

    A row of many copies is divided where the channel allows it; else it is a separate job.
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
