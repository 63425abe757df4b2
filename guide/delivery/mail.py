"""The user's mail server, from the environment and the configuration.

A password comes from the environment or the keyring: never from the command line, where others see
it, nor from a file that is copied about.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from guide.delivery.message import ascii_domain, mailbox
from guide.diagnostics.diagnostic import Diagnostic, GuideError, Place, error
from guide.diagnostics.suggest import did_you_mean
from guide.printing.profiles import config_folder

SECURITY = ("starttls", "tls", "none")
_WORDS = {"host", "security", "user", "sender", "reply_to", "ca"}
_NUMBERS = {"port", "timeout", "patience", "tries", "wait"}
_SERVICE = "guide-smtp"


@dataclass(frozen=True)
class Server:
    """A mail server, and who says what to it; `reply_to` gets the answers.

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
    reply_to: str = ""
    timeout: float = 60.0
    patience: float = 600.0
    tries: int = 6
    wait: float = 30.0  # with 6 tries 15.5 minutes in all: greylists wait for 5 to 15


def _file() -> Path:
    return config_folder() / "mail.toml"


def server(options: Mapping[str, Any]) -> Server:
    """Return the user's mail server; raises GuideError.

    Options of the command go before the environment (`GUIDE_SMTP_HOST`, `_PORT`, `_SECURITY`,
    `_USER`, `_PASSWORD`, `_SENDER`, `_REPLY_TO`, `_CA`, `_TIMEOUT`, `_PATIENCE`, `_TRIES`, `_WAIT`),
    that before `mail.toml` in the user's configuration.
    """
    values: dict[str, Any] = _configured()
    for name in _WORDS | _NUMBERS:
        if given := options.get(name) or os.environ.get(f"GUIDE_SMTP_{name.upper()}"):
            values[name] = given
    missing = [name for name in ("host", "sender") if not values.get(name)]
    if missing:
        message = f"the mail server is not known: {' and '.join(missing)} missing"
        hint = "Set GUIDE_SMTP_HOST and GUIDE_SMTP_SENDER, use --smtp and --from, or write "
        hint += f"{_file()}."
        raise GuideError(error("smtp-not-configured", message, Place("smtp"), hint))
    for name in _NUMBERS & set(values):
        values[name] = _number(name, values[name])
    host = _host(str(values["host"]))
    security = str(values.get("security", "starttls")).lower()
    if security not in SECURITY:
        hint = did_you_mean(security, SECURITY)
        raise GuideError(_wrong("security", f"cannot be `{security}`", hint))
    user, answers = str(values.get("user", "")), str(values.get("reply_to", ""))
    found = Server(
        host=host,
        sender=_address("sender", str(values["sender"])),
        reply_to=_address("reply_to", answers) if answers else "",
        port=int(values.get("port", 0)),
        security=security,
        user=user,
        password=_password(user) if user else "",
        authorities=str(values.get("ca", "")),
        **{name: values[name] for name in ("timeout", "patience", "wait") if name in values},
        tries=max(1, min(20, int(values.get("tries", Server.tries)))),
    )
    if found.user and security == "none" and found.host not in {"localhost", "127.0.0.1", "::1"}:
        hint = "Use --smtp-security starttls or tls, or no login."
        raise GuideError(_wrong("security", "`none` would send the password in the clear", hint))
    return found


def _configured() -> dict[str, Any]:
    path = _file()
    at = Place(str(path), 1, 1)
    try:
        if not path.is_file():
            return {}
        values = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as exc:
        message = f"the configuration cannot be read: {exc}"
        hint = 'Write lines such as host = "mail.example.org".'
        raise GuideError(error("bad-mail-settings", message, at, hint)) from exc
    if "password" in values:
        message = "do not keep a password in this file"
        hint = "Delete it here, and use the keyring or GUIDE_SMTP_PASSWORD."
        raise GuideError(error("bad-mail-settings", message, at, hint))
    problems = [
        error("bad-mail-settings", f"unknown key `{key}`", at, did_you_mean(key, _WORDS | _NUMBERS))
        for key in values
        if key not in _WORDS | _NUMBERS
    ]
    if problems:
        raise GuideError(*problems)
    return values


def _wrong(name: str, message: str, hint: str) -> Diagnostic:
    return error("bad-mail-settings", f"`{name}` {message}", Place("smtp"), hint)


def _number(name: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = -1.0
    most = 65535 if name == "port" else 86400
    least = 0.1 if name in {"timeout", "patience"} else 0
    if not least <= number <= most:
        raise GuideError(_wrong(name, f"must be a number from {least} to {most}", ""))
    return number


def _host(name: str) -> str:
    """Return a server's name as it is looked up; raises GuideError when it cannot be one."""
    try:
        found = ascii_domain(name)
        found.encode("idna")  # as sockets do
    except (UnicodeError, ValueError):
        found = ""
    if not found or not found.isprintable() or " " in found:
        hint = "Write it as mail.example.org, or as an address of numbers."
        raise GuideError(_wrong("host", "is not the name of a server", hint))
    return found


def _address(name: str, value: str) -> str:
    """Return a mailbox, with or without a name before it: `Training <training@example.org>`."""
    from email.utils import parseaddr

    address = parseaddr(value)[1]
    try:
        good = all(mailbox(address).rpartition("@")[::2])
    except (UnicodeError, ValueError):
        good = False
    if not value.isprintable() or "@" not in address or not good:
        hint = 'Write training@example.org, or "Training <training@example.org>".'
        raise GuideError(_wrong(name, "is not an address", hint))
    return value


def _password(user: str) -> str:
    found = os.environ.get("GUIDE_SMTP_PASSWORD")
    if found:
        return found
    try:
        import keyring

        found = keyring.get_password(_SERVICE, user)
    except ImportError:
        found = None
    except Exception as exc:  # each keyring has its own exceptions
        message = f"the keyring gives no password: {type(exc).__name__}"
        hint = "Unlock it, or set GUIDE_SMTP_PASSWORD."
        raise GuideError(error("smtp-not-configured", message, Place("smtp"), hint)) from exc
    if not found:
        message = "there is no password for the mail server"
        hint = f"Set GUIDE_SMTP_PASSWORD, or store it: keyring set {_SERVICE} {user} "
        hint += "(needs pip install 'guide-press[keyring]')."
        raise GuideError(error("smtp-not-configured", message, Place("smtp"), hint))
    return str(found)
