"""What is wrong with one pack: found while it is made, merged, accepted, and told in order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from guide.diagnostics.diagnostic import Diagnostic, Place, Severity, in_order, note
from guide.model.lostfields import once_each
from guide.model.pack import Accepted, Pack
from guide.pipeline.settings import Settings

# Errors of content that leave nothing out of the pack.
_WHOLE_PACK = {
    "answer-not-an-option", "bad-reference", "duplicate-id", "duplicate-option", "missing-source",
    "unknown-source", "unknown-term",
}  # fmt: skip
# Problems that follow from an omission, for which there is an error already.
_SECONDARY = {
    "dropped-reference", "nothing-to-print", "plan-too-short", "too-few-questions", "unknown-tag",
}  # fmt: skip
_WHOLE = {"over-budget", "card-overflow"}  # their messages say of what they speak
_MOST_PAGES = 3  # of a document that are named


@dataclass
class Problems:
    """What is wrong with a pack, in the order in which it was found.

    Those `of_layout` leave out their own document; an error of content stops all. `happened` is
    what befell this one run. `faults` of layout are told once for all the pages where they are.
    """

    settings: Settings
    pack: Pack | None
    found: list[Diagnostic] = field(default_factory=list)
    of_layout: set[Diagnostic] = field(default_factory=set)
    happened: list[Diagnostic] = field(default_factory=list)
    faults: dict[tuple[Any, ...], _Repeated] = field(default_factory=dict)

    def add(self, *problems: Diagnostic, layout: bool = False) -> None:
        """Add what was found."""
        self.found += problems
        self.of_layout |= {*problems} if layout else set()

    def add_fault(self, found: Diagnostic, document: str, page: int) -> None:
        """Add a fault of layout; page 0 is the document as a whole."""
        pages = self.faults.setdefault(cause(found), _Repeated(found)).pages
        known = pages.setdefault(document, [])
        if page and page not in known:
            known.append(page)

    def stop(self, problems: Iterable[Diagnostic]) -> bool:
        """Return whether an error is among problems that the author does not accept."""
        return any(self.pack is None or self.pack.manifest.stops(each) for each in problems)

    @property
    def fatal(self) -> bool:
        """Return whether nothing can be made, as far as is known."""
        return self.stop(d for d in self.found if d not in self.of_layout)

    def stopped(self, told: Sequence[Diagnostic]) -> bool:
        """Return whether no document is kept. Errors of layout have left theirs out already."""
        layout = set() if self.settings.strict else self.of_layout
        return any(d.severity == Severity.ERROR and d not in layout for d in told)

    def in_order(self, wrong: frozenset[str] = frozenset()) -> tuple[Diagnostic, ...]:
        """Return all to tell: merged, as the author accepts them, and as strict as the run is.

        `wrong` are the codes of the errors that were found when the pack was read.
        """
        # What is missing was said to be wrong, and need not be said to be missing.
        dropped = _SECONDARY if wrong - _WHOLE_PACK else {"dropped-reference"} if wrong else set()
        self.found = [d for d in self.found if d.code not in dropped]
        self.add(*(each.diagnostic for each in self.faults.values()), layout=True)
        self.faults = {}
        found = self.found if self.pack is None else self._accepted(self.pack, wrong)
        if self.settings.strict:
            found = [replace(d, severity=Severity.ERROR) if d.severity == Severity.WARNING else d
                     for d in found]  # fmt: skip
        return in_order(once_each(_once_about_a_colour(_once_about_the_marking(found))))

    def _accepted(self, pack: Pack, wrong: frozenset[str]) -> list[Diagnostic]:
        """Return problems with notes that say why for those that the author accepts.

        An entry that accepts nothing is a note, unless errors of the codes `wrong` kept the reader from it.
        """
        entries, used = pack.manifest.accept, set[int]()
        shown = []
        for found in self.found:
            numbers = pack.manifest.accepting(found)
            used |= {*numbers}
            if numbers:
                because = entries[numbers[0]].because
                found = replace(found, severity=Severity.NOTE, accepted=because)  # noqa: PLW2901
            shown.append(found)
        run = self.settings
        partly = any(d.severity == Severity.ERROR and d.code in wrong for d in shown)
        partly = partly or not run.layout or run.printed is not None
        if partly or run.kinds or run.edition or run.tags:
            return shown  # this run does not look at all that the pack has
        codes = {found.code for found in shown}
        unused = [n for n in range(len(entries)) if n not in used]
        return shown + [_unused(entries[n], codes, pack.at(f"accept.{n}")) for n in unused]


def _unused(entry: Accepted, codes: Iterable[str], place: Place) -> Diagnostic:
    from guide.diagnostics.suggest import nearest

    whose = f" of `{entry.id}`" if entry.id else ""
    message = f"nothing to accept: no `{entry.code}`{whose} was found"
    near = nearest(entry.code, [code for code in codes if code != entry.code])
    hint = f"did you mean `{near}`?" if near else "Delete the entry."
    return note("unused-accept", message, place, hint)


def _once_about_the_marking(problems: list[Diagnostic]) -> list[Diagnostic]:
    """Return problems with only one about the marking's length: that of the narrowest place."""
    if not any(found.code == "marking-too-long" for found in problems):
        return problems
    from guide.html.marking import narrowest

    return narrowest(problems)


def _once_about_a_colour(problems: list[Diagnostic]) -> list[Diagnostic]:
    """Return problems without the pale texts, if the accent colour that makes them so is among them."""
    if not any(found.code == "unreadable-text" for found in problems):
        return problems
    from guide.proof.contrast import HINT
    from guide.proof.trouble import PALE_HINT

    of_colours = {found.hint for found in problems if found.code == "unreadable-text"}
    if HINT not in of_colours:
        return problems
    return [d for d in problems if d.code != "unreadable-text" or d.hint != PALE_HINT]


def cause(found: Diagnostic) -> tuple[Any, ...]:
    """Return what tells one cause from another: not the document, and not a tenth of a mm."""
    words = re.sub(r"\d+(?:\.\d+)?", "#", found.message)
    if found.code == "card-overflow":
        words = ""  # a cloze is on both sides, and a reversed card is two cards
    place = found.place
    return found.code, place.path, place.line, place.column, found.severity, words


@dataclass(frozen=True)
class _Repeated:
    """A fault of layout, and the pages of each document in which it was found."""

    found: Diagnostic
    pages: dict[str, list[int]] = field(default_factory=dict)

    @property
    def diagnostic(self) -> Diagnostic:
        """The fault, said once for all documents."""
        if self.found.code in _WHOLE or not any(self.pages.values()):
            return self.found
        where = "; ".join(_pages(name, pages) for name, pages in self.pages.items())
        return replace(self.found, message=f"{where}: {self.found.message}")


def _pages(name: str, pages: Sequence[int]) -> str:
    if not pages:
        return name
    shown = ", ".join(map(str, pages[:_MOST_PAGES]))
    more = f" and {len(pages) - _MOST_PAGES} more" if len(pages) > _MOST_PAGES else ""
    return f"{name}, page{'s'[: len(pages) > 1]} {shown}{more}"
