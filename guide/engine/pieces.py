"""PDF objects out of one file and into another: pydyf's values to groups and back."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterable, Mapping
from types import SimpleNamespace
from typing import Any

import pydyf

from guide.model.artifacts import SEPARATOR, Group

_REFERENCE = re.compile(rb"(\d+) 0 R")
LEVEL = 3  # of zlib: three per cent larger than level 6 in half the time
Resolve = Callable[[int], int]
"""An object's number in its file to what a group calls it."""


def group_of(objects: Iterable[pydyf.Object], resolve: Resolve) -> Group:
    """Return objects as a group; streams that nothing encodes yet are compressed."""
    texts, refs, data = [], list[int](), []
    for n, value in enumerate(objects):
        if isinstance(value, pydyf.Stream):
            content, extra = _encoded(value)
            data.append((n, content))
            texts.append(_template(pydyf.Dictionary(extra), resolve, refs))
        else:
            texts.append(_template(value, resolve, refs))
    return Group(SEPARATOR.join(texts), tuple(refs), tuple(data))


def content_of(stream: pydyf.Stream) -> bytes:
    """Return what a stream holds."""
    content: bytes = b"\n".join(pydyf._to_bytes(item) for item in stream.stream)  # noqa: SLF001
    return content


def _encoded(stream: pydyf.Stream) -> tuple[bytes, dict[str, Any]]:
    """Return a stream's bytes as they are stored, and its dictionary.

    The bytes of a picture are already JPEG or PNG data: its own filter says how to decode them.
    """
    content = content_of(stream)
    extra = dict(stream.extra)
    if "Filter" not in extra:
        content = deflated(content)
        extra["Filter"] = "/FlateDecode"
    return content, extra | {"Length": len(content)}


# In place of pydyf's zlib, in whatever process: the bytes must not differ.
QUICK_ZLIB = SimpleNamespace(
    compress=zlib.compress, compressobj=lambda level=LEVEL: zlib.compressobj(min(level, LEVEL))
)


def deflated(data: bytes) -> bytes:
    """Return compressed bytes: the same on every machine with the same zlib."""
    return zlib.compress(data, LEVEL)


def inflated(data: bytes) -> bytes:
    """Return what was compressed by `deflated`."""
    return zlib.decompress(data)


def _template(value: Any, resolve: Resolve, refs: list[int]) -> bytes:
    if isinstance(value, pydyf.Dictionary):
        inner = b"".join(
            b"/" + pydyf._to_bytes(key).replace(b"%", b"%%") + b" " + _template(each, resolve, refs)  # noqa: SLF001
            for key, each in value.items()
        )
        return b"<<" + inner + b">>"
    if isinstance(value, pydyf.Array):
        return b"[" + b" ".join(_template(each, resolve, refs) for each in value) + b"]"
    data: bytes = pydyf._to_bytes(value)  # noqa: SLF001
    found = _REFERENCE.fullmatch(data) if isinstance(value, bytes) else None
    if found is None:
        return data.replace(b"%", b"%%")
    refs.append(resolve(int(found[1])))
    return b"%d 0 R"


class Ready(pydyf.Object):  # type: ignore[misc]
    """An object whose text is known; with `content` it is a stream."""

    def __init__(self, text: bytes, content: bytes | None = None) -> None:
        super().__init__()
        self.text, self.content = text, content

    @property
    def data(self) -> bytes:
        """The object as it is written to a file."""
        if self.content is None:
            return self.text
        return self.text + b"\nstream\n" + self.content + b"\nendstream"

    @property
    def compressible(self) -> bool:
        """Return whether the object may lie in an object stream."""
        return self.content is None


def place(pdf: pydyf.PDF, group: Group, outside: Mapping[int, int]) -> int:
    """Add a group to a file and return the number of its first object; `outside` resolves codes."""
    base = len(pdf.objects)
    numbers = tuple([base + ref if ref >= 0 else outside[ref] for ref in group.refs])
    data = dict(group.data)
    for n, text in enumerate((group.text % numbers).split(SEPARATOR)):
        pdf.add_object(Ready(text, data.get(n)))
    return base


def reference(number: int) -> bytes:
    """Return a reference to an object."""
    return b"%d 0 R" % number


def references(numbers: Iterable[int]) -> bytes:
    """Return an array of references."""
    return b"[" + b" ".join(map(reference, numbers)) + b"]"


def steps(levels: Iterable[int]) -> list[int]:
    """Return the levels of headings so that none is more than one below that which it belongs to."""
    found: list[int] = []
    open_ones: list[int] = []  # as written, of the headings that the next one may belong to
    for level in levels:
        while open_ones and open_ones[-1] >= level:
            open_ones.pop()
        open_ones.append(level)
        found.append(len(open_ones))
    return found
