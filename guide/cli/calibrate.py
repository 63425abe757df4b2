"""`guide calibrate`."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import click

from guide.cli.options import FILE, flag, parsed, text

if TYPE_CHECKING:
    from guide.model.printers import Registration


@click.command()
@click.option("-o", "out", type=FILE, default=Path("calibration.pdf"), show_default=True,
              metavar="FILE", help="Where the sheet is written.")  # fmt: skip
@click.option("--paper", default="a4", show_default=True, metavar="PAPER",
              help="a4, letter, a4-landscape or 170x240mm.")  # fmt: skip
@click.option("--duplex", type=click.Choice(["long-edge", "short-edge"]), default="long-edge",
              show_default=True, help="The edge about which the printer turns the sheet.")  # fmt: skip
@click.option("--read", "readings", multiple=True, metavar="CROSS=RIGHT,DOWN",
              help="What you read at C, TL, TR, BL or BR, in mm. May be repeated.")  # fmt: skip
@text("--save", "name", metavar="NAME", help="Store the readings under a name for this printer.")
@flag("--list", "show", help="Show the stored profiles.")
def calibrate(
    out: Path, paper: str, duplex: str, readings: tuple[str, ...], name: str, show: bool
) -> None:
    """Make the back of a sheet lie behind its front.

    Without --save: writes a sheet of two pages to print. It says how to read, against the light,
    how far off the printer sets the back. With --save: stores what you read; guide build --printer
    NAME then moves the backs.

    \b
    Examples:
      guide calibrate
      guide calibrate --paper letter -o sheet.pdf
      guide calibrate --save office --read C=0.4,-0.8
      guide calibrate --save office --read C=0.4,-0.8 --read TL=0.5,-0.7 --read BR=0.3,-0.9
      guide build my-pack --printer office
    """
    from guide.actions.calibrate import write_calibration
    from guide.model.printers import Profile
    from guide.printing import profiles
    from guide.units import parse_paper

    sheet = parsed(parse_paper, paper, "--paper")
    known = profiles.profiles() if show or name else {}
    if show:
        for each, stored in sorted(known.items()):
            click.echo(f"{each:<16} {_said(stored.registration)}")
        return
    if bool(name) != bool(readings):
        raise click.UsageError(
            "--save and --read go together: guide calibrate --save office --read C=0.4,-0.8"
        )
    if name:
        read = dict(_reading(text) for text in readings)
        found = profiles.fitted(read, sheet.width, sheet.height)
        profile = dataclasses.replace(known.get(name, Profile()), registration=found)
        path = profiles.save(name, profile)
        click.echo(
            f"{name}: {_said(found)}\nstored in {path}; use it: guide build --printer {name}"
        )
        return
    write_calibration(sheet, duplex, out)
    click.echo(f"{out}: print it two-sided at 100 %, flip on the {duplex.replace('-', ' ')}")


def _reading(text: str) -> tuple[str, tuple[float, float]]:
    from guide.printing.profiles import crosses, parse_offset

    cross, _, value = text.partition("=")
    cross = cross.strip().upper()
    if cross not in crosses(210, 297):
        message = f"{cross!r} is not one of the crosses C, TL, TR, BL, BR: write --read C=0.4,-0.8"
        raise click.BadParameter(message, param_hint="--read")
    try:
        return cross, parse_offset(value)
    except ValueError as exc:
        raise click.BadParameter(f"{exc}: write --read C=0.4,-0.8", param_hint="--read") from exc


def _said(found: Registration) -> str:
    """Return a registration in words."""
    parts = [f"right {found.right:g} mm, down {found.down:g} mm"]
    if found.rotation:
        parts.append(f"rotation {found.rotation:g} degrees")
    if found.scale != 100:
        parts.append(f"scale {found.scale:g} %")
    return ", ".join(parts)
