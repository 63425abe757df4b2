"""Page budgets: whether a document keeps to its pages, and what to shorten when it does not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from math import ceil
from typing import Any

from weasyprint.formatting_structure import boxes

from guide.engine.structure_tree import unwrap
from guide.model.artifacts import Fault
from guide.model.setparts import Measured
from guide.proof.layout import heights_on, leaves
from guide.units import PX_PER_MM

_LONGEST = 5


def over_budget(pages: Sequence[Any], most: int, multiple: int) -> Fault | None:
    """Return the fault of a document that does not keep to its budget."""
    return exceeded(
        [measured(page) for page in pages] if most or multiple > 1 else [None] * len(pages),
        most,
        multiple,
    )


def exceeded(pages: Sequence[Measured | None], most: int, multiple: int) -> Fault | None:
    """Return the fault of pages that do not keep to their budget.

    That is one of more than `most` pages (0: any number), or of a number that is no multiple of
    `multiple`. The fault says by how many lines, counted as height of what is on the pages too many by the
    commonest height of a line, and names the longest blocks of the content.
    """
    count = len(pages)
    if most and count > most:
        room, limit = most, f"at most {most}"
    elif count % multiple:
        room, limit = count - count % multiple, f"a multiple of {multiple}"
    else:
        return None
    known = [page for page in pages if page is not None]
    lines = _lines(known, room)
    what = "page" if count == 1 else "pages"
    message = f"{count} {what}, but the budget is {limit}: {lines} line{'s'[: lines != 1]} too many"
    missing = -count % multiple if not (most and count > most) else 0
    longest = _longest(known)
    hint = "Shorten the longest blocks, or allow more with `pages:`."
    if missing:
        hint = f"Take out those lines, or add {missing} page{'s'[: missing != 1]}."
    return Fault("over-budget", message, "", hint, page=room + 1, others=tuple(longest))


def measured(page: Any) -> Measured:
    """Return how full a laid-out page is."""
    box = page._page_box  # noqa: SLF001
    lines = Counter(round(float(line.height), 1) for line in _line_boxes(box))
    found = list(leaves(box))
    extent = max(leaf.bottom for leaf in found) - min(leaf.top for leaf in found) if found else 0.0
    return Measured(tuple(lines.items()), float(extent), heights_on(page))


def _lines(pages: Sequence[Measured], room: int) -> int:
    heights: Counter[float] = Counter()
    for page in pages:
        heights.update(dict(page.lines))
    line = heights.most_common(1)[0][0] if heights else 16.0
    height = sum(page.extent for page in pages[room:])
    return max(1, ceil(height / max(line, 1.0)))


def _line_boxes(box: Any) -> Iterator[Any]:
    box = unwrap(box)
    if isinstance(box, boxes.MarginBox):
        return
    if isinstance(box, boxes.LineBox):
        yield box
        return
    for child in getattr(box, "children", ()):
        yield from _line_boxes(child)


def _longest(pages: Sequence[Measured]) -> list[tuple[str, str]]:
    """Return the keys of the tallest blocks of content, each with its height in words."""
    heights: Counter[str] = Counter()
    for page in pages:
        for at, height in page.heights.items():
            heights[at] += int(height)
    del heights[""]
    ranked = sorted(heights.items(), key=lambda each: (-each[1], each[0]))
    return [(at, f"{height / PX_PER_MM:.0f} mm") for at, height in ranked[:_LONGEST]]
