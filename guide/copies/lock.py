"""AES-256 encryption of copies (ISO 32000-2, 7.6.4, revision 6), as fast as they are stamped.

A file laid out as `guide.copies.parts` says is encrypted stream by stream; any other by qpdf. The key
of each copy is random, and so is the owner's password, which nobody knows: so an encrypted copy is not
the same twice.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import stringprep
import unicodedata
import zlib

from guide.copies.parts import MARK, Rows, finish, stream_object
from guide.errors import GuideError, Place, error

# Bits of P (table 22): print, fill in forms, extract for accessibility, print well.
_PRINT, _FILL, _ACCESS, _PRINT_WELL = 1 << 2, 1 << 8, 1 << 9, 1 << 11
_RESERVED = 0xFFFFF0C0
_MOST = 127  # bytes of a password that count
_BLOCK = 16
_LENGTH = re.compile(rb"/Length (\d+)>>\nstream\n")


def prepared(password: str) -> bytes:
    """Return a password as it is compared: SASLprep (RFC 4013) in UTF-8.

    Raises GuideError when it is empty, too long, or has characters that SASLprep forbids or changes:
    half of the viewers do not apply it, and would refuse the right password.
    """
    text = unicodedata.normalize("NFC", password)
    refused = (
        stringprep.in_table_b1, stringprep.in_table_c12, stringprep.in_table_c21_c22,
        stringprep.in_table_c3, stringprep.in_table_c4, stringprep.in_table_c5,
        stringprep.in_table_c6, stringprep.in_table_c7, stringprep.in_table_c8,
        stringprep.in_table_c9,
    )  # fmt: skip
    odd = unicodedata.normalize("NFKC", text) != text or any(t(c) for c in text for t in refused)
    data = b"" if odd else text.encode()
    if not data or len(data) > _MOST:
        message = f"a password has 1 to {_MOST} bytes of letters, digits, signs and plain spaces"
        hint = "Choose another one; three or four words are easy to type and hard to guess."
        raise GuideError(error("bad-password", message, Place(""), hint))
    return data


def encrypt(data: bytes, password: str, printing: bool = True) -> bytes:
    """Return a PDF that opens with a password. Raises GuideError."""
    secret = prepared(password)
    if MARK not in data[-400_000:]:
        return _by_qpdf(data, secret.decode(), printing)
    return _Locking(data, secret, printing).run()


def _permissions(printing: bool) -> int:
    """Return P: reading aloud and filling in are allowed, changing and copying out are not."""
    return _RESERVED | _FILL | _ACCESS | ((_PRINT | _PRINT_WELL) if printing else 0)


def _cbc(key: bytes, iv: bytes, data: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return encryptor.update(data) + encryptor.finalize()


def _hash(password: bytes, salt: bytes) -> bytes:
    """Return the hash of algorithm 2.B for a user's password."""
    k = hashlib.sha256(password + salt).digest()
    last, n = 256, 0
    while n < 64 or last > n - 32:
        e = _cbc(k[:16], k[16:32], (password + k) * 64)
        # The first 16 bytes as a number modulo 3; 256 is 1 modulo 3, so their sum does as well.
        kind = (hashlib.sha256, hashlib.sha384, hashlib.sha512)[sum(e[:16]) % 3]
        k = kind(e).digest()
        last, n = e[-1], n + 1
    return k[:32]


def _dictionary(password: bytes, key: bytes, permissions: int) -> bytes:
    """Return the encryption dictionary (algorithms 8 to 10).

    No owner's password is made, since nobody would know it: its entries are random, and open nothing.
    """
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    check, salt = os.urandom(8), os.urandom(8)
    u = _hash(password, check) + check + salt
    ue = _cbc(_hash(password, salt), bytes(16), key)
    whole = permissions.to_bytes(4, "little") + b"\xff\xff\xff\xffTadb" + os.urandom(4)
    ecb = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305  as algorithm 10 says
    perms = ecb.update(whole) + ecb.finalize()
    signed = permissions - (1 << 32)
    values = {b"U": u, b"UE": ue, b"O": os.urandom(48), b"OE": os.urandom(32), b"Perms": perms}
    strings = b"".join(b"/%s <%s>" % (k, v.hex().encode()) for k, v in values.items())
    return (
        b"<</Filter /Standard/V 5/R 6/Length 256/P %d/EncryptMetadata true"
        b"/CF <</StdCF <</AuthEvent /DocOpen/CFM /AESV3/Length 32>>>>/StmF /StdCF/StrF /StdCF%s>>"
    ) % (signed, strings)


class _Locking:
    """Encrypts a file in our own layout: every stream but the cross-reference, and nothing else."""

    def __init__(self, data: bytes, password: bytes, printing: bool) -> None:
        self.data, self.password, self.printing = data, password, printing

    def run(self) -> bytes:
        data = self.data
        table = int(data[data.rindex(b"startxref") + 9 :].split()[0])
        begin = data.index(b"\nstream\n", table)
        head = data[table:begin]
        length = int(head[head.rindex(b"/Length ") + 8 : -2])
        packed = bytearray(zlib.decompress(data[begin + 8 : begin + 8 + length]))
        rows = Rows(False, packed)
        own = rows.size - 1  # the cross-reference stream itself, which is written anew
        offsets = sorted(
            (int.from_bytes(packed[7 * n + 1 : 7 * n + 5], "big"), n)
            for n, kind in enumerate(packed[::7])
            if kind == 1 and n != own
        )
        key = os.urandom(32)
        noise = os.urandom(_BLOCK * len(offsets))
        out, at = [data[: offsets[0][0]]], offsets[0][0]
        for n, (offset, number) in enumerate(offsets):
            match = _LENGTH.search(data, offset)
            assert match is not None
            first = match.end()
            plain = data[first : first + int(match[1])]
            pad = _BLOCK - len(plain) % _BLOCK
            iv = noise[_BLOCK * n : _BLOCK * (n + 1)]
            text = data[data.index(b"obj\n", offset) + 4 : match.start()] + b">>"
            secret = iv + _cbc(key, iv, plain + bytes([pad]) * pad)
            whole = stream_object(number, text, secret)
            rows.put(number, at)
            out.append(whole)
            at += len(whole)
        lock = _dictionary(self.password, key, _permissions(self.printing))
        whole = b"%d 0 obj\n%s\nendobj\n" % (own, lock)
        rows.put(own, at)
        out.append(whole)
        trailer = head[head.index(b"/W [1 4 2]") + 10 : head.index(MARK)]
        out.append(finish(rows, at + len(whole), trailer + b"/Encrypt %d 0 R" % own))
        return b"".join(out)


def _by_qpdf(data: bytes, password: str, printing: bool) -> bytes:
    import pikepdf

    allow = pikepdf.Permissions(
        accessibility=True, extract=False, modify_annotation=False, modify_assembly=False,
        modify_form=True, modify_other=False, print_lowres=printing, print_highres=printing,
    )  # fmt: skip
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(data)) as pdf:
        lock = pikepdf.Encryption(user=password, owner=os.urandom(16).hex(), R=6, allow=allow)
        pdf.save(out, encryption=lock)
    return out.getvalue()
