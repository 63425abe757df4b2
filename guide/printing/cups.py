"""A job to a printer by CUPS's own commands: which queues there are, sending, following."""

from __future__ import annotations

import difflib
import os
import plistlib
import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.parsers.expat import ExpatError

from guide.diagnostics.diagnostic import Diagnostic, GuideError, Place, error
from guide.printing.job import Job, Printer, Tray

_PATIENCE = 30.0  # s; a server that says nothing for so long is not there
_SENDING = 600.0  # s; a scanned book to a slow print server
_DUPLEX = ("Duplex", "JCLDuplex", "EFDuplex", "KD03Duplex")  # as PPD files name it
_STATES = {  # RFC 8011, 5.3.7
    3: "pending", 4: "held", 5: "processing", 6: "stopped",
    7: "cancelled", 8: "aborted", 9: "completed",
}  # fmt: skip
ENDED = {"cancelled", "aborted", "completed", "gone"}


class NoCups(Exception):
    """There is no CUPS to print with: `missing` when not installed, else it does not answer."""

    def __init__(self, missing: bool) -> None:
        self.missing = missing
        super().__init__("not installed" if missing else "not running")


@dataclass(frozen=True)
class State:
    """The state of a job: the printer's words on it, the sides that it has printed."""

    state: str
    message: str = ""
    printed: int = 0


