"""What goes wrong with a layout: faults at the content that caused them, and work that fails."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable
from typing import TypeVar

from guide.diagnostics.diagnostic import Diagnostic, Place, Severity, error
from guide.model.artifacts import Fault, OfCss, OfPack, item_of
from guide.pipeline.child import render_limit, worker_died
from guide.pipeline.problems import cause
from guide.pipeline.task import Document, Task
from guide.system.output import NO_ROOM
from guide.system.pool import JobTimeout, WorkerDied, WorkersLost

T = TypeVar("T")
_NAMED = 8  # files that a message names
_TOO_MUCH = {
    JobTimeout: "took too much computing time",
    WorkerDied: "was killed twice: it needs too much memory or time",
    RecursionError: "is nested too deeply",
    OverflowError: "came to a number that is too large",
    MemoryError: "needs more memory than it may have",
}
_OF_TEMPLATES = {"duplicate-anchor", "missing-alt"}  # faults of markup, when they have no key


def report_faults(task: Task, document: Document, faults: Iterable[Fault]) -> int | None:
    """Report the faults of a layout; return the number of warnings, None when it is refused."""
    found = []
    for fault in faults:
        if fault.code == "left-out":
            task.problems.add(*_left_out(fault, document), layout=True)
            continue
        problem = _diagnostic(fault, document)
        found.append(problem)
        task.problems.add_fault(problem, document.stem, fault.page)
    if task.problems.stop(found):
        return None
    warnings = {cause(d): d for d in found if d.severity == Severity.WARNING}
    return sum(not task.pack.manifest.accepting(d) for d in warnings.values())


def _diagnostic(fault: Fault, document: Document) -> Diagnostic:
    """Give a fault of layout the place of the content that caused it."""
    pack, message, hint, item = document.pack, fault.message, fault.hint, ""
    names: tuple[str, ...] = ()
    at = fault.cause or fault.at
    if isinstance(at, OfCss):
        place = Place(at.sheet, at.line, at.column)
    elif isinstance(at, OfPack):
        place = pack.at(at.key)
    elif fault.code == "over-budget":
        message = f"{document.stem}, page {fault.page}: {message}"
        place = pack.at(f"documents.{document.kind.name}.pages")
        known = [(document.places.get(key), said) for key, said in fault.others]
        longest = ", ".join(f"{at.path}:{at.line} ({said})" for at, said in known if at)
        hint = f"{hint} Longest: {longest}." if longest else hint
    else:
        place, names = document.origins.find(at, fault.word), document.origins.other_names(at)
        item = item_of(at)
    if not fault.at and fault.code in _OF_TEMPLATES:
        place = _in_template(document, fault.word) or place
    place = Place(place.path, place.line, place.column)
    return Diagnostic(fault.code, message, place, hint, fault.severity, item, names=names)


def _in_template(document: Document, word: str) -> Place | None:
    """Return where a pack's own template of a kind has a word for the last time."""
    for name, text in document.pack.templates.items():
        if name.startswith(f"{document.kind.name}/") and name.endswith(".html"):
            line = text.count("\n", 0, max(0, text.rfind(word))) + 1
            return Place(f"templates/{name}", line, 1)
    return None


def _left_out(fault: Fault, document: Document) -> list[Diagnostic]:
    by_file: dict[str, list[tuple[Place, str]]] = {}
    for key, _ in fault.others:
        place = document.places.get(key, Place("pack.yaml", 1, 1))
        by_file.setdefault(place.path, []).append((place, key))
    hint = "What has the tag `core` stays longest; `pages:` gives more room."
    notes = []
    for found in by_file.values():
        names = ", ".join(key for _, key in found)
        message = f"{document.stem}: no room for {len(found)} of these: {names}"
        place = min(place for place, _ in found)
        notes.append(Diagnostic("left-out", message, place, hint, Severity.NOTE))
    return notes


def attempt(task: Task, document: Document, work: Callable[[], T]) -> T | None:
    """Return what work gives, or None and a diagnostic: layout is a stranger's code."""
    deaths = len(task.pool.deaths)
    try:
        done = work()
        for how in task.pool.deaths[deaths:]:
            task.problems.happened.append(worker_died(how, document.stem))
        return done
    except WorkersLost:
        raise
    except tuple(_TOO_MUCH) as exc:
        reason = next(why for kind, why in _TOO_MUCH.items() if isinstance(exc, kind))
        problem = render_limit(f"typesetting `{document.stem}` {reason}")
    except Exception as exc:  # noqa: BLE001  on a stranger's text
        detail = f"{type(exc).__name__}: {exc}"[:200]
        if isinstance(exc, OSError) and exc.errno in NO_ROOM:
            problem = _no_room(exc)
        elif "RefusedURL" in detail:
            message = f"{document.stem}: {str(exc).partition('RefusedURL: ')[2]}"
            hint = (
                "Nothing is loaded but the pack's own files: look for url(...) in its stylesheets."
            )
            problem = error("remote-data", message, Place("pack.yaml", 1, 1), hint)
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


def _no_room(exc: OSError) -> Diagnostic:
    """Say once for all documents that temporary files have no room: fonts are such files."""
    message = f"temporary files cannot be written: {exc.strerror}"
    hint = "Free some room there, or set TMPDIR to a folder that has some."
    place = Place(os.path.dirname(tempfile.gettempdir()))
    return error("cannot-write", message, place, hint)
