"""`guide check --fix`: what it puts right, what it leaves alone, and that a pack says the same after."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guide.cli import guide
from guide.content.load import load_pack
from guide.diagnostics.diagnostic import GuideError
from guide.actions import fix
from guide.actions.fix import Fixed, fix_pack
from guide.markup import prose

MANIFEST = "format: 1\ntitle: T\n"
FRONT = "---\ntitle: A\n---\n"

Files = dict[str, str | bytes]


def write(folder: Path, files: Files) -> Path:
    """Write a pack."""
    for name, text in {"pack.yaml": MANIFEST, **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def fixed(folder: Path) -> Fixed:
    """Fix a pack, and once more, which must find nothing left."""
    made = fix_pack(folder)
    made.write()
    again = fix_pack(folder)
    assert again.after == {}, again.diff()
    return made


YAML = [
    ("blanks at line ends", "facts.yaml", "- label: a  \n  value: 1\t\n", "- label: a\n  value: 1\n"),
    ("blanks in a text stay", "facts.yaml", "- label: |\n    a  \n    b\n  value: 1\n", None),
    ("blanks in quotes stay", "facts.yaml", "- label: 'a  \n    b'\n  value: 1\n", None),
    ("a comment's blanks", "facts.yaml", "# c \n- {label: a, value: 1}  # d\te \n", "# c\n- {label: a, value: 1}  # d\te\n"),
    ("tabs between tokens", "facts.yaml", "- label:\ta\n  value:\t1\t# c\n", "- label: a\n  value: 1 # c\n"),
    ("a tab in a text stays", "facts.yaml", '- label: "a\tb"\n  value: c\td\n', None),
    ("the last line's end", "facts.yaml", "- {label: a, value: 1}", "- {label: a, value: 1}\n"),
    ("no line end where it would be text", "facts.yaml", "- value: 1\n  label: |\n    a", None),
    ("numbers keep their spelling", "facts.yaml", "- {label: a, value: 1.10} \n", "- {label: a, value: 1.10}\n"),
    ("not kebab", "cards.yaml", "- {id: KFOR Mandate, front: a, back: b}\n", "- {id: kfor-mandate, front: a, back: b}\n"),
    ("twice", "cards.yaml", "- {id: a, front: a, back: b}\n- id: a # c\n  front: a\n  back: b\n",
     "- {id: a, front: a, back: b}\n- id: a-2 # c\n  front: a\n  back: b\n"),
    ("numbered", "cards.yaml", "- {front: x, back: b}\n- {front: x, back: c}\n# c\n- front: x\n  back: d\n",
     "- {front: x, back: b}\n- {id: x-2, front: x, back: c}\n# c\n- id: x-3\n  front: x\n  back: d\n"),
    ("in time", "timeline.yaml", "- {date: 2000, title: b}\n# of a\n- date: 1999-05\n  title: a\n# foot\n",
     "# of a\n- date: 1999-05\n  title: a\n- {date: 2000, title: b}\n# foot\n"),
    ("the alphabet", "glossary.yaml",
     "# yaml-language-server: x\n- {term: b, definition: d}\n\n- {term: É, definition: d}\n- {term: a, definition: d}\n",
     "# yaml-language-server: x\n- {term: a, definition: d}\n\n- {term: b, definition: d}\n- {term: É, definition: d}\n"),
    ("a head stays", "glossary.yaml", "# head\n\n- {term: b, definition: d}\n- {term: a, definition: d}\n",
     "# head\n\n- {term: a, definition: d}\n- {term: b, definition: d}\n"),
    ("an anchor before its use", "glossary.yaml", "- {term: b, definition: &x d}\n- {term: a, definition: *x}\n", None),
    ("brackets around all", "timeline.yaml", "[{date: 2000, title: b}, {date: 1999, title: a}]\n", None),
    ("no date to sort by", "timeline.yaml", "- {date: 2000, title: b}\n- {title: a}\n", None),
    ("sources", "sources.yaml", "b:\n  title: B\n# of a\na:\n  title: A\n", "# of a\na:\n  title: A\nb:\n  title: B\n"),
    ("a syntax error", "facts.yaml", "- label: a: b \n", None),
    ("a key that stands twice", "facts.yaml", "- {label: a, value: 1, value: 2} \n", None),
]  # fmt: skip


@pytest.mark.parametrize(("path", "before", "after"), [c[1:] for c in YAML], ids=[c[0] for c in YAML])
def test_yaml(path: str, before: str, after: str | None, tmp_path: Path) -> None:
    """Each text becomes the other, or stays; a second run finds nothing."""
    fixed(write(tmp_path, {path: before}))
    assert (tmp_path / path).read_bytes().decode() == (before if after is None else after)


PROSE = [
    ("blanks", "Two  words. \nMore.\n", "Two words.\nMore.\n"),
    ("blanks after a quote mark", 'He said "so"  now.   \n', "He said “so” now.\n"),
    ("a line break stays", "One  \ntwo\n", None),
    ("code stays", "A `b  \"c\"`.\n\n```\nd  \"e\" \n```\n\n    f  g\n", None),
    ("a table's columns stay", "| a  | b |\n|----|---|\n| c  | d |\n", None),
    ("a list's indentation stays", "1.  one\n\n    two\n", None),
    ("quotes", "He said \"so\" and 'so', it's \"'x'\".\n", "He said “so” and ‘so’, it’s “‘x’”.\n"),
    ("formulas and addresses stay", 'A $x  "y"$ and [l](http://a.b "t").\n', None),
    ("attributes stay", '![c](figures/a.png){alt="a  b" .x}\n', None),
    ("citations stay", 'A [@k, p. "3"].\n', None),
    ("inches stay", 'It is 3" long.\n', None),
    ("headings", "##One\n\nText.\n##Two  \n\n#Three\n", "## One\n\nText.\n## Two\n\n# Three\n"),
    ("signs that are text stay", "\\##One\n\n`##Two`\n\n```\n##Three\n```\n\n#four is a topic.\n", None),
    ("escaped stays", 'It is \\"so\\".\n', None),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after"), [c[1:] for c in PROSE], ids=[c[0] for c in PROSE])
def test_prose(before: str, after: str | None, tmp_path: Path) -> None:
    """A section's text is edited below its front matter, and nothing in it that is not prose."""
    fixed(write(tmp_path, {"sections/1.md": FRONT + before}))
    assert (tmp_path / "sections/1.md").read_text() == FRONT + (before if after is None else after)


