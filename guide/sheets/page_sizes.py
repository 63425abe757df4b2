"""The size that most pages of a PDF have, and what is said of the others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from guide.diagnostics.diagnostic import Diagnostic, Place, warning
from guide.units import Paper

_SCANNED = 4.0  # mm by which scans of pages of one size differ


def common_size(
    sizes: Sequence[Paper], indices: Sequence[int], paper: Paper | None, name: str
) -> tuple[Paper, list[Diagnostic]]:
    """Return the size that most pages have, the larger where two are as common; name the others.

    `indices` are the numbers of the pages, `paper` the sheet that was asked for.
    """
    groups: list[tuple[Paper, list[int]]] = []
    for page_size, index in zip(sizes, indices, strict=True):
        for size, members in groups:
            if _alike(size, page_size):
                members.append(index)
                break
        else:
            groups.append((page_size, [index]))
    groups.sort(key=lambda group: (-len(group[1]), -group[0].width * group[0].height))
    common = groups[0][0]
    if len(groups) == 1:
        return common, []
    others = "; ".join(
        f"{_said(size)}: page{'s' * (len(members) > 1)} {_pages(members)}"
        for size, members in groups[1:5]
    )
    more = f"; and {len(groups) - 5} more sizes" if len(groups) > 5 else ""
    message = f"pages have {len(groups)} sizes: most are {_said(common)}; {others}{more}"
    fitted = "The sheet follows the most common size; the other pages are made to fit their place."
    if paper is not None:
        fitted = "Each page is made to fit its place on the sheet."
    hint = f"{fitted} For pages of one size, choose them: --pages {_ranges(groups[0][1])}."
    return common, [warning("mixed-sizes", message, Place(name), hint)]


def _alike(one: Paper, other: Paper) -> bool:
    """Return True if two pages have one size as a scanner measures it."""
    return abs(one.width - other.width) <= _SCANNED and abs(one.height - other.height) <= _SCANNED


def _said(size: Paper) -> str:
    return f"{size.width:.4g} x {size.height:.4g} mm"


def _pages(members: Sequence[int]) -> str:
    shown = ", ".join(str(index + 1) for index in members[:6])
    return shown + (f" and {len(members) - 6} more" if len(members) > 6 else "")


def _ranges(members: Iterable[int]) -> str:
    """Return ascending pages, counted from 0, as `--pages` takes them: `4-7,9`."""
    found: list[list[int]] = []
    for index in members:
        if found and found[-1][1] == index:
            found[-1][1] = index + 1
        else:
            found.append([index + 1, index + 1])
    return ",".join(f"{a}" if a == b else f"{a}-{b}" for a, b in found)
