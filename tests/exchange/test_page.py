"""docs/import.md: its examples do what it says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from guide.cli import guide
from guide.exchange.reading.choose import READABLE

PAGE = (Path(__file__).parents[2] / "docs/import.md").read_text("utf-8")


def test_the_examples_of_the_page_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each command ends without an error, and the packs are there."""
    monkeypatch.chdir(tmp_path)
    for name, text in re.findall(r"^```text title=\"([^\"]+)\"\n(.*?)^```$", PAGE, re.M | re.S):
        Path(name).write_text(text, "utf-8")
    ran = re.findall(r"^\$ guide (.*)$", PAGE, re.M)
    for line in ran:
        done = CliRunner().invoke(guide, shlex.split(line))
        assert done.exit_code == 0, done.output
    assert len(ran) == 6 and Path("spanish/pack.yaml").is_file() and Path("volcanoes/glossary.yaml").is_file()
    assert not Path("birds").exists()


def test_a_file_that_cannot_be_read_names_what_can(tmp_path: Path) -> None:
    """The list of the message and that of the page agree."""
    for word in ("Quizlet", "CSV", "TSV", ".xlsx", "Kahoot", ".apkg", ".colpkg", "Markdown", ".docx", "GIFT", "Moodle XML"):
        assert word in READABLE and word in PAGE
