"""Numbered copies of a PDF: typeset once, stamped in milliseconds each."""

from __future__ import annotations

import contextlib
import io
import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from guide.copies.drawing import shut_in, unbalanced
from guide.copies.labels import BOX, CONTROL, NAME, WATER, LabelSetter, SetLabel, water
from guide.copies.parts import Base, Draft, Part, base_of, compose, parts_of, without_length
from guide.copies.places import FRAME, Seen, Slot, across, seen, slots
from guide.copies.trace import MARK_SIZE, PIECE, bars
from guide.diagnostics.diagnostic import Diagnostic, GuideError, Place, error, warning
from guide.foreign.apart import short
from guide.foreign.forms import drop_usage_rights, is_signed
from guide.foreign.probe import Spot, changes
from guide.model.artifacts import (
    COLOURS,
    FIRST_FONT,
    SEPARATOR,
    FontFace,
    FontObjects,
    FontUse,
    Group,
    SetFace,
)
from guide.model.copies import CopyLabel, StampStyle
from guide.model.pageview import Matrix, PageView, moved, times, view_of
from guide.units import POINTS_PER_MM

_BLOCK = 64  # labels that are set together: starting to typeset takes as long as two of them
_NOTHING = b"<< >>"
_NAME_LINE = re.compile(r"name-line(-\d+)?")
_SHORTEST = 20.0  # mm: no name is set on a shorter line
_SEEN = 0.6  # of the place of a label that must be seen to change


class Stamper:
    """Makes the copies of one document, each a function of document, label and style alone.

    Making one takes half a second for a document of 60 pages, a copy some milliseconds. It can be
    pickled; processes that each make their own from the same arguments make the same copies.
    `labels` are those that are wanted soon, as for `expect`. Raises GuideError when the document
    cannot be stamped.
    """

    def __init__(self, pdf: bytes, labels: Sequence[CopyLabel], style: StampStyle) -> None:
        self.style = style
        self.problems: tuple[Diagnostic, ...] = ()
        self._ready: dict[CopyLabel, SetLabel] = {}
        self.expect(labels)
        self._prepared = _Preparing(pdf, style).run()

    def expect(self, labels: Sequence[CopyLabel]) -> None:
        """Name the labels that are wanted next: those are set together, which takes less time."""
        self.labels = tuple(labels)
        self._index = {label: n for n, label in enumerate(self.labels)}
        self._ready.clear()

    def copy(self, label: CopyLabel, ahead: SetLabel | None = None) -> bytes:
        """Return the copy for a label: the same bytes every time.

        `ahead` is the label as it was set before the document was known; it is used if it fits.
        """
        return compose(self.draft(label, ahead))

    def draft(self, label: CopyLabel, ahead: SetLabel | None = None) -> Draft:
        """Return what `copy` makes a file of; all drafts of a stamper have the same base."""
        if ahead is not None and self.takes(ahead):
            faces = {kind: ahead.faces[kind] for kind in self._prepared.setter.kinds}
            return self._prepared.draft(label, SetLabel(faces, ahead.fonts))
        if label not in self._ready:
            self._set(label)
        return self._prepared.draft(label, self._ready.pop(label))

    def takes(self, ahead: SetLabel) -> bool:
        """Return whether a label that was set before has all faces that the document needs."""
        return all(kind in ahead.faces for kind in self._prepared.setter.kinds)

    def _set(self, label: CopyLabel) -> None:
        """Set a label, and those that stand beside it in the list: together they take less time."""
        n = self._index.get(label)
        block = [label]
        if n is not None:
            start = n // _BLOCK * _BLOCK
            block = list(dict.fromkeys(self.labels[start : start + _BLOCK]))
        made, faults = self._prepared.setter.set(block)
        if len(self._ready) > 64 * _BLOCK:  # labels that nobody asked for
            self._ready.clear()
        self._ready |= dict(zip(block, made, strict=True))
        said = [
            warning(f.code, f"a name on a copy: {f.message}", Place(""),
                    "Write the name in letters that the bundled fonts have.")
            for f in faults
        ]  # fmt: skip
        self.problems = tuple(dict.fromkeys((*self.problems, *said)))


