"""Imposed sheets show what a reader sees: fields with and without appearances, notes, mixed sizes."""

from __future__ import annotations

import io
from typing import Any

import numpy
import pikepdf
import pypdfium2
import pytest
from pikepdf import Array, Dictionary, Name, String

from guide.sheets.impose_pages import Pressed, Scheme, impose_pdf

MK = Dictionary(BC=Array([1, 0, 0]))
WIDE, HIGH = 400, 500
Rect = tuple[int, int, int, int]


def page(*notes: tuple[Rect, dict[str, Any]], form: bool = True, **more: Any) -> bytes:
    """A page with annotations, each with its rectangle and entries; fields unless not a `form`."""
    with pikepdf.new() as pdf:
        pdf.add_blank_page(page_size=(WIDE, HIGH))
        made = []
        for number, (rect, entries) in enumerate(notes):
            note = Dictionary(Type=Name.Annot, Rect=Array(rect), F=4)
            if form:
                note.Subtype, note.T = Name.Widget, String(f"f{number}")
            for key, value in entries.items():
                if value is not None:
                    note[f"/{key}"] = (
                        pdf.make_stream(value[0], value[1]) if isinstance(value, tuple) else value
                    )
                elif f"/{key}" in note:
                    del note[f"/{key}"]
            if "/Shown" in note:
                note.AP = Dictionary(N=note.Shown)
                del note["/Shown"]
            made.append(pdf.make_indirect(note))
        pdf.pages[0].obj.Annots = Array(made)
        if form:
            pdf.Root.AcroForm = Dictionary(Fields=Array(made), DA=String("/Helv 12 Tf 0 g"), **more)
        out = io.BytesIO()
        pdf.save(out)
        return out.getvalue()


def imposed(data: bytes, **more: Any) -> Pressed:
    return impose_pdf(data, Scheme(kind="n-up", count=1, **more), "in.pdf")


def text(made: Pressed) -> str:
    document = pypdfium2.PdfDocument(made.sheets.data)
    try:
        return str(document[0].get_textpage().get_text_range())
    finally:
        document.close()


def ink(made: Pressed, rect: Rect, inset: int = 0) -> numpy.ndarray:
    """The pixels of a rectangle of the page, without `inset` at each side."""
    document = pypdfium2.PdfDocument(made.sheets.data)
    try:
        sheet = document[0]
        assert sheet.get_size() == pytest.approx((WIDE, HIGH), abs=0.1)
        picture = sheet.render(scale=2).to_numpy()
    finally:
        document.close()
    left, bottom, right, top = rect
    i = inset
    return picture[2 * (HIGH - top + i) : 2 * (HIGH - bottom - i), 2 * (left + i) : 2 * (right - i)]


def shown(words: str, box: Rect) -> tuple[bytes, dict[str, Any]]:
    """An appearance in letters of its own."""
    font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
    size = [0, 0, box[2] - box[0], box[3] - box[1]]
    return (
        f"/Tx BMC BT /F 9 Tf 3 3 Td ({words}) Tj ET EMC".encode(),
        {"/Type": Name.XObject, "/Subtype": Name.Form, "/BBox": Array(size),
         "/Resources": Dictionary(Font=Dictionary(F=font))},
    )  # fmt: skip


A, B, C = (20, 440, 180, 470), (200, 440, 380, 470), (20, 330, 180, 430)
D, E, G = (200, 400, 230, 430), (240, 400, 270, 430), (280, 400, 310, 430)


@pytest.fixture(scope="module")
def filled() -> Pressed:
    """One form with all kinds of fields, none of which has an appearance."""
    tx, ch, btn = ({"FT": name} for name in (Name.Tx, Name.Ch, Name.Btn))
    options = Array([Array([String("b"), String("Beta")]), String("Gamma")])
    return imposed(
        page(
            (A, {**tx, "V": String("Łódź Привет"), "MK": MK}),
            (B, {**tx, "V": String("right"), "Q": 2, "F": None}),
            (
                C,
                {
                    **tx,
                    "V": String("line one\rline two is rather long and has to wrap here\rthree"),
                    "Ff": 1 << 12,
                },
            ),
            (D, {**btn, "V": Name.Yes, "AS": Name.Yes, "MK": MK}),
            (E, {**btn, "V": Name.Off, "AS": Name.Off, "MK": MK}),
            (G, {**btn, "Ff": 1 << 15, "AS": Name("/1"), "V": Name("/1")}),
            ((200, 330, 380, 390), {**ch, "V": String("b"), "Opt": options}),
            ((20, 280, 180, 310), {**tx, "V": String("AB1"), "Ff": 1 << 24, "MaxLen": 4, "MK": MK}),
            ((200, 280, 380, 310), {**tx, "V": String("word"), "Ff": 1 << 13}),
            ((20, 240, 180, 270), {**tx, "MK": MK}),
            ((200, 240, 380, 270), {**tx, "V": String("unseen"), "F": 6}),
            ((20, 100, 50, 220), {**tx, "V": String("upwards"), "MK": Dictionary(R=90)}),
        )
    )


