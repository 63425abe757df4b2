"""`guide new`."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--title", default="", metavar="TEXT", help="The pack's title.")
def new(folder: Path, title: str) -> None:
    """Write a small complete pack to start from, into a new folder.

    \b
    Examples:
      guide new my-pack
      guide new biology --title "Cells and Tissues"
    """
    from guide.actions.new import start

    count = start(folder, title)
    click.echo(f"{folder}: {count} files. Next: guide build {folder}", err=True)
