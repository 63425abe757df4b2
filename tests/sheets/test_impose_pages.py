"""Any PDF on sheets: text where it belongs, links on it, and clear words for what cannot be."""

from __future__ import annotations

import io
import time
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pikepdf import Array, Dictionary, Name, OutlineItem, Pdf, Stream

from guide.cli import guide
from guide.diagnostics.diagnostic import GuideError
from guide.sheets.impose_pages import Scheme, impose_pdf
from guide.units import PAPERS, Paper

A4 = (595.276, 841.89)


def paper(count: int, size: tuple[float, float] = A4, **entries: Any) -> Pdf:
    """Return a PDF whose page n says `Pn` 50 pt from its left and 700 pt from its bottom."""
    pdf = Pdf.new()
    font = pdf.make_indirect(
        Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica, Encoding=Name.WinAnsiEncoding)
    )
    for number in range(count):
        content = b"BT /F 20 Tf 50 %d Td (P%d) Tj ET" % (size[1] - 140, number + 1)
        page = Dictionary(
            Type=Name.Page, MediaBox=Array([0, 0, *size]), Contents=pdf.make_indirect(Stream(pdf, content)),
            Resources=Dictionary(Font=Dictionary(F=font)), **entries,
        )  # fmt: skip
        pdf.pages.append(pikepdf.Page(pdf.make_indirect(page)))
    return pdf


def saved(pdf: Pdf, **how: Any) -> bytes:
    out = io.BytesIO()
    pdf.save(out, **how)
    return out.getvalue()


def words(data: bytes) -> list[dict[str, tuple[float, float]]]:
    """Return for each page where its words stand: left and bottom in pt."""
    document = pypdfium2.PdfDocument(data)
    found = []
    for page in document:
        text = page.get_textpage()
        places = {}
        for n in range(text.count_rects()):
            left, bottom, right, top = text.get_rect(n)
            places[text.get_text_bounded(left, bottom, right, top).strip()] = (left, bottom)
        found.append(places)
        text.close()
        page.close()
    document.close()
    return found


def run(*given: object) -> Result:
    return CliRunner().invoke(guide, [str(each) for each in given], prog_name="guide")


def test_a_booklet_has_first_and_last_page_on_its_outer_sheet() -> None:
    """Eight pages on two sheets: 8 and 1, 2 and 7, 6 and 3, 4 and 5, each in its half."""
    made = impose_pdf(saved(paper(8)), Scheme())
    sides = words(made.sheets.data)
    assert [set(side) for side in sides] == [{"P8", "P1"}, {"P2", "P7"}, {"P6", "P3"}, {"P4", "P5"}]
    middle = 297 / 2 * 72 / 25.4
    for side, (left, right) in zip(sides, [("P8", "P1"), ("P2", "P7"), ("P6", "P3"), ("P4", "P5")], strict=True):
        assert side[left][0] < middle < side[right][0]
        assert side[right][0] - side[left][0] == pytest.approx(middle, abs=0.5)
    with pikepdf.open(io.BytesIO(made.sheets.data)) as pdf:
        assert pdf.Root.ViewerPreferences.Duplex == "/DuplexFlipShortEdge"
        assert pdf.Root.ViewerPreferences.PrintScaling == "/None"


