"""A class's quiz, killed at any moment and run again: each pupil one version, no neighbours alike."""

from __future__ import annotations

import os
import random
import signal
import time
from itertools import pairwise
from pathlib import Path

import pypdfium2 as pdfium
from driver import Driver, state

from guide.delivery import queries
from guide.delivery.database import Ledger
from guide.delivery.records import State

KILLS = int(os.environ.get("GUIDE_TEST_KILLS", "2"))  # 50 and more by hand
PUPILS = [(f"Pupil{n:02}", f"{7 + n % 2}b") for n in range(12)]


def test_a_class_is_dealt_once_whatever_is_killed(tmp_path: Path) -> None:
    """The same version in ledger, file, merged PDF and class list."""
    pack = tmp_path / "test"
    pack.mkdir()
    (pack / "pack.yaml").write_text(
        "format: 1\nlang: en\ntitle: Words\nversion: '1'\ndocuments: {quiz: {versions: 3}}\n", "utf-8"
    )
    (pack / "questions.yaml").write_text("- {prompt: Two and two?, options: ['3', '4', '5'], answer: '4'}\n", "utf-8")
    rows = "".join(f"{name},{group}\n" for name, group in PUPILS)
    (tmp_path / "class.csv").write_text(f"name,organisation\n{rows}", "utf-8")
    driver = Driver()
    try:
        kills = _killed(tmp_path, driver, random.Random(7))
    finally:
        driver.close()
    print(f"kills when there were {kills} of {len(PUPILS)} copies")
    assert kills
    _check(tmp_path)


def _killed(folder: Path, driver: Driver, chance: random.Random) -> list[int]:
    """Run and kill until a run comes to its end; return how many copies were there at each kill.

    A moment is one of the sending: some copies later than where the last run ended.
    """
    kills: list[int] = []
    while True:
        pid, want = _started(folder, driver), _made(folder) + chance.randint(1, 3)
        while _made(folder) < want and state(pid) != "Z":
            time.sleep(0.001)
        time.sleep(chance.random() * 0.005)
        if len(kills) == KILLS or state(pid) == "Z":
            assert driver.ended(pid) == 0, (folder / "said").read_text("utf-8")
            return kills
        os.kill(pid, signal.SIGKILL)
        if driver.ended(pid) == -signal.SIGKILL:
            kills.append(_made(folder))


def _made(folder: Path) -> int:
    """Return how many copies are in the folder, under their names or still under others."""
    out = folder / "out"
    return len([name for name in os.listdir(out) if "copy" in name]) if out.is_dir() else 0


def _started(folder: Path, driver: Driver) -> int:
    words = ["distribute", folder / "test", "--kind", "quiz", "--to", folder / "class.csv", "-o", folder / "out",
             "--merge", "--send", "--jobs", "1"]  # fmt: skip
    return driver.start(words, {"GUIDE_CONFIG_DIR": str(folder)}, folder / "said")


def _check(folder: Path) -> None:
    with Ledger.read(folder / "class.ledger.db") as ledger:
        entries = queries.entries(ledger)
    assert [entry.name for entry in entries] == [name for name, _ in PUPILS]
    assert {entry.state for entry in entries} == {State.SENT}
    out = folder / "out"
    assert sorted(path.name for path in out.glob("*copy*.pdf")) == sorted(entry.file for entry in entries)
    for group in ("7b", "8b"):
        members = [entry for entry in entries if entry.organisation == group]
        assert len(members) == 6
        assert all(one.quiz != other.quiz for one, other in pairwise(members))
        texts = _pages(out / f"test-quiz-1-{group}.pdf")
        assert len(texts) == 2 * len(members)
        listed = " ".join(_pages(out / f"test-quiz-1-{group}-list.pdf")[0].split())
        for place, entry in enumerate(members):
            letter = entry.quiz.upper()
            assert entry.name in texts[2 * place] and f"Quiz {letter}" in texts[2 * place]
            assert f"Quiz {letter}" in _pages(out / entry.file)[0]
            assert f"{entry.name} {letter}" in listed
            assert listed.count(entry.name) == 1
    assert [path.name for path in out.iterdir() if path.name.startswith(".")] == []


def _pages(path: Path) -> list[str]:
    with pdfium.PdfDocument(path) as pdf:
        return [page.get_textpage().get_text_bounded() for page in pdf]
