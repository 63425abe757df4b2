"""What lies in a folder, compared with what the content gives: nothing is written."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from guide import output, pipeline
from guide.errors import Diagnostic, Place, Severity, error, warning


@dataclass(frozen=True)
class Compared:
    """How the files of one pack's folder compare: `states` are same, stale, missing or extra.

    `folder` is where they lie. `diagnostics` are those of the build, then those of the files.
    """

    folder: str
    title: str
    version: str
    digest: str
    states: Mapping[str, str]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def same(self) -> int:
        """How many files are what the content gives."""
        return sum(state == "same" for state in self.states.values())

    @property
    def failed(self) -> bool:
        """Tell whether a file differs, or the content does not build."""
        return any(d.severity == Severity.ERROR for d in self.diagnostics) or any(
            state != "same" for state in self.states.values()
        )

    def as_json(self) -> dict[str, Any]:
        """Return the comparison as plain data."""
        return {
            "pack": {"title": self.title, "version": self.version, "digest": self.digest},
            "folder": self.folder,
            "outputs": [{"path": path, "state": state} for path, state in self.states.items()],
            "diagnostics": [pipeline.diagnostic_json(d) for d in self.diagnostics],
        }


def compare(
    folder: Path,
    out: Path,
    settings: pipeline.Settings,
    progress: pipeline.Progress = pipeline.silent,
) -> Compared:
    """Build a pack in memory and compare each file with the one in `out`/<pack>[/<edition>].

    Raises GuideError, as a build does.
    """
    made = pipeline.results(folder, settings, progress)
    target = pipeline.target_of(folder, out, settings)
    recorded = _recorded(target / "build.json")
    states: dict[str, str] = {}
    found = []
    for name, sha256 in made.digests.items():
        path = target / name
        there = output.sha256_of(path)
        states[str(path)] = "same" if there == sha256 else "stale" if there else "missing"
        if not there:
            hint = "Build it: the same command without --check."
            found.append(error("missing-output", "the content gives it", Place(str(path)), hint))
        elif there != sha256:
            found.append(_stale(path, there, recorded.get(name, ""), sha256))
    for path in pipeline.extra_files(target, made.digests, made.stems, settings):
        states[str(path)] = "extra"
        message = "the content does not give it: it is of an earlier build"
        hint = "Delete it, so that nobody prints it."
        found.append(warning("extra-output", message, Place(str(path)), hint))
    problems = (*made.diagnostics, *_strict(found, settings.strict))
    return Compared(str(target), made.title, made.version, made.digest, states, problems)


def _recorded(path: Path) -> dict[str, str]:
    """Return the digest of each file by name, as build.json has it; none when that is no record."""
    try:
        text = path.read_text("utf-8") if path.is_file() else ""
        return {
            Path(made["path"]).name: str(made["sha256"]) for made in json.loads(text)["outputs"]
        }
    except (OSError, ValueError, KeyError, AttributeError, TypeError, RecursionError):
        return {}


def _stale(path: Path, there: str, was: str, now: str) -> Diagnostic:
    """Say why a file differs, as far as build.json tells."""
    if not was:
        reason = "and build.json beside it does not know it"
    elif there == was:
        reason = "the content, the settings or guide have changed since it was built"
    elif was == now:
        reason = "it was changed after it was built"
    else:
        reason = "it was changed after it was built, and the content has changed as well"
    message = f"this is not what the content gives: {reason}"
    if not was:
        message = f"this is not what the content gives, {reason}"
    hint = "Build again, with the same command without --check."
    return error("stale-output", message, Place(str(path)), hint)


def _strict(found: Iterable[Diagnostic], strict: bool) -> Iterator[Diagnostic]:
    for each in found:
        if strict and each.severity == Severity.WARNING:
            yield error(each.code, each.message, each.place, each.hint, each.item)
        else:
            yield each
