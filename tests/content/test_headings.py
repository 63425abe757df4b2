"""Headings that print as text, and headings that skip a level: a warning at their line."""

from __future__ import annotations

from pathlib import Path

import pytest

from guide.content.load import load_pack

CODES = {"heading-without-space": "text", "skipped-heading": "skips"}
SIGNS = [
    ("##One", ["4:1 text"]), ("Text\n##One two\n", ["5:1 text"]), ("- ##One", ["4:3 text"]), ("> ###One", ["4:3 text"]),
    ("##5 steps", ["4:1 text"]), ("#One", ["4:1 text"]), ("<!-- a\n-->\n\n##One", ["7:1 text"]),
    ("## One", []), (r"\##One", []), (r"\#One", []), ("&#35;#One", []), ("`##One`", []), ("Text `a\n##b` c", []),
    ("```\n##One\n```", []), ("    ##One", []), ("#1 in the list", []), ("Team ##One", []), ("#", []), ("##", []), ("#######One", []),
    ("#topic is a word of a sentence.", []), ("#one #two", []), ("#one\nand more", []), ("| ##a |\n|---|\n| ##b |\n", []),
]  # fmt: skip
LEVELS = [
    ("# A\n\n### B", ["6:1 skips"]), ("## A\n\n# B", ["4:1 skips"]), ("A\n===\n\n### B", ["7:1 skips"]),
    ("A\n---\n\n#### B", ["7:1 skips"]), ("# A\n\n> ### B", ["6:1 skips"]),
    ("# A\n\n## B\n\n### C\n\n# D\n\n## E", []), ("### A\n\n### B\n\n#### C", []), ("# A\n\n```\n### B\n```\n", []),
    ("# A\n\n\\### B", []), ("Text.", []),
]  # fmt: skip


def found(folder: Path, **files: str) -> list[str]:
    """Return `line:column kind` of the warnings on headings of a pack of these files."""
    (folder / "pack.yaml").write_text("format: 1\ntitle: T\n", "utf-8")
    (folder / "sections").mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", "/").replace("_yaml", ".yaml").replace("_md", ".md")).write_text(text, "utf-8")
    problems = load_pack(folder)[1]
    return [f"{p.place.line}:{p.place.column} {CODES[p.code]}" for p in problems if p.code in CODES]


@pytest.mark.parametrize(("text", "wanted"), [*SIGNS, *LEVELS])
def test_headings_are_named_where_they_are(text: str, wanted: list[str], tmp_path: Path) -> None:
    """In prose, and not in code, escaped signs, tables and sentences that begin with a topic."""
    assert found(tmp_path, sections__a_md=f"---\ntitle: A\n---\n{text}\n") == wanted


def test_fields_have_headings_where_they_have_several_lines(tmp_path: Path) -> None:
    """A side of a card of one line has none: its signs are text."""
    card = "- front: '##One'\n  back: |\n    ##Two\n\n    # A\n\n    ### B\n"
    assert found(tmp_path, cards_yaml=card) == ["3:5 text", "7:5 skips"]
