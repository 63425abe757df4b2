"""`guide print`."""

from __future__ import annotations

import dataclasses
import shlex
import shutil
import sys
import textwrap
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from guide.cli.options import _pairs, find_packs
from guide.system.signals import Ended

if TYPE_CHECKING:
    from guide.diagnostics.diagnostic import Diagnostic
    from guide.model.printers import Profile
    from guide.pipeline import Built, Output
    from guide.printing.job import Document, Job, Printer, Wishes

MANY = 50  # sheets; more are printed only when they were asked for twice
_POLL = 0.5  # s


@click.command("print")
@click.argument("source", required=False, metavar="[PACK|PDF]", type=click.Path(path_type=Path))
@click.option("--printer", default="", metavar="NAME",
              help="A profile of guide printers, or a queue of CUPS.")  # fmt: skip
@click.option("--copies", type=click.IntRange(1, 999), default=1, show_default=True, metavar="N")
@click.option("--kind", "kinds", multiple=True, metavar="KIND",
              help="What to print of a pack: flashcards, briefing, or a file's name without .pdf: "
              "quiz-answers. May be repeated.")  # fmt: skip
@click.option("--pages", default="", metavar="3-8,10", help="Only these pages.")
@click.option("--sides", type=click.Choice(["one", "long-edge", "short-edge"]), default=None,
              help="One side, or both and the edge about which sheets are turned.")  # fmt: skip
@click.option("--tray", default="", metavar="NAME", help="Where the paper comes from.")
@click.option("--media", default="", metavar="PAPER",
              help="Print on this paper: a4, letter or na_index-3x5_3x5in.")  # fmt: skip
@click.option(
    "--fit", is_flag=True, help="Let the printer scale pages to the paper. Not for cards."
)
@click.option("--manual-duplex", "manual", is_flag=True,
              help="Print fronts, wait until you have turned the stack, print backs.")  # fmt: skip
@click.option("--edition", default="", metavar="NAME", help="An edition of pack.yaml.")
@click.option("-D", "overrides", multiple=True, metavar="KEY=VALUE", callback=_pairs,
              help="Set a value of pack.yaml for this run.")  # fmt: skip
@click.option("-o", "out", type=click.Path(path_type=Path), default=Path("build"), metavar="DIR",
              show_default=True, help="Where the pack's PDFs land.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Show all of it and the command; send nothing.")
@click.option("--yes", is_flag=True, help=f"Do not ask before more than {MANY} sheets.")
@click.option("--no-wait", is_flag=True, help="Send, and do not follow the job.")
@click.option("--timeout", type=click.IntRange(1), default=600, show_default=True,
              metavar="SECONDS", help="Follow a job until nothing has changed for so long.")  # fmt: skip
def print_(
    source: Path | None, printer: str, copies: int, kinds: tuple[str, ...], pages: str,
    sides: str | None, tray: str, media: str, fit: bool, manual: bool, edition: str,
    overrides: tuple[tuple[str, str], ...], out: Path, dry_run: bool, yes: bool, no_wait: bool,
    timeout: int,
) -> None:  # fmt: skip
    """Print a pack's documents, or any PDF, as they must be printed.

    Paper, sides and the edge to turn come from the PDF itself; nothing is scaled. A PDF that does
    not say is printed on both sides: about the long edge, landscape pages about the short one.

    A PACK is built first. What to print is said with --kind, unless the pack makes one kind only;
    a kind's file for the screen and its answer key are printed only by their names. The printer is
    that of --printer, else the default of guide printers, else of CUPS, else the only one.

    \b
    Examples:
      guide print my-pack --kind flashcards --tray by-pass-tray
      guide print my-pack --kind handout --copies 30 --printer office
      guide print build/my-pack/briefing.pdf --pages 3-8 --dry-run
      guide print my-pack --kind flashcards --manual-duplex
    """
    from guide.printing import cups, job
    from guide.screen import report

    folder = _pack(source)
    pack_only = {"--kind": kinds, "--edition": edition, "-D": overrides}
    if folder is None and (given := [name for name, value in pack_only.items() if value]):
        raise click.UsageError(f"{given[0]} is for packs, and {source} is a file")
    missing = None
    profile, queue = _profile(printer), ""
    try:
        cups.available()
        queue = cups.choose(profile.queue or printer)
        profile = _profile_of(queue, printer, profile)
        if refused := cups.refusal(queue):
            if not dry_run:
                _fail(refused)
            report.show([refused], stream=sys.stderr)
    except cups.NoCups as exc:
        missing = exc
    wishes = job.Wishes(
        copies, pages, sides or "", media, fit, tray or profile.tray, profile.duplex, manual
    )
    if folder is None:
        assert source is not None
        documents = [job.read(source)]
    else:
        documents = _made(folder, kinds, edition, overrides, out, profile)
    if missing is not None:
        _without_cups(documents, wishes, missing.missing)
    device = cups.describe(queue)
    batches = _batches(documents, wishes, device)
    for batch in batches:
        click.echo(_shown(batch, device, profile), err=True)
    if len(batches) > 1:
        click.echo(_total(batches, profile), err=True)
    if dry_run:
        for each in (each for batch in batches for each in batch):
            click.echo(shlex.join(cups.command(queue, each)))
        click.echo("nothing was sent", err=True)
        return
    _ask(batches, yes, hand=any(len(batch) > 1 for batch in batches))
    failed = False
    for batch in batches:
        failed |= not _printed(queue, batch, None if no_wait else timeout)
    click.get_current_context().exit(int(failed))


