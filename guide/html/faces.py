"""Cards to faces: markup for a few cards at a time, and the key under which a card may be kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from guide.errors import Diagnostic, error
from guide.html.document import Document
from guide.html.labels import Labels
from guide.html.render import Request, Sheets, common_context
from guide.html.templates import Templates
from guide.html.views import Context
from guide.jobs.digest import digest
from guide.model.artifacts import Face, Html
from guide.model.content import Flashcard
from guide.model.markup import IMAGE, read_citation
from guide.model.pack import Pack


@dataclass
class Faces:
    """Renders the cards of one deck; `problems` collects what is wrong with them."""

    request: Request
    templates: Templates = field(init=False)
    document: Document = field(init=False)

    def __post_init__(self) -> None:
        pack = self.request.pack
        self.templates = Templates(pack.templates)
        self.document = Document(pack, (), pack.manifest.citation_style)

    @property
    def problems(self) -> list[Diagnostic]:
        """What was found while rendering."""
        return self.document.problems

    @cached_property
    def shell(self) -> Html:
        """The document around the faces; raises TemplateFault."""
        request = self.request
        context = {**self._common, "count": len(request.cards)}
        filters = {"md": self.document.block, "mdi": self.document.inline}
        markup = self.templates.render(f"{request.kind.name}/page.html", filters, **context)
        words = [text for card in request.cards for text in (card.front, card.back, *card.choices)]
        stock = request.stock
        return Html(
            title=request.pack.manifest.title,
            lang=request.pack.manifest.lang,
            markup=str(markup),
            stylesheets=Sheets(request, self.templates, self.document.labels).of("".join(words)),
            sizes=stock.sizes if stock else (),
        )

    @cached_property
    def _common(self) -> Context:
        return common_context(self.request, self.document.labels)

    def html(self, cards: Sequence[Flashcard]) -> Html:
        """Return a document of these cards' faces, front and back in turn; raises TemplateFault."""
        self.document.assets.files.clear()
        faces = [face for card in cards for face in self._both(card)]
        shell = self.shell
        return Html(
            title=shell.title,
            lang=shell.lang,
            markup=shell.markup,
            stylesheets=shell.stylesheets,
            assets=dict(self.document.assets.files),
            faces=tuple(faces),
            sizes=shell.sizes,
        )

    def _both(self, card: Flashcard) -> list[Face]:
        view = self.document.card(card, self.layout(card), self._colour(card), self._langs(card))
        name = f"{self.request.kind.name}/layouts/{view.layout}.html"
        made = []
        filters = {"md": self.document.block, "mdi": self.document.inline}
        for side in ("front", "back"):
            seen = view.seen_from(side)
            markup = self.templates.render(name, filters, **self._common, card=seen, side=side)
            made.append(Face(at=card.id, markup=str(markup), family=card.id))
        return made

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

    def missing_layouts(self) -> list[Diagnostic]:
        """Say which cards ask for a layout that there is not, once for each layout."""
        told: dict[str, Diagnostic] = {}
        for card in self.request.cards:
            name = self.layout(card)
            path = f"{self.request.kind.name}/layouts/{name}.html"
            if name not in told and ("/" in name or self.templates.text(path) is None):
                message = f"there is no card layout `{name}`"
                hint = f"Write templates/{path}, or leave `layout` out."
                place = card.at("layout")
                if name != card.layout:
                    place = self.request.pack.at(f"documents.{self.request.kind.name}.layouts")
                told[name] = error("unknown-layout", message, place, hint, card.id)
        return list(told.values())

    def key(self, card: Flashcard) -> str:
        """Return the digest of all that a card's faces depend on, or '' when that cannot be told.

        Where a card stands in the deck and in its file does not count.
        """
        texts = (card.front, card.back, card.hint, *card.choices)
        if any("[@" in text for text in texts):  # the mark's number depends on the cards before
            return ""
        source = read_citation(card.sources[0]).key if card.sources else ""
        return digest(
            self.environment, card.id, self.layout(card), self._colour(card), texts,
            card.tags, card.start, card.end, card.origin, self._langs(card),
            self._pictures(card), self.request.pack.sources.get(source),
        )  # fmt: skip

    def fingerprint(self, card: Flashcard) -> str:
        """Return the digest of what a card says, however it is set: for decks printed before."""
        texts = (card.front, card.back, card.hint, *card.choices)
        whole = digest(card.id, texts, card.tags, card.start, card.end, self._pictures(card))
        return whole[:16]

    def _pictures(self, card: Flashcard) -> list[Any]:
        texts = (card.front, card.back, card.hint, *card.choices)
        paths = [card.image, *(m[2] for text in texts for m in IMAGE.finditer(text))]
        return [self._picture(path) for path in paths if path]

    def _picture(self, path: str) -> Any:
        figure = self.request.pack.figures.get(path)
        return figure and (figure.format, figure.data, dict(figure.spec), figure.alt)

    @cached_property
    def environment(self) -> str:
        """The digest of what all cards depend on."""
        request, pack, shell = self.request, self.request.pack, self.shell
        manifest, stock = pack.manifest, request.stock
        own = dict(pack.templates.items())
        seen = {name: request.options.get(name) for name in _SEEN}
        names = [(term.term, term.abbreviation) for term in pack.glossary]
        known = (
            shell.markup, shell.stylesheets, shell.lang, manifest.title, manifest.subtitle,
            manifest.marking, request.theme.name, request.theme.accent, request.edition,
            names, own, seen, stock and (stock.card, stock.safe, stock.sizes),
        )  # fmt: skip
        # A layout of the pack's own may print anything that the pack says.
        extra = repr(pack) if any(n.startswith(f"{request.kind.name}/") for n in own) else ""
        return digest(known, extra)


def prelude(
    pack: Pack, cards: Sequence[Flashcard], title: bool, contents: bool
) -> tuple[Flashcard, ...]:
    """Return the cards that begin a deck: its name, and how many cards there are on which topic."""
    manifest, labels = pack.manifest, Labels(pack.manifest.lang)
    document = Document(pack, (), manifest.citation_style)
    made = []
    if title:
        lines = [
            labels("Version %(version)s") % {"version": manifest.version},
            *([labels.date(manifest.date)] if manifest.date else []),
            labels("%(count)s cards") % {"count": labels.number(len(cards))},
            *manifest.authors,
        ]
        back = "\n".join(f"- {line}" for line in lines)
        made.append(_own("deck-title", "title", manifest.title, back))
    if contents:
        counts = Counter(document.topic(card) for card in cards)
        named = [(topic or manifest.title, count) for topic, count in counts.items()]
        rows = [f"| {topic} | {labels.number(count)} |" for topic, count in named]
        table = "\n".join([f"| {labels('Contents')} | |", "| --- | ---: |", *rows])
        made.append(_own("deck-contents", "contents", labels("Contents"), table))
    return tuple(made)


def _own(name: str, layout: str, front: str, back: str) -> Flashcard:
    return Flashcard(id=name, number=0, layout=layout, front=front, back=back, origin="deck")


_SEEN = ("bleed",)
_DERIVED = ("term", "event", "actor", "fact", "question", "title", "contents")
