"""Channels that stay on this machine: files, archives, and files under names that nobody can guess."""

from __future__ import annotations

import csv
import hashlib
import io
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, ClassVar, Self

from guide.delivery.channels.base import Answer, Channel, File, Outcome, Parcel
from guide.model.copies import Recipient
from guide.system.output import Batch

if TYPE_CHECKING:
    from guide.delivery.request import Task


@dataclass
class Folder(Channel):
    """Files in a folder."""

    folder: Path
    files: Batch
    parallel: ClassVar[bool] = True
    divisible: ClassVar[bool] = True
    streams: ClassVar[bool] = True

    @classmethod
    def open(cls, task: Task) -> Self:
        """Return it, ready to write into the run's folder."""
        return cls(task.out, Batch(task.out))

    def deliver(self, parcel: Parcel, recipient: Recipient) -> Answer:
        """Write each file."""
        return Answer(Outcome.SENT, "", self._written(parcel, ""))

    def _written(self, parcel: Parcel, below: str) -> tuple[tuple[str, str], ...]:
        """Write each file below a folder; return their paths and digests."""
        stored = []
        for file in parcel.each():
            self.files.write(self.folder / below / file.name, file.data)
            stored.append((below + file.name, file.digest))
        return tuple(stored)

    def settle(self) -> None:
        """Wait for the disk."""
        self.files.settle()


def zip_into(stream: BinaryIO, files: Iterable[File]) -> None:
    """Write a zip archive; the same files give the same bytes."""
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:  # PDF is compressed already
        for file in files:
            entry = zipfile.ZipInfo(file.name, (1980, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, file.data)


@dataclass
class Zip(Folder):
    """One archive for each recipient, in a folder."""

    divisible: ClassVar[bool] = False

    def deliver(self, parcel: Parcel, recipient: Recipient) -> Answer:
        """Write the archive."""
        file = f"{parcel.name}.zip"
        with self.files.open(self.folder / file) as stream:
            zip_into(stream, parcel.each())
            stream.seek(0)
            digest = hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]
        return Answer(Outcome.SENT, "", ((file, digest),))


@dataclass
class Link(Folder):
    """Files under names that nobody can guess, in a folder that a file server serves."""

    base: str = ""
    private: ClassVar[str] = "links/"

    @classmethod
    def open(cls, task: Task) -> Self:
        """Return it, ready to write into the run's folder, which is served under `--link-base`."""
        return cls(task.out, Batch(task.out), task.request.link_base)

    def deliver(self, parcel: Parcel, recipient: Recipient) -> Answer:
        """Write each file into `links/SECRET/`, and say under which address it is."""
        stored = self._written(parcel, f"{self.private}{parcel.secret}/")
        return Answer(Outcome.SENT, _address(self.base, stored[0][0]), stored)

    @classmethod
    def index(cls, sent: Sequence[tuple[int, str]], base: str) -> dict[str, tuple[bytes, int]]:
        """Return the table of addresses, and a page: a server that lists folders would give all names away."""
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow(["number", "link"])
        table.writerows([number, _address(base, file)] for number, file in sent)
        page = b"<!DOCTYPE html><title></title>\n"
        return {"links.csv": (text.getvalue().encode(), 0o600), "links/index.html": (page, 0o666)}


def _address(base: str, path: str) -> str:
    """Return the address under which `links/SECRET/FILE` is served; the path without a `base`."""
    return f"{base.rstrip('/')}/{path.removeprefix(Link.private)}" if base else path
