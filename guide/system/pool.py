"""Pure jobs in processes that can be killed: warmed up early, retried once when one dies."""

from __future__ import annotations

import contextlib
import importlib
import multiprocessing
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent import futures
from concurrent.futures import CancelledError, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import lru_cache
from multiprocessing import forkserver
from multiprocessing.connection import wait
from typing import Any, Protocol, Self

from guide.diagnostics.diagnostic import GuideError
from guide.system import signals, tempfiles
from guide.system.computing import TimeExceeded, within
from guide.system.sandbox import Limits, bound

TIME_LIMIT = 300.0  # s; a document that takes longer hangs


class WorkerDied(Exception):
    """The process that did a job was killed or crashed, twice."""


class WorkersLost(GuideError):
    """There is nobody left to do any job: workers on other machines cannot be reached, or do not fit."""


class JobTimeout(Exception):
    """A job took longer than its limit and was ended."""


def _warm(modules: Sequence[str], bounds: Limits | None, folder: str, parent: int) -> None:
    """Prepare a worker. `parent` is the process that must still exist; 0 if the server checks it."""
    signals.tie(parent)  # first: what is not tied yet outlives a parent that is killed
    for number in {*signals.SIGNALS} - {signal.SIGTERM}:
        signal.signal(number, signal.SIG_IGN)  # the parent decides what Ctrl-C means
    signals.heed()
    signals.quiet()
    threading.Thread(target=_die_with_parent, daemon=True).start()
    os.environ["TMPDIR"] = tempfile.tempdir = folder
    for name in modules:
        with contextlib.suppress(OSError):  # no room for temporary files: the job will say so
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


@lru_cache
def _shorten_sockets(_process: int) -> None:
    """Reach the fork server's socket through a descriptor of this process's temporary folder.

    A socket's path has at most 107 bytes (unix(7)); with a longer TMPDIR the server could not start,
    and workers would be spawned: half a second each, during which nothing ties them to their parent.
    """
    config: Any = multiprocessing.current_process()._config  # type: ignore[attr-defined]  # noqa: SLF001
    # A folder of multiprocessing's own (`pymp-...`) would stay behind when this process is killed.
    config["tempdir"] = tempfiles.lasting()
    if os.path.isdir("/proc/self/fd"):
        folder = os.open(tempfiles.lasting(), os.O_RDONLY | os.O_DIRECTORY)
        config["tempdir"] = f"/proc/self/fd/{folder}"


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


class Job(Protocol):
    """One call under way."""

    def result(self, limit: float = TIME_LIMIT) -> Any:
        """Return the result; raises WorkerDied, JobTimeout, or what the function raised."""


class Workers(Protocol):
    """Runs functions of pickled values; `deaths` has what ended each worker that died.

    `elsewhere` is True if jobs run on other machines, which have other files.
    """

    deaths: list[str]
    elsewhere: bool

    @property
    def workers(self) -> int:
        """How many jobs are done at once."""

    def submit(self, function: Callable[..., Any], *arguments: Any, size: int = 0) -> Job:
        """Begin a job on `size` bytes of content; its result is asked for later."""


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
        self.deaths: list[str] = []  # what ended workers that were not asked to end
        self.elsewhere = False
        self._executor: ProcessPoolExecutor | None = None
        self._starting: threading.Thread | None = None
        self._stack = contextlib.ExitStack()
        self._folder = ""

    def __enter__(self) -> Self:
        if self.workers > 1:
            # Workers are killed, and leave their temporary files behind.
            bounded = self.bounds is not None  # this process has such a folder already
            own = None if bounded else self._stack.enter_context(tempfiles.folder())
            self._folder = own or tempfile.gettempdir()
            try:
                self._start()
            except BaseException:
                self._stack.close()
                raise
        return self

    def __exit__(self, *_exception: object) -> None:
        with self._stack:
            self.stop(kill=True)  # every result that is wanted has been asked for

    def _start(self) -> None:
        # macOS: libraries that speak to the system may not be used after a fork.
        forks = sys.platform == "linux"
        context = multiprocessing.get_context("forkserver" if forks else "spawn")
        with _deaf_to_interrupts(), signals.calm():
            if forks:
                forkserver.set_forkserver_preload(["guide.system.tied", *self.shared])
                try:
                    _shorten_sockets(os.getpid())
                    with signals.named():
                        forkserver.ensure_running()
                except OSError:  # its socket needs a folder that can be written
                    context = multiprocessing.get_context("spawn")
            parent = os.getpid() if context.get_start_method() == "spawn" else 0
            try:
                self._executor = ProcessPoolExecutor(
                    self.warm,
                    mp_context=context,
                    initializer=_warm,
                    initargs=(self.modules, self.bounds, self._folder, parent),
                )
            except (OSError, ImportError):  # no semaphores: /dev/shm is not there, or not ours
                self.workers = 1
                return
            if context.get_start_method() == "spawn":
                with signals.held():  # one that is just starting would not be found, and cry out
                    self._begin(self._executor)
                return
        # A worker is there once the shared modules are: this process has other things to do.
        self._starting = threading.Thread(target=self._begin, args=(self._executor,), daemon=True)
        self._starting.start()

    def _begin(self, executor: ProcessPoolExecutor) -> None:
        # A caller that waits for a job gets the error.
        with contextlib.suppress(OSError, EOFError, RuntimeError):
            for _ in range(self.warm):
                executor.submit(_nothing)

    def stop(self, kill: bool = False) -> None:
        """End the workers; `kill` does not wait for what they are doing."""
        executor, self._executor = self._executor, None
        if executor is None:
            return
        if self._starting is not None:
            if kill and self._starting.is_alive():
                kill_server()  # it imports for a second before it answers
            self._starting.join()
        processes = _processes(executor)
        results = executor._result_queue  # noqa: SLF001
        executor.shutdown(wait=not kill, cancel_futures=True)
        if kill:
            for process in processes:
                with contextlib.suppress(OSError, ValueError):
                    process.kill()
            _see_dead(processes)
            # Of a worker that was killed while it wrote, the executor would wait for the rest.
            with contextlib.suppress(OSError, AttributeError):
                results._writer.close()  # type: ignore[attr-defined]  # noqa: SLF001

    def replace(self, executor: ProcessPoolExecutor | None, death: bool) -> None:
        """Start fresh workers in place of an executor's, unless that was done; note their `death`."""
        if self._executor is not None and self._executor is not executor:
            return
        if self._executor is not None and death:
            self.deaths.append(_how_they_died(self._executor))
        self.stop(kill=True)
        self._start()

    def _grow(self) -> None:
        """Allow all workers once there is more to do than those that are warm can do at once."""
        executor = self._executor
        if executor is not None and len(executor._pending_work_items) >= self.warm:  # noqa: SLF001
            executor._max_workers = self.workers  # type: ignore[attr-defined]  # noqa: SLF001

    def wait(self, future: Future[Any], seconds: float) -> bool:
        """Wait for a result for so long at most, and return True if it is there."""
        return bool(futures.wait([future], seconds).done)

    def submit(self, function: Callable[..., Any], *arguments: Any, size: int = 0) -> Job:
        """Begin a job on `size` bytes of content; its result is asked for later."""
        if self.bounds is not None:
            arguments = (self.bounds.allowed(size), function, *arguments)
            function = _bounded
        call = _Call(self, function, arguments)
        call.begin()
        return call


