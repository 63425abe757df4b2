"""`guide check`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from guide.cli.options import (
    find_packs,
    flag,
    how_much_options,
    packs_argument,
    run_options,
    settings_of,
)
from guide.diagnostics.diagnostic import Diagnostic, GuideError


@click.command()
@packs_argument
@run_options
@click.option("--format", "form", type=click.Choice(["text", "json", "github", "sarif"]),
              default="text", show_default=True, help="How problems are printed.")  # fmt: skip
@flag("--fix",
      help="Put right what is safe in the pack's files: ids, blanks, quote marks, order.")  # fmt: skip
@click.option("--diff", "--dry-run", "diff", is_flag=True,
              help="With --fix: show what would change, and write nothing.")  # fmt: skip
@click.option("--no-layout", "layout", flag_value=False, default=True, type=bool,
              help="Check the content alone, and set no pages: many times faster.")  # fmt: skip
@how_much_options
def check(
    packs: tuple[Path, ...], form: str, fix: bool, diff: bool, how_much: str | None, **run: Any
) -> None:  # fmt: skip
    """Find every problem of a pack, in content and layout; nothing is written to build/.

    \b
    Examples:
      guide check
      guide check my-pack --strict
      guide check my-pack --all
      guide check my-pack --no-layout
      guide check my-pack --fix --diff
      guide check my-pack --fix
      guide check content/kosovo --format github
      guide check content/kosovo --format sarif > guide.diagnostics.sarif
    """
    from guide import pipeline
    from guide.screen.problems import HowMuch, show, summary
    from guide.screen.progress import progress_bars

    if diff and not fix:
        raise click.UsageError("--diff and --dry-run say what --fix would do: give it as well")
    folders = find_packs(packs)
    found: list[Diagnostic] = []
    if fix:
        changes, found = _fixed(folders, diff)
        if diff:
            show(found)
            click.get_current_context().exit(int(changes > 0 or bool(found)))
    settings = settings_of(run)
    for folder in folders:
        try:
            with progress_bars() as progress:
                found += pipeline.check(folder, settings, progress)
        except GuideError as exc:  # told in the format that was asked for
            found += exc.diagnostics
    show(found, form, how_much=HowMuch(how_much or "grouped"))
    click.echo(summary(found), err=True)
    click.get_current_context().exit(int(any(d.severity == "error" for d in found)))


def _fixed(folders: list[Path], diff: bool) -> tuple[int, list[Diagnostic]]:
    """Fix the packs, or show how; return the number of fixes, and what was wrong with them."""
    from guide.actions.fix import fix_pack
    from guide.screen.problems import report_fixes, show_diff

    count, problems = 0, list[Diagnostic]()
    for folder in folders:
        try:
            fixed = fix_pack(folder)
            count += len(fixed.fixes)
            if diff:
                show_diff(fixed.diff())
                continue
            fixed.write()
            report_fixes(folder, [(f.path, f.line, f.what) for f in fixed.fixes])
        except GuideError as exc:
            problems += exc.diagnostics
    return count, problems
