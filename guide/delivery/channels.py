"""How copies reach people: a channel is a class with one method, `deliver`.

docs/distribution.md says how to add one. A channel gets a `Parcel`, all copies that one row of the
list is due, and returns an `Answer`; it raises `ChannelClosed` when nothing can be delivered any
more. It knows neither the list nor the ledger.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import smtplib
import socket
import ssl
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from email.errors import MessageError
from enum import StrEnum
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, ClassVar, Protocol

from guide.delivery.message import Content, composed, mailbox
from guide.diagnostics.diagnostic import Diagnostic, Place, error
from guide.model.copies import Recipient


class Files(Protocol):
    """Where the channels that stay on this machine write: whole files or none. Raises GuideError."""

    def write(self, path: Path, data: bytes) -> object:
        """Write a file."""

    def open(self, path: Path) -> contextlib.AbstractContextManager[BinaryIO]:
        """Open a file that is written bit by bit."""

    def settle(self) -> object:
        """Make sure that all files written are there for good."""


class Outcome(StrEnum):
    """What became of a parcel."""

    SENT = "sent"
    LATER = "later"  # nothing was delivered; it may go well in a while
    FAILED = "failed"  # it will not go well, however often it is tried
    UNCERTAIN = "uncertain"  # it may have been delivered


@dataclass(frozen=True)
class Answer:
    """What a channel says.

    `stored` are the files that hold the copies now, below the channel's folder, with their digests:
    one for each file of the parcel, or one for all.
    """

    outcome: Outcome
    text: str = ""
    stored: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class File:
    """A file of a parcel: a copy, or its detached signature."""

    name: str
    data: bytes = field(repr=False)

    @cached_property
    def digest(self) -> str:
        """SHA-256 in hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True)
class Letter:
    """What is written to the recipient, where the channel writes to people."""

    subject: str
    text: str
    html: str = ""
    sender: str = ""
    reply_to: str = ""


def _nothing() -> None:
    """Call this when nobody keeps a record."""


@dataclass(frozen=True)
class Parcel:
    """The copies for one recipient: one or more `files`.

    `name` is a file name without ending for all of them together. `secret` is text that nobody can
    guess, the same each time the parcel is delivered, as is `message_id`. A channel that cannot take
    back or repeat what it does calls `leaving` at the last moment before. A channel that `streams`
    finds no `files` but makes them one by one with `each`, so that many never are in memory at once.
    """

    name: str
    files: tuple[File, ...]
    secret: str = ""
    message_id: str = ""
    letter: Letter | None = None
    leaving: Callable[[], None] = _nothing
    stream: Callable[[], Iterator[File]] | None = None

    def each(self) -> Iterator[File]:
        """Yield the files, each made when it is asked for if there is a `stream`."""
        return iter(self.files) if self.stream is None else self.stream()