def test_odd_pages_leave_blanks_at_the_end() -> None:
    made = impose_pdf(saved(paper(5)), Scheme())
    assert (made.leaves, made.blanks, made.sheets.pages) == (2, 3, 4)


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
@pytest.mark.parametrize("array", [False, True])
def test_a_turned_page_is_drawn_as_a_viewer_shows_it(turn: int, array: bool) -> None:
    """One page on a sheet of its own looks as before: rotated pages, contents in parts, boxes apart from 0."""
    pdf = paper(1, Rotate=turn)
    page = pdf.pages[0].obj
    if array:
        page.Contents = pdf.make_indirect(Array([page.Contents]))
    page.MediaBox = Array([-20, -30, 500, 800])
    page.CropBox = Array([10, 20, 450, 790])
    data = saved(pdf)
    width, height = (440, 770) if turn in {0, 180} else (770, 440)
    sheet = Paper("", 2 * width * 25.4 / 72, height * 25.4 / 72)
    made = impose_pdf(data, Scheme(paper=sheet))
    before = pypdfium2.PdfDocument(data)[0].render(scale=2).to_pil().convert("L")
    after = pypdfium2.PdfDocument(made.sheets.data)[0].render(scale=2).to_pil().convert("L")
    half = after.crop((after.width // 2, 0, after.width, after.height))
    seen, shown = (each.point(lambda v: 255 * (v < 128)).getbbox() for each in (before, half))
    assert seen is not None and shown is not None
    assert all(abs(one - other) <= 3 for one, other in zip(seen, shown, strict=True))


def with_links() -> bytes:
    pdf = paper(4)
    first = pdf.pages[0].obj
    first.Annots = Array([
        Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=Array([50, 700, 80, 720]),
                   A=Dictionary(S=Name.URI, URI=pikepdf.String("https://example.org/x"))),
        Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=Array([50, 600, 80, 620]),
                   Dest=Array([pdf.pages[2].obj, Name.XYZ, 50, 720, 0])),
        Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=Array([50, 500, 80, 520]), Dest=pikepdf.String("there")),
        Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=Array([50, 400, 80, 420]), Dest=pikepdf.String("nowhere")),
    ])  # fmt: skip
    dests = Dictionary(Names=Array([pikepdf.String("there"), Array([pdf.pages[3].obj, Name.FitH, 700])]))
    pdf.Root.Names = Dictionary(Dests=pdf.make_indirect(dests))
    with pdf.open_outline() as outline:
        outline.root.append(OutlineItem("Third", 2))
    return saved(pdf)


def test_links_and_bookmarks_lead_to_the_new_places() -> None:
    """An address stays; a link to page 3 leads to the sheet and the half where page 3 lies now."""
    made = impose_pdf(with_links(), Scheme())
    places = words(made.sheets.data)
    with pikepdf.open(io.BytesIO(made.sheets.data)) as pdf:
        links = list(pdf.pages[0].Annots)
        assert len(links) == 3
        left, bottom = places[0]["P1"]
        box = [float(v) for v in links[0].Rect]
        assert box[0] - 1 <= left <= box[2] and box[1] <= bottom + 5 <= box[3] + 1
        assert str(links[0].A.URI) == "https://example.org/x"
        target = links[1].Dest
        assert target[0].objgen == pdf.pages[1].obj.objgen
        assert float(target[2]) == pytest.approx(places[1]["P3"][0], abs=2)
        assert links[2].Dest[0].objgen == pdf.pages[0].obj.objgen
        with pdf.open_outline() as outline:
            assert [item.title for item in outline.root] == ["Third"]


def test_form_fields_are_drawn() -> None:
    """What was filled in is on the sheet, though a form XObject has no annotations."""
    pdf = paper(1)
    appearance = Stream(pdf, b"BT /F 12 Tf 2 5 Td (FILLED) Tj ET")
    appearance.Type, appearance.Subtype = Name.XObject, Name.Form
    appearance.BBox = Array([0, 0, 100, 20])
    appearance.Resources = Dictionary(Font=Dictionary(F=pdf.pages[0].Resources.Font.F))
    field = pdf.make_indirect(Dictionary(
        Type=Name.Annot, Subtype=Name.Widget, FT=Name.Tx, T=pikepdf.String("n"), V=pikepdf.String("FILLED"), F=4,
        Rect=Array([50, 400, 150, 420]), AP=Dictionary(N=pdf.make_indirect(appearance)),
    ))  # fmt: skip
    pdf.pages[0].obj.Annots = Array([field])
    pdf.Root.AcroForm = Dictionary(Fields=Array([field]))
    made = impose_pdf(saved(pdf), Scheme("n-up", count=2, flip="none"))
    assert {"P1", "FILLED"} <= set(words(made.sheets.data)[0])


def test_pages_of_several_sizes_keep_their_shape() -> None:
    pdf = paper(2)
    pdf.pages.extend(paper(1, (300, 200)).pages)
    made = impose_pdf(saved(pdf), Scheme("n-up", count=4, flip="none"))
    assert set(words(made.sheets.data)[0]) == {"P1", "P2"} or made.sheets.pages == 1


def test_the_same_bytes_every_time() -> None:
    """Also at another time: an id made of the clock has whole seconds."""
    data = with_links()
    first = impose_pdf(data, Scheme()).sheets.data
    time.sleep(1.1)
    assert impose_pdf(data, Scheme()).sheets.data == first


