"""Every patch of a library that guide applies; ARCHITECTURE.md prints this table, and why.

A patch takes the place of private functions, and calls others. `SOURCES` has a digest of each one's
source: a patch whose names are gone or changed is refused in a sentence, before it prints nonsense.
"""

from __future__ import annotations

import hashlib
import importlib
import linecache
import pkgutil
from dataclasses import dataclass
from functools import cache
from typing import Any

SUPPORTED = "70.0"  # of WeasyPrint


@dataclass(frozen=True)
class Patch:
    """What is put in place of parts of a library.

    `places` are (name in the library, name in guide.engine that takes its place); `uses` are other
    private names that it calls; `upstream` is the library's issue, or why there is none. Each of
    `tests` fails without it. A `shortcut` changes no byte, only how soon.
    """

    what: str
    why: str
    upstream: str
    places: tuple[tuple[str, str], ...]
    tests: tuple[str, ...]
    uses: tuple[str, ...] = ()
    shortcut: bool = False

    @property
    def library(self) -> str:
        """The package that is patched."""
        return self.places[0][0].partition(":")[0].partition(".")[0]


_NONE = "none found"
PATCHES = (
    Patch(
        "Libraries in C are found in one list",
        "Python asks `ldconfig` anew for each of twenty names: a fifth of a second a process.",
        "WeasyPrint #2073, closed: a slow import is left to those who import it",
        (("ctypes.util:find_library", "libraries._find"),),
        ("test_libraries_are_found_in_one_list",),
        shortcut=True,
    ),
    Patch(
        "Streams are compressed at zlib's level 3",
        "Level 9 is a second slower for a file that is four per cent smaller.",
        "none: a choice, no fault",
        (("pydyf:zlib", "pieces.QUICK_ZLIB"),),
        ("test_streams_are_compressed_quickly",),
        ("pydyf:_to_bytes",),
    ),
    Patch(
        "Running heads and feet are artifacts of pagination",
        "Readers aloud would say them on every page (Matterhorn 01-005).",
        "WeasyPrint #1836",
        (("weasyprint.draw:draw_stacking_context", "corrections._draw"),),
        ("test_running_heads_and_feet_are_pagination_artifacts",),
    ),
    Patch(
        "Pictures that say nothing and hidden text are artifacts",
        "They would be figures without a description (Matterhorn 13-004).",
        "WeasyPrint #2550",
        (("weasyprint.pdf.stream:Stream.marked", "corrections._mark"),),
        (
            "test_a_decorative_image_is_an_artifact",
            "test_text_that_is_hidden_from_being_said_is_an_artifact",
        ),
    ),
    Patch(
        "The head or foot of a table that is repeated on a page is an artifact",
        "Readers aloud would repeat it in the middle of the table.",
        _NONE,
        (("weasyprint.draw:draw_table", "corrections._draw_heads_once"),),
        ("test_the_repeated_head_of_a_table_is_an_artifact",),
    ),
    Patch(
        "Positioned blocks without a ground, and whole pictures, are painted in their place",
        "Painted after all text, they come last in the file, which is read in its order.",
        "WeasyPrint #2444",
        (("weasyprint.stacking:_dispatch", "corrections._dispatch"),),
        (
            "test_positioned_text_is_painted_in_the_order_in_which_it_is_read",
            "test_a_picture_is_painted_before_its_caption",
        ),
        ("weasyprint.stacking:_dispatch_children",),
    ),
    Patch(
        "The structure tree is that of the document",
        "WeasyPrint's is one of boxes: an element over two pages is two, headers have no scope, parts"
        " no language, links no description, notes no place; and it lists all pages for each element.",
        "WeasyPrint #2903, #2508, #2482",
        (("weasyprint.pdf:add_tags", "corrections._tag_all"),),
        (
            "test_what_crosses_pages_is_one_element",
            "test_table_headers_have_a_scope",
            "test_a_part_in_another_language_says_so",
            "test_a_link_is_described_by_its_text",
            "test_a_footnote_is_a_note_after_its_paragraph",
            "test_no_level_of_headings_is_skipped",
            "test_page_references_are_computed_once",
        ),
    ),
    Patch(
        "Layout begins in the middle of a document, and margins are made apart",
        "One edited word cost a whole document: parts are set by themselves.",
        _NONE,
        (
            ("weasyprint.layout:initialize_page_maker", "parts._begin"),
            ("weasyprint.layout.page:PageType", "parts._page_type"),
            ("weasyprint.formatting_structure.build:element_to_box", "parts._to_box"),
            ("weasyprint.document:TargetCollector", "parts._Targets"),
            ("weasyprint.layout:make_margin_boxes", "parts._margins"),
        ),
        ("test_parts_are_set_as_in_the_whole_document",),
        (
            "weasyprint.layout.page:page_width",
            "weasyprint.layout.page:page_height",
            "weasyprint.layout.block:_add_break_values",
            "weasyprint.document:Document._build_layout_context",
            "weasyprint.layout:layout_document",
            "weasyprint.layout.page:make_page",
            "weasyprint.layout.page:remake_page",
            "weasyprint.layout.page:make_all_pages",
        ),
    ),
    Patch(
        "Pages share their styles and are not searched for margin boxes that no rule fills",
        "A deck has thousands of pages of one kind: a quarter of its time.",
        "WeasyPrint #545, closed, on the time that margins take",
        (
            ("weasyprint.layout.page:set_page_type_computed_styles", "corrections._page_styles"),
            ("weasyprint.layout:make_margin_boxes", "corrections._margin_boxes"),
        ),
        ("test_pages_share_their_styles_and_are_not_searched_for_margins",),
        ("weasyprint.css:StyleFor._page_type_match",),
        shortcut=True,
    ),
    Patch(
        "A radio button is a kid of its group and not a separate field",
        "A reader fills in each button by itself (ISO 32000-2, 12.7.5.2.4).",
        _NONE,
        (("weasyprint.pdf:add_forms", "corrections._add_forms"),),
        ("test_a_radio_button_is_a_kid_of_its_group",),
    ),
    Patch(
        "A running element has no width in its place; parts of a table cannot be one",
        "Such documents failed.",
        _NONE,
        (
            ("weasyprint.layout.preferred:min_content_width", "corrections._min_width"),
            ("weasyprint.layout.preferred:max_content_width", "corrections._max_width"),
            ("weasyprint.formatting_structure.boxes:Box.is_running", "corrections._is_running"),
        ),
        ("test_running_elements_in_tables_do_not_fail",),
    ),
    Patch(
        "Text fills the page that a figure with a caption does not fit on",
        "A tall figure would leave half a page empty; CSS Page Floats are not implemented.",
        "WeasyPrint #1098, closed: it refers to #259, page floats",
        (("weasyprint.layout.block:_in_flow_layout", "flow._lay_out"),),
        ("test_text_after_a_figure_that_does_not_fit_fills_the_page",),
    ),
    Patch(
        "A line's last space may hang over the edge, and a soft hyphen widens no column",
        "A text was broken after its first word, and a column as wide as several words.",
        _NONE,
        (
            ("weasyprint.layout.inline:split_first_line", "flow._split"),
            ("weasyprint.layout.preferred:split_first_line", "flow._split"),
        ),
        (
            "test_a_text_is_not_broken_after_its_first_word",
            "test_a_soft_hyphen_does_not_widen_the_column_of_a_table",
        ),
    ),
    Patch(
        "Pictures are stored as they are, or in 8-bit sRGB with the pixels that print shows",
        "16-bit grey came out black, colour profiles were lost, and all of a photo was kept.",
        _NONE,
        (("weasyprint.images:RasterImage", "rasters.RasterImage"),),
        (
            "test_a_photo_has_the_pixels_that_print_shows",
            "test_another_colour_space_is_turned_into_srgb",
        ),
    ),
    Patch(
        "Fonts are distinguished by their bytes",
        "Two files of one name were one font: the second was drawn with the glyphs of the first.",
        "WeasyPrint #1951, closed, shows the like",
        (("weasyprint.pdf.stream:Stream.add_font", "typefaces._add_font"),),
        ("test_a_font_of_the_same_name_is_another_font",),
        ("weasyprint.pdf.fonts:Font",),
    ),
    Patch(
        "Lengths, fonts, margins, backgrounds and borders are worked out once for a style",
        "A deck is thousands of faces in a few styles.",
        _NONE,
        (
            *(
                (f"weasyprint.layout.{module}:resolve_percentages", "quick._resolve")
                for module in (
                    "absolute", "block", "column", "float", "grid", "inline", "percent", "table"
                )
            ),
            ("weasyprint.text.line_break:get_font_description", "quick._describe"),
            ("weasyprint.layout.inline:avoid_collisions", "quick._avoid"),
            ("weasyprint.layout.block:collapse_margin", "quick._collapse"),
            ("weasyprint.formatting_structure.boxes:Box.is_in_normal_flow", "quick._flows"),
            ("weasyprint.layout.background:layout_box_backgrounds", "quick._backgrounds"),
            ("weasyprint.draw:draw_border", "quick._border"),
            ("tinyhtml5.inputstream:characters_until_regex", "quick._REGEXES"),
        ),
        ("test_shortcuts_change_no_byte", "test_shortcuts_change_no_face"),
        shortcut=True,
    ),
    Patch(
        "A line is drawn from the layout that measured it, and its glyphs are read at once",
        "Each line's text was shaped twice, and each glyph fetched by itself.",
        _NONE,
        (
            ("weasyprint.text.line_break:Layout.setup", "lines._set_up"),
            ("weasyprint.text.line_break:Layout.reactivate", "lines._take_up"),
            ("weasyprint.text.line_break:Layout.deactivate", "lines._let_go"),
            ("weasyprint.text.line_break:line_size", "lines._size"),
            ("weasyprint.draw.text:draw_first_line", "lines._draw"),
            ("weasyprint.text.line_break:strut", "lines._height"),
            ("weasyprint.layout.inline:strut", "lines._height"),
        ),
        ("test_shortcuts_change_no_byte", "test_shortcuts_change_no_face"),
        shortcut=True,
    ),
    Patch(
        "A column on trial is laid out only where no earlier trial has the same breaks",
        "Columns are balanced by laying them out a hundred times, a little higher each time.",
        "WeasyPrint #1642, closed, is on the time that columns take",
        (("weasyprint.layout.block:block_box_layout", "columns._lay_out"),),
        ("test_columns_are_balanced_as_without_the_shortcut",),
        (
            "weasyprint.layout.block:columns_layout",
            "weasyprint.layout.block:block_container_layout",
            "weasyprint.layout:LayoutContext.overflows_page",
        ),
        shortcut=True,
    ),
    Patch(
        "The first line of a text is remembered with its font, width and text",
        "A handout is set nine times until it fills its pages, in columns that are balanced.",
        _NONE,
        (
            ("weasyprint.layout.inline:split_first_line", "lines._split"),
            ("weasyprint.layout.preferred:split_first_line", "lines._split"),
        ),
        ("test_lines_are_split_as_without_a_memory", "test_shortcuts_change_no_byte"),
        shortcut=True,
    ),
    Patch(
        "Documents that have the same stylesheets share computed styles",
        "The cascade is worked out anew for each of a deck's chunks and fits.",
        _NONE,
        (("weasyprint.css:StyleFor", "cascade._StyleFor"),),
        ("test_shortcuts_change_no_byte", "test_shortcuts_change_no_face"),
        shortcut=True,
    ),
)  # fmt: skip

