"""Shortcuts through WeasyPrint 70.0 that change no byte of what it makes, only how soon.

A deck is thousands of faces in a few styles: what depends on a style alone is worked out once.
tests/engine/test_quick.py builds with and without them and compares bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from operator import attrgetter, is_, itemgetter
from typing import Any

from weasyprint import draw
from weasyprint.draw.color import get_color
from weasyprint.formatting_structure import boxes
from weasyprint.layout import absolute, background, inline, percent
from weasyprint.text import line_break

from guide.engine import patches

patches.check()
_resolve_percentages = percent.resolve_percentages
_get_font_description = line_break.get_font_description

_LENGTHS = ("width", "height", "min_width", "min_height", "max_width", "max_height")
_lengths = itemgetter(*_LENGTHS)
_SIDES = tuple(
    f"{kind}_{side}"
    for kind in ("margin", "padding")
    for side in ("top", "right", "bottom", "left")
)
_BORDERS = tuple(f"border_{side}_width" for side in ("top", "right", "bottom", "left"))
_ALL = (*_LENGTHS, *_SIDES)
_RESOLVED = (*_ALL, *_BORDERS)
_PAGES = (boxes.PageBox, boxes.MarginBox, boxes.FootnoteAreaBox)


class _Snapshot:
    """The used values of a style without percentages, and the computed ones they were made from."""

    __slots__ = ("computed", "used")

    def __init__(self, style: Any, used: dict[str, Any]) -> None:
        self.computed = _lengths(style)
        self.used = used

    def holds(self, style: Any) -> bool:
        """Return whether nobody has changed the style since: flex and grid do."""
        return all(map(is_, _lengths(style), self.computed))


def _resolve(box: Any, containing_block: Any) -> None:
    style = box.style
    known = style.__dict__.get("_resolved_by_guide")
    if known is not None and known.holds(style) and not isinstance(box, _PAGES):
        vars(box).update(known.used)
        return
    _resolve_percentages(box, containing_block)
    if known is None and not isinstance(box, _PAGES) and _is_fixed(style):
        used = {name: getattr(box, name) for name in _RESOLVED}
        style.__dict__["_resolved_by_guide"] = _Snapshot(style, used)


def _is_fixed(style: Any) -> bool:
    """Return whether no length of a style depends on its surroundings."""
    if style["border_collapse"] == "collapse":
        return False
    values = (style[name] for name in _ALL)
    return all(value == "auto" or getattr(value, "unit", None) == "px" for value in values)


_DESCRIBED = ("font_family", "font_style", "font_stretch", "font_weight", "font_size",
              "font_variant_caps", "font_variation_settings")  # fmt: skip


def _describe(style: Any) -> Any:
    """Return Pango's description of a style's font, which nobody changes."""
    known = style.font_config.__dict__.setdefault("_described_by_guide", {})
    try:
        key = tuple([style[name] for name in _DESCRIBED])
        if key not in known:
            known[key] = _get_font_description(style)
        return known[key]
    except TypeError:  # texts in SVG have their families in a list
        return _get_font_description(style)


_avoid_collisions = inline.avoid_collisions
_is_in_normal_flow = boxes.Box.is_in_normal_flow
_layout_box_backgrounds = background.layout_box_backgrounds
_draw_border = draw.draw_border
_SIDE_WIDTHS = attrgetter(*_BORDERS)
_NO_WIDTHS = (0, 0, 0, 0)
_RADII = tuple(
    f"border_{corner}_radius" for corner in ("top_left", "top_right", "bottom_right", "bottom_left")
)
_SQUARE = dict.fromkeys(_RADII, (0, 0))
_NO_RADIUS = (0, "px")


def _avoid(context: Any, box: Any, block: Any, outer: bool = True) -> tuple[Any, Any, Any]:
    """Return where a line goes and how wide it may be: at once where nothing floats."""
    if outer or not isinstance(box, boxes.LineBox) or context.excluded_shapes:
        return _avoid_collisions(context, box, block, outer=outer)  # type: ignore[no-any-return]
    if box.style["float"] != "none":
        return _avoid_collisions(context, box, block, outer=outer)  # type: ignore[no-any-return]
    # Added up as WeasyPrint does: another order would round otherwise.
    left = block.content_box_x()
    right = left + block.width
    left += box.margin_left
    right -= box.margin_right
    start = left if block.style["direction"] == "ltr" else right
    top = box.border_box_y()
    return start - box.margin_left, top - box.margin_top, right - left


def _collapse(margins: Iterable[Any]) -> Any:
    """Return the sum of the largest positive and the largest negative margin."""
    highest: Any = 0
    lowest: Any = 0
    for margin in margins:
        if margin > highest:
            highest = margin
        elif margin < lowest:
            lowest = margin
    return highest + lowest


def _flows(box: Any) -> Any:
    style = box.style
    if style["float"] == "none" and style["position"] in {"static", "relative"}:
        return True
    return _is_in_normal_flow(box)


def _backgrounds(
    page: Any, box: Any, get_image: Any, layout_children: bool = True, style: Any = None
) -> None:
    if isinstance(box, absolute.AbsolutePlaceholder):
        box = box._box  # noqa: SLF001
    if style is not None or box is page or not _is_bare(box.style):
        _layout_box_backgrounds(page, box, get_image, layout_children, style)
        return
    vars(box).update(_SQUARE)
    if layout_children:
        for child in box.all_children():
            _backgrounds(page, child, get_image)
    box.background = None


def _is_bare(style: Any) -> bool:
    """Return whether a style has no background, shadow, picture for a border or round corner."""
    known = style.__dict__.get("_bare_by_guide")
    if known is None:
        known = style.__dict__["_bare_by_guide"] = (
            style["border_image_source"][0] == "none"
            and style["mask_border_source"][0] == "none"
            and not style["box_shadow"]
            and all(kind == "none" for kind, _ in style["background_image"])
            and get_color(style, "background_color").alpha == 0
            and all(_NO_RADIUS in style[name] for name in _RADII)
        )
    return bool(known)


def _border(stream: Any, box: Any) -> None:
    style = box.style
    if (
        _SIDE_WIDTHS(box) != _NO_WIDTHS
        or style["column_width"] != "auto"
        or style["column_count"] != "auto"
        or style["border_image_source"][0] != "none"
    ):
        _draw_border(stream, box)


class _Regexes(dict[Any, Any]):
    """Regular expressions by (characters, whether they are wanted), each compiled once.

    tinyhtml5 2.1 means to, but files each under itself, and compiles it for every attribute.
    """

    def __missing__(self, key: tuple[Any, bool]) -> re.Pattern[str]:
        characters, wanted = key
        listed = "".join(f"\\x{ord(character):02x}" for character in characters)
        made = self[key] = re.compile(f"[{'' if wanted else '^'}{listed}]+")
        return made


_REGEXES = _Regexes()
