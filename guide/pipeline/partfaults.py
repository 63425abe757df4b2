"""The faults of a document that was set in parts, as those of one that was set whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from guide.diagnostics.diagnostic import Severity
from guide.model.artifacts import Fault, Html
from guide.model.setparts import Margins, Proved, SetPart
from guide.pipeline.faces import NO_GLYPH

_MOST = 20  # of one kind, as for a whole document


def all_faults(
    html: Html, parts: Sequence[SetPart], margins: Sequence[Margins], proved: Sequence[Proved]
) -> tuple[Fault, ...]:
    """Return what is wrong with a document: its pages are counted from its first one."""
    from guide.pdf.budget import exceeded
    from guide.proof.layout import first_ones
    from guide.proof.page_margins import unmarked_faults

    styles = [fault for part in parts for fault in part.faults[0]]
    layout = [*_numbered(parts, 1), *(fault for each in margins for fault in each.faults[0])]
    over = [fault for each in margins for fault in each.faults[1]]
    measured = [page.measured for part in parts for page in part.pages]
    budget = exceeded(measured, html.most, html.multiple)
    labels = [fault for each in proved for fault in each.labels]
    severity = Severity.WARNING if html.own else Severity.ERROR
    unmarked = [
        first + n for first, each in zip(_firsts(parts), proved, strict=False)
        for n in each.unmarked
    ]  # fmt: skip
    told = [fault for part in parts for fault in part.faults[3]]
    told += [fault for each in margins for fault in each.faults[2]]
    if any(fault.code == NO_GLYPH for fault in told):
        told = [fault for fault in told if fault.code != "font-fallback"]
    found = (
        *styles, *first_ones(layout), *over[:_MOST], *_by_message(_numbered(parts, 2)),
        *([budget] if budget else ()), *labels[:_MOST], *unmarked_faults(unmarked, severity),
        *told, *_capped([fault for each in proved for fault in each.faults]),
    )  # fmt: skip
    return tuple(dict.fromkeys(found))


def _firsts(parts: Sequence[SetPart]) -> Iterator[int]:
    """Yield the number of the first page of each part."""
    first = 1
    for part in parts:
        yield first
        first += len(part.pages)


def _numbered(parts: Sequence[SetPart], stage: int) -> Iterator[Fault]:
    """Yield the faults of one stage with the numbers of their pages in the document."""
    for first, part in zip(_firsts(parts), parts, strict=True):
        for fault in part.faults[stage]:
            page = fault.page + first - 1 if fault.page else 0
            message = fault.message.replace(f"page {fault.page}", f"page {page}")
            yield replace(fault, page=page, message=message if fault.page else fault.message)


def _by_message(faults: Iterator[Fault]) -> list[Fault]:
    """Return the first fault of each message: a pair of colours is told once."""
    found: dict[str, Fault] = {}
    for fault in faults:
        found.setdefault(fault.message, fault)
    return [*found.values()][: _MOST + 1]


def _capped(faults: Sequence[Fault]) -> list[Fault]:
    if len(faults) <= _MOST:
        return [*faults]
    more, next_one = len(faults) - _MOST, faults[_MOST]
    return [
        *faults[:_MOST],
        replace(next_one, message=f"and {more} more items are not whole in the PDF", word=""),
    ]
