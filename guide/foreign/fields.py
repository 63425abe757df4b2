"""What a reader sees of form fields and notes, drawn into the pages of a PDF.

A field prints as its appearance shows. Where it has none, it is drawn as viewers draw it (ISO 32000-2,
12.7.4): text in the size, colour and alignment of its default appearance, marks in boxes, borders.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name

from guide.diagnostics.diagnostic import Diagnostic, Place, warning
from guide.foreign.forms import above, unread_filter
from guide.foreign.notes import (
    colour,
    drawing_of,
    ellipse,
    give_appearance,
    stroke_of,
    text_box,
    text_colour,
)
from guide.foreign.texts import FRAME, BoxText, set_texts
from guide.model.pageview import ordered
from guide.units import MM_PER_POINT, POINTS_PER_MM

_HIDDEN, _PRINT = 2, 4  # bits of F (table 167)
_MULTILINE, _PASSWORD, _COMB, _COMBO = 1 << 12, 1 << 13, 1 << 24, 1 << 17
_PUSH, _RADIO = 1 << 16, 1 << 15
_MOST = 4000  # annotations that are given an appearance
_SILENT = {"/Link", "/Popup", "/Text", "/Widget", "/PrinterMark", "/TrapNet", "/Watermark"}


@dataclass
class _Wanted:
    """An annotation whose text is set together with the others'."""

    note: Any
    text: BoxText
    before: bytes
    turn: int = 0


def draw_fields(pdf: pikepdf.Pdf, indices: Iterable[int], name: str) -> list[Diagnostic]:
    """Draw fields and printed notes into some pages; return warnings for what cannot be drawn."""
    drawer = _Drawer(pdf, name)
    for index in indices:
        drawer.page(index)
    drawer.finish()
    form = pdf.Root.get("/AcroForm")
    if isinstance(form, Dictionary) and "/NeedAppearances" in form:
        del form["/NeedAppearances"]  # or qpdf would leave the fields out
    pdf.flatten_annotations("print")
    return drawer.problems


