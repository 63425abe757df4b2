"""What is wrong with laid-out pages: text out of its box, heads left alone, coarse pictures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from weasyprint.formatting_structure import boxes

from guide.diagnostics.diagnostic import Severity
from guide.engine.rasters import RasterImage
from guide.engine.structure_tree import unwrap
from guide.model.artifacts import Fault
from guide.units import PX_PER_MM

TOLERANCE = 1.0  # px; rounding of glyph advances
MIN_DPI = 150
MOST = 20  # faults of one code; the hundred-and-first tells nobody more
BREAK = "Put `&shy;` where the word may be broken (in names and terms a soft hyphen, U+00AD), or shorten it."
_HEADS = {"h1", "h2", "h3", "h4", "h5", "h6"}


@dataclass(frozen=True)
class Leaf:
    """Something that leaves ink: its rectangle in px, its content item, the box it belongs in.

    `limit` is the right edge in px of what holds it, and `holder` which box that is.
    """

    left: float
    top: float
    right: float
    bottom: float
    at: str
    tag: str
    limit: float
    box: Any
    holder: int = 0


def leaves(
    box: Any, at: str = "", tag: str = "", limit: float = float("inf"), holder: int = 0
) -> Iterator[Leaf]:
    """Yield the texts and pictures below a box, in order; margin boxes are omitted."""
    box = unwrap(box)
    if isinstance(box, boxes.MarginBox):
        return
    element = box.element
    if element is not None:
        at = element.get("data-at") or at
        tag = element.tag if element.tag in _HEADS else tag
    if isinstance(box, boxes.TextBox):
        if box.text.strip():
            yield _leaf(box, box.width, box.height, at, tag, limit, holder)
        return
    if isinstance(box, boxes.ReplacedBox):
        yield _leaf(box, box.border_width(), box.border_height(), at, tag, limit, holder)
        return
    block = isinstance(box, boxes.BlockContainerBox) and not isinstance(box, boxes.PageBox)
    if block and any(isinstance(unwrap(child), boxes.LineBox) for child in box.children):
        right = box.content_box_x() + box.width + box.padding_right + box.border_right_width
        limit, holder = min(limit, float(right)), id(box)
    for child in getattr(box, "children", ()):
        yield from leaves(child, at, tag, limit, holder)


def _leaf(
    box: Any, width: float, height: float, at: str, tag: str, limit: float, holder: int
) -> Leaf:
    x, y = box.position_x, box.position_y
    return Leaf(x, y, x + width, y + height, at, tag, limit, box, holder)


def heights_on(page: Any) -> dict[str, float]:
    """Return the height in px of the ink of each key on a page."""
    ends: dict[str, tuple[float, float]] = {}
    for leaf in leaves(page._page_box):  # noqa: SLF001
        top, bottom = ends.get(leaf.at, (leaf.top, leaf.bottom))
        ends[leaf.at] = min(top, leaf.top), max(bottom, leaf.bottom)
    return {at: bottom - top for at, (top, bottom) in ends.items()}


def page_faults(pages: list[Any]) -> list[Fault]:
    """Return the faults of flowing pages; of more than `MOST` of one code only the first ones."""
    return first_ones(all_page_faults(pages))


def first_ones(faults: Iterable[Fault]) -> list[Fault]:
    """Return faults, of more than `MOST` of one code only the first ones."""
    kept: list[Fault] = []
    counts: dict[str, int] = {}
    for fault in faults:
        counts[fault.code] = counts.get(fault.code, 0) + 1
        if counts[fault.code] <= MOST:
            kept.append(fault)
    for code, count in counts.items():
        if count > MOST:
            first = next(fault for fault in kept if fault.code == code)
            message = f"and {count - MOST} more of the same"
            kept.append(Fault(code, message, first.at, "", first.severity))
    return kept


def all_page_faults(pages: list[Any], *, last_one: bool = True) -> Iterator[Fault]:
    """Yield the faults of flowing pages; unless `last_one`, other pages come after them."""
    told: set[str] = set()
    for number, page in enumerate(pages, 1):
        box = page._page_box  # noqa: SLF001
        found = list(leaves(box))
        yield from _heads_too_wide(box, number, told)
        yield from _too_wide(found, box, number)
        yield from _too_coarse(found, number)
        last = max(found, key=lambda leaf: (leaf.bottom, leaf.right), default=None)
        if last and last.tag in _HEADS and len(found) > 1 and number < len(pages) + (not last_one):
            message = f"a heading is alone at the foot of page {number}"
            hint = "Shorten the text before it, or let the heading begin a page."
            word = leaf_text(last)
            fault = Fault("stranded-heading", message, last.at, hint, Severity.WARNING, number)
            yield replace(fault, word=word)


def heads_too_wide(pages: Sequence[Any], first: int) -> Iterator[Fault]:
    """Yield what runs over the edge of the paper at head or foot; `pages` are boxes, from `first`."""
    told: set[str] = set()
    for number, box in enumerate(pages, first):
        yield from _heads_too_wide(box, number, told)


def _heads_too_wide(box: Any, number: int, told: set[str]) -> Iterator[Fault]:
    """Yield what runs over the edge of the paper at head or foot, each text once in a document."""
    edge = box.width + box.margin_left + box.margin_right
    for margin in box.children:
        if not isinstance(margin, boxes.MarginBox):
            continue
        for leaf in (leaf for child in margin.children for leaf in leaves(child)):
            over = max(leaf.right - edge, -leaf.left)
            text = leaf_text(leaf)
            if over > TOLERANCE and text not in told:
                told.add(text)
                message = f"`{text[:40]}` is {over / PX_PER_MM:.1f} mm too wide for head or foot"
                hint = "Shorten it: it is printed on every page."
                yield Fault("text-overflow", message, "", hint, page=number, word=text)


def _too_wide(found: list[Leaf], box: Any, number: int) -> Iterator[Fault]:
    edge = box.width + box.margin_left + box.margin_right
    told = set()
    for leaf in found:
        over = leaf.right - min(leaf.limit, edge)
        below = leaf.bottom - (box.height + box.margin_top + box.margin_bottom)
        if max(over, below) > TOLERANCE and (leaf.at, leaf.holder) not in told:
            told.add((leaf.at, leaf.holder))
            shown = _word(leaf)[:40]
            way = "wide" if over >= below else "tall"
            what = f"`{shown}`" if shown else "a picture"
            if not shown and (tex := _formula(leaf.box)):
                shown, what = tex, f"the formula `{tex[:40]}`"
            message = f"{what} is {max(over, below) / PX_PER_MM:.1f} mm too {way} for its box"
            hint = BREAK if leaf_text(leaf) else "Shorten it, or give it more room."
            yield Fault("text-overflow", message, leaf.at, hint, Severity.ERROR, number, word=shown)


def leaf_text(leaf: Leaf) -> str:
    """Return the text of a leaf, '' for a picture."""
    return str(getattr(leaf.box, "text", ""))


def _word(leaf: Leaf) -> str:
    """Return a leaf's text without the hyphens of a line's end."""
    return leaf_text(leaf).replace("\xad", "").removesuffix("\u2010")


def _formula(box: Any) -> str:
    """Return the TeX of a formula's picture, '' for any other box."""
    element = box.element
    named = element is not None and "math" in str(element.get("class", "")).split()
    return str(element.get("alt", "")) if named else ""


