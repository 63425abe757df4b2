"""What a build made, and how files compare with what the content gives."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from guide.diagnostics.formats import plain
from guide.pipeline import Built, Output
from guide.screen.problems import HowMuch, show, summary
from guide.screen.tables import columns

if TYPE_CHECKING:  # only its command pays for importing it
    from guide.actions.compare import Compared


def size(count: int) -> str:
    """Return a size in bytes for reading."""
    return f"{count / 1e6:.1f} MB" if count >= 999_500 else f"{count / 1e3:.0f} kB"


def table(outputs: Sequence[Output]) -> str:
    """Return a table of what was made, aligned in columns."""
    head = ("file", "pages", "texts", "size", "seconds", "", "warnings")
    rows = [
        (
            plain(made.path),
            str(made.pages),
            _found(made),
            size(made.size),
            "-" if made.cached and not made.seconds else f"{made.seconds:.1f}",
            "cached" if made.cached else "made",
            str(made.warnings or "-"),
        )
        for made in outputs
    ]
    return columns((head, *rows), left={0, 5})


def _found(made: Output) -> str:
    """Return how many texts were found in a file, of how many when some are missing."""
    if not made.items:
        return "-"
    found = made.items - made.missing
    return f"{found} of {made.items}" if made.missing else str(found)


def report_built(built: Built, how_much: HowMuch = HowMuch.GROUPED) -> None:
    """Print what was made and what is wrong, to stderr: errors last, then one line on the whole."""
    found = (*built.diagnostics, *built.leftover)
    if built.outputs and how_much is not HowMuch.QUIET:
        print(table(built.outputs), file=sys.stderr)
    show(found, stream=sys.stderr, how_much=how_much)
    if how_much is HowMuch.QUIET and not built.failed:
        return
    said = [": ".join(filter(None, (summary(found) if found else "", _unmade(built))))]
    if built.outputs:
        count = len(built.outputs)
        folder = os.path.dirname(built.outputs[0].path)
        said.append(f"{count} file{'s' * (count != 1)} in {plain(folder)}")
    print(f"{plain(built.folder)}: {'; '.join(filter(None, said))}", file=sys.stderr)


def _unmade(built: Built) -> str:
    """Return what errors kept from being made, and the files of an earlier build that remain; '' for nothing."""
    if not built.outputs and not built.failed:
        return ""
    whole = [f"`{kind}`" for kind, missing in built.unmade.items() if not missing]
    parts = [name for missing in built.unmade.values() for name in missing]
    said = [f"nothing of {_listed(whole)} was made"] if whole else []
    said += [f"{_listed(parts)} {'was' if len(parts) == 1 else 'were'} not made"] if parts else []
    text = ", ".join(said) if built.outputs else "nothing was made"
    if not text or not built.earlier:
        return text
    first, *others = map(plain, built.earlier)
    there = f"{first} and {len(others)} more" if len(others) > 1 else _listed([first, *others])
    are = "are" if others else "is"
    return f"{text} ({there} in {plain(built.target)} {are} of an earlier build)"


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def report_compared(found: Compared) -> None:
    """Print how the files of a folder compare with what the content gives; problems to stderr."""
    show(found.diagnostics, stream=sys.stderr)
    extra = sum(state == "extra" for state in found.states.values())
    count = len(found.states) - extra
    if not found.failed:
        files = f"{count} file{'s' if count != 1 else ''}"
        top = [path for path in found.others if os.path.dirname(path) == found.folder]
        if top:
            them = "it" if count == 1 else "them"
            said = f"{files} as the content gives {them}; {len(top)} not compared"
        else:
            said = f"{files}; what lies there is what the content gives"
        print(f"{plain(found.folder)}: {said}")
        return
    more = f", and {extra} that it does not give" if extra else ""
    print(f"{plain(found.folder)}: {found.same} of {count} files as the content gives them{more}")
