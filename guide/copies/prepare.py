"""Put into each page, once, what draws the stamp; the drawings themselves come with each copy."""

from __future__ import annotations

import contextlib
import hashlib
import io
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from guide.copies.anchors import box, name_lines
from guide.copies.drawing import shut_in, unbalanced
from guide.copies.labels import BOX, CONTROL, NAME, WATER, LabelSetter, SetLabel, water
from guide.copies.original import archival, refuse
from guide.copies.parts import Part, base_of, parts_of
from guide.copies.places import across, slots
from guide.copies.ready import NOTHING, Ready, drawn, fonts_from, size_of, spot
from guide.copies.trace import PIECE
from guide.diagnostics.diagnostic import GuideError, Place, error
from guide.foreign.apart import short
from guide.foreign.forms import drop_usage_rights
from guide.foreign.probe import Spot, changes
from guide.model.artifacts import SEPARATOR, FontFace, SetFace
from guide.model.copies import StampStyle
from guide.model.pageview import Matrix, PageView, view_of

_SEEN = 0.6  # of the place of a label that must be seen to change
Drawings = Sequence[tuple[Any, Matrix]]
"""What a page draws for a copy: kinds of forms, each with its matrix."""
_Fixed = tuple[SetFace, tuple[FontFace, ...]]


@dataclass(frozen=True)
class _Work:
    """A document that is open, and what its pages are to draw.

    What a copy fills in is `token` in the base: nothing else in a file is like it. `slots` are the
    forms by kind, `fixed` those that all copies share. Contents that pages share are in `streams`.
    """

    pdf: Any
    style: StampStyle
    token: bytes
    slots: Mapping[Any, Any]
    fixed: Mapping[Any, _Fixed]
    streams: dict[bytes, Any] = field(default_factory=dict)

    @property
    def names(self) -> dict[Any, str]:
        """The name by which pages call each form."""
        return {kind: f"/GuideStamp{n}" for n, kind in enumerate(self.slots)}

    def shared(self, content: bytes) -> Any:
        """Return a stream of some content, one for all pages."""
        import pikepdf

        if content not in self.streams:
            self.streams[content] = self.pdf.make_indirect(pikepdf.Stream(self.pdf, content))
        return self.streams[content]


def prepare(data: bytes, style: StampStyle) -> Ready:
    """Return a document ready for its copies; raises GuideError when it cannot be stamped."""
    import pikepdf

    token = b"guide" + secrets.token_hex(12).encode()
    apart, papered = set[int](), set[int]()
    try:
        while True:
            with pikepdf.open(io.BytesIO(data)) as pdf:
                ready, spots = _prepared(pdf, data, style, token, (apart, papered))
            if not _unseen(ready, spots, apart, papered):
                return ready
    except (
        pikepdf.PdfError, ValueError, TypeError, KeyError, AttributeError, RuntimeError
    ) as exc:  # fmt: skip
        message = f"the PDF cannot be stamped: {short(exc)}"
        hint = "Repair it: qpdf IN.pdf OUT.pdf"
        raise GuideError(error("not-a-pdf", message, Place(""), hint)) from exc


def _unseen(ready: Ready, spots: Sequence[Spot], apart: set[int], papered: set[int]) -> bool:
    """Return True if pages must be prepared in another way, for their stamp is not seen.

    All copies draw their stamp in the same place after the same content: one of them, with a
    plain bar for a label, answers for all. Raises GuideError for a page that shows no stamp
    whatever is done.
    """
    found = changes(ready.probe(ink=True), ready.probe(ink=False), spots)
    failed = {each.page: seen for each, seen in zip(spots, found, strict=True)
              if seen.changed < _SEEN}  # fmt: skip
    lost = []
    for number, each in failed.items():
        ways = [papered, apart] if each.dark > 1 - _SEEN else [apart, papered]
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


