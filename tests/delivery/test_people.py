"""Who is the same person, what a refused command leaves behind, and who holds a lock."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import os
import re
import sqlite3
import stat
import weakref
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from post_office import made_pdf

from guide.system import output
from guide.delivery import locks
from guide.delivery import recipe as parcels
from guide.delivery.channels import registry
from guide.delivery.channels.base import Channel, File, Parcel
from guide.delivery.channels.folder import Folder, Zip
from guide.delivery.document import editions, look_at
from guide.delivery import queries
from guide.delivery import ledger as ledgers
from guide.delivery.database import Ledger
from guide.delivery.ledger import ledger_of
from guide.delivery.orders import Recipe
from guide.delivery.recipients import Row
from guide.delivery.request import Request, Task
from guide.delivery.records import Due, Issue, Selection, State, Wish, selection
from guide.diagnostics.diagnostic import GuideError
from guide.foreign.apart import RealTime
from guide.model.copies import Recipient, Signature

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
        return {entry.number: str(entry.state) for entry in queries.entries(ledger)}


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
        plan = ledgers.plan(ledger, Wish(issue, listed, **more))
        numbers = [entry.number for due in plan.due for entry in due.entries]
        ledgers.record(ledger, [{"number": number} for number in numbers], State.SENT)
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
            ledgers.record(ledger, [{"number": number}], state)
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
    given("", ["Anna,,"])
    ledger = Path("list.ledger.db")
    Path("soft.ledger.db").symlink_to(ledger)
    os.link(ledger, "hard.ledger.db")
    Path("folder").symlink_to(".")
    Path("box").mkdir()
    Path("box/list.csv").symlink_to("../list.csv")
    assert ledger_of(Path("box/list.csv")).samefile(ledger), "a link to the list has its ledger"
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


def test_a_question_in_a_whole_run(send: Run, run: Run) -> None:
    """The successor at an office's address is asked about, the new one gets a copy, and the answer is kept."""
    write("Anna,office@x.org,", "Ben,b@x.org,")
    given("", ["Anna,office@x.org,", "Ben,b@x.org,"])
    write("Clara,office@x.org,", "Anna,anna.adler@x.org,", "Ben,b@x.org,", "Dora,d@x.org,")
    looked = run(*WORDS)
    assert looked.exit_code == 1 and looked.output.count("error[unclear-person]") == 2 and "Dora" in looked.output
    assert states() == {1: "sent", 2: "sent"}
    done = send()
    assert done.exit_code == 1 and "list.csv:2:1: error[unclear-person]" in done.output and "1 sent" in done.output
    assert states() == {1: "sent", 2: "sent", 3: "sent"}
    done = send("--same", "3=1", "--new", "2", "--resend", "3")
    assert done.exit_code == 0 and "1 sent" in done.output
    assert "1 copy for 4 recipients; 3 copies were sent before" in run(*WORDS, "--new", "2").output


def test_the_places_of_links_stay_secret(send: Run) -> None:
    """After a run by folder, and without `--link-base`: files for the owner alone, addresses as they were."""
    write("Anna,,,link", "Bert,,,folder", header="name,email,ref,channel")
    assert send("--link-base", "https://files.example.org/b").exit_code == 0
    links = Path("out/links.csv").read_text()
    assert "https://files.example.org/b/" in links
    Path("out/SHA256SUMS").chmod(0o644)
    write("Anna,,,folder", "Bert,,,folder", header="name,email,ref,channel")
    assert send().exit_code == 0  # nothing is due
    assert Path("out/links.csv").read_text() == links and "links/" in Path("out/SHA256SUMS").read_text()
    for name in ("links.csv", "manifest.json", "SHA256SUMS"):
        assert stat.S_IMODE(Path("out", name).stat().st_mode) == 0o600
    assert json.loads(Path("out/manifest.json").read_text())["ledger"]


# Who is the same person -----------------------------------------------------------------------


