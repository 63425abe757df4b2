"""What is printed in the margins of pages: nothing over anything else, and the marking on each."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import pypdfium2 as pdfium
from weasyprint.formatting_structure import boxes

from guide.diagnostics.diagnostic import Severity
from guide.model.artifacts import Fault, OfPack
from guide.model.letters import letters
from guide.proof.layout import MOST, Leaf, leaf_text, leaves

MARKING = OfPack("marking")
_OVERHANG = 0.15  # of the height of a text that has no ink: accents above, room below
_TOLERANCE = 1.0  # px
_END = 0.25  # of the height of a page: what counts as its head or its foot


def margin_faults(pages: Sequence[Any], marking: str = "") -> list[Fault]:
    """Return what is printed over something else at head or foot, each text once."""
    told: dict[tuple[str, str], Fault] = {}
    for number, page in enumerate(pages, 1):
        box = page._page_box  # noqa: SLF001
        ours = _in_margins(box)
        others = [leaf for leaf in leaves(box) if ours and _outside(leaf, box)]
        for one, other in _overlaps(ours, others):
            pair = leaf_text(one), leaf_text(other)
            if pair not in told:
                told[pair] = _over(pair, number, marking)
    return [*told.values()][:MOST]


Rectangle = tuple[float, float, float, float, str]
"""Left, top, right and bottom in px, and the text."""


def reaching_out(page: Any) -> Iterator[Rectangle]:
    """Yield what of a page's content reaches into its head or foot."""
    box = page._page_box  # noqa: SLF001
    for leaf in leaves(box):
        if _outside(leaf, box):
            yield leaf.left, leaf.top, leaf.right, leaf.bottom, leaf_text(leaf)


def margin_faults_apart(
    pages: Sequence[Any], others: Sequence[Sequence[Rectangle]], first: int, marking: str = ""
) -> list[Fault]:
    """Return what margins that were made without their pages are printed over, each text once.

    `others` are what of the pages' content reaches into head or foot, `first` the number of the
    first page.
    """
    told: dict[tuple[str, str], Fault] = {}
    for number, (box, reaching) in enumerate(zip(pages, others, strict=True), first):
        found = [_of_rectangle(each) for each in reaching]
        for one, other in _overlaps(_in_margins(box), found):
            pair = leaf_text(one), leaf_text(other)
            if pair not in told:
                told[pair] = _over(pair, number, marking)
    return [*told.values()][:MOST]


def _of_rectangle(each: Rectangle) -> Leaf:
    left, top, right, bottom, text = each
    return Leaf(left, top, right, bottom, "", "", right, SimpleNamespace(text=text))


def _in_margins(box: Any) -> list[Leaf]:
    return [
        leaf
        for margin in box.children
        if isinstance(margin, boxes.MarginBox)
        for child in margin.children
        for leaf in leaves(child)
    ]


def _outside(leaf: Leaf, box: Any) -> bool:
    """Return True if a text of the page reaches into its head or foot."""
    top = box.content_box_y()
    return bool(leaf.top < top or leaf.bottom > top + box.height)


def _overlaps(ours: list[Leaf], others: list[Leaf]) -> Iterator[tuple[Leaf, Leaf]]:
    for n, one in enumerate(ours):
        for other in (*ours[n + 1 :], *others):
            if _meets(one, other):
                yield one, other


def _meets(one: Leaf, other: Leaf) -> bool:
    across = min(one.right, other.right) - max(one.left, other.left)
    tops, bottoms = [], []
    for leaf in (one, other):
        spare = _OVERHANG * (leaf.bottom - leaf.top)
        tops.append(leaf.top + spare)
        bottoms.append(leaf.bottom - spare)
    return across > _TOLERANCE and min(bottoms) - max(tops) > _TOLERANCE


def _over(pair: tuple[str, str], number: int, marking: str) -> Fault:
    ours = next((text for text in pair if text and letters(text) in letters(marking)), "")
    shown = [f"`{text[:40]}`" if text else "a picture" for text in pair]
    message = f"{shown[0]} is printed over {shown[1]} at the head or foot of the page"
    hint = "Shorten it, or choose a larger paper; a stylesheet of the pack needs wider margins."
    at = MARKING if ours else ""
    return Fault("text-overflow", message, at, hint, page=number, word=ours or pair[0])


def marking_faults(
    data: bytes, marking: str, least: Sequence[int] = (), severity: Severity = Severity.ERROR,
    only: Collection[int] | None = None,
) -> list[Fault]:  # fmt: skip
    """Return a fault if a page of a finished PDF does not show the marking.

    It must be there at head and foot; or, for sheets, as often as `least` has it for each page. With
    `only`, other pages are not looked at.
    """
    wanted = letters(marking)
    if not wanted:
        return []
    document = pdfium.PdfDocument(data)
    try:
        short = []
        for number in range(len(document)):
            if only is not None and number not in only:
                continue
            page = document[number]
            width, height = page.get_size()
            if least:
                shown = _count(page, wanted, (0, 0, width, height)) >= least[number]
            else:
                shown = not lacks_marking(page, marking)
            if not shown:
                short.append(number + 1)
            page.close()
    finally:
        document.close()
    return unmarked_faults(short, severity)


def lacks_marking(page: Any, marking: str) -> bool:
    """Return whether a page, as PDFium has it, lacks the marking at head or foot."""
    wanted = letters(marking)
    width, height = page.get_size()
    ends = (0, (1 - _END) * height, width, height), (0, 0, width, _END * height)
    return bool(wanted) and not all(_count(page, wanted, end) for end in ends)


def unmarked_faults(short: Sequence[int], severity: Severity) -> list[Fault]:
    """Return the fault of pages that lack the marking, by their numbers from 1."""
    if not short:
        return []
    more = f" and {len(short) - 1} more" if len(short) > 1 else ""
    message = f"the marking is not printed everywhere on page {short[0]}{more}"
    hint = (
        "A template or stylesheet of the pack leaves it out or covers it: take running.css into "
        "`styles`, and do not replace the corner boxes of `@page`."
    )
    return [Fault("lost-content", message, MARKING, hint, severity, short[0])]


def _count(page: Any, wanted: str, area: tuple[float, float, float, float]) -> int:
    """Return how often a part of a page shows a marking; it may run from right to left."""
    text = page.get_textpage()
    try:
        found = letters(text.get_text_bounded(*area))
    finally:
        text.close()
    return max(found.count(wanted), found.count(wanted[::-1]) if wanted != wanted[::-1] else 0)
