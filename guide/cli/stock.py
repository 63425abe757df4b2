"""`guide stock`."""

from __future__ import annotations

import sys
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

import click

from guide.cli.options import FILE, parsed

if TYPE_CHECKING:
    from guide.model.kinds import Stock

_WIDTH = 44  # columns of a drawing
_SMALL = 15  # columns of a drawing in the list


@click.command()
@click.argument("name", required=False)
@click.option("--paper", default="a4", show_default=True, metavar="PAPER",
              help="The sheet, for a size such as 90x60mm.")  # fmt: skip
@click.option(
    "--draw/--no-draw", default=None, help="Draw each in the list; the default on a terminal."
)
@click.option("--pdf", "pdf", type=FILE, metavar="FILE",
              help="Draw the stock to scale, with its numbers, as a PDF.")  # fmt: skip
def stock(name: str | None, paper: str, draw: bool | None, pdf: Path | None) -> None:
    """List the card stock, or show one in detail.

    NAME is a name, a part number or a size. Your own stock is a YAML file in your pack's folder
    templates/stock/; its format is that of the files in guide's own.

    \b
    Examples:
      guide stock
      guide stock index-3x5
      guide stock "avery 5371"
      guide stock 90x60mm --paper letter
      guide stock --pdf stock.pdf
    """
    from guide.content.library import all_stock, load_stock
    from guide.diagnostics.diagnostic import Place
    from guide.units import parse_paper

    if name is None:
        found = list(all_stock().values())
        if pdf is None:
            _list(found, sys.stdout.isatty() if draw is None else draw)
    else:
        sheet = parsed(parse_paper, paper, "--paper")
        found = [load_stock(name, Place(""), paper=sheet)]
        if pdf is None:
            _show(found[0])
    if pdf is not None:
        from guide.actions.stock import draw_stock

        pages = draw_stock(found, pdf)
        click.echo(f"{pdf}: {pages} page{'s' if pages != 1 else ''}")


def _list(found: list[Stock], draw: bool) -> None:
    width = max(len(each.name) for each in found)
    for each in found:
        click.echo(f"{each.name:<{width}}  {each.title}")
        if draw:
            size = f"{each.card[0]:g} x {each.card[1]:g} mm, {each.per_sheet} a sheet"
            notes = [size, f"type {each.sizes[0]:g} to {each.sizes[-1]:g} pt"]
            sheet = drawing(each, _SMALL if each.paper.width <= each.paper.height else _SMALL * 2)
            for n, line in enumerate(sheet):
                note = notes[n - 1] if 0 < n <= len(notes) else ""
                click.echo(f"  {line:<{_SMALL * 2}}  {note}".rstrip())
            click.echo("")


def _show(found: Stock) -> None:
    left, top, right, bottom = found.margins
    lines = [
        ("paper", f"{found.paper.name}, {found.paper.width:g} x {found.paper.height:g} mm"),
        ("card", f"{found.card[0]:g} x {found.card[1]:g} mm"),
        ("grid", f"{found.columns} x {found.rows}, {found.per_sheet} a sheet"),
        ("origin", f"{found.origin[0]:g}, {found.origin[1]:g} mm from the top left"),
        ("pitch", f"{found.pitch[0]:g}, {found.pitch[1]:g} mm"),
        ("gutters", f"{found.gutters[0]:g}, {found.gutters[1]:g} mm"),
        ("margins", f"left {left:g}, top {top:g}, right {right:g}, bottom {bottom:g} mm"),
        ("safe", f"text stays {found.safe:g} mm inside the trim"),
        ("corner", f"radius {found.corner:g} mm" if found.corner else "square"),
        ("type", f"{found.sizes[0]:g} to {found.sizes[-1]:g} pt"),
        ("aliases", ", ".join(found.aliases) or "-"),
    ]
    click.echo(f"{found.name}: {found.title}\n")
    for name, text in lines:
        click.echo(f"  {name:<8} {text}")
    click.echo("")
    for line in drawing(found):
        click.echo(f"  {line}".rstrip())


def drawing(stock: Stock, width: int = _WIDTH) -> list[str]:
    """Return the sheet in characters: its edge, and a box with its number for each card."""
    from guide.sheets.plan_cards import cell

    across = width - 1
    least = 2 * stock.paper.height / stock.card[1]  # a card is two lines high, for its number
    down = max(ceil(least), round(across * stock.paper.height / stock.paper.width / 2))
    rows = [[" "] * (across + 1) for _ in range(down + 1)]

    def box(left: float, top: float, w: float, h: float, signs: str) -> tuple[int, int, int, int]:
        x1, x2 = (round(x / stock.paper.width * across) for x in (left, left + w))
        y1, y2 = (round(y / stock.paper.height * down) for y in (top, top + h))
        for x in range(x1, x2 + 1):
            rows[y1][x] = rows[y2][x] = signs[0]
        for y in range(y1, y2 + 1):
            rows[y][x1] = rows[y][x2] = signs[1]
        for x, y in ((x1, y1), (x2, y1), (x1, y2), (x2, y2)):
            rows[y][x] = signs[2]
        return x1, y1, x2, y2

    for index in range(stock.per_sheet):
        x1, y1, x2, y2 = box(*cell(stock, index), *stock.card, "-|+")
        text = str(index + 1)
        middle = (x1 + x2 - len(text) + 1) // 2
        if y2 - y1 > 1 and x2 - x1 > len(text):
            rows[(y1 + y2) // 2][middle : middle + len(text)] = list(text)
    box(0, 0, stock.paper.width, stock.paper.height, "=#+")
    return ["".join(row) for row in rows]