def listed(rows: list[str], channel: str = "smtp") -> list[tuple[Recipient, int]]:
    """Return recipients from `name|email|organisation|ref|copies`, with lines from 2."""
    found = []
    for line, row in enumerate(rows, 2):
        name, email, organisation, ref, copies = [*row.split("|"), "", "", "", ""][:5]
        found.append((Recipient(name=name, email=email, organisation=organisation, ref=ref, copies=int(copies or 1),
                                channel=channel), line))  # fmt: skip
    return found


class Book:
    """A ledger in memory, of one document."""

    def __init__(self) -> None:
        self.ledger = Ledger.rehearse(Path("none-such.ledger.db"))
        self.notes: list[str] = []
        self.hints = ""

    def give(self, rows: list[str], version: str = "1", **more: Any) -> tuple[dict[int, list[int]], list[int]]:
        """Give out what is due; return the copies by line, and the lines that are asked about."""
        plan = ledgers.plan(self.ledger, Wish(Issue("s", "T", version), listed(rows), "list.csv", once={"smtp"}, **more))
        due = {d.line: [e.number for e in d.entries] for d in plan.due}
        for numbers in due.values():
            ledgers.record(self.ledger, [{"number": number} for number in numbers], State.SENT)
        self.notes = [each.code for each in plan.notes]
        self.hints = " ".join(each.hint for each in plan.questions)
        return due, [each.place.line for each in plan.questions]


SAME = ({}, [])
ANNA, BEN = "Anna Adler|anna@x.org|HQ|R1", "Ben Berg|ben@x.org|HQ|R2"


@pytest.mark.parametrize(
    ("before", "after", "due", "asked"),
    [
        (["Anna|a@x.org||0012", "Ben|b@x.org||0013"], ["Anna|a@x.org||12", "Ben|b@x.org||13.0"], {}, []),
        (["Anna|||0012"], ["Anna|||12"], {}, []),
        ([ANNA, BEN], ["Anna Adler|anna@x.org|HQ|R2", "Ben Berg|ben@x.org|HQ|R3"], {}, []),  # a column that slipped
        ([ANNA, BEN], [BEN, ANNA], {}, []),
        (["Jane Smith|j@x.org"], ["Jane\u00a0 Smith|J@X.ORG"], {}, []),
        (["Jos\u00e9|j@x.org"], ["Jose\u0301|k@x.org"], {}, []),
        (["Anna Meier|a@x.org"], ["Anna Meyer|a@x.org"], {}, []),
        (["Anna Meier|anna.meier@x.org"], ["Anna Schmidt|anna.meier@x.org"], {}, []),
        (["Anna Meier|info@x.org"], ["Clara Weber|info@x.org"], {}, [2]),
        (["Anna||", "Ben||"], ["Anna||", "Cora||"], {3: [3]}, []),
        ([ANNA], ["Anna Weber|anna.weber@y.org|Field|R1"], {}, [2]),
        ([ANNA], ["Cora Costa|cora@x.org|HQ|R1"], {}, [2]),
        ([ANNA, BEN], [BEN, "Cora Costa|cora@x.org|HQ|R9"], {3: [3]}, []),  # one left, another came
        ([ANNA], ["Cora Costa|cora@x.org|HQ|"], {}, [2]),  # all at once, or another
        ([ANNA], ["Cora Costa|anna.new@x.org|HQ|R9"], {}, [2]), ([ANNA], ["Anne Adler|cora@x.org|HQ|R9"], {}, [2]),
        (["Anna|office@x.org|HQ||2"], ["Clara|office@x.org|HQ", "Anna|anna.adler@x.org|HQ||2"], {}, [2, 3]),
        (["Anna|office@x.org|HQ|R1"], ["Clara|office@x.org|HQ|R2", "Anna|anna.adler@x.org|HQ|R1"], {2: [2]}, []),
        (["Anna|office@x.org", "Ben|office@x.org"], ["Ben|office@x.org", "Anna|office@x.org", "Dora|office@x.org"], {4: [3]}, []),
        (["Anna|anna@x.org"], ["Anna Meier|anna.meier@other.org"], {}, [2]),
        (["John|j1@x.org", "John|j2@x.org"], ["John|j3@x.org"], {}, [2]),
        (["John|j1@x.org"], ["John|j2@x.org", "Jon|j1@x.org"], {}, [2, 3]),
        (["John|o@x.org||1", "John|o@x.org||2"], ["John|o@x.org||2", "John|o@x.org||1"], {}, []),
        (["Anna|a@x.org|HQ"], ["Anna|b@x.org|Field"], {}, [2]),
        (["Anna|a@x.org|HQ"], ["Anna||HQ"], {}, []),
        (["Anna||HQ"], ["Anna||Field"], {}, [2]),
        (["Room 12|house@x.org"], ["Room 13|house@x.org"], {}, [2]),
    ],
)
def test_who_is_one_person(before: list[str], after: list[str], due: dict[int, list[int]], asked: list[int]) -> None:
    """Two of name, address and ref are enough; where they disagree, nothing is sent and the row is named."""
    book = Book()
    book.give(before)
    assert book.give(after) == (due, asked)
    assert book.give(after) == ({}, asked), "and so it stays"
    for line in asked:
        assert f"`--new {line}`" in book.hints and f"--same {line}=" in book.hints