def _prepared(
    pdf: Any, data: bytes, style: StampStyle, token: bytes, ways: tuple[set[int], set[int]]
) -> tuple[Ready, list[Spot]]:
    """Return the document, and where each page shows its label.

    `ways` are the pages whose content is shut in, and those that have paper under the label.
    """
    import pikepdf

    refuse(pdf, Place(""))
    info = pdf.trailer.get("/Info")
    if info is not None and "/GuideCopy" in info:
        message = "the PDF is a numbered copy already"
        hint = "Make copies of the document that this one was made of."
        raise GuideError(error("stamped-pdf", message, Place(""), hint))
    drop_usage_rights(pdf)
    if not pdf.trailer.Root.is_indirect:
        pdf.trailer.Root = pdf.make_indirect(pdf.trailer.Root)
    pages = [page.obj for page in pdf.pages]
    views = [view_of(page) for page in pages]
    places = slots(views, style.place)
    cover, lines = box(pdf, pages, views, style.place), name_lines(pdf, pages, views)
    # All lines of a document are set in the narrowest, to half a millimetre.
    line = min((int(2 * width) / 2 for _, width, _ in lines), default=0.0)
    setter = LabelSetter(style, tuple(sorted({slot.width for slot in places})), bool(cover), line)
    fixed = _fixed(setter)
    kinds = [*setter.kinds, "mark", *fixed]
    names = [pikepdf.Name(f"/{token.decode()}{n}") for n in range(len(kinds))]
    forms = [pdf.make_indirect(pikepdf.Stream(pdf, b"", GuideSlot=name)) for name in names]
    work = _Work(pdf, style, token, dict(zip(kinds, forms, strict=True)), fixed)
    stamps: list[list[tuple[Any, Matrix]]] = [
        [(kind, slot.matrix) for kind in (slot.width, (CONTROL, slot.width)) if kind in work.slots]
        for slot in places
    ]
    if cover:
        stamps[cover[0]].append((BOX, cover[1]))
    for number, _, matrix in lines:
        stamps[number].append((NAME, matrix))
    spots = [
        spot(n, view, slot, style.place.height)
        for n, (view, slot) in enumerate(zip(views, places, strict=True))
    ]
    _dress_all(work, pages, views, stamps, ways)
    _describe(work)
    return _ready(work, setter, _first_id(pdf, data)), spots


def _fixed(setter: LabelSetter) -> dict[Any, _Fixed]:
    """Return the faces that all copies share, and their fonts: control lines and the watermark."""
    found: dict[Any, _Fixed] = {
        (CONTROL, width): (each.faces[width], each.fonts)
        for width, each in zip(setter.widths, setter.control(), strict=False)
    }
    return found | ({WATER: water(setter.style)} if setter.style.watermark else {})


def _first_id(pdf: Any, data: bytes) -> bytes:
    identity = pdf.trailer.get("/ID")
    with contextlib.suppress(TypeError, IndexError, ValueError):
        if identity is not None:
            return bytes(identity[0])
    return hashlib.sha256(data).digest()[:16]


def _ready(work: _Work, setter: LabelSetter, first_id: bytes) -> Ready:
    """Return the document as parts, without the objects that each copy has for itself."""
    from guide.pdf.uses import of_use, union

    pdf, token = work.pdf, work.token
    classic = archival(pdf) == "1"  # PDF/A-1 keeps to PDF 1.4 (ISO 19005-1)
    version = pdf.pdf_version if classic else max(pdf.pdf_version, "1.5")
    parts, trailer = parts_of(pdf)
    slot = re.compile(rb"/GuideSlot /" + token + rb"(\d+)")
    kinds, forms, texts = [*work.slots], dict[Any, int](), []
    for part in parts:
        if match := slot.search(part.text):
            forms[kinds[int(match[1])]] = part.number
        elif token in part.text or (part.data is not None and token in part.data):
            texts.append(part)
    fixed = {forms[kind]: kind for kind in work.fixed}
    own = frozenset([*forms.values(), *(part.number for part in texts)]) - fixed.keys()
    parts = [part for part in parts if part.number not in fixed]
    following = max([*(part.number for part in parts), *forms.values()]) + 1
    for number, kind in fixed.items():
        opacity = work.style.opacity if kind == WATER else 1.0
        made = list(_drawn(*work.fixed[kind], number, following, opacity))
        following = max(following, *(part.number + 1 for part in made))
        parts += made
    alphabet: SetLabel = setter.alphabet()
    uses = union(alphabet.faces.values())
    letters, numbers = fonts_from(following, alphabet.fonts, uses)
    shared = {use.name: (numbers[use.name], of_use(use)[0]) for use in uses}
    base = base_of([*parts, *letters], own, trailer, first_id, version, classic)
    return Ready(base, forms, tuple(texts), token, setter, shared)


