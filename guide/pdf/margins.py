"""What is printed in the margins of pages, made for all pages of a document when these are known.

A page number, or the number of all pages, changes on many pages when one section grows; what is on
the pages does not. So margins are laid out and drawn by themselves, and joined to the pages of the
parts when the file is put together.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain
from types import SimpleNamespace
from typing import Any

import pydyf
from weasyprint import DEFAULT_OPTIONS, HTML, Document, draw, layout
from weasyprint.formatting_structure import boxes
from weasyprint.layout import background
from weasyprint.layout import page as page_layout
from weasyprint.layout.percent import resolve_percentages
from weasyprint.pdf import VARIANTS
from weasyprint.pdf.stream import Stream
from weasyprint.stacking import StackingContext

from guide.engine.parts import give_sizes
from guide.engine.pieces import content_of, deflated, group_of
from guide.model.artifacts import FIRST_SHARED, Group
from guide.model.setparts import MarginPage, Margins
from guide.pdf.canvas import SCALE, Canvas, font_faces, number_of

_KINDS = {"ExtGState": "gs", "XObject": "Do", "Pattern": "scn|SCN", "Shading": "sh"}
_NAMED = re.compile(
    rb"(?m)^(?P<before>.*?)/(?P<name>[^\s/]+) (?P<how>gs|Do|scn|SCN|sh)$"
)  # what a content takes from the resources, but for fonts
_OWN = b"m"  # before each such name: those of the page's own resources are others


class MarginLayout:
    """Lays out the margins of pages of one document."""

    def __init__(
        self, source: HTML, stylesheets: Any, fonts: Any, counters: Any, variant: str, sizes: Any
    ) -> None:
        options = dict(DEFAULT_OPTIONS, stylesheets=stylesheets, pdf_variant=variant)
        for key, value in VARIANTS[variant][1].items():
            options[key] = value if options[key] is None else options[key]
        self.context = Document._build_layout_context(  # noqa: SLF001
            source, fonts, counters, {}, options
        )
        self.html = source
        give_sizes(self.context.style_for, sizes)
        self.context.get_string_set_for = self._string

    def page(self, wanted: MarginPage, total: int) -> Any:
        """Return the box of a page that has its margins alone."""
        context, kind = self.context, wanted.kind
        self.wanted = wanted
        page_type = page_layout.PageType(
            kind.side, kind.blank, kind.name, wanted.index, kind.groups
        )
        page_layout.set_page_type_computed_styles(page_type, self.html, context.style_for)
        style = context.style_for(page_type)
        page = boxes.PageBox(page_type, style)
        size = page.style["size"]
        resolve_percentages(page, size)
        page.position_x = page.position_y = 0
        page_layout.page_width(page, context, size[0])
        page_layout.page_height(page, context, size[1])
        context.current_page = wanted.index + 1
        context.page_bottom = page.content_box_y() + page.height
        counters = {"pages": [total], "page": [wanted.index + 1]}
        state: Any = ([0], counters, [{"pages", "page"}], [])
        page.children = tuple(layout.make_margin_boxes(context, page, state))
        page.background = None  # it is the page's own
        for margin in page.children:
            background.layout_box_backgrounds(page, margin, context.get_image_from_uri)
        return page

    def _string(self, _page: Any, name: str, keyword: str = "first") -> tuple[str, ...]:
        """Return the text of a running head, as WeasyPrint finds it in a whole document."""
        texts, at_start = next(
            ((texts, start) for each, texts, start in self.wanted.strings if each == name),
            ((), False),
        )
        if texts:
            if keyword == "first" or (keyword == "start" and at_start):
                return (texts[0],)
            if keyword == "last":
                return (texts[-1],)
            if keyword == "first-except":
                return ()
            if keyword == "all-once":
                return texts
        if keyword == "all-once":
            return ()
        return tuple(text for each, text in self.wanted.before if each == name)


def draw_margins(pages: Sequence[Any], document: Any) -> Margins:
    """Draw the margins of pages, each into a separate content."""
    canvas = Canvas(document, {})
    streams = []
    for page in pages:
        facts = SimpleNamespace(
            width=page.margin_width(), height=page.margin_height(),
            bleed={side: page.style[f"bleed_{side}"].value for side in ("left", "right")},
        )  # fmt: skip
        stream = canvas.stream(facts, Stream, {})
        with stream.stacked():
            stream.transform(a=SCALE, d=SCALE)
            if page.children:
                draw.draw_stacking_context(stream, StackingContext.from_page(page))
        streams.append(stream)
    canvas.refer()
    contents = tuple(deflated(_renamed(content_of(stream))) for stream in streams)
    resources, shared = _resources(canvas, {stream.number for stream in streams})
    return Margins(contents, resources, shared, canvas.uses(), font_faces(canvas.fonts))


def _renamed(content: bytes) -> bytes:
    return _NAMED.sub(lambda m: m["before"] + b"/" + _OWN + m["name"] + b" " + m["how"], content)


def _resources(canvas: Canvas, contents: set[int]) -> tuple[Group, tuple[tuple[str, Group], ...]]:
    """Return the dictionaries of resources, each by itself, with the objects that they name."""
    shared, inside = canvas.shared()
    whole = canvas.resources
    named = [
        pydyf.Dictionary({_OWN.decode() + key: value for key, value in whole[kind].items()})
        for kind in _KINDS
    ]
    dictionaries = [*named, whole["Font"]]
    own = int(whole.number)
    drawn = [
        n for n in range(4, len(canvas.pdf.objects)) if n not in contents | inside and n != own
    ]  # fmt: skip
    local = {number: n for n, number in enumerate(drawn, len(dictionaries))}
    local |= {head: FIRST_SHARED - n for n, (head, _) in enumerate(shared)}
    objects = chain(dictionaries, (canvas.pdf.objects[n] for n in drawn))
    group = group_of(objects, lambda number: number_of(number, local))
    return group, tuple(group for _, group in shared)
