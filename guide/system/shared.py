"""A store that several machines share: a folder, or any storage that fsspec knows.

What comes from it is verified by the caller: `guide.system.cache`. It can be slow, full or gone; that
costs time, within a limit, and never a result.
"""

from __future__ import annotations

import contextlib
import os
import queue
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from guide.diagnostics.calling import install
from guide.diagnostics.diagnostic import Diagnostic, GuideError, Place, error
from guide.system import tempfiles

if TYPE_CHECKING:
    from concurrent.futures import Future

VARIABLE = "GUIDE_CACHE_URL"
_PATIENCE = 20.0  # s for one entry, and for all that is still to be written at the end
_THREADS = 4


class Entries(Protocol):
    """Where entries are kept by name (`ab/cdef...`); `refused` says why that does not work."""

    url: str
    refused: str
    folder: Path | None

    def read(self, name: str) -> bytes | None:
        """Return an entry, None if it is not there."""

    def write(self, name: str, data: bytes) -> None:
        """Keep an entry, perhaps a little later."""

    def drop(self, name: str) -> None:
        """Delete an entry."""

    def flush(self) -> None:
        """Wait for what is still to be written."""


class Folder:
    """Entries in a folder: of this machine, or one that several machines mount."""

    def __init__(self, folder: Path) -> None:
        self.folder: Path | None = folder
        self.url, self.refused = f"file://{folder}", ""

    def read(self, name: str) -> bytes | None:
        """Return an entry, None if it is not there."""
        assert self.folder is not None
        try:
            return (self.folder / name).read_bytes()
        except OSError:
            return None

    def write(self, name: str, data: bytes) -> None:
        """Keep an entry: written to a temporary file and renamed."""
        assert self.folder is not None
        path = self.folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            tempfiles.write(path, data, self.folder, lasting=False)
        except OSError as exc:
            self.refused = exc.strerror or str(exc)

    def drop(self, name: str) -> None:
        """Delete an entry."""
        assert self.folder is not None
        with contextlib.suppress(OSError):
            (self.folder / name).unlink()

    def flush(self) -> None:
        """Do nothing: all is written."""


class Remote:
    """Entries on storage that fsspec reaches. After the first fault it is not asked again in this run.

    Credentials are fsspec's business: its configuration files and environment.
    """

    def __init__(self, url: str) -> None:
        from fsspec.core import url_to_fs

        self._files, self._root = url_to_fs(url)
        self.url, self.refused = url, ""
        self.folder: Path | None = None
        self._work: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = queue.SimpleQueue()
        self._writing: list[Future[Any]] = []
        self._threads: list[threading.Thread] = []

    def read(self, name: str) -> bytes | None:
        """Return an entry, None if it is not there or the storage does not answer."""

        def get() -> bytes | None:
            try:
                return bytes(self._files.cat_file(self._path(name)))
            except FileNotFoundError:
                return None

        found: bytes | None = self._waited(self._begun(get), _PATIENCE)
        return found

    def write(self, name: str, data: bytes) -> None:
        """Begin to write an entry."""

        def put() -> None:
            path = self._path(name)
            self._files.makedirs(path.rpartition("/")[0], exist_ok=True)
            self._files.pipe_file(path, data)

        if not self.refused:
            self._writing.append(self._begun(put))

    def drop(self, name: str) -> None:
        """Begin to delete an entry."""
        if not self.refused:
            self._writing.append(self._begun(lambda: self._files.rm_file(self._path(name))))

    def flush(self) -> None:
        """Wait for what is still to be written, for a while."""
        writing, self._writing = self._writing, []
        for each in writing:
            self._waited(each, _PATIENCE)

    def _path(self, name: str) -> str:
        return f"{self._root.rstrip('/')}/{name}"

    def _begun(self, work: Callable[[], Any]) -> Future[Any]:
        if len(self._threads) < _THREADS:  # daemons: nobody waits for a storage that hangs
            self._threads.append(threading.Thread(target=self._serve, daemon=True))
            self._threads[-1].start()
        from concurrent.futures import Future

        future: Future[Any] = Future()
        self._work.put((future, work))
        return future

    def _serve(self) -> None:
        while True:
            future, work = self._work.get()
            try:
                future.set_result(None if self.refused else work())
            except BaseException as exc:  # noqa: BLE001  any library may be behind it
                future.set_exception(exc)

    def _waited(self, future: Future[Any], seconds: float) -> Any:
        if self.refused:
            return None
        try:
            return future.result(seconds)
        except TimeoutError:
            self.refused = f"no answer within {seconds:g} s"
        except FileNotFoundError:  # it was to be deleted
            pass
        except Exception as exc:  # noqa: BLE001
            self.refused = str(exc)[:200] or type(exc).__name__
        return None


def shared() -> Entries | None:
    """Return the store that GUIDE_CACHE_URL names, None without one; raises GuideError."""
    url = os.environ.get(VARIABLE, "")
    if not url:
        return None
    parts = urlsplit(url)
    if parts.scheme == "file":
        from urllib.request import url2pathname

        return Folder(Path(url2pathname(parts.path)))
    if "://" not in url:
        raise GuideError(_unusable(url, "it has no scheme", ""))
    try:
        return Remote(url)
    except ModuleNotFoundError as exc:
        missing = exc.name == "fsspec"
        hint = f"Install it: `{install('remote')}`." if missing else "Install what it names."
        raise GuideError(_unusable(url, str(exc), hint)) from exc
    except Exception as exc:  # any library may be behind it
        raise GuideError(_unusable(url, str(exc), "")) from exc


def _unusable(url: str, why: str, hint: str) -> Diagnostic:
    hint = hint or (
        "Write it as fsspec does, s3://bucket/folder or file:///mnt/folder, and install what it needs, "
        "such as s3fs; or unset the variable."
    )
    return error(
        "bad-cache-url", f"the shared cache {url} cannot be opened: {why}", Place(VARIABLE), hint
    )
