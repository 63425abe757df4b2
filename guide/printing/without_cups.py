"""Printing without CUPS: how to get it, and what to choose in a print dialog."""

from __future__ import annotations

import contextlib
import platform
import sys
from collections.abc import Sequence
from dataclasses import replace

from guide.diagnostics.diagnostic import Diagnostic, Place, error
from guide.printing.cups import server
from guide.printing.job import Job, runs, said

_INSTALL = {
    "debian": "sudo apt-get install cups cups-client cups-ipp-utils",
    "fedora": "sudo dnf install cups cups-client cups-ipptool && sudo systemctl enable --now cups",
    "arch": "sudo pacman -S cups && sudo systemctl enable --now cups",
    "suse": "sudo zypper install cups cups-client && sudo systemctl enable --now cups",
    "alpine": "sudo apk add cups cups-client && sudo rc-service cupsd start",
}
_NAMES = {"debian": "Debian and Ubuntu", "fedora": "Fedora", "arch": "Arch"}


def remedy(missing: bool) -> Diagnostic:
    """Return what is wrong with CUPS here, and what to do on this system."""
    message = f"CUPS does not answer: {server()} is not running"
    hint = "Start it: sudo systemctl start cups (or, without systemd, sudo cupsd)."
    if missing:
        message = "there is no CUPS on this machine, the printing system that guide print talks to"
        hint = _install()
    elif sys.platform == "darwin":
        hint = "Start it: sudo launchctl start org.cups.cupsd"
    return error("no-cups", message, Place(""), hint)


def _install() -> str:
    if sys.platform == "win32":
        return "Windows has none: open the file in a viewer and print it with the settings below."
    if sys.platform == "darwin":
        return "macOS has it: look whether /usr/bin is in your PATH."
    if command := next((_INSTALL[each] for each in _families() if each in _INSTALL), ""):
        return f"Install it: {command}. Then add your printer in the system's settings."
    each = "; ".join(f"{name}: {_INSTALL[key]}" for key, name in _NAMES.items())
    return f"Install it. {each}. macOS has it."


def _families() -> list[str]:
    """Return what this Linux is and what it descends from, as os-release says."""
    with contextlib.suppress(OSError):
        release = platform.freedesktop_os_release()
        names = f"{release.get('ID', '')} {release.get('ID_LIKE', '')}".lower().split()
        return ["suse" if "suse" in name else {"rhel": "fedora"}.get(name, name) for name in names]
    return []


Rows = list[tuple[str, str]]


def instructions(batch: Sequence[Job]) -> list[tuple[str, Rows]]:
    """Return the print dialogs that print a batch: for each what to do first, and its settings.

    A viewer adds no empty back and collates as it likes, so that a second copy would land on the
    wrong sheets. Fronts and backs are therefore printed one copy at a time.
    """
    if len(batch) == 1:
        return [("", settings(batch[0]))]
    fronts, backs = batch
    named = fronts.document.path != backs.document.path
    steps = [("Print the fronts first.", settings(replace(fronts, copies=1), named=named))]
    printed = [page for page in backs.pages if page is not None]
    turn = backs.turn.replace("-", " ")
    words = [
        f"Turn the stack of fronts over its {turn} and put it back, so that the empty sides are",
        "printed and the sheet with the first front is drawn first.",
    ]
    if len(printed) < len(backs.pages):
        alone = len(backs.pages) - len(printed)
        pages = runs(page for page in fronts.pages[-alone:] if page is not None)
        words.insert(0, f"Take the sheet with page {pages} off the stack: its back stays empty.")
    words.append("If your printer draws the last sheet first, choose reverse order.")
    if fronts.copies > 1:
        words.append(f"Do both steps {fronts.copies} times, once for each copy.")
    steps.append((" ".join(words), settings(replace(backs, copies=1), named=named)))
    return steps


def settings(job: Job, *, named: bool = False) -> Rows:
    """Return what to choose in the print dialog for a job: names of settings with their values."""
    chosen = sorted(page for page in job.pages if page is not None)
    turn = job.sides.removeprefix("two-sided-").replace("-", " ")
    both = f"on, flip on {turn}" if job.sides != "one-sided" else "off"
    scaling = "fit to paper" if job.fit else "actual size, 100 %; not fit, not shrink"
    return [
        ("file", str(job.document.path) if named else ""),
        ("pages", runs(chosen) if len(chosen) < len(job.document.sizes) else "all"),
        ("copies", str(job.copies) + (", collated" if job.copies > 1 else "")),
        ("paper", said(job.media)),
        ("scaling", scaling),
        ("two-sided", both),
        ("tray", job.tray.name if job.tray else ""),
    ]
