"""Html to Pdf: a pure function, the same bytes in every folder, process and locale."""

from __future__ import annotations

import gc
import hashlib
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from PIL import Image
from weasyprint import CSS, HTML, Document
from weasyprint.text.fonts import FontConfiguration

from guide.errors import Severity
from guide.model.artifacts import Fault, Html, Pdf
from guide.pdf import corrections, flow
from guide.pdf.fetcher import BASE, Fetcher
from guide.pdf.fit import Fitted, faces_markup, fit_faces, size_classes
from guide.pdf.glyphs import BUNDLED, missing_glyphs, uncovered
from guide.pdf.inspect import page_faults
from guide.pdf.log import collected, document_fault, stylesheet_fault
from guide.units import PX_PER_MM

VARIANT = "pdf/ua-1"
IMAGE_DPI = 300
Image.MAX_IMAGE_PIXELS = 45_000_000  # a PNG of a few kB can ask for gigabytes


def typeset(html: Html) -> Pdf:
    """Lay out and write a document as tagged PDF/UA-1; faults say what a reader would miss."""
    corrections.install()
    flow.install()
    with _at_a_fixed_time(), _seldom_collecting():
        return _Typesetting(html).run()


@contextmanager
def _seldom_collecting() -> Iterator[None]:
    """Let the garbage collector look less often: layout makes a million boxes and drops few.

    It saves a sixth of the time on the Kosovo pack, at no more memory worth naming.
    """
    before = gc.get_threshold()
    gc.set_threshold(200_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


@contextmanager
def _at_a_fixed_time() -> Iterator[None]:
    """Give fontTools, which stamps the fonts it makes, one time for all: its only clock is this."""
    name = "SOURCE_DATE_EPOCH"
    before = os.environ.get(name)
    os.environ[name] = "0"
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


class _Typesetting:
    def __init__(self, html: Html) -> None:
        self.html = html
        self.fetcher = Fetcher(html.assets)
        self.fonts = FontConfiguration()
        self.faults: list[Fault] = []

    def run(self) -> Pdf:
        with collected() as messages, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            self.stylesheets = self._stylesheets(messages)
            document, sizes = self._laid_out()
            data = self._write(document)
            known = {fault.code for fault in self.faults} & {"missing-glyph"}
            told = [f for m in messages if (f := document_fault(m))]
            self.faults += [fault for fault in told if fault.code not in known]
        self._fallbacks(document)
        pages = tuple((p.width / PX_PER_MM, p.height / PX_PER_MM) for p in document.pages)
        rounded = tuple((round(w, 2), round(h, 2)) for w, h in pages)
        return Pdf(data, rounded, tuple(dict.fromkeys(self.faults)), sizes)

    def _stylesheets(self, messages: list[str]) -> list[CSS]:
        """Parse each stylesheet by itself, so that a fault can name it."""
        made = []
        for name, text in (*self.html.stylesheets, ("sizes", size_classes(self.html.sizes))):
            sheet = CSS(
                string=text, base_url=BASE, url_fetcher=self.fetcher, font_config=self.fonts
            )
            made.append(sheet)
            self.faults += [f for m in messages if (f := stylesheet_fault(name, m))]
            messages.clear()
        return made

    def _layout(self, markup: str) -> Document:
        source = HTML(string=markup, base_url=BASE, url_fetcher=self.fetcher)
        return source.render(
            font_config=self.fonts, stylesheets=self.stylesheets, pdf_variant=VARIANT
        )

    def _laid_out(self) -> tuple[Document, tuple[float, ...]]:
        markup = self.html.markup
        if self.html.faces:
            everything = faces_markup(self.html, [(i, 10) for i in range(len(self.html.faces))])
            self._check_glyphs(everything)
            fitted: Fitted = fit_faces(self.html, self._layout)
            self.faults += fitted.faults
            return fitted.document.copy(fitted.pages), tuple(fitted.sizes)
        self._check_glyphs(markup)
        document = self._layout(markup)
        self.faults += page_faults(document.pages)
        return document, ()

    def _check_glyphs(self, markup: str) -> None:
        if not markup.isascii() and uncovered(markup):
            root = HTML(string=markup, base_url=BASE, url_fetcher=self.fetcher).etree_element
            self.faults += missing_glyphs(root)

    def _write(self, document: Document) -> bytes:
        identifier = hashlib.sha256(self.html.markup.encode()).digest()[:16]
        return bytes(
            document.write_pdf(pdf_variant=VARIANT, pdf_identifier=identifier, dpi=IMAGE_DPI)
        )

    def _fallbacks(self, document: Document) -> None:
        """Report fonts that are not bundled: they would differ from machine to machine."""
        used: set[str] = {font.family.strip("'\"") for font in _fonts(document)}
        if any(fault.code == "missing-glyph" for fault in self.faults):
            return
        for family in sorted(used - BUNDLED):
            hint = "Use a family of templates/fonts.css, or add the character's font there."
            message = f"the font `{family}` of this machine was used"
            self.faults.append(Fault("font-fallback", message, "", hint, Severity.WARNING))


def _fonts(document: Any) -> list[Any]:
    return list(document.fonts.values())
