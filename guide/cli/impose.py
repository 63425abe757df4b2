"""`guide impose`."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from guide.cli.options import FILE, flag, parsed, text

if TYPE_CHECKING:
    from guide.sheets.impose_pages import Pressed
    from guide.units import Paper

_MOST = 12  # sheets of a poster in one direction


@click.command()
@click.argument("source", metavar="IN.pdf", type=FILE)
@click.argument("target", metavar="OUT.pdf", type=FILE)
@flag("--booklet", help="Two pages a side, to fold and staple in the middle.")
@click.option("--n-up", "count", type=click.Choice(["2", "3", "4", "6", "8", "9", "12", "16"]),
              metavar="N", help="2, 4, 6 ... pages on a side.")  # fmt: skip
@flag("--cut-stack",
      help="With --n-up (2 when left out): the cut piles, laid on one another, are in order.")  # fmt: skip
@text("--poster", metavar="CxR", help="Each page on C x R sheets, to glue: 2x2.")
@flag("--pocket", help="Eight pages on one side, to cut once and fold.")
@text("--paper", metavar="PAPER", help="The sheet: a4, letter, a3, 320x450mm.")
@click.option("--duplex", type=click.Choice(["none", "long-edge", "short-edge"]), default=None,
              help="The edge the printer turns: short-edge for booklets, none for --cut-stack.")  # fmt: skip
@click.option("--sheets", type=click.IntRange(0, 500), default=0, metavar="N",
              help="Booklet: sheets to a signature; all in one when left out.")  # fmt: skip
@click.option("--creep", default="0", metavar="LENGTH",
              help="Booklet: thickness of the paper, 0.1mm for 80 g/m2; inner pages move to the "
              "spine.")  # fmt: skip
@click.option("--order", type=click.Choice(["across", "down"]), default="across", show_default=True,
              help="Which way the pages of --n-up run.")  # fmt: skip
@flag("--border", help="Draw a line around each page of --n-up.")
@click.option("--overlap", default="10mm", metavar="LENGTH", show_default=True,
              help="Poster: what neighbours share.")  # fmt: skip
@click.option("--margin", default=None, metavar="LENGTH",
              help="Blank around a place; 10mm for posters, else none.")  # fmt: skip
@click.option("--marks/--no-marks", default=True, help="Marks to cut and fold by (poster, pocket).")
@text("--pages", metavar="RANGES", help="Only these pages: 1-8,12,20-.")
@flag("--right-to-left", help="Bound at the right, for Arabic or Hebrew.")
@text("--password-env", metavar="NAME",
      help="The environment variable that holds the PDF's password.")  # fmt: skip
def impose(source: Path, target: Path, pages: str, password_env: str, **given: Any) -> None:
    """Lay the pages of any PDF out on sheets: a booklet, several on a side, a poster, a pocket book.

    Links and bookmarks come along; form fields and notes are printed as a viewer shows them. The
    sheet follows the most common page size. What is made is for the printer; for reading, and for
    screen readers, keep the PDF it was made from.

    \b
    Examples:
      guide impose briefing.pdf booklet.pdf --booklet
      guide impose briefing.pdf book.pdf --booklet --sheets 4 --creep 0.1mm --paper a3
      guide impose slides.pdf handout.pdf --n-up 6 --border
      guide impose tickets.pdf sheets.pdf --n-up 4 --cut-stack
      guide impose map.pdf poster.pdf --poster 3x2 --overlap 15mm
      guide impose zine.pdf sheet.pdf --pocket --pages 1-8
    """
    from guide.actions.impose import impose_file
    from guide.screen.problems import show

    scheme = _scheme(**given)
    password = ""
    if password_env:
        if password_env not in os.environ:
            raise click.BadParameter(f"{password_env} is not set", param_hint="--password-env")
        password = os.environ[password_env]
    if source.resolve() == target.resolve():
        raise click.UsageError("OUT.pdf would replace IN.pdf; give it another name")
    made = impose_file(source, target, scheme, _ranges(pages), password)
    show(made.problems, stream=sys.stderr)
    click.echo(f"{target}: {_said(made)}")
    for line in _how(scheme.kind, scheme.flip):
        click.echo(line, err=True)


def _scheme(
    booklet: bool, count: str | None, cut_stack: bool, poster: str, pocket: bool, paper: str,
    duplex: str | None, sheets: int, creep: str, order: str, border: bool, overlap: str,
    margin: str | None, marks: bool, right_to_left: bool,
) -> Any:  # fmt: skip
    from guide.sheets.impose_pages import Scheme

    asked = [booklet, bool(count) or cut_stack, bool(poster), pocket]
    if sum(asked) != 1:
        raise click.UsageError("choose one of --booklet, --n-up or --cut-stack, --poster, --pocket")
    kind = ("booklet", "n-up", "poster", "pocket")[asked.index(True)]
    match = re.fullmatch(r"(\d{1,2})x(\d{1,2})", poster or "1x1")
    if not match or not all(1 <= int(n) <= _MOST for n in match.groups()):
        raise click.BadParameter(
            f"{poster!r} is not columns x rows, such as 2x2, of at most {_MOST}",
            param_hint="--poster",
        )
    flip = duplex or ("short-edge" if kind == "booklet" else "none")
    if kind == "booklet" and flip == "none":
        raise click.BadParameter("a booklet is printed on both sides", param_hint="--duplex")
    return Scheme(
        kind=kind, paper=_paper(paper), flip=flip, sheets=sheets, creep=_length(creep, "--creep", 2),  # type: ignore[arg-type]
        margin=_length(margin or ("10mm" if kind == "poster" else "0"), "--margin", 100),
        count=int(count or 2), order=order, border=border, cut_stack=cut_stack,
        across=int(match[1]), down=int(match[2]), overlap=_length(overlap, "--overlap", 100),
        marks=marks, right_to_left=right_to_left,
    )  # fmt: skip


def _paper(text: str) -> Paper | None:
    from guide.units import parse_paper

    return parsed(parse_paper, text, "--paper") if text else None


def _length(text: str, option: str, most: float) -> float:
    from guide.units import parse_length

    length = parsed(parse_length, text, option)
    if not 0 <= length <= most:
        raise click.BadParameter(f"{text} is not between 0 and {most:g} mm", param_hint=option)
    return length


def _ranges(text: str) -> tuple[tuple[int, int | None], ...]:
    """Return first and last page of each range, from 1; None is the document's last."""
    found = []
    for part in filter(None, re.split(r"[,\s]+", text)):
        match = re.fullmatch(r"(\d+)(-(\d*))?", part)
        if not match or int(match[1]) < 1:
            raise click.BadParameter(
                f"{part!r} is not a page or a range such as 3-8", param_hint="--pages"
            )
        last = int(match[3]) if match[3] else None if match[2] else int(match[1])
        if last is not None and last < int(match[1]):
            raise click.BadParameter(f"{part!r} ends before it begins", param_hint="--pages")
        found.append((int(match[1]), last))
    return tuple(found)


def _said(made: Pressed) -> str:
    def number(count: int, word: str) -> str:
        return f"{count} {word}{'s'[: count != 1]}"

    size = f"{made.paper.width:.4g} x {made.paper.height:.4g} mm"
    text = f"{number(made.leaves, 'sheet')} of {size}, {number(made.sheets.pages, 'side')}"
    if made.blanks:
        text += f", {number(made.blanks, 'blank page')}"
    return text if abs(made.smaller - 1) < 0.005 else f"{text}, pages at {made.smaller:.0%}"


def _how(kind: str, flip: str) -> list[str]:
    edge = (
        f"on both sides, flip on the {flip.replace('-', ' ')}" if flip != "none" else "on one side"
    )
    how = [f"Print at 100 %, {edge}."]
    if kind == "booklet":
        how.append("Fold the pile in the middle; staple in the fold.")
    if kind == "pocket":
        how.append("Fold along the dashed lines, cut along the whole one, push the ends together.")
    if kind == "poster":
        how.append(
            "Cut at the marks at the left and top of each sheet, and glue it on its neighbour."
        )
    return how
