"""The pool: results, retries, limits."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from guide.system.pool import JobTimeout, Pool, WorkerDied


def test_results_come_back_from_other_processes() -> None:
    """A job runs in another process than this one; what it raises is raised here."""
    with Pool(2) as pool:
        jobs = [pool.submit(sorted, [3, number, 1]) for number in range(4)]
        where, wrong = pool.submit(os.getpid), pool.submit(int, "x")
        assert [job.result() for job in jobs] == [sorted([3, number, 1]) for number in range(4)]
        assert where.result() != os.getpid()
        with pytest.raises(ValueError, match="invalid literal"):
            wrong.result()


LONG_PATH = """
import os, sys
from guide.system.pool import Pool
with Pool(2) as pool:
    parents = {pool.submit(os.getppid).result() for _ in range(4)}
    print(len(parents), os.getpid() in parents)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="workers are spawned there")
def test_a_long_temporary_path_does_not_change_how_workers_start(tmp_path: Path) -> None:
    """A socket's path has 107 bytes at most; workers are still forked by the server, and nothing is left."""
    deep = tmp_path.joinpath(*["a-folder-with-a-long-name"] * 4)
    deep.mkdir(parents=True)
    env = {**os.environ, "TMPDIR": str(deep), "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", LONG_PATH], env=env, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("1 False\n", "")
    assert list(deep.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="needs prctl")
def test_a_spawned_worker_whose_parent_is_gone_ends_at_once() -> None:
    """It was not tied while it started, so that it asks whether the parent is still there."""
    code = (
        "import guide.system.pool as pool; pool._die_with_parent = lambda: None;"  # which ends this one, too
        "pool._warm((), None, '.', {}); print('goes on')"
    )
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}

    def told(parent: int | str) -> str:
        command = [sys.executable, "-c", code.format(parent)]
        return subprocess.run(command, env=env, capture_output=True, text=True).stdout

    assert told("__import__('os').getppid()") == "goes on\n"
    assert told(os.getppid()) == ""


def test_one_worker_is_this_process() -> None:
    """With one worker there are no other processes."""
    with Pool(1) as pool:
        assert pool.submit(os.getpid).result() == os.getpid()


def test_without_semaphores_this_process_does_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system refuses what workers need, jobs are done one after the other."""

    def refused(*_: object, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("guide.system.pool.ProcessPoolExecutor", refused)
    with Pool(2) as pool:
        assert pool.submit(os.getpid).result() == os.getpid()


def test_a_job_whose_worker_is_killed_is_done_again(tmp_path: Path) -> None:
    """When the process dies once, the job is run a second time and its result comes back."""
    log = tmp_path / "log"
    script = f"echo run >> {log}; sleep 0.6; cat {log}"
    with Pool(2) as pool:
        job = pool.submit(subprocess.check_output, ["sh", "-c", script])
        until = time.monotonic() + 20
        while not log.exists() and time.monotonic() < until:
            time.sleep(0.01)
        for pid in list(pool._executor._processes):
            os.kill(pid, signal.SIGKILL)
        assert job.result() == b"run\nrun\n"


def test_a_job_that_kills_its_worker_twice_is_given_up() -> None:
    """After the second death, WorkerDied is raised."""
    with Pool(2) as pool:
        job = pool.submit(signal.raise_signal, signal.SIGKILL)
        with pytest.raises(WorkerDied):
            job.result()


def test_other_jobs_survive_one_that_kills_its_worker() -> None:
    """What was asked for beside it comes back all the same."""
    with Pool(2) as pool:
        bad = pool.submit(signal.raise_signal, signal.SIGKILL)
        others = [pool.submit(sorted, [2, 1]) for _ in range(3)]
        with pytest.raises(WorkerDied):
            bad.result()
        assert [job.result() for job in others] == [[1, 2]] * 3


def test_a_job_beyond_its_limit_is_killed() -> None:
    """JobTimeout is raised soon after the limit, and the workers are dead."""
    started = time.monotonic()
    with Pool(2) as pool:
        job = pool.submit(time.sleep, 60)
        processes = list(pool._executor._processes.values())
        with pytest.raises(JobTimeout):
            job.result(limit=1)
        assert not any(process.is_alive() for process in processes)
    assert time.monotonic() - started < 10


def test_other_jobs_survive_one_that_takes_too_long() -> None:
    """What was waiting behind a job that was killed for its time comes back all the same."""
    with Pool(2) as pool:
        slow = [pool.submit(time.sleep, 60) for _ in range(2)]
        others = [pool.submit(sorted, [2, 1]) for _ in range(8)]
        with pytest.raises(JobTimeout):
            slow[0].result(limit=1)
        assert [job.result() for job in others] == [[1, 2]] * 8


def test_leaving_the_pool_ends_its_processes() -> None:
    """No process is left, even one that is busy."""
    with Pool(2) as pool:
        pool.submit(time.sleep, 60)
        processes = list(pool._executor._processes.values())
    assert processes
    assert not any(process.is_alive() for process in processes)
