"""Results of jobs: digests that differ, a store that is never wrong, a pool that survives."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from guide.jobs.digest import digest
from guide.jobs.pool import JobTimeout, Pool, WorkerDied
from guide.jobs.store import Store


@dataclass(frozen=True)
class Thing:
    """A value with a field that does not count."""

    name: str
    place: int = field(default=0, compare=False)


def test_digests_tell_values_apart() -> None:
    """No two different values have one digest, however alike they are written."""
    values = [None, 0, "0", b"0", 0.0, False, "", [], {}, ["a", "b"], ["ab"], [["a"], "b"], {"a": "b"},
              Thing("a"), Thing("b"), "None"]  # fmt: skip
    assert len({digest(value) for value in values}) == len(values)
    assert digest("a", "b") != digest("ab")


def test_digests_ignore_what_does_not_count() -> None:
    """The order of a mapping and fields with compare=False change nothing."""
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    assert digest(Thing("a", 1)) == digest(Thing("a", 2))


def test_a_damaged_entry_is_absent(tmp_path: Path) -> None:
    """An entry whose bytes changed is never given out, and is deleted."""
    store = Store(tmp_path)
    store.put("key", b"value")
    assert store.get("key") == b"value"
    (entry,) = [path for _, _, path in store.entries()]
    entry.write_bytes(entry.read_bytes()[:-1] + b"X")
    assert store.get("key") is None
    assert not entry.exists()


def test_a_store_that_cannot_write_only_says_so(tmp_path: Path) -> None:
    """A cache folder that is a file costs the cache, not the build."""
    (tmp_path / "file").write_text("in the way")
    store = Store(tmp_path / "file")
    store.put("key", b"value")
    assert not store.usable
    assert store.get("key") is None


def test_trimming_drops_the_oldest(tmp_path: Path) -> None:
    """What was used longest ago goes first."""
    store = Store(tmp_path)
    for number in range(4):
        store.put(str(number), bytes(100))
        path = max(store.entries(), key=lambda entry: entry[2].stat().st_mtime_ns)[2]
        os.utime(path, (number, number))
    assert store.trim(limit=300) == 2
    assert store.get("0") is None
    assert store.get("3") == bytes(100)


def double(number: int) -> int:
    """Return twice a number."""
    return 2 * number


def die_once(marker: str) -> str:
    """Kill this process the first time, and answer the second."""
    path = Path(marker)
    if not path.exists():
        path.write_text("dead")
        os.kill(os.getpid(), signal.SIGKILL)
    return "alive"


def die(_: int) -> None:
    """Kill this process."""
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_pool_answers_and_survives_a_killed_worker(tmp_path: Path) -> None:
    """Jobs are answered; a worker that dies is replaced and its job tried once more."""
    with Pool(2) as pool:
        assert [job.result() for job in [pool.submit(double, n) for n in range(4)]] == [0, 2, 4, 6]
        assert pool.submit(die_once, str(tmp_path / "marker")).result() == "alive"
        with pytest.raises(WorkerDied):
            pool.submit(die, 1).result()


def test_a_job_that_hangs_is_killed() -> None:
    """A job over its limit ends, soon, with a time-out."""
    began = time.monotonic()
    with Pool(2) as pool:
        pool.submit(double, 1).result()
        with pytest.raises(JobTimeout):
            pool.submit(time.sleep, 60).result(limit=0.3)
    assert time.monotonic() - began < 20
