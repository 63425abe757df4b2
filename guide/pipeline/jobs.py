"""The work of worker processes: each function imports its stage in the process that runs it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from guide.diagnostics.diagnostic import Severity

if TYPE_CHECKING:
    from guide.model.artifacts import FaceSet, Fault, FontFace, FontObjects, FontUse, Html, Pdf
    from guide.model.setparts import MarginPage, Margins, Piece, Proved, Proving, SetPart
    from guide.pdf.archive import Source
    from guide.proof.expected import Expected
    from guide.proof.prove import Proof, Spot
    from guide.system.watch import Machine

WORKER_MODULES = ("guide.pdf.warm",)
SHARED_MODULES = ("guide.pdf.typeset",)


def typeset_job(html: Html) -> Pdf:
    """Typeset in whatever process this runs in."""
    from guide.pdf.typeset import typeset

    return typeset(html)


def set_parts_job(pieces: Sequence[Piece]) -> list[SetPart]:
    """Set parts of documents."""
    from guide.pdf.typeset_parts import set_parts

    return set_parts(pieces)


def set_margins_job(html: Html, pages: Sequence[MarginPage], total: int, sizes: Any) -> Margins:
    """Set what is in the margins of pages."""
    from guide.pdf.typeset_parts import set_margins

    return set_margins(html, pages, total, sizes)


def prove_parts_job(data: bytes, parts: Sequence[Proving], pages: int) -> list[Proved]:
    """Read pages of a file back, and look for all that they must show."""
    from guide.proof.by_part import prove_parts

    return prove_parts(data, parts, pages)


def machine_job() -> Machine:
    """Ask for the machine's fonts and libraries in a process that has loaded them."""
    from guide.engine.machine import machine

    return machine()


def archive_job(data: bytes, source: Source) -> bytes | str:
    """Make an archive; what is wrong is returned as a text."""
    from guide.pdf.archive import NotArchivableError, archived

    try:
        return archived(data, source)
    except NotArchivableError as exc:
        return str(exc)


def set_faces_job(html: Html) -> FaceSet:
    """Set faces."""
    from guide.pdf.typeset import set_faces

    return set_faces(html)


def fonts_job(fonts: tuple[FontFace, ...], uses: tuple[FontUse, ...]) -> FontObjects:
    """Subset fonts."""
    from guide.pdf.fonts import font_objects

    return font_objects(fonts, uses)


@dataclass(frozen=True)
class Marked:
    """The marking of a deck, and how often each page of a file must show it."""

    text: str
    counts: tuple[int, ...]
    own: bool


def prove_deck_job(
    wanted: Sequence[Expected], spots: list[list[Spot]] | None, data: bytes, marked: Marked,
    only: Collection[int] | None = None,
) -> tuple[Proof, list[Fault]]:  # fmt: skip
    """Look for all text of a deck and its marking; on sheets, for each face at its spot.

    With the pack's own templates a page that lacks the marking is a warning. Of pages other than
    `only` everything is known to be there.
    """
    from guide.proof.page_margins import marking_faults
    from guide.proof.prove import prove_deck, prove_sheets

    if spots is None:
        proof = prove_deck(wanted, data, only)
    else:
        proof = prove_sheets(wanted, spots, data, only)
    severity = Severity.WARNING if marked.own else Severity.ERROR
    return proof, marking_faults(data, marked.text, marked.counts, severity, only)
