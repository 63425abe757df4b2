"""What a person sees: diagnostics like a compiler's, progress, a table of what was made."""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from guide.diagnostics.diagnostic import Diagnostic, Severity
from guide.diagnostics.sarif import sarif_log
from guide.pipeline import Built, Output, diagnostic_json, plain_json

if TYPE_CHECKING:  # only their commands pay for importing them
    from guide.actions.compare import Compared
    from guide.copies.signatures import Signed
    from guide.delivery.findings import Finding
    from guide.delivery.ledger import LedgerEntry
    from guide.delivery.request import Report

_COLOURS = {Severity.ERROR: "31", Severity.WARNING: "33", Severity.NOTE: "36"}
_GITHUB = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def coloured(stream: TextIO) -> bool:
    """Tell whether colour is wanted: on a terminal, unless NO_COLOR is set (no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def plain(text: str) -> str:
    """Return text for one line of a terminal: control characters are shown, not obeyed."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


def utf8(text: str) -> bytes:
    """Return what a program reads as UTF-8, whatever the terminal's encoding is.

    Of a file's name that is no UTF-8, the bytes are written as JSON escapes.
    """
    return text.encode("utf-8", "backslashreplace")


def text_lines(diagnostic: Diagnostic, colour: bool = False) -> str:
    """Return `path:line:column: severity[code]: message` and, indented, the remedy."""
    severity = str(diagnostic.severity)
    if colour:
        severity = f"\x1b[1;{_COLOURS[diagnostic.severity]}m{severity}\x1b[0m"
    place = f"{plain(str(diagnostic.place))}: " if str(diagnostic.place) else ""
    first = f"{place}{severity}[{diagnostic.code}]: {plain(diagnostic.message)}"
    remedy = remedy_of(diagnostic)
    return f"{first}\n    {plain(remedy)}" if remedy else first


def remedy_of(diagnostic: Diagnostic) -> str:
    """Return what to do about a problem; for an accepted one, why nothing is to be done."""
    accepted = diagnostic.accepted
    return f"accepted: {accepted}" if accepted else diagnostic.hint


def github_line(diagnostic: Diagnostic) -> str:
    """Return a workflow command of GitHub Actions, escaped as its documentation asks."""

    def escaped(text: str, extra: str = "") -> str:
        text = "\n".join(plain(line) for line in text.split("\n"))
        for sign in "%\r\n" + extra:
            text = text.replace(sign, f"%{ord(sign):02X}")
        return text

    place = diagnostic.place
    where = f"file={escaped(place.path, ':,')}"
    if place.line:
        where += f",line={place.line},col={place.column or 1}"
    remedy = remedy_of(diagnostic)
    message = diagnostic.message + (f"\n{remedy}" if remedy else "")
    kind = _GITHUB[diagnostic.severity]
    return f"::{kind} {where},title={escaped(diagnostic.code, ':,')}::{escaped(message)}"


def show(
    diagnostics: Sequence[Diagnostic], form: str = "text", stream: TextIO | None = None
) -> None:
    """Print diagnostics as text, json, github or sarif."""
    out = stream or sys.stdout
    if form == "sarif":
        print(plain_json(sarif_log(diagnostics, Path.cwd())), file=out)
        return
    if form == "json":
        print(plain_json([diagnostic_json(d) for d in diagnostics]), file=out)
        return
    colour = coloured(out)
    for diagnostic in diagnostics:
        line = github_line(diagnostic) if form == "github" else text_lines(diagnostic, colour)
        print(line, file=out)


def show_diff(diff: str) -> None:
    """Print a unified diff, to stdout; a terminal is shown no control characters."""
    if sys.stdout.isatty():
        diff = "".join(plain(line) + "\n" for line in diff.splitlines())
    sys.stdout.write(diff)
    sys.stdout.flush()


def report_fixes(folder: Path, fixes: Sequence[tuple[str, int, str]]) -> None:
    """Print (path, line, what) of what was put right in a pack, to stderr."""
    for path, line, what in fixes:
        print(f"{plain(str(folder / path))}:{line}: fixed: {plain(what)}", file=sys.stderr)
    count = len(fixes)
    print(f"{count} fix{'es'[: 2 * (count != 1)]}" if count else "nothing to fix", file=sys.stderr)


def summary(diagnostics: Iterable[Diagnostic]) -> str:
    """Return how many errors, warnings and notes there are."""
    found = list(diagnostics)
    counts = [(s, sum(d.severity == s for d in found)) for s in Severity]
    parts = [f"{count} {name}{'s' if count != 1 else ''}" for name, count in counts if count]
    accepted = sum(bool(d.accepted) for d in found)
    return (", ".join(parts) or "no problems") + (f" ({accepted} accepted)" if accepted else "")


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


