"""`guide stock`."""

from __future__ import annotations

import click


@click.command()
@click.argument("name", required=False)
def stock(name: str | None) -> None:
    """List the card stock, or show one in detail.

    \b
    Examples:
      guide stock
      guide stock index-3x5
    """
    from guide.content.library import all_stock, load_stock
    from guide.errors import Place

    if name is None:
        for each in all_stock().values():
            click.echo(f"{each.name:<14} {each.title}")
        return
    found = load_stock(name, Place(""))
    click.echo(f"{found.name}: {found.title}")
    click.echo(f"paper    {found.paper.name}, {found.paper.width:g} x {found.paper.height:g} mm")
    click.echo(f"card     {found.card[0]:g} x {found.card[1]:g} mm")
    click.echo(f"grid     {found.columns} x {found.rows}, {found.per_sheet} a sheet")
    click.echo(f"origin   {found.origin[0]:g}, {found.origin[1]:g} mm from the top left")
    click.echo(f"pitch    {found.pitch[0]:g}, {found.pitch[1]:g} mm")
    click.echo(f"type     {found.sizes[0]:g} to {found.sizes[-1]:g} pt")
    click.echo(f"aliases  {', '.join(found.aliases) or '-'}")
