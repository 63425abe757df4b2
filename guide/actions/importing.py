"""`guide import`, and a pack of a file of notes: what would be written, and writing it, all or nothing."""

from __future__ import annotations

from pathlib import Path

from guide.diagnostics.diagnostic import ContentError, Place, error
from guide.exchange.apart import planned
from guide.exchange.importing import Plan, Wanted
from guide.exchange.reading.found import Options
from guide.system import output


def plan(
    files: tuple[Path, ...],
    folder: Path,
    options: Options,
    *,
    title: str = "",
    lang: str = "",
    skip: bool = False,
) -> Plan:
    """Return what importing files into the pack in `folder` comes to; nothing is written.

    A folder without a pack gets a new one, with `title` and `lang`. With `skip`, what cannot be read is omitted
    instead of stopping the import. Raises GuideError.
    """
    return planned(Wanted(files, folder, options, title, lang, skip))


def start_from(file: Path, folder: Path, title: str = "") -> Plan:
    """Return what a new pack of one file comes to; raises GuideError when there is something in the folder."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        hint = "Choose a folder that does not exist yet; `guide import` adds to a pack."
        raise ContentError(
            error("folder-not-empty", "there is something there already", Place(str(folder)), hint)
        )
    return plan((file,), folder, Options(), title=title)


def write(found: Plan) -> None:
    """Write the files of a plan, all or none; raises GuideError."""
    paths = {found.folder / path: data for path, data in found.files.items()}
    for path in paths:
        if path.exists():
            output.check_writable(path)
    with output.alone(found.folder):
        batch = output.Batch(found.folder)
        try:
            for path, data in paths.items():
                batch.write(path, data)
            batch.settle()
        finally:
            batch.drop()
