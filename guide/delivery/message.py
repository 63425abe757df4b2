"""Mail messages as bytes: headers written from decoded text, then read back and compared.

Python's own folding of headers (3.11 and 3.12) decodes an encoded word (RFC 2047) in a
title or a name, and writes the line breaks that it finds in it. So headers are written here, and
`email` writes only the parts below them.
"""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import Header, decode_header
from email.message import EmailMessage, Message
from email.parser import BytesParser
from email.policy import SMTP, SMTPUTF8, compat32
from email.utils import format_datetime, localtime, parseaddr

from guide.delivery.channels.base import File

_ENCODED = re.compile(r"=\?[^?\s]*\?[bqBQ]\?[^?]*\?=")
_NEARLY = re.compile(r"=\?(?=.*\?.*\?=)")
_MOST = 400  # characters of a header's text: more is no title and no name
_PLAIN = 60  # characters of a word that need not be split
_LINE = 998  # bytes of a line (RFC 5322, 2.1.1)
_ROUNDS = 8  # encoded words within encoded words, before the marks are taken out

# Marks that turn the direction of what follows (UTS #55): a name could pose as another.
_TURNING = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True)
class Content:
    """What a message says: mailboxes as `Name <address>`, text, HTML ('' for none) and files."""

    sender: str
    to_name: str
    to_address: str
    subject: str
    message_id: str
    text: str
    html: str = ""
    reply_to: str = ""
    files: Sequence[File] = ()


def clean(text: str) -> str:
    """Return text of one line: encoded words decoded, without control characters.

    Nothing that a reader of mail would decode, break or turn is left in it.
    """
    line = _one_line(text)
    for _ in range(_ROUNDS):
        if not _ENCODED.search(line):
            break
        line = _one_line(_ENCODED.sub(lambda found: _decoded(found[0]), line))
    line = _NEARLY.sub("= ?", line)  # words of an unknown kind, or too many within each other
    return line if len(line) <= _MOST else line[: _MOST - 1].rstrip() + "…"


def _one_line(text: str) -> str:
    shown = (
        " " if unicodedata.category(c) in {"Cc", "Zl", "Zp"} else c
        for c in unicodedata.normalize("NFC", text)
        if c not in _TURNING and unicodedata.category(c) != "Cs"
    )
    return " ".join("".join(shown).split())


def _decoded(word: str) -> str:
    """Return what one encoded word says, or the word without its marks."""
    try:
        ((data, charset),) = decode_header(word)
        return data if isinstance(data, str) else data.decode(charset or "ascii", "replace")
    except (HeaderParseError, ValueError, LookupError, TypeError):
        return word.replace("=?", " ").replace("?=", " ")


def composed(content: Content, international: bool = False) -> bytes:
    """Return the message as it goes over the wire; raises ValueError when it is not what was meant.

    `international` writes addresses in UTF-8 (RFC 6532), for a server that takes them.
    """
    headers = [
        ("From", _mailbox(content.sender)),
        ("To", _named(clean(content.to_name), mailbox(content.to_address))),
        ("Subject", _text(clean(content.subject))),
        ("Date", format_datetime(localtime())),
        ("Message-ID", content.message_id),
        *([("Reply-To", _mailbox(content.reply_to))] if content.reply_to else []),
    ]
    body = _parts(content, international)
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    data = lines.encode("utf-8" if international else "ascii") + body.as_bytes()
    _check(data, headers, content, international)
    return data


def mailbox(address: str) -> str:
    """Return an address alone, its domain in ASCII (RFC 5890)."""
    local, _, domain = (parseaddr(address)[1] or address).rpartition("@")
    return f"{local}@{ascii_domain(domain)}"


def ascii_domain(domain: str) -> str:
    """Return a domain as servers write it (RFC 5890)."""
    if domain.isascii():
        return domain
    import idna

    return idna.encode(domain, uts46=True).decode()


def _mailbox(written: str) -> str:
    """Return a mailbox as a header has it, from one as people write it."""
    return _named(clean(parseaddr(written)[0]), mailbox(written))


def _named(name: str, address: str) -> str:
    if not name:
        return f"<{address}>"
    if name.isascii() and "=?" not in name and len(name) <= _PLAIN:
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        apart = "\r\n " if len(name) + len(address) > _PLAIN else " "
        return f'"{quoted}"{apart}<{address}>'
    return f"{_encoded(name)}\r\n <{address}>"


def _text(text: str) -> str:
    """Return text as a header has it: plain where it is ASCII, else as encoded words."""
    long = any(len(word) > _PLAIN for word in text.split())
    if long or "=?" in text or not text.isascii():
        return _encoded(text)
    lines = textwrap.wrap(text, 66, break_long_words=False, break_on_hyphens=False)
    return "\r\n ".join(lines)


def _encoded(text: str) -> str:
    return Header(text, "utf-8", maxlinelen=75, header_name="Organization").encode(linesep="\r\n")


def _parts(content: Content, international: bool) -> EmailMessage:
    """Return the text, the HTML and the files, with no header but those of MIME."""
    policy = SMTPUTF8 if international else SMTP
    message = EmailMessage(policy=policy.clone(cte_type="7bit"))
    message.set_content(_paragraphs(content.text))
    if content.html:
        message.add_alternative(_paragraphs(content.html), subtype="html")
    for file in content.files:
        name, subtype = clean(file.name), _subtype(file.name)
        message.add_attachment(file.data, maintype="application", subtype=subtype, filename=name)
    return message


def _paragraphs(text: str) -> str:
    """Return text without what no mail can hold: control characters and halves of characters."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in lines if c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cs"})


def _subtype(name: str) -> str:
    endings = {".pdf": "pdf", ".zip": "zip"}
    return next((kind for end, kind in endings.items() if name.endswith(end)), "octet-stream")


# Reading back ------------------------------------------------------------------------------------


def _check(
    data: bytes, headers: Sequence[tuple[str, str]], content: Content, international: bool
) -> None:
    """Raise ValueError unless a reader finds the headers that were meant, and one tree of parts."""
    ends = data.count(b"\r\n")
    if data.count(b"\n") != ends or data.count(b"\r") != ends or b"\0" in data:
        raise ValueError("a line does not end as mail has it")
    if not international and not data.isascii():
        raise ValueError("a byte is not ASCII")
    if max(map(len, data.split(b"\r\n"))) > _LINE:
        raise ValueError("a line is too long")
    found = BytesParser(policy=compat32).parsebytes(data)
    mime = {"mime-version", "content-type", "content-transfer-encoding"}
    read = [(name, value) for name, value in found.raw_items() if name.lower() not in mime]
    if [(n, _unfolded(v)) for n, v in read] != [(n, _unfolded(v)) for n, v in headers]:
        raise ValueError("the headers are not those that were meant")
    if _shown(str(found["Subject"])) != clean(content.subject):
        raise ValueError("the subject is not what was meant")
    if _tree(found) != _wanted(content) or any(part.defects for part in found.walk()):
        raise ValueError("the parts are not those that were meant")
    files = [part for part in found.walk() if part.get_content_disposition() == "attachment"]
    for part, file in zip(files, content.files, strict=True):
        if part.get_payload(decode=True) != file.data:
            raise ValueError("an attached file is not what was meant")


def _unfolded(value: object) -> str:
    """Return a header in one line; UTF-8 in it was read as lone halves."""
    raw = str(value).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return " ".join(raw.split())


def _shown(value: str) -> str:
    pieces = decode_header(value.replace("\r\n", ""))
    return "".join(
        text if isinstance(text, str) else text.decode(code or "utf-8") for text, code in pieces
    )


def _tree(part: Message) -> object:
    payload = part.get_payload()
    if isinstance(payload, list):
        return part.get_content_type(), [_tree(each) for each in payload]  # type: ignore[arg-type]
    return part.get_content_type()


def _wanted(content: Content) -> object:
    inner: object = "text/plain"
    if content.html:
        inner = ("multipart/alternative", ["text/plain", "text/html"])
    if not content.files:
        return inner
    files = [f"application/{_subtype(file.name)}" for file in content.files]
    return ("multipart/mixed", [inner, *files])
