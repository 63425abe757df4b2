"""Nothing old is served from the cache: each kind of input is changed, one at a time, warm."""

from __future__ import annotations

import base64
import dataclasses
import io
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from fontTools.ttLib import TTFont

from guide import pipeline
from guide.cluster.address import Cluster
from guide.pipeline import inputs
from guide.actions import compare
from guide.content.load import load_pack
from guide.model.printers import Registration
from guide.system import watch
from guide.system.cache import Store
from guide.system.watch import Machine
from guide.resources import font_file

Settings = pipeline.Settings
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 10"><title>{0}</title><rect width="{0}" height="9"/></svg>'
CHART = (
    "description: Bars.\ndata: {url: rows.csv}\nmark: bar\nwidth: 90\nheight: 50\n"
    "encoding: {x: {field: a, type: nominal}, y: {field: b, type: quantitative}}\n"
)
FILES = {
    "pack.yaml": (
        "format: 1\ntitle: Keys\ndate: 2026-11-01\nmarking: MARK-111\neditions:\n  short: {tags: [core]}\n"
        "documents: {flashcards: {stock: a7, derive: [glossary]}, handout: {}}\n"
    ),
    "sections/recipients.md": (
        "---\ntitle: One\ntags: [core]\n---\nText 111 [@k1]. ![A](figures/recipients-map.svg) ![B](figures/build/b.svg)\n\n"
        "![C](figures/.hidden/c.svg) ![D](figures/linked/d.svg)\n\n![E](figures/chart.vl.yaml)\n"
    ),
    "texts/two.md": "---\ntitle: Two\n---\nText 111.\n",
    "pictures/d.svg": SVG.format(11),
    "figures/recipients-map.svg": SVG.format(11),
    "figures/build/b.svg": SVG.format(11),
    "figures/.hidden/c.svg": SVG.format(11),
    "figures/chart.vl.yaml": CHART,
    "figures/rows.csv": "a,b\nx,11\ny,4\n",
    "cards/recipients.csv": "id,front,back,sources\none,Front 111,Back,k1\n",
    "cards/more.tsv": "front\tback\nTab 111\tBack\n",
    "cards.yaml": "- {id: two, front: Second, back: 'See ![m](figures/recipients-map.svg)', tags: [core]}\n",
    "glossary.yaml": "- {term: Alpha, definition: Word 111., sources: [k1]}\n",
    "timeline.yaml": "- {date: 1999, title: Event 111, sources: [k1]}\n",
    "actors.yaml": "- {name: Actor 111, kind: state, role: Acts., sources: [k1]}\n",
    "facts.yaml": "- {label: Days, value: 111, sources: [k1]}\n",
    "questions.yaml": "- {prompt: Which 111?, options: [a, b], answer: a, sources: [k1]}\n",
    "sources.bib": "@book{k1, title = {Book 111}, author = {Smith, Jane}, year = {1999}}\n",
    "templates/flashcards/layouts/basic.html": (
        '{% extends "flashcards/layouts/frame.html" %}{% block body %}'
        "{{ card.front if side == 'front' else card.back }} {{ options.seed }} {{ paper.css }} 111{% endblock %}\n"
    ),
    "templates/themes/default.css": ":root { --accent: #111111; }\n",
    "templates/stock/own.yaml": "name: own\ntitle: Own 111\npaper: a4\ncard: [90, 60]\ncolumns: 2\nrows: 4\norigin: [10, 10]\npitch: [90, 60]\n",
}  # fmt: skip


def written(folder: Path, files: dict[str, str] = FILES) -> Path:
    """Return a pack with a file and a folder behind links."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    (folder / "sections/20-linked.md").symlink_to("../texts/two.md")
    (folder / "figures/linked").symlink_to("../pictures")
    return folder


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store of this test's own."""
    monkeypatch.setenv("GUIDE_CACHE_DIR", str(tmp_path / "cache"))
    return Store(tmp_path / "cache")


def relinked(pack: Path) -> None:
    """Let a link lead to another file of the same length."""
    (pack / "texts/three.md").write_text(FILES["texts/two.md"].replace("111", "222"), "utf-8")
    (pack / "sections/20-linked.md").unlink()
    (pack / "sections/20-linked.md").symlink_to("../texts/three.md")


def linked_out(pack: Path) -> None:
    """Let a link lead out of the pack, to a file with the same text."""
    shutil.copy(pack / "texts/two.md", pack.parent / "two.md")
    (pack / "sections/20-linked.md").unlink()
    (pack / "sections/20-linked.md").symlink_to("../../two.md")


