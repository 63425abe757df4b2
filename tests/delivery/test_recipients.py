"""Lists: every problem with its line, nobody's name in a message, and odd files read as they are."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from guide.delivery.channels import registry
from guide.delivery.lists import decode, read_table
from guide.delivery.recipients import Row, Rules, check
from guide.diagnostics.diagnostic import Diagnostic, GuideError

Run = Callable[..., Result]


def read(data: bytes | str, path: str = "list.csv", **rules: Any) -> tuple[tuple[Row, ...], tuple[Diagnostic, ...]]:
    raw = data.encode() if isinstance(data, str) else data
    entries, problems = read_table(decode(raw, path), path)
    wanted = {"channels": registry.names(), "default": "folder", "mailing": registry.mailing(), "editions": ("short",), **rules}
    rows, found = check(entries, Rules(**wanted), path)
    return rows, (*problems, *found)


def codes(problems: tuple[Diagnostic, ...]) -> list[tuple[int, str]]:
    return sorted((d.place.line, d.code) for d in problems)


@pytest.mark.parametrize(
    "data",
    [
        "name,email\nJürgen Müller,j@example.org\n",
        "\ufeffname,email\nJürgen Müller,j@example.org\n",
        "name;email\r\nJürgen Müller;j@example.org\r\n",
        "name\temail\nJürgen Müller\tj@example.org",
        'sep=;\nname;email\n"Jürgen Müller";j@example.org\n',
        "Name , EMAIL\n Jürgen Müller , j@example.org \n\n,\n",
        "name,email,\nJürgen Müller,j@example.org,\n",
        "name,email\nJu\u0308rgen Mu\u0308ller,J@EXAMPLE.org\n".replace("J@EXAMPLE", "j@example"),
        "name,email\rJürgen Müller,j@example.org\r",
    ],
)
def test_files_as_programs_write_them(data: str) -> None:
    """BOM, semicolons, tabs, Excel's hint, spaces, empty rows, decomposed letters."""
    (row,), problems = read(data)
    assert not problems
    assert (row.recipient.name, row.recipient.email) == ("Jürgen Müller", "j@example.org")


def test_utf16_is_read_and_older_encodings_are_asked_for() -> None:
    """A byte order mark is certain; a guess between Latin-1 and Windows-1250 would print wrong names."""
    text = "name\temail\nJürgen\tj@example.org\n"
    (row,), _ = read(text.encode("utf-16"), "list.tsv")
    assert row.recipient.name == "Jürgen"
    with pytest.raises(GuideError) as raised:
        decode("name\nAnna\nKočić\n".encode("cp1250"), "list.csv")
    (problem,) = raised.value.diagnostics
    assert (problem.code, problem.place.line, problem.place.column) == ("not-utf8", 3, 3)
    assert "--encoding" in problem.hint
    assert decode("Kočić".encode("cp1250"), "list.csv", "windows-1250") == "Kočić"
    for data, encoding in ((b"PK\x03\x04 a workbook", ""), (b"name\nA", "klingon")):
        with pytest.raises(GuideError):
            decode(data, "list.csv", encoding)


def test_all_problems_in_one_run_with_their_lines() -> None:
    """Each row says what is wrong with it; rows that are right are kept."""
    rows, problems = read(
        "name,email,organisation,copies,channel,edition,language,password,ref\n"
        "Anna,anna@example.org,,,,,,,\n"
        ",x@example.org,,,,,,,\n"
        "Bert,not-an-address,,,,,,,\n"
        "Cora,c@example.org,,0,,,,,\n"
        "Dora,d@example.org,,two,,,,,\n"
        "Emil,,,,smtp,,,,\n"
        "Fred,f@example.org,,,smpt,,,,\n"
        "Gina,g@example.org,,,,shrot,,,\n"
        "Anna,anna@example.org,,,,,,,\n"
        "Anna B.,ANNA@example.org,,,,,,,\n"
        "Hugo,,Office,,,,,,\n"
        "hugo,,office,,,,,,\n"
        "Ida,i@example.org,,,,,,,R1\n"
        "Jan,j@example.org,,,,,,,R1\n"
        "=cmd|' /C calc'!A0,k@example.org,,,,,,,\n"
        "Kim,kim@example.org\n"
        '"Leo\nBcc: x@y.org",l@example.org,,,,,,,\n'
    )
    assert codes(problems) == [
        (3, "missing-key"), (4, "bad-address"), (5, "bad-value"), (6, "bad-value"),
        (7, "missing-address"), (8, "unknown-channel"), (9, "unknown-edition"),
        (10, "duplicate-recipient"), (11, "duplicate-address"), (13, "duplicate-recipient"),
        (15, "duplicate-recipient"), (16, "formula-in-list"), (17, "csv-ragged-row"),
        (18, "control-character"),
    ]  # fmt: skip
    hints = {d.code: d.hint for d in problems}
    assert "did you mean `smtp`?" in hints["unknown-channel"]
    assert "did you mean `short`?" in hints["unknown-edition"]
    said = " ".join(d.message + d.hint for d in problems)
    for part in ("anna", "Bert", "Fred", "smpt", "not-an-address", "calc"):
        assert part not in said
    assert [row.line for row in rows][:2] == [2, 10]


