"""A pack's own kinds of document: what Python reads of them is there, or the line says what is missing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from guide.content.library import load_kinds
from guide.content.load import load_pack
from guide.diagnostics.diagnostic import ContentError
from guide.model.kinds import VIEWS
from guide.pipeline import Settings, check
from guide.resources import TEMPLATES

OWN = 'name = "own"\ntitle = "O"\noutput = "own.pdf"\nneeds = ["cards"]\n'
BUNDLED = {path.parent.name: path.read_text("utf-8") for path in TEMPLATES.glob("*/kind.toml")}


def option(name: str, kind: str = "string", default: str = '""') -> str:
    return f'[options.{name}]\ntype = "{kind}"\ndefault = {default}\nhelp = "h"\n'


def piece(name: str, more: str = "") -> str:
    return f'[[pieces]]\noutput = "{name}"\n{more}\n'


def without(text: str, name: str) -> str:
    """Return a kind.toml without one of its options."""
    return re.sub(rf"\[options\.{name}\]\n(?:[^\n\[].*\n)*", "", text)


OPTIONS = [(kind, name) for kind, names in VIEWS.items() for name in names]


@pytest.mark.parametrize(("kind", "name"), OPTIONS)
def test_an_option_that_python_reads_is_there_and_as_it_is_read(kind: str, name: str) -> None:
    """Left out, or of another type, it is an error at a line of kind.toml that names it."""
    lacking = without(BUNDLED[kind], name)
    assert f"[options.{name}]" not in lacking
    another = ("list", "[]") if name in {"layouts", "colours"} else ("map", "{}")
    other = lacking + option(name, *another)
    for text in (lacking, other):
        with pytest.raises(ContentError) as caught:
            load_kinds(own={f"{kind}/kind.toml": text})
        found = caught.value.diagnostics[-1]
        assert found.code == "bad-template" and f"`{name}`" in found.message and found.place.line > 1, found


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (OWN + 'shape = "faces"\n', 5, "`stock`"),
        (OWN + 'views = "quiz"\n' + option("seed"), 5, "`versions`"),
        (OWN + 'views = "quizz"\n', 5, "`quizz` cannot be"),
        (OWN + 'views = "worksheet"\n', 5, "`gaps`"),
        (OWN + 'views = "worksheet"\n' + option("gaps"), 6, "must be of the type `integer`"),
        (OWN + 'views = "handout"\n' + option("figure", "list", "[]"), 6, "must be of the type `string`"),
        (OWN + piece("a.pdf") + piece("b.pdf", 'when = "key"'), 10, "no `key`"),
        (OWN + piece("a.pdf") + piece("A.pdf"), 9, "`A.pdf`"),
        (OWN.replace("own.pdf", "planner.pdf"), 3, "the kind `planner`"),
        (OWN.replace("cards", "nosuch"), 4, "`nosuch`"),
        (OWN + "".join(piece(f"p{n}.pdf") for n in range(3000)), 5, "3000 pieces; 50"),
        (OWN + option("x", "integer", '"one"'), 5, "'one'"),
        (OWN + option("x", "boolean", "1"), 5, "cannot be 1"),
        (OWN + option("pages", "string", '"many"'), 5, "`pages`"),
        (OWN + option("paper", "string", '"a99"'), 5, "a99"),
        (OWN + piece("a.pdf", "versions = true") + option("versions", "list", "[]"), 8, "integer"),
        (OWN + "x = \n", 5, "TOML"),
    ],
)  # fmt: skip
def test_what_cannot_be_made_is_an_error_at_its_line(text: str, line: int, words: str) -> None:
    with pytest.raises(ContentError) as caught:
        load_kinds(own={"own/kind.toml": text})
    (found,) = caught.value.diagnostics
    assert (found.place.path, found.place.line, found.code) == ("templates/own/kind.toml", line, "bad-template"), found
    assert words in found.message


def test_what_looks_like_another_kind_is_its_own(tmp_path: Path) -> None:
    """Options of the same names do not make a quiz or a plan; a copy of all of them does."""
    alike = {
        "quiz": OWN + option("versions", "integer", "1") + option("levels", "list", "[]") + option("sections", "list", "[]"),
        "planner": OWN + 'prints = ["cards"]\n' + option("deadline"),
    }  # fmt: skip
    for text in alike.values():
        assert load_kinds(own={"own/kind.toml": text})["own"].views == ""
    for kind in alike:
        same = BUNDLED[kind].replace(f'views = "{kind}"\n', "").replace(f'name = "{kind}"', 'name = "own"').replace("output = \"", "output = \"own-")
        assert load_kinds(own={"own/kind.toml": same})["own"].views == kind
    files = {
        "pack.yaml": "format: 1\ntitle: T\ndocuments: {own: {}, planner: {}}\n", "cards.yaml": "- {front: F, back: B}\n",
        "templates/own/kind.toml": alike["quiz"], "templates/own/page.html": '<html lang="en"><head><title>T</title></head><body>{{ quizzes() }}</body></html>',
        # A list of cards instead of a deck: other documents still know which cards there are.
        "templates/flashcards/kind.toml": 'name = "flashcards"\ntitle = "F"\noutput = "flashcards.pdf"\nneeds = ["cards"]\n',
    }  # fmt: skip
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    found = check(tmp_path, Settings(jobs=1))
    assert [(d.code, d.place.line) for d in found if d.severity == "error"] == [("template-error", 1)], found


def test_what_its_options_alone_say_is_a_note(tmp_path: Path) -> None:
    """A kind.toml older than `views` is made as before; its line says what to write, and `views = ""` denies it."""
    older = BUNDLED["planner"].replace('views = "planner"\n', "")
    for text, notes, views in (
        (older, [("unnamed-views", 1, "planner")], "planner"),
        (f'views = ""\n{older}', [], ""),
        (BUNDLED["planner"], [], "planner"),
    ):
        files = {"pack.yaml": "format: 1\ntitle: T\n", "templates/planner/kind.toml": text}
        for name, content in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(content, "utf-8")
        pack, found = load_pack(tmp_path)
        assert [(d.code, d.place.line, re.findall(r'"(\w+)"', d.hint)[0]) for d in found] == notes
        assert {d.severity for d in found} <= {"note"}
        assert load_kinds(pack)["planner"].views == views


def test_texts_and_sizes_have_bounds(tmp_path: Path) -> None:
    """A stylesheet's texts, not its addresses; the sizes of stock; folders inside folders."""
    deep = "/".join("a" * 70)
    files = {
        "pack.yaml": "format: 1\ntitle: T\n",
        "templates/briefing/page.css": '/* a "comment */\np {\n  hyphenate-character: "' + "x" * 3000 + '" }\n'
        "@font-face { src: url('data:font/ttf;base64," + "A" * 3000 + "') } a::after { content: url(data:" + "B" * 3000 + ") }\n",
        f"templates/{deep}/page.css": "p { color: red }\n",
    }  # fmt: skip
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    _, found = load_pack(tmp_path)
    assert [(d.code, str(d.place)) for d in found] == [
        ("unreadable-file", "templates"), ("bad-template", "templates/briefing/page.css:3:24"),
    ]  # fmt: skip
    from guide.content.library import read_stock

    sizes = ", ".join(f"{72 - n / 1000:.3f}" for n in range(20_000))
    stock = (TEMPLATES / "stock/a7.yaml").read_text("utf-8")
    _, problems = read_stock(re.sub(r"sizes: .*", f"sizes: [{sizes}]", stock), "templates/stock/a7.yaml")
    assert ["20000" in d.message for d in problems] == [True]
