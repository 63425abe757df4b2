"""The command: what it shows, what it makes, and how it stops."""

from __future__ import annotations

import contextlib
import csv
import errno
import hashlib
import io
import json
import os
import random
import re
import resource
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pikepdf
import pypdfium2
import pytest
from click.testing import Result
from driver import Driver, state
from post_office import made_pdf

from guide.delivery import queries
from guide.delivery.database import Ledger

Run = Callable[..., Result]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes list.csv."""

    def written(*rows: str, header: str = "name", name: str = "list.csv") -> Path:
        (tmp_path / name).write_text("\n".join([header, *rows]) + "\n", "utf-8")
        return tmp_path / name

    return written


@pytest.fixture
def send(run: Run, report_pdf: Path, tmp_path: Path) -> Run:
    """Return a function that sends report.pdf to list.csv, into tmp_path/out."""
    return lambda *words: run("distribute", report_pdf, "--to", "list.csv", "-o", tmp_path / "out", "--send", *words)


def files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def sums(folder: Path) -> dict[str, str]:
    """Return SHA256SUMS after checking it as sha256sum does."""
    found = dict(line.split("  ", 1)[::-1] for line in (folder / "SHA256SUMS").read_text("utf-8").splitlines())
    for name, digest in found.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    return found


def test_without_send_nothing_is_written(run: Run, small_pack: Path, write: Callable[..., Path], tmp_path: Path) -> None:
    """It shows who would get what by which channel; the disk stays as it was."""
    write("Anna,folder,", "Bert,zip,short", "Cora,link,", header="name,channel,edition")
    before = files(tmp_path)
    done = run("distribute", small_pack, "--to", "list.csv")
    assert done.exit_code == 0, done.output
    for row in (r"1\s+Anna\s+folder", r"2\s+Bert\s+zip\s+short", r"3\s+Cora\s+link"):
        assert re.search(row, done.stdout)
    assert "A Small Pack, version 1.0: 3 copies for 3 recipients" in done.stderr
    assert files(tmp_path) == before
    data = json.loads(run("distribute", small_pack, "--to", "list.csv", "--json").stdout)
    assert [(c["number"], c["name"], c["channel"]) for c in data["copies"]] == [
        (1, "Anna", "folder"), (2, "Bert", "zip"), (3, "Cora", "link")]  # fmt: skip


def test_a_pack_to_folder_zip_and_links(run: Run, small_pack: Path, write: Callable[..., Path], tmp_path: Path) -> None:
    """Copies land below build/PACK/copies; records name nobody; sums are right."""
    write("Anna Quux,folder,,1", "Bert Quux,zip,short,2", "Cora Quux,link,,1", header="name,channel,edition,copies")
    words = ("distribute", small_pack, "--to", "list.csv", "--link-base", "https://files.example.org/b/", "--jobs", "1")
    done = run(*words, "--send")
    assert done.exit_code == 0, done.output
    out = tmp_path / "build" / "small" / "copies"
    found = files(out)
    (link,) = [name for name in found if name.startswith("links/") and name.endswith(".pdf")]
    assert set(found) == {
        "small-1.0-copy-001.pdf", "small-1.0-short-copy-002-003.zip", link, "links/index.html",
        "links.csv", "SHA256SUMS", "manifest.json",
    }  # fmt: skip
    assert re.fullmatch(r"links/[\w-]{32}/small-1\.0-copy-004\.pdf", link)
    assert set(sums(out)) == {n for n in found if n.endswith((".pdf", ".zip"))}
    packed = zipfile.ZipFile(io.BytesIO(found["small-1.0-short-copy-002-003.zip"]))
    assert packed.namelist() == ["small-1.0-short-copy-002.pdf", "small-1.0-short-copy-003.pdf"]
    assert packed.testzip() is None
    for data in (found["small-1.0-copy-001.pdf"], packed.read("small-1.0-short-copy-003.pdf"), found[link]):
        with pikepdf.open(io.BytesIO(data)) as pdf:
            assert len(pdf.pages) > 2
    (row,) = csv.DictReader(io.StringIO(found["links.csv"].decode()))
    assert row == {"number": "4", "link": f"https://files.example.org/b/{link.removeprefix('links/')}"}
    assert {(out / n).stat().st_mode & 0o777 for n in ("links.csv", "manifest.json", "SHA256SUMS")} == {0o600}
    said = (found["manifest.json"] + found["SHA256SUMS"] + found["links.csv"]).decode() + " ".join(found)
    assert "Quux" not in said + done.output
    manifest = json.loads(found["manifest.json"])
    assert [c["state"] for c in manifest["copies"]] == ["sent"] * 4
    assert manifest["copies"][0]["sha256"] == hashlib.sha256(found["small-1.0-copy-001.pdf"]).hexdigest()
    with Ledger.read(tmp_path / "list.ledger.db") as ledger:
        documents = [entry.document for entry in queries.entries(ledger)]
    assert all(re.fullmatch("[0-9a-f]{64}", each) for each in documents)
    assert documents[0] == documents[3] != documents[1] == documents[2]
    again = run(*words, "--send")
    assert again.exit_code == 0 and "nothing to send" in again.output
    assert files(out) == found


def test_one_document_of_a_kind_that_makes_several(run: Run, small_pack: Path, write: Callable[..., Path], tmp_path: Path) -> None:
    """Which one is never guessed; `quiz` alone deals the versions round, see test_classes.py."""
    write("Anna")
    words = ("distribute", small_pack, "--to", "list.csv", "--jobs", "1", "-D", "documents.quiz.versions=2", "--send", "-o", "out")
    for kind, hint in (("quiz-z", "--kind quiz-a"), ("quis", "did you mean `quiz`")):
        done = run(*words, "--kind", kind)
        assert done.exit_code == 1 and "error[unknown-kind]" in done.output and hint in done.output, done.output
    assert not (tmp_path / "list.ledger.db").exists()
    assert run(*words, "--kind", "quiz-b").exit_code == 0
    assert (tmp_path / "out" / "small-quiz-b-1.0-copy-001.pdf").is_file()


def test_a_new_version_supersedes(run: Run, small_pack: Path, write: Callable[..., Path], tmp_path: Path) -> None:
    """Numbers go on; a changed document needs a new version."""
    write("Anna", "Bert")
    words = ("distribute", small_pack, "--to", "list.csv", "-o", "out", "--send", "--jobs", "1")
    assert run(*words).exit_code == 0
    (small_pack / "glossary.yaml").write_text("- {term: Another, definition: It changed., sources: [k1]}\n", "utf-8")
    done = run(*words)
    assert done.exit_code == 1 and "error[version-unchanged]" in done.output
    write("Anna", "Bert", "Cora")
    assert run(*words, "--same-version").exit_code == 0
    pack = small_pack / "pack.yaml"
    pack.write_text(pack.read_text("utf-8") + 'version: "1.1"\nsupersedes: the draft\n', "utf-8")
    assert run(*words).exit_code == 0
    with Ledger.read(tmp_path / "list.ledger.db") as ledger:
        assert [(e.number, e.version, e.supersedes) for e in queries.entries(ledger)] == [
            (1, "1.0", None), (2, "1.0", None), (3, "1.0", None), (4, "1.1", 1), (5, "1.1", 2), (6, "1.1", 3)]  # fmt: skip
    assert set(sums(tmp_path / "out")) == {
        f"small-{v}-copy-{n:03d}.pdf" for v, n in (("1.0", 1), ("1.0", 2), ("1.0", 3), ("1.1", 4), ("1.1", 5), ("1.1", 6))}  # fmt: skip
    for version, number, said in (("1.0", 1, "Copy 1 of 2 · Anna"), ("1.0", 3, "Copy 3 of 3 · Cora"), ("1.1", 5, "Copy 5 · Bert")):
        pages = pypdfium2.PdfDocument(tmp_path / "out" / f"small-{version}-copy-{number:03d}.pdf")
        assert all(said in page.get_textpage().get_text_range() for page in pages)
    found = run("verify", tmp_path / "out" / "small-1.1-copy-005.pdf", "--to", "list.csv")
    assert found.exit_code == 0 and re.search(r" 5, Bert\n", found.output), found.output


def test_another_document_needs_another_ledger(send: Run, report_pdf: Path, write: Callable[..., Path]) -> None:
    """The list of one report is not that of the next, unless its ledger is another."""
    write("Anna")
    assert send().exit_code == 0
    report_pdf.write_bytes(made_pdf(title="Something Else"))
    done = send()
    assert done.exit_code == 1 and "error[ledger-of-another]" in done.output
    assert send("--ledger", "other.ledger.db", "-o", "other").exit_code == 0


def test_two_lists_do_not_share_a_folder(run: Run, report_pdf: Path, write: Callable[..., Path], tmp_path: Path) -> None:
    """Their copies have the same names: one person's would be written over another's."""
    write("Anna")
    write("Bert", name="students.csv")
    words = ("distribute", report_pdf, "-o", "out", "--to")
    assert run(*words, "list.csv", "--send").exit_code == 0
    before = files(tmp_path / "out")
    for more in ((), ("--send",)):
        done = run(*words, "students.csv", *more)
        assert done.exit_code == 1 and "error[folder-of-another]" in done.output and "-o out-students" in done.output
    assert files(tmp_path / "out") == before
    assert run(*words[:2], "--to", "students.csv", "-o", "out-students", "--send").exit_code == 0
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "manifest.json").write_text('{"name": "an app"}')
    done = run(*words[:2], "--to", "list.csv", "-o", "web", "--send")
    assert "error[folder-of-another]" in done.output
    assert [p.name for p in (tmp_path / "web").iterdir()] == ["manifest.json"]


def test_limit_resend_and_mark_sent(send: Run, write: Callable[..., Path], tmp_path: Path) -> None:
    """A few at a time; one again; numbers that are not there."""
    write("Anna", "Bert", "Cora")
    assert send("--limit", "2").exit_code == 0
    assert len(sums(tmp_path / "out")) == 2
    (tmp_path / "out" / "report-copy-001.pdf").unlink()
    assert send("--resend", "1").exit_code == 0
    assert set(sums(tmp_path / "out")) == {"report-copy-001.pdf", "report-copy-002.pdf"}
    assert send("--mark-sent", "3").exit_code == 0
    assert not (tmp_path / "out" / "report-copy-003.pdf").exists()
    for words in (("--resend", "9"), ("--mark-sent", "9")):
        done = send(*words)
        assert done.exit_code == 1 and "error[unknown-copy]" in done.output
    assert send("--resend", "x").exit_code == 2


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "a/b\\c:d", "CON", "nul.", "x" * 300, "...", "Ünïcode Ñame", "עמית כהן", "a\u200db", "$(reboot) `id` ;|&", "İİ"],
)
def test_names_in_file_names_lead_nowhere(name: str, send: Run, write: Callable[..., Path], tmp_path: Path) -> None:
    """One file, in the folder, with a name that every system takes."""
    write(f'"{name}"', name.upper() if name.isascii() else "Anna", header="name")
    done = send("--names-in-filenames")
    if done.exit_code:  # both rows are the same person then
        assert "duplicate-recipient" in done.output
        write(f'"{name}"')
        assert send("--names-in-filenames").exit_code == 0
    made = [p for p in files(tmp_path / "out") if p.endswith(".pdf")]
    assert len({p.casefold() for p in made}) == len(made) >= 1
    for path in made:
        assert "/" not in path and not re.search(r'[<>:"\\|?*\s\x00-\x1f]', path)
        assert len(path.encode()) < 200 and re.match(r"report-copy-\d{3}", path)
    assert len(sums(tmp_path / "out")) == len(made)


def test_the_list_is_wrong_and_nothing_is_sent(send: Run, write: Callable[..., Path], tmp_path: Path) -> None:
    """One wrong row stops all; a warning stops a strict run."""
    write("Anna,1", "Bert,0", header="name,copies")
    assert send().exit_code == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["list.csv", "report.pdf"]
    write("Anna", "=Bert")
    done = send("--strict")
    assert not (tmp_path / "out").exists() and "warning[formula-in-list]" in done.output
    assert send().exit_code == 0


def test_a_wrong_row_is_not_told_as_a_person_who_is_gone(send: Run, write: Callable[..., Path]) -> None:
    """What is said of people comes from the whole list: Bert is in it, and Carl is not asked about."""
    write("Anna,1,a@example.org", "Bert,1,b@example.org", header="name,copies,email")
    assert send().exit_code == 0
    write("Anna,1,a@example.org", "Bert,0,b@example.org", "Carl,1,c@example.org", header="name,copies,email")
    done = send()
    assert done.exit_code == 1 and "list.csv:3:6: error[" in done.output
    assert not re.search("person-removed|unclear-person|withdraw|--same", done.output)
    write("Anna,1,a@example.org", header="name,copies,email")
    assert "note[person-removed]: copy 2" in send().output


def test_without_send_the_seal_is_looked_at_too(run: Run, report_pdf: Path, small_pack: Path, write: Callable[..., Path], tmp_path: Path) -> None:
    """A key that cannot sign, and what contradicts, are known before anything is typeset."""
    write("Anna")
    (tmp_path / "key.p12").write_bytes(b"no key")
    for source in (report_pdf, small_pack):
        done = run("distribute", source, "--to", "list.csv", "--sign", "key.p12")
        assert done.exit_code == 1 and "error[bad-key]" in done.output
        done = run("distribute", source, "--to", "list.csv", "--sign", "key.p12", "--visible", "--detached")
        assert done.exit_code == 1 and "error[seal-contradiction]" in done.output


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"", "not-a-pdf"), (b"%PDF-1.7\nrubbish", "not-a-pdf"), (b"name\nAnna\n", "not-a-pdf")],
)
def test_files_that_are_no_pdf(data: bytes, code: str, send: Run, report_pdf: Path, write: Callable[..., Path]) -> None:
    """A diagnostic with the file's name."""
    write("Anna")
    report_pdf.write_bytes(data)
    done = send()
    assert done.exit_code == 1 and f"report.pdf: error[{code}]" in done.output


