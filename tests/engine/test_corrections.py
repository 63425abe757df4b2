"""What guide.engine.corrections puts right, one test a correction."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pikepdf
import pydyf
import pytest
from weasyprint import pdf as weasyprint_pdf

from guide.model.artifacts import Html, Pdf
from guide.engine import corrections

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
    """The pages are listed as often for a hundred elements as for one."""
    code = pydyf.PDF.page_references.fget.__code__
    calls = 0

    def watch(frame: FrameType, event: str, _: object) -> None:
        nonlocal calls
        calls += event == "call" and frame.f_code is code

    def counted(html: Html) -> int:
        nonlocal calls
        calls = 0
        sys.setprofile(watch)
        try:
            typeset(html)
        finally:
            sys.setprofile(None)
        return calls

    many = page("<p>Text</p>" * 100)
    few_calls = counted(page("<p>Text</p>"))
    many_calls = counted(many)
    # Each page asks once more when it is written; elements do not.
    assert many_calls - few_calls < 20
    monkeypatch.setattr(weasyprint_pdf, "add_tags", corrections._add_tags)
    assert counted(many) > many_calls + 50


def test_pages_share_their_styles_and_are_not_searched_for_margins(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten pages to which the same rules apply have their style computed as often as two have."""
    computed, searched = [], []
    styles, boxes = corrections._set_page_styles, corrections._make_margin_boxes
    monkeypatch.setattr(corrections, "_set_page_styles", lambda *a: computed.append(a) or styles(*a))
    monkeypatch.setattr(corrections, "_make_margin_boxes", lambda *a: searched.append(a) or boxes(*a))
    counts = []
    for number in (2, 10):
        computed.clear()
        with opened('<p style="break-before: page">Text</p>' * number) as pdf:
            assert len(pdf.pages) == number
        counts.append(len(computed))
    assert counts[0] == counts[1]
    assert not searched
    with opened("<p>Text</p>", "@page { @top-left { content: 'x' } }"):
        assert searched


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


@pytest.mark.parametrize("tag", ["p", "td", "th", "caption", "tr", "tbody"])
def test_running_elements_in_tables_do_not_fail(tag: str, opened: Opened) -> None:
    """A running element in a cell takes no room there; a part of a table stays in its table."""
    inner = {"p": "<tr><td><p>Run</p>Cell</td></tr>", "tr": "<tr><td>Run</td></tr>", "caption": "<caption>Run</caption>",
             "tbody": "<tbody><tr><td>Run</td></tr></tbody>"}.get(tag, f"<tr><{tag}>Run</{tag}></tr>")
    body = f"<table>{inner}</table><p>Text</p>".replace(f"<{tag}>", f"<{tag} class='run'>", 1)
    with opened(body, ".run { position: running(head) }") as pdf:
        assert len(pdf.pages) == 1


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


ROWS = "".join(f"<tr><td>{n}</td><td>b</td></tr>" for n in range(30))
LINES = " ".join(["These words fill lines."] * 90)


def roles(elements: list[Any], *wanted: str) -> list[Any]:
    return [each for each in elements if str(each.S)[1:] in wanted]


def kids(element: Any) -> list[Any]:
    found = element.get("/K", [])
    return list(found) if isinstance(found, pikepdf.Array) else [found]


def pages_of(element: Any) -> set[Any]:
    """Return the pages on which the content of an element stands."""
    own = element.Pg.objgen
    found = set()
    for kid in kids(element):
        if isinstance(kid, pikepdf.Dictionary):
            if "/S" in kid:
                found |= pages_of(kid)
            elif "/MCID" in kid:
                found.add(kid.Pg.objgen)
        else:
            found.add(own)
    return found


def test_text_that_is_hidden_from_being_said_is_an_artifact(opened: Opened, elements: Elements) -> None:
    """Text with aria-hidden is drawn, and is in no structure element."""
    with opened('<p>Said</p><p aria-hidden="true">Furniture</p>') as pdf:
        assert len(roles(elements(pdf), "P")) == 1


def test_the_repeated_head_of_a_table_is_an_artifact(
    opened: Opened, elements: Elements, marked: Marked
) -> None:
    """A table over pages is one Table with one head; a link in a repeated head is not there twice."""
    body = (
        '<table><thead><tr><th><a href="https://example.org/">A</a></th><th>B</th></tr></thead>'
        f"<tbody>{ROWS}</tbody></table>"
    )
    with opened(body) as pdf:
        assert len(pdf.pages) > 1
        every = elements(pdf)
        assert [len(roles(every, role)) for role in ("Table", "THead", "TBody", "TR", "TH")] == [1, 1, 1, 31, 2]
        for page in list(pdf.pages)[1:]:
            around = [stack for operator, stack in marked(page) if operator in {"Tj", "TJ"}]
            assert [any("Artifact" in each for each in stack) for stack in around][:3] == [True, True, False]
            assert not len(page.get("/Annots", []))
        assert len(pdf.pages[0].Annots) == 1


