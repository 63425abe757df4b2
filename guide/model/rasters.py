"""PNG and JPEG files as bytes: their size, whether they are whole, and their parts.

Nothing is decoded to pixels here, so that a picture that would fill the memory costs nothing.
Sources: PNG, third edition (W3C); JPEG, ITU-T T.81; Exif 3.0 (CIPA DC-008).
"""

from __future__ import annotations

import re
import struct
import warnings
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

PNG_START = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # samples a pixel, by PNG's colour type
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
# First column, first row, step across and step down of the passes of an interlaced PNG.
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
          (0, 1, 1, 2))  # fmt: skip
_MARKER = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])", re.S)  # one that ends a scan's data
_SOI, _EOI, _SOS, _COM = 0xD8, 0xD9, 0xDA, 0xFE
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
LYING = frozenset({5, 6, 7, 8})  # orientations that exchange width and height
_BLOCK = 1 << 20
_SIGNATURES = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "PNG"),
    (re.compile(rb"\xff\xd8"), "JPEG"),
    (re.compile(rb"....ftyp(?:hei|hev|mif1|msf1|heim|heis)", re.S), "HEIC"),
    (re.compile(rb"....ftypavi", re.S), "AVIF"),
    (re.compile(rb"RIFF....WEBP", re.S), "WebP"),
    (re.compile(rb"GIF8[79]a"), "GIF"),
    (re.compile(rb"II\*\0|MM\0\*"), "TIFF"),
    (re.compile(rb"BM.{12}", re.S), "BMP"),
    (re.compile(rb"%PDF-"), "PDF"),
    (re.compile(rb"\xff\x0a|\0\0\0\x0cJXL "), "JPEG XL"),
    (re.compile(rb"\0\0\0\x0cjP  "), "JPEG 2000"),
    (re.compile(rb"8BPS"), "Photoshop"),
    (re.compile(rb"\x01\0\0\0.{36} EMF", re.S), "EMF"),
    (re.compile(rb"\xd7\xcd\xc6\x9a"), "WMF"),
    (re.compile(rb"\x1f\x8b"), "SVGZ"),
)


class RasterError(ValueError):
    """A picture's file is damaged or cannot be printed; the message says why, `hint` what to do."""

    def __init__(self, message: str, hint: str = "Download or export the picture again.") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True)
class Frame:
    """What the header of a picture says; `depth` is in bits a sample.

    `colour` is PNG's colour type (0 grey, 2 RGB, 3 palette, 4 grey with alpha, 6 RGB with alpha),
    or the number of components of a JPEG; `coding` is the marker of a JPEG's frame.
    """

    width: int
    height: int
    depth: int
    colour: int
    interlaced: bool = False
    coding: int = 0


def format_of(data: bytes) -> str:
    """Return the name of the format that a file's first bytes show ("PNG", "HEIC"), or ''."""
    return next((name for pattern, name in _SIGNATURES if pattern.match(data)), "")


def chunks(data: bytes) -> Iterator[tuple[bytes, bytes, bool]]:
    """Yield type and content of a PNG's chunks, and whether the checksum is right.

    Raises RasterError when the file ends before its last chunk.
    """
    at = len(PNG_START)
    while at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        kind, end = data[at + 4 : at + 8], at + 8 + length
        if end + 4 > len(data):
            break
        told = int.from_bytes(data[end : end + 4], "big")
        yield kind, data[at + 8 : end], zlib.crc32(data[at + 4 : end]) == told
        if kind == b"IEND":
            return
        at = end + 4
    raise RasterError("breaks off before its end")


def png_frame(data: bytes) -> Frame:
    """Return what the header of a PNG says; raises RasterError when it has none."""
    if len(data) < 24:
        raise RasterError("breaks off before its end")
    if data[12:16] != b"IHDR":
        raise RasterError("is damaged: it does not say how large it is")
    head = data[16:29].ljust(13, b"\0")  # the size alone is enough to refuse what is too large
    width, height, depth, colour, _, _, interlace = struct.unpack(">IIBBBBB", head)
    return Frame(width, height, depth, colour, bool(interlace))


def frame_of(data: bytes) -> Frame:
    """Return what the header of a PNG or JPEG says; raises RasterError when it has none."""
    return png_frame(data) if data.startswith(PNG_START) else jpeg_frame(data)


def check_raster(data: bytes) -> None:
    """Raise RasterError unless a PNG or JPEG is whole and can be printed."""
    check_png(data) if data.startswith(PNG_START) else check_jpeg(data)