def _drawn(
    face: SetFace, fonts: tuple[FontFace, ...], slot: int, first: int, opacity: float
) -> Iterator[Part]:
    """Yield the objects that draw what all copies share; `slot` is the number of its form."""
    from guide.pdf.uses import union

    yield Part(first, NOTHING)
    made, numbers = fonts_from(first + 1, fonts, union([face]))
    yield from made
    resources = first + 1 + len(made)
    if opacity == 1.0:
        yield from drawn({slot: face}, {slot: slot}, numbers, first, resources)
        return
    inner = resources + face.drawing.text.count(SEPARATOR) + 1
    # As a group it is made pale as a whole: letters that touch do not show through each other.
    group = b"/Group <</S /Transparency/CS /DeviceRGB>>"
    yield from drawn({slot: face}, {slot: inner}, numbers, first, resources, group)
    yield Part(slot, (
        b"<</Type /XObject/Subtype /Form/BBox [0 0 %.3f %.3f]"
        b"/Resources <</ExtGState <</Pale <<"
        b"/Type /ExtGState/ca %.3f/CA %.3f>>>>/XObject <</Text %d 0 R>>>>>>"
    ) % (face.width, face.height, opacity, opacity, inner), b"/Pale gs /Text Do")  # fmt: skip


# Pages ------------------------------------------------------------------------------------------


def _dress_all(
    work: _Work, pages: Sequence[Any], views: Sequence[PageView], stamps: Sequence[Drawings],
    ways: tuple[set[int], set[int]],
) -> None:  # fmt: skip
    """Let each page draw its stamp, and say of which copy it is."""
    piece, modified = _piece(work)
    apart, papered = ways
    done: set[tuple[int, int]] = set()
    for n, (page, view, forms) in enumerate(zip(pages, views, stamps, strict=True)):
        _dress(work, page, _artifacts(work, view, forms, n in papered), n in apart, done)
        _trace(page, piece, modified)


def _artifacts(work: _Work, view: PageView, forms: Drawings, papered: bool) -> tuple[bytes, bytes]:
    """Return what a page draws before and after its content, all of it artifacts (14.8.2.2)."""
    names, place, after = work.names, work.style.place, []
    before = _artifact(b"/Type /Layout", [(names["mark"], view.at((1, 0, 0, 1, 8, 8)))])
    if WATER in work.fixed:
        face = work.fixed[WATER][0]
        matrix = across(view, face.width, face.height)
        kind = b"/Type /Pagination/Subtype /Watermark"
        after.append(_artifact(kind, [(names[WATER], matrix)]))
    kind = {"bottom": b"/Subtype /Footer", "top": b"/Subtype /Header"}.get(place.edge, b"")
    line = b"/Type /Pagination%s/Attached [/%s]" % (kind, place.edge.title().encode())
    paper = b""
    if papered:
        size = size_of(forms[0][0], place.height)
        paper = b"q 1 g %s cm 0 0 %.2f %.2f re f Q\n" % (_written(forms[0][1]), *size)
    after.append(_artifact(line, [(names[kind], matrix) for kind, matrix in forms], paper))
    return before, b"\n".join(after)


