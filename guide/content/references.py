"""What texts of a pack point at: sources, terms, figures and sections, footnotes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from guide.content.pictures import missing_alt
from guide.content.validate import did_you_mean
from guide.diagnostics.diagnostic import Diagnostic, Place, error, warning
from guide.markup.mentions import mentions
from guide.model.base import Item
from guide.model.content import Section
from guide.model.letters import same_name
from guide.model.markup import (
    Mention,
    placed_texts,
    read_citation,
)
from guide.model.pack import Pack

Found = Iterator[Diagnostic]
OF_A_PICTURE = re.compile(r"\.(?:png|jpe?g|svg|gif|webp|avif|bmp|tiff?)$", re.I)


def check_references(pack: Pack) -> Found:
    """Yield what is wrong with what the texts of a pack point at."""
    for rule in (_mentions, _open_citations, _anchors, _footnotes):
        yield from rule(pack)


def _unknown_source(key: str, pack: Pack, place: Place, item: str) -> Diagnostic:
    hint = did_you_mean(key, pack.sources)
    if "://" in key:
        hint = f'Write the key of a source. Add one to sources.yaml: `- {{id: a-key, title: ..., URL: "{key}"}}`.'
    elif not hint.startswith("did you"):
        hint = f"Add it to sources.yaml: `- {{id: {key}, title: ...}}`. {hint}".rstrip()
    return error("unknown-source", f"there is no source `{key}`", place, hint, item)


def _unknown_term(name: str, names: Mapping[str, str], place: Place, item: str) -> Diagnostic:
    hint = did_you_mean(name, sorted(set(names.values())))
    if OF_A_PICTURE.search(name):
        hint = f"For a picture, write ![Caption](<figures/{name.rpartition('/')[2]}>)."
    elif not hint.startswith("did"):
        hint = f"Add it to glossary.yaml, or write it without its double brackets. {hint}".strip()
    return error("unknown-term", f"the glossary has no term `{name}`", place, hint, item)


def _open_citations(pack: Pack) -> Found:
    """Find citations that have lost a bracket, and are printed unchanged."""
    for item in pack.items:
        for mention, place in mentions_of(item, pack):
            if mention.kind == "bare" and mention.value in pack.sources:
                yield _open_citation(mention.value, place, item)


def _open_citation(key: str, place: Place, item: Item) -> Diagnostic:
    message = f"`@{key}` is printed unchanged: a bracket of the citation is missing"
    hint = f"Write [@{key}], [-@{key}] after the author's name, or a semicolon between two sources: [@a; @{key}]."
    return warning("open-citation", message, place, hint, item.id)


def _targets(pack: Pack) -> dict[str, Place]:
    """Return every id that a `@fig-`, `@sec-` or `@tbl-` can point at."""
    targets: dict[str, Place] = {}
    for section in pack.sections:
        targets[section.id if section.id.startswith("sec-") else f"sec-{section.id}"] = section.at()
        for mention, place in mentions_of_body(section, pack):
            if mention.kind == "anchor":
                targets.setdefault(mention.value, place)
    return targets


def _mentions(pack: Pack) -> Found:
    """Check everything that a text points at."""
    targets = _targets(pack)
    names = _term_names(pack)
    for mention, place in mentions_of_pack(pack):
        if mention.kind == "cite" and mention.value not in pack.sources:
            yield _unknown_source(mention.value, pack, place, "")
        elif mention.kind == "term" and same_name(mention.value) not in names:
            yield _unknown_term(mention.value, names, place, "")
    for item in pack.items:
        for number, text in enumerate(item.sources):
            key = read_citation(text).key
            if key not in pack.sources:
                yield _unknown_source(key, pack, item.at(f"sources.{number}"), item.id)
        for mention, place in mentions_of(item, pack):
            name = mention.value
            if mention.kind == "cite" and name not in pack.sources:
                yield _unknown_source(name, pack, place, item.id)
            elif mention.kind == "ref" and name not in targets:
                hint = did_you_mean(name, targets) or "Give the target this id: {#...}."
                message = f"nothing has the id `{name}`"
                yield error("bad-reference", message, place, hint, item.id)
            elif mention.kind == "term" and same_name(name) not in names:
                yield _unknown_term(name, names, place, item.id)
            elif mention.kind == "image" and not _has_words(item, mention, pack):
                yield missing_alt(name, place)


def mentions_of_pack(pack: Pack) -> Iterator[tuple[Mention, Place]]:
    """Yield what the summary in pack.yaml points at, and where."""
    text = pack.manifest.summary
    for mention in mentions(text, pack.manifest.language):
        yield mention, pack.at("summary").inside(text, mention.offset)


def mentions_of(item: Item, pack: Pack) -> Iterator[tuple[Mention, Place]]:
    """Yield what the texts of an item point at, and where."""
    yield from placed_mentions(item, pack.manifest.language)


def placed_mentions(item: Item, language: str) -> tuple[tuple[Mention, Place], ...]:
    """Return what the texts of an item point at, and where, in a pack of a language."""

    def found() -> tuple[tuple[Mention, Place], ...]:
        return tuple(
            (mention, place(mention.offset))
            for name, text, place in placed_texts(item)
            for mention in mentions(text, language, name == "body")
        )

    return item.once(f"mentions {language}", found, lasting=True)


def mentions_of_body(section: Section, pack: Pack) -> Iterator[tuple[Mention, Place]]:
    """Yield what the text of a section points at, and where."""
    language = pack.manifest.language

    def found() -> tuple[tuple[Mention, Place], ...]:
        every = mentions(section.body, language, True)
        return tuple((mention, section.in_body(mention.offset)) for mention in every)

    yield from section.once(f"mentions of the body {language}", found, lasting=True)


def _anchors(pack: Pack) -> Found:
    """Ids in text must be unique: a link could lead to either."""
    seen: dict[str, Place] = {}
    for section in pack.sections:
        for mention, place in mentions_of_body(section, pack):
            if mention.kind != "anchor":
                continue
            if mention.value in seen:
                message = (
                    f"the id `{mention.value}` appears twice; the first is at {seen[mention.value]}"
                )
                yield error("duplicate-id", message, place, "Rename one of the two.", section.id)
            seen.setdefault(mention.value, place)


def _footnotes(pack: Pack) -> Found:
    """Every footnote that is called must be there, and every one that is there must be called."""
    for section in pack.sections:
        seen: set[tuple[str, str]] = set()
        for mention, place in mentions_of_body(section, pack):
            kind, name = mention.kind, mention.value
            if kind not in {"note", "uncalled"} or (kind, name) in seen:
                continue
            seen.add((kind, name))
            if kind == "note":
                message = f"there is no footnote `[^{name}]`"
                hint = f"Write it on a separate line: [^{name}]: text"
                yield error("bad-reference", message, place, hint, section.id)
            else:
                message = f"the footnote `[^{name}]` is never called, and not printed"
                hint = f"Put [^{name}] where it belongs, or delete it."
                yield warning("unused-footnote", message, place, hint, section.id)


def _has_words(item: Item, mention: Mention, pack: Pack) -> bool:
    """Return whether a picture can be read out: in a line of text the words in its brackets are."""
    inline = not isinstance(item, Section) and bool(mention.shown.strip())
    return inline or _has_alt(mention, pack)


def _has_alt(mention: Mention, pack: Pack) -> bool:
    if mention.given & {"alt", "fig-alt", "decorative"}:
        return True
    figure = pack.picture(mention.value)
    return figure is None or bool(figure.alt)


def _term_names(pack: Pack) -> dict[str, str]:
    names = {}
    for term in pack.glossary:
        for name in (term.term, term.abbreviation, *term.aliases, term.id):
            if name:
                names[same_name(name)] = term.term
    return names
