"""A deck through the stages: which cards are known, which are set anew, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from guide.diagnostics.diagnostic import Severity
from guide.html.faces import Faces
from guide.html.request import Request
from guide.html.sheet_margins import Furniture
from guide.model.artifacts import Fault, FontFace, FontObjects, Html, OfPack, SetFace
from guide.model.content import Flashcard
from guide.model.kinds import Stock
from guide.model.printers import Registration
from guide.pipeline.faces import NO_GLYPH, FaceCache, Started, begin_fonts
from guide.pipeline.remembered import ById
from guide.sheets.plan_cards import Side
from guide.system.cache import Store
from guide.system.pool import Workers

_NAMED = 3  # cards that a message names


@dataclass(frozen=True)
class Deck:
    """What a deck is made of, and with what. A `selection` is a part of the pack's cards."""

    source: Faces
    furniture: Furniture
    sides: Sequence[Side]
    stock: Stock
    store: Store
    pool: Workers
    registration: Registration
    progress: Callable[[float], None] = lambda _: None
    selection: bool = False

    @property
    def request(self) -> Request:
        """The cards, the options, the pack and the paper."""
        return self.source.request

    @property
    def by_id(self) -> dict[str, Flashcard]:
        """The cards by id."""
        return {card.id: card for card in self.request.cards}


@dataclass(frozen=True)
class BegunDeck:
    """A deck whose unknown cards and margins are being set."""

    deck: Deck
    cards: FaceCache
    begun_cards: Started
    margins: FaceCache
    begun_margins: Started


@dataclass(frozen=True)
class SetDeck:
    """A deck whose faces are set: fronts and backs in turn, the margins of sheets, and their fonts.

    `fonts` are those of the deck alone and of its sheets: each is waited for when it is called.
    """

    deck: Deck
    faces: tuple[SetFace, ...]
    margins: tuple[SetFace, ...]
    known_fonts: Mapping[str, FontFace]
    fonts: tuple[Callable[[], FontObjects], Callable[[], FontObjects]]
    faults: tuple[Fault, ...]
    lacks_glyphs: bool
    cached: bool


def begin(deck: Deck) -> BegunDeck:
    """Look up every card, and begin to set those that are not known; raises TemplateFault."""
    source, margins, by_id = deck.source, deck.furniture, deck.by_id

    def render(names: Sequence[str]) -> Html:
        return source.html([by_id[name] for name in names])

    cards = FaceCache(deck.store, deck.pool, source.environment, 2, render, deck.progress)
    begun = cards.start([*by_id], lambda name: source.key(by_id[name]))
    around = FaceCache(deck.store, deck.pool, margins.environment, 1, margins.html)
    keys = margins.keys
    return BegunDeck(deck, cards, begun, around, around.start([*keys], keys.__getitem__))


def finish(begun: BegunDeck) -> SetDeck:
    """Wait for the faces of a deck, and begin to make its fonts."""
    from guide.pdf.numbers import numbered

    deck, cards, margins = begun.deck, begun.cards, begun.margins
    made, by_id = cards.finish(begun.begun_cards), deck.by_id
    if deck.request.options["fit"] == "uniform":  # all are set at the smallest size of all
        size = min(face.size for both in made.values() for face in both)
        others = [name for name, both in made.items() if both[0].size != size]
        made |= cards.finish(cards.start(others, lambda name: deck.source.key(by_id[name]), size))
    # Their numbers come now: no face that is kept has one.
    words = deck.source.number_of
    numbers = {name: words(by_id[name]) for name in made}
    faces = tuple(
        _filled.get(face, numbers[name], partial(numbered, face, numbers[name]))
        for name, both in made.items()
        for face in both
    )
    around = tuple(face for one in margins.finish(begun.begun_margins).values() for face in one)
    known = {**margins.fonts, **cards.fonts}
    own = begin_fonts(deck.store, deck.pool, known, faces)
    fonts = own, begin_fonts(deck.store, deck.pool, known, (*faces, *around))
    margins.keep(deck.selection)
    cards.keep(deck.selection)  # while workers make the fonts
    of_faces = [fault for face in faces for fault in face.faults]
    of_margins = [*margins.faults, *(fault for face in around for fault in face.faults)]
    lacks_glyphs = any(fault.code == NO_GLYPH for fault in (*of_faces, *of_margins))
    faults = [
        *deck.source.forgotten, *cards.faults, *of_faces,
        # Margins are measured before they are set: what is turned there is not too wide.
        *(fault for fault in of_margins if fault.code != "card-overflow"), *_small(deck, faces),
    ]  # fmt: skip
    cached = cards.cached and margins.cached
    return SetDeck(deck, faces, around, known, fonts, tuple(faults), lacks_glyphs, cached)


_filled = ById[SetFace]()  # faces with their numbers


def _small(deck: Deck, faces: Sequence[SetFace]) -> list[Fault]:
    """Say which cards are set in type that is smaller than the stock should have."""
    least = deck.stock.least
    small = sorted((f.size, f.at) for f in faces[::2] if f.size < least and not f.over)
    if not small:
        return []
    named = ", ".join(f'"{at}" ({size:g} pt)' for size, at in small[:_NAMED])
    more = f" and {len(small) - _NAMED} more" if len(small) > _NAMED else ""
    what = "1 card is" if len(small) == 1 else f"{len(small)} cards are"
    message = f"{what} set in less than {least:g} pt on {deck.stock.name}: {named}{more}"
    hint = "Use larger stock, or shorten these texts; `--fit-report` lists every card."
    at = OfPack(f"documents.{deck.request.kind.name}.stock")
    return [Fault("small-print", message, at, hint, Severity.WARNING)]
