"""Nothing that a person, or a broken editor, writes into a pack may raise."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guide.content.derive_cards import deck
from guide.content.load import load_pack
from guide.diagnostics.diagnostic import Diagnostic
from guide.model.pack import Pack

SMALL = {
    "pack.yaml": "format: 1\ntitle: T\ndate: 2026-01-01\nlang: en\ntheme:\n  accent: '#112233'\n"
    "documents:\n  briefing:\n    index: true\neditions:\n  short:\n    tags: [core]\nreview_after: 2 years\n",
    "sections/01-a.md": "---\ntitle: A\nsummary: s\nkey_points:\n  - one\ntags: [core]\n---\n\n# Head {#sec-h}\n\n"
    "Text [@s, p. 3] of an [[enclave]], $x^2$.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n: Cap {#tbl-t}\n\n"
    "![Map](figures/m.svg){#fig-m alt=\"x\"}\n\nSee @fig-m, @tbl-t.\n",
    "timeline.yaml": "- date: 1999-03\n  end: 1999-06-12\n  title: t\n  detail: d\n  sources: [s]\n",
    "glossary.yaml": "- term: enclave\n  abbreviation: E\n  aliases: [pocket]\n  definition: d\n  sources: s\n",
    "actors.yaml": "- name: A\n  kind: k\n  role: r\n  from: 1999\n  to: 2001\n  sources: [s]\n",
    "facts.yaml": "- label: a\n  value: 1.10\n  unit: m\n  as_of: 2024\n  review_after: 2025-01\n  sources: [s]\n",
    "cards.yaml": "- front: a\n  back: b\n  reverse: true\n  image: figures/c.vl.yaml\n  sources: [s]\n"
    "- cloze: A {{b::c}} {{d}}.\n  sources: [s]\n",
    "cards/more.csv": "front,back,tags\na,b,x;y\n\"c\nd\",e,\n",
    "questions.yaml": "- prompt: p\n  options: [a, b]\n  answer: a\n  sources: [s]\n"
    "- prompt: p\n  type: match\n  pairs:\n    a: b\n    c: d\n",
    "sources.yaml": "- id: s\n  type: book\n  title: S\n  author: ['A, B']\n  issued: 1999-06\n",
    "sources.bib": "@book{t,\n  title = {T},\n  author = {A, B and C},\n  year = 1999,\n  month = jun\n}\n",
    "figures/m.svg": "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 10 20'>\n<title>M</title>\n</svg>\n",
    "figures/c.vl.yaml": "description: d\ndata:\n  url: c.csv\n  format: {type: csv}\nmark: bar\n",
    "figures/c.csv": "a,b\n1,2\n",
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the small pack in it."""
    path = tmp_path_factory.mktemp("small") / "pack"
    write(path, SMALL)
    return path


def write(folder: Path, files: dict[str, str]) -> None:
    """Write files below a folder."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text.encode("utf-8", "surrogatepass"))


def load(folder: Path) -> tuple[Pack | None, tuple[Diagnostic, ...]]:
    """Load a pack as far as its deck, and check that no pack comes without a reason."""
    pack, found = load_pack(folder)
    assert pack is not None or any(d.severity == "error" for d in found)
    assert all(d.code and d.message for d in found)
    if pack is not None:
        deck(pack)
    return pack, found


def swapped(folder: Path, name: str, data: bytes) -> tuple[Pack | None, tuple[Diagnostic, ...]]:
    """Load the pack with other bytes in one file, and put the file back."""
    try:
        (folder / name).write_bytes(data)
        return load(folder)
    finally:
        (folder / name).write_bytes(SMALL[name].encode())


def test_the_small_pack_is_good(folder: Path) -> None:
    """The pack that is broken below has no errors itself."""
    pack, found = load(folder)
    assert pack is not None
    assert not [d for d in found if d.severity == "error"]


def mutations(text: str) -> Iterator[str]:
    """Yield a text with each of its lines deleted, indented, misspelt, cut, doubled, or emptied."""
    lines = text.split("\n")
    for number, line in enumerate(lines):
        changed = (
            [], [f"  {line}"], [line.lstrip()], [f"\t{line}"], [line[::-1]],
            [line.replace("e", "3", 1)], [line[: len(line) // 2]], [line, line],
            [line.partition(":")[0] + ":"], [line.partition(":")[0] + ": [{}]"],
            [line.partition(":")[0] + ": {a: {b: 9}}"], [line.partition(":")[0] + ": -1e400"],
        )  # fmt: skip
        for new in changed:
            yield "\n".join([*lines[:number], *new, *lines[number + 1 :]])


@pytest.mark.parametrize("name", [n for n in SMALL if n != "figures/c.vl.yaml"])
def test_a_damaged_line_never_raises(name: str, folder: Path) -> None:
    """Deleting, indenting, misspelling or retyping any line gives a pack or diagnostics."""
    for text in mutations(SMALL[name]):
        swapped(folder, name, text.encode())


def test_a_damaged_chart_never_raises(folder: Path) -> None:
    """Damaging any line of a chart's specification gives a pack or diagnostics."""
    for text in mutations(SMALL["figures/c.vl.yaml"]):
        swapped(folder, "figures/c.vl.yaml", text.encode())


