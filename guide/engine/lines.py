"""Lines of text through WeasyPrint 70.0 and Pango sooner, and the same to the byte.

Three shortcuts: what Pango needs of a style is prepared once for the
style; a line that was laid out is drawn from the same layout, instead of shaping its text again;
and glyphs are read out of Pango's memory a line at a time. What is rare (emoji, ellipses, glyphs
that no font has) goes WeasyPrint's own way.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from weasyprint.css import AnonymousStyle, ComputedStyle
from weasyprint.draw import text as drawing
from weasyprint.text import line_break
from weasyprint.text.constants import LST_TO_ISO, PANGO_DIRECTION
from weasyprint.text.ffi import FROM_UNITS, ffi, gobject, pango, unicode_to_char_p
from weasyprint.text.fonts import font_features
from weasyprint.text.line_break import Layout

from guide.engine import flow, patches

patches.check()
_setup = Layout.setup
_reactivate = Layout.reactivate
_deactivate = Layout.deactivate
_line_size = line_break.line_size
_strut = line_break.strut
_draw_first_line = drawing.draw_first_line

_STYLES = (ComputedStyle, AnonymousStyle)  # those that nobody changes once text was laid out
_CONTROLS = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029]")  # what may end a paragraph, and tabs
_GLYPH = struct.Struct("=IiiiI")  # PangoGlyphInfo: glyph, width, x and y offset, flags
_EMPTY: int = pango.PANGO_GLYPH_EMPTY
_UNKNOWN: int = pango.PANGO_GLYPH_UNKNOWN_FLAG
_RECTANGLE = ffi.new("PangoRectangle *")
_LEAST = 1e-6  # px; smaller type is not drawn
_MOST = 2_000_000  # letters in texts whose first lines are remembered; a dense page has 5,000
_OLD = pango.pango_version() < 14802  # such a Pango may tell a wrong size of a font
_keeping = False
_first_lines: dict[Any, Any] = {}
_letters = 0


@contextmanager
def kept() -> Iterator[None]:
    """Keep laid-out lines until they are drawn: a few kB each, too much for a long document."""
    global _keeping  # noqa: PLW0603  WeasyPrint gives layouts no document to ask
    before, _keeping = _keeping, True
    try:
        yield
    finally:
        _keeping = before


class _Prepared:
    """What Pango needs of a style: context, language, font, features; none of it is changed."""

    __slots__ = ("attributes", "context", "description", "features", "language")

    def __init__(self, style: Any) -> None:
        self.context = ffi.gc(
            pango.pango_font_map_create_context(style.font_config.font_map), gobject.g_object_unref
        )
        pango.pango_context_set_round_glyph_positions(self.context, False)
        pango.pango_context_set_base_dir(self.context, PANGO_DIRECTION[style["direction"]])
        self.language = self._language(style)
        self.description = line_break.get_font_description(style)
        names = ("kerning", "variant_ligatures", "variant_position", "variant_caps",
                 "variant_numeric", "variant_alternates", "variant_east_asian",
                 "feature_settings")  # fmt: skip
        features = font_features(*(style[f"font_{name}"] for name in names))
        self.features = ",".join(f"{key} {value}" for key, value in features.items()).encode()
        spaced = style["word_spacing"] or style["letter_spacing"] != "normal"
        broken = style["overflow_wrap"] in {"anywhere", "break-word"}
        # A layout adds spacing to its attributes: then each has to have its own.
        self.attributes = None if spaced or broken else self.new_attributes(style)

    def _language(self, style: Any) -> Any:
        override = style["font_language_override"]
        name = style["lang"]
        if override != "normal":
            name = LST_TO_ISO.get(override.lower(), override)
        if not name:
            return pango.pango_language_get_default()
        pointer, _ = unicode_to_char_p(name)
        language = pango.pango_language_from_string(pointer)
        pango.pango_context_set_language(self.context, language)
        return language

    def new_attributes(self, style: Any) -> Any:
        """Return a list of attributes with the features, or None without any.

        It is never freed: WeasyPrint puts one attribute into all lists, and who frees a list frees
        its attributes. So does WeasyPrint, with a list for each line.
        """
        if not self.features:
            return None
        known = style.font_config.font_features
        if self.features not in known:
            known[self.features] = pango.pango_attr_font_features_new(self.features)
        found = pango.pango_attr_list_new()
        pango.pango_attr_list_insert(found, known[self.features])
        return found


def _set_up(layout: Any, style: Any) -> None:
    """Make Pango's layout of a style, without a text."""
    plain = isinstance(style, _STYLES) and not layout.justification_spacing
    if not plain or style["text_decoration_line"] != "none":
        _setup(layout, style)
        return
    home = _home(style)
    ready = home.get("_prepared_by_guide")
    if ready is None:
        ready = home["_prepared_by_guide"] = _Prepared(style)
    layout.style = style
    layout.first_line_direction = 0
    layout.language = ready.language
    layout.ascent = layout.underline_position = layout.strikethrough_position = None
    made = layout.layout = ffi.gc(pango.pango_layout_new(ready.context), gobject.g_object_unref)
    pango.pango_layout_set_auto_dir(made, False)
    pango.pango_layout_set_font_description(made, ready.description)
    attributes = ready.attributes or ready.new_attributes(style)
    if attributes is not None:
        pango.pango_layout_set_attributes(made, attributes)


def _let_go(layout: Any) -> None:
    if not (_keeping and isinstance(layout.style, _STYLES)):
        _deactivate(layout)


def _take_up(layout: Any, style: Any) -> None:
    """Make a layout ready for drawing, unless it is as it would become."""
    if not _is_kept(layout, style):
        _reactivate(layout, style)


