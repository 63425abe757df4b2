"""Whose copy a file is, of which version, and whether it is as it was given out."""

from __future__ import annotations

import contextlib
import hashlib
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from guide.copies.ledger import LedgerEntry
from guide.copies.trace import ids_of_page, is_id, unprotected_id
from guide.errors import Diagnostic, Place, error, warning
from guide.model.copies import ENCRYPTED, SIGNED

INTACT, CHANGED, UNKNOWN = "intact", "changed", "unknown"


class Lookup(Protocol):
    """What knows the copies that were given out: a ledger."""

    def find(self, copy_id: str) -> LedgerEntry | None:
        """Return the copy with an invisible id."""

    def find_digest(self, digest: str) -> LedgerEntry | None:
        """Return the copy that had these bytes."""


@dataclass(frozen=True)
class Signed:
    """What is known of a signature: `state` is intact, broken or unchecked."""

    state: str
    signer: str = ""
    trusted: bool = False
    detached: bool = False


@dataclass(frozen=True)
class Finding:
    """What a file says of itself, and what the ledger says of it.

    `content` is intact when the bytes are those that were given out, changed when they are not, and
    unknown when nothing here knows. `pages` maps each copy id to the pages that carry it, from 1;
    pages that carry none stand under ''. `seal` is 'none', or how the file is encrypted.
    """

    path: str
    digest: str
    content: str = UNKNOWN
    copy_id: str = ""
    number: int = 0
    total: int = 0
    version: str = ""
    title: str = ""
    entry: LedgerEntry | None = None
    pages: dict[str, tuple[int, ...]] = field(default_factory=dict)
    seal: str = "none"
    signed: tuple[Signed, ...] = ()
    problems: tuple[Diagnostic, ...] = ()


def verify(
    data: bytes, path: str, books: Sequence[Lookup] = (), *, digests: Iterable[str] = (),
    passwords: Iterable[str] = (), roots: Sequence[bytes] = (), detached: bytes | None = None,
) -> Finding:  # fmt: skip
    """Return what a PDF is.

    `digests` are those of copies given out, for want of a ledger; `passwords` are tried in turn when
    the file asks for one; `roots` are certificates (PEM or DER) to be trusted; `detached` is the
    signature beside the file. Never raises for a bad file: its problems are in the finding.
    """
    return _Verifying(data, path, books, frozenset(digests), tuple(passwords), roots).run(detached)