class _Prepared:
    """A document ready for its copies."""

    def __init__(
        self, base: Base, forms: dict[Any, int], texts: tuple[Part, ...], token: bytes,
        setter: LabelSetter, version: str, shared: dict[str, tuple[int, dict[int, str]]],
    ) -> None:  # fmt: skip
        self.base, self.forms, self.texts = base, forms, texts
        self.token, self.setter, self.version = token, setter, version
        self.shared = shared  # fonts in the base: their object, and how their glyphs are read

    def draft(self, label: CopyLabel, made: SetLabel) -> Draft:
        own = [*self._faces(label, made), self._mark(label)]
        own += [self._filled(part, label) for part in self.texts]
        return Draft(self.base, tuple(own), bytes.fromhex(label.copy_id))

    def probe(self, ink: bool) -> bytes:
        """Return a copy whose lines are plain bars in the colour of text, or nothing at all."""
        own = []
        for kind, number in self.forms.items():
            if kind in self.setter.kinds or kind == "mark":
                bar = b""
                if ink and isinstance(kind, float):
                    left, foot, right, top = _bar(kind, self.setter.style.place.height)
                    bar = b".1 .12 .14 rg %.2f %.2f %.2f %.2f re f" % (
                        left, foot, right - left, top - foot,
                    )  # fmt: skip
                box = b"<</Type /XObject/Subtype /Form/BBox [0 0 2000 2000]/Resources <<>>>>"
                own.append(Part(number, box, bar))
        own += [self._filled(part, CopyLabel(1, 1, "", "", "0" * 32)) for part in self.texts]
        return compose(Draft(self.base, tuple(own), bytes(16)))

    def _faces(self, label: CopyLabel, made: SetLabel) -> Iterator[Part]:
        """Yield the forms of a label, and behind them the fonts that they share."""
        from guide.pdf.fonts import font_objects
        from guide.pdf.uses import union

        uses = union(made.faces.values())
        own = tuple(use for use in uses if not self._has(use))
        fonts = font_objects(made.fonts, own) if own else FontObjects(Group(b""), {})
        colours = self.base.size
        first = colours + 1
        yield Part(colours, _NOTHING)
        placed = list(_placed(fonts.objects, first, {})) if own else []
        yield from placed
        following = first + len(placed)
        numbers = {use.name: self.shared[use.name][0] for use in uses if use not in own}
        numbers |= {name: first + number for name, number in fonts.names.items()}
        named = b"/GuideCopy /c" + label.copy_id.encode()
        for kind, face in made.faces.items():
            outside = {COLOURS: colours} | {
                FIRST_FONT - n: numbers[use.name] for n, use in enumerate(face.fonts)
            }
            drawing = list(_placed(face.drawing, following, outside))
            yield from drawing
            yield _form(self.forms[kind], face, following, named)
            following += len(drawing)

    def _has(self, use: FontUse) -> bool:
        """Return whether the base has all glyphs of a use, read as the same text."""
        from guide.pdf.uses import of_use

        known = self.shared.get(use.name, (0, {}))[1]
        return all(known.get(glyph) == text for glyph, text in of_use(use)[0].items())

    def _mark(self, label: CopyLabel) -> Part:
        width, height = MARK_SIZE
        text = (
            b"<</Type /XObject/Subtype /Form/BBox [0 0 %.2f %.2f]/Resources <<>>/GuideCopy /c%s>>"
        )
        return Part(
            self.forms["mark"], text % (width, height, label.copy_id.encode()), bars(label.copy_id)
        )

    def _filled(self, part: Part, label: CopyLabel) -> Part:
        """Return an object with the copy's own values in the places that were kept for them."""
        token, i = self.token, label.copy_id
        dashed = "-".join((i[:8], i[8:12], i[12:16], i[16:20], i[20:]))
        values = {
            b"i": i.encode(), b"u": dashed.encode(),
            b"n": b"%d" % label.number, b"t": b"%d" % label.total,
        }  # fmt: skip

        def fill(text: bytes) -> bytes:
            for key, value in values.items():
                text = text.replace(token + key, value)
            return text

        return Part(part.number, fill(part.text), None if part.data is None else fill(part.data))


