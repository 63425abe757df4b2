"""The views of a pack's parts, in the order in which they are printed."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from markdown_it.token import Token
from markupsafe import Markup, escape

from guide.diagnostics.diagnostic import Diagnostic, Place
from guide.html import views
from guide.html.document import Document
from guide.html.quiz import end_of_words, question_view
from guide.markup.blocks import plain
from guide.markup.citations import anchor
from guide.markup.codes import qr_svg
from guide.markup.collation import initial, sort_key
from guide.markup.context import Here
from guide.markup.numbering import Parsed, section_anchor
from guide.markup.to_html import render_tokens
from guide.markup.words import render_line
from guide.model.artifacts import SOURCE
from guide.model.content import Event, Figure, Section
from guide.model.lostfields import LostField, lost_notes
from guide.model.quiz import as_written

_MAX_TILES = 9
_SCRIPT = re.compile(r"(?<!\^)\^([^\s^~]+)\^(?!\^)|(?<!~)~([^\s^~]+)~(?!~)")


def sections(document: Document) -> list[views.SectionView]:
    """Return the sections, rendered."""
    return [_section(document, parsed) for parsed in document.outline.sections]


def _section(document: Document, parsed: Parsed) -> views.SectionView:
    section, context = parsed.section, document.context
    context.linker.used.clear()
    here = Here(
        item=section.id,
        place=section.at("body"),
        first_line=section.body_line,
        autolink=section.autolink and document.pack.manifest.autolink,
        heading_shift=parsed.shift,
    )
    _note_places(document, section)
    html = render_tokens(parsed.tokens, context, here)
    document.account(section.body, html, section.in_body, section.id, short=False)

    def texts(name: str) -> list[Markup]:
        values = enumerate(getattr(section, name))
        return [document.flowing(text, section, f"{name}.{n}") for n, text in values]

    def line(words: Sequence[Token]) -> Markup:
        return render_line(words, context.silent, Here(in_heading=True))

    return views.SectionView(
        id=section.id,
        anchor=section_anchor(section),
        number=parsed.number,
        title=document.inline(section.title, section, "title"),
        summary=document.flowing(section.summary, section, "summary"),
        objectives=texts("objectives"),
        key_points=texts("key_points"),
        html=html,
        headings=[views.HeadingView(name, line(words)) for name, words in parsed.headings],
        at=document.at(section),
    )


def _note_places(document: Document, section: Section) -> None:
    """Note where the parts of a section's front matter were written, for `data-at`."""
    places = document.context.places
    for name in ("title", "summary"):
        places[f"{section.id}/{name}"] = section.at(name)
    for name, key in (("objectives", "objective"), ("key_points", "point")):
        for n, _ in enumerate(getattr(section, name)):
            places[f"{section.id}/{key}-{n + 1}"] = section.at(f"{name}.{n}")


def figures(document: Document) -> list[views.FigureView]:
    """Return the pictures of the text that can be drawn, in reading order."""
    found = []
    for parsed in document.outline.sections:
        section = parsed.section
        notes: dict[int, list[Token]] = next(
            (t.meta["notes"] for t in parsed.tokens[:1] if t.type == "notes"), {}
        )
        for token in parsed.tokens:
            path = str(token.attrs.get("src", "")) if token.type == "figure" else ""
            figure = document.pack.picture(path)
            if figure is None or "decorative" in token.attrs:
                continue
            line = section.body_line + (token.map[0] if token.map else 0)
            place = Place(section.at("body").path, line, 1)
            here = Here(item=section.id, place=place, notes=notes)
            view = _figure(document, path, figure, token, here)
            document.context.places[view.at] = place
            found.append(view)
    return found


def _figure(
    document: Document, path: str, figure: Figure, token: Token, here: Here
) -> views.FigureView:
    """Return a picture with its caption, whose faults are reported where the text is rendered."""
    name = str(token.attrs.get("id") or path)
    alt = str(token.attrs.get("alt") or token.attrs.get("fig-alt") or figure.alt)
    words, context = token.children or [], document.context.silent
    caption = render_line(words, context, here)
    described = [word for word in words if word.type not in {"cite", "footnote_ref"}]
    alt = alt or " ".join(plain(render_line(described, context, here)).split())
    return views.FigureView(name, path, "", alt, caption, f"{here.item}/{name}")


def drawn(document: Document, figure: views.FigureView) -> views.FigureView:
    """Return the picture with its path in the document."""
    return replace(figure, src=document.assets.figure(figure.path)[0])


def timeline(document: Document) -> list[views.Era]:
    """Return the events by era, in the order of their dates."""
    eras: list[views.Era] = []
    last = ""
    for event in sorted(document.pack.timeline, key=lambda e: (e.date.first, e.date.last)):
        label = document.labels.era(event.date)
        if not eras or eras[-1].label != label:
            eras.append(views.Era(label))
        eras[-1].events.append(_event(document, event, last))
        last = eras[-1].events[-1].year
    return eras


def _event(document: Document, event: Event, last: str) -> views.EventView:
    year = document.labels.date(type(event.date)(event.date.year))
    return views.EventView(
        year=year,
        first_of_year=year != last,
        date_text=document.labels.date(event.date, event.end),
        title=document.inline(event.title, event, "title"),
        detail=document.flowing(event.detail, event, "detail"),
        **document.common(event),
    )


