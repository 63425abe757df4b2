"""The whole road by the command: what comes out, what is said, and what stays whole."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest
from click.testing import CliRunner, Result

from guide.cli import guide
from guide.content.schema import schemas

ROOT = Path(__file__).parents[2]
LINE = re.compile(r"^\S.*?(:\d+:\d+)?: (error|warning|note)\[[a-z0-9-]+\]: .+$")


def run(*arguments: Any) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(guide, [str(a) for a in arguments], prog_name="guide")


def text_of(path: Path) -> str:
    """Return the text of a PDF as an independent library reads it."""
    document = pypdfium2.PdfDocument(path)
    return "\n".join(page.get_textpage().get_text_range() for page in document)


def test_a_pack_becomes_its_files(small_pack: Path, tmp_path: Path) -> None:
    """All three PDFs and build.json are made; every part of the content is in the briefing."""
    result = run("build", small_pack, "-o", tmp_path / "out", "--json")
    assert result.exit_code == 0, result.stderr
    folder = tmp_path / "out" / "small"
    assert sorted(p.name for p in folder.iterdir()) == [
        "briefing.pdf", "build.json", "flashcards-screen.pdf", "flashcards.pdf",
    ]  # fmt: skip
    told = json.loads(result.stdout)
    assert told == json.loads((folder / "build.json").read_text())
    assert [o["kind"] for o in told["outputs"]] == ["briefing", "flashcards", "flashcards"]
    text = text_of(folder / "briefing.pdf")
    for words in ("A Small Pack", "FOR TRAINING", "At a glance", "Know it.", "Figure 1", "Table 1",
                  "24 March 1999" if "24 March" in text else "March 24, 1999", "The Actor", "78 days",
                  "A force.", "Which?", "A Book", "page 2 of"):  # fmt: skip
        assert words in " ".join(text.split()), words


def test_contents_and_index_lead_to_the_right_pages(small_pack: Path, tmp_path: Path) -> None:
    """The page numbers in the contents are those on which the heads stand."""
    run("build", small_pack, "-o", tmp_path, "--only", "briefing")
    document = pypdfium2.PdfDocument(tmp_path / "small" / "briefing.pdf")
    pages = [page.get_textpage().get_text_range() for page in document]
    contents = " ".join(pages[1].split())
    for head in ("At a glance", "Timeline", "Glossary", "Sources"):
        told = int(re.search(rf"{head}\s*(\d+)", contents[contents.index("Contents") :])[1])
        assert head in pages[told - 1], head


def test_documents_are_tagged_and_whole(small_pack: Path, tmp_path: Path) -> None:
    """Tagged PDF/UA-1 with language and title, every font embedded, and no error by outloud."""
    run("build", small_pack, "-o", tmp_path)
    for name in ("briefing.pdf", "flashcards-screen.pdf"):
        path = tmp_path / "small" / name
        with pikepdf.open(path) as pdf:
            assert str(pdf.Root.Lang) == "en"
            assert bool(pdf.Root.MarkInfo.Marked)
            assert bool(pdf.Root.ViewerPreferences.DisplayDocTitle)
            assert b"pdfuaid" in pdf.Root.Metadata.read_bytes()
            fonts = [o for o in pdf.objects if isinstance(o, pikepdf.Dictionary) and o.get("/Type") == "/FontDescriptor"]
            assert fonts
            assert all("/FontFile2" in font for font in fonts)
        checked = subprocess.run([sys.executable, "-m", "outloud", str(path)], capture_output=True, text=True, check=False)
        if "No module named" in checked.stderr:
            tool = Path(sys.executable).parent / "outloud"
            checked = subprocess.run([str(tool), str(path)], capture_output=True, text=True, check=False)
        assert " 0 error(s)" in checked.stdout, checked.stdout + checked.stderr


def test_nothing_changed_means_no_typesetting(small_pack: Path, tmp_path: Path) -> None:
    """A second run is quick, touches no file and says that all was there."""
    run("build", small_pack, "-o", tmp_path)
    before = {p: p.stat().st_mtime_ns for p in (tmp_path / "small").glob("*.pdf")}
    began = sum(os.times()[2:4])  # of computing, by commands
    command = [sys.executable, "-m", "guide", "build", str(small_pack), "-o", str(tmp_path), "--json"]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert sum(os.times()[2:4]) - began < 5  # 0.1 s with compiled modules
    assert all(o["cached"] for o in json.loads(result.stdout)["outputs"])
    assert before == {p: p.stat().st_mtime_ns for p in (tmp_path / "small").glob("*.pdf")}


@pytest.mark.parametrize(
    ("path", "old", "new", "expected"),
    [
        ("cards.yaml", "front: FRONTWORD", "frnt: FRONTWORD", "cards.yaml:1:4: error[unknown-key]"),
        ("cards.yaml", "sources: [k1], tags", "sources: [k2], tags", "cards.yaml:1:56: error[unknown-source]"),
        ("sections/10-one.md", "figures/one.vl.yaml", "figures/two.vl.yaml", "sections/10-one.md:12:14: error[missing-image]"),
        ("sections/10-one.md", "@tbl-one", "@tbl-two", "sections/10-one.md:10:53: error[bad-reference]"),
        ("questions.yaml", "answer: bb", "answer: dd", "questions.yaml:1:51: error[answer-not-an-option]"),
        ("pack.yaml", "title: A Small Pack", "titel: A Small Pack", "pack.yaml:2:1: error[unknown-key]"),
        ("timeline.yaml", "1999-03-24", "1999-13-24", "timeline.yaml:1:10: error[bad-date]"),
    ],
)  # fmt: skip
def test_an_error_names_its_place_and_leaves_the_old_files(
    small_pack: Path, tmp_path: Path, path: str, old: str, new: str, expected: str
) -> None:
    """File, line, column and code are right; exit 1; the PDFs that were there stay as they were."""
    run("build", small_pack, "-o", tmp_path)
    before = {p.name: p.read_bytes() for p in (tmp_path / "small").glob("*.pdf")}
    assert before
    file = small_pack / path
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))
    result = run("build", small_pack, "-o", tmp_path)
    assert result.exit_code == 1
    assert f"{small_pack}/{expected}" in result.stderr
    assert "Traceback" not in result.stderr
    assert before == {p.name: p.read_bytes() for p in (tmp_path / "small").glob("*.pdf")}


def test_a_card_that_cannot_fit_is_named(small_pack: Path, tmp_path: Path) -> None:
    """Long text shrinks; what never fits is an error with the card's line, and no deck is written."""
    cards = small_pack / "cards.yaml"
    cards.write_text(f"- {{front: Short, back: {'many words ' * 60}, sources: [k1]}}\n")
    shrunk = run("build", small_pack, "-o", tmp_path, "--only", "flashcards")
    assert shrunk.exit_code == 0, shrunk.stderr
    cards.write_text(f"- {{front: Short, back: {'many words ' * 300}, sources: [k1]}}\n")
    result = run("build", small_pack, "-o", tmp_path / "other", "--only", "flashcards")
    assert result.exit_code == 1
    assert re.search(r"cards\.yaml:1:24: error\[card-overflow\]: .*back of \"short\" is \d+ mm too tall", result.stderr)
    assert not (tmp_path / "other" / "small" / "flashcards.pdf").exists()


