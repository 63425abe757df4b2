"""`guide export`."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import click

from guide.cli import values
from guide.cli.options import FILE, FOLDER, find_packs, flag, text

_FORMATS = ("anki", "csv", "quizlet", "moodle", "gift", "qti", "kahoot")
_KINDS = ("cards", "glossary", "timeline", "actors", "facts", "questions")


@click.command()
@click.argument("form", metavar="FORMAT", type=click.Choice(_FORMATS))
@click.argument("pack", required=False, metavar="[PACK]", type=FOLDER)
@click.option("-o", "out", type=FILE, default=None, metavar="FILE",
              help="The file to write; build/PACK/PACK.apkg (or .csv, .xml ...) when omitted.")  # fmt: skip
@text("--edition", metavar="NAME", shell_complete=values.editions, help="An edition of pack.yaml.")
@text("--tags", metavar="A,B", help="Only what has one of these tags.")
@click.option("--kind", "kinds", multiple=True, type=click.Choice(_KINDS), metavar="PART",
              help="Only this part of the pack: cards, glossary, timeline, actors, facts or questions. May be repeated.")  # fmt: skip
@flag("--decks", help="Anki: a deck for each topic inside that of the pack.")
def export(
    form: str,
    pack: Path | None,
    out: Path | None,
    edition: str,
    tags: str,
    kinds: tuple[str, ...],
    decks: bool,
) -> None:
    """Write a pack's cards or questions for another program.

    FORMAT is anki, csv or quizlet for cards; moodle, gift, qti or kahoot for questions. What a format cannot carry is
    reported at its line.

    \b
    Examples:
      guide export anki my-pack
      guide export anki my-pack --tags unit-3 --decks -o unit-3.apkg
      guide export moodle my-pack --edition student
      guide export csv my-pack --kind glossary
    """
    from guide.actions.export import export as written
    from guide.exchange.writing.chosen import Wanted
    from guide.screen.problems import show

    folders = find_packs((pack,) if pack else ())
    if len(folders) > 1:
        raise click.UsageError("give one PACK: there are several below content/")
    chosen = tuple(tag for tag in re.split(r"[,\s]+", tags) if tag)
    made = written(folders[0], form, Wanted(edition, chosen, kinds, decks), out)
    show(made.diagnostics, stream=sys.stderr)
    click.echo(f"{made.count} {made.what}", err=True)
    click.echo(made.path)
