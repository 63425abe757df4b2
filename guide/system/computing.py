"""The computing time that a process has used, and may still use.

Where there is no `resource` (Windows), it is not bounded.
"""

from __future__ import annotations

import contextlib
import math
import signal
import threading
from collections.abc import Iterator

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]


class TimeExceeded(BaseException):
    """A job has used its computing time; not an Exception, so that no library swallows it."""


def used(children: bool = False) -> float:
    """Return the seconds that this process has computed, or its children that it has seen end."""
    if resource is None:
        return 0.0
    taken = resource.getrusage(resource.RUSAGE_CHILDREN if children else resource.RUSAGE_SELF)
    return taken.ru_utime + taken.ru_stime


def arm(seconds: float) -> None:
    """Allow this process so many more seconds of computing; then the system ends it."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    until = math.ceil(used() + seconds)
    if hard != resource.RLIM_INFINITY:
        until = min(until, hard)
    resource.setrlimit(resource.RLIMIT_CPU, (until, hard))


@contextlib.contextmanager
def within(seconds: float, apart: bool = False) -> Iterator[None]:
    """Bound the computing time of what is done inside; raises TimeExceeded there.

    One long operation in C can only be ended with the process: that happens two seconds later.
    `apart` does not count what is done inside against the limit outside.
    """
    if resource is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    started = used()
    soft, hard = resource.getrlimit(resource.RLIMIT_CPU)
    outside = soft != resource.RLIM_INFINITY
    if outside and not apart:
        seconds = min(seconds, max(soft - started - 1, 0.1))
    handler = signal.signal(signal.SIGPROF, _exceeded)
    arm(seconds + 2)
    signal.setitimer(signal.ITIMER_PROF, seconds, 0.5)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, handler)
        if outside and apart:
            soft += math.ceil(used() - started)
            soft = soft if hard == resource.RLIM_INFINITY else min(soft, hard)
        resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def _exceeded(_signal: int, _frame: object) -> None:
    raise TimeExceeded
