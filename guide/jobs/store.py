"""A content-addressed store: results by the digest of what they were made from.

An entry holds the digest of its own bytes; one that does not match is treated as absent, so a
damaged disk costs time and never a wrong page. A store that cannot be written only costs time, too.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

MAX_BYTES = 2_000_000_000
_DIGEST = 32


def default_folder() -> Path:
    """Return the user's folder for guide's cache; `GUIDE_CACHE_DIR` overrides it."""
    named = os.environ.get("GUIDE_CACHE_DIR")
    if named:
        return Path(named)
    from platformdirs import user_cache_path  # 20 ms that only a build needs

    return user_cache_path("guide")


@dataclass
class Store:
    """Keeps bytes under keys in `folder`; `usable` turns false when it cannot be written."""

    folder: Path
    enabled: bool = True
    usable: bool = field(default=True, init=False)

    def _path(self, key: str) -> Path:
        name = hashlib.sha256(key.encode()).hexdigest()
        return self.folder / name[:2] / name[2:]

    def get(self, key: str) -> bytes | None:
        """Return what was kept under `key`, or None; a damaged entry is deleted."""
        if not self.enabled:
            return None
        path = self._path(key)
        try:
            entry = path.read_bytes()
        except OSError:
            return None
        if hashlib.sha256(entry[_DIGEST:]).digest() == entry[:_DIGEST]:
            with contextlib.suppress(OSError):
                os.utime(path)
            return entry[_DIGEST:]
        with contextlib.suppress(OSError):
            path.unlink()
        return None

    def put(self, key: str, data: bytes) -> None:
        """Keep `data` under `key`: written to a temporary file and renamed."""
        if not self.enabled:
            return
        path = self._path(key)
        temporary = ""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
            with os.fdopen(handle, "wb") as stream:
                stream.write(hashlib.sha256(data).digest() + data)
            Path(temporary).replace(path)
        except OSError:
            self.usable = False
            if temporary:
                with contextlib.suppress(OSError):
                    Path(temporary).unlink()

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
        for _, _, path in entries:
            with contextlib.suppress(OSError):
                path.unlink()
        return len(entries), sum(size for _, size, _ in entries)
