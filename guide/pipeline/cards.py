"""Which cards a deck has, and the stock that they are printed on."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

from guide.content.derive_cards import deck, selected
from guide.content.library import deck_kind, load_stock, other_paper, resolve_options
from guide.content.spread import Sheets
from guide.content.validate import did_you_mean
from guide.diagnostics.diagnostic import Diagnostic, GuideError, Place, error, note, warning
from guide.html.faces import Faces
from guide.model.content import Flashcard
from guide.model.kinds import Stock
from guide.pipeline.orders import cards_of_theme, given_options, spare
from guide.pipeline.task import Order, Task
from guide.units import parse_paper


def _sheets(stock: Stock | None, options: Mapping[str, Any]) -> Sheets:
    """Return how the cards of a deck lie on sheets."""
    own = bool(options["title-card"]) + bool(options["contents-card"])
    return Sheets(stock.per_sheet if stock else 1, options["order"] == "cut-stack", own)


def deck_cards(task: Task) -> tuple[Flashcard, ...]:
    """Return the cards that the pack's flashcards are made of."""
    pack, kind = task.pack, deck_kind(task.pack)
    options, _ = resolve_options(kind, given_options(task, kind), pack)  # said with the deck
    stock = None
    with contextlib.suppress(GuideError, ValueError):
        paper = parse_paper(task.settings.paper or options.get("paper") or pack.manifest.paper)
        stock = load_stock(str(options["stock"]), Place(""), pack, paper)
        stock = stock.folded() if options["duplex"] == "fold" else stock
    cards = deck(pack, options["derive"])
    return selected(cards, options, task.settings.tags, _sheets(stock, options))


def stock_of(task: Task, order: Order) -> Stock | None:
    """Return the stock to print on, as it is folded if it is; reports what is wrong with it."""
    options = order.options
    place = Place("--stock") if task.settings.stock else task.pack.at(f"{order.key}.stock")
    try:
        stock = load_stock(str(options["stock"]), place, task.pack, order.paper)
        _check_paper(task, order, stock)
        _, least = cards_of_theme(task, options)
        stock = stock.enlarged(least) if least else stock
        return stock.folded() if options["duplex"] == "fold" else stock
    except GuideError as exc:
        task.problems.add(*exc.diagnostics)
    except ValueError as exc:
        hint = "Choose smaller stock, or --duplex long-edge."
        task.problems.add(error("bad-stock", str(exc), place, hint))
    return None


def _check_paper(task: Task, order: Order, stock: Stock) -> None:
    """Warn that the stock is for another paper, unless the pack has chosen both."""
    own = (task.pack.manifest.documents or {}).get(order.kind.name, {})
    if task.settings.paper:
        place = Place("--paper")
    elif order.options.get("paper"):
        place = task.pack.at(f"{order.key}.paper")
    elif task.settings.stock or own.get("stock"):
        return
    else:
        place = task.pack.at("paper")
    found = other_paper(stock, order.paper, place)
    task.problems.add(*([found] if found else ()))


def chosen_cards(task: Task, order: Order, stock: Stock) -> tuple[Flashcard, ...]:
    """Return the cards that are chosen, in order; reports when there are none."""
    options, run = order.options, task.settings
    every = deck(task.pack, options["derive"])
    tags = run.tags or tuple(map(str, options["tags"]))
    known = {tag for card in every for tag in card.tags}
    place = Place("--tags") if run.tags else task.pack.at(f"{order.key}.tags")
    for tag in tags if known & {*tags} else ():
        if tag not in known:
            hint = did_you_mean(tag, known)
            task.problems.add(warning("unknown-tag", f"no card has the tag `{tag}`", place, hint))
    cards = selected(every, options, run.tags, _sheets(stock, options))
    if not cards:
        place = Place("--tags") if run.tags and every else task.pack.at(order.key)
        task.problems.add(*spare(task, order.kind, [_no_cards(every, tags, place)]))
    return cards


def _no_cards(every: Sequence[Flashcard], tags: tuple[str, ...], place: Place) -> Diagnostic:
    message, hint = "the deck has no cards", "Add cards."
    if every and tags:
        message = f"no card has the tag {' or '.join(f'`{tag}`' for tag in tags)}"
        known = sorted({tag for card in every for tag in card.tags})
        hint = did_you_mean(tags[0], known) or f"Tags in use: {', '.join(known[:12]) or 'none'}."
    return error("nothing-to-print", message, place, hint)


def printed_now(task: Task, order: Order, source: Faces, wrong: bool) -> tuple[Flashcard, ...]:
    """Return the cards to print of those chosen: all, or those not printed before.

    None are rendered to compare them if something is `wrong` with all.
    """
    from guide.html.cards import prelude
    from guide.html.templates import TemplateFault

    cards, options = source.request.cards, order.options
    if task.settings.printed is None:
        title, contents = bool(options["title-card"]), bool(options["contents-card"])
        cards = (*prelude(task.pack, cards, title, contents), *cards)
    elif not wrong:
        before = dict(task.settings.printed)
        try:
            now = source.fingerprints(cards)
        except TemplateFault as fault:
            task.problems.add(fault.diagnostic)
            return ()
        cards = tuple(card for card in cards if before.get(card.id) != now[card.id])
        if not cards:
            task.decks[order.kind.name] = now
            message = "no card is new or changed since that build; no sheets are made"
            task.problems.add(note("nothing-changed", message, task.pack.at(order.key)))
    source.printing(cards)
    return cards
