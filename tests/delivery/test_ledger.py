"""The ledger: numbers, people, versions, and files that are not what they should be."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import os
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest
from click.testing import Result
from hypothesis import given
from hypothesis import strategies as st

from guide.delivery import queries
from guide.delivery import ledger as ledgers
from guide.delivery.database import Ledger
from guide.delivery.ledger import Plan
from guide.delivery.records import Issue, State, Wish
from guide.delivery.records import Selection
from guide.diagnostics.diagnostic import GuideError
from guide.model.copies import Recipient

Run = Callable[..., Result]
ROOT = Path(__file__).parents[2]
ONE = Selection(((1, 1),))


def people(*rows: str) -> list[tuple[Recipient, int]]:
    """Return recipients from `name|email|organisation|ref|copies`."""
    found = []
    for line, row in enumerate(rows, 2):
        name, email, organisation, ref, copies = [*row.split("|"), "", "", "", ""][:5]
        found.append((Recipient(name=name, email=email, organisation=organisation, ref=ref,
                                copies=int(copies or 1), channel="folder"), line))  # fmt: skip
    return found


def planned(ledger: Ledger, issue: Issue, rows: list[tuple[Recipient, int]], **more: Any) -> Plan:
    """Return what is due to the people of a list."""
    return ledgers.plan(ledger, Wish(issue, rows, **more))


def deliver(ledger: Ledger, plan: Plan) -> list[int]:
    """Record everything that is due as sent; return the numbers."""
    numbers = [entry.number for due in plan.due for entry in due.entries]
    ledgers.record(ledger, [{"number": n} for n in numbers], State.SENDING)
    ledgers.record(ledger, [{"number": n} for n in numbers], State.SENT)
    return numbers


def run_of(path: Path, rows: list[tuple[Recipient, int]], version: str = "1.0") -> list[int]:
    with Ledger.begin(path) as ledger:
        return deliver(ledger, planned(ledger, Issue("pack/briefing", "T", version), rows))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a ledger is to be."""
    return tmp_path / "list.ledger.db"


def test_numbers_go_on_and_nobody_gets_two(path: Path) -> None:
    """The same list gives nothing; a new row a new number; a new version numbers that go on."""
    rows = people("Anna", "Bert||Office", "Cora|c@x.org|||2")
    assert run_of(path, rows) == [1, 2, 3, 4]
    assert run_of(path, rows) == []
    assert run_of(path, [*people("Dora"), *rows]) == [5]
    assert run_of(path, rows, "1.1") == [6, 7, 8, 9]
    with Ledger.read(path) as ledger:
        entries = queries.entries(ledger)
        assert [(e.number, e.supersedes) for e in entries[5:]] == [(6, 1), (7, 2), (8, 3), (9, 4)]
        assert entries[0].superseded_by == 6 and entries[4].superseded_by is None
        assert [e.total for e in entries] == [4, 4, 4, 4, 5, 0, 0, 0, 0]
        assert queries.find(ledger, entries[3].copy_id) == entries[3]
        assert queries.find(ledger, "0" * 32) is None
        assert len({e.copy_id for e in entries}) == len({e.secret for e in entries}) == 9
    with pytest.raises(GuideError) as raised:
        run_of(path, rows, "1.0")
    assert raised.value.diagnostics[0].code == "version-superseded"


@pytest.mark.parametrize(
    ("before", "after", "due"),
    [
        ("Anna|a@x.org|Office", "Anna|a@x.org|Another office", 0),
        ("Anna|a@x.org", "Anna Smith|a@x.org", 0),
        ("Anna|a@x.org|Office", "Anna|anna@x.org|Office", 0),
        ("Anna|A@X.ORG", "anna|a@x.org", 0),
        ("Anna|a@x.org||R1", "Somebody else|b@x.org||R1", 0),
        ("Anna|a@x.org||R1", "Anna|a@x.org||R2", 0),
        ("Anna", "Anna|a@x.org", 0),
        ("Anna", "Bert", 1),
        ("Anna|a@x.org", "Anna|a@x.org|||3", 2),
    ],
)
def test_who_is_the_same_person(before: str, after: str, due: int, path: Path) -> None:
    """A corrected row is the same person, and a ref alone does not make two of one."""
    run_of(path, people(before))
    assert len(run_of(path, people(after))) == due


