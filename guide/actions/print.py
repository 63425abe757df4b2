"""`guide print`: a pack's documents, or any PDF, sent to a printer as they must be printed."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from guide import pipeline
from guide.diagnostics.diagnostic import Diagnostic, GuideError, Place, error
from guide.model.printers import Profile
from guide.pipeline import Built, Output, Progress
from guide.pipeline.record import PDF
from guide.printing import cups, job, profiles
from guide.printing.job import Document, Job, Printer, Wishes
from guide.printing.plan import behind, plan, turned
from guide.printing.without_cups import remedy
from guide.resources import TEMPLATES
from guide.system.signals import Ended

_POLL = 0.5  # s
_INTERRUPTED = 130  # exit code, as a shell has it
_NOT_BY_KIND = ("-screen", "-answers", "-fit")

Ask = Callable[[str, bool], str]
"""Called with a question, and True for one that is answered yes, or ends the run."""
JobLine = Callable[[str, bool], None]
Batch = tuple[Job, ...]  # fronts and backs in two files are one batch


@dataclass(frozen=True)
class Request:
    """What to print, where and how: see the options of `guide print`.

    `source` is a PDF, or the folder of a pack if `is_pack`. More sheets than `most` are confirmed
    first, None for never. `patience` is the time in seconds after which a job without change is not
    followed any more, None to follow none.
    """

    source: Path
    is_pack: bool
    printer: str
    wishes: Wishes
    kinds: tuple[str, ...]
    edition: str
    overrides: tuple[tuple[str, str], ...]
    out: Path
    dry_run: bool
    most: int | None
    patience: int | None


class Screen(Protocol):
    """What shows a run: the module `guide.screen.printing`."""

    def say(self, text: str) -> None:
        """Show a line beside the output."""

    def put(self, text: str) -> None:
        """Put out a line at once, for programs too."""

    def show_problems(self, problems: Sequence[Diagnostic]) -> None:
        """Show what is wrong."""

    def report_built(self, built: Built) -> None:
        """Show what a build made."""

    def show_plan(self, batches: list[Batch], device: Printer, profile: Profile) -> None:
        """Show what is about to be printed."""

    def show_by_hand(self, batches: list[Batch]) -> None:
        """Show how to print files from a viewer."""

    def progress_bars(self) -> AbstractContextManager[Progress]:
        """Show the progress of a build."""

    def job_line(self) -> JobLine:
        """Return what shows the state of a job, with True for text that is to remain."""


def print_documents(request: Request, screen: Screen, ask: Ask | None) -> int:
    """Print and return the exit code: 1 if something was not printed, 130 if interrupted.

    `ask` is None where nobody can answer. Raises GuideError.
    """
    profile, queue, missing = _profile(request.printer), "", None
    try:
        cups.available()
        queue = cups.choose(profile.queue or request.printer)
        if not request.printer and not profile.queue:
            stored = profiles.profiles().items()
            fitting = [each for name, each in stored if queue == (each.queue or name)]
            profile = fitting[0] if len(fitting) == 1 else Profile()
        if refused := cups.refusal(queue):
            if not request.dry_run:
                raise GuideError(refused)
            screen.show_problems([refused])
    except cups.NoCups as exc:
        missing = exc
    wanted = request.wishes
    wishes = replace(wanted, tray=wanted.tray or profile.tray, duplex=profile.duplex)
    documents = [] if request.is_pack else [job.read(request.source)]
    documents = documents or _documents(request, profile, screen)
    if not documents:
        return 1
    if missing is not None:
        screen.show_problems([remedy(missing.missing)])
        screen.show_by_hand(_batches(documents, wishes, Printer("")))
        return 1
    device = cups.describe(queue)
    batches = _batches(documents, wishes, device)
    screen.show_plan(batches, device, profile)
    if request.dry_run:
        for each in (each for batch in batches for each in batch):
            screen.put(shlex.join(cups.command(queue, each)))
        screen.say("nothing was sent")
        return 0
    _confirm(batches, request.most, ask)
    code = 0
    for batch in batches:
        code = max(code, _print(queue, batch, request.patience, screen, ask))
        if code == _INTERRUPTED:
            break
    return code


def _profile(name: str) -> Profile:
    """Return the profile of that name, else the default one, else an empty one."""
    known = profiles.profiles()
    if name:
        found = known.get(name, Profile())
        return replace(found, queue=found.queue or name)
    usual = (replace(p, queue=p.queue or each) for each, p in known.items() if p.default)
    return next(usual, Profile())


def _documents(request: Request, profile: Profile, screen: Screen) -> list[Document]:
    """Build a pack and return the documents to print, none when the build failed."""
    wanted = tuple(dict.fromkeys(_kind_of(name, request.source) for name in request.kinds))
    settings = pipeline.Settings(
        kinds=wanted, edition=request.edition, overrides=request.overrides,
        registration=profile.registration,
    )  # fmt: skip
    with screen.progress_bars() as progress:
        built = pipeline.build(request.source, request.out, settings, progress)
    here = tuple(
        replace(d, place=Place("--kind")) if d.place.path == "--only" else d
        for d in built.diagnostics
    )
    screen.report_built(replace(built, diagnostics=here))
    if built.failed:
        screen.say("nothing was printed")
        return []
    return [job.read(Path(made.path)) for made in _wanted(built, request.kinds)]


def _kind_of(name: str, folder: Path) -> str:
    """Return the kind that makes a file of this name: `quiz` for `quiz-answers`."""
    kinds = {
        path.parent.name
        for place in (TEMPLATES, folder / "templates")
        for path in place.glob("*/kind.toml")
    }
    fitting = [kind for kind in kinds if name == kind or name.startswith(f"{kind}-")]
    return max(fitting, key=len, default=name)


def _wanted(built: Built, kinds: tuple[str, ...]) -> list[Output]:
    """Return the files to print; raises GuideError when it is not clear which."""
    stems = {Path(made.path).stem: made for made in built.outputs if made.media == PDF}
    by_kind: dict[str, list[Output]] = {}
    for stem, made in stems.items():
        if not stem.endswith(_NOT_BY_KIND):
            by_kind.setdefault(made.kind, []).append(made)
    if not kinds and len(by_kind) == 1:
        return next(iter(by_kind.values()))
    offered = "; ".join(
        f"--kind {kind} ({_count(sum(made.pages for made in files), 'page')})"
        for kind, files in by_kind.items()
    )
    if not kinds:
        message = f"the pack makes {len(by_kind)} kinds of document"
        hint = f"Say what to print: {offered}"
        raise GuideError(error("choose-kind", message, Place(built.folder), hint))
    chosen: dict[str, Output] = {}
    for name in kinds:
        files = by_kind.get(name) or ([stems[name]] if name in stems else [])
        if not files:
            message, hint = f"the pack makes no `{name}`", f"It makes {offered or 'none'}"
            raise GuideError(error("choose-kind", message, Place("--kind"), hint))
        chosen.update((made.path, made) for made in files)
    return list(chosen.values())


def _batches(documents: Sequence[Document], wishes: Wishes, device: Printer) -> list[Batch]:
    """Return what is printed one after another; raises GuideError with all documents' problems."""
    batches: list[Batch] = []
    problems: list[Diagnostic] = []
    for document in documents:
        try:
            jobs = plan(document, wishes, device)
        except GuideError as exc:
            problems += exc.diagnostics
            continue
        before = batches[-1] if batches else ()
        stem = document.path.stem.removesuffix("-backs")
        if len(before) == 1 and document.name == f"{stem}-backs.pdf" and (
            before[0].document.name == f"{stem}-fronts.pdf"
        ):  # fmt: skip
            batches[-1] = (before[0], behind(jobs[0]))
        else:
            batches.append(jobs)
    if problems:
        raise GuideError(*dict.fromkeys(problems))
    return batches


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _confirm(batches: Sequence[Batch], most: int | None, ask: Ask | None) -> None:
    """Ask before many sheets; raise GuideError where nobody can answer."""
    count = sum(each.sheets * each.copies for batch in batches for each in batch)
    sheets = _count(count, "sheet")
    if ask is None and any(len(batch) > 1 for batch in batches):
        message = "backs wait until somebody has turned the stack, and there is no terminal to ask"
        raise GuideError(error("nobody-to-ask", message, Place(""), "Run this in a terminal."))
    if most is None or count <= most:
        return
    if ask is None:
        message = f"{sheets} are more than {most}, and there is no terminal to ask"
        hint = "Look at --dry-run, then add --yes."
        raise GuideError(error("nobody-to-ask", message, Place(""), hint))
    ask(f"Print {sheets}?", True)