def test_quote_marks_are_those_of_the_language(tmp_path: Path) -> None:
    """German and French have their own, French with thin spaces."""
    for lang, wanted in (("de", "Er sagte „so“."), ("fr", "Il dit «\u202foui\u202f».")):
        words = wanted.replace("„so“", '"so"').replace("«\u202foui\u202f»", '"oui"')
        folder = write(tmp_path / lang, {"pack.yaml": f"{MANIFEST}lang: {lang}\n", "sections/1.md": f"{FRONT}{words}\n"})
        fixed(folder)
        assert (folder / "sections/1.md").read_text("utf-8") == f"{FRONT}{wanted}\n"


def test_an_id_that_something_refers_to_stays(tmp_path: Path) -> None:
    """Which of two is meant, or what else must change, its author knows."""
    cards = "- {id: a, front: a, back: b}\n- {id: a, front: a, back: b}\n"
    accept = f"{MANIFEST}accept: [{{code: missing-source, id: a, because: so}}]\n"
    fixed(write(tmp_path, {"pack.yaml": accept, "cards.yaml": cards}))
    assert (tmp_path / "cards.yaml").read_text() == cards


def test_line_ends_and_the_mark_at_the_beginning_stay(tmp_path: Path) -> None:
    """CRLF and BOM are kept; a file with line ends of two kinds is not touched."""
    crlf, mixed = b"\xef\xbb\xbf- label: a \r\n  value: 1\r\n", b"- {front: a, back: b} \r\n# c \n"
    fixed(write(tmp_path, {"facts.yaml": crlf, "cards.yaml": mixed}))
    assert (tmp_path / "facts.yaml").read_bytes() == b"\xef\xbb\xbf- label: a\r\n  value: 1\r\n"
    assert (tmp_path / "cards.yaml").read_bytes() == mixed


def test_links_are_not_followed(tmp_path: Path) -> None:
    """Neither a file nor a folder outside the pack is written to."""
    outside = write(tmp_path / "outside", {"facts.yaml": "- {label: a, value: 1} \n", "10.md": FRONT + "a  b\n"})
    pack = write(tmp_path / "pack", {})
    (pack / "facts.yaml").symlink_to(outside / "facts.yaml")
    (pack / "sections").symlink_to(outside)
    assert fix_pack(pack).after == {}