def glossary(document: Document) -> list[views.Letter]:
    """Return the terms by letter, in the alphabet's order."""
    letters: list[views.Letter] = []
    lang = document.pack.manifest.lang
    for term in sorted(document.pack.glossary, key=lambda t: sort_key(t.term, lang)):
        first = initial(term.term, lang)
        if not letters or letters[-1].letter != first:
            letters.append(views.Letter(first))
        view = views.TermView(
            term=term.term,
            abbreviation=term.abbreviation,
            aliases=term.aliases,
            definition=document.flowing(term.definition, term, "definition"),
            **document.common(term),
        )
        letters[-1].entries.append(view)
    return letters


def actors(document: Document) -> list[views.ActorGroup]:
    """Return the actors by kind; kinds in the order in which they first appear."""
    groups: dict[str, views.ActorGroup] = {}
    for actor in document.pack.actors:
        kind = actor.kind[:1].upper() + actor.kind[1:]
        role = document.flowing(actor.role, actor, "role")
        view = views.ActorView(
            name=actor.name,
            abbreviation=actor.abbreviation,
            role=role,
            role_end=end_of_words(role) if actor.detail else "",
            span_text=document.labels.span(actor.from_, actor.to),
            detail=document.flowing(actor.detail, actor, "detail"),
            **document.common(actor),
        )
        groups.setdefault(kind, views.ActorGroup(kind)).actors.append(view)
    return list(groups.values())


def facts(document: Document) -> list[views.FactView]:
    """Return the key figures in the file's order."""
    return [
        views.FactView(
            label=document.inline(fact.label, fact, "label"),
            value=with_scripts(fact.value),
            unit=with_scripts(fact.unit),
            as_of_text=document.labels.date(fact.as_of),
            core="core" in fact.tags,
            **document.common(fact),
        )
        for fact in document.pack.facts
    ]


def core_facts(found: list[views.FactView]) -> list[views.FactView]:
    """Return the figures for one page: those tagged `core`, else the first ones."""
    return ([fact for fact in found if fact.core] or found)[:_MAX_TILES]


def core_points(found: list[views.SectionView]) -> list[views.PointView]:
    """Return the first key point of each section, or all of a short pack."""
    every = len(found) <= 2
    return [
        views.PointView(point, section.anchor, section.number, f"{section.at}/point-{n}")
        for section in found
        for n, point in enumerate(section.key_points if every else section.key_points[:1], 1)
    ]


def questions(document: Document) -> list[views.QuestionView]:
    """Return the questions by level; right columns and orders are shuffled for good."""
    ordered = sorted(document.pack.questions, key=lambda q: q.level)
    return [question_view(document, as_written(q, n)) for n, q in enumerate(ordered, 1)]


RENDER: dict[str, Callable[[Document], list[Any]]] = {
    "sections": sections, "timeline": timeline, "glossary": glossary, "actors": actors,
    "facts": facts, "questions": questions,
}  # fmt: skip
"""What gives the views of each part that is rendered as a list."""


def bibliography(document: Document) -> list[views.SourceView]:
    """Return the cited sources."""
    found = []
    for source in document.citations.bibliography():
        at = f"{SOURCE}{source.key}"
        document.context.places[at] = document.pack.source_places.get(source.key, Place(""))
        name = anchor(source.key)
        found.append(views.SourceView(name, source.key, source.label, source.html, at))
    return found


def unprinted(
    document: Document, listed: Sequence[views.SourceView], markup: str
) -> list[Diagnostic]:
    """Return a note for each field that the citation style omits from the list in a markup."""
    lost = []
    if not any(str(source.html) in markup for source in listed[:1]):
        return []
    for key, name, text in document.citations.unprinted:
        fields = document.pack.source_fields.get(key, {})
        at = fields.get(name) or document.pack.source_places.get(key, Place(""))
        lost.append(LostField(name, key, text, at))
    return lost_notes(lost, document.citations.style_name)


def links(document: Document) -> list[views.LinkView]:
    """Return the notes on external links, in the order in which they were met."""
    return [
        views.LinkView(
            **{**link, "qr": document.assets.add(qr_svg(link["url"]), "svg") if link["qr"] else ""}
        )
        for link in document.context.links.values()
    ]


def index(document: Document) -> list[views.IndexView]:
    """Return the terms that were linked, with the anchors of the links."""
    terms = {term.id: term for term in document.pack.glossary}
    found = [
        views.IndexView(i, terms[i].term, refs, document.at(terms[i]))
        for i, refs in document.context.index.items()
    ]
    lang = document.pack.manifest.lang
    return sorted(found, key=lambda entry: sort_key(entry.term, lang))


def with_scripts(text: str) -> Markup:
    """Return a value or unit as HTML: as written, but for `m^2^` and `CO~2~` (Pandoc's marks)."""
    made = _SCRIPT.sub(
        lambda m: f"<sup>{m[1]}</sup>" if m[1] else f"<sub>{m[2]}</sub>", escape(text)
    )
    return Markup(made)  # noqa: S704  it is escaped
