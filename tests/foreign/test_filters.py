"""PDFs with filters that cannot be undone here: kept as they are, or said so; never an internal error."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pikepdf
import pypdfium2 as pdfium
import pytest
from click.testing import Result
from pikepdf import Array, Dictionary, Name, Stream, String

from guide.printing import job
from guide.diagnostics.diagnostic import GuideError
from guide.system import sandbox
from guide.foreign.apart import apart
from guide.foreign.forms import unread_filter

Run = Callable[..., Result]
RAW = b"\x00\x01" * 30
PICTURES = ["/JBIG2Decode", "/JPXDecode", "/CCITTFaxDecode", "/DCTDecode", "/Unheard#of"]


@pytest.fixture
def confining(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are read in processes of their own, in which no other program is started."""
    monkeypatch.setattr(sandbox, "here", False)


def stored(path: Path, name: str, where: str) -> Path:
    """A page with a black square, and a stream of a filter: a picture, a form, content, a field."""
    with pikepdf.new() as pdf:
        page = pdf.add_blank_page(page_size=(200, 200)).obj
        square = pdf.make_stream(b"0 0 100 100 re f")
        odd = pdf.make_indirect(Stream(pdf, RAW, Filter=Name(name)))
        page.Contents, page.Resources = square, Dictionary()
        if where in {"picture", "form"}:
            page.Resources.XObject = Dictionary(I=odd)
            page.Contents = pdf.make_stream(b"0 0 100 100 re f q /I Do Q")
            odd.Type = Name.XObject
            odd.Subtype = Name.Image if where == "picture" else Name.Form
        if where == "picture":
            odd.Width = odd.Height = 8
            odd.BitsPerComponent, odd.ColorSpace = 1, Name.DeviceGray
        elif where == "content":
            page.Contents = Array([odd, square, odd])
        elif where == "all":
            page.Contents = odd
        elif where == "field":
            odd.Type, odd.Subtype = Name.XObject, Name.Form
        if where in {"form", "field"}:
            odd.BBox = Array([0, 0, 80, 30])
        if where == "field":
            field = pdf.make_indirect(
                Dictionary(
                    Type=Name.Annot, Subtype=Name.Widget, FT=Name.Tx, T=String("t"), F=4,
                    V=String("Prishtina"), Rect=Array([110, 110, 190, 140]),
                    DA=String("/Helv 12 Tf 0 g"), AP=Dictionary(N=odd),
                )
            )  # fmt: skip
            page.Annots, pdf.Root.AcroForm = Array([field]), Dictionary(Fields=Array([field]))
        pdf.save(path)
    return path


def ink(path: Path) -> int:
    """Dark pixels of the first page."""
    with pdfium.PdfDocument(path) as pdf:
        return sum(level < 100 for level in pdf[0].render(scale=0.5).to_pil().convert("L").tobytes())


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("where", ["picture", "form", "content", "all", "field"])
def test_impose_keeps_what_it_need_not_read(
    name: str, where: str, run: Run, tmp_path: Path
) -> None:
    """A picture stays as it is stored; content that cannot be read is named and left out."""
    source = stored(tmp_path / "odd.pdf", name, where)
    said = run("impose", source, "out.pdf", "--n-up", "2", "--paper", "a4")
    assert said.exit_code == 0, said.output
    lost = where in {"content", "all"}
    assert ("warning[not-drawn]: page 1 has content" in said.output) is lost
    assert not lost or name[1:] in said.output
    assert (ink(tmp_path / "out.pdf") > 1000) is (where != "all")
    with pikepdf.open(tmp_path / "out.pdf") as pdf:
        kept = [each for each in pdf.objects if isinstance(each, Stream) and unread_filter(each)]
        assert all(each.read_raw_bytes() == RAW for each in kept)
        assert len(kept) == (where in {"picture", "form"})
    if where == "field":  # the field's value is drawn instead
        with pdfium.PdfDocument(tmp_path / "out.pdf") as pdf:
            assert "Prishtina" in pdf[0].get_textpage().get_text_range()


@pytest.mark.parametrize("name", ["/JBIG2Decode", "/Unheard#of"])
@pytest.mark.parametrize("where", ["picture", "content"])
def test_other_commands_answer_as_well(
    name: str, where: str, run: Run, tmp_path: Path
) -> None:
    """`distribute` stamps a page whose content it can read; `print` and `verify` need not."""
    source = stored(tmp_path / "odd.pdf", name, where)
    (tmp_path / "r.csv").write_text("name\nAnna\n")
    said = run("distribute", source, "--to", "r.csv", "--send", "-o", "out")
    assert said.exit_code == (where == "content"), said.output
    assert ("error[not-a-pdf]" in said.output) is (where == "content")
    assert where == "picture" or f"stored as {name[1:]}" in said.output
    said = run("verify", source)
    assert "error[not-a-copy]" in said.output, said.output
    document = job.read(source)
    fronts = job.Job(document, (0, None), 1, "one-sided", "iso_a4_210x297mm", fit=False)
    assert RAW in fronts.composed()


def test_the_file_alone_says_what_cannot_be_read(
    confining: None, run: Run, tmp_path: Path
) -> None:
    """Undoing JBIG2 takes another program; it is not started for a stranger's file."""
    source = stored(tmp_path / "odd.pdf", "/JBIG2Decode", "content")
    said = run("impose", source, "out.pdf", "--n-up", "2")
    assert said.exit_code == 0, said.output
    with pytest.raises(GuideError) as caught:
        apart(decoded, source.read_bytes(), name="odd.pdf")
    (problem,) = caught.value.diagnostics
    assert (problem.code, problem.place.path) == ("pdf-limit", "odd.pdf")
    assert "another program" in problem.message


def decoded(data: bytes) -> bytes:
    """Read a page's content with all its filters."""
    import io

    with pikepdf.open(io.BytesIO(data)) as pdf:
        return pdf.pages[0].as_form_xobject().read_bytes()


@pytest.mark.parametrize("what", [pikepdf.PdfError, pikepdf.DependencyError, pikepdf.DataDecodingError])
def test_what_the_library_says_of_a_file_is_a_diagnostic(what: type[Exception]) -> None:
    """Its errors have no common parent."""
    with pytest.raises(GuideError) as caught:
        apart(raised, what, name="odd.pdf")
    (problem,) = caught.value.diagnostics
    assert (problem.code, problem.message) == ("not-a-pdf", "the PDF cannot be read: it is odd")


def raised(what: type[Exception]) -> None:
    raise what("it is odd")


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (None, ""),
        (Name.FlateDecode, ""),
        (Array([Name.ASCII85Decode, Name.LZWDecode]), ""),
        (Array([Name.FlateDecode, Name.DCTDecode]), "DCTDecode"),
        (Name.Crypt, ""),
        (5, "5"),
        (Name("/" + "x" * 90), "x" * 40),
    ],
)
def test_filters_of_content(filters: object, found: str) -> None:
    """Those of text are read; pictures' and unknown ones are named."""
    with pikepdf.new() as pdf:
        stream = Stream(pdf, b"x")
        if filters is not None:
            stream.Filter = filters
        assert unread_filter(stream) == found
