"""Files that look like content and are not read are named, with what to do; others are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from guide.content.files import Reader
from guide.content.load import load_pack
from guide.diagnostics.diagnostic import Severity

UNREAD = {
    "notes.docx": "sections/notes.md", "words.xlsx": "cards/words.csv", "quizlet.txt": "guide import quizlet.txt", "glossary.yml": "`glossary.yaml`",
    "Cards.yaml": "`cards.yaml`", "cells.md": "sections/cells.md", "cards.csv": "cards/cards.csv", "words.csv": "cards/words.csv",
    "Facts.YAML": "`facts.yaml`", "glosary.yaml": "`glossary.yaml`", "questions.yaml.txt": "`questions.yaml`", "timeline.csv": "timeline.yaml",
    "refs.bib": "`sources.bib`", "Sources.bib": "`sources.bib`", "deck.apkg": "Anki", "extra.yaml": "beside pack.yaml", "essay.odt": "sections/essay.md",
    "sections/intro.docx": "sections/intro.md", "sections/part/b.md": "Move it up", "cards/unit/c.csv": "Move it up", "cards/x.xlsx": "cards/x.csv",
    "Section/d.md": "`sections`", "glossary/m.yaml": "`glossary.yaml`", "templates/stock/a.yml": "`.yaml`", "templates/briefing/f.woff2": "url(data:",
}  # fmt: skip
OTHERS = [
    "pack.yaml", "actors.yaml", "sources.json", "README.md", "LICENSE.txt", "recipients.csv", "recipients-2.tsv", "people.ledger.db", "map.png",
    "figures/table.csv", "build/old.md", ".git/x.md", ".notes.md", "data/raw.csv", "~$notes.docx", "templates/briefing/page.css", "sections/a.markdown",
    "cards/more.tsv", "package.json",
]  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in (*UNREAD, *OTHERS):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "pack.yaml").write_text("format: 1\ntitle: T\n", "utf-8")
    return tmp_path


def test_each_is_named_with_what_to_do(folder: Path) -> None:
    """A warning at the file, which may be accepted by its path."""
    found = [d for d in load_pack(folder)[1] if d.code == "unread-file"]
    assert sorted(d.place.path for d in found) == sorted(UNREAD)
    for each in found:
        assert UNREAD[each.place.path] in each.hint, each
        assert each.item == each.place.path and each.severity == Severity.WARNING


def test_data_of_a_chart_is_read_wherever_it_is(tmp_path: Path) -> None:
    files = {
        "pack.yaml": "format: 1\ntitle: T\n", "numbers.csv": "a,b\nx,3\ny,5\n",
        "sections/1.md": "---\ntitle: A\n---\n![Bars.](figures/one.vl.yaml)\n",
        "figures/one.vl.yaml": "description: Two bars.\ndata: {url: numbers.csv}\nmark: bar\n"
        "encoding: {x: {field: a, type: nominal}, y: {field: b, type: quantitative}}\n",
    }  # fmt: skip
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    _, found = load_pack(tmp_path)
    assert {d.code for d in found} == {"missing-source"}, found


def test_a_file_that_comes_is_seen_by_the_next_build(folder: Path) -> None:
    """What was found unread counts among what a build has seen: the next one asks again."""
    seen: dict[tuple[str, str, str], str] = {}
    load_pack(folder, seen=seen)
    question = ("strays", "", "")
    assert Reader(folder).answer(question) == seen[question]
    (folder / "build/new.docx").touch()
    assert Reader(folder).answer(question) == seen[question]
    (folder / "new.docx").touch()
    assert Reader(folder).answer(question) != seen[question]


@pytest.mark.parametrize(
    ("header", "named"),
    [
        ("Nachname;Vorname;Klasse", False), ("First Name,Last Name,E-mail Address", False), ("name", False),
        ("front,back", True), ("name,definition", True), ("Term\tMeaning", True), ("", True),
    ],
)  # fmt: skip
def test_a_list_of_people_is_no_content(header: str, named: bool, tmp_path: Path) -> None:
    """A class beside its pack is what copies are sent to; every other table is named."""
    (tmp_path / "pack.yaml").write_text("format: 1\ntitle: T\n", "utf-8")
    (tmp_path / "8b.csv").write_text(f"{header}\nAnna\n", "utf-8-sig")
    assert ("unread-file" in {d.code for d in load_pack(tmp_path)[1]}) == named
