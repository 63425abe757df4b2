"""`guide export`: a pack as a file for another program."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from guide.actions.apart import apart, loaded
from guide.content.editions import leaks
from guide.content.validate import did_you_mean
from guide.diagnostics.diagnostic import (
    Diagnostic,
    GuideError,
    Place,
    Severity,
    error,
    in_order,
    note,
    warning,
)
from guide.exchange.writing.chosen import Export, Wanted, nothing, without_id
from guide.exchange.writing.formats import FORMATS
from guide.model.pack import Pack
from guide.system import output


@dataclass(frozen=True)
class Exported:
    """What an export came to: the file, how many cards or questions are in it, and what is to be known of it."""

    path: Path
    count: int
    what: str
    diagnostics: tuple[Diagnostic, ...]


@dataclass(frozen=True)
class _Made:
    name: str
    data: bytes
    count: int
    problems: tuple[Diagnostic, ...]


def export(folder: Path, form: str, wanted: Wanted, out: Path | None = None) -> Exported:
    """Write the cards or questions of a pack for another program; the same pack gives the same bytes.

    Raises GuideError when the pack has errors, or nothing to export, or the file cannot be written.
    """
    made: _Made = apart(_made, folder, form, wanted)
    path = out or Path("build") / made.name / f"{made.name}.{FORMATS[form].ending}"
    output.write(path, made.data)
    return Exported(path, made.count, FORMATS[form].takes, made.problems)


def _made(folder: Path, form: str, wanted: Wanted, _say: Callable[[str, str], None]) -> _Made:
    pack = loaded(folder)
    job = Export(_edition(pack, wanted.edition, folder), wanted)
    job.problems += leaks(job.pack, wanted.edition) if wanted.edition else []
    cards = FORMATS[form].takes == "cards"
    count = sum(map(len, job.cards())) if cards else len(job.questions())
    if not count:
        raise GuideError(nothing(job, FORMATS[form].takes).within(str(folder)))
    data = FORMATS[form].write(job)
    job.problems += [*without_id(job), *_not_in_the_lock(pack), *_gone(pack, form)] if cards else []
    problems = in_order(each.within(str(folder)) for each in job.problems)
    if errors := [each for each in problems if each.severity == Severity.ERROR]:
        raise GuideError(*errors)
    return _Made(pack.name, data, count - len(job.left_out), problems)


def _edition(pack: Pack, name: str, folder: Path) -> Pack:
    if name and name not in pack.manifest.editions:
        hint = did_you_mean(name, pack.manifest.editions) or "Define it under `editions:`."
        place = Place(f"{folder}/pack.yaml")
        raise GuideError(error("unknown-edition", f"there is no edition `{name}`", place, hint))
    return pack.edition(name) if name else pack


def _not_in_the_lock(pack: Pack) -> list[Diagnostic]:
    """Return a warning if the pack was edited since guide.lock was written."""
    if pack.locked is None or pack.lock is None:
        return []
    old, new = pack.locked.items, pack.lock.items
    edited = [key for key, item in new.items() if key not in old or item.digest != old[key].digest]
    if not edited:
        return []
    message = f"guide.lock is older than the pack: {len(edited)} items are new or changed, `{edited[0]}` among them"
    hint = "Run `guide check --fix` before each export, so that Anki sees every later correction as newer."
    return [warning("lock-behind", message, Place("guide.lock", 1, 1), hint)]


def _gone(pack: Pack, form: str) -> list[Diagnostic]:
    """Return a note on cards that were removed: an import into Anki deletes nothing."""
    gone = [item for item in pack.lock.items.values() if item.gone] if pack.lock else []
    names = [item.id for item in gone if item.numbers]
    if form != "anki" or not names:
        return []
    message = f"removed from the pack, and still in Anki where it was imported: {', '.join(names)}"
    found = " or ".join(f'"Id:{name}"' for name in names[:10])
    return [
        note(
            "export-removed",
            message,
            Place("guide.lock", 1, 1),
            f"Search for them in Anki and delete them: {found}",
        )
    ]
