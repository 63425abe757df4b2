"""A class: versions of a quiz dealt round, names on the name line, one PDF for the printer."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2 as pdfium
import pytest
from click.testing import CliRunner, Result
from post_office import PostOffice, made_pdf

from guide.cli import guide
from guide.copies.dealing import dealt, joined, versions_among

Run = Callable[..., Result]
LONG = "Maximilian Ferdinand Alexander Hohenstein von und zu Wittelsbach-Saalfeld"
CLASS = f"Nachname;Vorname;Klasse\nMüller;Anna;8b\nİnönü;Ђорђе;8b\nLi;Wei;8a\n{LONG};Max;8b\n"


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a quiz of three versions, a class, and its copies, merged."""
    folder = tmp_path_factory.mktemp("school")
    pack = folder / "test"
    pack.mkdir()
    (pack / "pack.yaml").write_text(
        "format: 1\nlang: de\ntitle: Vokabeln\nversion: '1'\ndocuments: {quiz: {versions: 3}}\n", "utf-8"
    )
    (pack / "questions.yaml").write_text(
        "- {prompt: Zwei plus zwei?, options: ['3', '4', '5'], answer: '4'}\n"
        "- {prompt: Der Rhein fließt durch Köln., type: true-false, answer: true}\n", "utf-8"
    )
    (folder / "class.csv").write_text(CLASS, "utf-8")
    done = merge(folder)
    assert done.exit_code == 0, done.output
    return folder


def merge(folder: Path, *words: str) -> Result:
    command = ["distribute", folder / "test", "--kind", "quiz", "--to", folder / "class.csv", "-o", folder / "out",
               "--merge", "--send", "--jobs", "1", *words]  # fmt: skip
    return CliRunner().invoke(guide, list(map(str, command)), prog_name="guide")


def pages(data: bytes) -> list[str]:
    return [page.get_textpage().get_text_bounded() for page in pdfium.PdfDocument(data)]


def spot(page: Any, text: str) -> tuple[float, float, float, float]:
    """Return the box of a text where it stands highest on a page: left, bottom, right, top."""
    shown = page.get_textpage()
    search, found = shown.search(text), []
    while (hit := search.get_next()) is not None:
        boxes = [shown.get_charbox(n) for n in range(hit[0], hit[0] + hit[1])]
        left, bottom, right, top = zip(*boxes, strict=True)
        found.append((min(left), min(bottom), max(right), max(top)))
    return max(found, key=lambda box: box[1])


def test_the_rule_can_be_repeated() -> None:
    """Round by number; documents that are no version are not dealt."""
    letters = versions_among(["quiz-a", "quiz-c", "quiz-b", "quiz-answers", "quiz-answer-sheet"], "quiz")
    assert letters == ("a", "b", "c")
    assert "".join(dealt(number, letters) for number in range(1, 8)) == "abcabca"
    assert versions_among(["quiz-a"], "quiz") == versions_among(["quiz", "quiz-answers"], "quiz") == ()


def test_versions_are_dealt_round(school: Path) -> None:
    """Each pupil has the version of the number, in file, content and record."""
    names = sorted(path.name for path in (school / "out").glob("*copy*.pdf"))
    assert names == [
        "test-quiz-1-a-copy-001.pdf", "test-quiz-1-a-copy-004.pdf", "test-quiz-1-b-copy-002.pdf",
        "test-quiz-1-c-copy-003.pdf",
    ]  # fmt: skip
    for name in names:
        assert f"Test {name[12].upper()}" in pages((school / "out" / name).read_bytes())[0]
    manifest = json.loads((school / "out" / "manifest.json").read_text("utf-8"))
    assert len({copy["sha256"] for copy in manifest["copies"]}) == 4


def test_the_name_is_on_the_name_line(school: Path) -> None:
    """Over the line, right of its label, left of the next field; a long name is set smaller."""
    whole = pdfium.PdfDocument((school / "out" / "test-quiz-1-8b.pdf").read_bytes())
    for number, name in ((0, "Anna Müller"), (2, "Ђорђе İnönü"), (4, "Max Maximilian")):
        page = whole[number]
        label, following, there = spot(page, "Name"), spot(page, "Datum"), spot(page, name)
        assert label[2] < there[0] < there[2] < following[0]
        assert label[1] - 4 < there[1] < there[3] < label[3] + 12
    assert spot(whole[4], "Wittelsbach")[2] < spot(whole[4], "Datum")[0]


def test_one_pdf_for_each_class(school: Path) -> None:
    """Each copy begins on a new sheet, in the order of the list; the list says who has which."""
    expected = {"8b": [("Anna Müller", "A"), ("Ђорђе İnönü", "B"), ("Max Maximilian", "A")], "8a": [("Wei Li", "C")]}
    for group, people in expected.items():
        texts = pages((school / "out" / f"test-quiz-1-{group}.pdf").read_bytes())
        assert len(texts) == 2 * len(people)
        for n, (name, letter) in enumerate(people):
            assert name in texts[2 * n] and f"Test {letter}" in texts[2 * n]
            assert not texts[2 * n + 1].strip()
        listed = pages((school / "out" / f"test-quiz-1-{group}-list.pdf").read_bytes())[0]
        words = " ".join(listed.split())
        assert [f"{name} {letter}" in words or f"Saalfeld {letter}" in words for name, letter in people] == [True] * len(people), words


