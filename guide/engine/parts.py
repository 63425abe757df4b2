"""Layout of WeasyPrint 70.0 that begins in the middle of a document, and ends before its end.

A document is set in parts: each has the elements around it, an empty element in place of each of
its siblings, and what crosses from other parts as `Outside`. While a part is laid out, `setting`
notes what it asks of that. The element after it (`data-next`) is laid out, empty: what is before
it must end as if more came, and it must begin a page; its pages are no part's.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from weasyprint import layout
from weasyprint.css.targets import TargetCollector, TargetLookupItem, anchor_name_from_token
from weasyprint.formatting_structure import boxes, build
from weasyprint.layout import block
from weasyprint.layout import page as page_layout
from weasyprint.urls import get_url_tuple

from guide.engine import patches
from guide.model.setparts import After, Outside, Sizes, Taken

patches.check()
ELSEWHERE, NEXT = "data-elsewhere", "data-next"  # siblings that are set elsewhere, and the next one
_SIDES = {"left", "right", "recto", "verso"}
_OF_PAGES = {"page", "pages"}
_OF_BOX = {"counter()", "counters()"}

_initialize = layout.initialize_page_maker
_make_margin_boxes = layout.make_margin_boxes
_element_to_box = build.element_to_box
_PageType = page_layout.PageType
_now: Setting | None = None


class _Counters(dict[str, list[int]]):
    """The values of counters by name; `asked` are those that a part reads or changes."""

    def __init__(self) -> None:
        super().__init__(footnote=[0], note=[0])
        self.asked: set[str] = set()
        self.inside = False

    def __getitem__(self, name: str) -> list[int]:
        self._note(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        """Return the values of a counter."""
        self._note(name)
        return super().get(name, default)

    def setdefault(self, name: str, default: Any = None) -> Any:
        """Return the values of a counter, which may be new."""
        self._note(name)
        return super().setdefault(name, default)

    def _note(self, name: str) -> None:
        if self.inside:
            self.asked.add(name)


class _Elsewhere(dict[str, list[int]]):
    """In place of the counters of an element of another part: only its page is known."""

    def __init__(self, setting: Setting) -> None:
        super().__init__()
        self.setting = setting

    def __contains__(self, name: object) -> bool:
        if name not in _OF_PAGES:
            self.setting.whole = f"the counter `{name}` of another part is printed"
        self.setting.total = self.setting.total or name == "pages"
        return False


class _Target:
    """In place of the box that a target in another part has."""

    def __init__(self, setting: Setting) -> None:
        self.cached_counter_values = _Elsewhere(setting)
        self._setting = setting

    def extract_text(self, _style: str) -> str:
        """Return nothing: the text of another part is not known."""
        self._setting.whole = "the text of another part is printed"
        return ""


class Setting:
    """A part that is being laid out: what it is given, and what it asks for."""

    def __init__(self, outside: Outside) -> None:
        self.outside = outside
        self.side = self.index = self.total = self.sizes = False
        self.targets: set[str] = set()
        self.inside: set[tuple[Any, str]] = set()  # boxes that print of targets in the part
        self.whole = ""
        self.counters = _Counters()
        self.state: Any = None
        self.after = After()
        self.context: Any = None
        self.root: Any = None
        self.next: Any = None  # the element after the part

    @property
    def taken(self) -> Taken:
        """What was asked for."""
        counters = tuple(sorted(self.counters.asked))
        return Taken(
            self.side, self.index, self.total, self.sizes, counters, tuple(sorted(self.targets))
        )

    def enter(self) -> None:
        """Take over the counters of what is before the part."""
        _, values, scopes, _ = self.state
        here = scopes[-1]  # as elements around the part left it
        for name, each, sibling in self.outside.counters:
            dict.__setitem__(values, name, list(each))
            if sibling:
                here.add(name)
        values.inside = True

    def leave(self, element: Any) -> None:
        """Note the counters at the end of the part."""
        depth, values, scopes, _ = self.state
        values.inside = False
        found = tuple(
            (name, tuple(each), name in scopes[-1]) for name, each in sorted(values.items())
        )
        self.after = After(counters=found)
        self.next = element
        if depth[0]:
            self.whole = "a quotation is open at the end of a part"

    # Pages ----------------------------------------------------------------------------------

    def begin(self, context: Any, root: Any) -> None:
        """Let pages begin at the part."""
        self.context, self.root = context, root
        if not self.outside.index:
            return
        maker = context.page_maker
        _, _, right, _, remake = maker[0]
        path = first_child(root)
        if path is None:
            self.whole = "a part is empty"
            return
        box = _box_at(root, path)
        kind = self.outside.kind
        for value in block._add_break_values(box, "before"):  # noqa: SLF001
            kind = value if value in _SIDES else kind
        index, total = self.outside.index, self.outside.total
        counters = {"pages": [total], "page": [index]}
        state: Any = ([0], counters, [{"pages", "page"}], [])
        beginning = {"break": kind, "page": box.page_values()[0]}
        maker[0] = (path, beginning, bool(right) ^ bool(index % 2), state, remake)
        give_sizes(context.style_for, self.outside.sizes)
        for above in ancestors(root, path):
            style = above.style
            if style["page"] not in {"auto", ""} or "flow" not in style["display"]:
                self.whole = "the parts are in an element that is more than a block"
            if style["column_count"] != "auto" or style["column_width"] != "auto":
                self.whole = "the parts are in columns"

    def end(self) -> int | None:
        """Return how many pages the part has; None if what comes next cannot be set apart."""
        maker = self.context.page_maker
        for _, beginning, *_ in maker[:-1]:
            self.side = self.side or beginning["break"] in _SIDES
        if self.next is None:
            return len(maker) - 1
        path = _path_to(self.root, self.next)
        for number, (resume_at, beginning, *_) in enumerate(maker[:-1]):
            if number and path is not None and resume_at == path and beginning["break"] != "any":
                self.after = After(beginning["break"], self.after.counters)
                return number
        return None


def first_child(root: Any) -> dict[int, Any] | None:
    """Return where layout begins that goes on at the first child of the body, as a skip stack."""
    for n, child in enumerate(root.children):
        if child.element is not None and child.element_tag == "body":
            return {n: {0: None}} if child.children else None
    return None


def ancestors(root: Any, path: dict[int, Any]) -> list[Any]:
    """Return the boxes around what a skip stack leads to."""
    found, box, rest = [root], root, path
    while rest is not None:
        ((n, rest),) = rest.items()
        box = box.children[n]
        if rest is not None:
            found.append(box)
    return found


def _box_at(root: Any, path: dict[int, Any]) -> Any:
    ((n, rest),) = path.items()
    return root.children[n] if rest is None else _box_at(root.children[n], rest)


def _path_to(box: Any, element: Any) -> dict[int, Any] | None:
    """Return the skip stack that leads to the box of an element at most three levels down."""
    for n, child in enumerate(box.children):
        if child.element is element:
            return {n: None}
        if child.element_tag == "body":
            inner = _path_to(child, element)
            return None if inner is None else {n: inner}
    return None


@contextmanager
def setting(outside: Outside) -> Iterator[Setting]:
    """Lay out a part; its margins stay empty: they come with the document."""
    global _now  # noqa: PLW0603  WeasyPrint's functions have no argument for it
    _now = Setting(outside)
    try:
        yield _now
    finally:
        _now = None


def first_page() -> Any:
    """Return by what remembered styles differ: the size of the first page, if that is elsewhere."""
    return _now.outside.sizes or "unknown" if _now is not None and _now.outside.index else ""


def give_sizes(style_for: Any, sizes: Sizes | None) -> None:
    """Let lengths in `vw` and `vh` be those of a page that is not laid out here."""
    known = style_for.initial_page_sizes
    known.update(box=sizes[0] if sizes else None, area=sizes[1] if sizes else None)
    if hasattr(known, "given"):  # the cascade that remembers
        known.given = sizes or (None, None)


def asks_for_sizes(style_for: Any) -> bool:
    """Return whether a length may be in `vw` or `vh`."""
    return bool(getattr(style_for.initial_page_sizes, "asked", True))


def margins_are_apart() -> bool:
    """Return whether margin boxes are made later, for the whole document."""
    return _now is not None


# In place of WeasyPrint's ------------------------------------------------------------------


def _begin(context: Any, root: Any) -> None:
    _initialize(context, root)
    if _now is not None:
        _now.begin(context, root)


def _margins(context: Any, page: Any, state: Any) -> Any:
    return () if _now is not None else _make_margin_boxes(context, page, state)


def _page_type(side: str, blank: bool, name: str, index: int, groups: Any) -> Any:
    first = _now.outside.index if _now is not None else 0
    return _PageType(side, blank, name, index + first, groups)


def _to_box(
    element: Any, style_for: Any, get_image: Any, base_url: Any, collector: Any, styles: Any,
    notes: Any, state: Any = None,
) -> Any:  # fmt: skip
    """Make the boxes of an element; one that is set elsewhere has none."""
    if _now is not None and isinstance(element.tag, str):
        if state is None:
            state = _now.state = ([0], _now.counters, [{"footnote", "note"}], [])
            _now.counters.inside = not _now.outside.index
        elif element.get(ELSEWHERE) is not None:
            if _now.next is None and _now.outside.index:
                _now.enter()
            return []
        elif element.get(NEXT) is not None:
            _now.leave(element)
    return _element_to_box(element, style_for, get_image, base_url, collector, styles, notes, state)


class _Targets(TargetCollector):  # type: ignore[misc]
    """As WeasyPrint's, with the targets of other parts."""

    def lookup_target(self, token: Any, source: Any, css: str, parse_again: Any) -> Any:
        """Return what is known of a target."""
        name = _anchor(token, source) if _now is not None else None
        if _now is not None and name and name not in self.target_lookup_items:
            item = TargetLookupItem("up-to-date")
            item.target_box = _Target(_now)
            item.page_maker_index = -1
            pages = [_now.outside.targets.get(name, 0)]
            item.cached_page_counter_values = {"page": pages, "pages": [_now.outside.total]}
            self.target_lookup_items[name] = item
        if _now is not None and name:
            if isinstance(self.target_lookup_items[name].target_box, _Target):
                _now.targets.add(name)
            else:
                _now.inside.add((source, css))
        return super().lookup_target(token, source, css, parse_again)

    def collect_missing_counters(
        self, box: Any, css: str, parse_again: Any, missing: Any, of_targets: Any
    ) -> None:
        """Note which boxes have the numbers of pages in them."""
        if _now is not None and self.collecting:
            asked = {*missing, *(name for names in of_targets.values() for name in names)}
            if css == "content":  # WeasyPrint takes counters of targets for the box's own
                own = {v[0] for kind, v in box.style["content"] if kind in _OF_BOX}
                asked &= own | (_OF_PAGES if (box, css) in _now.inside else set())
            _now.index = _now.index or "page" in asked
            if "pages" in asked:
                _now.whole = "the number of all pages is printed in a text"
            if css == "content" and not asked:
                return  # all that it prints is known: no second layout is needed
        super().collect_missing_counters(box, css, parse_again, missing, of_targets)


