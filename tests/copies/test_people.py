"""Who is the same person, what a refused command leaves behind, and who holds a lock."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from post_office import made_pdf

from guide.copies import locks
from guide.copies.ledger import Issue, Ledger, State, Wish
from guide.errors import GuideError
from guide.model.copies import Recipient

Run = Callable[..., Result]
WORDS = ("distribute", "report.pdf", "--to", "list.csv", "-o", "out")


@pytest.fixture
def send(run: Run, report_pdf: Path) -> Run:
    """Return a function that sends report.pdf to list.csv, into out/."""
    return lambda *words: run(*WORDS, "--send", *words)


def write(*rows: str, header: str = "name,email,ref", name: str = "list.csv") -> None:
    Path(name).write_text("\n".join([header, *rows]) + "\n", "utf-8")


def states(name: str = "list") -> dict[int, str]:
    with Ledger.read(Path(f"{name}.ledger.db")) as ledger:
        return {entry.number: str(entry.state) for entry in ledger.entries()}


PEOPLE = [f"P{n} Person,p{n}@example.org,R{n}" for n in range(1, 9)]


def given(version: str, rows: list[str], **more: Any) -> list[int]:
    """Record report.pdf as given to the people of some rows; return the numbers of their copies."""
    digest = hashlib.sha256(Path("report.pdf").read_bytes()).hexdigest()
    issue = Issue("A Report", "A Report", version, documents={"": digest}, file="report")
    listed = []
    for line, row in enumerate(rows, 2):
        name, email, ref = row.split(",")
        listed.append((Recipient(name=name, email=email, ref=ref, channel="folder"), line))
    with Ledger.begin(Path("list.ledger.db")) as ledger:
        plan = ledger.plan(Wish(issue, listed, **more))
        numbers = [entry.number for due in plan.due for entry in due.entries]
        ledger.record([{"number": number} for number in numbers], State.SENT)
    return numbers


@pytest.fixture
def every_state(send: Run, run: Run) -> None:
    """Two versions given out; of the second, copies 9 to 16, one copy in each state."""
    write(*PEOPLE)
    assert given("1", PEOPLE) == list(range(1, 9))
    Path("report.pdf").write_bytes(made_pdf(ballast=5))
    assert given("2", PEOPLE) == list(range(9, 17))
    with Ledger.begin(Path("list.ledger.db")) as ledger:
        for number, state in enumerate((State.PLANNED, State.MADE, State.FAILED, State.UNCERTAIN, State.RECALLED), 9):
            ledger.record([{"number": number}], state)
    assert run("ledger", "list.csv", "forget", "copy:14").exit_code == 0
    write(*PEOPLE[:5], *PEOPLE[6:])


REFUSED = [
    "--resend 15,99", "--resend 9-12,40", "--resend 99", "--resend 13", "--resend 14", "--resend 1", "--resend 16,1",
    "--resend channel:zip", "--resend recalled", "--resend 9-3", "--resend x", "--doc-version 3 --resend 15",
    "--doc-version 1", "--doc-version 3", "--mark-sent 99", "--mark-sent 12,99", "--mark-sent 13", "--mark-sent failed,13",
    "--mark-sent planned --resend 99", "--same 99=1", "--same 2=99", "--same 2=15,3=15", "--new 99", "--same 2=15 --new 2",
    "--sign report.pdf", "--channel remote", "--channel smtp", "--channel smtp --mark-sent 12", "--encrypt --mark-sent 12",
    "--kind x --channel nowhere", "--remote klingon://x --channel remote", "-o elsewhere", "--to bad.csv --ledger list.ledger.db",
    "--to bad.csv --ledger list.ledger.db --mark-sent 12", "--to strict.csv --ledger list.ledger.db --strict --mark-sent 12",
]  # fmt: skip


def test_a_refused_command_changes_nothing(every_state: None, run: Run) -> None:
    """Whatever is wrong, and in whatever state copies are: the ledger stays as it was, to the byte."""
    write("P1 Person,p1@example.org,R1", ",p2@example.org,", name="bad.csv")
    write("=P1,p1@example.org,R1", name="strict.csv")
    Path("elsewhere").mkdir()
    Path("elsewhere/manifest.json").write_text('{"copies": [{"copy_id": "00"}]}')
    ledger, folder = Path("list.ledger.db"), Path("out")
    before, files = ledger.read_bytes(), {p: p.read_bytes() for p in folder.glob("*")}

    def unchanged(*words: str, refused: bool = True) -> None:
        done = run(*words)
        assert (done.exit_code != 0 or not refused) and "internal" not in done.output, (words, done.output)
        assert ledger.read_bytes() == before, (words, done.output)
        assert {p: p.read_bytes() for p in folder.glob("*")} == files, words

    for asked in REFUSED:
        unchanged(*WORDS, *asked.split(), "--send")
        if "--mark-sent" not in asked:
            unchanged(*WORDS, *asked.split(), refused=False)
    for asked in ("recall 99", "recall 15 99", "forget Nobody", "forget person", "recall x"):
        unchanged("ledger", "list.csv", *asked.split())
    Path("report.pdf").write_bytes(made_pdf(ballast=9))
    unchanged(*WORDS, "--send")  # saved again, without a version
    unchanged(*WORDS, "--doc-version", "2", "--send", "--mark-sent", "12")
    unchanged(*WORDS, "--mark-sent", "12")
    Path("report.pdf").write_bytes(made_pdf(title="Something Else"))
    unchanged(*WORDS, "--doc-version", "3", "--send")


def test_what_was_refused_before_the_first_copy_leaves_no_ledger(send: Run, run: Run) -> None:
    """Neither an empty file, nor a lock, nor a folder."""
    write("Anna,,")
    for words in (("--resend", "5"), ("--same", "2=1"), ("--new", "9")):
        assert send(*words).exit_code == 1
    assert sorted(os.listdir()) == ["list.csv", "report.pdf"]


def test_one_ledger_has_one_lock_by_whatever_name(send: Run) -> None:
    """Through a symbolic link, a hard link, and a link to a folder: two runs cannot both send."""
    write("Anna,,")
    assert send().exit_code == 0
    ledger = Path("list.ledger.db")
    Path("soft.ledger.db").symlink_to(ledger)
    os.link(ledger, "hard.ledger.db")
    Path("folder").symlink_to(".")
    names = [ledger, Path("soft.ledger.db"), Path("hard.ledger.db"), Path("folder/list.ledger.db")]
    for held in names:
        with Ledger.begin(held):
            for other in names:
                with pytest.raises(GuideError) as raised:
                    Ledger.begin(other)
                assert raised.value.diagnostics[0].code == "ledger-locked"
            assert "error[ledger-locked]" in send("--ledger", str(names[1])).output
        Ledger.begin(names[2]).close()
    assert states() == {1: "sent"}


def test_two_runs_do_not_write_into_one_folder(send: Run) -> None:
    """Nor where the folder has another name; each list's ledger stays as it was."""
    write("Anna,,")
    write("Bert,,", name="other.csv")
    Path("out").mkdir()
    Path("link").symlink_to("out")
    with locks.folder(Path("out")):
        for name in ("out", "link"):
            done = send("-o", name)
            assert done.exit_code == 1 and "error[folder-locked]" in done.output
    assert not list(Path().glob("*.ledger.db"))
    assert send().exit_code == 0
    assert "error[folder-of-another]" in send("--to", "other.csv", "-o", "link").output


def test_the_places_of_links_stay_secret(send: Run) -> None:
    """After a run by folder, and without `--link-base`: files for the owner alone, addresses as they were."""
    write("Anna,,,link", "Bert,,,folder", header="name,email,ref,channel")
    assert send("--link-base", "https://files.example.org/b").exit_code == 0
    links = Path("out/links.csv").read_text()
    assert "https://files.example.org/b/" in links
    write("Anna,,,link", "Bert,,,folder", "Cora,,,folder", header="name,email,ref,channel")
    assert send().exit_code == 0
    assert Path("out/links.csv").read_text() == links
    Path("out/SHA256SUMS").chmod(0o644)
    write("Anna,,,folder", "Bert,,,folder", "Cora,,,folder", header="name,email,ref,channel")
    Path("report.pdf").write_bytes(made_pdf(ballast=5))
    assert send("--doc-version", "2").exit_code == 0
    assert "links/" in Path("out/SHA256SUMS").read_text()
    for name in ("links.csv", "manifest.json", "SHA256SUMS"):
        assert stat.S_IMODE(Path("out", name).stat().st_mode) == 0o600
    assert json.loads(Path("out/manifest.json").read_text())["ledger"]