def _too_coarse(found: list[Leaf], number: int) -> Iterator[Fault]:
    for leaf in found:
        image = getattr(leaf.box, "replacement", None)
        pixels = getattr(image, "width", None)
        if pixels is None or not isinstance(image, RasterImage) or not leaf.box.width:
            continue
        dpi = pixels / (leaf.box.width / 96)
        if dpi < MIN_DPI:
            message = f"a picture prints at {dpi:.0f} dpi; {MIN_DPI} are the least for print"
            hint = "Use a larger picture, or print it smaller."
            yield Fault("low-resolution", message, leaf.at, hint, Severity.WARNING, number)


@dataclass(frozen=True)
class FaceBoxes:
    """The boxes of a face: itself, the part to be centred, and its foot, if any.

    `size` is the type size in pt at which it is laid out.
    """

    index: int
    size: float
    face: Any
    body: Any | None
    foot: Any | None = None

    @property
    def floor(self) -> float:
        """The lower edge in px of the room for the body: the foot's upper edge where that is higher."""
        floor = float(self.face.content_box_y() + self.face.height)
        return min(floor, float(self.foot.border_box_y())) if self.foot is not None else floor


def face_boxes(page: Any) -> FaceBoxes:
    """Return the boxes of the face on a page."""
    face, body, foot = None, None, None
    for box in page._page_box.descendants(placeholders=True):  # noqa: SLF001
        element = unwrap(box).element
        if element is None or not isinstance(unwrap(box), boxes.BlockBox):
            continue
        if face is None and element.get("data-face"):
            face = unwrap(box)
        elif body is None and element.get("data-center") is not None:
            body = unwrap(box)
        elif element.get("data-foot") is not None:
            foot = unwrap(box)
            break
    assert face is not None, "a page without a face"
    index, size = face.element.get("data-face").split()
    return FaceBoxes(int(index), float(size), face, body, foot)


