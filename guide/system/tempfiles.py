"""Temporary files and folders that go with their process: the next run removes what a kill left.

Each is locked by the process that it belongs to (flock(2)), so that one that nobody holds is known
to be left over, without guessing by its age. Where there are no locks, an hour decides.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from pathlib import Path

from guide.system.locks import claim
from guide.system.signals import held

PART = ".guide-part-"
PREFIX = "guide-"
_MARK = ".guide-temporary"
_OLD = 3600.0  # s
_BINARY = getattr(os, "O_BINARY", 0)
_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
_written: set[str] = set()  # by `write`, at this moment


def begin(folder: str | Path, mode: int = 0o666) -> tuple[int, str]:
    """Create a hidden file in a folder; return its descriptor and path. Raises OSError.

    Its permissions are those of any new file, by the umask. It is this process's until the
    descriptor is closed: rename it before.
    """
    while True:
        path = os.path.join(folder, PART + secrets.token_hex(6))
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | _NOFOLLOW | _BINARY
        handle = os.open(path, flags, mode)
        if _lock(handle):
            return handle, path
        os.close(handle)


def _lock(handle: int) -> bool:
    """Take a file that was just created; return False when another run has removed it meanwhile."""
    claim(handle, wait=True)
    return os.fstat(handle).st_nlink > 0


def write(
    path: str | Path, data: bytes, folder: str | Path, mode: int = 0o666, *, lasting: bool
) -> None:
    """Write a file whole or not at all, through a temporary one in `folder`. Raises OSError.

    `lasting` waits until the disk has it: a name never belongs to bytes that a power cut can lose.
    """
    handle, temporary = -1, ""
    try:
        with held():
            handle, temporary = begin(folder, mode)
            _written.add(temporary)
        view = memoryview(data)
        while view:
            view = view[os.write(handle, view) :]
        if lasting:
            os.fsync(handle)
        with held():
            if os.name == "nt":  # Windows renames no open file
                os.close(handle)
                handle = -1
            os.replace(temporary, path)
            _written.discard(temporary)
            temporary = ""
    finally:
        if temporary:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
        _written.discard(temporary)
        if handle >= 0:
            os.close(handle)


def abandon() -> None:
    """Remove the files that are being written, before this process ends."""
    for path in [*_written]:
        with contextlib.suppress(OSError):
            os.unlink(path)


def sweep(folder: str | Path) -> None:
    """Remove the files that a run which was killed left half written in a folder."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(PART) and entry.is_file(follow_symlinks=False):
                _if_free(entry.path, partial(os.unlink, entry.path))


def _if_free(path: str, remove: Callable[[], object]) -> None:
    """Hold a file that nobody holds, and call `remove` meanwhile."""
    with contextlib.suppress(OSError):
        handle = os.open(path, os.O_RDWR | _NOFOLLOW)
        try:
            free = claim(handle)
            if free is None:
                free = abs(time.time() - os.fstat(handle).st_mtime) > _OLD
            if free:
                remove()
        finally:
            os.close(handle)


@contextlib.contextmanager
def folder() -> Iterator[str]:
    """Yield a folder for temporary files, and remove it. Raises OSError when there is no room.

    First those of runs that were killed are removed, which a mark in them tells from others.
    """
    _sweep_folders(tempfile.gettempdir())
    handle, path = -1, ""
    try:
        with held():
            while handle < 0:
                path = tempfile.mkdtemp(prefix=PREFIX)
                handle = os.open(
                    os.path.join(path, _MARK), os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600
                )
                if not _lock(handle):
                    os.close(handle)
                    handle = -1
        yield path
    finally:
        if path:
            _remove(path)
        if handle >= 0:
            os.close(handle)


def lasting() -> str:
    """Return the folder of this process, which goes with it: the parent's, or one that it makes."""
    if os.path.exists(os.path.join(tempfile.gettempdir(), _MARK)):
        return tempfile.gettempdir()
    return _own(os.getpid())


@lru_cache
def _own(process: int) -> str:
    stack = contextlib.ExitStack()
    path = stack.enter_context(folder())
    atexit.register(lambda: stack.close() if os.getpid() == process else None)
    return path


def adopt() -> None:
    """Use the folder that the parent made (TMPDIR), be it full; another would not go with it."""
    named = os.environ.get("TMPDIR", "")
    if os.path.exists(os.path.join(named, _MARK)):
        tempfile.tempdir = named


def _sweep_folders(base: str) -> None:
    mine = os.geteuid() if hasattr(os, "geteuid") else 0
    with contextlib.suppress(OSError), os.scandir(base) as entries:
        for entry in entries:
            ours = entry.name.startswith(PREFIX) and entry.is_dir(follow_symlinks=False)
            # Another user could swap a folder of theirs.
            if ours and entry.stat(follow_symlinks=False).st_uid == mine:
                _if_free(os.path.join(entry.path, _MARK), partial(_remove, entry.path))


def _remove(path: str) -> None:
    """Remove a folder, its mark last: what is left when this is cut short is known again."""
    for _ in range(3):  # a worker that is being killed may write a last file
        with contextlib.suppress(OSError):
            for entry in [*os.scandir(path)]:
                if entry.name == _MARK:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path, ignore_errors=True)
                else:
                    os.unlink(entry.path)
            if set(os.listdir(path)) <= {_MARK}:
                break
        time.sleep(0.05)
    with contextlib.suppress(OSError):
        os.unlink(os.path.join(path, _MARK))
    with contextlib.suppress(OSError):
        os.rmdir(path)
