"""Each input of a document or a card changes its key, one at a time; what does not matter changes none."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from guide.pipeline import Settings, inputs
from guide.pipeline.reading import read
from guide.pipeline.stages import begin
from guide.pipeline.orders import wanted
from guide.pipeline.pages import Pages
from guide.pipeline.settings import silent
from guide.pipeline.task import Task
from guide.system import watch
from guide.system.cache import Store

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 10"><title>{0}</title><rect width="{0}" height="9"/></svg>'
FILES = {
    "pack.yaml": (
        "format: 1\ntitle: Keys\nlang: en\ndate: 2026-11-01\nmarking: OPEN\npaper: a4\ncitation_style: ieee\n"
        "documents:\n  briefing: {contents: true}\n  flashcards: {stock: a7, bleed: 0, derive: []}\n"
    ),
    "sections/text.md": "---\ntitle: One\nsources: [k1]\n---\nText [@k1]. ![Plan](figures/plan.svg)\n\nEnd, Term.\n",
    "figures/plan.svg": SVG.format(11),
    "cards.yaml": "- {id: one, front: First, back: Back, sources: [k1]}\n- {id: two, front: Second, back: Other}\n",
    "glossary.yaml": "- {term: Term, definition: Word., sources: [k1]}\n",
    "recipients.csv": "name\nAnn\n",
    "sources.yaml": "- {id: k1, type: book, title: Book, author: 'Smith, Jane', issued: 1999}\n",
}  # fmt: skip
PAGES, CARDS = {"briefing.pdf"}, {"one", "two"}
ALL = PAGES | CARDS


class Idle:
    """Workers that only take jobs."""

    workers = 2
    elsewhere = False

    def __init__(self) -> None:
        self.deaths: list[str] = []

    def submit(self, *_: Any, size: int = 0) -> Any:
        """Begin nothing."""
        return None


def keys(pack: Path, store: Store | None = None, **settings: Any) -> dict[str, str]:
    """Return the key of each document of pages and of each card, which has its surroundings in it."""
    run = Settings(**settings)
    reading = read(pack, run)
    assert reading.pack is not None, reading.problems.found
    store = store or Store(pack / ".store", enabled=False)
    task = Task(reading.pack, run, store, Idle(), silent, 10, reading.problems)
    made: dict[str, str] = {}
    for each in begin(task, wanted(task)):
        if isinstance(each, Pages):
            made[each.document.name] = each.key
        else:
            around = each.begun.cards._key
            made |= {name: f"{around} {key}" for name, key in each.begun.begun_cards.keys.items()}
    return made


def put(name: str, before: str, after: str) -> Callable[[Path], None]:
    """Return what writes something else in a file."""

    def change(pack: Path) -> None:
        text = (pack / name).read_text("utf-8")
        assert before in text
        (pack / name).write_text(text.replace(before, after), "utf-8")

    return change


def own(name: str, text: str) -> Callable[[Path], None]:
    """Return what writes a template of the pack's own."""

    def change(pack: Path) -> None:
        (pack / "templates" / name).parent.mkdir(parents=True, exist_ok=True)
        (pack / "templates" / name).write_text(text, "utf-8")

    return change


PACK = "pack.yaml"
LAYOUT = '{% extends "flashcards/layouts/frame.html" %}{% block body %}{{ card.front }} {{ card.back }}!{% endblock %}\n'
CHANGES: dict[str, tuple[Callable[[Path], None], set[str]]] = {
    "title": (put(PACK, "title: Keys", "title: Locks"), ALL),
    "language": (put(PACK, "lang: en", "lang: de"), ALL),
    "date": (put(PACK, "2026-11-01", "2026-11-02"), PAGES),
    "marking": (put(PACK, "OPEN", "SECRET"), ALL),
    "paper": (put(PACK, "paper: a4", "paper: letter"), PAGES),
    "citation style": (put(PACK, "ieee", "apa"), PAGES),
    "option of pages": (put(PACK, "contents: true", "contents: false"), PAGES),
    "option of cards": (put(PACK, "bleed: 0", "bleed: 3"), CARDS),
    "stock": (put(PACK, "stock: a7", "stock: a6"), CARDS),
    "theme": (put(PACK, "paper: a4", "paper: a4\ntheme: {name: large-print}"), ALL),
    "accent": (put(PACK, "paper: a4", "paper: a4\ntheme: {accent: '#123456'}"), ALL),
    "stylesheet of the pack": (own("themes/default.css", ":root { --accent: #111111; }\n"), ALL),
    # Also what is said of a fault depends on whether a pack has templates.
    "layout of the pack": (own("flashcards/layouts/basic.html", LAYOUT), ALL),
    "text": (put("sections/text.md", "End", "Fin"), PAGES),
    "picture": (put("figures/plan.svg", "11", "12"), PAGES),
    "card": (put("cards.yaml", "Back", "Reverse"), {"one"}),
    "source": (put("sources.yaml", "Smith", "Jones"), PAGES | {"one"}),
    "term": (put("glossary.yaml", "Word", "Phrase"), PAGES),
}  # fmt: skip


