"""Files of other programs into a pack: read, compared with what is there, and checked before anything is written."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from guide.content.load import load_pack
from guide.content.schema import schemas
from guide.diagnostics.diagnostic import Diagnostic, GuideError, Place, Severity, error, in_order
from guide.exchange import record
from guide.exchange.composing import Composed, compose
from guide.exchange.entries import scalar
from guide.exchange.merging import Merged, merge
from guide.exchange.reading.choose import read_file
from guide.exchange.reading.found import Entry, Found, Options
from guide.model.pack import Pack

_MOST_TRIES = 5  # an entry that is omitted may have been the reason for another's error


@dataclass(frozen=True)
class Wanted:
    """What is to be imported: files, the pack, how files are read, and the language of a new pack."""

    files: tuple[Path, ...]
    folder: Path
    options: Options = Options()
    title: str = ""
    lang: str = ""
    skip: bool = False


@dataclass
class Plan:
    """What an import comes to. `files` is empty when nothing is to be written.

    `counts` are by file, part and state; `titles` has the new and changed items with their state.
    """

    folder: Path
    created: bool
    formats: dict[str, str] = field(default_factory=dict)
    counts: dict[str, dict[str, Counter[str]]] = field(default_factory=dict)
    items: list[tuple[str, str, str]] = field(default_factory=list)
    problems: tuple[Diagnostic, ...] = ()
    files: dict[str, bytes] = field(default_factory=dict)
    unreadable: dict[str, int] = field(default_factory=dict)

    @property
    def refused(self) -> bool:
        """True if something cannot be imported, and therefore nothing is."""
        return any(each.severity == Severity.ERROR for each in self.problems)


def plan_import(wanted: Wanted, say: Callable[[str, str], None]) -> Plan:
    """Return what importing files comes to; nothing is written. Raises GuideError."""
    found = []
    _different_names(wanted.files)
    for path in wanted.files:
        say(path.name, "read")
        found.append(read_file(path, wanted.options))
    say("", "compare")
    pack, before = _pack(wanted.folder)
    records = _records(wanted.folder)
    refused: dict[str, set[int]] = {each.path: set() for each in found}
    problems: list[Diagnostic] = []
    for _ in range(_MOST_TRIES):
        merged = _merged(found, pack, records, refused)
        made = compose(wanted.folder, merged, pack, records)
        if pack is None:
            made.texts |= _new_pack(wanted, found)
        if pack is not None and not made.files():
            break
        say("", "check")
        after, failed = _failed(wanted.folder, made, before)
        if not failed:
            _keep_identity(made, after)
            break
        problems += _refuse(found, failed, refused)
    else:
        raise GuideError(*problems)
    return _planned(wanted, found, merged, made, problems, pack is None)


def _different_names(files: Sequence[Path]) -> None:
    """Raise GuideError for two files of one name: what came from which could not be told apart."""
    seen: dict[str, Path] = {}
    for path in files:
        if path.name in seen:
            message = f"two files have this name: {seen[path.name]} and {path}"
            hint = "Rename one of them: what was imported is known by the name of its file."
            raise GuideError(error("import-unreadable", message, Place(path.name), hint))
        seen[path.name] = path


def _pack(folder: Path) -> tuple[Pack | None, tuple[Diagnostic, ...]]:
    """Return the pack of a folder, None for one to be made; raises GuideError if it cannot be read."""
    if not (folder / "pack.yaml").exists():
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            hint = "Name a folder that has a pack.yaml, or one that does not exist yet."
            raise GuideError(
                error("no-pack", "the folder has no pack.yaml", Place(str(folder)), hint)
            )
        return None, ()
    pack, problems = load_pack(folder)
    if pack is None:
        raise GuideError(
            *(each.within(str(folder)) for each in problems if each.severity == Severity.ERROR)
        )
    return pack, problems


def _records(folder: Path) -> list[record.Imported]:
    path = folder / record.RECORD
    if not path.is_file():
        return []
    records, problems = record.read(path.read_bytes().decode("utf-8", "replace"))
    if problems:
        raise GuideError(*(each.within(str(folder)) for each in problems))
    return records


def _merged(
    found: Sequence[Found],
    pack: Pack | None,
    records: Sequence[record.Imported],
    refused: Mapping[str, set[int]],
) -> list[Merged]:
    taken = {item.id for item in pack.items} if pack is not None else set()
    taken |= {each.id for each in records}
    return [merge(each, pack, records, taken, refused[each.path]) for each in found]


def _failed(
    folder: Path, made: Composed, before: Sequence[Diagnostic]
) -> tuple[Pack | None, list[tuple[Entry, Diagnostic]]]:
    """Load the pack as it would be; return it, and the imported entries with new errors. Raises GuideError for others."""
    old = Counter((each.code, each.place.path, each.message) for each in before)
    failed: list[tuple[Entry, Diagnostic]] = []
    others: list[Diagnostic] = []
    pack, after = load_pack(folder, given=made.files())
    for each in after:
        key = (each.code, each.place.path, each.message)
        if each.severity != Severity.ERROR:
            continue
        if old[key]:
            old[key] -= 1
        elif entry := made.entry_at(each.place) or made.changed.get(each.item):
            failed.append((entry, each))
        else:
            others.append(each.within(str(folder)))
    if others and not failed:
        raise GuideError(*others)
    return pack, failed


def _keep_identity(made: Composed, pack: Pack | None) -> None:
    """Write guide.lock with the new items, so that they keep their ids and numbers when they are corrected."""
    from guide.content.identity import lock_of
    from guide.model import lockfile

    if pack is not None:
        made.text(lockfile.LOCK)
        made.texts[lockfile.LOCK] = lockfile.written(lock_of(pack))


def _refuse(
    found: Sequence[Found],
    failed: Sequence[tuple[Entry, Diagnostic]],
    refused: Mapping[str, set[int]],
) -> Iterator[Diagnostic]:
    """Leave out the entries that failed; yield why, at their place in the file that was imported."""
    places = {
        id(entry): (each.path, place) for each in found for place, entry in enumerate(each.entries)
    }
    for entry, why in failed:
        path, place = places[id(entry)]
        refused[path].add(place)
        yield error(
            "import-unreadable", f"guide cannot print this: {why.message}", entry.at, why.hint
        )


def _new_pack(wanted: Wanted, found: Sequence[Found]) -> dict[str, str]:
    title = (
        wanted.title
        or next((each.title for each in found if each.title), "")
        or wanted.folder.resolve().name
    )
    lines = ["# yaml-language-server: $schema=.guide/schema/pack.json",
             "# The only file that a pack must have. Every key is explained in docs/pack-format/pack-yaml.md.",
             "format: 1", f"title: {scalar(title, 2)}", f"lang: {wanted.lang or 'en'}", 'version: "1.0"']  # fmt: skip
    made = {"pack.yaml": "\n".join(lines) + "\n"}
    for name, schema in schemas().items():
        made[f".guide/schema/{name}.json"] = json.dumps(schema, indent=1, ensure_ascii=False) + "\n"
    return made


def _planned(
    wanted: Wanted,
    found: Sequence[Found],
    merged: Sequence[Merged],
    made: Composed,
    problems: Sequence[Diagnostic],
    created: bool,
) -> Plan:
    folder = str(wanted.folder)
    plan = Plan(wanted.folder, created)
    every = [*problems]
    for each, one in zip(found, merged, strict=True):
        each.settle()
        every += each.problems
        every += [
            problem if problem.place.path == each.path else problem.within(folder)
            for problem in one.problems
        ]
        plan.formats[each.path] = each.format
        wrong = [problem for problem in every if problem.code == "import-unreadable"]
        plan.unreadable[each.path] = sum(problem.place.path == each.path for problem in wrong)
        plan.counts[each.path] = one.counts
        plan.items += [("new", new.entry.part, new.id) for new in one.new]
        plan.items += [("changed", change.entry.part, change.id) for change in one.changes]
    every += [problem.within(folder) for problem in made.problems]
    plan.problems = in_order(every)
    if not plan.refused or wanted.skip:
        plan.files = made.files()
    return plan
