"""Builds with a Dask scheduler and two worker processes: the same bytes, or a diagnostic."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from cluster.clusters import Running, free_port
from previews import write
from system.test_fence import landlock

from guide import pipeline
from guide.cli import guide
from guide.cluster.address import Cluster
from guide.cluster.dispatch import Dispatcher
from guide.cluster.remote import Elsewhere
from guide.diagnostics.diagnostic import GuideError
from guide.pipeline.outfit import KIT, outfit
from guide.system import tempfiles, watch
from guide.system.digest import digest
from guide.system.pool import WorkerDied, WorkersLost
from guide.system.sandbox import Limits


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A scheduler and two workers."""
    with contextlib.closing(Running(tmp_path_factory.mktemp("dask"), free_port())) as made:
        made.start_scheduler()
        made.start_worker()
        made.start_worker()
        made.ready("worker-0")
        made.ready("worker-1")
        yield made


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packs")
    write(folder / "water")
    write(folder / "rain")
    return folder


@pytest.fixture(scope="module")
def here(packs: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What this machine makes of a pack by itself."""
    made = pipeline.make(packs / "water", pipeline.Settings(jobs=1, cache=False))
    assert not made.record.wrong, made.diagnostics
    return {file.path: made.data(file) for file in made.record.files}


def settings(running: Running, **more: Any) -> pipeline.Settings:
    return pipeline.Settings(cluster=Cluster(running.address), cache=False, **more)


@contextlib.contextmanager
def workers(address: str, versions: dict[str, str] | None = None) -> Iterator[Elsewhere]:
    """Yield the workers as a pool."""
    with Dispatcher(Cluster(address), pipeline.SHARED_MODULES) as port:
        yield Elsewhere(port, KIT, lambda: versions or outfit(), Limits())


def test_a_build_on_a_cluster_gives_the_same_bytes(running: Running, packs: Path, here: dict[str, bytes]) -> None:
    """Documents, faces and fonts are made elsewhere; every file is what one machine makes."""
    made = pipeline.make(packs / "water", settings(running))
    assert {file.path: made.data(file) for file in made.record.files} == here
    assert {each.code for each in made.diagnostics} == {"missing-source"}


def test_whole_packs_are_made_by_workers(
    running: Running, packs: Path, here: dict[str, bytes], tmp_path: Path
) -> None:
    """Several packs are a job each; the files are those of this machine, and errors have their places."""
    broken = write(tmp_path / "broken")
    (broken / "cards.yaml").write_text("- {front: A?, back: B., sources: [nobody]}\n")
    words = ["build", packs / "water", packs / "rain", broken, "-o", tmp_path / "out", "--jobs", running.address]
    done = CliRunner().invoke(guide, [*map(str, words), "--only", "flashcards", "--only", "briefing"])
    assert done.exit_code == 1
    assert f"{broken}/cards.yaml:1:" in done.output
    assert "unknown-source" in done.output
    names = {name: (tmp_path / "out/water" / name).read_bytes() for name in here}
    assert names == here
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["rain", "water"]
    # Nothing has changed: the next build needs no cluster.
    again = CliRunner().invoke(guide, [*map(str, words[:3]), *map(str, words[4:6]), "--jobs", "tcp://127.0.0.1:9",
                                       "--only", "flashcards", "--only", "briefing"])  # fmt: skip
    assert again.exit_code == 0, again.output


def test_copies_are_made_elsewhere_and_stored_here(running: Running, packs: Path, tmp_path: Path) -> None:
    """Workers have no folder of copies; what they make is what this machine makes."""
    rows = [["name"], *([f"Person {number}"] for number in range(60))]
    found = {}
    for name, jobs in (("there", running.address), ("here", "1")):
        folder = tmp_path / name
        folder.mkdir()
        with (folder / "list.csv").open("w", newline="") as stream:
            csv.writer(stream).writerows(rows)
        words = ["distribute", packs / "water", "--to", folder / "list.csv", "-o", folder / "copies", "--send",
                 "--jobs", jobs]  # fmt: skip
        done = CliRunner().invoke(guide, [*map(str, words)])
        assert done.exit_code == 0, done.output
        found[name] = {path.name: path.stat().st_size for path in (folder / "copies").glob("*.pdf")}
        records = json.loads((folder / "copies/manifest.json").read_text())
        assert {each["state"] for each in records["copies"]} == {"sent"}
    assert found["there"].keys() == found["here"].keys()
    assert len(found["here"]) == 60
    # Each copy has an id that nobody can guess: a few bytes more or less when compressed.
    assert max(abs(size - found["here"][name]) for name, size in found["there"].items()) < 60


def test_jobs_are_confined(running: Running, tmp_path: Path) -> None:
    """A job can neither read other files, nor write, nor connect; no function but guide's is called."""
    secret = tmp_path / "secret"
    secret.write_text("x")
    with workers(running.address) as pool:
        with pytest.raises(ImportError, match="not a function of guide"):
            pool.submit(secret.__class__.read_text, secret).result()
        if landlock() > 0:
            with pytest.raises(PermissionError):
                pool.submit(tempfiles.begin, str(tmp_path)).result()
            assert pool.submit(watch.head, str(secret)).result() == "cannot be read"
    assert [*tmp_path.iterdir()] == [secret]


def test_a_killed_process_is_started_again_and_a_second_time_is_the_end(running: Running) -> None:
    """The job is done again, elsewhere in the end; how it died is known."""
    from guide.system.signals import tie

    with workers(running.address) as pool:
        with pytest.raises(WorkerDied):
            pool.submit(tie, 1).result()  # it is not the child of process 1, and ends itself
        assert set(pool.deaths) == {"an error"}
        assert len(pool.deaths) == 4  # twice on each of two workers
        assert pool.submit(digest, "a").result() == digest("a")


def test_a_worker_with_other_versions_is_refused(running: Running) -> None:
    """Both versions are named."""
    other = {**outfit(), "guide": "9.9", "weasyprint": "1.0"}
    with workers(running.address, other) as pool, pytest.raises(WorkersLost) as caught:
        pool.submit(digest, "a").result()
    messages = [each.message for each in caught.value.diagnostics]
    assert len(messages) == 2
    assert f"guide is {outfit()['guide']} there and 9.9 here" in messages[0]
    assert f"weasyprint is {outfit()['weasyprint']} there and 1.0 here" in messages[0]
    assert {each.code for each in caught.value.diagnostics} == {"cluster-version"}


@pytest.mark.parametrize(("address", "code"), [
    ("tcp://192.0.2.1:8786", "cluster-insecure"), ("tls://127.0.0.1:9", "cluster-tls"),
    ("tcp://127.0.0.1:9", "cluster-lost"),
])  # fmt: skip
def test_what_cannot_be_reached_safely_is_an_error(
    address: str, code: str, packs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is written, and the message says what to do."""
    monkeypatch.setenv("GUIDE_CLUSTER_TIMEOUT", "1")
    monkeypatch.setenv("GUIDE_SCHEDULER", address)
    words = ["build", packs / "water", "-o", tmp_path / "out", "--no-cache"]
    done = CliRunner().invoke(guide, [*map(str, words)])
    assert done.exit_code == 1
    assert f"error[{code}]" in done.output
    assert not (tmp_path / "out").exists()


def test_an_open_port_is_allowed_when_asked_for(monkeypatch: pytest.MonkeyPatch, packs: Path) -> None:
    """`--insecure-cluster` goes on to connect."""
    monkeypatch.setenv("GUIDE_CLUSTER_TIMEOUT", "1")
    asked = pipeline.Settings(cluster=Cluster("tcp://192.0.2.1:8786", insecure=True), cache=False)
    with pytest.raises(GuideError) as caught:
        pipeline.make(packs / "water", asked)
    assert caught.value.diagnostics[0].code == "cluster-lost"


def test_a_worker_that_is_killed_or_hangs_loses_no_job(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its jobs are done by the other."""
    monkeypatch.setenv("GUIDE_CLUSTER_TIMEOUT", "6")
    with workers(running.address) as pool:
        assert pool.workers == 2
        jobs = [pool.submit(digest, number) for number in range(20)]
        os.killpg(running.workers[0].pid, signal.SIGKILL)
        assert [job.result() for job in jobs] == [digest(number) for number in range(20)]
        running.start_worker()
        running.ready("worker-2")
        os.killpg(running.workers[1].pid, signal.SIGSTOP)
        jobs = [pool.submit(digest, number) for number in range(20)]
        assert [job.result() for job in jobs] == [digest(number) for number in range(20)]


def test_a_scheduler_that_is_started_again_gets_all_jobs_again(running: Running) -> None:
    """The build goes on when it has a worker."""
    with workers(running.address) as pool:
        assert pool.submit(digest, "a").result() == digest("a")
        assert running.scheduler is not None
        os.killpg(running.scheduler.pid, signal.SIGKILL)
        jobs = [pool.submit(digest, number) for number in range(20)]
        running.start_scheduler()
        running.start_worker()
        assert [job.result() for job in jobs] == [digest(number) for number in range(20)]


def test_a_network_that_hangs_and_a_cluster_without_workers_are_errors(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for long, and the message says for what."""
    monkeypatch.setenv("GUIDE_CLUSTER_TIMEOUT", "3")
    assert running.scheduler is not None
    with workers(running.address) as pool:
        assert pool.submit(digest, "a").result() == digest("a")
        os.killpg(running.scheduler.pid, signal.SIGSTOP)
        begun = time.monotonic()
        with pytest.raises(WorkersLost) as caught:
            pool.submit(digest, "b").result()
        assert time.monotonic() - begun < 30
    assert [each.code for each in caught.value.diagnostics] == ["cluster-lost"]
    os.killpg(running.scheduler.pid, signal.SIGCONT)
    for each in running.workers:
        if each.poll() is None:
            os.killpg(each.pid, signal.SIGKILL)
            each.wait()
    with workers(running.address) as pool, pytest.raises(WorkersLost) as caught:
        pool.submit(digest, "a").result()
    assert [each.code for each in caught.value.diagnostics] == ["cluster-no-workers"]
