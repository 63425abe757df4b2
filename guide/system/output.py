"""Files in build/: the only module that writes there, each file whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from guide.diagnostics.diagnostic import Diagnostic, GuideError, Place, error
from guide.system import locks, tempfiles
from guide.system.signals import held

sweep = tempfiles.sweep
_PATIENCE = 20.0  # s; another run that is stopped must not stop this one

NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG}
_REMEDIES = {
    errno.ENOSPC: "The disk is full: free some room and build again.",
    errno.EDQUOT: "Your quota is used up: free some room and build again.",
    errno.EACCES: "You may not write there: choose another folder with -o DIR.",
    errno.EPERM: "You may not write there: choose another folder with -o DIR.",
    errno.EROFS: "The disk is read-only: choose another folder with -o DIR.",
    errno.ENOTDIR: "A file stands where a folder is needed: choose another folder with -o DIR.",
    errno.EFBIG: "The file is larger than is allowed there: choose another folder with -o DIR.",
    errno.EEXIST: "A file stands where a folder is needed: choose another folder with -o DIR.",
    errno.EISDIR: "A folder has the name of the file: rename it, or choose another with -o DIR.",
    errno.ENAMETOOLONG: "The path is too long: choose a shorter one with -o DIR.",
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


def write(path: Path, data: bytes, mode: int = 0o666) -> bool:
    """Write a file through a temporary one beside it; return False when it was so already.

    `mode` are the most permissions that it has, less those that the umask takes away. A link at `path` is replaced, not followed. Raises GuideError with path and remedy; the file that
    was there then stays as it was.
    """
    try:
        if not path.is_symlink() and _is(path, data) and not path.stat().st_mode & 0o666 & ~mode:
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        sweep(path.parent)
        try:
            tempfiles.write(path, data, path.parent, mode, lasting=True)
        except FileNotFoundError:  # somebody has just removed the folder
            path.parent.mkdir(parents=True, exist_ok=True)
            tempfiles.write(path, data, path.parent, mode, lasting=True)
    except OSError as exc:
        raise GuideError(_refused(path, exc)) from exc
    return True


def _is(path: Path, data: bytes) -> bool:
    return path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Let one run at a time write into a folder, so that its files are of one build.

    Where there are no locks, or another run does not go on, each file is whole all the same. Raises
    GuideError when there can be no such folder.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise GuideError(_refused(folder, exc)) from exc
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError, locks.Busy):
            stack.callback(locks.of_folder(folder, _PATIENCE))
        sweep(folder)
        yield


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


def try_to_write(folder: Path) -> None:
    """Raise GuideError when a folder that is there takes no file of 64 kB; nothing stays behind."""
    batch = Batch(folder)
    batch.write(folder / "a file", bytes(65536))
    batch.drop()


class Batch:
    """Files that are written together: on the disk, and under their names, after `settle`.

    Writing many before waiting for the disk takes half the time that waiting for each does. Until
    then they lie in `folder` under their own names.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._written: list[tuple[int, str, Path]] = []  # descriptor, temporary file, place

    def write(self, path: Path, data: bytes) -> None:
        """Write a file that is to be at `path`, in `folder` or below; raises GuideError, as `write` does.

        What was written before stays, and `settle` still gives it its name.
        """
        with self.open(path) as stream:
            stream.write(data)

    @contextlib.contextmanager
    def open(self, path: Path) -> Iterator[BinaryIO]:
        """Yield a file that is to be at `path`, to be written bit by bit; raises GuideError.

        When it cannot be finished, it is not there.
        """
        written = len(self._written)
        try:
            handle = self._begin(path)
            with os.fdopen(handle, "w+b", closefd=False) as stream:
                yield stream
        except OSError as exc:
            self._drop_from(written)
            raise GuideError(_refused(path, exc)) from exc
        except BaseException:
            self._drop_from(written)
            raise

    def _begin(self, path: Path) -> int:
        path.parent.mkdir(parents=True, exist_ok=True)
        with held():
            handle, name = tempfiles.begin(self.folder)
            self._written.append((handle, name, path))
        return handle

    def settle(self) -> None:
        """Wait for the disk and give the files their names; raises GuideError."""
        written, self._written = self._written, []
        try:
            while written:
                handle, name, path = written[0]
                try:
                    os.fsync(handle)
                    with held():
                        if os.name == "nt":  # Windows renames no open file
                            os.close(handle)
                        os.replace(name, path)
                        written.pop(0)
                        if os.name != "nt":
                            os.close(handle)
                except OSError as exc:
                    raise GuideError(_refused(path, exc)) from exc
        finally:
            self._written = written
            self.drop()

    def drop(self) -> None:
        """Remove what was written and not settled."""
        self._drop_from(0)

    def _drop_from(self, first: int) -> None:
        while len(self._written) > first:
            handle, name, _ = self._written.pop()
            with contextlib.suppress(OSError):
                os.close(handle)
            with contextlib.suppress(OSError):
                os.unlink(name)


def _refused(path: Path, exc: OSError) -> Diagnostic:
    hint = _REMEDIES.get(exc.errno or 0, "Choose another folder with -o DIR.")
    return error(
        "cannot-write", f"cannot be written: {exc.strerror or exc}", Place(str(path)), hint
    )
