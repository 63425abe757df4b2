"""The PDF that copies are made of, as far as one must know it before."""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass
from typing import Any

from guide.diagnostics.diagnostic import Diagnostic, GuideError, Place, error
from guide.foreign.apart import short
from guide.foreign.forms import is_placeholder, is_signed, placeholder

_LONGEST = 500  # characters of a title that count


@dataclass(frozen=True)
class Original:
    """A PDF's title and language, '' when it names none, and its pages."""

    title: str
    lang: str
    pages: int


def look_at(data: bytes, path: str) -> Original:
    """Return what a PDF says of itself; raises GuideError when copies cannot be made of it.

    A signed PDF is refused: a stamp would break its signature.
    """
    import pikepdf

    at = Place(path)
    try:
        with pikepdf.open(io.BytesIO(data)) as pdf:
            title = _plain(pdf.docinfo.get("/Title", "")) if "/Info" in pdf.trailer else ""
            found = Original(title, _plain(pdf.Root.get("/Lang", "")), len(pdf.pages))
            refuse(pdf, at)
            if is_placeholder(pdf):
                raise GuideError(placeholder(path))
    except pikepdf.PasswordError as exc:
        raise GuideError(_locked("the PDF is protected by a password", at)) from exc
    except (pikepdf.PdfError, ValueError, TypeError, RuntimeError) as exc:
        message = f"this is not a PDF that can be read: {short(exc)}"
        hint = "Give a PDF, or the folder of a pack. qpdf --check says what is wrong with a PDF."
        raise GuideError(error("not-a-pdf", message, at, hint)) from exc
    return found


def refuse(pdf: Any, at: Place) -> None:
    """Raise GuideError for an open PDF (pikepdf's) that must not be stamped."""
    if pdf.is_encrypted:
        raise GuideError(_locked("the PDF is encrypted", at))
    if is_signed(pdf):
        message = "the PDF is signed; a stamp would break the signature"
        hint = "Distribute the unsigned PDF, and sign the copies: --sign KEY.p12"
        raise GuideError(error("signed-pdf", message, at, hint))
    if not len(pdf.pages):
        raise GuideError(error("not-a-pdf", "the PDF has no pages", at, "Give a PDF with pages."))


def archival(pdf: Any) -> str:
    """Return the part of PDF/A that an open PDF says it keeps to, or ''."""
    with contextlib.suppress(Exception):  # a packet of metadata may be broken in any way
        return str(pdf.open_metadata(update_docinfo=False).get("pdfaid:part", ""))
    return ""


def _locked(message: str, at: Place) -> Diagnostic:
    hint = "Take the protection off first: qpdf --decrypt IN.pdf OUT.pdf"
    return error("locked-pdf", message, at, hint)


def _plain(value: object) -> str:
    shown = (c for c in str(value)[:_LONGEST] if c.isprintable() or c.isspace())
    return " ".join("".join(shown).split())