words = st.text(max_size=30) | st.sampled_from(
    ["no", "1999-02-31", "{{a}}", "[@s]", "![](x)", "[[x]]", "@fig-x", "~", "&a *a", "x\0", "²", "--5", "-0000"]
)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(sorted(SMALL)), data=st.binary(max_size=60) | words.map(lambda t: t.encode("utf-8", "replace")))
def test_any_bytes_in_any_file_never_raise(name: str, data: bytes, folder: Path) -> None:
    """A file of any bytes at all gives a pack or diagnostics."""
    swapped(folder, name, data)


FIELDS = {
    "pack.yaml": "title subtitle lang version date authors publisher url marking summary supersedes valid_until paper "
    "theme citation_style documents accept editions require_sources autolink review_after",
    "timeline.yaml": "id tags sources date end title detail",
    "glossary.yaml": "id tags term abbreviation aliases definition",
    "actors.yaml": "id name abbreviation kind role from to detail",
    "facts.yaml": "id label value unit as_of",
    "cards.yaml": "id front back hint image reverse cloze tags sources",
    "questions.yaml": "id prompt type options answer pairs items lines level points shuffle explanation",
    "sources.yaml": "id type title author URL page DOI edition volume",
}
values: st.SearchStrategy[object] = st.recursive(
    words | st.integers() | st.floats() | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(sorted(FIELDS)),
    number=st.integers(0, 99),
    value=values,
)
def test_any_value_in_any_field_never_raises(name: str, number: int, value: object, folder: Path) -> None:
    """A field that holds anything at all gives a pack or diagnostics."""
    names = FIELDS[name].split()
    field = names[number % len(names)]
    plain: dict[str, object] = {
        "pack.yaml": {"format": 1, "title": "T"},
        "timeline.yaml": {"date": "1999", "title": "t"},
        "glossary.yaml": {"term": "t", "definition": "d"},
        "actors.yaml": {"name": "a", "kind": "k", "role": "r"},
        "facts.yaml": {"label": "l", "value": "v", "as_of": "1999"},
        "cards.yaml": {"front": "a", "back": "b"},
        "questions.yaml": {"prompt": "p", "type": "short", "answer": "a"},
        "sources.yaml": {"id": "s", "title": "S"},
    }[name]  # type: ignore[assignment]
    item = {**plain, field: value}
    text = json.dumps(item if name == "pack.yaml" else [item])
    swapped(folder, name, text.encode("utf-8", "replace"))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(text=st.text(max_size=80))
def test_any_section_and_table_never_raise(text: str) -> None:
    """Any text as the body of a section, and as a table of cards, gives a pack or diagnostics."""
    made = Path(tempfile.mkdtemp())
    try:
        write(made, {
            "pack.yaml": "format: 1\ntitle: T\n",
            "sections/a.md": f"---\ntitle: A\n---\n{text}",
            "cards/a.csv": f"front,back\n{text}",
            "cards/b.tsv": text,
        })  # fmt: skip
        load(made)
    finally:
        shutil.rmtree(made)


def test_source_dates_that_only_look_like_numbers(folder: Path) -> None:
    """Date parts that are digits to Unicode but no number are no reason to raise."""
    for part in ("²", "--5"):
        swapped(folder, "sources.yaml", f"- id: s\n  title: S\n  issued: {{date-parts: [['{part}']]}}\n".encode())


def test_a_review_date_that_cannot_be(folder: Path) -> None:
    """A `review_after` of month 13 is a diagnostic."""
    data = b"- label: a\n  value: 1\n  as_of: 2024\n  review_after: 2025-13\n"
    _, found = swapped(folder, "facts.yaml", data)
    assert [d for d in found if d.severity == "error"]


@pytest.mark.parametrize("box", ["0 0 1.2.3 4", "0 0 . 4", "0 0 " + "9" * 400 + " 4"])
def test_a_view_box_that_is_no_number(box: str, folder: Path) -> None:
    """An SVG whose viewBox holds no numbers loads without a size."""
    svg = f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='{box}'/>"
    pack, _ = swapped(folder, "figures/m.svg", svg.encode())
    assert pack is not None


@pytest.mark.parametrize("given_format", ["csv", "[csv]", "{type: [csv]}", "5"])
def test_a_chart_whose_data_format_is_no_mapping(given_format: str, folder: Path) -> None:
    """A wrong `format` of chart data is a diagnostic or ignored."""
    text = f"description: d\ndata:\n  url: c.csv\n  format: {given_format}\nmark: bar\n"
    swapped(folder, "figures/c.vl.yaml", text.encode())


def test_a_file_that_is_too_large_is_named_with_its_size(tmp_path: Path) -> None:
    """In megabytes, beside the most that is read; it is not read to its end."""
    write(tmp_path, {"pack.yaml": SMALL["pack.yaml"]})
    with (tmp_path / "glossary.yaml").open("wb") as stream:
        stream.truncate(345_600_000)
    _, found = load_pack(tmp_path)
    (large,) = [each for each in found if each.code == "file-too-large"]
    sizes = re.search(r"has ([\d.]+) MB; (\d+) MB is the most", large.message)
    assert sizes
    assert float(sizes[1]) == 345.6
    assert 1 <= float(sizes[2]) < 345.6
