"""Cards to faces: markup for a few cards at a time, and the key under which a card may be kept."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from markupsafe import Markup, escape

from guide.diagnostics.diagnostic import Diagnostic, Place, Severity, error
from guide.diagnostics.suggest import nearest
from guide.html.completeness import forgotten_of_card
from guide.html.document import Document
from guide.html.margins import Tokens
from guide.html.render import Request, Sheets, common_context, has_own
from guide.html.templates import Templates
from guide.html.views import CardView, Context
from guide.markup.labels import Labels
from guide.model.artifacts import Face, Fault, Html
from guide.model.content import Citation, Flashcard
from guide.model.kinds import Kind
from guide.model.markup import read_citation
from guide.model.pack import Pack
from guide.system.digest import digest


@dataclass
class Faces:
    """Renders the cards of one deck, each once; `problems` collects what is wrong with them.

    A card is known by its finished markup, which names pictures by their digests: so its key has all
    that is printed on it, whatever a layout prints.
    """

    request: Request
    templates: Templates = field(init=False)
    document: Document = field(init=False)
    _made: dict[str, tuple[Face, Face]] = field(default_factory=dict, init=False)
    _lost: dict[str, tuple[Fault, ...]] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        pack = self.request.pack
        self.templates = Templates(pack.templates)
        tokens = Tokens(self.templates, self.request.kind.name, self.request.theme)
        self.document = Document(pack, (), pack.manifest.citation_style, tokens.text)
        self.document.context.links_printed = False
        self.document.context.notes_below = False
        self.document.context.cite = self._cited

    def _cited(self, cluster: Sequence[Citation], _kind: str = "") -> Markup:
        """Return citations in words: a card has no list of sources to number."""
        texts = [self.document.short_source(citation) for citation in cluster]
        return escape(f"({'; '.join(text for text in texts if text)})") if any(texts) else Markup()

    @property
    def problems(self) -> list[Diagnostic]:
        """What was found while rendering."""
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
        request = self.request
        context = {**self._common, "count": len(request.cards)}
        filters = {"md": self.document.block, "mdi": self.document.inline}
        markup = self.templates.render(f"{request.kind.name}/page.html", filters, **context)
        words = [text for card in request.cards for text in self._words(card)]
        stock = request.stock
        return Html(
            title=request.pack.manifest.title,
            lang=request.pack.manifest.lang,
            markup=str(markup),
            stylesheets=Sheets(request, self.templates, self.document.labels).of("".join(words)),
            sizes=stock.sizes if stock else (),
            marking=request.pack.manifest.marking,
            own=bool(request.pack.templates),
        )

    def _words(self, card: Flashcard) -> tuple[str, ...]:
        """Return all texts that a card's faces may print: they say which scripts need fonts."""
        sources = (self.document.short_source(read_citation(text)) for text in card.sources[:1])
        return (card.front, card.back, card.hint, *card.choices, *card.tags, *sources)

    @cached_property
    def _common(self) -> Context:
        return common_context(self.request, self.document.labels)

    def html(self, cards: Sequence[Flashcard]) -> Html:
        """Return a document of these cards' faces, front and back in turn; raises TemplateFault."""
        faces = [face for card in cards for face in self.faces(card)]
        markup = "".join(face.markup for face in faces)
        files = self.document.assets.files
        shell = self.shell
        return Html(
            title=shell.title,
            lang=shell.lang,
            markup=shell.markup,
            stylesheets=shell.stylesheets,
            assets={path: data for path, data in files.items() if path in markup},
            faces=tuple(faces),
            sizes=shell.sizes,
            marking=shell.marking,
            own=shell.own,
        )

    def faces(self, card: Flashcard) -> tuple[Face, Face]:
        """Return the front and the back of a card; raises TemplateFault."""
        if card.id not in self._made:
            self._made[card.id] = self._both(card)
        return self._made[card.id]

    def _both(self, card: Flashcard) -> tuple[Face, Face]:
        view = self.document.card(card, self.layout(card), self._colour(card), self._langs(card))
        front, back = (self._face(card, view, side) for side in ("front", "back"))
        self._lost[card.id] = self._forgotten(card, view, front.markup, back.markup)
        return front, back

    def _face(self, card: Flashcard, view: CardView, side: str) -> Face:
        name = f"{self.request.kind.name}/layouts/{view.layout}.html"
        filters = {"md": self.document.block, "mdi": self.document.inline}
        seen = view.seen_from(side)
        markup = self.templates.render(name, filters, **self._common, card=seen, side=side)
        return Face(at=card.id, markup=str(markup), family=card.id)

    def _forgotten(
        self, card: Flashcard, view: CardView, front: str, back: str
    ) -> tuple[Fault, ...]:
        """Return what a layout does not print; a pack's own may do so on purpose."""
        kind, template = self.request.kind, f"layouts/{view.layout}.html"
        chosen = has_own(self.request) or view.layout != card.layout
        severity = Severity.WARNING if chosen else Severity.ERROR
        names = kind.whole.get("cards", ())
        return forgotten_of_card(
            names, view, front, back, f"templates/{kind.name}/{template}", severity
        )

    def layout(self, card: Flashcard) -> str:
        """Return the layout of a card: its own, that of its first tag with one, or the usual one."""
        usual = {"basic", "image", "cloze", *_DERIVED}
        if card.layout not in usual:
            return card.layout
        by_tag = self.request.options.get("layouts") or {}
        return str(next((by_tag[tag] for tag in card.tags if tag in by_tag), card.layout))

    def _langs(self, card: Flashcard) -> tuple[str, str]:
        """Return the languages of front and back; those of the deck count for authored cards."""
        usual = ("", "")
        if card.origin == "cards":
            options = self.request.options
            usual = (str(options.get("front_lang") or ""), str(options.get("back_lang") or ""))
            if card.turned:
                usual = usual[::-1]
        return card.front_lang or usual[0], card.back_lang or usual[1]

    def _colour(self, card: Flashcard) -> str:
        colours = self.request.options.get("colours") or {}
        return str(next((colours[tag] for tag in card.tags if tag in colours), ""))

    def number_of(self, card: Flashcard) -> str:
        """Return the number of a card in its deck, in words: `14 of 341`."""
        return self.document.n_of_m(card.number, card.count) if card.number else ""

    def missing_layouts(self) -> list[Diagnostic]:
        """Say which cards ask for a layout that there is not, once for each layout."""
        told: dict[str, Diagnostic] = {}
        for card in self.request.cards:
            name = self.layout(card)
            path = f"{self.request.kind.name}/layouts/{name}.html"
            if name not in told and ("/" in name or self.templates.text(path) is None):
                message = f"there is no card layout `{name}`"
                near = nearest(name, self.templates.names(f"{self.request.kind.name}/layouts/"))
                hint = f"Write templates/{path}, or leave `layout` out."
                hint = f"did you mean `{near}`?" if near else hint
                place = card.at("layout")
                if name != card.layout:
                    place = self.request.pack.at(f"documents.{self.request.kind.name}.layouts")
                told[name] = error("unknown-layout", message, place, hint, card.id)
        return list(told.values())

    def key(self, card: Flashcard) -> str:
        """Return the digest of a card's finished faces; raises TemplateFault.

        The place of a card in the deck and in its file does not count, unless its layout prints it.
        """
        return digest(self.faces(card))

    def fingerprints(self, cards: Sequence[Flashcard]) -> dict[str, str]:
        """Return the digest of what each card says, for decks printed before; raises TemplateFault.

        The theme, the stock and the paper do not count, unless the layout prints them.
        """
        return {card.id: self._fingerprint(card) for card in cards}

    def _fingerprint(self, card: Flashcard) -> str:
        return digest(card.id, [face.markup for face in self.faces(card)], self._written)[:16]

    @cached_property
    def _written(self) -> list[str]:
        """The texts that stylesheets of the pack's own print."""
        own = (text for name, text in self.shell.stylesheets if name.startswith("templates/"))
        return [text for each in own for text in _CONTENT.findall(each)]

    @cached_property
    def environment(self) -> str:
        """The digest of what all cards are set in: markup around them, stylesheets, sizes.

        An edition keeps its cards for itself: those that it leaves out stay known to the whole deck.
        """
        return digest(self.shell, self.request.edition)


