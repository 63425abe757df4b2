"""Files held against the ledgers and manifests that know them."""

from __future__ import annotations

import contextlib
import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from guide import pipeline
from guide.copies import recipients
from guide.copies.ledger import SUFFIX, Ledger, ledger_of
from guide.copies.verify import Finding, verify
from guide.distribution import MANIFEST, SUMS
from guide.errors import GuideError, Place, error

_LARGEST = 2 << 30  # bytes of one file in a zip


@dataclass(frozen=True)
class Sources:
    """What files are held against: ledgers, passwords to try, certificates to trust."""

    ledgers: tuple[Path, ...] = ()
    passwords: tuple[str, ...] = ()
    roots: tuple[bytes, ...] = ()


def sources(
    chosen: Path | None, files: Sequence[Path], password: str, trust: Sequence[Path]
) -> Sources:
    """Return what is there: the list or ledger that was named, or the ledgers that lie around.

    Those are looked for in the current folder and beside each file. Raises GuideError.
    """
    if chosen is not None:
        ledger = chosen if chosen.suffix == ".db" else ledger_of(chosen)
        Ledger.read(ledger).close()
        ledgers = [ledger]
        passwords = [] if chosen.suffix == ".db" else _passwords(chosen)
    else:
        folders = dict.fromkeys([Path(), *(path.parent for path in files)])
        ledgers = [path for folder in folders for path in sorted(folder.glob(f"*{SUFFIX}"))]
        passwords = []
    return Sources(
        tuple(ledgers),
        tuple(dict.fromkeys([*([password] if password else []), *passwords])),
        tuple(_read(path) for path in trust),
    )


def check(files: Sequence[Path], held: Sources) -> Iterator[Finding]:
    """Yield what each file is, those in a zip one by one; raises GuideError for a bad ledger."""
    with contextlib.ExitStack() as stack:
        books = [stack.enter_context(Ledger.read(path)) for path in held.ledgers]
        for path in files:
            document = path.with_suffix("") if path.suffix == ".p7s" else path
            try:
                yield from _check(document, held, books)
            except GuideError as exc:
                yield Finding(str(document), "", problems=exc.diagnostics)


def _check(path: Path, held: Sources, books: Sequence[Ledger]) -> Iterator[Finding]:
    data, known = _read(path), _digests(path.parent)
    for name, inside, signed in _members(path, data, path.with_name(f"{path.name}.p7s")):
        yield verify(
            inside, name, books, digests=known, passwords=held.passwords, roots=held.roots,
            detached=signed,
        )  # fmt: skip


def as_json(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Return findings as plain data."""
    return [
        {
            "file": f.path,
            "sha256": f.digest,
            "bytes": f.content,
            "copy_id": f.copy_id,
            "number": f.number,
            "total": f.total,
            "version": f.version,
            "title": f.title,
            "name": f.entry.name if f.entry else "",
            "organisation": f.entry.organisation if f.entry else "",
            "state": str(f.entry.state) if f.entry else "",
            "pages": {key or "none": list(value) for key, value in f.pages.items()},
            "encryption": f.seal,
            "signatures": [
                {"state": s.state, "signer": s.signer, "trusted": s.trusted, "detached": s.detached}
                for s in f.signed
            ],
            "diagnostics": [pipeline.diagnostic_json(d) for d in f.problems],
        }
        for f in findings
    ]


def _members(path: Path, data: bytes, signature: Path) -> Iterator[tuple[str, bytes, bytes | None]]:
    """Yield name, bytes and detached signature of a file, or of each PDF in a zip."""
    if not data.startswith(b"PK\x03\x04"):
        yield str(path), data, signature.read_bytes() if signature.is_file() else None
        return
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            inside = set(archive.namelist())
            for info in archive.infolist():
                if not info.filename.lower().endswith(".pdf") or info.file_size > _LARGEST:
                    continue
                signed = f"{info.filename}.p7s"
                yield (
                    f"{path}:{info.filename}",
                    archive.read(info),
                    archive.read(signed) if signed in inside else None,
                )
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as exc:
        message = f"the zip cannot be read: {exc}"
        raise GuideError(
            error("not-a-pdf", message, Place(str(path)), "Unpack it, and give the PDFs.")
        ) from exc


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as exc:
        message = f"the file cannot be read: {exc.strerror or exc}"
        hint = "Check the name and the permissions."
        raise GuideError(error("unreadable-file", message, Place(str(path)), hint)) from exc


def _passwords(path: Path) -> list[str]:
    """Return the passwords of a list, as far as it can be read: `guide distribute` says what is wrong."""
    try:
        text = recipients.decode(recipients.read_file(path), str(path), "")
        if path.suffix.lower() in {".yaml", ".yml"}:
            from guide.content.yaml12 import read_yaml

            document, _ = read_yaml(text, str(path))
            if document is None:
                return []
            entries, _ = recipients.from_values(
                document.data, document.places, document.keys, str(path)
            )
        else:
            entries, _ = recipients.read_table(text, str(path))
    except GuideError:
        return []
    return [word for entry in entries if (word := entry.cells.get("password"))]


def _digests(folder: Path) -> frozenset[str]:
    """Return the digests that the manifest and the sums of a folder hold; none when they are bad."""
    found: set[str] = set()
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
        found.update(copy["sha256"] for copy in manifest["copies"] if copy["sha256"])
    with contextlib.suppress(OSError, ValueError):
        lines = (folder / SUMS).read_text("utf-8").splitlines()
        found.update(line.split(" ", 1)[0] for line in lines if line.endswith(".pdf"))
    return frozenset(found)
