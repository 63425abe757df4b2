"""A laid-out part of a document to a set part: pages that go into a file with those of other parts."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import pydyf
from weasyprint import pdf as weasyprint_pdf
from weasyprint.matrix import Matrix
from weasyprint.pdf.stream import Stream

from guide.engine.parts import Setting, asks_for_sizes, by_place, counts_otherwise, runs_on
from guide.engine.structure import Open, add_part_tags
from guide.model.artifacts import DOCUMENT, FIRST_LINK, PARENT, Group
from guide.model.setparts import (
    FIRST_HEADING,
    FIRST_MARGIN,
    FIRST_NOTE,
    FIRST_PAGE,
    Bookmark,
    PageKind,
    SetPage,
    SetPart,
)
from guide.pdf.budget import measured
from guide.pdf.canvas import SCALE, Canvas, font_faces, outside, shared_codes
from guide.proof.page_margins import reaching_out

_BLEED = 10  # pt of a bleed that a bleed box has at most (as WeasyPrint sets it)


class Crossing(Exception):
    """What keeps a document from being set in parts."""


def pages_of(setting: Setting, document: Any) -> tuple[list[Any], bool]:
    """Return the pages of a part, and whether what comes next cannot be set apart from it.

    Raises Crossing for what only a whole document can be set with.
    """
    context, pages = setting.context, document.pages
    if context is None or setting.whole:
        raise Crossing(setting.whole or "nothing is laid out")
    sided, placed = by_place(context.style_for)
    setting.side, setting.index = setting.side or sided, setting.index or placed
    setting.sizes = setting.outside.index > 0 and asks_for_sizes(context.style_for)
    count = setting.end()
    if counts_otherwise(context.style_for):
        raise Crossing("a stylesheet counts pages otherwise")
    if any(names for names in context.running_elements.values()):
        raise Crossing("an element runs at the head or foot of pages")
    for page in pages:
        if page._page_box.fixed_boxes:  # noqa: SLF001
            raise Crossing("an element is on every page")
        if any(page.forms.values()):
            raise Crossing("there is a form")
        if any(kind == "attachment" for kind, *_ in page.links):
            raise Crossing("a file is attached")
    if document.metadata.attachments:
        raise Crossing("a file is attached")
    if count is None:
        return pages, True
    more = any(runs_on(page._page_box, setting.next) for page in pages[count:])  # noqa: SLF001
    return pages[:count], more


def draw_part(setting: Setting, document: Any, pages: Sequence[Any], measure: bool) -> SetPart:
    """Draw the pages of a part."""
    return _Part(setting, document, pages, measure).drawn()


class _Part:
    def __init__(
        self, setting: Setting, document: Any, pages: Sequence[Any], measure: bool
    ) -> None:
        self.setting, self.document, self.pages = setting, document, pages
        self.canvas = Canvas(document, {})
        self.pdf = self.canvas.pdf
        self.sheets: list[Any] = []
        self.streams: list[Any] = []
        self.anchors: dict[str, int] = {}
        self.places: dict[str, tuple[float, float]] = {}
        # Before anything is drawn: drawing takes boxes apart.
        self.measured = [measured(page) if measure else None for page in pages]
        self.reaching = [tuple(reaching_out(page)) for page in pages]
        self.starts = [tuple(_starts(page._page_box)) for page in pages]  # noqa: SLF001

    def drawn(self) -> SetPart:
        for number, page in enumerate(self.pages):
            self._draw(number, page)
        resources = self.canvas.refer()
        for sheet in self.sheets:
            sheet["Resources"] = resources
        before = len(self.pdf.objects)
        left = Open(lambda n: outside(FIRST_HEADING - n), lambda n: outside(FIRST_NOTE - n))
        add_part_tags(self.pdf, self.pages, self.streams, left)
        return self._taken(before, int(resources.split()[0]), left)

    def _draw(self, number: int, page: Any) -> None:
        height = page.height * SCALE
        stream = self.canvas.stream(page, Stream, {})
        stream.transform(d=-1, f=height)
        media, trim, bleed = _boxes(page)
        sheet = pydyf.Dictionary(
            {
                "Type": "/Page",
                "Parent": outside(PARENT),
                "MediaBox": pydyf.Array(media),
                "Contents": pydyf.Array([stream.reference, outside(FIRST_MARGIN - number)]),
                "Tabs": "/S",
                "StructParents": outside(FIRST_PAGE - number),
            }
        )
        self.pdf.add_page(sheet)
        matrix = Matrix(SCALE, 0, 0, -SCALE, 0, height)
        for name, (x, y, _, _) in page.anchors.items():
            if name not in self.anchors:
                self.anchors[name], self.places[name] = number, matrix.transform_point(x, y)
        links: Any = (list(page.links), [])
        weasyprint_pdf.add_links(links, matrix, self.pdf, sheet, [], stream._tags)  # noqa: SLF001
        page.paint(stream, SCALE)
        sheet["TrimBox"], sheet["BleedBox"] = pydyf.Array(trim), pydyf.Array(bleed)
        self.sheets.append(sheet)
        self.streams.append(stream)

    def _taken(self, before: int, resources: int, left: Open) -> SetPart:
        canvas, objects = self.canvas, self.pdf.objects
        mapping, root, document = objects[before : before + 3]
        shared, inside = canvas.shared()
        contents = [stream.number for stream in self.streams]
        sheets = [sheet.number for sheet in self.sheets]
        annotations = [int(a.split()[0]) for s in self.sheets for a in s.get("Annots", ())]
        first = [*sheets, resources, *contents]
        known = {*first, *inside, *annotations}
        drawn = [n for n in range(4, before) if n not in known]
        order = [*first, *drawn, *annotations, *range(before + 3, len(objects))]
        local = {number: n for n, number in enumerate(order)}
        local |= {document.number: DOCUMENT, root.number: DOCUMENT, mapping.number: DOCUMENT}
        local |= shared_codes(shared)
        numbers = mapping["Nums"]
        owners = dict(zip(numbers[::2], numbers[1::2], strict=True))
        links = list(canvas.links(annotations, owners, FIRST_LINK))
        pages = tuple(
            self._page(n, laid, local, owners[n]) for n, laid in enumerate(self.pages)
        )  # fmt: skip
        taken = self.setting.taken
        leads = {name for page in self.pages for kind, name, *_ in page.links if kind == "internal"}
        return SetPart(
            taken=taken,
            given=taken.of(self.setting.outside),
            pages=pages,
            objects=_numbered(canvas.group(order, local)),
            resources=local[resources],
            structure=tuple(_local(local, document["K"])),
            links=tuple((local[annotation], local[element]) for annotation, element in links),
            headings=tuple(left.levels),
            notes=tuple(_local(local, left.notes)),
            bookmarks=tuple(self._bookmarks()),
            anchors=self.anchors,
            places=self.places,
            leads=tuple(sorted(leads - self.anchors.keys())),
            after=self.setting.after,
            sizes=_sizes(self.setting, self.pages[0]),
            shared=tuple(group for _, group in shared),
            fonts=canvas.uses(),
            faces=font_faces(canvas.fonts),
        )

    def _page(self, number: int, page: Any, local: dict[int, int], owners: Any) -> SetPage:
        box = page._page_box  # noqa: SLF001
        strings = self.setting.context.string_set
        given = [(name, tuple(of_page[number + 1])) for name, of_page in sorted(strings.items())
                 if of_page.get(number + 1)]  # fmt: skip
        kind = box.page_type
        groups = tuple((name, index) for name, index in kind.groups)
        return SetPage(
            PageKind(kind.side, bool(kind.blank), kind.name, groups),
            page.width * SCALE,
            page.height * SCALE,
            local[self.sheets[number].number],
            local[self.streams[number].number],
            tuple(_local(local, owners)),
            tuple(given),
            self.starts[number],
            self.reaching[number],
            self.measured[number],
        )

    def _bookmarks(self) -> Iterator[Bookmark]:
        for number, page in enumerate(self.pages):
            matrix = Matrix(a=SCALE, d=-SCALE, f=page.height * SCALE)
            for level, label, point, state in page.bookmarks:
                x, y = matrix.transform_point(*point)
                yield Bookmark(level, label, number, x, y, state == "closed")


def _local(local: dict[int, int], references: Any) -> Iterator[int]:
    for reference in references:
        yield local[int(reference.split()[0])] if reference != b"null" else -1


def _sizes(setting: Setting, page: Any) -> Any:
    """Return paper and area of the first page, in px; its rules may be those of the first alone."""
    box = page._page_box  # noqa: SLF001
    return (
        (tuple(box.style["size"]), (box.width, box.height)) if not setting.outside.index else None
    )


def _starts(box: Any) -> Iterator[str]:
    """Yield the names of strings that are set by what is first on a page."""
    element = box
    while element is not None:
        if element.style["string_set"] != "none":
            yield from (name for name, _ in element.style["string_set"])
        element = element.children[0] if getattr(element, "children", ()) else None


def _boxes(page: Any) -> tuple[list[float], list[float], list[float]]:
    """Return the media box of a page in pt, and its trim box and bleed box."""
    bleed = {side: value * SCALE for side, value in page.bleed.items()}
    width = SCALE * (page.width + page.bleed["left"] + page.bleed["right"])
    height = SCALE * (page.height + page.bleed["top"] + page.bleed["bottom"])
    left, top = -bleed["left"], -bleed["top"]
    media = [left, top, left + width, top + height]
    trim = [
        left + bleed["left"], top + bleed["top"],
        media[2] - bleed["right"], media[3] - bleed["bottom"],
    ]  # fmt: skip
    outer = [
        trim[0] - min(_BLEED, bleed["left"]), trim[1] - min(_BLEED, bleed["top"]),
        trim[2] + min(_BLEED, bleed["right"]), trim[3] + min(_BLEED, bleed["bottom"]),
    ]  # fmt: skip
    return media, trim, outer


def _numbered(group: Group) -> Group:
    """Turn what was written as a reference into a plain number where PDF wants a number or a name."""
    text = group.text
    for key, number in (
        (b"/StructParents ", b"%d"), (b"/StructParent ", b"%d"), (b"/S ", b"/H%d"),
        (b"/ID ", b"(note-%05d)"),
    ):  # fmt: skip
        text = text.replace(key + b"%d 0 R", key + number)
    return dataclasses.replace(group, text=text)
