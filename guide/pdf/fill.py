"""Pages that are filled and never overflow: what matters least is omitted, as much as must be.

In the markup, elements with `data-rank` may be omitted, those with the highest rank first. An
element with `data-with="key key"` stays while one of those keys (`data-at`) is printed; one with
`data-group` stays while something ranked is in it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element

from guide.proof.layout import heights_on

_TRIES = 4  # single elements that are tried in the gap at the end; each costs a layout
Layout = Callable[[Any], Any]
"""An element tree to a laid-out WeasyPrint document."""


@dataclass(frozen=True)
class Filled:
    """A laid-out document, its tree, and the keys (`data-at`) omitted, in the markup's order."""

    document: Any
    root: Element
    left_out: tuple[str, ...]


def fill(root: Element, pages: int, layout: Layout) -> Filled:
    """Return the layout that has as much of what is ranked as goes on so many pages.

    When not even the unranked part fits, that layout is returned, with all pages it takes.
    """
    return _Filling(root, pages, layout).run()


class _Filling:
    """The search for how much goes on the pages; each look at one choice costs a layout."""

    def __init__(self, root: Element, pages: int, layout: Layout) -> None:
        self.root, self.pages, self.layout = root, pages, layout
        ranked = [e for e in root.iter() if e.get("data-rank") is not None]
        self.keys = [str(e.get("data-at") or n) for n, e in enumerate(ranked)]
        order = sorted(range(len(ranked)), key=lambda n: (float(ranked[n].get("data-rank", 0)), n))
        self.order = order
        self.fitting: dict[frozenset[int], bool] = {}
        self.heights: dict[str, float] = {}
        self.within = 0
        self.best: tuple[frozenset[int], Any, Element] | None = None

    def run(self) -> Filled:
        everything, tree = self._try(self.order)
        if len(everything.pages) <= self.pages:
            return self._filled(everything, tree, self.order)
        self.heights = _heights(everything)
        self.within = len(self._printed(everything.pages[: self.pages], self.order))
        del everything, tree  # a layout is large
        low = self._most()
        chosen = list(self.order[:low])
        too_high = self._height(self.order[low])
        for candidate in self.order[low + 1 : low + 1 + _TRIES]:
            if self._height(candidate) >= too_high:
                continue  # what did not fit here was lower
            if self._fits([*chosen, candidate]):
                chosen.append(candidate)
            else:
                too_high = self._height(candidate)
        if self.best and self.best[0] == frozenset(chosen):
            return self._filled(self.best[1], self.best[2], chosen)
        return self._filled(*self._try(chosen), chosen)

    def _most(self) -> int:
        """Return how many elements fit, the most important first.

        How far a layout is too long tells nearly how many must go; from one that fits, the search
        goes up in growing steps.
        """
        low, high, step = 0, len(self.order) - 1, 1
        probe = self.within
        while low < high:
            probe = min(max(probe, low + 1), high)
            if self._fits(self.order[:probe]):
                low, probe, step = probe, probe + step, 2 * step
            else:
                high = probe - 1
                probe = min(self.within, high)
            if not low < probe <= high:
                probe = (low + high + 1) // 2
        return low

    def _printed(self, pages: Sequence[Any], chosen: Sequence[int]) -> list[int]:
        """Return which of the chosen elements leave ink on pages."""
        found = set().union(*(heights_on(page) for page in pages))
        return [n for n in chosen if self.keys[n] in found]

    def _without(self, document: Any, chosen: Sequence[int]) -> int:
        """Return about how many of the chosen fit: as many less as what is beyond the pages is high."""
        kept = self._printed(document.pages[: self.pages], chosen)
        gone = sum(self._height(n) for n in chosen) - sum(self._height(n) for n in kept)
        beyond = sum(sum(heights_on(page).values()) for page in document.pages[self.pages :])
        while kept and beyond > gone:
            gone += self._height(kept.pop())
        return len(kept)

    def _height(self, element: int) -> float:
        return self.heights.get(self.keys[element], 0.0)

    def _fits(self, chosen: Sequence[int]) -> bool:
        key = frozenset(chosen)
        if key not in self.fitting:
            document, tree = self._try(chosen)
            self.fitting[key] = len(document.pages) <= self.pages
            if self.fitting[key]:
                self.best = key, document, tree
            else:
                self.within = self._without(document, chosen)
        return self.fitting[key]

    def _filled(self, document: Any, tree: Element, chosen: Sequence[int]) -> Filled:
        kept = set(chosen)
        left_out = tuple(key for n, key in enumerate(self.keys) if n not in kept)
        return Filled(document, tree, left_out)

    def _try(self, chosen: Sequence[int]) -> tuple[Any, Element]:
        tree = self._tree(frozenset(chosen))
        return self.layout(tree), tree

    def _tree(self, chosen: frozenset[int]) -> Element:
        """Return a copy of the document without what was not chosen."""
        root = copy.deepcopy(self.root)
        ranked = [e for e in root.iter() if e.get("data-rank") is not None]
        gone = {id(e) for n, e in enumerate(ranked) if n not in chosen}
        _prune(root, lambda e: id(e) in gone)
        _prune(root, lambda e: e.get("data-group") is not None
               and all(inner.get("data-rank") is None for inner in e.iter()))  # fmt: skip
        printed = {e.get("data-at") for e in root.iter()}
        _prune(root, lambda e: e.get("data-with") is not None
               and not printed & set(e.get("data-with", "").split()))  # fmt: skip
        return root


def _heights(document: Any) -> dict[str, float]:
    """Return the height in px of the ink of each key; of one that breaks, that of its largest part."""
    found: dict[str, float] = {}
    for page in document.pages:
        for at, height in heights_on(page).items():
            found[at] = max(found.get(at, 0.0), height)
    return found


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
