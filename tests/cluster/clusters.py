"""A Dask scheduler and workers, started as a user starts them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
_NAMED = ("--host", "127.0.0.1", "--no-dashboard")


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@dataclass
class Running:
    """A scheduler and its workers, each a process that leads a group."""

    folder: Path
    port: int
    scheduler: subprocess.Popen[bytes] | None = None
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    def start_scheduler(self) -> None:
        self.scheduler = self._dask("scheduler", "scheduler", "--port", self.port)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.1)
        raise AssertionError((self.folder / "scheduler.log").read_text())

    def start_worker(self, **variables: str) -> subprocess.Popen[bytes]:
        """Start one process that does one job at a time; without a nanny, it is what is killed."""
        name = f"worker-{len(self.workers)}"
        where = ("--local-directory", self.folder / name, "--nthreads", 1, "--no-nanny", "--name", name)
        worker = self._dask(name, "worker", self.address, *where, **variables)
        self.workers.append(worker)
        return worker

    def ready(self, name: str) -> None:
        """Wait until a worker has connected."""
        log, until = self.folder / f"{name}.log", time.monotonic() + 60
        while "Registered to" not in log.read_text():
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.1)

    def _dask(self, name: str, *words: object, **variables: str) -> subprocess.Popen[bytes]:
        env = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
        with (self.folder / f"{name}.log").open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "dask", *map(str, words), *_NAMED], env=env, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True, cwd=self.folder,
            )  # fmt: skip

    def close(self) -> None:
        for each in [*self.workers, self.scheduler]:
            if each is not None and each.poll() is None:
                os.killpg(each.pid, signal.SIGCONT)
                os.killpg(each.pid, signal.SIGKILL)
        for each in [*self.workers, self.scheduler]:
            if each is not None:
                each.wait(30)