_CONTENT = re.compile(r"\bcontent\s*:\s*([^;}]+)")

MOST_BLEED = 10  # mm; 3 is usual
_LANG = re.compile(r"([A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*)?")


def wrong_options(pack: Pack, kind: Kind, options: Mapping[str, Any]) -> list[Diagnostic]:
    """Say which colours, languages and lengths among a deck's options cannot be."""
    from tinycss2.color4 import parse_color

    found = []

    def wrong(name: str, message: str, hint: str) -> None:
        place = pack.at(f"documents.{kind.name}.{name}")
        found.append(error("bad-value", message, place, hint))

    for tag, colour in (options.get("colours") or {}).items():
        if not isinstance(colour, str) or parse_color(colour) is None:
            wrong(
                f"colours.{tag}",
                f"`{colour}` is not a colour",
                "Write '#a34a17', in quotes, or a CSS name.",
            )
    for side in ("front_lang", "back_lang"):
        lang = str(options.get(side) or "")
        if not _LANG.fullmatch(lang):
            wrong(side, f"`{lang}` is not a language tag", "Write de, sr-Cyrl or pt-BR.")
    bleed = float(options.get("bleed") or 0)
    if not 0 <= bleed <= MOST_BLEED:
        wrong(
            "bleed",
            f"a bleed of {bleed:g} mm cannot be",
            f"bleed: 0 to {MOST_BLEED} mm; 3 is usual.",
        )
    return found


