"""Which version of which document is given out: told by its bytes first, then by what it is called."""

from __future__ import annotations

from dataclasses import dataclass

from guide.delivery.names import alike
from guide.delivery.records import Issue, Known, Version
from guide.diagnostics.diagnostic import Diagnostic, GuideError, Place, error, note

_SHORT = 8  # hexadecimal digits that stand for a version that nobody named
_CLOSE = 0.6  # how alike the titles of two versions are when the file's name is the same


@dataclass(frozen=True)
class Edition:
    """The version that is meant: one of the ledger's, or a new one (`known` is None).

    `named` is False where the version is only digits of the document's digest.
    """

    version: str
    named: bool
    known: Version | None
    supersedes: str = ""
    notes: tuple[Diagnostic, ...] = ()


def digests(known: Known) -> dict[str, list[Version]]:
    """Return the versions that had each document, by the document's digest, oldest first."""
    found: dict[str, list[Version]] = {}
    by_id = {version.id: version for version in known.versions}
    pairs = {(digest, version.id) for version in known.versions
             for digest in version.documents.values()}  # fmt: skip
    pairs |= {(copy.document, copy.version) for copy in known.copies if copy.document}
    for digest, number in sorted(pairs):
        found.setdefault(digest, []).append(by_id[number])
    return found


def recognise(known: Known, issue: Issue, ledger: str) -> Edition:
    """Return the version that is meant.

    Raises GuideError when the ledger is another document's, when the version is older than the last
    one, or when document and version do not go together: other bytes under a version that was given
    out, or the same bytes under another version.
    """
    at = Place(ledger)
    had = digests(known)
    known_bytes = any(digest in had for digest in issue.documents.values())
    notes = () if known_bytes else _same_document(known, issue, at)
    last = known.versions[-1] if known.versions else None
    version = issue.version or _unnamed(issue, last, had, at)
    chosen = next((each for each in known.versions if each.version == version), None)
    if chosen is None:
        _refuse_known_bytes(issue, last, had, at)
        supersedes = issue.supersedes or (last.version if last else "")
        return Edition(version, bool(issue.version), None, supersedes, notes)
    if last is not None and chosen.id != last.id:
        message = f"version {version} was superseded by {last.version}"
        hint = "Distribute the latest version, or give this one its own version."
        raise GuideError(error("version-superseded", message, at, hint))
    for edition, digest in () if issue.same_version else issue.documents.items():
        if digest not in had and edition in chosen.documents:
            message = f"the document has changed, but its version is still {version}"
            raise GuideError(error("version-unchanged", message, at, _renumber(issue)))
    named = not any(digest.startswith(version) for digest in had if chosen in had[digest])
    return Edition(version, named, chosen, notes=notes)


def _unnamed(issue: Issue, last: Version | None, had: dict[str, list[Version]], at: Place) -> str:
    """Return the version of a PDF that was given without one; raises GuideError."""
    digest = next(iter(issue.documents.values()), "")
    if digest in had:
        return had[digest][-1].version
    if last is None:
        return digest[:_SHORT]
    if issue.same_version:
        return last.version
    message = (
        f"the document has changed, and no version is named; {last.version} was given out last"
    )
    raise GuideError(error("version-unchanged", message, at, _renumber(issue)))


def _renumber(issue: Issue) -> str:
    if issue.file:
        how = "Name its version, and everybody gets it: --doc-version TEXT;"
    else:
        how = "Raise `version` in pack.yaml, and everybody gets the new one;"
    return f"{how} or add --same-version, and only those who have none yet get it."


def _refuse_known_bytes(
    issue: Issue, last: Version | None, had: dict[str, list[Version]], at: Place
) -> None:
    """Raise GuideError when a PDF's new version is the last one, byte for byte.

    A pack says its version itself, whether or not the document prints it.
    """
    found = [had.get(digest, []) for digest in issue.documents.values()]
    if not issue.file or last is None or not found or any(last not in each for each in found):
        return
    message = f"the document is byte for byte the one that was given out as version {last.version}"
    hint = "Leave --doc-version out: only those who have none yet get it. To send it to all again: "
    hint += "--resend all"
    raise GuideError(error("document-unchanged", message, at, hint))


def _same_document(known: Known, issue: Issue, at: Place) -> tuple[Diagnostic, ...]:
    """Raise GuideError when a ledger is another document's; return what is to be known otherwise.

    A title alone does not tell PDFs apart (`Document1` of a word processor), nor does a file's name
    (`scan`): both must be alike.
    """
    series, title, file = (known.facts.get(name, "") for name in ("series", "title", "file"))
    if not series or (issue.same_document and bool(file) == bool(issue.file)):
        return ()
    this = _called(issue.title if issue.file else issue.series, issue.file)
    if not issue.file:
        # Only a pack's folder may have another name; its bytes decide once they are made.
        kinds = {each.rpartition("/")[2] for each in (series, issue.series)}
        renamed = not issue.documents and len(kinds) == 1 and title == issue.title
        if series == issue.series or renamed:
            return ()
    elif _alike(series, title, file, issue):
        if file in {"", issue.file} and title == issue.title:
            return ()
        message = f"{this} counts as the next version of {_called(title, file)}"
        hint = "If it is another document, give it its own list, or its own ledger: --ledger FILE"
        return (note("renamed-document", message, at, hint),)
    message = f"the ledger is that of {_called(title or series, file)}, not of {this}"
    hint = "Give each document its own list, or its own ledger: --ledger FILE. If it is the same "
    hint += "document under another name: --same-document"
    raise GuideError(error("ledger-of-another", message, at, hint))


def is_of(known: Known, issue: Issue) -> bool:
    """Return True if a ledger has given out this document, or may have given out a version of it."""
    series, title, file = (known.facts.get(name, "") for name in ("series", "title", "file"))
    if {*issue.documents.values()} & {*digests(known)}:
        return True
    if not series or bool(file) != bool(issue.file):
        return False
    return _alike(series, title, file, issue) if issue.file else series == issue.series


def _alike(series: str, title: str, file: str, issue: Issue) -> bool:
    title = title or series
    if not file:  # a ledger from before file names were kept
        return series == issue.series
    if file == issue.file:
        return alike(title, issue.title, _CLOSE) or title == file or issue.title == issue.file
    return alike(title, issue.title) and alike(file, issue.file)


def _called(title: str, file: str) -> str:
    return f"`{title}` ({file}.pdf)" if file and file != title else f"`{title}`"
