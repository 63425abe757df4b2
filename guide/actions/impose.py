"""Any PDF on sheets, to fold or to cut: read in a confined process, written here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from guide.diagnostics.diagnostic import GuideError, Place, error
from guide.system import output

if TYPE_CHECKING:
    from guide.sheets.impose_pages import Pressed, Scheme

Ranges = Sequence[tuple[int, int | None]]
"""First and last pages, from 1 on; None is the last page of the file."""


def impose_file(
    source: Path, target: Path, scheme: Scheme, ranges: Ranges, password: str
) -> Pressed:
    """Write an imposed PDF of the pages in `ranges`, of all pages when there are none.

    Raises GuideError when the source cannot be read or imposed, or the target not written.
    """
    from guide.foreign.apart import apart

    try:
        size = source.stat().st_size
        data = source.read_bytes()
    except OSError as exc:
        message = f"cannot be read: {exc.strerror or exc}"
        raise GuideError(error("unreadable-file", message, Place(str(source)))) from exc
    imposed: Pressed = apart(
        _impose, data, str(source), scheme, ranges, password, name=str(source), size=size
    )
    output.write(target, imposed.sheets.data)
    return imposed


def _impose(data: bytes, name: str, scheme: Scheme, ranges: Ranges, password: str) -> Pressed:
    """Impose a PDF that someone else made, in a confined process; raises GuideError for no page."""
    from guide.sheets.impose_pages import impose_pdf
    from guide.sheets.page_forms import opened

    if not ranges:
        return impose_pdf(data, scheme, name, None, password)
    with opened(data, name, password) as pdf:
        count = len(pdf.pages)
    chosen = [
        n - 1 for first, last in ranges for n in range(first, min(last or count, count + 1) + 1)
    ]
    if not chosen or max(chosen) >= count:
        message = f"there is no such page: the PDF has {count}"
        raise GuideError(error("cannot-impose", message, Place("--pages"), "Check --pages."))
    return impose_pdf(data, scheme, name, chosen, password)
