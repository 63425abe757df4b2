"""The first mistakes of people who come from Word, Excel and the web: each is named in their words."""

from __future__ import annotations

from pathlib import Path

import pytest

from guide.content.load import load_pack

MANIFEST = 'format: 1\ntitle: T\nversion: "1.0"\ndate: 2026-11-01\n'


def _problems(tmp_path: Path, name: str, data: bytes) -> list[tuple[str, str, int, str]]:
    files = {"pack.yaml": MANIFEST.encode(), "cards.yaml": b"- {front: Why?, back: So.}\n", name: data}
    for path, content in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    _, found = load_pack(tmp_path)
    return [(d.code, d.place.path, d.place.line, d.message + " " + d.hint) for d in found if d.severity == "error"]


@pytest.mark.parametrize("name", ["pack.yaml", "cards.yaml", "cards/a.csv", "sections/10-a.md", "glossary.yaml"])
@pytest.mark.parametrize(
    ("data", "form"), [(rb"{\rtf1\ansi title: T}", "RTF"), (b"PK\x03\x04\x14\0\x06", "Word"), (b"%PDF-1.7\n", "PDF"), (b"\xd0\xcf\x11\xe0\xa1", "old")]
)
def test_a_file_of_another_program_is_named(name: str, data: bytes, form: str, tmp_path: Path) -> None:
    """Whatever its name, in every place where text is read; once, with how to save it as text."""
    found = [each for each in _problems(tmp_path, name, data) if each[0] != "missing-key"]
    assert [each[:3] for each in found] == [("not-plain-text", name, 1)]
    assert form in found[0][3] and "Plain Text" in found[0][3] and "CSV UTF-8" in found[0][3]


@pytest.mark.parametrize("blank", ["\u00a0\u00a0", " \u00a0", "\u2003", "\u3000\u3000", "\u202f "])
@pytest.mark.parametrize("lines", ["- front: A\n{}back: B\n", "- front: A\n  back: B\n{}hint: C\n", "-{}front: A\n  back: B\n"])
def test_blanks_of_a_word_processor_are_named(blank: str, lines: str, tmp_path: Path) -> None:
    """An indentation with a no-break or wide blank is named at its line, not as a fault of the list."""
    text = lines.format(blank)
    found = _problems(tmp_path, "cards.yaml", text.encode())
    assert found, text
    if not text.startswith("-" + blank):
        assert [each[:3] for each in found] == [("yaml-tab", "cards.yaml", 1 + text[: text.index(blank)].count("\n"))]
        assert "type them again" in found[0][3]


@pytest.mark.parametrize("value", ["- 5 degrees", '- "quoted" words', "-  two"])
def test_a_value_that_begins_with_a_hyphen_is_shown_in_quotes(value: str, tmp_path: Path) -> None:
    """`back: - 5 degrees` is no list: the remedy is the value in quotes, and it is right YAML."""
    ((code, _, line, said),) = _problems(tmp_path, "cards.yaml", f"- front: A\n  back: {value}\n".encode())
    assert (code, line) == ("yaml-syntax", 2)
    quoted = said.partition("in quotes: ")[2].partition(". Begin")[0]
    assert not _problems(tmp_path, "cards.yaml", f"- front: A\n  back: {quoted}\n".encode())


@pytest.mark.parametrize(("sep", "cell"), [(",", "`,`"), (";", "`;`"), ("\t", "a tab")])
def test_a_cell_that_is_missing_is_named_as_in_a_spreadsheet(sep: str, cell: str, tmp_path: Path) -> None:
    """The column's letter and name, and how to end the row in a text editor."""
    name = "cards/a.tsv" if sep == "\t" else "cards/a.csv"
    ((code, _, line, said),) = _problems(tmp_path, name, sep.join(("front", "back", "tags\nWhy?", "So\n")).encode())
    assert (code, line) == ("csv-ragged-row", 2)
    assert "column C (`tags`)" in said and cell in said
    ((code, _, line, said),) = _problems(tmp_path, name, sep.join(("front", "back\n", "So\n")).encode())
    assert (code, line) == ("missing-key", 2)
    assert "the column `front` of row 2" in said


def test_an_empty_pack_yaml_says_what_to_write(tmp_path: Path) -> None:
    """A first line to type, and the command that makes a pack to copy from."""
    ((code, path, _, said),) = _problems(tmp_path, "pack.yaml", b"")
    assert (code, path) == ("empty-file", "pack.yaml")
    assert "title:" in said and "guide new" in said