def _run(
    command: Sequence[str], data: bytes | None = None, patience: float = _PATIENCE
) -> subprocess.CompletedProcess[bytes]:
    """Run one of CUPS's commands in English; raises NoCups when it is not there."""
    found = shutil.which(command[0])
    if found is None:
        raise NoCups(missing=True)
    env = {**os.environ, "LC_ALL": "C", "LANGUAGE": "C"}
    try:
        return subprocess.run(  # noqa: S603  a list of arguments, no shell
            [found, *command[1:]], input=b"" if data is None else data, env=env, timeout=patience,
            capture_output=True, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as exc:
        message = f"`{command[0]}` had no answer from {server()} in {patience:g} s"
        hint = "Look whether the print server is reachable: lpstat -r; lpstat -p."
        raise GuideError(error("printer-silent", message, Place(""), hint)) from exc
    except OSError as exc:
        message = f"`{command[0]}` cannot be started: {exc.strerror or exc}"
        hint = "Install CUPS's commands again (package cups-client)."
        raise GuideError(error("printer-silent", message, Place(""), hint)) from exc


def _said(*command: str) -> str:
    """Return what one of CUPS's commands puts out."""
    return _run(command).stdout.decode("utf-8", "replace")


def server() -> str:
    """Return where the scheduler is, for people."""
    return os.environ.get("CUPS_SERVER") or "the print scheduler of this machine"


def available() -> None:
    """Raise NoCups unless CUPS is installed and its scheduler answers."""
    if not all(map(shutil.which, ("lp", "lpstat", "lpoptions"))):
        raise NoCups(missing=True)
    if "is running" not in _said("lpstat", "-r"):
        raise NoCups(missing=False)


def queues() -> list[str]:
    """Return the names of all queues, those that printers on the network announce included."""
    return _said("lpstat", "-e").split()


def default_queue() -> str:
    """Return the user's or the system's default queue, '' when there is none."""
    match = re.search(r"destination: (\S+)", _said("lpstat", "-d"))
    return match[1] if match else ""


def choose(wanted: str) -> str:
    """Return the queue to print to: the one wanted, else the default, else the only one.

    Raises GuideError, with the queues that there are, when that is none.
    """
    known = queues()
    place = Place("--printer")
    if wanted:
        if wanted.partition("/")[0] in known:
            return wanted
        near = difflib.get_close_matches(wanted, known, 1, 0.6)
        hint = f"did you mean `{near[0]}`? " if near else ""
        hint += _listed(known)
        raise GuideError(error("unknown-queue", f"there is no printer `{wanted}`", place, hint))
    chosen = default_queue() or (known[0] if len(known) == 1 else "")
    if chosen:
        return chosen
    message = "there is more than one printer and no default" if known else "there is no printer"
    raise GuideError(error("unknown-queue", message, place, _listed(known)))


def _listed(known: Iterable[str]) -> str:
    names = ", ".join(f"`{name}`" for name in known)
    if not names:
        return "Add one in the system's printer settings, or with lpadmin -p NAME -E -v URI -m everywhere."
    return f"There are {names}. For a name or a default of your own: guide printers set --help."


def refusal(queue: str) -> Diagnostic | None:
    """Return why a queue takes no jobs or prints none now, None when it does."""
    name = queue.partition("/")[0]
    accepting = _said("lpstat", "-a", name)
    if " not accepting requests" in accepting:
        message = f"`{name}` is not accepting jobs{_reason(accepting)}"
        hint = f"Start accepting jobs: cupsaccept {name}"
        return error("printer-refuses", message, Place("--printer"), hint)
    if stopped := stop_reason(queue):
        message = f"`{name}` is stopped{stopped.removeprefix('stopped')}"
        return error("printer-stopped", message, Place("--printer"), f"Start it: cupsenable {name}")
    return None


def stop_reason(queue: str) -> str:
    """Return `stopped` and why, '' when the queue runs."""
    said = _said("lpstat", "-p", queue.partition("/")[0])
    return f"stopped{_reason(said)}" if re.search(r"^printer \S+ disabled", said, re.M) else ""


def _reason(said: str) -> str:
    """Return the reason that lpstat gives in the line below, after a colon."""
    lines = said.splitlines()
    reason = lines[1].strip() if len(lines) > 1 else ""
    return "" if reason.lower() in {"", "reason unknown", "paused"} else f": {reason}"


def describe(queue: str) -> Printer:
    """Return what a queue says it can do; raises GuideError when it cannot be asked."""
    options = _options(queue)
    attributes = _attributes(f"printers/{queue.partition('/')[0]}", "get-printer-attributes.test")
    sides = _texts(attributes, "sides-supported")
    choices = options.get("InputSlot", [])
    duplex = next((options[name] for name in _DUPLEX if name in options), None)
    if not sides and options:
        turns = duplex is not None and len(duplex) > 1
        sides = ("one-sided", "two-sided-long-edge", "two-sided-short-edge")[: 3 if turns else 1]
    names = _texts(attributes, "media-source-supported")
    # CUPS makes the keywords from the choices, one by one and in their order.
    pairs = zip(names, choices, strict=True) if len(names) == len(choices) else (
        [(name, "") for name in names] or [(choice, choice) for choice in choices]
    )  # fmt: skip
    trays = tuple(Tray(name, choice) for name, choice in pairs)
    about = next(iter(_texts(attributes, "printer-make-and-model")), "")
    media = _texts(attributes, "media-supported") or _media(options)
    return Printer(queue, about, sides, media, trays)


def _options(queue: str) -> dict[str, list[str]]:
    """Return the queue's own options with their choices, none for one that has no PPD file."""
    found = {}
    for line in _said("lpoptions", "-p", queue, "-l").splitlines():
        match = re.match(r"([^/:\s]+)(?:/[^:]*)?: (.*)", line)
        if match:
            found[match[1]] = [choice.lstrip("*") for choice in match[2].split()]
    return found


_PPD_MEDIA = {
    "A3": "iso_a3_297x420mm", "A4": "iso_a4_210x297mm", "A5": "iso_a5_148x210mm",
    "A6": "iso_a6_105x148mm", "Letter": "na_letter_8.5x11in", "Legal": "na_legal_8.5x14in",
    "Tabloid": "na_ledger_11x17in", "3x5": "na_index-3x5_3x5in", "4x6": "na_index-4x6_4x6in",
    "5x8": "na_index-5x8_5x8in",
}  # fmt: skip


def _media(options: dict[str, list[str]]) -> tuple[str, ...]:
    """Return media from a PPD file's names; nothing when it has sizes that these do not tell."""
    choices = options.get("PageSize", [])
    custom = any(choice.startswith("Custom") for choice in choices)
    return () if custom else tuple(_PPD_MEDIA[each] for each in choices if each in _PPD_MEDIA)


def _attributes(path: str, test: str) -> dict[str, object]:
    """Return the attributes of a queue or job over IPP; none where ipptool is not installed."""
    try:
        said = _said("lpstat", "-H").strip()
        server = "localhost:631" if not said or said.startswith("/") else said
        done = _run(("ipptool", "-T", "20", "-X", f"ipp://{server}/{path}", test))
        groups = plistlib.loads(done.stdout)["Tests"][0]["ResponseAttributes"]
        return {name: value for group in groups for name, value in group.items()}
    except (NoCups, GuideError, ValueError, KeyError, IndexError, TypeError, ExpatError):
        return {}


def _texts(attributes: dict[str, object], name: str) -> tuple[str, ...]:
    value = attributes.get(name)
    values = value if isinstance(value, list) else [value]
    return tuple(each for each in values if isinstance(each, str))


def command(queue: str, job: Job) -> list[str]:
    """Return the command that sends a job; `-` as its file stands for a document that is piped in.

    Everything that the user's or the queue's defaults could add to a page is set here.
    """
    options = {
        "media": job.media, "sides": job.sides, "print-scaling": "fit" if job.fit else "none",
        "fit-to-page": "true" if job.fit else "false", "number-up": "1", "page-set": "all",
        "outputorder": "normal", "collate": "true",
        "multiple-document-handling": "separate-documents-collated-copies",
    }  # fmt: skip
    if job.tray is not None:
        options["media-source"] = job.tray.name
        if job.tray.choice:  # CUPS 2.4 leaves `media-source` out where a PPD file has a name for it
            options["InputSlot"] = job.tray.choice
    words = ["lp", "-d", queue, "-n", str(job.copies), "-t", job.title]
    for name, value in options.items():
        words += ["-o", f"{name}={value}"]
    if job.ranges is None:
        return [*words, "-P", f"1-{len(job.pages)}", "-"]
    words += ["-P", job.ranges]
    return [*words, str(job.document.path.resolve())]


def send(queue: str, job: Job) -> str:
    """Send a job and return its id; raises GuideError with the queue's own words."""
    words = command(queue, job)
    done = _run(words, job.composed() if words[-1] == "-" else None, _SENDING)
    match = re.search(r"request id is (\S+)", done.stdout.decode("utf-8", "replace"))
    if done.returncode or match is None:
        text = " ".join(done.stderr.decode("utf-8", "replace").split())
        text = re.sub(r"^[a-z]+: (Error - )?", "", text)[:300] or f"exit code {done.returncode}"
        message = f"`{queue}` does not take the job: {text}"
        hint = "Check the queue with `lpstat -l -p`, or ask the printer's administrator."
        raise GuideError(error("printer-refuses", message, Place("--printer"), hint))
    return match[1]


def state(job_id: str) -> State:
    """Return the state of a job, `gone` when the queue does not know it any more."""
    number = job_id.rpartition("-")[2]
    found = _attributes(f"jobs/{number}", "get-job-attributes.test")
    code = found.get("job-state")
    if isinstance(code, int):
        message = " ".join(_texts(found, "job-printer-state-message"))
        printed = found.get("job-impressions-completed")
        sides = printed if isinstance(printed, int) else 0
        return State(_STATES.get(code, "pending"), message, sides)
    return _listed_state(job_id, job_id.rpartition("-")[0])


def _listed_state(job_id: str, queue: str) -> State:
    """Return a job's state from lpstat, which lists what is over but does not say how it ended."""
    for which in ("not-completed", "completed"):
        said = _said("lpstat", "-l", "-W", which, "-o", queue)
        match = re.search(rf"^{re.escape(job_id)} .*((?:\n[ \t].*)*)", said, re.M)
        if match is None:
            continue
        message = re.search(r"Status: *(.*)", match[1])
        words = message[1].strip() if message else ""
        alerts = re.search(r"Alerts: *(.*)", match[1])
        reasons = alerts[1] if alerts else ""
        if which == "not-completed":
            held = "hold" in reasons or "held" in reasons
            state = "held" if held else "processing" if "printing" in reasons else "pending"
            return State(state, words)
        failed = re.search(r"cancel|abort|fail|error|unable", f"{reasons} {words}", re.I)
        ended = "completed" if not failed else "cancelled" if "cancel" in failed[0] else "aborted"
        return State(ended, words)
    return State("gone")
