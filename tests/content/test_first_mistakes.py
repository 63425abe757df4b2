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


@pytest.mark.parametrize(
    ("lines", "line", "said"),
    [
        ("- front: A\n back: B\n", 2, "`back` is indented less than `front` on line 1 Put 2 spaces before it"),
        ("- front: A\n    back: B\n", 2, "`back` is indented further than `front` on line 1 Put 2 spaces before it"),
        ("- front: A\n  back: B\n-front: C\n", 3, "a space is missing after the dash Write `- front: C`"),
        ("- front: A\n  back:B c\n  hint: d\n", 2, "a space is missing after the colon Write `back: B c`"),
        ("- front: A\n  back: B\n  hint:\n", 3, "`hint` is empty Write its value behind the colon"),
    ],
)
def test_a_line_out_of_place_is_named_with_what_to_type(lines: str, line: int, said: str, tmp_path: Path) -> None:
    """The key, the one that it belongs under, and how many spaces; a missing blank is written out."""
    found = _problems(tmp_path, "cards.yaml", lines.encode())
    assert [each[2] for each in found] == [line] and found[0][3].startswith(said)


@pytest.mark.parametrize("value", ["Reason: lava", 'It is: "hot"', "'It's hot'", '"Lava" and ash', "@home", "%5 of it", "**bold** words", "`code` here"])
def test_a_text_that_needs_quotes_is_written_out_with_them(value: str, tmp_path: Path) -> None:
    """What the hint shows is right YAML, and is the text that was meant."""
    ((code, _, line, said),) = _problems(tmp_path, "cards.yaml", f"- front: A\n  back: {value}\n".encode())
    assert (code, line) == ("yaml-syntax", 2)
    shown = said[said.index(": `") + 3 : said.rindex("`.")].removeprefix("back: ")
    assert not _problems(tmp_path, "cards.yaml", f"- front: A\n  back: {shown}\n".encode())
    pack, _ = load_pack(tmp_path)
    assert pack is not None and pack.cards[0].back == (value.strip("'") if value[0] == "'" else value)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("timeline.yaml", "- {date: 31.12.1943, title: T}\n", "the day: 1943-12-31."),
        ("timeline.yaml", "- {date: 1/9/1943, title: T}\n", "the day: 1943-09-01."),
        ("timeline.yaml", "- {date: 31.02.1943, title: T}\n", "the day; but there is no day 31 in that month."),
        ("cards.yaml", '- front: A\n  back: **hot** lava"\n', 'where the text begins: `"**hot** lava"`.'),
        ("timeline.yaml", "- {date: May 1943, title: T}\n", "Write 1999, 1999-06"),
        ("pack.yaml", "title: T\n", "Add `format: 1`."),
        ("pack.yaml", "format: 1\ntitle: T\ngrade: 9b\n", "Delete the line."),
        ("cards.yaml", "- {front: A, back: B, image: vulcan.png}\n", "Put the picture into the folder figures/"),
        ("cards.yaml", "- {front: A, back: B, sources: [smith]}\n", "Add it to sources.yaml: `- {id: smith, title: ...}`"),
        ("cards.yaml", "- {front: A, back: B, sources: 'https://example.org/'}\n", 'title: ..., URL: "https://example.org/"}`'),
        ("facts.yaml", "- {label: {Height: of it}, value: 5}\n", 'in quotes: `"Height: of it"`'),
        ("questions.yaml", "- {prompt: Q, options: [Sea, Ice], answer: b}\n", "the text of the option: `answer: Ice`"),
        ("questions.yaml", "- {prompt: Q, options: [Sea, Ice], answer: 1}\n", "the text of the option: `answer: Sea`"),
        ("questions.yaml", "- {prompt: Q, options: [Sea, Ice], answer: 3}\n", "known are `Sea`, `Ice`"),
        ("questions.yaml", "- {prompt: Q, answer: A}\n", "or `type: short`, if pupils write the answer"),
        ("cards/a.csv", "front;back\nWas?;Gr\u00f6\u00dfe\n", "the file type `CSV UTF-8`"),
    ],
)
def test_the_hint_says_what_to_type(name: str, text: str, said: str, tmp_path: Path) -> None:
    """Other slips of a first pack, each with a remedy in the words of its author."""
    found = _problems(tmp_path, name, text.encode("cp1252"))
    assert len(found) == 1 and said in found[0][3], found


def test_a_picture_that_is_too_large_and_a_manifest_of_another_ending(tmp_path: Path) -> None:
    """Pictures are saved smaller, not split; pack.yml only needs its name."""
    (tmp_path / "figures").mkdir()
    with (tmp_path / "figures/a.jpg").open("wb") as file:
        file.truncate(80_000_000)
    ((code, _, _, said),) = _problems(tmp_path, "cards.yaml", b"- {front: A, back: B, image: figures/a.jpg}\n")
    assert code == "file-too-large" and "Save the picture smaller: 3,000 pixels" in said
    (tmp_path / "pack.yaml").rename(tmp_path / "pack.yml")
    _, found = load_pack(tmp_path)
    assert [d.hint for d in found] == ["Rename pack.yml to pack.yaml."]
