"""Locks on folders and by files: one holder at a time, and none after its process was killed."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from guide.delivery import locks as of_ledgers
from guide.system import locks, output
from guide.system.locks import Busy, by_file, of_folder

HOLDER = """
import sys, time
from pathlib import Path
from guide.system import locks
if sys.argv[1] == "without fcntl":
    locks.fcntl = None
held = locks.of_folder(Path(sys.argv[2]))
print("has it", flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("system", ["with fcntl", "without fcntl"])
def test_a_folder_is_of_one_process_until_it_is_killed(
    system: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With flock(2) and, where there is no such call, with filelock; nothing is left behind."""
    if system == "without fcntl":
        monkeypatch.setattr(locks, "fcntl", None)
    folder = tmp_path / "build"
    folder.mkdir()
    other = subprocess.Popen([sys.executable, "-c", HOLDER, system, str(folder)], stdout=subprocess.PIPE)
    assert other.stdout is not None and other.stdout.readline()
    began = time.monotonic()
    with pytest.raises(Busy):
        of_folder(folder, 0.2)
    assert time.monotonic() - began >= 0.2
    other.kill()
    other.communicate()
    of_folder(folder)()
    of_folder(folder)()
    assert list(tmp_path.iterdir()) == [folder]
    assert not [*folder.iterdir()]


def test_a_build_goes_on_beside_one_that_does_not_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its files are whole all the same, so that it waits for a time only."""
    monkeypatch.setattr(output, "_PATIENCE", 0.1)
    free = of_folder(tmp_path)
    with output.alone(tmp_path):
        pass
    free()


@pytest.mark.parametrize("fcntl", [True, False])
def test_a_ledger_is_locked_where_no_byte_can_be(
    fcntl: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a file beside it, by whatever name it is called; the file goes with the lock."""
    monkeypatch.setattr(of_ledgers, "_lock_byte", lambda _handle: False)
    if not fcntl:
        monkeypatch.setattr(locks, "fcntl", None)
    ledger = tmp_path / "list.ledger.db"
    (tmp_path / "link.db").symlink_to(ledger)
    held = of_ledgers.take(ledger)
    with pytest.raises(Busy):
        of_ledgers.take(tmp_path / "link.db")
    held.release()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["link.db"], "an empty ledger goes, too"
    of_ledgers.take(ledger).release()
    with of_ledgers.folder(tmp_path / "a" / "out"):
        assert (tmp_path / "a" / "out").is_dir()


def test_a_lock_where_no_file_can_be_is_an_error(tmp_path: Path) -> None:
    """The caller says what it means for the user."""
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        by_file(tmp_path / "file" / "lock")
