"""What a file says of itself: copy ids, metadata, seal and signatures. Runs in a confined process.

Nothing here knows what was given out; `guide.delivery.findings` compares. The file may be forged in any
way, so that each step is independent: what cannot be read leaves the other findings untouched.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import mmap
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from guide.copies.signatures import Checks, Signed
from guide.copies.trace import Search, ids_of_page, is_id, unprotected_id
from guide.diagnostics.diagnostic import Diagnostic, GuideError, Place, error, warning
from guide.foreign.apart import short
from guide.system.computing import TimeExceeded, within

_LARGEST = 500_000_000  # bytes of one file in a zip
_MOST_PAGES = 20_000
_LONGEST = 200  # characters of a title or version that are shown
_STREAM = 120_000_000  # bytes that one stream of a page may have when it is unpacked
_SEARCHING = 4.0  # s; for what is painted, the last trace that is looked for


@dataclass(frozen=True)
class Inside:
    """What a file says of itself.

    `said` holds id, number, total, version, seal and title. `pages` maps each copy id to the pages
    that carry it, from 1; those that carry none are under ''. `looked` is the number of pages that
    were searched, None for all. `seal` is 'none', or how the file is encrypted.
    """

    digest: str = ""
    said: dict[str, str] = field(default_factory=dict)
    pages: dict[str, tuple[int, ...]] = field(default_factory=dict)
    looked: int | None = None
    seal: str = "none"
    opened: bool = False
    signed: tuple[Signed, ...] = ()
    problems: tuple[Diagnostic, ...] = ()


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def members(path: Path) -> list[str]:
    """Return the names of the PDFs in a zip; raises GuideError when it has none or is damaged."""
    with _zip(path) as archive:
        names = [info.filename for info in archive.infolist() if not info.is_dir()]
        found = [name for name in names if name.lower().endswith(".pdf")]
    if not found:
        message = "the zip has no PDF in it"
        hint = "Give the zip that the copies came in, or the PDFs."
        raise GuideError(error("not-a-copy", message, Place(str(path)), hint))
    return found


def look_inside(
    path: Path, member: str, name: str, passwords: Sequence[str], roots: Sequence[bytes]
) -> Inside:
    """Return what a PDF says of itself; `member` is its name in a zip, '' for a separate file.

    `passwords` are tried in turn, `roots` are certificates (PEM or DER) that are trusted. A detached
    signature is the file of the same name with `.p7s` added. Raises GuideError for a damaged zip.
    """
    with contextlib.ExitStack() as stack:
        if member:
            file, signature = _unpacked(path, member, stack)
        else:
            file = stack.enter_context(path.open("rb"))
            beside = path.with_name(f"{path.name}.p7s")
            signature = beside.read_bytes() if beside.is_file() else None
        data: Any = b""
        if file.seek(0, io.SEEK_END):
            data = stack.enter_context(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        return _Looking(file, data, Place(name), passwords, roots).run(signature)


@contextlib.contextmanager
def _zip(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a zip; raises GuideError for all that may be wrong with it."""
    import lzma
    import zlib

    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, NotImplementedError, RuntimeError,
            EOFError, OSError, ValueError, KeyError) as exc:  # fmt: skip
        message = f"the zip cannot be read: {' '.join(str(exc).split())[:120]}"
        raise GuideError(
            error("not-a-pdf", message, Place(str(path)), "Unpack it, and give the PDFs.")
        ) from exc


def _unpacked(path: Path, member: str, stack: contextlib.ExitStack) -> tuple[Any, bytes | None]:
    """Return a file with what a zip holds under a name, and its signature."""
    file = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
    with _zip(path) as archive:
        with archive.open(member) as source:
            while block := source.read(1 << 20):
                if file.tell() > _LARGEST:
                    message = f"it unpacks to more than {_LARGEST // 1_000_000} MB"
                    raise ValueError(message)
                file.write(block)
        signed = f"{member}.p7s"
        signature = None
        if signed in archive.namelist():
            with archive.open(signed) as source:
                signature = source.read(1 << 20)
    file.flush()
    return file, signature


