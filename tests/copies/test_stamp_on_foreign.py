"""Stamps on PDFs from elsewhere: seen on every page, or refused; signatures and stand-in pages."""

from __future__ import annotations

import io
import warnings

import pikepdf
import pypdfium2
import pytest
from pikepdf import Array, Dictionary, Name, String

from guide.copies.original import look_at
from guide.copies.stamp import Stamper
from guide.diagnostics.diagnostic import GuideError
from guide.model.copies import CopyLabel, StampStyle

LABEL = CopyLabel(3, 9, "Anna Krasniqi", "College", "ab" * 16)
TEXT = b"BT /F 12 Tf 30 700 Td (a page) Tj ET "


@pytest.fixture(scope="module")
def stamped() -> object:
    """Return a function that stamps pages with these contents; the label is set once."""
    cache: dict[tuple[bytes, ...], bytes] = {}

    def made(*contents: bytes) -> bytes:
        if contents not in cache:
            cache[contents] = Stamper(pages(*contents), [LABEL], StampStyle()).copy(LABEL)
        return cache[contents]

    return made


def pages(*contents: bytes) -> bytes:
    with pikepdf.new() as pdf:
        for content in contents:
            page = pdf.add_blank_page(page_size=(595, 842)).obj
            font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
            page.Resources = Dictionary(Font=Dictionary(F=font))
            page.Contents = pdf.make_stream(content)
        return saved(pdf)


def saved(pdf: pikepdf.Pdf) -> bytes:
    out = io.BytesIO()
    with warnings.catch_warnings():  # a widget that no form lists is what a test wants
        warnings.simplefilter("ignore")
        pdf.save(out)
    return out.getvalue()


BROKEN = {
    "string": TEXT + b"BT (never ended",
    "hexadecimal": TEXT + b"BT <0041",
    "array": TEXT + b"BT [ (a) 20",
    "dictionary": TEXT + b"/P <</MCID 0 ",
    "picture": TEXT + b"BI /W 99 /H 99 /BPC 8 /CS /G ID abc",
    "q in a string": b"q .3 0 0 .3 0 0 cm " + TEXT + b"BT /F 9 Tf ( Q ) Tj ET",
    "q in a picture": b"q .3 0 0 .3 0 0 cm BI /W 3 /H 1 /BPC 8 /CS /G ID  Q EI " + TEXT,
    "q in a comment": b"q .3 0 0 .3 0 0 cm % Q Q\n" + TEXT,
    "clip": b"0 0 9 9 re W n " + TEXT,
    "dark": b"0 g 0 0 595 842 re f 1 g " + TEXT,
}


def test_the_stamp_is_seen_whatever_the_page_leaves_open(stamped: object) -> None:
    """Ink at the foot of every page, at full size, and the page's own text is still there."""
    data = stamped(*BROKEN.values())  # type: ignore[operator]
    document = pypdfium2.PdfDocument(data)
    for (name, content), page in zip(BROKEN.items(), document, strict=True):
        text = page.get_textpage()
        assert "Copy 3 of 9 · Anna Krasniqi" in text.get_text_range(), name
        found = text.search("Copy 3 of 9").get_next()
        left, _, right, top = text.get_charbox(found[0])
        assert top < 40, name
        foot = page.render(scale=2, crop=(200, 10, 200, 842 - 34)).to_pil().convert("L")
        levels = foot.histogram()
        assert sum(levels[:110]) > 60, name
        assert sum(levels[200:]) > 0.5 * sum(levels), name  # dark on light
        if b"a page" in content and name != "clip":
            assert "a page" in text.get_text_range(), name
    document.close()


def test_a_catalog_in_the_trailer(stamped: object) -> None:
    """The copy opens in PDFium and has no faults."""
    data = pages(TEXT)
    with pikepdf.open(io.BytesIO(data)) as pdf:
        root = pdf.Root.unparse(resolved=True)
    at = data.rindex(b"/Root")
    end = data.index(b"R", at + 6) + 1
    broken = data[:at] + b"/Root " + root + data[end:]
    copy = Stamper(broken, [LABEL], StampStyle()).copy(LABEL)
    assert len(pypdfium2.PdfDocument(copy)) == 1
    with pikepdf.open(io.BytesIO(copy)) as pdf:
        assert pdf.check_pdf_syntax() == []


def formed(how: str) -> bytes:
    """A page with a form: signed in several ways, or not signed."""
    with pikepdf.open(io.BytesIO(pages(TEXT))) as pdf:
        page = pdf.pages[0].obj
        value = Dictionary(Type=Name.Sig, Filter=Name("/Adobe.PPKLite"), Contents=String("0" * 8))
        field = pdf.make_indirect(
            Dictionary(Type=Name.Annot, Subtype=Name.Widget, FT=Name.Sig, T=String("Signature"),
                       Rect=Array([0, 0, 0, 0]), P=page)
        )  # fmt: skip
        form = Dictionary(Fields=Array([field]), SigFlags=3 if how == "empty" else 0)
        if how == "value":
            field.V = value
        if how == "kid":  # kind and value are the parent's
            del field.FT
            parent = pdf.make_indirect(
                Dictionary(FT=Name.Sig, T=String("S"), V=value, Kids=Array([field]))
            )
            field.Parent, form.Fields = parent, Array([parent])
        if how == "orphan":
            field.V, form.Fields = value, Array()
        if how == "certified":
            pdf.Root.Perms = Dictionary(DocMDP=pdf.make_indirect(value))
        if how == "usage rights":
            pdf.Root.Perms = Dictionary(UR3=pdf.make_indirect(value))
        page.Annots, pdf.Root.AcroForm = Array([field]), form
        return saved(pdf)


@pytest.mark.parametrize(
    ("how", "signed"),
    [("value", True), ("kid", True), ("orphan", True), ("certified", True), ("empty", False),
     ("usage rights", False)],
)  # fmt: skip
def test_what_is_a_signature(how: str, signed: bool) -> None:
    """A value or a certification; an empty field and usage rights are none."""
    if not signed:
        assert look_at(formed(how), "x.pdf").pages == 1
        return
    with pytest.raises(GuideError) as caught:
        look_at(formed(how), "x.pdf")
    assert caught.value.diagnostics[0].code == "signed-pdf"


@pytest.mark.parametrize("how", ["rendering", "no fields", "fields", "two pages"])
def test_pages_that_ask_to_wait(how: str) -> None:
    """Whatever language they speak; a form with fields on its pages is a form like others."""
    with pikepdf.open(io.BytesIO(pages(*[TEXT] * (2 if how == "two pages" else 1)))) as pdf:
        pdf.Root.AcroForm = Dictionary(
            Fields=Array(), XFA=Array([String("template"), pdf.make_stream(b"<x/>")])
        )
        field = Dictionary(
            Subtype=Name.Widget,
            FT=Name.Tx if how == "fields" else Name.Sig,
            Rect=Array([0, 0, 9, 9]),
        )
        pdf.pages[0].obj.Annots = Array([pdf.make_indirect(field)])
        if how == "rendering":
            pdf.Root.NeedsRendering = True
        data = saved(pdf)
    if how in {"fields", "two pages"}:
        assert look_at(data, "x.pdf").pages
        return
    with pytest.raises(GuideError) as caught:
        look_at(data, "x.pdf")
    assert caught.value.diagnostics[0].code == "xfa-form"
