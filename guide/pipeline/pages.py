"""A document of pages: its markup is made here and typeset by a worker, and a booklet is made of it."""

from __future__ import annotations

import contextlib
import hashlib
import time
from dataclasses import dataclass

from guide.html.request import Request
from guide.model.artifacts import Html, Pdf
from guide.model.kinds import Piece
from guide.pipeline.bound import bound
from guide.pipeline.cards import deck_cards
from guide.pipeline.child import render_limit
from guide.pipeline.faults import attempt, report_faults
from guide.pipeline.inputs import digest_of_code
from guide.pipeline.jobs import typeset_job
from guide.pipeline.markups import markup
from guide.pipeline.orders import spare
from guide.pipeline.parts import Parts, Unsettled
from guide.pipeline.record import PDF, Output
from guide.pipeline.task import Document, Order, Task
from guide.system.digest import digest
from guide.system.pool import Job


@dataclass(frozen=True)
class Made:
    """A file of a document: its name without the folder, and its number of pages.

    `items` texts (faces, on sheets) were looked for in it, and `missing` of them are not there.
    """

    name: str
    data: bytes
    pages: int
    items: int = 0
    missing: int = 0
    media: str = PDF


@dataclass(frozen=True)
class Pages:
    """A document whose markup is made: its PDF if the store has it, or what makes it.

    That is one job, or the parts of the document.
    """

    document: Document
    html: Html
    key: str
    pdf: Pdf | None
    job: Job | None
    parts: Parts | None = None


def pieces(order: Order) -> list[tuple[Piece, str]]:
    """Return the files of a kind, each with the letter of its version, '' where there is but one."""
    count = min(26, int(order.options.get("versions") or 1))
    letters = [chr(97 + n) for n in range(count)] if count > 1 else [""]
    wanted = [p for p in order.kind.files if not p.when or order.options.get(p.when)]
    return [(piece, each) for piece in wanted for each in (letters if piece.versions else [""])]


def begin_pages(task: Task, order: Order, piece: Piece, version: str) -> Pages | None:
    """Make the markup of a document, and begin to typeset one that is not known."""
    started = time.perf_counter()
    stem = piece.output.removesuffix(".pdf") + (f"-{version}" if version else "")
    task.progress(stem, "render")
    kind, edition = order.kind, task.settings.edition
    cards = deck_cards(task) if "cards" in kind.prints else ()
    request = Request(
        task.pack, kind, order.options, order.paper, order.theme, cards, edition=edition,
        piece=piece, version=version, changes=task.changes,
    )  # fmt: skip
    html, found = markup(task, request)
    task.problems.add(*spare(task, kind, found))
    if html is None or task.problems.fatal:
        return None
    document = Document(task.pack, kind, f"{stem}.pdf", started, html.places)
    task.progress(stem, "typeset")
    key = f"pdf:{digest(html, digest_of_code())}"
    pdf: Pdf | None = task.store.value(key, Pdf)
    parts = _in_parts(task, html, document.stem) if pdf is None else None
    job = _whole(task, html) if pdf is None and parts is None else None
    return Pages(document, html, key, pdf, job, parts)


def _whole(task: Task, html: Html) -> Job:
    return task.pool.submit(typeset_job, html, size=len(html.markup))


def _in_parts(task: Task, html: Html, stem: str) -> Parts | None:
    """Begin to set the parts of a document; None for one that is set whole."""
    from guide.pdf.cut import cut

    found = cut(html.markup) if not html.fill else None
    if found is None:
        return None

    def progress(done: int, count: int) -> None:
        task.progress(stem, f"typeset {done}/{count}")

    parts = Parts(html, found, task.store, task.pool, progress)
    parts.begin()
    return parts


def _typeset(task: Task, pages: Pages) -> Pdf:
    """Wait for a document that is not known; what cannot be set in parts is set whole."""
    if pages.parts is not None:
        with contextlib.suppress(Unsettled):
            return bound(pages.parts)
    job = pages.job or _whole(task, pages.html)
    made: Pdf = job.result()
    return made


def finish_pages(task: Task, pages: Pages) -> list[Output]:
    """Wait for a document, and return its files: none if there is an error in its layout."""
    document = pages.document
    task.progress(document.stem, "typeset")
    pdf = pages.pdf or attempt(task, document, lambda: _typeset(task, pages))
    if pdf is None:
        return []
    if len(pdf.data) > task.most * 1_000_000:
        what = f"`{document.stem}` has {len(pdf.data) // 1_000_000} MB; {task.most} MB is the most"
        task.problems.add(render_limit(what), layout=True)
        return []
    if pages.pdf is None:
        task.store.keep(pages.key, pdf)
    warnings = report_faults(task, document, (*pages.html.forgotten, *pdf.faults))
    cached = pages.pdf is not None
    task.progress(document.stem, "cached" if cached else "done")
    if warnings is None:
        return []
    whole = Made(document.name, pdf.data, pdf.pages, pdf.items, pdf.missing)
    booklet = _booklet(task, document, pdf, cached) if task.settings.booklet else None
    return [file_of(document, whole, cached, warnings), *([booklet] if booklet else [])]


def _booklet(task: Task, document: Document, pdf: Pdf, cached: bool) -> Output | None:
    """Return a booklet once all pages of its document are known to be on it."""
    from guide.proof.prove import prove_imposed
    from guide.sheets.impose_pages import Scheme, impose_pdf

    name = f"{document.stem}-booklet.pdf"
    pressed = attempt(task, document, lambda: impose_pdf(pdf.data, Scheme(), name))
    if pressed is None:
        return None
    sheets = pressed.sheets
    proof = attempt(task, document, lambda: prove_imposed(pdf.data, sheets.data))
    if proof is None or report_faults(task, document, proof.faults) is None:
        return None
    made = Made(name, sheets.data, sheets.pages, proof.items, proof.missing)
    return file_of(document, made, cached, 0)


def file_of(document: Document, made: Made, cached: bool, warnings: int) -> Output:
    """Return a finished file of a document."""
    seconds = time.perf_counter() - document.started
    sha256 = hashlib.sha256(made.data).hexdigest()
    return Output(
        document.kind.name, made.name, made.pages, len(made.data), sha256, seconds, cached,
        warnings, made.items, made.missing, made.media, made.data,
    )  # fmt: skip