@dataclass
class _Looking:
    file: Any
    data: Any
    at: Place
    passwords: Sequence[str]
    roots: Sequence[bytes]
    problems: list[Diagnostic] = field(default_factory=list)
    password: str = ""
    looked: int | None = None

    def run(self, detached: bytes | None) -> Inside:
        digest = hashlib.sha256(self.data).hexdigest()
        said, pages, seal, opened = self._content()
        checks = Checks(self.roots, self.at)
        signed: list[Signed] = []
        if opened and self.data.find(b"/ByteRange") >= 0:
            signed += checks.embedded(self.file, self.password)
        if detached is not None:
            signed.append(checks.detached(self.file, detached))
        problems = (*self.problems, *checks.problems)
        return Inside(digest, said, pages, self.looked, seal, opened, tuple(signed), problems)

    def _content(self) -> tuple[dict[str, str], dict[str, tuple[int, ...]], str, bool]:
        """Return what the file says of itself, its pages by id, how it is sealed, and if it opens."""
        import pikepdf

        pikepdf.settings.set_qpdf_limits(
            flate_max_memory=_STREAM, run_length_max_memory=_STREAM, png_max_memory=_STREAM,
            tiff_max_memory=_STREAM, dct_max_memory=_STREAM,
        )  # fmt: skip
        said = {"id": unprotected_id(self.data)}
        try:
            pdf = self._open()
        except pikepdf.PasswordError:
            self.problems.append(self._locked(bool(said["id"])))
            return said, {}, "encrypted", False
        except Exception as exc:  # noqa: BLE001  pikepdf's errors have no common parent
            message = f"this is not a PDF that can be read: {short(exc)}"
            self.problems.append(
                error("not-a-pdf", message, self.at, "Give the PDF, or the zip it came in.")
            )
            return said, {}, "none", False
        with pdf:
            seal = _seal_of(pdf)
            pages = self._pages(pdf)
            with contextlib.suppress(Exception):  # a forged dictionary may break in any way
                _read_said(pdf, said)
            counted = Counter({i: len(of) for i, of in pages.items() if i})
            if counted:  # pages are harder to change than metadata
                said["id"] = counted.most_common(1)[0][0]
        return said, pages, seal, True

    def _locked(self, known: bool) -> Diagnostic:
        message = "the copy is protected by a password; only its id could be read"
        if not known:
            message = "the PDF is protected by a password, and shows no copy id"
        hint = "Name the list with its passwords (--to recipients.csv), or a variable of the "
        hint += "environment that holds the password: --password-env PDF_PASSWORD"
        report = warning if known else error
        return report("locked-pdf", message, self.at, hint)

    def _open(self) -> Any:
        import pikepdf

        try:
            self.file.seek(0)
            return pikepdf.open(self.file)
        except pikepdf.PasswordError:
            for password in self.passwords:
                with contextlib.suppress(pikepdf.PasswordError):
                    self.file.seek(0)
                    found = pikepdf.open(self.file, password=password)
                    self.password = password
                    return found
            raise

    def _pages(self, pdf: Any) -> dict[str, tuple[int, ...]]:
        """Return pages by the id they carry: first what is quickly found, then what is painted."""
        found: dict[str, list[int]] = {}
        unmarked: list[tuple[int, Any]] = []
        count = 0
        with contextlib.suppress(Exception):  # a page tree may break anywhere
            for number, page in enumerate(pdf.pages, 1):
                if number > _MOST_PAGES:
                    self.looked = number - 1
                    break
                count = number
                copy_id = ""
                with contextlib.suppress(Exception):
                    copy_id = next(iter(ids_of_page(page)), "")
                if copy_id:
                    found.setdefault(copy_id, []).append(number)
                else:
                    unmarked.append((number, page))
        for number, copy_id in self._painted(unmarked, count):
            found.setdefault(copy_id, []).append(number)
        return {copy_id: tuple(sorted(numbers)) for copy_id, numbers in found.items()}

    def _painted(self, pages: Sequence[tuple[int, Any]], count: int) -> list[tuple[int, str]]:
        """Return the ids that are painted on pages, '' for none, as far as time and memory reach."""
        search, found = Search(), []
        try:
            with within(_SEARCHING):
                for number, page in pages:
                    copy_id = search.painted_id(page)
                    if search.exhausted:
                        self.looked = number - 1
                        break
                    found.append((number, copy_id))
        except (TimeExceeded, MemoryError):
            self.looked = min(count, found[-1][0] if found else pages[0][0] - 1)
        return found


def _seal_of(pdf: Any) -> str:
    with contextlib.suppress(Exception):
        method = str(pdf.encryption.stream_method).rpartition(".")[2] if pdf.is_encrypted else ""
        return {"": "none", "aesv3": "AES-256", "aesv2": "AES-128"}.get(method, "RC4")
    return "encrypted"


def _read_said(pdf: Any, said: dict[str, str]) -> None:
    """Read what metadata say: of the first page, then of the document."""
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
            value = source.get(key)
            if not isinstance(value, pikepdf.String) or said.get(name):
                continue
            text = bytes(value)[: 8 * _LONGEST]
            shown = str(pikepdf.String(text))[:_LONGEST]
            if name != "id" or is_id(shown):
                said[name] = shown
