"""What YAML, Markdown and spreadsheets take otherwise than it looks: a warning where it was written."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guide.content.load import load_pack
from guide.content.tables import read_table
from guide.content.textslips import slips_in
from guide.content.yaml import read_yaml
from guide.model.alike import end_of, printed, repeated

FRONT = "---\ntitle: One\n---\n"


def found(folder: Path, **files: str) -> list[str]:
    """Return `path:line:column code` of what a pack of these files is warned of."""
    (folder / "pack.yaml").write_text("format: 1\ntitle: T\n", "utf-8")
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
    problems = load_pack(folder)[1]
    return [f"{p.place} {p.code}" for p in problems if p.code not in {"missing-source", "unknown-term"}]


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ("front: Who was team #1 in 1999", 21), ("front: #1 team", 8), ("front: Press # to go on?", 14),
        ("front: The list (a # b)", 20), ("- a #b", 5), ("colour: #1f4e79", 9), ("front: Müller #2", 15),
        ("front: Text  # a note to myself", 0), ("front: Text # a note", 0), ("front: C# and F#", 0),
        ("front: 'x' #y", 0), ("front: Text  ## rule", 0), ("# a line", 0), ("- a\n#b", 0), ("front: # nothing yet", 0),
        ("front: >\n  folded #1 text", 0),
    ],
)  # fmt: skip
def test_a_comment_that_was_part_of_a_text(line: str, column: int) -> None:
    """It is warned of at its #, with the value in quotes; a comment as writers write it is not."""
    problems = read_yaml(line, "cards.yaml")[1]
    assert [(p.code, p.place.column) for p in problems] == ([("cut-by-comment", column)] if column else [])
    assert all('"' in p.hint for p in problems)


def test_every_file_says_where_it_was_cut(tmp_path: Path) -> None:
    """Front matter, settings, questions and sources are read by the same reader."""
    told = found(
        tmp_path, sections__a="", **{"pack.yaml": "format: 1\ntitle: Team #1\n", "sections/1.md": "---\ntitle: B #2\n---\nx\n",
        "questions.yaml": "- prompt: Who is #3\n  type: true-false\n  answer: true\n",
        "sources.yaml": "- id: k\n  type: book\n  title: The #4 book\n"},
    )  # fmt: skip
    wanted = {"pack.yaml:2:13", "sections/1.md:2:10", "questions.yaml:1:18", "sources.yaml:3:14"}
    assert {line.split()[0] for line in told if "cut-by-comment" in line} == wanted


@pytest.mark.parametrize(
    ("line", "columns"),
    [
        ("title: “Kosovo”", [8]), ("title: „Kosovo“", [8]), ("title: «Kosovo»", [8]), ("tags: [“a”, “b, c”]", [8, 13]),
        ("title: “A” and “B”", []), ("title: ’90s music", []), ("title: “A” of 1999", []), ('title: "“A”"', []),
    ],
)  # fmt: skip
def test_quotes_of_a_word_processor(line: str, columns: list[int]) -> None:
    """Around a value they are warned of; in it they are the writer's."""
    problems = read_yaml(line, "pack.yaml")[1]
    assert [(p.code, p.place.column) for p in problems] == [("curly-quotes", column) for column in columns]


def test_a_fault_of_yaml_inside_curly_quotes_names_them() -> None:
    """The colon in them is why YAML gives up, and straight quotes are the remedy."""
    (problem,) = read_yaml("title: “Kosovo: a history”\n", "pack.yaml")[1]
    assert problem.place.column == 8
    assert "straight quotes" in problem.hint


TABLES = {
    "no dashes": ("| A | B |\n| 1 | 2 |", 1), "three in the rule": ("| A | B |\n|---|---|---|\n| 1 | 2 |", 2),
    "one in the rule": ("A | B\n---|\n1 | 2", 2), "long dashes": ("| A | B |\n|—|—|\n| 1 | 2 |", 2),
    "a grid": ("+---+---+\n| a | b |\n+===+===+", 1), "in a quote": ("> | A | B |\n> | 1 | 2 |", 1),
    "after text": ("Text.\n\n| A | B |\n| 1 | 2 |", 3),
    "a table": ("| A | B |\n|---|---|\n| 1 | 2 |", 0), "in a list": ("- | A | B |\n  |---|---|\n  | 1 | 2 |", 0),
    "aligned": ("|A|B|\n|:--|--:|\n|1|2|", 0), "code": ("```\n| A | B |\n| 1 | 2 |\n```", 0), "bars": ("|x| or |y| it is", 0),
    "links": ("[[a|b]]\n[[c|d]]", 0), "escaped": ("| a\\|b | c |\n|---|---|", 0),
}  # fmt: skip


