"""Signals at random moments of a build: whole files, no orphans, nothing left lying about.

FAULTS=100 tries so many moments a signal, with commands that are started as a user starts them.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pikepdf
import pytest

from driver import BY_HAND, Driver
from pictures import photo, saved

from guide.system import tempfiles

ROOT = Path(__file__).parents[2]
MOMENTS = BY_HAND or 5
# A second is promised where there is a core to end on; a machine with a long queue takes longer.
PATIENCE = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
TINY = {
    "pack.yaml": "format: 1\ntitle: Tiny {word}\nlang: en\ndate: 2026-11-01\nauthors: [A]\nsummary: Of {word}.\nmarking: FOR TRAINING\n"
    "documents: {{briefing: {{}}, flashcards: {{derive: []}}, handout: {{}}, quiz: {{}}, worksheet: {{}}, planner: {{}}}}\n",
    "sections/10-one.md": "---\ntitle: One\nid: one\n---\nText of {word} [@k1].\n\n![A figure.](figures/one.vl.yaml){{#fig-one}}\n",
    "figures/one.vl.yaml": "description: A bar.\ndata: {{values: [{{a: x, b: 3}}]}}\nmark: bar\nwidth: 90\nheight: 40\n"
    "encoding: {{x: {{field: a, type: nominal}}, y: {{field: b, type: quantitative}}}}\n",
    "timeline.yaml": "- {{date: 1999-03-24, title: The {word}, sources: [k1]}}\n",
    "glossary.yaml": "- {{term: Force, definition: A {word}., sources: [k1]}}\n",
    "cards.yaml": "- {{front: Front {word}, back: Back {word}, image: figures/photo.jpg, sources: [k1]}}\n"
    "- {{cloze: '24. {word} is {{{{{{{{c1::here::where}}}}}}}}.', sources: [k1]}}\n",
    "questions.yaml": "- {{prompt: Which {word}?, options: [aa, bb], answer: bb, sources: [k1]}}\n",
    "sources.yaml": "- {{id: k1, type: book, title: A Book, author: 'Smith, Jane', issued: 1999}}\n",
}
pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")


def members(session: int) -> list[str]:
    """Return the living processes of a session."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            facts = folder.joinpath("stat").read_text().rpartition(")")[2].split()
            if int(facts[3]) == session and facts[0] not in "ZX":
                found.append(f"{folder.name} {folder.joinpath('cmdline').read_bytes()[:200]!r}")
    return found


def files(folder: Path) -> dict[str, bytes]:
    """Return the files below a folder and their bytes."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def tiny(folder: Path, word: str) -> Path:
    """Write a pack of all kinds."""
    for name, text in TINY.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.format(word=word), "utf-8")
    (folder / "figures" / "photo.jpg").write_bytes(saved(photo(400, 300), "JPEG"))
    return folder


class World:
    """A pack before and after a change: what was built of it, and what a change builds."""

    def __init__(self, root: Path) -> None:
        self.root, self.driver = root, Driver()
        self.pack = tiny(root / "tiny", "old")
        self.caches = {"cold": root / "cold", "warm": root / "warm", "known": root / "known"}
        self.caches["cold"].mkdir()
        self.old = self._built("warm", "old")
        tiny(self.pack, "new")
        shutil.copytree(self.caches["warm"], self.caches["known"])
        started = time.monotonic()
        self.new = self._built("known", "new")
        self.seconds = {"warm": time.monotonic() - started}
        self.seconds["cold"] = self.seconds["warm"]
        started = time.monotonic()
        self._built("known", "again")
        self.seconds["known"] = time.monotonic() - started
        assert {n for n in self.old if self.old[n] != self.new[n]} >= {"briefing.pdf", "flashcards.pdf", "build.json"}

    def _built(self, cache: str, name: str) -> dict[str, bytes]:
        said = self.root / "said"
        pid = self.driver.start(["build", self.pack, "-o", self.root / name], self.variables(self.caches[cache]), said)
        assert self.driver.ended(pid) == 0, said.read_text()
        return files(self.root / name / "tiny")

    def variables(self, cache: Path, temp: Path | None = None) -> dict[str, str]:
        """Return the environment of a command."""
        return {"GUIDE_CACHE_DIR": str(cache), **({"TMPDIR": str(temp)} if temp else {})}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Build the pack before and after its change."""
    made = World(tmp_path_factory.mktemp("faults"))
    yield made
    made.driver.close()


