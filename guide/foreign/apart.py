"""A stranger's PDF is read in a separate process: little time, little memory, no network, no files.

Libraries that read PDF files are large and written in C++; a file can keep them busy for hours, fill
the memory or use a hole. `apart` ends the reading, and the user gets a diagnostic.
"""

from __future__ import annotations

import math
import os
import re
import time
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from guide.diagnostics.diagnostic import GuideError, Place, error
from guide.resources import TEMPLATES, font_folders
from guide.system.fence import Fence
from guide.system.sandbox import (
    MB,
    Exceeded,
    Limits,
    NotStarted,
    Refused,
    confined,
    limits,
)

SMALL = Limits(seconds=7, wall=60, memory=500, output=2000)
_AGAIN = "Print it to a new PDF in a viewer, and use that."
_PLAIN = 40 * MB  # bytes of a file that must do with this; a larger one gets more, in proportion


@dataclass
class RealTime:
    """Real time that the steps of reading one PDF take together: `used` seconds so far."""

    used: float = 0.0


def apart(
    function: Callable[..., Any], *arguments: Any, name: str, size: int = 0,
    reads: Iterable[Path] = (), shared: RealTime | None = None,
) -> Any:  # fmt: skip
    """Return `function(*arguments)`, called in a confined process.

    `name` is the PDF for messages, `size` its bytes, `reads` the files that the function may open.
    Steps with the same `shared` have the real time of one step together; each has at least as many
    seconds as it may compute. Raises GuideError: that of the function, or `pdf-limit` when it took
    too much.
    """
    bounds = _bounds(size, shared or RealTime())
    started = time.monotonic()
    readable = (*map(os.path.realpath, reads), str(TEMPLATES), *map(str, font_folders().values()))
    try:
        return confined(
            _call, name, function, arguments, heard=lambda *_: None, bounds=bounds, seconds=bounds.seconds,
            fence=Fence(readable),
        )  # fmt: skip
    except Refused as exc:
        message = "reading the PDF would start another program or connect to another machine"
        raise GuideError(error("pdf-limit", message, Place(name), _AGAIN)) from exc
    except OSError as exc:  # fonts are kept in the temporary folder
        message = f"the PDF cannot be worked on: {exc.strerror or exc}"
        hint = "Free some room in the temporary folder, or set TMPDIR to another one."
        raise GuideError(error("cannot-write", message, Place(name), hint)) from exc
    except NotStarted as exc:
        raise exc.on(name) from exc
    except Exceeded as exc:
        how = "was given up: it " + exc.limit if exc.died else exc.limit
        hint = (
            "Print it to a new PDF in a viewer, and use that. If you trust the file, allow more: "
            "GUIDE_LIMITS=seconds=60,memory=2000,wall=300."
        )
        raise GuideError(error("pdf-limit", f"reading the PDF {how}", Place(name), hint)) from exc
    finally:
        if shared is not None:
            shared.used += time.monotonic() - started


def _bounds(size: int, shared: RealTime) -> Limits:
    """Return the limits of a step on a PDF of `size` bytes; raises GuideError for bad GUIDE_LIMITS."""
    bounds = limits(1, SMALL)
    more = max(0, size - _PLAIN)
    seconds = bounds.seconds + more // (2 * MB)
    wall = bounds.wall + 2 * (seconds - bounds.seconds) - math.ceil(shared.used)
    wall = max(wall, min(seconds, bounds.wall))
    return Limits(seconds, wall, bounds.memory + 6 * more // MB, bounds.output)


def short(exc: Exception) -> str:
    """Return what a library says of a file, without its own name for the file.

    Raises MemoryError where that is what it says, so that the limit is reported.
    """
    if "bad_alloc" in str(exc):
        raise MemoryError from exc
    return re.sub(r"^stream <[^>]*>( \([^)]*\))?: ", "", " ".join(str(exc).split()))[:120]


def _call(
    name: str, function: Callable[..., Any], arguments: tuple[Any, ...],
    say: Callable[[str, str], None],
) -> Any:  # fmt: skip
    del say  # each word would allow more computing
    with warnings.catch_warnings():  # of libraries, about the file
        warnings.simplefilter("ignore")
        try:
            return function(*arguments)
        except Exception as exc:
            if type(exc).__module__.partition(".")[0] != "pikepdf":
                raise
            # Its errors have no common parent, and what they are about is a stranger's file.
            message = f"the PDF cannot be read: {short(exc)}"
            raise GuideError(error("not-a-pdf", message, Place(name), _AGAIN)) from exc