def _placed(group: Group, first: int, outside: dict[int, int]) -> Iterator[Part]:
    numbers = tuple(first + ref if ref >= 0 else outside[ref] for ref in group.refs)
    data = dict(group.data)
    for n, text in enumerate((group.text % numbers).split(SEPARATOR)):
        stream = data.get(n)
        yield Part(first + n, text if stream is None else without_length(text), stream)


def _form(number: int, face: SetFace, resources: int, more: bytes) -> Part:
    text = (
        b"<</Type /XObject/Subtype /Form/BBox [0 0 %.3f %.3f]/Resources %d 0 R"
        b"/Filter /FlateDecode%s>>" % (face.width, face.height, resources, more)
    )
    return Part(number, text, face.plain)


class _Preparing:
    """Puts into each page, once, what draws the stamp; the drawings themselves come with each copy."""

    def __init__(self, data: bytes, style: StampStyle) -> None:
        self.data, self.style = data, style
        # What a copy fills in stands in the base as this word: nothing else in a file is like it.
        self.token = b"guide" + secrets.token_hex(12).encode()

    def run(self) -> _Prepared:
        import pikepdf

        self.apart: set[int] = set()
        self.papered: set[int] = set()
        try:
            while True:
                with pikepdf.open(io.BytesIO(self.data)) as pdf:
                    self.pdf = pdf
                    prepared = self._run()
                if not self._unseen(prepared):
                    return prepared
        except (
            pikepdf.PdfError, ValueError, TypeError, KeyError, AttributeError, RuntimeError
        ) as exc:  # fmt: skip
            message = f"the PDF cannot be stamped: {short(exc)}"
            hint = "Repair it: qpdf IN.pdf OUT.pdf"
            raise GuideError(error("not-a-pdf", message, Place(""), hint)) from exc

    def _unseen(self, prepared: _Prepared) -> bool:
        """Return True if pages must be prepared in another way, for their stamp is not seen.

        All copies draw their stamp in the same place after the same content: one of them, with a
        plain bar for a label, answers for all. Raises GuideError for a page that shows no stamp
        whatever is done.
        """
        bare, barred = (prepared.probe(ink) for ink in (False, True))
        found = changes(barred, bare, self.spots)
        failed = {spot.page: each for spot, each in zip(self.spots, found, strict=True)
                  if each.changed < _SEEN}  # fmt: skip
        lost = []
        for number, each in failed.items():
            ways = (
                [self.papered, self.apart] if each.dark > 1 - _SEEN else [self.apart, self.papered]
            )
            way = next((way for way in ways if number not in way), None)
            if way is None:
                lost.append(number)
            else:
                way.add(number)
        if lost:
            pages = ", ".join(str(number + 1) for number in lost[:8])
            message = f"the stamp cannot be seen on page {pages}"
            hint = "Print the PDF to a new one in a viewer, and distribute that."
            raise GuideError(error("stamp-unseen", message, Place(""), hint))
        return bool(failed)

    def _run(self) -> _Prepared:
        pdf, style = self.pdf, self.style
        self._refuse()
        drop_usage_rights(pdf)
        if not pdf.trailer.Root.is_indirect:
            pdf.trailer.Root = pdf.make_indirect(pdf.trailer.Root)
        pages = [page.obj for page in pdf.pages]
        views = [seen(page) for page in pages]
        places = slots(views, style.place)
        widths = tuple(sorted({slot.width for slot in places}))
        box = self._box(pages, views)
        lines = self._name_lines(pages, views)
        # All lines of a document are set in the narrowest, to half a millimetre.
        line = min((int(2 * width) / 2 for _, width, _ in lines), default=0.0)
        setter = LabelSetter(style, widths, bool(box), line)
        self.fixed: dict[Any, tuple[SetFace, tuple[FontFace, ...]]] = {
            (CONTROL, width): (each.faces[width], each.fonts)
            for width, each in zip(widths, setter.control(), strict=False)
        }
        if style.watermark:
            self.fixed[WATER] = water(style)
        kinds = [*setter.kinds, "mark", *self.fixed]
        self.names = {kind: f"/GuideStamp{n}" for n, kind in enumerate(kinds)}
        self.slots = {kind: self._slot(n) for n, kind in enumerate(kinds)}
        drawn: list[list[tuple[Any, Matrix]]] = [
            [
                (kind, slot.matrix)
                for kind in (slot.width, (CONTROL, slot.width))
                if kind in self.slots
            ]
            for slot in places
        ]
        if box:
            drawn[box[0]].append((BOX, box[1]))
        for number, _, matrix in lines:
            drawn[number].append((NAME, matrix))
        first_id = self._first_id()
        self.streams: dict[bytes, Any] = {}
        self.done: set[tuple[int, int]] = set()
        self.piece: Any = None
        self.spots = [
            _spot(n, view_of(page), slot, style.place.height)
            for n, (page, slot) in enumerate(zip(pages, places, strict=True))
        ]
        for n, (page, view, forms) in enumerate(zip(pages, views, drawn, strict=True)):
            self._dress(n, page, view, forms)
        self._describe()
        classic = self._oldest_kind()
        version = pdf.pdf_version if classic else max(pdf.pdf_version, "1.5")
        parts, trailer = parts_of(pdf)
        return self._prepared(parts, trailer, first_id, version, classic, setter)

    def _prepared(
        self, parts: list[Part], trailer: dict[bytes, bytes], first_id: bytes, version: str,
        classic: bool, setter: LabelSetter,
    ) -> _Prepared:  # fmt: skip
        slot = re.compile(rb"/GuideSlot /" + self.token + rb"(\d+)")
        forms, texts = {}, []
        by_number = dict(enumerate(self.slots))
        for part in parts:
            if match := slot.search(part.text):
                forms[by_number[int(match[1])]] = part.number
            elif self.token in part.text or (part.data is not None and self.token in part.data):
                texts.append(part)
        own = frozenset([*forms.values(), *(part.number for part in texts)])
        fixed = {forms[kind]: kind for kind in self.fixed}
        own -= fixed.keys()
        parts = [part for part in parts if part.number not in fixed]
        following = max([*(part.number for part in parts), *forms.values()]) + 1
        for number, kind in fixed.items():
            drawn = list(self._drawn(*self.fixed[kind], number, following, kind == WATER))
            following = max(following, *(part.number + 1 for part in drawn))
            parts += drawn
        letters, shared = self._letters(setter.alphabet(), following)
        parts += letters
        base = base_of(parts, own, trailer, first_id, version, classic)
        return _Prepared(base, forms, tuple(texts), self.token, setter, self.style.version, shared)

    def _letters(
        self, alphabet: SetLabel, first: int
    ) -> tuple[list[Part], dict[str, tuple[int, dict[int, str]]]]:
        """Return the objects of the fonts that copies share, and what they have."""
        from guide.pdf.fonts import font_objects
        from guide.pdf.uses import of_use, union

        uses = union(alphabet.faces.values())
        made = font_objects(alphabet.fonts, uses)
        known = {use.name: (first + made.names[use.name], of_use(use)[0]) for use in uses}
        return list(_placed(made.objects, first, {})), known

    def _refuse(self) -> None:
        """Raise GuideError for what must not be stamped."""
        if self.pdf.is_encrypted:
            hint = "Take the protection off first: qpdf --decrypt IN.pdf OUT.pdf"
            raise GuideError(error("locked-pdf", "the PDF is encrypted", Place(""), hint))
        if is_signed(self.pdf):
            message = "the PDF is signed; a stamp would break the signature"
            hint = "Distribute the unsigned PDF, and sign the copies: --sign KEY.p12"
            raise GuideError(error("signed-pdf", message, Place(""), hint))
        info = self.pdf.trailer.get("/Info")
        if info is not None and "/GuideCopy" in info:
            message = "the PDF is a numbered copy already"
            hint = "Make copies of the document that this one was made of."
            raise GuideError(error("stamped-pdf", message, Place(""), hint))
        if not len(self.pdf.pages):
            raise GuideError(
                error("not-a-pdf", "the PDF has no pages", Place(""), "Give a PDF with pages.")
            )

    def _slot(self, number: int) -> Any:
        import pikepdf

        word = pikepdf.Name(f"/{self.token.decode()}{number}")
        return self.pdf.make_indirect(pikepdf.Stream(self.pdf, b"", GuideSlot=word))

    def _first_id(self) -> bytes:
        identity = self.pdf.trailer.get("/ID")
        with contextlib.suppress(TypeError, IndexError, ValueError):
            if identity is not None:
                return bytes(identity[0])
        import hashlib

        return hashlib.sha256(self.data).digest()[:16]

    # Where the stamp goes ------------------------------------------------------------------------

    def _box(self, pages: Sequence[Any], views: Sequence[Seen]) -> tuple[int, Matrix] | None:
        """Return the page of the cover's box, and the matrix of its face, if the document has one."""
        place = self.style.place
        target = self._destination(place.anchor) if place.anchor else None
        try:
            if target is None or str(target[1]) != "/XYZ":
                return None
            number = [page.objgen for page in pages].index(target[0].objgen)
            x, y = float(target[2]), float(target[3])
        except (ValueError, TypeError, IndexError, AttributeError):
            return None
        if views[number].matrix[:4] != (1, 0, 0, 1):
            return None  # our own pages are never turned
        high = place.box[1] + FRAME
        return number, (1, 0, 0, 1, x - FRAME * POINTS_PER_MM, y - high * POINTS_PER_MM)

    def _name_lines(
        self, pages: Sequence[Any], views: Sequence[Seen]
    ) -> list[tuple[int, float, Matrix]]:
        """Return the lines to write a name on: page, width in mm, and the matrix of the name's face.

        A template gives each two anchors: `name-line`, `name-line-2` ... where the line begins, and
        the same with `-end` where it ends.
        """
        numbers = {page.objgen: n for n, page in enumerate(pages)}
        found = []
        for name in self._line_names():
            ends = [self._spot(each, numbers) for each in (name, f"{name}-end")]
            if ends[0] is None or ends[1] is None or ends[0][0] != ends[1][0]:
                continue
            number, left, _ = ends[0]
            _, right, foot = ends[1]
            width = (right - left) / POINTS_PER_MM
            if width < _SHORTEST or views[number].matrix[:4] != (1, 0, 0, 1):
                continue
            x, y = left - FRAME * POINTS_PER_MM, foot - FRAME * POINTS_PER_MM
            found.append((number, width, (1.0, 0.0, 0.0, 1.0, x, y)))
        return found

    def _line_names(self) -> list[str]:
        import pikepdf

        with contextlib.suppress(KeyError, TypeError, AttributeError, ValueError):
            names = pikepdf.NameTree(self.pdf.Root.Names.Dests).keys()
            return sorted(name for name in names if _NAME_LINE.fullmatch(name))
        return []

    def _spot(self, name: str, numbers: dict[Any, int]) -> tuple[int, float, float] | None:
        """Return the page and place of an anchor, or None."""
        target = self._destination(name)
        with contextlib.suppress(ValueError, TypeError, IndexError, AttributeError, KeyError):
            if target is not None and str(target[1]) == "/XYZ":
                return numbers[target[0].objgen], float(target[2]), float(target[3])
        return None

    def _destination(self, name: str) -> Any:
        import pikepdf

        with contextlib.suppress(KeyError, TypeError, AttributeError, ValueError):
            found = pikepdf.NameTree(self.pdf.Root.Names.Dests).get(name)
            return found.get("/D") if isinstance(found, pikepdf.Dictionary) else found
        return None

    def _drawn(
        self, face: SetFace, fonts: tuple[FontFace, ...], slot: int, first: int, pale: bool
    ) -> Iterator[Part]:
        """Yield the objects that draw what all copies share; `slot` is the number of its form."""
        from guide.pdf.fonts import font_objects
        from guide.pdf.uses import union

        objects = font_objects(fonts, union([face]))
        yield Part(first, _NOTHING)
        placed = list(_placed(objects.objects, first + 1, {}))
        yield from placed
        outside = {COLOURS: first} | {
            FIRST_FONT - n: first + 1 + objects.names[use.name] for n, use in enumerate(face.fonts)
        }
        resources = first + 1 + len(placed)
        drawing = list(_placed(face.drawing, resources, outside))
        yield from drawing
        if not pale:
            yield _form(slot, face, resources, b"")
            return
        inner = resources + len(drawing)
        # As a group it is made pale as a whole: letters that touch do not show through each other.
        yield _form(inner, face, resources, b"/Group <</S /Transparency/CS /DeviceRGB>>")
        yield Part(slot, (
            b"<</Type /XObject/Subtype /Form/BBox [0 0 %.3f %.3f]"
            b"/Resources <</ExtGState <</Pale <<"
            b"/Type /ExtGState/ca %.3f/CA %.3f>>>>/XObject <</Text %d 0 R>>>>>>"
        ) % (face.width, face.height, self.style.opacity, self.style.opacity, inner),
            b"/Pale gs /Text Do")  # fmt: skip

    def _dress(self, n: int, page: Any, view: Seen, forms: list[tuple[Any, Matrix]]) -> None:
        """Let a page draw its stamp behind what it draws, all of it artifacts (14.8.2.2)."""
        import pikepdf

        corner = view.at((1, 0, 0, 1, 8, 8))
        before = [_artifact(b"/Type /Layout", [(self.names["mark"], corner)])]
        after = []
        if WATER in self.fixed:
            face = self.fixed[WATER][0]
            matrix = across(view, face.width, face.height)
            kind = b"/Type /Pagination/Subtype /Watermark"
            after.append(_artifact(kind, [(self.names[WATER], matrix)]))
        edge = self.style.place.edge
        kind = {"bottom": b"/Subtype /Footer", "top": b"/Subtype /Header"}.get(edge, b"")
        line = b"/Type /Pagination%s/Attached [/%s]" % (kind, edge.title().encode())
        paper = b""
        if n in self.papered:
            size = _size_of(forms[0][0], self.style.place.height)
            paper = b"q 1 g %s cm 0 0 %.2f %.2f re f Q\n" % (_written(forms[0][1]), *size)
        drawn = [(self.names[name], matrix) for name, matrix in forms]
        after.append(_artifact(line, drawn, paper))
        old = page.get("/Contents")
        contents = [] if old is None else list(old) if isinstance(old, pikepdf.Array) else [old]
        contents = [each for each in contents if isinstance(each, pikepdf.Stream)]
        missing = extra = 0
        if n in self.apart:
            form = shut_in(self.pdf, page, contents, view_of(page))
            contents = [self._shared(b"/GuidePage Do")]
        else:
            missing, extra = unbalanced(contents)
        head = b"\n".join((*before, b"q\n" * (1 + missing)))
        tail = b"\n" + b"Q\n" * (1 + extra) + b"\n".join(after)
        page.Contents = pikepdf.Array([self._shared(head), *contents, self._shared(tail)])
        resources = self._resources(page)
        if resources.objgen == (0, 0) or resources.objgen not in self.done:
            self.done.add(resources.objgen)
            wanted = {self.names[kind]: slot for kind, slot in self.slots.items()}
            known = resources.get("/XObject")
            names = pikepdf.Dictionary(dict(known.items()) if known is not None else {})
            for name, slot in wanted.items():
                names[name] = slot
            resources.XObject = names
        if n in self.apart:  # a name of this page alone
            own = pikepdf.Dictionary(dict(resources.items()))
            own.XObject = pikepdf.Dictionary({**dict(own.XObject.items()), "/GuidePage": form})
            page.Resources = own
        self._trace(page)

    def _shared(self, content: bytes) -> Any:
        import pikepdf

        if content not in self.streams:
            self.streams[content] = self.pdf.make_indirect(pikepdf.Stream(self.pdf, content))
        return self.streams[content]

    def _resources(self, page: Any) -> Any:
        """Return a page's resources, taking down to it what it inherits."""
        import pikepdf

        node, depth = page, 0
        while node is not None and depth < 50:
            found = node.get("/Resources")
            if isinstance(found, pikepdf.Dictionary):
                if node is not page:
                    page.Resources = found
                return page.Resources
            node, depth = node.get("/Parent"), depth + 1
        page.Resources = pikepdf.Dictionary()
        return page.Resources

    # What the copy says of itself ----------------------------------------------------------------

    def _trace(self, page: Any) -> None:
        """Give a page the copy's id (14.5): it stays with the page when that is taken out."""
        import pikepdf

        if self.piece is None:
            word, stamp = self.token.decode(), self._modified()
            private = pikepdf.Dictionary(
                GuideCopy=pikepdf.String(word + "i"), GuideNumber=pikepdf.String(word + "n"),
                GuideTotal=pikepdf.String(word + "t"),
                GuideVersion=pikepdf.String(self.style.version),
            )  # fmt: skip
            if self.style.seal:
                private.GuideSeal = pikepdf.String(self.style.seal)
            self.stamp = stamp
            self.piece = self.pdf.make_indirect(
                pikepdf.Dictionary(LastModified=pikepdf.String(stamp), Private=private)
            )
        pieces = page.get("/PieceInfo")
        known = dict(pieces.items()) if isinstance(pieces, pikepdf.Dictionary) else {}
        page.PieceInfo = pikepdf.Dictionary({**known, PIECE: self.piece})
        if "/LastModified" not in page:
            page.LastModified = pikepdf.String(self.stamp)

    def _modified(self) -> str:
        info = self.pdf.trailer.get("/Info")
        for name in ("/ModDate", "/CreationDate"):
            if info is not None and name in info:
                return str(info[name])
        return "D:20000101000000Z"

    def _describe(self) -> None:
        """Write number, version and id into the metadata: in the dictionary and, if it can, in XMP."""
        import pikepdf

        word = self.token.decode()
        info = self.pdf.docinfo
        for name, value in (("Copy", word + "i"), ("Number", word + "n"), ("Total", word + "t"),
                            ("Version", self.style.version)):  # fmt: skip
            info[f"/Guide{name}"] = pikepdf.String(value)
        # A foreign packet may be broken in any way.
        with (
            contextlib.suppress(Exception),
            self.pdf.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as meta,
        ):
            meta["xmpMM:InstanceID"] = f"uuid:{word}u"
            meta["dc:identifier"] = f"urn:uuid:{word}u"

    def _oldest_kind(self) -> bool:
        """Return whether the file must keep to PDF 1.4, as PDF/A-1 does (ISO 19005-1)."""
        with (
            contextlib.suppress(Exception),
            self.pdf.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as meta,
        ):
            return str(meta.get("pdfaid:part", "")) == "1"
        return False


