"""What the shell allows a process: open files and computing time. Light: every command imports it."""

from __future__ import annotations

import contextlib

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

LEAST_FILES = 64  # open at once: fonts, workers, the cache and the libraries that draw charts
MOST_FILES = 1024  # no command needs more
LEAST_SECONDS = 5  # of computing: importing the libraries and one page take two


def files() -> tuple[str, str] | None:
    """Allow this process to open the files that it needs; return message and hint if it may not."""
    if resource is None:
        return None
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= MOST_FILES:
        return None
    most = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if allowed >= LEAST_FILES:
        return None
    message = f"this shell lets a program open {allowed} files at once; guide needs {LEAST_FILES}"
    hint = f"Open a new terminal, or allow more first: ulimit -n {MOST_FILES}"
    return message, hint


def seconds() -> int:
    """Return the seconds for which a process may compute before the system ends it, 0 for any number."""
    if resource is None:
        return 0
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    return 0 if hard == resource.RLIM_INFINITY else max(1, hard)


def computing() -> tuple[str, str] | None:
    """Return message and hint if a process may not compute for as long as a small document takes."""
    allowed = seconds()
    if not allowed or allowed >= LEAST_SECONDS:
        return None
    message = f"this shell lets a program compute for {allowed} s; a build needs {LEAST_SECONDS} s or more"
    hint = "Open a new terminal, or allow more first: ulimit -t unlimited"
    return message, hint
