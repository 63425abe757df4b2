"""Locks that last as long as a run: on a folder, and on a file that is made for the purpose.

The kernel releases them when their process ends, however that happens. A folder is locked through
its descriptor, so that every name of it is the same lock and no file appears in it; flock(2) does
that. Where there is no such call, and for locks by a file, filelock has what each system offers.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_STEP = 0.02  # s between two tries


class Busy(Exception):
    """Another run holds the lock."""


def claim(handle: int, *, wait: bool = False) -> bool | None:
    """Lock an open file; return False if another run holds it, None where there are no such locks."""
    if fcntl is None:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except (BlockingIOError, PermissionError):
        return False
    except OSError:  # a file system without locks
        return None
    return True


def of_folder(folder: Path, patience: float = 0) -> Callable[[], None]:
    """Lock a folder, waiting at most `patience` seconds; return the function that releases it.

    A file system without locks locks nothing. Raises Busy, and OSError if the folder cannot be opened.
    """
    if fcntl is None:
        return by_file(folder.with_name(f".{folder.name}.lock"), patience)
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    until = time.monotonic() + patience
    while claim(handle) is False:
        if time.monotonic() >= until:
            os.close(handle)
            raise Busy
        time.sleep(_STEP)
    return partial(os.close, handle)


def by_file(path: Path, patience: float = 0) -> Callable[[], None]:
    """Lock by a file that is made at `path`; return the function that removes and releases it.

    Raises Busy after `patience` seconds, and OSError if the file cannot be made.
    """
    from filelock import FileLock, Timeout  # 90 ms that few runs need

    lock = FileLock(path, patience, mode=0o600)
    try:
        lock.acquire()
    except Timeout as exc:
        raise Busy from exc

    def release() -> None:
        with contextlib.suppress(OSError):  # filelock removes it itself on Windows
            path.unlink()
        lock.release()

    return release
