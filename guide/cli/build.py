"""`guide build`."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from guide.cli.options import (
    FOLDER,
    FOUND,
    find_packs,
    flag,
    how_much_options,
    optional,
    packs_argument,
    parsed,
    run_options,
    settings_of,
    text,
)

if TYPE_CHECKING:
    from guide.model.printers import Registration
    from guide.pipeline import Built, Settings


@click.command()
@packs_argument
@run_options
@click.option("-o", "out", type=FOLDER, default=Path("build"), metavar="DIR", show_default=True,
              help="Where the PDFs land: DIR/PACK/briefing.pdf.")  # fmt: skip
@click.option("--check", "against", default=None, metavar="DIR",
              type=click.Path(path_type=Path, file_okay=False),
              help="Write nothing; return whether what lies in DIR is what the content gives.")  # fmt: skip
@text("--tags", metavar="A,B", help="Only cards with one of these tags.")
@click.option("--only-changed-since", "printed_in", default=None, metavar="BUILD.JSON", type=FOUND,
              help="Only cards that are new or changed since that build, as flashcards-changed.pdf.")  # fmt: skip
@text("--since", metavar="VERSION",
      help="Print what changed since a release, a build.json or a git revision: a page, bars, changes.json.")  # fmt: skip
@text("--back-offset", metavar="RIGHT,DOWN",
      help="Move the backs: 0.4,-0.8mm, as one looks at the back.")  # fmt: skip
@text("--printer", metavar="NAME",
      help="Move the backs as guide calibrate stored for this printer.")  # fmt: skip
@flag("--fit-report",
      help="Write how each card fits: flashcards-fit.json, and a contact sheet as PDF.")  # fmt: skip
@flag("--booklet", help="Also make BRIEFING-booklet.pdf of each document, to fold and staple.")
@flag("--archive", help="Make PDF/A-3b that holds the pack's source, to be kept for years.")
@flag("--watch", help="Stay, and build again whenever a file of the pack is saved.")
@flag("--json", "as_json", help="Print the content of build.json.")
@flag("--open", "opened", help="Open the PDFs when they are made.")
@how_much_options
def build(
    packs: tuple[Path, ...], out: Path, against: Path | None, tags: str, printed_in: Path | None, since: str, back_offset: str,
    printer: str, booklet: bool, archive: bool, as_json: bool, opened: bool,
    watch: bool, how_much: str | None, **run: Any,
) -> None:  # fmt: skip
    """Make the PDFs of one or more packs.

    Without PACK: the current folder if it holds pack.yaml, else every pack below content/.

    \b
    Examples:
      guide build
      guide build my-pack --only quiz --open
      guide build content/kosovo --only flashcards --stock index-3x5
      guide build my-pack --theme large-print --paper letter -o out
      guide build my-pack -D documents.flashcards.stock=a6 --strict
      guide build my-pack --stock 90x60mm --duplex fold --fit-report
      guide build my-pack --only briefing --booklet
      guide build my-pack --archive -o records
      guide build my-pack --tags unit-3,unit-4 --printer office
      guide build my-pack --only flashcards --only-changed-since build/my-pack/build.json
      guide build my-pack --since 1.2
      guide build my-pack --check build
      guide build my-pack --watch
      guide build content/* --jobs tcp://127.0.0.1:8786
    """
    from guide import pipeline

    chosen = tuple(tag for tag in re.split(r"[,\s]+", tags) if tag)
    printed = pipeline.printed_cards(printed_in) if printed_in else None
    settings = settings_of(
        run, tags=chosen, printed=printed, registration=_registration(back_offset, printer),
        booklet=booklet, archive=archive, epoch=_epoch() if archive else 0, since=since,
    )  # fmt: skip
    if against is not None:
        _check(find_packs(packs), against, settings, as_json)
    if watch:
        _watch(find_packs(packs), out, settings, how_much)
    _end(_built(find_packs(packs), out, settings, how_much), as_json, opened)


def _built(folders: list[Path], out: Path, settings: Settings, how_much: str | None) -> list[Built]:
    """Build packs, and say of each what was made; a cluster is given all of them at once."""
    from guide import pipeline
    from guide.screen.builds import report_built
    from guide.screen.problems import HowMuch
    from guide.screen.progress import progress_bars

    built = []
    if settings.cluster is not None and len(folders) > 1:
        for each in pipeline.build_all(folders, out, settings):
            built.append(each)
            report_built(each, HowMuch(how_much or "grouped"))
        return built
    for folder in folders:
        with progress_bars() as progress:
            built.append(pipeline.build(folder, out, _since(folder, settings), progress))
        report_built(built[-1], HowMuch(how_much or "grouped"))
    return built


def _since(folder: Path, settings: Settings) -> Settings:
    """Return the settings with the earlier state that `--since` names."""
    if not settings.since:
        return settings
    from dataclasses import replace

    from guide.actions.since import resolved

    name, before = resolved(folder, settings.since)
    return replace(settings, since=name, before=before)


def _end(built: Sequence[Built], as_json: bool, opened: bool) -> NoReturn:
    """Print what was made for programs, open it for people, and end with 1 if anything failed."""
    from guide.diagnostics.formats import plain_json

    if as_json:
        found = [each.as_json() for each in built]
        click.echo(plain_json(found[0] if len(found) == 1 else found))
    if opened:
        for output in (output for each in built for output in each.outputs):
            click.launch(output.path)
    click.get_current_context().exit(int(any(each.failed for each in built)))


def _watch(folders: list[Path], out: Path, settings: Settings, how_much: str | None) -> None:
    """Build a pack again and again until a signal ends it."""
    from guide.cli.preview import only_one
    from guide.diagnostics.diagnostic import GuideError
    from guide.screen.builds import report_built
    from guide.screen.problems import HowMuch, show
    from guide.screen.progress import progress_bars

    def report(came: Built | GuideError) -> None:
        if isinstance(came, GuideError):
            show(came.diagnostics, stream=sys.stderr)
        else:
            report_built(came, HowMuch(how_much or "grouped"))
        click.echo(f"watching {folder}; Ctrl-C ends it", err=True)

    folder = only_one(folders)
    optional("guide.preview.rebuild", "preview").rebuild(
        folder, out, settings, progress_bars, report
    )


def _check(folders: list[Path], against: Path, settings: Settings, as_json: bool) -> NoReturn:
    """Compare what is below a folder with what the packs give; end with 1 when it differs."""
    from guide.actions import compare
    from guide.diagnostics.formats import plain_json
    from guide.screen.builds import report_compared
    from guide.screen.problems import show
    from guide.screen.progress import progress_bars

    found = []
    for folder in folders:
        with progress_bars() as progress:
            found.append(compare.compare(folder, against, settings, progress))
        if as_json:
            show(found[-1].diagnostics, stream=sys.stderr)
        else:
            report_compared(found[-1])
    if as_json:
        plain = [each.as_json() for each in found]
        click.echo(plain_json(plain[0] if len(plain) == 1 else plain))
    click.get_current_context().exit(int(any(each.failed for each in found)))


def _epoch() -> int:
    """Return the day that reproducible builds give to what has none (reproducible-builds.org)."""
    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    return int(given) if given.isdecimal() and len(given) < 11 else 0


def _registration(offset: str, printer: str) -> Registration:
    """Return how the backs are moved: by the printer's profile, by an offset, or not at all."""
    from guide.model.printers import Registration

    if offset and printer:
        raise click.UsageError("--back-offset and --printer exclude each other")
    if not offset and not printer:
        return Registration()
    from guide.printing.profiles import parse_offset, profile

    if printer:
        return profile(printer).registration
    return Registration(*parsed(parse_offset, offset, "--back-offset"))
