"""A document ready for its copies: what all share, and the places that each copy fills."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from guide.copies.labels import LabelSetter, SetLabel
from guide.copies.parts import Base, Draft, Part, compose, without_length
from guide.copies.places import FRAME, Slot
from guide.copies.trace import MARK_SIZE, bars
from guide.foreign.probe import Spot
from guide.model.artifacts import (
    COLOURS,
    FIRST_FONT,
    SEPARATOR,
    FontFace,
    FontUse,
    Group,
    SetFace,
)
from guide.model.copies import CopyLabel
from guide.model.pageview import PageView, moved, times
from guide.units import POINTS_PER_MM

NOTHING = b"<< >>"
_PROBE = b"<</Type /XObject/Subtype /Form/BBox [0 0 2000 2000]/Resources <<>>>>"
_MARK = b"<</Type /XObject/Subtype /Form/BBox [0 0 %.2f %.2f]/Resources <<>>/GuideCopy /c%s>>"


@dataclass(frozen=True)
class Ready:
    """A document ready for its copies.

    `forms` are the numbers of the forms that pages draw, by kind. A copy puts its values into
    `texts` where `token` is. `shared` are the fonts in the base: their object, and how their
    glyphs are read.
    """

    base: Base
    forms: Mapping[Any, int]
    texts: tuple[Part, ...]
    token: bytes
    setter: LabelSetter
    shared: Mapping[str, tuple[int, dict[int, str]]]

    def draft(self, label: CopyLabel, made: SetLabel) -> Draft:
        """Return the copy for a label that was set."""
        copy_id = label.copy_id.encode()
        mark = Part(self.forms["mark"], _MARK % (*MARK_SIZE, copy_id), bars(label.copy_id))
        own = [*self._faces(label, made), mark, *self._filled(label)]
        return Draft(self.base, tuple(own), bytes.fromhex(label.copy_id))

    def probe(self, ink: bool) -> bytes:
        """Return a copy whose lines are plain bars in the colour of text, or nothing at all."""
        own = []
        for kind, number in self.forms.items():
            if kind in self.setter.kinds or kind == "mark":
                bar = b""
                if ink and isinstance(kind, float):
                    left, foot, right, top = _bar(kind, self.setter.style.place.height)
                    sides = left, foot, right - left, top - foot
                    bar = b".1 .12 .14 rg %.2f %.2f %.2f %.2f re f" % sides
                own.append(Part(number, _PROBE, bar))
        own += self._filled(CopyLabel(1, 1, "", "", "0" * 32))
        return compose(Draft(self.base, tuple(own), bytes(16)))

    def _faces(self, label: CopyLabel, made: SetLabel) -> Iterator[Part]:
        """Yield the forms of a label, and before them the fonts that they share."""
        from guide.pdf.uses import of_use, union

        uses = union(made.faces.values())
        read = {use.name: self.shared.get(use.name, (0, {}))[1] for use in uses}
        own = tuple(  # those with a glyph that the base lacks, or that it reads as another text
            use for use in uses
            if any(read[use.name].get(glyph) != text for glyph, text in of_use(use)[0].items())
        )  # fmt: skip
        colours = self.base.size
        yield Part(colours, NOTHING)
        fonts, numbers = fonts_from(colours + 1, made.fonts, own) if own else ([], {})
        yield from fonts
        numbers |= {use.name: self.shared[use.name][0] for use in uses if use not in own}
        named = b"/GuideCopy /c" + label.copy_id.encode()
        first = colours + 1 + len(fonts)
        yield from drawn(made.faces, self.forms, numbers, colours, first, named)

    def _filled(self, label: CopyLabel) -> Iterator[Part]:
        """Yield objects with the copy's own values in the places that were kept for them."""
        i = label.copy_id
        dashed = "-".join((i[:8], i[8:12], i[12:16], i[16:20], i[20:]))
        values = {
            b"i": i.encode(), b"u": dashed.encode(),
            b"n": b"%d" % label.number, b"t": b"%d" % label.total,
        }  # fmt: skip

        def fill(text: bytes) -> bytes:
            for key, value in values.items():
                text = text.replace(self.token + key, value)
            return text

        for part in self.texts:
            yield Part(part.number, fill(part.text), None if part.data is None else fill(part.data))


def fonts_from(
    first: int, fonts: tuple[FontFace, ...], uses: tuple[FontUse, ...]
) -> tuple[list[Part], dict[str, int]]:
    """Return the objects of fonts, numbered from `first`, and the number of each font by name."""
    from guide.pdf.fonts import font_objects

    made = font_objects(fonts, uses)
    numbers = {name: first + number for name, number in made.names.items()}
    return list(_placed(made.objects, first, {})), numbers


def drawn(
    faces: Mapping[Any, SetFace], forms: Mapping[Any, int], fonts: Mapping[str, int], colours: int,
    first: int, more: bytes = b"",
) -> Iterator[Part]:  # fmt: skip
    """Yield the objects that faces need, numbered from `first`, and the form of each.

    `fonts` are the numbers of fonts by name, `colours` is that of the colours; `more` is added to
    the dictionary of each form.
    """
    for kind, face in faces.items():
        outside = {FIRST_FONT - n: fonts[use.name] for n, use in enumerate(face.fonts)}
        drawing = list(_placed(face.drawing, first, {COLOURS: colours, **outside}))
        yield from drawing
        text = (
            b"<</Type /XObject/Subtype /Form/BBox [0 0 %.3f %.3f]/Resources %d 0 R"
            b"/Filter /FlateDecode%s>>" % (face.width, face.height, first, more)
        )
        yield Part(forms[kind], text, face.plain)
        first += len(drawing)


def _placed(group: Group, first: int, outside: Mapping[int, int]) -> Iterator[Part]:
    numbers = tuple(first + ref if ref >= 0 else outside[ref] for ref in group.refs)
    data = dict(group.data)
    for n, text in enumerate((group.text % numbers).split(SEPARATOR)):
        stream = data.get(n)
        yield Part(first + n, text if stream is None else without_length(text), stream)


def size_of(width: float, height: float) -> tuple[float, float]:
    """Return the size in pt of the face of a line, whose lengths are in mm."""
    return (width + 2 * FRAME) * POINTS_PER_MM, (height + 2 * FRAME) * POINTS_PER_MM


def spot(number: int, view: PageView, slot: Slot, height: float) -> Spot:
    """Return where a page shows the bar in place of its label; see `Ready.probe`."""
    plain = replace(view, unit=1.0).outward
    return Spot(number, moved(_bar(slot.width, height), times(slot.matrix, plain)))


def _bar(width: float, height: float) -> tuple[float, float, float, float]:
    """Return the middle of a line's face, in pt: where a label has its letters."""
    wide, high = size_of(width, height)
    frame = FRAME * POINTS_PER_MM
    return wide * 0.3, frame, wide * 0.7, high - frame
