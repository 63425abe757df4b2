"""A confined process has no network: what it asks of a cluster or a shared store comes through a pipe.

Neither end unpickles what passes: heads are JSON, the rest is bytes.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from guide.cluster.address import OPTION, Cluster
from guide.cluster.packing import Answer, Call
from guide.diagnostics.diagnostic import GuideError, Place, error
from guide.diagnostics.formats import diagnostic_json, from_json
from guide.system.shared import Entries

if TYPE_CHECKING:
    from guide.cluster.dispatch import Dispatcher

_OFTEN = 0.2  # s between two looks whether the desk is closed
_OF_ENTRIES = {"read", "write", "drop"}
_PLAIN = ("function", "seconds", "wall", "session", "kit", "outfit")


class Desk:
    """Answers at `near` what the other process asks at `far`, from `open` until the end of the context.

    Without a `cluster`, it asks for `entries` alone.

    The thread begins with `open`: a process that has threads cannot be forked.
    """

    def __init__(
        self, cluster: Cluster | None, modules: Sequence[str], entries: Entries | None = None
    ) -> None:
        self.cluster, self.modules, self.entries = cluster, modules, entries
        self.near, self.far = Pipe()
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._blobs: dict[str, bytes] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._closed.set()
        if self._thread is not None:
            self._thread.join(8)
        self.near.close()
        self.far.close()

    def open(self) -> None:
        """Begin to answer."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, name="guide-desk", daemon=True)
            self._thread.start()

    def _serve(self) -> None:
        with contextlib.suppress(EOFError, OSError):  # the other process has ended
            try:
                if self.cluster is None:
                    self._answer(None)
                    return
                # A second of importing, while the other process reads the pack.
                from guide.cluster.dispatch import Dispatcher

                with Dispatcher(self.cluster, self.modules) as dispatcher:
                    self._answer(dispatcher)
            except GuideError as exc:
                self._refuse(exc)
            except OSError:
                raise
            except Exception as exc:  # noqa: BLE001  the other process must not wait for ever
                message = f"the connection to the cluster failed: {type(exc).__name__}: {exc}"
                self._refuse(
                    GuideError(error("cluster-lost", message, Place(OPTION), "Build again."))
                )

    def _answer(self, dispatcher: Dispatcher | None) -> None:
        while not self._closed.is_set():
            if self.near.poll(_OFTEN):
                head = json.loads(self.near.recv_bytes())
                if head["do"] in _OF_ENTRIES:
                    self._keep(head)
                elif dispatcher is not None:
                    self._take(dispatcher, head)

    def _keep(self, head: dict[str, Any]) -> None:
        """Read, write or delete a shared entry."""
        assert self.entries is not None
        name: str = head["name"]
        if head["do"] == "read":
            found = self.entries.read(name)
            self._send(head["number"], "none" if found is None else "entry", (), found or b"")
        elif head["do"] == "write":
            self.entries.write(name, self.near.recv_bytes())
        else:
            self.entries.drop(name)

    def _take(self, dispatcher: Dispatcher, head: dict[str, Any]) -> None:
        number: int = head["number"]
        if head["do"] == "capacity":
            dispatcher.capacity().add_done_callback(lambda done: self._count(number, done))
            return
        for name in head["fresh"]:
            self._blobs[name] = self.near.recv_bytes()
        payload = self.near.recv_bytes()
        blobs = {name: self._blobs[name] for name in head["blobs"]}
        call = Call(payload=payload, blobs=blobs, **{name: head[name] for name in _PLAIN})
        dispatcher.begin(call).add_done_callback(lambda done: self._reply(number, done))

    def _count(self, number: int, done: Future[int]) -> None:
        if done.cancelled():
            return
        exc = done.exception()
        if isinstance(exc, GuideError):
            self._send(number, "failed", (), _diagnostics(exc))
        elif exc is None:
            self._send(number, "capacity", (), str(done.result()).encode())

    def _reply(self, number: int, done: Future[Answer]) -> None:
        if not done.cancelled() and done.exception() is None:
            answer = done.result()
            self._send(number, answer.state, answer.deaths, answer.payload)

    def _refuse(self, exc: GuideError) -> None:
        """Answer all that is asked with the reason why there is no cluster."""
        with contextlib.suppress(EOFError, OSError):
            while not self._closed.is_set():
                if self.near.poll(_OFTEN):
                    head = json.loads(self.near.recv_bytes())
                    if head["do"] in _OF_ENTRIES:
                        self._keep(head)
                        continue
                    for _ in range(len(head.get("fresh", ())) + (head["do"] == "call")):
                        self.near.recv_bytes()
                    self._send(head["number"], "failed", (), _diagnostics(exc))

    def _send(self, number: int, state: str, deaths: Sequence[str], payload: bytes) -> None:
        head = json.dumps({"number": number, "state": state, "deaths": deaths}).encode()
        with contextlib.suppress(OSError), self._lock:
            self.near.send_bytes(head)
            self.near.send_bytes(payload)


