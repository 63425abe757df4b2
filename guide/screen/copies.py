"""Who gets which copy, what a found copy is, and the copies of a ledger."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from guide.diagnostics.formats import plain
from guide.screen.problems import show, summary
from guide.screen.tables import columns, short

if TYPE_CHECKING:  # only their commands pay for importing them
    from guide.copies.signatures import Signed
    from guide.delivery.findings import Finding
    from guide.delivery.records import LedgerEntry
    from guide.delivery.request import Report

_PEOPLE = 1000  # rows of a plan; more are not read


def report_distribution(done: Report, quiet: bool = False) -> None:
    """Print who would get what, to stdout, or, after sending, how it went; problems to stderr."""
    show(done.diagnostics, stream=sys.stderr)
    copies = done.copies
    about = f"{plain(done.about.title)}, version {plain(done.about.version)}"
    if not done.sending:
        if not quiet and copies:
            print(_people(copies[:_PEOPLE]))
            if len(copies) > _PEOPLE:
                print(f"... and {len(copies) - _PEOPLE:,} more; --json shows all")
        had = f"; {_many(done.had, 'copy was', 'copies were')} sent before" if done.had else ""
        due = f"{_many(len(copies), 'copy', 'copies')} for "
        due += _many(done.recipients, "recipient", "recipients")
        print(f"{about}: {due}{had}", file=sys.stderr)
        if not done.failed and copies:
            print("nothing was sent; --send does it", file=sys.stderr)
    else:
        states: dict[str, int] = {}
        for copy in copies:
            states[copy.state] = states.get(copy.state, 0) + 1
        said = ", ".join(f"{count:,} {state}" for state, count in sorted(states.items()))
        had = f"; {done.had:,} were sent before" if done.had else ""
        print(f"{about}: {said or 'nothing to send'}{had}", file=sys.stderr)
        for path in done.merged:
            print(f"for the printer: {plain(str(path))}", file=sys.stderr)
        print(f"files in {plain(str(done.out))}, record in {plain(str(done.ledger))}",
              file=sys.stderr)  # fmt: skip
    if done.diagnostics:
        print(summary(done.diagnostics), file=sys.stderr)


def _many(count: int, one: str, more: str) -> str:
    return f"{count:,} {one if count == 1 else more}"


_CONTENT = {
    "intact": "as they were given out",
    "changed": "not as they were given out",
    "unknown": "nothing here proves that they are as they were given out",
}


def report_finding(found: Finding) -> None:
    """Print what a file is, to stdout; problems to stderr."""
    if not found.digest:  # it could not be read
        show(found.problems, stream=sys.stderr)
        return
    rows = [("copy", _whose(found))]
    entry = found.entry
    if found.title or found.version:
        version = f"version {found.version}" if found.version else ""
        rows.append(("document", ", ".join(part for part in (found.title, version) if part)))
    if entry is not None:
        by = f", {entry.state} by {entry.channel}, {entry.changed[:16].replace('T', ' ')} UTC"
        late = f"; superseded by copy {entry.superseded_by}" if entry.superseded_by else ""
        rows.append(("ledger", f"copy {entry.number}{by}{late} ({found.ledger})"))
    rests = f", by {found.rests}" if found.rests else ""
    if found.copy_id or entry is not None:
        rows.append(("bytes", _CONTENT[found.content] + rests))
    rows += [("signature", _signature(each)) for each in found.signed]
    if found.seal != "none":
        rows.append(("encryption", found.seal))
    print(plain(found.path))
    for name, value in rows:
        print(f"  {name:<10}  {plain(value)}")
    sys.stdout.flush()
    show(found.problems, stream=sys.stderr)


def _whose(found: Finding) -> str:
    if not found.copy_id and not found.number:
        return "none that guide numbered"
    number = str(found.number or "unknown")
    if found.number and found.total:
        number += f" of {found.total}"
    entry = found.entry
    if entry is None:
        return f"{number}; no ledger here knows whose it is (id {found.copy_id})"
    people = [part for part in (entry.name or "(forgotten)", entry.organisation, entry.ref) if part]
    return ", ".join([number, *people])


def _signature(signed: Signed) -> str:
    what = {
        "intact": "fits the file",
        "broken": "does not fit the file",
        "unchecked": "not checked",
    }
    by = f", by {signed.signer}" if signed.signer else ""
    trust = (
        "" if signed.state != "intact" else ", trusted" if signed.trusted else ", not vouched for"
    )
    return what[signed.state] + by + trust + (" (beside the file)" if signed.detached else "")


def _people(copies: Sequence[LedgerEntry]) -> str:
    head = ("copy", "name", "organisation", "channel", "address", "edition", "state")
    rows = [
        (str(c.number), short(c.name), short(c.organisation), c.channel, short(c.email),
         short(f"{c.edition} {c.quiz}".strip()), str(c.state))
        for c in copies
    ]  # fmt: skip
    return columns((head, *rows), left=range(1, 7))


def report_ledger(copies: Sequence[LedgerEntry], stream: TextIO) -> None:
    """Print the copies of a ledger as a table."""
    quiz = any(c.quiz for c in copies)  # a column only where versions were dealt
    head = ("copy", "of", "name", "organisation", "version", *(["quiz"] * quiz), "channel", "state",
            "since (UTC)", "answer")  # fmt: skip
    rows = [
        (str(c.number), str(c.total or ""), short(c.name or "(forgotten)"), short(c.organisation),
         short(c.version, 12), *([c.quiz.upper()] * quiz), c.channel, str(c.state),
         c.changed[:19].replace("T", " "), short(c.answer, 48))
        for c in copies
    ]  # fmt: skip
    print(columns((head, *rows), left=range(2, 10)), file=stream)
