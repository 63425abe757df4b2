"""A PDF as parts: what all copies share is written once, what differs is put in for each copy.

Objects that are not streams are in object streams (ISO 32000-2, 7.5.7). Files of PDF 1.4 (PDF/A-1) have
none; theirs are in the file itself.
"""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from guide.diagnostics.diagnostic import GuideError, Place, error

_WIDTHS = (1, 4, 2)  # bytes of a row of the cross-reference stream: type, offset, index
_ROW = sum(_WIDTHS)
_PER_STREAM = 400  # objects in one object stream
_LEAST = 3  # bytes that qpdf expects of each object that a file may have
_REFERENCE = re.compile(rb"(\d+)\s+0\s+R\b")  # a string may look like one, which does no harm
_LENGTH = re.compile(rb"/Length (\d+) ?")  # which qpdf and pydyf write so


@dataclass(frozen=True)
class Part:
    """An object of a file: its dictionary or value, and with `data` the stream's bytes."""

    number: int
    text: bytes
    data: bytes | None = None


def parts_of(pdf: Any) -> tuple[list[Part], dict[bytes, bytes]]:
    """Return the objects of a pikepdf file in a fixed order, and the references of its trailer.

    qpdf writes each object in turn, drops what nothing refers to, and escapes every line feed in a
    string, so that its output can be cut where the table says.
    """
    import pikepdf

    out = io.BytesIO()
    pdf.save(
        out,
        object_stream_mode=pikepdf.ObjectStreamMode.disable,
        stream_decode_level=pikepdf.StreamDecodeLevel.none,
        compress_streams=False,
        deterministic_id=True,
        static_id=False,
        fix_metadata_version=False,
    )
    saved = out.getvalue()
    table = int(saved[saved.rindex(b"startxref") + 9 :].split()[0])
    head = re.compile(rb"xref\n0 (\d+)\n").match(saved, table)
    assert head is not None
    count, rows = int(head[1]), head.end()
    trailer = saved[rows + 20 * count :]
    offsets = [int(saved[rows + 20 * n : rows + 20 * n + 10]) for n in range(1, count)]
    order = sorted(range(1, count), key=lambda n: offsets[n - 1])
    ends = [*(offsets[n - 1] for n in order[1:]), table]
    found = {}
    for number, end in zip(order, ends, strict=True):
        whole = saved[offsets[number - 1] : end]
        body = whole[whole.index(b"obj\n") + 4 : whole.rindex(b"endobj")].rstrip(b"\n")
        if body.endswith(b"endstream") and b"\nstream\n" in body:
            text, _, rest = body.partition(b"\nstream\n")
            found[number] = _stream(number, text, rest)
        else:
            found[number] = Part(number, body)
    references = {
        name: b"%d 0 R" % int(match[1])
        for name in (b"Root", b"Info")
        if (match := re.search(rb"/" + name + rb" (\d+) 0 R", trailer))
    }
    return [found[number] for number in sorted(found)], references


def _stream(number: int, text: bytes, rest: bytes) -> Part:
    for match in _LENGTH.finditer(text):
        length = int(match[1])
        if rest[length:].strip(b"\r\n") == b"endstream":
            return Part(number, text[: match.start()] + text[match.end() :], rest[:length])
    message = "a stream of the PDF does not say how long it is"
    raise GuideError(error("not-a-pdf", message, Place(""), "Repair it: qpdf IN.pdf OUT.pdf"))


def without_length(text: bytes) -> bytes:
    """Return the dictionary of a stream without its length."""
    return _LENGTH.sub(b"", text, count=1)


def _object(part: Part) -> bytes:
    """Return an object as it is in a file; the dictionary of a stream ends with its length."""
    if part.data is None:
        return b"%d 0 obj\n%s\nendobj\n" % (part.number, part.text)
    head = part.text.rstrip().removesuffix(b">>")
    return b"%d 0 obj\n%s/Length %d>>\nstream\n%s\nendstream\nendobj\n" % (
        part.number, head, len(part.data), part.data,
    )  # fmt: skip


def _packed(number: int, parts: Sequence[Part], rows: Rows, level: int) -> Part:
    """Return parts as one object stream, noting in `rows` where each is."""
    numbers, bodies, at = [], [], 0
    for index, part in enumerate(parts):
        rows.put_inside(part.number, number, index)
        numbers.append(b"%d %d" % (part.number, at))
        bodies.append(part.text)
        at += len(part.text) + 1
    head = b" ".join(numbers) + b"\n"
    data = zlib.compress(head + b"\n".join(bodies), level)
    text = b"<</Type /ObjStm/Filter /FlateDecode/N %d/First %d>>" % (len(numbers), len(head))
    return Part(number, text, data)


def _written(parts: Iterable[Part], rows: Rows, at: int) -> list[bytes]:
    """Return objects as they are in a file from offset `at` on, noting in `rows` where each begins."""
    out = []
    for part in parts:
        rows.put(part.number, at)
        out.append(_object(part))
        at += len(out[-1])
    return out


