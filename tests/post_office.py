"""A real mail server in this process, and small PDFs."""

from __future__ import annotations

import asyncio
import email
import email.policy
import io
import random
import socket
import ssl
import threading
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pikepdf
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

LOGIN, PASSWORD = "training", "correct horse"


def made_pdf(text: str = "Hello", pages: int = 2, title: str = "A Report", ballast: int = 0) -> bytes:
    """Return a small PDF with words on each page."""
    pdf = pikepdf.new()
    font = pdf.make_indirect(
        pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
    )
    for n in range(pages):
        page = pdf.add_blank_page(page_size=(595, 842))
        page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))
        page.Contents = pdf.make_stream(f"BT /F1 12 Tf 72 700 Td ({text} {n + 1}) Tj ET".encode())
    if ballast:
        pdf.Root.Ballast = pdf.make_stream(random.Random(1).randbytes(ballast))
    if title:
        pdf.docinfo["/Title"] = title
    data = io.BytesIO()
    pdf.save(data, deterministic_id=True)
    return data.getvalue()


@dataclass
class PostOffice:
    """Mailboxes, and how the server behaves to each address."""

    boxes: dict[str, list[EmailMessage]] = field(default_factory=dict)
    raw: dict[str, list[bytes]] = field(default_factory=dict)
    grey: dict[str, int] = field(default_factory=dict)  # how often it says 451 first
    refuse: dict[str, str] = field(default_factory=dict)  # answer to RCPT
    after: dict[str, str] = field(default_factory=dict)  # answer after DATA
    drop_in_data: dict[str, int] = field(default_factory=dict)  # connections cut before the end
    drop_after: dict[str, int] = field(default_factory=dict)  # message taken, answer never given
    slow: float = 0.0
    port: int = 0
    connections: int = 0
    times: list[float] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address in self.refuse:
            return self.refuse[address]
        if self.grey.get(address, 0):
            self.grey[address] -= 1
            return "451 4.7.1 Greylisted, come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        address = envelope.rcpt_tos[0]
        if address in self.after:
            return self.after[address]
        if self.slow:
            await asyncio.sleep(self.slow)
        data = envelope.content
        with self.lock:
            self.raw.setdefault(address, []).append(data)
            self.boxes.setdefault(address, []).append(
                email.message_from_bytes(data, policy=email.policy.default)
            )
            self.times.append(asyncio.get_running_loop().time())
        if self.drop_after.get(address, 0):
            self.drop_after[address] -= 1
            server.transport.abort()
        return "250 2.0.0 Queued"


class _Server(SMTP):
    """Cuts the line in the middle of a message when it is told to."""

    def connection_made(self, transport: Any) -> None:
        self.event_handler.connections += 1
        super().connection_made(transport)

    async def smtp_DATA(self, arg: str) -> None:
        office = self.event_handler
        address = self.envelope.rcpt_tos[0] if self.envelope and self.envelope.rcpt_tos else ""
        if office.drop_in_data.get(address, 0):
            office.drop_in_data[address] -= 1
            await self.push("354 Go on")
            await asyncio.sleep(0.02)
            self.transport.abort()  # type: ignore[attr-defined]  # a transport of sockets
            return
        await super().smtp_DATA(arg)


class _Controller(Controller):
    def factory(self) -> SMTP:
        return _Server(self.handler, **self.SMTP_kwargs)


def opened(office: PostOffice, tls: Path | None = None, login: bool = False, **more: Any) -> Controller:
    """Start a server for a post office on a free port."""
    arguments: dict[str, Any] = {"data_size_limit": more.pop("limit", 33_554_432), **more}
    if tls is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls)
        arguments |= {"tls_context": context, "require_starttls": True}
    if login:

        def known(_server: Any, _session: Any, _envelope: Any, _way: str, data: Any) -> AuthResult:
            good = isinstance(data, LoginPassword) and (data.login, data.password) == (
                LOGIN.encode(), PASSWORD.encode(),
            )  # fmt: skip
            return AuthResult(success=good, handled=good)

        arguments |= {"authenticator": known, "auth_required": True}
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        office.port = probe.getsockname()[1]
    controller = _Controller(office, hostname="127.0.0.1", port=office.port, enable_SMTPUTF8=True, **arguments)
    controller.start()
    return controller
