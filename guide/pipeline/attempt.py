"""Work on a stranger's text that may fail, and what is said when it does."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from typing import TypeVar

from guide.diagnostics.diagnostic import Diagnostic, Place, error
from guide.pipeline.limits import render_limit, worker_died
from guide.pipeline.task import Document, Task
from guide.system.output import NO_ROOM
from guide.system.pool import JobTimeout, WorkerDied

T = TypeVar("T")
_NAMED = 8  # files that a message names
_TOO_MUCH = {
    JobTimeout: "took too much computing time",
    WorkerDied: "was killed twice: it needs too much memory or time",
    RecursionError: "is nested too deeply",
    OverflowError: "came to a number that is too large",
    MemoryError: "needs more memory than it may have",
}


def attempt(task: Task, document: Document, work: Callable[[], T]) -> T | None:
    """Return what work gives, or None and a diagnostic: layout is a stranger's code."""
    deaths = len(task.pool.deaths)
    try:
        done = work()
        for how in task.pool.deaths[deaths:]:
            task.problems.happened.append(worker_died(how, document.stem))
        return done
    except tuple(_TOO_MUCH) as exc:
        reason = next(why for kind, why in _TOO_MUCH.items() if isinstance(exc, kind))
        problem = render_limit(f"typesetting `{document.stem}` {reason}")
    except Exception as exc:  # noqa: BLE001  on a stranger's text
        detail = f"{type(exc).__name__}: {exc}"[:200]
        if isinstance(exc, OSError) and exc.errno in NO_ROOM:
            problem = _no_room(exc)
        elif "RefusedURL" in detail:
            problem = _outside(document, str(exc))
        else:
            task.problems.add(_failed(task, document, detail))
            return None
    task.problems.add(problem, layout=True)
    return None


def _failed(task: Task, document: Document, detail: str) -> Diagnostic:
    """Return the error for what the typesetter does not survive: a template's, or a bug."""
    theme = task.settings.theme or task.pack.manifest.theme.name
    own = [
        path
        for path in sorted(task.pack.templates)
        if path.startswith((f"{document.kind.name}/", f"themes/{theme}."))
        or ("/" not in path and path.endswith((".css", ".html")))
    ]
    if not own:
        hint = "Leave out what was changed last; this is a bug, please report it with the pack."
        message = f"typesetting `{document.stem}` failed ({detail})"
        return error("render-failed", message, Place("pack.yaml", 1, 1), hint)
    styles = [path for path in own if path.endswith(".css")] or own
    files = ", ".join(f"templates/{path}" for path in own[:_NAMED])
    message = f"typesetting `{document.stem}` failed: the pack's own templates ask for what cannot be set ({detail})"
    hint = f"Take out what was changed last in {files}. If it fails without them as well, report it as a bug."
    return error("bad-template", message, Place(f"templates/{styles[0]}", 1, 1), hint)


def _outside(document: Document, message: str) -> Diagnostic:
    message = f"{document.stem}: {message.partition('RefusedURL: ')[2]}"
    hint = "Nothing is loaded but the pack's own files: look for url(...) in its stylesheets."
    return error("remote-data", message, Place("pack.yaml", 1, 1), hint)


def _no_room(exc: OSError) -> Diagnostic:
    """Say once for all documents that temporary files have no room: fonts are such files."""
    message = f"temporary files cannot be written: {exc.strerror}"
    hint = "Free some room there, or set TMPDIR to a folder that has some."
    place = Place(os.path.dirname(tempfile.gettempdir()))
    return error("cannot-write", message, place, hint)
