"""Small documents, typeset in this process, and builds of the small pack."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from guide.model.artifacts import Html, Pdf
from guide.pipeline import Built, Settings
from guide.pipeline import build as build_pack
from guide.resources import TEMPLATES

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import weasyprint  # noqa: F401  imports that warn, which the settings take for errors
    import ziamath  # noqa: F401

from support import whole_deck

CSS = """
@page { size: 100mm 100mm; margin: 15mm; }
html { font-family: "Source Sans 3"; font-size: 10pt; }
body { margin: 0; }
p, h1, h2 { margin: 0 0 2mm; }
"""


@pytest.fixture
def page() -> Callable[..., Html]:
    """Return a function that makes a document of a body, with the bundled fonts."""

    def made(body: str, css: str = "", **more: Any) -> Html:
        markup = (
            f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>A title</title></head>'
            f"<body>{body}</body></html>"
        )
        fonts = (TEMPLATES / "fonts.css").read_text("utf-8")
        sheets = (("fonts.css", fonts), ("base.css", CSS), ("own.css", css))
        return Html("A title", "en", markup, sheets, **more)

    return made


@pytest.fixture
def typeset() -> Callable[[Html], Pdf]:
    """Return the functions under test as one: a document of faces is set face by face."""

    def function(html: Html) -> Pdf:
        from guide.pdf.typeset import typeset

        return whole_deck(html)[0] if html.faces else typeset(html)

    return function


@pytest.fixture
def opened(
    page: Callable[..., Html], typeset: Callable[[Html], Pdf]
) -> Callable[..., Any]:
    """Return a context manager that typesets a body and opens the PDF."""

    @contextmanager
    def run(body: str, css: str = "", **more: Any) -> Iterator[pikepdf.Pdf]:
        pdf = typeset(page(body, css, **more))
        with pikepdf.open(io.BytesIO(pdf.data)) as found:
            yield found

    return run


def _elements(node: Any) -> Iterator[Any]:
    kids = node.get("/K", [])
    for kid in kids if isinstance(kids, pikepdf.Array) else [kids]:
        if isinstance(kid, pikepdf.Dictionary) and "/S" in kid:
            yield kid
            yield from _elements(kid)


@pytest.fixture
def elements() -> Callable[[pikepdf.Pdf], list[Any]]:
    """Return a function that lists the structure elements of a PDF in reading order."""
    return lambda pdf: list(_elements(pdf.Root.StructTreeRoot))


@pytest.fixture
def marked() -> Callable[[pikepdf.Page], list[tuple[str, list[str]]]]:
    """Return a function that lists (operator, marked content around it) of what leaves ink."""

    def found(page: pikepdf.Page) -> list[tuple[str, list[str]]]:
        stack: list[str] = []
        ink = []
        for operands, operator in pikepdf.parse_content_stream(page):  # type: ignore[misc]  # its stub has no iteration
            name = str(operator)
            if name == "BDC":
                properties = operands[1]
                kind = str(properties.get("/Type", "")) if isinstance(properties, pikepdf.Dictionary) else ""
                stack.append(str(operands[0]) + kind)
            elif name == "BMC":
                stack.append(str(operands[0]))
            elif name == "EMC":
                stack.pop()
            elif name in {"Tj", "TJ", "Do"}:
                ink.append((name, list(stack)))
        return ink

    return found


@pytest.fixture
def build(small_pack: Path, tmp_path: Path) -> Callable[..., Built]:
    """Return a function that builds the small pack, in this process, into tmp_path/out."""
    return lambda **settings: build_pack(small_pack, tmp_path / "out", Settings(**{"jobs": 1, **settings}))
