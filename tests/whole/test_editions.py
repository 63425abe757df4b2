"""Editions, papers of cards, and values for one run: each changes what it names and nothing else."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from guide.cli import guide
from guide.content.library import other_paper
from guide.content.editions import leaks
from guide.content.library import all_stock
from guide.content.load import load_manifest, load_pack
from guide.content.overrides import override
from guide.content.yaml import read_yaml
from guide.diagnostics.diagnostic import Place, Severity
from guide.pipeline import Settings, build
from guide.units import PAPERS

HEAD = "format: 1\ntitle: T\n"
FILES = {
    "pack.yaml": HEAD
    + "documents: {briefing: {}, flashcards: {derive: []}, quiz: {sections: [b], questions: 9}, planner: {}}\n"
    "editions: {core: {tags: [core]}, public: {without: [staff]}, none: {tags: [nosuch]}}\n",
    "sections/1.md": "---\ntitle: A\nid: a\ntags: [core]\n---\nA text on [[Beta|the second]], `gamma ray`, who and GAMMA\nRAY.\n",
    "sections/2.md": "---\ntitle: B\nid: b\n---\nText.\n",
    "glossary.yaml": '- {term: Alpha, definition: "See [[Beta]].", tags: [core]}\n- {term: Beta, definition: Second., aliases: [Bee]}\n'
    "- {term: Gamma ray, definition: Third., tags: [staff]}\n",
    "actors.yaml": "- {name: World Order, abbreviation: WHO, kind: body, role: Acts., tags: [staff]}\n",
    "questions.yaml": "- {prompt: Who is Bee?, type: true-false, answer: true, tags: [b]}\n",
    "cards.yaml": "- {front: Front, back: Back}\n",
}


def written(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def told(folder: Path, edition: str) -> list[str]:
    pack, _ = load_pack(folder)
    assert pack is not None
    return sorted(
        f"{d.place} {d.message.split('`')[3]}" for d in leaks(pack.edition(edition), edition)
    )


def test_an_edition_leaves_out_what_it_has_nothing_for(tmp_path: Path) -> None:
    """With a note for each kind; a kind that the run names is an error, and so is an edition without any."""
    folder = written(tmp_path / "p", FILES)
    made = build(folder, tmp_path / "out", Settings(jobs=1, edition="core"))
    assert [Path(each.path).name for each in made.outputs] == ["briefing.pdf"]
    notes = [
        d.message.split("`")[1]
        for d in made.diagnostics
        if d.code == "nothing-to-print" and d.severity == Severity.NOTE
    ]
    assert sorted(notes) == ["flashcards", "planner", "quiz"]
    for asked in (
        Settings(jobs=1, edition="core", kinds=("quiz",)),
        Settings(jobs=1, edition="none"),
    ):
        failed = build(folder, tmp_path / "out", asked)
        assert failed.failed and {
            d.code for d in failed.diagnostics if d.severity == Severity.ERROR
        } == {"nothing-to-print"}


def test_options_may_name_what_an_edition_lacks(tmp_path: Path) -> None:
    """Sections of a quiz and the number of its questions are those of the whole pack."""
    without_b = FILES["sections/2.md"].replace("id: b\n", "id: b\ntags: [staff]\n")
    folder = written(
        tmp_path / "p",
        {
            **FILES,
            "sections/2.md": without_b,
            "pack.yaml": FILES["pack.yaml"].replace("briefing: {}, ", ""),
        },
    )
    made = build(folder, tmp_path / "out", Settings(jobs=1, edition="public"))
    names = {Path(each.path).stem for each in made.outputs}
    assert not made.failed and {"quiz", "flashcards", "planner"} <= names, made.diagnostics
    assert [d.severity for d in made.diagnostics if d.code == "too-few-questions"] == [
        Severity.NOTE
    ]


def test_an_edition_says_which_texts_name_what_it_leaves_out(tmp_path: Path) -> None:
    """Links in every edition; plain words where `without` leaves the item out. Code and other words are not named."""
    folder = written(tmp_path / "p", FILES)
    assert told(folder, "core") == ["glossary.yaml:1:29 Beta", "sections/1.md:6:13 Beta"]
    assert told(folder, "public") == ["sections/1.md:6:53 GAMMA RAY"]
    said = CliRunner().invoke(
        guide, ["check", str(folder), "--edition", "core", "--only", "briefing", "--jobs", "1"]
    )
    assert said.exit_code == 0 and said.output.count("warning[edition-leak]") == 2, said.output


def test_an_edition_that_leaks_is_sent_to_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until the author accepts it; the preview refuses what --send would refuse."""
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "p", FILES)
    (tmp_path / "list.csv").write_text("name,edition\nAnna,core\n", "utf-8")
    words = ["distribute", "p", "--kind", "briefing", "--to", "list.csv", "--jobs", "1"]
    shown = CliRunner().invoke(guide, words)
    assert shown.exit_code == 1 and "error[edition-leak]" in shown.output, shown.output
    sent = CliRunner().invoke(guide, [*words, "--send"])
    assert (
        sent.exit_code == 1
        and "error[edition-leak]" in sent.output
        and not list(tmp_path.rglob("*copy*.pdf"))
    )
    accepted = FILES["pack.yaml"] + "accept: [{code: edition-leak, because: known}]\n"
    (tmp_path / "p/pack.yaml").write_text(accepted, "utf-8")
    assert CliRunner().invoke(guide, [*words, "--send"]).exit_code == 0


