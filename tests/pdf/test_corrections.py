"""What guide.pdf.corrections puts right, one test a correction."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pikepdf
import pytest
import weasyprint
from weasyprint import pdf as weasyprint_pdf
from weasyprint.pdf import tags

from guide.model.artifacts import Html, Pdf
from guide.pdf import corrections

Opened = Callable[..., Any]
Elements = Callable[[pikepdf.Pdf], list[Any]]
Marked = Callable[[pikepdf.Page], list[tuple[str, list[str]]]]


def test_running_heads_and_feet_are_pagination_artifacts(
    opened: Opened, elements: Elements, marked: Marked
) -> None:
    """Text in margin boxes is marked as artifact of pagination and is in no structure element."""
    css = '@page { @top-center { content: "Head" } @bottom-right { content: counter(page) } }'
    with opened("<p>Text</p>", css) as pdf:
        around = [stack for operator, stack in marked(pdf.pages[0]) if operator in {"Tj", "TJ"}]
        assert around.count(["/Artifact/Pagination"]) == 2
        assert len(around) == 3
        assert [str(e.S) for e in elements(pdf)].count("/P") == 1
        assert all("Artifact" not in str(e.S) for e in elements(pdf))


@pytest.mark.parametrize("mark", ['alt=""', 'role="presentation" alt="x"', 'aria-hidden="true" alt="x"'])
def test_a_decorative_image_is_an_artifact(
    mark: str, opened: Opened, elements: Elements, marked: Marked, picture: bytes
) -> None:
    """An image that says nothing is drawn as artifact and is no Figure; another one is."""
    body = f'<p>Text</p><img {mark} src="asset/a.png"><p>More</p><img alt="Blue" src="asset/a.png">'
    css = "img { width: 10mm; display: block }"
    with opened(body, css, assets={"asset/a.png": picture}) as pdf:
        figures = [e for e in elements(pdf) if str(e.S) == "/Figure"]
        assert [str(f.Alt) for f in figures] == ["Blue"]
        drawn = [stack for operator, stack in marked(pdf.pages[0]) if operator == "Do"]
        assert [("Artifact" in "".join(stack)) for stack in drawn] == [True, False]


def test_table_headers_have_a_scope(opened: Opened, elements: Elements) -> None:
    """Heads of columns and of rows say which they are."""
    body = (
        '<table><thead><tr><th scope="col">A</th><th>B</th></tr></thead>'
        '<tbody><tr><th scope="row">C</th><td>1</td></tr></tbody></table>'
    )
    with opened(body) as pdf:
        heads = [e for e in elements(pdf) if str(e.S) == "/TH"]
        scopes = []
        for head in heads:
            attributes = head.A if isinstance(head.A, pikepdf.Dictionary) else head.A[0]
            assert str(attributes.O) == "/Table"
            scopes.append(str(attributes.Scope))
        assert scopes == ["/Column", "/Column", "/Row"]


def test_a_part_in_another_language_says_so(opened: Opened, elements: Elements) -> None:
    """The language of an element, block or inline, is in its structure element."""
    body = '<p lang="fr">Bonjour</p><p>He said <span lang="de">Guten Tag</span> to all.</p>'
    with opened(body) as pdf:
        said = [(str(e.S), str(e.Lang)) for e in elements(pdf) if "/Lang" in e]
        assert ("/P", "fr") in said
        assert {lang for _, lang in said} == {"fr", "de"}


def test_a_link_is_described_by_its_text(opened: Opened) -> None:
    """An annotation has the words of its link, its label, or at the least its address; it prints."""
    body = (
        '<p><a href="https://example.org/a">the  survey</a></p>'
        '<p><a href="https://example.org/b" aria-label="A label">b</a></p>'
        '<p><a href="#here">within</a></p><p id="here">Here</p>'
    )
    with opened(body) as pdf:
        links = [a for a in pdf.pages[0].Annots if str(a.Subtype) == "/Link"]
        assert [str(a.Contents) for a in links] == ["the survey", "A label", "within"]
        assert [int(a.F) for a in links] == [4, 4, 4]


def test_a_link_with_emphasis_in_it_is_described_as_a_whole(opened: Opened) -> None:
    """No annotation of `the <b>survey</b>` is described by a part of its text."""
    with opened('<p><a href="https://example.org/a">the <b>survey</b></a></p>') as pdf:
        assert {str(a.Contents) for a in pdf.pages[0].Annots} == {"the survey"}


def test_page_references_are_computed_once(
    page: Callable[..., Html], typeset: Callable[[Html], Pdf], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pages are listed as often for a hundred elements as for one, and the bytes are the same."""
    code = corrections._page_references.fget.__code__
    calls = 0

    def watch(frame: FrameType, event: str, _: object) -> None:
        nonlocal calls
        calls += event == "call" and frame.f_code is code

    def counted(html: Html) -> tuple[int, bytes]:
        nonlocal calls
        calls = 0
        sys.setprofile(watch)
        try:
            data = typeset(html).data
        finally:
            sys.setprofile(None)
        return calls, data

    many = page("<p>Text</p>" * 100)
    few_calls, _ = counted(page("<p>Text</p>"))
    many_calls, data = counted(many)
    # Each page asks once more when it is written; elements do not.
    assert many_calls - few_calls < 20
    monkeypatch.setattr(tags, "add_tags", corrections._add_tags)
    monkeypatch.setattr(weasyprint_pdf, "add_tags", corrections._add_tags, raising=False)
    without_calls, without = counted(many)
    assert without == data
    assert without_calls > many_calls + 50


