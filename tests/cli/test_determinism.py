"""The same content gives the same bytes, whoever builds it, where, when and how."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from conftest import SMALL
from pictures import drawing, photo, saved

ROOT = Path(__file__).parents[2]
Run = Callable[..., Result]
NOBODY = 65534

RICH = {
    **SMALL,
    "pack.yaml": (
        "format: 1\ntitle: Größe und Maß\nsubtitle: Ein Heft\nlang: de\ndate: 2026-11-01\nauthors: [A. Ö. Writer]\n"
        "marking: NUR ZUR ÜBUNG\nsummary: Ein Heft mit allem [@k1].\nurl: https://example.org/heft\n"
        "editions:\n  short: {tags: [core]}\n"
        "documents:\n  briefing: {}\n  flashcards: {derive: [glossary, timeline, actors, facts, questions], bleed: 2,\n"
        "    colours: {core: '#a34a17'}, title-card: true, contents-card: true, sort: shuffled}\n"
        "  handout: {pages: 1}\n  handout-notes: {}\n  worksheet: {}\n  planner: {}\n"
        "  quiz: {versions: 2, answer-sheet: true, form: true, seed: 7}\n"
    ),
    "sections/20-two.md": (
        "---\ntitle: Zwei\nid: two\nkey_points: [Es ist so., Und so.]\nsources: [k1]\n---\n"
        "Die **Sonnenmacht** ist hier, siehe @sec-one.[^1] [Ein Ort](https://example.org/ort){.qr}\n\n"
        "[^1]: Eine Anmerkung mit $a_1$.\n\n```python\nx = 'Wörter'\n```\n\n- eins\n- zwei\n\n"
        '![Das Tal.](figures/tal.jpg){width=60mm alt="ein Tal"}\n\n![Der Plan.](figures/plan.png){width=20mm alt="ein Plan"}\n'
    ),
    "cards.yaml": (
        SMALL["cards.yaml"] + "- {front: Welches Tal?, back: Dieses., image: figures/tal.jpg, sources: [k1]}\n"
        '- {front: "![Plan](figures/plan.png){width=20mm}", back: "![Tal](figures/tal.jpg){width=30mm}", sources: [k1]}\n'
    ),
    "questions.yaml": (
        "- {prompt: Welches?, options: [aa, bb, cc], answer: bb, sources: [k1], tags: [core]}\n"
        "- {prompt: Stimmt es?, type: true-false, answer: true, sources: [k1], level: 2}\n"
        "- {prompt: Warum?, type: short, answer: Darum., sources: [k1]}\n"
        "- {prompt: Was passt?, type: match, pairs: {a: x, b: y, c: z}, sources: [k1]}\n"
        "- {prompt: In welcher Folge?, type: order, items: [eins, zwei, drei], sources: [k1], explanation: Weil.}\n"
    ),
}
# So large that they are set with fewer pixels: the photo as JPEG, the plan as PNG.
PICTURES = {
    "figures/tal.jpg": saved(photo(1200, 800), "JPEG", quality=85),
    "figures/plan.png": saved(drawing(900, 600), "PNG"),
}
KINDS = {"briefing", "flashcards", "handout", "handout-notes", "worksheet", "planner", "quiz"}


@dataclass
class Built:
    """A folder with a copy of the pack, of which a user of its own builds."""

    folder: Path
    env: dict[str, str]
    other: tuple[str, ...] = ()  # the command that runs one as another user

    @property
    def out(self) -> Path:
        return self.folder / "out"

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Begin a build."""
        command = [*self.other, sys.executable, "-m", "guide", "build", "rich", "-o", "out", *words]
        return subprocess.Popen(
            command, cwd=self.folder, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def bytes(self) -> dict[str, bytes]:
        """Return every file but build.json."""
        return {str(p.relative_to(self.out)): p.read_bytes() for p in self.out.rglob("*") if p.is_file() and p.name != "build.json"}

    def records(self) -> list[Any]:
        """Return every build.json, without what one run took and where it ran."""
        found = []
        for path in sorted(self.out.rglob("build.json")):
            record = json.loads(path.read_text("utf-8"))
            for made in record["outputs"]:
                del made["seconds"], made["cached"]
                made["path"] = Path(made["path"]).name
            found.append(record)
        return found


def write(folder: Path) -> None:
    """Write the pack."""
    for name, text in RICH.items():
        (folder / "rich" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "rich" / name).write_text(text, "utf-8")
    for name, data in PICTURES.items():
        (folder / "rich" / name).write_bytes(data)


def as_another() -> tuple[str, ...]:
    """Return a command that runs one as another user, who may read this Python and this tree; or nothing."""
    if os.name != "posix" or os.getuid() or not shutil.which("setpriv"):
        return ()
    user = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
    reading = ("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")  # of a Python in /root
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    for prefix in (user, user + reading):
        test = f"import guide.cli, yaml, os; assert os.getuid() and os.__file__ == {os.__file__!r}"
        command = [*prefix, sys.executable, "-c", test]
        if not subprocess.run(command, env=env, cwd="/", capture_output=True).returncode:
            return prefix
    return ()


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Built, Built]]:
    """Two folders in which the same pack is built: by different users, in different ways."""
    settings = (
        {"PYTHONHASHSEED": "1", "TZ": "Pacific/Kiritimati", "LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0"},
        {"PYTHONHASHSEED": "31", "TZ": "America/Lima", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "NO_COLOR": "1"},
    )
    found = []
    for number, more in enumerate(settings):
        # Another user must be able to reach it, and pytest's own folders are private.
        parent = tmp_path_factory.mktemp(f"place{number}")
        other = as_another() if number else ()
        if other:
            parent = Path(tempfile.mkdtemp(prefix="guide-with-a-longer-name-"))
        write(parent)
        env = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "LANG", "TZ"))}
        env |= {"HOME": str(parent / "home"), "GUIDE_CACHE_DIR": str(parent / "cache"), "PYTHONPATH": str(ROOT), **more}
        (parent / "home").mkdir()
        if other:
            for path in (parent, *parent.rglob("*")):
                os.chown(path, NOBODY, NOBODY)
        found.append(Built(parent, env, other))
    jobs = (("--jobs", "1"), ("--jobs", "2"))
    for words in (("--booklet", "--fit-report"), ("--edition", "short", "--only", "briefing", "--only", "flashcards")):
        running = [place.start(*words, *how) for place, how in zip(found, jobs, strict=True)]
        for process in running:
            said, _ = process.communicate(timeout=300)
            assert process.returncode == 0, said
    yield found[0], found[1]
    if found[1].other:
        shutil.rmtree(found[1].folder)