def test_each_correction_is_taken_over() -> None:
    """The name in one run, the address in the next, then the ref, and back: one person all along."""
    book = Book()
    assert book.give(["Anna Meier|a@x.org||7"])[0] == {2: [1]}
    for row in ("Anna Maier|a@x.org||7", "Anna Maier|b@y.org||7", "Anna Maier|b@y.org||8", "Dr. Anna Maier|b@y.org||8",
                "Dr. Anna Maier|b@y.org|HQ|8", "Dr. Anna Maier|c@y.org|HQ|"):  # fmt: skip
        assert book.give([row]) == SAME, row
    assert book.give(["Dr. Anna Maier|c@y.org|HQ|8"], "2")[0] == {2: [2]}
    assert queries.entries(book.ledger)[1].supersedes == 1


def test_the_others_get_theirs_and_answers_are_kept() -> None:
    """A question stops its rows alone; `--same` and `--new` settle it for good."""
    before = ["Anna|office@x.org|HQ||2", "Ben|ben@x.org"]
    after = ["Clara|office@x.org|HQ", "Anna|anna.adler@x.org|HQ||2", "Ben|ben@x.org", "Dora|dora@x.org"]
    for answers in ({"new": frozenset({2})}, {"same": {3: 1}}, {"same": {3: 2}, "new": frozenset({2})}):
        book = Book()
        book.give(before)
        assert book.give(after) == ({5: [4]}, [2, 3])
        assert book.give(after, **answers) == ({2: [5]}, [])
        assert book.give(after) == SAME
        assert sorted(book.give(after, "2")[0]) == [2, 3, 4, 5]
    book = Book()
    book.give(before)
    assert book.give(after, same={2: 1}) == ({3: [4, 5], 5: [6]}, [])


def test_an_answer_is_kept_where_others_are_sent_again() -> None:
    """Who was called new beside `--resend` gets a copy in the next run, without a second question."""
    book, after = Book(), ["Cora Costa|office@x.org|HQ", "Ben|ben@x.org"]
    book.give(["Anna|office@x.org|HQ", "Ben|ben@x.org"])
    again: Any = {"resend": Selection(((2, 2),))}
    assert book.give(after, new=frozenset({2}), **again) == ({3: [2]}, [])
    assert book.give(after, **again) == ({3: [2]}, [])
    assert book.give(after) == ({2: [3]}, []) and book.notes == ["person-removed"]
    assert book.give(after) == SAME


