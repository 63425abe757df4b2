"""One reading of a page's geometry, held against PDFium; and what manual duplex makes of odd pages."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest
from pikepdf import Array, Dictionary, Name

import guide
from guide.printing import job
from guide.printing import without_cups
from guide.printing.plan import plan
from guide.model.pageview import apply, view_of
from guide.units import MM_PER_POINT

BOXES: dict[str, Any] = {
    "plain": {"MediaBox": [0, 0, 200, 300]},
    "moved": {"MediaBox": [1000, 1000, 1200, 1300]},
    "swapped": {"MediaBox": [200, 300, 0, 0]},
    "cropped": {"MediaBox": [0, 0, 200, 300], "CropBox": [20, 30, 150, 200]},
    "beyond": {"MediaBox": [0, 0, 200, 300], "CropBox": [-50, 100, 900, 900]},
    "flat": {"MediaBox": [0, 0, 0, 0]},
    "unit": {"MediaBox": [0, 0, 200, 300], "UserUnit": 2},
}


def made(**entries: Any) -> bytes:
    with pikepdf.new() as pdf:
        pdf.add_blank_page(page_size=(100, 100))
        page = pdf.pages[0].obj
        del page.MediaBox
        for key, value in entries.items():
            page[f"/{key}"] = Array(value) if isinstance(value, list) else value
        page.Contents = pdf.make_stream(b"0 0 1 rg 40 50 9 9 re f 1060 1120 9 9 re f")
        out = io.BytesIO()
        pdf.save(out)
        return out.getvalue()


@pytest.mark.parametrize("rotate", [0, 90, 180, 270, -90, 450, 45])
@pytest.mark.parametrize("box", BOXES)
def test_a_page_is_read_as_pdfium_reads_it(box: str, rotate: int) -> None:
    """Width and height; there and back again is the same place."""
    data = made(Rotate=rotate, **BOXES[box])
    with pikepdf.open(io.BytesIO(data)) as pdf:
        view = view_of(pdf.pages[0].obj)
    document = pypdfium2.PdfDocument(data)
    unit = BOXES[box].get("UserUnit", 1)  # which PDFium ignores
    assert (view.width, view.height) == pytest.approx([unit * n for n in document[0].get_size()])
    document.close()
    assert apply(view.inward, *apply(view.outward, 33, 44)) == pytest.approx((33, 44))
    corner = apply(view.inward, 0, 0)
    assert corner[0] in {view.box[0], view.box[2]}
    assert corner[1] in {view.box[1], view.box[3]}
    assert view.stated == (box != "flat")


def test_paper_is_chosen_by_what_is_shown(tmp_path: Path) -> None:
    """A crop box that leaves the media box adds no paper."""
    path = tmp_path / "a.pdf"
    path.write_bytes(made(**BOXES["beyond"]))
    assert job.read(path).sizes[0] == pytest.approx((200 * MM_PER_POINT, 200 * MM_PER_POINT))


def layered(path: Path, sizes: list[tuple[float, float]]) -> Path:
    """Pages with a layer that is off."""
    with pikepdf.new() as pdf:
        layer = pdf.make_indirect(Dictionary(Type=Name.OCG, Name=pikepdf.String("Answers")))
        pdf.Root.OCProperties = Dictionary(OCGs=Array([layer]), D=Dictionary(OFF=Array([layer])))
        for size in sizes:
            page = pdf.add_blank_page(page_size=size)
            page.obj.Resources = Dictionary(Properties=Dictionary(L=layer))
            page.obj.Contents = pdf.make_stream(b"/OC /L BDC 0 g 0 0 500 500 re f EMC")
        pdf.save(path)
    return path


def test_backs_by_hand_keep_layers_and_the_size_of_their_sheet(tmp_path: Path) -> None:
    """A hidden layer stays hidden; the empty back is as large as the front before it."""
    path = layered(tmp_path / "a.pdf", [(300, 400), (300, 400), (301, 401)])
    fronts, backs = plan(
        job.read(path), job.Wishes(copies=2, manual=True, media="a3"), job.Printer("")
    )
    assert backs.pages == (1, None)
    for each, sizes in ((fronts, [(300, 400), (301, 401)]), (backs, [(300, 400), (301, 401)])):
        document = pypdfium2.PdfDocument(each.composed())
        assert [page.get_size() for page in document] == [pytest.approx(size) for size in sizes]
        for page in document:
            assert page.render().to_pil().convert("L").getextrema() == (255, 255)
        document.close()


def test_a_viewer_is_told_the_right_sheets(tmp_path: Path) -> None:
    """One copy at a time; the last sheet of an odd number of pages comes off before the backs."""
    path = layered(tmp_path / "a.pdf", [(300, 400)] * 5)
    odd = without_cups.instructions(
        plan(job.read(path), job.Wishes(copies=2, manual=True), job.Printer(""))
    )
    (_, fronts), (first, backs) = odd
    assert dict(fronts)["pages"] == "1,3,5"
    assert dict(backs)["pages"] == "2,4"
    assert dict(fronts)["copies"] == dict(backs)["copies"] == "1"
    assert "Take the sheet with page 5 off" in first
    assert "2 times" in first
    wishes = job.Wishes(pages="1-4", manual=True)
    first = without_cups.instructions(plan(job.read(path), wishes, job.Printer("")))[1][0]
    assert "off the stack" not in first
    assert "times" not in first


def test_no_other_module_reads_the_geometry_of_a_page() -> None:
    """But the one that gives an empty page that of the page before it, unread."""
    root = Path(guide.__file__).parent
    reads = re.compile(r'"/(MediaBox|CropBox|Rotate|UserUnit)"|\.(mediabox|cropbox|MediaBox|CropBox|Rotate|UserUnit)\b')
    found = {path.name for path in root.rglob("*.py") if reads.search(path.read_text("utf-8"))}
    assert found == {"pageview.py", "joined.py"}
