"""Parts of documents, and the margins of their pages, typeset one by one: pure functions of values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from weasyprint import HTML

from guide import engine
from guide.engine.clock import at_a_fixed_time
from guide.engine.fetcher import BASE
from guide.engine.log import collected
from guide.engine.parts import setting
from guide.model.artifacts import Fault, Html
from guide.model.setparts import MarginPage, Margins, Piece, SetPart, Taken, Wanted
from guide.pdf.margins import MarginLayout, draw_margins
from guide.pdf.parts import Crossing, draw_part, pages_of
from guide.pdf.typeset import VARIANT, Typesetting, quiet, seldom_collecting
from guide.pdf.uses import of_use
from guide.proof.contrast import contrast_faults
from guide.proof.expected import expected, with_thumbs
from guide.proof.layout import all_page_faults, heads_too_wide
from guide.proof.page_margins import margin_faults_apart
from guide.proof.svg_labels import labels_wanted


def set_parts(pieces: Sequence[Piece]) -> list[SetPart]:
    """Lay out and draw parts of documents, each by itself."""
    engine.install()
    with at_a_fixed_time(), seldom_collecting():
        return [_PartSetting(piece.html).part(piece) for piece in pieces]


def set_margins(html: Html, pages: Sequence[MarginPage], total: int, sizes: Any = None) -> Margins:
    """Lay out and draw the margins of pages of a document of `total` pages.

    `html` is the document without its content, `sizes` are paper and area of its first page.
    """
    engine.install()
    with at_a_fixed_time(), seldom_collecting():
        return _PartSetting(html).margins(pages, total, sizes)


class _PartSetting(Typesetting):
    def part(self, piece: Piece) -> SetPart:
        with quiet(), collected() as messages:
            stylesheets = self.faults
            self.faults = []
            self.check_glyphs(self.html.markup)
            glyphs, self.faults = self.faults, []
            with setting(piece.outside) as found:
                document = self.layout(self.html.markup)
                messages[:] = [each for each in messages if "points to undefined" not in each]
                try:
                    pages, joined = pages_of(found, document)
                except Crossing as exc:
                    return SetPart(Taken(), (), whole=str(exc))
                if joined:
                    return SetPart(Taken(), (), joined=True)
                layout = list(all_page_faults(pages, last_one=piece.last))
                pale = list(contrast_faults(pages, self.html.stylesheets))
                measure = bool(self.html.most) or self.html.multiple != 1
                made = draw_part(found, document, pages, measure)
            self.faults = [*glyphs]
            self.told(messages)
        self._of_machine(made, pages)
        faults = (stylesheets, layout, pale, self.faults)
        return replace(
            made, wanted=self._wanted(), faults=tuple(tuple(each) for each in faults),
            about=_about(document.metadata),
        )  # fmt: skip

    def _of_machine(self, made: Any, pages: Sequence[Any]) -> None:
        read = {use.name: of_use(use)[0] for use in made.fonts}
        drawn = [(_Named(face.facts), read.get(face.name, {})) for face in made.faces]
        self.fallbacks(drawn, pages, self.html.markup)

    def _wanted(self) -> Wanted:
        if self.html.unproved:
            return Wanted()
        found = with_thumbs(expected(self.tree), self.html.assets)
        rasters = tuple((each.at, each.words, each.thumb) for each in found.rasters if each.thumb)
        return Wanted(
            tuple((str(words.at), words.runs) for words in found.words),
            found.pictures,
            rasters,
            tuple(labels_wanted(self.tree, self.html.assets)),
        )

    def margins(self, wanted: Sequence[MarginPage], total: int, sizes: Any) -> Margins:
        with quiet(), collected() as messages:
            self.faults = []
            self.check_glyphs("")
            source = HTML(string=self.html.markup, base_url=BASE, url_fetcher=self.fetcher)
            self.tree = source.etree_element
            counters = self.counters.copy()
            layout = MarginLayout(source, self.stylesheets, self.fonts, counters, VARIANT, sizes)
            pages = [layout.page(each, total) for each in wanted]
            made = draw_margins(pages, _Drawn())
            first = wanted[0].index + 1
            wide = list(heads_too_wide(pages, first))
            over = margin_faults_apart(
                pages, [each.reaching for each in wanted], first, self.html.marking
            )
            self.told(messages)
        self._of_machine(made, ())
        faults: tuple[list[Fault], ...] = (wide, over, self.faults)
        return replace(made, faults=tuple(tuple(each) for each in faults))


class _Drawn:
    """What drawing asks of a document: it brings no colour profiles."""

    color_profiles: dict[str, Any] = {}
    output_intent = None


class _Named:
    """A font as it was loaded, by its family."""

    def __init__(self, facts: Any) -> None:
        self.family = str(facts["family"])


def _about(metadata: Any) -> tuple[tuple[str, str], ...]:
    """Return what the head of a document says of it."""
    found = {
        "title": metadata.title or "",
        "authors": "\n".join(metadata.authors or ()),
        "subject": metadata.description or "",
        "keywords": ", ".join(metadata.keywords or ()),
        "lang": metadata.lang or "",
    }
    return tuple((name, value) for name, value in found.items() if value)
