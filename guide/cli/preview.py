"""`guide preview`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from guide.cli.options import by_hand, find_packs, optional, run_options, settings_of


@click.command()
@click.argument("pack", required=False, type=click.Path(path_type=Path))
@run_options
@click.option("--port", type=click.IntRange(0, 65535), default=4200, show_default=True,
              help="The port, or the next free one; 0 for any.")  # fmt: skip
@click.option("--open/--no-open", "browser", default=True, show_default=True,
              help="Open the browser, or print the address only.")  # fmt: skip
def preview(pack: Path | None, port: int, browser: bool, **run: Any) -> None:
    """Show the pages of a pack in the browser, and show them anew whenever a file of it is saved.

    Only this machine can reach it. See docs/preview.md.

    \b
    Examples:
      guide preview
      guide preview my-pack
      guide preview my-pack --only flashcards --theme large-print
      guide preview my-pack --port 4300 --no-open
    """
    settings = settings_of(run)
    if settings.cluster is not None and by_hand("jobs"):
        raise click.UsageError("the preview works on this machine: give --jobs a number")
    folder = only_one(find_packs((pack,) if pack else ()))
    optional("guide.preview.serve", "preview").serve(folder, settings, port, browser, click.echo)


def only_one(folders: list[Path]) -> Path:
    """Return the pack to watch; raises click.UsageError for several, and GuideError for none."""
    from guide.diagnostics.diagnostic import GuideError, Place, error

    if len(folders) > 1:
        names = ", ".join(str(folder) for folder in folders[:8])
        raise click.UsageError(f"one pack can be watched at a time; choose one of {names}")
    folder = folders[0]
    if not (folder / "pack.yaml").is_file():
        from guide.content.load import load_pack

        raise GuideError(*(d.within(str(folder)) for d in load_pack(folder)[1]))
    if not os.access(folder / "pack.yaml", os.R_OK):
        hint = "Check the permissions of the file and of its folder."
        place = Place(str(folder / "pack.yaml"))
        raise GuideError(error("unreadable-file", "the file cannot be read", place, hint))
    return folder
