"""What a sheet asks of the program that prints it."""

from __future__ import annotations

import io

import pikepdf
from pikepdf import Array, Dictionary, Name

from guide.sheets.plan_pages import EDGES


def preferences(duplex: str) -> Dictionary:
    """Return viewer preferences that ask for no scaling and for the right edge."""
    return Dictionary(
        PrintScaling=Name("/None"),
        Duplex=Name(EDGES.get(duplex, "/Simplex")),
        PickTrayByPDFSize=True,
        DisplayDocTitle=True,
        Enforce=Array([Name("/PrintScaling")]),
    )


def printed_as_it_is(data: bytes, duplex: str) -> bytes:
    """Return a PDF that asks for no scaling and for the right edge."""
    with pikepdf.open(io.BytesIO(data)) as pdf:
        pdf.Root.ViewerPreferences = preferences(duplex)
        out = io.BytesIO()
        pdf.save(out, deterministic_id=True)
        return out.getvalue()