def _processes(executor: ProcessPoolExecutor) -> list[Any]:
    return list((executor._processes or {}).values())  # noqa: SLF001


def kill_server() -> None:
    """Kill the process that workers are forked from; it is started again when it is needed."""
    server = forkserver._forkserver._forkserver_pid  # type: ignore[attr-defined]  # noqa: SLF001
    if server is not None:
        with contextlib.suppress(OSError):
            os.kill(server, signal.SIGKILL)


def _how_they_died(executor: ProcessPoolExecutor) -> str:
    """Return what ended the first worker: a signal, or an error. The others were asked to end."""
    manager: Any = executor._executor_manager_thread  # noqa: SLF001
    if manager is not None:
        manager.join(1)  # it reads how each of them ended
    codes = [process.exitcode for process in _processes(executor)]
    told = {None, 0, 255, -signal.SIGTERM}
    code = next((code for code in codes if code not in told), -signal.SIGTERM)
    return signals.name_of(-code) if code < 0 else "an error"


def _see_dead(processes: Sequence[Any], limit: float = 5.0) -> None:
    """Wait until killed processes are gone; the executor's own thread may be the one to reap them."""
    until = time.monotonic() + limit
    for process in processes:
        with contextlib.suppress(OSError, ValueError):
            while process.is_alive() and time.monotonic() < until:
                time.sleep(0.005)


class _Call:
    def __init__(
        self, pool: Pool, function: Callable[..., Any], arguments: tuple[Any, ...]
    ) -> None:
        self.pool, self.function, self.arguments = pool, function, arguments
        self._future: Future[Any] | None = None
        self._executor: ProcessPoolExecutor | None = None

    def begin(self) -> None:
        """Hand the call to a worker, if there are any."""
        self._future = None
        self._executor = executor = self.pool._executor  # noqa: SLF001
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
        if self._future is None and self.pool.workers == 1:
            return self.function(*self.arguments)
        try:
            return self._waited(limit)
        except BrokenProcessPool:
            death = True
        except CancelledError:  # another job took too long, or lost its worker
            death = False
        # Once more, in fresh processes, and alone: memory may have been short.
        self.pool.replace(self._executor, death)
        self.begin()
        try:
            return self._waited(limit)
        except (BrokenProcessPool, CancelledError) as exc:
            self.pool.stop(kill=True)
            raise WorkerDied from exc

    def _waited(self, limit: float) -> Any:
        """Return the result; raises BrokenProcessPool, CancelledError, JobTimeout."""
        future, executor, hurt = self._future, self._executor, 0
        if future is None or executor is None:
            raise BrokenProcessPool

        def ready(seconds: float) -> bool:
            nonlocal hurt
            if future.done() or self.pool.wait(future, seconds):
                return True
            # A worker that was killed while it wrote leaves half a result, for whose rest the
            # executor waits.
            hurt += any(process.exitcode is not None for process in _processes(executor))
            if hurt > 2:
                raise BrokenProcessPool
            return False

        if not signals.waited(ready, limit):
            self.pool.stop(kill=True)
            raise JobTimeout
        return future.result()