def _print(queue: str, batch: Batch, patience: int | None, screen: Screen, ask: Ask | None) -> int:
    """Send a batch and follow it; return the exit code."""
    code = 0
    for number, each in enumerate(batch):
        code = code or _send(queue, _turn(each, screen, ask) if number else each, patience, screen)
    return code


def _turn(backs: Job, screen: Screen, ask: Ask | None) -> Job:
    """Wait until the stack is turned; return the backs in the order of its sheets."""
    screen.say(
        f"\nWhen all fronts are out, turn the stack over its {backs.turn.replace('-', ' ')} and put it"
        " back, so that the\nempty sides are printed and sheet 1 is drawn first. If your printer will"
        " draw the last sheet\nfirst, answer l. (Not sure? Try with two sheets: --pages 1-4.)"
    )
    assert ask is not None  # `_confirm` has seen to it
    answer = ask("Enter when it lies ready (l: last sheet first)", False)
    return turned(backs) if answer.strip().lower().startswith("l") else backs


def _send(queue: str, each: Job, patience: int | None, screen: Screen) -> int:
    try:
        sent = cups.send(queue, each)
    except (KeyboardInterrupt, Ended):
        screen.say(f"\ninterrupted while sending; look whether it is there: lpstat {queue}")
        return _INTERRUPTED
    screen.put(sent)
    if patience is None:
        screen.say(f"sent; how it stands: lpstat {queue}; cancel it: cancel {sent}")
        return 0
    try:
        return _follow(queue, sent, each, patience, screen)
    except (KeyboardInterrupt, Ended):
        screen.say(f"\n{sent} goes on printing; cancel it: cancel {sent}")
        return _INTERRUPTED