MORE: dict[str, Callable[[Path], Any]] = {
    "a section more": lambda pack: shutil.copy(pack / "texts/two.md", pack / "sections/30.md"),
    "a table of cards more": lambda pack: (pack / "cards/z.csv").write_text("front,back\nA,B\n"),
    "a list that was not there": lambda pack: (pack / "sources.yaml").write_text("- {id: k2, type: book, title: B}\n"),
    "a template more": lambda pack: (pack / "templates/base.css").write_text("p { color: red }\n"),
    "a file renamed": lambda pack: (pack / "cards/more.tsv").rename(pack / "cards/less.tsv"),
    "a file less": lambda pack: (pack / "facts.yaml").unlink(),
    "a link to another file": relinked,
    "a link out of the pack": linked_out,
    "a folder in place of a file": lambda pack: ((pack / "facts.yaml").unlink(), (pack / "facts.yaml").mkdir()),
}
UNREAD: dict[str, Callable[[Path], Any]] = {
    "an address list": lambda pack: (pack / "recipients.csv").write_text("name\nA\n"),
    "a ledger": lambda pack: (pack / "recipients.ledger.db").write_bytes(b"x"),
    "what was built": lambda pack: ((pack / "build").mkdir(), (pack / "build/a.pdf").write_bytes(b"x")),
    "a repository": lambda pack: ((pack / ".git").mkdir(), (pack / ".git/HEAD").write_text("x")),
    "a time": lambda pack: os.utime(pack / "cards.yaml", (1, 1)),
}


def test_each_file_of_a_pack_is_part_of_its_key(cache: Store, tmp_path: Path) -> None:
    """Whatever its name and place, and behind links: a build after the change does not know the pack."""
    pack, settings = written(tmp_path / "keys"), Settings()
    seen: dict[Any, str] = {}
    assert load_pack(pack, seen=seen)[0] is not None
    inputs.remember(cache, pack, settings, seen)
    assert inputs.recall(cache, pack, settings) == seen
    for name, text in FILES.items():
        changed = text.replace("111", "222").replace("11", "12").replace("Second", "Third")
        changed = changed.replace("mark: bar", "mark: tick")
        assert changed != text, name
        (pack / name).write_text(changed, "utf-8")
        assert inputs.recall(cache, pack, settings) is None, name
        assert load_pack(pack)[0] is not None  # it is the content that differs, not an error
        (pack / name).write_text(text, "utf-8")
        assert inputs.recall(cache, pack, settings) == seen, name
    for change in UNREAD.values():
        change(pack)
    assert inputs.recall(cache, pack, settings) == seen


@pytest.mark.parametrize("change", MORE)
def test_files_that_come_and_go_change_the_key(change: str, cache: Store, tmp_path: Path) -> None:
    """Folders that were listed, files that were looked for in vain, links."""
    pack, settings = written(tmp_path / "keys"), Settings()
    seen: dict[Any, str] = {}
    load_pack(pack, seen=seen)
    inputs.remember(cache, pack, settings, seen)
    MORE[change](pack)
    assert inputs.recall(cache, pack, settings) is None
    again: dict[Any, str] = {}
    load_pack(pack, seen=again)
    assert inputs.digest_of_inputs(pack, again, settings) != inputs.digest_of_inputs(pack, seen, settings)
    inputs.remember(cache, pack, settings, again)
    assert inputs.recall(cache, pack, settings) == again


def test_each_setting_is_part_of_the_key(tmp_path: Path) -> None:
    """All but the number of processes, the machines that they run on, and the use of the cache."""
    pack, seen = written(tmp_path / "keys"), {("data", "pack.yaml", "1"): "x"}
    other: dict[str, Any] = {
        "kinds": ("handout",), "edition": "short", "paper": "letter", "theme": "large-print", "stock": "a6",
        "duplex": "fold", "tags": ("core",), "printed": (("a", "b"),), "fit_report": True, "booklet": True,
        "archive": True, "epoch": 1, "overrides": (("title", "X"),), "strict": True, "jobs": 3, "cache": False,
        "registration": Registration(1, 2), "layout": False, "since": "1.0", "before": (),
        "cluster": Cluster("tcp://127.0.0.1:8786"),
    }  # fmt: skip
    assert {*other} == {field.name for field in dataclasses.fields(Settings)}
    made = {name: inputs.digest_of_inputs(pack, seen, Settings(**{name: value})) for name, value in other.items()}
    usual = inputs.digest_of_inputs(pack, seen, Settings())
    assert {name for name, digest in made.items() if digest == usual} == {"jobs", "cache", "cluster"}
    assert len({*made.values()}) == len(made) - 2