def _pack(source: Path | None) -> Path | None:
    """Return the folder of the pack to print, None when the source is a file."""
    if source is not None and source.name != "pack.yaml" and not source.is_dir():
        return None
    folders = find_packs((source,) if source else ())
    if len(folders) > 1:
        names = ", ".join(str(each) for each in folders)
        raise click.UsageError(f"there is more than one pack here; say which: {names}")
    return folders[0]


def _fail(*problems: Diagnostic) -> NoReturn:
    from guide.diagnostics.diagnostic import GuideError

    raise GuideError(*problems)


def _profile(name: str) -> Profile:
    """Return the profile of that name, else the default one, else an empty one."""
    from guide.model.printers import Profile
    from guide.printing import profiles

    known = profiles.profiles()
    if name:
        found = known.get(name, Profile())
        return dataclasses.replace(found, queue=found.queue or name)
    for each, stored in known.items():
        if stored.default:
            return dataclasses.replace(stored, queue=stored.queue or each)
    return Profile()


def _profile_of(queue: str, asked: str, found: Profile) -> Profile:
    """Return the only profile that is for this queue when none was asked for."""
    from guide.printing import profiles

    if asked or found.queue:
        return found
    fitting = [p for name, p in profiles.profiles().items() if queue == (p.queue or name)]
    return fitting[0] if len(fitting) == 1 else found


def _made(
    folder: Path, kinds: tuple[str, ...], edition: str, overrides: tuple[tuple[str, str], ...],
    out: Path, profile: Profile,
) -> list[Document]:  # fmt: skip
    """Build a pack and return the documents to print."""
    from guide import pipeline
    from guide.diagnostics.diagnostic import Place
    from guide.printing import job
    from guide.screen import report

    wanted = tuple(dict.fromkeys(_kind_of(name, folder) for name in kinds))
    settings = pipeline.Settings(
        kinds=wanted, edition=edition, overrides=overrides, registration=profile.registration
    )
    with report.progress_bars() as progress:
        built = pipeline.build(folder, out, settings, progress)
    here = tuple(
        dataclasses.replace(d, place=Place("--kind")) if d.place.path == "--only" else d
        for d in built.diagnostics
    )
    report.report_built(dataclasses.replace(built, diagnostics=here))
    if built.failed:
        click.echo("nothing was printed", err=True)
        click.get_current_context().exit(1)
    return [job.read(Path(each.path)) for each in _wanted(built, kinds)]


def _kind_of(name: str, folder: Path) -> str:
    """Return the kind that makes a file of this name: `quiz` for `quiz-answers`."""
    from guide.resources import TEMPLATES

    kinds = {
        path.parent.name
        for place in (TEMPLATES, folder / "templates")
        for path in place.glob("*/kind.toml")
    }
    fitting = [kind for kind in kinds if name == kind or name.startswith(f"{kind}-")]
    return max(fitting, key=len, default=name)


_NOT_BY_KIND = ("-screen", "-answers", "-fit")


def _wanted(built: Built, kinds: tuple[str, ...]) -> list[Output]:
    """Return the files to print; raises GuideError when it is not clear which."""
    from guide.diagnostics.diagnostic import Place, error

    printable = [each for each in built.outputs if each.path.endswith(".pdf")]
    stems = {Path(each.path).stem: each for each in printable}
    by_kind: dict[str, list[Output]] = {}
    for stem, each in stems.items():
        if not stem.endswith(_NOT_BY_KIND):
            by_kind.setdefault(each.kind, []).append(each)
    if not kinds and len(by_kind) == 1:
        return next(iter(by_kind.values()))
    offered = "; ".join(
        f"--kind {kind} ({_count(sum(each.pages for each in files), 'page')})"
        for kind, files in by_kind.items()
    )
    place = Place(built.folder)
    if not kinds:
        message = f"the pack makes {len(by_kind)} kinds of document"
        _fail(error("choose-kind", message, place, f"Say what to print: {offered}"))
    found: dict[str, Output] = {}
    for name in kinds:
        files = by_kind.get(name) or ([stems[name]] if name in stems else [])
        if not files:
            message = f"the pack makes no `{name}`"
            _fail(error("choose-kind", message, Place("--kind"), f"It makes {offered or 'none'}"))
        found.update((each.path, each) for each in files)
    return list(found.values())


