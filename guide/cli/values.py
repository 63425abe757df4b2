"""Completion of values in the shell: what `--theme`, `--stock`, `--only` and `--edition` may be.

It runs at each press of the tab key: names of files and one small YAML file are all that is read.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

_MOST = 1_000_000  # bytes of pack.yaml; a longer one is not completed from

Complete = Callable[[click.Context, click.Parameter, str], list[str]]


def _complete(find: Callable[[Path], Iterable[str]]) -> Complete:
    def complete(context: click.Context, _: click.Parameter, begun: str) -> list[str]:
        with contextlib.suppress(Exception):  # the shell has no place for a message
            return sorted({name for name in find(_pack(context)) if name.startswith(begun)})
        return []

    return complete


def _pack(context: click.Context) -> Path:
    """Return the pack of the command line, or the one here."""
    given = (
        *context.args,
        *map(str, context.params.get("packs") or ()),
        context.params.get("pack"),
    )
    folders = [Path(word) for word in given if word]
    return next((each for each in folders if (each / "pack.yaml").is_file()), Path())


def _manifest(pack: Path) -> dict[str, Any]:
    from guide.content.yaml import read_yaml

    with (pack / "pack.yaml").open("rb") as stream:
        document, _ = read_yaml(stream.read(_MOST).decode("utf-8"), "pack.yaml")
    return document.data if document is not None and isinstance(document.data, dict) else {}


def _kinds(pack: Path) -> Iterable[str]:
    from guide.resources import TEMPLATES

    for folder in (TEMPLATES, pack / "templates"):
        yield from (path.parent.name for path in folder.glob("*/kind.toml"))


def _themes(pack: Path) -> Iterable[str]:
    from guide.resources import TEMPLATES

    for folder in (TEMPLATES / "themes", pack / "templates/themes"):
        yield from (path.stem for path in folder.glob("*.css"))


def _stocks(pack: Path) -> Iterable[str]:
    from guide.resources import TEMPLATES

    yield from (path.stem for folder in (TEMPLATES, pack) for path in folder.glob("stock/*.yaml"))


kinds = _complete(_kinds)
themes = _complete(_themes)
editions = _complete(lambda pack: map(str, _manifest(pack).get("editions", {})))
stocks = _complete(_stocks)
