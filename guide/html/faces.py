"""Cards to faces: markup for a few cards at a time, and the key under which a card may be kept."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from markupsafe import Markup, escape

from guide.content.digests import digest_of_item
from guide.diagnostics.diagnostic import Diagnostic, Severity, error
from guide.diagnostics.suggest import nearest
from guide.html.cards import card_view, layout_of, n_of_m, short_source, short_sources
from guide.html.completeness import forgotten_of_card
from guide.html.document import Document
from guide.html.request import Request
from guide.html.stylesheets import stylesheets
from guide.html.templates import Templates
from guide.model.artifacts import Face, Fault, Html, Rendered
from guide.model.content import Citation, Flashcard
from guide.system.digest import digest

_CONTENT = re.compile(r"\bcontent\s*:\s*([^;}]+)")


@dataclass
class Faces:
    """Renders the cards of one deck, each once; `problems` collects what is wrong with them.

    `known` are cards that were rendered before in the same surroundings, by their digests; `used`
    those of this deck.

    A card is known by its finished markup, which names pictures by their digests: so its key has all
    that is printed on it, whatever a layout prints.
    """

    request: Request
    known: Mapping[str, Rendered] = field(default_factory=dict)
    used: dict[str, Rendered] = field(default_factory=dict, init=False)
    templates: Templates = field(init=False)
    document: Document = field(init=False)
    _made: dict[str, tuple[Face, Face]] = field(default_factory=dict, init=False)
    _lost: dict[str, tuple[Fault, ...]] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        pack, self.templates = self.request.pack, self.request.templates
        style, token = pack.manifest.citation_style, self.request.tokens.text
        self.document = Document.of(pack, (), style, token)
        context = self.document.context
        context.links_printed = context.notes_below = False

        def cited(cluster: Sequence[Citation], _kind: str = "") -> Markup:
            """Return citations in words: a card has no list of sources to number."""
            texts = [text for each in cluster if (text := short_source(pack, each))]
            return escape(f"({'; '.join(texts)})") if texts else Markup()

        context.cite = cited

    @property
    def problems(self) -> list[Diagnostic]:
        """The problems that rendering has found."""
        return self.document.problems

    @property
    def forgotten(self) -> list[Fault]:
        """What the layouts of these cards should have printed and did not."""
        return [fault for card in self.request.cards for fault in self._lost.get(card.id, ())]

    def printing(self, cards: Sequence[Flashcard]) -> None:
        """Print other cards from now on; what was rendered is kept."""
        self.request = replace(self.request, cards=tuple(cards))
        self.__dict__.pop("shell", None)  # it may print how many there are

    @cached_property
    def shell(self) -> Html:
        """The document around the faces; raises TemplateFault."""
        request, manifest = self.request, self.request.pack.manifest
        count = len(request.cards)
        name = f"{request.kind.name}/page.html"
        markup = self.templates.render(name, self.document.filters, **request.context, count=count)
        # All texts that faces may print: they show which scripts need fonts.
        words = [
            text
            for card in request.cards
            for text in (
                card.front, card.back, card.hint, *card.choices, *card.tags,
                *short_sources(request.pack, card),
            )
        ]  # fmt: skip
        return Html(
            title=manifest.title,
            lang=manifest.lang,
            markup=str(markup),
            stylesheets=stylesheets(request, "".join(words)),
            sizes=request.stock.sizes if request.stock else (),
            marking=manifest.marking,
            own=bool(request.pack.templates),
        )

    def html(self, cards: Sequence[Flashcard]) -> Html:
        """Return a document of these cards' faces, front and back in turn; raises TemplateFault."""
        faces = tuple(face for card in cards for face in self.faces(card))
        assets = self.document.assets_in("".join(face.markup for face in faces))
        return replace(self.shell, faces=faces, assets=assets)

    def faces(self, card: Flashcard) -> tuple[Face, Face]:
        """Return the front and the back of a card; raises TemplateFault."""
        if card.id not in self._made:
            key = digest_of_item(card)
            made = self.known.get(key) or self._rendered(card)
            self.used[key] = made
            self._made[card.id], self._lost[card.id] = made.faces, made.lost
            self.document.assets.files.update(made.assets)
            self.document.context.places.update(made.places)
        return self._made[card.id]

    def _rendered(self, card: Flashcard) -> Rendered:
        context = self.document.context
        before, context.places = context.places, {}
        try:
            faces, lost = self._sides(card)
            places = dict(context.places)
        finally:
            context.places = before
        assets = self.document.assets_in("".join(face.markup for face in faces))
        return Rendered(faces, lost, assets, places)

    def _sides(self, card: Flashcard) -> tuple[tuple[Face, Face], tuple[Fault, ...]]:
        request, kind = self.request, self.request.kind
        view = card_view(self.document, card, request.options, request.stock)
        template = f"{kind.name}/layouts/{view.layout}.html"

        def face(side: str) -> Face:
            context = {**request.context, "card": view.seen_from(side), "side": side}
            made = self.templates.render(template, self.document.filters, **context)
            return Face(at=card.id, markup=str(made), family=card.id)

        front, back = face("front"), face("back")
        # A layout that the pack has chosen may omit fields on purpose.
        chosen = request.has_own or view.layout != card.layout
        severity = Severity.WARNING if chosen else Severity.ERROR
        lost = forgotten_of_card(
            kind.whole.get("cards", ()), view, front.markup, back.markup,
            f"templates/{template}", severity,
        )  # fmt: skip
        return (front, back), lost

    def number_of(self, card: Flashcard) -> str:
        """Return the number of a card in its deck, in words: `14 of 341`."""
        return n_of_m(self.document.labels, card.number, card.count) if card.number else ""

    def missing_layouts(self) -> list[Diagnostic]:
        """Return an error for each layout that cards ask for and that does not exist."""
        found: dict[str, Diagnostic] = {}
        kind = self.request.kind.name
        looked = set[str]()
        for card in self.request.cards:
            name = layout_of(card, self.request.options)
            if name in looked:
                continue
            looked.add(name)
            path = f"{kind}/layouts/{name}.html"
            if "/" in name or self.templates.text(path) is None:
                near = nearest(name, self.templates.names(f"{kind}/layouts/"))
                hint = f"Write templates/{path}, or leave `layout` out."
                hint = f"did you mean `{near}`?" if near else hint
                place = card.at("layout")
                if name != card.layout:
                    place = self.request.pack.at(f"documents.{kind}.layouts")
                message = f"there is no card layout `{name}`"
                found[name] = error("unknown-layout", message, place, hint, card.id)
        return list(found.values())

    def key(self, card: Flashcard) -> str:
        """Return the digest of a card's finished faces; raises TemplateFault.

        The place of a card in the deck and in its file does not count, unless its layout prints it.
        """
        return digest(self.faces(card))

    def fingerprints(self, cards: Sequence[Flashcard]) -> dict[str, str]:
        """Return the digest of each card's content, for decks printed before; raises TemplateFault.

        The theme, the stock and the paper do not count, unless the layout prints them.
        """
        own = [css for name, css in self.shell.stylesheets if name.startswith("templates/")]
        printed = [text for css in own for text in _CONTENT.findall(css)]  # by the pack's sheets
        return {
            card.id: digest(card.id, [face.markup for face in self.faces(card)], printed)[:16]
            for card in cards
        }

    @cached_property
    def environment(self) -> str:
        """The digest of what all cards are set in: markup around them, stylesheets, sizes.

        An edition keeps its cards for itself: those that it omits stay known to the whole deck.
        """
        return digest(self.shell, self.request.edition)
