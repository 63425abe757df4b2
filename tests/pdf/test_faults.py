"""What a reader would miss is a fault with its place."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

from PIL import Image

from guide.diagnostics.diagnostic import Severity
from guide.model.artifacts import Face, Fault, Html, OfCss, Pdf

Page = Callable[..., Html]
Typeset = Callable[[Html], Pdf]

FACES = """
@page { size: 74mm 52mm; margin: 0; }
.face { break-before: page; box-sizing: border-box; height: 100vh; padding: 5mm; }
"""
SIZES = (12.0, 11.0, 10.0, 9.0, 8.0)


def words(count: int) -> str:
    """Return so many words of running text."""
    return " ".join(["water"] * count)


def deck(page: Page, *cards: tuple[str, str, str]) -> Html:
    """Return a document of (id, front, back)."""
    faces = [
        Face(at, f"<div data-center><p>{text}</p></div>", at)
        for at, *sides in cards
        for text in sides
    ]
    return page("<!--faces-->", FACES, faces=tuple(faces), sizes=SIZES)


def only(found: Pdf, code: str) -> Fault:
    """Return the one fault of a document, which must have this code."""
    assert [fault.code for fault in found.faults] == [code], found.faults
    return found.faults[0]


def test_a_face_that_overflows_is_shrunk_with_its_other_side(page: Page, typeset: Typeset) -> None:
    """A full card gets a smaller size on both sides, a short one keeps the largest."""
    found = typeset(deck(page, ("short", "A", "B"), ("long", "A", words(60))))
    assert found.faults == ()
    assert found.pages == 4
    assert found.sizes[:2] == (12.0, 12.0)
    assert found.sizes[2] == found.sizes[3]
    assert found.sizes[2] in SIZES[1:]


def test_a_face_gets_the_largest_size_that_fits(page: Page, typeset: Typeset) -> None:
    """Set alone one step larger, a card that was shrunk overflows."""
    size = typeset(deck(page, ("long", "A", words(60)))).sizes[0]
    larger = SIZES[SIZES.index(size) - 1]
    html = deck(page, ("long", "A", words(60)))
    alone = Html(html.title, html.lang, html.markup, html.stylesheets, faces=html.faces, sizes=(larger,))
    assert str(only(typeset(alone), "card-overflow").at).startswith("long.")


def test_what_never_fits_names_card_side_and_millimetres(page: Page, typeset: Typeset) -> None:
    """A card that overflows at the smallest size is an error with item and how much it is."""
    found = typeset(deck(page, ("good", "A", "B"), ("full", "A", words(400))))
    fault = only(found, "card-overflow")
    assert fault.at == "full.back"
    assert fault.severity == Severity.ERROR
    match = re.fullmatch(r'back of "full" is (\d+) mm too tall at the smallest size \(8 pt\)', fault.message)
    assert match, fault.message
    assert int(match[1]) > 10
    assert fault.hint
    assert found.pages == 4


def test_text_too_wide_for_its_box_is_a_fault(page: Page, typeset: Typeset) -> None:
    """A word that runs out of a flowing page's text block names its item, its page and mm."""
    body = f'<p data-at="fine">Text</p><p data-at="wide">{"W" * 80}</p>'
    fault = only(typeset(page(body)), "text-overflow")
    assert (fault.at, fault.page) == ("wide", 1)
    assert re.search(r"`W+` is [\d.]+ mm too wide", fault.message)


def test_a_missing_glyph_names_the_character_and_place(page: Page, typeset: Typeset) -> None:
    """A sign that no bundled font has is an error with its code point, name and item."""
    body = '<p data-at="fine">Text ž ш</p><p data-at="odd">A \U0001d11e here</p>'
    found = typeset(page(body)).faults
    assert {fault.code for fault in found} == {"missing-glyph"}
    assert [f.at for f in found if "U+1D11E musical symbol g clef" in f.message] == ["odd"]


def test_a_missing_glyph_is_told_once(page: Page, typeset: Typeset) -> None:
    """One sign that is missing is one fault."""
    assert only(typeset(page('<p data-at="odd">A \U0001d11e here</p>')), "missing-glyph").at == "odd"


def test_a_missing_glyph_on_a_card_names_the_card(page: Page, typeset: Typeset) -> None:
    """Faces are searched for missing signs, too."""
    found = typeset(deck(page, ("odd", "A", "B \U0001d11e"))).faults
    assert {fault.code for fault in found} == {"missing-glyph"}
    assert "odd" in {fault.at for fault in found}


def test_a_coarse_picture_is_a_warning(page: Page, typeset: Typeset) -> None:
    """A picture below 150 dpi is reported with its dpi; a fine one is not."""
    out = io.BytesIO()
    Image.new("RGB", (60, 60), "#225588").save(out, "PNG")
    fine = io.BytesIO()
    Image.new("RGB", (400, 400), "#225588").save(fine, "PNG")
    assets = {"asset/a.png": out.getvalue(), "asset/b.png": fine.getvalue()}
    body = (
        '<p>Text</p><p data-at="coarse"><img alt="Blue" src="asset/a.png"></p>'
        '<p data-at="fine"><img alt="Blue" src="asset/b.png"></p>'
    )
    fault = only(typeset(page(body, "img { width: 25.4mm }", assets=assets)), "low-resolution")
    assert (fault.at, fault.severity) == ("coarse", Severity.WARNING)
    assert "60 dpi" in fault.message


def test_css_that_is_not_supported_names_stylesheet_and_line(page: Page, typeset: Typeset) -> None:
    """A declaration that is ignored is a warning at its line."""
    fault = only(typeset(page("<p>Text</p>", "p {\n  color: #800000;\n  colour: red;\n}")), "unsupported-css")
    assert fault.at == OfCss("own.css", 3, 3)
    assert fault.severity == Severity.WARNING
    assert "colour" in fault.message


def test_a_heading_alone_at_the_foot_of_a_page_is_a_warning(page: Page, typeset: Typeset) -> None:
    """A heading whose text begins overleaf is reported with its item and page."""
    css = "h2 { break-after: auto } .full { height: 50mm } .next { break-before: page }"
    body = (
        '<p class="full">Text</p><h2 data-at="lonely">Head</h2>'
        '<p class="next">Text</p><h2 data-at="fine">Head</h2><p>Text</p>'
    )
    fault = only(typeset(page(body, css)), "stranded-heading")
    assert (fault.at, fault.page, fault.severity) == ("lonely", 1, Severity.WARNING)


def test_a_link_to_nowhere_is_a_warning(page: Page, typeset: Typeset) -> None:
    """A link whose target does not exist names the target."""
    fault = only(typeset(page('<p><a href="#gone">Text</a></p>')), "bad-reference")
    assert "`gone`" in fault.message


def test_a_good_page_has_no_faults(page: Page, typeset: Typeset) -> None:
    """Ordinary text is set without any fault, on pages of the size that was asked for."""
    found = typeset(page("<h1>Head</h1><p>Text</p>"))
    assert found.faults == ()
    assert found.page_sizes == ((100.0, 100.0),)
