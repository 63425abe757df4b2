"""The group of commands, loaded one by one so that `--help` answers at once."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import click

from guide import __version__

_COMMANDS = (
    "new", "import", "build", "preview", "check", "stock", "calibrate", "impose", "print", "printers", "distribute",
    "ledger", "verify", "release", "export", "schema", "cache", "doctor", "lsp", "completion",
)  # fmt: skip


class _Lazy(click.Group):
    """Imports a command when it is called, and shows GuideErrors in one place."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"guide.cli.{cmd_name}")
        name = (
            cmd_name if hasattr(module, cmd_name) else f"{cmd_name}_"
        )  # `print_`, as PEP 8 has it
        command: click.Command = getattr(module, name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        from guide.diagnostics.diagnostic import GuideError

        try:
            _check_allowance()
            return super().invoke(ctx)
        except GuideError as exc:
            from guide.screen.problems import show

            show(exc.diagnostics, stream=sys.stderr)
            ctx.exit(exc.exit_code)
        except KeyboardInterrupt:
            click.echo("interrupted; nothing half-written was left behind", err=True)
            ctx.exit(130)


def _check_allowance() -> None:
    """Raise GuideError if the shell allows too few open files for any command."""
    from guide.diagnostics.diagnostic import GuideError, Place, error
    from guide.system import allowance

    if refused := allowance.files():
        message, hint = refused
        raise GuideError(error("cannot-start", message, Place(""), hint))


@click.group(
    cls=_Lazy,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Start with: guide new my-pack, then guide build my-pack. Each command has examples: "
    "guide build --help",
)
@click.version_option(__version__, prog_name="guide")
def guide() -> None:
    """Write a subject down once; print briefing packs and flashcards from it."""