def test_what_changed_is_said_and_not_sent() -> None:
    """Removed, fewer copies, another ref, another channel: a note each; a removal once."""
    book = Book()
    book.give(["Anna|a@x.org||1|3", "Ben|b@x.org||2", "Cora|c@x.org||3"])
    assert book.give(["Anna|a@x.org||1|1", "Ben|b@x.org||02"]) == SAME
    assert sorted(book.notes) == ["copies-lowered", "person-removed", "ref-changed"]
    assert book.give(["Anna|a@x.org||1|3", "Ben|b@x.org||02"]) == SAME and not book.notes
    plan = ledgers.plan(book.ledger, Wish(Issue("s", "T", "1"), listed(["Anna|a@x.org||1|3", "Ben|b@x.org||02"], "folder")))
    (said,) = plan.notes
    assert said.message == "copies 1-4 were delivered by smtp; by folder nothing was sent" and "--resend 1-4" in said.hint


def test_a_new_version_brings_up_no_question_about_who_left() -> None:
    """Nobody can get it twice: who is new gets it, who left does not."""
    book = Book()
    book.give([ANNA, BEN])
    assert book.give([BEN, "Cora Costa|cora@x.org|HQ|"], "2") == ({2: [3], 3: [4]}, [])


# Sending again --------------------------------------------------------------------------------


def test_sending_again_takes_ranges_states_and_channels() -> None:
    """Only these copies; none that was recalled."""
    book, rows = Book(), [f"P{n}|p{n}@x.org" for n in range(1, 8)]
    book.give(rows)
    ledgers.record(book.ledger, [{"number": 6}], State.FAILED)
    ledgers.record(book.ledger, [{"number": 7}], State.UNCERTAIN)
    ledgers.recall(book.ledger, [5])

    def again(*words: str) -> list[int]:
        due, _ = book.give([*rows, "New|new@x.org"], resend=selection(words, registry.names()))
        return [number for numbers in due.values() for number in numbers]

    assert again("1-3", "2") == [1, 2, 3]
    assert again("failed") == [6] and again("uncertain") == [7]
    assert again("all") == [1, 2, 3, 4, 6, 7] == again("channel:mail")
    for words in (["channel:folder"], ["planned"], ["5"], ["1-9"], ["8"]):
        with pytest.raises(GuideError):
            again(*words)
    for word in ("9-1", "x", "channel:pigeon", "state:none", "-1", "1-99999999"):
        with pytest.raises(ValueError, match=re.escape(repr(word))):
            selection([word], registry.names())


# One document ---------------------------------------------------------------------------------


def document(book: Book, data: str, version: str = "", title: str = "Report", file: str = "report", **more: Any) -> str:
    """Plan a PDF for Anna; return the version that is meant, or the code of the refusal."""
    issue = Issue(title, title, version, documents={"": hashlib.sha256(data.encode()).hexdigest()}, file=file, **more)
    try:
        plan = ledgers.plan(book.ledger, Wish(issue, listed(["Anna|a@x.org"])))
        sent = [{"number": e.number, "document": issue.documents[""]} for due in plan.due for e in due.entries]
        ledgers.record(book.ledger, sent, State.SENT)
        return plan.version
    except GuideError as exc:
        refused = exc.diagnostics[0]
    assert "--" in refused.hint or "version" in refused.message
    return refused.code


def test_the_same_bytes_are_the_same_document() -> None:
    """Under another name, without its version, under another version: never a second copy."""
    book = Book()
    assert document(book, "one", "1.0") == "1.0"
    assert document(book, "one") == "1.0"
    assert document(book, "one", title="Final", file="final") == "1.0"
    assert document(book, "one") == "1.0"
    assert document(book, "one", "1.1") == "document-unchanged"
    assert document(book, "two") == "version-unchanged" == document(book, "two", "1.0")
    assert document(book, "two", same_version=True) == "1.0"
    assert document(book, "three", "2.0") == "2.0"
    assert document(book, "one") == "version-superseded" == document(book, "one", "1.0")
    assert document(book, "one", "3.0") == "3.0", "taken back on purpose"
    unnamed = Book()
    first = document(unnamed, "one")
    assert first == hashlib.sha256(b"one").hexdigest()[:8]
    assert document(unnamed, "one") == first and document(unnamed, "one", "1.0") == "document-unchanged"
    assert document(unnamed, "two") == "version-unchanged"
    assert document(unnamed, "two", same_version=True) == first