def test_the_reader_is_the_only_one_who_looks_into_a_pack() -> None:
    """What looks past it is in no key."""
    folder = Path(inputs.__file__).parents[1] / "content"
    looks = re.compile(r"os\.(listdir|walk|scandir|open)|\.iterdir\(|\.r?glob\(|\.read_(text|bytes)\(|\bopen\(")
    found = {path.name for path in folder.glob("*.py") if looks.search(path.read_text("utf-8"))}
    # What the reader asks with; the program's own templates, pictures that are at hand, and the pack that
    # `guide new` writes.
    assert found == {"files.py", "unread.py", "library.py", "pictures.py", "starter.py"}


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that is all the fonts that the machine has, configured by a file beside it."""
    fonts = tmp_path / "fonts"
    fonts.mkdir()
    shutil.copy(font_file("Source Sans 3", "SourceSans3-Regular.ttf"), fonts / "a.ttf")
    (tmp_path / "fonts.conf").write_text(
        f'<?xml version="1.0"?><fontconfig><dir>{fonts}</dir><cachedir>{tmp_path}/fc</cachedir></fontconfig>', "utf-8"
    )
    monkeypatch.setenv("FONTCONFIG_FILE", str(tmp_path / "fonts.conf"))
    monkeypatch.setattr(watch, "_STEP", 0)
    return fonts


def test_the_fonts_of_the_machine_are_part_of_all_keys(
    machine: Path, cache: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A font more, a font replaced, another configuration, another Pango: no result is known any more."""
    from guide.engine.machine import machine as ask

    def met() -> str:
        made = inputs.machine_met(cache, ask())
        assert inputs.machine_known(cache) == made
        return made

    worlds = [met()]
    told = ask()
    assert str(machine / "a.ttf") in told.files
    assert len(told.versions) == 3
    assert all(told.versions)
    conf = machine.parent / "fonts.conf"
    changes = {
        "more": lambda: shutil.copy(font_file("Noto Sans", "NotoSans-Regular.ttf"), machine / "b.ttf"),
        "replaced": lambda: shutil.copy(font_file("Source Sans 3", "SourceSans3-Bold.ttf"), machine / "a.ttf"),
        "removed": lambda: (machine / "b.ttf").unlink(),
        "configured": lambda: conf.write_text(conf.read_text().replace("</fontconfig>", "<!-- -->\n</fontconfig>")),
    }
    for name, change in changes.items():
        change()
        assert inputs.machine_known(cache) == "", name
        worlds.append(met())
    for number in range(3):
        versions = tuple(f"{v}.1" if n == number else v for n, v in enumerate(told.versions))
        worlds.append(inputs.machine_met(cache, Machine(versions, told.files, told.places)))
    monkeypatch.setenv("HB_OPTIONS", "uniscribe-bug-compatible")
    assert inputs.machine_known(cache) == ""
    worlds.append(met())
    assert len({*worlds}) == len(worlds)
    store = cache.on(worlds[0])
    store.put("pdf:a", b"old")
    assert (store.get("pdf:a"), cache.on(worlds[1]).get("pdf:a")) == (b"old", None)


