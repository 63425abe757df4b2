"""An edition of a pack: what it has nothing for, and what it names although it leaves it out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial

from guide.content.references import mentions_of, mentions_of_pack
from guide.diagnostics.diagnostic import Diagnostic, Place, Severity, error, note, warning
from guide.model.base import Item
from guide.model.content import Actor, Term
from guide.model.kinds import Kind
from guide.model.letters import same_label
from guide.model.markup import placed_texts
from guide.model.pack import Pack
from guide.model.signs import without_code

LEAK = "edition-leak"
NOTHING = "nothing-to-print"
OF_EDITIONS = frozenset({LEAK, "dropped-reference"})
"""What a reader of an edition must not meet: it is sent to nobody unless the author accepts it."""


def nothing_for(kind: Kind, pack: Pack, edition: str, named: bool) -> Diagnostic:
    """Return the diagnostic for a document that a pack has no content for.

    It is a note if an edition alone has none, unless `named` says that this run asks for the kind.
    """
    needs = ", ".join(kind.needs)
    place = pack.at(f"documents.{kind.name}")
    if not edition:
        message = f"`{kind.name}` needs one of {needs}, and the pack has none"
        return error(NOTHING, message, place, "Add content, or leave it out.")
    message = f"`{kind.name}` needs one of {needs}, and the edition `{edition}` has none"
    hint = "Give some of these the tags of the edition, or build the kind without --edition."
    whole = pack.whole or pack
    if named or not any(getattr(whole, part) for part in kind.needs):
        return error(NOTHING, message, place, hint)
    return note(NOTHING, f"{message}: it is omitted", place, hint)


def spared(problems: Iterable[Diagnostic], kind: str, edition: str) -> list[Diagnostic]:
    """Return the problems of a document that nobody asked for: without content it is omitted."""
    found = []
    for problem in problems:
        if problem.code == NOTHING and problem.severity == Severity.ERROR:
            of = f" of the edition `{edition}`" if edition else ""
            message = f"`{kind}` is left out{of}: {problem.message}"
            problem = replace(problem, message=message, severity=Severity.NOTE)  # noqa: PLW2901
        found.append(problem)
    return found


def empty(pack: Pack, edition: str) -> Diagnostic:
    """Return the error for an edition, or a pack, without anything to print."""
    if edition:
        message = f"the edition `{edition}` has nothing to print"
        hint = "Give items its tags, or list documents that it has content for."
        return error(NOTHING, message, pack.at(f"editions.{edition}"), hint)
    hint = "Add a section, a glossary, cards or any other content beside pack.yaml."
    return error(NOTHING, "there is nothing to print yet", Place("pack.yaml", 1, 1), hint)


def leaks(pack: Pack, edition: str) -> Iterator[Diagnostic]:
    """Yield where the texts of an edition name a term or an actor that the edition leaves out.

    A term in double brackets is reported in every edition: its link leads nowhere. A name in plain
    words is reported where the edition leaves its item out by `without`, since an edition that is
    chosen by `tags` alone is a selection and need not hide the rest.
    """
    whole = pack.whole or pack
    kept = {same_label(name) for item in pack.items for name in _names(item)}
    gone = [item for item in _missing(whole.items, pack.items) if isinstance(item, Term | Actor)]
    terms = _by_name((item for item in gone if isinstance(item, Term)), kept)
    terms |= {item.id: item for item in gone if isinstance(item, Term) and item.id not in kept}
    for owner, mention, place in _mentions(pack):
        term = terms.get(same_label(mention))
        if term is not None:
            yield _leak(owner, mention, term, edition, place)
    unwanted = set(pack.manifest.editions[edition].without)
    hidden = _by_name((item for item in gone if unwanted & set(item.tags)), kept)
    if hidden:
        yield from _plain(pack, edition, hidden)


def source_leak(pack: Pack, edition: str) -> list[Diagnostic]:
    """Return the warning for an archive of an edition: the source in it is that of the whole pack."""
    gone = len(_missing(pack.whole.items, pack.items)) if pack.whole else 0
    if not gone:
        return []
    what = "1 item" if gone == 1 else f"{gone} items"
    message = f"the archive holds the source of the pack, with {what} that the edition `{edition}` leaves out"
    hint = "Keep the archive, and give readers the files of a build without --archive."
    return [warning(LEAK, message, pack.at(f"editions.{edition}"), hint)]


def _plain(pack: Pack, edition: str, hidden: dict[str, Item]) -> Iterator[Diagnostic]:
    """Yield where a text names a hidden item in plain words."""
    longest_first = sorted(hidden, key=lambda name: (-len(name), name))
    words = "|".join(r"\s+".join(map(re.escape, name.split())) for name in longest_first)
    pattern = re.compile(rf"(?<![\w-])(?:{words})(?![\w-])", re.IGNORECASE)
    for owner, text, place in _texts(pack):
        for match in pattern.finditer(without_code(text)):
            name = " ".join(match[0].split())
            item = hidden[same_label(name)]
            linked = text[: match.start()].rstrip().endswith("[[")  # reported already
            if not linked and not _is_another_word(name, item):
                yield _leak(owner, name, item, edition, place(match.start()))


def _is_another_word(name: str, item: Item) -> bool:
    """Return True for a word that is not spelled as the abbreviation that it equals: `who`, WHO."""
    same = [known for known in _names(item) if same_label(known) == same_label(name)]
    return name not in same and all(known.isupper() for known in same) and bool(same)


def _missing(whole: Iterable[Item], kept: Iterable[Item]) -> list[Item]:
    there = {id(item) for item in kept}
    return [item for item in whole if id(item) not in there]


def _names(item: Item) -> tuple[str, ...]:
    """Return the names of a term or an actor, none for other items."""
    if isinstance(item, Term):
        return tuple(filter(None, (item.term, item.abbreviation, *item.aliases)))
    if isinstance(item, Actor):
        return tuple(filter(None, (item.name, item.abbreviation)))
    return ()


def _by_name(items: Iterable[Item], kept: set[str]) -> dict[str, Item]:
    """Return items by their names in small letters; a name that a kept item has too hides nothing."""
    found: dict[str, Item] = {}
    for item in items:
        for name in _names(item):
            folded = same_label(name)
            if folded not in kept:
                found.setdefault(folded, item)
    return found


def _mentions(pack: Pack) -> Iterator[tuple[Item | None, str, Place]]:
    """Yield the terms in double brackets, with whose text it is and where."""
    for mention, place in mentions_of_pack(pack):
        if mention.kind == "term":
            yield None, mention.value, place
    for item in pack.items:
        for mention, place in mentions_of(item, pack):
            if mention.kind == "term":
                yield item, mention.value, place


def _texts(pack: Pack) -> Iterator[tuple[Item | None, str, Callable[[int], Place]]]:
    """Yield every text that is printed, with whose it is and where its characters were written."""
    for name in ("title", "subtitle", "summary", "marking"):
        text = str(getattr(pack.manifest, name))
        yield None, text, partial(pack.at(name).inside, text)
    for item in pack.items:
        for _, text, place in placed_texts(item):
            yield item, text, place
        for name in ("value", "unit", "name", "term", "abbreviation", "kind"):
            text = str(getattr(item, name, ""))
            yield item, text, partial(item.at(name).inside, text)


def _leak(owner: Item | None, name: str, item: Item, edition: str, place: Place) -> Diagnostic:
    whose = f"`{owner.id}`" if owner else "pack.yaml"
    message = f"{whose} names `{name}`, which the edition `{edition}` leaves out ({item.at()})"
    hint = "Reword the text, omit its item as well, or give the other one the edition's tags."
    return warning(LEAK, message, place, hint, owner.id if owner else "")
