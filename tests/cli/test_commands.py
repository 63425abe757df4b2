"""What the commands accept, print and return."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import click
import pikepdf
import pytest
from click.testing import Result

from guide.cli import guide
from guide.resources import TEMPLATES

Run = Callable[..., Result]
ROOT = Path(__file__).parents[2]
COMMANDS = guide.list_commands(click.Context(guide))
FIRST = re.compile(r"(?P<path>[^:]+)(:\d+:\d+)?: (error|warning|note)\[[a-z0-9]+(-[a-z0-9]+)*\]: \S.*")


def size_in_mm(path: Path, page: int = 0) -> tuple[float, float]:
    """Return the size of a page in mm."""
    with pikepdf.open(path) as pdf:
        width, height = (float(n) / 72 * 25.4 for n in pdf.pages[page].mediabox[2:])
        return round(width, 1), round(height, 1)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_every_command_has_an_example(name: str, run: Run) -> None:
    """`guide NAME --help` and `-h` end well and show how the command is called."""
    for option in ("--help", "-h"):
        found = run(name, option)
        assert found.exit_code == 0
        assert "Example" in found.stdout
        assert re.search(rf"^\s+guide {name}\b", found.stdout, re.M)


def test_the_help_lists_every_command(run: Run) -> None:
    """`guide --help` names all commands with what they do, and a first step."""
    said = run("--help").stdout
    for name in COMMANDS:
        assert re.search(rf"^  {name}\s+[A-Z].+\.", said, re.M), name
    assert "guide new my-pack" in said


@pytest.mark.parametrize(
    "words",
    [
        ["nothing"],
        ["build", "--nothing"],
        ["build", ".", "--jobs", "many"],
        ["build", ".", "--duplex", "left"],
        ["build", ".", "-D", "no-equals"],
        ["build", ".", "-D", "a..b=1"],
        ["check", ".", "--format", "xml"],
        ["schema", "nothing"],
        ["new"],
    ],
)
def test_wrong_usage_ends_with_two(words: list[str], run: Run) -> None:
    """What the command line itself cannot mean is exit code 2, and stdout stays empty."""
    found = run(*words)
    assert found.exit_code == 2, found.output
    assert found.stdout == ""
    assert "Error:" in found.stderr


def test_no_pack_in_sight_is_wrong_usage(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder without packs, `guide build` says what to give it."""
    monkeypatch.chdir(tmp_path)
    found = run("build")
    assert found.exit_code == 2
    assert "guide new" in found.stderr


def test_a_good_build_ends_with_nought(make: Run, tmp_path: Path, small_pack: Path) -> None:
    """The PDFs and build.json lie in DIR/PACK, and the table names them."""
    found = make()
    assert found.exit_code == 0, found.output
    folder = tmp_path / "out" / small_pack.name
    names = {"briefing.pdf", "flashcards.pdf", "flashcards-screen.pdf", "build.json"}
    assert {path.name for path in folder.iterdir()} == names
    assert found.stdout == ""
    assert all(str(folder / name) in found.stderr for name in names if name.endswith(".pdf"))


def test_a_pack_that_is_not_there_ends_with_one(run: Run, tmp_path: Path) -> None:
    """A folder without pack.yaml is a mistake in content: exit code 1 and one diagnostic."""
    found = run("check", tmp_path / "nowhere")
    assert found.exit_code == 1
    assert FIRST.fullmatch(found.stdout.splitlines()[0])
    assert "Traceback" not in found.output


def test_diagnostics_look_like_a_compilers(
    run: Run, small_pack: Path, break_pack: Callable[[], None]
) -> None:
    """Each is one line `path:line:column: severity[code]: message`, and its remedy is indented."""
    break_pack()
    found = run("check", small_pack, "--jobs", "1")
    assert found.exit_code == 1
    lines = found.stdout.splitlines()
    assert lines
    for line in lines:
        assert FIRST.fullmatch(line) or re.fullmatch(r"    \S.*", line), line
    assert any(line.startswith(f"{small_pack}/cards.yaml:2:") for line in lines)
    assert "`bakc`" in found.stdout
    assert "back" in found.stdout
    assert re.search(r"\d+ errors?", found.stderr)