def check_png(data: bytes) -> None:
    """Raise RasterError unless a PNG is whole: all chunks, their checksums, and all rows."""
    frame = png_frame(data)
    if frame.depth not in _DEPTHS.get(frame.colour, ()):
        raise RasterError("is damaged: its header holds values that no PNG has")
    packed, kinds = zlib.decompressobj(), set()
    rest = _raw_size(frame)
    for kind, content, right in chunks(data):
        kinds.add(kind)
        if not right:
            name = kind.decode("latin-1")
            raise RasterError(f"is damaged: the checksum of its part {name} is wrong")
        if kind == b"IDAT":
            rest -= _unpacked(packed, content)
    if frame.colour == 3 and b"PLTE" not in kinds:
        raise RasterError("is damaged: it has no palette")
    if rest > 0:
        raise RasterError("breaks off before its end")


def _unpacked(packed: zlib._Decompress, content: bytes) -> int:
    """Return how many bytes more of image data there are, without keeping them."""
    size = 0
    try:
        while content and not packed.eof:
            size += len(packed.decompress(content, _BLOCK))
            content = packed.unconsumed_tail
    except zlib.error:
        raise RasterError("is damaged: its data cannot be read") from None
    return size


def _raw_size(frame: Frame) -> int:
    """Return the number of bytes of all rows, each with the byte that names its filter."""
    bits = frame.depth * _CHANNELS[frame.colour]

    def size(width: int, height: int) -> int:
        return height * (1 + (width * bits + 7) // 8) if width > 0 else 0

    if not frame.interlaced:
        return size(frame.width, frame.height)
    return sum(
        size(-(-(frame.width - left) // across), max(0, -(-(frame.height - top) // down)))
        for left, top, across, down in _ADAM7
    )


def segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield marker, start and end of each segment of a JPEG, scans with their data, up to EOI.

    A thumbnail's own end is part of the segment that holds it. Raises RasterError when the file
    ends before, or is no sequence of segments.
    """
    at = 2
    while at + 2 <= len(data):
        if data[at] != 0xFF:
            raise RasterError("is damaged: its parts do not follow one another")
        marker = data[at + 1]
        if marker == 0xFF:  # fill bytes, T.81 B.1.1.2
            at += 1
            continue
        if marker == _EOI:
            yield marker, at, at + 2
            return
        if marker == 0x01 or 0xD0 <= marker <= _SOI:
            at += 2
            continue
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == _SOS:
            found = _MARKER.search(data, end)
            if found is None:
                break
            end = found.start()
        if end > len(data) or end < at + 4:
            break
        yield marker, at, end
        at = end
    raise RasterError("breaks off before its end")


def jpeg_frame(data: bytes) -> Frame:
    """Return what the frame header of a JPEG says; raises RasterError when it has none."""
    for marker, start, end in segments(data):
        if marker in _FRAMES and end - start >= 10:
            depth, height, width, count = struct.unpack(">BHHB", data[start + 4 : start + 10])
            return Frame(width, height, depth, count, coding=marker)
        if marker == _SOS:
            break
    raise RasterError("is damaged: it does not say how large it is")


def check_jpeg(data: bytes) -> None:
    """Raise RasterError unless a JPEG has all its parts and is of a kind that can be printed."""
    frame = jpeg_frame(data)
    again = "Export it again as an ordinary JPEG with 8 bits a colour, or as PNG."
    if frame.depth != 8:
        raise RasterError(f"has {frame.depth} bits a colour, which cannot be printed", again)
    if frame.coding not in {0xC0, 0xC1, 0xC2, 0xC9, 0xCA} or frame.colour not in {1, 3, 4}:
        raise RasterError("is a kind of JPEG that cannot be printed", again)
    if not any(marker == _SOS for marker, _, _ in segments(data)):
        raise RasterError("breaks off before its end")


def bare_jpeg(data: bytes) -> bytes:
    """Return a JPEG without what does not make its pixels: thumbnail, place, camera, comments.

    APP0 (JFIF) and APP14 (Adobe) stay: they say how the colours are coded.
    """
    kept = [data[:2]]
    for marker, start, end in segments(data):
        told = 0xE1 <= marker <= 0xEF and marker != 0xEE
        if not told and marker != _COM:
            kept.append(data[start:end])
    return b"".join(kept)


def orientation_of(data: bytes) -> int:
    """Return the orientation, 1 to 8, that a PNG or JPEG asks for; 1 when it says nothing.

    1 is upright; 2 to 8 say what turns the stored pixels upright (Exif 3.0, 4.6.5.1.6).
    """
    from PIL import Image  # only a picture needs it

    read = Image.Exif()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            read.load(_exif_in(data))
            value = read.get(0x0112)
    except (OSError, ValueError, SyntaxError, TypeError, KeyError, IndexError, struct.error):
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _exif_in(data: bytes) -> bytes:
    """Return the first EXIF data of a PNG or JPEG, b'' without any; raises RasterError."""
    if data.startswith(PNG_START):
        return next((content for kind, content, _ in chunks(data) if kind == b"eXIf"), b"")
    apps = (data[start + 4 : end] for marker, start, end in segments(data) if marker == 0xE1)
    return next((app for app in apps if app.startswith(b"Exif\0\0")), b"")
