"""Numbered copies of a PDF: typeset once, stamped in milliseconds each."""

from __future__ import annotations

from collections.abc import Sequence

from guide.copies.labels import SetLabel
from guide.copies.parts import Draft, compose
from guide.copies.prepare import prepare
from guide.diagnostics.diagnostic import Diagnostic, Place, warning
from guide.model.copies import CopyLabel, StampStyle

_BLOCK = 64  # labels that are set together: starting to typeset takes as long as two of them


class Stamper:
    """Makes the copies of one document, each a function of document, label and style alone.

    Making one takes half a second for a document of 60 pages, a copy some milliseconds. It can be
    pickled; processes that each make their own from the same arguments make the same copies.
    `labels` are those that are wanted soon, as for `expect`. Raises GuideError when the document
    cannot be stamped.
    """

    def __init__(self, pdf: bytes, labels: Sequence[CopyLabel], style: StampStyle) -> None:
        self.style = style
        self.problems: tuple[Diagnostic, ...] = ()
        self._ready: dict[CopyLabel, SetLabel] = {}
        self.expect(labels)
        self._prepared = prepare(pdf, style)

    def expect(self, labels: Sequence[CopyLabel]) -> None:
        """Name the labels that are wanted next: those are set together, which takes less time."""
        self.labels = tuple(labels)
        self._index = {label: n for n, label in enumerate(self.labels)}
        self._ready.clear()

    def copy(self, label: CopyLabel, ahead: SetLabel | None = None) -> bytes:
        """Return the copy for a label: the same bytes every time.

        `ahead` is the label as it was set before the document was known; it is used if it fits.
        """
        return compose(self.draft(label, ahead))

    def draft(self, label: CopyLabel, ahead: SetLabel | None = None) -> Draft:
        """Return what `copy` makes a file of; all drafts of a stamper have the same base."""
        if ahead is not None and self.takes(ahead):
            faces = {kind: ahead.faces[kind] for kind in self._prepared.setter.kinds}
            return self._prepared.draft(label, SetLabel(faces, ahead.fonts))
        if label not in self._ready:
            self._set(label)
        return self._prepared.draft(label, self._ready.pop(label))

    def takes(self, ahead: SetLabel) -> bool:
        """Return whether a label that was set before has all faces that the document needs."""
        return all(kind in ahead.faces for kind in self._prepared.setter.kinds)

    def _set(self, label: CopyLabel) -> None:
        """Set a label, and its neighbours in the list: together they take less time."""
        n = self._index.get(label)
        block = [label]
        if n is not None:
            start = n // _BLOCK * _BLOCK
            block = list(dict.fromkeys(self.labels[start : start + _BLOCK]))
        made, faults = self._prepared.setter.set(block)
        if len(self._ready) > 64 * _BLOCK:  # labels that nobody asked for
            self._ready.clear()
        self._ready |= dict(zip(block, made, strict=True))
        said = [
            warning(f.code, f"a name on a copy: {f.message}", Place(""),
                    "Write the name in letters that the bundled fonts have.")
            for f in faults
        ]  # fmt: skip
        self.problems = tuple(dict.fromkeys((*self.problems, *said)))
