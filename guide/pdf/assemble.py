"""Set faces to a deck: one tagged PDF/UA-1 file, one face a page, each font once."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
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
from guide.model.setparts import Drawn

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
    subject: str = ""
    keywords: str = ""


@dataclass(frozen=True)
class Entry:
    """A bookmark of a file: its level, its text, the number of its page, its place in pt."""

    level: int
    title: str
    page: int
    x: float
    y: float
    closed: bool = False


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

    def of(self, piece: Drawn) -> dict[int, int]:
        """Return the numbers of what a face or a part refers to outside itself."""
        codes = dict(self.codes)
        for n, use in enumerate(piece.fonts):
            codes[FIRST_FONT - n] = self._names[use.name]
        for n, (key, group) in enumerate(piece.shared):
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
        self.tree = Structure(self.pdf)

    def data(self) -> bytes:
        pages = [self._page(number, face) for number, face in enumerate(self.faces)]
        pairs = list(zip(pages, self.faces, strict=True))
        self.tree.write(
            [[page + m for m in face.marked] for page, face in pairs],
            [page + element for page, face in pairs for _, element in face.links],
            [page + n for page, face in pairs for n in face.structure],
        )
        outline(
            self.pdf,
            [Entry(1, title, page, x, y) for page, face in pairs for title, x, y in face.bookmarks],
        )
        catalogue(self.pdf, self.tree, self.about)
        self.pdf.pages["Kids"] = Ready(references(pages))
        self.pdf.pages["Count"] = len(pages)
        return written(self.pdf)

    def _page(self, number: int, face: SetFace) -> int:
        codes = self.common.of(face)
        codes |= {PAGE_NUMBER: number, DOCUMENT: self.tree.document.number}
        start = len(self.faces) + self.links_before[number]
        codes |= {FIRST_LINK - n: start + n for n in range(len(face.links))}
        return place(self.pdf, face.objects, codes)


class Structure:
    """The root of the structure of a file, whose elements come with faces or parts."""

    def __init__(self, pdf: pydyf.PDF) -> None:
        self.pdf = pdf
        self.parents, self.root, self.document = Ready(b""), Ready(b""), Ready(b"")
        for each in (self.parents, self.root, self.document):
            pdf.add_object(each)

    def write(
        self, marked: Sequence[Sequence[int]], links: Sequence[int], top: Sequence[int],
        notes: Sequence[int] = (),
    ) -> None:  # fmt: skip
        """Write the root: for each page the elements of its marked contents, and those of links.

        A number below 0 stands for a content of no element.
        """
        numbers = [
            b"%d [%s]" % (n, b" ".join(b"null" if m < 0 else reference(m) for m in of_page))
            for n, of_page in enumerate(marked)
        ]
        numbers += [b"%d %d 0 R" % (n, element) for n, element in enumerate(links, len(marked))]
        self.parents.text = b"<</Nums [" + b" ".join(numbers) + b"]>>"
        names = self._names(notes) if notes else b""
        self.root.text = b"<</Type /StructTreeRoot/ParentTree %s/K %s%s>>" % (
            reference(self.parents.number), references([self.document.number]), names,
        )  # fmt: skip
        self.document.text = b"<</Type /StructElem/S /Document/P %s/K %s>>" % (
            reference(self.root.number), references(top),
        )  # fmt: skip

    def _names(self, notes: Sequence[int]) -> bytes:
        """Return the list of the notes by their identifiers (ISO 14289-1, 7.9)."""
        named = [b"(note-%05d)" % n for n in range(1, len(notes) + 1)]
        pairs = (
            b"%s %s" % (name, reference(note)) for name, note in zip(named, notes, strict=True)
        )
        limits = b"[%s %s]" % (named[0], named[-1])
        leaf = Ready(b"<</Names [%s]/Limits %s>>" % (b" ".join(pairs), limits))
        self.pdf.add_object(leaf)
        return b"/IDTree <</Kids %s>>" % references([leaf.number])


def outline(pdf: pydyf.PDF, entries: Sequence[Entry]) -> None:
    """Add bookmarks; a level that is skipped on the way down does not count."""
    if not entries:
        return
    outlines = Ready(b"")
    pdf.add_object(outlines)
    first = len(pdf.objects)
    tree = _Tree(entries)
    for n, entry in enumerate(entries):
        where = b"[%d 0 R /XYZ %.6f %.6f 0]" % (entry.page, entry.x, entry.y)
        links = tree.links(n, first, outlines.number)
        text = pydyf.String(entry.title).data
        pdf.add_object(Ready(b"<</Title %s/Dest %s%s>>" % (text, where, links)))
    top = tree.kids[-1]
    shown = sum(tree.shown(n) for n in top)
    outlines.text = b"<</Count %d/First %d 0 R/Last %d 0 R>>" % (
        shown, first + top[0], first + top[-1],
    )  # fmt: skip
    pdf.catalog["Outlines"] = outlines.reference


class _Tree:
    """Bookmarks by the one that each belongs to: -1 is none."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = entries
        self.above: list[int] = []
        self.kids: dict[int, list[int]] = {-1: []}
        for n, depth in enumerate(depths([entry.level for entry in entries])):
            above = n - 1
            while above >= 0 and self._depths[above] >= depth:
                above = self.above[above]
            self._depths[n] = depth
            self.above.append(above)
            self.kids.setdefault(above, []).append(n)

    @cached_property
    def _depths(self) -> dict[int, int]:
        return {}

    def shown(self, n: int) -> int:
        """Return how many entries are seen where one is: itself, and those below it if it is open."""
        below = 0 if self.entries[n].closed else sum(map(self.shown, self.kids.get(n, ())))
        return 1 + below

    def links(self, n: int, first: int, outlines: int) -> bytes:
        """Return what leads from an entry to others."""
        siblings = self.kids[self.above[n]]
        place = siblings.index(n)
        parent = first + self.above[n] if self.above[n] >= 0 else outlines
        parts = [b"/Parent %d 0 R" % parent]
        parts += [b"/Prev %d 0 R" % (first + siblings[place - 1])] if place else []
        parts += (
            [b"/Next %d 0 R" % (first + siblings[place + 1])] if place + 1 < len(siblings) else []
        )
        kids = self.kids.get(n)
        if kids:
            count = sum(map(self.shown, kids)) * (-1 if self.entries[n].closed else 1)
            parts.append(b"/First %d 0 R/Last %d 0 R" % (first + kids[0], first + kids[-1]))
            parts.append(b"/Count %d" % count)
        return b"".join(parts)


