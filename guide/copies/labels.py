"""The labels of copies, set in type: lines for pages, the cover's box, the watermark."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from html import escape

from guide.copies.places import FRAME
from guide.fonts.glyphs import script_sheet
from guide.model.artifacts import Face, FaceSet, Fault, FontFace, Html, SetFace
from guide.model.copies import CopyLabel, StampStyle
from guide.resources import TEMPLATES
from guide.units import POINTS_PER_MM

_NAME, _ORGANISATION = 400, 250  # characters; what is longer is cut before it is set
_NUMBER = 13 / POINTS_PER_MM  # mm, the height of the number in the box: see stamp.css
_ROOMY = 100.0  # mm that label and control line need to be behind each other
_LEAST = 3.5  # pt, the smallest type of a line
_FOOT = 2.6  # mm under the lowest line: see stamp.css
_CONTROL = 0.86 * 1.2  # the height of the control line in em
_SHEETS = ("fonts.css", "tokens.css", "stamp/stamp.css")
_WATER = (260.0, 90.0)  # mm, the page that a watermark is set on
_EAST_ASIAN = re.compile(
    "[\u1100-\u11ff\u2e80-\ud7ff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U00020000-\U0002fa1f]"
)
# Marks that turn the direction of what follows would reach beyond the name (Unicode UAX 9).
_TURNING = {*range(0x200E, 0x2010), *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x061C}
_MARKUP = '<!DOCTYPE html><html lang="%s"><head><title>copies</title></head><body>%s</body></html>'
BOX, WATER, CONTROL, NAME = "box", "water", "control", "name"
LINE = 7.0  # mm, the height of a line to write a name on: `field-space` in the templates
# Latin as Europe writes it, Cyrillic, and the signs of names; ligatures have their own glyphs.
_ALPHABET = escape(
    " ".join(
        "".join(map(chr, range(first, last)))
        for first, last in ((0x21, 0x7F), (0xA1, 0x180), (0x400, 0x460), (0x218, 0x21C))
    ).replace("\u00ad", "")
    + " · – — ‘ ’ “ ” „ … № fi fl ff ffi ffl"
)
Kind = float | str
"""Which face of a label: a line of a width in mm, the box, or the name on a line for it."""


def plain(text: str, most: int) -> str:
    """Return text as one line of at most `most` characters that turns nothing around it."""
    shown = (
        " " if c.isspace() or unicodedata.category(c) == "Cc" else c
        for c in unicodedata.normalize("NFC", text)
        if ord(c) not in _TURNING and unicodedata.category(c) not in {"Cs", "Cn", "Co"}
    )
    line = " ".join("".join(shown).split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


_NO_MATTER = {"card-overflow", "low-contrast"}  # a label is cut to its box, and may be grey


@dataclass(frozen=True)
class SetLabel:
    """A label after typesetting: its faces, and the fonts that they use."""

    faces: dict[Kind, SetFace]
    fonts: tuple[FontFace, ...]


@dataclass(frozen=True)
class LabelSetter:
    """Sets labels in the widths that a document needs, with a box if it has one.

    `line` is the width in mm of the lines to write a name on, 0 for none.
    """

    style: StampStyle
    widths: tuple[float, ...]
    box: bool
    line: float = 0.0

    def set(self, labels: Sequence[CopyLabel]) -> tuple[list[SetLabel], tuple[Fault, ...]]:
        """Return the labels in type, each as if it were alone; text that does not fit is cut."""
        kinds = self.kinds
        return self._set([(label, kind) for label in labels for kind in kinds], len(kinds))

    @property
    def kinds(self) -> list[Kind]:
        """The faces that each label has."""
        return [*self.widths, *([BOX] if self.box else []), *([NAME] if self.line else [])]

    def control(self) -> list[SetLabel]:
        """Return the document control line in each width: it is the same in all copies."""
        if not self._under:
            return []
        return self._set([(None, width) for width in self.widths], 1)[0]

    @property
    def _under(self) -> bool:
        """Return whether a control line is under the label."""
        return bool(self.style.control) and not self.style.place.joined

    def alphabet(self) -> SetLabel:
        """Return a page with the letters that most names are written in.

        Its fonts are put into the document once; a label that has nothing else needs no more.
        """
        return _alphabet(self.style.lang, self._sizes)

    @property
    def _sizes(self) -> tuple[float, ...]:
        """The sizes in pt that are tried, the largest first."""
        size = self.style.place.size
        return tuple(
            round(size - 0.5 * n, 2) for n in range(max(0, int((size - _LEAST) / 0.5)) + 1)
        )

    def _set(
        self, wanted: Sequence[tuple[CopyLabel | None, Kind]], step: int
    ) -> tuple[list[SetLabel], tuple[Fault, ...]]:
        from guide.pdf.typeset import set_faces

        made: dict[int, SetFace] = {}
        faults: list[Fault] = []
        fonts: dict[str, FontFace] = {}
        most, left = _NAME, list(range(len(wanted)))
        while left:
            faces = tuple(Face(str(n), self._markup(*wanted[n], most), str(n)) for n in left)
            found: FaceSet = set_faces(self._html(faces))
            fonts |= {font.name: font for font in found.fonts}
            faults += found.faults
            again = []
            for n, face in zip(left, found.faces, strict=True):
                faults += [f for f in face.faults if f.code not in _NO_MATTER]
                made[n] = replace(face, at="", faults=())
                if face.over and most > 8:
                    again.append(n)
            left, most = again, most // 2
        results = []
        for start in range(0, len(wanted), step):
            own = {wanted[n][1]: made[n] for n in range(start, start + step)}
            used = {use.name for face in own.values() for use in face.fonts}
            results.append(SetLabel(own, tuple(fonts[name] for name in sorted(used))))
        return results, tuple(dict.fromkeys(faults))

    def _markup(self, label: CopyLabel | None, kind: Kind, most: int) -> str:
        style = self.style
        if label is None:
            control = escape(plain(style.control, most))
            return self._line("under", f'<p class="control">{control}</p>', kind)
        numbers = {"number": label.number, "total": label.total}
        name = plain(label.name, most)
        organisation = plain(label.organisation, min(most, _ORGANISATION))
        if kind == NAME:
            name = f"<p>{escape(name)}</p>" if label.own else ""
            line = f'<div class="stamp-name {self.style.direction}">{name}</div>'
            return f'<div class="stamp-page" style="page: name">{line}</div>'
        if kind == BOX:
            count = f"{label.number} / {label.total}" if label.total else str(label.number)
            place = style.place
            people = "<br>".join(
                f"<span>{escape(part)}</span>" for part in (name, organisation) if part
            )
            top, gap = place.number + FRAME, place.name - place.number - _NUMBER
            return (
                f'<div class="stamp-box" style="page: box; padding-top: {top:g}mm">'
                f'<p class="number">{count}</p>'
                f'<p class="name" style="margin-top: {max(0.0, gap):.2f}mm">{people}</p></div>'
            )
        # On a card a control line behind the label would make it tiny.
        behind = style.place.joined and not isinstance(kind, str) and kind >= _ROOMY
        control = plain(style.control, most) if behind else ""
        words = style.words if label.total else style.alone
        said = [words % numbers, name, organisation, control]
        parts = [f"<span>{escape(part)}</span>" for part in said if part]
        if style.direction == "rtl":
            parts.reverse()  # each part turns for itself, so that their order is ours to see to
        return self._line("over", f'<p class="copy">{" · ".join(parts)}</p>', kind)

    def _line(self, row: str, markup: str, width: Kind) -> str:
        line = f'<div class="stamp-line {row} {self.style.place.align}">{markup}</div>'
        return f'<div class="stamp-page" style="page: w{width:.0f}">{line}</div>'

    def _html(self, faces: tuple[Face, ...]) -> Html:
        place = self.style.place
        tall = place.height + 2 * FRAME
        pages = [
            f"@page w{width:.0f} {{ size: {width + 2 * FRAME:g}mm {tall:g}mm; margin: 0 }}"
            for width in self.widths
        ]
        if self.box:
            wide, high = (side + 2 * FRAME for side in place.box)
            pages.append(f"@page box {{ size: {wide:g}mm {high:g}mm; margin: 0 }}")
        if self.line:
            wide, high = self.line + 2 * FRAME, LINE + 2 * FRAME
            pages.append(f"@page name {{ size: {wide:g}mm {high:g}mm; margin: 0 }}")
        if self._under:
            foot = _FOOT + _CONTROL * place.size / POINTS_PER_MM
            pages.append(f".stamp-line.over {{ bottom: {foot:.2f}mm }}")
        return _html(self.style.lang, pages, faces, self._sizes)


@lru_cache
def _alphabet(lang: str, sizes: tuple[float, ...]) -> SetLabel:
    """Return the letters of most names in type: the same for all documents in a language."""
    from guide.pdf.typeset import set_faces

    page = "@page letters { size: 400mm 400mm; margin: 0 }"
    letters = (
        f'<div style="page: letters"><p class="copy">{_ALPHABET}</p><div class="stamp-box">'
        f'<p class="number">0123456789 / </p><p class="name">{_ALPHABET}</p></div></div>'
    )
    made = set_faces(_html(lang, [page], (Face("0", letters, "0"),), sizes))
    return SetLabel({"": made.faces[0]}, tuple(sorted(made.fonts, key=lambda font: font.name)))


def set_ahead(setter: LabelSetter, labels: Sequence[CopyLabel]) -> list[SetLabel]:
    """Return labels in type before their document is known; [] when anything is to be said of them."""
    made, faults = setter.set(labels)
    return [] if faults else made


def label_page(lang: str, body: str, size: tuple[float, float]) -> Html:
    """Return a page of `size` mm that holds nothing but `body`, in the type of the labels."""
    page = f"@page {{ size: {size[0]:g}mm {size[1]:g}mm; margin: 0 }}"
    return replace(_html(lang, [page], (), ()), markup=_MARKUP % (escape(lang), body))


def water(style: StampStyle) -> tuple[SetFace, tuple[FontFace, ...]]:
    """Return the watermark as a face, and its fonts."""
    from guide.pdf.typeset import set_faces

    wide, high = _WATER
    text, page = plain(style.watermark, 120), f"@page {{ size: {wide}mm {high}mm; margin: 0 }}"
    face = Face("water", f'<div class="stamp-water"><p>{escape(text)}</p></div>', "water")
    sizes = tuple(float(size) for size in (*range(190, 40, -10), *range(40, 5, -2)))
    found = set_faces(_html(style.lang, [page], (face,), sizes))
    return found.faces[0], found.fonts


def _html(
    lang: str, pages: Sequence[str], faces: tuple[Face, ...], sizes: tuple[float, ...]
) -> Html:
    names = list(_SHEETS)
    if any(_EAST_ASIAN.search(face.markup) for face in faces):
        names.insert(1, "fonts-cjk.css")
    sheets = [(f"templates:{name}", (TEMPLATES / name).read_text("utf-8")) for name in names]
    tokens = (TEMPLATES / "tokens.css").read_text("utf-8")
    sheets[-1:-1] = script_sheet("".join(face.markup for face in faces), tokens)
    markup = _MARKUP % (escape(lang), "<!--faces-->")
    sheets.append(("generated", "\n".join(pages)))
    return Html("copies", lang, markup, tuple(sheets), faces=faces, sizes=sizes, unproved=True)
