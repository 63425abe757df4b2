"""`guide printers`."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import click

from guide.cli.options import parsed

if TYPE_CHECKING:
    from guide.model.printers import Profile


@click.group(invoke_without_command=True)
@click.pass_context
def printers(ctx: click.Context) -> None:
    """List printers and what is stored of them.

    A profile is a name of yours for a printer, with its queue, tray and price; guide calibrate
    adds how far off it prints backs. It is in your configuration, not in a pack.

    \b
    Examples:
      guide printers
      guide printers set office --queue HP_LaserJet --tray tray-2 --default
      guide printers set office --cost-per-sheet 0.01 --cost-per-side 0.02 --currency EUR
      guide printers remove office
    """
    if ctx.invoked_subcommand is None:
        _list()


def _list() -> None:
    from guide.printing import cups
    from guide.printing.profiles import profiles

    known = profiles()
    try:
        cups.available()
        queues, default = cups.queues(), cups.default_queue()
        click.echo("queues of CUPS" if queues else "CUPS has no queues")
        for queue in queues:
            refused = cups.refusal(queue)
            marks = ["default"] if queue == default else []
            marks += [refused.message] if refused else []
            click.echo(f"  {queue:<20} {'; '.join(marks)}".rstrip())
    except cups.NoCups as exc:
        click.echo(f"CUPS is {exc}", err=True)
    click.echo("profiles" if known else "no profiles; make one: guide printers set --help")
    for name, profile in known.items():
        click.echo(f"  {name:<20} {_said(profile)}".rstrip())


def _said(profile: Profile) -> str:
    """Return a profile in words."""
    unit = f" {profile.currency}" if profile.currency else ""
    duplex = {None: "", True: "has a duplexer", False: "prints one side"}[profile.duplex]
    moved = profile.registration
    parts = [
        "default" if profile.default else "",
        f"queue {profile.queue}" if profile.queue else "",
        f"tray {profile.tray}" if profile.tray else "",
        duplex,
        f"{profile.cost_per_sheet}{unit} a sheet" if profile.cost_per_sheet is not None else "",
        f"{profile.cost_per_side}{unit} a side" if profile.cost_per_side is not None else "",
        "" if moved.is_none else f"backs {moved.right:g}, {moved.down:g} mm off",
    ]
    return ", ".join(part for part in parts if part)


def _price(_: click.Context, __: click.Parameter, value: str | None) -> Any:
    from guide.printing.profiles import parse_cost

    return None if value is None else parsed(parse_cost, value)


def _word(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    if value is not None and not (value.isprintable() and len(value) <= 200):
        raise click.BadParameter("write it with letters, digits and signs")
    return value


@printers.command("set")
@click.argument("name", callback=_word)
@click.option("--queue", callback=_word, help="The printer's name in CUPS.")
@click.option("--tray", callback=_word, help="Where its paper comes from: tray-2, by-pass-tray.")
@click.option("--duplex", type=click.Choice(["yes", "no", "auto"]),
              help="Whether it prints both sides; auto asks the printer.")  # fmt: skip
@click.option(
    "--cost-per-sheet", callback=_price, metavar="0.01", help="Price of a sheet of paper."
)
@click.option("--cost-per-side", callback=_price, metavar="0.02", help="Price of printing a side.")
@click.option("--currency", callback=_word, metavar="EUR", help="What the prices are in.")
@click.option("--default", "default", flag_value=True, default=None, type=bool,
              help="Print here unless --printer says otherwise.")  # fmt: skip
def set_(name: str, duplex: str | None, **given: Any) -> None:
    """Store what is given of a printer under NAME; the rest stays as it was.

    An empty text removes: --tray "".

    \b
    Examples:
      guide printers set office --queue HP_LaserJet --duplex yes --default
      guide printers set cards --queue HP_LaserJet --tray by-pass-tray
    """
    from guide.model.printers import Profile
    from guide.printing.profiles import profiles, save

    if not name.strip():
        raise click.BadParameter("give the printer a name", param_hint="NAME")
    changes = {key: value for key, value in given.items() if value is not None}
    if duplex is not None:
        changes["duplex"] = {"yes": True, "no": False, "auto": None}[duplex]
    if not changes:
        raise click.UsageError("say what to store: guide printers set --help")
    profile = dataclasses.replace(profiles().get(name, Profile()), **changes)
    path = save(name, profile)
    click.echo(f"{name}: {_said(profile)}\nstored in {path}; use it: guide print --printer {name}")


@printers.command("remove")
@click.argument("name")
def remove(name: str) -> None:
    """Forget what is stored under NAME.

    \b
    Example:
      guide printers remove office
    """
    from guide.printing.profiles import forget

    click.echo(f"{name} is removed from {forget(name)}")