class _Verifying:
    def __init__(
        self, data: bytes, path: str, books: Sequence[Lookup], digests: frozenset[str],
        passwords: tuple[str, ...], roots: Sequence[bytes],
    ) -> None:  # fmt: skip
        self.data, self.path, self.books = data, path, books
        self.digests, self.passwords, self.roots = digests, passwords, roots
        self.at = Place(path)
        self.problems: list[Diagnostic] = []
        self.password = ""

    def run(self, detached: bytes | None) -> Finding:
        digest = hashlib.sha256(self.data).hexdigest()
        entry = next((e for b in self.books if (e := b.find_digest(digest))), None)
        known = entry is not None or digest in self.digests
        said, pages, seal, opened = self._inside()
        copy_id = (entry.copy_id if entry else "") or said.get("id", "")
        if entry is None and copy_id:
            entry = next((e for b in self.books if (e := b.find(copy_id))), None)
        if not copy_id and not known and not self.problems:
            message = "this is no numbered copy of guide: no page carries a copy id"
            hint = "A print and a scan carry none; read the number at the foot of the page."
            self.problems.append(error("not-a-copy", message, self.at, hint))
        foreign = sorted(i for i in pages if i and i != copy_id)
        if copy_id and (foreign or (pages.get("") and len(pages) > 1)):
            self._mixed(copy_id, foreign, pages)
        content = INTACT if known else UNKNOWN
        if not known and copy_id and (entry is not None and entry.digest):
            content = CHANGED
            message = f"copy {entry.number} is not as it was given out: its bytes have changed"
            hint = (
                "It was saved again, is an extract, or was altered: compare it with the original."
            )
            self.problems.append(error("copy-changed", message, self.at, hint))
        signed = tuple(self._signatures()) if opened else ()
        if opened:
            self._taken_off(said.get("seal", ""), seal, signed)
        if detached is not None:
            signed += tuple(self._detached(detached))
        return Finding(
            self.path, digest, content, copy_id,
            entry.number if entry else _whole(said.get("number")),
            entry.total if entry else _whole(said.get("total")),
            entry.version if entry else said.get("version", ""),
            entry.title if entry else said.get("title", ""),
            entry, pages, seal, signed, tuple(self.problems),
        )  # fmt: skip

    def _inside(self) -> tuple[dict[str, str], dict[str, tuple[int, ...]], str, bool]:
        """Return what the file says of itself, its pages by id, how it is sealed, and if it opens."""
        import pikepdf

        said = {"id": unprotected_id(self.data)}
        try:
            pdf = self._open()
        except pikepdf.PasswordError:
            message = "the copy is protected by a password; only its id could be read"
            if not said["id"]:
                message = "the PDF is protected by a password, and shows no copy id"
            hint = "Name the list with its passwords (--to recipients.csv), or a variable of the "
            hint += "environment that holds the password: --password-env PDF_PASSWORD"
            report = warning if said["id"] else error
            self.problems.append(report("locked-pdf", message, self.at, hint))
            return said, {}, "encrypted", False
        except (pikepdf.PdfError, ValueError, TypeError, KeyError, RuntimeError) as exc:
            message = f"this is not a PDF that can be read: {' '.join(str(exc).split())[:120]}"
            self.problems.append(
                error("not-a-pdf", message, self.at, "Give the PDF, or the zip it came in.")
            )
            return said, {}, "none", False
        with pdf:
            seal = "none"
            if pdf.is_encrypted:
                how = pdf.encryption
                seal = {"aesv3": "AES-256", "aesv2": "AES-128"}.get(
                    str(how.stream_method).rpartition(".")[2], "RC4"
                )
            pages = self._pages(pdf)
            self._said(pdf, said)
            counted = Counter({i: len(of) for i, of in pages.items() if i})
            if counted:  # pages are harder to change than metadata
                said["id"] = counted.most_common(1)[0][0]
        return said, pages, seal, True

    def _taken_off(self, given: str, seal: str, signed: tuple[Signed, ...]) -> None:
        """Report what the copy says that it had when it was given out, and has no more."""
        gone = [ENCRYPTED] if ENCRYPTED in given.split() and seal == "none" else []
        gone += [SIGNED] if SIGNED in given.split() and not signed else []
        if gone:
            message = f"the copy was given out {' and '.join(gone)}; this file is not"
            hint = "Somebody took the seal off, or it is an extract: ask for the file as it came."
            self.problems.append(error("seal-removed", message, self.at, hint))

    def _open(self) -> Any:
        import pikepdf

        try:
            return pikepdf.open(io.BytesIO(self.data))
        except pikepdf.PasswordError:
            for password in self.passwords:
                with contextlib.suppress(pikepdf.PasswordError):
                    found = pikepdf.open(io.BytesIO(self.data), password=password)
                    self.password = password
                    return found
            raise

    def _pages(self, pdf: Any) -> dict[str, tuple[int, ...]]:
        found: dict[str, list[int]] = {}
        for number, page in enumerate(pdf.pages, 1):
            with contextlib.suppress(TypeError, ValueError, KeyError, AttributeError, RuntimeError):
                found.setdefault(next(iter(ids_of_page(page)), ""), []).append(number)
        return {copy_id: tuple(numbers) for copy_id, numbers in found.items()}

    def _said(self, pdf: Any, said: dict[str, str]) -> None:
        """Read what metadata say: of the document, or of its first page."""
        import pikepdf

        sources: list[Any] = []
        with contextlib.suppress(AttributeError, KeyError, IndexError, TypeError, ValueError):
            sources.append(pdf.pages[0].obj.PieceInfo.GuidePress.Private)
        if "/Info" in pdf.trailer:
            sources.append(pdf.docinfo)
        for source in sources:
            if not isinstance(source, pikepdf.Dictionary):
                continue
            for key, name in (("/GuideCopy", "id"), ("/GuideNumber", "number"),
                              ("/GuideTotal", "total"), ("/GuideVersion", "version"),
                              ("/GuideSeal", "seal"), ("/Title", "title")):  # fmt: skip
                value = str(source.get(key, ""))
                if value and not said.get(name) and (name != "id" or is_id(value)):
                    said[name] = value

    def _mixed(self, copy_id: str, foreign: list[str], pages: dict[str, tuple[int, ...]]) -> None:
        parts = []
        for other in foreign:
            entry = next((e for b in self.books if (e := b.find(other))), None)
            whose = f"copy {entry.number}" if entry else f"another copy ({other[:8]}…)"
            parts.append(f"page {_spans(pages[other])} from {whose}")
        if pages.get(""):
            parts.append(f"page {_spans(pages[''])} from no copy")
        message = f"the file was put together: {', '.join(parts)}"
        hint = "Ask whoever gave it to you where the pages come from."
        self.problems.append(error("mixed-copies", message, self.at, hint))

    # Signatures ----------------------------------------------------------------------------------

    def _signatures(self) -> Iterable[Signed]:
        if b"/ByteRange" not in self.data:
            return
        try:
            from pyhanko.pdf_utils.reader import PdfFileReader
            from pyhanko.sign.validation import validate_pdf_signature
        except ImportError:
            yield self._unchecked()
            return
        try:
            reader = PdfFileReader(io.BytesIO(self.data), strict=False)
            if reader.encrypted:
                reader.decrypt(self.password)
            for each in reader.embedded_signatures:
                with _silent():
                    status = validate_pdf_signature(each, self._trust())
                yield self._judged(status, bool(status.bottom_line), False)
        except Exception as exc:  # noqa: BLE001  a forged file may break pyHanko in any way
            yield self._broken(f"the signature cannot be checked: {type(exc).__name__}", "", False)

    def _detached(self, signature: bytes) -> Iterable[Signed]:
        try:
            import asyncio

            from asn1crypto import cms
            from pyhanko.sign.validation import async_validate_detached_cms
        except ImportError:
            yield self._unchecked()
            return
        try:
            content = cms.ContentInfo.load(signature)["content"]
            with _silent():
                status = asyncio.run(
                    async_validate_detached_cms(
                        io.BytesIO(self.data), content, signer_validation_context=self._trust()
                    )
                )
            yield self._judged(status, True, True)
        except Exception as exc:  # noqa: BLE001
            yield self._broken(f"the signature cannot be checked: {type(exc).__name__}", "", True)

    def _trust(self) -> Any:
        """Return whom to trust: only who was named; nothing is fetched from the network."""
        from pyhanko.keys import load_certs_from_pemder_data
        from pyhanko_certvalidator import ValidationContext

        known = [cert for root in self.roots for cert in load_certs_from_pemder_data(root)]
        return ValidationContext(trust_roots=known, allow_fetching=False)

    def _judged(self, status: Any, bottom_line: bool, detached: bool) -> Signed:
        subject = status.signing_cert.subject.native
        signer = str(subject.get("common_name") or status.signing_cert.subject.human_friendly)
        signer = "".join(c for c in signer if c.isprintable())
        whole = True
        if not detached:
            from pyhanko.sign.validation.status import SignatureCoverageLevel

            whole = status.coverage == SignatureCoverageLevel.ENTIRE_FILE
        if not status.intact or not status.valid:
            return self._broken(
                "the signature does not fit the file: it was changed", signer, detached
            )
        if not whole:
            message = "the file was changed after it was signed; the signature allows no change"
            return self._broken(message, signer, detached)
        trusted = bool(status.trusted) and bottom_line
        if not trusted:
            message = f"the signature fits, but nobody vouches that it is {signer}'s"
            hint = "Name the issuer's certificate, when you have it from a source you trust: --trust ca.pem"
            self.problems.append(warning("untrusted-signature", message, self.at, hint))
        return Signed("intact", signer, trusted, detached)

    def _broken(self, message: str, signer: str, detached: bool) -> Signed:
        hint = "Do not rely on this file; ask the issuer for the copy again."
        self.problems.append(error("broken-signature", message, self.at, hint))
        return Signed("broken", signer, False, detached)

    def _unchecked(self) -> Signed:
        hint = "Install it: pip install 'guide-press[sign]'"
        message = "there is a signature; to check it needs pyHanko"
        self.problems.append(warning("missing-extra", message, self.at, hint))
        return Signed("unchecked")


@contextlib.contextmanager
def _silent() -> Any:
    """Keep pyHanko's log to itself: what it finds is reported here."""
    import logging

    loggers = [logging.getLogger(name) for name in ("pyhanko", "pyhanko_certvalidator")]
    before = [(log, log.level) for log in loggers]
    for log in loggers:
        log.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for log, level in before:
            log.setLevel(level)


def _whole(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else 0


def _spans(numbers: Sequence[int]) -> str:
    """Return page numbers as people write them: 1-3, 7."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return ", ".join(f"{a}" if a == b else f"{a}-{b}" for a, b in spans)
