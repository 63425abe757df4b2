"""The views of one document: a pack's items, rendered in the order in which they are printed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from string import digits
from typing import Any

from markdown_it.token import Token
from markupsafe import Markup, escape

from guide.diagnostics.diagnostic import Diagnostic, Place, error
from guide.diagnostics.suggest import nearest
from guide.html import views
from guide.markup import account
from guide.markup.assets import Assets
from guide.markup.blocks import has_blocks, plain
from guide.markup.charts import TokenValue
from guide.markup.citations import Citations, UnknownStyleError, anchor, style_names
from guide.markup.codes import qr_svg
from guide.markup.collation import initial, sort_key
from guide.markup.context import Context, Here
from guide.markup.glossary import Linker
from guide.markup.labels import Labels
from guide.markup.numbering import outline, section_anchor
from guide.markup.parse import MAX_DEPTH
from guide.markup.to_html import block, flowing, render_tokens
from guide.markup.words import inline, render_line
from guide.model.alike import end_of
from guide.model.artifacts import SOURCE
from guide.model.base import Item
from guide.model.content import (
    ChoiceQuestion,
    Citation,
    Event,
    Figure,
    Flashcard,
    MatchQuestion,
    OrderQuestion,
    Section,
    TrueFalseQuestion,
)
from guide.model.lostfields import LostField, lost_notes
from guide.model.markup import read_citation
from guide.model.origins import side_field
from guide.model.pack import Pack
from guide.model.parts import FIELDS, NAMED
from guide.model.quiz import Asked, as_written, in_right_order, letter
from guide.model.spoilers import gives_away

_MAX_TILES = 9


class Document:
    """Renders a pack's items for one document, and collects what is wrong with them."""

    def __init__(self, pack: Pack, parts: Iterable[str], style: str, token: TokenValue) -> None:
        self.pack = pack
        self.parts = set(parts)
        self.problems: list[Diagnostic] = []
        self._listed: list[views.SourceView] = []
        self.labels = Labels(pack.manifest.lang)
        self.citations = self._citations(style)
        self.assets = Assets(pack, token, self.problems.append)
        self.outline = outline(pack, pack.manifest.language)
        self._check_depth()
        self.context = Context(
            labels=self.labels,
            assets=self.assets,
            linker=Linker(pack.glossary, pack.manifest.lang),
            report=self.problems.append,
            cite=self.citations.mark,
            targets=self.outline.targets if "sections" in self.parts else {},
            terms_printed="glossary" in self.parts and bool(pack.glossary),
        )

    def _citations(self, style: str) -> Citations:
        lang = self.pack.manifest.lang
        try:
            return Citations(self.pack.sources, style, lang)
        except UnknownStyleError:
            near = nearest(style.strip().lower(), style_names())
            hint = f"did you mean `{near}`?" if near else "Use ieee, apa or another style of CSL."
            place = self.pack.at("citation_style")
            message = f"there is no citation style `{style}`"
            self.problems.append(error("unknown-style", message, place, hint))
            return Citations(self.pack.sources, "ieee", lang)

    def _check_depth(self) -> None:
        """Refuse lists and quotes nested so deeply that a parser would drop what follows."""
        for parsed in self.outline.sections:
            deep = next((t for t in parsed.tokens if t.level >= MAX_DEPTH), None)
            if deep is not None:
                section = parsed.section
                line = section.body_line + (deep.map[0] if deep.map else 0)
                message = f"lists and quotes are nested more than {MAX_DEPTH // 2} deep"
                place = Place(section.at("body").path, line, 1)
                hint = "Use headings, or fewer levels."
                self.problems.append(error("markdown-too-deep", message, place, hint, section.id))

    def inline(self, text: str, item: Item | None = None, name: str = "") -> Markup:
        """Return one line of Markdown; `item` and `name` say whose field it is."""
        place = item.at(name) if item else self.pack.at(name)
        made = inline(text, self.context, Here(item=item.id if item else "", place=place))
        self._account(text, made, place, item.id if item else "")
        return made

    def block(self, text: str, item: Item | None = None, name: str = "") -> Markup:
        """Return Markdown as blocks."""
        place = item.at(name) if item else self.pack.at(name)
        made = block(text, self.context, Here(item=item.id if item else "", place=place))
        self._account(text, made, place, item.id if item else "")
        return made

    def _account(self, text: str, made: Markup, place: Place, item: str) -> None:
        """Report what of a field is not in the HTML that was made of it."""
        found = account.lost(text, str(made), short=True)
        if found:
            self.problems += account.report(found, lambda at: place.inside(text, at), item)

    def _account_of_body(self, section: Section, made: Markup) -> None:
        """Report what of a section's text is not in the HTML that was made of it."""
        found = account.lost(section.body, str(made))
        self.problems += account.report(found, section.in_body, section.id)

    def flowing(self, text: str, item: Item | None = None, name: str = "") -> Markup:
        """Return the Markdown of a field: words alone, or blocks where it has several."""
        place = item.at(name) if item else self.pack.at(name)
        whose = item.id if item else ""
        here = Here(item=whose or "pack", place=place, field=f"{name}-" if name else "")
        made = flowing(text, self.context, here)
        self._account(text, made, place, whose)
        return made

    def _line(self, words: Sequence[Token]) -> Markup:
        return render_line(words, self.context.silent, Here(in_heading=True))

    def at(self, item: Item) -> str:
        """Note where an item stands, and return its key for `data-at`."""
        self.context.places[item.id] = item.at()
        return item.id

    def cites(self, item: Item) -> Markup:
        """Return the marks of an item's sources."""
        return self.citations.mark(map(read_citation, item.sources))

    def sections(self) -> list[views.SectionView]:
        """Return the sections, rendered."""
        found = []
        for parsed in self.outline.sections:
            section = parsed.section
            self.context.linker.used.clear()
            autolink = section.autolink and self.pack.manifest.autolink
            here = Here(
                item=section.id,
                place=section.at("body"),
                first_line=section.body_line,
                autolink=autolink,
                heading_shift=parsed.shift,
            )
            self._places_of(section)
            html = render_tokens(parsed.tokens, self.context, here)
            self._account_of_body(section, html)
            found.append(
                views.SectionView(
                    id=section.id,
                    anchor=section_anchor(section),
                    number=parsed.number,
                    title=self.inline(section.title, section, "title"),
                    summary=self.flowing(section.summary, section, "summary"),
                    objectives=self._texts(section.objectives, section, "objectives"),
                    key_points=self._texts(section.key_points, section, "key_points"),
                    html=html,
                    headings=[
                        views.HeadingView(name, self._line(words))
                        for name, words in parsed.headings
                    ],
                    at=self.at(section),
                )
            )
        return found

    def _places_of(self, section: Section) -> None:
        """Note where the parts of a section's front matter stand, for `data-at`."""
        places = self.context.places
        for name in ("title", "summary"):
            places[f"{section.id}/{name}"] = section.at(name)
        for name, key in (("objectives", "objective"), ("key_points", "point")):
            for n, _ in enumerate(getattr(section, name)):
                places[f"{section.id}/{key}-{n + 1}"] = section.at(f"{name}.{n}")

    def figures(self) -> list[views.FigureView]:
        """Return the pictures of the text that can be drawn, in reading order."""
        found = []
        for parsed in self.outline.sections:
            section = parsed.section
            notes: dict[int, list[Token]] = next(
                (t.meta["notes"] for t in parsed.tokens[:1] if t.type == "notes"), {}
            )
            for token in parsed.tokens:
                path = str(token.attrs.get("src", "")) if token.type == "figure" else ""
                figure = self.pack.picture(path)
                if figure is None or "decorative" in token.attrs:
                    continue
                name = str(token.attrs.get("id") or path)
                line = section.body_line + (token.map[0] if token.map else 0)
                at = f"{section.id}/{name}"
                self.context.places[at] = Place(section.at("body").path, line, 1)
                here = Here(item=section.id, place=self.context.places[at], notes=notes)
                found.append(self._figure(name, path, figure, token, here))
        return found

    def _figure(
        self, name: str, path: str, figure: Figure, token: Token, here: Here
    ) -> views.FigureView:
        """Return a picture with its caption, whose faults are reported where the text is rendered."""
        alt = str(token.attrs.get("alt") or token.attrs.get("fig-alt") or figure.alt)
        words, context = token.children or [], self.context.silent
        caption = render_line(words, context, here)
        said = [word for word in words if word.type not in {"cite", "footnote_ref"}]
        alt = alt or " ".join(plain(render_line(said, context, here)).split())
        at = f"{here.item}/{name}"
        return views.FigureView(name, path, "", alt, caption, at)

    def drawn(self, figure: views.FigureView) -> views.FigureView:
        """Return the picture with its path in the document."""
        return replace(figure, src=self.assets.figure(figure.path)[0])

    def _texts(self, texts: Sequence[str], item: Item, name: str) -> list[Markup]:
        return [self.flowing(text, item, f"{name}.{n}") for n, text in enumerate(texts)]

    def timeline(self) -> list[views.Era]:
        """Return the events by era, in the order of their dates."""
        eras: list[views.Era] = []
        last = ""
        for event in sorted(self.pack.timeline, key=lambda e: (e.date.first, e.date.last)):
            label = self.labels.era(event.date)
            if not eras or eras[-1].label != label:
                eras.append(views.Era(label))
            view = self._event(event, last)
            last = view.year
            eras[-1].events.append(view)
        return eras

    def _event(self, event: Event, last: str) -> views.EventView:
        year = self.labels.date(type(event.date)(event.date.year))
        return views.EventView(
            id=event.id,
            year=year,
            first_of_year=year != last,
            date_text=self.labels.date(event.date, event.end),
            title=self.inline(event.title, event, "title"),
            detail=self.flowing(event.detail, event, "detail"),
            cites=self.cites(event),
            at=self.at(event),
        )

    def glossary(self) -> list[views.Letter]:
        """Return the terms by letter, in the alphabet's order."""
        letters: list[views.Letter] = []
        lang = self.pack.manifest.lang
        for term in sorted(self.pack.glossary, key=lambda t: sort_key(t.term, lang)):
            first = initial(term.term, lang)
            if not letters or letters[-1].letter != first:
                letters.append(views.Letter(first))
            letters[-1].entries.append(
                views.TermView(
                    id=term.id,
                    term=term.term,
                    abbreviation=term.abbreviation,
                    aliases=term.aliases,
                    definition=self.flowing(term.definition, term, "definition"),
                    cites=self.cites(term),
                    at=self.at(term),
                )
            )
        return letters

    def actors(self) -> list[views.ActorGroup]:
        """Return the actors by kind; kinds in the order in which they first appear."""
        groups: dict[str, views.ActorGroup] = {}
        for actor in self.pack.actors:
            kind = actor.kind[:1].upper() + actor.kind[1:]
            group = groups.setdefault(kind, views.ActorGroup(kind))
            role = self.flowing(actor.role, actor, "role")
            group.actors.append(
                views.ActorView(
                    id=actor.id,
                    name=actor.name,
                    abbreviation=actor.abbreviation,
                    role=role,
                    role_end=_end(role) if actor.detail else "",
                    span_text=self.labels.span(actor.from_, actor.to),
                    detail=self.flowing(actor.detail, actor, "detail"),
                    cites=self.cites(actor),
                    at=self.at(actor),
                )
            )
        return list(groups.values())

    def facts(self) -> list[views.FactView]:
        """Return the key figures in the file's order."""
        return [
            views.FactView(
                id=fact.id,
                label=self.inline(fact.label, fact, "label"),
                value=with_scripts(fact.value),
                unit=with_scripts(fact.unit),
                as_of_text=self.labels.date(fact.as_of),
                cites=self.cites(fact),
                at=self.at(fact),
                core="core" in fact.tags,
            )
            for fact in self.pack.facts
        ]

    def core_facts(self, facts: list[views.FactView]) -> list[views.FactView]:
        """Return the figures for one page: those tagged `core`, else the first ones."""
        return ([fact for fact in facts if fact.core] or facts)[:_MAX_TILES]

    def core_points(self, sections: list[views.SectionView]) -> list[views.PointView]:
        """Return the first key point of each section, or all of a short pack."""
        every = len(sections) <= 2
        return [
            views.PointView(point, section.anchor, section.number, f"{section.at}/point-{n}")
            for section in sections
            for n, point in enumerate(section.key_points if every else section.key_points[:1], 1)
        ]

    def questions(self) -> list[views.QuestionView]:
        """Return the questions by level; right columns and orders are shuffled for good."""
        ordered = sorted(self.pack.questions, key=lambda q: q.level)
        return [self.question(as_written(q, n)) for n, q in enumerate(ordered, 1)]

    def question(self, asked: Asked, measure: int = 0) -> views.QuestionView:
        """Return a question; its options stand in columns where `measure` characters have room."""
        question = asked.question

        def texts(values: Iterable[str]) -> list[Markup]:
            return [self.flowing(value, question) for value in values]

        answer = self._answer(asked)
        return views.QuestionView(
            id=question.id,
            number=asked.number,
            type=question.type,
            level=question.level,
            points=question.points,
            lines=getattr(question, "lines", 0),
            prompt=self.flowing(question.prompt, question, "prompt"),
            options=texts(asked.options),
            pairs_left=texts(asked.left),
            pairs_right=texts(asked.right),
            items=texts(asked.items),
            answer_text=answer,
            answer_end=_end(answer),
            explanation=self.flowing(question.explanation, question, "explanation"),
            cites=self.cites(question),
            at=self.at(question),
            columns=_columns(asked.options, measure),
            key=asked.key,
        )

    def _answer(self, asked: Asked) -> Markup:
        question = asked.question
        if isinstance(question, ChoiceQuestion):
            right = [n for n, option in enumerate(asked.options) if letter(n) in asked.key]
            parts = [
                escape(f"{letter(n)}: ") + self.inline(asked.options[n], question) for n in right
            ]
            return Markup("; ").join(parts)
        if isinstance(question, TrueFalseQuestion):
            return escape(self.labels("True" if question.answer else "False"))
        if isinstance(question, MatchQuestion):
            return escape(", ".join(f"{n}\u2013{key}" for n, key in enumerate(asked.key, 1)))
        if isinstance(question, OrderQuestion):
            parts = [
                escape(f"{letter(n)}: ") + self.inline(asked.items[n], question)
                for n in in_right_order(asked)
            ]
            return Markup(" \u2192 ").join(parts)
        return self.flowing(question.answer, question, "answer")

    def bibliography(self) -> list[views.SourceView]:
        """Return the cited sources."""
        found = []
        for source in self.citations.bibliography():
            at = f"{SOURCE}{source.key}"
            self.context.places[at] = self.pack.source_places.get(source.key, Place(""))
            name = anchor(source.key)
            found.append(views.SourceView(name, source.key, source.label, source.html, at))
        self._listed = found
        return found

    def unprinted(self, markup: str) -> list[Diagnostic]:
        """Return a note for each field that the citation style leaves out of the list in a markup."""
        lost = []
        if not any(str(source.html) in markup for source in self._listed[:1]):
            return []
        for key, name, text in self.citations.unprinted:
            fields = self.pack.source_fields.get(key, {})
            at = fields.get(name) or self.pack.source_places.get(key, Place(""))
            lost.append(LostField(name, key, text, at))
        return lost_notes(lost, self.citations.style_name)

    def links(self) -> list[views.LinkView]:
        """Return the notes on external links, in the order in which they were met."""
        return [
            views.LinkView(
                number=link["number"],
                url=link["url"],
                text=link["text"],
                qr=self.assets.add(qr_svg(link["url"]), "svg") if link["qr"] else "",
                at=link["at"],
            )
            for link in self.context.links.values()
        ]

    def index(self) -> list[views.IndexView]:
        """Return the terms that were linked, with the anchors of the links."""
        terms = {term.id: term for term in self.pack.glossary}
        found = [
            views.IndexView(i, terms[i].term, refs, self.at(terms[i]))
            for i, refs in self.context.index.items()
        ]
        lang = self.pack.manifest.lang
        return sorted(found, key=lambda entry: sort_key(entry.term, lang))

    def card(
        self, card: Flashcard, layout: str, colour: str = "", langs: tuple[str, str] = ("", "")
    ) -> views.CardView:
        """Return a card's two sides, for a layout."""
        here = Here(item=card.id, place=card.at(), gaps=card.cloze)
        front, back = (self._side(card, getattr(card, s), here, s) for s in ("front", "back"))
        image, figure = self.assets.figure(card.image) if card.image else ("", None)
        self.context.places[card.id] = card.at()
        return views.CardView(
            id=card.id,
            number=card.number,
            image_side=card.image_side,
            n_of_m=self._number(card),
            heads=self._heads(card, front, back),
            layout=layout,
            front=front,
            back=back,
            hint=self.inline(card.hint, card, "hint"),
            choices=[
                escape(self.labels(text)) if card.truth else self.flowing(text, card)
                for text in card.choices
            ],
            image=image,
            image_alt=figure.alt if figure and figure.alt else plain(front),
            topic=self.topic(card),
            colour=colour,
            date_text=self._card_date(card),
            source=self._short_source(card),
            origin=card.origin,
            front_length=len(card.front),
            back_length=len(card.back),
            tags=card.tags,
            langs=langs,
            turned=card.turned,
        )

    def _side(self, card: Flashcard, text: str, here: Here, side: str) -> Markup:
        """Return one side; what the deck says of itself is HTML already."""
        here.place = card.at(side_field(card, side))
        if card.origin == "deck":
            return Markup(text)  # noqa: S704  made of escaped parts
        if card.origin in NAMED and side == NAMED[card.origin].verbatim:
            return with_scripts(text) if card.origin == "facts" else escape(text)
        answer = _ANSWER.match(text) if card.truth and side == "back" else None
        if answer:  # guide's own word; what the author wrote stays
            text = f"**{self.labels(answer[1])}**{text[answer.end() :]}"
        made = flowing(text, self.context, here)
        self._account(text, made, here.place, card.of or card.id)
        return made

    def _heads(self, card: Flashcard, front: Markup, back: Markup) -> tuple[str, str]:
        """Return the heads of front and back: on the front none that gives the answer away."""
        head = self.topic(card) or self.pack.manifest.title
        question = " ".join([plain(front), *card.choices])
        answer = f"{plain(back)} {self._card_date(card)}"
        return "" if gives_away(head, question, answer) else head, head

    def n_of_m(self, number: int | str, count: int | str) -> str:
        """Return the label of a card's number in its deck."""
        return self.labels("%(number)s of %(count)s") % {"number": number, "count": count}

    def _number(self, card: Flashcard) -> Markup:
        """Return what stands for a card's number until the deck is put together."""
        if not card.number:
            return Markup()
        signs = "".join(sorted({*self.n_of_m("", "").strip(), *digits, " "}))
        span = Markup('<span class="face-number" data-number="{}">{}</span>')
        return span.format(signs, self.n_of_m("0000", "0000"))

    def topic(self, card: Flashcard) -> str:
        """Return the topic of a card, '' when no tag names one.

        `air-campaign` reads Air campaign, `kfor` as the glossary has it.
        """
        tag = next((t for t in card.tags if t not in _HIDDEN_TAGS), "")
        words = tag.replace("-", " ")
        names = (n for t in self.pack.glossary for n in (t.abbreviation, t.term))
        known = next((name for name in names if name.casefold() == words.casefold()), "")
        return known or words[:1].upper() + words[1:]

    def _card_date(self, card: Flashcard) -> str:
        if "span" in FIELDS.get(card.origin, ()):
            return self.labels.span(card.start, card.end)
        return self.labels.date(card.start, card.end)

    def _short_source(self, card: Flashcard) -> str:
        """Return the first source in a few words: who, or what, and when."""
        return self.short_source(read_citation(card.sources[0])) if card.sources else ""

    def short_source(self, citation: Citation) -> str:
        """Return a source in a few words: who, or what, and when; '' when it is not known."""
        item = self.pack.sources.get(citation.key)
        if item is None:
            return ""
        people = item.get("author") or item.get("editor") or []
        names = [p.get("literal") or p.get("family") or "" for p in people]
        who = (
            names[0]
            + (" et al." if len(names) > 2 else f" & {names[1]}" if len(names) == 2 else "")
            if names
            else ""
        )
        year = _year(item.get("issued"))
        title = str(item.get("title-short") or item.get("title") or "")
        text = who or title
        if len(text) > 48:
            text = text[:46].rsplit(" ", 1)[0] + " \u2026"
        return f"{text}, {year}" if year else text


