"""Locks that last as long as a run: on a ledger's own file, and on the folder that copies go to.

A ledger is locked through its contents (its inode), so that a link to it is the same lock. SQLite
keeps its own locks on a few bytes of the file; this one is on another byte, and belongs to the open
file, not to the process. Where there are no such locks, a file beside the ledger is locked instead.
"""

from __future__ import annotations

import contextlib
import errno
import os
import struct
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from guide.diagnostics.diagnostic import GuideError, Place, error
from guide.system.locks import Busy, by_file, of_folder

_BYTE = 0x6000_0000  # SQLite's are 0x4000_0000 and the 511 that follow


@dataclass
class Lock:
    """A held lock. `fresh` is True if the ledger's file was made for it and is still empty."""

    path: Path
    fresh: bool
    let_go: Callable[[], None] | None

    def release(self) -> None:
        """Let go of the lock; delete the ledger's file if it was made for it and nothing was written."""
        if self.let_go is None:
            return
        with contextlib.suppress(OSError):
            if self.fresh and self.path.stat().st_size == 0:
                self.path.unlink()
        self.let_go()
        self.let_go = None


def take(path: Path) -> Lock:
    """Return the lock of a ledger, whose file is made with mode 0600 if there is none.

    Raises Busy when another run has it, OSError when the file cannot be opened.
    """
    real = Path(os.path.realpath(path))  # a link to a ledger is that ledger
    while True:
        handle, fresh = _opened(real)
        try:
            if not _lock_byte(handle):
                let_go = by_file(real.with_name(f".{real.name}.lock"))
                os.close(handle)
                return Lock(real, fresh, let_go)
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(handle), real.stat()):
                    return Lock(real, fresh, partial(os.close, handle))
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)  # a run that was refused deleted it just now


def _opened(path: Path) -> tuple[int, bool]:
    flags = os.O_RDWR | getattr(os, "O_CLOEXEC", 0)
    while True:
        with contextlib.suppress(FileNotFoundError):
            return os.open(path, flags), False
        with contextlib.suppress(FileExistsError):
            return os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o600), True


def _lock_byte(handle: int) -> bool:
    """Lock a byte of an open file; return False where the system has no such locks. Raises Busy."""
    if sys.platform != "linux":
        return False
    import fcntl

    wanted = struct.pack("hhqqi0q", fcntl.F_WRLCK, os.SEEK_SET, _BYTE, 1, 0)
    try:
        fcntl.fcntl(handle, fcntl.F_OFD_SETLK, wanted)
    except OSError as exc:
        if exc.errno in {errno.EWOULDBLOCK, errno.EACCES, errno.EAGAIN}:
            raise Busy from exc
        return False
    return True


@contextlib.contextmanager
def folder(path: Path) -> Iterator[None]:
    """Keep other runs out of a folder, which is made if there is none and goes again if it is empty.

    Raises GuideError when another run writes into it, or it cannot be made.
    """
    missing = [each for each in (path, *path.parents) if not each.exists()]  # innermost first
    let_go: Callable[[], None] | None = None
    try:
        try:
            path.mkdir(parents=True, exist_ok=True)
            let_go = of_folder(path)
        except OSError as exc:
            message = f"cannot be written: {exc.strerror or exc}"
            hint = "Choose another folder with -o DIR."
            raise GuideError(error("cannot-write", message, Place(str(path)), hint)) from exc
        except Busy as exc:
            message = "another run is putting its copies into this folder"
            hint = "Wait until it has ended, or choose another folder: -o DIR"
            raise GuideError(error("folder-locked", message, Place(str(path)), hint)) from exc
        yield  # a file system without locks still has the owner's mark: manifest.json
    finally:
        for each in missing:
            with contextlib.suppress(OSError):
                each.rmdir()
        if let_go is not None:
            let_go()
