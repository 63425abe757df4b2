"""Whose copy a file is, of which version, and whether it is as it was sent."""

from __future__ import annotations

from typing import Protocol

from guide.copies.ledger import LedgerEntry


class Lookup(Protocol):
    """What knows the copies that were given out: the ledger."""

    def find(self, copy_id: str) -> LedgerEntry | None:
        """Return the copy with an invisible id."""
