"""Photos and scans: which are whole, which are not, and how their names may be spelled."""

from __future__ import annotations

import io
import struct
import unicodedata
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pictures import chunk, drawing, kinds, photo, png, saved, with_thumbnail

from guide.content.files import Reader
from guide.content.load import load_pack
from guide.content.pictures import load_figure
from guide.diagnostics.diagnostic import Place
from guide.model.rasters import bare_jpeg, orientation_of, segments

AT = Place("cards.yaml", 3, 5)


def loaded(data: bytes, name: str = "figures/a.jpg") -> tuple[object, list[tuple[str, str, str]]]:
    """Return the figure that bytes make, and code, message and hint of what is wrong."""
    reader = Reader(Path("/nonexistent"), given={name: data})
    reader.exists = lambda path: path == name  # type: ignore[method-assign]
    figure = load_figure(reader, name, AT)
    assert all(problem.place == AT for problem in reader.problems)
    return figure, [(p.code, p.message, p.hint) for p in reader.problems]


@pytest.mark.parametrize("name", list(kinds()))
def test_every_kind_is_whole(name: str) -> None:
    """What cameras, scanners and drawing programs write is taken, with its size as it is seen."""
    data, look = kinds()[name]
    figure, problems = loaded(data, f"figures/{name}")
    assert problems == []
    assert figure is not None and (figure.width, figure.height) == look.size  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", list(kinds()))
def test_a_picture_that_was_cut_short_is_told(name: str) -> None:
    """At a third and two thirds of its data, and just before its end; a whole thumbnail does not hide it."""
    data = kinds()[name][0]
    first = data.index(b"IDAT") if name.endswith("png") else next(s for m, s, _ in segments(data) if m == 0xDA)
    for part in (0.33, 0.66):
        figure, problems = loaded(data[: first + int((len(data) - first) * part)])
        assert figure is None
        assert [code for code, _, _ in problems] == ["image-broken"], part
    assert loaded(data[:-2])[0] is None


def test_the_end_of_a_thumbnail_is_not_the_end() -> None:
    """The segment with the EXIF data holds a whole JPEG; the photo itself breaks off."""
    data = with_thumbnail()
    assert data.count(b"\xff\xd9") == 2
    figure, problems = loaded(data[: -len(data) // 4])
    assert figure is None
    assert problems[0][:2] == ("image-broken", "`figures/a.jpg` breaks off before its end")


def _broken(kind: bytes) -> bytes:
    data = kinds()["palette-clear.png"][0]
    at = data.index(kind) + (7 if kind == b"IHDR" else 4)
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


@pytest.mark.parametrize("kind", [b"IHDR", b"PLTE", b"tRNS", b"IDAT"])
def test_a_png_with_a_wrong_checksum_is_damaged(kind: bytes) -> None:
    """A bit that a bad stick or a transfer has turned is not printed as if it were right."""
    figure, problems = loaded(_broken(kind), "figures/a.png")
    assert figure is None
    assert [code for code, _, _ in problems] == ["image-broken"]
    assert f"checksum of its part {kind.decode()}" in problems[0][1]


def test_a_png_with_too_few_rows_or_no_palette_is_damaged() -> None:
    """All checksums are right, and still it is not whole."""
    rows = [bytes(8)] * 4
    short = png(8, 5, 8, 0, rows)
    assert loaded(short)[1][0][1] == "`figures/a.jpg` breaks off before its end"
    assert "palette" in loaded(png(8, 4, 8, 3, rows))[1][0][1]
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 4, 3, 2, 0, 0, 0))
    strange = b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(99))) + chunk(b"IEND", b"")
    assert "header" in loaded(strange)[1][0][1]


def test_what_follows_the_end_does_not_matter() -> None:
    """Phones append a film or a second picture."""
    for name in ("rgb.jpg", "rgb.png"):
        assert loaded(kinds()[name][0] + b"film" * 50)[1] == []


@pytest.mark.parametrize(("data", "words"), [
    (b"\0\0\0\x18ftypheic\0\0\0\0", ("HEIC", "Most Compatible")),
    (b"\0\0\0\x18ftypmif1\0\0\0\0", ("HEIC", "JPEG")),
    (b"\0\0\0\x18ftypavif\0\0\0\0", ("AVIF", "PNG")),
    (saved(drawing(), "WEBP"), ("WebP", "PNG")), (saved(drawing(), "GIF"), ("GIF", "PNG")),
    (saved(drawing(), "BMP"), ("BMP", "PNG")), (saved(drawing(), "TIFF"), ("TIFF", "PNG")),
    (b"%PDF-1.7\n", ("PDF", "SVG")), (b"\x1f\x8b\x08\0", ("SVGZ", "SVG")), (b"no picture", ("Vega-Lite", "PNG")),
])  # fmt: skip
def test_other_formats_are_named(data: bytes, words: tuple[str, str]) -> None:
    """Whatever the ending says, the message names the format and the hint the way out."""
    figure, problems = loaded(data, "figures/IMG_0001.JPG")
    assert figure is None
    (code, message, hint), = problems
    assert code == "image-broken"
    assert words[0] in message and words[1] in hint