@pytest.mark.parametrize(
    ("title", "file", "code"),
    [
        ("Document1", "agenda", "2"), ("Document1", "minutes", "ledger-of-another"), ("Document1", "agenda-v2-final", "2"),
        ("Document2", "agenda", "2"), ("Budget of the year", "agenda", "ledger-of-another"), ("agenda", "agenda", "2"),
    ],
)  # fmt: skip
def test_a_title_alone_tells_no_pdf_from_another(title: str, file: str, code: str) -> None:
    """Nor does a file's name; `--same-document` overrules it."""
    book = Book()
    document(book, "one", "1", "Document1", "agenda")
    before = queries.known(book.ledger)
    assert document(book, "two", "2", title, file) == code
    if code != "2":
        assert queries.known(book.ledger) == before
        assert document(book, "two", "2", title, file, same_document=True) == "2"


def test_the_same_bytes_under_another_name_do_not_rename_the_document() -> None:
    """What a browser calls `pack (1).pdf` is `pack.pdf`; a name that is another one is taken over."""
    for name, said in (("pack (1)", ("pack", "pack")), ("Report", ("Report", "Report"))):
        book = Book()
        for issue in (Issue("pack", "pack", "", documents={"": "aa"}, file="pack"),
                      Issue(name, name, "", documents={"": "aa"}, file=name)):  # fmt: skip
            ledgers.plan(book.ledger, Wish(issue, listed(["Anna"]), "list.csv"))
        assert (book.ledger.facts()["title"], book.ledger.facts()["file"]) == said
    book = Book()
    for file, digest, version in (("pack", "aa", "1"), ("pack (1)", "aa", ""), ("pack new", "bb", "2")):
        issue = Issue(file, file, version, documents={"": digest}, file=file)
        plan = ledgers.plan(book.ledger, Wish(issue, listed(["Anna"]), "list.csv"))
    assert [note.message for note in plan.notes] == ["`pack new` counts as the next version of `pack`"]


def test_a_renamed_list_goes_on_with_its_ledger(run: Run, report_pdf: Path) -> None:
    """The hint names the ledger that knows these people, and no other way; that way sends nothing twice."""
    write(*PEOPLE)
    given("", PEOPLE)
    Path("list.csv").rename("renamed.csv")
    for more in ((), ("--send", "-o", "elsewhere")):
        done = run("distribute", "report.pdf", "--to", "renamed.csv", *more)
        assert done.exit_code == 1 and "error[list-renamed]" in done.output
        assert "--ledger list.ledger.db" in done.output and "-o " not in done.output
    done = run("distribute", "report.pdf", "--to", "renamed.csv", "--ledger", "list.ledger.db", "--send")
    assert done.exit_code == 0 and "nothing to send; 8 were sent before" in done.output
    write(*[row.replace("P", "Q").replace("p", "q") for row in PEOPLE], name="others.csv")
    assert "8 copies for 8 recipients" in run("distribute", "report.pdf", "--to", "others.csv", "-o", "o").output


def test_a_ledger_of_the_first_format_is_understood(send: Run) -> None:
    """Its people are those of its copies; it is upgraded by the first run that writes."""
    write(*PEOPLE)
    given("", PEOPLE)
    with sqlite3.connect("list.ledger.db") as db:
        db.executescript("DROP TABLE people; ALTER TABLE copies DROP COLUMN quiz; DELETE FROM facts WHERE name IN ('id', 'file'); PRAGMA user_version = 1")
    before = Path("list.ledger.db").read_bytes()
    assert "8 were sent before" in send_nothing(send).output
    assert Path("list.ledger.db").read_bytes() != before
    assert states() == dict.fromkeys(range(1, 9), "sent")


def send_nothing(send: Run) -> Result:
    """Run with the same people, one corrected; nothing is due."""
    write(PEOPLE[0].replace("Person", "Personn"), *PEOPLE[1:])
    done = send()
    assert done.exit_code == 0, done.output
    return done