def test_another_edition_for_who_has_one_is_said_and_not_sent(path: Path) -> None:
    """Until the user says so: then it is that edition."""
    short = [(who.model_copy(update={"edition": "short"}), line) for who, line in people("Anna")]
    run_of(path, people("Anna"))
    with Ledger.begin(path) as ledger:
        plan = planned(ledger, Issue("pack/briefing", "T", "1.0"), short)
        assert not plan.due and "edition `whole`" in plan.notes[0].message and "--resend 1" in plan.notes[0].hint
        (due,) = planned(ledger, Issue("pack/briefing", "T", "1.0"), short, resend=ONE).due
        assert due.entries[0].edition == "short"


def test_two_of_one_name_are_two_people(path: Path) -> None:
    """A second John Smith is new, whichever row comes first."""
    assert run_of(path, people("John|j1@x.org|Office")) == [1]
    assert run_of(path, people("John|j2@x.org|Office", "John|j1@x.org|Office")) == [2]
    assert run_of(path, people("John|j1@x.org|Office", "John|j2@x.org|Office")) == []


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(1, 3)), unique_by=lambda p: p[0], max_size=4),
       st.lists(st.tuples(st.sampled_from("abcd"), st.integers(1, 3)), unique_by=lambda p: p[0], max_size=4))  # fmt: skip
def test_whatever_lists_follow_each_other(first: list[tuple[str, int]], second: list[tuple[str, int]]) -> None:
    """Everybody has as many copies as any list asked for, and no number is given twice."""
    memory = Ledger.rehearse(Path("none-such.ledger.db"))
    numbers: list[int] = []
    for rows in (first, second, first):
        plan = planned(memory, Issue("s", "T", "1"), people(*(f"{n}||||{c}" for n, c in rows)))
        numbers += deliver(memory, plan)
    wanted = {n: max([c for m, c in [*first, *second] if m == n]) for n, _ in [*first, *second]}
    assert sorted(numbers) == list(range(1, sum(wanted.values()) + 1))
    for name, count in wanted.items():
        assert sum(e.name == name for e in queries.entries(memory)) == count
    memory.close()


