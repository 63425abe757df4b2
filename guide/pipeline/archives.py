"""Finished files as archives that hold the pack's source."""

from __future__ import annotations

import hashlib
import shlex
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from guide import __version__
from guide.content.editions import source_leak
from guide.pipeline.faults import attempt
from guide.pipeline.jobs import archive_job
from guide.pipeline.orders import not_archivable
from guide.pipeline.record import PDF, Output
from guide.pipeline.settings import Settings
from guide.pipeline.task import Document, Task


def archived(
    task: Task, documents: Mapping[str, Document], files: Sequence[Output], read: dict[str, bytes]
) -> list[Output]:
    """Return the files as archives, but for those that cannot be.

    `documents` has one of each kind, `read` the bytes of the pack's files by path.
    """
    from guide.pdf.archive import source_of

    pack, run = task.pack, task.settings
    task.problems.add(*source_leak(pack, run.edition))
    date = pack.manifest.date
    day = date.first if date else time.gmtime(run.epoch)[:3]
    source = source_of(pack.name, read, day, _how_made(pack.name, run))
    jobs = {file.path: task.pool.submit(archive_job, file.data, source, size=file.size)
            for file in files if file.media == PDF}  # fmt: skip
    made = []
    for file in files:
        found: bytes | str | None = file.data
        stem = file.path.removesuffix(".pdf")
        if file.path in jobs:
            task.progress(stem, "archive")
            found = attempt(task, documents[file.kind], jobs[file.path].result)
        if isinstance(found, bytes):
            sha256 = hashlib.sha256(found).hexdigest()
            made.append(replace(file, data=found, size=len(found), sha256=sha256))
        elif found is not None:
            not_archivable(task, file.kind, f"{stem}: {found}")
    return made


def _how_made(pack: str, settings: Settings) -> str:
    """Return how a document is made of a pack's source: what rebuild.txt says."""
    given = {
        "--edition": settings.edition, "--paper": settings.paper, "--theme": settings.theme,
        "--stock": settings.stock, "--duplex": settings.duplex, "--tags": ",".join(settings.tags),
    }  # fmt: skip
    command = ["guide", "build", pack, "--archive"]
    for option, value in given.items():
        command += [option, value] if value else []
    command += ["--booklet"] if settings.booklet else []
    for key, value in settings.overrides:
        command += ["-D", f"{key}={value}"]
    return f"Made by guide {__version__}. To make it again:\n\n  {shlex.join(command)}\n"
