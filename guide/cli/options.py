"""Options and arguments that several commands share."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from guide.cli import values

if TYPE_CHECKING:
    from guide.pipeline.settings import Settings

    _Kind = click.ParamType[int | str, Any]
else:
    _Kind = click.ParamType  # click 8.2 gives it no types

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")
FOLDER = click.Path(path_type=Path)
FILE = click.Path(path_type=Path, dir_okay=False)
FOUND = click.Path(path_type=Path, dir_okay=False, exists=True)
packs_argument = click.argument("packs", nargs=-1, metavar="[PACK]...", type=FOLDER)


def text(*names: str, metavar: str, help: str, **more: Any) -> Callable[[F], F]:  # noqa: A002
    """Return an option that takes a text, '' when it is not given."""
    return click.option(*names, default="", metavar=metavar, help=help, **more)


def flag(*names: str, help: str) -> Callable[[F], F]:  # noqa: A002
    """Return an option without a value."""
    return click.option(*names, is_flag=True, help=help)


def parsed(parse: Callable[[str], T], value: str, option: str | None = None) -> T:
    """Return a value as `parse` reads it; a ValueError is one of how the option was used."""
    try:
        return parse(value)
    except ValueError as exc:
        raise click.BadParameter(str(exc), param_hint=option) from exc


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


def pairs(
    _: click.Context, __: click.Parameter, values: tuple[str, ...]
) -> tuple[tuple[str, str], ...]:
    """Return the key and the value of each KEY=VALUE that was given."""
    found = []
    for value in values:
        key, equals, text = value.partition("=")
        if not equals or not all(key.strip().split(".")):
            raise click.BadParameter(
                f"{value!r}: write KEY=VALUE, such as documents.flashcards.stock=a6"
            )
        found.append((key.strip(), text))
    return tuple(found)


class _Jobs(_Kind):
    """A number of processes, or the address of a cluster's scheduler."""

    name = "jobs"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | str:
        """Return a number, or an address."""
        from guide.cluster.address import parse

        text = str(value).strip()
        if text.isascii() and text.isdigit() and int(text) <= 64:
            return int(text)
        try:
            return parse(text)
        except ValueError as exc:
            self.fail(f"{exc}; or a number from 0 to 64", param, ctx)


def settings_of(run: dict[str, Any], **more: Any) -> Settings:
    """Return what a run asks for, of what its options gave."""
    from guide.cluster.address import Cluster
    from guide.pipeline.settings import Settings

    jobs, insecure = run.pop("jobs"), run.pop("insecure_cluster")
    if isinstance(jobs, str):
        run["cluster"] = Cluster(jobs, insecure)
    else:
        run["jobs"] = jobs
    return Settings(**run, **more)


def by_hand(name: str) -> bool:
    """Return whether an option was typed, and is not from the environment."""
    source = click.get_current_context().get_parameter_source(name)
    return source is click.core.ParameterSource.COMMANDLINE


_HOW = (
    click.option("-D", "overrides", multiple=True, metavar="KEY=VALUE", callback=pairs,
                 help="Set a value of pack.yaml for this run."),
    click.option("--jobs", type=_Jobs(), default="0", metavar="N|ADDRESS", envvar="GUIDE_SCHEDULER",
                 help="Processes to use; all cores when left out, none but this one with 1. With an "
                 "address, tcp://HOST:8786 or tls://HOST:8786, the workers of that Dask scheduler."),
    flag("--insecure-cluster",
         help="Allow a cluster on other machines without TLS, on a network you trust."),
    click.option("--no-cache", "cache", flag_value=False, default=True, type=bool,
                 help="Neither read nor write the cache."),
    flag("--strict", help="Treat warnings as errors."),
)  # fmt: skip

_RUN = (
    click.option("--only", "kinds", multiple=True, metavar="KIND", shell_complete=values.kinds,
                 help="Make only this kind of document: briefing, flashcards, handout, quiz. May be repeated."),
    text("--edition", metavar="NAME", shell_complete=values.editions, help="An edition of pack.yaml."),
    text("--paper", metavar="PAPER", help="a4, letter, a5, a3, legal or 170x240mm."),
    text("--theme", metavar="NAME", shell_complete=values.themes, help="default, large-print or ink-saver."),
    text("--stock", metavar="NAME", shell_complete=values.stocks,
         help="Card stock: a name or part number of guide stock, or a size: 90x60mm."),
    click.option("--duplex", default="",
                 type=click.Choice(["", "long-edge", "short-edge", "fold", "none"]),
                 metavar="HOW", help="long-edge, short-edge, fold or none."),
    *_HOW,
)  # fmt: skip


def options(*several: Callable[[Any], Any]) -> Callable[[F], F]:
    """Return several options as one decorator."""

    def add(command: F) -> F:
        for option in reversed(several):
            command = option(command)
        return command

    return add


run_options = options(*_RUN)
how_options = options(*_HOW)  # of a run that chooses its document itself
how_much_options = options(
    click.option("--quiet", "how_much", flag_value="quiet", help="Print errors alone."),
    click.option("--all", "how_much", flag_value="all",
                 help="List every problem, however many are of one kind."),
)  # fmt: skip


def optional(module: str, extra: str) -> Any:
    """Return a module whose libraries an extra brings; raises GuideError when one is missing."""
    from guide.diagnostics.calling import install
    from guide.diagnostics.diagnostic import GuideError, Place, error

    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as exc:
        message = f"a library that this command needs is not installed: {exc.name}"
        hint = f"Install it: `{install(extra)}`."
        raise GuideError(error("cannot-start", message, Place(""), hint)) from exc