def _dress(
    work: _Work, page: Any, artifacts: tuple[bytes, bytes], apart: bool, done: set[tuple[int, int]]
) -> None:
    """Let a page draw its stamp around what it draws; `done` are resources that know the forms."""
    import pikepdf

    old = page.get("/Contents")
    contents = [] if old is None else list(old) if isinstance(old, pikepdf.Array) else [old]
    contents = [each for each in contents if isinstance(each, pikepdf.Stream)]
    missing = extra = 0
    if apart:
        form = shut_in(work.pdf, page, contents, view_of(page))
        contents = [work.shared(b"/GuidePage Do")]
    else:
        missing, extra = unbalanced(contents)
    head = work.shared(artifacts[0] + b"\n" + b"q\n" * (1 + missing))
    tail = work.shared(b"\n" + b"Q\n" * (1 + extra) + artifacts[1])
    page.Contents = pikepdf.Array([head, *contents, tail])
    resources = _resources(page)
    if resources.objgen == (0, 0) or resources.objgen not in done:
        done.add(resources.objgen)
        known = resources.get("/XObject")
        names = pikepdf.Dictionary(dict(known.items()) if known is not None else {})
        for name, slot in zip(work.names.values(), work.slots.values(), strict=True):
            names[name] = slot
        resources.XObject = names
    if apart:  # a name of this page alone
        own = pikepdf.Dictionary(dict(resources.items()))
        own.XObject = pikepdf.Dictionary({**dict(own.XObject.items()), "/GuidePage": form})
        page.Resources = own


def _resources(page: Any) -> Any:
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


def _artifact(properties: bytes, forms: Sequence[tuple[str, Matrix]], before: bytes = b"") -> bytes:
    inner = b"\n".join(
        b"q %s cm %s Do Q" % (_written(matrix), name.encode()) for name, matrix in forms
    )
    return b"/Artifact <<%s>> BDC\n%s%s\nEMC" % (properties, before, inner)


def _written(matrix: Matrix) -> bytes:
    return b" ".join(b"%.5f" % n for n in matrix)


# What the copy says of itself -------------------------------------------------------------------


def _piece(work: _Work) -> tuple[Any, str]:
    """Return what each page says of the copy (14.5), and when the document was changed last."""
    import pikepdf

    word, style = work.token.decode(), work.style
    info = work.pdf.trailer.get("/Info")
    dates = [info[n] for n in ("/ModDate", "/CreationDate") if info is not None and n in info]
    modified = str(next(iter(dates), "D:20000101000000Z"))
    private = pikepdf.Dictionary(
        GuideCopy=pikepdf.String(word + "i"), GuideNumber=pikepdf.String(word + "n"),
        GuideTotal=pikepdf.String(word + "t"), GuideVersion=pikepdf.String(style.version),
    )  # fmt: skip
    if style.seal:
        private.GuideSeal = pikepdf.String(style.seal)
    piece = pikepdf.Dictionary(LastModified=pikepdf.String(modified), Private=private)
    return work.pdf.make_indirect(piece), modified


def _trace(page: Any, piece: Any, modified: str) -> None:
    """Give a page the copy's id: it stays with the page when that is taken out."""
    import pikepdf

    pieces = page.get("/PieceInfo")
    known = dict(pieces.items()) if isinstance(pieces, pikepdf.Dictionary) else {}
    page.PieceInfo = pikepdf.Dictionary({**known, PIECE: piece})
    if "/LastModified" not in page:
        page.LastModified = pikepdf.String(modified)


def _describe(work: _Work) -> None:
    """Write number, version and id into the metadata: in the dictionary and, if it can, in XMP."""
    import pikepdf

    word, info = work.token.decode(), work.pdf.docinfo
    for name, value in (("Copy", word + "i"), ("Number", word + "n"), ("Total", word + "t"),
                        ("Version", work.style.version)):  # fmt: skip
        info[f"/Guide{name}"] = pikepdf.String(value)
    # A foreign packet may be broken in any way.
    with (
        contextlib.suppress(Exception),
        work.pdf.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as meta,
    ):
        meta["xmpMM:InstanceID"] = f"uuid:{word}u"
        meta["dc:identifier"] = f"urn:uuid:{word}u"
