"""What a handout prints, and in which order it gives way when there is no room."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from guide.html.cards import short_source
from guide.html.document import Document
from guide.html.parts import bibliography, drawn, figures
from guide.html.views import FigureView, HandoutView, PointView, SectionView, ShortSourceView
from guide.model.base import Item
from guide.model.content import Citation, Event

TERMS = 10  # the most linked ones
# How many of each a full sheet has: when items are omitted, no kind gives way alone.
_SHARES = {"facts": 9, "points": 8, "timeline": 14, "actors": 8, "glossary": 8, "figure": 2}
_MAP = re.compile(r"map|karte|carte|harta|karta|карта|plan", re.IGNORECASE)


def handout(document: Document, sections: list[SectionView], figure: str) -> HandoutView:
    """Return what a handout may print, and a rank for each thing: what has the lowest stays longest.

    Within each kind, items with the tag `core` come first. `figure` is the id or path of the picture
    to print; when it is '' it is the first map, or the first picture of the text.
    """
    pack = document.pack
    chosen = _figure(document, figure)
    picture = drawn(document, chosen) if chosen else None
    linked = _most_linked(document)
    points = list(_points(sections))
    ranks: dict[str, float] = {}
    ranks |= _ranked("facts", _core_first(pack.facts))
    ranks |= _ranked("timeline", _core_first(_over_time(pack.timeline)))
    ranks |= _ranked("actors", _core_first(pack.actors))
    ranks |= _ranked("glossary", [term.id for term in pack.glossary if term.id in linked])
    ranks |= _ranked("points", [point.at for point in sorted(points, key=lambda p: p.rank)])
    ranks |= _ranked("figure", [picture.at] if picture else [])
    return HandoutView(ranks, points, linked, picture, _sources(document))


def _ranked(kind: str, keys: Sequence[str]) -> dict[str, float]:
    return {key: (n + 0.5) / _SHARES[kind] for n, key in enumerate(keys)}


def _core_first(items: Iterable[Item]) -> list[str]:
    ordered = list(items)
    core = [item.id for item in ordered if "core" in item.tags]
    return core + [item.id for item in ordered if "core" not in item.tags]


def _over_time(events: Sequence[Event]) -> list[Event]:
    """Return events so that any number of the first ones is spread over the whole time.

    After van der Corput: the middle, the quarters, the eighths.
    """
    ordered = sorted(events, key=lambda event: (event.date.first, event.date.last))
    return [ordered[n] for n in sorted(range(len(ordered)), key=_mirrored)]


def _mirrored(number: int) -> float:
    result, part = 0.0, 0.5
    while number:
        result += part * (number & 1)
        number, part = number >> 1, part / 2
    return result


def _points(sections: Sequence[SectionView]) -> Iterator[PointView]:
    """Yield the key points; the first of every section ranks before the second of any."""
    for section in sections:
        for number, text in enumerate(section.key_points):
            at = f"{section.id}/point-{number + 1}"
            yield PointView(text, section.anchor, section.number, at, number)


def _most_linked(document: Document) -> set[str]:
    """Return the terms that the text names most often; of a pack without sections the first ones."""
    terms = document.pack.glossary
    if not document.outline.sections:
        return {term.id for term in terms[:TERMS]}
    uses: Counter[str] = Counter()
    for section in document.pack.sections:
        uses.update(term for _, _, term in document.context.linker.matches(section.body))
    order = {term.id: n for n, term in enumerate(terms)}
    ranked = sorted(order, key=lambda term: (-uses[term], order[term]))
    return set(ranked[:TERMS])


def _figure(document: Document, wanted: str) -> FigureView | None:
    every = figures(document)
    if wanted:
        return next((each for each in every if wanted in {each.id, each.path}), None)
    maps = (each for each in every if _MAP.search(f"{each.id} {each.path} {each.alt[:60]}"))
    return next(maps, every[0] if every else None)


def _sources(document: Document) -> list[ShortSourceView]:
    """Return the sources in few words, each with what names it: it is printed as long as one is."""
    named = document.citations.named
    return [
        ShortSourceView(
            source.id,
            source.label,
            short_source(document.pack, Citation(key=source.key)),
            named[source.key],
        )
        for source in bibliography(document)
    ]