@pytest.mark.parametrize(
    ("manifest", "values", "expected", "listed"),
    [
        ("theme: large-print\n", {"theme.accent": "#112233"}, {"theme": {"name": "large-print", "accent": "#112233"}}, None),
        ("theme: {name: ink-saver, accent: '#445566'}\n", {"theme.name": "default"}, {"theme": {"name": "default", "accent": "#445566"}}, None),
        ("", {"documents.flashcards.stock": "a6"}, {"documents": {"flashcards": {"stock": "a6"}}}, None),
        ("documents: {briefing: }\n", {"documents.quiz.seed": "7"}, {"documents": {"briefing": None, "quiz": {"seed": 7}}}, {"briefing"}),
        ("documents: {briefing: }\n", {"documents.briefing.index": "no"}, {"documents": {"briefing": {"index": "no"}}}, {"briefing"}),
        ("documents: {briefing: {}}\n", {"documents.quiz": ""}, {"documents": {"briefing": {}, "quiz": {}}}, {"briefing", "quiz"}),
        ("documents: {briefing: {}}\n", {"documents": "{quiz: {}}"}, {"documents": {"quiz": {}}}, {"quiz"}),
        ("documents: {quiz: {pages: 4}}\n", {"documents.quiz.pages.multiple_of": "2"}, {"documents": {"quiz": {"pages": {"max": 4, "multiple_of": 2}}}}, {"quiz"}),
        ("authors: [A, B]\n", {"authors.1": "C", "authors.2": "D"}, {"authors": ["A", "C", "D"]}, None),
        ("accept: [{code: x, because: y}]\n", {"accept.0.because": "z: w"}, {"accept": [{"code": "x", "because": "z: w"}]}, None),
        ("editions: {v1.2: {tags: [a]}}\n", {"editions.v1.2.title": "New"}, {"editions": {"v1.2": {"tags": ["a"], "title": "New"}}}, None),
        ("marking: M\n", {"marking": ""}, {"marking": ""}, None),
        ("", {"subtitle": "War: a history", "summary": "#1"}, {"subtitle": "War: a history", "summary": "#1"}, None),
    ],
)  # fmt: skip
def test_a_value_for_one_run_changes_itself_alone(
    tmp_path: Path,
    manifest: str,
    values: dict[str, str],
    expected: dict[str, object],
    listed: set[str] | None,
) -> None:
    """Whether its parents are there, written short, or lists; what is made stays the same."""
    document, _ = read_yaml(HEAD + manifest, "pack.yaml")
    assert document is not None
    for key, text in values.items():
        assert override(document, key, text) == []
    assert {**document.data} == {"format": 1, "title": "T", **expected}
    folder = written(
        tmp_path, {"pack.yaml": HEAD + manifest, "facts.yaml": "- {label: L, value: 1}\n"}
    )
    pack, found = load_pack(folder, values)
    assert pack is not None, found
    assert pack.listed == (None if listed is None else frozenset(listed))


