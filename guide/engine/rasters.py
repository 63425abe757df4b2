"""Pictures of pixels in a PDF: what they become there, and how many pixels of them are worth it.

WeasyPrint's own class prints 16-bit grey as black, takes no notice of colour profiles, and keeps
all pixels of a photo. This one takes its place. What needs no change goes into the file as it is,
without what a camera notes (place, owner, thumbnail). All else is turned upright and to 8-bit sRGB
or grey, because our files say nowhere that their numbers are anything else.
"""

from __future__ import annotations

import hashlib
import io
import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pydyf
from PIL import Image, ImageChops, ImageCms
from weasyprint import images

from guide.engine import patches
from guide.model.rasters import (
    LYING,
    PNG_START,
    RasterError,
    bare_jpeg,
    check_raster,
    chunks,
    jpeg_frame,
    orientation_of,
    png_frame,
)

patches.check()
PHOTO_DPI = 300  # more is not seen in print
DRAWING_DPI = 600  # edges between few colours show more than a photo's
TOO_MANY = 1.5  # pixels are taken away only above this multiple, so that it is worth the loss
FEW_COLOURS = 256
QUALITY = 90  # of a JPEG that must be written anew
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_ANGLES = {0: 1, 90: 8, 180: 3, 270: 6}  # of CSS, counter-clockwise as Pillow turns
_FLIPPED = {1: 2, 8: 7, 3: 4, 6: 5}  # the same, then mirrored left to right


@dataclass(frozen=True)
class Encoded:
    """A picture as it is stored in a PDF: encoded bytes, the dictionary's entries, its mask."""

    data: bytes
    entries: tuple[tuple[str, Any], ...]
    mask: Encoded | None = None

    def stream(self, interpolate: bool) -> pydyf.Stream:
        """Return the object, made anew each time: WeasyPrint writes references into it."""
        extra = pydyf.Dictionary({"Type": "/XObject", "Subtype": "/Image"})
        for key, value in self.entries:
            extra[key] = pydyf.Dictionary(value) if isinstance(value, dict) else value
        extra["Interpolate"] = "true" if interpolate else "false"
        if self.mask:
            extra["SMask"] = self.mask.stream(interpolate)
        return pydyf.Stream([self.data], extra)


class RasterImage(images.RasterImage):  # type: ignore[misc]
    """A picture that a document shows, in place of WeasyPrint's class of the same name."""

    def __init__(
        self, pillow_image: Any, image_id: str, image_data: bytes, filename: Any = None,
        cache: Any = None, orientation: Any = "none", options: Any = None,
    ) -> None:  # fmt: skip
        if not _is_whole(_Picture(image_data)):  # of a stylesheet; the pack's are known to be
            raise images.ImageLoadingError("the picture is damaged")
        self.id = image_id
        self.data = image_data
        self.turn = _turn(image_data, orientation)
        self.mode, self.format = pillow_image.mode, pillow_image.format
        self.width, self.height = pillow_image.size
        if self.turn in LYING:
            self.width, self.height = self.height, self.width
        self.ratio = self.width / self.height if self.height else math.inf

    def draw(self, stream: Any, concrete_width: float, concrete_height: float, style: Any) -> None:
        """Draw the picture, and note how many of its pixels that takes."""
        if min(self.width, self.height, concrete_width, concrete_height) <= 0:
            return
        ratio = 1.0
        if (
            not {"Subtype", "PatternType"} & stream.extra.keys()
        ):  # else nobody knows how large it is
            (a, b, _), (c, d, _) = stream.ctm[0], stream.ctm[1]
            across = concrete_width * math.hypot(a, b) / 72
            down = concrete_height * math.hypot(c, d) / 72
            ratio = self._ratio(across, down)
        smooth = style["image_rendering"] == "auto"
        name = stream.add_image(self, smooth, ratio)
        stream.transform(concrete_width, 0, 0, -concrete_height, 0, concrete_height)
        stream.draw_x_object(name)

    def _ratio(self, across: float, down: float) -> float:
        """Return which part of the rows and columns is kept at a size in inches."""
        if min(across, down) <= 0:
            return 1.0
        dpi = min(self.width / across, self.height / down)
        if dpi <= PHOTO_DPI * TOO_MANY:
            return 1.0
        enough = DRAWING_DPI if _is_drawing(self.data) else PHOTO_DPI
        return enough / dpi if dpi > enough * TOO_MANY else 1.0

    def get_x_object(self, interpolate: bool, dpi_ratio: float) -> pydyf.Stream:
        """Return the picture as an object of a PDF; `dpi_ratio` is what is kept of each side."""
        size = None
        if dpi_ratio < 1:
            size = (
                max(1, math.ceil(self.width * dpi_ratio)),
                max(1, math.ceil(self.height * dpi_ratio)),
            )
        return _encoded(_Picture(self.data), self.turn, size).stream(interpolate)