def _is_kept(layout: Any, style: Any) -> bool:
    """Return whether a layout still is what a new one with its text would be, in one line."""
    return (
        getattr(layout, "style", None) is style
        and not layout.justification_spacing
        and not _CONTROLS.search(layout.text)
    )


def _size(line: Any, style: Any) -> tuple[float, float]:
    pango.pango_layout_line_get_extents(line, ffi.NULL, _RECTANGLE)
    width = _RECTANGLE.width * FROM_UNITS
    spacing = style["letter_spacing"]
    if spacing != "normal":
        width += spacing
    return width, _RECTANGLE.height * FROM_UNITS


def _height(style: Any) -> Any:
    """Return the line height and baseline of a style."""
    if not isinstance(style, _STYLES):
        return _strut(style)
    home = _home(style)
    known = home.get("_strut_by_guide")
    if known is None:
        known = home["_strut_by_guide"] = _strut(style)
    return known


def _split(
    text: str, style: Any, context: Any, max_width: Any, justification_spacing: Any,
    is_line_start: bool = True, minimum: bool = False,
) -> Any:  # fmt: skip
    """Return the first line of a text; from memory where it was split before at the same width."""
    global _letters  # noqa: PLW0603  the memory is that of the process, as styles are
    if _keeping or not isinstance(style, _STYLES):
        return flow._split(  # noqa: SLF001
            text, style, context, max_width, justification_spacing, is_line_start, minimum
        )
    font = _home(style).setdefault("_first_lines_by_guide", object())
    key = font, text, max_width, justification_spacing, is_line_start, minimum
    found = _first_lines.get(key)
    if found is None:
        if _letters > _MOST:
            _first_lines.clear()
            _letters = 0
        _letters += len(text) + 100
        found = _first_lines[key] = flow._split(  # noqa: SLF001
            text, style, context, max_width, justification_spacing, is_line_start, minimum
        )
    layout = Layout.__new__(Layout)  # drawing changes it
    vars(layout).update(vars(found[0]))
    return layout, *found[1:]


def _home(style: Any) -> dict[str, Any]:
    """Return where to keep what belongs to a style's font: with the one that it is inherited from."""
    while type(style) is AnonymousStyle:
        parent = style.parent_style
        if vars(parent).get("anonymous_style") is not style:
            break  # a copy, made to be changed
        style = parent
    found: dict[str, Any] = getattr(style, "remembered", style).__dict__
    return found


def _draw(stream: Any, box: Any, overflow: str, ellipsis: str, matrix: Any) -> Any:
    """Draw the glyphs of a line; returns pictures of emoji, which WeasyPrint draws."""
    usual = ellipsis == "none" and overflow != "ellipsis" and box.style["font_size"] >= _LEAST
    if usual and box.text.strip() and _is_kept(box.pango_layout, box.style):
        drawn = list(_drawn(stream, box))
        if None not in drawn:
            stream.set_text_matrix(*matrix.values)
            for font, size, text in filter(None, drawn):
                stream.set_font_size(font, size)
                stream.show_text(text)
            return []
    return _draw_first_line(stream, box, overflow, ellipsis, matrix)


def _drawn(stream: Any, box: Any) -> Iterator[tuple[str, float, str] | None]:
    """Yield (font, size, glyphs as PDF shows them) in turn; None for what is not drawn here."""
    line, _ = box.pango_layout.get_first_line()
    before: Any = None
    font: Any = None
    size, text = 0.0, ""
    run = line.runs[0]
    while run != ffi.NULL:
        item = run.data
        run = run.next
        pango_font = item.item.analysis.font
        if pango_font != before:
            before = pango_font
            if text:
                yield font.hash, size, text
            font, size = stream.add_font(pango_font)
            size = box.style["font_size"] if _OLD else size
            text = ""
            if font.bitmap or font.svg or font.png or font.colr:
                yield None
                return
        shown = _shown(item, font, size, box, stream)
        if shown is None:
            yield None
            return
        text += shown
    if font is None:
        yield None
    else:
        yield font.hash, size, text


def _shown(item: Any, font: Any, size: float, box: Any, stream: Any) -> str | None:
    """Return the glyphs of a run and the distances between them, or None with a rare glyph."""
    glyphs, widths = item.glyphs, font.widths
    count = glyphs.num_glyphs
    parts = ["<"]
    memory = ffi.buffer(glyphs.glyphs, count * _GLYPH.size)
    for index, (glyph, width, x, y, _) in enumerate(_GLYPH.iter_unpack(memory)):
        if glyph == _EMPTY:
            parts.append(f">{-width / size}<")
            continue
        if glyph & _UNKNOWN or y:
            return None
        if glyph not in font.to_unicode:
            font.to_unicode[glyph] = _read_as(item, index, count, box.pango_layout.text)
        offset = x / size
        if offset:
            parts.append(f">{-offset}<")
        parts.append(f"{glyph:04x}")
        if glyph not in widths:
            pango.pango_font_get_glyph_extents(
                item.item.analysis.font, glyph, stream.ink_rect, stream.logical_rect
            )
            widths[glyph] = round(stream.logical_rect.width * 1000 * FROM_UNITS / size)
        kerning = widths[glyph] + offset - width * 1000 * FROM_UNITS / size
        if kerning:
            parts.append(f">{int(kerning)}<")
    shown = "".join(parts)
    return shown[:-1] if shown[-1] == "<" else shown + ">"


def _read_as(item: Any, index: int, count: int, text: str) -> str:
    """Return the part of a text that a glyph stands for."""
    start, whole, clusters = item.item.offset, item.item.length, item.glyphs.log_clusters
    if item.item.analysis.level % 2:  # from right to left
        end = whole if index == 0 else clusters[index - 1]
    else:
        end = whole if index == count - 1 else clusters[index + 1]
    return text.encode()[start + clusters[index] : start + end].decode()
