"""Commands that are started and killed, again and again: forks of a process that has all libraries at hand.

FAULTS=100 starts them as a user starts them, each from nothing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
BY_HAND = int(os.environ.get("FAULTS", "0"))


class Driver:
    """Starts commands and waits for them."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.commands: dict[int, subprocess.Popen[bytes]] = {}
        self.process = None
        if not BY_HAND:
            self.process = subprocess.Popen(
                [sys.executable, Path(__file__).with_name("drive.py")],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
            )  # fmt: skip

    def _ask(self, **what: Any) -> int:
        with self.lock:
            self.process.stdin.write(json.dumps(what) + "\n")
            self.process.stdin.flush()
            return json.loads(self.process.stdout.readline())

    def start(self, words: list[object], variables: dict[str, str], said: Path) -> int:
        """Start a command that leads a session; return its number."""
        texts = [str(word) for word in words]
        said.write_bytes(b"")  # it may be killed before it says anything
        if self.process:
            return self._ask(do="start", words=texts, variables=variables, said=str(said))
        with said.open("wb") as stream:
            command = subprocess.Popen(
                [sys.executable, "-m", "guide", *texts], start_new_session=True, stdout=stream, stderr=stream,
                stdin=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
            )  # fmt: skip
        self.commands[command.pid] = command
        return command.pid

    def ended(self, pid: int, limit: float = 60) -> int:
        """Return how a command ended."""
        if not self.process:
            return self.commands.pop(pid).wait(limit)
        until = time.monotonic() + limit
        while state(pid) != "Z":
            assert time.monotonic() < until, f"{pid} does not end"
            time.sleep(0.002)
        return self._ask(do="wait", pid=pid)

    def close(self) -> None:
        """End the driver."""
        if self.process:
            self.process.stdin.close()
            self.process.wait(10)
            self.process.stdout.close()


def state(pid: int) -> str:
    """Return the state of a process as proc(5) has it; '' when there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""
