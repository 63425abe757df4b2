"""Rules over a whole pack: references that lead somewhere, dates that can be, facts with sources."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from guide.content.headings import check_headings
from guide.content.pictures import missing_alt
from guide.content.questions import check_duplicates, check_questions
from guide.content.references import (
    Found,
    check_references,
    mentions_of,
    mentions_of_pack,
    placed_mentions,
)
from guide.content.spoilers import spoilers
from guide.content.stylesheets import check_stylesheets
from guide.content.textslips import check_texts, slips_of
from guide.content.validate import did_you_mean
from guide.content.written import check_written, marks_of
from guide.diagnostics.diagnostic import Diagnostic, Place, Severity, error, warning
from guide.model import cloze
from guide.model.base import Item
from guide.model.content import Card, Fact, Section
from guide.model.dates import Date, later
from guide.model.letters import same_name
from guide.model.markup import BOXES, loose_marks, read_citation
from guide.model.pack import Pack
from guide.model.signs import is_blank

I = TypeVar("I", bound=Item)  # noqa: E741  an Item


def check_pack(pack: Pack, broken: Mapping[str, str] | None = None) -> list[Diagnostic]:
    """Return what is wrong with a pack as a whole.

    `broken` are the texts of the files of which something was omitted because it could not be
    read, by path; '' where nothing is known. What they may hold is not reported as missing: that
    would only repeat what is wrong with them.
    """
    lost = {path: text.casefold() for path, text in (broken or {}).items()}
    rules: list[Callable[[Pack], Found]] = [
        check_references, _missing_sources, _timeline, _spans,
        _cards, check_questions, _stale_facts, _terms, _card_pictures, check_written,
        check_duplicates, check_texts, check_headings, spoilers, check_stylesheets,
    ]  # fmt: skip
    if not lost:
        rules += [_unused_sources, _editions]
    found = (diagnostic for rule in rules for diagnostic in rule(pack))
    return [diagnostic for diagnostic in found if not _is_consequence(diagnostic, lost)]


def of_item(item: I, language: str) -> I:
    """Return an item of which is known what the rules ask of it alone, wherever it is kept."""
    if not item.id.startswith("?"):  # it is given a name, and becomes another
        placed_mentions(item, language)
        slips_of(item)
        marks_of(item)
    return item


def check_marks(section: Section) -> list[Diagnostic]:
    """Return which blocks of a section are never closed, and which marks close or open nothing."""
    found = []
    for mark in loose_marks(section.body):
        place = Place(section.at("body").path, mark.line + section.body_line - 1, 1)
        if mark.kind == "code":
            message = f"the code that {mark.shown} begins here is never closed"
            hint = f"Write {mark.shown} on a separate line where the code ends."
            found.append(error("unclosed-block", message, place, hint, section.id))
        elif mark.kind == "box":
            message = f"the box `{mark.shown}` that begins here is never closed"
            first, last = (n + section.body_line - 1 for n in (mark.first, mark.last))
            where = f"after line {last}"
            if first < last:
                where = f"after line {first} at the earliest and line {last} at the latest"
            hint = (
                f"Write ::: on a separate line where it ends, {where}. "
                "A box that holds another one has more colons."
            )
            found.append(error("unclosed-block", message, place, hint, section.id))
        elif mark.kind == "end":
            message = f"{mark.shown} closes nothing, and is printed"
            hint = "Delete it, or write `::: note` where a box begins."
            found.append(warning("stray-mark", message, place, hint, section.id))
        else:
            message = f"there is no box `{mark.shown[:40]}`; its marks are printed unchanged"
            hint = did_you_mean(mark.shown, BOXES)
            found.append(warning("unknown-box", message, place, hint, section.id))
    return found


_HOMES = {"unknown-source": "sources.", "unknown-term": "glossary.", "bad-reference": "sections/"}


def _is_consequence(problem: Diagnostic, broken: Mapping[str, str]) -> bool:
    """Return whether a problem only follows from files that could not be read whole.

    `broken` are the texts of files that have errors, case-folded, by path; '' where there is none.
    What they define may well be there: a source that is cited is not unknown because sources.yaml
    lacks a quote.
    """
    if problem.code == "missing-source":
        return problem.place.path in broken
    home = _HOMES.get(problem.code)
    name = re.search(r"`([^`]+)`", problem.message)
    if home is None or name is None:
        return False
    return any(
        not text or _may_define(name[1].casefold(), path, text)
        for path, text in broken.items()
        if path.startswith(home)
    )


def _may_define(name: str, path: str, text: str) -> bool:
    """Return whether a file seems to hold a source, a term, or the target of a reference."""
    if not path.startswith("sections/"):
        return name in text
    if name.startswith("[^"):
        return f"{name}:" in text
    short = name.removeprefix("sec-")
    return f"#{name}" in text or f"id: {short}\n" in text or short in path.casefold()


def _cites_in_text(item: Item, pack: Pack) -> bool:
    return any(mention.kind == "cite" for mention, _ in mentions_of(item, pack))


def _missing_sources(pack: Pack) -> Found:
    bare = [item for item in pack.items if not item.sources and not _cites_in_text(item, pack)]
    if not bare:
        return
    hint = "Add `sources: [key]` with a key of sources.yaml."
    required = pack.manifest.require_sources
    if not pack.sources and not required:
        message = f"the pack has no sources; none of its {len(bare)} items says where it is from"
        yield warning("missing-source", message, bare[0].at(), hint)
        return
    make = error if required else warning
    for item in bare:
        yield make("missing-source", f"`{item.id}` has no source", item.at(), hint, item.id)


def _unused_sources(pack: Pack) -> Found:
    used = {read_citation(text).key for item in pack.items for text in item.sources}
    found = (mention for item in pack.items for mention, _ in mentions_of(item, pack))
    every = (*found, *(mention for mention, _ in mentions_of_pack(pack)))
    used |= {mention.value for mention in every if mention.kind == "cite"}
    used |= _parents(used, pack)
    for key, place in pack.source_places.items():
        if key not in used:
            hint = "Cite it, or delete it: only cited sources are printed."
            yield warning("unused-source", f"the source `{key}` is never cited", place, hint, key)


def _parents(used: set[str], pack: Pack) -> set[str]:
    """Return the sources whose fields are printed with those that are used (BibTeX's crossref)."""
    found: set[str] = set()
    waiting = list(used)
    while waiting:
        source = pack.sources.get(waiting.pop(), {})
        for parent in source.get("custom", {}).get("parents", ()):
            if parent not in found:
                found.add(parent)
                waiting.append(parent)
    return found


def _timeline(pack: Pack) -> Found:
    before: Date | None = None
    for event in pack.timeline:
        if before and event.date.first < before.first and event.date.last < before.last:
            hint = "Move it up; the timeline is printed in the order of the dates all the same."
            message = f"{event.date} comes after {before}"
            yield warning("dates-out-of-order", message, event.at("date"), hint, event.id)
        before = event.date
        if event.end and event.end.last < event.date.first:
            message = f"the end {event.end} is before the date {event.date}"
            yield error("bad-date", message, event.at("end"), "Swap the two.", event.id)


def _spans(pack: Pack) -> Found:
    for actor in pack.actors:
        if actor.from_ and actor.to and actor.to.last < actor.from_.first:
            message = f"`to` {actor.to} is before `from` {actor.from_}"
            yield error("bad-date", message, actor.at("to"), "Swap the two.", actor.id)


def _cards(pack: Pack) -> Found:
    for card in pack.cards:
        place = card.at()
        if card.cloze and (card.front or card.back):
            hint = "Keep `cloze`, or `front` and `back`."
            yield error(
                "card-shape", "a card is a cloze, or has a front and a back", place, hint, card.id
            )
        elif card.cloze and (faults := cloze.read(card.cloze)[1]):
            yield from _gaps(card, faults)
        elif card.cloze and not cloze.sides(card.cloze):
            hint = "Mark what is asked: The campaign lasted {{78}} days."
            yield error(
                "cloze-without-gap", "the cloze has no {{gap}}", card.at("cloze"), hint, card.id
            )
        elif not card.cloze and (is_blank(card.front) or is_blank(card.back)):
            missing = "front" if is_blank(card.front) else "back"
            hint = f"Add `{missing}: ...`, or write a `cloze`."
            if place.path.endswith((".csv", ".tsv")):
                hint = f"Fill in the column `{missing}` of row {place.line}, or delete the row."
            yield error("missing-key", f"the card has no `{missing}`", place, hint, card.id)


def _gaps(card: Card, faults: Iterable[cloze.GapFault]) -> Found:
    for fault in faults:
        place = card.at("cloze").inside(card.cloze, fault.offset)
        found = error("bad-gap", fault.message, place, fault.hint, card.id)
        yield found if fault.fatal else replace(found, severity=Severity.WARNING)


def _card_pictures(pack: Pack) -> Found:
    for card in pack.cards:
        figure = pack.picture(card.image)
        if card.image and figure and not figure.alt and figure.format in {"chart", "svg"}:
            yield missing_alt(card.image, card.at("image"))


def _stale_facts(pack: Pack) -> Found:
    for fact in pack.facts:
        rule = fact.review_after or pack.manifest.review_after
        if rule and fact.as_of and _is_stale(fact, rule, pack.manifest.date):
            hint = "Check the figure against a newer source and bring `as_of` up to date."
            message = f"`{fact.label}` is of {fact.as_of}, and due for review ({rule})"
            yield warning("stale-fact", message, fact.at("as_of"), hint, fact.id)


def _is_stale(fact: Fact, rule: str, today: Date | None) -> bool:
    """Compare with a date, or with an age at the date of the pack; the clock is never asked."""
    assert fact.as_of
    match = re.fullmatch(r"(\d+) ?([dwmy])[a-z]*", rule)
    if not match:
        return fact.as_of.last < Date.parse(rule).first
    if today is None:
        return False
    return later(fact.as_of.last, int(match[1]), match[2]) < today.first


def _terms(pack: Pack) -> Found:
    seen: dict[str, Place] = {}
    for term in pack.glossary:
        for name in filter(None, (term.term, term.abbreviation, *term.aliases)):
            if same_name(name) in seen:
                message = f"`{name}` names two terms; the first is at {seen[same_name(name)]}"
                hint = "Delete one of the two: a link could lead to either."
                yield warning("duplicate-term", message, term.at(), hint, term.id)
        for name in filter(None, (term.term, term.abbreviation, *term.aliases)):
            seen.setdefault(same_name(name), term.at())


def _editions(pack: Pack) -> Found:
    tags = {tag for item in pack.items for tag in item.tags}
    for name, edition in pack.manifest.editions.items():
        yield from _unknown_tags(name, "tags", edition.tags, tags, pack)
        yield from _unknown_tags(name, "without", edition.without, tags, pack)


def _unknown_tags(name: str, key: str, wanted: Iterable[str], tags: set[str], pack: Pack) -> Found:
    for number, tag in enumerate(wanted):
        if tag not in tags:
            place = pack.at(f"editions.{name}.{key}.{number}")
            message = f"no item has the tag `{tag}` that the edition `{name}` asks for"
            yield warning("unknown-tag", message, place, did_you_mean(tag, sorted(tags)))


def usable_cards(cards: Iterable[Card]) -> list[Card]:
    """Return the cards that a deck can be made from."""
    return [c for c in cards if (cloze.sides(c.cloze) if c.cloze else c.front and c.back)]