def test_streams_are_compressed_quickly(opened: Opened) -> None:
    """The zlib header of every page's stream names a quick level, not the slowest."""
    with opened("<p>Text</p>" * 200) as pdf:
        raw = [
            each.read_raw_bytes()
            for each in pdf.objects
            if isinstance(each, pikepdf.Stream) and str(each.get("/Filter", "")) == "/FlateDecode"
        ]
    assert raw
    assert {data[:2] for data in raw} == {b"\x78\x5e"}


def test_another_weasyprint_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The corrections are applied to the version they were written for, and to no other."""
    monkeypatch.setattr(weasyprint, "__version__", "71.0")
    with pytest.raises(RuntimeError, match=r"70\.0.*71\.0"):
        corrections.install.__wrapped__()


def test_the_document_says_what_it_is(opened: Opened) -> None:
    """Language, title, marking and the wish to show the title are in the file."""
    with opened("<h1>Head</h1><p>Text</p>") as pdf:
        assert str(pdf.Root.Lang) == "en"
        assert bool(pdf.Root.MarkInfo.Marked)
        assert bool(pdf.Root.ViewerPreferences.DisplayDocTitle)
        assert str(pdf.docinfo.Title) == "A title"
        with pdf.open_metadata() as metadata:
            assert metadata["dc:title"] == "A title"
            assert metadata["pdfuaid:part"] == "1"
        assert all(str(p.get("/Tabs", "")) == "/S" for p in pdf.pages if "/Annots" in p)


def test_all_fonts_are_embedded(opened: Opened) -> None:
    """Every font of a page comes with its file."""
    body = '<p>Text <b>bold</b> <i style="font-family: Gentium Book Plus">serif</i></p>'
    with opened(body) as pdf:
        descriptors = [
            each for each in pdf.objects
            if isinstance(each, pikepdf.Dictionary) and str(each.get("/Type", "")) == "/FontDescriptor"
        ]
        assert len(descriptors) >= 3
        assert all("/FontFile2" in each for each in descriptors)


def test_the_file_is_clean(page: Callable[..., Html], typeset: Callable[[Html], Pdf]) -> None:
    """qpdf finds nothing to repair."""
    data = typeset(page("<h1>Head</h1><p>Text</p>")).data
    with pikepdf.open(io.BytesIO(data)) as pdf:
        assert pdf.check_pdf_syntax() == []


@pytest.fixture
def picture() -> bytes:
    """Return a picture that is fine enough for 10 mm."""
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (200, 200), "#225588").save(out, "PNG")
    return out.getvalue()


def test_a_radio_button_is_a_kid_of_its_group(opened: Opened) -> None:
    """The group alone is a field; its buttons have no name and no type of their own."""
    css = "input { appearance: auto; width: 4mm; height: 4mm }"
    body = '<p><input type="radio" name="q" value="a" title="A"> <input type="radio" name="q" value="b" title="B"></p>'
    with opened(body, css) as pdf:
        fields = list(pdf.Root.AcroForm.Fields)
        assert [str(field.T) for field in fields] == ["q"]
        kids = list(fields[0].Kids)
        assert len(kids) == 2
        assert not any("/T" in kid or "/FT" in kid for kid in kids)
        assert all(kid.Parent.objgen == fields[0].objgen for kid in kids)