def _anchor(token: Any, source: Any) -> str | None:
    """Return the name of the anchor that a function of CSS names."""
    if token[0] == "attr()":
        attribute, kind, fallback = token[1]
        value = source.element.get(attribute, fallback)
        if kind == "string":
            token = ("string", value)
        elif kind == "url":
            token = ("url", get_url_tuple(value, source.style.base_url))
    name: str | None = anchor_name_from_token(token) if token[1] else None
    return name


# What pages depend on ----------------------------------------------------------------------


def by_place(style_for: Any) -> tuple[bool, bool]:
    """Return whether pages are laid out by their side, and by their place in the document."""
    sided = placed = False
    for sheet, _, _ in style_for._sheets:  # noqa: SLF001
        for _, selectors, _ in sheet.page_rules:
            for _, pseudo, wanted in selectors:
                if pseudo in {None, "@footnote", "@note-area"}:
                    sided = sided or wanted.side is not None
                    placed = placed or (wanted.index is not None and wanted.index[2] is None)
    return sided, placed


def counts_otherwise(style_for: Any) -> bool:
    """Return whether `@page` rules change how pages are counted."""
    names = {"counter_reset", "counter_set", "counter_increment"}
    return any(
        name in names
        for sheet, _, _ in style_for._sheets  # noqa: SLF001
        for _, selectors, declarations in sheet.page_rules
        for _, pseudo, _ in selectors
        if pseudo is None
        for name, _, _ in declarations
    )


def runs_on(page: Any, after: Any) -> bool:
    """Return whether a page that belongs to what comes after a part has something of the part."""
    for box in page.descendants(placeholders=True):
        if isinstance(box, boxes.MarginBox) or box.element is None:
            continue
        if box.element is not after and box.element_tag not in {"html", "body"}:
            return True
    return False