_SCRIPT = re.compile(r"(?<!\^)\^([^\s^~]+)\^(?!\^)|(?<!~)~([^\s^~]+)~(?!~)")
_ANSWER = re.compile(r"\*\*(True|False)\*\*(?=\n|\Z)")  # as content/derive_cards.py writes it
_LABEL = 6  # characters that a letter and the space after an option take


def with_scripts(text: str) -> Markup:
    """Return a value or unit as HTML: as written, but for `m^2^` and `CO~2~` (Pandoc's marks)."""
    made = _SCRIPT.sub(
        lambda m: f"<sup>{m[1]}</sup>" if m[1] else f"<sub>{m[2]}</sub>", escape(text)
    )
    return Markup(made)  # noqa: S704  it is escaped


def _end(text: Markup) -> str:
    """Return the full stop that words need before what explains them; blocks end by themselves."""
    return "" if has_blocks(text) else end_of(text.striptags())


def _columns(options: Sequence[str], measure: int) -> int:
    """Return in how many columns options stand: as many as leave room for the longest."""
    longest = max(map(len, options), default=0) + _LABEL
    wanted = (count for count in (4, 3, 2) if count * longest <= measure)
    alone = 1  # an option in a row by itself
    return next((n for n in wanted if n <= len(options) and len(options) % n != alone), 1)


_HIDDEN_TAGS = {"core", "student"}


def _year(issued: Any) -> str:
    """Return the year of a CSL date, or what it says instead."""
    date = issued or {}
    parts = date.get("date-parts") or [[]]
    return str(parts[0][0] if parts[0] else date.get("literal", ""))
