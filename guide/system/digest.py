"""Digests of values: the same for equal values in every process, different for others."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any


def digest(*values: Any) -> str:
    """Return the SHA-256, in hexadecimal, of nested plain values and dataclasses.

    Every value is written with its type and length, so that no two values look alike. Mappings are
    read in the order of their keys. Fields with `compare=False` do not count. Raises TypeError for
    anything whose content cannot be read.
    """
    hasher = hashlib.sha256()
    for piece in _pieces(values):
        hasher.update(piece)
    return hasher.hexdigest()


def _pieces(value: Any) -> Iterable[bytes]:
    if value is None or isinstance(value, bool | int | float):
        yield _framed(type(value).__name__, repr(value).encode())
    elif isinstance(value, Enum):
        yield _framed("enum", str(value.value).encode())
    elif isinstance(value, str):
        yield _framed("str", value.encode("utf-8", "surrogatepass"))
    elif isinstance(value, bytes):
        yield _framed("bytes", value)
    elif isinstance(value, Mapping):
        yield _framed("map", str(len(value)).encode())
        for key in sorted(value, key=str):
            yield from _pieces(key)
            yield from _pieces(value[key])
    elif isinstance(value, list | tuple):
        yield _framed("seq", str(len(value)).encode())
        for item in value:
            yield from _pieces(item)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        yield _framed("data", type(value).__name__.encode())
        for field in dataclasses.fields(value):
            if field.compare:
                yield _framed("field", field.name.encode())
                yield from _pieces(getattr(value, field.name))
    else:
        raise TypeError(f"a {type(value).__name__} has no digest")


def _framed(kind: str, data: bytes) -> bytes:
    return f"{kind}:{len(data)}:".encode() + data
