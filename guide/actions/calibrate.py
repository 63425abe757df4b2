"""The calibration sheet of a printer, as a PDF."""

from __future__ import annotations

from pathlib import Path

from guide.pipeline import typeset_job
from guide.printing import profiles
from guide.system import output
from guide.units import Paper


def write_calibration(paper: Paper, duplex: str, path: Path) -> None:
    """Write the calibration sheet; raises GuideError when it cannot be written."""
    from guide.html.own_documents import calibration_sheet
    from guide.sheets.prefer import printed_as_it_is

    crosses = profiles.crosses(paper.width, paper.height)
    pdf = typeset_job(calibration_sheet(paper, duplex, crosses))
    output.write(path, printed_as_it_is(pdf.data, duplex))
