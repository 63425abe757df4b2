"""Calls to a Dask cluster and their answers: tried again elsewhere, a bounded number of times.

What a call is about is not looked at here: its bytes go to a worker, and the answer's bytes come back.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import secrets
import ssl
import threading
import time
import warnings
from collections.abc import Mapping, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from typing import Any, Self

import dask.config
import distributed
from distributed.scheduler import KilledWorker
from distributed.versions import VersionMismatchWarning

from guide.cluster import address
from guide.cluster.address import Cluster
from guide.cluster.packing import Answer, Call
from guide.cluster.worker import run
from guide.diagnostics.diagnostic import Diagnostic, GuideError, Place, error
from guide.diagnostics.formats import diagnostic_json

Client: Any = distributed.Client  # its methods have no types
VARIABLE = "GUIDE_CLUSTER_TIMEOUT"
_TRIES = 4  # times that a call is sent: after a lost connection, or a worker that is not used again
_SETTINGS = {
    "distributed.admin.large-graph-warning-threshold": "1GB",  # a call may have a large picture
    "distributed.diagnostics.computations.nframes": 0,  # source code stays here
    "distributed.comm.retry.count": 0,
}


def patience() -> float:
    """Return for how many seconds the cluster may be silent, or without workers; raises GuideError."""
    given = os.environ.get(VARIABLE, "")
    if not given:
        return 30.0
    if given.isdecimal() and int(given):
        return float(given)
    hint = f"{VARIABLE}=60 waits for a minute."
    raise GuideError(error("bad-value", f"{VARIABLE}={given}: write seconds", Place(""), hint))


@dataclass
class _Connection:
    """A client, the large values that were sent, calls that can be moved, and workers that are silent."""

    client: Any
    blobs: dict[str, Any] = field(default_factory=dict)
    moved: dict[Any, asyncio.Event] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)


class Dispatcher:
    """Sends calls to a cluster, from any thread; connects at the first. `modules` are imported by workers."""

    def __init__(self, cluster: Cluster, modules: Sequence[str]) -> None:
        self.cluster, self.modules = cluster, tuple(modules)
        self.session = secrets.token_hex(8)
        self.patience = patience()
        self._numbers = iter(range(1 << 60))
        self._pending: set[asyncio.Task[Any]] = set()
        self._connection: _Connection | None = None
        self._lost: GuideError | None = None
        self._avoided: dict[str, str] = {}  # workers with other versions, as JSON
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="guide-cluster", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Give up all calls, and leave the cluster."""
        if self._thread.is_alive():
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(5)

    def capacity(self) -> Future[int]:
        """Return how many calls the workers do at once; connects. The future raises GuideError."""
        return asyncio.run_coroutine_threadsafe(self._capacity(), self._loop)

    def begin(self, call: Call) -> Future[Answer]:
        """Begin a call; each has an answer in the end."""
        return asyncio.run_coroutine_threadsafe(self._answer(call), self._loop)

    # In the thread of the loop --------------------------------------------------------------------

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        logging.getLogger("distributed").setLevel(logging.CRITICAL)
        logging.getLogger("tornado").setLevel(logging.CRITICAL)
        warnings.simplefilter("ignore", VersionMismatchWarning)  # versions are compared here
        self._turn = asyncio.Lock()
        try:
            with dask.config.set(_SETTINGS):
                watching = self._loop.create_task(self._watch())
                self._loop.run_forever()
                for task in [*self._pending, watching]:
                    task.cancel()
                self._loop.run_until_complete(self._leave())
        finally:
            self._loop.close()

    async def _leave(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(self._connection.client.close(1), 2)
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.wait(others, timeout=1) if others else None

    async def _capacity(self) -> int:
        try:
            connection = await self._connected()
            found = await self._workers(connection.client)
        except GuideError:
            raise
        except Exception as exc:
            raise GuideError(_failed(self.cluster.address, exc)) from exc
        return sum(int(each["nthreads"]) for each in found.values())

    async def _answer(self, call: Call) -> Answer:
        task = asyncio.current_task()
        assert task is not None
        self._pending.add(task)
        try:
            return await self._tried(call)
        except GuideError as exc:
            return Answer("failed", _as_json(exc.diagnostics))
        except Exception as exc:  # noqa: BLE001  a scheduler or a worker without guide, for one
            return Answer("failed", _as_json([_failed(self.cluster.address, exc)]))
        except asyncio.CancelledError:
            if self._lost is None:
                raise
            return Answer("failed", _as_json(self._lost.diagnostics))
        finally:
            self._pending.discard(task)

    async def _tried(self, call: Call) -> Answer:
        deaths: tuple[str, ...] = ()
        left: set[str] = set()  # workers on which its process was killed
        for _ in range(_TRIES):
            connection = await self._connected()
            try:
                where = await self._places(connection, left)
                if where == []:
                    return self._nowhere(deaths, bool(left))
                worker, state, payload, died = await self._sent(connection, call, where)
            except (
                CancelledError,
                OSError,
            ):  # the scheduler has gone, or does not know us any more
                self._forget(connection)
                continue
            except _Silent:
                continue
            except KilledWorker as exc:
                return Answer("died", b"", (*deaths, f"the loss of {exc.last_worker.address}"))
            deaths += tuple(died)
            if state == "refused":
                self._avoided[worker] = payload.decode()
            elif state == "died" and not left:
                left.add(worker)
            else:
                return Answer(state, payload, deaths)
        raise self._gone("answers, but its connections do not last")

    def _nowhere(self, deaths: tuple[str, ...], killed: bool) -> Answer:
        """Return the answer to a call that no worker is left for."""
        if killed:
            return Answer("died", b"", deaths)
        if self._avoided:
            return Answer("refused", json.dumps(self._avoided).encode(), deaths)
        raise self._gone(f"answers, but its workers have been silent for {self.patience:g} s")

    async def _places(self, connection: _Connection, left: set[str]) -> list[str] | None:
        """Return the workers that may do a call, None for all."""
        barred = {*self._avoided, *connection.silent, *left}
        if not barred:
            return None
        workers = await self._listed(connection.client)
        if barred.isdisjoint(workers):  # a scheduler that was started again may have none yet
            return None
        return [each for each in workers if each not in barred]

    async def _sent(
        self, connection: _Connection, call: Call, where: list[str] | None
    ) -> tuple[str, str, bytes, Sequence[str]]:
        """Return the worker that did a call, and its answer."""
        client, number = connection.client, next(self._numbers)
        for name, data in call.blobs.items():
            if name not in connection.blobs:  # kept by a worker, and made again if that is lost
                key = f"guide-data-{name}"
                connection.blobs[name] = client.submit(bytes, data, key=key)
        head = {
            "function": call.function,
            "seconds": call.seconds,
            "kit": call.kit,
            "outfit": call.outfit,
        }
        session = f"{self.session}-{call.session}"
        future = client.submit(
            run, session, self.modules, head, call.payload, call.wall, [*call.blobs],
            *(connection.blobs[name] for name in call.blobs),
            key=f"guide-{self.session}-{number}", workers=where, pure=False,
        )  # fmt: skip
        moved = connection.moved[future.key] = asyncio.Event()
        waits = asyncio.ensure_future(_result(future)), asyncio.ensure_future(moved.wait())
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            if not waits[0].done():
                raise _Silent
            found: tuple[str, str, bytes, Sequence[str]] = await waits[0]
            return found
        finally:
            connection.moved.pop(future.key, None)
            for each in waits:
                each.cancel()
            future.release()

    # The connection -------------------------------------------------------------------------------

    async def _connected(self) -> _Connection:
        async with self._turn:
            if self._lost is not None:
                raise self._lost
            if self._connection is None:
                try:
                    self._connection = await self._connect()
                except GuideError as exc:
                    self._lost = exc
                    raise
            return self._connection

    async def _connect(self) -> _Connection:
        """Return a connection to a scheduler that has workers; raises GuideError."""
        until = self._loop.time() + self.patience
        while True:
            client = None
            try:
                left = max(0.5, until - self._loop.time())
                client = Client(
                    self.cluster.address, asynchronous=True, timeout=left, set_as_default=False
                )
                await client
                break
            except Exception as exc:
                if client is not None:
                    await _closed(client)
                if isinstance(exc, TypeError | ssl.SSLError):
                    raise GuideError(_no_tls(self.cluster.address, exc)) from exc
                if not isinstance(exc, OSError | TimeoutError):
                    raise
                if self._loop.time() > until:
                    raise self._gone(f"cannot be reached within {self.patience:g} s") from exc
                await asyncio.sleep(0.3)
        try:
            await self._ready(client, self._loop.time() + self.patience)
        except BaseException:
            await client.close(1)
            raise
        return _Connection(client)

    async def _ready(self, client: Any, until: float) -> None:
        """Wait for workers; raises GuideError when there are none, or one that anyone can reach."""
        while not (workers := await self._workers(client)):
            if self._loop.time() > until:
                raise GuideError(_no_workers(self.cluster.address, self.patience))
            await asyncio.sleep(0.3)
        if self.cluster.insecure:
            return
        scheduler = client.scheduler_info(n_workers=0)["address"]
        for each, what in ((scheduler, "the scheduler"), *((w, "a worker") for w in workers)):
            if address.is_open(each):
                raise GuideError(address.insecure(each, what))

    async def _workers(self, client: Any) -> Mapping[str, Mapping[str, Any]]:
        """Return what the scheduler knows of its workers, by address; raises GuideError."""
        try:
            return await self._listed(client)
        except OSError as exc:
            raise self._gone(f"has not answered for {self.patience:g} s") from exc

    async def _listed(self, client: Any) -> Mapping[str, Mapping[str, Any]]:
        """Return the same; raises OSError, of which TimeoutError is one."""
        found = await asyncio.wait_for(client.scheduler.identity(), self.patience)
        workers: Mapping[str, Mapping[str, Any]] = found["workers"]
        return workers

    def _forget(self, connection: _Connection) -> None:
        """Connect anew the next time."""
        if self._connection is connection:
            self._connection = None
            closing = self._loop.create_task(_closed(connection.client))
            self._pending.add(closing)
            closing.add_done_callback(self._pending.discard)

    async def _watch(self) -> None:
        """Give up a scheduler that does not answer, and take calls from workers that do not."""
        while True:
            await asyncio.sleep(min(2.0, self.patience / 4))
            connection = self._connection
            if connection is None or connection.client.status != "running":
                continue
            try:
                workers = await self._workers(connection.client)
                await self._avoid_silent(connection, workers)
            except GuideError as exc:
                if connection is self._connection and connection.client.status == "running":
                    self._give_up(exc)
            except Exception:  # noqa: BLE001, S112  the connection is being made anew
                continue

    async def _avoid_silent(
        self, connection: _Connection, workers: Mapping[str, Mapping[str, Any]]
    ) -> None:
        latest = max((float(each["last_seen"]) for each in workers.values()), default=0.0)
        now = max(latest, time.time())
        silent = {
            name for name, each in workers.items() if now - float(each["last_seen"]) > self.patience
        }
        connection.silent = silent
        if silent:  # each time: what was released there makes room for calls that were waiting
            doing = await asyncio.wait_for(connection.client.processing(), self.patience)
            for key in (key for name in silent for key in doing.get(name, ())):
                if key in connection.moved:
                    connection.moved[key].set()

    def _give_up(self, exc: GuideError) -> None:
        """End all calls with the reason."""
        self._lost = exc
        for task in self._pending:
            task.cancel()

    def _gone(self, how: str) -> GuideError:
        message = f"the scheduler {self.cluster.address} {how}"
        hint = (
            "Look whether `dask scheduler` and `dask worker` are running and the network is up, then build "
            f"again: what was finished is kept. {VARIABLE}=120 waits longer; without --jobs and "
            f"{address.VARIABLE}, this machine does all the work."
        )
        return GuideError(error("cluster-lost", message, Place(address.OPTION), hint))


class _Silent(Exception):
    """A worker does not answer any more."""


async def _result(future: Any) -> Any:
    return await future


async def _closed(client: Any) -> None:
    with contextlib.suppress(Exception):
        await asyncio.wait_for(client.close(1), 2)


def _as_json(found: Sequence[Diagnostic]) -> bytes:
    return json.dumps([diagnostic_json(each) for each in found]).encode()


def _no_workers(where: str, seconds: float) -> Diagnostic:
    message = f"the scheduler {where} has had no workers for {seconds:g} s"
    hint = f"Start some: `dask worker {where} --nworkers auto --nthreads 1`. See docs/cluster.md."
    return error("cluster-no-workers", message, Place(address.OPTION), hint)


def _failed(where: str, exc: Exception) -> Diagnostic:
    message = f"the cluster at {where} failed: {type(exc).__name__}: {str(exc)[:200]}"
    hint = (
        "Install the same version of guide where the scheduler and the workers run, then start them again. "
        "See docs/cluster.md."
    )
    return error("cluster-lost", message, Place(address.OPTION), hint)


def _no_tls(where: str, exc: Exception) -> Diagnostic:
    reason = "no certificates are configured" if isinstance(exc, TypeError) else str(exc)
    message = f"no TLS connection to {where} can be made: {reason}"
    hint = (
        "Name the files in DASK_DISTRIBUTED__COMM__TLS__CA_FILE, DASK_DISTRIBUTED__COMM__TLS__CLIENT__CERT "
        "and DASK_DISTRIBUTED__COMM__TLS__CLIENT__KEY. See docs/cluster.md."
    )
    return error("cluster-tls", message, Place(address.OPTION), hint)
