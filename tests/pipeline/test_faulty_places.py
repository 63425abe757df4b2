"""A damaged cache, a full disk, two builds at once, a pack that changes under the build, workers that die."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from guide import pipeline
from guide.diagnostics.diagnostic import GuideError
from guide.pipeline import run
from guide.pipeline.record import Record
from guide.system import output
from guide.system.sandbox import Exceeded
from guide.system.cache import Store

from pipeline.test_faults import files, tiny

ROOT = Path(__file__).parents[2]
Settings = pipeline.Settings


@dataclass
class Ready:
    """A pack, what it gives, and a cache that knows all of it, with the keys of its entries."""

    pack: Path
    made: dict[str, bytes]
    cache: Path
    keys: list[str]


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Ready:
    """Build a pack of all kinds once."""
    root = tmp_path_factory.mktemp("places")
    pack = tiny(root / "tiny", "new")
    keys: list[str] = []
    put = Store.put

    def noted(self: Store, key: str, data: bytes) -> None:
        keys.append(self._whole(key))
        put(self, key, data)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Store, "put", noted)
        patch.setenv("GUIDE_CACHE_DIR", str(root / "cache"))
        built = pipeline.build(pack, root / "out", Settings(jobs=1))
    assert not built.diagnostics
    return Ready(pack, pdfs(root / "out"), root / "cache", keys)


@pytest.fixture
def cache(ready: Ready, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A copy of that cache, for this test to spoil."""
    shutil.copytree(ready.cache, tmp_path / "cache")
    monkeypatch.setenv("GUIDE_CACHE_DIR", str(tmp_path / "cache"))
    return Store(tmp_path / "cache")


def pdfs(out: Path) -> dict[str, bytes]:
    """Return the PDFs below a folder."""
    return {name: data for name, data in files(out).items() if name.endswith(".pdf")}


def codes(built: pipeline.Built) -> list[str]:
    """Return what was said."""
    return [d.code for d in built.diagnostics]