def test_positioned_text_is_painted_in_the_order_in_which_it_is_read(opened: Opened, elements: Elements) -> None:
    """Lists, numbers in a margin and blocks that are moved are painted where they stand."""
    css = ".q { position: relative; padding-left: 9mm } .n { position: absolute; left: 0 }"
    body = '<p>Before</p><div class="q"><p><span class="n">1</span>Which?</p><ul><li>a</li><li>b</li></ul></div><p>After</p>'
    with opened(body, css) as pdf:
        order = [kid for each in elements(pdf) for kid in kids(each) if isinstance(kid, int)]
        assert order == sorted(order)
        assert len(order) >= 8


def test_a_picture_is_painted_before_its_caption(opened: Opened, elements: Elements, picture: bytes) -> None:
    """WeasyPrint paints it after all text; one of which a part is cut off is still painted so."""
    body = '<figure><img alt="Blue" src="asset/a.png"><figcaption>C</figcaption></figure><p>x <img alt="b" src="asset/a.png"> y</p>'
    for fit, wanted in (("fill", [0, 1, 2, 3, 4]), ("cover", [3, 0, 1, 4, 2])):
        css = f"img {{ width: 5mm; height: 5mm; object-fit: {fit} }} figure img {{ display: block }}"
        with opened(body, css, assets={"asset/a.png": picture}) as pdf:
            order = [kid for each in elements(pdf) for kid in kids(each) if isinstance(kid, int)]
            assert order == wanted


def test_a_positioned_block_with_a_ground_is_painted_over_the_others(opened: Opened, elements: Elements) -> None:
    """Where order matters to the eye it is that of CSS."""
    css = ".over { position: absolute; top: 0; left: 0; background: white }"
    with opened('<div class="over">Over</div><p>Under</p>', css) as pdf:
        order = [kid for each in elements(pdf) for kid in kids(each) if isinstance(kid, int)]
        assert order == [1, 0]


def test_a_link_over_lines_is_one_link(opened: Opened, elements: Elements) -> None:
    """All annotations and words of a link are in one element, emphasis and line breaks or not."""
    body = f'<p>To <a href="https://example.org/a">the <b>long</b> {"survey " * 30}</a>.</p>'
    with opened(body) as pdf:
        links = roles(elements(pdf), "Link")
        assert len(links) == 1
        inside = [kid for kid in kids(links[0]) if isinstance(kid, pikepdf.Dictionary)]
        assert len(inside) == len(pdf.pages[0].Annots) > 2


def test_what_crosses_pages_is_one_element(opened: Opened, elements: Elements) -> None:
    """A paragraph, a list, an item and what they stand in are one each, whatever they are printed on."""
    body = f"<section><p>{LINES}</p><ul><li>{LINES}</li><li>b</li></ul></section>"
    with opened(body) as pdf:
        every = elements(pdf)
        counts = [len(roles(every, role)) for role in ("Sect", "P", "L", "LI", "Lbl", "LBody")]
        assert counts == [1, 1, 1, 2, 2, 2]
        assert all(len(pages_of(each)) > 1 for each in roles(every, "Sect", "P", "L", "LBody")[:4])
        for page in pdf.pages:
            assert int(page.StructParents) >= 0
        numbers = pikepdf.NumberTree(pdf.Root.StructTreeRoot.ParentTree)
        assert all(str(owner.S) in {"/P", "/LBody", "/Lbl"} for n in range(len(pdf.pages)) for owner in numbers[n])


def test_a_row_that_crosses_pages_is_one_row(opened: Opened, elements: Elements) -> None:
    """Cells of a broken row go on where they were."""
    with opened(f"<table><tr><th scope='row'>{LINES}</th><td>{LINES}</td></tr></table>") as pdf:
        every = elements(pdf)
        assert [len(roles(every, role)) for role in ("TR", "TH", "TD")] == [1, 1, 1]
        assert len(pages_of(roles(every, "TD")[0])) > 1


def test_what_is_empty_is_no_element(opened: Opened, elements: Elements) -> None:
    """Boxes for the eye alone leave no trace; an empty cell stays a cell."""
    body = "<div></div><p><span></span>Text<b></b></p><header><em>x</em></header><table><tr><th>a</th><td></td></tr></table>"
    with opened(body) as pdf:
        found = [str(each.S)[1:] for each in elements(pdf)]
        assert found == ["Document", "P", "P", "Table", "TBody", "TR", "TH", "TD"]


def test_lists_say_how_they_are_numbered(opened: Opened, elements: Elements) -> None:
    """Numbering by list style, a list within an item, and a label that the markup names."""
    body = (
        "<ol><li>a<ul><li>b</li></ul></li></ol><ol style='list-style: upper-alpha'><li>c</li></ol>"
        "<ol style='list-style: none'><li><span data-label>7</span>d</li></ol><ul style='list-style: none'><li>e</li></ul>"
    )
    with opened(body) as pdf:
        lists = roles(elements(pdf), "L")
        assert [str(each.A.ListNumbering) if "/A" in each else "" for each in lists] == [
            "/Decimal", "/Circle", "/UpperAlpha", "/Decimal", ""
        ]
        assert str(lists[1].P.S) == "/LBody"
        assert [str(kid.S) for kid in kids(kids(lists[3])[0])] == ["/Lbl", "/LBody"]


