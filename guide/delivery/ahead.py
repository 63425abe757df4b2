"""The labels of a first run, set while its document is typeset, which takes one core."""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections.abc import Iterator, Mapping

from guide.copies.labels import LabelSetter, SetLabel, set_ahead
from guide.copies.places import slots
from guide.delivery.recipe import CHUNK, style_of
from guide.delivery.request import Task
from guide.model.copies import CopyLabel
from guide.model.pageview import PageView
from guide.system.pool import Workers
from guide.units import POINTS_PER_MM, Paper

Ahead = Mapping[tuple[str, CopyLabel], SetLabel]
"""Labels in type, by language and by what they say without a copy's id."""


@contextlib.contextmanager
def setting_ahead(task: Task, pool: Workers, first: bool) -> Iterator[Ahead]:
    """Set labels meanwhile, if it is the `first` run; labels that are set are in the value that is yielded.

    They are what the ledger will say if all goes as it does nearly always; a label that turns out
    otherwise is set again.
    """
    paper = task.about.paper
    found: dict[tuple[str, CopyLabel], SetLabel] = {}
    if pool.workers < 2 or not first or paper is None:
        yield found
        return
    ended = threading.Event()
    worker = threading.Thread(target=_set_ahead, args=(task, pool, paper, ended, found))
    worker.start()
    try:
        yield found
    finally:
        ended.set()
        worker.join()


def _set_ahead(
    task: Task, pool: Workers, paper: Paper, ended: threading.Event,
    found: dict[tuple[str, CopyLabel], SetLabel],
) -> None:  # fmt: skip
    place = task.about.place
    page = PageView((0.0, 0.0, paper.width * POINTS_PER_MM, paper.height * POINTS_PER_MM))
    width = slots([page], place)[0].width
    total = sum(row.recipient.copies for row in task.rows)
    labels: dict[str, list[CopyLabel]] = {}
    numbers = itertools.count(1)
    for who in (row.recipient for row in task.rows):
        own = who.copies == 1
        labels.setdefault(who.language, []).extend(
            CopyLabel(next(numbers), total, who.name, who.organisation, "", own)
            for _ in range(who.copies)
        )
    for language, wanted in labels.items():
        setter = LabelSetter(style_of(task, language), (width,), bool(place.anchor))
        for start in range(0, len(wanted), CHUNK):
            if ended.is_set():
                return
            # What fails here is done again where it is reported.
            with contextlib.suppress(Exception):
                chunk = wanted[start : start + CHUNK]
                made = pool.submit(set_ahead, setter, chunk).result()
                found |= {(language, label): each for label, each in zip(chunk, made, strict=False)}
