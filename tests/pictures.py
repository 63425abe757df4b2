"""Pictures of every kind that a camera, a scanner or a drawing program writes, made here.

`KINDS` are (file name, bytes, how it must look); the look is an RGB image, with transparent parts
on white as paper shows them.
"""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

import pikepdf
import pypdfium2
from PIL import Image, ImageChops, ImageDraw, ImageStat

WIDTH, HEIGHT = 96, 64
_TURNED_BACK = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@cache
def photo(width: int = WIDTH, height: int = HEIGHT) -> Image.Image:
    """Return an RGB picture like a photo: gradients in two directions, a dark corner, noise."""
    noise = random.Random(7)
    grain = Image.frombytes("L", (width, height), noise.randbytes(width * height))
    across = Image.linear_gradient("L").rotate(90).resize((width, height))
    down = Image.linear_gradient("L").resize((width, height))
    bands = [across, down, Image.blend(down, across, 0.5).point(lambda v: 255 - v)]
    made = Image.merge("RGB", [Image.blend(band, grain, 0.1) for band in bands])
    ImageDraw.Draw(made).rectangle((0, 0, width // 4, height // 5), (20, 30, 60))  # says which way is up
    return made


def drawing(width: int = WIDTH, height: int = HEIGHT) -> Image.Image:
    """Return a black line drawing on white, which no two turns of it resemble."""
    made = Image.new("L", (width, height), 255)
    pen = ImageDraw.Draw(made)
    pen.rectangle((width // 8, height // 8, width // 2, height // 2), fill=0)
    pen.line((0, height - 1, width - 1, height // 2), fill=0, width=max(2, width // 40))
    return made


def saved(image: Image.Image, kind: str, **more: Any) -> bytes:
    """Return an image as a file of a kind."""
    out = io.BytesIO()
    image.save(out, kind, **more)
    return out.getvalue()


def chunk(kind: bytes, content: bytes) -> bytes:
    """Return a chunk of a PNG."""
    whole = kind + content
    return struct.pack(">I", len(content)) + whole + struct.pack(">I", zlib.crc32(whole))


def png(width: int, height: int, depth: int, colour: int, rows: list[bytes], *, before: bytes = b"") -> bytes:
    """Return a PNG from rows of samples; `before` are chunks before the image data."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    data = chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows)))
    return b"\x89PNG\r\n\x1a\n" + head + before + data + chunk(b"IEND", b"")


def pixel(image: Image.Image, x: int, y: int) -> tuple[int, ...]:
    """Return the samples of a pixel of an image that has several bands."""
    samples = image.getpixel((x, y))
    assert isinstance(samples, tuple)
    return samples


def interlaced(image: Image.Image) -> bytes:
    """Return an RGB image as a PNG in the seven passes of Adam7."""
    passes = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
    raw = b""
    for left, top, across, down in passes:
        for y in range(top, image.height, down):
            raw += b"\0" + b"".join(bytes(pixel(image, x, y)) for x in range(left, image.width, across))
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", image.width, image.height, 8, 2, 0, 0, 1))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")


def packed(values: list[int], depth: int) -> bytes:
    """Return samples of less than 8 bits as bytes, the first one highest."""
    per = 8 // depth
    values = values + [0] * (-len(values) % per)
    return bytes(
        sum(v << (8 - depth * (k + 1)) for k, v in enumerate(values[n : n + per]))
        for n in range(0, len(values), per)
    )


def grey(depth: int, clear: int | None = None) -> tuple[bytes, Image.Image]:
    """Return a grey wedge of a depth in bits as a PNG, and as it looks; `clear` is transparent."""
    top = (1 << depth) - 1
    width, height = 64, 48
    values = [[min(top, (x + y // 16) * (top + 1) // (width + 2)) for x in range(width)] for y in range(height)]
    if depth == 16:
        rows = [b"".join(struct.pack(">H", v) for v in row) for row in values]
    else:
        rows = [packed(row, depth) for row in values]
    before = b"" if clear is None else chunk(b"tRNS", struct.pack(">H", clear))
    look = Image.new("RGB", (width, height))
    look.putdata([(255 if v == clear else round(v * 255 / top),) * 3 for row in values for v in row])
    return png(width, height, depth, 0, rows, before=before), look


def on_white(image: Image.Image) -> Image.Image:
    """Return an image as it looks on paper."""
    paper = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(paper, image.convert("RGBA")).convert("RGB")


def veiled() -> Image.Image:
    """Return a photo that fades out to the right."""
    made = photo().convert("RGBA")
    made.putalpha(Image.linear_gradient("L").rotate(90).resize(made.size))
    return made


def _turned(turn: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = turn
    how = _TURNED_BACK[turn]
    stored = photo() if how is None else photo().transpose(how)
    return saved(stored, "JPEG", quality=95, subsampling=0, exif=exif)


def _16_bits(colour: int) -> bytes:
    bands = {2: "RGB", 4: "LA", 6: "RGBA"}[colour]
    image = veiled().convert(bands) if colour != 2 else photo()
    rows = [
        b"".join(bytes((v, v)) for x in range(WIDTH) for v in pixel(image, x, y)) for y in range(HEIGHT)
    ]
    return png(WIDTH, HEIGHT, 16, colour, rows)


def with_thumbnail() -> bytes:
    """Return a JPEG that holds a whole small JPEG in its EXIF data."""
    small = saved(photo().resize((24, 16)), "JPEG")
    exif = Image.Exif()
    exif[0x010E] = "with a thumbnail"
    block = exif.tobytes() + small
    return saved(photo(), "JPEG", quality=95, subsampling=0, exif=block)


@lru_cache
def kinds() -> dict[str, tuple[bytes, Image.Image]]:
    """Return every kind of picture by its file name: its bytes, and how it must look."""
    made: dict[str, tuple[bytes, Image.Image]] = {}
    rgb, alpha, few = photo(), veiled(), photo().quantize(16)
    made["rgb.jpg"] = saved(rgb, "JPEG", quality=95, subsampling=0), rgb
    made["progressive.jpg"] = saved(rgb, "JPEG", quality=95, progressive=True), rgb
    made["grey.jpg"] = saved(rgb.convert("L"), "JPEG", quality=95), rgb.convert("L").convert("RGB")
    made["thumbnail.jpg"] = with_thumbnail(), rgb
    cmyk = rgb.convert("CMYK")
    made["cmyk.jpg"] = saved(cmyk, "JPEG", quality=95), cmyk.convert("RGB")
    for turn in range(1, 9):
        made[f"turn-{turn}.jpg"] = _turned(turn), rgb
    for depth in (1, 2, 4, 8, 16):
        made[f"grey-{depth}.png"] = grey(depth)
        made[f"clear-{depth}.png"] = grey(depth, 0 if depth < 16 else 993)
    made["rgb.png"] = saved(rgb, "PNG"), rgb
    made["rgba.png"] = saved(alpha, "PNG"), on_white(alpha)
    made["la.png"] = saved(alpha.convert("LA"), "PNG"), on_white(alpha.convert("LA"))
    made["palette.png"] = saved(few, "PNG"), few.convert("RGB")
    for bits in (1, 2, 4):
        some = rgb.quantize(1 << bits)
        made[f"palette-{bits}.png"] = saved(some, "PNG", bits=bits), some.convert("RGB")
    clear = few.copy()
    clear.info["transparency"] = bytes([0, 128, *[255] * 14])
    made["palette-clear.png"] = saved(clear, "PNG", transparency=clear.info["transparency"]), on_white(clear)
    made["16-rgb.png"] = _16_bits(2), rgb
    made["16-la.png"] = _16_bits(4), on_white(alpha.convert("LA"))
    made["16-rgba.png"] = _16_bits(6), on_white(alpha)
    made["interlaced.png"] = interlaced(rgb), rgb
    frames = [rgb, rgb.transpose(Image.Transpose.ROTATE_180)]
    made["moving.png"] = saved(frames[0], "PNG", save_all=True, append_images=frames[1:]), rgb
    return made


GRID = (24, 16)  # what two pictures are compared at: grain and rounding do not count


def seen(data: bytes, scale: float = 3.0, password: str | None = None) -> list[list[Image.Image]]:
    """Return what PDFium draws where each page of a PDF places a picture, page by page, upright."""
    found = []
    with pikepdf.open(io.BytesIO(data), password=password or "") as pdf:
        rendered = pypdfium2.PdfDocument(data, password=password)
        for number, page in enumerate(pdf.pages):
            places = list(_placed(page, (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)))
            image = rendered[number].render(scale=scale).to_pil().convert("RGB") if places else None
            box = [float(v) for v in page.obj.get("/CropBox", page.mediabox)]
            found.append([_cut(image, place, box, scale) for place in places if image])
        rendered.close()
    return found


def _placed(holder: Any, matrix: tuple[float, ...]) -> Iterator[tuple[float, ...]]:
    """Yield the matrix of each picture that a page or form draws, with what is in its forms."""
    inner = holder.obj if isinstance(holder, pikepdf.Page) else holder
    resources: Any = inner.get("/Resources", {})
    pictures = resources.get("/XObject", {})
    now, kept = matrix, []
    for operands, operator in pikepdf.parse_content_stream(holder):  # type: ignore[misc]  # its stub has no iteration
        name = str(operator)
        if name == "q":
            kept.append(now)
        elif name == "Q":
            now = kept.pop()
        elif name == "cm":
            now = _times(tuple(float(v) for v in operands), now)
        elif name == "Do":
            drawn = pictures[str(operands[0])]
            if drawn.Subtype == "/Image":
                yield now
            else:
                own = tuple(float(v) for v in drawn.get("/Matrix", (1, 0, 0, 1, 0, 0)))
                yield from _placed(drawn, _times(own, now))


def _times(first: tuple[float, ...], then: tuple[float, ...]) -> tuple[float, ...]:
    a, b, c, d, e, f = first
    g, h, i, j, k, m = then
    return (a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m)


def _cut(image: Image.Image, matrix: tuple[float, ...], box: list[float], scale: float) -> Image.Image:
    """Return what a matrix places, upright, at four times the grid."""
    a, b, c, d, e, f = matrix
    width, height = (4 * n for n in GRID)
    across = (a * scale / width, -c * scale / height, (e + c - box[0]) * scale)
    down = (-b * scale / width, d * scale / height, (box[3] - f - d) * scale)
    return image.transform((width, height), Image.Transform.AFFINE, (*across, *down), Image.Resampling.BILINEAR)


def unlike(one: Image.Image, other: Image.Image) -> float:
    """Return how far two pictures differ: the worst of the three colours' mean difference, 0 to 255."""
    small = [image.convert("RGB").resize(GRID, Image.Resampling.BOX) for image in (one, other)]
    return max(ImageStat.Stat(ImageChops.difference(*small)).mean)