def prelude(
    pack: Pack, cards: Sequence[Flashcard], title: bool, contents: bool
) -> tuple[Flashcard, ...]:
    """Return the cards that begin a deck: its name, and how many cards there are on which topic."""
    manifest, labels = pack.manifest, Labels(pack.manifest.lang)
    document = Document(pack, (), manifest.citation_style, lambda _: "")  # it draws nothing
    ids = {card.id for card in cards}
    count = labels("1 card")
    if len(cards) != 1:
        count = labels("%(count)s cards") % {"count": labels.number(len(cards))}
    made = []
    if title:
        lines = [
            labels("Version %(version)s") % {"version": manifest.version},
            *([labels.date(manifest.date)] if manifest.date else []),
            count,
            *manifest.authors,
        ]
        back = Markup("<ul>{}</ul>").format(
            Markup("").join(map(Markup("<li>{}</li>").format, lines))
        )
        place = pack.at("documents.flashcards.title-card")
        made.append(_own("deck-title", ids, "title", escape(manifest.title), back, place))
    if contents:
        counts = Counter(document.topic(card) for card in cards)
        row = Markup(
            '<tr><th scope="row" style="font-weight: 400">{}</th>'
            '<td style="text-align: right">{}</td></tr>'
        )
        rows = [
            row.format(topic or manifest.title, labels.number(n)) for topic, n in counts.items()
        ]
        back = Markup("<table><tbody>{}</tbody></table>").format(Markup("").join(rows))
        place = pack.at("documents.flashcards.contents-card")
        made.append(_own("deck-contents", ids, "contents", escape(labels("Contents")), back, place))
    return tuple(made)


def _own(name: str, ids: set[str], layout: str, front: str, back: str, place: Place) -> Flashcard:
    """Return a card of the deck's own, under a name that no other card has."""
    free, number = name, 2
    while free in ids:
        free, number = f"{name}-{number}", number + 1
    card = Flashcard(id=free, number=0, layout=layout, front=front, back=back, origin="deck")
    return card.placed({"": place})


_DERIVED = ("term", "event", "actor", "fact", "question", "title", "contents")
