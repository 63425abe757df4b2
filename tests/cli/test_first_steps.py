"""The first hour: a new pack, what the machine lacks, problems as a person reads them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from guide.cli.new import EXAMPLE, STARTERS
from guide.content.load import load_pack
from guide.content.starter import new_pack
from guide.diagnostics.calling import CALLED, as_called, command
from guide.diagnostics.diagnostic import Diagnostic, Place, Severity
from guide.resources import TEMPLATES
from guide.screen.problems import HowMuch, show, summary

Run = Callable[..., Result]
# Words of each example that no other subject has.
SUBJECTS = {
    EXAMPLE: ("water", "vapour"), "teacher": ("volcano", "lava"), "briefing": ("antarctic", "treaty"),
    "vocabulary": ("spanish", "manzana"), "exam": ("kelvin", "prefix"),
}  # fmt: skip


@pytest.mark.parametrize("template", [EXAMPLE, *STARTERS])
@pytest.mark.parametrize("title", ["", "Cells: one & all", "#1"])
def test_every_starter_is_read_without_a_problem(template: str, title: str, tmp_path: Path) -> None:
    """Each example, and its blank form under a title, is a pack with that title and no problem."""
    files = new_pack(tmp_path / "new", title, template)
    for name, data in files.items():
        (tmp_path / "new" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "new" / name).write_bytes(data)
    pack, found = load_pack(tmp_path / "new")
    assert pack is not None and not list(found)
    assert not title or pack.manifest.title == title
    cards = [card for card in pack.cards if card.id]
    assert len(cards) == len(pack.cards), "a card without an id"


@pytest.mark.parametrize("template", [EXAMPLE, *STARTERS])
def test_no_text_of_an_example_is_under_a_foreign_title(template: str, tmp_path: Path) -> None:
    """A title of one's own, and --blank, leave no word of the example's subject."""
    example = new_pack(tmp_path / "a", "", template)
    for files in (new_pack(tmp_path / "b", "Mine", template), new_pack(tmp_path / "c", "", template, blank=True)):
        assert files.keys() & example.keys() >= {"pack.yaml", "sources.yaml"}
        text = b"".join(data for name, data in files.items() if not name.startswith(".guide")).decode().lower()
        assert not [word for word in SUBJECTS[template] if word in text]
    text = b"".join(example.values()).decode().lower()
    assert all(word in text for word in SUBJECTS[template])


def test_new_says_what_to_type_next_as_it_was_called(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next command is the caller's own, with its blanks quoted."""
    monkeypatch.setenv(CALLED, "./guide.sh")
    monkeypatch.chdir(tmp_path)
    said = run("new", "Bio 9b", "--template", "exam", "--blank").stderr
    assert "Next: ./guide.sh build 'Bio 9b'" in said
    assert 'title: "Bio 9b"' in (tmp_path / "Bio 9b/pack.yaml").read_text("utf-8")


def test_commands_and_documents_are_named_as_the_user_reaches_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a command in backticks is changed; a document that there is gets the path that opens it."""
    monkeypatch.setenv(CALLED, "/opt/my guide/guide.sh")
    monkeypatch.chdir("/")
    said = as_called("Run `guide check --fix`; the guide says `guidebook`. See docs/security.md, docs/no-such.md.")
    assert "`'/opt/my guide/guide.sh' check --fix`" in said and "the guide says `guidebook`" in said
    shown = next(word.rstrip(",") for word in said.split() if "security" in word)
    assert Path("/", shown).is_file()
    assert "docs/no-such.md" in said
    monkeypatch.delenv(CALLED)
    assert command("build", "a b") == "guide build 'a b'"


def _problems(severity: Severity, code: str, count: int, path: str = "cards.yaml") -> list[Diagnostic]:
    return [Diagnostic(code, f"problem {n}", Place(path, n + 1, 1), "Do it.", severity) for n in range(count)]


def test_errors_are_nearest_the_prompt_and_many_of_a_kind_are_one_entry(capsys: pytest.CaptureFixture[str]) -> None:
    """Notes, warnings, errors; two examples of 91 warnings, then their number; all with ALL."""
    found = [
        *_problems(Severity.ERROR, "bad-value", 7, "a.yaml"),
        *_problems(Severity.WARNING, "missing-source", 91),
        *_problems(Severity.NOTE, "left-out", 1),
    ]
    show(found)
    said = capsys.readouterr().out
    heads = [line for line in said.splitlines() if line[0] != " "]
    assert [("error[" in line, "warning[" in line) for line in heads] == [(False, False), *[(False, True)] * 3, *[(True, False)] * 7]
    assert "89 more of this kind" in said and "guide check --all" in said
    assert summary(found) == "7 errors in 1 file, 91 warnings, 1 note"
    show(found, how_much=HowMuch.ALL)
    assert capsys.readouterr().out.count("\n    Do it.") == 99
    show(found, how_much=HowMuch.QUIET)
    said = capsys.readouterr().out
    assert said.count("error[") == 7 and "warning[" not in said
    show(_problems(Severity.NOTE, "left-out", 9))
    assert "accept" not in capsys.readouterr().out  # a note stops nothing
    show(found, "json")
    assert len(json.loads(capsys.readouterr().out)) == 99


def test_accepted_problems_are_counted_not_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """What was accepted is a number in the summary; --all lists it with its reason."""
    known = Diagnostic("lost-content", "gone", Place("a.md", 3, 1), "Look.", Severity.NOTE, accepted="on purpose")
    show([known])
    assert not capsys.readouterr().out
    assert summary([known]) == "1 note (1 accepted)"
    show([known], how_much=HowMuch.ALL)
    assert "accepted: on purpose" in capsys.readouterr().out


_BLIND = """
import ctypes
load = ctypes.CDLL
def without(name=None, *rest, **more):
    if name and "pango" in str(name):
        raise OSError(name)
    return load(name, *rest, **more)
