"""Files outside the pack on which results depend: fonts, libraries and their configuration."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

Facts = list[int]
_STEP = 100_000_000  # ns; Linux counts in steps of 10 ms at most
_HEAD = 4096  # bytes; the table directory of a font is there, with a checksum of each table


@dataclass(frozen=True)
class Machine:
    """What typesetting uses of the machine.

    `versions` are those of the libraries in C. `files` are these libraries, the fonts that are
    installed and the configuration that chooses among them; `places` are where more may appear.
    """

    versions: tuple[str, ...]
    files: tuple[str, ...]
    places: tuple[str, ...]


def facts(path: str) -> Facts:
    """Return what the file system says of a path: equal facts mean that nothing was written there."""
    try:
        found = os.stat(path)
    except OSError as exc:
        return [exc.errno or 0]
    return [found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino]


def noted(paths: Iterable[str]) -> dict[str, Facts] | None:
    """Return the facts of paths, None if one was written only now.

    File systems count time in steps: what is written in the same step would not be seen.
    """
    watched = {path: facts(path) for path in paths}
    latest = max((max(found[1:3]) for found in watched.values() if found[1:]), default=0)
    return watched if time.time_ns() - latest > _STEP else None


def unchanged(watched: Mapping[str, Facts]) -> bool:
    """Return True if all paths still have the facts that were noted."""
    return all(facts(path) == before for path, before in watched.items())


def head(path: str) -> str:
    """Return what tells one file of a path from another without reading it all.

    Its size, its time, and a digest of its beginning: a machine may have a gigabyte of fonts.
    """
    with contextlib.suppress(OSError):
        found = os.stat(path)
        if stat.S_ISREG(found.st_mode):
            with open(path, "rb") as stream:
                start = hashlib.sha256(stream.read(_HEAD)).hexdigest()
            return f"{found.st_size} {found.st_mtime_ns} {start}"
    return "cannot be read"


def whole(paths: Iterable[str]) -> list[tuple[str, str]]:
    """Return the name of each file, without its folder, with the digest of its bytes."""
    return [(os.path.basename(path), _whole(path, *facts(path))) for path in paths]


@lru_cache(maxsize=1024)
def _whole(path: str, *_facts: int) -> str:
    try:
        with open(path, "rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as exc:
        return f"cannot be read: {exc.errno}"
