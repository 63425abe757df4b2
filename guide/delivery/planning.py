"""What a run asks of the ledger, and what is to be said of the plan that it gets."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace

from guide.delivery.answers import uncertain
from guide.delivery.channels import registry
from guide.delivery.database import Ledger
from guide.delivery.ledger import Plan, plan
from guide.delivery.names import readable, safe
from guide.delivery.records import Issue, Known, Wish
from guide.delivery.request import Task
from guide.delivery.siblings import known_elsewhere
from guide.diagnostics.diagnostic import Diagnostic, GuideError, Place, error, note


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


def check_list(task: Task, known: Known, issue: Issue) -> None:
    """Raise GuideError when another ledger here is that of this list, which was renamed."""
    if task.request.ledger is not None or known.copies:
        return
    listed = [(row.recipient, row.line) for row in task.rows]
    if found := known_elsewhere(listed, issue, task.request.recipients, task.ledger):
        raise GuideError(found)


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