ctypes.CDLL = without
"""


def without_pango(words: list[str], tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """Run a command on a new pack where Pango cannot be loaded."""
    (tmp_path / "blind").mkdir()
    (tmp_path / "blind/sitecustomize.py").write_text(_BLIND)
    for name, data in new_pack(tmp_path / "pack", "", "exam").items():
        (tmp_path / "pack" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "pack" / name).write_bytes(data)
    env = {**os.environ, "PYTHONPATH": str(tmp_path / "blind"), "GUIDE_CACHE_DIR": str(tmp_path / "cache")}
    program = [sys.executable, "-c", "from guide.cli import main; main()", *words]
    return subprocess.run(program, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120, check=False)


def test_content_is_checked_without_pango(tmp_path: Path) -> None:
    done = without_pango(["check", "--no-layout", "pack"], tmp_path)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr
    assert "no problems" in done.stderr


@pytest.mark.parametrize("words", [["build", "pack", "-o", "out"], ["calibrate", "-o", "sheet.pdf"], ["doctor"]])
def test_a_machine_without_pango_says_so_in_one_line(words: list[str], tmp_path: Path) -> None:
    """The missing libraries are named with the command that installs them; no traceback, no limit."""
    done = without_pango(words, tmp_path)
    said = done.stdout + done.stderr
    assert done.returncode == 1, said
    assert "Pango" in said and "Install" in said
    assert "render-limit" not in said and "Traceback" not in said and "WeasyPrint" not in said
    if words[0] != "doctor":
        assert said.startswith("error[cannot-start]: this machine lacks Pango") and len(said.splitlines()) <= 3, said


def test_doctor_finds_what_the_machine_has(run: Run) -> None:
    """The same findings as text and as JSON; 0 where guide can work, each remedy a command or a step."""
    found = run("doctor", "--json")
    assert found.exit_code == 0, found.output
    findings = {each["name"]: each for each in json.loads(found.stdout)}
    assert {"guide", "Python", "Pango", "fonts", "cache", "temporary files", "CUPS", "sign"} <= findings.keys()
    assert all(each["remedy"] for each in findings.values() if each["state"] != "ok")
    assert findings["templates"]["detail"] == str(TEMPLATES)
    said = run("doctor").stdout
    assert all(name in said for name in findings) and "guide can work here" in said


def test_open_opens_each_pdf_that_was_made(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--open` hands the files of this build to the system's viewer."""
    opened: list[str] = []
    monkeypatch.setattr("click.launch", opened.append)
    assert run("new", tmp_path / "p", "--template", "exam", "--blank").exit_code == 0
    found = run("build", tmp_path / "p", "-o", tmp_path / "out", "--jobs", "1", "--open")
    assert found.exit_code == 0, found.stderr
    assert opened and all(Path(path).is_file() and path.endswith(".pdf") for path in opened)
    assert f"{len(opened)} files in {tmp_path / 'out/p'}" in found.stderr


def test_the_last_line_names_what_was_not_made_and_what_remains_of_it(run: Run, tmp_path: Path) -> None:
    """A kind, a document of a kind or everything that errors stopped; files of an earlier build are named."""
    pack, out = tmp_path / "p", tmp_path / "out"
    (pack / "sections").mkdir(parents=True)
    text = "\n\n".join(f"This is sentence number {n} of a long **text**." for n in range(90))
    (pack / "sections/1.md").write_text(f"---\ntitle: T\n---\n{text}\n", "utf-8")

    def last(worksheet: int, notes: int, title: str = "P") -> str:
        documents = f"documents: {{worksheet: {{pages: {worksheet}}}, handout-notes: {{pages: {{multiple_of: {notes}}}}}}}\n"
        (pack / "pack.yaml").write_text(f"format: 1\ntitle: {title}\n{documents}", "utf-8")
        line = run("build", pack, "-o", out, "--jobs", "1").stderr.splitlines()[-1]
        return line.partition(" in 1 file")[2].replace(str(out), "out")

    first = last(99, 7)
    assert first == ", 1 warning: nothing of `handout-notes` was made; 2 files in out/p"
    assert last(99, 1) == ""
    assert last(99, 7) == (
        ", 1 warning: nothing of `handout-notes` was made (handout-notes.pdf in out/p is of an earlier build); 2 files in out/p"
    )
    assert last(2, 1) == (
        ", 1 warning: worksheet.pdf was not made (worksheet.pdf in out/p is of an earlier build); 2 files in out/p"
    )
    assert last(99, 1, "[a") == ", 1 warning: nothing was made (handout-notes.pdf and 2 more in out/p are of an earlier build)"