def test_check_prints_json(run: Run, small_pack: Path, break_pack: Callable[[], None]) -> None:
    """`--format json` is a list of the same diagnostics as data."""
    break_pack()
    found = json.loads(run("check", small_pack, "--jobs", "1", "--format", "json").stdout)
    keys = {"path", "line", "column", "severity", "code", "message", "hint", "item", "accepted"}
    assert found
    assert all(set(each) == keys for each in found)
    assert {each["severity"] for each in found} <= {"error", "warning", "note"}
    texts = run("check", small_pack, "--jobs", "1").stdout
    assert all(f"{each['severity']}[{each['code']}]" in texts for each in found)


def test_check_prints_commands_of_github(
    run: Run, small_pack: Path, break_pack: Callable[[], None]
) -> None:
    """`--format github` is one workflow command a line."""
    break_pack()
    lines = run("check", small_pack, "--jobs", "1", "--format", "github").stdout.splitlines()
    assert lines
    for line in lines:
        assert re.fullmatch(
            r"::(error|warning|notice) file=[^,:]+(,line=\d+,col=\d+)?,title=[a-z0-9-]+::\S.*", line
        ), line


def test_a_good_pack_has_no_problems(run: Run, small_pack: Path, tmp_path: Path) -> None:
    """`guide check` on a good pack ends with 0, prints nothing to stdout and writes no file."""
    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    found = run("check", small_pack, "--jobs", "1", "--strict")
    assert (found.exit_code, found.stdout) == (0, ""), found.output
    assert "no problems" in found.stderr
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == before


def test_json_is_the_content_of_build_json(make: Run, tmp_path: Path, small_pack: Path) -> None:
    """`--json` prints build.json, which names the files with their true sizes and digests."""
    import hashlib

    found = make("--json")
    path = tmp_path / "out" / small_pack.name / "build.json"
    stored = json.loads(path.read_text("utf-8"))
    assert json.loads(found.stdout) == stored
    assert len(stored["outputs"]) == 3
    for each in stored["outputs"]:
        data = Path(each["path"]).read_bytes()
        assert (each["bytes"], each["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
        with pikepdf.open(each["path"]) as pdf:
            assert len(pdf.pages) == each["pages"]


def test_errors_leave_the_old_files_whole(
    make: Run, tmp_path: Path, small_pack: Path, break_pack: Callable[[], None]
) -> None:
    """A build that fails ends with 1 and touches nothing that was made before."""
    assert make().exit_code == 0
    folder = tmp_path / "out" / small_pack.name
    before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}
    break_pack()
    assert make().exit_code == 1
    after = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}
    assert after == before


def test_strict_makes_errors_of_warnings(run: Run, small_pack: Path) -> None:
    """A pack with a warning ends with 0, and with 1 under --strict."""
    with (small_pack / "sources.yaml").open("a") as stream:
        stream.write("- {id: unused, type: book, title: Never cited}\n")
    mild = run("check", small_pack, "--jobs", "1")
    assert mild.exit_code == 0
    assert "warning[" in mild.stdout
    strict = run("check", small_pack, "--jobs", "1", "--strict")
    assert strict.exit_code == 1
    assert "warning[" not in strict.stdout


def test_a_folder_that_cannot_be_written_is_a_diagnostic(make: Run, tmp_path: Path) -> None:
    """A file where DIR should be ends with 1, names the path and a remedy; the file stays."""
    (tmp_path / "out").write_text("mine")
    found = make()
    assert found.exit_code == 1
    assert "error[cannot-write]" in found.stderr
    assert str(tmp_path / "out") in found.stderr
    assert "-o DIR" in found.stderr
    assert "Traceback" not in found.output
    assert (tmp_path / "out").read_text() == "mine"