class _Picture:
    """A file's bytes, compared by their digest: a key for what was made of them."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.digest = hashlib.sha256(data).digest()

    def __hash__(self) -> int:
        return hash(self.digest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Picture) and other.digest == self.digest


@lru_cache(maxsize=256)
def _is_whole(picture: _Picture) -> bool:
    try:
        check_raster(picture.data)
    except RasterError:
        return False
    return True


def _turn(data: bytes, wanted: Any) -> int:
    """Return the EXIF orientation to be undone; `wanted` is CSS's `image-orientation`."""
    if wanted == "from-image":
        return orientation_of(data)
    if wanted == "none":
        return 1
    angle, flip = wanted
    turn = _ANGLES[int(angle) % 360]
    return _FLIPPED[turn] if flip else turn


@lru_cache(maxsize=64)
def _drawing(picture: _Picture) -> bool:
    with Image.open(io.BytesIO(picture.data)) as image:
        return image.mode in {"1", "P"} or bool(image.getcolors(FEW_COLOURS))


def _is_drawing(data: bytes) -> bool:
    """Return True for a PNG of few colours: a plan, a screenshot, a scan in black and white."""
    return data.startswith(PNG_START) and _drawing(_Picture(data))


@lru_cache(maxsize=32)
def _encoded(picture: _Picture, turn: int, size: tuple[int, int] | None) -> Encoded:
    """Return a picture upright, at `size` pixels if given; the same bytes for the same values."""
    data = picture.data
    with Image.open(io.BytesIO(data)) as image:
        is_jpeg = image.format in {"JPEG", "MPO"}
        if turn == 1 and size is None and not _foreign(image):
            made = _jpeg_unchanged(image, data) if is_jpeg else _png_unchanged(image, data)
            if made:
                return made
        sampling = _sampling(image) if is_jpeg else 0
        if is_jpeg and size:  # decode no more than twice what is kept, which is soon done
            wanted = size[::-1] if turn in LYING else size
            image.draft(image.mode, (2 * wanted[0], 2 * wanted[1]))
        plain = _plain(image, data)
    if turn in _TURNS:
        plain = plain.transpose(_TURNS[turn])
    if size:
        # Lanczos would draw halos around the lines of a drawing.
        how = Image.Resampling.LANCZOS if is_jpeg else Image.Resampling.HAMMING
        plain = plain.resize(size, how)
    plain.info = {}
    return _as_jpeg(plain, sampling) if is_jpeg else _as_png(plain)


def _jpeg_unchanged(image: Any, data: bytes) -> Encoded | None:
    """Return a JPEG as it is, if any reader of PDF can decode it (ISO 32000-1, 7.4.8)."""
    if image.mode not in {"L", "RGB"} or jpeg_frame(data).coding not in {0xC0, 0xC1, 0xC2}:
        return None
    space = "/DeviceGray" if image.mode == "L" else "/DeviceRGB"
    return Encoded(bare_jpeg(data), _entries(image.size, space, 8, {"Filter": "/DCTDecode"}))


