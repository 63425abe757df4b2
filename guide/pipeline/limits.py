"""What a process that works on a pack may touch, and what is said when it takes too much."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from guide.diagnostics.diagnostic import Diagnostic, Place, error, note
from guide.resources import TEMPLATES, font_folders

if TYPE_CHECKING:
    from guide.system.fence import Fence


def fence(folder: Path, *written: Path) -> Fence:
    """Return what a process that works on a pack may touch: it reads the pack, and writes below `written`."""
    from guide.system.fence import Fence

    read = (folder, TEMPLATES, *font_folders().values())
    return Fence(tuple(map(os.path.realpath, read)), tuple(map(os.path.realpath, written)))


def worker_died(how: str, document: str, place: Place | None = None) -> Diagnostic:
    """Say that the work of a process was done again."""
    message = f"a process was ended by {how} at `{document}`; its work was done again"
    hint = "Memory ran out, most likely: end other programs, or build with a smaller --jobs."
    return note("worker-died", message, place or Place("pack.yaml", 1, 1), hint)


def render_limit(message: str) -> Diagnostic:
    """Say that a document takes more than it may."""
    hint = (
        "Look for a huge picture, table, chart or formula, or a loop in a template of the pack; "
        "leave documents out with --only. If it is meant so: GUIDE_LIMITS in docs/security.md."
    )
    return error("render-limit", message, Place("pack.yaml", 1, 1), hint)
