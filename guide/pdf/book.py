"""Set parts to a document: one tagged PDF/UA-1 file, each font once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

import pydyf

from guide.engine.pieces import Ready, references, steps
from guide.model.artifacts import DOCUMENT, FIRST_LINK, SEPARATOR, FontObjects, Group
from guide.model.setparts import (
    FIRST_HEADING,
    FIRST_MARGIN,
    FIRST_NOTE,
    FIRST_PAGE,
    Margins,
    SetPart,
)
from guide.pdf.assemble import About, Common, Entry, Structure, catalogue, outline, written

_DICTIONARIES = (b"ExtGState", b"XObject", b"Pattern", b"Shading", b"Font")


@dataclass
class Book:
    """A document to put together: its parts in order, and what is in the margins of their pages."""

    parts: Sequence[SetPart]
    margins: Sequence[Margins]
    fonts: FontObjects
    about: About
    pdf: pydyf.PDF = field(default_factory=pydyf.PDF)

    def data(self) -> bytes:
        """Return the file; the same parts and margins give the same bytes."""
        self.common = Common(self.pdf, self.fonts)
        self.tree = Structure(self.pdf)
        self._begin()
        bases = [self._part(number, part) for number, part in enumerate(self.parts)]
        pairs = list(zip(bases, self.parts, strict=True))
        self.tree.write(
            [[_of(base, m) for m in page.marked] for base, part in pairs for page in part.pages],
            [base + element for base, part in pairs for _, element in part.links],
            [base + n for base, part in pairs for n in part.structure],
            [base + n for base, part in pairs for n in part.notes],
        )
        pages = [base + page.page for base, part in pairs for page in part.pages]
        self.pdf.pages["Kids"] = Ready(references(pages))
        self.pdf.pages["Count"] = len(pages)
        outline(self.pdf, [*self._entries(pages)])
        catalogue(self.pdf, self.tree, self.about)
        self._names(pages)
        return written(self.pdf)

    def _begin(self) -> None:
        parts = self.parts
        self.pages_before = [0, *accumulate(len(part.pages) for part in parts)]
        self.links_before = [0, *accumulate(len(part.links) for part in parts)]
        self.notes_before = [0, *accumulate(len(part.notes) for part in parts)]
        self.levels = steps(level for part in parts for level in part.headings)
        self.headings_before = [0, *accumulate(len(part.headings) for part in parts)]
        self.extras = [self._extras(margins) for margins in self.margins]
        self.contents: list[tuple[int, int]] = []  # of margins: their object, and whose they are
        for number, margins in enumerate(self.margins):
            for content in margins.contents:
                stream = Ready(b"<</Filter /FlateDecode/Length %d>>" % len(content), content)
                self.pdf.add_object(stream)
                self.contents.append((stream.number, number))

    def _extras(self, margins: Margins) -> list[bytes]:
        """Add what margins are drawn with, and return the entries of each kind of resource."""
        codes, count = self.common.of(margins), len(_DICTIONARIES)
        base = len(self.pdf.objects) - count
        group, data = margins.resources, dict(margins.resources.data)
        numbers = tuple([base + ref if ref >= 0 else codes[ref] for ref in group.refs])
        texts = (group.text % numbers).split(SEPARATOR)
        for n, text in enumerate(texts[count:], count):
            self.pdf.add_object(Ready(text, data.get(n)))
        return [text.removeprefix(b"<<").removesuffix(b">>") for text in texts[:count]]

    def _part(self, number: int, part: SetPart) -> int:
        first, count = self.pages_before[number], len(part.pages)
        start = self.pages_before[-1] + self.links_before[number]
        contents = self.contents[first : first + count]
        codes = self.common.of(part)
        codes[DOCUMENT] = self.tree.document.number
        codes |= {FIRST_PAGE - n: first + n for n in range(count)}
        codes |= {FIRST_MARGIN - n: stream for n, (stream, _) in enumerate(contents)}
        codes |= {FIRST_LINK - n: start + n for n in range(len(part.links))}
        notes = self.notes_before[number] + 1
        codes |= {FIRST_NOTE - n: notes + n for n in range(len(part.notes))}
        before = self.headings_before[number]
        levels = self.levels[before : before + len(part.headings)]
        codes |= {FIRST_HEADING - n: level for n, level in enumerate(levels)}
        used = sorted({whose for _, whose in contents})
        return self._placed(part.objects, codes, part.resources, used)

    def _placed(self, group: Group, codes: dict[int, int], resources: int, used: list[int]) -> int:
        """Add a part's objects; its resources are also those of the margins of its pages."""
        base, data = len(self.pdf.objects), dict(group.data)
        numbers = tuple([base + ref if ref >= 0 else codes[ref] for ref in group.refs])
        for n, text in enumerate((group.text % numbers).split(SEPARATOR)):
            whole = text
            if n == resources:
                for place, kind in enumerate(_DICTIONARIES):
                    whole = _amended(whole, kind, [self.extras[each][place] for each in used])
            self.pdf.add_object(Ready(whole, data.get(n)))
        return base

    def _entries(self, pages: Sequence[int]) -> Iterator[Entry]:
        for first, part in zip(self.pages_before, self.parts, strict=False):
            for each in part.bookmarks:
                page = pages[first + each.page]
                yield Entry(each.level, each.label, page, each.x, each.y, each.closed)

    def _names(self, pages: Sequence[int]) -> None:
        """Name the places that links lead to; the first of a name counts."""
        places: dict[str, bytes] = {}
        for first, part in zip(self.pages_before, self.parts, strict=False):
            for name, page in part.anchors.items():
                x, y = part.places[name]
                where = b"[%d 0 R /XYZ %.6f %.6f 0]" % (pages[first + page], x, y)
                places.setdefault(name, where)
        if places:
            names = (pydyf.String(name).data + b" " + places[name] for name in sorted(places))
            listed = Ready(b"<</Names [" + b" ".join(names) + b"]>>")
            self.pdf.add_object(listed)
            self.pdf.catalog["Names"] = pydyf.Dictionary({"Dests": listed.reference})


def _of(base: int, number: int) -> int:
    return base + number if number >= 0 else -1


def _amended(text: bytes, kind: bytes, extras: Sequence[bytes]) -> bytes:
    """Return resources with more entries of a kind; a font that is there already stays."""
    head = b"/" + kind + b" <<"
    if head not in text:
        return text
    before, _, after = text.partition(head)
    inside = after.partition(b">>")[0] if kind == b"Font" else b""
    known = set(inside.split(b"/"))
    more = b"".join(
        b"/" + entry
        for extra in dict.fromkeys(extras)
        for entry in _entries_of(extra)
        if entry not in known
    )
    return before + head + more + after


def _entries_of(text: bytes) -> Iterator[bytes]:
    """Yield the entries of a dictionary's text, each with its name first; values have no slash at the top."""
    depth, start = 0, -1
    at = 0
    while at < len(text):
        two = text[at : at + 2]
        if two in {b"<<", b">>"}:
            depth += 1 if two == b"<<" else -1
            at += 2
            continue
        if text[at : at + 1] == b"/" and not depth:
            if start >= 0:
                yield text[start:at]
            start = at + 1
        at += 1
    if start >= 0:
        yield text[start:]
