"""What `guide print` shows: what is about to be printed, how a job gets on, how to print by hand."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Callable, Sequence
from typing import Any

from guide.diagnostics.diagnostic import Diagnostic
from guide.diagnostics.formats import plain
from guide.model.printers import Profile
from guide.printing.job import Job, Printer, runs, said
from guide.printing.without_cups import instructions
from guide.screen.builds import report_built
from guide.screen.problems import show
from guide.screen.progress import progress_bars

__all__ = [  # `guide.actions.print.Screen`
    "job_line", "progress_bars", "put", "report_built", "say", "show_by_hand", "show_plan",
    "show_problems",
]  # fmt: skip

_SIDES = {
    "one-sided": "one side",
    "two-sided-long-edge": "both, turned on the long edge",
    "two-sided-short-edge": "both, turned on the short edge",
}


def say(text: str) -> None:
    """Print a line to stderr."""
    print(text, file=sys.stderr)


def put(text: str) -> None:
    """Print a line to stdout at once: what follows it may take long, or be interrupted."""
    print(text, flush=True)


def show_problems(problems: Sequence[Diagnostic]) -> None:
    """Print problems to stderr."""
    show(problems, stream=sys.stderr)


def show_plan(batches: Sequence[Sequence[Job]], device: Printer, profile: Profile) -> None:
    """Print what is about to be printed, to stderr."""
    for batch in batches:
        say(_rows(_plan(batch, device, profile)))
    if len(batches) > 1:
        sheets = sum(each.sheets * each.copies for batch in batches for each in batch)
        sides = sum(each.printed * each.copies for batch in batches for each in batch)
        cost = _cost(profile, sheets, sides)
        total = f"{len(batches)} documents, {_count(sheets, 'sheet')} in all"
        say(f"{total}, {cost}" if cost else total)


def _plan(batch: Sequence[Job], device: Printer, profile: Profile) -> list[tuple[str, str]]:
    first = batch[0]
    copies = first.copies
    sheets, sides = sum(each.sheets for each in batch), sum(each.printed for each in batch)
    chosen = sorted({page for each in batch for page in each.pages if page is not None})
    count = len(first.document.sizes)
    pages = f"pages {runs(chosen)} of {count}" if len(chosen) < count else _count(count, "page")
    by_hand = "both, turned by hand: fronts first, then backs"
    files = ", ".join(dict.fromkeys(str(each.document.path) for each in batch))
    one, all_ = _cost(profile, sheets, sides), _cost(profile, sheets * copies, sides * copies)
    return [
        ("printer", device.queue + (f" ({device.about})" if device.about else "")),
        ("file", f"{files}, {pages}"),
        ("copies", str(copies) + (", collated" if copies > 1 else "")),
        ("sheets", f"{sheets:,} a copy, {sheets * copies:,} in all"),
        ("sides", _SIDES[first.sides] if len(batch) == 1 else by_hand),
        ("media", f"{said(first.media)} ({first.media})"),
        ("scaling", "to fit the paper" if first.fit else "none, 100 %"),
        ("tray", first.tray.name if first.tray else "the printer's choice"),
        ("cost", f"{one} a copy, {all_} in all" if one and all_ else ""),
        ("note", first.note),
    ]


def _rows(rows: Sequence[tuple[str, str]]) -> str:
    """Return names and values in two columns, without those that have no value."""
    return "\n".join(f"  {name:<9} {plain(text)}" for name, text in rows if text)


def _cost(profile: Profile, sheets: int, sides: int) -> str:
    """Return what sheets and sides cost, '' when the profile does not say."""
    cost = profile.cost(sheets, sides)
    unit = f" {profile.currency}" if profile.currency else ""
    return "" if cost is None else f"{_money(cost)}{unit}"


def _money(amount: Any) -> str:
    """Return an amount with two decimals, or with as many as it has."""
    return f"{amount:,.2f}" if amount == round(amount, 2) else f"{amount.normalize():,f}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def show_by_hand(batches: Sequence[Sequence[Job]]) -> None:
    """Print how to print files from a viewer, to stderr."""
    for batch in batches:
        files = " and ".join(dict.fromkeys(str(each.document.path) for each in batch))
        say(f"\nTo print {plain(files)} from a viewer:")
        for first, rows in instructions(batch):
            if first:
                say(f"\n{textwrap.fill(first, 98)}")
            say(_rows(rows))


def job_line() -> Callable[[str, bool], None]:
    """Return a function that shows the state of a job, with True for text that is to remain.

    On a terminal it writes over its last line; elsewhere each change is a line.
    """
    width = 0

    def show_state(text: str, last: bool = False) -> None:
        nonlocal width
        text = plain(text)
        if not sys.stderr.isatty():
            say(text)
            return
        if not last:
            text = text[: shutil.get_terminal_size().columns - 1]
        print(f"\r{text:<{width}}", end="\n" if last else "", file=sys.stderr, flush=True)
        width = len(text)

    return show_state
