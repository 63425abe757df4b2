"""Serves a preview on loopback until it is ended."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable
from pathlib import Path

import uvicorn

from guide.diagnostics.diagnostic import GuideError, Place, error
from guide.pipeline import Settings
from guide.preview.app import application
from guide.preview.session import Session

PORT = 4200
_TRIES = 50  # ports that are tried one after another
_HOST = "127.0.0.1"


def listening(port: int) -> socket.socket:
    """Return a socket of loopback on a port, or the next one that is free; raises GuideError."""
    for number in range(port, min(port + _TRIES, 65536)) if port else (0,):
        found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            found.bind((_HOST, number))
            found.listen(64)
        except OSError:
            found.close()
            continue
        return found
    message = f"no port from {port} to {min(port + _TRIES, 65536) - 1} is free"
    hint = "Choose another one with --port, or --port 0 for any."
    raise GuideError(error("cannot-start", message, Place("--port"), hint))


def serve(
    folder: Path, settings: Settings, port: int = PORT, browser: bool = True,
    say: Callable[[str], None] = print,
) -> None:  # fmt: skip
    """Serve a preview of a pack until a signal ends it; `say` gets the address. Raises GuideError."""
    with listening(port) as bound:
        asyncio.run(_serve(folder, settings, port, bound, browser, say))


async def _serve(
    folder: Path, settings: Settings, port: int, bound: socket.socket, browser: bool,
    say: Callable[[str], None],
) -> None:  # fmt: skip
    found, token = bound.getsockname()[1], secrets.token_urlsafe(18)
    session = Session(folder, settings)
    config = uvicorn.Config(
        application(session, token, found), log_level="critical", access_log=False, lifespan="off",
        timeout_graceful_shutdown=1, server_header=False, date_header=False, ws="none",
        limit_concurrency=200, h11_max_incomplete_event_size=32_000,
    )  # fmt: skip
    server = _Server(config, session)
    if found != port and port:
        say(f"port {port} is taken; using {found}")
    address = f"http://{_HOST}:{found}/{token}/"
    say(f"preview of {folder}: {address}\nCtrl-C ends it")
    building = asyncio.create_task(session.run())
    building.add_done_callback(lambda _: setattr(server, "should_exit", True))
    if browser and _has_screen():  # some browsers return when they are closed
        threading.Thread(target=_open, args=(address,), daemon=True).start()
    try:
        await server.serve(sockets=[bound])
        if building.done():
            building.result()  # raises what ended it
    finally:
        building.cancel()
        await session.end()


def _has_screen() -> bool:
    """Return True if a browser has a window: one of text would take the terminal."""
    screens = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    return not sys.platform.startswith("linux") or any(os.environ.get(name) for name in screens)


def _open(address: str) -> None:
    with contextlib.suppress(webbrowser.Error, OSError):
        webbrowser.open(address)


class _Server(uvicorn.Server):
    """Ends the streams to browsers first: it would wait for them."""

    def __init__(self, config: uvicorn.Config, session: Session) -> None:
        super().__init__(config)
        self.session = session

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End in good order."""
        await self.session.end()
        await super().shutdown(sockets)