# Many copies for one row ----------------------------------------------------------------------


def test_work_is_portioned_by_copies_and_bytes() -> None:
    """Rows of 1,000 and 60 copies; large documents; signatures; a row that must stay together."""
    book = Book()
    book.give(["Anna|a@x.org"])
    (one,) = queries.entries(book.ledger)
    rows = zip(listed(["Anna", "Ben", "Cora"]), (range(1, 1001), range(1001, 1061), [1061]), strict=True)
    dues = [Due(who, line, tuple(dataclasses.replace(one, number=n) for n in some)) for (who, line), some in rows]

    def portions(channel: Channel, size: int = 1000, signed: bool = False) -> list[list[list[int]]]:
        recipe = Recipe("k", {}, {}, Signature(key=b"k") if signed else None, sizes={"": size})
        made = [[[e.number for e in due.entries] for due in portion]
                for portion in parcels.portions(dues, channel, recipe, 64)]  # fmt: skip
        assert [n for portion in made for numbers in portion for n in numbers] == list(range(1, 1062)), "each once, in order"
        return made

    folder, packed = Folder(Path("o"), output.Batch(Path("o"))), Zip(Path("o"), output.Batch(Path("o")))
    for found_, most in ((portions(folder), 64), (portions(folder, 10_000_000), 6), (portions(folder, 500, True), 16)):
        sizes = [sum(map(len, portion)) for portion in found_]
        assert max(sizes) == most and len(sizes) <= 1061 // most + 3
    assert [[len(n) for n in portion] for portion in portions(packed)] == [[1000], [60, 1]]


def test_an_archive_is_written_copy_by_copy(tmp_path: Path) -> None:
    """No more than two copies are in memory at once, and the bytes are those of any zip of them."""
    alive: list[weakref.ref[File]] = []

    def files() -> Iterator[File]:
        for number in range(40):
            assert sum(ref() is not None for ref in alive) <= 1
            file = File(f"copy-{number:03d}.pdf", bytes([number]) * 1000)
            alive.append(weakref.ref(file))
            yield file

    channel = Zip(tmp_path, output.Batch(tmp_path))
    answer = channel.deliver(Parcel("all", (), stream=files), Recipient(name="Anna"))
    channel.settle()
    data = (tmp_path / "all.zip").read_bytes()
    assert answer.stored == (("all.zip", hashlib.sha256(data).hexdigest()),)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None and [len(archive.read(name)) for name in archive.namelist()] == [1000] * 40

    def broken() -> Iterator[File]:
        yield File("a.pdf", b"a")
        raise GuideError

    with pytest.raises(GuideError):
        channel.deliver(Parcel("half", (), stream=broken), Recipient(name="Anna"))
    channel.settle()
    assert [path.name for path in tmp_path.iterdir()] == ["all.zip"]


def test_a_mail_that_no_server_takes_is_refused_before_it_is_made(send: Run, serve: Callable[..., Any]) -> None:
    """Copies of more than 100 MB for one person; the others get theirs."""
    office = serve()
    Path("report.pdf").write_bytes(made_pdf(ballast=1_000_000))
    write("Anna,a@example.org,,110", "Ben,b@example.org,,1", header="name,email,ref,copies")
    done = send("--channel", "smtp", "--jobs", "1")
    assert done.exit_code == 1 and "too much for one mail" in done.output
    assert [*office.boxes] == ["b@example.org"]
    assert {state: list(states().values()).count(state) for state in {*states().values()}} == {"failed": 110, "sent": 1}


