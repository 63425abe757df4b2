"""A document loads its own assets and the bundled fonts, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from guide.model.artifacts import Html, Pdf
from guide.engine.fetcher import BASE, Fetcher, RefusedURL

FONT = "fonts/Source%20Sans%203/SourceSans3-Regular.ttf"


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/a.png",
        "https://example.org/a.png",
        "http://127.0.0.1/a.png",
        "ftp://example.org/a.png",
        "file:///etc/passwd",
        "data:text/plain,x",
        "data:text/css,p{}",
        "data:application/pdf;base64,AAAA",
        "data:image/png",
        "/etc/passwd",
        "",
        BASE,
        BASE + "asset/unknown.png",
        BASE + "asset/../asset/a.svg",
        BASE + "../etc/passwd",
        BASE + "fonts/../pyproject.toml",
        BASE + "fonts/Source%20Sans%203/..%2Fx.ttf",
        BASE + "fonts/..%2F..%2Fx/y.ttf",
        BASE + "fonts/Source%20Sans%203/Unknown.ttf",
        BASE + "fonts/Unknown/SourceSans3-Regular.ttf",
        BASE.replace("pack.invalid", "pack.invalid.example.org") + "asset/a.svg",
        BASE.upper() + "asset/a.svg",
    ],
)
def test_what_is_not_part_of_the_document_is_refused(url: str) -> None:
    """Other schemes, other hosts, ways upwards and unknown names are refused."""
    fetcher = Fetcher({"asset/a.svg": b"<svg/>"})
    with pytest.raises(RefusedURL):
        fetcher.fetch(url)


def test_assets_and_fonts_are_served_by_value() -> None:
    """What the document has is served with its type, never under a file address."""
    fetcher = Fetcher({"asset/a.svg": b"<svg/>"})
    asset, font = fetcher.fetch(BASE + "asset/a.svg"), fetcher.fetch(BASE + FONT)
    assert asset.read() == b"<svg/>"
    assert asset.headers["Content-Type"] == "image/svg+xml"
    assert font.read()[:4] == b"\x00\x01\x00\x00"
    assert not asset.url.startswith("file:")
    assert not font.url.startswith("file:")


def test_pictures_and_fonts_that_a_stylesheet_holds_are_served() -> None:
    """A data: URI of a picture or font is part of what names it, up to two megabytes."""
    fetcher = Fetcher({})
    picture = fetcher.fetch("data:image/svg+xml,%3Csvg/%3E")
    assert (picture.read(), picture.headers["Content-Type"]) == (b"<svg/>", "image/svg+xml")
    assert fetcher.fetch("DATA:font/ttf;base64,AAEAAA==").read() == b"\0\1\0\0"
    with pytest.raises(RefusedURL):
        fetcher.fetch("data:image/png;base64," + "A" * 2_000_000)


def test_an_image_from_elsewhere_is_a_fault_and_not_in_the_file(
    page: Callable[..., Html], typeset: Callable[[Html], Pdf], tmp_path: Path
) -> None:
    """A picture named by file address, or inside an SVG, is not read."""
    secret = tmp_path / "secret.png"
    secret.write_bytes(b"secret")
    body = f'<p>Text</p><img alt="x" src="{secret.as_uri()}">'
    found = typeset(page(body))
    assert [fault.code for fault in found.faults] == ["missing-image"]
    assert "secret.png" in found.faults[0].message
