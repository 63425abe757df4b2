"""`guide schema`."""

from __future__ import annotations

import json

import click


@click.command()
@click.argument("name", required=False)
def schema(name: str | None) -> None:
    """Print the JSON Schemas of a pack's files, all or one of them.

    \b
    Examples:
      guide schema
      guide schema cards > cards.schema.json
    """
    from guide.content.schema import schemas

    found = schemas()
    if name is not None and name not in found:
        raise click.BadParameter(f"{name!r}: choose from {', '.join(found)}", param_hint="NAME")
    click.echo(json.dumps(found[name] if name else found, indent=1, ensure_ascii=False))
