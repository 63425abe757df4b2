"""Faces to set faces: each a page that is drawn by itself, whatever is before or after it."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pydyf
from weasyprint import pdf as weasyprint_pdf
from weasyprint.matrix import Matrix

from guide.engine.pieces import content_of, deflated, group_of
from guide.engine.structure import add_tags
from guide.model.artifacts import (
    COLOURS,
    DOCUMENT,
    FIRST_FONT,
    FIRST_LINK,
    FIRST_SHARED,
    PAGE_NUMBER,
    PARENT,
    FontFace,
    Group,
    SetFace,
)
from guide.pdf.slots import FaceStream, Specimens
from guide.pdf.uses import font_use
from guide.resources import font_folders

_SCALE = 0.75  # pt a px
_OUTSIDE = 9_000_000  # object numbers that stand for what is outside a face
_STRUCTURE = re.compile(rb"(?:/[^\n]+\n<<[^\n]*>>\nBDC|/Artifact\nBMC|EMC)(?:\n|$)")
_HANDLES = {"hb_font", "hb_face", "file_content", "to_unicode", "widths", "missing"}


class Drawer:
    """Draws laid-out pages one by one; the fonts it meets are loaded once."""

    def __init__(self, document: Any) -> None:
        self.document = document
        self.fonts: dict[Any, Any] = {}
        self.specimens = Specimens(self.fonts)

    def draw(self, page: Any, at: str, size: float) -> SetFace:
        """Return one face: no name in it depends on the faces around it."""
        for font in self.fonts.values():
            font.to_unicode, font.widths, font.missing = {}, {}, {}
        return _Face(self, page).set_face(at, size)

    def faces(self) -> tuple[FontFace, ...]:
        """Return the fonts that were used."""
        return tuple(_font_face(font) for font in self.fonts.values())


def _font_face(font: Any) -> FontFace:
    facts = {name: value for name, value in vars(font).items() if name not in _HANDLES}
    content = font.file_content
    same = (path for path in _bundled().get(len(content), ()) if path.read_bytes() == content)
    known = str(next(same, ""))  # the bundled file that has this content
    return FontFace(font.digest, known, b"" if known else bytes(content), facts)


@lru_cache
def _bundled() -> dict[int, list[Path]]:
    """Return the bundled font files by their size in bytes."""
    found: dict[int, list[Path]] = {}
    for folder in font_folders().values():
        for path in sorted(Path(folder).glob("*.[ot]tf")):
            found.setdefault(path.stat().st_size, []).append(path)
    return found


class _Face:
    def __init__(self, drawer: Drawer, page: Any) -> None:
        self.drawer, self.page = drawer, page
        self.pdf = pydyf.PDF()
        self.pdf.catalog["Lang"] = pydyf.String("en")  # only so that its absence is not reported
        self.images: dict[str, Any] = {}
        self.resources = pydyf.Dictionary(
            {
                "ExtGState": pydyf.Dictionary(),
                "XObject": pydyf.Dictionary(),
                "Pattern": pydyf.Dictionary(),
                "Shading": pydyf.Dictionary(),
                "ColorSpace": _outside(COLOURS),
            }
        )

    def set_face(self, at: str, size: float) -> SetFace:
        page, scale = self.page, _SCALE
        width, height = page.width * scale, page.height * scale
        bleed = page.bleed["left"] * scale
        trim = pydyf.Array([0, 0, width, height])
        stream = self._stream(height)
        sheet = pydyf.Dictionary(
            {
                "Type": "/Page",
                "Parent": _outside(PARENT),
                "MediaBox": pydyf.Array([-bleed, -bleed, width + bleed, height + bleed]),
                **({"CropBox": trim, "TrimBox": trim} if bleed else {}),
                "Contents": stream.reference,
                "Tabs": "/S",
                "StructParents": _outside(PAGE_NUMBER),
            }
        )
        self.pdf.add_page(sheet)
        matrix = Matrix(scale, 0, 0, -scale, 0, height)
        links = next(iter(weasyprint_pdf.resolve_links([page])))
        add = weasyprint_pdf.add_links
        add(links, matrix, self.pdf, sheet, [], stream._tags)  # noqa: SLF001
        page.paint(stream, scale)
        number = self.drawer.specimens.slot(stream)
        # The drawer knows them in the order in which other faces brought them.
        used = sorted(
            (font for font in self.drawer.fonts.values() if font.to_unicode),
            key=lambda font: font.digest,
        )
        sheet["Resources"] = self._resources(used)
        before = len(self.pdf.objects)
        inner = SimpleNamespace(pages=[page])
        add_tags(self.pdf, inner, "1.7", [stream], notes=False)
        face = self._taken(at, size, sheet, stream, before, used)
        return dataclasses.replace(face, number=number)

    def _stream(self, height: float) -> FaceStream:
        page, document, bleed = self.page, self.drawer.document, self.page.bleed["left"]
        inside = (-bleed, -bleed, page.width + 2 * bleed, page.height + 2 * bleed)
        stream = FaceStream(
            self.drawer.fonts, inside, self.resources, self.images, {},
            document.color_profiles, document.output_intent, compress=True,
        )  # fmt: skip
        stream.transform(d=-1, f=height)
        self.pdf.add_object(stream)
        return stream

    def _resources(self, used: list[Any]) -> bytes:
        names = {font.hash: _outside(FIRST_FONT - n) for n, font in enumerate(used)}
        self.resources["Font"] = None
        reference: bytes = weasyprint_pdf._reference_resources(  # noqa: SLF001
            self.pdf, self.resources, self.images, pydyf.Dictionary(names),
            self.drawer.document.color_profiles,
        )  # fmt: skip
        return reference

    def _taken(
        self, at: str, size: float, sheet: Any, stream: Any, before: int, used: list[Any]
    ) -> SetFace:
        page, objects = self.page, self.pdf.objects
        content = content_of(stream)
        stream.stream = [content]
        mapping, root, document = objects[before : before + 3]
        shared, inside = self._shared(sheet, stream, before)
        resources = int(sheet["Resources"].split()[0])
        first = [sheet.number, resources, stream.number]
        drawn = [n for n in range(4, before) if n not in {*first, *inside} and n != resources]
        annotations = [int(each.split()[0]) for each in sheet.get("Annots", ())]
        elements = list(range(before + 3, len(objects)))
        order = [*first, *(n for n in drawn if n not in annotations), *annotations, *elements]
        local = {number: n for n, number in enumerate(order)}
        local |= {document.number: DOCUMENT, root.number: DOCUMENT, mapping.number: DOCUMENT}
        local |= {head: FIRST_SHARED - n for n, (head, _) in enumerate(shared)}
        numbers = mapping["Nums"]
        links = list(self._links(annotations, dict(zip(numbers[::2], numbers[1::2], strict=True))))
        return SetFace(
            at=at,
            width=page.width * _SCALE,
            height=page.height * _SCALE,
            size=size,
            over=0.0,
            objects=_numbered(self._group(order, local)),
            plain=deflated(_STRUCTURE.sub(b"", content)),
            drawing=self._drawing([resources, *(n for n in drawn if n not in annotations)], shared),
            bleed=page.bleed["left"] * _SCALE,
            structure=tuple(local[int(ref.split()[0])] for ref in document["K"]),
            marked=tuple(local[int(ref.split()[0])] for ref in numbers[1]),
            links=tuple((local[annotation], local[element]) for annotation, element in links),
            bookmarks=tuple(
                (label, x * _SCALE, page.height * _SCALE - y * _SCALE)
                for _, label, (x, y), _ in page.bookmarks
            ),
            shared=tuple(group for _, group in shared),
            fonts=tuple(font_use(font.digest, font.to_unicode, font.widths) for font in used),
        )

    def _drawing(self, order: list[int], shared: list[tuple[int, Any]]) -> Group:
        local = {number: n for n, number in enumerate(order)}
        local |= {head: FIRST_SHARED - n for n, (head, _) in enumerate(shared)}
        return self._group(order, local)

    def _group(self, order: list[int], local: Mapping[int, int]) -> Group:
        """Return objects as a group, with `local` numbers for what is inside the face."""

        def resolve(number: int) -> int:
            return local[number] if number < _OUTSIDE else _OUTSIDE - number

        return group_of((self.pdf.objects[number] for number in order), resolve)

    def _links(
        self, annotations: list[int], elements: dict[int, bytes]
    ) -> Iterator[tuple[int, int]]:
        """Yield each annotation with its structure element, and give it a number that stays open."""
        found = 0
        for annotation in annotations:
            dictionary = self.pdf.objects[annotation]
            element = elements.get(dictionary.pop("StructParent", None))
            if element is not None:
                dictionary["StructParent"] = _outside(FIRST_LINK - found)
                found += 1
                yield annotation, int(element.split()[0])

    def _shared(
        self, sheet: Any, stream: Any, before: int
    ) -> tuple[list[tuple[int, tuple[str, Group]]], set[int]]:
        """Return pictures, which several faces may show, as groups; and which objects they are."""
        found, inside = [], set[int]()
        for name, value in self.resources["XObject"].items():
            if name not in self.images:
                continue
            head = int(value.split()[0])
            numbers = [head]
            mask = self.pdf.objects[head].extra.get("SMask")
            if mask is not None:
                numbers.append(int(mask.split()[0]))
            group = self._group(numbers, {number: n for n, number in enumerate(numbers)})
            whole = hashlib.sha256(b"".join((group.text, *(data for _, data in group.data))))
            found.append((head, (whole.hexdigest(), group)))
            inside |= set(numbers)
        return found, inside


def _outside(code: int) -> bytes:
    return b"%d 0 R" % (_OUTSIDE - code)


def _numbered(group: Group) -> Group:
    """Turn what was written as a reference into a plain number where PDF wants a number."""
    text = group.text
    for key in (b"/StructParents ", b"/StructParent "):
        text = text.replace(key + b"%d 0 R", key + b"%d")
    return dataclasses.replace(group, text=text)