def test_two_users_get_the_same_files(places: tuple[Built, Built]) -> None:
    """Folder, user, home, processes, hash seed, time zone and language: all kinds have equal bytes."""
    one, other = places
    assert {made["kind"] for record in one.records() for made in record["outputs"]} == KINDS
    first, second = one.bytes(), other.bytes()
    expected = {
        "briefing.pdf", "briefing-booklet.pdf", "flashcards.pdf", "flashcards-screen.pdf", "flashcards-fit.pdf",
        "flashcards-fit.json", "handout.pdf", "handout-notes.pdf", "worksheet.pdf", "worksheet-answers.pdf",
        "planner.pdf", "quiz-a.pdf", "quiz-b.pdf", "quiz-answers.pdf", "quiz-answer-sheet.pdf", "short/briefing.pdf",
        "short/flashcards.pdf",
    }  # fmt: skip
    assert {f"rich/{name}" for name in expected} <= set(first)
    assert [name for name in first if first[name] != second.get(name)] == []
    assert set(first) == set(second)
    assert one.records() == other.records()


def test_every_text_is_in_every_file(places: tuple[Built, Built]) -> None:
    """The proof stands in build.json for each file that is not made of another one."""
    made = {each["path"]: each.get("complete") for record in places[0].records() for each in record["outputs"]}
    assert {name for name, complete in made.items() if not complete} == {
        name for name in made if "fit" in name
    }
    assert all(complete["items"] > 0 and complete["missing"] == 0 for complete in made.values() if complete)


