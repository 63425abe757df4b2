"""Faces as form XObjects, and pages that draw them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pydyf

from guide.engine.pieces import Ready, deflated, place
from guide.model.artifacts import SetFace, Sheets
from guide.pdf.assemble import About, Common, inform, written
from guide.units import POINTS_PER_MM, Paper


def finish(pdf: pydyf.PDF, pages: Sequence[int], about: About) -> Sheets:
    """Return a file of pages that were added to it."""
    pdf.pages["Kids"] = pydyf.Array([b"%d 0 R" % number for number in pages])
    pdf.pages["Count"] = len(pages)
    inform(pdf, about)
    return Sheets(written(pdf), len(pages))


def form_of(common: Common, face: SetFace) -> int:
    """Add a face to a file and return the number of its form; its bleed is part of it."""
    resources = place(common.pdf, face.drawing, common.of(face))
    box = (-face.bleed, -face.bleed, face.width + face.bleed, face.height + face.bleed)
    text = b"<</Type /XObject/Subtype /Form/BBox [%.3f %.3f %.3f %.3f]" % box
    rest = b"/Resources %d 0 R/Filter /FlateDecode/Length %d>>" % (resources, len(face.plain))
    form = Ready(text + rest, face.plain)
    common.pdf.add_object(form)
    return int(form.number)


def page_of(pdf: pydyf.PDF, content: bytes, forms: Mapping[bytes, int], paper: Paper) -> int:
    """Add a page that draws forms by name, and return its number."""
    data = deflated(content)
    stream = Ready(b"<</Filter /FlateDecode/Length %d>>" % len(data), data)
    pdf.add_object(stream)
    names = b"".join(b"/%s %d 0 R" % entry for entry in forms.items())
    size = (paper.width * POINTS_PER_MM, paper.height * POINTS_PER_MM)
    page = Ready(
        b"<</Type /Page/Parent %d 0 R/MediaBox [0 0 %.3f %.3f]/Contents %d 0 R"
        b"/Resources <</XObject <<%s>>>>>>" % (pdf.pages.number, *size, stream.number, names)
    )
    pdf.add_object(page)
    return int(page.number)