def test_template_errors_name_the_template_and_its_line(small_pack: Path, tmp_path: Path) -> None:
    """An override with an error is named with file and line, not shown as a traceback."""
    override = small_pack / "templates" / "briefing" / "page.html"
    override.parent.mkdir(parents=True)
    override.write_text("<html>\n<title>x</title>\n{{ m.titel }}\n</html>\n")
    result = run("build", small_pack, "-o", tmp_path, "--only", "briefing")
    assert result.exit_code == 1
    assert "templates/briefing/page.html:3:1: error[template-error]" in result.stderr


def test_settings_of_one_run(small_pack: Path, tmp_path: Path) -> None:
    """Paper, theme, edition, stock and -D change what comes out."""
    assert run("build", small_pack, "-o", tmp_path, "--only", "briefing", "--paper", "letter").exit_code == 0
    with pikepdf.open(tmp_path / "small" / "briefing.pdf") as pdf:
        assert [round(float(n)) for n in pdf.pages[0].MediaBox[2:]] == [612, 792]
    run("build", small_pack, "-o", tmp_path, "--edition", "short", "-D", "title=Other Words")
    text = text_of(tmp_path / "small" / "short" / "briefing.pdf")
    assert "Other Words" in text
    assert "The Actor" not in text
    run("build", small_pack, "-o", tmp_path, "-D", "documents.flashcards.stock=index-3x5")
    with pikepdf.open(tmp_path / "small" / "flashcards.pdf") as pdf:
        assert [round(float(n)) for n in pdf.pages[0].MediaBox[2:]] == [612, 792]
        sheet = pypdfium2.PdfDocument(tmp_path / "small" / "flashcards.pdf")[0].get_textpage().get_text_range()
        assert "FOR TRAINING" in sheet
    wrong = run("build", small_pack, "-o", tmp_path, "--stock", "a77")
    assert wrong.exit_code == 1
    assert "error[unknown-stock]" in wrong.stderr and "did you mean `a7`?" in wrong.stderr
    assert run("build", small_pack, "-D", "nonsense").exit_code == 2


