"""Zip files of strangers: bounded in size, and with no name that leads anywhere."""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import PurePosixPath
from typing import NoReturn

from guide.exchange.reading.found import Found

MOST_FILES = 50_000
MOST_BYTES = 600_000_000
MOST_OF_ONE = 250_000_000
_BOMB = 400  # a text of a real document is a hundred times as long as its compressed form, at most
_SMALL = 5_000_000


class Archive:
    """A zip file in memory; every failure is a diagnostic of `found`."""

    def __init__(self, data: bytes, found: Found) -> None:
        self.found = found
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as exc:
            self._broken(exc)
        infos = self._zip.infolist()
        total = sum(info.file_size for info in infos)
        packed = max(1, sum(info.compress_size for info in infos))
        if (
            len(infos) > MOST_FILES
            or total > MOST_BYTES
            or (total > _SMALL and total > _BOMB * packed)
        ):
            message = f"unpacked, the file has {total / 1e6:,.0f} MB in {len(infos):,} files"
            found.refuse(
                "import-too-large",
                message,
                "A file that grows so much is not one of a card program. Export it again, or in parts.",
            )
        for info in infos:
            path = PurePosixPath(info.filename.replace("\\", "/"))
            if path.is_absolute() or ".." in path.parts or "\0" in info.filename:
                found.refuse(
                    "import-unsafe",
                    f"the file has a name that leads out of it: `{info.filename[:60]}`",
                    "Do not use this file; export it again.",
                )
        self.names = [info.filename for info in infos]

    def has(self, name: str) -> bool:
        """Return True if there is a file of this name."""
        return name in self._zip.NameToInfo

    def size(self, name: str) -> int:
        """Return how many bytes a file says it has."""
        return self._zip.getinfo(name).file_size

    def read(self, name: str, most: int = MOST_OF_ONE) -> bytes:
        """Return the bytes of a file, at most as many as it says; raises GuideError."""
        info = self._zip.getinfo(name)
        if info.flag_bits & 1:
            self.found.refuse(
                "import-unreadable",
                "the file is protected by a password",
                "Save it without one, and import it again.",
            )
        if info.file_size > most:
            self.found.refuse(
                "import-too-large",
                f"`{name}` has {info.file_size / 1e6:,.0f} MB unpacked",
                "Export fewer cards at a time.",
            )
        try:
            with self._zip.open(info) as stream:
                return stream.read(info.file_size + 1)[: info.file_size]
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            OSError,
            NotImplementedError,
            RuntimeError,
            ValueError,
        ) as exc:
            self._broken(exc)

    def _broken(self, exc: Exception) -> NoReturn:
        message = f"the file is damaged or not whole: {' '.join(str(exc).split())[:80]}"
        self.found.refuse("import-unreadable", message, "Export or download it again.")
