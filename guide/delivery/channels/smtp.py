"""Copies by mail."""

from __future__ import annotations

import base64
import contextlib
import re
import smtplib
import socket
import ssl
import time
from email.errors import MessageError
from typing import TYPE_CHECKING, Any, ClassVar, Self

from guide.delivery.channels.base import Answer, Channel, ChannelClosed, Letter, Outcome, Parcel
from guide.delivery.mail import Server, server
from guide.delivery.message import Content, composed, mailbox
from guide.diagnostics.diagnostic import Place, error
from guide.model.copies import Recipient

if TYPE_CHECKING:
    from guide.delivery.request import Task

_CONNECTIONS = 4  # tries to reach a server at all: a name that is wrong is known soon
_AT = Place("smtp")
_PORTS = {"starttls": 587, "tls": 465, "none": 25}


class Smtp(Channel):
    """Mail: one message for each recipient, the copies attached.

    A message counts as sent when the server has answered its last line. Until that line is written
    nothing is delivered, so that `leaving` is called just before. After it, only an answer says what
    happened.
    """

    repeatable: ClassVar[bool] = False
    mailing: ClassVar[bool] = True

    def __init__(self, server: Server) -> None:
        self.server, self.tries, self.wait = server, server.tries, server.wait
        domain = server.sender.rpartition("@")[2].rstrip("> ")
        self.domain = domain if re.fullmatch(r"[A-Za-z0-9.-]+", domain) else "localhost"
        self._connection: smtplib.SMTP | None = None

    @classmethod
    def open(cls, task: Task) -> Self:
        """Return it for the mail server of the options, the environment and the configuration."""
        return cls(server(task.request.mail))

    def deliver(self, parcel: Parcel, recipient: Recipient) -> Answer:
        """Send the message; raises ChannelClosed when the server lets nobody in."""
        fresh = self._connection is None
        try:
            return self._send(self._connected(), parcel, recipient)
        except smtplib.SMTPResponseException as exc:
            self._drop()
            return Answer(_outcome(exc.smtp_code), _said(exc.smtp_code, exc.smtp_error))
        except (smtplib.SMTPException, OSError) as exc:
            self._drop()
            if not fresh:  # the server closes connections that wait too long
                return self.deliver(parcel, recipient)
            return Answer(Outcome.LATER, f"the connection was lost: {_words(exc)}")
        except BaseException:
            self._drop()  # a message that was begun is never ended
            raise

    def _send(self, connection: smtplib.SMTP, parcel: Parcel, recipient: Recipient) -> Answer:
        addresses = (recipient.email, self.server.sender, self.server.reply_to)
        international = not all(mailbox(a).isascii() for a in addresses if a)
        if international and not connection.has_extn("smtputf8"):
            return Answer(Outcome.FAILED, "the server takes only addresses in Latin letters")
        try:
            data = _composed(parcel, recipient, self.server, international)
        except (ValueError, MessageError) as exc:
            return Answer(Outcome.FAILED, f"no message can be written: {_words(exc)}")
        limit = connection.esmtp_features.get("size", "0")
        if limit.isdigit() and 0 < int(limit) < len(data):
            text = f"too large: {_size(len(data))}; the server takes {_size(int(limit))}"
            return Answer(Outcome.FAILED, text)
        options = [f"size={len(data)}"] if connection.has_extn("size") else []
        options += ["SMTPUTF8"] if international else []
        try:
            code, said = connection.mail(mailbox(self.server.sender), options)
            if code == 250:
                code, said = connection.rcpt(mailbox(recipient.email))
            if code in {250, 251}:
                code, said = connection.docmd("DATA")
        except UnicodeEncodeError:
            return Answer(Outcome.FAILED, "the server takes only addresses in Latin letters")
        if code != 354:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                connection.rset()
            if code == 421:
                self._drop()
            return Answer(_outcome(code), _said(code, said))
        return self._body(connection, data, parcel)

    def _body(self, connection: smtplib.SMTP, data: bytes, parcel: Parcel) -> Answer:
        """Write the message, then its last line; say what the server answers."""
        dotted = data.replace(b"\r\n.", b"\r\n..")
        connection.send(b"." + dotted if dotted.startswith(b".") else dotted)
        parcel.leaving()
        try:
            if connection.sock is not None:
                connection.sock.settimeout(self.server.patience)
            connection.send(b".\r\n" if dotted.endswith(b"\r\n") else b"\r\n.\r\n")
            code, said = connection.getreply()
            if connection.sock is not None:
                connection.sock.settimeout(self.server.timeout)
        except (smtplib.SMTPException, OSError) as exc:
            self._drop()
            return Answer(Outcome.UNCERTAIN, f"the connection was lost: {_words(exc)}")
        if code == 421:
            self._drop()
        if not 200 <= code < 600:
            self._drop()
            return Answer(Outcome.UNCERTAIN, _said(code, said))
        return Answer(Outcome.SENT if code < 300 else _outcome(code), _said(code, said))

    def _connected(self) -> smtplib.SMTP:
        """Return a connection; tries again while nobody answers. Raises ChannelClosed."""
        server = self.server
        tries = min(server.tries, _CONNECTIONS)
        for attempt in range(tries):
            try:
                return self._opened()
            except (smtplib.SMTPException, OSError) as exc:
                if attempt == tries - 1:
                    message = f"the server `{server.host}` cannot be reached: {_words(exc)}"
                    hint = "Check GUIDE_SMTP_HOST and the port, and run again: nothing was sent to "
                    hint += "those who are still open."
                    raise ChannelClosed(error("smtp-unreachable", message, _AT, hint)) from exc
                time.sleep(server.wait * 2**attempt)
        raise AssertionError

    def _opened(self) -> smtplib.SMTP:
        """Return a connection that is open and logged in; raises ChannelClosed when it never will be."""
        if self._connection is not None:
            return self._connection
        server = self.server
        try:
            connection = _greeted(server)
            if server.user:
                _log_in(connection, server.user, server.password)
        except ssl.SSLCertVerificationError as exc:
            message = f"the server's certificate is not accepted: {_words(exc)}"
            hint = "Use the name that the certificate has; GUIDE_SMTP_CA names your own."
            raise ChannelClosed(error("smtp-refused", message, _AT, hint)) from exc
        except smtplib.SMTPAuthenticationError as exc:
            if exc.smtp_code < 500:
                raise
            message = f"the login was refused: {_said(exc.smtp_code, exc.smtp_error)}"
            hint = "Check GUIDE_SMTP_USER, and GUIDE_SMTP_PASSWORD or the keyring."
            raise ChannelClosed(error("smtp-refused", message, _AT, hint)) from exc
        except smtplib.SMTPNotSupportedError as exc:
            message = f"the server takes no login: {exc}"
            hint = "Leave GUIDE_SMTP_USER out, or choose another --smtp-security."
            raise ChannelClosed(error("smtp-refused", message, _AT, hint)) from exc
        except (socket.gaierror, UnicodeError) as exc:
            message = f"there is no server `{server.host}`: {_words(exc)}"
            hint = "Check GUIDE_SMTP_HOST or --smtp."
            raise ChannelClosed(error("smtp-unreachable", message, _AT, hint)) from exc
        self._connection = connection
        return connection

    def _drop(self) -> None:
        """Forget a connection whose state is unknown."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def close(self) -> None:
        """Say goodbye."""
        if self._connection is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                self._connection.quit()
            self._connection = None


def _greeted(server: Server) -> smtplib.SMTP:
    """Return a connection that is encrypted as the server's settings say; raises ChannelClosed."""
    port = server.port or _PORTS[server.security]
    try:
        context = ssl.create_default_context()
        if server.authorities:
            context.load_verify_locations(server.authorities)
    except OSError as exc:
        message = f"the certificates in `{server.authorities}` cannot be read: {_words(exc)}"
        hint = "GUIDE_SMTP_CA names a file of certificates in PEM."
        raise ChannelClosed(error("smtp-refused", message, _AT, hint)) from exc
    connection: smtplib.SMTP
    if server.security == "tls":
        connection = smtplib.SMTP_SSL(server.host, port, timeout=server.timeout, context=context)
    else:
        connection = smtplib.SMTP(server.host, port, timeout=server.timeout)
    if server.security == "starttls":
        connection.ehlo()
        if not connection.has_extn("starttls"):
            connection.close()
            hint = "Use --smtp-security tls, or none on a network that you trust."
            message = "the server offers no STARTTLS; nothing is sent in the clear"
            raise ChannelClosed(error("smtp-refused", message, _AT, hint))
        connection.starttls(context=context)
    connection.ehlo_or_helo_if_needed()
    return connection