class ChannelClosed(Exception):
    """Nothing can be delivered by this channel now; carries the diagnostic."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        self.diagnostic = diagnostic
        super().__init__(diagnostic.message)


class Channel:
    """What all channels have.

    `repeatable`: delivering a parcel twice is the same as once, so that a run that died simply does
    it again. `parallel`: the channel can be pickled and may deliver in several processes at a time.
    `mailing`: it needs the recipient's address. `divisible`: the copies of one row may come in
    several parcels. `streams`: it takes the files of a parcel from `Parcel.each`. What may go well later is tried `tries` times in
    all, `wait` seconds after the first time, then twice that, and so on.
    """

    name: ClassVar[str] = ""
    repeatable: ClassVar[bool] = True
    parallel: ClassVar[bool] = False
    mailing: ClassVar[bool] = False
    divisible: ClassVar[bool] = False
    streams: ClassVar[bool] = False
    tries: int = 3
    wait: float = 2.0

    def deliver(self, parcel: Parcel, recipient: Recipient) -> Answer:
        """Deliver a parcel to a recipient; raises ChannelClosed."""
        raise NotImplementedError

    def settle(self) -> None:
        """Make sure that what was delivered lasts; called before it is recorded. Raises GuideError."""

    def close(self) -> None:
        """Let go of connections."""


@dataclass
class Folder(Channel):
    """Files in a folder."""

    folder: Path
    files: Files
    name: ClassVar[str] = "folder"
    parallel: ClassVar[bool] = True
    divisible: ClassVar[bool] = True
    streams: ClassVar[bool] = True

    def deliver(self, parcel: Parcel, recipient: Recipient) -> Answer:
        """Write each file."""
        stored = []
        for file in parcel.each():
            self.files.write(self.folder / file.name, file.data)
            stored.append((file.name, file.digest))
        return Answer(Outcome.SENT, "", tuple(stored))

    def settle(self) -> None:
        """Wait for the disk."""
        self.files.settle()


def zip_into(stream: BinaryIO, files: Iterable[File]) -> None:
    """Write a zip archive; the same files give the same bytes."""
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:  # PDF is compressed already
        for file in files:
            entry = zipfile.ZipInfo(file.name, (1980, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, file.data)


@dataclass
class Zip(Channel):
    """One archive for each recipient, in a folder."""

    folder: Path
    files: Files
    name: ClassVar[str] = "zip"
    parallel: ClassVar[bool] = True
    streams: ClassVar[bool] = True

    def deliver(self, parcel: Parcel, recipient: Recipient) -> Answer:
        """Write the archive."""
        file = f"{parcel.name}.zip"
        with self.files.open(self.folder / file) as stream:
            zip_into(stream, parcel.each())
            stream.seek(0)
            digest = hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]
        return Answer(Outcome.SENT, "", ((file, digest),))

    def settle(self) -> None:
        """Wait for the disk."""
        self.files.settle()


@dataclass
class Link(Channel):
    """Files under names that nobody can guess, in a folder that a file server serves."""

    folder: Path
    files: Files
    base: str = ""
    name: ClassVar[str] = "link"
    parallel: ClassVar[bool] = True
    divisible: ClassVar[bool] = True
    streams: ClassVar[bool] = True

    def deliver(self, parcel: Parcel, recipient: Recipient) -> Answer:
        """Write each file into `links/SECRET/`, and say under which address it is."""
        stored = []
        for file in parcel.each():
            path = f"links/{parcel.secret}/{file.name}"
            self.files.write(self.folder / path, file.data)
            stored.append((path, file.digest))
        return Answer(Outcome.SENT, link(self.base, stored[0][0]), tuple(stored))

    def settle(self) -> None:
        """Wait for the disk."""
        self.files.settle()


def link(base: str, path: str) -> str:
    """Return the address under which `links/SECRET/FILE` is served; the path without a `base`."""
    return f"{base.rstrip('/')}/{path.removeprefix('links/')}" if base else path


class Remote(Channel):
    """Files on any storage that fsspec knows: s3://bucket/folder, sftp://host/folder, memory://.

    Each file is written under its own name and its size is read back; credentials are fsspec's
    business (its configuration files and environment). Raises ChannelClosed.
    """

    name: ClassVar[str] = "remote"
    divisible: ClassVar[bool] = True

    def __init__(self, url: str) -> None:
        at = Place("--remote")
        try:
            from fsspec.core import url_to_fs
        except ImportError as exc:
            hint = "Install it: pip install 'guide-press[remote]'"
            raise ChannelClosed(
                error("missing-extra", "the channel `remote` needs fsspec", at, hint)
            ) from exc
        try:
            self._files, self._folder = url_to_fs(url)
        except (ImportError, ValueError, OSError) as exc:
            message = f"the storage cannot be reached: {exc}"
            hint = "Write it as fsspec does: s3://bucket/folder, sftp://host/folder; and install "
            hint += "what it needs: s3fs, paramiko, webdav4."
            raise ChannelClosed(error("bad-remote", message, at, hint)) from exc

    def owner(self, stem: str) -> str:
        """Return the id of the ledger whose copies are there: '' for nobody's, `?` if it is not known.

        Copies without a mark are recognised by `stem`, with which their names begin. Raises
        ChannelClosed when the storage does not answer.
        """
        with self._answering():
            if self._files.exists(self._mark):
                mark = json.loads(self._files.cat_file(self._mark))
                return str(mark["ledger"]) if isinstance(mark, dict) and mark.get("ledger") else "?"
            if not self._files.exists(self._folder):
                return ""
            names = [
                PurePosixPath(each).name for each in self._files.ls(self._folder, detail=False)
            ]
            return "?" if any(n.startswith(stem) and "copy-" in n for n in names) else ""

    def claim(self, owner: str) -> bool:
        """Mark the place as a ledger's for good; return False when another ledger was quicker.

        Raises ChannelClosed when the storage does not answer.
        """
        with self._answering():
            self._files.makedirs(self._folder, exist_ok=True)
            with contextlib.suppress(FileExistsError):
                data = json.dumps({"guide": "copies", "ledger": owner}).encode()
                self._files.pipe_file(self._mark, data, mode="create")
            return bool(json.loads(self._files.cat_file(self._mark))["ledger"] == owner)

    @property
    def _mark(self) -> str:
        return str(PurePosixPath(self._folder) / ".guide-ledger.json")

    @contextlib.contextmanager
    def _answering(self) -> Iterator[None]:
        """Turn what a storage raises into ChannelClosed."""
        try:
            yield
        except Exception as exc:  # each storage has exceptions of its own
            message = f"the storage does not answer: {type(exc).__name__}: {exc}"[:300]
            hint = "Check the address and its credentials, and run again: nothing was sent twice."
            raise ChannelClosed(error("bad-remote", message, Place("--remote"), hint)) from exc

    def deliver(self, parcel: Parcel, recipient: Recipient) -> Answer:
        """Write each file, and look whether it is whole."""
        for file in parcel.files:
            path = str(PurePosixPath(self._folder) / file.name)
            try:
                self._files.makedirs(self._folder, exist_ok=True)
                self._files.pipe_file(path, file.data)
                size = self._files.info(path)["size"]
            except Exception as exc:  # noqa: BLE001  each storage has exceptions of its own
                return Answer(Outcome.LATER, f"{type(exc).__name__}: {exc}"[:300])
            if size != len(file.data):
                return Answer(Outcome.LATER, f"only {size} of {len(file.data)} bytes arrived")
        return Answer(Outcome.SENT)


@dataclass(frozen=True)
class Server:
    """A mail server, and who says what to it.

    `security` is `starttls`, `tls` or `none`; `authorities` a file of certificates to trust besides
    those of the system. Times are in seconds: `timeout` for an answer, `patience` for the one that
    follows a whole message (RFC 5321, 4.5.3.2.6, asks for 10 minutes). What may go well later is
    tried `tries` times in all, after `wait`, then twice that, and so on.
    """

    host: str
    sender: str
    port: int = 0
    security: str = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    authorities: str = ""
    timeout: float = 60.0
    patience: float = 600.0
    tries: int = 6
    wait: float = 30.0  # with 6 tries 15.5 minutes in all: greylists wait for 5 to 15


_CONNECTIONS = 4  # tries to reach a server at all: a name that is wrong is known soon
_PORTS = {"starttls": 587, "tls": 465, "none": 25}


class Smtp(Channel):
    """Mail: one message for each recipient, the copies attached.

    A message counts as sent when the server has answered its last line. Until that line is written
    nothing is delivered, so that `leaving` is called just before. After it, only an answer says what
    happened.
    """

    name: ClassVar[str] = "smtp"
    repeatable: ClassVar[bool] = False
    mailing: ClassVar[bool] = True

    def __init__(self, server: Server) -> None:
        self.server, self.tries, self.wait = server, server.tries, server.wait
        self._connection: smtplib.SMTP | None = None

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
        letter = parcel.letter
        addresses = (recipient.email, self.server.sender, letter.reply_to if letter else "")
        international = not all(mailbox(a).isascii() for a in addresses if a)
        if international and not connection.has_extn("smtputf8"):
            return Answer(Outcome.FAILED, "the server takes only addresses in Latin letters")
        try:
            data = _composed(parcel, recipient, self.server.sender, international)
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
                    problem = error("smtp-unreachable", message, Place("smtp"), hint)
                    raise ChannelClosed(problem) from exc
                time.sleep(server.wait * 2**attempt)
        raise AssertionError

    def _opened(self) -> smtplib.SMTP:
        """Return a connection that is open and logged in; raises ChannelClosed when it never will be."""
        if self._connection is not None:
            return self._connection
        server, at = self.server, Place("smtp")
        port = server.port or _PORTS[server.security]
        try:
            context = ssl.create_default_context()
            if server.authorities:
                context.load_verify_locations(server.authorities)
        except OSError as exc:
            message = f"the certificates in `{server.authorities}` cannot be read: {_words(exc)}"
            hint = "GUIDE_SMTP_CA names a file of certificates in PEM."
            raise ChannelClosed(error("smtp-refused", message, at, hint)) from exc
        try:
            connection: smtplib.SMTP
            if server.security == "tls":
                connection = smtplib.SMTP_SSL(
                    server.host, port, timeout=server.timeout, context=context
                )
            else:
                connection = smtplib.SMTP(server.host, port, timeout=server.timeout)
            if server.security == "starttls":
                connection.ehlo()
                if not connection.has_extn("starttls"):
                    connection.close()
                    hint = "Use --smtp-security tls, or none on a network that you trust."
                    message = "the server offers no STARTTLS; nothing is sent in the clear"
                    raise ChannelClosed(error("smtp-refused", message, at, hint))
                connection.starttls(context=context)
            connection.ehlo_or_helo_if_needed()
            if server.user:
                _log_in(connection, server.user, server.password)
        except ssl.SSLCertVerificationError as exc:
            message = f"the server's certificate is not accepted: {_words(exc)}"
            hint = "Use the name that the certificate has; GUIDE_SMTP_CA names one of your own."
            raise ChannelClosed(error("smtp-refused", message, at, hint)) from exc
        except smtplib.SMTPAuthenticationError as exc:
            if exc.smtp_code < 500:
                raise
            message = f"the login was refused: {_said(exc.smtp_code, exc.smtp_error)}"
            hint = "Check GUIDE_SMTP_USER, and GUIDE_SMTP_PASSWORD or the keyring."
            raise ChannelClosed(error("smtp-refused", message, at, hint)) from exc
        except smtplib.SMTPNotSupportedError as exc:
            message = f"the server takes no login: {exc}"
            hint = "Leave GUIDE_SMTP_USER out, or choose another --smtp-security."
            raise ChannelClosed(error("smtp-refused", message, at, hint)) from exc
        except (socket.gaierror, UnicodeError) as exc:
            message = f"there is no server `{server.host}`: {_words(exc)}"
            hint = "Check GUIDE_SMTP_HOST or --smtp."
            raise ChannelClosed(error("smtp-unreachable", message, at, hint)) from exc
        self._connection = connection
        return connection

    def _drop(self) -> None:
        """Forget a connection of which one does not know how it stands."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def close(self) -> None:
        """Say goodbye."""
        if self._connection is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                self._connection.quit()
            self._connection = None


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


def _composed(parcel: Parcel, recipient: Recipient, sender: str, international: bool) -> bytes:
    """Return the message for a parcel as it goes over the wire; raises ValueError."""
    letter = parcel.letter or Letter(parcel.name, "")
    content = Content(
        sender=letter.sender or sender,
        to_name=recipient.name,
        to_address=recipient.email,
        subject=letter.subject,
        message_id=parcel.message_id,
        text=letter.text,
        html=letter.html,
        reply_to=letter.reply_to,
        files=parcel.files,
    )
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


NAMES: Mapping[str, str] = {
    "folder": "folder",
    "zip": "zip",
    "smtp": "smtp",
    "mail": "smtp",
    "email": "smtp",
    "e-mail": "smtp",
    "link": "link",
    "links": "link",
    "remote": "remote",
}
"""Channels by every name that a list may use."""

MAILING = frozenset({"smtp"})
ONCE = frozenset({"smtp"})
