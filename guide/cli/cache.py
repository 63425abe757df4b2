"""`guide cache`."""

from __future__ import annotations

import click


@click.group()
def cache() -> None:
    """Show or empty the cache of typeset documents.

    \b
    Examples:
      guide cache info
      guide cache clear
    """


@cache.command()
def clear() -> None:
    """Delete everything in the cache; the next build makes it again."""
    from guide.system.cache import Store, default_folder

    count, size = Store(default_folder()).clear()
    click.echo(f"{count} entries, {size / 1e6:.1f} MB deleted", err=True)


@cache.command()
def info() -> None:
    """Say where the cache is and how much is in it."""
    from guide.system.cache import Store, default_folder

    store = Store(default_folder())
    entries = store.entries()
    total = sum(size for _, size, _ in entries) / 1e6
    click.echo(f"{store.folder}: {len(entries)} entries, {total:.1f} MB")