def test_a_jpeg_that_no_pdf_can_hold_is_told() -> None:
    """Twelve bits a colour are for archives of x-ray pictures."""
    data = bytearray(kinds()["rgb.jpg"][0])
    at = next(start for marker, start, _ in segments(bytes(data)) if marker == 0xC0)
    data[at + 4] = 12
    assert "12 bits" in loaded(bytes(data))[1][0][1]


@settings(max_examples=100)
@given(st.sampled_from(["rgb.jpg", "turn-6.jpg", "palette-clear.png", "interlaced.png"]), st.data())
def test_any_damage_is_found_or_does_no_harm(name: str, data: st.DataObject) -> None:
    """Whatever bytes change, are lost or come in: a figure or a message, never a traceback."""
    whole = kinds()[name][0]
    at = data.draw(st.integers(0, len(whole) - 1))
    lost = data.draw(st.integers(0, 40))
    changed = whole[:at] + data.draw(st.binary(max_size=12)) + whole[at + lost :]
    figure, problems = loaded(changed)
    assert (figure is None) == bool(problems)
    assert 1 <= orientation_of(changed) <= 8


def test_where_a_photo_was_taken_does_not_go_into_a_document() -> None:
    """EXIF with the place, comments, the thumbnail and what follows the end are left out; the pixels stay."""
    exif = Image.Exif()
    exif[0x010E] = "secret camp"
    data = saved(photo(), "JPEG", exif=exif, comment=b"secret note") + b"secret film"
    bare = bare_jpeg(data)
    assert b"secret" in data and b"secret" not in bare
    one, other = (Image.open(io.BytesIO(each)).convert("RGB").tobytes() for each in (data, bare))
    assert one == other


NAMES = ["my map.png", "Übersicht Gjakovë.png", "IMG_0001.PNG", "a+b (1).Png", "100%.png"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("written", ["NFC", "NFD"])
@pytest.mark.parametrize("stored", ["NFC", "NFD"])
def test_a_name_may_be_spelled_in_another_way(tmp_path: Path, name: str, written: Any, stored: Any) -> None:
    """Letters composed (Windows) or decomposed (macOS), blanks, signs and capitals, in the text and on the disk."""
    (tmp_path / "pack.yaml").write_text("format: 1\ntitle: T\nlang: en\n", "utf-8")
    path = unicodedata.normalize(written, f"figures/{name}")
    (tmp_path / "cards.yaml").write_text(f'- {{front: A, back: B, image: "{path}"}}\n', "utf-8")
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / unicodedata.normalize(stored, name)).write_bytes(kinds()["rgb.png"][0])
    pack, problems = load_pack(tmp_path)
    assert [p for p in problems if p.severity == "error"] == []
    figure = pack.picture(path)
    assert figure is not None and figure.data == kinds()["rgb.png"][0]
    other = pack.picture(unicodedata.normalize("NFD" if written == "NFC" else "NFC", path))
    assert other == figure


def test_a_blank_may_be_written_as_markdown_does(tmp_path: Path) -> None:
    """`my%20map.png` is the file `my map.png`, unless a file has that very name."""
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "my map.png").write_bytes(kinds()["rgb.png"][0])
    reader = Reader(tmp_path)
    figure = load_figure(reader, "figures/my%20map.png", AT)
    assert reader.problems == [] and figure is not None and figure.path == "figures/my map.png"
    (tmp_path / "figures" / "my%20map.png").write_bytes(kinds()["grey-8.png"][0])
    figure = load_figure(reader, "figures/my%20map.png", AT)
    assert figure is not None and figure.data == kinds()["grey-8.png"][0]


def test_a_file_that_is_not_there_is_told_with_the_nearest(tmp_path: Path) -> None:
    """Capitals are not guessed: on another machine they may be two files."""
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "Map.PNG").write_bytes(kinds()["rgb.png"][0])
    reader = Reader(tmp_path)
    assert load_figure(reader, "figures/map.png", AT) is None
    assert [(p.code, "figures/Map.PNG" in p.hint) for p in reader.problems] == [("missing-image", True)]


def test_the_content_decides_and_not_the_ending() -> None:
    """A PNG called .svg prints, and so does an SVG called .png."""
    figure, problems = loaded(kinds()["rgb.png"][0], "figures/a.svg")
    assert problems == [] and figure is not None and figure.format == "png"  # type: ignore[attr-defined]
    drawing = b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 5"/>'
    figure, problems = loaded(drawing, "figures/a.png")
    assert problems == [] and figure is not None and figure.format == "svg"  # type: ignore[attr-defined]