def depths(levels: Sequence[int]) -> list[int]:
    """Return the depths of bookmarks of some levels, as WeasyPrint nests them."""
    found: list[int] = []
    skipped: list[int] = []
    before = 0
    for level in levels:
        if level > before:
            skipped.append(level - before - 1)
        else:
            at = level
            while at < before:
                at += 1 + skipped.pop()
            if at > before:
                skipped.append(at - before - 1)
        before = level
        found.append(level - sum(skipped))
    return found


def catalogue(pdf: pydyf.PDF, tree: Structure, about: About) -> None:
    """Say of a file what it is."""
    pdf.catalog["StructTreeRoot"] = tree.root.reference
    pdf.catalog["ViewerPreferences"] = pydyf.Dictionary({"DisplayDocTitle": "true"})
    pdf.catalog["MarkInfo"] = pydyf.Dictionary({"Marked": "true"})
    pdf.catalog["Lang"] = pydyf.String(about.lang)
    describe(pdf, about)


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
    if about.subject:
        pdf.info["Subject"] = pydyf.String(about.subject)
    if about.keywords:
        pdf.info["Keywords"] = pydyf.String(about.keywords)
    pdf.info["Producer"] = pydyf.String("guide")
    pdf.info["Creator"] = pydyf.String("guide")


def written(pdf: pydyf.PDF) -> bytes:
    """Return a file's bytes; its identifier is the digest of its objects."""
    engine.install("pydyf")
    digest = hashlib.sha256(b"".join(each.data for each in pdf.objects if each.free != "f"))
    out = io.BytesIO()
    pdf.write(out, b"1.7", digest.digest()[:16], True)
    return out.getvalue()
