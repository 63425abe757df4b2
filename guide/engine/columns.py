"""Columns of WeasyPrint 70.0 balanced sooner; tests/engine/test_columns.py compares pages.

WeasyPrint balances columns by laying them out again and again, each time a little higher. Most of
these trials end at the same child as one before. A trial's result depends on its height by
comparisons alone (`LayoutContext.overflows_page`), so each trial records between which heights all
of them would come out the same, and its result is used again for a height between these.

What depends on the height in another way is laid out as before: a child that is broken (it is
stretched to the foot of the column), and anything that the trial leaves behind, such as footnotes,
running elements and broken floats.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Any

from weasyprint.layout import block

from guide.engine import patches

patches.check()
_DOUBT = (
    1e-3  # px; heights nearer to a bound than this are tried: WeasyPrint's bounds are not sharp
)

_block_box_layout = block.block_box_layout


@dataclass
class _Trial:
    """A layout of a column down to `foot`, in px, which is the same for a lower foot above `limit`.

    `broken` is the first child that something did not fit in.
    """

    foot: float
    limit: float = inf
    broken: float = inf
    fixed: bool = False  # it answers for its own foot alone
    result: Any = None

    def holds(self, foot: float) -> bool:
        """Return whether the layout is also that of a column that ends at another foot."""
        return foot == self.foot or (not self.fixed and self.foot < foot < self.limit - _DOUBT)


def _lay_out(
    context: Any, box: Any, bottom_space: float, skip_stack: Any, containing_block: Any,
    page_is_empty: bool, absolute_boxes: Any, fixed_boxes: Any, adjoining_margins: Any,
    first_letter_style: Any, first_line_style: Any, discard: bool, max_lines: Any,
) -> Any:  # fmt: skip
    """Lay out a block; a column on trial only where no earlier trial answers.

    A column that stays, unlike one on trial, has no list of adjoining margins.
    """
    about = (
        context, box, bottom_space, skip_stack, containing_block, page_is_empty, absolute_boxes,
        fixed_boxes, adjoining_margins, first_letter_style, first_line_style, discard, max_lines,
    )  # fmt: skip
    plain = first_letter_style is None and first_line_style is None
    if not (box.is_column and plain and adjoining_margins is not None):
        return _block_box_layout(*about)
    before = _state(context)
    known = vars(box).setdefault("_trials_by_guide", {})
    tried = known.setdefault((repr(skip_stack), page_is_empty, before), [])
    foot = context.page_bottom - bottom_space
    for trial in tried:
        if trial.holds(foot):
            return trial.result
    trial = _Trial(foot)
    trial.result = _recorded(trial, about)
    if _state(context) == before:
        trial.fixed = trial.fixed or not _is_whole(trial)
        tried.append(trial)
    return trial.result


def _recorded(trial: _Trial, about: tuple[Any, ...]) -> Any:
    """Lay out a column and note the bounds between which no comparison comes out otherwise."""
    context, _, bottom_space, *_ = about
    outer = vars(context).get("overflows_page")
    if outer is not None:
        outer.opaque()  # columns in a column also reckon with its height

    def overflows_page(space: float, position_y: float) -> bool:
        found: bool = context.overflows(context.page_bottom - space, position_y)
        if found:
            trial.limit = min(trial.limit, position_y + (space - bottom_space))
            trial.broken = min(trial.broken, context.child_by_guide)
        return found

    def opaque() -> None:
        trial.fixed = True

    overflows_page.opaque = opaque  # type: ignore[attr-defined]
    context.overflows_page, context.child_by_guide = overflows_page, -1
    try:
        return _block_box_layout(*about)
    finally:
        del context.overflows_page
        if outer is not None:
            context.overflows_page = outer


def _state(context: Any) -> tuple[Any, ...]:
    """Return what a trial may read of the page, or leave behind on it."""
    running = context.running_elements.values()
    return (
        context.page_bottom,
        context.in_column,
        len(context.footnotes),
        len(context.current_page_footnotes),
        len(context.reported_footnotes),
        len(context.broken_out_of_flow),
        len(context.excluded_shapes),
        sum(len(boxes) for names in running for boxes in names.values()),
        getattr(context, "moved_by_guide", 0),
    )


def _is_whole(trial: _Trial) -> bool:
    """Return whether a trial ends between children, and all before fit without a look at the foot."""
    column, resume_at, *_ = trial.result
    if column is None or any(resume_at.values() if resume_at else ()):
        return False
    inside = [child for child in column.children if child.is_in_normal_flow()]
    # Lines that are a column's own have no index: they are split for its height.
    return all(getattr(child, "index", inf) < trial.broken for child in inside)