class Moment:
    """One build that a signal meets."""

    def __init__(self, world: World, number: signal.Signals, turn: int, where: Path) -> None:
        chance = random.Random(f"{number.name} {turn}")
        self.world, self.number, self.where = world, number, where
        self.state = ("cold", "known", "warm")[turn % 3]
        self.jobs = 2 if BY_HAND or turn % 6 == 0 else 1
        self.whole_group = chance.random() < 0.4
        self.after = chance.random() * world.seconds[self.state]
        self.out, self.cache, self.temp = where / "out", where / "cache", where / "tmp"
        shutil.copytree(world.root / "old", self.out)
        shutil.copytree(world.caches[self.state], self.cache)
        self.temp.mkdir()

    def __str__(self) -> str:
        whom = "group" if self.whole_group else "command"
        return f"{self.number.name} to the {whom} after {self.after:.3f} s, {self.state}, {self.jobs} jobs"

    def build(self) -> int:
        """Start the build."""
        words = ["build", self.world.pack, "-o", self.out, "--jobs", self.jobs]
        return self.world.driver.start(words, self.world.variables(self.cache, self.temp), self.where / "said")

    def run(self) -> str:
        """Build, send the signal, look; return 'ended', 'late' or 'early'."""
        pid = self.build()
        time.sleep(self.after)
        with contextlib.suppress(ProcessLookupError):
            (os.killpg if self.whole_group else os.kill)(pid, self.number)
        sent = time.monotonic()
        code = self.world.driver.ended(pid, 20)
        took = time.monotonic() - sent
        time.sleep(0.05)
        until = time.monotonic() + PATIENCE
        while (left := members(pid)) and time.monotonic() < until:
            time.sleep(0.02)
        assert not left, f"{self}: alive: {left}"
        said = (self.where / "said").read_text("utf-8")
        early = BY_HAND and (code == -self.number or self.after < 0.4) and "internal" not in said
        what = "late" if code == 0 else "ended"
        if early and (code == -self.number != -signal.SIGKILL or "Traceback" in said):
            what = "early"  # before a line of guide was run
        elif self.number == signal.SIGKILL:
            assert code in {0, -signal.SIGKILL}, f"{self}: {code} {said}"
        else:
            assert code in {0, 128 + self.number}, f"{self}: {code} {said}"
            assert code == 0 or "nothing half-written" in said, f"{self}: {said}"
            assert code == 0 or took < 8, f"{self}: {took}"
        assert what == "early" or "Traceback" not in said, f"{self}: {said}"
        assert "leaked" not in said, f"{self}: {said}"
        self.whole()
        if self.number != signal.SIGKILL:
            assert self.lying() == [], f"{self}: {self.lying()} {said}"
        return what

    def whole(self) -> None:
        """Every file is the old one or the new one; the record is of what lies there."""
        found = files(self.out / "tiny")
        shown = {name: data for name, data in found.items() if not name.startswith(".")}
        old, new = self.world.old, self.world.new
        assert {*shown} == {*old}, self
        for name, data in shown.items():
            if name.endswith(".pdf"):
                assert data in {old[name], new[name]}, f"{self}: {name}"
        try:
            record = json.loads(shown["build.json"])
        except ValueError as exc:
            raise AssertionError(f"{self}: build.json: {exc}") from exc
        if record["pack"] == json.loads(new["build.json"])["pack"]:  # it is written last
            assert all(shown[name] == new[name] for name in shown if name.endswith(".pdf")), self

    def lying(self) -> list[str]:
        """Return what does not belong where it is."""
        hidden = [str(p) for p in (*self.out.rglob(".*"), *self.cache.rglob(f"{tempfiles.PART}*"))]
        return [*hidden, *map(str, self.temp.iterdir())]

    def again(self) -> None:
        """The next build makes the rest, and tidies up."""
        pid = self.build()
        assert self.world.driver.ended(pid, 60) == 0, f"{self}: {(self.where / 'said').read_text()}"
        found = files(self.out / "tiny")
        assert {n: d for n, d in found.items() if n.endswith(".pdf")} == {
            n: d for n, d in self.world.new.items() if n.endswith(".pdf")
        }, self
        assert self.lying() == [], f"{self}: {self.lying()}"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda n: n.name)
def test_a_signal_leaves_whole_files_and_no_process(number: signal.Signals, world: World, tmp_path: Path) -> None:
    """At random moments of a build; the next one then makes what was wanted."""
    counts: dict[str, int] = {}
    problems = []

    def tried(turn: int) -> None:
        moment = Moment(world, number, turn, tmp_path / str(turn))
        try:
            what = moment.run()
            counts[what] = counts.get(what, 0) + 1
            if BY_HAND or turn % 4 == 0:
                moment.again()
        except AssertionError as exc:
            problems.append(str(exc))
        shutil.rmtree(moment.where)

    with ThreadPoolExecutor(2) as two:
        list(two.map(tried, range(MOMENTS)))
    print(number.name, counts, len(problems))
    assert not problems, "\n".join(problems)
    assert counts.get("ended", 0) > MOMENTS / 3  # the signals came while there was something to end
    for pdf in [*world.root.glob("old/tiny/*.pdf"), *world.root.glob("new/tiny/*.pdf")]:
        with pikepdf.open(pdf) as opened:
            assert opened.check_pdf_syntax() == []
