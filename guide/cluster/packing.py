"""Calls as bytes: large values travel once for many calls, named by their digest."""

from __future__ import annotations

import hashlib
import io
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LEAST = 64_000  # bytes; a smaller value travels with its call


@dataclass(frozen=True)
class Call:
    """A function by name, `module:function`, and its arguments as bytes.

    `blobs` are the large ones by their SHA-256. The call may compute for `seconds` and take `wall`
    seconds. `outfit` is the digest of what the function named `kit` must return where the call is
    done: the versions of guide and its libraries. Calls of one `session` belong together.
    """

    function: str
    payload: bytes
    blobs: Mapping[str, bytes]
    seconds: int
    wall: float
    session: str
    kit: str
    outfit: str


@dataclass(frozen=True)
class Answer:
    """What came of a call.

    `done` and `raised` (`payload` is the pickled value or exception), `late` (it took too long),
    `died` (its process was killed twice), `refused` (`payload` is JSON, the outfits of the workers that
    do not fit, by address) or `failed` (`payload` is JSON, diagnostics: there is no cluster any more).
    `deaths` are the signals that ended processes.
    """

    state: str
    payload: bytes = b""
    deaths: tuple[str, ...] = ()


class _Pickler(pickle.Pickler):
    def __init__(self, stream: io.BytesIO) -> None:
        super().__init__(stream, pickle.HIGHEST_PROTOCOL)
        self.blobs: dict[str, bytes] = {}

    def persistent_id(self, value: Any) -> str | None:
        if type(value) is not bytes or len(value) < LEAST:
            return None
        name = hashlib.sha256(value).hexdigest()
        self.blobs[name] = value
        return name


class _Unpickler(pickle.Unpickler):
    def __init__(self, stream: io.BytesIO, blobs: Mapping[str, bytes]) -> None:
        super().__init__(stream)
        self.blobs = blobs

    def persistent_load(self, name: Any) -> bytes:
        return self.blobs[name]


def pack(value: Any) -> tuple[bytes, dict[str, bytes]]:
    """Return a value as bytes, and its large parts by their digests."""
    stream = io.BytesIO()
    pickler = _Pickler(stream)
    pickler.dump(value)
    return stream.getvalue(), pickler.blobs


def unpack(payload: bytes, blobs: Mapping[str, bytes]) -> Any:
    """Return what was packed."""
    return _Unpickler(io.BytesIO(payload), blobs).load()
