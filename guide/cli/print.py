"""`guide print`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from guide.cli.options import FOLDER, find_packs, flag, pairs, text

MANY = 50  # sheets; more are printed only when they were asked for twice


@click.command("print")
@click.argument("source", required=False, metavar="[PACK|PDF]", type=click.Path(path_type=Path))
@text("--printer", metavar="NAME", help="A profile of guide printers, or a queue of CUPS.")
@click.option("--copies", type=click.IntRange(1, 999), default=1, show_default=True, metavar="N")
@click.option("--kind", "kinds", multiple=True, metavar="KIND",
              help="What to print of a pack: flashcards, briefing, or a file's name without .pdf: "
              "quiz-answers. May be repeated.")  # fmt: skip
@text("--pages", metavar="3-8,10", help="Only these pages.")
@click.option("--sides", type=click.Choice(["one", "long-edge", "short-edge"]), default=None,
              help="One side, or both and the edge about which sheets are turned.")  # fmt: skip
@text("--tray", metavar="NAME", help="Where the paper comes from.")
@text("--media", metavar="PAPER", help="Print on this paper: a4, letter or na_index-3x5_3x5in.")
@flag("--fit", help="Let the printer scale pages to the paper. Not for cards.")
@flag("--manual-duplex", "manual",
      help="Print fronts, wait until you have turned the stack, print backs.")  # fmt: skip
@text("--edition", metavar="NAME", help="An edition of pack.yaml.")
@click.option("-D", "overrides", multiple=True, metavar="KEY=VALUE", callback=pairs,
              help="Set a value of pack.yaml for this run.")  # fmt: skip
@click.option("-o", "out", type=FOLDER, default=Path("build"), metavar="DIR", show_default=True,
              help="Where the pack's PDFs land.")  # fmt: skip
@flag("--dry-run", help="Show all of it and the command; send nothing.")
@flag("--yes", help=f"Do not ask before more than {MANY} sheets.")
@flag("--no-wait", help="Send, and do not follow the job.")
@click.option("--timeout", type=click.IntRange(1), default=600, show_default=True,
              metavar="SECONDS", help="Follow a job until nothing has changed for so long.")  # fmt: skip
def print_(
    source: Path | None, copies: int, pages: str, sides: str | None, tray: str, media: str,
    fit: bool, manual: bool, yes: bool, no_wait: bool, timeout: int, **asked: Any,
) -> None:  # fmt: skip
    """Print a pack's documents, or any PDF, as they must be printed.

    Paper, sides and the edge to turn come from the PDF itself; nothing is scaled. A PDF that does
    not say is printed on both sides: about the long edge, landscape pages about the short one.

    A PACK is built first. What to print is said with --kind, unless the pack makes one kind only;
    a kind's file for the screen and its answer key are printed only by their names. The printer is
    that of --printer, else the default of guide printers, else of CUPS, else the only one.

    \b
    Examples:
      guide print my-pack --kind flashcards --tray by-pass-tray
      guide print my-pack --kind handout --copies 30 --printer office
      guide print build/my-pack/briefing.pdf --pages 3-8 --dry-run
      guide print my-pack --kind flashcards --manual-duplex
    """
    from guide.actions.print import Request, print_documents
    from guide.printing.job import Wishes
    from guide.screen import printing

    folder = _pack(source)
    pack_only = {"--kind": asked["kinds"], "--edition": asked["edition"], "-D": asked["overrides"]}
    if folder is None and (given := [name for name, value in pack_only.items() if value]):
        raise click.UsageError(f"{given[0]} is for packs, and {source} is a file")
    wishes = Wishes(copies, pages, sides or "", media, fit, tray, manual=manual)
    request = Request(
        source=folder or source or Path(), is_pack=folder is not None, wishes=wishes,
        most=None if yes else MANY, patience=None if no_wait else timeout, **asked,
    )  # fmt: skip
    ask = _ask if sys.stdin.isatty() else None
    click.get_current_context().exit(print_documents(request, printing, ask))


def _pack(source: Path | None) -> Path | None:
    """Return the folder of the pack to print, None when the source is a file."""
    if source is not None and source.name != "pack.yaml" and not source.is_dir():
        return None
    folders = find_packs((source,) if source else ())
    if len(folders) > 1:
        names = ", ".join(str(each) for each in folders)
        raise click.UsageError(f"there is more than one pack here; say which: {names}")
    return folders[0]


def _ask(question: str, confirm: bool) -> str:
    if confirm:
        click.confirm(question, abort=True, err=True)
        return ""
    answer: str = click.prompt(question, default="", show_default=False, err=True)
    return answer
