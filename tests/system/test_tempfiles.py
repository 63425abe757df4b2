"""Temporary files: whole, with ordinary permissions, and removed by the next run when a kill left them."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from guide.system import output
from guide.diagnostics.diagnostic import GuideError
from guide.system import signals
from guide.system import tempfiles

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o002, 0o664), (0o077, 0o600)])
def test_files_get_the_permissions_of_any_new_file(umask: int, mode: int, tmp_path: Path) -> None:
    """The umask decides, as it does for a file that an editor writes."""
    before = os.umask(umask)
    try:
        output.write(tmp_path / "a.pdf", b"a")
        batch = output.Batch(tmp_path)
        batch.write(tmp_path / "b.pdf", b"b")
        batch.settle()
    finally:
        os.umask(before)
    for name in ("a.pdf", "b.pdf"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == mode
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.pdf", "b.pdf"]


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    """What it leads to stays, even if it had the very bytes."""
    (tmp_path / "target").write_bytes(b"same")
    (tmp_path / "a.pdf").symlink_to("target")
    assert output.write(tmp_path / "a.pdf", b"same")
    assert not (tmp_path / "a.pdf").is_symlink()
    assert output.write(tmp_path / "a.pdf", b"new")
    assert (tmp_path / "target").read_bytes() == b"same"


@pytest.mark.parametrize("what", ["folder", "long", "below a file"])
def test_what_cannot_be_written_has_a_remedy_and_leaves_nothing(what: str, tmp_path: Path) -> None:
    """A folder of that name, a name that is too long, a file where a folder is needed."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(b"")
    path = {"folder": "folder", "long": "x" * 300, "below a file": "file/a.pdf"}[what]
    with pytest.raises(GuideError) as caught:
        output.write(tmp_path / path, b"new")
    (found,) = caught.value.diagnostics
    assert found.code == "cannot-write"
    assert found.hint
    assert not list(tmp_path.rglob(".*"))


def test_a_folder_that_is_removed_meanwhile_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody cleans up between the making of the folder and of the file."""
    begin, turns = tempfiles.begin, []

    def once(folder: Path, mode: int = 0o666) -> tuple[int, str]:
        turns.append(folder)
        if len(turns) == 1:
            Path(folder).rmdir()
        return begin(folder, mode)

    monkeypatch.setattr(tempfiles, "begin", once)
    assert output.write(tmp_path / "build/a.pdf", b"new")
    assert (tmp_path / "build/a.pdf").read_bytes() == b"new"


def test_what_is_being_written_is_left_alone_and_what_a_kill_left_is_not(tmp_path: Path) -> None:
    """Whoever holds the file decides, not its age or what the clock says."""
    script = (
        "import os, sys; from guide.system import tempfiles; tempfiles.begin(sys.argv[1]);"
        "print(flush=True); sys.stdin.read(); os.kill(os.getpid(), 9)"
    )
    running = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    running.stdout.readline()
    (part,) = tmp_path.iterdir()
    for moment in (0, 1_000_000_000, 4_000_000_000):
        os.utime(part, (moment, moment))
        tempfiles.sweep(tmp_path)
        assert part.exists()
    running.stdin.close()
    running.wait(10)
    running.stdout.close()
    (tmp_path / "mine").write_bytes(b"")
    (tmp_path / f"{tempfiles.PART}folder").mkdir()
    tempfiles.sweep(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{tempfiles.PART}folder", "mine"]


def test_folders_of_killed_runs_are_removed_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only such as carry the mark: a folder of the user's may well be called guide-something."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "guide-notes").mkdir()
    (tmp_path / "guide-notes/text").write_bytes(b"mine")
    script = "from guide.system import tempfiles; import os\nwith tempfiles.folder() as f:\n open(f + '/x', 'w'); os.kill(os.getpid(), 9)"
    env = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)}
    assert subprocess.run([sys.executable, "-c", script], env=env).returncode == -9
    assert len(list(tmp_path.iterdir())) == 2
    with tempfiles.folder() as first, tempfiles.folder():
        assert Path(first).is_dir()
        assert len(list(tmp_path.iterdir())) == 3
    assert [path.name for path in tmp_path.rglob("*")] == ["guide-notes", "text"]


def test_one_run_at_a_time_writes_into_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second waits for the first, but not for ever."""
    order = []

    def second() -> None:
        with output.alone(tmp_path):
            order.append("second")

    thread = threading.Thread(target=second)
    with output.alone(tmp_path):
        thread.start()
        thread.join(0.1)
        order.append("first")
        monkeypatch.setattr(output, "_PATIENCE", 0.05)
        with output.alone(tmp_path):
            order.append("impatient")
    thread.join()
    assert order == ["first", "impatient", "second"]


def test_a_signal_waits_until_a_step_is_done() -> None:
    """While signals are held none is obeyed; then it is."""
    got = []
    before = signal.signal(signal.SIGTERM, signals.held_back(lambda *_: got.append("signal")))
    try:
        with signals.held():
            os.kill(os.getpid(), signal.SIGTERM)
            got.append("done")
    finally:
        signal.signal(signal.SIGTERM, before)
    assert got == ["done", "signal"]
