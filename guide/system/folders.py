"""Folders, walked without recursion and to a bounded depth."""

from __future__ import annotations

import os
from collections.abc import Iterator

DEEPEST = 60  # folders inside one another; the path of a file has room for no more than thousands


def walk(
    root: str | os.PathLike[str], deepest: int = DEEPEST
) -> Iterator[tuple[str, list[str], list[str]]]:
    """Yield (folder, names of folders, names of files) from the top down, as os.walk does.

    The names of folders may be changed to leave some out. Links to folders are not followed. What
    is nested more than `deepest` folders below `root` is omitted: os.walk would run out of stack.
    """
    waiting = [(os.fspath(root), 0)]
    while waiting:
        base, depth = waiting.pop()
        folders, files = _names(base)
        yield base, folders, files
        if depth < deepest:
            inside = [os.path.join(base, name) for name in folders]
            waiting += [(path, depth + 1) for path in reversed(inside) if not os.path.islink(path)]


def too_deep(root: str | os.PathLike[str], deepest: int = DEEPEST) -> str:
    """Return the path of the first folder that is nested deeper than `walk` goes, '' if none is."""
    top = os.fspath(root)
    for base, folders, _ in walk(top, deepest):
        depth = os.path.relpath(base, top).count(os.sep) + (base != top)
        if depth >= deepest and folders:
            return os.path.join(base, folders[0])
    return ""


def _names(base: str) -> tuple[list[str], list[str]]:
    folders: list[str] = []
    files: list[str] = []
    try:
        with os.scandir(base) as entries:
            for entry in entries:
                try:
                    is_folder = entry.is_dir()
                except OSError:
                    is_folder = False
                (folders if is_folder else files).append(entry.name)
    except OSError:
        return [], []
    return folders, files
