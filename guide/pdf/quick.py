"""Shortcuts through WeasyPrint 70.0 that change no byte of what it makes, only how soon.

A deck is thousands of faces in a few styles: what depends on a style alone is worked out once.
tests/pdf/test_quick.py builds with and without them and compares bytes.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from weasyprint.formatting_structure import boxes
from weasyprint.layout import absolute, block, column, grid, inline, percent, table
from weasyprint.layout import float as float_layout
from weasyprint.text import line_break

from guide.pdf import lines

_resolve_percentages = percent.resolve_percentages
_get_font_description = line_break.get_font_description

_LENGTHS = ("width", "height", "min_width", "min_height", "max_width", "max_height")
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
        self.computed = tuple([style[name] for name in _LENGTHS])
        self.used = used

    def holds(self, style: Any) -> bool:
        """Tell whether nobody has changed the style since: flex and grid do."""
        return all(
            style[name] is value for name, value in zip(_LENGTHS, self.computed, strict=True)
        )


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
    """Tell whether no length of a style depends on its surroundings."""
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


@lru_cache
def install() -> None:
    """Take the shortcuts in this process; corrections.py has checked WeasyPrint's version."""
    for module in (absolute, block, column, float_layout, grid, inline, percent, table):
        if getattr(module, "resolve_percentages", None) is _resolve_percentages:
            module.resolve_percentages = _resolve
    line_break.get_font_description = _describe
    lines.install()
