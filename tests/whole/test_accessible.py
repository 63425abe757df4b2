"""Every kind of document in every theme: what checkers say of it, what its structure tree says, as an archive."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import outloud
import pdfua
import pikepdf
import pypdfium2
import pytest
from pikepdf import pdfa

from whole import rich_pack

from guide.printing import profiles
from guide.diagnostics.diagnostic import Place
from guide.html import own_documents
from guide.model.artifacts import Html
from guide.pdf.typeset import typeset
from guide.pipeline import Settings, build
from guide.resources import TEMPLATES
from guide.pdf.archive import NotArchivableError, Source, archived
from guide.units import PAPERS

Builds = dict[str, dict[str, Path]]
SOURCE = Source("rich-source.zip", b"PK" * 100, (2026, 11, 1))
STOCK = {"large-print": (("documents.flashcards.stock", "a6"),)}
THEMES = sorted(path.stem for path in (TEMPLATES / "themes").glob("*.css"))
KINDS = (
    "briefing", "flashcards-screen", "handout", "handout-notes", "planner", "quiz", "quiz-answer-sheet",
    "quiz-answers", "worksheet", "worksheet-answers",
)  # fmt: skip
# What outloud says of any document that has it, and is not so. See docs/accessibility.md.
KNOWN = {
    "HDG-010",  # "1990s" is the heading of a decade
    "PAG-001",  # what cards say of their sources is said on many pages
    "TAG-030",  # the crosses of the calibration sheet are on the whole page
}
ALLOWED = {
    "L": {"LI", "Caption"}, "LI": {"Lbl", "LBody"}, "TOC": {"TOCI"}, "TOCI": {"Lbl", "Reference", "TOC", "P"},
    "Table": {"Caption", "THead", "TBody", "TFoot", "TR"}, "THead": {"TR"}, "TBody": {"TR"}, "TR": {"TH", "TD"},
}  # fmt: skip
STANDARD = {
    "Document", "Part", "Art", "Sect", "Div", "BlockQuote", "Caption", "TOC", "TOCI", "P", "H1", "H2", "H3", "H4",
    "H5", "H6", "L", "LI", "Lbl", "LBody", "Table", "TR", "TH", "TD", "THead", "TBody", "TFoot", "Span", "Quote",
    "Note", "Reference", "Code", "Link", "Figure", "Formula", "Form",
}  # fmt: skip


@pytest.fixture(scope="session")
def rich_builds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Path]]:
    """Every kind of document in every theme: the PDFs by theme and file name, sheets among them."""
    folder = rich_pack.write(tmp_path_factory.mktemp("rich") / "rich")
    made = {}
    for theme, paper, form in (("default", "a4", "false"), ("ink-saver", "letter", "true"),
                               ("large-print", "a4", "false")):
        settings = Settings(theme=theme, paper=paper, jobs=1, overrides=(("documents.quiz.form", form), *STOCK.get(theme, ())))
        built = build(folder, tmp_path_factory.mktemp(theme), settings)
        # The pack asks for a stock of A4: on letter that is said.
        assert {each.code for each in built.diagnostics} <= {"stock-paper"}
        made[theme] = {Path(each.path).name: Path(each.path) for each in built.outputs}
    return made


def told(path: str) -> tuple[list[str], set[str]]:
    """Return the errors of both checkers, and the rules of outloud's warnings."""
    result = outloud.check(path)
    assert result.error is None or not result.error
    errors = [str(each) for each in result.findings if each.severity == "error"]
    report = pdfua.validate(path)
    errors += [str(each) for each in report.findings if each.severity == pdfua.Severity.ERROR]
    return errors, {each.rule for each in result.findings if each.severity == "warning"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("theme", THEMES)
def test_checkers_find_nothing(theme: str, kind: str, rich_builds: Builds) -> None:
    """No error by outloud and by pdfua, and no warning that a reader would notice."""
    errors, warnings = told(str(rich_builds[theme][f"{kind}.pdf"]))
    assert errors == []
    assert warnings <= KNOWN


def test_no_kind_is_forgotten(rich_builds: Builds) -> None:
    """What is built and is no sheet for the printer is looked at."""
    for made in rich_builds.values():
        assert {name.removesuffix(".pdf") for name in made} - {"flashcards"} == set(KINDS)


def aid(name: str) -> Html:
    """Return one of the documents that are no kind: they are made by commands."""
    paper = PAPERS["a4"]
    if name == "stock":
        from guide.content.library import load_stock

        return own_documents.stock_drawings([load_stock("a7", Place(""), None, paper)], paper)
    if name == "calibration":
        return own_documents.calibration_sheet(paper, "long-edge", profiles.crosses(paper.width, paper.height))
    copy = {"number": 1, "name": "Anna", "organisation": "A", "version": "1", "channel": "folder",
            "state": "sent", "changed": "2026-11-01T10:00:00"}  # fmt: skip
    return own_documents.distribution_list("A Pack", ["1"], [{**copy, "number": n} for n in range(1, 45)], paper)


@pytest.mark.parametrize("name", ["distribution-list", "stock", "calibration"])
def test_aids_are_accessible(name: str, tmp_path: Path) -> None:
    """The distribution list, drawings of card stock and the calibration sheet are as good as documents."""
    html = aid(name)
    path = tmp_path / "aid.pdf"
    path.write_bytes(typeset(html).data)
    errors, warnings = told(str(path))
    assert errors == []
    assert warnings <= KNOWN


def elements(node: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each structure element with the one above it, in reading order."""
    kids = node.get("/K", [])
    for kid in kids if isinstance(kids, pikepdf.Array) else [kids]:
        if isinstance(kid, pikepdf.Dictionary) and "/S" in kid:
            yield kid, node
            yield from elements(kid)


def role(element: Any) -> str:
    return str(element.get("/S", ""))[1:]


def contents(element: Any, page: Any = None) -> Iterator[tuple[Any, int]]:
    """Yield (page, number) of each marked content below an element, in reading order."""
    page = element.Pg.objgen if "/Pg" in element else page
    kids = element.get("/K", [])
    for kid in kids if isinstance(kids, pikepdf.Array) else [kids]:
        if isinstance(kid, pikepdf.Dictionary):
            if "/S" in kid:
                yield from contents(kid, page)
            elif "/MCID" in kid:
                yield (kid.Pg if "/Pg" in kid else element.Pg).objgen, int(kid.MCID)
        else:
            yield page, int(kid)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("theme", THEMES)
def test_the_tree_is_sound(theme: str, kind: str, rich_builds: Builds) -> None:
    """Roles are standard and nested as they may be, nothing is empty, all content is in it once."""
    with pikepdf.open(rich_builds[theme][f"{kind}.pdf"]) as pdf:
        root = pdf.Root.StructTreeRoot
        every = list(elements(root))
        assert {role(element) for element, _ in every} <= STANDARD
        for element, above in every:
            assert role(element) in ALLOWED.get(role(above), STANDARD)
            assert element.P.objgen == above.objgen
            assert role(element) in {"TD", "TH"} or len(element.K)
        levels = [int(role(e)[1]) for e, _ in every if role(e) in {"H1", "H2", "H3", "H4", "H5", "H6"}]
        assert levels[0] == 1
        assert all(after <= before + 1 for before, after in zip(levels, levels[1:], strict=False))
        assert kind == "flashcards-screen" or levels.count(1) == 1
        found = list(contents(root))
        assert len(found) == len(set(found))
        owners = pikepdf.NumberTree(root.ParentTree)
        for page in pdf.pages:
            known = owners[int(page.StructParents)]
            assert {n for at, n in found if at == page.obj.objgen} == set(range(len(known)))
            for annotation in page.get("/Annots", []):
                assert role(owners[int(annotation.StructParent)]) in {"Link", "Form"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("theme", THEMES)
def test_what_it_says(theme: str, kind: str, rich_builds: Builds) -> None:
    """Pictures have words, links lead somewhere, heads of tables say of what, rows are of one length."""
    with pikepdf.open(rich_builds[theme][f"{kind}.pdf"]) as pdf:
        for element, _ in elements(pdf.Root.StructTreeRoot):
            kids = list(element.K)
            if role(element) in {"Figure", "Formula"}:
                assert str(element.Alt).strip()
            elif role(element) == "Link":
                assert any(isinstance(k, pikepdf.Dictionary) and "/Obj" in k and str(k.Obj.Contents) for k in kids)
            elif role(element) == "TH":
                assert str(element.A.Scope) in {"/Column", "/Row"}
            elif role(element) == "L" and any(role(k) == "Lbl" for item in kids for k in item.K):
                assert "/A" in element or all(role(k) in {"Lbl", "LBody"} for item in kids for k in item.K)
            elif role(element) == "Table":
                rows = [row for part in kids if role(part) != "Caption" for row in part.K]
                widths = {sum(int(c.get("/A", {}).get("/ColSpan", 1)) for c in row.K) for row in rows}
                assert len(widths) == 1
                assert any(role(cell) == "TH" for row in rows for cell in row.K)
        assert str(pdf.Root.Lang) == "en"
        assert bool(pdf.Root.MarkInfo.Marked)


def test_the_briefing_is_read_as_one(rich_builds: Builds) -> None:
    """A table and a paragraph over pages are one each; a note has an identifier; contents are a TOC."""
    with pikepdf.open(rich_builds["default"]["briefing.pdf"]) as pdf:
        every = [element for element, _ in elements(pdf.Root.StructTreeRoot)]
        count = Counter(map(role, every))
        long = max((e for e in every if role(e) == "P"), key=lambda e: len(list(contents(e))))
        assert len({page for page, _ in contents(long)}) > 1
        table = next(e for e in every if role(e) == "Table" and role(e.K[0]) == "Caption")
        assert [role(part) for part in table.K] == ["Caption", "THead", "TBody"]
        assert (len(table.K[1].K), len(table.K[2].K)) == (1, 40)
        assert count["Note"] == count["Reference"] - count["TOCI"] == 1
        assert str(next(e for e in every if role(e) == "Note").ID)
        assert count["TOC"] >= 2
        assert count["Formula"] == 2
        assert {str(e.Lang) for e in every if "/Lang" in e} == {"de"}
        assert [str(e.Alt) for e in every if role(e) == "Figure" and role(e.P) == "Lbl"] == ["to do", "done"]


def test_the_head_of_a_table_is_printed_on_every_page(rich_builds: Builds) -> None:
    """For the eye it is there each time."""
    document = pypdfium2.PdfDocument(rich_builds["default"]["briefing.pdf"])
    texts = [page.get_textpage().get_text_bounded() for page in document]
    rows = [text for text in texts if "told by somebody" in text]
    assert len(rows) > 1
    assert all("Number" in text for text in rows)


def test_a_language_deck_says_its_languages(rich_builds: Builds) -> None:
    """Fronts are German and backs English, on each card that the pack's author wrote."""
    with pikepdf.open(rich_builds["default"]["flashcards-screen.pdf"]) as pdf:
        found = Counter(str(e.Lang) for e, _ in elements(pdf.Root.StructTreeRoot) if "/Lang" in e)
    assert found["de"] == found["en"] >= 3


def test_a_form_has_a_name_for_each_field(rich_builds: Builds) -> None:
    """Every field of the quiz as a form is in the tree, and says what it is for."""
    with pikepdf.open(rich_builds["ink-saver"]["quiz.pdf"]) as pdf:
        fields = [a for page in pdf.pages for a in page.Annots if str(a.Subtype) == "/Widget"]
        assert len(fields) > 15
        assert all(str(field.get("/TU", "")) for field in fields)
        forms = [e for e, _ in elements(pdf.Root.StructTreeRoot) if role(e) == "Form"]
        assert len(forms) == len(fields)


def test_sheets_for_the_printer_say_what_they_are(rich_builds: Builds) -> None:
    """Imposed sheets are not tagged, and do not say that they are."""
    with pikepdf.open(io.BytesIO(rich_builds["default"]["flashcards.pdf"].read_bytes())) as pdf:
        assert "/StructTreeRoot" not in pdf.Root
        assert "/MarkInfo" not in pdf.Root


@pytest.mark.parametrize("name", [*KINDS, "flashcards"])
@pytest.mark.parametrize("theme", THEMES)
def test_as_an_archive_it_is_approved(theme: str, name: str, rich_builds: Builds) -> None:
    """What is made is approved, has the source in it, and keeps its tags; a form is refused."""
    plain = rich_builds[theme][f"{name}.pdf"].read_bytes()
    if name == "quiz" and theme == "ink-saver":  # it is the one with `form: true`
        with pytest.raises(NotArchivableError, match="form"):
            archived(plain, SOURCE)
        return
    made = archived(plain, SOURCE)
    assert pdfa.validate_written(io.BytesIO(made), "3b").passed
    with pikepdf.open(io.BytesIO(made)) as pdf, pikepdf.open(io.BytesIO(plain)) as before:
        assert pdf.attachments["rich-source.zip"].get_file().read_bytes() == SOURCE.data
        assert [str(spec.AFRelationship) for spec in pdf.Root.AF] == ["/Source"]
        assert ("/StructTreeRoot" in pdf.Root) == (name != "flashcards")
        assert len(pdf.pages) == len(before.pages)
        assert str(pdf.docinfo.Title) == str(before.docinfo.Title)
        with pdf.open_metadata() as said:
            assert (said["pdfaid:part"], said["pdfaid:conformance"]) == ("3", "B")
            assert said["dc:title"] == str(before.docinfo.Title)


def test_without_the_work_of_archived_nothing_is_approved(rich_builds: Builds) -> None:
    """The validator has something to say: plain documents are no archives."""
    report = pdfa.validate_written(rich_builds["default"]["briefing.pdf"], "3b")
    assert not report.passed
