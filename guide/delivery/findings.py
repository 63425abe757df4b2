"""Whose copy a file is, of which version, and whether it is as it was given out.

The ledger is believed, then a trusted signature, then nothing: files beside a file (checksums, a
manifest, even a ledger) came with it: who changed the file can change them too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from guide.copies.inside import Inside
from guide.copies.signatures import Signed
from guide.delivery.database import Ledger
from guide.delivery.queries import find, find_digest
from guide.delivery.records import LedgerEntry
from guide.diagnostics.diagnostic import Diagnostic, Place, error, warning
from guide.model.copies import ENCRYPTED, SIGNED
from guide.units import spans

INTACT, CHANGED, UNKNOWN = "intact", "changed", "unknown"


@dataclass(frozen=True)
class Book:
    """A ledger as evidence: `name` for people, and whether it is `believed`.

    One that is beside the file is not: it may have come with it.
    """

    ledger: Ledger
    name: str
    believed: bool = True


@dataclass(frozen=True)
class Finding:
    """What a file says of itself, and what the ledger says of it.

    `content` is intact when the bytes are those that were given out, changed when they are not, and
    unknown when nothing here proves either; `rests` says on what that rests. `pages` maps each copy
    id to the pages that carry it, from 1; pages that carry none are under ''. `seal` is 'none', or
    how the file is encrypted.
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
    rests: str = ""
    ledger: str = ""


def judge(inside: Inside, path: str, books: Sequence[Book]) -> Finding:
    """Return what a file is, from what it says of itself and what ledgers say of it.

    Believed ledgers are asked first.
    """
    return _Judging(inside, path, books).run()


class _Judging:
    def __init__(self, inside: Inside, path: str, books: Sequence[Book]) -> None:
        self.inside, self.path = inside, path
        self.books = sorted(books, key=lambda book: not book.believed)
        self.at = Place(path)
        self.problems = list(inside.problems)

    def run(self) -> Finding:
        inside, said = self.inside, self.inside.said
        book, entry = self._known(find_digest, inside.digest)
        same = entry is not None
        copy_id = (entry.copy_id if entry else "") or said.get("id", "")
        if entry is None:
            book, entry = self._known(find, copy_id)
        if not copy_id and not same and not self.problems:
            message = "not a numbered copy of guide: no page carries a copy id"
            if inside.looked is not None:
                message = f"no copy id found; pages after {inside.looked} took too long to search"
            hint = "A print and a scan carry none; read the number at the foot of the page."
            self.problems.append(error("not-a-copy", message, self.at, hint))
        self._check_pages(copy_id)
        if inside.opened:
            self._taken_off(said.get("seal", ""))
        content, rests = self._proved(book, entry, same, copy_id)
        return Finding(
            self.path, inside.digest, content, copy_id,
            entry.number if entry else _whole(said.get("number")),
            entry.total if entry else _whole(said.get("total")),
            entry.version if entry else said.get("version", ""),
            entry.title if entry else said.get("title", ""),
            entry, inside.pages, inside.seal, inside.signed, tuple(self.problems), rests,
            book.name if book is not None else "",
        )  # fmt: skip

    def _known(
        self, find: Callable[[Ledger, str], LedgerEntry | None], text: str
    ) -> tuple[Book | None, LedgerEntry | None]:
        for book in self.books:
            if text and (entry := find(book.ledger, text)):
                return book, entry
        return None, None

    def _proved(
        self, book: Book | None, entry: LedgerEntry | None, same: bool, copy_id: str
    ) -> tuple[str, str]:
        """Return whether the bytes are those that were given out, and on what that rests."""
        if book is not None and entry is not None and not same and entry.digest:
            message = f"copy {entry.number} is not as it was given out: its bytes have changed"
            hint = (
                "It was saved again, is an extract, or was altered: compare it with the original."
            )
            self.problems.append(error("copy-changed", message, self.at, hint))
            return CHANGED, book.name
        if same and book is not None and book.believed:
            return INTACT, book.name
        vouched = [s.signer for s in self.inside.signed if s.state == "intact" and s.trusted]
        if vouched and not any(s.state == "broken" for s in self.inside.signed):
            return INTACT, f"the signature of {vouched[0]}"
        if same and book is not None:
            message = f"only {book.name}, beside the file, knows these bytes"
            hint = (
                "It may have come with the file. Name the list or the ledger of your office: --to"
            )
            self.problems.append(warning("ledger-beside", message, self.at, hint))
        elif copy_id:
            message = "nothing here proves that the copy is as it was given out"
            hint = "Name the list or the ledger of your office (--to), or a certificate (--trust)."
            self.problems.append(warning("unproved-copy", message, self.at, hint))
        return UNKNOWN, ""

    def _check_pages(self, copy_id: str) -> None:
        """Report pages of other copies, and pages of none."""
        pages = self.inside.pages
        foreign = sorted(i for i in pages if i and i != copy_id)
        if not copy_id or not (foreign or (pages.get("") and len(pages) > 1)):
            return
        parts = []
        for other in foreign:
            _, entry = self._known(find, other)
            whose = f"copy {entry.number}" if entry else f"another copy ({other[:8]}…)"
            parts.append(f"page {spans(pages[other])} from {whose}")
        if pages.get(""):
            parts.append(f"page {spans(pages[''])} from no copy")
        message = f"the file was put together: {', '.join(parts)}"
        hint = "Ask the person who gave it to you where the pages come from."
        self.problems.append(error("mixed-copies", message, self.at, hint))

    def _taken_off(self, given: str) -> None:
        """Report what the copy says that it had when it was given out, and has no more."""
        inside = self.inside
        gone = [ENCRYPTED] if ENCRYPTED in given.split() and inside.seal == "none" else []
        embedded = [s for s in inside.signed if not s.detached]
        gone += [SIGNED] if SIGNED in given.split() and not embedded else []
        if gone:
            message = f"the copy was given out {' and '.join(gone)}; this file is not"
            hint = "Somebody took the seal off, or it is an extract: ask for the file as it came."
            self.problems.append(error("seal-removed", message, self.at, hint))


def _whole(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else 0
