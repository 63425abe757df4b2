"""Locks that last as long as a run: on a ledger's own file, and on the folder that copies go to.

A ledger is locked through its contents (its inode), so that a link to it is the same lock. SQLite
keeps its own locks on a few bytes of the file; this one is on another byte, and belongs to the open
file, not to the process. Where there are no such locks, a file beside the ledger is locked instead.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import itertools
import os
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from guide.diagnostics.diagnostic import GuideError, Place, error

_BYTE = 0x6000_0000  # SQLite's are 0x4000_0000 and the 511 that follow
_BUSY = {errno.EWOULDBLOCK, errno.EACCES, errno.EAGAIN}


class Busy(Exception):
    """Another run holds the lock."""


@dataclass
class Lock:
    """A lock that is held. `fresh` says that the ledger's file was made for it and is still empty."""

    path: Path
    handle: int
    fresh: bool = False
    beside: Path | None = None

    def release(self) -> None:
        """Let go of the lock; a file that was made for it goes with it, if nothing was written."""
        if self.handle < 0:
            return
        with contextlib.suppress(OSError):
            if self.fresh and self.path.stat().st_size == 0:
                self.path.unlink()
        if self.beside is not None:
            with contextlib.suppress(OSError):
                self.beside.unlink()
        os.close(self.handle)
        self.handle = -1


def take(path: Path) -> Lock:
    """Return the lock of a ledger, whose file is made with mode 0600 if there is none.

    Raises Busy when another run has it, OSError when the file cannot be opened.
    """
    real = Path(os.path.realpath(path))  # a link to a ledger is that ledger
    while True:
        handle, fresh = _opened(real)
        lock = Lock(real, handle, fresh)
        try:
            if not _lock_byte(handle):
                _lock_beside(lock)
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(handle), real.stat()):
                    return lock
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)  # a run that was refused deleted it just now


def _opened(path: Path) -> tuple[int, bool]:
    flags = os.O_RDWR | os.O_CLOEXEC
    while True:
        with contextlib.suppress(FileNotFoundError):
            return os.open(path, flags), False
        with contextlib.suppress(FileExistsError):
            return os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o600), True


def _lock_byte(handle: int) -> bool:
    """Lock a byte of an open file; return False where the system has no such locks. Raises Busy."""
    if sys.platform != "linux":
        return False
    wanted = struct.pack("hhqqi0q", fcntl.F_WRLCK, os.SEEK_SET, _BYTE, 1, 0)
    try:
        fcntl.fcntl(handle, fcntl.F_OFD_SETLK, wanted)
    except OSError as exc:
        if exc.errno in _BUSY:
            raise Busy from exc
        return False
    return True


def _lock_beside(lock: Lock) -> None:
    """Lock a file beside the ledger; raises Busy, OSError."""
    beside = lock.path.with_name(f".{lock.path.name}.lock")
    while True:
        handle = os.open(beside, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            os.close(handle)
            if exc.errno in _BUSY:
                raise Busy from exc
            raise
        with contextlib.suppress(OSError):
            if os.path.samestat(os.fstat(handle), beside.stat()):
                break
        os.close(handle)
    os.close(lock.handle)
    lock.handle, lock.beside = handle, beside


@contextlib.contextmanager
def folder(path: Path) -> Iterator[None]:
    """Keep other runs out of a folder, which is made if there is none and goes again if it is empty.

    Raises GuideError when another run writes into it, or it cannot be made.
    """
    above = itertools.takewhile(lambda each: not each.exists(), (path, *path.parents))
    missing, handle = list(above), -1  # the innermost first
    try:
        try:
            path.mkdir(parents=True, exist_ok=True)
            handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as exc:
            message = f"cannot be written: {exc.strerror or exc}"
            hint = "Choose another folder with -o DIR."
            raise GuideError(error("cannot-write", message, Place(str(path)), hint)) from exc
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            if exc.errno in _BUSY:
                message = "another run is putting its copies into this folder"
                hint = "Wait until it has ended, or choose another folder: -o DIR"
                raise GuideError(error("folder-locked", message, Place(str(path)), hint)) from exc
        yield  # a file system without locks still has the owner's mark: manifest.json
    finally:
        for each in missing:
            with contextlib.suppress(OSError):
                each.rmdir()
        if handle >= 0:
            os.close(handle)
