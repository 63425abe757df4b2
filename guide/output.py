"""Files in build/: the only module that writes there, each file whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import tempfile
import time
from pathlib import Path

from guide.errors import Diagnostic, GuideError, Place, error

_PART = ".guide-part-"

_REMEDIES = {
    errno.ENOSPC: "The disk is full: free some room and build again.",
    errno.EDQUOT: "Your quota is used up: free some room and build again.",
    errno.EACCES: "You may not write there: choose another folder with -o DIR.",
    errno.EPERM: "You may not write there: choose another folder with -o DIR.",
    errno.EROFS: "The disk is read-only: choose another folder with -o DIR.",
    errno.ENOTDIR: "A file stands where a folder is needed: choose another folder with -o DIR.",
    errno.EFBIG: "The file is larger than is allowed there: choose another folder with -o DIR.",
    errno.EEXIST: "A file stands where a folder is needed: choose another folder with -o DIR.",
}


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal, '' when it cannot be read."""
    try:
        if not path.is_file():  # a FIFO would be waited for
            return ""
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return ""


def write(path: Path, data: bytes) -> bool:
    """Write a file through a temporary one beside it; return False when it was so already.

    Raises GuideError with path and remedy; the file that was there then stays as it was.
    """
    temporary = ""
    try:
        if path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data:
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except OSError as exc:
        if temporary:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()
        raise GuideError(_refused(path, exc)) from exc
    except BaseException:
        if temporary:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()
        raise
    return True


def check_writable(path: Path) -> None:
    """Raise GuideError when a file that is there is marked read-only, or gone."""
    try:
        if not path.stat().st_mode & 0o222:
            raise PermissionError(errno.EACCES, "the file is read-only")
    except OSError as exc:
        raise GuideError(_kept(path, exc)) from exc


def replace(path: Path, data: bytes) -> None:
    """Put other bytes into a file that is there, whole or not at all; its permissions stay.

    Raises GuideError, also for a file that is marked read-only.
    """
    check_writable(path)
    mode = path.stat().st_mode
    try:
        write(path, data)
    except GuideError as exc:
        cause = exc.__cause__
        raise GuideError(_kept(path, cause if isinstance(cause, OSError) else OSError())) from exc
    with contextlib.suppress(OSError):
        path.chmod(mode & 0o7777)


def _kept(path: Path, exc: OSError) -> Diagnostic:
    hint = "Make the file and its folder writable, or leave it as it is."
    message = f"cannot be written: {exc.strerror or exc}"
    return error("cannot-write", message, Place(str(path)), hint)


class Batch:
    """Files that are written together: on the disk, and under their names, after `settle`.

    Writing many before waiting for the disk takes half the time that waiting for each does. Until
    then they lie in `folder` under names of their own.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._written: list[tuple[int, str, Path]] = []  # descriptor, temporary file, place

    def write(self, path: Path, data: bytes) -> None:
        """Write a file that is to be at `path`, in `folder` or below; raises GuideError, as `write` does."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=self.folder, prefix=_PART)
            self._written.append((handle, temporary, path))
            view = memoryview(data)
            while view:
                view = view[os.write(handle, view) :]
            os.fchmod(handle, 0o644)
        except OSError as exc:
            self.drop()
            raise GuideError(_refused(path, exc)) from exc

    def settle(self) -> None:
        """Wait for the disk and give the files their names; raises GuideError."""
        written, self._written = self._written, []
        try:
            while written:
                handle, temporary, path = written[0]
                try:
                    os.fsync(handle)
                    os.replace(temporary, path)
                except OSError as exc:
                    raise GuideError(_refused(path, exc)) from exc
                os.close(handle)
                written.pop(0)
        finally:
            self._written = written
            self.drop()

    def drop(self) -> None:
        """Remove what was written and not settled."""
        while self._written:
            handle, temporary, _ = self._written.pop()
            with contextlib.suppress(OSError):
                os.close(handle)
            with contextlib.suppress(OSError):
                os.unlink(temporary)


def sweep(folder: Path) -> None:
    """Remove what a run that was killed left half written, an hour ago or longer."""
    with contextlib.suppress(OSError):
        for path in folder.glob(f"{_PART}*"):
            if time.time() - path.stat().st_mtime > 3600:
                path.unlink()


def _refused(path: Path, exc: OSError) -> Diagnostic:
    hint = _REMEDIES.get(exc.errno or 0, "Choose another folder with -o DIR.")
    return error(
        "cannot-write", f"cannot be written: {exc.strerror or exc}", Place(str(path)), hint
    )
