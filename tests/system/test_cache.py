"""The store: what was kept comes back, or nothing; never something else."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from guide.diagnostics.diagnostic import GuideError, Severity
from guide.model.artifacts import Fault
from guide.system.cache import Store, default_folder, default_store
from guide.system.shared import Folder, shared


def files(folder: Path) -> list[Path]:
    """Return all files below a folder."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_what_was_kept_comes_back(tmp_path: Path) -> None:
    """Bytes under a key are found by another store of that folder; other keys find nothing."""
    store = Store(tmp_path / "new/folder")
    store.put("a", b"one")
    store.put("b", b"")
    again = Store(tmp_path / "new/folder")
    assert (again.get("a"), again.get("b"), again.get("c")) == (b"one", b"", None)
    store.put("a", b"two")
    assert again.get("a") == b"two"
    assert len(files(tmp_path)) == 2
    assert not store.refused


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "grow"])
def test_a_damaged_entry_is_deleted_and_missed(damage: str, tmp_path: Path) -> None:
    """An entry whose bytes are not those of its digest is no entry, and its file is gone."""
    store = Store(tmp_path)
    store.put("a", b"a result of some length")
    (path,) = files(tmp_path)
    data = path.read_bytes()
    changed = {"flip": data[:-1] + b"!", "cut": data[:-5], "empty": b"", "grow": data + b"!"}
    path.write_bytes(changed[damage])
    assert store.get("a") is None
    assert not path.exists()
    store.put("a", b"new")
    assert store.get("a") == b"new"


def test_an_entry_in_the_place_of_another_is_missed(tmp_path: Path) -> None:
    """Its own digest is right, but it is not what was kept under that key."""
    store = Store(tmp_path)
    store.put("a", b"one")
    store.put("b", b"two")
    one, two = store._path("a"), store._path("b")
    data = one.read_bytes()
    one.write_bytes(two.read_bytes())
    two.write_bytes(data)
    assert (store.get("a"), store.get("b")) == (None, None)


def test_a_value_of_another_class_or_none_at_all_is_missed(tmp_path: Path) -> None:
    """Bytes whose digest is right and that no longer mean anything cost time alone."""
    store = Store(tmp_path)
    store.keep("a", {"x": 1})
    assert store.value("a", dict) == {"x": 1}
    assert store.value("a", list) is None
    assert store.get("a") is None
    for junk in (b"", b"no pickle", b"cno.such.module\nname\n.", b"\x80\x05K"):
        store.put("b", junk)
        assert store.value("b", dict) is None
        assert store.get("b") is None