def test_what_was_kept_gives_the_same_files(places: tuple[Built, Built], run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the cache, whole or in parts, and into another folder: the same bytes."""
    one = places[0]
    write(tmp_path)
    monkeypatch.setenv("GUIDE_CACHE_DIR", str(one.folder / "cache"))
    monkeypatch.chdir(tmp_path)
    wanted = {name: data for name, data in one.bytes().items() if "short" not in name}
    for number in range(2):
        found = run("build", "rich", "-o", f"out{number}", "--booklet", "--fit-report", "--jobs", "1")
        assert found.exit_code == 0, found.stderr
        record = json.loads((tmp_path / f"out{number}" / "rich" / "build.json").read_text("utf-8"))
        assert all(made["cached"] for made in record["outputs"]), (number, [m["path"] for m in record["outputs"] if not m["cached"]])
        out = tmp_path / f"out{number}"
        assert {str(p.relative_to(out)): p.read_bytes() for p in out.rglob("*") if p.is_file() and p.name != "build.json"} == wanted
        with (tmp_path / "rich" / "glossary.yaml").open("a") as stream:
            stream.write("# What is read again and gives the same.\n")


@pytest.fixture
def made(places: tuple[Built, Built], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the pack and of its files, with its cache; the folder is the current one."""
    write(tmp_path)
    shutil.copytree(places[0].out, tmp_path / "out")
    monkeypatch.setenv("GUIDE_CACHE_DIR", str(places[0].folder / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "out" / "rich"


def check(run: Run, *words: str) -> tuple[int, dict[str, Any]]:
    """Run a check; return its exit code and what it says as JSON."""
    found = run("build", "rich", "--check", "out", "--booklet", "--fit-report", "--json", "--jobs", "1", *words)
    return found.exit_code, json.loads(found.stdout)


def test_check_proves_what_lies_there(made: Path, run: Run) -> None:
    """Files that are what the content gives: exit code 0, how many, and nothing is written."""
    before = {path: path.stat().st_mtime_ns for path in made.rglob("*")}
    found = run("build", "rich", "--check", "out", "--booklet", "--fit-report", "--jobs", "1")
    assert found.exit_code == 0, found.stderr
    count = sum(path.suffix in {".pdf", ".json"} and path.name != "build.json" for path in made.iterdir())
    assert found.stdout == f"out/rich: {count} files; what lies there is what the content gives\n"
    assert {path: path.stat().st_mtime_ns for path in made.rglob("*")} == before
    edition = run("build", "rich", "--check", "out", "--edition", "short", "--only", "briefing", "--only", "flashcards", "--jobs", "1")
    assert edition.exit_code == 0, edition.stderr


def test_check_says_why_a_file_differs(made: Path, run: Run) -> None:
    """Changed by hand, lost, left from an earlier build: each file with its code and its reason."""
    (made / "briefing.pdf").write_bytes((made / "briefing.pdf").read_bytes() + b"%\n")
    (made / "planner.pdf").unlink()
    (made / "quiz-c.pdf").write_bytes(b"%PDF-1.7")
    (made / "quiz-a.pdf").unlink()
    (made / "quiz-a.pdf").symlink_to("/dev/zero")
    code, said = check(run)
    assert code == 1
    states = {Path(each["path"]).name: each["state"] for each in said["outputs"]}
    assert {name: state for name, state in states.items() if state != "same"} == {
        "briefing.pdf": "stale", "planner.pdf": "missing", "quiz-a.pdf": "missing", "quiz-c.pdf": "extra",
    }  # fmt: skip
    told = {(Path(d["path"]).name, d["code"], d["severity"]): d["message"] for d in said["diagnostics"]}
    assert told["briefing.pdf", "stale-output", "error"].endswith("it was changed after it was built")
    assert {("planner.pdf", "missing-output", "error"), ("quiz-c.pdf", "extra-output", "warning")} <= set(told)
    _, strict = check(run, "--strict")
    assert {d["severity"] for d in strict["diagnostics"] if d["code"] == "extra-output"} == {"error"}


def test_check_sees_that_content_or_settings_have_changed(made: Path, run: Run, tmp_path: Path) -> None:
    """Other content or other settings than in build.json; settings of the command line count."""
    code, said = check(run, "--only", "planner", "-D", "documents.planner.boxes=3")
    assert code == 1
    assert {(d["code"], d["message"].partition(": ")[2]) for d in said["diagnostics"]} == {
        ("stale-output", "the content, the settings or guide have changed since it was built")
    }
    (made / "build.json").write_text("{}")
    _, said = check(run, "--only", "planner", "-D", "documents.planner.boxes=3")
    assert "build.json beside it does not know it" in said["diagnostics"][0]["message"]
    (tmp_path / "rich" / "facts.yaml").write_text("- {label: Days}\n")
    code, said = check(run, "--only", "planner")
    assert code == 1
    assert "missing-key" in {d["code"] for d in said["diagnostics"]}


def test_a_build_says_what_is_of_an_earlier_one(made: Path, run: Run) -> None:
    """Files that this build does not make are named in a note; those of other kinds are not."""
    words = ("build", "rich", "-o", "out", "--jobs", "1")
    (made / "quiz-c.pdf").write_bytes(b"%PDF-1.7")
    found = run(*words, "--booklet", "--fit-report")
    assert found.exit_code == 0
    note = next(line for line in found.stderr.splitlines() if "extra-output" in line)
    assert note == "out/rich: note[extra-output]: this file is of an earlier build: quiz-c.pdf"
    assert "extra-output" not in (made / "build.json").read_text("utf-8")
    only = run(*words, "--only", "planner")
    assert "this file is of an earlier build: planner-booklet.pdf\n" in only.stderr
    quiz = run(*words, "--only", "quiz", "-D", "documents.quiz.versions=1")
    note = next(line for line in quiz.stderr.splitlines() if "extra-output" in line)
    assert "these 7 files" in note and "quiz-a.pdf" in note and "quiz-c.pdf" in note
    assert "briefing" not in note and "quiz.pdf" not in note
    # What an error keeps from being made is still wanted: nobody is told to delete it.
    wrong = run(*words, "-D", "titel=T")
    assert wrong.exit_code == 1 and "extra-output" not in wrong.stderr
