"""The cascade of WeasyPrint 70.0, remembered: elements to which the same rules apply share styles.

WeasyPrint shares them among the elements of a document. Here what was computed for one document
serves all that have the same stylesheets; a deck is many. Each document has its own styles all
the same, since layout changes some: they take their values from those that are remembered, which
nobody changes. tests/engine/test_quick.py compares bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import inf
from typing import Any

from weasyprint.css import (
    ComputedStyle,
    InitialStyle,
    StyleFor,
    declaration_precedence,
    find_style_attributes,
    preprocess_declarations,
)

from guide.engine import parts, patches

patches.check()
_MOST = 4  # sets of stylesheets that are remembered at a time
_WRITTEN = ("style", "lang", "id", "name", "width", "height")  # attributes that are rules
_MOST_STYLES = 4000  # of one set; a few kB each


class _PageSizes(dict[str, Any]):
    """The size of the first page, None until it is known; `firm` while styles may be remembered.

    A length in vw or vh that is needed before the page, or another page for the same stylesheets,
    would make a style depend on the document.
    """

    firm = True
    given: tuple[Any, Any] | None = None  # of the document that a part is of
    asked = False  # by some style that is remembered

    def __init__(self) -> None:
        super().__init__(box=None, area=None)
        self.known: dict[str, Any] = {}

    def __getitem__(self, key: str) -> Any:
        self.asked = True
        found = super().__getitem__(key)
        if found is None:
            self.firm = False
        return found

    def __setitem__(self, key: str, value: Any) -> None:
        if self.given is not None:
            value = self.given[key == "area"]
            if value is None:
                return
        if self.known.setdefault(key, value) != value:
            self.firm = False
        super().__setitem__(key, value)

    def forget(self) -> None:
        """Begin another document."""
        self.given = None
        self.update(box=None, area=None)


class _Memory:
    """The styles that were computed under some stylesheets, by what they were made of."""

    def __init__(self, sheets: Sequence[Any], font_config: Any) -> None:
        self.sheets = sheets  # held, so that no other gets its id
        self.sizes = _PageSizes()
        self.initial = InitialStyle(font_config)
        self.styles: dict[Any, dict[str | None, ComputedStyle]] = {}


def _memory(sheets: Sequence[Any], base_url: Any, font_config: Any, hints: Any) -> _Memory:
    """Return what is remembered of stylesheets; nothing is where a document brings its own."""
    if hints or any(origin == "author" for _, origin, _ in sheets):
        return _Memory(sheets, font_config)
    memories = font_config.__dict__.setdefault("_cascades_by_guide", {})
    key = (parts.first_page(), base_url, *((id(sheet), *rest) for sheet, *rest in sheets))
    known: _Memory | None = memories.pop(key, None)
    if known is None or not known.sizes.firm or len(known.styles) > _MOST_STYLES:
        known = _Memory(sheets, font_config)
    while len(memories) >= _MOST:
        del memories[next(iter(memories))]
    memories[key] = known
    known.sizes.forget()
    return known


class _Style(ComputedStyle):  # type: ignore[misc]
    """A document's own style, with the values of one that is remembered."""

    def __init__(self, remembered: Any, parent: Any, root: Any) -> None:
        self.__dict__.update(vars(remembered))
        self.__dict__.pop("anonymous_style", None)
        self.remembered = remembered
        self.parent_style = parent
        if root is not None:
            self.root_style = root

    def __missing__(self, key: str) -> Any:
        value = self[key] = self.remembered[key]
        return value