def test_a_second_run_changes_nothing_and_a_latecomer_joins(school: Path) -> None:
    """The merged files are made of what is in the folder; a copy that was changed there is named."""
    merged = school / "out" / "test-quiz-1-8b.pdf"
    before = hashlib.sha256(merged.read_bytes()).hexdigest()
    assert merge(school).exit_code == 0
    assert hashlib.sha256(merged.read_bytes()).hexdigest() == before
    (school / "class.csv").write_text(CLASS + "Neu;Nina;8b\n", "utf-8")
    assert merge(school).exit_code == 0
    assert "Nina Neu" in pages(merged.read_bytes())[6] and "Test B" in pages(merged.read_bytes())[6]
    copy = school / "out" / "test-quiz-1-b-copy-002.pdf"
    copy.write_bytes(copy.read_bytes() + b"%")
    done = merge(school)
    assert done.exit_code == 1 and "error[not-merged]" in done.output and "--resend 2" in done.output


def test_a_preview_shows_the_versions_and_fails_where_sending_would(
    school: Path, run: Run, tmp_path: Path
) -> None:
    """The document is made for it; what is wrong with it, with the server or the ledger, is an error."""
    (tmp_path / "class.csv").write_text(CLASS, "utf-8")
    done = run("distribute", school / "test", "--kind", "quiz", "--to", "class.csv", "--json")
    assert [copy["quiz"] for copy in json.loads(done.stdout)["copies"]] == ["a", "b", "c", "a"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["class.csv"]
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "pack.yaml").write_text("format: 1\ntitle: T\nlang: en\ndocuments: {quiz: {}}\n", "utf-8")
    (broken / "questions.yaml").write_text("- {prompt: Which?, options: [a, b], answer: c}\n", "utf-8")
    done = run("distribute", broken, "--kind", "quiz", "--to", "class.csv")
    assert done.exit_code == 1 and "error[answer-not-an-option]" in done.output
    done = run("distribute", school / "test", "--to", "class.csv", "--channel", "remote")
    assert done.exit_code == 1 and "error[bad-remote]" in done.output
    done = run("distribute", school / "test", "--kind", "quiz", "--to", "class.csv", "-o", "class.csv/x")
    assert done.exit_code == 1 and "error[cannot-write]" in done.output
    assert run("distribute", broken, "--to", "class.csv", "--merge", "--encrypt").exit_code == 2


def test_joined_keeps_sizes_turns_and_hidden_layers() -> None:
    """An empty back is seen as large as the page before it; what is hidden stays so."""
    copies = []
    for pages_ in (1, 2, 3):
        with pikepdf.open(io.BytesIO(made_pdf(pages=pages_))) as pdf:
            layer = pdf.make_indirect(pikepdf.Dictionary(Type=pikepdf.Name.OCG, Name=f"hidden {pages_}"))
            pdf.Root.OCProperties = pikepdf.Dictionary(OCGs=[layer], D=pikepdf.Dictionary(OFF=[layer]))
            pdf.pages[-1].Rotate = 90
            pdf.pages[-1].MediaBox = pikepdf.Array([0, 0, 300 + pages_, 842])
            made = io.BytesIO()
            pdf.save(made)
            copies.append(made.getvalue())
    whole = joined(copies, "A class")
    assert whole == joined(copies, "A class")
    with pikepdf.open(io.BytesIO(whole)) as pdf:
        assert len(pdf.pages) == 2 + 2 + 4
        sizes = [(float(page.MediaBox[2]), page.obj.get("/Rotate", 0)) for page in pdf.pages]
        assert sizes == [(301, 90)] * 2 + [(595, 0), (302, 90)] + [(595, 0)] * 2 + [(303, 90)] * 2
        assert len(pdf.Root.OCProperties.D.OFF) == 3
    assert [bool(text.strip()) for text in pages(whole)] == [True, False, True, True, True, True, True, False]
    with pytest.raises(ValueError, match=r"."):
        joined([b"no PDF"], "x")


def test_versions_go_by_mail_as_well(
    school: Path, run: Run, serve: Callable[..., PostOffice], tmp_path: Path
) -> None:
    """Each recipient has the version of the number, and the letter names its file."""
    office = serve()
    (tmp_path / "class.csv").write_text("name,email,class\nA,a@example.org,8b\nB,b@example.org,8b\n", "utf-8")
    done = run("distribute", school / "test", "--kind", "quiz", "--to", "class.csv", "--channel", "smtp", "--send")
    assert done.exit_code == 0, done.output
    for address, letter in (("a@example.org", "a"), ("b@example.org", "b")):
        (mail,) = office.boxes[address]
        (attached,) = mail.iter_attachments()
        assert attached.get_filename().startswith(f"test-quiz-1-{letter}-copy")  # type: ignore[union-attr]
        assert f"Test {letter.upper()}" in pages(attached.get_content())[0]