def _png_unchanged(image: Any, data: bytes) -> Encoded | None:
    """Return a PNG's own data, which PDF decodes as well, if no pixel is transparent."""
    if image.format != "PNG":
        return None
    frame = png_frame(data)
    if frame.interlaced or frame.depth > 8 or frame.colour not in {0, 2, 3}:
        return None
    if "transparency" in image.info:
        return None
    found: dict[bytes, bytes] = {}
    for kind, content, _ in chunks(data):
        found[kind] = found.get(kind, b"") + content
    space: Any = "/DeviceRGB" if frame.colour == 2 else "/DeviceGray"
    if frame.colour == 3:
        palette = found[b"PLTE"][: 3 << frame.depth]
        last = len(palette) // 3 - 1
        space = b"[/Indexed /DeviceRGB %d <%s>]" % (last, palette.hex().encode())
    channels = 3 if frame.colour == 2 else 1
    how = _flate(frame.width, channels, frame.depth)
    return Encoded(found[b"IDAT"], _entries(image.size, space, frame.depth, how))


def _flate(width: int, channels: int, depth: int) -> dict[str, Any]:
    """Return how PNG's data are decoded: each row names its filter (ISO 32000-1, table 10)."""
    parms: dict[str, Any] = {"Predictor": 15, "Columns": width}
    parms |= {"Colors": channels} if channels > 1 else {}
    parms |= {"BitsPerComponent": depth} if depth != 8 else {}
    return {"Filter": "/FlateDecode", "DecodeParms": parms}


def _entries(
    size: tuple[int, int], space: Any, depth: int, how: dict[str, Any]
) -> tuple[tuple[str, Any], ...]:
    return (
        ("Width", size[0]),
        ("Height", size[1]),
        ("ColorSpace", space),
        ("BitsPerComponent", depth),
        *how.items(),
    )


def _plain(image: Any, data: bytes) -> Any:
    """Return an image in mode L, LA, RGB or RGBA, 8 bits a sample, in sRGB."""
    alpha = None
    if image.mode.startswith("I"):
        high, low = _planes(image)
        alpha = _opaque_16(high, low, image.info.get("transparency"))
        plain = high
    elif image.mode in {"P", "PA"}:
        plain = image.convert("RGBA" if "transparency" in image.info else "RGB")
    elif image.mode == "CMYK":
        # Pillow takes all CMYK for Adobe's, which is inverted.
        plain = image.copy() if "adobe" in image.info else ImageChops.invert(image)
    else:
        plain = image.convert("L") if image.mode == "1" else image.copy()
        alpha = _opaque(plain, data, image.info.get("transparency"))
    return _with_alpha(_in_srgb(plain, image), alpha)


def _with_alpha(image: Any, alpha: Any) -> Any:
    if alpha is not None:
        image.putalpha(alpha)
    elif image.mode in {"LA", "RGBA"} and image.getchannel("A").getextrema() == (255, 255):
        image = image.convert(image.mode.removesuffix("A"))
    return image


def _planes(image: Any) -> tuple[Any, Any]:
    """Return the high and the low bytes of 16-bit grey as two images of 8 bits."""
    raw = image.tobytes()  # little-endian, whatever the machine
    width = len(raw) // (image.width * image.height)
    return tuple(Image.frombytes("L", image.size, raw[at::width]) for at in (1, 0))  # type: ignore[return-value]


def _unlike(image: Any, value: int) -> Any:
    """Return 255 where a grey image has another value."""
    return image.point([0 if each == value else 255 for each in range(256)])


def _opaque_16(high: Any, low: Any, value: Any) -> Any:
    if not isinstance(value, int):
        return None
    return ImageChops.lighter(_unlike(high, value >> 8), _unlike(low, value & 255))


