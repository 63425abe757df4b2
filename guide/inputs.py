"""The digest of everything that a build depends on, read without parsing anything."""

from __future__ import annotations

import hashlib
import os
import stat
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

from guide.content.files import MAX_IMAGE
from guide.jobs.digest import digest
from guide.resources import LOCALE, TEMPLATES

_IGNORED = {"build", "__pycache__", "node_modules"}
_CODE = (".py", ".po")
_PICTURES = (".png", ".jpg", ".jpeg")


def digest_of_inputs(folder: Path, settings: Any) -> str:
    """Return the digest of a pack's files, the templates, this program and the run's settings."""
    name = folder.resolve().name
    return digest(name, _tree(folder), digest_of_code(), settings)


State = dict[str, tuple[int, ...]]


def state_of_inputs(folder: Path) -> State:
    """Return what the file system says of each file and folder that a pack's digest covers.

    Two equal states, before and after, mean that nothing was written in between, not even what was
    put back: the digest alone would not tell.
    """
    found: State = {}
    for root in (os.fspath(folder), os.fspath(TEMPLATES)):
        for base, folders, names in os.walk(root, followlinks=False):
            folders[:] = [n for n in folders if not n.startswith(".") and n not in _IGNORED]
            for name in names:
                if not name.startswith((".", "recipients")) and ".ledger.db" not in name:
                    path = os.path.join(base, name)
                    found[os.path.relpath(path, folder)] = _facts(path)
    return found


def _facts(path: str) -> tuple[int, ...]:
    try:
        facts = os.stat(path)
    except OSError as exc:
        return (exc.errno or 0,)
    return facts.st_ino, facts.st_size, facts.st_mtime_ns


def size_of_inputs(folder: Path) -> int:
    """Return how many bytes of text a pack has: reading and rendering take time accordingly."""
    total = 0
    for base, folders, names in os.walk(folder, followlinks=False):
        folders[:] = [n for n in folders if not n.startswith(".") and n not in _IGNORED]
        for name in names:
            if not name.lower().endswith(_PICTURES):
                try:
                    total += min(os.lstat(os.path.join(base, name)).st_size, MAX_IMAGE)
                except OSError:
                    continue
    return total


@lru_cache
def digest_of_code() -> str:
    """Return the digest of the templates, of guide itself and of the installed libraries."""
    package = LOCALE.parent
    return digest(_tree(TEMPLATES), _tree(package, _CODE), sys.version, _installed())


def _tree(folder: Path, suffixes: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    """Return the path and digest of every file in a folder; hidden ones and address lists aside."""
    found, root = [], os.path.realpath(folder)
    for base, folders, names in os.walk(folder, followlinks=False):
        folders[:] = sorted(n for n in folders if not n.startswith(".") and n not in _IGNORED)
        for name in sorted(names):
            if (
                name.startswith((".", "recipients"))
                or ".ledger.db" in name
                or (suffixes and not name.endswith(suffixes))
            ):
                continue
            path = os.path.join(base, name)
            found.append((os.path.relpath(path, folder), _digest_of_file(path, root)))
    return found


def _digest_of_file(path: str, root: str) -> str:
    try:
        facts = os.lstat(path)
        if stat.S_ISLNK(facts.st_mode):
            target = os.path.realpath(path)
            if not target.startswith(os.path.join(root, "")):  # no stage reads it either
                return f"leads out: {target}"
            facts = os.stat(path)
        if not stat.S_ISREG(facts.st_mode):
            return "not a file"
        if facts.st_size > MAX_IMAGE:  # no stage reads it, and a sparse file may have terabytes
            return f"too large: {facts.st_size}"
        with open(path, "rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as exc:
        return f"unreadable: {exc.errno}"


def _installed() -> list[str]:
    """Return name and version of every installed package, from the names of their folders."""
    found: set[str] = set()
    for entry in sys.path:
        if entry.endswith(("site-packages", "dist-packages")):
            try:
                found |= {name for name in os.listdir(entry) if name.endswith(".dist-info")}
            except OSError:
                continue
    return sorted(found)