def test_fields_without_appearance_are_drawn(filled: Pressed) -> None:
    """Several lines and alphabets, choices, dots for a password; a hidden one is not."""
    said = text(filled)
    for words in (
        "Łódź Привет",
        "right",
        "line one",
        "wrap here",
        "three",
        "Beta",
        "••••",
        "upwards",
    ):
        assert words in " ".join(said.split()), words
    assert "unseen" not in said
    assert "word" not in said
    assert not filled.problems


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_turned_field_is_the_upright_one_turned(turn: int) -> None:
    """The letters of a field with a rotation are straight, whole and at the same place in it."""
    wide, high = 120, 30
    upright, turned = (20, 100, 20 + wide, 100 + high), (20, 100, 20 + high, 100 + wide)
    seen = []
    for rect, angle in ((upright, 0), (upright if turn == 180 else turned, turn)):
        entries = {"FT": Name.Tx, "V": String("FLEET"), "MK": Dictionary(R=angle)}
        seen.append(ink(imposed(page((rect, entries))), rect)[..., 0] < 128)
    wanted = numpy.rot90(seen[0], turn // 90)
    assert wanted.sum() > 100
    edges, found = ([each.min() for each in numpy.nonzero(one)] for one in (wanted, seen[1]))
    assert numpy.abs(numpy.subtract(edges, found)).max() <= 2
    assert (wanted & seen[1]).sum() > 0.7 * wanted.sum()


def test_marks_borders_and_places(filled: Pressed) -> None:
    """A check, an empty box, a dot; alignment; one letter in each cell of a comb."""
    assert (ink(filled, D, 4) < 90).any()
    assert not (ink(filled, E, 4) < 200).any()
    assert (ink(filled, E)[..., 0] < 100).any()  # red is without blue, the first of the channels
    assert (ink(filled, G, 10) < 90).any()
    empty = ink(filled, (20, 240, 180, 270))
    assert (empty[..., 0] < 100).any(axis=1).all()  # left and right border on each row
    left = ink(filled, (200, 440, 290, 470))
    right = ink(filled, (290, 440, 380, 470))
    assert not (left < 120).any()
    assert (right < 120).any()
    for n in range(4):
        cell = ink(filled, (20 + 40 * n, 280, 60 + 40 * n, 310), 6)
        assert (cell < 90).all(axis=-1).any() == (n < 3), n


@pytest.mark.parametrize("renew", [True, False])
def test_a_correct_appearance_is_kept(renew: bool) -> None:
    """Also where the file asks for new ones."""
    data = page(
        (A, {"FT": Name.Tx, "V": String("its own"), "Shown": shown("its own", A)}),
        NeedAppearances=renew,
    )
    made = imposed(data)
    assert "its own" in text(made)
    assert b"/Helvetica" in made.sheets.data


def test_an_appearance_that_is_empty_or_old_is_renewed() -> None:
    """Programs that fill in forms leave the old one, and ask the viewer."""
    old = page(
        (A, {"FT": Name.Tx, "V": String("new value"), "Shown": shown("old", A)}),
        NeedAppearances=True,
    )
    assert text(imposed(old)).split() == ["new", "value"]
    none = page(
        (
            A,
            {
                "FT": Name.Tx,
                "V": String("value"),
                "Shown": (b"/Tx BMC EMC", {"/Subtype": Name.Form, "/BBox": Array([0, 0, 9, 9])}),
            },
        )
    )
    assert "value" in text(imposed(none))


NOTES: dict[str, dict[str, Any]] = {
    "Highlight": {
        "C": Array([1, 1, 0]),
        "QuadPoints": Array([50, 300, 150, 300, 50, 250, 150, 250]),
    },
    "Underline": {
        "C": Array([1, 0, 0]),
        "QuadPoints": Array([50, 300, 150, 300, 50, 250, 150, 250]),
    },
    "StrikeOut": {},
    "Squiggly": {},
    "Ink": {"InkList": Array([Array([60, 260, 100, 290, 140, 260])])},
    "Line": {"L": Array([60, 260, 140, 290]), "LE": Array([Name.OpenArrow, Name("/None")])},
    "Square": {"C": Array([0, 0, 1]), "IC": Array([0.5])},
    "Circle": {"BS": Dictionary(W=3)},
    "Polygon": {"Vertices": Array([60, 260, 140, 260, 100, 290])},
    "PolyLine": {"Vertices": Array([60, 260, 140, 260, 100, 290])},
    "FreeText": {"Contents": String("free note"), "DA": String("/Helv 14 Tf 1 0 0 rg")},
}


@pytest.mark.parametrize("kind", NOTES)
def test_notes_with_the_print_flag_stay(kind: str) -> None:
    """Where they are in the file; without the flag they are for the screen."""
    rect = (50, 250, 150, 300)
    note = {"Subtype": Name(f"/{kind}"), **NOTES[kind]}
    made = imposed(page((rect, note), form=False))
    assert (ink(made, rect) < 200).any()
    assert not made.problems
    assert not (ink(imposed(page((rect, {**note, "F": 0}), form=False)), rect) < 250).any()


@pytest.mark.parametrize(
    ("more", "filled", "edge"),
    [
        ({}, False, True), ({"C": Array([1, 1, 0])}, True, True), ({"C": Array([1, 1, 0]), "BS": Dictionary(W=0)}, True, False),
        ({"Border": Array([0, 0, 0])}, False, False), ({"C": Array([1, 1, 0]), "BS": Dictionary(W=6), "Contents": String("")}, True, True),
    ],
)  # fmt: skip
def test_free_text_keeps_its_box(more: dict[str, Any], filled: bool, edge: bool) -> None:
    """Background and border as viewers draw them, the border in the colour of the text, inside the box."""
    rect = (50, 250, 150, 300)
    made = imposed(page((rect, {"Subtype": Name.FreeText, **NOTES["FreeText"], **more}), form=False))
    document = pypdfium2.PdfDocument(made.sheets.data)
    pixels = document[0].render(scale=4, rev_byteorder=True).to_numpy()[:, :, :3].astype(int)
    height = pixels.shape[0]
    drawn = (pixels < 200).any(axis=2)
    inside = pixels[height - 4 * 290 : height - 4 * 260, 4 * 120 : 4 * 142].reshape(-1, 3)
    assert (inside == (255, 255, 0)).all() == filled and not made.problems
    right = pixels[height - 4 * 290 : height - 4 * 255, 4 * 150 - 3 : 4 * 150 - 1].reshape(-1, 3)
    assert (abs(right - (255, 0, 0)).max() < 40) == edge
    assert not drawn[:, 4 * 150 + 2 :].any() and not drawn[: height - 4 * 300 - 2].any()
    document.close()


def test_notes_that_nothing_draws_are_named() -> None:
    """By their page."""
    made = imposed(page(((50, 250, 150, 300), {"Subtype": Name.Stamp}), form=False))
    assert [(p.code, "page 1" in p.message) for p in made.problems] == [("not-drawn", True)]


def sized(*sizes: tuple[float, float]) -> bytes:
    with pikepdf.new() as pdf:
        for size in sizes:
            pdf.add_blank_page(page_size=size)
        out = io.BytesIO()
        pdf.save(out)
        return out.getvalue()


@pytest.mark.parametrize(
    ("sizes", "sheet", "named"),
    [
        ([(298, 421), *[(595, 842)] * 7], (595, 842), "105.1 x 148.5 mm: page 1"),
        ([*[(298, 421)] * 2, *[(595, 842)] * 7], (595, 842), ": pages 1, 2"),
        ([*[(595, 842)] * 3, (2000, 2000)], (595, 842), "page 4"),
        ([(298, 421), (595, 842)], (595, 842), "page 1"),
        ([(595, 842), (590, 838), (601, 846)], (595, 842), ""),  # a scan
    ],
)
def test_the_sheet_follows_the_most_common_size(
    sizes: list[tuple[float, float]], sheet: tuple[float, float], named: str
) -> None:
    """Or the larger of two; the others are named."""
    made = impose_pdf(sized(*sizes), Scheme(kind="poster", across=1, down=1), "in.pdf")
    points = (made.paper.width / 25.4 * 72, made.paper.height / 25.4 * 72)
    assert points == pytest.approx(sheet, abs=1)
    assert [p.code for p in made.problems] == (["mixed-sizes"] if named else [])
    assert all(named in p.message for p in made.problems)


def test_pages_of_one_size_are_named_as_the_option_takes_them() -> None:
    small, large = (298, 421), (595, 842)
    made = impose_pdf(sized(small, small, large, large, large, small, large), Scheme(), "in.pdf")
    assert [p.hint.rpartition("--pages ")[2] for p in made.problems] == ["3-5,7."]


@pytest.mark.parametrize(
    "key", ["Outlines", "OCProperties", "Names", "Dests", "AcroForm", "ViewerPreferences"]
)
@pytest.mark.parametrize("value", [7, Array([1, 2]), Name.X, String("x")])
def test_odd_catalogues_are_imposed(key: str, value: Any) -> None:
    """Without bookmarks, layers, links or forms that nobody can read."""
    with pikepdf.open(io.BytesIO(sized((300, 300)))) as pdf:
        pdf.Root[f"/{key}"] = value
        out = io.BytesIO()
        pdf.save(out)
    assert imposed(out.getvalue()).sheets.pages == 1
