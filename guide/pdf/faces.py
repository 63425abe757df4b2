"""Faces to set faces: each a page that is drawn by itself, whatever is before or after it."""

from __future__ import annotations

import dataclasses
import re
from types import SimpleNamespace
from typing import Any

import pydyf
from weasyprint import pdf as weasyprint_pdf
from weasyprint.matrix import Matrix

from guide.engine.pieces import content_of, deflated
from guide.engine.structure import add_tags
from guide.model.artifacts import (
    DOCUMENT,
    FIRST_LINK,
    PAGE_NUMBER,
    PARENT,
    FontFace,
    Group,
    SetFace,
)
from guide.pdf.canvas import SCALE, Canvas, font_faces, outside, shared_codes
from guide.pdf.slots import FaceStream, Specimens

_STRUCTURE = re.compile(rb"(?:/[^\n]+\n<<[^\n]*>>\nBDC|/Artifact\nBMC|EMC)(?:\n|$)")


class Drawer:
    """Draws laid-out pages one by one; the fonts it meets are loaded once."""

    def __init__(self, document: Any) -> None:
        self.document = document
        self.fonts: dict[Any, Any] = {}
        self.specimens = Specimens(self.fonts)

    def draw(self, page: Any, at: str, size: float) -> SetFace:
        """Return one face: no name in it depends on the faces around it."""
        return _Face(self, page).set_face(at, size)

    def faces(self) -> tuple[FontFace, ...]:
        """Return the fonts that were used."""
        return font_faces(self.fonts)


class _Face:
    def __init__(self, drawer: Drawer, page: Any) -> None:
        self.drawer, self.page = drawer, page
        self.canvas = Canvas(drawer.document, drawer.fonts)
        self.pdf = self.canvas.pdf

    def set_face(self, at: str, size: float) -> SetFace:
        page, scale, canvas = self.page, SCALE, self.canvas
        width, height = page.width * scale, page.height * scale
        bleed = page.bleed["left"] * scale
        trim = pydyf.Array([0, 0, width, height])
        stream = canvas.stream(page, FaceStream, {})
        stream.transform(d=-1, f=height)
        sheet = pydyf.Dictionary(
            {
                "Type": "/Page",
                "Parent": outside(PARENT),
                "MediaBox": pydyf.Array([-bleed, -bleed, width + bleed, height + bleed]),
                **({"CropBox": trim, "TrimBox": trim} if bleed else {}),
                "Contents": stream.reference,
                "Tabs": "/S",
                "StructParents": outside(PAGE_NUMBER),
            }
        )
        self.pdf.add_page(sheet)
        matrix = Matrix(scale, 0, 0, -scale, 0, height)
        links = next(iter(weasyprint_pdf.resolve_links([page])))
        add = weasyprint_pdf.add_links
        add(links, matrix, self.pdf, sheet, [], stream._tags)  # noqa: SLF001
        page.paint(stream, scale)
        number = self.drawer.specimens.slot(stream)
        sheet["Resources"] = canvas.refer()
        before = len(self.pdf.objects)
        inner = SimpleNamespace(pages=[page])
        add_tags(self.pdf, inner, "1.7", [stream], notes=False)
        face = self._taken(at, size, sheet, stream, before)
        return dataclasses.replace(face, number=number)

    def _taken(self, at: str, size: float, sheet: Any, stream: Any, before: int) -> SetFace:
        page, canvas, objects = self.page, self.canvas, self.pdf.objects
        content = content_of(stream)
        stream.stream = [content]
        mapping, root, document = objects[before : before + 3]
        shared, inside = canvas.shared()
        resources = int(sheet["Resources"].split()[0])
        first = [sheet.number, resources, stream.number]
        drawn = [n for n in range(4, before) if n not in {*first, *inside} and n != resources]
        annotations = [int(each.split()[0]) for each in sheet.get("Annots", ())]
        elements = list(range(before + 3, len(objects)))
        order = [*first, *(n for n in drawn if n not in annotations), *annotations, *elements]
        local = {number: n for n, number in enumerate(order)}
        local |= {document.number: DOCUMENT, root.number: DOCUMENT, mapping.number: DOCUMENT}
        local |= shared_codes(shared)
        numbers = mapping["Nums"]
        owners = dict(zip(numbers[::2], numbers[1::2], strict=True))
        links = list(canvas.links(annotations, owners, FIRST_LINK))
        return SetFace(
            at=at,
            width=page.width * SCALE,
            height=page.height * SCALE,
            size=size,
            over=0.0,
            objects=_numbered(canvas.group(order, local)),
            plain=deflated(_STRUCTURE.sub(b"", content)),
            drawing=canvas.apart([resources, *(n for n in drawn if n not in annotations)], shared),
            bleed=page.bleed["left"] * SCALE,
            structure=tuple(local[int(ref.split()[0])] for ref in document["K"]),
            marked=tuple(local[int(ref.split()[0])] for ref in numbers[1]),
            links=tuple((local[annotation], local[element]) for annotation, element in links),
            bookmarks=tuple(
                (label, x * SCALE, page.height * SCALE - y * SCALE)
                for _, label, (x, y), _ in page.bookmarks
            ),
            shared=tuple(group for _, group in shared),
            fonts=canvas.uses(),
        )


def _numbered(group: Group) -> Group:
    """Turn what was written as a reference into a plain number where PDF wants a number."""
    text = group.text
    for key in (b"/StructParents ", b"/StructParent "):
        text = text.replace(key + b"%d 0 R", key + b"%d")
    return dataclasses.replace(group, text=text)
