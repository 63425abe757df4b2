"""Set faces to a deck: one tagged PDF/UA-1 file, one face a page, each font once."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from xml.sax.saxutils import escape

import pydyf

from guide import engine
from guide.engine.pieces import Ready, place, reference, references
from guide.model.artifacts import (
    COLOURS,
    DOCUMENT,
    FIRST_FONT,
    FIRST_LINK,
    FIRST_SHARED,
    PAGE_NUMBER,
    PARENT,
    FontObjects,
    Group,
    SetFace,
)

# CIE 1976 L*a*b* under the two white points that CSS colours use.
_LAB = b"[/Lab <</WhitePoint [%s]/Range [-125 125 -125 125]>>]"
_COLOURS = b"<</lab-d50 %s/lab-d65 %s>>" % (
    _LAB % b"0.9642956764 1 0.8251046026",
    _LAB % b"0.9504559271 1 1.0890577508",
)


@dataclass(frozen=True)
class About:
    """What a file says of itself; `lang` is a BCP 47 tag."""

    title: str
    lang: str
    authors: tuple[str, ...] = ()


@dataclass
class Common:
    """What the faces of a file share: fonts, pictures, colour spaces; each is written once."""

    pdf: pydyf.PDF
    fonts: FontObjects
    codes: dict[int, int] = field(default_factory=dict)
    _groups: dict[str, int] = field(default_factory=dict)
    _names: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        colours = Ready(_COLOURS)
        self.pdf.add_object(colours)
        self.codes = {COLOURS: colours.number, PARENT: self.pdf.pages.number}
        base = place(self.pdf, self.fonts.objects, {})
        self._names = {name: base + n for name, n in self.fonts.names.items()}

    def of(self, face: SetFace) -> dict[int, int]:
        """Return the numbers of what a face refers to outside itself."""
        codes = dict(self.codes)
        for n, use in enumerate(face.fonts):
            codes[FIRST_FONT - n] = self._names[use.name]
        for n, (key, group) in enumerate(face.shared):
            codes[FIRST_SHARED - n] = self._group(key, group)
        return codes

    def _group(self, key: str, group: Group) -> int:
        if key not in self._groups:
            self._groups[key] = place(self.pdf, group, {})
        return self._groups[key]


def assemble(faces: Sequence[SetFace], fonts: FontObjects, about: About) -> bytes:
    """Return the deck, a page a face, in the order given; the same faces give the same bytes."""
    return _Deck(faces, fonts, about).data()


class _Deck:
    def __init__(self, faces: Sequence[SetFace], fonts: FontObjects, about: About) -> None:
        self.faces, self.about = faces, about
        self.pdf = pydyf.PDF()
        self.common = Common(self.pdf, fonts)
        self.links_before = [0, *accumulate(len(face.links) for face in faces)]
        self.parents = Ready(b"")
        self.root = Ready(b"")
        self.document = Ready(b"")
        for each in (self.parents, self.root, self.document):
            self.pdf.add_object(each)

    def data(self) -> bytes:
        pages = [self._page(number, face) for number, face in enumerate(self.faces)]
        self._structure(pages)
        self._outline(pages)
        self._catalogue()
        self.pdf.pages["Kids"] = Ready(references(pages))
        self.pdf.pages["Count"] = len(pages)
        return written(self.pdf)

    def _page(self, number: int, face: SetFace) -> int:
        codes = self.common.of(face)
        codes |= {PAGE_NUMBER: number, DOCUMENT: self.document.number}
        start = len(self.faces) + self.links_before[number]
        codes |= {FIRST_LINK - n: start + n for n in range(len(face.links))}
        return place(self.pdf, face.objects, codes)

    def _structure(self, pages: list[int]) -> None:
        pairs = list(zip(pages, self.faces, strict=True))
        marked = [
            b"%d %s" % (n, references(page + m for m in face.marked))
            for n, (page, face) in enumerate(pairs)
        ]
        links = [
            b"%d %d 0 R" % (len(pages) + n, element)
            for n, element in enumerate(page + e for page, face in pairs for _, e in face.links)
        ]
        top = [page + n for page, face in pairs for n in face.structure]
        self.parents.text = b"<</Nums [" + b" ".join([*marked, *links]) + b"]>>"
        self.root.text = b"<</Type /StructTreeRoot/ParentTree %s/K %s>>" % (
            reference(self.parents.number), references([self.document.number]),
        )  # fmt: skip
        self.document.text = b"<</Type /StructElem/S /Document/P %s/K %s>>" % (
            reference(self.root.number), references(top),
        )  # fmt: skip

    def _outline(self, pages: list[int]) -> None:
        """Add a bookmark for each heading, all on one level."""
        entries = [
            (title, page, x, y)
            for page, face in zip(pages, self.faces, strict=True)
            for title, x, y in face.bookmarks
        ]
        if not entries:
            return
        outlines = Ready(b"")
        self.pdf.add_object(outlines)
        first = len(self.pdf.objects)
        last = first + len(entries) - 1
        for n, (title, page, x, y) in enumerate(entries, first):
            before = b"/Prev %d 0 R" % (n - 1) if n > first else b""
            after = b"/Next %d 0 R" % (n + 1) if n < last else b""
            where = b"[%d 0 R /XYZ %.2f %.2f 0]" % (page, x, y)
            text = pydyf.String(title).data
            self.pdf.add_object(
                Ready(b"<</Title %s/Dest %s/Parent %s%s%s>>" % (
                    text, where, reference(outlines.number), before, after,
                ))
            )  # fmt: skip
        outlines.text = b"<</Count %d/First %d 0 R/Last %d 0 R>>" % (len(entries), first, last)
        self.pdf.catalog["Outlines"] = outlines.reference

    def _catalogue(self) -> None:
        catalogue = self.pdf.catalog
        catalogue["StructTreeRoot"] = self.root.reference
        catalogue["ViewerPreferences"] = pydyf.Dictionary({"DisplayDocTitle": "true"})
        catalogue["MarkInfo"] = pydyf.Dictionary({"Marked": "true"})
        catalogue["Lang"] = pydyf.String(self.about.lang)
        describe(self.pdf, self.about)


_XMP = """<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:pdf="http://ns.adobe.com/pdf/1.3/" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/">
<rdf:Description rdf:about="" pdfuaid:part="1" pdf:Producer="guide" xmp:CreatorTool="guide">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
<dc:creator><rdf:Seq>{authors}</rdf:Seq></dc:creator>
<dc:language><rdf:Bag><rdf:li>{lang}</rdf:li></rdf:Bag></dc:language>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>"""


def describe(pdf: pydyf.PDF, about: About) -> None:
    """Write title and authors into a tagged file, and that it keeps to PDF/UA-1 (ISO 14289-1)."""
    inform(pdf, about)
    authors = "".join(f"<rdf:li>{escape(name)}</rdf:li>" for name in about.authors)
    text = _XMP.format(title=escape(about.title), authors=authors, lang=escape(about.lang))
    data = text.encode()
    stream = Ready(b"<</Type /Metadata/Subtype /XML/Length %d>>" % len(data), data)
    pdf.add_object(stream)
    pdf.catalog["Metadata"] = stream.reference


def inform(pdf: pydyf.PDF, about: About) -> None:
    """Write title and authors into a file's information dictionary."""
    pdf.info["Title"] = pydyf.String(about.title)
    if about.authors:
        pdf.info["Author"] = pydyf.String(", ".join(about.authors))
    pdf.info["Producer"] = pydyf.String("guide")
    pdf.info["Creator"] = pydyf.String("guide")


def written(pdf: pydyf.PDF) -> bytes:
    """Return a file's bytes; its identifier is the digest of its objects."""
    engine.install("pydyf")
    digest = hashlib.sha256(b"".join(each.data for each in pdf.objects if each.free != "f"))
    out = io.BytesIO()
    pdf.write(out, b"1.7", digest.digest()[:16], True)
    return out.getvalue()