class _Drawer:
    def __init__(self, pdf: pikepdf.Pdf, name: str) -> None:
        self.pdf, self.name = pdf, name
        self.problems: list[Diagnostic] = []
        self.wanted: list[_Wanted] = []
        self.count = 0
        form = pdf.Root.get("/AcroForm")
        self.form = form if isinstance(form, Dictionary) else Dictionary()
        self.renew = bool(self.form.get("/NeedAppearances", False))

    def page(self, index: int) -> None:
        """Give an appearance to what a page shows without one."""
        notes = self.pdf.pages[index].obj.get("/Annots")
        lost = 0
        for note in notes if isinstance(notes, Array) else ():
            self.count += 1
            if self.count > _MOST or not isinstance(note, Dictionary):
                continue
            try:
                lost += not self._note(note)
            except (TypeError, ValueError, KeyError, IndexError, AttributeError, ArithmeticError,
                    pikepdf.PdfError, RuntimeError):  # fmt: skip
                lost += 1
        if lost:
            notes_ = "a note or field" if lost == 1 else f"{lost} notes or fields"
            message = f"page {index + 1} has {notes_} without an appearance that can be drawn"
            hint = "Open the PDF in the program it was made with, and print it to a new PDF."
            self.problems.append(warning("not-drawn", message, Place(self.name), hint))

    def _note(self, note: Any) -> bool:
        """Return False for a note that is printed, and that nothing here can draw."""
        kind = str(note.get("/Subtype"))
        widget = kind == "/Widget"
        flags = note.get("/F")
        if flags is None and widget and not self._flags(note) & _PUSH:
            note.F = flags = _PRINT  # programs that fill in forms often leave it out
        if not int(flags or 0) & _PRINT or int(flags or 0) & _HIDDEN:
            return True
        left, bottom, right, top = ordered(note["/Rect"])
        if right - left < 1 or top - bottom < 1:
            return True
        if widget:
            self._widget(note)
            return True
        if _shown(note) is not None:
            return True
        if kind == "/FreeText":
            self._free_text(note)
            return True
        drawn = drawing_of(note)
        if drawn is None:
            return kind in _SILENT
        give_appearance(self.pdf, note, drawn)
        return True

    # Fields --------------------------------------------------------------------------------------

    def _widget(self, note: Any) -> None:
        kind = str(above(note, "/FT"))
        if kind == "/Btn":
            self._button(note)
            return
        said = self._said(note, kind)
        stream = _shown(note)
        if stream is not None and not (said and self._stale(stream, said)):
            return
        text = self._text(note, kind, said) if said else None
        self._field(note, text, _frame(note))

    def _said(self, note: Any, kind: str) -> str:
        """Return the text of a field as a reader knows it."""
        value = above(note, "/V")
        if kind == "/Tx":
            if isinstance(value, pikepdf.Stream):
                return _plain(value.read_bytes().decode("utf-8", "replace"))
            said = _plain(str(value)) if isinstance(value, pikepdf.String) else ""
            return "•" * len(said) if self._flags(note) & _PASSWORD else said
        if kind == "/Ch":
            chosen = map(str, value if isinstance(value, Array) else [value or ""])
            names = dict(_options(note))
            return "\n".join(_plain(names.get(each, each)) for each in chosen if each)
        return ""

    def _stale(self, stream: Any, said: str) -> bool:
        """Return True if an appearance does not show the value: unreadable, empty, or older than that."""
        if unread_filter(stream):
            return True
        drawn = stream.read_bytes()
        if not re.search(rb"\b(Tj|TJ|Do|EI|f|S)\b|['\"]", drawn):
            return True
        if not self.renew:
            return False
        written = b"".join(re.findall(rb"\(((?:\\.|[^\\()])*)\)", drawn))
        wanted = re.sub(r"[^A-Za-z0-9]", "", said)
        return wanted.encode() not in re.sub(rb"\\\d{3}|[^A-Za-z0-9]", b"", written) or not wanted

    def _text(self, note: Any, kind: str, said: str) -> BoxText:
        width, height, _ = _size(note)
        flags = self._flags(note)
        size, shade, family = self._default(note)
        align = _alignment(above(note, "/Q") or self.form.get("/Q", 0))
        lines = (kind == "/Tx" and bool(flags & _MULTILINE)) or (
            kind == "/Ch" and not flags & _COMBO
        )
        cells = int(above(note, "/MaxLen") or 0) if flags & _COMB and not lines else 0
        marked: tuple[int, ...] = ()
        if kind == "/Ch" and lines and (options := [_plain(shown) for _, shown in _options(note)]):
            chosen = said.split("\n")
            marked = tuple(n for n, shown in enumerate(options) if shown in chosen)
            said = "\n".join(options)
        edge = 2 * _border_width(note) * MM_PER_POINT if not cells else 0.0
        return BoxText(
            said if lines else said.replace("\n", " "), max(0.5, width * MM_PER_POINT - edge),
            max(0.5, height * MM_PER_POINT - edge), size, align, lines, min(cells, 500), shade, family,
            marked,
        )  # fmt: skip

    def _default(self, note: Any) -> tuple[float, str, str]:
        """Return size, colour and family of the default appearance; size 0 is one that fits."""
        words = str(above(note, "/DA") or self.form.get("/DA", ""))
        found = re.search(r"/(\S+)\s+(-?[\d.]+)\s+Tf", words)
        size = abs(float(found[2])) if found else 0.0
        name = found[1].lower() if found else ""
        family = "serif" if name.startswith("ti") else "mono" if name.startswith("co") else ""
        family += " bold" if "bo" in name else ""
        return min(size, 200.0), _css_colour(words), family

    def _button(self, note: Any) -> None:
        flags = self._flags(note)
        if flags & _PUSH:
            if _shown(note) is None:
                caption = _plain(str(note.get("/MK", Dictionary()).get("/CA", "")))
                width, height, _ = _size(note)
                size, shade, family = self._default(note)
                text = BoxText(caption, width * MM_PER_POINT, height * MM_PER_POINT, size, "center",
                               colour=shade, family=family)  # fmt: skip
                self._field(note, text if caption else None, _frame(note))
            return
        normal = note.get("/AP", Dictionary()).get("/N")
        state = str(note.get("/AS") or "")
        value = str(above(note, "/V") or "")
        if isinstance(normal, Dictionary) and not isinstance(normal, pikepdf.Stream):
            if not state and value in normal:
                note.AS = Name(value)
            if _shown(note) is not None:
                return
        elif isinstance(normal, pikepdf.Stream):
            return
        on = (state or ("" if flags & _RADIO else value)) not in {"", "/Off", "Off"}
        round_ = bool(flags & _RADIO)
        thin = b".5 G .5 w " + _outline(0.5, *_size(note)[:2], round_) + b"S "
        drawn = _frame(note, round_) or thin
        if on:
            drawn += _mark(note, round_)
        self._field(note, None, drawn)

    def _field(self, note: Any, text: BoxText | None, before: bytes) -> None:
        """Let a field show its frame and, once that is set, its text."""
        turn = _size(note)[2]
        if text is not None:
            self.wanted.append(_Wanted(note, text, before, turn))
        elif before:
            self._appear(note, before, turn, None)

    def _free_text(self, note: Any) -> None:
        words = str(note.get("/DA", ""))
        found = re.search(r"([\d.]+)\s+Tf", words)
        (width, height, _), (before, edge) = _size(note), text_box(note)
        text = BoxText(
            _plain(str(note.get("/Contents", ""))),
            max(0.5, (width - 2 * edge) * MM_PER_POINT),
            max(0.5, (height - 2 * edge) * MM_PER_POINT), float(found[1]) if found else 12.0,
            _alignment(note.get("/Q", 0)), True,
            colour=_css_colour(words),
        )  # fmt: skip
        self.wanted.append(_Wanted(note, text, before))

    def finish(self) -> None:
        """Set all texts, and let their fields show them."""
        wanted = [each for each in self.wanted if each.text.text.strip()]
        for each in self.wanted:
            if not each.text.text.strip() and each.before:
                self._appear(each.note, each.before, each.turn, None)
        if not wanted:
            return
        with pikepdf.open(io.BytesIO(set_texts([each.text for each in wanted]))) as made:
            for each, page in zip(wanted, made.pages, strict=True):
                form = self.pdf.copy_foreign(page.as_form_xobject())
                self._appear(each.note, each.before, each.turn, form, each.text)

    def _appear(
        self, note: Any, drawn: bytes, turn: int, text: Any, box: BoxText | None = None
    ) -> None:
        width, height, _ = _size(note)
        form = pikepdf.Stream(self.pdf, b"")
        form.Type, form.Subtype = Name.XObject, Name.Form
        form.BBox = Array([0, 0, width, height])
        form.Resources = Dictionary()
        if turn:
            form.Matrix = Array({90: [0, 1, -1, 0, 0, 0], 180: [-1, 0, 0, -1, 0, 0],
                                 270: [0, -1, 1, 0, 0, 0]}[turn])  # fmt: skip
        content = b"q %s Q " % drawn
        if text is not None and box is not None:
            form.Resources.XObject = Dictionary(T=text)
            frame = FRAME * POINTS_PER_MM
            left = (width - box.width * POINTS_PER_MM) / 2 - frame
            foot = (height - box.height * POINTS_PER_MM) / 2 - frame
            content += b"q 1 0 0 1 %.3f %.3f cm /T Do Q" % (left, foot)
        form.write(content)
        note.AP = Dictionary(N=self.pdf.make_indirect(form))
        if "/AS" in note:
            del note["/AS"]

    def _flags(self, note: Any) -> int:
        try:
            return int(above(note, "/Ff") or 0)
        except (TypeError, ValueError):
            return 0


