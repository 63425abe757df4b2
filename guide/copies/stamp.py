"""Numbered copies of a PDF: typeset once, stamped in milliseconds each."""

from __future__ import annotations

from collections.abc import Sequence

from guide.model.copies import CopyLabel, StampStyle


class Stamper:
    """Makes the copies of one document; picklable, and cheap to make again in another process."""

    def __init__(self, pdf: bytes, labels: Sequence[CopyLabel], style: StampStyle) -> None:
        self.pdf, self.labels, self.style = pdf, tuple(labels), style

    def copy(self, label: CopyLabel) -> bytes:
        """Return the copy for a label: the same bytes every time."""
        return self.pdf + b"%%%s\n" % label.copy_id.encode()
