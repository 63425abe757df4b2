"""Copies encrypted with AES-256 (ISO 32000-2, 7.6), by qpdf; and which passwords every viewer takes."""

from __future__ import annotations

import io
import secrets
import stringprep
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from guide.copies.parts import Draft, Part, compose, own_file

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


def encrypt(data: bytes, password: str) -> bytes:
    """Return a copy that only `password` opens; assistive technology may read it, nothing edit it.

    The owner's password is random, and nobody knows it. Two calls never give the same bytes.
    """
    import pikepdf

    with pikepdf.open(io.BytesIO(data)) as pdf:
        return _saved(pdf, password)


def _saved(pdf: Any, password: str) -> bytes:
    import pikepdf

    allowed = pikepdf.Permissions(
        accessibility=True, extract=False, modify_annotation=False, modify_assembly=False,
        modify_form=True, modify_other=False,
    )  # fmt: skip
    out = io.BytesIO()
    pdf.save(
        out,
        encryption=pikepdf.Encryption(
            owner=secrets.token_urlsafe(32), user=password, R=6, allow=allowed
        ),
        object_stream_mode=pikepdf.ObjectStreamMode.preserve,
        fix_metadata_version=False,
    )
    return out.getvalue()


class Shell:
    """A document without any copy's own objects, held open: its copies are encrypted out of it.

    Reading a whole document again for each copy takes longer than encrypting it. What one copy has
    for itself replaces all that the one before had; a file gets only what its pages lead to.
    Copies give what `encrypt` would give of their files. Close it when it is not needed any more.
    """

    def __init__(self, draft: Draft) -> None:
        import pikepdf

        blank = tuple(
            Part(part.number, b"<< >>", None if part.data is None else b"")
            for part in draft.own
            if part.number < draft.base.size
        )
        self.base = draft.base
        self.copies = 0  # made of it so far: objects of earlier ones stay in memory
        self._slots = _kinds(blank)
        self._pdf = pikepdf.open(io.BytesIO(compose(Draft(draft.base, blank, draft.copy_id))))

    def fits(self, draft: Draft) -> bool:
        """Return whether a copy is of this document, and fills the same places of it."""
        own = (part for part in draft.own if part.number < self.base.size)
        return draft.base is self.base and _kinds(own) == self._slots

    def encrypted(self, draft: Draft, password: str) -> bytes:
        """Return a copy that `fits`, as `encrypt` does."""
        import pikepdf

        self.copies += 1
        with pikepdf.open(io.BytesIO(own_file(draft))) as own:
            found = {part.number: own.get_object(part.number, 0) for part in draft.own}
            places = {number: self._place(number, value) for number, value in found.items()}
            for number, value in found.items():
                self._fill(places[number], value, places)
        return _saved(self._pdf, password)

    def _place(self, number: int, value: Any) -> Any:
        """Return the object of the document that takes the value of a copy's own object."""
        import pikepdf

        if number in self._slots:
            return self._pdf.get_object(number, 0)
        if isinstance(value, pikepdf.Stream):
            return self._pdf.make_indirect(pikepdf.Stream(self._pdf, b""))
        if isinstance(value, pikepdf.Array):
            return self._pdf.make_indirect(pikepdf.Array())
        return self._pdf.make_indirect(pikepdf.Dictionary())

    def _fill(self, place: Any, value: Any, places: Mapping[int, Any]) -> None:
        """Let an object have a value, and nothing of the one it had before."""
        import pikepdf

        if isinstance(value, pikepdf.Array):
            place.extend(self._copied(item, places) for item in value)
            return
        for name in [*place.keys()]:
            if name != "/Length":
                del place[name]
        if isinstance(value, pikepdf.Stream):
            place.write(value.read_raw_bytes())
        for name, item in value.items():
            if name != "/Length":
                place[name] = self._copied(item, places)

    def _copied(self, value: Any, places: Mapping[int, Any]) -> Any:
        """Return a value of a copy's own file for the document; what it refers to keeps its number."""
        import pikepdf

        if not isinstance(value, pikepdf.Object):
            return value
        if value.is_indirect:
            number = value.objgen[0]
            return places[number] if number in places else self._pdf.get_object(number, 0)
        if isinstance(value, pikepdf.Dictionary):
            return pikepdf.Dictionary({k: self._copied(v, places) for k, v in value.items()})
        if isinstance(value, pikepdf.Array):
            return pikepdf.Array([self._copied(item, places) for item in value])
        if isinstance(value, pikepdf.Name):
            return pikepdf.Name(str(value))
        return pikepdf.String(bytes(value))

    def close(self) -> None:
        """Let go of the document."""
        self._pdf.close()


def can_share(draft: Draft) -> bool:
    """Return whether a copy's own objects are such as a shell can take: all that guide makes are."""
    return all(
        part.text.lstrip().startswith((b"<<", b"[") if part.number >= draft.base.size else b"<<")
        for part in draft.own
    )


def _kinds(parts: Iterable[Part]) -> dict[int, bool]:
    """Return which objects are streams, by number."""
    return {part.number: part.data is not None for part in parts}