def test_protected_and_signed_pdfs_are_refused(send: Run, report_pdf: Path, write: Callable[..., Path]) -> None:
    """Before anything is made."""
    write("Anna")
    with pikepdf.open(io.BytesIO(made_pdf())) as pdf:
        pdf.save(report_pdf, encryption=pikepdf.Encryption(owner="o", user="u"))
    assert "error[locked-pdf]" in send().output
    with pikepdf.open(io.BytesIO(made_pdf())) as pdf:
        pdf.save(report_pdf, encryption=pikepdf.Encryption(owner="o", user=""))
    assert "error[locked-pdf]" in send().output
    with pikepdf.open(io.BytesIO(made_pdf())) as pdf:
        value = pikepdf.Dictionary(Type=pikepdf.Name.Sig, Contents=pikepdf.String("0"))
        field = pikepdf.Dictionary(FT=pikepdf.Name.Sig, T=pikepdf.String("S"), V=value)
        pdf.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array([field]))
        pdf.save(report_pdf)
    assert "error[signed-pdf]" in send().output


def test_remote_storage(send: Run, write: Callable[..., Path], tmp_path: Path) -> None:
    """fsspec's local and memory file systems; a scheme that nobody knows is explained."""
    import fsspec

    write("Anna", "Bert")
    assert send("--channel", "remote", "--remote", f"file://{tmp_path}/store", "--ledger", "a.ledger.db", "-o", "a").exit_code == 0
    assert {p.name for p in (tmp_path / "store").iterdir()} == {
        "report-copy-001.pdf", "report-copy-002.pdf", ".guide-ledger.json"}  # fmt: skip
    for more in (("--ledger", "b.ledger.db"), ("--to", "others.csv")):  # the numbers begin at 1 there, too
        write("Cora", name="others.csv")
        before = files(tmp_path / "store")
        done = send("--channel", "remote", "--remote", f"file://{tmp_path}/store", "-o", "b", *more)
        assert done.exit_code == 1 and "error[folder-of-another]" in done.output
        assert files(tmp_path / "store") == before and not (tmp_path / "b.ledger.db").exists()
    assert send("--channel", "remote", "--remote", "memory://box/in", "--ledger", "b.ledger.db", "-o", "b").exit_code == 0
    memory = fsspec.filesystem("memory")
    with pikepdf.open(io.BytesIO(memory.cat_file("/box/in/report-copy-002.pdf"))) as pdf:
        assert len(pdf.pages) == 2
    for words in (("--remote", "klingon://x"), ()):
        done = send("--channel", "remote", *words, "--ledger", "c.ledger.db")
        assert done.exit_code == 1 and "error[bad-remote]" in done.output
    memory.rm("/box", recursive=True)


