"""Where WeasyPrint 70.0 breaks pages and lines badly, put right; tests in tests/engine/test_flow.py.

1. A figure that does not fit goes on to the next page, and the text after it fills this one. CSS
   has no word for it yet (`float: top` of CSS Page Floats is not in WeasyPrint), and without it a
   tall figure leaves half a page empty. Figures change places with the paragraphs and lists that
   follow them, and with a heading where enough of the page is left for the text under it. Only
   those with a caption do: one without stays where the text says "as follows".
2. A text before an inline element that fits a line but for its last space was broken after its
   first word.
3. A word that is too wide took all words up to the next soft hyphen with it: a column of a table
   became as wide as these.
"""

from __future__ import annotations

from typing import Any

from weasyprint.layout import block, inline

from guide.engine import patches
from guide.units import PX_PER_MM

patches.check()
_CONTAINER = "prose"
_FLOAT = "figure"
_TEXT = {"p", "ul", "ol", "dl", "blockquote"}
_HEADINGS = {"h3", "h4", "h5", "h6"}
_ROOM = 60 * PX_PER_MM  # for a heading and some lines under it

_in_flow_layout = block._in_flow_layout  # noqa: SLF001
_split_first_line = inline.split_first_line


def _has_class(box: Any, name: str) -> bool:
    element = box.element
    return element is not None and name in element.get("class", "").split()


def _floats(box: Any) -> bool:
    """Return True for a figure or table with a caption, by which the text can refer to it."""
    return _has_class(box, _FLOAT) and box.element.find(".//figcaption") is not None


def _filler(box: Any, index: int, room: float) -> int | None:
    """Return where the text is that may go before the figures at `index`, if there is any."""
    if not _has_class(box, _CONTAINER):
        return None
    after = index
    while after < len(box.children) and _floats(box.children[after]):
        after += 1
    if after == index:
        return None
    if _is(box, after, _TEXT):
        return after
    headed = _is(box, after, _HEADINGS) and _is(box, after + 1, _TEXT)
    return after if headed and room >= _ROOM else None


def _is(box: Any, index: int, tags: set[str]) -> bool:
    child = box.children[index] if index < len(box.children) else None
    if child is None or child.element is None:
        return False
    return child.element.tag in tags and bool(child.is_in_normal_flow())


def _lay_out(
    context: Any, box: Any, index: int, child: Any, new_children: list[Any], page_is_empty: bool,
    absolute_boxes: Any, fixed_boxes: Any, adjoining_margins: list[Any], *rest: Any,
) -> Any:  # fmt: skip
    """Lay out a child of a block; the caller's own list of children may be in the old order."""

    def attempt(candidate: Any) -> Any:
        candidate.position_x, candidate.position_y = position
        margins = list(adjoining_margins)
        return _in_flow_layout(
            context, box, index, candidate, new_children, page_is_empty,
            absolute_boxes, fixed_boxes, margins, *rest,
        )  # fmt: skip

    position = child.position_x, child.position_y
    if box.is_column:
        context.child_by_guide = index
    if not _has_class(box, _CONTAINER):
        return attempt(child)
    broken = attempt(box.children[index])
    filler = _filler(box, index, context.page_bottom - position[1])
    if filler is None or not (new_children and _breaks_before(broken, index, new_children)):
        return broken
    _move(box, filler, index)
    moved = attempt(box.children[index])
    if not moved[0] and not _breaks_before(moved, index, new_children):
        context.moved_by_guide = getattr(context, "moved_by_guide", 0) + 1
        return moved
    _move(box, index, filler)
    return broken


def _breaks_before(result: Any, index: int, before: list[Any]) -> bool:
    """Return whether the page ends before the child, or before the heading that must stay with it."""
    _, stop, resume_at, *_ = result
    element = before[-1].element if before else None
    headed = element is not None and element.tag in _HEADINGS
    return bool(stop and resume_at in ({index: None}, {index - 1: None} if headed else None))


def _move(box: Any, old: int, new: int) -> None:
    children = list(box.children)
    children.insert(new, children.pop(old))
    box.children = children


def _split(text: str, style: Any, context: Any, max_width: Any, *rest: Any, **options: Any) -> Any:
    """Return the first line of a text; its last space may hang over the edge."""
    found = _split_first_line(text, style, context, max_width, *rest, **options)
    _, length, resume_at, width, *_ = found
    if max_width is not None and width > max_width and "\xad" in text:
        word, _, after = text.partition(" ")
        if word and after and "\xad" not in word and length > len(word.encode()):
            alone = f"{word} {after[0]}"
            return _split_first_line(alone, style, context, max_width, *rest, **options)
    if resume_at is None or max_width is None or not text.endswith(" "):
        return found
    stripped = text.rstrip(" ")
    if " " not in stripped or " " in text.encode()[:length].decode(errors="ignore").strip(" "):
        return found
    whole = _split_first_line(stripped, style, context, max_width, *rest, **options)
    if whole[2] is not None:
        return found
    return _split_first_line(text, style, context, None, *rest, **options)
