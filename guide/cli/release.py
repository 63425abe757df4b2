"""`guide release`."""

from __future__ import annotations

from pathlib import Path

import click

from guide.cli.options import find_packs, packs_argument


@click.command()
@packs_argument
def release(packs: tuple[Path, ...]) -> None:
    """Record the state of all items under the version in pack.yaml.

    guide.lock keeps it: `guide build --since 1.2` prints what changed since. A version that was released with other
    content is refused.

    \b
    Examples:
      guide release
      guide release my-pack
    """
    from guide.actions.release import release as made_of

    for folder in find_packs(packs):
        made = made_of(folder)
        if made.text:
            click.echo(
                f"{folder}: version {made.version} released, {made.count} items ({made.changes})",
                err=True,
            )
        else:
            click.echo(
                f"{folder}: version {made.version} was released, and nothing changed since",
                err=True,
            )
