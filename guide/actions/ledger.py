"""A ledger for people: found, shown, exported, printed, and changed by hand."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from collections.abc import Sequence
from pathlib import Path

from guide import pipeline
from guide.delivery import ledger as book
from guide.delivery import queries
from guide.delivery.database import Ledger
from guide.delivery.ledger import SUFFIX, ledger_of
from guide.delivery.records import LedgerEntry
from guide.diagnostics.diagnostic import GuideError, Place, error
from guide.system import output
from guide.units import PAPERS

COLUMNS = (
    "number", "total", "name", "email", "organisation", "ref", "title", "version", "supersedes",
    "edition", "language", "channel", "state", "changed", "answer", "file", "document", "digest",
    "copy_id", "quiz",
)  # fmt: skip
_SQLITE = b"SQLite format 3\0"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def find(chosen: Path | None) -> Path:
    """Return the ledger of a list, or the only one of the current folder; raises GuideError."""
    if chosen is not None:
        return chosen if chosen.suffix == ".db" or _is_database(chosen) else ledger_of(chosen)
    here = sorted(path for path in Path().glob(f"*{SUFFIX}") if not path.name.startswith("."))
    if len(here) == 1:
        return here[0]
    message = "there are several ledgers here" if here else "there is no ledger here"
    hint = "Name the list: guide ledger recipients.csv"
    raise GuideError(error("no-ledger", message, Place(""), hint))


def _is_database(path: Path) -> bool:
    """Return True if a file is a ledger itself, whatever its name: `--ledger FILE` takes any."""
    try:
        with path.open("rb") as file:
            return file.read(len(_SQLITE)) == _SQLITE
    except OSError:
        return False


def look(path: Path, state: str, name: str, version: str) -> list[LedgerEntry]:
    """Return copies by number, filtered as `queries.entries` does; raises GuideError."""
    with Ledger.read(path) as ledger:
        return queries.entries(ledger, state=state, name=name, version=version)


def forget(path: Path, who: str) -> list[int]:
    """Remove a person and return the numbers that stay; raises GuideError."""
    with Ledger.change(path) as ledger:
        return book.forget(ledger, who)


def recall(path: Path, numbers: Sequence[int]) -> None:
    """Record that copies are withdrawn; raises GuideError."""
    with Ledger.change(path) as ledger:
        book.recall(ledger, numbers)


def as_csv(copies: Sequence[LedgerEntry]) -> str:
    """Return copies as CSV: no cell is a formula, whatever its author wrote (CWE-1236)."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    for copy in copies:
        values = (getattr(copy, name) for name in COLUMNS)
        cells = ["" if value is None else str(value) for value in values]
        formula = [c.startswith(_FORMULA) or c.lstrip().startswith(_FORMULA) for c in cells]
        table.writerow(["'" * bad + cell for cell, bad in zip(cells, formula, strict=True)])
    return text.getvalue()


def as_json(path: Path, copies: Sequence[LedgerEntry]) -> str:
    """Return copies as JSON, each with its history in order."""
    with Ledger.read(path) as ledger:
        history: dict[int, list[dict[str, object]]] = {}
        for event in queries.history(ledger):
            history.setdefault(event.number, []).append(dataclasses.asdict(event))
        versions = [version.version for version in queries.known(ledger).versions]
        facts = {"series": ledger.facts().get("series", ""), "versions": versions}
    plain = [
        dataclasses.asdict(copy) | {"history": history.get(copy.number, [])} for copy in copies
    ]
    for each in plain:
        del each["secret"]  # where a copy is that only its recipient is to find
    return json.dumps({**facts, "copies": plain}, indent=1, ensure_ascii=False)


def write_list(copies: Sequence[LedgerEntry], path: Path, ledger: Path) -> int:
    """Write a distribution list for printing and return its pages; raises GuideError.

    It carries the marking of the document that was given out last.
    """
    from guide.html.own_documents import distribution_list

    if not copies:
        message = "there are no copies to list"
        raise GuideError(error("no-ledger", message, Place(""), "Omit the filters."))
    title = copies[-1].title
    versions = list(dict.fromkeys(copy.version for copy in copies))
    plain = [dataclasses.asdict(copy) for copy in copies]
    with Ledger.read(ledger) as known:
        marking = known.facts().get("marking", "")
    html = distribution_list(title, versions, plain, PAPERS["a4"], marking)
    pdf = pipeline.typeset_job(html)
    output.write(path, pdf.data)
    return pdf.pages
