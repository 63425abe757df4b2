"""Html to Pdf: a pure function, the same bytes in every folder, process and locale."""

from __future__ import annotations

import gc
import hashlib
import re
import tempfile
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from cssselect2 import ElementWrapper
from PIL import Image
from weasyprint import CSS, HTML, Document
from weasyprint.css.counters import CounterStyle
from weasyprint.text.fonts import FontConfiguration

from guide import engine
from guide.diagnostics.diagnostic import Severity
from guide.engine import lines
from guide.engine.clock import at_a_fixed_time
from guide.engine.fetcher import BASE, Fetcher
from guide.engine.log import collected, document_fault, stylesheet_fault
from guide.fonts.glyphs import BUNDLED, joined, missing_glyphs, missing_in_strings, uncovered
from guide.model.artifacts import (
    At,
    Face,
    FaceSet,
    Fault,
    FontFace,
    Html,
    OfCss,
    Pdf,
    SetFace,
    item_of,
)
from guide.pdf.budget import over_budget
from guide.pdf.faces import Drawer
from guide.pdf.fallback import fallbacks as machine_fonts
from guide.pdf.fallback import placed
from guide.pdf.fill import fill
from guide.pdf.fit import faces_markup, fit_faces, size_classes
from guide.pdf.uses import of_use, union
from guide.proof.contrast import contrast_faults
from guide.proof.layout import leaves, page_faults
from guide.proof.page_margins import margin_faults, marking_faults
from guide.proof.prove import Proof, expected, expected_of_face, prove, with_thumbs
from guide.proof.svg_labels import label_faults
from guide.system import tempfiles
from guide.units import PX_PER_MM

VARIANT = "pdf/ua-1"
Image.MAX_IMAGE_PIXELS = 45_000_000  # a PNG of a few kB can ask for gigabytes


def typeset(html: Html) -> Pdf:
    """Lay out and write a document as tagged PDF/UA-1; faults say what a reader would miss."""
    engine.install()
    with at_a_fixed_time(), seldom_collecting():
        return Typesetting(html).run()


