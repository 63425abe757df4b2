"""Pictures of imported files: only formats that guide prints, under new names in the pack's figures."""

from __future__ import annotations

import hashlib
import io
import re
from pathlib import PurePosixPath

from guide.content.slugs import slug
from guide.exchange.reading.found import Found

_KEPT = {".png", ".jpg", ".jpeg", ".svg"}
_TURNED = {".gif", ".webp", ".bmp", ".tif", ".tiff", ".avif", ".jfif", ".ico"}
_MOST = 60_000_000  # pixels
_SIGNS = (
    (b"\x89PNG", ".png"),
    (b"\xff\xd8\xff", ".jpg"),
    (b"GIF8", ".gif"),
    (b"BM", ".bmp"),
    (b"II*\0", ".tif"),
    (b"MM\0*", ".tif"),
)


class Pictures:
    """The pictures of one file; `place` puts one into the pack and returns its path, '' if it cannot be printed."""

    def __init__(self, found: Found) -> None:
        self.found = found
        self.folder = f"figures/{slug(PurePosixPath(found.path).stem)}"
        self._placed: dict[bytes, str] = {}

    def place(self, name: str, data: bytes) -> str:
        """Return the path of a picture in the pack; raises ValueError, with a reason, if it cannot be printed."""
        key = hashlib.sha256(data).digest()
        if key in self._placed:
            return self._placed[key]
        suffix = _suffix(name, data)
        if suffix not in _KEPT:
            data, suffix = _turned(data), ".png"
        stem = slug(PurePosixPath(name.replace("\\", "/")).stem)
        path, number = f"{self.folder}/{stem}{suffix}", 2
        while path in self.found.pictures:
            path, number = f"{self.folder}/{stem}-{number}{suffix}", number + 1
        self.found.pictures[path] = data
        self._placed[key] = path
        return path


def _suffix(name: str, data: bytes) -> str:
    """Return the ending that a picture should have, by its first bytes where they say."""
    for sign, suffix in _SIGNS:
        if data.startswith(sign):
            return suffix
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return ".webp"
    if re.match(
        rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*|<!DOCTYPE[^>]*>\s*)*<svg\b", data[:3000], re.S
    ):
        return ".svg"
    given = PurePosixPath(name).suffix.lower()
    return given if given in _TURNED else ""


def _turned(data: bytes) -> bytes:
    """Return a picture as PNG, of an animation its first frame; raises ValueError."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data)) as picture:
            if picture.width * picture.height > _MOST:
                raise ValueError("it is too large")
            out = io.BytesIO()
            mode = "RGBA" if picture.mode in {"P", "LA", "PA", "RGBA"} else "RGB"
            picture.convert(mode).save(out, "PNG")
    except (
        OSError,
        SyntaxError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
    ) as exc:
        raise ValueError("its format is not known, or it is damaged") from exc
    return out.getvalue()


def described(alt: str) -> str:
    """Return the text that describes a picture so that it fits into Markdown's brackets."""
    return " ".join(re.sub(r"[\[\]\\`*_$]", " ", alt).split())
