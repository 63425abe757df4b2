"""`guide check`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from guide.cli.options import find_packs, packs_argument, run_options
from guide.errors import Diagnostic, GuideError


@click.command()
@packs_argument
@run_options
@click.option("--format", "form", type=click.Choice(["text", "json", "github", "sarif"]),
              default="text",
              show_default=True, help="How problems are printed.")  # fmt: skip
def check(packs: tuple[Path, ...], form: str, **run: Any) -> None:
    """Find every problem of a pack, in content and layout; nothing is written to build/.

    \b
    Examples:
      guide check
      guide check my-pack --strict
      guide check content/kosovo --format github
      guide check content/kosovo --format sarif > guide.sarif
    """
    from guide import pipeline, report

    settings = pipeline.Settings(**run)
    found: list[Diagnostic] = []
    for folder in find_packs(packs):
        try:
            with report.progress_bars() as progress:
                found += pipeline.check(folder, settings, progress)
        except GuideError as exc:  # told in the format that was asked for
            found += exc.diagnostics
    report.show(found, form)
    click.echo(report.summary(found), err=True)
    click.get_current_context().exit(int(any(d.severity == "error" for d in found)))