@pytest.mark.parametrize(("text", "line"), TABLES.values(), ids=TABLES)
def test_lines_that_make_no_table(text: str, line: int, tmp_path: Path) -> None:
    """They are warned of at their line, in a section and in a field of several lines."""
    (tmp_path / "sections").mkdir()
    told = found(tmp_path, **{"sections/10-a.md": FRONT + text})
    assert [each.rsplit(":", 1)[0] for each in told] == ([f"sections/10-a.md:{line + 3}"] if line else [])
    card = "- front: A\n  back: |\n" + "".join(f"    {each}\n" for each in text.split("\n"))
    told = found(tmp_path, **{"sections/10-a.md": FRONT + "x", "cards.yaml": card})
    assert [each.split(":")[1] for each in told] == ([str(line + 2)] if line else [])


def test_gaps_in_single_braces(tmp_path: Path) -> None:
    """In a cloze the double ones are suggested; attributes, sets, code and formulas are left alone."""
    cards = '- cloze: "It lasted {78} days and {{2}} hours."\n- {front: "The capital is {{Paris}}", back: b}\n'
    told = found(tmp_path, **{"cards.yaml": cards})
    assert told == ["cards.yaml:1:10 gap-in-braces", "cards.yaml:2:11 gap-in-braces"]
    plain = "## H {#id}\n\n![c](a.png){width=80%} `{code}` $\\frac{ab}{cd}$ {a, b} {x} [t]{.b} \\{no\\}\n"
    assert list(slips_in(plain)) == []
    assert [slip.offset for slip in slips_in("One.\nThe {word} is.")] == [9]


def test_cards_that_ask_the_same(tmp_path: Path) -> None:
    """In whatever file, whatever the markup; both places are named, and a hint or picture tells them apart."""
    (tmp_path / "cards").mkdir()
    told = load_pack(tmp_path)  # no pack yet
    assert told[0] is None
    cards = (
        "- {front: Where?, back: Here}\n- {front: '**Where?**', back: 'Here '}\n- {front: Where?, back: There}\n"
        "- {front: Where?, back: There, hint: far}\n- {front: Peć, back: Pejë, reverse: true}\n"
        f"- {{front: Ipek, back: {unicodedata.normalize('NFD', 'Pejë')}, reverse: true}}\n"
        "- {cloze: 'It lasted {{78}} days.'}\n- {cloze: 'It lasted {{79}} days.'}\n"
    )
    told_of_cards = found(tmp_path, **{"cards.yaml": cards, "cards/a.csv": "front,back\nWhere?,Here\n"})
    assert told_of_cards == [
        f"{place} duplicate-card"
        for place in ("cards.yaml:2:3", "cards.yaml:3:3", "cards.yaml:6:3", "cards.yaml:8:3", "cards/a.csv:2:1")
    ]
    message = next(p.message for p in load_pack(tmp_path)[1] if p.place.path == "cards/a.csv")
    assert "cards.yaml:1:3" in message


def test_derived_cards_are_not_compared(tmp_path: Path) -> None:
    """A card that repeats a term of the glossary may be meant."""
    told = found(tmp_path, **{"cards.yaml": "- {front: A, back: B}\n", "glossary.yaml": "- {term: A, definition: B}\n"})
    assert told == []


@pytest.mark.parametrize(
    ("text", "lines", "problems"),
    [
        ("front,back,,\nA,B,,\n,,,\nC,D,,\n", [2, 4], []), ("sep=;\nfront;back\nA;B, C\n", [3], []),
        ('"sep=,"\nfront,back\nA,B\n', [3], []), (";;\nfront;back;\nA;B\n", [3], []), (",front,back\n,A,B\n", [2], []),
        ("front,,back\nA,x,B\nC,y,D\n", [2, 3], ["a.csv:2:3 unnamed-column"]),
        ("front,back,,\nA,B,,note\n", [2], ["a.csv:2:6 unnamed-column"]), ("sep=;\n", [], ["a.csv:1:1 empty-file"]),
        ("front,back\nA,B,x\n", [], ["a.csv:2:1 csv-ragged-row"]), ("front,back\nA,B,,\n", [2], []),
        ("front,back,tags\nA,B,nato kfor\nA,B,\"air campaign, kfor\"\nA,B,x\n", [2, 3, 4], ["a.csv:2:5 tags-with-spaces"]),
    ],
)  # fmt: skip
def test_what_spreadsheets_write(text: str, lines: list[int], problems: list[str]) -> None:
    """Empty columns are ignored, `sep=` is understood, and what has no name is called by its letter."""
    rows, told = read_table(text, "a.csv")
    assert [row.document.places["front"].line for row in rows] == lines
    assert [f"{p.place} {p.code}" for p in told] == problems
    assert all("column" in p.message for p in told if p.code == "unnamed-column")


