"""A document of cards: its cards and stock are chosen, and its faces are set while pages are made."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from guide.diagnostics.diagnostic import Diagnostic, Severity, error
from guide.html.cards import wrong_options
from guide.html.faces import Faces
from guide.html.request import Request, marking_problems
from guide.html.sheet_margins import BareSide, Furniture, Printed
from guide.html.templates import TemplateFault
from guide.model.kinds import Stock, page_budget
from guide.pipeline import deck
from guide.pipeline.cards import chosen_cards, printed_now, stock_of
from guide.pipeline.changed import reprint
from guide.pipeline.deck import BegunDeck, Deck, SetDeck
from guide.pipeline.faults import attempt, report_faults
from guide.pipeline.markups import KnownFaces
from guide.pipeline.pages import Made, file_of
from guide.pipeline.record import Output
from guide.pipeline.task import Document, Order, Task
from guide.sheets.plan_cards import Side, margins, plan


@dataclass(frozen=True)
class Flashcards:
    """A deck under way, and what gives the fingerprints of the cards that it was chosen from."""

    document: Document
    begun: BegunDeck
    fingerprints: Callable[[], dict[str, str]]


def begin_flashcards(task: Task, order: Order) -> Flashcards | None:
    """Choose the cards of a deck, and begin to set them; None, and why, when there is none."""
    started = time.perf_counter()
    stock = stock_of(task, order)
    cards = chosen_cards(task, order, stock) if stock else ()
    if stock is None or not cards:
        return None
    edition, kind = task.settings.edition, order.kind
    options = order.options
    request = Request(task.pack, kind, options, order.paper, order.theme, cards, stock, edition)
    known = KnownFaces(task, request)
    source = known.source
    wrong = [*source.missing_layouts(), *wrong_options(task.pack, kind, options),
             *marking_problems(request)]  # fmt: skip
    task.problems.add(*wrong)
    fingerprints = partial(source.fingerprints, cards)
    cards = printed_now(task, order, source, task.problems.stop(wrong))
    if not cards:
        task.problems.add(*source.problems)
        return None
    begun = _begin(task, order, source, stock, task.problems.stop(wrong))
    task.problems.add(*source.problems)
    if begun is None or task.problems.fatal:
        return None
    known.keep()
    places = {card.id: card.at() for card in cards} | {**source.document.context.places}
    document = Document(task.pack, kind, kind.output, started, places, source.request.cards)
    return Flashcards(document, begun, fingerprints)


def _begin(task: Task, order: Order, source: Faces, stock: Stock, wrong: bool) -> BegunDeck | None:
    """Begin to set a deck. None is made after an error; what is wrong with its texts is said."""
    cards, kind = source.request.cards, order.kind
    sides = plan(len(cards), stock, str(order.options["duplex"]), str(order.options["order"]))
    _check_budget(task, order, len(sides), stock.per_sheet)
    if task.changes and task.settings.printed is None:
        told = reprint(task.changes, cards, sides, task.pack.at(order.key))
        task.problems.add(*([told] if told else ()))
    made = Deck(
        source, _furniture(task, order, stock, sides), sides, stock, task.store, task.pool,
        task.settings.registration,
        lambda share: task.progress(kind.name, f"typeset {share:.0%}"),
        bool(task.settings.tags or task.settings.printed is not None),
    )  # fmt: skip
    try:
        if not task.problems.fatal:
            task.progress(kind.name, "typeset")
            return deck.begin(made)
        if not wrong:
            source.html(cards)
    except TemplateFault as fault:
        task.problems.add(fault.diagnostic)
    return None


def _furniture(task: Task, order: Order, stock: Stock, sides: Sequence[Side]) -> Furniture:
    """Return what is printed beside the cards of each side."""
    marks, ruler, bleed = (order.options[name] for name in ("marks", "ruler", "bleed"))
    duplex = str(order.options["duplex"])
    bare = [BareSide(side.sheet, side.back, margins(stock, side, duplex)) for side in sides]
    printed = Printed(duplex, str(marks), bool(ruler), float(bleed or 0))
    return Furniture(task.pack, order.kind, stock, printed, bare)


def _check_budget(task: Task, order: Order, sides: int, per_side: int) -> None:
    """Say that a deck takes more sides of sheets than its budget has."""
    most, multiple = page_budget(order.options.get("pages"))
    if sides % multiple == 0 and not (most and sides > most):
        return
    limit = f"at most {most}" if most and sides > most else f"a multiple of {multiple}"
    message = f"the sheets have {sides} pages, but the budget is {limit}"
    hint = f"A side holds {per_side} cards: choose by `tags`, smaller stock, or a larger budget."
    task.problems.add(error("over-budget", message, task.pack.at(f"{order.key}.pages"), hint))


def finish_flashcards(task: Task, cards: Flashcards) -> list[Output]:
    """Wait for a deck, and return its files: the report alone if there is an error in its layout."""
    document, name = cards.document, cards.document.kind.name
    done = attempt(task, document, lambda: deck.finish(cards.begun))
    if done is None:
        return []
    files, warnings = _files(task, cards, done)
    task.progress(name, "cached" if done.cached else "done")
    if task.settings.booklet:
        message = f"`{name}` is on sheets already; no booklet is made of it"
        place = task.pack.at(f"documents.{name}")
        task.problems.add(Diagnostic("no-booklet", message, place, "", Severity.NOTE))
    return [
        file_of(document, made, done.cached, 0 if n else warnings) for n, made in enumerate(files)
    ]


def _files(task: Task, cards: Flashcards, done: SetDeck) -> tuple[list[Made], int]:
    """Return the files of a deck and the number of warnings."""
    from guide.pipeline.deckfiles import deck_files, fit_report

    document = cards.document
    warnings = report_faults(task, document, done.faults)
    stem = document.stem + ("-changed" if task.settings.printed is not None else "")
    report: list[Made] = []
    if task.settings.fit_report:
        report = attempt(task, document, lambda: fit_report(done, stem)) or []
    if warnings is None:
        return report, 0

    def early(made: Made) -> None:
        task.early(file_of(document, made, done.cached, warnings))

    files, losses = attempt(task, document, lambda: deck_files(done, stem, early)) or ([], [])
    more = report_faults(task, document, losses)
    if more is None or not files:
        return report, warnings + (more or 0)
    task.decks[document.kind.name] = cards.fingerprints()
    return [*files, *report], warnings + more