def test_a_bundled_font_counts_by_its_bytes(
    machine: Path, cache: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Replaced by one of the same size and time."""
    own = tmp_path / "bundled"
    own.mkdir()
    (own / "x.ttf").write_bytes(b"\0" * 5000 + b"a")
    os.utime(own / "x.ttf", (1000, 1000))
    monkeypatch.setattr(inputs, "font_folders", lambda: {"X": own})
    told = Machine(("1",), (), ())
    before = inputs.machine_met(cache, told)
    (own / "x.ttf").write_bytes(b"\0" * 5000 + b"b")
    os.utime(own / "x.ttf", (1000, 1000))
    assert inputs.machine_known(cache) == ""
    assert inputs.machine_met(cache, told) != before


def test_this_program_is_part_of_all_keys(cache: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A template, whatever its name, a catalogue, a module; a run while it is edited keeps nothing."""
    program, templates = tmp_path / "guide", tmp_path / "templates"
    for path in (program / "locale/de.po", program / "a.py", templates / "recipients.css", templates / ".b.html"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("111")
    monkeypatch.setattr(inputs, "_PROGRAM", ((templates, ()), (program, inputs._CODE)))
    monkeypatch.setattr(inputs, "TEMPLATES", templates)
    monkeypatch.setattr(inputs, "LOCALE", program / "locale")
    monkeypatch.setattr(watch, "_STEP", 0)
    made = set()
    paths = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    for path in paths:
        monkeypatch.setattr(inputs, "_code", [])
        made.add(inputs.digest_of_code())
        assert inputs.code_kept(cache)
        path.write_text("222")
        assert not inputs.code_kept(cache)
        monkeypatch.setattr(inputs, "_code", [])
        inputs.code_known(cache)
        assert inputs._code == [], path
    assert len(made) == len(paths) == 4


# On paper


def pages(path: Path) -> str:
    """Return the text of a PDF."""
    document = pypdfium2.PdfDocument(path.read_bytes())
    text = "\n".join(page.get_textpage().get_text_bounded() for page in document)
    document.close()
    return text


def build(pack: Path, out: Path, **settings: Any) -> dict[str, bytes]:
    """Build the cards; return the PDFs."""
    shutil.rmtree(out, ignore_errors=True)
    built = pipeline.build(pack, out, Settings(jobs=1, kinds=("flashcards",), **settings))
    assert not built.failed, built.diagnostics
    return {path.name: path.read_bytes() for path in sorted(out.rglob("*.pdf"))}


DECK = {
    "pack.yaml": "format: 1\ntitle: Keys\nlang: en\ndate: 2026-11-01\ndocuments: {flashcards: {seed: 111}}\n",
    "cards/recipients.csv": "id,front,back,sources\none,Front 111,Back,k1\ntwo,Second,Back,\n",
    "sources.yaml": "- {id: k1, type: book, title: A Book, author: 'Smith, Jane', issued: 1999}\n",
    "templates/flashcards/layouts/basic.html": (
        '{% extends "flashcards/layouts/frame.html" %}{% block body %}'
        "{{ card.front if side == 'front' else card.back }} Seed {{ options.seed }} Paper {{ paper.name }}{% endblock %}\n"
    ),
    "texts/two.md": "", "figures/x": "", "sections/x": "",
}  # fmt: skip


def test_a_warm_deck_prints_what_is_written_now(cache: Store, tmp_path: Path) -> None:
    """Text in a file of an odd name, a source, an option, the paper: as without a cache; a check says so before."""
    pack, out = written(tmp_path / "keys", DECK), tmp_path / "out"
    (pack / "sections/20-linked.md").unlink()
    build(pack, out)
    record = out / "keys/build.json"
    printed = pipeline.printed_cards(record)
    for name, before, after, changed in (
        ("cards/recipients.csv", "Front 111", "Front 222", {"one"}),
        ("sources.yaml", "Smith", "Jones", {"one"}),
        ("pack.yaml", "seed: 111", "seed: 222", {"one", "two"}),
    ):
        path = pack / name
        path.write_text(path.read_text().replace(before, after))
        found = compare.compare(pack, out, Settings(jobs=1, kinds=("flashcards",)))
        assert found.failed
        assert {*found.states.values()} == {"stale"}
        warm = build(pack, out)
        text = pages(out / "keys/flashcards-screen.pdf")
        words = (before.partition(": ")[2] or before, after.partition(": ")[2] or after)
        assert words[0] not in text.replace("Front 222", "") or name == "pack.yaml"
        assert words[1] in text
        now = pipeline.printed_cards(record)
        assert {card for card, _ in {*now} - {*printed}} == changed, name
        printed = now
    assert "Seed 222" in pages(out / "keys/flashcards-screen.pdf")
    assert warm == build(pack, tmp_path / "fresh", cache=False)
    assert "Paper letter" in build_text(pack, out, paper="letter")
    assert all(made.cached for made in pipeline.build(pack, out, Settings(jobs=1, kinds=("flashcards",))).outputs)


def build_text(pack: Path, out: Path, **settings: Any) -> str:
    """Return the text of the deck for the screen."""
    build(pack, out, **settings)
    return pages(out / "keys/flashcards-screen.pdf")


def font(swap: bool) -> str:
    """Return a font as an address; `swap` gives H and O each other's outlines, of the same width."""
    made = TTFont(font_file("Source Sans 3", "SourceSans3-Regular.ttf"), recalcTimestamp=False)
    if swap:
        made["glyf"]["H"], made["glyf"]["O"] = made["glyf"]["O"], made["glyf"]["H"]
    out = io.BytesIO()
    made.save(out)
    return f"data:font/ttf;base64,{base64.b64encode(out.getvalue()).decode()}"


def test_a_font_of_the_same_name_is_another_font(cache: Store, tmp_path: Path) -> None:
    """Of another pack, and replaced in this one: drawn as without a cache."""
    made = {}
    for swap in (False, True):
        css = f'@font-face {{ font-family: "Own"; src: url("{font(swap)}"); }}\n* {{ font-family: "Own" !important; }}\n'
        files = {
            "pack.yaml": "format: 1\ntitle: T\nlang: en\ndocuments: {flashcards: {}}\n", "figures/x": "",
            "cards.yaml": "- {front: HOHO, back: OHO}\n", "templates/themes/default.css": css, "sections/x": "",
        }  # fmt: skip
        pack = tmp_path / "one"
        if not swap:
            written(pack, files)
            (pack / "sections/20-linked.md").unlink()
        (pack / "templates/themes/default.css").write_text(css)
        made[swap] = build(pack, tmp_path / "out")
    assert made[True] == build(pack, tmp_path / "fresh", cache=False)
    assert made[True] != made[False]
