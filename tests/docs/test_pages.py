"""The documentation says what the program does: its examples load, its list of codes is whole."""

from __future__ import annotations

import re
from pathlib import Path

import pypdfium2
import pytest

from guide.content.load import load_pack
from guide.model.kinds import VIEWS
from guide.pipeline import Settings, build

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs" / "pack-format").glob("*.md"))
BLOCK = re.compile(r"^```\w+ title=\"([^\"]+)\"\n(.*?)^```$", re.M | re.S)
CODE = re.compile(r"\b(?:error|warning|note|Diagnostic|Fault|_refuse)\(\s*\"([a-z][a-z0-9-]+)\"")
ELSEWHERE = {  # chosen by a condition, or handed on
    "chart-error", "svg-unsafe", "yaml-tab", "marking-too-long", "not-a-table", "gap-in-braces", "low-contrast",
    "unreadable-text", "lost-picture",
}  # fmt: skip


def write(folder: Path, blocks: list[tuple[str, str]]) -> None:
    """Write the titled blocks of a page as a pack."""
    (folder / "pack.yaml").write_text("format: 1\ntitle: T\n", encoding="utf-8")
    for name, text in blocks:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_examples_load(page: Path, tmp_path: Path) -> None:
    """The examples of a page make a pack without errors."""
    write(tmp_path, BLOCK.findall(page.read_text("utf-8")))
    pack, problems = load_pack(tmp_path)
    assert pack is not None
    assert [str(p.place) + p.message for p in problems if p.severity == "error"] == []


def test_the_kind_of_the_page_on_kinds_is_made(tmp_path: Path) -> None:
    """Its gaps and points are printed, and the page lists the options that Python reads for each `views`."""
    page = (ROOT / "docs/pack-format/kinds.md").read_text("utf-8")
    pack = tmp_path / "water"
    pack.mkdir()
    write(pack, BLOCK.findall(page))
    built = build(pack, tmp_path / "out", Settings(jobs=1))
    assert {d.code for d in built.diagnostics if d.severity != "note"} == {"missing-source"}
    document = pypdfium2.PdfDocument(tmp_path / "out/water/gap-test.pdf")
    printed = "".join(sheet.get_textpage().get_text_range() for sheet in document)
    document.close()
    assert "__ / 2" in printed and "vapour" not in printed and "The sun heats the sea" in printed, printed
    listed = {}
    for line in page.splitlines():
        if found := re.match(r'\| `"(\w+)"` \|.*\|(.*)\|$', line):
            listed[found[1]] = tuple(re.findall(r"`([\w-]+)`", found[2]))
    assert listed == {name: options for name, options in VIEWS.items() if name != "flashcards"}


def sections() -> dict[str, str]:
    """Return the sections of docs/diagnostics.md by code."""
    text = (ROOT / "docs" / "diagnostics.md").read_text("utf-8")
    parts = re.split(r"^## ([a-z0-9-]+)$", text, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_every_code_is_documented() -> None:
    """docs/diagnostics.md has a section, with cause and remedy, for each code and no other."""
    code = "".join(path.read_text("utf-8") for path in (ROOT / "guide").rglob("*.py"))
    documented = sections()
    assert {*CODE.findall(code), *ELSEWHERE} - set(documented) == set()
    assert [each for each in documented if f'"{each}"' not in code] == []  # some go through a name
    assert list(documented) == sorted(documented)
    for text in documented.values():
        assert "**Cause.**" in text and "**Remedy.**" in text