@pytest.mark.parametrize(
    ("rows", "bad"),
    [
        (["Jane Smith,j@x.org,", "Jane  Smith,J@x.org,"], [3]), (["Jane Smith,,", "Jane\u00a0Smith,,"], [3]),
        (["A,o@x.org,", "B,o@x.org,", "B,o@x.org,"], [4]), (["A,o@x.org,1", "A,o@x.org,2"], []), (["A,o@x.org,1", "A,o@x.org,"], [3]),
        (["Jos\u00e9,,", "Jose\u0301,,"], [3]), (["Anna\u200b,,", "Anna,,"], [3]),
    ],
)  # fmt: skip
def test_a_person_who_is_in_the_list_twice(rows: list[str], bad: list[int], run: Run, report_pdf: Path) -> None:
    """However the blanks and accents are written, and whoever else has the address."""
    write(*rows)
    done = run(*WORDS)
    assert [int(n) for n in re.findall(r"list.csv:(\d+):\d+: error\[duplicate-recipient\]", done.output)] == bad, done.output


def test_one_version_has_one_content_in_all_editions(small_pack: Path) -> None:
    """An edition that is new under a version shows that those before it were changed."""
    request = Request(small_pack, Path("list.csv"))
    asked = Task(request, look_at(request, RealTime())[0], Path("out"), Path("list.ledger.db"))
    book = Book()
    plan = ledgers.plan(book.ledger, Wish(Issue("s", "T", "1.0", documents={"": "aa"}), listed(["Anna"])))
    rows = [Row(who.model_copy(update={"edition": "short"}), line) for who, line in listed(["Anna"])]
    asked = dataclasses.replace(asked, rows=tuple(rows))
    assert plan.due and editions(asked, queries.known(book.ledger)) == ["", "short"]
    assert editions(asked, queries.known(Ledger.rehearse(Path("none-such.db")))) == ["short"]
    with pytest.raises(GuideError) as raised:
        ledgers.plan(book.ledger, Wish(Issue("s", "T", "1.0", documents={"": "bb", "short": "cc"}), listed(["Anna"])))
    assert raised.value.diagnostics[0].code == "version-unchanged"
    assert ledgers.plan(book.ledger, Wish(Issue("s", "T", "1.0", documents={"": "aa", "short": "cc"}), listed(["Ben"]))).due


def test_who_left_leaves_no_dead_end(send: Run, run: Run) -> None:
    """A failed copy whose row is gone is a note with a way out; a forgotten person's is not mentioned."""
    write(*PEOPLE[:4])
    given("", PEOPLE[:4])
    with Ledger.begin(Path("list.ledger.db")) as ledger:
        ledgers.record(ledger, [{"number": 1}, {"number": 3}], State.FAILED)
    write(PEOPLE[1], PEOPLE[3])
    done = run(*WORDS)
    assert done.exit_code == 0 and done.output.count("note[delivery-open]") == 2, done.output
    assert "guide ledger list.csv recall 1" in done.output
    assert run("ledger", "list.csv", "recall", "1").exit_code == 0
    assert run("ledger", "list.csv", "forget", "copy:3").exit_code == 0
    done = send()
    assert done.exit_code == 0 and "delivery-open" not in done.output
    Path("my lists").mkdir()
    for name, more, book in (("my lists/of us.csv", (), "'my lists/of us.csv'"), ("x.csv", ("--ledger", "my lists/x"), "'my lists/x'")):
        words = ("distribute", "report.pdf", "--to", name, "--send", "-o", f"out of {name[-5]}", *more)
        write(*PEOPLE[:2], name=name)
        assert run(*words).exit_code == 0
        write(PEOPLE[1], name=name)
        done = run(*words)
        assert done.exit_code == 0 and f"guide ledger {book} recall 1" in done.output, done.output
        assert run("ledger", book.strip("'"), "recall", "1").exit_code == 0
    write("Anna,,2", "Ben,,1", name="numbers.csv")
    rows = ["Anna,,2", "Ben,,1"]
    assert run("ledger", "list.csv", "forget", "R2").exit_code == 0
    Path("list.ledger.db").unlink()
    given("", rows)
    assert "error[ambiguous-person]" in run("ledger", "list.csv", "forget", "1").output
    assert run("ledger", "list.csv", "forget", "ref:1").exit_code == 0
    with Ledger.read(Path("list.ledger.db")) as ledger:
        assert [entry.name for entry in queries.entries(ledger)] == ["Anna", ""]
