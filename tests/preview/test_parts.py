"""The parts of a preview by themselves: what changed, where it was written, what concerns a pack."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from previews import PACK, write

from guide.preview import editor
from guide.preview.views import Choice, Shown, compared
from guide.preview.watch import concerns
from guide.preview.written import find


def test_pages_that_changed_are_found_beside_those_that_moved() -> None:
    before = [("a1", "a"), ("b2", "b"), ("c3", "c")]
    assert compared(before, before) == ((), -1)
    assert compared(before, [("a1", "a"), ("x2", "x"), ("c3", "c")]) == ((1,), 1)
    inserted = [("a1", "a"), ("n2", "n"), ("b3", "b"), ("c4", "c")]  # numbers on the pages after it differ
    assert compared(before, inserted) == ((1,), 1)
    assert compared(before, [("a9", "a"), ("b2", "b"), ("c3", "c")]) == ((0,), 0)  # a picture, a colour
    assert compared(before, before[:2]) == ((), -1)
    assert compared([], before) == ((0, 1, 2), 0)


def test_sizes_of_pages_that_follow_one_another_are_counted() -> None:
    shown = Shown("a.pdf", "a", "0", ((10, 20), (10, 20), (20, 10), (10, 20)))
    assert shown.as_json()["sizes"] == [[10, 20, 2], [20, 10, 1], [10, 20, 1]]
    assert Choice.of({"theme": "x" * 999, "other": "y"}) == Choice(theme="x" * 200)


def test_a_printed_line_is_found_where_it_was_written(tmp_path: Path) -> None:
    folder = write(tmp_path / "pack")
    (folder / "more.csv").write_text("front;back\nWhat is snow?;Frozen, *soft* water.\n")
    cards = ["What is dew?", "Drops on grass."]
    assert find(folder, cards, 0) == ("cards.yaml", 3, 22)
    assert find(folder, cards, 1) == ("cards.yaml", 3, 42)
    assert find(folder, ["Rivers carry the water", "back to the sea, slowly."], 1) == ("sections/20-rivers.md", 7, 24)
    assert find(folder, ["Frozen, soft water."], 0) == ("more.csv", 2, 15)
    assert find(folder, ["14 of 341"], 0) is None
    (folder / "cards.yaml").write_text("\n" + PACK["cards.yaml"])
    assert find(folder, cards, 0) == ("cards.yaml", 4, 22)


def test_a_text_that_is_written_twice_is_found_beside_what_surrounds_it(tmp_path: Path) -> None:
    files = {f"sections/{n}.md": f"{'filler words here ' * 200}\nAbout {name}.\nSee the map.\n"
             for n, name in enumerate(("mountains", "valleys"))}  # fmt: skip
    folder = write(tmp_path / "pack", files)
    assert find(folder, ["About mountains.", "See the map."], 1) == ("sections/0.md", 3, 1)
    assert find(folder, ["About valleys.", "See the map."], 1) == ("sections/1.md", 3, 1)


@pytest.mark.parametrize(("path", "matters"), [
    ("cards.yaml", True), ("sections/new.md", True), ("figures/photo.jpg", True), ("build/pack/a.pdf", False),
    (".cards.yaml.swp", False), ("cards.yaml~", False), ("4913", False), (".git/index", False),
    ("sections/.#10-a.md", False), ("#cards.yaml#", False), ("out/pack/briefing.pdf", False), ("", True),
])  # fmt: skip
def test_what_concerns_a_pack(tmp_path: Path, path: str, matters: bool) -> None:
    assert concerns(tmp_path, str(tmp_path / path), tmp_path / "out") is matters


def test_how_an_editor_is_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a b.md").write_text("x")
    monkeypatch.delenv("GUIDE_EDITOR", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert editor.opened(tmp_path, "a b.md", 3, 4) == {"copy": f"{tmp_path}/a b.md:3"}
    (tmp_path / "code").write_text("#!/bin/sh\n")
    (tmp_path / "code").chmod(0o755)
    assert editor.opened(tmp_path, "a b.md", 3, 4) == {"link": f"vscode://file{tmp_path}/a%20b.md:3:4"}
    monkeypatch.setenv("GUIDE_EDITOR", "/no/such/editor {file}")
    assert editor.opened(tmp_path, "a b.md", 3, 4)["copy"].endswith("a b.md:3:4")
    monkeypatch.setenv("GUIDE_EDITOR", "open 'quoted")
    assert "cannot be started" in editor.opened(tmp_path, "a b.md", 3, 4)["failed"]


def test_build_watch_builds_again_and_ends(tmp_path: Path) -> None:
    folder, out = write(tmp_path / "water"), tmp_path / "water" / "pdf"
    command = [sys.executable, "-m", "guide", "build", str(folder), "-o", str(out), "--only", "briefing", "--watch"]
    running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    made = out / "water" / "briefing.pdf"
    try:
        assert any("watching" in line for line in running.stderr) and made.is_file()
        before = made.read_bytes()
        name = "sections/20-rivers.md"
        (folder / name).write_text(PACK[name].replace("slowly", "in the end"))
        assert any("watching" in line for line in running.stderr)
        assert made.read_bytes() != before
        (folder / "cards.yaml").write_text(PACK["cards.yaml"].replace("id: two", "id: one"))
        assert any("error[duplicate-id]" in line for line in running.stderr)
        time.sleep(0.5)  # what it writes itself below the pack is no change
    finally:
        running.send_signal(signal.SIGINT)
    rest = running.stderr.read()
    assert running.wait(20) == 130
    assert rest.count("watching") == 1
