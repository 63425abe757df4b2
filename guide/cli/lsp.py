"""`guide lsp`."""

from __future__ import annotations

import click

from guide.cli.options import optional


@click.command()
def lsp() -> None:
    """Serve an editor over stdin and stdout: problems on save, completion, definitions, corrections.

    The editor starts it; docs/editors.md has the settings of several editors.

    \b
    Examples:
      guide lsp
    """
    optional("guide.editor.server", "editor").run()
