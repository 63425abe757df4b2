"""`guide ledger`."""

from __future__ import annotations

from pathlib import Path

import click

from guide.cli.options import FILE, flag, text

_ACTIONS = ("forget", "recall")
_STATES = ("planned", "made", "sending", "sent", "failed", "uncertain", "recalled")


@click.command()
@click.argument("words", nargs=-1, metavar="[LIST] [forget NAME | recall N...]")
@click.option("--to", "chosen", type=FILE, default=None, metavar="FILE",
              help="The list, or the ledger itself.")  # fmt: skip
@click.option("--state", type=click.Choice(_STATES), default=None, metavar="STATE",
              help=f"Only copies in this state: {', '.join(_STATES)}.")  # fmt: skip
@text("--name", metavar="PART",
      help="Only those with this in name, address, organisation or ref.")  # fmt: skip
@text("--version", metavar="VERSION", help="Only copies of this version.")
@flag("--csv", "as_csv", help="Print CSV that is safe to open as a sheet.")
@flag("--json", "as_json", help="Print JSON, with each copy's history.")
@click.option("--pdf", type=FILE, default=None, metavar="FILE",
              help="Write a distribution list for printing: --pdf distribution-list.pdf")  # fmt: skip
def ledger(
    words: tuple[str, ...], chosen: Path | None, state: str | None, name: str, version: str,
    as_csv: bool, as_json: bool, pdf: Path | None,
) -> None:  # fmt: skip
    """Show who was given which copy; forget a person, recall a copy.

    LIST is the recipients file beside which the ledger is; without it, the only ledger of the
    current folder. `forget` removes name, address, organisation and ref, and keeps the numbers.

    \b
    Examples:
      guide ledger recipients.csv
      guide ledger recipients.csv --state uncertain
      guide ledger recipients.csv --name smith --version 1.1
      guide ledger recipients.csv --csv > list.csv
      guide ledger recipients.csv --pdf distribution-list.pdf
      guide ledger recipients.csv forget "Jane Smith"
      guide ledger recipients.csv recall 7
    """
    import sys

    from guide.actions import ledger
    from guide.diagnostics.formats import utf8
    from guide.screen.copies import report_ledger

    rest = list(words)
    if rest and rest[0] not in _ACTIONS and chosen is None:
        chosen = Path(rest.pop(0))
    path = ledger.find(chosen)
    if rest:
        _act(path, *rest)
        return
    shown = ledger.look(path, state or "", name, version)
    if pdf is not None:
        if pdf.suffix.lower() != ".pdf":
            raise click.BadParameter("the file's name must end in .pdf", param_hint="--pdf")
        pages = ledger.write_list(shown, pdf, path)
        click.echo(f"{pdf}: {pages} page{'s' if pages != 1 else ''}", err=True)
    if as_csv:
        click.echo(utf8(ledger.as_csv(shown)), nl=False)
    elif as_json:
        click.echo(utf8(ledger.as_json(path, shown)))
    elif pdf is None:
        report_ledger(shown, sys.stdout)


def _act(path: Path, action: str, *words: str) -> None:
    """Forget a person, or recall copies."""
    from guide.actions import ledger

    if action not in _ACTIONS:
        raise click.UsageError(f"{action!r}: write forget NAME or recall N")
    if not words:
        missing = "NAME" if action == "forget" else "7"
        raise click.UsageError(f"{action} whom? write {action} {missing}")
    if action == "forget":
        numbers = ", ".join(map(str, ledger.forget(path, " ".join(words))))
        click.echo(f"forgotten; the copies {numbers} keep their numbers", err=True)
        click.echo("Delete the row from the list, too: who stands there gets a new copy.", err=True)
        return
    if wrong := next((word for word in words if not word.isdigit()), ""):
        raise click.UsageError(f"{wrong!r} is not the number of a copy")
    ledger.recall(path, [int(word) for word in words])
    click.echo(f"recalled: {', '.join(words)}", err=True)
