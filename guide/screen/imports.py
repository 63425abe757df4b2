"""What an import comes to, as a short table."""

from __future__ import annotations

import sys

from guide.diagnostics.calling import command
from guide.diagnostics.formats import plain
from guide.exchange.importing import Plan
from guide.exchange.merging import STATES
from guide.screen.tables import columns, short

_MOST = 8  # items that are named one by one


def report(plan: Plan, *, written: bool) -> None:
    """Print the table to stdout, and what to do next to stderr."""
    for path, counts in plan.counts.items():
        print(f"{plain(path)}: {plan.formats[path]}")
        if lost := plan.unreadable[path]:
            print(f"  unreadable: {lost}")
        states = [state for state in STATES if any(count[state] for count in counts.values())] or [
            "new"
        ]
        rows = [["", *states]]
        rows += [[part, *(str(count[state]) for state in states)] for part, count in counts.items()]
        print(columns(rows, {0}))
    for state, part, name in plan.items[:_MOST]:
        print(f"  {state}: {part} {short(name, 60)}")
    if len(plan.items) > _MOST:
        print(f"  and {len(plan.items) - _MOST} more")
    print(_end(plan, written=written), file=sys.stderr)


def _end(plan: Plan, *, written: bool) -> str:
    folder = plain(str(plan.folder))
    if written and not plan.files:
        return f"{folder}: nothing has changed"
    if written:
        kind = "new pack, " if plan.created else ""
        return f"{folder}: {kind}{len(plan.files)} files written. Next: {command('check', plan.folder)}"
    if plan.refused and not plan.files:
        return "nothing was written. Correct the file, or import the rest: guide import ... --skip-unreadable"
    if not plan.files:
        return f"{folder}: there is nothing to write"
    return f"{folder}: nothing was written yet; add --write"
