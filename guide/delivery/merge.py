"""One PDF for each class, for the printer, and one that lists who has which version."""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from guide import pipeline
from guide.copies.joined import joined
from guide.delivery.channels import registry
from guide.delivery.channels.folder import Folder
from guide.delivery.database import Ledger
from guide.delivery.names import safe
from guide.delivery.queries import entries as entries_of
from guide.delivery.queries import known as known_to
from guide.delivery.records import LedgerEntry, State, copies_named
from guide.delivery.request import Task
from guide.diagnostics.diagnostic import Diagnostic, GuideError, Place, error, note
from guide.foreign.apart import apart
from guide.html.own_documents import class_list
from guide.model.letters import fold
from guide.system import output
from guide.units import PAPERS


def merge(
    task: Task, ledger: Ledger, absent: Container[int]
) -> tuple[tuple[Path, ...], list[Diagnostic]]:
    """Write one PDF for each class, and one with who has which version; return what is missing, too.

    Classes, names and their order are those of the list as it is now; nothing is printed for
    people who are `absent`: they are not in it any more.
    They are made of the files in the folder each time, so that they are whole after any kill.
    """
    entries, problems = _there(task, ledger, absent)
    groups = _groups(task, _as_listed(ledger, entries))
    problems += _emptied(task, {*_groups(task, entries)} - {*groups})
    paths: list[Path] = []
    for stem, group in groups.items():
        copies = [copy for entry in group if (copy := _on_disk(task, entry, problems)) is not None]
        if len(copies) < len(group):
            continue
        title = " · ".join(filter(None, (task.about.title, group[0].organisation)))
        try:
            whole: bytes = joined(copies, title) if task.about.editions is not None else apart(
                joined, copies, title, name=str(task.request.source), size=sum(map(len, copies))
            )  # fmt: skip
        except (GuideError, ValueError) as exc:
            message = f"the copies cannot be merged: {exc}"
            problems.append(error("not-merged", message, Place(str(task.out))))
            continue
        for name, data in ((stem, whole), (f"{stem}-list", _listed(task, group, title))):
            output.write(task.out / f"{name}.pdf", data)
            paths.append(task.out / f"{name}.pdf")
    return tuple(paths), problems


def _there(
    task: Task, ledger: Ledger, absent: Container[int]
) -> tuple[list[LedgerEntry], list[Diagnostic]]:
    """Return the copies that are merged, and what is to be said of those that are not."""
    problems = []
    given = entries_of(ledger, version=task.about.version, state=State.SENT)
    left = [entry.number for entry in given if entry.number in absent]
    sent = [entry for entry in given if entry.number not in absent]
    if left:
        they = "its person is" if len(left) == 1 else "their people are"
        message = f"{copies_named(left)}: {they} not in the list"
        hint = "To merge it, put the row back." if len(left) == 1 else "Put the rows back."
        message += " any more, so that nothing is printed for them"
        problems.append(note("not-merged", message, Place(task.list), hint))
    classes = registry.classes()
    entries = [entry for entry in sent if classes.get(entry.channel) is Folder]
    if others := len(sent) - len(entries):
        message = f"{others} copies went another way than into the folder, and are not merged"
        hint = "To merge them too, write folder under `channel`, and add --resend NUMBER."
        problems.append(note("not-merged", message, Place(task.list), hint))
    return entries, problems


def _as_listed(ledger: Ledger, entries: Iterable[LedgerEntry]) -> list[LedgerEntry]:
    """Return copies with the names and classes that the list has now, in the list's order."""
    known = known_to(ledger)
    people = {person.id: person for person in known.people}
    owners = {copy.number: people.get(copy.person) for copy in known.copies}
    listed = []
    for entry in entries:
        owner, place = owners.get(entry.number), len(people)
        if owner:
            place = owner.place
            entry = replace(entry, name=owner.name, organisation=owner.organisation)  # noqa: PLW2901
        listed.append((place, entry.number, entry))
    return [entry for _, _, entry in sorted(listed, key=lambda each: each[:2])]


def _emptied(task: Task, stems: Iterable[str]) -> Iterator[Diagnostic]:
    """Yield notes on the merged PDFs of classes that nobody is in any more: they are not made again."""
    for stem in sorted(stems):
        if (path := task.out / f"{stem}.pdf").exists():
            message = f"{path.name} is of a class that nobody in the list is in any more"
            hint = f"Delete {path.name} and {stem}-list.pdf."
            yield note("not-merged", message, Place(task.list), hint)


def _listed(task: Task, group: Sequence[LedgerEntry], title: str) -> bytes:
    about = task.about
    people = [(entry.number, entry.name, entry.quiz.upper()) for entry in group]
    page = class_list(title, people, about.paper or PAPERS["a4"], about.lang, about.marking)
    return pipeline.typeset_job(page).data


def _groups(task: Task, entries: Iterable[LedgerEntry]) -> dict[str, list[LedgerEntry]]:
    """Return copies by the name of the file that they go into, without ending: one a class."""
    groups: dict[str, list[LedgerEntry]] = {}
    for entry in entries:
        groups.setdefault(fold(entry.organisation), []).append(entry)
    named: dict[str, list[LedgerEntry]] = {}
    for group in groups.values():
        stem = f"{task.about.stem}-{safe(group[0].organisation) or 'all'}"
        number = 2
        while (name := stem) in named:
            stem = f"{name.removesuffix(f'-{number - 1}')}-{number}"
            number += 1
        named[stem] = group
    return named


def _on_disk(task: Task, entry: LedgerEntry, problems: list[Diagnostic]) -> bytes | None:
    """Return a copy as it was delivered into the folder; None after noting that it is not there."""
    try:
        data = (task.out / entry.file).read_bytes()
    except OSError:
        data = b""
    if hashlib.sha256(data).hexdigest() == entry.file_digest:
        return data
    message = f"copy {entry.number} is not in the folder as it was delivered"
    hint = f"Make it again: --resend {entry.number} --merge --send"
    problems.append(error("not-merged", message, Place(str(task.out)), hint))
    return None
