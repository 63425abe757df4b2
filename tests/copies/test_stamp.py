"""What a stamped copy shows and keeps, read back with other libraries."""

from __future__ import annotations

import io
import math
import re
from itertools import islice
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest
from post_office import made_pdf

from guide.copies.stamp import Stamper
from guide.copies.trace import Search, bars, ids_of_page
from guide.diagnostics.diagnostic import GuideError
from guide.html.stamps import stamp_style
from guide.model.copies import CopyLabel, StampPlace, StampStyle
from guide.fonts.glyphs import BUNDLED

ID = "0123456789abcdef0123456789abcdef"
STYLE = StampStyle(version="1.0", control="Version 1.0 · TRAINING USE")


def label(number: int = 7, name: str = "Anna Krasniqi", organisation: str = "Staff College",
          copy_id: str = ID) -> CopyLabel:  # fmt: skip
    return CopyLabel(number, 42, name, organisation, copy_id)


def texts(pdf: bytes, password: str | None = None) -> list[str]:
    document = pypdfium2.PdfDocument(pdf, password=password)
    try:
        return [page.get_textpage().get_text_range() for page in document]
    finally:
        document.close()


def pages_pdf(*sizes: tuple[float, float], **more: Any) -> bytes:
    """A PDF with pages of these sizes in pt; `more` are entries of each page."""
    pdf, out = pikepdf.new(), io.BytesIO()
    for size in sizes:
        pdf.add_blank_page(page_size=size)
    for page in pdf.pages:
        for key, value in more.items():
            page.obj[f"/{key}"] = value
        page.obj.Contents = pdf.make_stream(b"1 0 0 RG 10 10 m 50 50 l S")
    pdf.save(out)
    return out.getvalue()