SOURCES = {
    "pydyf:_to_bytes": "2d07f154",
    "weasyprint.css:StyleFor": "488d7d32",
    "weasyprint.css:StyleFor._page_type_match": "c551f7ac",
    "weasyprint.document:Document._build_layout_context": "28bdc03b",
    "weasyprint.document:TargetCollector": "34234630",
    "weasyprint.draw.text:draw_first_line": "df38b875",
    "weasyprint.draw:draw_border": "aa87ba06",
    "weasyprint.draw:draw_stacking_context": "c9787830",
    "weasyprint.draw:draw_table": "4e3e3387",
    "weasyprint.formatting_structure.boxes:Box.is_in_normal_flow": "ae3892a2",
    "weasyprint.formatting_structure.boxes:Box.is_running": "6bb28cd7",
    "weasyprint.formatting_structure.build:element_to_box": "c489ce6e",
    "weasyprint.images:RasterImage": "4d4da9f6",
    "weasyprint.layout.absolute:resolve_percentages": "92016b94",
    "weasyprint.layout.background:layout_box_backgrounds": "3a31f4bc",
    "weasyprint.layout.block:_add_break_values": "28c7bb24",
    "weasyprint.layout.block:_in_flow_layout": "65c81605",
    "weasyprint.layout.block:block_box_layout": "cdeb75ab",
    "weasyprint.layout.block:block_container_layout": "85c09907",
    "weasyprint.layout.block:collapse_margin": "0ab76181",
    "weasyprint.layout.block:columns_layout": "8930a5a9",
    "weasyprint.layout.block:resolve_percentages": "92016b94",
    "weasyprint.layout.column:resolve_percentages": "92016b94",
    "weasyprint.layout.float:resolve_percentages": "92016b94",
    "weasyprint.layout.grid:resolve_percentages": "92016b94",
    "weasyprint.layout.inline:avoid_collisions": "94142333",
    "weasyprint.layout.inline:resolve_percentages": "92016b94",
    "weasyprint.layout.inline:split_first_line": "f5cfad56",
    "weasyprint.layout.inline:strut": "e0631a4e",
    "weasyprint.layout.page:make_all_pages": "18987bbc",
    "weasyprint.layout.page:make_page": "956a4c5f",
    "weasyprint.layout.page:page_height": "458e010c",
    "weasyprint.layout.page:page_width": "38d5e1b3",
    "weasyprint.layout.page:remake_page": "54219cde",
    "weasyprint.layout.page:set_page_type_computed_styles": "aed6c0aa",
    "weasyprint.layout.percent:resolve_percentages": "92016b94",
    "weasyprint.layout.preferred:max_content_width": "56acc6b7",
    "weasyprint.layout.preferred:min_content_width": "1917bbe2",
    "weasyprint.layout.preferred:split_first_line": "f5cfad56",
    "weasyprint.layout.table:resolve_percentages": "92016b94",
    "weasyprint.layout:LayoutContext.overflows_page": "1029305e",
    "weasyprint.layout:initialize_page_maker": "a7930c33",
    "weasyprint.layout:layout_document": "421aba4c",
    "weasyprint.layout:make_margin_boxes": "ff19320e",
    "weasyprint.pdf.fonts:Font": "4ac25c39",
    "weasyprint.pdf.stream:Stream.add_font": "be84a5ed",
    "weasyprint.pdf.stream:Stream.marked": "9cce1034",
    "weasyprint.pdf:add_forms": "c6693821",
    "weasyprint.pdf:add_tags": "74d331d7",
    "weasyprint.stacking:_dispatch": "2fc0a5fb",
    "weasyprint.stacking:_dispatch_children": "542d5fea",
    "weasyprint.text.line_break:Layout.deactivate": "38c467a3",
    "weasyprint.text.line_break:Layout.reactivate": "df15b7a6",
    "weasyprint.text.line_break:Layout.setup": "97d605ad",
    "weasyprint.text.line_break:get_font_description": "be554c07",
    "weasyprint.text.line_break:line_size": "186816fc",
    "weasyprint.text.line_break:strut": "e0631a4e",
}


