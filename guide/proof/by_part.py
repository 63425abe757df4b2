"""The proof of a document whose pages are proved part by part: only the new ones are read back.

Each part's texts, pictures and labels are looked for on its own pages of the finished file, as
`prove` looks for all of a document. What was found is kept with what the part draws.
"""

from __future__ import annotations

from collections.abc import Sequence

import pypdfium2 as pdfium

from guide.model.setparts import Proved, Proving, Wanted
from guide.proof.expected import Expected, Raster
from guide.proof.ink import Asked, Ink, read_pages
from guide.proof.page_margins import lacks_marking
from guide.proof.prove import prove_pages
from guide.proof.search import Words
from guide.proof.svg_labels import drawn_in_figures_of, lost_labels


def prove_parts(data: bytes, parts: Sequence[Proving], pages: int) -> list[Proved]:
    """Prove parts of a file; raises ValueError for one that has not the pages that it should have."""
    document = pdfium.PdfDocument(data)
    try:
        if len(document) != pages:
            raise ValueError(f"the file has {len(document)} pages in place of {pages}")
        return [_proved(document, part) for part in parts]
    finally:
        document.close()


def _proved(document: pdfium.PdfDocument, part: Proving) -> Proved:
    numbers = range(part.first, part.first + part.count)
    unmarked = tuple(
        n - part.first for n in numbers if part.marking and lacks_marking(document[n], part.marking)
    )
    if part.wanted is None:
        return Proved(unmarked=unmarked)
    wanted = _expected(part.wanted)
    asked = Asked(numbers if wanted.pictures else (), rasters=bool(wanted.rasters))
    ink: list[Ink] = read_pages(document.raw, numbers, asked)
    proof = prove_pages(wanted, ink, frozenset(part.told))
    gone = {fault.at for fault in proof.faults}
    labels = lost_labels(part.wanted.labels, lambda: drawn_in_figures_of(document.raw, numbers))
    told = tuple(fault for fault in labels if fault.at not in gone)
    return Proved(proof.items, proof.missing, proof.faults, told, unmarked)


def _expected(wanted: Wanted) -> Expected:
    return Expected(
        tuple(Words(at, runs) for at, runs in wanted.texts),
        wanted.pictures,
        tuple(Raster(at, words, thumb=thumb) for at, words, thumb in wanted.rasters),
    )
