"""`guide preview`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from guide.cli.options import find_packs, run_options


@click.command()
@click.argument("pack", required=False, type=click.Path(path_type=Path))
@run_options
@click.option("--port", type=click.IntRange(0, 65535), default=4200, show_default=True,
              help="The port, or the next free one; 0 for any.")  # fmt: skip
@click.option("--no-open", "browser", flag_value=False, default=True, type=bool,
              help="Print the address, and open no browser.")  # fmt: skip
def preview(pack: Path | None, port: int, browser: bool, **run: Any) -> None:
    """Show the pages of a pack in the browser, and show them anew whenever a file of it is saved.

    Only this machine can reach it. See docs/preview.md.

    \b
    Examples:
      guide preview
      guide preview my-pack
      guide preview my-pack --only flashcards --theme large-print
      guide preview my-pack --port 4300 --no-open
    """
    from guide import pipeline

    folders = find_packs((pack,) if pack else ())
    if len(folders) > 1:
        names = ", ".join(str(folder) for folder in folders[:8])
        raise click.UsageError(f"say which pack: {names}")
    serve = _serve()
    serve(folders[0], pipeline.Settings(**run), port, browser, click.echo)


def _serve() -> Any:
    """Return what serves; raises GuideError when the libraries of the extra are not there."""
    from guide.diagnostics.diagnostic import GuideError, Place, error

    try:
        from guide.preview.serve import serve
    except ModuleNotFoundError as exc:
        message = f"the preview needs a library that is not installed: {exc.name}"
        hint = "Install it with `pip install 'guide-press[preview]'`."
        raise GuideError(error("cannot-start", message, Place(""), hint)) from exc
    return serve