def test_tidying_removes_what_was_left_and_trims_once_a_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clock that was set back, or forward, only brings it on sooner."""
    trimmed = []
    monkeypatch.setattr(Store, "trim", lambda _self: trimmed.append(1))
    store = Store(tmp_path)
    (tmp_path / ".guide-part-left").write_bytes(b"half")
    for days, times in ((0, 1), (0, 1), (-3, 2), (3, 3)):
        if (tmp_path / ".tidied").exists():
            moment = (tmp_path / ".tidied").stat().st_mtime + days * 86_400
            os.utime(tmp_path / ".tidied", (moment, moment))
        store.tidy()
        assert len(trimmed) == times
    assert [path.name for path in tmp_path.iterdir()] == [".tidied"]
    assert store.entries() == []


def test_a_store_that_is_switched_off_does_nothing(tmp_path: Path) -> None:
    """It neither writes nor reads."""
    Store(tmp_path).put("a", b"one")
    off = Store(tmp_path, enabled=False)
    off.put("b", b"two")
    assert off.get("a") is None
    assert len(files(tmp_path)) == 1
    assert not off.refused


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_only_costs_time(tmp_path: Path) -> None:
    """Nothing is raised; the store says that it is not usable."""
    tmp_path.chmod(0o555)
    store = Store(tmp_path)
    store.put("a", b"one")
    tmp_path.chmod(0o755)
    assert store.refused
    assert store.get("a") is None


def test_a_folder_that_cannot_be_made_only_costs_time(tmp_path: Path) -> None:
    """A file where the folder should be raises nothing and leaves the file alone."""
    (tmp_path / "file").write_bytes(b"mine")
    store = Store(tmp_path / "file")
    store.put("a", b"one")
    assert store.refused
    assert store.get("a") is None
    assert store.entries() == []
    assert (tmp_path / "file").read_bytes() == b"mine"


def test_trimming_deletes_what_was_used_longest_ago(tmp_path: Path) -> None:
    """What is left has at most the limit, and reading an entry makes it young."""
    store = Store(tmp_path)
    for number, key in enumerate("abcd"):
        store.put(key, bytes(68))  # 100 bytes with the digest
        os.utime(store._path(key), (1000 + number, 1000 + number))
    assert store.get("a") == bytes(68)
    assert store.trim(250) == 2
    assert [key for key in "abcd" if store.get(key) is not None] == ["a", "d"]
    assert store.trim(250) == 0
    assert store.clear() == (2, 200)
    assert files(tmp_path) == []


def test_the_folder_is_named_by_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GUIDE_CACHE_DIR decides; without it, it is the platform's folder for caches."""
    monkeypatch.setenv("GUIDE_CACHE_DIR", str(tmp_path))
    assert default_folder() == tmp_path
    monkeypatch.delenv("GUIDE_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert default_folder().name == "guide"


def test_a_shared_folder_serves_another_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What one store kept the other finds, and keeps; what is true of one machine alone stays there."""
    monkeypatch.setenv("GUIDE_CACHE_URL", (tmp_path / "team").as_uri())
    monkeypatch.setenv("GUIDE_CACHE_DIR", str(tmp_path / "one"))
    default_store().put("a", b"result")
    default_store().put("machine:x", b"facts")
    monkeypatch.setenv("GUIDE_CACHE_DIR", str(tmp_path / "two"))
    assert default_store().get("a") == b"result"
    assert default_store().get("machine:x") is None
    monkeypatch.delenv("GUIDE_CACHE_URL")
    assert default_store().get("a") == b"result"
    assert default_store(enabled=False).get("a") is None


def test_a_damaged_shared_entry_is_deleted_and_missed(tmp_path: Path) -> None:
    """Its digest does not hold, so that it is made again and written anew."""
    team = Folder(tmp_path / "team")
    Store(tmp_path / "one", shared=team).put("a", b"result")
    (entry,) = files(tmp_path / "team")
    entry.write_bytes(entry.read_bytes()[:-1] + b"!")
    two = Store(tmp_path / "two", shared=team)
    assert two.get("a") is None
    assert not entry.exists()
    two.put("a", b"result")
    assert Store(tmp_path / "three", shared=team).get("a") == b"result"


def test_storage_that_fsspec_knows_is_shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here one in memory; entries are there once they are waited for."""
    monkeypatch.setenv("GUIDE_CACHE_URL", f"memory://{tmp_path.name}")
    one = Store(tmp_path / "one", shared=shared())
    one.put("a", b"result")
    one.flush()
    assert Store(tmp_path / "two", shared=shared()).get("a") == b"result"
    assert one.get("b") is None
    one.drop("a")
    one.flush()
    assert (one.get("a"), one.shared.refused) == (None, "")


def test_storage_that_hangs_or_fails_costs_its_limit_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It is not asked again, and what it answers says why."""
    monkeypatch.setenv("GUIDE_CACHE_URL", f"memory://{tmp_path.name}")
    monkeypatch.setattr("guide.system.shared._PATIENCE", 0.2)
    for wrong, said in ((lambda _path: time.sleep(3), "no answer within 0.2 s"), (_refuse, "denied")):
        entries = shared()
        monkeypatch.setattr(entries._files, "cat_file", wrong)  # type: ignore[attr-defined]
        store = Store(tmp_path / "one", shared=entries)
        begun = time.monotonic()
        assert [store.get("a"), store.get("b")] == [None, None]
        assert time.monotonic() - begun < 1
        assert entries.refused == said
        monkeypatch.undo()
        monkeypatch.setenv("GUIDE_CACHE_URL", f"memory://{tmp_path.name}")
        monkeypatch.setattr("guide.system.shared._PATIENCE", 0.2)


def _refuse(_path: str) -> bytes:
    raise PermissionError("denied")


@pytest.mark.parametrize("url", ["nowhere://bucket", "a-folder"])
def test_a_shared_cache_that_cannot_be_opened_is_an_error(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the variable."""
    monkeypatch.setenv("GUIDE_CACHE_URL", url)
    with pytest.raises(GuideError) as caught:
        shared()
    assert (caught.value.diagnostics[0].code, caught.value.diagnostics[0].place.path) == ("bad-cache-url", "GUIDE_CACHE_URL")


class Evil:
    """Anything that is not a value of ours."""

    def __reduce__(self) -> Any:
        return os.system, ("touch evil",)


def test_an_entry_runs_no_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever can write to a shared store cannot run programs where it is read."""
    monkeypatch.chdir(tmp_path)
    store = Store(tmp_path / "store")
    good = Fault("a-code", "A message.", "at", severity=Severity.WARNING)
    store.keep("good", good)
    store.keep("bad", Evil())
    store.keep("worse", (1, {"a": Evil()}))
    assert store.value("good", Fault) == good
    assert (store.value("bad", Evil), store.value("worse", tuple)) == (None, None)
    assert not (tmp_path / "evil").exists()


def test_a_build_uses_storage_that_its_process_cannot_reach(small_pack: Path, tmp_path: Path) -> None:
    """The confined process asks the one that has a network; another machine then has all without a build."""
    env = {**os.environ, "GUIDE_CACHE_URL": f"local://{tmp_path}/team", "PYTHONPATH": str(Path(__file__).parents[2])}
    said = []
    for name in ("one", "two"):
        command = [sys.executable, "-m", "guide", "build", str(small_pack), "--only", "flashcards", "--jobs", "1",
                   "-o", str(tmp_path / name)]  # fmt: skip
        own = {**env, "GUIDE_CACHE_DIR": str(tmp_path / f"cache-{name}")}
        done = subprocess.run(command, env=own, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        said.append(done.stderr)
    assert "made" in said[0] and "cached" not in said[0]
    assert "cached" in said[1] and "made" not in said[1]
    assert len(files(tmp_path / "team")) > 3