def _batches(
    documents: Sequence[Document], wishes: Wishes, device: Printer
) -> list[tuple[Job, ...]]:
    """Return what is printed one after another; fronts and backs in two files are one batch.

    Raises GuideError with the problems of all documents.
    """
    from guide.diagnostics.diagnostic import GuideError
    from guide.printing import job

    batches: list[tuple[Job, ...]] = []
    problems: list[Diagnostic] = []
    for document in documents:
        try:
            jobs = job.plan(document, wishes, device)
        except GuideError as exc:
            problems += exc.diagnostics
            continue
        before = batches[-1] if batches else ()
        stem = document.path.stem.removesuffix("-backs")
        if len(before) == 1 and document.name == f"{stem}-backs.pdf" and (
            before[0].document.name == f"{stem}-fronts.pdf"
        ):  # fmt: skip
            batches[-1] = (before[0], job.behind(jobs[0]))
        else:
            batches.append(jobs)
    if problems:
        _fail(*dict.fromkeys(problems))
    return batches


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _sheets(batch: tuple[Job, ...]) -> tuple[int, int]:
    """Return sheets and printed sides of one copy."""
    return sum(each.sheets for each in batch), sum(each.printed for each in batch)


def _shown(batch: tuple[Job, ...], device: Printer, profile: Profile) -> str:
    """Return what is about to be printed, in lines."""
    from guide.printing import job

    first = batch[0]
    sheets, sides = _sheets(batch)
    copies = first.copies
    chosen = sorted({page for each in batch for page in each.pages if page is not None})
    count = len(first.document.sizes)
    pages = f"pages {job.runs(chosen)} of {count}" if len(chosen) < count else _count(count, "page")
    how = {
        "one-sided": "one side",
        "two-sided-long-edge": "both, turned on the long edge",
        "two-sided-short-edge": "both, turned on the short edge",
    }[first.sides]
    if len(batch) > 1:
        how = "both, turned by hand: fronts first, then backs"
    files = ", ".join(dict.fromkeys(str(each.document.path) for each in batch))
    rows = [
        ("printer", device.queue + (f" ({device.about})" if device.about else "")),
        ("file", f"{files}, {pages}"),
        ("copies", str(copies) + (", collated" if copies > 1 else "")),
        ("sheets", f"{sheets:,} a copy, {sheets * copies:,} in all"),
        ("sides", how),
        ("media", f"{job.said(first.media)} ({first.media})"),
        ("scaling", "to fit the paper" if first.fit else "none, 100 %"),
        ("tray", first.tray.name if first.tray else "the printer's choice"),
        ("cost", _cost(profile, sheets, sides, copies)),
        ("note", first.note),
    ]
    return _rows(rows)


def _rows(rows: Sequence[tuple[str, str]]) -> str:
    """Return names and values in two columns, without those that have no value."""
    from guide.diagnostics.formats import plain

    return "\n".join(f"  {name:<9} {plain(text)}" for name, text in rows if text)


def _cost(profile: Profile, sheets: int, sides: int, copies: int) -> str:
    one, all_ = profile.cost(sheets, sides), profile.cost(sheets * copies, sides * copies)
    if one is None or all_ is None:
        return ""
    unit = f" {profile.currency}" if profile.currency else ""
    return f"{_money(one)}{unit} a copy, {_money(all_)}{unit} in all"


def _money(amount: Any) -> str:
    """Return an amount with two decimals, or with as many as it has."""
    return f"{amount:,.2f}" if amount == round(amount, 2) else f"{amount.normalize():,f}"


def _total(batches: Sequence[tuple[Job, ...]], profile: Profile) -> str:
    sheets = sum(_sheets(batch)[0] * batch[0].copies for batch in batches)
    sides = sum(_sheets(batch)[1] * batch[0].copies for batch in batches)
    cost = profile.cost(sheets, sides)
    unit = f" {profile.currency}" if profile.currency else ""
    said = f"{len(batches)} documents, {_count(sheets, 'sheet')} in all"
    return said + (f", {_money(cost)}{unit}" if cost is not None else "")


def _ask(batches: Sequence[tuple[Job, ...]], yes: bool, hand: bool) -> None:
    """Ask before many sheets; refuse where nobody can answer."""
    from guide.diagnostics.diagnostic import Place, error

    sheets = sum(_sheets(batch)[0] * batch[0].copies for batch in batches)
    someone = sys.stdin.isatty()
    if hand and not someone:
        message = "backs wait until somebody has turned the stack, and there is no terminal to ask"
        _fail(error("nobody-to-ask", message, Place(""), "Run this in a terminal."))
    if sheets <= MANY or yes:
        return
    if not someone:
        message = f"{_count(sheets, 'sheet')} are more than {MANY}, and there is no terminal to ask"
        _fail(error("nobody-to-ask", message, Place(""), "Look at --dry-run, then add --yes."))
    click.confirm(f"Print {_count(sheets, 'sheet')}?", abort=True, err=True)