def test_values_of_the_pack_can_be_set_for_one_run(make: Run, tmp_path: Path, small_pack: Path) -> None:
    """-D sets keys at any depth, and the pack's file stays as it was."""
    before = (small_pack / "pack.yaml").read_bytes()
    found = make("-D", "documents.flashcards.stock=a6", "-D", "title=Another Title")
    assert found.exit_code == 0, found.output
    folder = tmp_path / "out" / small_pack.name
    assert size_in_mm(folder / "flashcards-screen.pdf") == (105, 148)
    with pikepdf.open(folder / "flashcards.pdf") as pdf:
        assert str(pdf.docinfo.Title) == "Another Title"
    assert (small_pack / "pack.yaml").read_bytes() == before


def test_only_makes_what_is_named(make: Run, tmp_path: Path, small_pack: Path) -> None:
    """--only leaves all other kinds of document out."""
    assert make("--only", "briefing").exit_code == 0
    names = {path.name for path in (tmp_path / "out" / small_pack.name).iterdir()}
    assert names == {"briefing.pdf", "build.json"}


def test_an_edition_has_its_own_folder_and_fewer_cards(make: Run, tmp_path: Path, small_pack: Path) -> None:
    """--edition builds what has its tags into a folder of its name."""
    assert make().exit_code == 0
    found = make("--edition", "short")
    assert found.exit_code == 0, found.output
    whole = tmp_path / "out" / small_pack.name
    with (
        pikepdf.open(whole / "flashcards-screen.pdf") as all_cards,
        pikepdf.open(whole / "short" / "flashcards-screen.pdf") as few,
    ):
        assert 0 < len(few.pages) < len(all_cards.pages)


def test_an_unknown_edition_is_a_diagnostic(make: Run) -> None:
    """A misspelt edition ends with 1 and a suggestion."""
    found = make("--edition", "shrt")
    assert found.exit_code == 1
    assert "error[unknown-edition]" in found.stderr
    assert "short" in found.stderr


def test_paper_is_the_size_of_the_briefing(make: Run, tmp_path: Path, small_pack: Path) -> None:
    """--paper letter makes pages of 8.5 x 11 in; the pack's own is A4."""
    path = tmp_path / "out" / small_pack.name / "briefing.pdf"
    assert make("--only", "briefing").exit_code == 0
    assert size_in_mm(path, 1) == (210, 297)
    found = make("--only", "briefing", "--paper", "letter")
    assert found.exit_code == 0, found.output
    assert size_in_mm(path, 1) == (215.9, 279.4)


def test_large_print_is_large(make: Run, tmp_path: Path, small_pack: Path) -> None:
    """--theme large-print sets running text at least 1.5 times as large."""
    import pypdfium2

    path = tmp_path / "out" / small_pack.name / "briefing.pdf"

    def height() -> float:
        document = pypdfium2.PdfDocument(path)
        try:
            for number in range(len(document)):
                content = document[number].get_textpage()
                hit = content.search("Force is here").get_next()
                if hit:
                    _, bottom, _, top = content.get_charbox(hit[0])
                    return float(top - bottom)
        finally:
            document.close()
        return 0.0

    assert make("--only", "briefing").exit_code == 0
    usual = height()
    found = make("--only", "briefing", "--theme", "large-print")
    assert found.exit_code == 0, found.output
    assert 0 < 1.5 * usual < height()


@pytest.mark.parametrize(
    ("option", "wrong", "code", "right"),
    [
        ("--only", "flashcard", "unknown-kind", "flashcards"),
        ("--stock", "busines-us", "unknown-stock", "business-us"),
        ("--theme", "large-prnt", "unknown-theme", "large-print"),
    ],
)
def test_misspelt_names_get_a_suggestion(option: str, wrong: str, code: str, right: str, make: Run) -> None:
    """An unknown kind, stock or theme ends with 1 and names the nearest one."""
    found = make(option, wrong)
    assert found.exit_code == 1
    assert f"error[{code}]" in found.stderr
    assert f"`{right}`" in found.stderr


