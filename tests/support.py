"""What tests of several stages share."""

from __future__ import annotations

from guide.model.artifacts import FontObjects, Html, Pdf, SetFace


def whole_deck(html: Html) -> tuple[Pdf, list[SetFace], FontObjects]:
    """Return a deck as a PDF, its faces and its fonts, made in this process without any cache."""
    from guide.pdf.assemble import About, assemble
    from guide.pdf.fonts import font_objects
    from guide.pdf.typeset import set_faces
    from guide.pdf.uses import union
    from guide.units import POINTS_PER_MM

    found = set_faces(html)
    faces = list(found.faces)
    fonts = font_objects(found.fonts, union(faces))
    data = assemble(faces, fonts, About(html.title, html.lang))
    sizes = tuple((round(f.width / POINTS_PER_MM, 2), round(f.height / POINTS_PER_MM, 2)) for f in faces)
    faults = (*found.faults, *(fault for face in faces for fault in face.faults))
    return Pdf(data, sizes, faults, tuple(face.size for face in faces)), faces, fonts
