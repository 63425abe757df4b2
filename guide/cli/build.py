"""`guide build`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from guide.cli.options import find_packs, packs_argument, run_options


@click.command()
@packs_argument
@run_options
@click.option("-o", "out", type=click.Path(path_type=Path), default=Path("build"), metavar="DIR",
              show_default=True, help="Where the PDFs land: DIR/PACK/briefing.pdf.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the content of build.json.")
def build(packs: tuple[Path, ...], out: Path, as_json: bool, **run: Any) -> None:
    """Make the PDFs of one or more packs.

    Without PACK: the current folder if it holds pack.yaml, else every pack below content/.

    \b
    Examples:
      guide build
      guide build content/kosovo --only flashcards --stock index-3x5
      guide build my-pack --theme large-print --paper letter -o out
      guide build my-pack -D documents.flashcards.stock=a6 --strict
    """
    from guide import pipeline, report

    settings = pipeline.Settings(**run)
    built = []
    for folder in find_packs(packs):
        with report.progress_bars() as progress:
            built.append(pipeline.build(folder, out, settings, progress))
        report.report_built(built[-1])
    if as_json:
        found = [each.as_json() for each in built]
        click.echo(json.dumps(found[0] if len(found) == 1 else found, indent=1, ensure_ascii=False))
    click.get_current_context().exit(int(any(each.failed for each in built)))