@pytest.mark.parametrize(
    ("option", "wrong"),
    [("--only", "flashcard"), ("--stock", "busines-us"), ("--theme", "large-prnt"), ("--paper", "a9")],
)
def test_a_wrong_option_is_the_place(option: str, wrong: str, make: Run) -> None:
    """The diagnostic of an option's value stands at the option, not at a file that does not exist."""
    assert re.search(rf"^{option}: error\[", make(option, wrong).stderr, re.M)


def test_schemas_are_those_of_the_documentation(run: Run) -> None:
    """`guide schema` prints what lies in docs/schema, all or one."""
    stored = {
        path.stem: json.loads(path.read_text("utf-8")) for path in (ROOT / "docs/schema").glob("*.json")
    }
    assert json.loads(run("schema").stdout) == stored
    for name, schema in stored.items():
        assert json.loads(run("schema", name).stdout) == schema


def test_stock_is_listed_and_shown(run: Run) -> None:
    """`guide stock` names all stock; with a name or part number it shows sizes; else it suggests."""
    names = {path.stem for path in (TEMPLATES / "stock").glob("*.yaml")}
    assert {line.split()[0] for line in run("stock").stdout.splitlines()} == names
    assert "127 x 76.2 mm" in run("stock", "5388").stdout
    wrong = run("stock", "index-3x4")
    assert wrong.exit_code == 1
    assert "index-3x5" in wrong.stderr


def test_the_cache_is_shown_and_emptied(
    run: Run, make: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`guide cache info` counts entries, `clear` deletes them, and a build makes them again."""
    monkeypatch.setenv("GUIDE_CACHE_DIR", str(tmp_path / "own"))
    assert make("--only", "flashcards").exit_code == 0
    assert re.search(r"own: [1-9]\d* entries, [\d.]+ MB", run("cache", "info").stdout)
    assert run("cache", "clear").exit_code == 0
    assert ": 0 entries" in run("cache", "info").stdout


def test_a_cache_that_lost_a_file_is_made_good(
    make: Run, tmp_path: Path, small_pack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the stored PDF is gone or damaged and its record is not, it is made again."""
    from guide.system.cache import Store

    monkeypatch.setenv("GUIDE_CACHE_DIR", str(tmp_path / "own"))
    assert make("--only", "flashcards").exit_code == 0
    store = Store(tmp_path / "own")
    folder = tmp_path / "out" / small_pack.name
    for each in json.loads((folder / "build.json").read_text())["outputs"]:
        store._path(f"file:{each['sha256']}").unlink()
        Path(each["path"]).unlink()
    make("--only", "flashcards")
    found = make("--only", "flashcards")  # even the advice to build again does not help
    assert found.exit_code == 0, found.stderr
    assert (folder / "flashcards.pdf").is_file()


@pytest.mark.skipif(not (TEMPLATES / "starters/example/pack.yaml").is_file(), reason="there is no starter pack")
def test_a_new_pack_builds_without_a_warning(run: Run, tmp_path: Path) -> None:
    """`guide new` writes a pack that builds --strict, with the title that was asked for."""
    folder = tmp_path / "new"
    assert run("new", folder, "--title", 'Cells & "Tissues"').exit_code == 0
    found = run("build", folder, "-o", tmp_path / "out", "--jobs", "1", "--strict", "--json")
    assert found.exit_code == 0, found.output
    data = json.loads(found.stdout)
    assert data["diagnostics"] == []
    assert data["pack"]["title"] == 'Cells & "Tissues"'


def test_a_new_pack_replaces_nothing(run: Run, tmp_path: Path) -> None:
    """`guide new` in a folder that holds something ends with 1 and leaves it alone."""
    (tmp_path / "mine").write_text("mine")
    found = run("new", tmp_path)
    assert found.exit_code == 1
    assert "error[folder-not-empty]" in found.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_new_pack_names_the_folder_that_it_cannot_use(run: Run, tmp_path: Path) -> None:
    """The diagnostic says which folder is not empty."""
    (tmp_path / "mine").write_text("mine")
    assert run("new", tmp_path).stderr.startswith(f"{tmp_path}: ")
