"""What WeasyPrint 70.0's output lacks for PDF/UA-1, put right; what each function is for: `patches`."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import pydyf
from weasyprint import draw, pdf, stacking
from weasyprint.formatting_structure import boxes
from weasyprint.layout import page as page_layout
from weasyprint.layout import preferred
from weasyprint.pdf.stream import Stream

from guide.engine import parts, patches, structure
from guide.engine.structure_tree import is_decoration, unwrap

patches.check()
_CORNERS = tuple(
    f"border_{side}_radius" for side in ("top_left", "top_right", "bottom_left", "bottom_right")
)
_NEVER_RUNNING = {"html", "thead", "tbody", "tfoot", "tr", "td", "th", "col", "colgroup", "caption"}
_EMPTY = ("normal", "inhibit", "none")  # what a margin box says that has nothing to say

_draw_stacking_context = draw.draw_stacking_context
_marked = Stream.marked
_draw_table = draw.draw_table
_dispatch_box = stacking._dispatch  # noqa: SLF001
_add_tags = pdf.add_tags
_drawn: dict[int, Any] = {}  # heads and feet of tables in the document that is being written
_set_page_styles = page_layout.set_page_type_computed_styles
_make_margin_boxes = page_layout.make_margin_boxes
_forms = pdf.add_forms


def _draw(stream: Any, context: Any) -> None:
    if not isinstance(context.box, boxes.MarginBox) or stream._tags is None:  # noqa: SLF001
        _draw_stacking_context(stream, context)
        return
    kept, stream._tags = stream._tags, None  # noqa: SLF001
    pydyf.Stream.begin_marked_content(stream, "Artifact", pydyf.Dictionary({"Type": "/Pagination"}))
    try:
        _draw_stacking_context(stream, context)
    finally:
        pydyf.Stream.end_marked_content(stream)
        stream._tags = kept  # noqa: SLF001


def _mark(stream: Any, box: Any, tag: str) -> AbstractContextManager[None]:
    if getattr(box, "repeated", False) or is_decoration(box):
        return stream.artifact()  # type: ignore[no-any-return]
    return _marked(stream, box, tag)  # type: ignore[no-any-return]


def _draw_heads_once(stream: Any, table: Any) -> None:
    """Draw a table; a head or foot that stood on an earlier page is repeated as an artifact."""
    for group in table.children:
        if (group.is_header or group.is_footer) and group.element is not None:
            if id(group.element) in _drawn:
                for box in group.descendants():
                    box.repeated = True
            _drawn[id(group.element)] = group.element
    _draw_table(stream, table)


def _dispatch(box: Any, page: Any, contexts: Any, blocks: Any, floats: Any, cells: Any) -> Any:
    """Paint a positioned block without a ground in its place among the others.

    CSS 2.2 (appendix E) paints it after all text of the page, and so it came last in the file.
    """
    inner = unwrap(box)
    style = inner.style
    if isinstance(inner, boxes.ReplacedBox) and _is_whole(inner, style):
        if isinstance(inner, boxes.BlockLevelBox):
            blocks.append(inner)
            cells[inner] = {}
        return inner
    if style["position"] == "static" or not _is_plain(inner, style):
        return _dispatch_box(box, page, contexts, blocks, floats, cells)
    index, own = len(blocks), dict[Any, Any]()
    made = stacking._dispatch_children(inner, page, contexts, blocks, floats, own)  # noqa: SLF001
    blocks.insert(index, made)
    cells[made] = own
    return None


def _is_whole(box: Any, style: Any) -> bool:
    """Return whether a picture in the flow is drawn as it is, with nothing of it cut off."""
    return (
        style["position"] == "static"
        and not box.is_floated()
        and style["z_index"] == "auto"
        and style["opacity"] == 1
        and not style["transform"]
        and style["object_fit"] in {"fill", "contain", "scale-down"}
        and not any(length.value for corner in _CORNERS for length in style[corner])
        and (box.background is None or not box.background.layers)
    )


def _is_plain(box: Any, style: Any) -> bool:
    """Return whether it makes no difference to the eye when a box is painted."""
    return (
        isinstance(box, boxes.BlockLevelBox)
        and style["z_index"] == "auto"
        and style["opacity"] == 1
        and not style["transform"]
        and style["overflow"] == "visible"
        and not (box.is_absolutely_positioned() and style["clip"])
        and (box.background is None or not box.background.layers)
    )


def _tag_all(*about: Any) -> None:
    _drawn.clear()
    structure.add_tags(*about)


def _page_styles(page_type: Any, html: Any, style_for: Any) -> None:
    """Share the styles of pages to which the same rules apply: most differ by their number alone."""
    known = style_for.__dict__.setdefault("_shared_by_guide", {})
    rules = tuple(
        id(selector)
        for sheet, _, _ in style_for._sheets  # noqa: SLF001
        for _, selectors, _ in sheet.page_rules
        for selector in selectors
        if style_for._page_type_match(selector[2], page_type)  # noqa: SLF001
    )
    computed = style_for.get_computed_styles()
    if rules not in known:
        _set_page_styles(page_type, html, style_for)
        pseudo = [name for element, name in computed if element == page_type]
        known[rules] = {name: computed[page_type, name] for name in pseudo}
    for name, style in known[rules].items():
        computed[page_type, name] = style
    if rules not in (filled := style_for.__dict__.setdefault("_filled_by_guide", {})):
        filled[rules] = any(
            style["content"] not in _EMPTY
            for name, style in known[rules].items()
            if name and name.startswith("@") and name not in {"@footnote", "@note-area"}
        )
    style_for.__dict__.setdefault("_margins_by_guide", {})[page_type] = filled[rules]


def _margin_boxes(context: Any, page: Any, state: Any) -> Any:
    if parts.margins_are_apart():
        return ()
    if not context.style_for._margins_by_guide.get(page.page_type, True):  # noqa: SLF001
        return ()
    return _make_margin_boxes(context, page, state)


def _add_forms(forms: Any, matrix: Any, pdf: Any, page: Any, *rest: Any) -> None:
    """Leave the buttons of a group without a name, and out of the form's own list."""
    _forms(forms, matrix, pdf, page, *rest)
    fields = [
        getattr(box, "widget_annotation", None)
        for inputs in (forms or {}).values()
        for box, _ in inputs
    ]
    buttons = [field for field in fields if field and "Parent" in field]
    for button in buttons:
        button.pop("T", None)
        button.pop("FT", None)
    if buttons:
        kids = {button.reference for button in buttons}
        form = pdf.catalog["AcroForm"]
        form["Fields"] = pydyf.Array(field for field in form["Fields"] if field not in kids)


def _flowing(width: Any) -> Any:
    """Return a function for the width of a box that gives running elements none: they are elsewhere."""

    def measured(context: Any, box: Any, outer: bool = True) -> Any:
        return 0 if box.is_running() else width(context, box, outer)

    return measured


def _is_running(box: Any) -> bool:
    """Return True for a running element; a whole document and parts of a table cannot be one."""
    return bool(box.style["position"][0] == "running()") and box.element_tag not in _NEVER_RUNNING


_min_width = _flowing(preferred.min_content_width)
_max_width = _flowing(preferred.max_content_width)