def test_a_read_only_file_is_a_diagnostic(tmp_path: Path) -> None:
    """It says so, and all files stay."""
    path = write(tmp_path, {"facts.yaml": "- {label: a, value: 1} \n", "actors.yaml": "# c \n[]\n"}) / "facts.yaml"
    path.chmod(0o444)
    with pytest.raises(GuideError) as caught:
        fix_pack(tmp_path).write()
    assert caught.value.diagnostics[0].code == "cannot-write"
    assert path.read_text().endswith(" \n")
    assert (tmp_path / "actors.yaml").read_text() == "# c \n[]\n"


def test_permissions_stay(tmp_path: Path) -> None:
    """A file that only its owner may read stays so."""
    path = write(tmp_path, {"facts.yaml": "- {label: a, value: 1} \n"}) / "facts.yaml"
    path.chmod(0o600)
    fixed(tmp_path)
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_fix_that_would_change_what_is_said_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check at the end catches an edit that should not be, and nothing is written."""
    write(tmp_path, {"sections/1.md": FRONT + "One two.\n"})
    monkeypatch.setattr(prose, "tidy_prose", lambda text, _: (text.replace("two", "three"), [(1, "x")]))
    with pytest.raises(GuideError) as caught:
        fix_pack(tmp_path)
    assert caught.value.diagnostics[0].code == "fix-refused"
    monkeypatch.undo()
    monkeypatch.setattr(fix, "_tidied", lambda path, text, _: ("---\n" if path == "sections/1.md" else text, []))
    with pytest.raises(GuideError):
        fix_pack(tmp_path)
    assert "One two." in (tmp_path / "sections/1.md").read_text()


def test_the_command_shows_and_fixes(tmp_path: Path) -> None:
    """`--diff` writes nothing and ends with 1 where something is to be done; `--fix` says what it did."""
    folder = write(tmp_path / "p", {"facts.yaml": "- {label: a, value: 1} \n"})

    def run(*words: str) -> Result:
        return CliRunner().invoke(guide, ["check", str(folder), "--jobs", "1", *words])

    shown = run("--fix", "--dry-run")
    assert (shown.exit_code, shown.stdout.count("\n+- {label")) == (1, 1)
    assert (folder / "facts.yaml").read_text().endswith(" \n")
    done = run("--fix", "--only", "flashcards")
    assert "facts.yaml:1: fixed: no blanks at the end of the line" in done.stderr
    assert run("--fix", "--diff").exit_code == 0
    assert run("--diff").exit_code == 2
    assert not [name for name in os.listdir(folder) if name.startswith(".")]


PIECES = ['"', "'", " ", "  ", "\n", "\n\n", "word", "it's", "`", "``", "*", "_", "$", "[", "](x)", "[@k]", "- ", "1. ",
          "    ", "\t", "|", "{#a}", "\\", "```\n", "::: note\n", ":::\n", "[^1]", "[^1]: ", "<", "&amp;", "é", "—", "\\\n"]  # fmt: skip
VALUES = ["a", "b ", '"c  d"', "'e  f'", "|\n    g  \n    h", "1.0", "no", ">-\n    i\n\n    j ", "\tk", "# l", "[m, n]", "x: y"]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.lists(st.sampled_from(PIECES), max_size=14).map("".join),
    cards=st.lists(st.tuples(st.sampled_from(["", "a", "B b"]), st.sampled_from(VALUES), st.sampled_from(["", "# c \n", "\n"])), max_size=4),
    terms=st.lists(st.tuples(st.sampled_from(VALUES), st.sampled_from(["", "# c\n", "\n"])), max_size=4),
    crlf=st.booleans(),
)
def test_a_pack_that_loads_still_does(
    body: str, cards: list[tuple[str, str, str]], terms: list[tuple[str, str]], crlf: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever stands in the files: nothing is refused, a second run finds nothing, no error is new."""
    made = "".join(f"{note}- front: {value}\n{'  id: ' + name if name else ''}\n  back: x \n" for name, value, note in cards)
    listed = "".join(f"{note}- term: {value}\n  definition: d \n" for value, note in terms)
    files = {"sections/1.md": FRONT + body, "cards.yaml": made, "glossary.yaml": listed}
    folder = write(tmp_path_factory.mktemp("p"), {n: t.replace("\n", "\r\n") if crlf else t for n, t in files.items()})
    before = load_pack(folder)
    fixed(folder)
    after = load_pack(folder)
    assert before[0] is not None and after[0] is not None
    assert len(after[0].items) >= len(before[0].items)