@pytest.mark.parametrize(
    ("header", "code", "column", "hint"),
    [
        ("nmae,email", "unknown-key", 1, "did you mean `name`?"),
        ("name,email,pasword", "unknown-key", 12, "did you mean `password`?"),
        ('name,"email",pasword', "unknown-key", 14, "did you mean `password`?"),
        ("email,ref", "csv-missing-column", 1, "`name` must be there"),
        ("name,name", "duplicate-key", 6, "Delete"),
    ],
)
def test_headers(header: str, code: str, column: int, hint: str) -> None:
    """A wrong column has its place and a suggestion."""
    _, problems = read(f"{header}\nA,b\n")
    (found,) = [each for each in problems if each.code == code]
    assert hint in found.hint
    assert (found.place.path, found.place.line, found.place.column) == ("list.csv", 1, column)


def test_a_list_without_a_header_names_nobody(run: Run, report_pdf: Path, tmp_path: Path) -> None:
    """Its first row is a person."""
    for name, text, code in (
        ("list.csv", "Jane Quux,quux@example.org\nBert,b@example.org\n", "csv-missing-column"),
        ("list.yaml", "- Jane Quux: quux@example.org\n", "unknown-key"),
    ):
        (tmp_path / name).write_text(text, "utf-8")
        done = run("distribute", report_pdf, "--to", name)
        assert done.exit_code == 1 and f"error[{code}]" in done.output
        assert "quux" not in done.output.lower()


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"", "empty-file"), (b"\n \n", "empty-file"), (b"name,email\n", "no-recipients"),
     (b'name\n"open\n', "csv-syntax"), (b"name\na\x00b\n", "control-character"),
     ("name\nA\u202eB\n".encode(), "control-character"), ("name\nA\u2028B\n".encode(), "control-character"),
     (b"name\n" + b"x" * 501 + b"\n", "bad-value"), (b"name\n" + b"x" * 200_000 + b"\n", "csv-syntax")],
)  # fmt: skip
def test_files_without_people_or_with_controls(data: bytes, code: str) -> None:
    """A diagnostic, never a traceback."""
    _, problems = read(data)
    assert code in [d.code for d in problems]


def test_names_of_any_script_and_length() -> None:
    """Right-to-left names, marks of direction, 300 characters and emoji stay as they are."""
    names = ["עמית כהן", "محمد\u200f علي", "N" * 300, "李小龍", "Zoë 👩🏽‍🚀", "O'Neil; Bo, Jr.", "Γιώργος Ñandú Ђорђе"]
    rows, problems = read("name\n" + "".join(f'"{name}"\n' for name in names))
    assert codes(problems) == [(6, "missing-glyph")]
    assert [row.recipient.name for row in rows] == names


@pytest.mark.parametrize(
    "address",
    ["a", "@example.org", "a@", "a@@example.org", "a b@example.org", "a@example", "a@ex ample.org",
     "A <a@example.org>", "a@example.org,b@example.org", "a@-x.org", "a..b@example.org",
     "a@" + "x" * 64 + ".org", "a" * 65 + "@example.org", "mailto:a@example.org", "a@example.org>"],
)  # fmt: skip
def test_bad_addresses(address: str) -> None:
    """What is not one address is refused without repeating it."""
    _, problems = read(f'name,email\nA,"{address}"\n')
    assert [d.code for d in problems] == ["bad-address"]
    assert len(address) < 3 or address not in problems[0].message


def test_passwords() -> None:
    """Encryption needs one in every row; without it they are useless; none is ever shown."""
    text = "name,password\nA,geheim-77\nB,\nC," + "ü" * 64 + "\n"
    _, problems = read(text, encrypt=True)
    assert codes(problems) == [(3, "missing-password"), (4, "bad-value")]
    _, unused = read("name,password\nA,geheim-77\nB,geheim-78\n")
    assert [d.code for d in unused] == ["unused-password"]
    assert "geheim" not in "".join(d.message + d.hint for d in (*problems, *unused))
    (row, *_), _ = read(text, encrypt=True)
    assert "geheim" not in repr(row)


def test_a_hundred_thousand_rows_in_seconds() -> None:
    """Reading and checking is linear."""
    rows = "".join(f"Person {n},p{n}@example.org,Office {n % 50}\n" for n in range(100_000))
    started = time.process_time()
    found, problems = read("name,email,organisation\n" + rows)
    assert len(found) == 100_000 and not problems
    assert time.process_time() - started < 30  # 4 s on an idle machine


def test_yaml(run: Run, report_pdf: Path, tmp_path: Path) -> None:
    """The same names as in CSV, names alone, and the places of mistakes."""
    path = tmp_path / "people.yaml"
    path.write_text("- {name: Anna, copies: 2}\n- Bert\n- {name: 0042, ref: 1.10}\n", "utf-8")
    done = run("distribute", report_pdf, "--to", path)
    assert done.exit_code == 0, done.output
    for part in ("Anna", "Bert", "0042"):
        assert part in done.output
    path.write_text("- {name: A, chanel: zip}\n- {name: [B]}\n- 7\n- {name: A, channel: no}\n- {email: x}\n", "utf-8")
    done = run("distribute", report_pdf, "--to", path)
    assert done.exit_code == 1
    for part in (
        "people.yaml:1:13: error[unknown-key]", "people.yaml:2:10: error[wrong-type]",
        "people.yaml:3:3: error[wrong-type]", "people.yaml:4:22: error[unknown-channel]",
        "people.yaml:5:3: error[missing-key]",
    ):  # fmt: skip
        assert part in done.output, (part, done.output)
    for text in ("", "a: [", "name: A", "- &a [*a]", "!!python/object:os.system x"):
        path.write_text(text, "utf-8")
        done = run("distribute", report_pdf, "--to", path)
        assert done.exit_code == 1 and "error[" in done.output and "internal" not in done.output