def _artifact(properties: bytes, drawn: Sequence[tuple[str, Matrix]], before: bytes = b"") -> bytes:
    inner = b"\n".join(
        b"q %s cm %s Do Q" % (_written(matrix), name.encode()) for name, matrix in drawn
    )
    return b"/Artifact <<%s>> BDC\n%s%s\nEMC" % (properties, before, inner)


def _written(matrix: Matrix) -> bytes:
    return b" ".join(b"%.5f" % n for n in matrix)


def _size_of(width: float, height: float) -> tuple[float, float]:
    """Return the size in pt of the face of a line, whose lengths are in mm."""
    return (width + 2 * FRAME) * POINTS_PER_MM, (height + 2 * FRAME) * POINTS_PER_MM


def _spot(number: int, view: PageView, slot: Slot, height: float) -> Spot:
    """Return where a page shows the bar that stands for its label; see `_Prepared.probe`."""
    plain = replace(view, unit=1.0).outward
    return Spot(number, moved(_bar(slot.width, height), times(slot.matrix, plain)))


def _bar(width: float, height: float) -> tuple[float, float, float, float]:
    """Return the middle of a line's face, in pt: where a label has its letters."""
    wide, high = _size_of(width, height)
    frame = FRAME * POINTS_PER_MM
    return wide * 0.3, frame, wide * 0.7, high - frame