def _printed(queue: str, batch: tuple[Job, ...], patience: int | None) -> bool:
    """Send a batch and follow it; tell whether it ended well."""
    for number, each in enumerate(batch):
        sent = _turned(each) if number else each
        if not _one(queue, sent, patience):
            return False
    return True


def _turned(backs: Job) -> Job:
    """Wait until the stack lies ready; return the backs in the order of its sheets."""
    from guide.printing import job

    click.echo(
        f"\nWhen all fronts are out, turn the stack over its {backs.turn.replace('-', ' ')} and put it"
        " back, so that the\nempty sides are printed and sheet 1 is drawn first. If your printer will"
        " draw the last sheet\nfirst, answer l. (Not sure? Try with two sheets: --pages 1-4.)",
        err=True,
    )
    answer = click.prompt("Enter when it lies ready (l: last sheet first)", default="",
                          show_default=False, err=True)  # fmt: skip
    return job.turned(backs) if answer.strip().lower().startswith("l") else backs


def _one(queue: str, each: Job, patience: int | None) -> bool:
    from guide.printing import cups

    try:
        sent = cups.send(queue, each)
    except (KeyboardInterrupt, Ended):
        click.echo(
            f"\ninterrupted while sending; look whether it is there: lpstat {queue}", err=True
        )
        click.get_current_context().exit(130)
    click.echo(sent)
    if patience is None:
        click.echo(f"sent; how it stands: lpstat {queue}; cancel it: cancel {sent}", err=True)
        return True
    try:
        return _followed(queue, sent, each, patience)
    except (KeyboardInterrupt, Ended):
        click.echo(f"\n{sent} goes on printing; cancel it: cancel {sent}", err=True)
        click.get_current_context().exit(130)


def _followed(queue: str, sent: str, each: Job, patience: int) -> bool:
    """Show how a job gets on until it ends, and how it ended."""
    from guide.printing import cups

    line = _Line()
    sides = each.printed * each.copies
    last, since = None, time.monotonic()
    while True:
        now = cups.state(sent)
        if now.state in cups.ENDED:
            break
        if now != last:
            last, since = now, time.monotonic()
            done = f", {min(now.printed, sides)} of {sides} sides" if now.printed else ""
            line.show(f"{sent}: {now.state}{done}{f' - {now.message}' if now.message else ''}")
        if now.state in {"pending", "stopped"} and (why := cups.stop_reason(queue)):
            line.show(f"{sent}: the printer is {why}", last=True)
            click.echo(
                f"The job waits for it: cupsenable {queue}; or cancel it: cancel {sent}", err=True
            )
            return False
        if time.monotonic() - since > patience:
            line.show(
                f"{sent}: nothing has changed for {patience} s; it is still {now.state}", last=True
            )
            click.echo(f"See lpstat -l {queue}; cancel it: cancel {sent}", err=True)
            return False
        time.sleep(_POLL)
    why = f": {now.message}" if now.message else ""
    if now.state == "completed":
        line.show(f"{sent}: printed", last=True)
        return True
    ending = "is not in the queue any more" if now.state == "gone" else f"was {now.state}"
    line.show(f"{sent}: {ending}{why}", last=True)
    return False


class _Line:
    """One line that is written over on a terminal, and a line for each change elsewhere."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._width = 0

    def show(self, text: str, last: bool = False) -> None:
        """Show how things stand; what is `last` stays there."""
        from guide.diagnostics.formats import plain

        text = plain(text)
        if not self._terminal:
            click.echo(text, err=True)
            return
        if not last:
            text = text[: shutil.get_terminal_size().columns - 1]
        click.echo(f"\r{text:<{self._width}}", nl=last, err=True)
        self._width = len(text)


def _without_cups(documents: Sequence[Document], wishes: Wishes, missing: bool) -> NoReturn:
    """Say how to get CUPS, and how to print these very files without it."""
    from guide.diagnostics.formats import plain
    from guide.printing import job
    from guide.printing.without_cups import instructions, remedy
    from guide.screen import report

    report.show([remedy(missing)], stream=sys.stderr)
    for batch in _batches(documents, wishes, job.Printer("")):
        files = " and ".join(dict.fromkeys(str(each.document.path) for each in batch))
        click.echo(f"\nTo print {plain(files)} from a viewer:", err=True)
        for first, rows in instructions(batch):
            if first:
                click.echo(f"\n{textwrap.fill(first, 98)}", err=True)
            click.echo(_rows(rows), err=True)
    click.get_current_context().exit(1)
