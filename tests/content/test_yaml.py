"""YAML 1.2 core: what stays text, what becomes a number, and where every value stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from guide.content.load import load_pack
from guide.content.yaml import WrittenFloat, WrittenInt, read_yaml
from guide.diagnostics.diagnostic import Place


def value(text: str) -> Any:
    """Return the value of `v: text`."""
    document, problems = read_yaml(f"v: {text}\n", "a.yaml")
    assert document is not None
    assert not problems
    return document.data["v"]


@pytest.mark.parametrize(
    "text",
    ["no", "No", "yes", "on", "off", "y", "n", "22:30", "190:20:30", "1e3km", "1999-06-12",
     "2001-12-14t21:59:43.10-05:00", "1_000", "0b101", "0o8", "0xZZ", "1.2.3", "1,5", "=", "<<",
     "tRUE", "nUll", "+", ".", "e3", ".inf", ".nan", "12-06-1999", "~1998", "+383 38", "٣"],
)  # fmt: skip
def test_it_stays_text(text: str) -> None:
    """A scalar that YAML 1.2 core gives no type keeps its text."""
    assert value(text) == text
    assert type(value(text)) is str


@pytest.mark.parametrize(
    ("text", "expected", "kind"),
    [
        ("true", True, bool), ("True", True, bool), ("FALSE", False, bool),
        ("null", None, type(None)), ("~", None, type(None)), ("", None, type(None)),
        ("17", 17, WrittenInt), ("-4", -4, WrittenInt), ("+383", 383, WrittenInt),
        ("007", 7, WrittenInt), ("0o17", 15, WrittenInt), ("0xfF", 255, WrittenInt),
        ("1.10", 1.1, WrittenFloat), (".5", 0.5, WrittenFloat), ("1e3", 1000.0, WrittenFloat),
        ("-1.", -1.0, WrittenFloat), ("6.02E+23", 6.02e23, WrittenFloat),
    ],
)  # fmt: skip
def test_it_gets_a_type(text: str, expected: object, kind: type) -> None:
    """A scalar of YAML 1.2 core gets its type, and a number remembers its spelling."""
    found = value(text)
    assert found == expected
    assert type(found) is kind
    if isinstance(found, WrittenInt | WrittenFloat):
        assert found.text == text


@pytest.mark.parametrize("quote", ["'{}'", '"{}"'])
@pytest.mark.parametrize("text", ["true", "17", "1.10", "null", "~", ""])
def test_quotes_make_text(text: str, quote: str) -> None:
    """Whatever stands in quotes is text."""
    assert value(quote.format(text)) == text


@pytest.mark.parametrize("text", ["1.10", "1999", "0o17", "0xfF", "007", "1e3", "+383", "no", "22:30", "true"])
def test_text_fields_keep_the_spelling(text: str, tmp_path: Path) -> None:
    """A field for text holds a number exactly as its author wrote it."""
    (tmp_path / "pack.yaml").write_text(f"format: 1\ntitle: {text}\nversion: {text}\nauthors: {text}\n")
    pack, problems = load_pack(tmp_path)
    assert not problems
    assert pack is not None
    assert (pack.manifest.title, pack.manifest.version, pack.manifest.authors) == (text, text, (text,))


@pytest.mark.parametrize("text", ["1999", "1999-06", "1999-06-12", "~1998", "-0044", "~-0044-03", "0987"])
def test_dates_keep_their_exactness(text: str, tmp_path: Path) -> None:
    """A date without quotes is read as exactly as it was written."""
    (tmp_path / "pack.yaml").write_text(f"format: 1\ntitle: T\ndate: {text}\n")
    pack, problems = load_pack(tmp_path)
    assert not problems
    assert pack is not None
    assert str(pack.manifest.date) == text


def test_places_of_values_and_keys() -> None:
    """Every value and key is found by its dotted path, with line and column from 1."""
    text = "a:\n  - x: 1\n    yy: [p, q]\n'b c': |\n  text\n"
    document, problems = read_yaml(text, "f.yaml")
    assert document is not None
    assert not problems
    assert document.data == {"a": [{"x": 1, "yy": ["p", "q"]}], "b c": "text\n"}
    assert document.places["a.0.yy.1"] == Place("f.yaml", 3, 13)
    assert document.places["b c"] == Place("f.yaml", 4, 8)
    assert document.keys["a.0.yy"] == Place("f.yaml", 3, 5)
    shifted, _ = read_yaml(text, "f.yaml", first_line=10, first_column=3)
    assert shifted is not None
    assert shifted.keys["a"] == Place("f.yaml", 10, 3)
    assert shifted.keys["a.0.x"] == Place("f.yaml", 11, 5)


def test_aliases_share_values_but_cannot_multiply_without_end() -> None:
    """An alias repeats its anchor; a bomb of aliases is refused in time."""
    document, _ = read_yaml("a: &x [1, 2]\nb: *x\n", "f.yaml")
    assert document is not None
    assert document.data == {"a": [1, 2], "b": [1, 2]}
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9))
    refused, problems = read_yaml(bomb, "f.yaml")
    assert refused is None
    assert [p.code for p in problems] == ["yaml-too-large"]


def test_an_anchor_that_holds_itself_is_refused() -> None:
    """A list that is its own entry is refused, not followed for ever."""
    document, problems = read_yaml("a: &x [*x]\n", "f.yaml")
    assert document is None
    assert [p.code for p in problems] == ["yaml-too-large"]


@pytest.mark.parametrize(
    ("text", "word", "place"),
    [
        ("a: |\n  one\n\n  two three\n", "three", (4, 3)),
        ("a: >-\n  one\n  two\n\n  three\n", "two", (3, 3)),
        ("a: >-\n  one\n  two\n\n  three\n", "three", (5, 3)),
        ("a: one\n  two\n    three\n", "three", (3, 5)),
        ("a: 'it''s\n  two'\n", "two", (2, 3)),
        ('a: "one\n\n  two"\n', "two", (3, 3)),
        ('a: "o\\tne\n  two"\n', "two", (1, 4)),  # escapes: the text begins there
        ("a: |  # a comment\n\n\n  one\n", "one", (4, 3)),
        ("a: one two\n", "two", (1, 4)),
    ],
)
def test_places_inside_a_text_of_several_lines(text: str, word: str, place: tuple[int, int]) -> None:
    """The line that was written, however YAML folds it."""
    document, problems = read_yaml(text, "f.yaml")
    assert document is not None and problems == []
    value = document.data["a"]
    assert document.places["a"].inside(value, value.index(word)) == Place("f.yaml", *place)