def _opaque(image: Any, data: bytes, value: Any) -> Any:
    """Return the mask of a PNG whose tRNS names one colour, which Pillow leaves unscaled."""
    if value is None or not data.startswith(PNG_START):
        return None
    depth = png_frame(data).depth
    if image.mode == "L" and isinstance(value, int):
        # Pillow has scaled 1 bit already, and has 2 and 4 bits only in the pixels.
        scaled = value * 255 // ((1 << depth) - 1) if depth in {2, 4} else value
        return _unlike(image, scaled & 255)
    if image.mode == "RGB" and isinstance(value, tuple):
        parts = [v >> 8 if depth == 16 else v & 255 for v in value]
        masks = [_unlike(band, v) for band, v in zip(image.split(), parts, strict=True)]
        return ImageChops.lighter(masks[0], ImageChops.lighter(masks[1], masks[2]))
    return None


_SPACES = {"L": b"GRAY", "LA": b"GRAY", "RGB": b"RGB ", "RGBA": b"RGB ", "P": b"RGB ",
           "CMYK": b"CMYK", "1": b"GRAY", "I;16": b"GRAY"}  # fmt: skip


def _foreign(image: Any) -> bytes:
    """Return the colour profile of an image if its numbers are not sRGB, else b''."""
    profile = image.info.get("icc_profile")
    if not isinstance(profile, bytes) or len(profile) < 132:
        return b""
    if profile[16:20] != _SPACES.get(image.mode):
        return b""
    try:
        name = ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile)))
    except (ImageCms.PyCMSError, OSError):
        return b""
    same = "srgb" in name.lower() or "gamma 2.2" in name.lower()
    return b"" if same else profile


def _in_srgb(image: Any, source: Any) -> Any:
    """Return an image with its numbers turned into sRGB after its own profile, if it has one."""
    profile = _foreign(source)
    alpha = image.getchannel("A") if image.mode in {"LA", "RGBA"} else None
    colours = image.convert(image.mode.removesuffix("A")) if alpha is not None else image
    if profile:
        colours = _by_profile(colours, profile)
    if colours.mode == "CMYK":
        colours = colours.convert("RGB")
    if alpha is not None:
        colours.putalpha(alpha)
    return colours


def _by_profile(colours: Any, profile: bytes) -> Any:
    """Return colours turned from a profile's into sRGB; unchanged when nobody can use the profile."""
    try:
        made: Any = ImageCms.profileToProfile(
            colours, ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            ImageCms.createProfile("sRGB"), outputMode="RGB",
        )  # fmt: skip
    except (ImageCms.PyCMSError, OSError, ValueError):
        return colours
    return made.convert("L") if colours.mode == "L" else made


def _sampling(image: Any) -> int:
    """Return how a JPEG stores its colours (0 is 4:4:4), to write it anew in the same way."""
    from PIL import JpegImagePlugin

    found = JpegImagePlugin.get_sampling(image)
    return int(found) if found in {0, 1, 2} else 0


def _as_jpeg(image: Any, sampling: int) -> Encoded:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=QUALITY, optimize=True, subsampling=sampling)
    space = "/DeviceGray" if image.mode == "L" else "/DeviceRGB"
    return Encoded(out.getvalue(), _entries(image.size, space, 8, {"Filter": "/DCTDecode"}))


def _as_png(image: Any) -> Encoded:
    mask = None
    if image.mode in {"LA", "RGBA"}:
        mask = _as_png(image.getchannel("A"))
        image = image.convert(image.mode.removesuffix("A"))
    out = io.BytesIO()
    image.save(out, "PNG")
    data = b"".join(content for kind, content, _ in chunks(out.getvalue()) if kind == b"IDAT")
    space, channels = ("/DeviceGray", 1) if image.mode == "L" else ("/DeviceRGB", 3)
    how = _flate(image.width, channels, 8)
    return Encoded(data, _entries(image.size, space, 8, how), mask)
