"""How the copies of a run are stamped and closed."""

from __future__ import annotations

import dataclasses
import importlib
import os
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from guide.copies.seal import check_seal, with_field
from guide.copies.stamp import Stamper
from guide.delivery.dealing import key_of
from guide.delivery.orders import Recipe
from guide.delivery.records import Due
from guide.delivery.request import Task
from guide.diagnostics.diagnostic import GuideError, Place, error
from guide.foreign.apart import apart
from guide.html.stamps import signature_caption, stamp_style
from guide.model.copies import ENCRYPTED, SIGNED, Seal, Signature, StampStyle


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
    return dataclasses.replace(style, version=about.version, seal=seal)


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