def _shown(note: Any) -> Any:
    """Return the appearance that a viewer shows, None when there is none."""
    normal = note.get("/AP", Dictionary())
    normal = normal.get("/N") if isinstance(normal, Dictionary) else None
    if isinstance(normal, pikepdf.Stream):
        return normal
    if isinstance(normal, Dictionary):
        found = normal.get(str(note.get("/AS", "/Off")))
        return found if isinstance(found, pikepdf.Stream) else None
    return None


def _options(note: Any) -> list[tuple[str, str]]:
    """Return the values of a choice with the texts that a reader sees."""
    options = above(note, "/Opt")
    pairs = [
        each if isinstance(each, Array) and len(each) == 2 else (each, each)
        for each in (options if isinstance(options, Array) else ())
    ]
    return [(str(value), str(text)) for value, text in pairs]


def _alignment(quadding: Any) -> str:
    return ("left", "center", "right")[min(2, max(0, int(quadding)))]


def _plain(text: str) -> str:
    """Return text with line feeds for line ends, and without signs that nobody sees."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    ")
    return "".join(c for c in text if c == "\n" or c.isprintable())


def _size(note: Any) -> tuple[float, float, int]:
    """Return width and height of a field in pt as it is read, and how far it is turned."""
    left, bottom, right, top = ordered(note["/Rect"])
    traits = note.get("/MK")
    turn = int(traits.get("/R", 0)) % 360 // 90 * 90 if isinstance(traits, Dictionary) else 0
    wide, high = right - left, top - bottom
    return (high, wide, turn) if turn in {90, 270} else (wide, high, turn)


def _border_width(note: Any) -> float:
    found = re.match(rb"([\d.]+) w", stroke_of(note))
    traits = note.get("/MK")
    drawn = isinstance(traits, Dictionary) and "/BC" in traits
    return float(found[1]) if found and drawn else 0.0


def _frame(note: Any, round_: bool = False) -> bytes:
    """Return what draws a field's background and border, as its traits (MK) say."""
    traits = note.get("/MK")
    if not isinstance(traits, Dictionary):
        return b""
    width, height, _ = _size(note)
    drawn = b""
    if fill := colour(traits.get("/BG"), False):
        drawn += fill + _outline(0, width, height, round_) + b"f "
    line, stroke = colour(traits.get("/BC"), True), stroke_of(note)
    if line and stroke:
        half = _border_width(note) / 2
        drawn += line + stroke + _outline(half, width, height, round_) + b"S "
        cells = int(above(note, "/MaxLen") or 0)
        if int(above(note, "/Ff") or 0) & _COMB and 1 < cells < 500:
            for n in range(1, cells):
                x = width * n / cells
                drawn += b"%.2f 0 m %.2f %.2f l S " % (x, x, height)
    return drawn


