"""What is in a folder, compared with what the content gives: nothing is written."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from guide import pipeline
from guide.diagnostics.diagnostic import Diagnostic, Place, Severity, error, note, warning
from guide.diagnostics.formats import diagnostic_json
from guide.system import output


@dataclass(frozen=True)
class Compared:
    """How the files of one pack's folder compare: `states` are same, stale, missing or extra.

    `folder` is where they are; `others` are files in it that were not compared. `diagnostics` are
    those of the build, then those of the files.
    """

    folder: str
    title: str
    version: str
    digest: str
    states: Mapping[str, str]
    diagnostics: tuple[Diagnostic, ...]
    others: tuple[str, ...] = ()

    @property
    def same(self) -> int:
        """How many files are what the content gives."""
        return sum(state == "same" for state in self.states.values())

    @property
    def failed(self) -> bool:
        """Return whether a file differs, or the content does not build."""
        return any(d.severity == Severity.ERROR for d in self.diagnostics) or any(
            state != "same" for state in self.states.values()
        )

    def as_json(self) -> dict[str, Any]:
        """Return the comparison as plain data."""
        return {
            "pack": {"title": self.title, "version": self.version, "digest": self.digest},
            "folder": self.folder,
            "outputs": [{"path": path, "state": state} for path, state in self.states.items()],
            "not_compared": list(self.others),
            "diagnostics": [diagnostic_json(d) for d in self.diagnostics],
        }


def compare(
    folder: Path, out: Path, settings: pipeline.Settings,
    progress: pipeline.Progress = pipeline.silent,
) -> Compared:  # fmt: skip
    """Build a pack in memory and compare each file with the one in `out`/<pack>[/<edition>].

    Raises GuideError, as a build does.
    """
    built = pipeline.make(folder, settings, progress)
    made = built.record
    digests = {file.path: file.sha256 for file in made.files}
    target = pipeline.target_of(folder, out, settings)
    recorded = _recorded(target / "build.json")
    states: dict[str, str] = {}
    found = []
    for name, sha256 in digests.items():
        path = target / name
        there = output.sha256_of(path)
        states[str(path)] = "same" if there == sha256 else "stale" if there else "missing"
        if not there:
            hint = "Build it: the same command without --check."
            found.append(error("missing-output", "the content gives it", Place(str(path)), hint))
        elif there != sha256:
            found.append(_stale(path, there, recorded.get(name, ""), sha256))
    for path in pipeline.extra_files(target, digests, made.stems, settings):
        states[str(path)] = "extra"
        message = "this pack no longer produces this file; it is left over from an earlier build"
        hint = "Delete it, so that nobody prints it."
        found.append(warning("extra-output", message, Place(str(path)), hint))
    others = tuple(path for path in _files(target) if path not in states)
    if settings.strict:
        found = [replace(each, severity=Severity.ERROR) for each in found]
    problems = (*built.diagnostics, *found)
    if not any(d.severity == Severity.ERROR for d in problems):
        problems += _not_compared(target, bool(digests), others)
    return Compared(str(target), made.title, made.version, made.key, states, problems, others)


def _files(folder: Path) -> list[str]:
    """Return the files in and below a folder, but for hidden ones and the records of builds."""
    found = []
    for base, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        shown = (n for n in sorted(names) if not n.startswith(".") and n != "build.json")
        found += [os.path.join(base, name) for name in shown]
    return found


def _not_compared(target: Path, compared: bool, others: Sequence[str]) -> tuple[Diagnostic, ...]:
    """Say which files nothing is known of; an error if that is all."""
    place = Place(str(target))
    if not compared:
        message = "no file was compared: a build with these settings makes none"
        hint = "Check with the settings that the files were built with."
        return (error("not-compared", message, place, hint),)
    if not others:
        return ()
    names = [os.path.relpath(path, target) for path in others]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    message = f"not compared: {', '.join(names[:_NAMED])}{more}"
    hint = "Check them with the settings that they were built with, such as --only or --edition."
    return (note("not-compared", message, place, hint),)


_NAMED = 4  # files


def _recorded(path: Path) -> dict[str, str]:
    """Return the digest of each file by name, as build.json has it; none when that is no record."""
    try:
        text = path.read_text("utf-8") if path.is_file() else ""
        outputs = json.loads(text)["outputs"]
        return {Path(made["path"]).name: str(made["sha256"]) for made in outputs}
    except (OSError, ValueError, KeyError, AttributeError, TypeError, RecursionError):
        return {}


def _stale(path: Path, there: str, was: str, now: str) -> Diagnostic:
    reason = ": it was changed after it was built, and the content has changed as well"
    if not was:
        reason = ", and build.json beside it does not know it"
    elif there == was:
        reason = ": the content, the settings or guide have changed since it was built"
    elif was == now:
        reason = ": it was changed after it was built"
    message = f"this is not what the content gives{reason}"
    hint = "Build again, with the same command without --check."
    return error("stale-output", message, Place(str(path)), hint)
