"""Copies encrypted with AES-256 (ISO 32000-2, 7.6), by qpdf; and which passwords every viewer takes."""

from __future__ import annotations

import io
import secrets
import stringprep
import unicodedata

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

    The owner's password is random, and nobody knows it. Two calls never give the same bytes.
    """
    import pikepdf

    allowed = pikepdf.Permissions(
        accessibility=True, extract=False, modify_annotation=False, modify_assembly=False,
        modify_form=True, modify_other=False, print_lowres=printing, print_highres=printing,
    )  # fmt: skip
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(data)) as pdf:
        pdf.save(
            out,
            encryption=pikepdf.Encryption(
                owner=secrets.token_urlsafe(32), user=password, R=6, allow=allowed
            ),
            object_stream_mode=pikepdf.ObjectStreamMode.preserve,
            fix_metadata_version=False,
        )
    return out.getvalue()
