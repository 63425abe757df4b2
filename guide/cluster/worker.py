"""What runs in a Dask worker: it hands each call to a confined process, and its answer back.

Nothing of a call or an answer is unpickled here.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from multiprocessing import Pipe
from multiprocessing.connection import Connection

from guide.cluster.slot import _MOST, RENEW
from guide.system.sandbox import Limits, limits

_RENEWED = 300  # calls after which a fresh process begins: libraries keep what they have seen
_TRIES = 2  # times that a call is done on one machine if its process is killed

Result = tuple[str, str, bytes, tuple[str, ...]]
"""This worker's address, the state and the bytes of an answer, and what ended processes that died."""


class _Died(Exception):
    """The process that did a call has ended; the text says by what."""


class _Late(Exception):
    """A call took longer than its limit."""


class Slot:
    """A process that does one call at a time; see `guide.cluster.slot`."""

    def __init__(self, modules: Sequence[str], kit: str, bounds: Limits) -> None:
        self._session, self._calls = "", 0
        self._known: dict[str, int] = {}
        near, far = Pipe()
        settings = json.dumps({"modules": modules, "kit": kit, "bounds": asdict(bounds)})
        descriptor = far.fileno()
        command = [
            sys.executable,
            "-m",
            "guide.cluster.slot",
            str(descriptor),
            str(os.getpid()),
            settings,
        ]
        self._process = subprocess.Popen(  # noqa: S603  this Python, and our own module
            command, pass_fds=[descriptor], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
        )
        far.close()
        self._link: Connection = near

    def ask(
        self, session: str, head: Mapping[str, object], payload: bytes, blobs: Mapping[str, bytes],
        wall: float,
    ) -> tuple[str, bytes]:  # fmt: skip
        """Return the answer to a call; raises _Died and _Late, after which there is no process."""
        try:
            if self._session != session or self._calls >= _RENEWED:
                if self._session:
                    self._link.send_bytes(RENEW)
                self._session, self._calls, self._known = session, 0, {}
            self._calls += 1
            if sum(self._known.values()) > _MOST:
                self._known = {}
            fresh = [name for name in blobs if name not in self._known]
            self._known |= {name: len(blobs[name]) for name in fresh}
            self._link.send_bytes(json.dumps({**head, "blobs": fresh}).encode())
            for name in fresh:
                self._link.send_bytes(blobs[name])
            self._link.send_bytes(payload)
            if not self._link.poll(wall):
                raise _Late
            return self._link.recv_bytes().decode(), self._link.recv_bytes()
        except (EOFError, OSError) as exc:
            raise _Died(self._last_words()) from exc

    def _last_words(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired, ValueError):
            said, _ = self._process.communicate(timeout=5)
            return said.decode("utf-8", "replace").strip() or "an error"
        return "an error"

    def close(self) -> None:
        """End the process, whatever it does."""
        self._link.close()
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


_free: list[Slot] = []
_lock = threading.Lock()


def run(
    session: str, modules: Sequence[str], head: Mapping[str, object], payload: bytes, wall: float,
    names: Sequence[str], *blobs: bytes,
) -> Result:  # fmt: skip
    """Do a call in a confined process of this machine; `names` are the digests of its `blobs`."""
    from distributed import get_worker

    here: str = get_worker().address
    deaths: list[str] = []
    large = dict(zip(names, blobs, strict=True))
    while len(deaths) < _TRIES:
        slot = _taken(session, modules, str(head["kit"]))
        try:
            state, answer = slot.ask(session, head, payload, large, wall)
        except _Died as exc:
            slot.close()
            deaths.append(str(exc))
            continue
        except _Late:
            slot.close()
            return here, "late", b"", tuple(deaths)
        with _lock:
            _free.append(slot)
        return here, state, answer, tuple(deaths)
    return here, "died", b"", tuple(deaths)


def _taken(session: str, modules: Sequence[str], kit: str) -> Slot:
    """Return a process that is free, one of the same session if there is one; or start one."""
    with _lock:
        for slot in reversed(_free):
            if slot._session == session:  # noqa: SLF001
                _free.remove(slot)
                return slot
        if _free:
            return _free.pop()
    return Slot(modules, kit, limits(os.cpu_count() or 1))