def _diagnostics(exc: GuideError) -> bytes:
    return json.dumps([diagnostic_json(each) for each in exc.diagnostics]).encode()


class Line:
    """The way to a cluster and a store of a process that has no network.

    It is a `guide.cluster.remote.Port` and `guide.system.shared.Entries`.
    """

    url, refused = "", ""
    folder: Path | None = None

    def __init__(self, link: Connection) -> None:
        self._link = link
        self._numbers = itertools.count()
        self._waiting: dict[int, Callable[[Mapping[str, Any], bytes], None]] = {}
        self._sent: set[str] = set()
        self._lock = threading.Lock()
        threading.Thread(target=self._listen, name="guide-line", daemon=True).start()

    def capacity(self) -> Future[int]:
        """Return how many calls are done at once; the future raises GuideError."""
        future: Future[int] = Future()

        def came(head: Mapping[str, Any], payload: bytes) -> None:
            if head["state"] == "capacity":
                future.set_result(int(payload))
            else:
                future.set_exception(GuideError(*map(from_json, json.loads(payload))))

        self._ask({"do": "capacity"}, (), came)
        return future

    def begin(self, call: Call) -> Future[Answer]:
        """Begin a call."""
        future: Future[Answer] = Future()

        def came(head: Mapping[str, Any], payload: bytes) -> None:
            future.set_result(Answer(head["state"], payload, tuple(head["deaths"])))

        fresh = [name for name in call.blobs if name not in self._sent]
        self._sent |= {*fresh}
        head = {name: getattr(call, name) for name in _PLAIN}
        head |= {"do": "call", "fresh": fresh, "blobs": [*call.blobs]}
        self._ask(head, [*(call.blobs[name] for name in fresh), call.payload], came)
        return future

    def read(self, name: str) -> bytes | None:
        """Return a shared entry, None if it is not there."""
        future: Future[bytes | None] = Future()

        def came(head: Mapping[str, Any], payload: bytes) -> None:
            future.set_result(payload if head["state"] == "entry" else None)

        self._ask({"do": "read", "name": name}, (), came)
        return future.result()

    def write(self, name: str, data: bytes) -> None:
        """Keep an entry, a little later."""
        self._ask({"do": "write", "name": name}, [data])

    def drop(self, name: str) -> None:
        """Delete an entry, a little later."""
        self._ask({"do": "drop", "name": name}, ())

    def flush(self) -> None:
        """Do nothing: the other end writes."""

    def _ask(
        self, head: dict[str, Any], frames: Sequence[bytes],
        came: Callable[[Mapping[str, Any], bytes], None] | None = None,
    ) -> None:  # fmt: skip
        with self._lock:
            number = next(self._numbers)
            if came is not None:
                self._waiting[number] = came
            self._link.send_bytes(json.dumps({**head, "number": number}).encode())
            for frame in frames:
                self._link.send_bytes(frame)

    def _listen(self) -> None:
        with contextlib.suppress(EOFError, OSError):
            while True:
                head = json.loads(self._link.recv_bytes())
                payload = self._link.recv_bytes()
                self._waiting.pop(head["number"])(head, payload)
