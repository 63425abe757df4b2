"""Faults of layout as diagnostics, each at the content that caused it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from guide.diagnostics.diagnostic import Diagnostic, Place, Severity
from guide.model.artifacts import item_of
from guide.pipeline.problems import cause
from guide.pipeline.task import Document, Task

if TYPE_CHECKING:
    from guide.model.artifacts import Fault

_CAUSED = {"low-contrast", "unreadable-text", "font-fallback"}  # by the first of their `others`
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
    at = fault.others[0][0] if fault.code in _CAUSED and fault.others else fault.at
    if at.startswith("css:"):
        place = _in_css(at.removeprefix("css:"))
    elif at.startswith("pack:"):
        place = pack.at(at.removeprefix("pack:"))
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


def _in_css(at: str) -> Place:
    """Return the place that `file:line:column` names."""
    path, *position = at.rsplit(":", 2)
    if len(position) < 2 or not all(each.isdecimal() for each in position):
        return Place(at, 0, 0)
    return Place(path, int(position[0]), int(position[1]))


def _in_template(document: Document, word: str) -> Place | None:
    """Return where a pack's own template of a kind has a word for the last time."""
    for name, text in document.pack.templates.items():
        if name.startswith(f"{document.kind.name}/") and name.endswith(".html"):
            line = text.count("\n", 0, max(0, text.rfind(word))) + 1
            return Place(f"templates/{name}", line, 1)
    return None


def _left_out(fault: Fault, document: Document) -> list[Diagnostic]:
    """Say what there was no room for, a note for each file."""
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
