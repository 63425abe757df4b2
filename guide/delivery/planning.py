"""What a run asks of the ledger, and what is to be said of the plan that it gets."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from guide.delivery.answers import uncertain
from guide.delivery.channels import registry
from guide.delivery.database import Ledger
from guide.delivery.issues import is_of
from guide.delivery.ledger import SUFFIX, Plan, plan
from guide.delivery.names import readable, safe
from guide.delivery.queries import known
from guide.delivery.records import Issue, Known, Wish
from guide.delivery.request import Task
from guide.diagnostics.diagnostic import Diagnostic, GuideError, Place, error, note
from guide.model.letters import fold

_MOST = 100  # ledgers that are looked at
_HALF = 0.5  # of the rows: from there on it is the same list


def issue_of(task: Task, documents: Mapping[str, bytes]) -> Issue:
    """Return what is given out; `documents` are those that are made already."""
    about, request = task.about, task.request
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in documents.items()}
    return Issue(
        about.series, about.title, request.version if about.file else about.version,
        about.supersedes, digests, request.same_version, about.marking, about.file,
        request.same_document,
    )  # fmt: skip


def wish_of(task: Task, issue: Issue) -> Wish:
    """Return what the run asks of the ledger."""
    request = task.request
    facts = {"list": readable(request.recipients.name)}
    if request.link_base:
        facts["link_base"] = request.link_base
    return Wish(
        issue, [(row.recipient, row.line) for row in task.rows], task.list, str(task.ledger),
        registry.once(), request.resend, request.mark_sent, request.same, request.new, task.book,
        facts,
    )  # fmt: skip


def planned(task: Task, ledger: Ledger, issue: Issue) -> tuple[Task, Plan]:
    """Return what is due; with `--resend` only that, with `--limit` only the first.

    The ledger may know by what version the document goes: the task then says so. Raises GuideError.
    """
    found, about, limit = plan(ledger, wish_of(task, issue)), task.about, task.request.limit
    stem = about.stem
    if about.file and found.named and found.version != task.request.version:
        stem += f"-{safe(found.version, ascii_only=True)}"
    named = not about.file or found.named
    task = replace(task, about=replace(about, version=found.version, stem=stem, named=named))
    return task, replace(found, due=found.due[:limit]) if limit else found


def check_list(task: Task, there: Known, issue: Issue) -> None:
    """Raise GuideError when another ledger here has given this document to most of the list.

    Without it a list that was renamed would begin anew, and everybody would get a second copy.
    """
    if task.request.ledger is not None or there.copies or not task.rows:
        return
    rows = [row.recipient for row in task.rows]
    for path, other in _beside([task.request.recipients.parent], task.ledger):
        if not is_of(other, issue):
            continue
        people = {(fold(p.name), fold(p.email)) for p in other.people}
        both = sum((fold(who.name), fold(who.email)) in people for who in rows)
        if both and both >= _HALF * len(rows):
            message = (
                f"{path.name} has given this document to {both} of {len(rows)} people of the list"
            )
            hint = f"If it is the same list under another name: --ledger {path}. A ledger that you "
            hint += "name with --ledger is taken as it is."
            raise GuideError(error("list-renamed", message, Place(task.list), hint))


def still_open(task: Task, left: Plan) -> list[Diagnostic]:
    """Return what earlier runs left for a person to decide."""
    at = Place(str(task.ledger))
    recall = f"guide ledger {task.book} recall"
    problems = [uncertain(number, "", at) for number in left.uncertain]
    for number in left.failed:
        message = f"copy {number} could not be delivered by an earlier run"
        hint = f"Correct the row in the list, or try it again: --resend {number}. "
        hint += f"To give it up: `{recall} {number}`"
        problems.append(error("delivery-failed", message, at, hint))
    for number, state in left.lost:  # nothing that a person must do: nobody waits for it
        message = f"copy {number} is {state}; its recipient is not in the list any more"
        hint = f"To be done with it: `{recall} {number}`. If it arrived: --mark-sent {number}"
        problems.append(note("delivery-open", message, at, hint))
    return problems


# Ledgers beside a list that know its people already: the list, or its document, was renamed -----


def _beside(folders: Iterable[Path], but: Path) -> list[tuple[Path, Known]]:
    """Return the ledgers of some folders that can be read, without one."""
    found: dict[str, tuple[Path, Known]] = {}
    for folder in folders:
        for path in sorted(folder.glob(f"*{SUFFIX}"))[:_MOST]:
            real = os.path.realpath(path)
            if path.name.startswith(".") or real in {*found, os.path.realpath(but)}:
                continue
            try:
                with Ledger.read(path) as ledger:
                    found[real] = (path, known(ledger))
            except GuideError:  # whatever it is, it is not the ledger that is looked for
                continue
    return [*found.values()]


def owner_of(folder_id: str, copies: set[str], recipients: Path, but: Path) -> Path | None:
    """Return the ledger that a folder of copies belongs to, if it is beside the list or here."""
    for path, there in _beside([recipients.parent, Path()], but):
        same = folder_id and there.facts.get("id") == folder_id
        if same or (copies and copies <= there.ids):
            return path
    return None
