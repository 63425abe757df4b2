"""Files compared with the ledgers that know them."""

from __future__ import annotations

import contextlib
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from guide.copies.inside import Inside, digest_of, look_inside, members
from guide.delivery import lists
from guide.delivery.database import Ledger
from guide.delivery.findings import Book, Finding, judge
from guide.delivery.ledger import SUFFIX, ledger_of
from guide.diagnostics.diagnostic import Diagnostic, GuideError, Place, error
from guide.diagnostics.formats import diagnostic_json
from guide.foreign.apart import apart


@dataclass(frozen=True)
class Sources:
    """What files are compared with: ledgers, passwords to try, certificates to trust.

    `named` is True when the user named the ledger, False when it was found.
    """

    ledgers: tuple[Path, ...] = ()
    passwords: tuple[str, ...] = ()
    roots: tuple[bytes, ...] = ()
    named: bool = False


def sources(
    chosen: Path | None, files: Sequence[Path], password: str, trust: Sequence[Path]
) -> Sources:
    """Return what is there: the list or ledger that was named, or the ledgers that are found.

    Those are looked for in the current folder and beside each file. Raises GuideError.
    """
    passwords = [password]
    if chosen is not None:
        ledger = chosen if chosen.suffix == ".db" else ledger_of(chosen)
        Ledger.read(ledger).close()
        ledgers = [ledger]
        passwords += [] if chosen.suffix == ".db" else _passwords(chosen)
    else:
        folders = dict.fromkeys([Path(), *(path.parent for path in files)])
        ledgers = [path for folder in folders for path in sorted(folder.glob(f"*{SUFFIX}"))]
    known = tuple(dict.fromkeys(filter(None, passwords)))
    return Sources(tuple(ledgers), known, tuple(map(_read, trust)), chosen is not None)


def check(files: Sequence[Path], held: Sources) -> Iterator[Finding]:
    """Yield what each file is, those in a zip one by one; raises GuideError for a bad ledger.

    Each file is read in a confined process, so that a broken one does not hide the others' results.
    """
    with contextlib.ExitStack() as stack:
        books = [(path, stack.enter_context(Ledger.read(path))) for path in held.ledgers]
        for path in files:
            document = path.with_suffix("") if path.suffix == ".p7s" else path
            try:
                yield from _check(document, held, books)
            except GuideError as exc:
                yield Finding(str(document), "", problems=exc.diagnostics)


def _check(path: Path, held: Sources, books: Sequence[tuple[Path, Ledger]]) -> Iterator[Finding]:
    size = _size(path)
    known = [_book(ledger, where, path, held.named) for where, ledger in books]
    with path.open("rb") as file:
        zipped = file.read(4) == b"PK\x03\x04"
    if not zipped:
        yield judge(_inside(path, "", size, held), str(path), known)
        return
    for member in apart(members, path, name=str(path), size=size, reads=(path,)):
        name = f"{path}:{member}"
        yield judge(_inside(path, member, size, held), name, known)


def _book(ledger: Ledger, where: Path, path: Path, named: bool) -> Book:
    """Return a ledger as evidence for a file: one that was found beside the file proves nothing."""
    beside = not named and where.parent.resolve() == path.parent.resolve()
    found = "" if named or beside else ", found in the current folder"
    return Book(ledger, f"the ledger {where}{found}", believed=not beside)


def _inside(path: Path, member: str, size: int, held: Sources) -> Inside:
    """Return what a file says of itself; what kept it from being read is among its problems."""
    name = f"{path}:{member}" if member else str(path)
    reads = (path, path.with_name(f"{path.name}.p7s"))
    asked = path, member, name, held.passwords, held.roots
    try:
        found: Inside = apart(look_inside, *asked, name=name, size=size, reads=reads)
    except GuideError as exc:
        return Inside("" if member else digest_of(path), problems=exc.diagnostics)
    return found


def as_json(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Return findings as plain data."""
    return [
        {
            "file": f.path, "sha256": f.digest, "bytes": f.content, "rests_on": f.rests,
            "ledger": f.ledger, "copy_id": f.copy_id, "number": f.number, "total": f.total,
            "version": f.version, "title": f.title,
            "name": f.entry.name if f.entry else "",
            "organisation": f.entry.organisation if f.entry else "",
            "state": str(f.entry.state) if f.entry else "",
            "pages": {key or "none": list(value) for key, value in f.pages.items()},
            "encryption": f.seal,
            "signatures": [
                {"state": s.state, "signer": s.signer, "trusted": s.trusted, "detached": s.detached}
                for s in f.signed
            ],
            "diagnostics": [diagnostic_json(d) for d in f.problems],
        }
        for f in findings
    ]  # fmt: skip


def _size(path: Path) -> int:
    """Return the bytes of a file; raises GuideError when it is not one that can be read."""
    try:
        found = path.stat()
        if stat.S_ISREG(found.st_mode):
            path.open("rb").close()
            return found.st_size
    except OSError as exc:
        raise GuideError(_unreadable(path, exc)) from exc
    raise GuideError(_unreadable(path, OSError("it is not a file")))


def _unreadable(path: Path, exc: OSError) -> Diagnostic:
    message = f"the file cannot be read: {exc.strerror or exc}"
    return error("unreadable-file", message, Place(str(path)), "Check the name and permissions.")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as exc:
        raise GuideError(_unreadable(path, exc)) from exc


def _passwords(path: Path) -> list[str]:
    """Return the passwords of a list, as far as it can be read: `guide distribute` says what is wrong."""
    try:
        entries, _ = lists.read(path, "")
    except GuideError:
        return []
    return [word for entry in entries if (word := entry.cells.get("password"))]
