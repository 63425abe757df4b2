"""A content-addressed store: results by the digest of what they were made from.

An entry holds the digest of its key and its bytes; one that does not match, be it damaged or in
another's place, is treated as absent: that costs time, and never a wrong page. A store that cannot
be written only costs time, too. Behind the folder of this machine there may be entries that several
machines share (`guide.system.shared`), which are verified in the same way.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from guide.system import plain, tempfiles
from guide.system.shared import Entries, shared

MAX_BYTES = 2_000_000_000
_DIGEST = 32
_DAY = 86_400.0  # s
_OWN = ("machine:", "code:", "built:")  # keys of what is true of this machine alone


def default_folder() -> Path:
    """Return the user's folder for guide's cache; `GUIDE_CACHE_DIR` overrides it."""
    named = os.environ.get("GUIDE_CACHE_DIR")
    if named:
        return Path(named)
    from platformdirs import user_cache_path  # 20 ms that only a build needs

    return user_cache_path("guide")


def default_store(enabled: bool = True) -> Store:
    """Return the user's store, with what GUIDE_CACHE_URL names behind it; raises GuideError."""
    return Store(default_folder(), enabled, shared=shared() if enabled else None)


@dataclass
class Store:
    """Keeps bytes under keys in `folder`; `refused` says why it could not be written.

    `world`, the digest of what all results depend on besides, is part of each key. A `file:` that is
    named by its own digest is the same in every world.
    """

    folder: Path
    enabled: bool = True
    world: str = ""
    shared: Entries | None = field(default=None, compare=False)
    refused: str = field(default="", init=False)

    def on(self, world: str) -> Store:
        """Return the same store for results that were made in this world."""
        return Store(self.folder, self.enabled, world, self.shared)

    def offline(self) -> Store:
        """Return the same store for a process that has no network: folders alone."""
        folder = self.shared if self.shared is not None and self.shared.folder is not None else None
        return Store(self.folder, self.enabled, self.world, folder)

    def _whole(self, key: str) -> str:
        return f"{key}@{self.world}" if self.world and not key.startswith("file:") else key

    def _name(self, key: str) -> str:
        name = hashlib.sha256(self._whole(key).encode()).hexdigest()
        return f"{name[:2]}/{name[2:]}"

    def _path(self, key: str) -> Path:
        return self.folder / self._name(key)

    def _behind(self, key: str) -> Entries | None:
        """Return the shared entries, if this key may be there."""
        return None if key.startswith(_OWN) else self.shared

    def _sealed(self, key: str, data: bytes) -> bytes:
        whole = self._whole(key)
        hasher = hashlib.sha256(f"{len(whole)}:{whole}".encode())
        hasher.update(data)
        return hasher.digest()

    def get(self, key: str) -> bytes | None:
        """Return what was kept under `key`, or None; a damaged entry is deleted."""
        if not self.enabled:
            return None
        path = self._path(key)
        try:
            entry = path.read_bytes()
        except OSError:
            return self._fetched(key)
        if self._sealed(key, entry[_DIGEST:]) == entry[:_DIGEST]:
            with contextlib.suppress(OSError):
                os.utime(path)
            return entry[_DIGEST:]
        with contextlib.suppress(OSError):
            path.unlink()
        return self._fetched(key)

    def _fetched(self, key: str) -> bytes | None:
        """Return a shared entry, and keep it here as well; a damaged one is deleted."""
        behind = self._behind(key)
        entry = behind.read(self._name(key)) if behind is not None else None
        if behind is None or entry is None:
            return None
        if self._sealed(key, entry[_DIGEST:]) != entry[:_DIGEST]:
            behind.drop(self._name(key))
            return None
        self._write(key, entry)
        return entry[_DIGEST:]

    def value(self, key: str, kind: type) -> Any:
        """Return the value of a class that was kept under `key`, or None; another is deleted."""
        entry = self.get(key)
        if entry is None:
            return None
        try:
            found = plain.loads(entry)
        except Exception:  # noqa: BLE001  a class that is not what it was raises anything
            found = None
        if isinstance(found, kind):
            return found
        self.drop(key)
        return None

    def put(self, key: str, data: bytes) -> None:
        """Keep `data` under `key`: written to a temporary file and renamed."""
        if not self.enabled:
            return
        entry = self._sealed(key, data) + data
        self._write(key, entry)
        behind = self._behind(key)
        if behind is not None:
            behind.write(self._name(key), entry)

    def _write(self, key: str, entry: bytes) -> None:
        path = self._path(key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            tempfiles.write(path, entry, self.folder, 0o600, lasting=False)
        except OSError as exc:
            self.refused = exc.strerror or str(exc)

    def keep(self, key: str, value: Any) -> None:
        """Keep a value under `key`, for `value` to give back."""
        if self.enabled:
            self.put(key, pickle.dumps(value, pickle.HIGHEST_PROTOCOL))

    def drop(self, key: str) -> None:
        """Delete what is kept under `key`."""
        with contextlib.suppress(OSError):
            self._path(key).unlink()
        behind = self._behind(key)
        if behind is not None:
            behind.drop(self._name(key))

    def flush(self) -> None:
        """Wait for the shared entries that are still to be written."""
        if self.shared is not None:
            self.shared.flush()

    def tidy(self) -> None:
        """Remove what runs that were killed left, and, once a day, what was used longest ago."""
        if not self.enabled or self.refused:
            return
        tempfiles.sweep(self.folder)
        mark = self.folder / ".tidied"
        with contextlib.suppress(OSError):
            if mark.exists() and abs(time.time() - mark.stat().st_mtime) < _DAY:
                return
            mark.touch()
            self.trim()

    def entries(self) -> list[tuple[float, int, Path]]:
        """Return (last use in s since the epoch, bytes, path) of all entries, oldest first."""
        found = []
        for path in self.folder.glob("??/*"):
            with contextlib.suppress(OSError):
                facts = path.stat()
                found.append((facts.st_mtime, facts.st_size, path))
        return sorted(found)

    def trim(self, limit: int = MAX_BYTES) -> int:
        """Delete the entries used longest ago until the rest has at most `limit` bytes."""
        entries = self.entries()
        total, removed = sum(size for _, size, _ in entries), 0
        for _, size, path in entries:
            if total <= limit:
                break
            with contextlib.suppress(OSError):
                path.unlink()
                removed += 1
            total -= size
        return removed

    def clear(self) -> tuple[int, int]:
        """Delete all entries; return how many, and how many bytes."""
        entries = self.entries()
        self.trim(-1)
        return len(entries), sum(size for _, size, _ in entries)