def face_overflow(page: Any, found: FaceBoxes, safe: float) -> float:
    """Return by how many px a face's content leaves its box; 0 when it fits.

    What is to be centred must stay within the face's content box, everything else `safe` px inside
    the trim.
    """
    box = page._page_box  # noqa: SLF001
    width = box.width + box.margin_left + box.margin_right
    height = box.height + box.margin_top + box.margin_bottom
    over = 0.0
    for leaf in leaves(box):
        over = max(over, leaf.bottom - (height - safe), leaf.right - (width - safe))
        over = max(over, safe - leaf.top, safe - leaf.left, leaf.right - leaf.limit)
    if found.body is not None:
        over = max([over, *(leaf.bottom - found.floor for leaf in leaves(found.body))])
    return over if over > TOLERANCE else 0.0


def widest(page: Any, safe: float) -> tuple[str, float]:
    """Return the text on a face's page that is most too wide, and by how many px; 0 for none."""
    box = page._page_box  # noqa: SLF001
    edge = box.width + box.margin_left + box.margin_right - safe
    wide = {
        _word(leaf): max(leaf.right - min(edge, leaf.limit), safe - leaf.left)
        for leaf in leaves(box)
    }
    text = max(wide, key=lambda each: wide[each], default="")
    return (text, wide[text]) if text and wide[text] > TOLERANCE else ("", 0.0)


def body_height(page: Any, found: FaceBoxes) -> float:
    """Return the height in px from a face's upper edge to the lowest thing in its body."""
    inside = leaves(found.body if found.body is not None else page._page_box)  # noqa: SLF001
    top = float(found.face.content_box_y())
    return max((leaf.bottom - top for leaf in inside), default=0.0)


def run_on(page: Any, found: FaceBoxes) -> float:
    """Return the height in px of what a face has on a page that it should not need."""
    box = page._page_box  # noqa: SLF001
    inside = list(leaves(found.body if found.body is not None else box))
    top = found.face.content_box_y()
    return float(max([leaf.bottom - top for leaf in inside], default=box.height))


def _move_backgrounds(box: Any, down: float) -> None:
    """Move the backgrounds in a box, which WeasyPrint has placed before the box is moved."""
    if getattr(box, "background", None) is not None:
        layers = [
            layer._replace(
                painting_area=_lower(layer.painting_area, down),
                positioning_area=_lower(layer.positioning_area, down),
                clipped_boxes=[_lower(each, down) for each in layer.clipped_boxes],
            )
            for layer in box.background.layers
        ]
        box.background = box.background._replace(layers=layers)
    for child in box.all_children() if hasattr(box, "all_children") else ():
        _move_backgrounds(child, down)


def _lower(area: Any, down: float) -> Any:
    """Return a rectangle (x, y, ...) moved down; what is no rectangle stays."""
    return (area[0], area[1] + down, *area[2:]) if isinstance(area, tuple) else area


def centre(found: FaceBoxes) -> None:
    """Move a face's body to the middle of the space that is left, once it fits.

    Grid or flex would do it while laying out, at twice the cost of the whole face.
    """
    if found.body is None:
        return
    inside = list(leaves(found.body))
    free = found.floor - max((leaf.bottom for leaf in inside), default=found.floor)
    if free > 0:
        down = free * 0.46  # the optical middle is a little above the true one
        found.body.translate(0, down)
        _move_backgrounds(found.body, down)
