"""A class: versions of a quiz dealt round, names on the name line, one PDF for the printer."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2 as pdfium
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from post_office import PostOffice, made_pdf

from guide.cli import guide
from guide.copies.joined import joined
from guide.delivery.dealing import Seat, deal, versions_among
from guide.delivery import queries
from guide.delivery import ledger as ledgers
from guide.delivery.database import Ledger
from guide.delivery.records import State
from guide.delivery.records import Issue, Selection, Wish
from guide.model.copies import Recipient

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
    """Round within each class; documents that are no version are not dealt."""
    letters = versions_among(["quiz-a", "quiz-c", "quiz-b", "quiz-answers", "quiz-answer-sheet"], "quiz")
    assert letters == ("a", "b", "c")
    seats = [Seat(number, "ABC"[number % 3], letters=letters) for number in range(12)]
    assert "".join(deal(seats)[number] for number in range(12)) == "aaabbbcccaaa"
    assert versions_among(["quiz-a"], "quiz") == versions_among(["quiz", "quiz-answers"], "quiz") == ()


@given(st.integers(2, 4), st.lists(st.tuples(st.sampled_from("AB"), st.booleans(), st.integers(0, 3)), max_size=24))
def test_who_comes_in_between_has_another_version_than_those_beside(versions: int, pupils: list[tuple[str, bool, int]]) -> None:
    """Whoever is there already keeps the version; with three or more, a newcomer never has a neighbour's."""
    letters = tuple("abcd"[:versions])
    seats = [Seat(n, group, letters[has % versions] if there else "", letters)
             for n, (group, there, has) in enumerate(pupils)]  # fmt: skip
    found = deal(seats)
    assert sorted(found) == [seat.number for seat in seats if not seat.has]
    for group in "AB":
        row = [(seat.number, seat.has or found[seat.number]) for seat in seats if seat.group == group]
        for (one, first), (two, second) in pairwise(row):
            if versions > 2 and {one, two} & found.keys():
                assert first != second
        if len(row) == len([n for n, _ in row if n in found]):
            counts = Counter(letter for _, letter in row)
            assert max(counts.values(), default=0) - min(counts[each] for each in letters) <= 1


def test_versions_are_dealt_round(school: Path) -> None:
    """Neighbours in a class have different versions, in file, content and record."""
    names = sorted(path.name for path in (school / "out").glob("*copy*.pdf"))
    assert names == [
        "test-quiz-1-a-copy-001.pdf", "test-quiz-1-a-copy-003.pdf", "test-quiz-1-b-copy-002.pdf",
        "test-quiz-1-c-copy-004.pdf",
    ]  # fmt: skip
    for name in names:
        assert f"Test {name[12].upper()}" in pages((school / "out" / name).read_bytes())[0]
    manifest = json.loads((school / "out" / "manifest.json").read_text("utf-8"))
    assert len({copy["sha256"] for copy in manifest["copies"]}) == 4
    assert [copy["quiz"] for copy in manifest["copies"]] == ["a", "b", "a", "c"]
    done = CliRunner().invoke(guide, ["ledger", str(school / "class.csv")])
    assert [line.split()[-5] for line in done.output.splitlines()[1:]] == ["A", "B", "A", "C"], done.output
    done = CliRunner().invoke(guide, ["ledger", str(school / "class.csv"), "--csv"])
    assert [line.rpartition(",")[2] for line in done.output.splitlines()] == ["quiz", "a", "b", "a", "c"]


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
    expected = {"8b": [("Anna Müller", "A"), ("Ђорђе İnönü", "B"), ("Max Maximilian", "C")], "8a": [("Wei Li", "A")]}
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
    assert "Nina Neu" in pages(merged.read_bytes())[6] and "Test A" in pages(merged.read_bytes())[6]
    (school / "class.csv").write_text(CLASS.replace("İnönü;Ђорђе;8b\n", "") + "Neu;Nina;8b\n", "utf-8")
    done = merge(school)  # who left is not printed
    assert done.exit_code == 0 and "note[not-merged]: copy 2: its person is not in the list any more" in done.output
    assert [line for page in pages(merged.read_bytes()) for line in page.splitlines() if "Ђорђе" in line] == []
    assert len(pages(merged.read_bytes())) == 6 and "Ђорђе" not in pages((school / "out" / "test-quiz-1-8b-list.pdf").read_bytes())[0]
    (school / "class.csv").write_text(CLASS + "Neu;Nina;8b\n", "utf-8")
    assert merge(school).exit_code == 0 and len(pages(merged.read_bytes())) == 8
    copy = school / "out" / "test-quiz-1-b-copy-002.pdf"
    copy.write_bytes(copy.read_bytes() + b"%")
    done = merge(school)
    assert done.exit_code == 1 and "error[not-merged]" in done.output and "--resend 2" in done.output