def test_a_term_is_the_label_of_its_meanings(opened: Opened, elements: Elements) -> None:
    """Each term of a definition list is one item with what it means."""
    with opened("<dl><dt>A</dt><dd>one</dd><dd>two</dd><dt>B</dt><dd>three</dd></dl>") as pdf:
        items = roles(elements(pdf), "LI")
        assert [[str(kid.S)[1:] for kid in kids(item)] for item in items] == [["Lbl", "LBody"]] * 2
        assert len(kids(kids(items[0])[1])) == 2


def test_a_footnote_is_a_note_after_its_paragraph(opened: Opened, elements: Elements) -> None:
    """It has an identifier that the tree knows; the paragraph around its call is not interrupted."""
    body = "<p>Text<span class='f'>The note.</span> goes on.</p><p>More<span class='f'>Other.</span></p>"
    with opened(body, ".f { float: footnote }") as pdf:
        every = elements(pdf)
        notes = roles(every, "Note")
        assert [str(note.ID) for note in notes] == ["note-00001", "note-00002"]
        names = pdf.Root.StructTreeRoot.IDTree.Kids[0].Names
        assert [str(name) for name in list(names)[::2]] == ["note-00001", "note-00002"]
        order = [str(each.S)[1:] for each in every if str(each.S)[1:] in {"P", "Note", "Reference"}]
        assert order == ["P", "Reference", "P", "Note", "P", "Reference", "P", "Note"]


def test_contents_and_formulas_are_what_they_are(opened: Opened, elements: Elements, picture: bytes) -> None:
    """ARIA's roles on a list and on a picture are those of the structure."""
    body = (
        '<ol role="doc-toc" style="list-style: none"><li><a href="#a">One</a> 1<ol><li><a href="#a">Two</a> 2</li></ol></li></ol>'
        '<p id="a">x is <img role="math" alt="x squared" src="asset/a.png" style="width: 5mm"></p>'
    )
    with opened(body, assets={"asset/a.png": picture}) as pdf:
        every = elements(pdf)
        assert [len(roles(every, role)) for role in ("TOC", "TOCI", "L", "LI", "Formula", "Figure")] == [2, 2, 0, 0, 1, 0]
        assert str(roles(every, "TOCI")[0].P.S) == "/TOC"
        assert str(roles(every, "Formula")[0].Alt) == "x squared"


def test_the_caption_of_a_table_is_in_it(opened: Opened, elements: Elements) -> None:
    """It is the first of the table's kids; a picture's caption stays beside the picture."""
    with opened("<figure><figcaption>C</figcaption><table><tr><th>a</th></tr></table></figure>") as pdf:
        table = roles(elements(pdf), "Table")[0]
        assert [str(kid.S)[1:] for kid in kids(table)] == ["Caption", "TBody"]


def test_the_place_of_a_figure_is_in_points_from_below(opened: Opened, elements: Elements, picture: bytes) -> None:
    """A picture of 20 mm at the head of a page of 100 mm with margins of 15 mm."""
    css = "img { display: block; width: 20mm }"
    with opened('<img alt="Blue" src="asset/a.png">', css, assets={"asset/a.png": picture}) as pdf:
        box = [float(n) for n in roles(elements(pdf), "Figure")[0].A.BBox]
        assert box == pytest.approx([n * 72 / 25.4 for n in (15, 65, 35, 85)], abs=0.02)


def test_text_by_itself_in_a_group_is_a_paragraph(opened: Opened, elements: Elements) -> None:
    """Text beside blocks, and a division of text alone, are paragraphs."""
    with opened("<section>Loose <b>text</b><h1>Head</h1>more</section><div>One</div>") as pdf:
        assert [str(each.S)[1:] for each in elements(pdf)] == ["Document", "Sect", "P", "H1", "P", "P"]


def test_a_link_that_is_a_picture_says_where_it_leads(opened: Opened, elements: Elements, picture: bytes) -> None:
    """Its annotation and its element have the picture's words."""
    body = '<p><a href="https://example.org/"><img alt="The site" src="asset/a.png" style="width: 10mm"></a></p>'
    with opened(body, assets={"asset/a.png": picture}) as pdf:
        assert str(roles(elements(pdf), "Link")[0].Alt) == "The site"
        assert {str(each.Contents) for each in pdf.pages[0].Annots} == {"The site"}


@pytest.mark.parametrize(
    ("tags", "roles"),
    [("h1 h4 h6 h4 h2 h5 h5", "1 2 3 2 2 3 3"), ("h1 h2 h3 h2 h3 h1 h2", "1 2 3 2 3 1 2"), ("h4 h6 h1", "1 2 1")],
)
def test_no_level_of_headings_is_skipped(tags: str, roles: str, opened: Opened, elements: Elements) -> None:
    """Headings of one level stay of one level; the outline and the looks keep the numbers that were written."""
    body = "".join(f"<div><{tag}>Head</{tag}></div><p>Text</p>" for tag in tags.split())
    with opened(body) as pdf:
        assert " ".join(str(e.S)[2:] for e in elements(pdf) if str(e.S).startswith("/H")) == roles