def test_outputs_that_cannot_be_written(small_pack: Path, tmp_path: Path) -> None:
    """A file where a folder is needed is a diagnostic with a remedy, not a traceback."""
    (tmp_path / "out").write_text("in the way")
    result = run("build", small_pack, "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert "error[cannot-write]" in result.stderr
    assert (tmp_path / "out").read_text() == "in the way"


def test_problems_in_three_formats(small_pack: Path) -> None:
    """The same problem as text, JSON and a GitHub annotation; check writes nothing."""
    (small_pack / "facts.yaml").write_text("- {label: Days, value: 78, uint: days}\n")
    plain = run("check", small_pack)
    assert plain.exit_code == 1
    first = plain.stdout.splitlines()[0]
    assert LINE.match(first)
    assert "\x1b" not in plain.stdout
    (told,) = [d for d in json.loads(run("check", small_pack, "--format", "json").stdout) if d["severity"] == "error"]
    assert (told["line"], told["column"], told["code"]) == (1, 28, "unknown-key")
    assert "did you mean `unit`?" in told["hint"]
    assert "::error file=" in run("check", small_pack, "--format", "github").stdout
    assert not (small_pack / "build").exists()


def test_no_pack_is_said(tmp_path: Path) -> None:
    """A folder that is absent, and one without pack.yaml, are told apart."""
    assert "error[pack-not-found]" in run("build", tmp_path / "none").stderr
    assert "error[no-pack]" in run("build", tmp_path).stderr


@pytest.mark.parametrize("name", sorted(guide.list_commands(None)))
def test_every_command_has_help_and_stands_in_the_readme(name: str) -> None:
    """--help shows examples, and README.md names the command."""
    result = run(name, "--help")
    assert result.exit_code == 0
    assert "Examples:" in result.stdout
    assert f"guide {name}" in (ROOT / "README.md").read_text("utf-8")


def test_help_is_quick() -> None:
    """`guide --help` imports nothing heavy."""
    code = "import sys, guide.cli; print([m for m in ('pydantic', 'yaml', 'jinja2', 'weasyprint', 'rich', 'pikepdf') if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_schemas_are_current() -> None:
    """docs/schema holds what `guide schema` prints."""
    for name, schema in schemas().items():
        assert json.loads((ROOT / "docs" / "schema" / f"{name}.json").read_text("utf-8")) == schema, name


def test_data_flows_one_way() -> None:
    """Imports keep to the layers, and every library has one home."""
    tool = Path(sys.executable).parent / "lint-imports"
    result = subprocess.run([str(tool)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


def test_every_claim_of_the_research_is_covered() -> None:
    """docs/kosovo-coverage.md maps claims 1 to 82 to targets that exist."""
    rows = re.findall(r"^\| *(\d+) *\|.*\| *(.+?) *\|$", (ROOT / "docs/kosovo-coverage.md").read_text("utf-8"), re.M)
    assert [int(number) for number, _ in rows] == list(range(1, 83))
    for _, where in rows:
        targets = re.findall(r"([\w/.-]+\.md)#([\w-]+)", where)
        assert targets
        for file, anchor in targets:
            text = (ROOT / "content/kosovo" / file).read_text("utf-8")
            assert f"#{anchor}" in text or re.search(rf"^id: {anchor}$", text, re.M), (file, anchor)
