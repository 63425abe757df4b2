"""The `guide` command: each subcommand reads arguments, calls one function and reports."""

from __future__ import annotations

import errno
import gc
import io
import os
import signal
import sys
from typing import Any, TextIO

from guide.system import signals


def main() -> None:
    """Run the command; a bug is one line unless GUIDE_DEBUG is set, a user's mistake never one."""
    code = 1
    try:
        signals.listen()
        _open_closed()
        from guide.cli.group import guide  # Click takes 50 ms, in which a signal may come

        guide(prog_name="guide")
    except signals.Ended as exc:
        code = _ended(exc.number)
    except SystemExit as exc:
        code = exc.code if isinstance(exc.code, int) else int(exc.code is not None)
    except KeyboardInterrupt:
        code = _ended(signal.SIGINT)
    except Exception as exc:
        if os.environ.get("GUIDE_DEBUG"):
            raise
        if isinstance(exc, OSError) and exc.errno == errno.ENOSPC and exc.filename is None:
            _say("guide: what was printed could not be written: the disk is full")
            _discard(sys.stdout)
        else:
            _say(_bug(exc))
    finally:
        gc.freeze()  # all goes with the process; to look for garbage first takes 0.2 s of a deck
    sys.exit(_flushed(code))


def _bug(exc: Exception) -> str:
    name = type(exc).__name__
    what = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in f"{name}: {exc}")
    return (
        f"guide: internal error ({what}). This is a bug, please report it;\n"
        "run again with GUIDE_DEBUG=1 for the traceback."
    )


def _ended(number: int) -> int:
    for each in signals.SIGNALS:  # the end has been asked for; another signal adds nothing
        signal.signal(each, signal.SIG_IGN)
    _say(signals.last_words(number))
    return 128 + number


def _say(text: str) -> None:
    try:  # `print` here is the command of that name, once that was imported
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()
    except (OSError, ValueError):  # nobody listens
        return


def _open_closed() -> None:
    """Put an empty file where there is no stdin, stdout or stderr: a PDF would get its number."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            handle = os.open(os.devnull, os.O_RDWR)
            if handle != number:
                os.dup2(handle, number)
                os.close(handle)
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, "w" if number else "r", closefd=False))  # noqa: SIM115
    # A name that the terminal's encoding lacks is shown as its number, as on stderr.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _flushed(code: int) -> int:
    """Write out what was printed; a reader that has gone, as `| head`, is no fault of ours."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            pass
        except (OSError, ValueError) as exc:
            _say(f"guide: what was printed could not be written: {exc}")
            code = code or 1
        else:
            continue
        _discard(stream)
    return code


def _discard(stream: TextIO) -> None:
    """Let what is left of a stream, and what comes, go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def __getattr__(name: str) -> Any:
    """Give the group of commands to tests and documentation."""
    if name == "guide":
        from guide.cli.group import guide

        return guide
    raise AttributeError(name)


__all__ = ["guide", "main"]