@pytest.fixture(scope="module")
def briefing(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A real briefing with tags, links, bookmarks and a box for the number on its cover."""
    from guide import pipeline

    folder = tmp_path_factory.mktemp("pack")
    (folder / "pack.yaml").write_text("format: 1\ntitle: A pack\nversion: '1.0'\nlang: en\n", "utf-8")
    (folder / "sections").mkdir()
    (folder / "sections" / "01-one.md").write_text("---\ntitle: One\n---\n\nText, and [a link](https://example.org).\n")
    out = tmp_path_factory.mktemp("out")
    built = pipeline.build(folder, out, pipeline.Settings(kinds=("briefing",)))
    assert not built.failed
    return Path(built.outputs[0].path).read_bytes()


def test_every_page_says_whose_copy_it_is(briefing: bytes) -> None:
    """At the foot, under all that the page had."""
    copy = Stamper(briefing, [label()], STYLE).copy(label())
    for before, after in zip(texts(briefing), texts(copy), strict=True):
        assert "Copy 7 of 42 · Anna Krasniqi · Staff College" in after
        assert "Version 1.0 · TRAINING USE" in after
        assert "Copy 7" not in before
    document = pypdfium2.PdfDocument(copy)
    page = document[1]
    found = page.get_textpage().search("Copy 7 of 42").get_next()
    left, bottom, right, top = page.get_textpage().get_charbox(found[0])
    assert 0 < bottom < top < 12 * 72 / 25.4
    document.close()


def test_the_cover_box_has_number_and_name(briefing: bytes) -> None:
    """The kind says where the box is; the number stands in it."""
    place = StampPlace(anchor="copy-box")
    cover = texts(Stamper(briefing, [label()], StampStyle(place=place)).copy(label()))[0]
    assert "7 / 42" in cover
    assert cover.count("Anna Krasniqi") == 2


def test_what_the_document_had_is_kept(briefing: bytes) -> None:
    """Links, bookmarks, tags: the same objects; the stamp is an artifact."""
    copy = Stamper(briefing, [label()], STYLE).copy(label())
    with pikepdf.open(io.BytesIO(briefing)) as old, pikepdf.open(io.BytesIO(copy)) as new:
        assert len(old.pages) == len(new.pages)
        for before, after in zip(old.pages, new.pages, strict=True):
            assert len(before.obj.get("/Annots", [])) == len(after.obj.get("/Annots", []))
        with old.open_outline() as a, new.open_outline() as b:
            assert [item.title for item in a.root] == [item.title for item in b.root]
        assert "/StructTreeRoot" in new.Root
        last = new.pages[1].obj.Contents[-1].read_bytes()
        assert last.count(b"/Artifact <<") == last.count(b"EMC") == 1
        assert str(new.docinfo["/GuideCopy"]) == ID
        with new.open_metadata() as meta:
            assert "01234567-89ab-cdef" in str(meta["dc:identifier"])


def test_a_copy_is_accessible_and_sound(briefing: bytes, tmp_path: Path) -> None:
    """`outloud` finds no error, and qpdf none."""
    import subprocess
    import sys

    path = tmp_path / "copy.pdf"
    path.write_bytes(Stamper(briefing, [label()], STYLE).copy(label()))
    with pikepdf.open(path) as pdf:
        assert pdf.check_pdf_syntax() == []
    command = [str(Path(sys.executable).with_name("outloud")), str(path)]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout  # 1 when there is an error


def test_a_copy_is_the_same_however_it_is_made(briefing: bytes) -> None:
    """Alone, in another order, in another process's place: the same bytes."""
    labels = [label(n, f"Person {n}", copy_id=f"{n:032x}") for n in range(1, 40)]
    first = Stamper(briefing, labels, STYLE)
    wanted = {each.number: first.copy(each) for each in labels}
    second = Stamper(briefing, labels, STYLE)
    for each in reversed(labels):
        assert second.copy(each) == wanted[each.number]
    alone = Stamper(briefing, [], STYLE)
    for each in labels[::13]:
        assert alone.copy(each) == wanted[each.number]
    alone.expect(labels[5:9])
    assert alone.copy(labels[7]) == wanted[8]
    assert len(set(wanted.values())) == len(labels)


@pytest.mark.parametrize(
    "content", [b"q q 2 0 0 2 0 0 cm Q Q Q Q 0 0 1 rg", b"q q 9 0 0 9 0 0 cm", b"BT /F1 12 Tf (Q q) Tj", b""]
)
def test_pages_that_leave_their_state_behind(content: bytes) -> None:
    """What a page saved and did not restore, or restored too often, moves no stamp."""
    with pikepdf.open(io.BytesIO(made_pdf(pages=1))) as pdf:
        pdf.pages[0].obj.Contents = pdf.make_stream(content)
        out = io.BytesIO()
        pdf.save(out)
    document = pypdfium2.PdfDocument(Stamper(out.getvalue(), [label()], STYLE).copy(label()))
    text = document[0].get_textpage()
    first = text.get_text_range().index("Copy 7 of 42")
    left, bottom, right, top = text.get_charbox(first)
    assert 0 < bottom < top < 12 * 72 / 25.4 and 2 < top - bottom < 8 and 100 < left < right < 400
    document.close()


@pytest.mark.parametrize("part", ["Contents", "Resources", "XObject"])
def test_damaged_pages_are_named_and_no_crash(part: str) -> None:
    """A number where a stream should be, a name where a dictionary should."""
    with pikepdf.open(io.BytesIO(made_pdf(pages=1))) as pdf:
        page = pdf.pages[0].obj
        if part == "Contents":
            page.Contents = pikepdf.Array([7])
        elif part == "Resources":
            page.Resources = pikepdf.Name.Bad
        else:
            page.Resources.XObject = pikepdf.Name.Bad
        out = io.BytesIO()
        pdf.save(out)
    try:
        Stamper(out.getvalue(), [label()], STYLE).copy(label())
    except GuideError as exc:
        assert exc.diagnostics[0].code == "not-a-pdf"


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_turned_pages_are_stamped_as_they_are_seen(turn: int) -> None:
    """The line stands at the foot that the reader sees."""
    copy = Stamper(pages_pdf((400, 600), Rotate=turn), [label()], STYLE).copy(label())
    document = pypdfium2.PdfDocument(copy)
    page = document[0]
    picture = page.render(scale=1).to_numpy()
    dark = [y for y, row in enumerate(picture) if (row.min(axis=-1) < 140).sum() > 20]
    assert dark
    assert min(dark) > 0.9 * picture.shape[0]
    document.close()


@pytest.mark.parametrize(
    ("size", "more"),
    [((595, 842), {}), ((2000, 3000), {}), ((150, 100), {}), ((595, 842), {"UserUnit": 2.0}),
     ((595, 842), {"CropBox": [100, 100, 400, 500]}), ((30, 30), {})],
)  # fmt: skip
def test_pages_of_any_size(size: tuple[float, float], more: dict[str, object]) -> None:
    """Nothing is cut off: all of the line is on the page."""
    copy = Stamper(pages_pdf(size, **more), [label()], STYLE).copy(label())
    document = pypdfium2.PdfDocument(copy)
    page = document[0]
    text = page.get_textpage()
    assert "Copy 7 of 42" in text.get_text_range()
    left, bottom, right, top = page.get_cropbox()
    for n in range(text.count_chars()):
        box = text.get_charbox(n)
        assert left - 1 <= box[0] <= box[2] <= right + 1
        assert bottom - 1 <= box[1] <= box[3] <= top + 1
    document.close()


@pytest.mark.parametrize(
    "name",
    ["A" * 300, "Very long " * 30, "محمد الأمين", "דוד כהן", "王小明", "O'Brien <b>&amp;", "Zoë\nInjected",
     "\u202eevil", "=cmd|' /C calc'!A0", "👩‍🚀"],
)  # fmt: skip
def test_names_of_all_kinds(briefing: bytes, name: str) -> None:
    """They are set, smaller or cut, and never reach out of the line."""
    each = label(name=name)
    stamper = Stamper(briefing, [each], STYLE)
    copy = stamper.copy(each)
    document = pypdfium2.PdfDocument(copy)
    page = document[1]
    text = page.get_textpage()
    assert "Copy 7 of 42" in text.get_text_range()
    width = page.get_width()
    for n in range(text.count_chars()):
        box = text.get_charbox(n)
        assert -1 <= box[0] <= box[2] <= width + 1
    document.close()


def test_names_of_many_scripts_are_set_in_bundled_fonts() -> None:
    """A copy is the same on every machine, and nobody is asked for another name."""
    names = {
        "Arabic": "محمد الأمين", "Hebrew": "עמית כהן", "Georgian": "გიორგი ბერიძე", "Armenian": "Արմեն Պետրոսյան",
        "Thai": "สมชาย ใจดี", "": "प्रिया शर्मा", "Tamil": "செல்வி", "Ethiopic": "አበበ",
    }  # fmt: skip
    labels = [label(n, name=name) for n, name in enumerate(names.values(), 1)]
    stamper = Stamper(pages_pdf((595, 842)), labels, STYLE)
    for each, script in zip(labels, names, strict=True):
        with pikepdf.open(io.BytesIO(stamper.copy(each))) as pdf:
            fonts = {str(o.BaseFont).partition("+")[2] for o in pdf.objects if isinstance(o, pikepdf.Dictionary) and "/BaseFont" in o}
        families = {re.sub(r"\W", "", font) for font in fonts}
        assert f"NotoSans{script}" in families, (script, families)
        known = tuple(re.sub(r"\W", "", name) for name in BUNDLED)
        assert all(family.startswith(known) for family in families), families
    assert stamper.problems == ()


def test_the_watermark_lies_on_the_diagonal() -> None:
    """In the middle of the page, as wide as most of its diagonal, and pale."""
    style = StampStyle(watermark="DRAFT")
    copy = Stamper(pages_pdf((595, 842)), [label()], style).copy(label())
    document = pypdfium2.PdfDocument(copy)
    page = document[0]
    text = page.get_textpage()
    start = text.get_text_range().index("DRAFT")
    boxes = [text.get_charbox(start + n) for n in range(5)]
    x = (min(b[0] for b in boxes) + max(b[2] for b in boxes)) / 2
    y = (min(b[1] for b in boxes) + max(b[3] for b in boxes)) / 2
    assert math.hypot(x - 297, y - 421) < 30
    picture = page.render(scale=1).to_numpy()
    assert picture[100:700].min(axis=-1).min() > 150
    document.close()


def test_a_single_page_is_traced(briefing: bytes) -> None:
    """By its dictionary, by the form, and by what is painted when all else is gone."""
    copy = Stamper(briefing, [label()], STYLE).copy(label())
    with pikepdf.open(io.BytesIO(copy)) as pdf:
        page = pdf.pages[1]
        assert list(ids_of_page(page))[0] == ID
        assert Search().painted_id(page) == ID


def test_forms_that_hold_one_another_are_read_once() -> None:
    """Forms of a file that share their resources are not followed for ever."""
    pdf = pikepdf.new()
    page = pdf.add_blank_page(page_size=(100, 100))
    shared = pdf.make_indirect(pikepdf.Dictionary(XObject=pikepdf.Dictionary()))
    for n in range(20):
        form = pdf.make_stream(b"", Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Form, Resources=shared)
        form.GuideCopy = pikepdf.Name(f"/C{ID}")
        shared.XObject[f"/F{n}"] = form
    page.obj.Resources = shared
    assert list(islice(ids_of_page(page), 1000)) == [ID] * 20


def test_bars_are_read_turned_and_scaled() -> None:
    """However a page was laid onto another."""
    for matrix in (b"1 0 0 1 50 50", b"0 .5 -.5 0 300 90", b"-1.3 0 0 -1.3 500 600", b"0 -2 2 0 40 500"):
        pdf = pikepdf.new()
        page = pdf.add_blank_page(page_size=(600, 800))
        page.obj.Contents = pdf.make_stream(b"q %s cm %s Q" % (matrix, bars(ID)))
        assert Search().painted_id(page) == ID


@pytest.mark.parametrize("lang", ["en", "de", "fr", "sq", "sr-Latn", "sr-Cyrl"])
def test_the_line_speaks_the_documents_language(lang: str) -> None:
    """With the pack's version, date and validity."""
    style = stamp_style(StampPlace(), lang, version="2.1", date="2026-11-01", marking="NATO UNCLASSIFIED",
                        supersedes="2.0", valid_until="2027-06-30")  # fmt: skip
    text = texts(Stamper(made_pdf(), [label()], style).copy(label()))[0]
    assert "2.1" in text
    assert "2027" in text
    assert "NATO UNCLASSIFIED" in text
    assert ("Copy 7 of 42" in text) == (lang == "en")


def test_what_must_not_be_stamped(briefing: bytes) -> None:
    """A copy is not copied again, and rubbish is named."""
    copy = Stamper(briefing, [label()], STYLE).copy(label())
    for data, code in ((copy, "stamped-pdf"), (b"%PDF-1.7 rubbish", "not-a-pdf")):
        with pytest.raises(GuideError) as caught:
            Stamper(data, [label()], STYLE)
        assert caught.value.diagnostics[0].code == code


@pytest.fixture(scope="module")
def all_kinds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Each document of the starter pack, with a marking, as PDF; the briefing in large print on A5."""
    from guide import pipeline
    from guide.resources import TEMPLATES

    folder, found = TEMPLATES / "starters/example", {}
    marked = (("marking", "TRAINING USE ONLY"), ("documents.flashcards.derive", "[]"))
    out = tmp_path_factory.mktemp("kinds")
    kinds = ("briefing", "flashcards", "handout", "handout-notes", "worksheet", "quiz", "planner")
    large = pipeline.Settings(kinds=("briefing",), theme="large-print", paper="a5", overrides=marked)
    for sub, settings in (("plain", pipeline.Settings(kinds=kinds, overrides=marked)), ("large", large)):
        built = pipeline.build(folder, out / sub, settings)
        assert not built.failed, built.diagnostics
        for made in built.outputs:
            found[f"{sub}/{Path(made.path).stem}"] = Path(made.path).read_bytes()
    return found


Box = tuple[float, float, float, float]


def ink(pdf: bytes) -> list[tuple[float, list[tuple[str, Box]]]]:
    """Return of each page its width and what is written where."""
    document, found = pypdfium2.PdfDocument(pdf), []
    for page in document:
        text = page.get_textpage()
        signs = [(chr(pypdfium2.raw.FPDFText_GetUnicode(text, n)), text.get_charbox(n)) for n in range(text.count_chars())]
        found.append((page.get_width(), [(c, box) for c, box in signs if not c.isspace() and box[2] > box[0]]))
    document.close()
    return found


NAMES_OF_ALL = [
    "plain/briefing", "plain/flashcards", "plain/flashcards-screen", "plain/handout", "plain/handout-notes",
    "plain/worksheet", "plain/quiz-a", "plain/planner", "large/briefing",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES_OF_ALL)
def test_the_stamp_covers_nothing(all_kinds: dict[str, bytes], name: str) -> None:
    """Where each kind says, no letter of the stamp touches one of the page, and none is cut off."""
    from guide.content.library import load_kinds

    kinds, kind = load_kinds(own={}), name.partition("/")[2]
    while kind not in kinds:
        kind = kind.rpartition("-")[0]
    style = stamp_style(kinds[kind].stamp, "en", version="12.10", date="2026-11-01", marking="TRAINING USE ONLY",
                        supersedes="version 12.9", valid_until="2027-06-30")  # fmt: skip
    each = label(name="Jürgen Müller-Lüdenscheidt", organisation="Zentrum Innere Führung der Bundeswehr")
    base = all_kinds[name]
    for (width, before), (_, after) in zip(ink(base), ink(Stamper(base, [each], style).copy(each)), strict=True):
        known = {(c, tuple(round(side) for side in box)) for c, box in before}
        stamp = [(c, box) for c, box in after if (c, tuple(round(side) for side in box)) not in known]
        assert len(stamp) > 60
        for c, (left, bottom, right, top) in stamp:
            assert 6 < left < right < width - 6 and bottom > 6
            over = [d for d, b in before if left < b[2] and b[0] < right and bottom < b[3] and b[1] < top]
            assert not over, f"{c!r} of the stamp lies over {over}"


def test_a_line_at_the_side_reads_upwards_between_text_and_edge() -> None:
    """On any page, turned or not; its own control line stands behind it where there is room."""
    place = StampPlace(edge="right", align="left", inset=2.6, side=6, height=3.2, size=6, joined=True)
    style = StampStyle(place=place, control="Version 1.0")
    for size, more in (((595, 842), {}), ((298, 210), {}), ((595, 842), {"Rotate": 90})):
        copy = Stamper(pages_pdf(size, **more), [label()], style).copy(label())
        document = pypdfium2.PdfDocument(copy)
        page = document[0]
        text = page.get_textpage().get_text_range()
        assert ("Staff College · Version 1.0" in text) == (size == (595, 842))
        picture = page.render(scale=2).to_numpy().min(axis=-1)
        wide, mm = picture.shape[1], 2 * 72 / 25.4
        dark = [x for x in range(wide // 2, wide) if (picture[:, x] < 140).any()]
        assert wide - 5.9 * mm < min(dark) and max(dark) < wide - 2.9 * mm
        rows = [y for y in range(picture.shape[0]) if (picture[y, wide // 2 :] < 140).any()]
        assert max(rows) > picture.shape[0] - 12 * mm
        document.close()