def _process(folder: Path, *words: str, limit: int = 0, **variables: str) -> subprocess.CompletedProcess[str]:
    def bounded() -> None:
        if limit:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]), **variables}
    return subprocess.run([sys.executable, "-m", "guide", "distribute", *words], cwd=folder, env=env,
                          capture_output=True, text=True, timeout=120, preexec_fn=bounded)  # fmt: skip


def test_a_full_disk_stops_with_a_remedy_and_goes_on_later(report_pdf: Path, write: Callable[..., Path], tmp_path: Path) -> None:
    """No room for a copy, then none for the ledger; with room again everybody gets one."""
    report_pdf.write_bytes(made_pdf(ballast=600_000))
    write(*(f"P{n}" for n in range(120)))
    words = ("report.pdf", "--to", "list.csv", "-o", "out", "--send")
    for limit in (300_000, 20_000):
        done = _process(tmp_path, *words, limit=limit)
        assert done.returncode == 1
        assert "error[cannot-write]" in done.stderr and "internal" not in done.stderr, done.stderr
        assert not [p for p in files(tmp_path) if p.endswith(".pdf") and p != "report.pdf"]
        assert not list((tmp_path / "out").glob(".guide-part*"))
    done = _process(tmp_path, *words)
    assert done.returncode == 0, done.stderr
    assert len(sums(tmp_path / "out")) == 120