@dataclass
class Rows:
    """The cross-reference of a file, as it is written."""

    classic: bool
    data: bytearray = field(default_factory=bytearray)

    @property
    def size(self) -> int:
        """Number of rows."""
        return len(self.data) // (20 if self.classic else _ROW)

    def grow(self, size: int) -> None:
        """Make room for objects 0 to `size` - 1; those that are not set are free."""
        free = b"0000000000 65535 f \n" if self.classic else bytes((0, 0, 0, 0, 0, 255, 255))
        self.data += free * (size - self.size)

    def put(self, number: int, offset: int) -> None:
        """Say where an object begins."""
        if self.classic:
            self.data[20 * number : 20 * number + 20] = b"%010d 00000 n \n" % offset
        else:
            row = b"\x01" + offset.to_bytes(4, "big") + b"\0\0"
            self.data[_ROW * number : _ROW * (number + 1)] = row

    def put_inside(self, number: int, stream: int, index: int) -> None:
        """Say in which object stream an object is."""
        row = b"\x02" + stream.to_bytes(4, "big") + index.to_bytes(2, "big")
        self.data[_ROW * number : _ROW * (number + 1)] = row


@dataclass(frozen=True)
class Base:
    """What all copies of a document share. `slots` are the numbers of objects that each has its own."""

    head: bytes = field(repr=False)
    rows: Rows = field(repr=False)
    trailer: bytes
    first_id: bytes
    size: int


def base_of(
    parts: Iterable[Part], slots: frozenset[int], trailer: Mapping[bytes, bytes],
    first_id: bytes, version: str, classic: bool,
) -> Base:  # fmt: skip
    """Return the base of a file's copies, without the objects whose numbers are in `slots`."""
    shared = [part for part in parts if part.number not in slots]
    size = max([*(part.number for part in shared), *slots, 0]) + 1
    head, rows = b"%%PDF-%s\n%%\xbf\xf7\xa2\xfe\n" % version.encode(), Rows(classic)
    streams = [part for part in shared if part.data is not None]
    loose = [part for part in shared if part.data is None]
    chunks = [] if classic else [
        loose[n : n + _PER_STREAM] for n in range(0, len(loose), _PER_STREAM)
    ]  # fmt: skip
    rows.grow(size + len(chunks))
    packed = [_packed(number, chunk, rows, 9) for number, chunk in enumerate(chunks, size)]
    out = _written([*streams, *(loose if classic else packed)], rows, len(head))
    names = b"".join(b"/%s %s" % entry for entry in sorted(trailer.items()))
    return Base(head + b"".join(out), rows, names, first_id, size + len(chunks))


@dataclass(frozen=True)
class Draft:
    """A copy before it is a file: what it shares with others, and its own objects.

    Those that are not in the base's slots are numbered from its `size`. `copy_id` is the second part
    of the file's identifier.
    """

    base: Base = field(repr=False)
    own: tuple[Part, ...] = field(repr=False)
    copy_id: bytes


def compose(draft: Draft) -> bytes:
    """Return a copy as a whole file."""
    base, own = draft.base, draft.own
    rows = Rows(base.rows.classic, bytearray(base.rows.data))
    last = max([base.size - 1, *(part.number for part in own)])
    loose = [part for part in own if part.data is None]
    written = [part for part in own if part.data is not None]
    rows.grow(last + 1)
    if base.rows.classic:
        written += loose
    elif loose:
        rows.grow(last + 2)
        written.append(_packed(last + 1, loose, rows, 3))
    out = [base.head, *_written(written, rows, len(base.head))]
    identity = b"/ID [<%s><%s>]" % (base.first_id.hex().encode(), draft.copy_id.hex().encode())
    out.append(_finish(rows, sum(map(len, out)), base.trailer + identity))
    return b"".join(out)


def own_file(draft: Draft) -> bytes:
    """Return a file of a copy's own objects alone, under their numbers, for a library to read.

    What they refer to in the base is an empty dictionary there: only its number matters.
    """
    known = {part.number for part in draft.own}
    wanted = {int(n) for part in draft.own for n in _REFERENCE.findall(part.text)} - known
    wanted = {number for number in wanted if number < draft.base.size}
    top = max([draft.base.size, *(number + 1 for number in known)])
    parts = [
        *draft.own,
        *(Part(number, b"<<>>") for number in wanted),
        Part(top, b"<</Type /Catalog/Pages <</Type /Pages/Kids []/Count 0>>>>"),
    ]
    # qpdf takes no number for an object's that is larger than a third of the file.
    out = [b"%PDF-1.5\n%" + b" " * (_LEAST * top) + b"\n"]
    at, rows = len(out[0]), [b"0 1\n0000000000 65535 f \n"]
    for part in sorted(parts, key=lambda part: part.number):
        rows.append(b"%d 1\n%010d 00000 n \n" % (part.number, at))
        out.append(_object(part))
        at += len(out[-1])
    end = b"trailer\n<</Size %d/Root %d 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (top + 1, top, at)
    return b"".join([*out, b"xref\n", *rows, end])


def _finish(rows: Rows, at: int, trailer: bytes) -> bytes:
    """Return the end of a file: the cross-reference, which begins at `at`, and the trailer."""
    if rows.classic:
        end = b"xref\n0 %d\n%strailer\n<</Size %d%s>>\n" % (
            rows.size, rows.data, rows.size, trailer,
        )  # fmt: skip
    else:
        number = rows.size
        rows.grow(number + 1)
        rows.put(number, at)
        text = b"<</Type /XRef/Size %d/W [1 4 2]%s/Filter /FlateDecode>>" % (rows.size, trailer)
        end = _object(Part(number, text, zlib.compress(bytes(rows.data), 1)))
    return end + b"startxref\n%d\n%%%%EOF\n" % at