KINDS = {
    "record", "file", "pdf", "faces", "fonts", "built", "seen", "machine", "read", "code", "cards", "markup", "proven",
    "part", "taken", "outline", "margins", "marked", "proof",
}  # fmt: skip
DAMAGE: dict[str, Callable[[bytes, bytes], bytes]] = {
    "cut": lambda entry, _: entry[: len(entry) // 2],
    "flipped": lambda entry, _: entry[:-3] + bytes([entry[-3] ^ 16]) + entry[-2:],
    "empty": lambda _entry, _: b"",
    "another's": lambda _, other: other,
    "senseless": lambda _entry, _: b"\x80\x05cno.such\nclass\n.",
    "nothing": lambda _entry, _: b"null",
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_entry_is_made_again(damage: str, ready: Ready, cache: Store, tmp_path: Path) -> None:
    """Entries of every kind are damaged, first those of finished files, then all: the bytes are the same."""
    assert {key.partition(":")[0] for key in ready.keys} == KINDS
    for some in ({"file"}, KINDS):
        keys = [key for key in dict.fromkeys(ready.keys) if key.partition(":")[0] in some]
        entries = {key: cache._path(key).read_bytes() for key in keys}
        others = [*entries.values()][1:] + [*entries.values()][:1]
        for (key, entry), other in zip(entries.items(), others, strict=True):
            changed = DAMAGE[damage](entry, other)
            if damage in {"senseless", "nothing"}:  # with a digest that is right
                cache.put(key, changed)
            else:
                cache._path(key).write_bytes(changed)
        if damage in {"senseless", "nothing"} and some == {"file"}:
            continue  # bytes that were swapped and sealed anew are no damage
        shutil.rmtree(tmp_path / "out", ignore_errors=True)
        built = pipeline.build(ready.pack, tmp_path / "out", Settings(jobs=1))
        assert not built.diagnostics
        assert pdfs(tmp_path / "out") == ready.made
        again = pipeline.build(ready.pack, tmp_path / "out", Settings(jobs=1))
        assert all(made.cached for made in again.outputs)


def test_files_that_leave_the_cache_while_it_is_read_are_made_again(
    ready: Ready, cache: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody says `guide cache clear` between the look and the reading."""
    monkeypatch.setattr(Record, "is_whole", lambda *_: bool(cache.clear()) or True)
    pipeline.build(ready.pack, tmp_path / "out", Settings(jobs=1))
    assert pdfs(tmp_path / "out") == ready.made


@pytest.mark.parametrize("how", ["edited", "deleted", "added", "put back", "replaced"])
def test_what_changes_during_a_build_is_never_kept_under_its_digest(
    how: str, ready: Ready, cache: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pack that changes after it was read: said, not kept, and right the next time."""
    pack = shutil.copytree(ready.pack, tmp_path / "tiny")
    (pack / "timeline.yaml").write_text("- {date: 2001, title: Before, sources: [k1]}\n", "utf-8")
    only = Settings(jobs=1, kinds=("handout",))
    confined = run.make_confined  # type: ignore[attr-defined]  # it is imported there

    def meanwhile(*arguments: Any) -> Any:
        path = pack / "timeline.yaml"
        text = path.read_bytes()
        if how == "put back":
            path.write_bytes(text.replace(b"Before", b"Behind"))
        made = confined(*arguments)
        if how == "deleted":
            path.unlink()
        elif how == "added":
            (pack / "facts.yaml").write_text("- {label: New, value: 1, sources: [k1]}\n", "utf-8")
        elif how == "replaced":
            (pack / "other").write_bytes(text.replace(b"Before", b"Behind"))
            (pack / "other").replace(path)
        else:
            path.write_bytes(text.replace(b"Before", b"Behind") if how == "edited" else text)
        return made

    monkeypatch.setattr(run, "make_confined", meanwhile)
    built = pipeline.build(pack, tmp_path / "out", only)
    assert "changed-meanwhile" in codes(built)
    assert not built.failed
    record = json.loads((tmp_path / "out/tiny/build.json").read_text("utf-8"))
    assert record["pack"]["digest"] == ""
    monkeypatch.setattr(run, "make_confined", confined)
    again = pipeline.build(pack, tmp_path / "out", only)
    assert "changed-meanwhile" not in codes(again)
    monkeypatch.setenv("GUIDE_CACHE_DIR", str(tmp_path / "empty"))
    pipeline.build(pack, tmp_path / "fresh", only)
    assert pdfs(tmp_path / "out") == pdfs(tmp_path / "fresh")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 kB."""
    if sys.platform != "linux" or os.geteuid():
        pytest.skip("only root may mount")
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


def test_a_full_output_disk_leaves_what_was_there(ready: Ready, cache: Store, small_disk: Path) -> None:
    """An error with a remedy, whole files or none, nothing hidden; with room, it goes on."""
    (small_disk / "tiny").mkdir()
    (small_disk / "tiny/briefing.pdf").write_bytes(b"old")
    (small_disk / "fill").write_bytes(bytes(30_000))
    with pytest.raises(GuideError) as caught:
        pipeline.build(ready.pack, small_disk, Settings(jobs=1))
    (found,) = caught.value.diagnostics
    assert found.code == "cannot-write"
    assert "full" in found.hint
    assert files(small_disk / "tiny") == {"briefing.pdf": b"old"}
    subprocess.run(["mount", "-o", "remount,size=4m", small_disk], check=True)
    pipeline.build(ready.pack, small_disk, Settings(jobs=1))
    assert pdfs(small_disk / "tiny") == {Path(name).name: data for name, data in ready.made.items()}


def test_a_full_disk_or_a_bad_place_for_the_cache_costs_time_alone(
    ready: Ready, small_disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The build is made, and a note says why it takes long."""
    (tmp_path / "file").write_bytes(b"mine")
    only = Settings(jobs=1, kinds=("briefing",))
    for number, place in enumerate((small_disk, tmp_path / "file")):
        monkeypatch.setenv("GUIDE_CACHE_DIR", str(place))
        built = pipeline.build(ready.pack, tmp_path / str(number), only)
        assert codes(built) == ["cache-unusable"]
        assert pdfs(tmp_path / str(number))["tiny/briefing.pdf"] == ready.made["tiny/briefing.pdf"]
    assert not list(small_disk.rglob(".guide-part*"))
    assert (tmp_path / "file").read_bytes() == b"mine"


def command(ready: Ready, out: Path, **variables: str) -> Callable[..., subprocess.Popen[str]]:
    """Return what starts builds of the pack into a folder."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), **variables}

    def start(*words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "guide", "build", ready.pack, "-o", out, *words], env=env,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip

    return start


def test_no_room_for_temporary_files_is_said_once(
    ready: Ready, small_disk: Path, tmp_path: Path
) -> None:
    """Fonts are such files: without them pages would be set in others. With workers, too."""
    start = command(ready, tmp_path / "out", TMPDIR=str(small_disk), GUIDE_CACHE_DIR=str(tmp_path / "cold"))
    running = start("--jobs", "2", "--only", "handout", "--only", "quiz")
    said = running.communicate(timeout=60)[1]
    assert running.returncode == 1
    assert said.count("error[cannot-write]") == 1
    assert "TMPDIR" in said
    assert "Traceback" not in said
    assert not list(small_disk.iterdir())


def test_builds_at_once_leave_the_files_of_one(ready: Ready, tmp_path: Path) -> None:
    """Four builds, two ways, in one folder with one cache: the record is of what lies there."""
    start = command(ready, tmp_path / "out", GUIDE_CACHE_DIR=str(tmp_path / "cache"))
    shutil.copytree(ready.cache, tmp_path / "cache")
    running = [start("--only", "quiz"), start("--only", "quiz", "--paper", "a5"),
               start("--only", "quiz"), start("--only", "quiz", "--paper", "a5")]  # fmt: skip
    for each in running:
        said = each.communicate(timeout=60)[1]
        assert each.returncode == 0, said
        assert "Traceback" not in said
    found = files(tmp_path / "out/tiny")
    assert not [name for name in found if name.startswith(".")]
    record = json.loads(found["build.json"])
    assert len(record["outputs"]) == 2
    for made in record["outputs"]:
        assert output.sha256_of(Path(made["path"])) == made["sha256"]


def workers(session: int) -> list[int]:
    """Return the processes of a session that typeset and have computed for a while."""
    parents, computed = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            facts = folder.joinpath("stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(facts[3]) == session and facts[0] != "Z":
            parents[int(folder.name)] = int(facts[1])
            computed[int(folder.name)] = int(facts[11]) / os.sysconf("SC_CLK_TCK")
    builds = {pid for pid, parent in parents.items() if parent == session}
    servers = {pid for pid, parent in parents.items() if parent in builds}
    return [pid for pid, parent in parents.items() if parent in servers and computed[pid] > 0.05]


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_a_worker_that_is_killed_is_replaced_and_reported_once(ready: Ready, tmp_path: Path) -> None:
    """Its work is done again, a note says so, and no later build repeats it."""
    words = ("--jobs", "2", "--only", "briefing", "--only", "handout")
    for turn in range(3):  # on a slow machine the one that is killed may be done already
        start = command(ready, tmp_path / "out", GUIDE_CACHE_DIR=str(tmp_path / f"cold{turn}"))
        running = start(*words)
        until = time.monotonic() + 30
        while not (found := workers(running.pid)) and running.poll() is None and time.monotonic() < until:
            time.sleep(0.005)
        for pid in found[:1]:
            os.kill(pid, signal.SIGKILL)
        said = running.communicate(timeout=60)[1]
        assert running.returncode == 0, said
        if "worker-died" in said:
            break
    assert said.count("note[worker-died]") == 1
    assert "SIGKILL" in said
    assert "Traceback" not in said
    assert pdfs(tmp_path / "out")["tiny/briefing.pdf"] == ready.made["tiny/briefing.pdf"]
    again = start(*words)
    assert "worker-died" not in again.communicate(timeout=60)[1]


@pytest.mark.parametrize("times", [1, 2])
def test_a_build_whose_process_dies_is_done_again_once(
    times: int, ready: Ready, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second death is an error that names the document."""
    from guide.system import sandbox

    monkeypatch.setenv("GUIDE_CACHE_DIR", str(tmp_path / "cold"))
    confined, deaths = sandbox.confined, []

    def dying(*arguments: Any, **more: Any) -> Any:
        if len(deaths) < times:
            deaths.append(1)
            raise Exceeded("was ended by SIGKILL", ("briefing", "typeset"), "SIGKILL")
        return confined(*arguments, **more)

    monkeypatch.setattr(sandbox, "confined", dying)
    built = pipeline.build(ready.pack, tmp_path / "out", Settings(jobs=1, kinds=("planner",)))
    assert codes(built) == (["worker-died"] if times == 1 else ["render-limit"])
    assert "`briefing`" in built.diagnostics[0].message
    assert built.failed is (times == 2)


def test_an_output_folder_that_is_removed_meanwhile_is_made_again(
    ready: Ready, cache: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`rm -r build` during a build: what is written afterwards is there."""
    (tmp_path / "out").mkdir()
    confined = run.make_confined  # type: ignore[attr-defined]  # it is imported there
    monkeypatch.setattr(
        run, "make_confined", lambda *words: (shutil.rmtree(tmp_path / "out"), confined(*words))[1]
    )
    pipeline.build(ready.pack, tmp_path / "out", Settings(jobs=1, paper="a5", kinds=("quiz",)))
    assert len(pdfs(tmp_path / "out")) == 2


def test_other_writers_write_whole_files_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A starter, a calibration sheet, drawings of stock and imposed sheets go the same way."""
    from guide.actions.calibrate import write_calibration
    from guide.actions.impose import impose_file
    from guide.actions.new import start
    from guide.actions.stock import draw_stock
    from guide.content.library import all_stock
    from guide.system import tempfiles
    from guide.sheets.impose_pages import Scheme
    from guide.units import PAPERS

    written = []
    write = tempfiles.write
    monkeypatch.setattr(
        tempfiles, "write", lambda path, *more, **how: (written.append(Path(path).name), write(path, *more, **how))
    )
    start(tmp_path / "pack")
    write_calibration(PAPERS["a4"], "long-edge", tmp_path / "sheet.pdf")
    draw_stock([*all_stock().values()][:1], tmp_path / "stock.pdf")
    impose_file(tmp_path / "sheet.pdf", tmp_path / "booklet.pdf", Scheme(), [], "")
    made = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert {*written} >= made