def _follow(queue: str, sent: str, each: Job, patience: int, screen: Screen) -> int:
    """Show the progress of a job until it ends; return the exit code."""
    show = screen.job_line()
    sides = each.printed * each.copies
    last, since = None, time.monotonic()
    while (now := cups.state(sent)).state not in cups.ENDED:
        if now != last:
            last, since = now, time.monotonic()
            done = f", {min(now.printed, sides)} of {sides} sides" if now.printed else ""
            show(f"{sent}: {now.state}{done}{f' - {now.message}' if now.message else ''}", False)
        if now.state in {"pending", "stopped"} and (why := cups.stop_reason(queue)):
            show(f"{sent}: the printer is {why}", True)
            screen.say(f"The job waits for it: cupsenable {queue}; or cancel it: cancel {sent}")
            return 1
        if time.monotonic() - since > patience:
            show(f"{sent}: nothing has changed for {patience} s; it is still {now.state}", True)
            screen.say(f"See lpstat -l {queue}; cancel it: cancel {sent}")
            return 1
        time.sleep(_POLL)
    why = f": {now.message}" if now.message and now.state != "completed" else ""
    endings = {"completed": "printed", "gone": "is not in the queue any more"}
    show(f"{sent}: {endings.get(now.state, f'was {now.state}')}{why}", True)
    return int(now.state != "completed")