@contextmanager
def seldom_collecting() -> Iterator[None]:
    """Let the garbage collector look less often: layout makes a million boxes and drops few.

    It saves a sixth of the time on the Kosovo pack, at no more memory worth naming.
    """
    before = gc.get_threshold()
    gc.set_threshold(200_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def set_faces(html: Html) -> FaceSet:
    """Lay out and draw the faces of a document, each by itself, at the largest size that fits."""
    engine.install()
    with at_a_fixed_time(), seldom_collecting(), lines.kept():
        return Typesetting(html).faces()


Sheets = Iterable[tuple[str, str]]
"""Stylesheets as (name, CSS) pairs, in cascade order."""


class _Fonts(FontConfiguration):  # type: ignore[misc]
    """Fonts whose files lie where they are removed, however this process ends."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = Path(tempfile.mkdtemp(prefix="weasyprint-", dir=tempfiles.lasting()))


@lru_cache(maxsize=1)
def _bundled_fonts() -> FontConfiguration:
    """Return the fonts that all documents of this process share."""
    return _Fonts()


_Sheet = tuple[CSS, CounterStyle, tuple[Fault, ...]]


def _parsed(name: str, text: str, fonts: FontConfiguration) -> _Sheet:
    """Parse a stylesheet by itself, so that a fault can name it; with the counter styles in it."""
    counters = CounterStyle()
    with collected() as messages:
        sheet = CSS(
            string=text,
            base_url=BASE,
            url_fetcher=Fetcher({}),
            font_config=fonts,
            counter_style=counters,
        )
        faults = [f for m in messages if (f := stylesheet_fault(name, m))]
    return sheet, counters, tuple(faults)


@lru_cache(maxsize=64)
def _kept(name: str, text: str) -> _Sheet:
    return _parsed(name, text, _bundled_fonts())


def _stylesheets(
    sheets: Sheets,
) -> tuple[FontConfiguration, list[CSS], CounterStyle, list[Fault]]:
    """Return parsed stylesheets with their fonts; a pack's own fonts are seen by it alone."""
    own = any("@font-face" in text for name, text in sheets if not name.startswith("templates:"))
    fonts = _Fonts() if own else _bundled_fonts()
    found = [_parsed(*each, fonts) if own else _kept(*each) for each in sheets]
    counters = CounterStyle()
    for _, styles, _ in found:
        counters.update(styles)
    return fonts, [sheet for sheet, _, _ in found], counters, [f for _, _, fs in found for f in fs]


def prepare(sheets: Sheets) -> None:
    """Parse stylesheets ahead of the documents that will use them."""
    engine.install()
    with quiet():
        _stylesheets(sheets)


class Typesetting:
    """One document under way: its stylesheets, and what was found wrong with it."""

    def __init__(self, html: Html) -> None:
        self.html = html
        self.fetcher = Fetcher(html.assets)
        with quiet():
            sizes = size_classes(html.sizes)
            sheets = (*html.stylesheets, *([("sizes", sizes)] if sizes else []))
            self.fonts, self.stylesheets, self.counters, self.faults = _stylesheets(sheets)

    def run(self) -> Pdf:
        """Set the document whole."""
        with quiet(), collected() as messages:
            self.check_glyphs(self.html.markup)
            document = self._filled() if self.html.fill else self.layout(self.html.markup)
            self.faults += page_faults(document.pages)
            self.faults += margin_faults(document.pages, self.html.marking)
            self.faults += contrast_faults(document.pages, self.html.stylesheets)
            budget = over_budget(document.pages, self.html.most, self.html.multiple)
            self.faults += [budget] if budget else []
            data = self._write(document)
            self.told(messages)
            proof = Proof(0) if self.lacks_glyphs else self._prove(data)
        drawn = [(font, font.to_unicode) for font in document.fonts.values()]
        self.fallbacks(drawn, document.pages, self.html.markup)
        pages = tuple((p.width / PX_PER_MM, p.height / PX_PER_MM) for p in document.pages)
        rounded = tuple((round(w, 2), round(h, 2)) for w, h in pages)
        faults = tuple(dict.fromkeys((*self.faults, *proof.faults)))
        return Pdf(data, rounded, faults, items=proof.items, missing=proof.missing)

    def faces(self) -> FaceSet:
        """Set its faces, each by itself."""
        everything = faces_markup(self.html, [(i, 10) for i in range(len(self.html.faces))])
        with quiet(), collected() as messages:
            self.check_glyphs(everything)
            fitted = fit_faces(self.html, self.layout)
            for page in fitted.pages:  # each by itself, whatever is before it
                pale = contrast_faults([page], self.html.stylesheets)
                self.faults += [replace(fault, page=0) for fault in pale]
            drawer = Drawer(fitted.document)
            made = [
                self._shows(replace(drawer.draw(page, face.at, size), over=round(over, 2)), face)
                for page, face, size, over in zip(
                    fitted.pages, self.html.faces, fitted.sizes, fitted.over, strict=True
                )
            ]
            self.told(messages)
        read = {use.name: of_use(use)[0] for use in union(made)}
        drawn = [(font, read.get(font.digest, {})) for font in drawer.fonts.values()]
        self.fallbacks(drawn, fitted.pages, everything)
        return FaceSet(*self._attributed(made, fitted.faults, drawer.faces()))

    def _shows(self, made: SetFace, face: Face) -> SetFace:
        """Note what a face must show, for the proof of the finished deck."""
        wanted = with_thumbs(expected_of_face(face.markup, face.at), self.html.assets)
        texts = tuple(words.runs for words in wanted.words)
        pictures = tuple(words for _, words in wanted.pictures)
        rasters = tuple((each.words, each.thumb) for each in wanted.rasters if each.thumb)
        return replace(made, texts=texts, pictures=pictures, rasters=rasters)

    @property
    def lacks_glyphs(self) -> bool:
        """Whether a sign has no glyph, which is told instead of all that follows from it."""
        return any(fault.code == "missing-glyph" for fault in self.faults)

    def _prove(self, data: bytes) -> Proof:
        """Look for all text, labels of drawings and the marking in the file.

        Text that is known to be cut is not reported twice. A pack's own templates may do without
        the marking, with a warning.
        """
        told = frozenset(fault.at for fault in self.faults if fault.code == "text-overflow")
        proof = prove(with_thumbs(expected(self.tree), self.html.assets), data, told)
        gone = {fault.at for fault in proof.faults}  # a picture that is lost, its labels too
        labels = label_faults(self.tree, self.html.assets, data)
        self.faults += [fault for fault in labels if fault.at not in gone]
        severity = Severity.WARNING if self.html.own else Severity.ERROR
        self.faults += marking_faults(data, self.html.marking, severity=severity)
        return proof

    def _attributed(
        self, faces: list[SetFace], fitting: list[Fault], fonts: tuple[FontFace, ...]
    ) -> tuple[tuple[SetFace, ...], tuple[FontFace, ...], tuple[Fault, ...]]:
        """Give each card's first face the faults of the card; the others belong to no face."""
        of_card: dict[str, list[Fault]] = {}
        cards = {face.at for face in faces}
        for fault in dict.fromkeys((*self.faults, *fitting)):
            key = item_of(fault.at)
            of_card.setdefault(key if key in cards else "", []).append(fault)
        done = [
            replace(face, faults=tuple(of_card.pop(face.at))) if face.at in of_card else face
            for face in faces
        ]
        return tuple(done), fonts, tuple(of_card.get("", ()))

    def told(self, messages: list[str]) -> None:
        """Take over what WeasyPrint logged, unless the glyphs' own check has said it better."""
        told = [f for m in messages if (f := document_fault(m))]
        lacks_glyphs = self.lacks_glyphs
        for fault in told:
            if not (lacks_glyphs and fault.code == "missing-glyph"):
                self.faults.append(placed(fault, self.html.assets, self.tree))

    def layout(self, markup: str) -> Document:
        """Lay out a markup; its tree is kept for what is wanted of it."""
        source = HTML(string=markup, base_url=BASE, url_fetcher=self.fetcher)
        self.tree = source.etree_element
        return self._rendered(source)

    def _rendered(self, source: HTML) -> Document:
        return source.render(
            font_config=self.fonts,
            stylesheets=self.stylesheets,
            counter_style=self.counters.copy(),
            pdf_variant=VARIANT,
        )

    def _filled(self) -> Document:
        """Lay out as much as the pages hold, and say what was omitted."""
        source = HTML(string=self.html.markup, base_url=BASE, url_fetcher=self.fetcher)

        def layout(root: Element) -> Document:
            source.wrapper_element = ElementWrapper.from_html_root(root, content_language=None)
            source.etree_element = root
            return self._rendered(source)

        filled = fill(source.etree_element, self.html.fill, layout)
        self.tree = filled.root
        if filled.left_out:
            keys = tuple((key, "") for key in filled.left_out)
            self.faults.append(Fault("left-out", "", severity=Severity.NOTE, others=keys))
        return filled.document

    def check_glyphs(self, markup: str) -> None:
        """Note the signs that no bundled font has."""
        for name, text in self.html.stylesheets:
            if name == "generated":  # the running heads: their words are the pack's marking
                self.faults += missing_in_strings(text)
        content = not self.html.unproved
        if not markup.isascii() and (uncovered(markup) or (content and joined(markup))):
            root = HTML(string=markup, base_url=BASE, url_fetcher=self.fetcher).etree_element
            self.faults += missing_glyphs(root, content)

    def _write(self, document: Document) -> bytes:
        identifier = hashlib.sha256(self.html.markup.encode()).digest()[:16]
        return bytes(document.write_pdf(pdf_variant=VARIANT, pdf_identifier=identifier))

    def fallbacks(
        self, drawn: Iterable[tuple[Any, Mapping[int, str]]], pages: Iterable[Any], markup: str
    ) -> None:
        """Report fonts that are not bundled: they would differ from machine to machine."""
        known = BUNDLED | _brought(self.html.stylesheets)
        strange: dict[str, set[str]] = {}
        for font, texts in drawn:
            family = font.family.strip("'\"")
            if family not in known:
                strange.setdefault(family, set()).update("".join(texts.values()))
        if not strange or self.lacks_glyphs:
            return
        at, word = _asked(pages, self.html.stylesheets)
        hint = "Use a family of templates/fonts.css, or add the character's font there."
        # Of a deck it belongs to no face: a face does not depend on those around it.
        asked = Fault("font-fallback", "", "", hint, word=word, cause=at) if at else None
        root = HTML(string=markup, base_url=BASE, url_fetcher=self.fetcher).etree_element
        self.faults += machine_fonts(strange, self.html.assets, root, asked)


_FACE = re.compile(r"@font-face\s*\{[^}]*?font-family:\s*[\"']?([^;\"'}]+)")


def _own(sheets: Sheets) -> list[tuple[str, str]]:
    return [
        (name, text)
        for name, text in sheets
        if not name.startswith("templates:") and name not in {"generated", "sizes"}
    ]


def _brought(sheets: Sheets) -> set[str]:
    """Return the families that a pack brings in its own stylesheets."""
    return {name.strip() for _, text in _own(sheets) for name in _FACE.findall(text)}


def _asked(pages: Iterable[Any], sheets: Sheets) -> tuple[At, str]:
    """Return where a family that is not bundled was asked for, and the word set in it."""
    known = BUNDLED | _brought(sheets)
    for page in pages:
        for leaf in leaves(page._page_box):  # noqa: SLF001
            style = getattr(leaf.box, "style", None)
            names = style["font_family"] if style is not None else ()
            family = next((name for name in names if name not in known), "")
            if not family:
                continue
            for name, text in _own(sheets):
                match = re.search(rf"font[\w-]*\s*:[^;}}]*{re.escape(family)}", text)
                if match:
                    line = text.count("\n", 0, match.start()) + 1
                    column = match.start() - text.rfind("\n", 0, match.start())
                    return OfCss(name, line, column), ""
            return leaf.at, str(getattr(leaf.box, "text", ""))
    return "", ""


@contextmanager
def quiet() -> Iterator[None]:
    """Let no library's warning reach the terminal, and take picture bombs for the errors they are."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield
