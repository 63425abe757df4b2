"""Copies encrypted with AES-256 as fast as they are made (ISO 32000-2, 7.6).

To write an encrypted file qpdf takes it apart, which costs twenty times what encrypting its bytes does.
Copies are laid out so that only streams have to be encrypted: see `parts`. The ciphers are OpenSSL's.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import stringprep
import unicodedata
import zlib

from guide.copies.parts import MARK, Rows, finish, stream_object
from guide.errors import GuideError, Place, error

_BLOCK = 16  # bytes of an AES block, and of an initialisation vector
_OBJECT = re.compile(rb"(\d+) 0 obj\n")
_LENGTH = re.compile(rb"/Length (\d+)>>\nstream\n")
_ROW = 7
MAX_PASSWORD = 127  # bytes; ISO 32000-2, 7.6.4.3.3 cuts passwords off there


def password_fault(password: str) -> str:
    """Return why a password would not open a copy everywhere, or ''.

    Half of the viewers leave out SASLprep (RFC 4013), which ISO 32000-2 asks for, and would refuse
    the right password: so what it forbids or changes is refused here.
    """
    refused = (
        stringprep.in_table_b1, stringprep.in_table_c12, stringprep.in_table_c21_c22,
        stringprep.in_table_c3, stringprep.in_table_c4, stringprep.in_table_c5,
        stringprep.in_table_c6, stringprep.in_table_c7, stringprep.in_table_c8,
        stringprep.in_table_c9,
    )  # fmt: skip
    if len(password.encode()) > MAX_PASSWORD:
        return f"the password is longer than {MAX_PASSWORD} bytes"
    if unicodedata.normalize("NFKC", password) != password or any(
        table(c) for c in password for table in refused
    ):
        return "the password has signs that not every viewer reads alike"
    return ""


def encrypt(data: bytes, password: str, *, printing: bool = True) -> bytes:
    """Return a copy that only `password` opens; assistive technology may read it, nothing edit it.

    `data` is what a Stamper made. Two calls never give the same bytes. Raises GuideError when the
    file is of PDF 1.4, which PDF/A-1 asks for, and PDF/A forbids encryption.
    """
    from cryptography.hazmat.primitives.padding import PKCS7

    at = int(data[data.rindex(b"startxref") + 9 :].split()[0])
    table = data[at:]
    if MARK not in table:
        message = "a file of PDF 1.4 cannot be encrypted with AES-256"
        hint = "Distribute it without --encrypt, or make it as a later PDF: qpdf IN.pdf OUT.pdf"
        raise GuideError(error("seal-contradiction", message, Place(""), hint))
    key, dictionary = _keys(password, printing)
    body = _LENGTH.search(table)
    assert body is not None
    trailer = table[: body.start()]
    rows = zlib.decompress(table[body.end() : body.end() + int(body[1])])
    count = len(rows) // _ROW
    offsets = sorted(
        (int.from_bytes(rows[_ROW * n + 1 : _ROW * n + 5], "big"), n)
        for n in range(count)
        if rows[_ROW * n] == 1
    )
    fresh = Rows(False, bytearray(rows))
    out = [data[: offsets[0][0]]]
    length = len(out[0])
    vectors = secrets.token_bytes(_BLOCK * len(offsets))
    for place, (offset, number) in enumerate(offsets):
        if offset == at:
            continue  # the table itself, which comes anew
        start = _OBJECT.match(data, offset)
        found = _LENGTH.search(data, offset)
        assert start is not None
        assert found is not None
        text = data[start.end() : found.start()] + b">>"
        if b"/Crypt" in text and b"/Identity" in text:  # asks to be left as it is (7.4.10)
            fresh.put(number, length)
            out.append(data[offset : found.end() + int(found[1])] + b"\nendstream\nendobj\n")
            length += len(out[-1])
            continue
        plain = data[found.end() : found.end() + int(found[1])]
        vector = vectors[_BLOCK * place : _BLOCK * (place + 1)]
        pad = PKCS7(8 * _BLOCK).padder()
        closed = vector + _cbc(key, vector, pad.update(plain) + pad.finalize())
        fresh.put(number, length)
        out.append(stream_object(number, text, closed))
        length += len(out[-1])
    # The dictionary of the encryption is not encrypted, nor is an object on its own: no string else.
    number = count - 1 if offsets[-1][0] == at else count
    fresh.grow(number + 1)
    fresh.put(number, length)
    out.append(b"%d 0 obj\n%s\nendobj\n" % (number, dictionary))
    length += len(out[-1])
    names = b"".join(
        match[0] for match in re.finditer(rb"/(?:Root|Info) \d+ 0 R|/ID \[<[0-9a-f]*><[0-9a-f]*>\]", trailer)
    )  # fmt: skip
    out.append(finish(fresh, length, names + b"/Encrypt %d 0 R" % number))
    return b"".join(out)


# Bits of P (table 22): print, fill in forms, extract for accessibility, print well.
_PRINT, _FILL, _ACCESS, _PRINT_WELL = 1 << 2, 1 << 8, 1 << 9, 1 << 11
_RESERVED = 0xFFFFF0C0


def _keys(password: str, printing: bool) -> tuple[bytes, bytes]:
    """Return the key of a new file, and its encryption dictionary (7.6.4.4, algorithms 8 to 10).

    No owner's password is made, since nobody would know it: its entries are random, and open nothing.
    That saves two thirds of the time that qpdf takes, which hashes it as well.
    """
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    secret, key = password.encode(), secrets.token_bytes(32)
    check, salt = secrets.token_bytes(8), secrets.token_bytes(8)
    allowed = _RESERVED | _FILL | _ACCESS | ((_PRINT | _PRINT_WELL) if printing else 0)
    whole = allowed.to_bytes(4, "little") + b"\xff\xff\xff\xffTadb" + secrets.token_bytes(4)
    ecb = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305  as algorithm 10 says
    values = {
        b"U": _hash(secret, check) + check + salt,
        b"UE": _cbc(_hash(secret, salt), bytes(_BLOCK), key),
        b"O": secrets.token_bytes(48),
        b"OE": secrets.token_bytes(32),
        b"Perms": ecb.update(whole) + ecb.finalize(),
    }
    strings = b"".join(b"/%s <%s>" % (name, value.hex().encode()) for name, value in values.items())
    dictionary = (
        b"<</Filter /Standard/V 5/R 6/Length 256/P %d/EncryptMetadata true"
        b"/CF <</StdCF <</AuthEvent /DocOpen/CFM /AESV3/Length 32>>>>/StmF /StdCF/StrF /StdCF%s>>"
    )
    return key, dictionary % (allowed - (1 << 32), strings)


def _cbc(key: bytes, vector: bytes, data: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    encryptor = Cipher(algorithms.AES(key), modes.CBC(vector)).encryptor()
    return encryptor.update(data) + encryptor.finalize()


def _hash(password: bytes, salt: bytes) -> bytes:
    """Return the hash of algorithm 2.B for a user's password."""
    k = hashlib.sha256(password + salt).digest()
    last, rounds = 256, 0
    while rounds < 64 or last > rounds - 32:
        e = _cbc(k[:16], k[16:32], (password + k) * 64)
        # The first 16 bytes as a number modulo 3; 256 is 1 modulo 3, so their sum does as well.
        kind = (hashlib.sha256, hashlib.sha384, hashlib.sha512)[sum(e[:16]) % 3]
        k = kind(e).digest()
        last, rounds = e[-1], rounds + 1
    return k[:32]
