"""What this machine has of all that guide can use, and how to get the rest."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from guide import __version__
from guide.diagnostics.calling import install
from guide.diagnostics.diagnostic import GuideError
from guide.resources import ROOT, TEMPLATES, font_folders
from guide.system import shared_libraries
from guide.system.cache import default_folder

_EXTRAS = {
    "cluster": ("distributed", "builds on other machines"),
    "remote": ("fsspec", "copies to cloud storage"),
    "sign": ("pyhanko", "signed copies"),
    "keyring": ("keyring", "mail passwords from the system's keyring"),
    "editor": ("pygls", "problems and completion in your editor"),
    "preview": ("starlette", "pages in the browser while you write"),
}
_PYTHON = (3, 11)


@dataclass(frozen=True)
class Finding:
    """One thing that was looked for: `ok`, `missing` (guide cannot work) or `absent` (optional)."""

    name: str
    state: str
    detail: str
    remedy: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the finding as plain data."""
        return asdict(self)


def examine() -> list[Finding]:
    """Return what this machine has and lacks, the necessary first."""
    return [*_program(), *_libraries(), *_folders(), *_printing(), *_extras()]


def _program() -> Iterator[Finding]:
    yield Finding("guide", "ok", f"{__version__}, {ROOT}")
    version = platform.python_version()
    right = sys.version_info >= _PYTHON
    remedy = "" if right else "Install Python 3.11 or later."
    yield Finding("Python", "ok" if right else "missing", f"{version}, {sys.executable}", remedy)
    yield Finding("system", "ok", f"{platform.platform()}, {os.cpu_count()} processors")


def _libraries() -> Iterator[Finding]:
    missing = shared_libraries.missing()
    remedy = f"{shared_libraries.how_to_install()}."
    if "Pango" not in missing:
        yield Finding("Pango", "ok", shared_libraries.pango_version())
    for name in missing:
        yield Finding(name, "missing", "not found; it is needed to set pages", remedy)
    count = sum(folder.is_dir() for folder in font_folders().values())
    yield Finding("fonts", "ok", f"{count} families come with guide; no others are needed")


def _folders() -> Iterator[Finding]:
    for name, folder, use in (
        ("cache", default_folder(), "set GUIDE_CACHE_DIR to another folder"),
        ("temporary files", Path(tempfile.gettempdir()), "set TMPDIR to another folder"),
    ):
        there = next(path for path in (folder, *folder.parents) if path.exists())
        free = shutil.disk_usage(there).free / 1e9
        if os.access(there, os.W_OK):
            yield Finding(name, "ok", f"{folder}, {free:.1f} GB free")
        else:
            remedy = f"Allow writing there, or {use}."
            yield Finding(name, "missing", f"{folder} cannot be written", remedy)
    state = "ok" if TEMPLATES.is_dir() else "missing"
    remedy = "" if state == "ok" else "Install guide again."
    yield Finding("templates", state, str(TEMPLATES), remedy)


def _printing() -> Iterator[Finding]:
    from guide.printing import cups

    try:
        cups.available()
        queues = cups.queues()
    except cups.NoCups as exc:
        remedy = "Install CUPS (package cups) or start it, to print with `guide print`; else open the PDFs in a viewer."
        yield Finding("CUPS", "absent", str(exc), remedy)
        return
    except GuideError as exc:
        problem = exc.diagnostics[0]
        yield Finding("CUPS", "absent", problem.message, problem.hint)
        return
    detail = f"{len(queues)} printer{'s' * (len(queues) != 1)}: {', '.join(queues)}"
    if queues:
        yield Finding("CUPS", "ok", detail)
    else:
        yield Finding(
            "CUPS",
            "absent",
            "no printer is set up",
            "Add a printer to the system; PDFs can be made without one.",
        )


def _extras() -> Iterator[Finding]:
    for extra, (module, use) in _EXTRAS.items():
        if importlib.util.find_spec(module):
            yield Finding(extra, "ok", use)
        else:
            yield Finding(extra, "absent", use, f"Install it: `{install(extra)}`.")
