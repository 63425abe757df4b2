"""`guide import`."""  # noqa: N999  the name of the command

from __future__ import annotations

import sys
from pathlib import Path

import click

from guide.cli.options import FILE, FOLDER, flag, options, text


@click.command("import")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=FILE)
@options(
    click.option("--into", type=FOLDER, metavar="PACK",
                 help="The pack; a folder that does not exist yet becomes a new one. Without it: the pack in the "
                 "current folder, or a new one beside the file."),
    flag("--write", help="Write it. Without this option, guide shows what would be written."),
    text("--columns", metavar="NAMES", help="What the columns of a table are, in their order: front,back,hint,tags,cloze, "
         "and - for one to leave out."),
    text("--encoding", metavar="NAME", help="The encoding of a text file, such as cp1252 or mac_roman."),
    text("--separator", metavar="TEXT", help='What is between front and back in a text file: " - ", \\t.'),
    text("--between", metavar="TEXT", help='What is between two cards in a text file: ";", \\n\\n. Otherwise: a new line.'),
    click.option("--text", "text_", default="", type=click.Choice(["", "plain", "markdown", "html"]), metavar="KIND",
                 help="What the texts of a table are: plain, markdown or html. Otherwise: HTML where there are tags."),
    text("--title", metavar="TEXT", help="The title of a new pack."),
    text("--lang", metavar="TAG", help="The language of a new pack, such as de; en without it."),
    flag("--skip-unreadable", help="Import the rest when some entries cannot be read."),
)  # fmt: skip
def import_(
    files: tuple[Path, ...], into: Path | None, write: bool, columns: str, encoding: str, separator: str, between: str,
    text_: str, title: str, lang: str, skip_unreadable: bool,
) -> None:  # fmt: skip
    """Bring cards, questions and texts of other programs into a pack.

    Reads Quizlet's text, CSV, TSV, .xlsx (also Kahoot's), Anki's .apkg, .colpkg and text, Markdown of Obsidian and
    hashcards, .docx, GIFT and Moodle XML. The same file again changes nothing; an edited one changes what was edited
    in it; what was edited in the pack since stays, and is reported.

    \b
    Examples:
      guide import spanish.txt
      guide import spanish.txt --into spanish --write
      guide import words.csv --columns back,front,tags --encoding cp1252
    """
    from guide.actions import importing
    from guide.exchange.reading.found import Options
    from guide.screen.imports import report
    from guide.screen.problems import show

    named = tuple(name.strip() for name in columns.split(",")) if columns else ()
    how = Options(named, encoding, separator, between, text_)
    plan = importing.plan(
        files, _pack(into, files), how, title=title, lang=lang, skip=skip_unreadable
    )
    show(plan.problems, stream=sys.stderr)
    wrong = plan.refused and not skip_unreadable
    if write and not wrong:
        importing.write(plan)
    report(plan, written=write and not wrong)
    if wrong:
        raise click.exceptions.Exit(1)


def _pack(into: Path | None, files: tuple[Path, ...]) -> Path:
    from guide.content.slugs import slug

    if into is not None:
        return into.parent if into.name == "pack.yaml" else into
    return Path() if Path("pack.yaml").is_file() else Path(slug(files[0].stem))