def _outline(inset: float, width: float, height: float, round_: bool) -> bytes:
    if round_:
        side = min(width, height) / 2 - inset
        x, y = width / 2, height / 2
        return ellipse(x - side, y - side, x + side, y + side)
    return b"%.2f %.2f %.2f %.2f re " % (inset, inset, width - 2 * inset, height - 2 * inset)


# In a square of 10 units: the marks that viewers take from ZapfDingbats.
_MARKS = {
    "4": b"1.8 w 1 J 1 j 2 5 m 4.2 2.4 l 8 8 l S",
    "8": b"1.4 w 1 J 2.2 2.2 m 7.8 7.8 l S 2.2 7.8 m 7.8 2.2 l S",
    "u": b"5 1.5 m 8.5 5 l 5 8.5 l 1.5 5 l h f",
    "n": b"2.2 2.2 5.6 5.6 re f",
    "H": b"5 8.8 m 6 6.1 l 8.8 6 l 6.6 4.3 l 7.4 1.6 l 5 3.2 l 2.6 1.6 l 3.4 4.3 l 1.2 6 l 4 6.1 l h f",
}


def _mark(note: Any, round_: bool) -> bytes:
    width, height, _ = _size(note)
    side = min(width, height)
    traits = note.get("/MK")
    sign = str(traits.get("/CA", "")) if isinstance(traits, Dictionary) else ""
    drawn = _MARKS.get(sign or ("l" if round_ else "4"))
    if drawn is None:
        drawn = ellipse(2.7, 2.7, 7.3, 7.3) + b"f"
    left, foot = (width - side) / 2, (height - side) / 2
    return b"q 0 g 0 G %.4f 0 0 %.4f %.2f %.2f cm %s Q " % (side / 10, side / 10, left, foot, drawn)


def _css_colour(words: str) -> str:
    """Return the colour of a default appearance for CSS."""
    parts = text_colour(words)
    if len(parts) == 4:
        c, m, y, k = parts
        parts = [(1 - c) * (1 - k), (1 - m) * (1 - k), (1 - y) * (1 - k)]
    parts = parts * 3 if len(parts) == 1 else parts
    red, green, blue = (max(0, min(255, round(255 * part))) for part in (*parts, 0, 0)[:3])
    return f"rgb({red}, {green}, {blue})"
