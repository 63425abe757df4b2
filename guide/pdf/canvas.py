"""Laid-out pages drawn into PDF objects that go into any file: of a face, or of a part of a document."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import pydyf
from weasyprint import pdf as weasyprint_pdf

from guide.engine.pieces import group_of
from guide.model.artifacts import COLOURS, FIRST_FONT, FIRST_SHARED, FontFace, FontUse, Group
from guide.pdf.uses import font_use
from guide.resources import font_folders

SCALE = 0.75  # pt a px
_OUTSIDE = 9_000_000  # object numbers that stand for what is outside
_HANDLES = {"hb_font", "hb_face", "file_content", "to_unicode", "widths", "missing", "_advances"}


def outside(code: int) -> bytes:
    """Return the reference to what a code stands for."""
    return b"%d 0 R" % (_OUTSIDE - code)


def number_of(number: int, local: Mapping[int, int]) -> int:
    """Return what a group calls an object: its place in it, or the code of what is outside."""
    return local[number] if number < _OUTSIDE else _OUTSIDE - number


class Canvas:
    """A PDF to draw pages on, out of which the objects are taken.

    `fonts` are those that were met, by WeasyPrint's key: loaded once for several canvases.
    """

    def __init__(self, document: Any, fonts: dict[Any, Any]) -> None:
        self.document, self.fonts = document, fonts
        self.pdf = pydyf.PDF()
        self.pdf.catalog["Lang"] = pydyf.String("en")  # only so that its absence is not reported
        self.images: dict[str, Any] = {}
        self.resources = pydyf.Dictionary(
            {
                "ExtGState": pydyf.Dictionary(),
                "XObject": pydyf.Dictionary(),
                "Pattern": pydyf.Dictionary(),
                "Shading": pydyf.Dictionary(),
                "ColorSpace": outside(COLOURS),
            }
        )
        for font in fonts.values():
            font.forget()

    def stream(self, page: Any, kind: type, tags: dict[Any, Any] | None) -> Any:
        """Add an empty content for a page; its upper left corner is the origin."""
        document, bleed = self.document, page.bleed["left"]
        extent = (-bleed, -bleed, page.width + 2 * bleed, page.height + 2 * bleed)
        stream = kind(
            self.fonts, extent, self.resources, self.images, tags,
            document.color_profiles, document.output_intent, compress=True,
        )  # fmt: skip
        self.pdf.add_object(stream)
        return stream

    @property
    def used(self) -> list[Any]:
        """The fonts that were drawn with, in an order that does not depend on when they were met."""
        drawn = (font for font in self.fonts.values() if font.to_unicode)
        return sorted(drawn, key=lambda font: font.digest)

    def uses(self) -> tuple[FontUse, ...]:
        """Return the glyphs of the fonts that were drawn with."""
        return tuple(font_use(font.digest, font.to_unicode, font.widths) for font in self.used)

    def font_names(self) -> Any:
        """Return the dictionary of fonts; each stays open."""
        names = {font.hash: outside(FIRST_FONT - n) for n, font in enumerate(self.used)}
        return pydyf.Dictionary(names)

    def refer(self) -> bytes:
        """Add all that was drawn with, and return a reference to the resources."""
        self.resources["Font"] = None
        reference: bytes = weasyprint_pdf._reference_resources(  # noqa: SLF001
            self.pdf, self.resources, self.images, self.font_names(), self.document.color_profiles
        )
        return reference

    def group(self, order: list[int], local: Mapping[int, int]) -> Group:
        """Return objects as a group, with `local` numbers for what is inside it."""
        objects = (self.pdf.objects[number] for number in order)
        return group_of(objects, lambda number: number_of(number, local))

    def apart(self, order: list[int], shared: list[tuple[int, Any]]) -> Group:
        """Return objects as a separate group, with pictures that are shared left open."""
        local = {number: n for n, number in enumerate(order)}
        local |= shared_codes(shared)
        return self.group(order, local)

    def links(
        self, annotations: list[int], elements: Mapping[int, bytes], first: int
    ) -> Iterator[tuple[int, int]]:
        """Yield each annotation with its structure element, and give it a number that stays open."""
        found = 0
        for annotation in annotations:
            dictionary = self.pdf.objects[annotation]
            element = elements.get(dictionary.pop("StructParent", None))
            if element is not None:
                dictionary["StructParent"] = outside(first - found)
                found += 1
                yield annotation, int(element.split()[0])

    def shared(self) -> tuple[list[tuple[int, tuple[str, Group]]], set[int]]:
        """Return pictures, which others may show, as groups; and which objects they are."""
        found, inside = [], set[int]()
        for name, value in self.resources["XObject"].items():
            if name not in self.images:
                continue
            head = int(value.split()[0])
            numbers = [head]
            mask = self.pdf.objects[head].extra.get("SMask")
            if mask is not None:
                numbers.append(int(mask.split()[0]))
            group = self.group(numbers, {number: n for n, number in enumerate(numbers)})
            whole = hashlib.sha256(b"".join((group.text, *(data for _, data in group.data))))
            found.append((head, (whole.hexdigest(), group)))
            inside |= set(numbers)
        return found, inside


def shared_codes(shared: list[tuple[int, Any]]) -> dict[int, int]:
    """Return what the objects of pictures that are shared are called."""
    return {head: FIRST_SHARED - n for n, (head, _) in enumerate(shared)}


def font_faces(fonts: Mapping[Any, Any]) -> tuple[FontFace, ...]:
    """Return fonts that were drawn with as they were loaded."""
    return tuple(_font_face(font) for font in fonts.values())


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
