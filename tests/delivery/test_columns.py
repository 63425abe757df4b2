"""Lists as schools, offices and programs have them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guide.delivery.channels import registry
from guide.delivery.lists import decode, read_table
from guide.delivery.recipients import Row, Rules, check
from guide.diagnostics.diagnostic import Diagnostic


def read(text: str) -> tuple[tuple[Row, ...], tuple[Diagnostic, ...]]:
    entries, problems = read_table(decode(text.encode(), "list.csv"), "list.csv")
    if not entries and problems:
        return (), tuple(problems)
    rows, found = check(entries, Rules(channels=registry.names(), default="folder", mailing=registry.mailing()), "list.csv")
    return rows, (*problems, *found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Nachname;Vorname;Klasse\nMüller;Anna;8b\n", ("Anna Müller", "", "8b")),
        ("Name;Vorname;Klasse;E-Mail-Adresse\nMüller;Anna;8b;a@x.org\n", ("Anna Müller", "a@x.org", "8b")),
        ("Schüler/in;Klasse\nAnna Müller;8b\n", ("Anna Müller", "", "8b")),
        ("Nom;Prénom;Classe\nDupont;Zoé;3e B\n", ("Zoé Dupont", "", "3e B")),
        ("NOM,PRENOM,ADRESSE E-MAIL\nDupont,Zoé,z@x.org\n", ("Zoé Dupont", "z@x.org", "")),
        ("Nombre;Primer apellido;Segundo apellido;Curso\nAna;García;López;2ºA\n", ("Ana García López", "", "2ºA")),
        ("Nombre y apellidos;Correo electrónico\nAna García;a@x.org\n", ("Ana García", "a@x.org", "")),
        ("Ime;Prezime;Razred;Odeljenje\nAna;Ilić;8;2\n", ("Ana Ilić", "", "8/2")),
        ("Име и презиме;Одељење\nАна Илић;8-2\n", ("Ана Илић", "", "8-2")),
        ("Emri;Mbiemri;Klasa;E-maili\nAna;Hoxha;8a;a@x.org\n", ("Ana Hoxha", "a@x.org", "8a")),
        ("First Name,Middle Name,Last Name,Company,Job Title,E-mail Address,Notes\nPat,,O'Neil,Ops,,p@x.org,\n",
         ("Pat O'Neil", "p@x.org", "Ops")),
        ("First Name,Last Name,Company,E-mail Address\n,,Ops,ops@x.org\n", ("Ops", "ops@x.org", "")),
        ("Name,Given Name,Family Name,E-mail 1 - Type,E-mail 1 - Value,Organization 1 - Name\n"
         "Jane Smith,Jane,Smith,* Work,j@x.org ::: k@x.org,Training\n", ("Jane Smith", "j@x.org", "Training")),
        ("Klassenliste 8b, Schuljahr 2026/27;;\n;;\nNachname;Vorname;Klasse\nMüller;Anna;8b\n", ("Anna Müller", "", "8b")),
        ("Last name,First name\n王,小明\n", ("王小明", "", "")),
        ("Name;Surname;Nr.\nAnn;Lee;1\n", ("Ann Lee", "", "")),
    ],
)  # fmt: skip
def test_lists_are_read_as_they_are(text: str, expected: tuple[str, str, str]) -> None:
    """One person, and one note that says which columns are used for what."""
    (row,), problems = read(text)
    who = row.recipient
    assert (who.name, who.email, who.organisation) == expected
    assert [d.code for d in problems] == ["list-columns"]
    assert row.line == len(text.strip().split("\n"))


def test_what_is_wrong_in_such_a_list_has_its_cell() -> None:
    """The place is that of the column as it is called there."""
    _, problems = read("Nachname;Vorname;E-Mail\nMüller;Anna;a@x.org\nMeier;Bert;nobody\n;;c@x.org\n")
    assert [(d.code, d.place.line, d.place.column) for d in problems if d.severity == "error"] == [
        ("bad-address", 3, 12), ("missing-key", 4, 1),
    ]  # fmt: skip


def test_a_person_above_the_header_is_not_skipped() -> None:
    """Only a title, which has one cell, may be."""
    _, problems = read("Jane Quux,q@x.org\nname,email\nBert,b@x.org\n")
    assert [d.code for d in problems] == ["csv-missing-column"]


def test_a_slip_among_guides_own_names_is_an_error() -> None:
    """`pasword` would otherwise send what ought to be closed."""
    _, problems = read("name,email,pasword\nA,a@x.org,x\n")
    assert [d.code for d in problems] == ["unknown-key"]


@pytest.mark.parametrize("sign", ['"', "a", "1"])
def test_a_first_line_that_names_no_separator(sign: str) -> None:
    """Python 3.13 refuses some of them with a traceback."""
    _, problems = read(f"sep={sign}\nname,email\nA,a@x.org\n")
    assert [d.code for d in problems] == ["csv-syntax"]


@settings(max_examples=30)
@given(st.text(st.sampled_from('Vorname;,\t"\nE-Mail @xé sep='), max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing but rows and diagnostics."""
    rows, problems = read(text)
    assert rows or problems
