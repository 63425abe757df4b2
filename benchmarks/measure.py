"""Run a command, and measure its wall time and the memory of its processes."""

from __future__ import annotations

import contextlib
import os
import signal
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

INTERVAL = 0.1  # s; the kernel keeps each process's high-water mark, so rare looks are enough
LIMIT = 1800.0  # s


@dataclass(frozen=True)
class Run:
    """One run of a command: `process_mb` is its largest process, `tree_mb` all of them at once.

    `tree_mb` is 0 when the command was over before anybody looked. `cpu` are the seconds that all of
    them have computed, but for what one did between the last look at it and its end.
    """

    seconds: float
    process_mb: float
    tree_mb: float
    code: int
    log: str
    cpu: float = 0.0


@dataclass
class Case:
    """Runs of the same thing, and what it made: sizes in bytes of files by their names."""

    name: str
    runs: list[Run] = field(default_factory=list)
    sizes: dict[str, int] = field(default_factory=dict)
    problem: str = ""

    @property
    def ok(self) -> bool:
        """Tell whether there is a time to speak of."""
        return bool(self.runs) and not self.problem

    @property
    def best(self) -> float:
        """Return the shortest time: what others do on the machine only ever adds."""
        return min(run.seconds for run in self.runs)

    @property
    def median(self) -> float:
        """Return the middle time, which shows how quiet the machine was."""
        return statistics.median(run.seconds for run in self.runs)

    @property
    def process_mb(self) -> float:
        """Return the largest memory of one process, in any run."""
        return max(run.process_mb for run in self.runs)

    @property
    def tree_mb(self) -> float:
        """Return the largest memory of all processes together, in any run."""
        return max(run.tree_mb for run in self.runs)

    def add(self, run: Run) -> None:
        """Take a run in; a failed one spoils the case."""
        self.runs.append(run)
        if run.code:
            self.problem = f"exit code {run.code}: {run.log.strip()[-300:]}"


def run(
    command: Sequence[str],
    env: Mapping[str, str] | None = None,
    folder: Path | None = None,
    limit: float = LIMIT,
) -> Run:
    """Run a command in a folder to its end, or kill it with its children after `limit` seconds."""
    with tempfile.TemporaryFile() as log:
        start = time.perf_counter()
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {})},
            cwd=folder,
            start_new_session=True,
        )
        watch = _Watch(process.pid)
        timer = threading.Timer(limit, _kill_group, [process.pid])
        timer.start()
        watch.start()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        timer.cancel()
        watch.finish()
        log.seek(0)
        text = log.read().decode(errors="replace")
    largest = max(watch.process_kb, usage.ru_maxrss)  # the latter sees what ended between two looks
    # The command's own number counts the children that it waited for: they were looked at already.
    cpu = max(sum(watch.computed.values()), usage.ru_utime + usage.ru_stime)
    return Run(seconds, largest / 1e3, watch.tree_kb / 1e3, process.returncode, text, cpu)


def _kill_group(leader: int) -> None:
    with contextlib.suppress(OSError):
        os.killpg(leader, signal.SIGKILL)


class _Watch(threading.Thread):
    """Looks at a process and its descendants through /proc until told to finish."""

    def __init__(self, root: int) -> None:
        super().__init__(daemon=True)
        self.root = root
        self.process_kb = self.tree_kb = 0
        self.computed: dict[int, float] = {}
        self._done = threading.Event()

    def run(self) -> None:
        while not self._done.wait(INTERVAL):
            self._look()

    def _look(self) -> None:
        tree = _tree(self.root)
        self.computed |= {pid: seconds for pid in tree if (seconds := _computed(pid))}
        found = [_memory(pid) for pid in tree]
        self.process_kb = max([self.process_kb, *(peak for peak, _ in found)])
        self.tree_kb = max(self.tree_kb, sum(now for _, now in found))

    def finish(self) -> None:
        """Stop looking."""
        self._done.set()
        self.join()


def _tree(root: int) -> set[int]:
    """Return a process and its descendants; those that end meanwhile are left out."""
    parents = {}
    for name in filter(str.isdecimal, os.listdir("/proc")):
        with contextlib.suppress(OSError, ValueError, IndexError):
            fields = Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()
            parents[int(name)] = int(fields[1])
    found, before = {root}, 0
    while len(found) > before:
        before = len(found)
        found |= {pid for pid, parent in parents.items() if parent in found}
    return found


def _computed(pid: int) -> float:
    """Return the seconds that a process has computed so far, 0 when it is gone."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def _memory(pid: int) -> tuple[int, int]:
    """Return the highest resident size so far, and the present proportional size, in kB.

    Pages that processes share are counted once in a sum of proportional sizes.
    """
    peak = now = 0
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                peak = int(line.split()[1])
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                now = int(line.split()[1])
    return peak, now
