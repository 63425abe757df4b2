"""A confined process that is kept: it answers one request after another, and is started again if it dies."""

from __future__ import annotations

import contextlib
import multiprocessing
import threading
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import Any

from guide.system.fence import Fence
from guide.system.sandbox import Limits, confined

Say = Callable[[str, str], None]


class Superseded(BaseException):
    """Nobody waits for this answer any more; not an Exception, so that no library swallows it."""


class Resident:
    """One confined process; `serve(link, *given, say)` runs in it and answers what `requests` yields.

    `seconds` of computing are allowed between two signs of life, within `bounds` and `fence`.
    """

    def __init__(
        self, serve: Callable[..., None], given: tuple[Any, ...], bounds: Limits, seconds: int,
        fence: Fence,
    ) -> None:  # fmt: skip
        self._work = serve, given, bounds, seconds, fence
        self._turn = threading.Lock()
        self._link: Connection | None = None
        self._thread = threading.Thread()
        self._end: BaseException | None = None

    def ask(self, *request: Any, heard: Callable[..., None] = lambda *_: None) -> Any:
        """Return the answer to a request; `heard` gets what is sent before it.

        Raises Superseded, sandbox.Exceeded and NotStarted, or what the request raised.
        """
        with self._turn:
            link = self._link or self._begin()
            try:
                link.send(request)
                while True:
                    kind, value = link.recv()
                    if kind == "part":
                        heard(*value)
                    elif kind == "done":
                        return value
                    else:
                        raise value
            except (EOFError, BrokenPipeError, ConnectionResetError):
                self._forget()
                raise self._end or RuntimeError("a process of the preview ended") from None

    def interrupt(self) -> None:
        """Ask for the end of the request under way, if there is one."""
        if self._turn.locked() and self._link is not None:
            with contextlib.suppress(OSError):
                self._link.send(None)

    def close(self) -> None:
        """End the process, in good order if it can."""
        link = self._link
        if link is not None:
            with contextlib.suppress(OSError):
                link.send(())
            self._forget()

    def _forget(self) -> None:
        self._thread.join(5)
        if self._link is not None:
            self._link.close()
        self._link = None

    def _begin(self) -> Connection:
        link, far = multiprocessing.Pipe()
        self._link, self._end = link, None
        # A process is tied to the thread that started it: this one lives as long.
        self._thread = threading.Thread(target=self._keep, args=(far,), daemon=True)
        self._thread.start()
        return link

    def _keep(self, far: Connection) -> None:
        serve, given, bounds, seconds, fence = self._work

        def heard(_what: str, _how_far: str) -> None:
            far.close()  # the child has its own: held here as well, its end would not be noticed

        try:
            confined(serve, far, *given, heard=heard, bounds=bounds, seconds=seconds, fence=fence)
        except BaseException as exc:  # noqa: BLE001  raised again where it was asked
            self._end = exc
        finally:
            far.close()


def requests(link: Connection, bounds: Limits, say: Say) -> Iterator[tuple[Any, ...]]:
    """Yield the requests that reach a resident, until a request ends it or the other side is gone."""
    say("", "read")
    while True:
        while not link.poll(bounds.wall / 3):
            say("", "read")  # a process that says nothing for long is ended
        try:
            request = link.recv()
        except (EOFError, OSError):
            return
        if request == ():
            return
        if request is not None:  # None is the end of a request that was answered meanwhile
            yield request