def _log_in(connection: smtplib.SMTP, user: str, password: str) -> None:
    """Log in; raises SMTPException. What is not ASCII goes as UTF-8 (RFC 4616), which smtplib refuses."""
    if user.isascii() and password.isascii():
        connection.login(user, password)
        return
    if "PLAIN" not in connection.esmtp_features.get("auth", "").upper().split():
        raise smtplib.SMTPNotSupportedError(
            "AUTH PLAIN is missing, which a name or password with letters beyond ASCII needs"
        )
    said = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
    code, answer = connection.docmd("AUTH", f"PLAIN {said}")
    if code != 235:
        raise smtplib.SMTPAuthenticationError(code, answer)


def _composed(parcel: Parcel, recipient: Recipient, server: Server, international: bool) -> bytes:
    """Return the message for a parcel as it goes over the wire; raises ValueError."""
    letter = parcel.letter or Letter(parcel.name, "")
    content = Content(
        server.sender, recipient.name, recipient.email, letter.subject, parcel.message_id,
        letter.text, letter.html, server.reply_to, parcel.files,
    )  # fmt: skip
    return composed(content, international)


def _outcome(code: int) -> Outcome:
    """4xx may go well later, 5xx will not (RFC 5321, 4.2.1)."""
    return Outcome.FAILED if 500 <= code < 600 else Outcome.LATER


def _said(code: int, text: Any) -> str:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    return f"{code} {' '.join(words.split())}"[:300].strip()


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 999_500 else f"{count / 1e3:.1f} kB"


def _words(exc: BaseException) -> str:
    return " ".join(str(exc).split())[:200] or type(exc).__name__