def test_merged_pdfs_follow_the_list_as_it_is_now(school: Path, tmp_path: Path) -> None:
    """Who changed class is with the new one, at the place in the list, and keeps the version."""
    shutil.copytree(school / "test", tmp_path / "test")
    start = "Nachname;Vorname;Klasse\nMüller;Anna;8b\nLi;Wei;8a\nVoss;Jan;8b\n"
    (tmp_path / "class.csv").write_text(start, "utf-8")
    assert merge(tmp_path).exit_code == 0
    had = {name: pages((tmp_path / "out" / f"test-quiz-1-{name}.pdf").read_bytes()) for name in ("8a", "8b")}
    moved = start.replace("Li;Wei;8a\nVoss;Jan;8b", "Li;Wei;8b\nVoß;Jan;8b")
    (tmp_path / "class.csv").write_text(moved, "utf-8")
    done = merge(tmp_path, "--same", "3=2")
    assert done.exit_code == 0, done.output
    assert "note[not-merged]: test-quiz-1-8a.pdf is of a class that nobody" in done.output, done.output
    now = pages((tmp_path / "out" / "test-quiz-1-8b.pdf").read_bytes())
    assert now == [*had["8b"][:2], *had["8a"], *had["8b"][2:]]
    listed = " ".join(pages((tmp_path / "out" / "test-quiz-1-8b-list.pdf").read_bytes())[0].split())
    assert listed.index("Anna Müller") < listed.index("Wei Li") < listed.index("Jan Vo")
    assert merge(tmp_path, "--resend", "2").exit_code == 0  # with the class on the page as well
    again = pages((tmp_path / "out" / "test-quiz-1-8b.pdf").read_bytes())
    assert again[2].replace("8b", "8a") == now[2] != again[2]
    assert again[:2] + again[3:] == now[:2] + now[3:]


def test_a_preview_shows_the_versions_and_fails_where_sending_would(
    school: Path, run: Run, tmp_path: Path
) -> None:
    """The document is made for it; what is wrong with it, with the server or the ledger, is an error."""
    (tmp_path / "class.csv").write_text(CLASS, "utf-8")
    done = run("distribute", school / "test", "--kind", "quiz", "--to", "class.csv", "--json")
    assert [copy["quiz"] for copy in json.loads(done.stdout)["copies"]] == ["a", "b", "a", "c"]
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
    """Each recipient has the version that was dealt, and the letter names its file."""
    office = serve()
    (tmp_path / "class.csv").write_text("name,email,class\nA,a@example.org,8b\nB,b@example.org,8b\n", "utf-8")
    done = run("distribute", school / "test", "--kind", "quiz", "--to", "class.csv", "--channel", "smtp", "--send")
    assert done.exit_code == 0, done.output
    for address, letter in (("a@example.org", "a"), ("b@example.org", "b")):
        (mail,) = office.boxes[address]
        (attached,) = mail.iter_attachments()
        assert attached.get_filename().startswith(f"test-quiz-1-{letter}-copy")
        assert f"Test {letter.upper()}" in pages(attached.get_content())[0]


# A copy keeps its version --------------------------------------------------------------------------


def wish(people: str, documents: str = "abc", version: str = "1", **more: Any) -> Wish:
    """Return what a run asks for; people are a letter for the class and one for the name: `Ax By`."""
    listed = [(Recipient(name=each[1:], organisation=each[0]), line)
              for line, each in enumerate(people.split(), 2)]  # fmt: skip
    keys = {f"/{letter}": letter + version for letter in documents} if documents else {"": "x" + version}
    return Wish(Issue("pack/quiz", "T", version, documents=keys, same_version=more.pop("same_version", False)), listed, **more)


