"""Numbered copies for the people of a list: planned, made, delivered and recorded, never twice."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from guide import pipeline
from guide.delivery import locks, queries
from guide.delivery.ahead import setting_ahead
from guide.delivery.channels import registry
from guide.delivery.channels.base import Channel
from guide.delivery.database import Ledger
from guide.delivery.decide import decide
from guide.delivery.document import documents, editions, look_at
from guide.delivery.ledger import Plan, ledger_of, mark_sent
from guide.delivery.letters import Letters, prepared
from guide.delivery.manifest import check_folder, write_records
from guide.delivery.merge import merge
from guide.delivery.planning import check_list, issue_of, planned, still_open, wish_of
from guide.delivery.recipe import recipe_of, sealed_with
from guide.delivery.recipients import recipients_of
from guide.delivery.records import Known, LedgerEntry
from guide.delivery.request import Count, Report, Request, Task, uncounted
from guide.delivery.send import Sending, deliver
from guide.diagnostics.diagnostic import Diagnostic, GuideError, Place, error, in_order
from guide.foreign.apart import RealTime
from guide.system import output
from guide.system.pool import Pool, Workers

_ALONE = 48  # copies that one process makes sooner than it starts others


def distribute(
    request: Request, count: Count = uncounted, building: pipeline.Progress = pipeline.silent
) -> Report:
    """Show who would get what; with `request.send`, make, deliver and record it.

    Raises GuideError when nothing can be planned. Without `send` nothing is written anywhere, except
    `mark_sent` into the ledger. What is refused leaves the ledger as it was.
    """
    reading = RealTime()
    about, source = look_at(request, reading)
    out = request.out or Path("build") / about.name / "copies"
    ledger = request.ledger or ledger_of(request.recipients)
    task = Task(request, about, out, ledger, source, reading, count=count, building=building)
    task, problems = recipients_of(task)
    if task.stopped(problems) or not request.send:
        return _rehearse(task, problems)
    channels, closed = registry.opened(_used(task), task)
    letters, faults = prepared(task)
    problems += [*closed, *faults]
    if task.stopped(problems):
        return _rehearse(task, problems)
    return _send(task, channels, letters, problems)


def _used(task: Task) -> set[str]:
    return {row.recipient.channel for row in task.rows}


def _report(
    task: Task, problems: list[Diagnostic], plan: Plan, copies: list[LedgerEntry], sending: bool
) -> Report:
    return Report(task.about, sending, task.out, task.ledger, len(task.rows), plan.had,
                  tuple(sorted(copies, key=lambda e: e.number)), in_order(problems),
                  not sending and task.stopped(problems))  # fmt: skip


# Without sending ------------------------------------------------------------------------------


def _rehearse(task: Task, problems: list[Diagnostic]) -> Report:
    """Plan on a copy of the ledger, which is then forgotten."""
    made: Mapping[str, bytes] = _source(task)
    with Ledger.rehearse(task.ledger) as ledger:
        known = queries.known(ledger)
        if not task.request.send and not task.request.mark_sent:
            problems += _try_channels(task)
            problems += prepared(task)[1]
            made = _try_documents(task, known, problems)
        stopped = task.stopped(problems)
        try:
            issue = issue_of(task, made)
            check_list(task, known, issue)
            check_folder(task, known)
            task, plan = planned(task, ledger, issue)
            problems += _notes(task, plan)
            if task.request.mark_sent and not task.request.send and not stopped:
                with Ledger.change(task.ledger) as kept:
                    mark_sent(kept, task.request.mark_sent)
        except GuideError as exc:
            problems += exc.diagnostics
            plan = Plan(task.about.version, task.about.named)
        problems += still_open(task, plan)
    return _report(task, problems, plan, [e for due in plan.due for e in due.entries], False)


def _source(task: Task) -> dict[str, bytes]:
    """Return the documents that are there before any is made."""
    return {"": task.source} if task.source else {}


def _notes(task: Task, plan: Plan) -> list[Diagnostic]:
    """Return what a plan says of people: nothing where rows were omitted, who would seem to be gone."""
    return [] if task.partial else [*plan.notes, *plan.questions]


def _try_channels(task: Task) -> list[Diagnostic]:
    """Return what would keep a channel from working: what `--send` refuses, a preview refuses."""
    ready, problems = registry.opened(_used(task), task)
    for channel in ready.values():
        channel.close()
    for folder in dict.fromkeys((task.out, task.ledger.parent)):
        there = next(each for each in (folder, *folder.absolute().parents) if each.exists())
        if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
            message = "the folder cannot be written to"
            hint = "Allow writing there, or name another: -o DIR for copies, --ledger FILE."
            problems.append(error("cannot-write", message, Place(str(there)), hint))
    return problems


def _try_documents(task: Task, known: Known, problems: list[Diagnostic]) -> Mapping[str, bytes]:
    """Return the documents as `--send` would make them, noting why they cannot be made or sealed.

    What is made is kept in the cache, where `--send` finds it. Where something else is wrong
    already, nothing is made.
    """
    made = _source(task)
    try:
        sealed_with(task, made)  # a wrong key is found sooner than a document is made
        if not task.source and not task.stopped(problems):
            made = documents(task, editions(task, known), problems)
            sealed_with(task, made)
    except GuideError as exc:
        problems += [each for each in exc.diagnostics if each not in problems]
    return made


# Sending --------------------------------------------------------------------------------------


def _send(
    task: Task, channels: Mapping[str, Channel], letters: Letters | None, problems: list[Diagnostic]
) -> Report:
    # What is refused is refused before anything is made.
    with Ledger.rehearse(task.ledger) as ledger:
        known = queries.known(ledger)
    try:
        issue = issue_of(task, _source(task))
        check_list(task, known, issue)
        decide(known, wish_of(task, issue))
    except GuideError as exc:
        raise GuideError(*in_order([*problems, *exc.diagnostics])) from exc
    with _workers(task, first=not known.copies) as pool:
        return _send_with(task, channels, letters, problems, pool)


def _workers(task: Task, first: bool) -> contextlib.AbstractContextManager[Workers]:
    """Return what makes the copies: this process, several, or a cluster; raises GuideError."""
    copies = sum(row.recipient.copies for row in task.rows)
    settings, modules = task.request.settings, ("guide.copies.stamp",)
    if settings.cluster is not None and copies > _ALONE:
        return pipeline.workers_of(settings.cluster, modules)
    workers = (settings.jobs or os.cpu_count() or 1) if copies > _ALONE else 1
    # Workers import their modules while the document is typeset; a later run may need none.
    return Pool(workers, modules, 1 if not first else 0, pipeline.SHARED_MODULES)


def _send_with(
    task: Task, channels: Mapping[str, Channel], letters: Letters | None,
    problems: list[Diagnostic], pool: Workers,
) -> Report:  # fmt: skip
    merged: tuple[Path, ...] = ()
    with Ledger.begin(task.ledger) as ledger, locks.folder(task.out):
        known = queries.known(ledger)
        check_folder(task, known)
        for name, channel in channels.items():
            used = any(copy.channel == name for copy in known.copies)
            channel.check(known.facts.get("id", ""), task.about.stem, used)
        with setting_ahead(task, pool, not known.copies) as ahead:
            made = documents(task, editions(task, known), problems)
        signature = sealed_with(task, made)
        output.try_to_write(task.out)
        issue = issue_of(task, made)
        task, plan = planned(task, ledger, issue)
        problems += [*_notes(task, plan), *still_open(task, plan)]
        output.sweep(task.out)
        write_records(task, ledger)  # what cannot be written is found before anything is sent
        for channel in channels.values():
            channel.claim(ledger.facts().get("id", ""))
        secrets = {e.number: due.entries[0].secret for due in plan.due for e in due.entries}
        with _recorded(task, ledger, pool, problems) if plan.due else contextlib.nullcontext():
            recipe = recipe_of(task, made, plan.due, signature)
            deliver(Sending(
                task, ledger, channels, recipe, pool, letters, issue.documents, ahead, secrets,
                problems, _tally(task.count, len(secrets)),
            ), plan.due)  # fmt: skip
        if task.request.merge:
            merged, missing = merge(task, ledger, plan.absent)
            problems += missing
        entries = queries.entries(ledger, version=task.about.version)
    copies = [entry for entry in entries if entry.number in secrets]
    return replace(_report(task, problems, plan, copies, True), merged=merged)


@contextlib.contextmanager
def _recorded(
    task: Task, ledger: Ledger, pool: Workers, problems: list[Diagnostic]
) -> Iterator[None]:
    """Note what stops a delivery; the records say how far it came."""
    try:
        yield
    except GuideError as exc:
        problems += exc.diagnostics
    finally:  # Ctrl-C as well
        try:
            write_records(task, ledger)
        except GuideError as exc:
            problems += [each for each in exc.diagnostics if each not in problems]
    problems += [pipeline.worker_died(how, "copies", Place(task.list)) for how in pool.deaths]


def _tally(count: Count, total: int) -> Callable[[int], None]:
    """Return what is called with copies that are done with, and reports how many are by then."""
    done = 0

    def counted(copies: int) -> None:
        nonlocal done
        done += copies
        count(done, total)

    count(0, total)
    return counted
