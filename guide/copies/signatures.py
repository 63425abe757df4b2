"""What signatures are worth: those in a PDF and the one beside it, checked by pyHanko.

Nothing is fetched from the network, and only certificates that the user names are trusted.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from guide.diagnostics.calling import install
from guide.diagnostics.diagnostic import Diagnostic, Place, error, warning

_MOST = 20  # signatures of a file that are checked


@dataclass(frozen=True)
class Signed:
    """What is known of a signature: `state` is intact, broken or unchecked."""

    state: str
    signer: str = ""
    trusted: bool = False
    detached: bool = False


class Checks:
    """The checks of a file's signatures; `problems` are what they found."""

    def __init__(self, roots: Sequence[bytes], at: Place) -> None:
        self.roots, self.at = roots, at
        self.problems: list[Diagnostic] = []

    def embedded(self, file: Any, password: str) -> list[Signed]:
        """Return the signatures in an open PDF."""
        try:
            from pyhanko.pdf_utils.reader import PdfFileReader
            from pyhanko.sign.validation import validate_pdf_signature
        except ImportError:
            return [self._unchecked()]
        found: list[Signed] = []
        try:
            file.seek(0)
            reader = PdfFileReader(file, strict=False)
            if reader.encrypted:
                reader.decrypt(password)
            for each in reader.embedded_signatures[:_MOST]:
                with _silent():
                    status = validate_pdf_signature(each, self._trust())
                found.append(self._judged(status, bool(status.bottom_line), False))
        except Exception as exc:  # noqa: BLE001  a forged file may break pyHanko in any way
            message = f"the signature cannot be checked: {type(exc).__name__}"
            found.append(self._broken(message, "", False))
        return found

    def detached(self, file: Any, signature: bytes) -> Signed:
        """Return what a signature beside an open file (CMS, DER) is worth."""
        try:
            import asyncio

            from asn1crypto import cms
            from pyhanko.sign.validation import async_validate_detached_cms
        except ImportError:
            return self._unchecked()
        try:
            content = cms.ContentInfo.load(signature)["content"]
            file.seek(0)
            with _silent():
                status = asyncio.run(async_validate_detached_cms(
                    file, content, signer_validation_context=self._trust()
                ))  # fmt: skip
            return self._judged(status, True, True)
        except Exception as exc:  # noqa: BLE001
            message = f"the signature cannot be checked: {type(exc).__name__}"
            return self._broken(message, "", True)

    def _trust(self) -> Any:
        """Return whom to trust: only who was named; nothing is fetched from the network."""
        from pyhanko.keys import load_certs_from_pemder_data
        from pyhanko_certvalidator import ValidationContext

        known = [cert for root in self.roots for cert in load_certs_from_pemder_data(root)]
        return ValidationContext(trust_roots=known, allow_fetching=False)

    def _judged(self, status: Any, bottom_line: bool, detached: bool) -> Signed:
        subject = status.signing_cert.subject.native
        signer = str(subject.get("common_name") or status.signing_cert.subject.human_friendly)
        signer = "".join(c for c in signer if c.isprintable())[:200]
        whole = True
        if not detached:
            from pyhanko.sign.validation.status import SignatureCoverageLevel

            whole = status.coverage == SignatureCoverageLevel.ENTIRE_FILE
        if not status.intact or not status.valid:
            message = "the signature does not fit the file: it was changed"
            return self._broken(message, signer, detached)
        if not whole:
            message = "the file was changed after it was signed; the signature allows no change"
            return self._broken(message, signer, detached)
        trusted = bool(status.trusted) and bottom_line
        if not trusted:
            message = (
                f"the signature is valid, but no trusted certificate confirms that it is {signer}'s"
            )
            hint = "If you have the issuer's certificate from a source you trust, name it: --trust ca.pem"
            self.problems.append(warning("untrusted-signature", message, self.at, hint))
        return Signed("intact", signer, trusted, detached)

    def _broken(self, message: str, signer: str, detached: bool) -> Signed:
        hint = "Do not rely on this file; ask the issuer for the copy again."
        self.problems.append(error("broken-signature", message, self.at, hint))
        return Signed("broken", signer, False, detached)

    def _unchecked(self) -> Signed:
        hint = f"Install it: `{install('sign')}`."
        message = "there is a signature; to check it needs pyHanko"
        self.problems.append(warning("missing-extra", message, self.at, hint))
        return Signed("unchecked")


@contextlib.contextmanager
def _silent() -> Iterator[None]:
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
