"""What `guide check` says of whole packs: where a fault was written, once for each cause, accepted or not."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from PIL import Image

from guide.cli import guide
from guide.content.load import load_pack
from guide.diagnostics.diagnostic import Diagnostic
from guide.pipeline import Settings, build, check
from guide.diagnostics.sarif import documented

MANIFEST = "format: 1\ntitle: T\n"
FRONT = "---\ntitle: A\nsources: [k]\n---\n"
SOURCES = {"sources.yaml": "- {id: k, title: S}\n"}
CLEF = "\U0001d11e"  # no bundled font has it

Files = dict[str, "str | bytes"]
Found = Callable[..., list[Diagnostic]]


def write(folder: Path, files: Files) -> Path:
    for name, text in {"pack.yaml": MANIFEST, **SOURCES, **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


@pytest.fixture
def found(tmp_path: Path) -> Found:
    """Return a function that checks a pack in this process."""

    def run(files: Files, **settings: Any) -> list[Diagnostic]:
        folder = write(tmp_path / "p", files)
        made = check(folder, Settings(**{"jobs": 1, "cache": False, **settings}))
        return [d for d in made]

    return run


def at(d: Diagnostic) -> str:
    """Return `file:line code`, the file below the pack."""
    return f"{d.place.path.rpartition('/p/')[2]}:{d.place.line} {d.code}"


def hints(files: Files, folder: Path) -> set[str]:
    """Return what is said of the content alone, which takes no time."""
    return {d.hint for d in load_pack(write(folder, files))[1]}


def small_png() -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (60, 60), "#225588").save(data, "PNG")
    return data.getvalue()


def long_word(name: str) -> str:
    """Return a word that no line holds."""
    return name + "W" * 90


BRIEFING: Files = {
    "pack.yaml": f"{MANIFEST}documents: {{briefing: {{}}}}\nmarking: |\n  M\n  {CLEF}\nsummary: |\n  One.\n\n  {long_word('S')}.\n",
    "sections/1.md": "\n".join([
        "---", "title: A title", "summary: A summary", f"  over lines {long_word('SUM')}", "objectives:", "  - First.",
        f"  - {long_word('OBJ')}", f'key_points: ["One.", "{long_word("KEY")}"]', "sources: [k]", "---",
        "A paragraph of", f"two lines {long_word('PAR')} here.", "", "- item", f"- item {long_word('ITEM')}", "",
        "| a | b |", "|---|---|", f"| c | {long_word('CELL')} |", "", "::: note Mind", "Text.", "",
        f"In a box {long_word('BOX')}.", ":::", "", "A note.[^1]", "", f"![Caption {long_word('CAP')}](figures/a.png){{#fig-a alt=x}}", "",
        "```", "code", CLEF, "```", "", f"$\\text{{{CLEF}}}$", "", "[^1]: The note", f"    is {long_word('NOTE')}.", ""]),
    "figures/a.png": small_png(),
    "timeline.yaml": f"- date: 2000\n  title: >\n    Folded\n    and {long_word('EV')}\n  detail: x\n  sources: [k]\n- date: 2001\n  title: e\n  detail: |\n    one\n    two {long_word('DET')}\n  sources: [k]\n",
    "glossary.yaml": f"- term: {long_word('TERM')}\n  definition: d\n  sources: [k]\n- term: b\n  definition: >-\n    a\n\n    b {long_word('DEF')}\n  sources: [k]\n",
    "actors.yaml": f"- name: N\n  kind: state\n  role: r\n  detail: {long_word('ACT')}\n  sources: [k]\n",
    "facts.yaml": f"- label: l\n  value: {long_word('VAL')}\n  sources: [k]\n",
    "sources.yaml": f"- id: k\n  author: 'A, B'\n  title: {long_word('SRC')}\n",
    "questions.yaml": f"- prompt: p\n  options:\n   - a\n   - {long_word('OPT')}\n  answer: a\n  explanation: {long_word('EXP')}\n  sources: [k]\n",
}  # fmt: skip


def test_faults_of_pages_stand_where_the_text_was_written(found: Found) -> None:
    """In every kind of block and field: its file, and its line, also inside a text of several lines."""
    told = {at(d) for d in found(BRIEFING)}
    overflow = {
        "pack.yaml": [10], "sections/1.md": [4, 7, 8, 12, 15, 19, 24, 29, 39], "timeline.yaml": [4, 11],
        "glossary.yaml": [1, 8], "actors.yaml": [4], "facts.yaml": [2], "questions.yaml": [4, 6], "sources.yaml": [3],
    }  # fmt: skip
    wanted = {f"{path}:{line} text-overflow" for path, lines in overflow.items() for line in lines}
    wanted |= {"pack.yaml:6 missing-glyph", "sections/1.md:33 missing-glyph", "sections/1.md:29 low-resolution"}
    assert told - {t for t in told if t.endswith("bad-math")} == wanted


def test_faults_of_cards_stand_at_their_side(found: Found) -> None:
    """A back at its `back:`, a gap's text at `cloze:`, a cell of CSV at its line, derived cards at their item's field."""
    long, source = "word " * 300, "sources: [k]"
    told = found({
        "pack.yaml": f"{MANIFEST}marking: {CLEF}\ndocuments: {{flashcards: {{derive: [glossary, timeline, actors, questions]}}}}\n",
        "cards.yaml": f"- id: c1\n  front: a\n  back: {long}\n  {source}\n- id: c2\n  front: b\n  back: |\n    First.\n\n    Second {CLEF}2.\n  image: figures/a.png\n  {source}\n- id: c3\n  cloze: The {{{{78}}}} {long}\n  {source}\n- front: {long}\n  back: x\n  reverse: true\n  {source}\n",
        "cards/a.csv": f'front,back,sources\na1,"x\n\ny {CLEF}3 z",k\n"b1",{long},k\n',
        "glossary.yaml": f"- term: t1\n  definition: >\n    {long}\n  {source}\n",
        "timeline.yaml": f"- date: 1999\n  title: e\n  detail: {long}\n  {source}\n",
        "actors.yaml": f"- name: n\n  kind: s\n  role: r\n  detail: d {CLEF}4\n  {source}\n",
        "questions.yaml": f"- prompt: p\n  options: [a, 'b {CLEF}5']\n  answer: a\n  {source}\n",
        "figures/a.png": small_png(),
    })  # fmt: skip
    assert sorted(map(at, told)) == sorted([
        "pack.yaml:3 missing-glyph", "cards.yaml:3 card-overflow", "cards.yaml:10 missing-glyph", "cards.yaml:11 low-resolution",
        "cards.yaml:14 card-overflow", "cards.yaml:16 card-overflow", "cards/a.csv:4 missing-glyph", "cards/a.csv:5 card-overflow",
        "glossary.yaml:2 card-overflow", "timeline.yaml:3 card-overflow", "actors.yaml:4 missing-glyph", "questions.yaml:2 missing-glyph"])  # fmt: skip


CAUSES: list[tuple[str, Files, list[str]]] = [
    ("a file that cannot be read", {
        "sources.yaml": "- {id: k, title: 'S}\n", "facts.yaml": "- {label: l, value: 1, sources: [k]}\n- {label: m, value: 1, sources: [k]}\n",
        "sections/1.md": FRONT + "[@k, p. 3]\n"}, ["sources.yaml:1 yaml-syntax"]),
    ("a misspelt key is not also missing", {"cards.yaml": "- {front: a, bakc: b}\n", "glossary.yaml": "- {term: g, definitoin: d}\n",
        "sections/1.md": FRONT + "A [[g]] here [@k].\n"}, ["cards.yaml:1 unknown-key", "glossary.yaml:1 unknown-key"]),
    ("a key that is misspelt and one that is missing", {"facts.yaml": "- {label: a, sorces: [k]}\n"},
        ["facts.yaml:1 unknown-key", "facts.yaml:1 missing-key"]),
    ("a picture that is missing, named three times", {"sections/1.md": FRONT + "![a](figures/a.png){alt=x}\n\n![a](figures/a.png){alt=x}\n",
        "cards.yaml": "- {front: a, back: b, image: figures/a.png, sources: [k]}\n"}, ["sections/1.md:5 missing-image"]),
    ("a section that is left out", {"sections/1.md": "---\ntitle: A\nid: aa\nsummry: x\n---\nT {#sec-x}.\n",
        "sections/2.md": FRONT + "See @sec-aa and @sec-x.\n"}, ["sections/1.md:4 unknown-key"]),
    ("a reference to nothing, and a document without content", {"pack.yaml": f"{MANIFEST}documents: {{briefing: {{}}, quiz: {{}}}}\n",
        "sections/1.md": FRONT + "See @sec-x.\n"}, ["sections/1.md:5 bad-reference", "pack.yaml:3 nothing-to-print"]),
    ("a date in several documents", {"pack.yaml": f"{MANIFEST}documents: {{briefing: {{}}, handout: {{}}}}\n",
        "timeline.yaml": "- {date: 1999-13, title: x, sources: [k]}\n"}, ["timeline.yaml:1 bad-date"]),
    ("a formula in several documents", {"pack.yaml": f"{MANIFEST}documents: {{briefing: {{}}, worksheet: {{}}, flashcards: {{}}}}\n",
        "sections/1.md": FRONT + "A $\\frac{1$.\n", "cards.yaml": "- front: a\n  back: $\\frac{1$\n  sources: [k]\n"},
        ["sections/1.md:5 bad-math", "cards.yaml:2 bad-math"]),
    ("a theme in several documents", {"pack.yaml": f"{MANIFEST}theme: defualt\n", "sections/1.md": FRONT + "T.\n",
        "cards.yaml": "- {front: a, back: b, sources: [k]}\n"}, ["pack.yaml:3 unknown-theme"]),
    ("a theme of one document", {"pack.yaml": f"{MANIFEST}documents: {{worksheet: {{theme: defualt}}}}\n", "sections/1.md": FRONT + "T **b c**.\n"},
        ["pack.yaml:3 unknown-theme"]),
    ("a fault in two versions of a quiz", {"pack.yaml": f"{MANIFEST}documents: {{quiz: {{versions: 2}}}}\n",
        "questions.yaml": f"- prompt: '{long_word('p')}'\n  options: [a, b]\n  answer: a\n  sources: [k]\n"}, ["questions.yaml:1 text-overflow"]),
    ("a term in the text, the glossary and the index", {"pack.yaml": f"{MANIFEST}documents: {{briefing: {{}}}}\n", "sections/1.md": FRONT + f"T.\n\nT [[{long_word('t')}|t]].\n",
        "glossary.yaml": f"- term: {long_word('t')}\n  definition: d\n  sources: [k]\n"}, ["glossary.yaml:1 text-overflow"]),
    ("a marking on every page", {"pack.yaml": f"{MANIFEST}marking: {'VERY LONG ' * 40}\ndocuments: {{worksheet: {{}}}}\n",
        "sections/1.md": FRONT + "T **b c**.\n"}, ["pack.yaml:3 marking-too-long"]),
    ("the accent colour", {"pack.yaml": f"{MANIFEST}theme: {{accent: '#ffee00'}}\ndocuments: {{quiz: {{}}, flashcards: {{}}}}\n",
        "questions.yaml": "- {prompt: p, type: true-false, answer: true, sources: [k]}\n", "cards.yaml": "- {front: a, back: b, sources: [k]}\n"},
        ["pack.yaml:3 unreadable-text"]),
    ("a font of one's own stylesheet", {"pack.yaml": f"{MANIFEST}theme: mine\ndocuments: {{worksheet: {{}}}}\n", "sections/1.md": FRONT + "T **b c** *d*.\n",
        "templates/themes/mine.css": "/* c */\n.prose em { font-family: 'DejaVu Serif', serif }\n"}, ["templates/themes/mine.css:2 font-fallback"]),
    ("an id twice in a template", {"pack.yaml": f"{MANIFEST}documents: {{note: {{}}}}\n", "sections/1.md": FRONT + "T.\n",
        "templates/note/kind.toml": 'name = "note"\ntitle = "N"\noutput = "note.pdf"\nneeds = ["sections"]\n',
        "templates/note/page.html": '<html lang="en"><head><title>T</title></head><body>\n<p id="a">A</p>\n<p id="a">A</p>\n</body></html>\n'},
        ["templates/note/page.html:3 duplicate-anchor"]),
    ("a link to nowhere", {"pack.yaml": f"{MANIFEST}documents: {{worksheet: {{}}}}\n", "sections/1.md": FRONT + "T **b c**.\n\nA [link](#gone).\n"},
        ["sections/1.md:7 bad-reference"]),
]  # fmt: skip


def test_what_is_printed_again_elsewhere_has_its_own_place(found: Found) -> None:
    """Titles and headings in the contents, and links in their list: never the pack as a whole."""
    files = {"pack.yaml": f"{MANIFEST}documents: {{briefing: {{}}, worksheet: {{}}}}\n",
             "sections/1.md": f"---\ntitle: {long_word('A')}\nsources: [k]\n---\n## {long_word('H')}\n\n"
                              f"A **b** [{long_word('l')}](https://example.org).\n"}  # fmt: skip
    told = [d for d in found(files) if d.code == "text-overflow"]
    assert {d.place.path.rpartition("/p/")[2] for d in told} == {"sections/1.md"}
    assert {2, 5, 7} <= {d.place.line for d in told}


@pytest.mark.parametrize(("files", "wanted"), [c[1:] for c in CAUSES], ids=[c[0] for c in CAUSES])
def test_one_cause_is_told_once(files: Files, wanted: list[str], found: Found) -> None:
    """Whatever follows from it, and in however many documents."""
    others = {"unused-source", "missing-source"}
    assert sorted(at(d) for d in found(files) if d.code not in others) == sorted(wanted)


def test_a_fault_in_two_versions_names_both(found: Found) -> None:
    """The message says in which documents, and on which pages."""
    told = found(next(files for name, files, _ in CAUSES if "versions" in name))
    assert told[0].message.startswith("quiz-a, page 1; quiz-b, page 1; quiz-answers, page"), told


SUGGESTIONS: list[tuple[str, Files, dict[str, object]]] = [
    ("definition", {"glossary.yaml": "- {term: a, definitoin: b}\n"}, {}),
    ("summary", {"sections/1.md": "---\ntitle: A\nsummry: b\n---\n"}, {}),
    ("editions", {"pack.yaml": f"{MANIFEST}editons: {{}}\n"}, {}),
    ("nato-role", {"sources.yaml": "- {id: nato-role, title: S}\n", "facts.yaml": "- {label: a, value: 1, sources: [nato-rol]}\n"}, {}),
    ("container-title", {"sources.yaml": "- {id: k, title: S, container-titel: T}\n"}, {}),
    ("enclave", {"glossary.yaml": "- {term: enclave, definition: b}\n", "sections/1.md": FRONT + "[[enclav]]\n"}, {}),
    ("sec-troops", {"sections/1.md": FRONT + "## H {#sec-troops}\n\n@sec-trops\n"}, {}),
    ("figures/map.svg", {"sections/1.md": FRONT + "![a](figures/mpa.svg)\n", "figures/map.svg": "<svg/>"}, {}),
    ("true-false", {"questions.yaml": "- {prompt: a, type: truefalse, answer: true}\n"}, {}),
    ("Oslo", {"questions.yaml": "- {prompt: a, options: [Oslo, Rome], answer: Olso}\n"}, {}),
    ("flashcards", {"pack.yaml": f"{MANIFEST}documents: {{flashcard: {{}}}}\n", "cards.yaml": "- {front: a, back: b}\n"}, {}),
    ("briefing", {"sections/1.md": FRONT}, {"kinds": ("briefng",)}),
    ("index-3x5", {"pack.yaml": f"{MANIFEST}documents: {{flashcards: {{stock: indx-3x5}}}}\n", "cards.yaml": "- {front: a, back: b}\n"}, {}),
    ("stock", {"pack.yaml": f"{MANIFEST}documents: {{flashcards: {{stok: a7}}}}\n", "cards.yaml": "- {front: a, back: b}\n"}, {}),
    ("image", {"cards.yaml": "- {front: a, back: b, layout: imgae}\n"}, {}),
    ("ink-saver", {"pack.yaml": f"{MANIFEST}theme: ink-savr\n", "sections/1.md": FRONT}, {}),
    ("chicago-author-date", {"pack.yaml": f"{MANIFEST}citation_style: chicago-author\n", "sections/1.md": FRONT}, {}),
    ("core", {"pack.yaml": f"{MANIFEST}editions: {{short: {{tags: [cor]}}}}\n", "facts.yaml": "- {label: a, value: 1, tags: [core]}\n"}, {}),
    ("missing-source", {"pack.yaml": f"{MANIFEST}accept: [{{code: misssing-source, because: b}}]\n", "facts.yaml": "- {label: a, value: 1}\n"}, {}),
]  # fmt: skip


@pytest.mark.parametrize(("word", "files", "settings"), SUGGESTIONS, ids=[c[0] for c in SUGGESTIONS])
def test_what_was_meant_is_suggested(word: str, files: Files, settings: dict[str, object], found: Found, tmp_path: Path) -> None:
    """Keys, sources, terms, references, pictures, types, options, kinds, stock, layouts, themes, styles, tags, codes."""
    wanted = f"did you mean `{word}`?"
    assert wanted in hints(files, tmp_path / "q") or wanted in {d.hint for d in found(files, **settings)}


def test_an_edition_is_suggested(tmp_path: Path) -> None:
    """On the command line, in the format that was asked for."""
    folder = write(tmp_path, {"pack.yaml": f"{MANIFEST}editions: {{executive: {{}}}}\n"})
    said = CliRunner().invoke(guide, ["check", str(folder), "--edition", "exectuive", "--format", "json", "--jobs", "1"])
    assert [d["hint"] for d in json.loads(said.stdout)] == ["did you mean `executive`?"]
    assert said.exit_code == 1


ACCEPTED: Files = {
    "pack.yaml": (
        f"{MANIFEST}require_sources: true\ndocuments: {{flashcards: {{stock: 30x20mm, derive: []}}}}\naccept:\n"
        "- {code: unknown-source, because: reason one}\n- {code: card-overflow, id: c1, because: reason two}\n"
        "- {code: missing-source, id: c1, because: reason three}\n- {code: low-contrast, because: nothing}\n"
    ),
    "cards.yaml": "- {id: c1, front: a, back: " + "word " * 30 + "}\n",
    "facts.yaml": "- {label: a, value: 1, sources: [nobody]}\n",
}  # fmt: skip


@pytest.mark.parametrize("strict", [False, True])
def test_accepted_problems_stop_nothing(strict: bool, tmp_path: Path) -> None:
    """Errors of content and layout alike: they are notes with their reason, and the documents are made."""
    folder = write(tmp_path / "p", {**ACCEPTED, "sources.yaml": "[]\n"})
    made = build(folder, tmp_path / "out", Settings(jobs=1, strict=strict, cache=False))
    reasons = {d.code: d.accepted for d in made.diagnostics if d.accepted}
    assert reasons == {"unknown-source": "reason one", "card-overflow": "reason two", "missing-source": "reason three"}
    assert {str(d.severity) for d in made.diagnostics if d.accepted or d.code == "unused-accept"} == {"note"}
    assert [d.place.line for d in made.diagnostics if d.code == "unused-accept"] == [9]
    assert not made.failed
    assert {Path(o.path).name for o in made.outputs} == {"flashcards.pdf", "flashcards-screen.pdf"}


def test_a_figure_is_accepted_by_its_id(found: Found) -> None:
    """As in `accept: [{code: low-resolution, id: map-1999}]`, with or without `fig-`."""
    files: Files = {
        "pack.yaml": f"{MANIFEST}documents: {{briefing: {{}}}}\naccept: [{{code: low-resolution, id: map, because: old}}]\n",
        "sections/1.md": FRONT + "![a](figures/a.png){#fig-map alt=x}\n", "figures/a.png": small_png()}  # fmt: skip
    assert [d.accepted for d in found(files) if d.code == "low-resolution"] == ["old"]
    # What a part of the pack does not show is not said to be accepted in vain.
    assert not [d for d in found(files, kinds=("worksheet",)) if d.code == "unused-accept"]


def test_formats_tell_what_is_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Text, JSON, GitHub's annotations; and SARIF with what its specification asks for."""
    write(tmp_path / "a b", ACCEPTED)
    monkeypatch.chdir(tmp_path)
    said = {f: CliRunner().invoke(guide, ["check", "a b", "--all", "--jobs", "1", "--format", f]).stdout for f in ("text", "json", "github", "sarif")}
    assert "    accepted: reason two\n" in said["text"]
    assert {d["accepted"] for d in json.loads(said["json"])} >= {"", "reason one", "reason two"}
    assert "%0Aaccepted: reason two" in said["github"]
    log = json.loads(said["sarif"])
    assert (log["version"], log["$schema"].rpartition("/")[2]) == ("2.1.0", "sarif-2.1.0.json")
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert run["tool"]["driver"]["name"] == "guide"
    assert "%SRCROOT%" in run["originalUriBaseIds"]
    for rule in rules:
        assert rule["shortDescription"]["text"] and rule["help"]["text"]
        assert rule["help"]["markdown"] == documented()[rule["id"]]
        assert "helpUri" not in rule
    marks = [result["partialFingerprints"]["guide/v1"] for result in run["results"]]
    assert len(set(marks)) == len(marks) == len(json.loads(said["json"]))
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in {"error", "warning", "note"}
        assert result["message"]["text"]
        (place,) = result["locations"]
        address = place["physicalLocation"]["artifactLocation"]
        assert address["uri"].startswith("a%20b/") and address["uriBaseId"] == "%SRCROOT%"
        assert place["physicalLocation"]["region"]["startLine"] >= 1
    kept = [r["suppressions"] for r in run["results"] if r["ruleId"] == "card-overflow"]
    assert kept[:1] == [[{"kind": "external", "status": "accepted", "justification": "reason two"}]]


def test_a_mark_stays_when_lines_move(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line above changes the place of a problem, and not what it is known by."""
    monkeypatch.chdir(tmp_path)
    found = []
    for text in ("- {front: a, bakc: b}\n", "# a line\n- {front: a, bakc: b}\n"):
        write(tmp_path / "p", {"cards.yaml": text})
        log = json.loads(CliRunner().invoke(guide, ["check", "p", "--jobs", "1", "--format", "sarif"]).stdout)
        found.append(next(r for r in log["runs"][0]["results"] if r["ruleId"] == "unknown-key"))
    assert found[0]["partialFingerprints"] == found[1]["partialFingerprints"]
    assert [f["locations"][0]["physicalLocation"]["region"]["startLine"] for f in found] == [1, 2]
