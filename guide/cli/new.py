"""`guide new`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from guide.diagnostics.calling import command

EXAMPLE, STARTERS = "example", ("teacher", "briefing", "vocabulary", "exam")
"""Folders of templates/starters; named here, because `guide --help` imports no content."""


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--title", default="", metavar="TEXT",
              help="The pack's title, with text to replace instead of an example.")  # fmt: skip
@click.option("--template", default=EXAMPLE, type=click.Choice([EXAMPLE, *STARTERS]), metavar="NAME",
              help=f"What to start from: {', '.join(STARTERS)}. Without it: an example of every part.")  # fmt: skip
@click.option(
    "--blank", is_flag=True, help="Text to replace instead of an example; the title is DIR's name."
)
@click.option("--from", "file", default=None, metavar="FILE", type=click.Path(path_type=Path, dir_okay=False),
              help="Start from a file: notes in Markdown, or whatever `guide import` reads.")  # fmt: skip
def new(folder: Path, title: str, template: str, blank: bool, file: Path | None) -> None:
    """Write a small complete pack to start from, into a new folder.

    \b
    Examples:
      guide new my-pack
      guide new biology --title "Cells and Tissues"
      guide new volcanoes --template teacher
      guide new "Bio 9b" --template exam --blank
      guide new cycle --from notes.md
    """
    if file is not None:
        _from_file(file, folder, title)
        return
    from guide.actions.new import start

    count = start(folder, title, template, blank)
    click.echo(f"{folder}: {count} files. Next: {command('build', folder)}", err=True)


def _from_file(file: Path, folder: Path, title: str) -> None:
    """Make a pack of one file: headings become sections, terms a glossary, questions and answers cards."""
    from guide.actions import importing
    from guide.screen.imports import report
    from guide.screen.problems import show

    plan = importing.start_from(file, folder, title)
    show(plan.problems, stream=sys.stderr)
    if not plan.refused:
        importing.write(plan)
    report(plan, written=not plan.refused)
    if plan.refused:
        raise click.exceptions.Exit(1)