def test_a_value_inside_one_that_has_no_inside_is_refused(tmp_path: Path) -> None:
    folder = written(tmp_path, {"pack.yaml": HEAD + "authors: [A]\n"})
    for key, words in (
        ("title.x", "one value"),
        ("authors.4", "a list of 1"),
        ("authors.x", "a list of 1"),
        ("authors.0.y", "one value"),
    ):
        _, _, found = load_manifest(folder, {key: "1"})
        assert [(d.place.path, words in d.message) for d in found] == [("-D", True)], found


@given(st.dictionaries(st.sampled_from("abc"), st.recursive(st.text("xy", max_size=3), lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3)), max_size=3),
       st.lists(st.sampled_from("abc"), min_size=1, max_size=3))  # fmt: skip
def test_no_other_value_changes(data: dict[str, object], path: list[str]) -> None:
    """Any mapping, any path: all values but those on the path are as they were, or nothing is changed."""
    from guide.content.yaml import Document

    def leaves(value: object, at: str = "") -> dict[str, object]:
        if isinstance(value, dict) and value:
            return {
                k: v
                for key, inner in value.items()
                for k, v in leaves(inner, f"{at}.{key}").items()
            }
        return {at: value}

    before = leaves(deepcopy(data))
    key = ".".join(path)
    found = override(Document(data), key, "new")
    after = leaves(data)
    if not found:
        assert after.pop(f".{key}") == "new"
    assert all(
        after.get(at) == value
        for at, value in before.items()
        if not f"{at}.".startswith(f".{key}.") and value != {}
    )


def test_options_for_one_run_make_no_other_documents(tmp_path: Path) -> None:
    """All documents of a pack that lists none; a note for one that it does not list."""
    files = {"cards.yaml": FILES["cards.yaml"]}
    plain = written(tmp_path / "p", {**files, "pack.yaml": HEAD})
    made = build(
        plain, tmp_path / "out", Settings(jobs=1, overrides=(("documents.flashcards.stock", "a6"),))
    )
    assert {each.kind for each in made.outputs} == {"flashcards", "planner"}
    lists = written(tmp_path / "q", {**files, "pack.yaml": HEAD + "documents: {flashcards: {}}\n"})
    made = build(
        lists, tmp_path / "out", Settings(jobs=1, overrides=(("documents.quiz.versions", "2"),))
    )
    assert {each.kind for each in made.outputs} == {"flashcards"}
    assert [d.place.path for d in made.diagnostics if d.code == "unlisted-document"] == ["-D"]


def test_stock_on_another_paper_is_said(tmp_path: Path) -> None:
    """For every paper that is asked for; not for stock and a pack's paper that were both chosen."""
    stock = all_stock()
    assert other_paper(stock["a7"], PAPERS["a4"].turned, Place("")) is None
    for name, paper in (
        ("a7", "letter"),
        ("index-3x5", "a4"),
        ("card-3x5", "a4"),
        ("avery-8373", "a5"),
    ):
        found = other_paper(stock[name], PAPERS[paper], Place("--paper"))
        assert found is not None and found.severity == Severity.WARNING and "--stock" in found.hint
    assert "a7" not in str(other_paper(replace_paper("a7"), PAPERS["letter"], Place("")))
    folder = written(
        tmp_path / "p", {"pack.yaml": HEAD + "paper: letter\n", "cards.yaml": FILES["cards.yaml"]}
    )
    places = []
    for asked in (
        {},
        {"paper": "a5"},
        {"stock": "a7"},
        {"stock": "90x60mm"},
        {"stock": "a7", "paper": "letter"},
    ):
        made = build(folder, tmp_path / "out", Settings(jobs=1, kinds=("flashcards",), **dict[str, Any](asked)))
        places.append([d.place.path for d in made.diagnostics if d.code == "stock-paper"])
    assert places == [[f"{folder}/pack.yaml"], ["--paper"], [], [], ["--paper"]]


def replace_paper(name: str) -> Any:
    return all_stock()[name].model_copy(update={"paper": replace(PAPERS["letter"])})