def test_a_locked_pdf_asks_for_its_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    locked = tmp_path / "locked.pdf"
    locked.write_bytes(saved(paper(2), encryption=pikepdf.Encryption(owner="o", user="secret")))
    result = run("impose", locked, tmp_path / "o.pdf", "--booklet")
    assert result.exit_code == 1 and "error[locked-pdf]" in result.stderr and "--password-env" in result.stderr
    monkeypatch.setenv("PDF_PW", "secret")
    result = run("impose", locked, tmp_path / "o.pdf", "--booklet", "--password-env", "PDF_PW")
    assert result.exit_code == 0, result.output
    assert "P1" in words((tmp_path / "o.pdf").read_bytes())[0]


def test_a_pdf_that_may_not_be_printed_is_refused() -> None:
    rights = pikepdf.Permissions(print_lowres=False, print_highres=False)
    data = saved(paper(2), encryption=pikepdf.Encryption(owner="o", user="", allow=rights))
    with pytest.raises(GuideError) as caught:
        impose_pdf(data, Scheme(), "x.pdf")
    assert caught.value.diagnostics[0].code == "print-forbidden"


GOOD = saved(paper(3))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=120)
@given(at=st.integers(0, len(GOOD)), junk=st.binary(max_size=40), cut=st.booleans())
def test_damaged_files_are_imposed_or_refused(at: int, junk: bytes, cut: bool) -> None:
    """Whatever a file has become, the answer is sheets or a diagnostic."""
    data = GOOD[:at] + junk + (b"" if cut else GOOD[at + len(junk) :])
    try:
        made = impose_pdf(data, Scheme(), "x.pdf")
    except GuideError as exc:
        assert {each.code for each in exc.diagnostics} <= {"not-a-pdf", "locked-pdf", "print-forbidden"}
    else:
        assert made.sheets.pages >= 2


@pytest.mark.parametrize(("words", "code"), [
    (["--booklet", "--pocket"], 2), ([], 2), (["--poster", "2"], 2), (["--poster", "0x2"], 2), (["--pages", "3-1", "--booklet"], 2),
    (["--booklet", "--paper", "nope"], 2), (["--booklet", "--creep", "-1"], 2), (["--booklet", "--duplex", "none"], 2),
    (["--pages", "9", "--booklet"], 1), (["--poster", "2x2", "--margin", "99mm", "--overlap", "90mm"], 1),
])  # fmt: skip
def test_wrong_words_are_refused_and_nothing_is_lost(words: list[str], code: int, tmp_path: Path) -> None:
    source, target = tmp_path / "in.pdf", tmp_path / "out.pdf"
    source.write_bytes(GOOD)
    target.write_bytes(b"old")
    result = run("impose", source, target, *words)
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    assert target.read_bytes() == b"old"


def test_the_source_is_never_replaced(tmp_path: Path) -> None:
    source = tmp_path / "in.pdf"
    source.write_bytes(GOOD)
    assert run("impose", source, source, "--booklet").exit_code == 2
    assert source.read_bytes() == GOOD


def test_build_makes_booklets_of_documents(small_pack: Path, tmp_path: Path) -> None:
    """`guide build --booklet` makes one beside each document of pages, and says why not of cards."""
    result = run("build", small_pack, "-o", tmp_path, "--booklet", "--jobs", "1")
    assert result.exit_code == 0, result.output
    names = {path.name for path in (tmp_path / small_pack.name).glob("*.pdf")}
    assert "briefing-booklet.pdf" in names and "flashcards-booklet.pdf" not in names
    assert "note[no-booklet]" in result.output
    pages = len(pypdfium2.PdfDocument(tmp_path / small_pack.name / "briefing.pdf"))
    sides = len(pypdfium2.PdfDocument(tmp_path / small_pack.name / "briefing-booklet.pdf"))
    assert sides == 2 * -(-pages // 4)


@pytest.mark.parametrize("name", ["a3", "a4", "letter"])
def test_paper_is_what_was_asked_for(name: str) -> None:
    made = impose_pdf(GOOD, Scheme(paper=PAPERS[name]))
    with pikepdf.open(io.BytesIO(made.sheets.data)) as pdf:
        size = sorted(float(v) * 25.4 / 72 for v in list(pdf.pages[0].MediaBox)[2:])
    assert size == pytest.approx(sorted((PAPERS[name].width, PAPERS[name].height)), abs=0.1)
