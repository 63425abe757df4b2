"""`guide completion`."""

from __future__ import annotations

import os
from pathlib import Path

import click

_SHELLS = ("bash", "zsh", "fish")


@click.group()
def completion() -> None:
    """Let the tab key complete commands, options and values in your shell.

    \b
    Examples:
      guide completion install
      guide completion install --shell zsh
      guide completion show --shell fish
    """


_shell = click.option("--shell", type=click.Choice(_SHELLS), default=None,
                      help="The shell; without it, the one of $SHELL.")  # fmt: skip


@completion.command()
@_shell
def install(shell: str | None) -> None:
    """Write the completion script to where the shell looks for it."""
    from guide.system import output

    shell = shell or _current()
    path = _place(shell)
    path.parent.mkdir(parents=True, exist_ok=True)
    output.write(path, _script(shell).encode())
    click.echo(f"{path}: written. Open a new terminal to use it.", err=True)
    if shell == "zsh":
        line = f"fpath=({path.parent} $fpath); autoload -Uz compinit; compinit"
        click.echo(f"If nothing is completed there, add this line to ~/.zshrc: {line}", err=True)


@completion.command()
@_shell
def show(shell: str | None) -> None:
    """Print the completion script."""
    click.echo(_script(shell or _current()))


def _current() -> str:
    name = Path(os.environ.get("SHELL", "")).name
    if name not in _SHELLS:
        raise click.UsageError("which shell is it? Add --shell bash, --shell zsh or --shell fish")
    return name


def _place(shell: str) -> Path:
    """Return where a shell looks for the completions of a user."""
    data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share")
    settings = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return {
        "bash": data / "bash-completion/completions/guide",
        "zsh": data / "zsh/site-functions/_guide",
        "fish": settings / "fish/completions/guide.fish",
    }[shell]


def _script(shell: str) -> str:
    """Return Click's script for a shell; in bash it serves `./guide.sh` as well."""
    from click.shell_completion import get_completion_class

    from guide.cli.group import guide

    kind = get_completion_class(shell)
    assert kind is not None, shell
    script = kind(guide, {}, "guide", "_GUIDE_COMPLETE").source()
    return script + (
        "\ncomplete -o nosort -F _guide_completion guide.sh\n" if shell == "bash" else ""
    )
