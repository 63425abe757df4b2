"""A process of a Dask worker that does one call at a time, confined like the workers of a build.

It imports the libraries once, without threads; the calls of each session are done in a fork of it,
within limits and behind a fence, so that nothing of one pack is left for the next. The Dask worker
itself only hands on bytes.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import pickle
import signal
import sys
from collections.abc import Callable
from functools import lru_cache
from multiprocessing.connection import Connection
from typing import Any

from guide.cluster.packing import unpack
from guide.resources import TEMPLATES, font_folders
from guide.system import sandbox, signals
from guide.system.computing import TimeExceeded, within
from guide.system.fence import Fence
from guide.system.sandbox import Exceeded, Limits, NotStarted, confined

RENEW = b"renew"
_MOST = 256_000_000  # bytes of large values that are kept for later calls


def main(arguments: list[str]) -> int:
    """Serve the calls that come through a descriptor until it is closed; print why if a call ended it."""
    descriptor, parent, given = arguments
    settings = json.loads(given)
    signals.tie(int(parent))
    for number in signals.SIGNALS:
        signal.signal(number, signal.SIG_IGN if number != signal.SIGTERM else signal.SIG_DFL)
    for name in settings["modules"]:
        with contextlib.suppress(OSError):
            importlib.import_module(name)
    if settings["kit"]:
        outfit(settings["kit"])  # for all that are forked from this process
    link = Connection(int(descriptor))
    bounds = Limits(**settings["bounds"])
    read = (TEMPLATES, *font_folders().values())
    fence = Fence(tuple(os.path.realpath(path) for path in read))
    try:
        while confined(
            serve, link, bounds, heard=lambda _what, _state: None, bounds=bounds,
            seconds=bounds.seconds, fence=fence,
        ):  # fmt: skip
            pass
    except Exceeded as exc:
        print(exc.died or exc.limit, flush=True)
        return 1
    except NotStarted as exc:
        print(exc, flush=True)
        return 1
    return 0


def serve(link: Connection, bounds: Limits, say: Callable[[str, str], None]) -> bool:
    """Answer calls; return True when another session begins, False when nobody asks any more."""
    known: dict[str, bytes] = {}
    while True:
        try:
            while not link.poll(bounds.wall / 3):
                say("", "idle")  # a process that says nothing for long is ended
            head = link.recv_bytes()
            if head == RENEW:
                return True
            call = json.loads(head)
            if sum(map(len, known.values())) > _MOST:
                known.clear()
            known |= {name: link.recv_bytes() for name in call["blobs"]}
            payload = link.recv_bytes()
        except EOFError:
            return False
        say("", "call")
        state, answer = _answer(call, payload, known)
        with contextlib.suppress(BrokenPipeError):
            link.send_bytes(state.encode())
            link.send_bytes(answer)


def _answer(call: dict[str, Any], payload: bytes, known: dict[str, bytes]) -> tuple[str, bytes]:
    try:
        kit = outfit(call["kit"])
        if kit[1] != call["outfit"]:
            return "refused", json.dumps(kit[0]).encode()
        with within(call["seconds"], apart=True):
            value = named(call["function"])(*unpack(payload, known))
            return "done", pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    except TimeExceeded:
        return "late", b""
    except Exception as exc:  # noqa: BLE001  raised again where the call was made
        return "raised", pickle.dumps(sandbox.sendable(exc), pickle.HIGHEST_PROTOCOL)


@lru_cache
def outfit(kit: str) -> tuple[dict[str, str], str]:
    """Return what the function named `kit` says of this process: versions, and their digest."""
    found: dict[str, str] = named(kit)()
    return found, digest_of(found)


def digest_of(outfit: dict[str, str]) -> str:
    """Return the digest by which two outfits are compared."""
    from guide.system.digest import digest

    return digest(outfit)


def named(name: str) -> Callable[..., Any]:
    """Return a function of guide by its name, `module:function`; raises ImportError for another."""
    module, _, function = name.partition(":")
    if module.partition(".")[0] != "guide":
        raise ImportError(f"`{name}` is not a function of guide")
    found: Callable[..., Any] = getattr(importlib.import_module(module), function)
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
