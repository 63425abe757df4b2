"""The folder of a pack's finished files: where it is, what is written there, what was there before."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Container, Mapping
from dataclasses import replace
from pathlib import Path

from guide.diagnostics.diagnostic import Diagnostic, GuideError, Place, Severity, error
from guide.diagnostics.formats import plain_json
from guide.pipeline.record import Built, Output, Record
from guide.pipeline.settings import Settings
from guide.system import output
from guide.system.cache import Store

ARCHIVE = "PDF/A-3b"
_NAMED = 8  # files that a message names


class LostFile(Exception):
    """A finished file has left the store since it was looked for."""


def target_of(folder: Path, out: Path, settings: Settings) -> Path:
    """Return the folder of a pack's files below `out`; raises GuideError for one not to write in."""
    target = out / folder.resolve().name / settings.edition
    _check_target(folder, target, settings.edition)
    return target


def _check_target(folder: Path, target: Path, edition: str) -> None:
    """Refuse to write where a pack leads by its name of an edition, or a link in its own build/."""
    if Path(edition).name != edition or edition in {".", ".."}:
        message = f"there is no edition `{edition}`"
        hint = "An edition names a folder: letters, digits, spaces, dots and hyphens."
        raise GuideError(error("unknown-edition", message, Place(f"{folder}/pack.yaml"), hint))
    root = folder.resolve()
    for path in (target, *target.parents):
        if os.path.islink(path) and path.parent.resolve().is_relative_to(root):
            message = "a link in the pack has the name of a folder that guide writes to"
            hint = "Delete the link, or choose another folder with -o DIR."
            raise GuideError(error("cannot-write", message, Place(str(path)), hint))


def write(record: Record, store: Store, folder: Path, target: Path, settings: Settings) -> Built:
    """Write the files of a build and, last, its build.json; raises GuideError and LostFile."""
    if not record.files and record.wrong:
        found = record.shown(folder)
        earlier = tuple(sorted(path.name for path in target.glob("*.pdf")))
        return Built(
            str(folder), record.title, record.version, record.key, (), found,
            target=str(target), earlier=earlier,
        )  # fmt: skip
    with output.alone(target):
        outputs = tuple(_write_file(made, store, target) for made in record.files)
        built = Built(
            str(folder), record.title, record.version, record.key if record.current else "",
            outputs, record.shown(folder),
            _with_earlier(target / "build.json", record.decks, bool(settings.tags)),
            archive=ARCHIVE if settings.archive else "", items=record.items,
        )  # fmt: skip
        text = plain_json(built.as_json()) + "\n"
        output.write(target / "build.json", text.encode())
    names = {made.path for made in record.files}
    of_unmade = replace(settings, kinds=tuple(record.unmade))
    remaining = extra_files(target, names, record.stems, of_unmade) if record.unmade else []
    return replace(
        built, leftover=_leftover(target, record, settings), unmade=record.unmade,
        target=str(target), earlier=tuple(path.name for path in remaining),
    )  # fmt: skip


def _write_file(made: Output, store: Store, target: Path) -> Output:
    """Write a file unless it is there already; raises GuideError and LostFile."""
    path = target / made.path
    if path.is_symlink() or not (made.cached and output.sha256_of(path) == made.sha256):
        data = made.data or store.get(f"file:{made.sha256}")
        if data is None:
            raise LostFile
        output.write(path, data)
    return replace(made, path=str(path), data=b"")


def _with_earlier(
    path: Path, decks: Mapping[str, Mapping[str, str]], selection: bool
) -> dict[str, dict[str, str]]:
    """Return the cards printed now and, where this run did not print them all, those before."""
    try:
        text = path.read_text("utf-8") if path.is_file() else ""  # a FIFO would be waited for
        earlier = json.loads(text)["decks"]
        known = {kind: dict(cards) for kind, cards in earlier.items()}
    except (OSError, ValueError, KeyError, AttributeError, TypeError, RecursionError):
        known = {}
    for kind, cards in decks.items():
        known[kind] = {**known.get(kind, {}), **cards} if selection else dict(cards)
    return known


def printed_cards(path: Path) -> tuple[tuple[str, str], ...]:
    """Return the cards of an earlier build.json with their fingerprints; raises GuideError."""
    try:
        decks = json.loads(path.read_text("utf-8"))["decks"]
        return tuple((name, mark) for cards in decks.values() for name, mark in cards.items())
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as exc:
        message = "this is not the build.json of a deck"
        hint = "Look beside the PDFs of a build: build/PACK/build.json."
        raise GuideError(error("bad-build-record", message, Place(str(path)), hint)) from exc


def extra_files(
    target: Path, names: Container[str], stems: Mapping[str, str], settings: Settings
) -> list[Path]:
    """Return the PDFs in a folder that a build does not make, of the kinds that it was asked for.

    `names` are those of the files that it makes, `stems` maps the beginnings of names to kinds.
    """
    if settings.printed is not None:  # it makes one file beside those that were printed before
        return []
    found = []
    for path in sorted(target.glob("*.pdf")):
        owner = max(
            (s for s in stems if re.match(rf"{re.escape(s)}[.-]", path.name)), default="", key=len
        )
        asked = not settings.kinds or stems.get(owner) in settings.kinds
        if asked and path.name not in names and not path.name.startswith("."):
            found.append(path)
    return found


def _leftover(target: Path, record: Record, settings: Settings) -> tuple[Diagnostic, ...]:
    """Say which files are of an earlier build; what an error kept from being made is still wanted."""
    if record.wrong:
        return ()
    names = {made.path for made in record.files}
    extra = [path.name for path in extra_files(target, names, record.stems, settings)]
    if not extra:
        return ()
    what = "this file is" if len(extra) == 1 else f"these {len(extra)} files are"
    message = f"{what} of an earlier build: {', '.join(extra[:_NAMED])}"
    message += f" and {len(extra) - _NAMED} more" if len(extra) > _NAMED else ""
    hint = "Delete what is not needed, so that nobody prints it."
    return (Diagnostic("extra-output", message, Place(str(target)), hint, Severity.NOTE),)
