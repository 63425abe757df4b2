"""Pages that are filled and never overflow: what matters least is left out, as much as must be.

In the markup, elements with `data-rank` may be left out, those with the highest rank first. An
element with `data-with="key key"` stays while one of those keys (`data-at`) is printed; one with
`data-group` stays while something ranked is in it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element

from guide.pdf.inspect import leaves

_STEP = 5  # elements from one guess to the next, until the limit lies between two
_TRIES = 4  # single elements that are tried in the gap at the end; each costs a layout
Layout = Callable[[Any], Any]
"""An element tree to a laid-out WeasyPrint document."""


@dataclass(frozen=True)
class Filled:
    """A laid-out document, its tree, and the keys (`data-at`) left out, in the markup's order."""

    document: Any
    root: Element
    left_out: tuple[str, ...]


def fill(root: Element, pages: int, layout: Layout) -> Filled:
    """Return the layout that has as much of what is ranked as goes on so many pages.

    When not even the unranked part fits, that layout is returned, with all pages it takes.
    """
    return _Filling(root, pages, layout).run()


class _Filling:
    def __init__(self, root: Element, pages: int, layout: Layout) -> None:
        self.root, self.pages, self.layout = root, pages, layout
        ranked = [e for e in root.iter() if e.get("data-rank") is not None]
        self.keys = [str(e.get("data-at") or n) for n, e in enumerate(ranked)]
        order = sorted(range(len(ranked)), key=lambda n: (float(ranked[n].get("data-rank", 0)), n))
        self.order = order
        self.fitting: dict[frozenset[int], bool] = {}
        self.last: tuple[frozenset[int], Any] = (frozenset({-1}), None)
        self.tree = root  # of the last layout

    def run(self) -> Filled:
        everything = self._try(self.order)
        if len(everything.pages) <= self.pages:
            return self._filled(everything, self.order)
        low, high = 0, len(self.order) - 1
        probe, step = self._guess(everything), _STEP
        below = above = False
        while low < high:
            probe = min(max(probe, low + 1), high)
            if self._fits(self.order[:probe]):
                low, below = probe, True
                probe = low + step
            else:
                high, above = probe - 1, True
                probe = high - step + 1
            if below and above:
                probe = (low + high + 1) // 2
        chosen = list(self.order[:low])
        for candidate in self.order[low + 1 : low + 1 + _TRIES]:
            if self._fits([*chosen, candidate]):
                chosen.append(candidate)
        return self._filled(self._try(chosen), chosen)

    def _guess(self, everything: Any) -> int:
        """Return about how many elements go on the pages, from where they end with all of them."""
        within: set[str] = set()
        for page in everything.pages[: self.pages]:
            within |= {leaf.at for leaf in leaves(page._page_box)}  # noqa: SLF001
        return sum(self.keys[n] in within for n in self.order)

    def _fits(self, chosen: Sequence[int]) -> bool:
        key = frozenset(chosen)
        if key not in self.fitting:
            self.fitting[key] = len(self._try(chosen).pages) <= self.pages
        return self.fitting[key]

    def _filled(self, document: Any, chosen: Sequence[int]) -> Filled:
        kept = set(chosen)
        return Filled(
            document, self.tree, tuple(key for n, key in enumerate(self.keys) if n not in kept)
        )

    def _try(self, chosen: Sequence[int]) -> Any:
        key = frozenset(chosen)
        if self.last[0] != key:
            self.tree = self._tree(key)
            self.last = key, self.layout(self.tree)  # a layout is large; one is enough
        return self.last[1]

    def _tree(self, chosen: frozenset[int]) -> Element:
        """Return a copy of the document without what was not chosen."""
        root = copy.deepcopy(self.root)
        ranked = [e for e in root.iter() if e.get("data-rank") is not None]
        gone = {id(e) for n, e in enumerate(ranked) if n not in chosen}
        _prune(root, lambda e: id(e) in gone)
        _prune(root, lambda e: e.get("data-group") is not None and not _ranked(e))
        printed = {e.get("data-at") for e in root.iter()}
        _prune(root, lambda e: e.get("data-with") is not None
               and not printed & set(e.get("data-with", "").split()))  # fmt: skip
        return root


def _ranked(element: Element) -> bool:
    return any(e.get("data-rank") is not None for e in element.iter())


def _prune(parent: Element, unwanted: Callable[[Element], bool]) -> None:
    """Take elements out; the text after each stays."""
    before: Element | None = None
    for child in list(parent):
        if unwanted(child):
            tail = child.tail or ""
            if before is None:
                parent.text = (parent.text or "") + tail
            else:
                before.tail = (before.tail or "") + tail
            parent.remove(child)
        else:
            _prune(child, unwanted)
            before = child
