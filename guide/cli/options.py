"""Options and arguments that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def packs_argument(command: F) -> F:
    """Add the argument PACK..."""
    return click.argument("packs", nargs=-1, metavar="[PACK]...", type=click.Path(path_type=Path))(
        command
    )


def find_packs(given: tuple[Path, ...]) -> list[Path]:
    """Return the folders to work on: those given, the current one, or all below content/.

    Raises click.UsageError when there is none.
    """
    if given:
        names = [path.resolve().name for path in given]
        if twice := next((name for name in names if names.count(name) > 1), ""):
            raise click.UsageError(
                f"two packs have the folder name {twice!r} and would overwrite each other; "
                "build them one at a time, each with its own -o DIR"
            )
        return [path.parent if path.name == "pack.yaml" else path for path in given]
    if Path("pack.yaml").is_file():
        return [Path()]
    found = sorted(path.parent for path in Path("content").glob("*/pack.yaml"))
    if not found:
        raise click.UsageError(
            "no pack here: give a folder that holds pack.yaml, or start one with `guide new DIR`"
        )
    return found


def _pairs(
    _: click.Context, __: click.Parameter, values: tuple[str, ...]
) -> tuple[tuple[str, str], ...]:
    pairs = []
    for value in values:
        key, equals, text = value.partition("=")
        if not equals or not all(key.strip().split(".")):
            raise click.BadParameter(
                f"{value!r}: write KEY=VALUE, such as documents.flashcards.stock=a6"
            )
        pairs.append((key.strip(), text))
    return tuple(pairs)


_HOW = (
    click.option("-D", "overrides", multiple=True, metavar="KEY=VALUE", callback=_pairs,
                 help="Set a value of pack.yaml for this run."),
    click.option("--jobs", type=click.IntRange(0, 64), default=0, metavar="N",
                 help="Processes to use; all cores when left out, none but this one with 1."),
    click.option("--no-cache", "cache", flag_value=False, default=True, type=bool,
                 help="Neither read nor write the cache."),
    click.option("--strict", is_flag=True, help="Treat warnings as errors."),
)  # fmt: skip

_RUN = (
    click.option("--only", "kinds", multiple=True, metavar="KIND",
                 help="Make only this kind of document: briefing, flashcards, handout, quiz. May be repeated."),
    click.option("--edition", default="", metavar="NAME", help="An edition of pack.yaml."),
    click.option("--paper", default="", metavar="PAPER", help="a4, letter, a5, a3, legal or 170x240mm."),
    click.option("--theme", default="", metavar="NAME", help="default, large-print or ink-saver."),
    click.option("--stock", default="", metavar="NAME",
                 help="Card stock: a name or part number of guide stock, or a size: 90x60mm."),
    click.option("--duplex", default="",
                 type=click.Choice(["", "long-edge", "short-edge", "fold", "none"]),
                 metavar="HOW", help="long-edge, short-edge, fold or none."),
    *_HOW,
)  # fmt: skip


def run_options(command: F) -> F:
    """Add the options of a run."""
    for option in reversed(_RUN):
        command = option(command)
    return command


def how_options(command: F) -> F:
    """Add the options of a run that chooses its document itself: -D, --jobs, --strict and so on."""
    for option in reversed(_HOW):
        command = option(command)
    return command


def how_much_options(command: F) -> F:
    """Add --all and --quiet, as one argument `how_much`: "all", "quiet" or "grouped"."""
    for name, text in (
        ("quiet", "Print errors alone."),
        ("all", "List every problem, however many are of one kind."),
    ):
        command = click.option(f"--{name}", "how_much", flag_value=name, help=text)(command)
    return command