SAME: dict[str, Callable[[Path], None]] = {
    "place of a card": put("cards.yaml", "- {id: one", "\n\n- {id: one"),
    "line of a paragraph": put("sections/text.md", "title: One", "title: One\n\n"),
    "remark": put("cards.yaml", "- {id: two", "# remark\n- {id: two"),
    "time of a file": lambda pack: os.utime(pack / "cards.yaml", (1, 1)),
    "list of addresses": put("recipients.csv", "Ann", "Bob"),
}


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the keys of the pack as it is."""
    return keys(write(tmp_path_factory.mktemp("usual") / "keys"))


def write(pack: Path) -> Path:
    """Write the pack."""
    for name, text in FILES.items():
        (pack / name).parent.mkdir(parents=True, exist_ok=True)
        (pack / name).write_text(text, "utf-8")
    return pack


@pytest.mark.parametrize("name", CHANGES)
def test_an_input_changes_the_keys_of_what_it_is_printed_in(
    name: str, usual: dict[str, str], tmp_path: Path
) -> None:
    """Those parts, and no others, are made anew."""
    change, wanted = CHANGES[name]
    pack = write(tmp_path / "keys")
    change(pack)
    made = keys(pack)
    assert set(made) == set(usual) == ALL
    assert {part for part in ALL if made[part] != usual[part]} == wanted
    # Where the pack as it was is remembered, nothing of it is taken for what was changed.
    store = Store(tmp_path / "store")
    assert keys(write(tmp_path / "before" / "keys"), store) == usual
    assert keys(pack, store) == made
    assert keys(pack, store) == made


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({"paper": "letter"}, PAGES), ({"theme": "large-print"}, ALL), ({"stock": "a6"}, CARDS),
        ({"overrides": (("marking", "SECRET"),)}, ALL), ({"jobs": 3, "cache": False, "strict": True, "booklet": True}, set()),
    ],
)  # fmt: skip
def test_a_setting_changes_the_keys_of_what_it_is_printed_in(
    settings: dict[str, Any], wanted: set[str], usual: dict[str, str], tmp_path: Path
) -> None:
    """Settings that choose the paper or a look; how a run is made leaves the parts as they are."""
    pack, store = write(tmp_path / "keys"), Store(tmp_path / "store")
    made = keys(pack, **settings)
    assert {part for part in ALL if made[part] != usual[part]} == wanted
    assert keys(pack, store) == usual
    assert keys(pack, store, **settings) == made


def test_what_is_not_printed_changes_no_key(usual: dict[str, str], tmp_path: Path) -> None:
    """Places in files, remarks, times, and files for others than readers; all at once."""
    pack = write(tmp_path / "keys")
    for change in SAME.values():
        change(pack)
    assert keys(pack) == usual


def test_the_environment_of_a_person_is_in_no_key(
    usual: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Language, time zone and terminal, and the folder that a build is begun in; all at once."""
    before = inputs._where()
    for name in ("PATH", "LANG", "LC_ALL", "LANGUAGE", "TZ", "COLUMNS", "NO_COLOR", "PYTHONHASHSEED"):
        monkeypatch.setenv(name, "other")
    monkeypatch.chdir(tmp_path)
    time.tzset()
    try:
        assert keys(write(tmp_path / "keys")) == usual
        assert inputs._where() == before
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("name", [*inputs._VARIABLES, *inputs._WAYS])
def test_the_environment_of_fonts_and_libraries_is_asked_anew(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A variable that chooses fonts or libraries: what is known of the machine counts no more."""
    store = Store(tmp_path / "cache")
    inputs._keep(store, "machine", "met", {})
    assert inputs.machine_known(store) == "met"
    monkeypatch.setenv(name, "/other")
    assert inputs.machine_known(store) == ""


@pytest.mark.parametrize("name", ["weasyprint", "pydyf", "fonttools", "pikepdf", "markdown_it_py", "guide"])
def test_another_version_of_a_library_changes_all_keys(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the libraries by the names of their folders; what is kept of this program counts no more."""
    packages, store = tmp_path / "site-packages", Store(tmp_path / "cache")
    for each in ("weasyprint", "pydyf", "fonttools", "pikepdf", "markdown_it_py", "guide"):
        (packages / f"{each}-1.0.dist-info").mkdir(parents=True)
    monkeypatch.setattr(sys, "path", [str(packages), *sys.path])
    monkeypatch.setattr(watch, "_STEP", 0)
    pack, seen = tmp_path / "keys", {("data", "pack.yaml", "1"): "x"}

    def made() -> tuple[str, str]:
        monkeypatch.setattr(inputs, "_code", [])
        inputs.code_known(store)
        found = inputs.digest_of_code(), inputs.digest_of_inputs(pack, seen, Settings())
        assert inputs.code_kept(store)
        return found

    before = made()
    assert made() == before
    (packages / f"{name}-1.0.dist-info").rename(packages / f"{name}-1.1.dist-info")
    after = made()
    assert not {*after} & {*before}