class _StyleFor(StyleFor):  # type: ignore[misc]
    """As WeasyPrint's, with a memory."""

    def __init__(
        self, html: Any, sheets: Any, hints: Any, font_config: Any, target_collector: Any
    ) -> None:
        self._cascaded_styles: dict[Any, Any] = {}  # pages' rules go here
        self._computed_styles: dict[Any, Any] = {}
        self._sheets = sheets
        self.font_config = font_config
        self.memory = _memory(sheets, html.base_url, font_config, hints)
        self.initial_page_sizes = self.memory.sizes
        self._base_url = html.base_url
        attributes: dict[Any, list[Any]] = {}
        for specificity, element, declarations, base_url in find_style_attributes(
            html.etree_element, hints, html.base_url
        ):
            attributes.setdefault(element, []).append((specificity, declarations, base_url))
        self._set_all(html, attributes, target_collector)

    def _set_all(self, html: Any, attributes: dict[Any, list[Any]], collector: Any) -> None:
        computed, own = self._computed_styles, dict[tuple[int, int], Any]()
        root = None
        pseudo_later = []
        for element in html.wrapper_element.iter_subtree():
            node = element.etree_element
            parent = computed[element.parent.etree_element, None] if element.parent else None
            given = attributes.get(node, ())
            found = self._remembered(node, parent, root, given, list(self._matched(element)))
            key = id(found[None]), id(parent)
            style = None if given else own.get(key)  # who has an id has a style, and an anchor
            if style is None:
                style = own[key] = _Style(found[None], parent, root)
                root = style if root is None else root
                _collect(style, collector)
            computed[node, None] = style
            pseudo_later += [(node, name, found[name]) for name in found if name]
        for node, name, remembered in pseudo_later:
            style = _Style(remembered, computed[node, None], root)
            computed[node, name] = style
            _collect(style, collector)

    def _matched(self, element: Any) -> Iterator[tuple[int, Any, Any]]:
        """Yield (stylesheet's place, layer's order, selector) of all that match, in order."""
        for place, (sheet, _, _) in enumerate(self._sheets):
            for selector in sheet.matcher.match(element):
                layer = selector[3][1]
                yield place, inf if layer is None else sheet.layers.index(layer), selector

    def _remembered(
        self, node: Any, parent: Any, root: Any, given: Sequence[Any], matched: Sequence[Any]
    ) -> dict[str | None, ComputedStyle]:
        """Return the styles of an element and its pseudo-elements, which nobody may change."""
        key = (
            None if parent is None else id(parent.remembered),
            (node.tag, *map(node.get, _WRITTEN)) if given else (),
            tuple(
                (place, order, specificity, pseudo, id(payload[0]))
                for place, order, (specificity, _, pseudo, payload) in matched
            ),
        )
        styles = self.memory.styles
        if key not in styles:
            styles[key] = self._made(parent, root, given, matched)
        return styles[key]

    def _made(
        self, parent: Any, root: Any, given: Sequence[Any], matched: Sequence[Any]
    ) -> dict[str | None, ComputedStyle]:
        cascaded: dict[str | None, dict[str, Any]] = {None: {}}
        for specificity, declarations, base_url in given:
            prepared = preprocess_declarations(base_url, declarations)
            _apply(cascaded[None], prepared, "author", inf, specificity)
        for place, order, (specificity, _, pseudo, payload) in matched:
            _, origin, of_sheet = self._sheets[place]
            style = cascaded.setdefault(pseudo, {})
            _apply(style, payload[0], origin, order, of_sheet or specificity)
        above = parent.remembered if parent is not None else None
        top = root.remembered if root is not None else self.memory.initial
        made: dict[str | None, ComputedStyle] = {}
        for pseudo, rules in cascaded.items():
            made[pseudo] = ComputedStyle(
                made[None] if pseudo else above,
                rules,
                pseudo,
                top if pseudo is None or root is not None else made[None],
                self._base_url,
                self.font_config,
                self.memory.sizes,
            )
        return made


def _apply(style: dict[str, Any], declarations: Any, origin: str, layer: Any, weight: Any) -> None:
    for name, values, importance in declarations:
        new = (declaration_precedence(origin, importance), layer, weight)
        old = style.get(name, (None, None))[1]
        if old is None or old <= new:
            style[name] = values, new


def _collect(style: Any, collector: Any) -> None:
    if collector and style["anchor"]:
        collector.collect_anchor(style["anchor"])
