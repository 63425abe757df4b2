"""The preview's addresses: nothing is answered without its token, to another site, or under another name."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from guide.preview import editor
from guide.preview.session import Session
from guide.preview.views import Choice

PAGE = Path(__file__).parent / "page"
_KINDS = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
_ALIVE = 20.0  # s between two signs of life to a browser
_WIDEST = 4000  # pixels of a page
_MOST_BODY = 10_000  # bytes of a request
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
LASTING = {"cache-control": "private, max-age=31536000, immutable"}  # named by its digest
FRESH = {"cache-control": "no-store"}


class Guard:
    """Lets through what this machine's browser asks of this preview, and adds the headers of all answers.

    A name that another site gives to this machine (DNS rebinding) is another Host; a page of another
    site has another Origin; and neither knows the token.
    """

    def __init__(self, app: ASGIApp, token: str, port: int) -> None:
        self.app, self.token = app, token
        self.hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost")}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse."""
        if scope["type"] != "http":
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
            elif scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return

        async def send_on(message: Any) -> None:
            if message["type"] == "http.response.start":
                own = {name for name, _ in message["headers"]}
                more = [(k.encode(), v.encode()) for k, v in HEADERS.items()]
                message["headers"] = [*message["headers"], *(m for m in more if m[0] not in own)]
            await send(message)

        if self.refuses(Request(scope)):
            await PlainTextResponse("refused", 403)(scope, receive, send_on)
        else:
            await self.app(scope, receive, send_on)

    def refuses(self, request: Request) -> bool:
        """Return True for a request that does not come from the preview's own page."""
        headers = request.headers
        if headers.get("host", "") not in self.hosts:
            return True
        origin = headers.get("origin")
        if origin is not None and origin.removeprefix("http://") not in self.hosts:
            return True
        # The address itself may be opened from anywhere; what it leads to is asked by its own page.
        opened = headers.get("sec-fetch-mode") == "navigate"
        if headers.get("sec-fetch-site", "none") not in {"none", "same-origin"} and not opened:
            return True
        given = request.url.path.split("/")[1]
        return not hmac.compare_digest(given.encode(), self.token.encode())


Handler = Callable[[Request], Any]


def application(session: Session, token: str, port: int) -> ASGIApp:
    """Return what answers the addresses of a preview below /TOKEN/."""
    routes = [
        Route("/", _file("preview.html")),
        *(Route(f"/{name}", _file(name)) for name in ("preview.css", "preview.js", "icon.svg")),
        Route("/events", lambda request: _events(session, request)),
        Route("/page/{sha}/{number:int}", lambda request: _picture(session, request)),
        Route("/words/{sha}/{number:int}", lambda request: _words(session, request)),
        Route("/find/{sha}", lambda request: _find(session, request)),
        Route("/pdf/{sha}/{name}", lambda request: _pdf(session, request)),
        Route("/open", lambda request: _open(session, request), methods=["POST"]),
    ]
    below = Starlette(routes=[_below(token, route) for route in routes])
    return Guard(below, token, port)


def _below(token: str, route: Route) -> Route:
    async def answer(request: Request) -> Response:
        try:
            found = route.endpoint(request)
            response: Response = await found if asyncio.iscoroutine(found) else found
        except LookupError:
            return PlainTextResponse("not here", 404, headers=FRESH)
        return response

    return Route(f"/{token}{route.path}", answer, methods=sorted(route.methods or {"GET"}))


def _file(name: str) -> Handler:
    def answer(_: Request) -> Response:
        path = PAGE / name
        return Response(path.read_bytes(), media_type=_KINDS[path.suffix], headers=FRESH)

    return answer


def _events(session: Session, request: Request) -> Response:
    view = session.view(Choice.of(request.query_params))

    async def lines() -> AsyncIterator[str]:
        states = session.states(view)
        waiting: asyncio.Future[dict[str, Any]] | None = None
        try:
            while True:
                waiting = waiting or asyncio.ensure_future(anext(states))
                done, _ = await asyncio.wait({waiting}, timeout=_ALIVE)
                if not done:
                    yield ": alive\n\n"
                    continue
                state, waiting = waiting.result(), None
                yield f"data: {json.dumps(state)}\n\n"
        except StopAsyncIteration:
            yield "event: end\ndata: {}\n\n"
        finally:
            if waiting is not None:
                waiting.cancel()
                with contextlib.suppress(BaseException):
                    await waiting
            await states.aclose()  # type: ignore[attr-defined]

    return StreamingResponse(lines(), media_type="text/event-stream", headers=FRESH)


async def _picture(session: Session, request: Request) -> Response:
    sha, number = request.path_params["sha"], request.path_params["number"]
    given = request.query_params.get("width", "")
    width = min(max(int(given), 20), _WIDEST) if given.isdecimal() and len(given) < 6 else 800
    data = await session.picture(sha, number, width)
    return Response(data, media_type="image/png", headers=LASTING)


async def _words(session: Session, request: Request) -> Response:
    found = await session.drawn.lines(request.path_params["sha"], request.path_params["number"])
    return JSONResponse([asdict(line) for line in found], headers=LASTING)


async def _find(session: Session, request: Request) -> Response:
    wanted = request.query_params.get("text", "")[:200]
    return JSONResponse(await session.drawn.find(request.path_params["sha"], wanted), headers=FRESH)


async def _pdf(session: Session, request: Request) -> Response:
    data = session.drawn.data(request.path_params["sha"])
    if data is None:
        raise LookupError
    name = quote(request.path_params["name"])
    headers = {"content-disposition": f"attachment; filename*=UTF-8''{name}", **FRESH}
    return Response(data, media_type="application/pdf", headers=headers)


async def _open(session: Session, request: Request) -> Response:
    """Open a place in the editor: one that is named, or that of a line on a page."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _MOST_BODY:
            return PlainTextResponse("too long", 413)
    try:
        asked = json.loads(body)
        if "sha" in asked:
            numbers = int(asked["page"]), int(asked["line"])
            found = await session.drawn.where(str(asked["sha"]), *numbers)
        else:
            found = str(asked["path"]), int(asked["line"]), int(asked.get("column") or 1)
    except (ValueError, KeyError, TypeError, RecursionError):
        return PlainTextResponse("not understood", 400)
    if found is None:
        return JSONResponse({}, headers=FRESH)
    path, line, column = found
    how = editor.opened(session.folder, path, max(1, line), max(1, column))
    return JSONResponse({"path": path, "line": line, **(how or {})}, headers=FRESH)
