"""Copies on storage elsewhere, by fsspec."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, ClassVar, Self

from guide.delivery.channels.base import Answer, Channel, ChannelClosed, Outcome, Parcel
from guide.delivery.names import safe
from guide.diagnostics.calling import install
from guide.diagnostics.diagnostic import GuideError, Place, error
from guide.model.copies import Recipient

if TYPE_CHECKING:
    from guide.delivery.request import Task


class Remote(Channel):
    """Files on any storage that fsspec knows: s3://bucket/folder, sftp://host/folder, memory://.

    Each file is written under its own name and its size is read back; credentials are fsspec's
    business (its configuration files and environment). Raises ChannelClosed.
    """

    divisible: ClassVar[bool] = True

    def __init__(self, url: str, name: str = "") -> None:
        self.elsewhere = f"{url.rstrip('/')}-{name}"
        at = Place("--remote")
        try:
            from fsspec.core import url_to_fs
        except ImportError as exc:
            message = "the channel `remote` needs fsspec"
            hint = f"Install it: `{install('remote')}`."
            raise ChannelClosed(error("missing-extra", message, at, hint)) from exc
        try:
            self._files, self._folder = url_to_fs(url)
        except (ImportError, ValueError, OSError) as exc:
            message = f"the storage cannot be reached: {exc}"
            hint = "Write it as fsspec does: s3://bucket/folder, sftp://host/folder; and install "
            hint += "what it needs: s3fs, paramiko, webdav4."
            raise ChannelClosed(error("bad-remote", message, at, hint)) from exc

    @classmethod
    def open(cls, task: Task) -> Self:
        """Return the storage that `--remote` names."""
        if not task.request.remote:
            hint = "Name it: --remote s3://bucket/folder, or sftp://host/folder"
            message = "the channel `remote` needs a place to write to"
            raise GuideError(error("bad-remote", message, Place("--remote"), hint))
        return cls(task.request.remote, safe(task.request.recipients.stem))

    def check(self, owner: str, stem: str, used: bool) -> None:
        """Raise ChannelClosed when the storage is another ledger's, or does not answer."""
        there = self._owner(stem)
        # Earlier versions of guide left no mark.
        if there not in {"", owner} and not (there == "?" and used):
            raise self._of_another()

    def _owner(self, stem: str) -> str:
        """Return the id of the ledger whose copies are there: '' for nobody's, `?` if it is not known.

        Copies without a mark are recognised by `stem`, with which their names begin.
        """
        with self._answering():
            if self._files.exists(self._mark):
                mark = json.loads(self._files.cat_file(self._mark))
                return str(mark["ledger"]) if isinstance(mark, dict) and mark.get("ledger") else "?"
            if not self._files.exists(self._folder):
                return ""
            paths = self._files.ls(self._folder, detail=False)
            names = (PurePosixPath(each).name for each in paths)
            return "?" if any(n.startswith(stem) and "copy-" in n for n in names) else ""

    def claim(self, owner: str) -> None:
        """Mark the storage as a ledger's; raises ChannelClosed also when it does not answer."""
        with self._answering():
            self._files.makedirs(self._folder, exist_ok=True)
            with contextlib.suppress(FileExistsError):
                data = json.dumps({"guide": "copies", "ledger": owner}).encode()
                self._files.pipe_file(self._mark, data, mode="create")
            ours = json.loads(self._files.cat_file(self._mark))["ledger"] == owner
        if not ours:
            raise self._of_another()

    def _of_another(self) -> ChannelClosed:
        message = "the storage holds the copies of another list, which would be written over"
        hint = f"Choose another folder there: --remote {self.elsewhere}"
        return ChannelClosed(error("folder-of-another", message, Place("--remote"), hint))

    @property
    def _mark(self) -> str:
        return str(PurePosixPath(self._folder) / ".guide-ledger.json")

    @contextlib.contextmanager
    def _answering(self) -> Iterator[None]:
        """Turn what a storage raises into ChannelClosed."""
        try:
            yield
        except Exception as exc:  # each storage has its own exceptions
            message = f"the storage does not answer: {type(exc).__name__}: {exc}"[:300]
            hint = "Check the address and its credentials, and run again: nothing was sent twice."
            raise ChannelClosed(error("bad-remote", message, Place("--remote"), hint)) from exc

    def deliver(self, parcel: Parcel, recipient: Recipient) -> Answer:
        """Write each file, and look whether it is whole."""
        for file in parcel.files:
            path = str(PurePosixPath(self._folder) / file.name)
            try:
                self._files.makedirs(self._folder, exist_ok=True)
                self._files.pipe_file(path, file.data)
                size = self._files.info(path)["size"]
            except Exception as exc:  # noqa: BLE001  each storage has its own exceptions
                return Answer(Outcome.LATER, f"{type(exc).__name__}: {exc}"[:300])
            if size != len(file.data):
                return Answer(Outcome.LATER, f"only {size} of {len(file.data)} bytes arrived")
        return Answer(Outcome.SENT)
