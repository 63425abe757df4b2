"""The tutorials are followed to the letter: each file is written, each command run, each answer is there."""

from __future__ import annotations

import glob
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from guide.cli import guide

TUTORIALS = sorted((Path(__file__).parents[2] / "docs/tutorials").glob("*.md"))
BLOCK = re.compile(r"^(?:<!-- (\w+): ([^\n]*) -->\n)?```(\w+)(?: title=\"([^\n\"]*)\")?\n(.*?)^```$", re.M | re.S)
AT_THE_END = ", at the end"


def follow(page: str) -> list[str]:
    """Follow a tutorial in the current folder; return the commands that were run."""
    done: list[str] = []
    last = Result(CliRunner(), b"", b"", b"", None, 0, None)
    for option, value, kind, path, text in BLOCK.findall(page):
        if kind == "text":
            for line in text.splitlines():
                assert line in last.output, f"{done[-1]}: `{line}` is not in\n{last.output}"
        elif path:
            mode = "a" if path.endswith(AT_THE_END) else "w"
            with Path(path.removesuffix(AT_THE_END)).open(mode, encoding="utf-8") as stream:
                stream.write(text)
        elif option != "run":
            for name in value.split() if option == "deletes" else ():
                Path(name).unlink()
            for line in text.splitlines():
                words = [found for word in shlex.split(line)[1:] for found in (glob.glob(word) or [word])]
                last = CliRunner().invoke(guide, words, catch_exceptions=False)
                done.append(line)
                assert last.exit_code == int(value if option == "fails" else 0), f"{line}\n{last.output}"
    return done


@pytest.mark.parametrize("page", TUTORIALS, ids=lambda page: page.stem)
def test_a_tutorial_is_true(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing fails that should not, and what the page quotes is what guide says."""
    monkeypatch.chdir(tmp_path)
    assert len(follow(page.read_text("utf-8"))) >= 4


def test_the_cards_of_the_teacher_are_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The card that is added and those of the table are on the sheets."""
    import pypdfium2

    monkeypatch.chdir(tmp_path)
    follow(next(page for page in TUTORIALS if page.stem == "teacher").read_text("utf-8"))
    with pypdfium2.PdfDocument("build/volcanoes/flashcards.pdf") as pdf:
        printed = "".join(page.get_textpage().get_text_range() for page in pdf)
    assert "Mauna Loa" in printed and "ground sinks in" in printed
