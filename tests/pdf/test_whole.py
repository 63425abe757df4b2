"""Whole documents: the same bytes everywhere, and no error of accessibility."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from guide.pipeline import Built

SCRIPT = """
import hashlib
from guide.model.artifacts import Face, Html
from guide.pdf.typeset import typeset
from guide.resources import TEMPLATES
fonts = (TEMPLATES / "fonts.css").read_text("utf-8")
css = "@page { size: 80mm 60mm } html { font-family: 'Gentium Book Plus' } .face { break-before: page }"
head = '<html lang="en"><head><title>T</title></head><body>'
text = head + '<h1 id="a">Ž 1,5</h1><p>x <b>b</b> <i>i</i> <a href="#a">up</a> <a href="https://e.org">out</a></p>'
faces = tuple(Face(f"c{n}", f"<p>Card {n}</p>", f"c{n // 2}") for n in range(4))
sheets = (("fonts.css", fonts), ("own.css", css))
made = [Html("T", "en", text, sheets), Html("T", "en", head + "<!--faces-->", sheets, {}, faces, (12.0, 8.0))]
print([hashlib.sha256(typeset(html).data).hexdigest() for html in made])
"""


def test_equal_documents_give_equal_bytes_everywhere(tmp_path: Path) -> None:
    """Hash seed, time zone, language, folder and day have no influence on the bytes."""
    settings = [
        {"PYTHONHASHSEED": "1", "TZ": "Asia/Tokyo", "LANG": "C", "LC_ALL": "C"},
        {"PYTHONHASHSEED": "2", "TZ": "America/Lima", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"},
    ]
    root = str(Path(__file__).parents[2])
    running = []
    for number, setting in enumerate(settings):
        folder = tmp_path / str(number)
        folder.mkdir()
        env = {**os.environ, **setting, "PYTHONPATH": root, "PYTHONUTF8": str(number)}
        script = folder / "script.py"
        script.write_text(SCRIPT, "utf-8")
        running.append(
            subprocess.Popen([sys.executable, script], cwd=folder, env=env, stdout=subprocess.PIPE)
        )
    said = [process.communicate(timeout=60)[0] for process in running]
    assert all(process.returncode == 0 for process in running)
    assert said[0].startswith(b"['")
    assert said[0] == said[1]


@pytest.mark.parametrize("name", ["briefing.pdf", "flashcards-screen.pdf"])
def test_checkers_of_accessibility_find_no_error(name: str, build: Callable[..., Built]) -> None:
    """outloud and pdfua report no error on a briefing and on a deck for the screen."""
    built = build()
    assert built.diagnostics == ()
    path = next(each.path for each in built.outputs if each.path.endswith(name))
    folder = Path(sys.executable).parent
    for command in (
        [folder / "outloud", "--fail-on", "error", path],
        [folder / "pdfua", "check", "--min-severity", "error", path],
    ):
        done = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "0 error(s)" in done.stdout or "errors=0" in done.stdout