def test_the_file_is_the_users_alone_from_its_first_moment(path: Path) -> None:
    """0600 whatever the umask; a wider mode is narrowed; the lock leaves nothing behind."""
    before = os.umask(0)
    try:
        with Ledger.begin(path):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            assert {stat.S_IMODE(p.stat().st_mode) for p in path.parent.iterdir()} == {0o600}
        assert not path.exists(), "nothing was written"
        run_of(path, people("Anna"))
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    finally:
        os.umask(before)
    path.chmod(0o644)
    Ledger.begin(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_a_clock_that_goes_back_does_not_change_the_order(path: Path) -> None:
    """Order is by sequence; times are what the clock said."""
    hours = iter(range(23, 0, -1))
    with Ledger.begin(path, lambda: dt.datetime(2026, 1, 1, next(hours), tzinfo=dt.UTC)) as ledger:
        deliver(ledger, planned(ledger, Issue("s", "T", "1"), people("Anna")))
        history = queries.history(ledger, 1)
        assert [event.state for event in history] == [State.PLANNED, State.SENDING, State.SENT]
        assert [e.sequence for e in history] == sorted(e.sequence for e in history)
        assert history[0].time > history[2].time
        assert queries.copy(ledger, 1).changed == history[2].time
        assert not planned(ledger, Issue("s", "T", "1"), people("Anna")).due


def test_what_was_begun_is_uncertain_or_done_again(path: Path) -> None:
    """`sending` on a channel that must not repeat itself is left to the user."""
    rows = people("Anna|a@x.org", "Bert|b@x.org")
    mailed = [(rows[0][0].model_copy(update={"channel": "smtp"}), 2), rows[1]]
    with Ledger.begin(path) as ledger:
        planned(ledger, Issue("s", "T", "1"), mailed, once={"smtp"})
        ledgers.record(ledger, [{"number": 1}, {"number": 2}], State.SENDING)
    with Ledger.begin(path) as ledger:
        plan = planned(ledger, Issue("s", "T", "1"), mailed, once={"smtp"})
        assert plan.uncertain == (1,)
        assert [e.number for due in plan.due for e in due.entries] == [2]
        again = planned(ledger, Issue("s", "T", "1"), mailed, once={"smtp"}, resend=ONE)
        assert [e.number for due in again.due for e in due.entries] == [1]
        assert len(planned(ledger, Issue("s", "T", "1"), mailed, once={"smtp"}).due) == 2


def test_a_document_that_changed_without_its_version(path: Path) -> None:
    """Refused, unless the user says that it does not matter."""
    rows = people("Anna")
    with Ledger.begin(path) as ledger:
        deliver(ledger, planned(ledger, Issue("s", "T", "1", documents={"": "aa"}), rows))
        with pytest.raises(GuideError) as raised:
            planned(ledger, Issue("s", "T", "1", documents={"": "bb"}), people("Anna", "Bert"))
        assert raised.value.diagnostics[0].code == "version-unchanged"
        again = planned(ledger, Issue("s", "T", "1", documents={"": "bb"}, same_version=True), people("Anna", "Bert"))
        assert [e.number for due in again.due for e in due.entries] == [2]


def test_another_documents_ledger_is_refused(path: Path) -> None:
    """With the way out."""
    run_of(path, people("Anna"))
    with Ledger.begin(path) as ledger, pytest.raises(GuideError) as raised:
        planned(ledger, Issue("other/briefing", "U", "1.0"), people("Anna"))
    (problem,) = raised.value.diagnostics
    assert problem.code == "ledger-of-another" and "--ledger" in problem.hint


def test_one_run_at_a_time_and_a_dead_ones_lock_is_free(path: Path) -> None:
    """A run that goes on keeps others out, one that was killed does not."""
    run_of(path, people("Anna"))
    code = f"from pathlib import Path; from guide.delivery.database import Ledger; import time; l = Ledger.begin(Path({str(path)!r})); print('has it', flush=True); time.sleep(60)"
    other = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert other.stdout is not None and other.stdout.readline()
    with pytest.raises(GuideError) as raised:
        Ledger.begin(path)
    assert raised.value.diagnostics[0].code == "ledger-locked"
    with Ledger.read(path) as reading:  # looking is allowed
        assert len(queries.entries(reading)) == 1
    other.kill()
    other.communicate()
    Ledger.begin(path).close()


def test_another_programs_lock_is_waited_for_and_then_reported(path: Path) -> None:
    """SQLite's own lock, held by somebody who looks at the file."""
    run_of(path, people("Anna"))
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("BEGIN EXCLUSIVE")
    started = time.monotonic()
    with pytest.raises(GuideError) as raised:
        run_of(path, people("Anna", "Bert"))
    assert raised.value.diagnostics[0].code == "ledger-locked"
    assert time.monotonic() - started < 20
    db.execute("ROLLBACK")
    db.close()
    assert run_of(path, people("Anna", "Bert")) == [2]


@pytest.mark.parametrize("spoil", ["text", "cut", "zeros", "foreign", "future", "folder", "page"])
def test_files_that_are_no_ledger(spoil: str, path: Path) -> None:
    """Each is a diagnostic, for a run and for a look, and the file stays as it was."""
    run_of(path, people(*(f"P{n}" for n in range(300))))
    data = bytearray(path.read_bytes())
    if spoil == "text":
        path.write_bytes(b"name,email\nAnna,a@x.org\n" * 50)
    elif spoil == "cut":
        path.write_bytes(data[: len(data) // 2])
    elif spoil == "zeros":
        path.write_bytes(bytes(len(data)))
    elif spoil == "page":
        data[8192:20480] = b"\xa5" * 12288
        path.write_bytes(data)
    elif spoil == "folder":
        path.unlink()
        path.mkdir()
    else:
        db = sqlite3.connect(path)
        db.execute("PRAGMA application_id = 1" if spoil == "foreign" else "PRAGMA user_version = 99")
        db.commit()
        db.close()
    before = None if spoil == "folder" else path.read_bytes()
    for act in (Ledger.begin, Ledger.read, Ledger.rehearse):
        with pytest.raises(GuideError) as raised:
            act(path)
        assert {d.code for d in raised.value.diagnostics} <= {"ledger-damaged", "cannot-write"}
    assert before is None or path.read_bytes() == before


def test_a_file_that_a_kill_left_empty_is_a_new_ledger(path: Path) -> None:
    """Killed between making the file and its first word."""
    path.touch(0o600)
    with Ledger.read(path) as ledger:
        assert queries.entries(ledger) == []
    assert run_of(path, people("Anna")) == [1]


def test_forgetting_removes_every_trace_and_keeps_the_numbers(path: Path, run: Run, tmp_path: Path) -> None:
    """No byte of the file holds the person any more."""
    rows = people("Zebedee Quux|zebedee@quux.example|Quuxotics|Q-77|2", "Anna|a@x.org")
    run_of(path, rows)
    with Ledger.begin(path) as ledger:
        ledgers.record(ledger, [{"number": 1}], State.FAILED, "550 <zebedee@quux.example> is unknown")
        files = ("r-copy-001-Zebedee-Quux.pdf", "r-copy-002.pdf")
        ledgers.record(ledger, [{"number": n, "file": file} for n, file in enumerate(files, 1)], State.SENT)
    done = run("ledger", "list.csv", "forget", "zebedee quux")
    assert done.exit_code == 0, done.output
    assert "1, 2" in done.output
    data = path.read_bytes().lower()
    for part in (b"zebedee", b"quux", b"q-77"):
        assert part not in data
    assert [p.name for p in tmp_path.glob("*ledger*")] == [path.name]
    with Ledger.read(path) as ledger:
        assert [(e.number, e.name, e.state) for e in queries.entries(ledger)] == [
            (1, "", "sent"), (2, "", "sent"), (3, "Anna", "sent")]  # fmt: skip
        assert [e.file for e in queries.entries(ledger)] == ["", "r-copy-002.pdf", ""]
    assert run_of(path, people("Anna|a@x.org", "Bert")) == [4]
    assert "error[unknown-person]" in run("ledger", "list.csv", "forget", "Zebedee Quux").output


def test_forgetting_needs_to_know_who(path: Path, run: Run) -> None:
    """Two of one name are told apart by address or by a copy's number."""
    run_of(path, people("John|j1@x.org", "John|j2@x.org", "Kim"))
    assert "error[ambiguous-person]" in run("ledger", "list.csv", "forget", "John").output
    assert run("ledger", "list.csv", "forget", "j2@x.org").exit_code == 0
    assert run("ledger", "forget", "3").exit_code == 0  # the only ledger here
    with Ledger.read(path) as ledger:
        assert [e.name for e in queries.entries(ledger)] == ["John", "", ""]


def test_recalled_copies_stay_recalled(path: Path, run: Run) -> None:
    """They are not sent, nor replaced, nor sent again."""
    run_of(path, people("Anna", "Bert"))
    assert run("ledger", "list.csv", "recall", "1", "2").exit_code == 0
    assert run_of(path, people("Anna", "Bert")) == []
    with Ledger.begin(path) as ledger, pytest.raises(GuideError):
        planned(ledger, Issue("pack/briefing", "T", "1.0"), people("Anna", "Bert"), resend=ONE)
    assert "error[unknown-copy]" in run("ledger", "list.csv", "recall", "9").output
    assert run("ledger", "list.csv", "recall", "x").exit_code == 2
    assert run("ledger", "list.csv", "explode").exit_code == 2


def test_showing_filtering_and_exporting(path: Path, run: Run, tmp_path: Path) -> None:
    """Table, CSV without formulas, JSON with history, and a list for printing."""
    run_of(path, people("Anna|a@x.org|Office", "=1+1|b@x.org|@SUM(A1)", "+49 30|c@x.org|-2", "עמית כהן", "李小龍"))
    run_of(path, people("Anna|a@x.org|Office"), "1.1")
    table = run("ledger", "list.csv")
    assert table.exit_code == 0 and "Anna" in table.stdout and "עמית כהן" in table.stdout
    assert run("ledger", "list.csv", "--version", "1.1").stdout.count("Anna") == 1
    assert "Anna" not in run("ledger", "list.csv", "--name", "כהן").stdout
    assert len(run("ledger", "list.csv", "--state", "failed").stdout.splitlines()) == 1
    rows = list(csv.DictReader(io.StringIO(run("ledger", path, "--csv").stdout)))
    assert [row["name"] for row in rows] == ["Anna", "'=1+1", "'+49 30", "עמית כהן", "李小龍", "Anna"]
    assert [row["organisation"] for row in rows][1:3] == ["'@SUM(A1)", "'-2"]
    data = json.loads(run("ledger", "list.csv", "--json").stdout)
    assert [e["state"] for e in data["copies"][0]["history"]] == ["planned", "sending", "sent"]
    assert data["versions"] == ["1.0", "1.1"]
    done = run("ledger", "list.csv", "--pdf", "distribution-list.pdf")
    assert done.exit_code == 0, done.output
    with pypdfium2.PdfDocument(tmp_path / "distribution-list.pdf") as pdf:
        text = "".join(page.get_textpage().get_text_range() for page in pdf)
    assert "Anna" in text and "@SUM(A1)" in text and "6 copies" in text
    assert text.count("sent 20") == 6, "dates are in one piece"
    with pikepdf.open(tmp_path / "distribution-list.pdf") as pdf:
        fonts = {str(thing.get("/BaseFont")) for thing in pdf.objects if isinstance(thing, pikepdf.Dictionary)}
    assert any("Noto-Sans" in name for name in fonts), "a name in Chinese is no row of boxes"
    assert run("ledger", "list.csv", "--pdf", "list.csv").exit_code == 2
    assert "error[no-ledger]" in run("ledger", "other.csv").output
