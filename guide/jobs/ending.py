"""How a process ends: by a signal in good order, never halfway through a step, and not as an orphan.

Light: the command imports it before anything else.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator
from types import FrameType

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
SIGNALS = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
_PR_SET_PDEATHSIG = 1  # prctl(2)
_CALM = "ignore::UserWarning:multiprocessing.resource_tracker"

hasty: set[Callable[[], object]] = set()
"""What a second signal calls, so that nobody waits for what ends slowly."""

_received: list[int] = []


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
            signal.signal(number, _end)
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
    signal.signal(signal.SIGTERM, leave)
    heed()


def heed() -> None:
    """In a child: do not hold signals, as the parent did when it started this process."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)


@contextlib.contextmanager
def held() -> Iterator[None]:
    """Hold back signals until a step that may not be cut in two is done; then they are obeyed."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


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