def test_a_disk_that_fills_up_between_two_copies(
    send: Run, write: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who is recorded as served has the file; the records tell so at once; the others get theirs later."""
    write(*(f"P{n}" for n in range(12)))
    real, left = os.fdopen, [5]

    @contextlib.contextmanager
    def scarce(handle: int, *words: Any, **more: Any) -> Iterator[Any]:
        def write(data: bytes) -> int:
            if data.startswith(b"%PDF-"):
                left[0] -= 1
                if left[0] < 0:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return stream.write(data)

        with real(handle, *words, **more) as stream:
            yield SimpleNamespace(write=write)

    monkeypatch.setattr("guide.system.output.os.fdopen", scarce)
    done = send()
    monkeypatch.undo()
    assert done.exit_code == 1 and "error[cannot-write]" in done.output
    assert "5 sent" in done.output
    with Ledger.read(tmp_path / "list.ledger.db") as ledger:
        served = {e.file for e in queries.entries(ledger, state="sent")}
    assert served == {f"report-copy-{n:03d}.pdf" for n in range(1, 6)} == set(sums(tmp_path / "out"))
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text("utf-8"))
    assert [c["state"] for c in manifest["copies"]].count("sent") == 5
    assert not list((tmp_path / "out").glob(".guide-part*"))
    monkeypatch.chdir(tmp_path)
    assert send().exit_code == 0
    assert len(sums(tmp_path / "out")) == 12


def test_folders_that_cannot_be_written(send: Run, run: Run, report_pdf: Path, write: Callable[..., Path], tmp_path: Path) -> None:
    """A file where the folder should be, and a disk that takes nothing: found before anything is sent."""
    write("Anna")
    (tmp_path / "out").write_text("a file", "utf-8")
    done = send()
    assert done.exit_code == 1 and "error[cannot-write]" in done.output
    done = run("distribute", report_pdf, "--to", "list.csv", "-o", "/proc/guide", "--send")
    assert done.exit_code == 1 and "error[cannot-write]" in done.output
    done = run("distribute", report_pdf, "--to", "list.csv", "--ledger", "/proc/x.ledger.db", "--send")
    assert done.exit_code == 1 and "error[cannot-write]" in done.output
    done = run("distribute", report_pdf, "--to", "no-such.csv")
    assert done.exit_code == 1 and "error[unreadable-file]" in done.output


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder(send: Run, write: Callable[..., Path], tmp_path: Path) -> None:
    """The ledger cannot stand beside the list."""
    write("Anna")
    tmp_path.chmod(0o500)
    done = send()
    tmp_path.chmod(0o700)
    assert done.exit_code == 1 and "error[cannot-write]" in done.output


def test_killed_in_a_send_to_a_folder(report_pdf: Path, write: Callable[..., Path], tmp_path: Path) -> None:
    """Run again, it completes: each copy is there once, whole, and as recorded."""
    report_pdf.write_bytes(made_pdf(ballast=300_000))
    write(*(f"P{n}" for n in range(60)))
    chance, driver, out = random.Random(7), Driver(), tmp_path / "out"
    words = ["distribute", report_pdf, "--to", tmp_path / "list.csv", "-o", out, "--send"]
    for _ in range(4):
        pid, before = driver.start(words, {}, tmp_path / "said"), len(list(out.glob("*.pdf")))
        while len(list(out.glob("*.pdf"))) < before + 2 and state(pid) != "Z":
            time.sleep(0.005)
        time.sleep(chance.random() * 0.15)
        os.kill(pid, signal.SIGKILL)
        driver.ended(pid)
    driver.close()
    time.sleep(0.3)  # workers see that their parent is gone
    done = _process(tmp_path, "report.pdf", "--to", "list.csv", "-o", "out", "--send")
    assert done.returncode == 0, done.stderr
    found = sums(tmp_path / "out")
    assert set(found) == {f"report-copy-{n:03d}.pdf" for n in range(1, 61)}
    with Ledger.read(tmp_path / "list.ledger.db") as ledger:
        assert {e.file: e.digest for e in queries.entries(ledger)} == found
        assert {str(e.state) for e in queries.entries(ledger)} == {"sent"}


def test_help_has_examples_and_answers_at_once(run: Run) -> None:
    """Both commands explain themselves."""
    for name in ("distribute", "ledger"):
        done = run(name, "--help")
        assert done.exit_code == 0 and "Examples:" in done.output and f"guide {name} " in done.output
    assert run("distribute", "x.pdf").exit_code == 2


@pytest.mark.parametrize("paper", ["a4", "a5"])
def test_labels_set_while_the_document_is_typeset(
    paper: str, run: Run, small_pack: Path, write: Callable[..., Path], tmp_path: Path
) -> None:
    """Each copy has its own number and name, and is the same when it is made again alone."""
    people = [f"Person {n:02d}" for n in range(1, 61)]
    write(*people)
    words = ("distribute", small_pack, "--to", "list.csv", "--send", "-o", "out", "--jobs", "2",
             "-D", f"documents.briefing.paper={paper}")  # fmt: skip
    said = run(*words)
    assert said.exit_code == 0, said.output
    made = files(tmp_path / "out")
    for number, name in enumerate(people, 1):
        data = next(data for path, data in made.items() if path.endswith(f"copy-{number:03d}.pdf"))
        document = pypdfium2.PdfDocument(data)
        assert f"Copy {number} of 60 · {name}" in document[1].get_textpage().get_text_range()
        document.close()
    seventh = next(path for path in made if path.endswith("copy-007.pdf"))
    (tmp_path / "out" / seventh).unlink()
    said = run(*words, "--resend", "7")
    assert said.exit_code == 0, said.output
    assert files(tmp_path / "out")[seventh] == made[seventh]
