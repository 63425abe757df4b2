"""How a process ends: by a signal in good order, never halfway through a step, and not as an orphan.

Light: the command imports it before anything else.
"""

from __future__ import annotations

import contextlib
import math
import os
import signal
import sys
from collections.abc import Callable, Iterator
from types import FrameType

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
SIGNALS = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
_PR_SET_PDEATHSIG = 1  # prctl(2)
_PARENT = "GUIDE_STARTED_BY"
_CALM = "ignore::UserWarning:multiprocessing.resource_tracker"

hasty: set[Callable[[], object]] = set()
"""What a second signal calls, so that nobody waits for what ends slowly."""

_received: list[int] = []
_waiting: list[tuple[Callable[[int, FrameType | None], object], int]] = []
_holding = 0


class Ended(SystemExit):
    """A signal has asked for the end. `code` is 128 and the signal, as a shell has it."""

    def __init__(self, number: int) -> None:
        super().__init__(128 + number)
        self.number = number


def listen() -> None:
    """Raise Ended at the first signal; the second hurries, the third ends this process at once.

    A signal that is ignored, as nohup(1) has it, stays so. Wrappers pass on what the terminal has
    sent already: two signals are often one.
    """
    for number in SIGNALS:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, held_back(_end))
    sys.unraisablehook = _swallowed


def _swallowed(what: sys.UnraisableHookArgs) -> None:
    """Ask again for an end that a library has swallowed: a callback from C cannot raise."""
    if isinstance(what.exc_value, Ended):
        _received.clear()
        os.kill(os.getpid(), what.exc_value.number)
    else:
        sys.__unraisablehook__(what)


def _end(number: int, _frame: FrameType | None) -> None:
    _received.append(number)
    if len(_received) == 1:
        raise Ended(number)
    if len(_received) > 2:
        os._exit(128 + number)
    for call in [*hasty]:
        call()


def last_words(number: int) -> str:
    """Return what to say when a signal has ended the command."""
    how = "interrupted" if number == signal.SIGINT else f"ended by {signal.Signals(number).name}"
    return f"{how}; nothing half-written was left behind"


def obey(tidy: Callable[[], object]) -> None:
    """In a child: leave the terminal's signals to the parent; when it says so, tidy up and end.

    Without an exception: a library may be at work that would swallow it.
    """

    def leave(number: int, _frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_IGN)
        try:
            tidy()
        finally:
            os._exit(128 + number)

    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, held_back(leave))
    heed()


def heed() -> None:
    """In a child: do not hold signals, as the parent did when it started this process."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)


def held_back(
    handler: Callable[[int, FrameType | None], object],
) -> Callable[[int, FrameType | None], None]:
    """Return a handler that waits while signals are held: another thread may have taken the signal."""

    def handle(number: int, frame: FrameType | None) -> None:
        if _holding:
            _waiting.append((handler, number))
        else:
            handler(number, frame)

    return handle


@contextlib.contextmanager
def held() -> Iterator[None]:
    """Hold back signals until a step that may not be cut in two is done; then they are obeyed."""
    global _holding  # noqa: PLW0603  of the process, as signals are
    masks = hasattr(signal, "pthread_sigmask")  # not on Windows
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS) if masks else set()
    _holding += 1
    try:
        yield
    finally:
        _holding -= 1
        if masks:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if not _holding and _waiting:
            handler, number = _waiting.pop(0)
            _waiting.clear()
            handler(number, None)


def tie(parent: int = 0) -> None:
    """Let the system kill this process when the one that started it is gone, however it went.

    On Linux alone: a thread that waits for the parent, which is all that others have, does not run
    while a library computes. `parent` is the process that ought to be there still.
    """
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if parent and os.getppid() != parent:
        os._exit(1)


@contextlib.contextmanager
def named() -> Iterator[None]:
    """Let a process that is started see by whom: it may take a second until it can be tied."""
    os.environ[_PARENT] = str(os.getpid())
    try:
        yield
    finally:
        os.environ.pop(_PARENT, None)


def tie_to_namer() -> None:
    """Tie this process to the one that has `named` itself, and those that are forked from it to it."""
    tie(int(os.environ.pop(_PARENT, "0")))
    server, forked = os.getpid(), list[bool]()

    def tie_worker() -> None:
        if not forked:  # in what a worker forks, nothing
            forked.append(True)
            tie(server)

    os.register_at_fork(after_in_child=tie_worker)


def quiet() -> None:
    """In a worker: say nothing. Its jobs' errors reach the parent; else it only says that one is gone."""
    if not os.environ.get("GUIDE_DEBUG"):
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115


@contextlib.contextmanager
def calm() -> Iterator[None]:
    """Start processes whose tracker of semaphores tidies up after a kill without a word."""
    sys.warnoptions.append(_CALM)
    try:
        yield
    finally:
        sys.warnoptions.remove(_CALM)


def name_of(number: int) -> str:
    """Return the name of a signal, or its number."""
    return signal.Signals(number).name if number in {*signal.Signals} else str(number)


def waited(ready: Callable[[float], bool], limit: float) -> bool:
    """Wait until `ready(seconds)` for at most `limit` seconds, and return whether it is.

    The time that this process is stopped (Ctrl-Z) does not count, which one long wait would count.
    """
    for _ in range(math.ceil(limit)):
        if ready(min(1.0, limit)):
            return True
    return False