def hand_out(ledger: Ledger, asked: Wish, fail_after: int = 99) -> str:
    """Plan and send, up to a copy; return who is due which version."""
    plan = ledgers.plan(ledger, asked)
    entries = [entry for due in plan.due for entry in due.entries]
    for entry in entries[:fail_after]:
        made = {"number": entry.number, "document": asked.issue.documents[f"/{entry.quiz}" if entry.quiz else ""]}
        ledgers.record(ledger, [made], State.SENT)
    return " ".join(f"{entry.name}{entry.quiz}" for entry in entries)


def kept(ledger: Ledger, version: str = "1") -> str:
    return " ".join(f"{entry.name}{entry.quiz}" for entry in queries.entries(ledger, version=version))


THREE = "Ap Bq Cr As Bt Cu Av Bw Cx"
DEALT = "pa qa ra sb tb ub vc wc xc"


def test_a_copy_keeps_its_version_whatever_becomes_of_the_list(tmp_path: Path) -> None:
    """Classes in turn; killed and run again; late, gone, moved, sent again; a rehearsal says the same."""
    path = tmp_path / "class.ledger.db"
    with Ledger.rehearse(path) as preview:
        assert hand_out(preview, wish(THREE)) == DEALT
    with Ledger.begin(path) as ledger:
        assert hand_out(ledger, wish(THREE), 4) == DEALT  # and then it is killed
    with Ledger.begin(path) as ledger:
        assert hand_out(ledger, wish("Cx " + THREE.replace(" Cx", "") + " Az")) == "xc tb ub vc wc za"
        assert kept(ledger) == DEALT + " za"
        assert hand_out(ledger, wish("Av Az Ay As Ap Bn Cx Bw Bt")) == "yc na"
        with Ledger.rehearse(path) as preview:
            assert hand_out(preview, wish(THREE, version="2")) == DEALT
        assert hand_out(ledger, wish("Av Az Ay As Ap Bn Cx Bw Bt", resend=Selection(((8, 8), (1, 1))))) == "pa wc"
        assert hand_out(ledger, wish("Ap Bs Cx", resend=Selection(everything=True), same={3: 4})) == "pa sb xc"  # another class
        # A version that is no longer made is dealt anew; what is not sent again stays on record.
        assert hand_out(ledger, wish("Ap Bs Av", "ab", same_version=True, resend=Selection(((7, 7),)))) == "vb"
        assert hand_out(ledger, wish("Ap Bs Av", "", same_version=True, resend=Selection(((1, 1),)))) == "p"
        assert kept(ledger) == "p qa ra sb tb ub vb wc xc za yc na"


def test_a_ledger_from_before_the_versions_were_kept(tmp_path: Path) -> None:
    """Each copy has the version that it was dealt then: that of its document, else that of its number."""
    path = tmp_path / "class.ledger.db"
    with Ledger.begin(path) as ledger:
        ledgers.plan(ledger, wish(THREE))
        for number, letter in enumerate("abca", 1):
            ledgers.record(ledger, [{"number": number, "document": f"{letter}1"}], State.SENT)
        ledgers.record(ledger, [{"number": 5, "document": "c1"}], State.SENT)  # another than its number's
    with sqlite3.connect(path) as db:
        db.executescript("ALTER TABLE copies DROP COLUMN quiz; PRAGMA user_version = 2")
    before = path.read_bytes()
    old = "pa qb rc sa tc uc va wb xc"
    with Ledger.read(path) as ledger:
        assert kept(ledger) == old
    with Ledger.rehearse(path) as ledger:
        assert hand_out(ledger, wish(THREE + " Ay")) == "uc va wb xc yb"
    with Ledger.begin(path) as ledger:
        assert queries.known(ledger).copies[4].quiz == "c" and path.read_bytes() == before
        assert hand_out(ledger, wish(THREE + " Ay")) == "uc va wb xc yb"
        assert kept(ledger) == old + " yb"
    with sqlite3.connect(path) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (3,)
