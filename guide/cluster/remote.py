"""Workers on other machines, as `guide.system.pool.Workers`: for processes with and without a network."""

from __future__ import annotations

import json
import pickle
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as StillWorking
from functools import cached_property
from typing import Any, Protocol

from guide.cluster.address import OPTION
from guide.cluster.packing import Answer, Call, pack
from guide.cluster.slot import digest_of
from guide.diagnostics.diagnostic import Diagnostic, GuideError, Place, error
from guide.diagnostics.formats import from_json
from guide.system.pool import TIME_LIMIT, Job, JobTimeout, WorkerDied, WorkersLost
from guide.system.sandbox import Limits

_WALL = 2 * TIME_LIMIT  # s; the processors of another machine may be slower, or have more to do


class Port(Protocol):
    """The way to a cluster: `guide.cluster.dispatch.Dispatcher`, or a line to a process that has one."""

    def capacity(self) -> Future[int]:
        """Return how many calls are done at once."""

    def begin(self, call: Call) -> Future[Answer]:
        """Begin a call."""


class Elsewhere:
    """Runs functions of pickled values on other machines that have the same `outfit` as this one.

    `kit` names the function that returns the outfit, `alive` is called while a result is waited for.
    `read` unpickles results. Jobs of one `session` may be done by one process, those of two never are.
    """

    def __init__(
        self, port: Port, kit: str, outfit: Callable[[], Mapping[str, str]], bounds: Limits,
        alive: Callable[[], None] = lambda: None, read: Callable[[bytes], Any] = pickle.loads,
    ) -> None:  # fmt: skip
        self.port, self.kit, self.bounds = port, kit, bounds
        self.alive, self.read = alive, read
        self.session = ""
        self._outfit, self._lock = outfit, threading.Lock()
        self.deaths: list[str] = []
        self.elsewhere = True

    @cached_property
    def workers(self) -> int:
        """How many calls are done at once; raises WorkersLost."""
        count: int = waited(self.port.capacity(), self.alive)
        return max(2, count)  # with one, this process would do the work

    @cached_property
    def outfit(self) -> dict[str, str]:
        """The versions that all results depend on."""
        return dict(self._outfit())

    def _digest(self) -> str:
        with self._lock:  # of threads that submit at once, one looks
            return digest_of(self.outfit)

    def submit(self, function: Callable[..., Any], *arguments: Any, size: int = 0) -> Job:
        """Begin a job on `size` bytes of content; its result is asked for later."""
        payload, blobs = pack(arguments)
        name = f"{function.__module__}:{function.__qualname__}"
        seconds = self.bounds.allowed(size)
        call = Call(name, payload, blobs, seconds, _WALL, self.session, self.kit, self._digest())
        return _Job(self, self.port.begin(call))


class _Job:
    def __init__(self, workers: Elsewhere, future: Future[Answer]) -> None:
        self._workers, self._future = workers, future

    def result(self, limit: float = TIME_LIMIT) -> Any:
        """Return the result; raises WorkerDied, JobTimeout, WorkersLost, or what the function raised."""
        answer: Answer = waited(self._future, self._workers.alive)
        self._workers.deaths += answer.deaths
        if answer.state == "done":
            return self._workers.read(answer.payload)
        if answer.state == "late":
            raise JobTimeout
        if answer.state == "died":
            raise WorkerDied
        if answer.state == "raised":
            raise self._raised(answer)
        raise self._refused(answer)

    def _raised(self, answer: Answer) -> BaseException:
        """Return what a job raised; only its name where no exception may be unpickled."""
        try:
            exc: BaseException = self._workers.read(answer.payload)
        except pickle.UnpicklingError as refused:
            return RuntimeError(f"a job on another machine failed ({refused})")
        return exc

    def _refused(self, answer: Answer) -> WorkersLost:
        if answer.state == "failed":
            return WorkersLost(*map(from_json, json.loads(answer.payload)))
        there = {name: json.loads(each) for name, each in json.loads(answer.payload).items()}
        return WorkersLost(
            *(mismatch(name, self._workers.outfit, outfit) for name, outfit in there.items())
        )


class Here:
    """A job that is done in this process, when its result is asked for."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self._function, self._arguments = function, arguments

    def result(self, limit: float = TIME_LIMIT) -> Any:
        """Return the result."""
        return self._function(*self._arguments)


def waited(future: Future[Any], alive: Callable[[], None], seconds: float = 5.0) -> Any:
    """Return a future's result, and call `alive` meanwhile; raises WorkersLost."""
    try:
        while True:
            try:
                return future.result(seconds)
            except StillWorking:
                if future.done():
                    raise
                alive()
    except GuideError as exc:
        raise WorkersLost(*exc.diagnostics) from exc
    except CancelledError as exc:
        message = "the connection to the cluster was closed"
        raise WorkersLost(error("cluster-lost", message, Place(OPTION), "Build again.")) from exc


def mismatch(where: str, here: Mapping[str, str], there: Mapping[str, str]) -> Diagnostic:
    """Return the error for a worker whose versions differ from those of this machine."""
    names = [name for name in sorted({*here, *there}) if here.get(name) != there.get(name)]
    shown = "; ".join(
        f"{name} is {there.get(name, 'absent')} there and {here.get(name, 'absent')} here"
        for name in names[:4]
    )
    more = f"; and {len(names) - 4} more" if len(names) > 4 else ""
    hint = (
        "Install the same versions on all machines (the lock file or one container image), then start "
        "`dask worker` again. See docs/cluster.md."
    )
    return error(
        "cluster-version", f"the worker {where} does not fit: {shown}{more}", Place(OPTION), hint
    )
