"""Pure jobs in processes that can be killed: warmed up early, retried once when one dies."""

from __future__ import annotations

import contextlib
import importlib
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import forkserver
from multiprocessing.connection import wait
from types import TracebackType
from typing import Any, Self

from guide.jobs.confine import Limits, TimeExceeded, bound, within

TIME_LIMIT = 300.0  # s; a document that takes longer hangs


class WorkerDied(Exception):
    """The process that did a job was killed or crashed, twice."""


class JobTimeout(Exception):
    """A job took longer than its limit and was ended."""


def _warm(modules: Sequence[str], bounds: Limits | None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what Ctrl-C means
    threading.Thread(target=_die_with_parent, daemon=True).start()
    for name in modules:
        importlib.import_module(name)
    if bounds is not None:
        bound(bounds, addresses=True)


def _bounded(seconds: int, function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function for at most so many seconds of computing."""
    with within(seconds, apart=True):
        return function(*arguments)


def _die_with_parent() -> None:
    """End this worker when its parent is gone, however it went: no orphan goes on computing."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
    os._exit(1)


@contextlib.contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Let workers start deaf to Ctrl-C: one that is still importing would print a traceback."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _nothing() -> None:
    """Start a worker, which imports its modules while the parent reads content."""


class Pool:
    """Runs functions of pickled values in `workers` processes; with one, in this process.

    `modules` are imported by each worker when it starts; `shared` once for all of them, where
    processes can be forked safely: by a process that has no threads, which these may not start.
    `warm` workers start at once, the others when there is work for them: starting takes half a
    second of a core. With `bounds`, each worker and each job is bounded.
    """

    def __init__(
        self,
        workers: int = 0,
        modules: Sequence[str] = (),
        warm: int = 0,
        shared: Sequence[str] = (),
        bounds: Limits | None = None,
    ) -> None:
        self.workers = workers or os.cpu_count() or 1
        self.modules, self.shared, self.bounds = modules, shared, bounds
        self.warm = min(warm or self.workers, self.workers)
        self._executor: ProcessPoolExecutor | None = None
        self._starting: threading.Thread | None = None

    def __enter__(self) -> Self:
        if self.workers > 1:
            self._start()
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self.stop(kill=True)  # every result that is wanted has been asked for

    def _start(self) -> None:
        # macOS: libraries that speak to the system may not be used after a fork.
        forks = sys.platform == "linux"
        context = multiprocessing.get_context("forkserver" if forks else "spawn")
        with _deaf_to_interrupts():
            if forks:
                forkserver.set_forkserver_preload(list(self.shared))
                try:
                    forkserver.ensure_running()
                except OSError:  # its socket needs a folder that can be written
                    context = multiprocessing.get_context("spawn")
            self._executor = ProcessPoolExecutor(
                self.warm,
                mp_context=context,
                initializer=_warm,
                initargs=(self.modules, self.bounds),
            )
            if context.get_start_method() == "spawn":
                self._begin(self._executor)
                return
        # A worker is there once the shared modules are: this process has other things to do.
        self._starting = threading.Thread(target=self._begin, args=(self._executor,), daemon=True)
        self._starting.start()

    def _begin(self, executor: ProcessPoolExecutor) -> None:
        with contextlib.suppress(OSError, RuntimeError):  # whoever waits for a job is told
            for _ in range(self.warm):
                executor.submit(_nothing)

    def stop(self, kill: bool = False) -> None:
        """End the workers; `kill` does not wait for what they are doing."""
        if self._executor is None:
            return
        if self._starting is not None:
            self._starting.join()
        processes = list((self._executor._processes or {}).values())  # noqa: SLF001
        self._executor.shutdown(wait=not kill, cancel_futures=True)
        if kill:
            for process in processes:
                with contextlib.suppress(OSError, ValueError):
                    process.kill()
            _see_dead(processes)
        self._executor = None

    def _grow(self) -> None:
        """Allow all workers once there is more to do than those that are warm can do at once."""
        executor = self._executor
        if executor is not None and len(executor._pending_work_items) >= self.warm:  # noqa: SLF001
            executor._max_workers = self.workers  # type: ignore[attr-defined]  # noqa: SLF001

    def submit(self, function: Callable[..., Any], *arguments: Any, size: int = 0) -> Job:
        """Begin a job on `size` bytes of content; its result is asked for later."""
        if self.bounds is not None:
            arguments = (self.bounds.allowed(size), function, *arguments)
            function = _bounded
        job = Job(self, function, arguments)
        job.begin()
        return job


def _see_dead(processes: Sequence[Any], limit: float = 5.0) -> None:
    """Wait until killed processes are gone; the executor's own thread may be the one to reap them."""
    until = time.monotonic() + limit
    for process in processes:
        with contextlib.suppress(OSError, ValueError):
            while process.is_alive() and time.monotonic() < until:
                time.sleep(0.005)


class Job:
    """One call under way."""

    def __init__(
        self, pool: Pool, function: Callable[..., Any], arguments: tuple[Any, ...]
    ) -> None:
        self.pool, self.function, self.arguments = pool, function, arguments
        self._future: Future[Any] | None = None

    def begin(self) -> None:
        """Hand the call to a worker, if there are any."""
        executor = self.pool._executor  # noqa: SLF001
        if executor is not None:
            self.pool._grow()  # noqa: SLF001
            with contextlib.suppress(BrokenProcessPool):
                self._future = executor.submit(self.function, *self.arguments)

    def result(self, limit: float = TIME_LIMIT) -> Any:
        """Return the result; raises WorkerDied, JobTimeout, or what the function raised."""
        try:
            return self._result(limit)
        except TimeExceeded as exc:
            raise JobTimeout from exc

    def _result(self, limit: float) -> Any:
        if self._future is None:
            in_process = self.pool.workers == 1
            return self.function(*self.arguments) if in_process else self._again(limit)
        try:
            return self._future.result(timeout=limit)
        except TimeoutError as exc:
            self.pool.stop(kill=True)
            raise JobTimeout from exc
        except (BrokenProcessPool, CancelledError):
            return self._again(limit)

    def _again(self, limit: float) -> Any:
        """Try once more in fresh processes: the first may have been killed for want of memory."""
        self.pool.stop(kill=True)
        self.pool._start()  # noqa: SLF001
        self.begin()
        try:
            assert self._future is not None
            return self._future.result(timeout=limit)
        except BrokenProcessPool as exc:
            self.pool.stop(kill=True)
            raise WorkerDied from exc
        except TimeoutError as exc:
            self.pool.stop(kill=True)
            raise JobTimeout from exc