def columns(rows: Sequence[Sequence[str]], left: Container[int]) -> str:
    """Return rows in columns, those in `left` set to the left, as wide as a terminal draws them."""
    widths = [max(map(_drawn, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = []
        for n, (cell, width) in enumerate(zip(row, widths, strict=True)):
            space = " " * (width - _drawn(cell))
            cells.append(cell + space if n in left else space + cell)
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _drawn(text: str) -> int:
    """Return how many columns text takes: none for accents on their own, two for wide characters."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def report_built(built: Built) -> None:
    """Print what was made and what is wrong, to stderr."""
    found = (*built.diagnostics, *built.leftover)
    show(found, stream=sys.stderr)
    if built.outputs:
        print(table(built.outputs), file=sys.stderr)
    if found:
        print(f"{plain(built.folder)}: {summary(found)}", file=sys.stderr)


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
        (str(c.number), _short(c.name), _short(c.organisation), c.channel, _short(c.email),
         _short(f"{c.edition} {c.quiz}".strip()), str(c.state))
        for c in copies
    ]  # fmt: skip
    return columns((head, *rows), left=range(1, 7))


def _short(text: str, most: int = 36) -> str:
    """Return text for a cell of a table; the direction that it is read in stays inside."""
    text = plain(text) if len(text) <= most else plain(text[: most - 1]) + "…"
    return text if text.isascii() else f"\u2068{text}\u2069" if _turns(text) else text


def _turns(text: str) -> bool:
    return any(unicodedata.bidirectional(c) in {"R", "AL"} for c in text)


def report_ledger(copies: Sequence[LedgerEntry], stream: TextIO) -> None:
    """Print the copies of a ledger as a table."""
    quiz = any(c.quiz for c in copies)  # a column only where versions were dealt
    head = ("copy", "of", "name", "organisation", "version", *(["quiz"] * quiz), "channel", "state",
            "since (UTC)", "answer")  # fmt: skip
    rows = [
        (str(c.number), str(c.total or ""), _short(c.name or "(forgotten)"), _short(c.organisation),
         _short(c.version, 12), *([c.quiz.upper()] * quiz), c.channel, str(c.state),
         c.changed[:19].replace("T", " "), _short(c.answer, 48))
        for c in copies
    ]  # fmt: skip
    print(columns((head, *rows), left=range(2, 10)), file=stream)


@contextmanager
def counter(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show one bar for many things of a kind, when stderr is a terminal."""
    if not coloured(sys.stderr):
        yield lambda _done, _total: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    shown = (TextColumn(what), BarColumn(24), MofNCompleteColumn(), TimeRemainingColumn())
    progress = Progress(*shown, console=Console(stderr=True), transient=True)
    task = progress.add_task(what, total=None)

    def count(done: int, total: int) -> None:
        progress.start()
        progress.update(task, completed=done, total=total)

    try:
        yield count
    finally:
        progress.stop()


@contextmanager
def progress_bars() -> Iterator[Callable[[str, str], None]]:
    """Show a bar for each document under way, when stderr is a terminal."""
    if not coloured(sys.stderr):
        yield lambda _document, _state: None
        return
    bars = _Bars()
    try:
        yield bars.update
    finally:
        bars.stop()


class _Bars:
    """Bars are made at the first event: a build from the cache never pays for them."""

    _STEPS = {"render": 15, "typeset": 40, "archive": 80, "done": 100, "cached": 100}

    def __init__(self) -> None:
        self._progress: Any = None
        self._tasks: dict[str, Any] = {}

    def update(self, document: str, state: str) -> None:
        if state == "cached" and self._progress is None:
            return
        if self._progress is None:
            self._start()
        if document not in self._tasks:
            self._tasks[document] = self._progress.add_task(document, total=100, state=state)
        step = self._STEPS[state.partition(" ")[0]]  # "typeset 40%"
        self._progress.update(self._tasks[document], completed=step, state=state)

    def _start(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        columns = (
            SpinnerColumn(),
            TextColumn("{task.description:<12}", markup=False),
            BarColumn(24),
            TextColumn("{task.fields[state]:<8}", markup=False),
            TimeElapsedColumn(),
        )
        self._progress = Progress(*columns, console=Console(stderr=True), transient=True)
        self._progress.start()

    def stop(self) -> None:
        if self._progress is not None:
            self._progress.stop()