@cache
def misfits(patch: Patch) -> tuple[str, ...]:
    """Return what keeps a patch from fitting the libraries that are installed, in sentences."""
    told = []
    for name in (*(name for name, _ in patch.places), *patch.uses):
        try:
            digest = digest_of(pkgutil.resolve_name(name))
        except (ImportError, AttributeError):
            told.append(f"`{name}` is missing")
            continue
        if digest != SOURCES.get(name, digest):
            told.append(f"`{name}` is changed")
    return tuple(told)


@cache
def check() -> None:
    """Raise RuntimeError unless all patches fit; every module that replaces a part calls it."""
    import weasyprint

    installed = weasyprint.__version__
    told = [f"{patch.what}: {', '.join(misfits(patch))}" for patch in PATCHES if misfits(patch)]
    if installed != SUPPORTED:
        told = [f"guide corrects WeasyPrint {SUPPORTED}, but {installed} is installed", *told]
    if told:
        raise RuntimeError("; ".join(told))


def apply(patch: Patch) -> None:
    """Put a patch in place; raises RuntimeError, which names the patch and the name."""
    if misfits(patch):
        raise RuntimeError(f"{patch.what}: {', '.join(misfits(patch))}")
    for name, ours in patch.places:
        module, _, attribute = ours.partition(".")
        where, _, replaced = name.replace(":", ".").rpartition(".")
        owner = pkgutil.resolve_name(where)
        setattr(
            owner, replaced, getattr(importlib.import_module(f"guide.engine.{module}"), attribute)
        )


def digest_of(value: Any) -> str:
    """Return a digest of the source of a function or of a class's; '' for what has none.

    Lines are told apart by their indentation: what Python version reads them makes no difference.
    """
    if isinstance(value, type):
        parts = [digest_of(each) for each in vars(value).values()]
        return hashlib.sha256("".join(parts).encode()).hexdigest()[:8]
    code = getattr(getattr(value, "__wrapped__", value), "__code__", None)
    lines = linecache.getlines(code.co_filename)[code.co_firstlineno - 1 :] if code else []
    if not lines:
        return ""
    depth = len(lines[0]) - len(lines[0].lstrip())
    begun = next((n for n, line in enumerate(lines) if line.rstrip().endswith(":")), 0)
    end = begun + 1
    while end < len(lines) and (not lines[end].strip() or lines[end].startswith(" " * (depth + 1))):
        end += 1
    return hashlib.sha256("".join(lines[:end]).rstrip().encode()).hexdigest()[:8]