# What prints alike


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("café", unicodedata.normalize("NFD", "café"), True), ("**A**  b", "A b", True), ("it's", "it’s", True),
        ("[t](https://x.org)", "t", True), ("a\u00a0b", "a b", True), ("A [@k, p. 1]", "A", True), ("\\*a", "*a", True),
        ("[[KFOR|force]]", "force", True), ("R&amp;D", "R&D", True), ("`a*b`", "ab", False), ("H~2~O", "H2O", False),
        ("2*3*4", "234", False), ("mW", "MW", False), ("$x$", "$y$", False), ("a--b", "a–b", True), ("\\_a\\_", "_a_", False),
    ],
)  # fmt: skip
def test_what_prints_alike(one: str, other: str, same: bool) -> None:
    """Encoding, white space and markup make no difference; what can be told apart on paper does."""
    assert (printed(one) == printed(other)) == same


@given(st.text(max_size=30))
def test_any_text_is_like_itself_in_another_form(text: str) -> None:
    """Composed or decomposed, in emphasis or spread out; nothing fails on what a person may type."""
    assert printed(text) == printed(unicodedata.normalize("NFD", text)) or "`" in text or "$" in text
    if printed(text).isalnum():
        assert list(repeated([text, f"**{printed(text)}**"])) == [(1, 0, True)]


@pytest.mark.parametrize(
    ("text", "end"),
    [("False", "."), ("So.", ""), ("So?", ""), ("He said “so.”", ""), ("KFOR)", "."), ("真", "。"), ("", ""), ("**So.**", "")],
)
def test_an_answer_ends(text: str, end: str) -> None:
    """A full stop comes only after what has none."""
    assert end_of(text) == end


QUESTIONS = [
    ("{prompt: P, options: [café, b], answer: cafe\u0301}", []), ("{prompt: P, options: [A b, 'A  b'], answer: A b}", ["error"]),
    ("{prompt: P, options: ['*Nature*', Nature], answer: Nature}", ["error"]), ("{prompt: P, options: [mW, MW], answer: mW}", []),
    ("{prompt: P, options: [Deutsch, deutsch], answer: deutsch}", ["warning"]),
    ("{prompt: P, type: match, pairs: {a: x, b: x}}", ["error"]), ("{prompt: P, type: match, pairs: {a: x, '*a*': y}}", ["error"]),
    ("{prompt: P, type: order, items: [x, y, x, X]}", ["error"]), ("{prompt: P, type: order, items: [caf\u00e9, y, cafe\u0301]}", ["error"]),
    ("{prompt: P, options: [NATO, UN], answer: nato}", ["answer"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), QUESTIONS)
def test_equal_options_items_and_sides(text: str, wanted: list[str], tmp_path: Path) -> None:
    """Nothing that is right is marked wrong: what cannot be told apart is an error at its line."""
    (tmp_path / "pack.yaml").write_text("format: 1\ntitle: T\n", "utf-8")
    (tmp_path / "questions.yaml").write_text(f"# one\n- {text}\n", "utf-8")
    problems = [p for p in load_pack(tmp_path)[1] if p.code != "missing-source"]
    assert [p.severity.value if p.code == "duplicate-option" else "answer" for p in problems] == wanted
    assert all(p.place.line == 2 and p.place.column > 12 for p in problems)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("Text %%not for pupils%% more.", "4:6"), ("%%\nlong\n\nremark\n%%", "4:1"), ("A ==bright word== here.", "4:3"),
        ("`%%a%%` and `==b==`", ""), ("5 %% or 6 %%", ""), ("a == b and c == d; a==b==c", ""), ("==== rule ====", ""), ("100%%", ""),
    ],
)  # fmt: skip
def test_marks_of_obsidian_are_named(tmp_path: Path, text: str, at: str) -> None:
    """A remark would be on paper; code and comparisons are no marks."""
    expected = [f"sections/a.md:{at} stray-mark"] if at else []
    assert found(tmp_path, **{"sections/a.md": f"{FRONT}{text}\n"}) == expected


def test_a_command_of_another_program_is_no_gap(tmp_path: Path) -> None:
    """Of Hugo and mdBook; the hint does not speak of cards."""
    for number, text in enumerate(('{{< figure "a" >}}', "{{#include a.rs}}", "{{% note %}}")):
        slip = next(slips_in(text))
        assert (slip.code, "another program" in slip.message) == ("gap-in-braces", True), number


@pytest.mark.parametrize(
    ("items", "columns"),
    [
        ("Water rises by heat, and falls by its weight., Ice floats.", [5]), ("Ice floats., Water rises, they say, and falls again.", [18]),
        ('"Water rises, and falls again.", Ice floats.', []), ("Oslo, the capital, a fjord", []), ("Dr. Anna Lee, jr.", []),
        ("Name the steps., Say why.", []), ("who, came here last of all.", []), ("Älteste Eiche im Wald, über 900 Jahre alt!", [5]),
        ("North, South, east or west of it?", [12]), ("A, b", []),
    ],
)  # fmt: skip
def test_a_sentence_that_its_commas_split(items: str, columns: list[int]) -> None:
    """It is warned of where it begins; lists of words are not."""
    problems = read_yaml(f"- a: [{items}]".replace("- a: [", "a: ["), "p.yaml")[1]
    assert [(p.code, p.place.column) for p in problems] == [("split-by-comma", column) for column in columns]
