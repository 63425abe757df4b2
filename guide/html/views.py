"""What templates are given: values ready to print, one class for each thing on the page."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from markupsafe import Markup

from guide.html.worksheet import Gap
from guide.markup.labels import Labels
from guide.model.leitner import Session


@dataclass(frozen=True)
class HeadingView:
    """A heading of a section, for the contents."""

    id: str
    title: Markup


@dataclass(frozen=True)
class SectionView:
    """A section with its rendered body."""

    id: str
    anchor: str
    number: int
    title: Markup
    summary: Markup
    objectives: list[Markup]
    key_points: list[Markup]
    html: Markup
    headings: list[HeadingView]
    at: str


@dataclass(frozen=True)
class WorksheetView:
    """A section with gaps in its text; `bank` are the words that belong in them, sorted."""

    section: SectionView
    html: Markup
    gaps: list[Gap]

    @property
    def bank(self) -> list[str]:
        """The words for the gaps, each once, in the alphabet's order."""
        return sorted({gap.answer for gap in self.gaps}, key=str.casefold)


@dataclass(frozen=True)
class ItemView:
    """What the views of all items have: the id, the marks of the sources, the key for `data-at`."""

    id: str
    cites: Markup
    at: str


@dataclass(frozen=True)
class EventView(ItemView):
    """An event; `first_of_year` marks where a new year begins."""

    year: str
    first_of_year: bool
    date_text: str
    title: Markup
    detail: Markup


@dataclass
class Era:
    """Events of one decade, or of one century before 1800."""

    label: str
    events: list[EventView] = field(default_factory=list)


@dataclass(frozen=True)
class TermView(ItemView):
    """A glossary entry."""

    term: str
    abbreviation: str
    aliases: tuple[str, ...]
    definition: Markup


@dataclass
class Letter:
    """Glossary entries under one letter."""

    letter: str
    entries: list[TermView] = field(default_factory=list)


@dataclass(frozen=True)
class ActorView(ItemView):
    """An actor; `role_end` is the full stop that a detail after the role needs, or ''."""

    name: str
    abbreviation: str
    role: Markup
    span_text: str
    detail: Markup
    role_end: str = ""


@dataclass
class ActorGroup:
    """Actors of one kind."""

    kind: str
    actors: list[ActorView] = field(default_factory=list)


@dataclass(frozen=True)
class FactView(ItemView):
    """A key figure."""

    label: Markup
    value: str
    unit: str
    as_of_text: str
    core: bool


@dataclass(frozen=True)
class QuestionView(ItemView):
    """A question; `items` are shuffled, `answer_text` says the right answer in words.

    `columns` are those in which short options are, `key` is what is right, as a marker needs it:
    letters, places or nothing (see `guide.model.quiz.Asked`). `answer_end` is the full stop that an
    explanation after the answer needs, or ''.
    """

    number: int
    type: str
    level: int
    points: int
    lines: int
    prompt: Markup
    options: list[Markup]
    pairs_left: list[Markup]
    pairs_right: list[Markup]
    items: list[Markup]
    answer_text: Markup
    explanation: Markup
    columns: int = 1
    key: tuple[str, ...] = ()
    answer_end: str = ""

    @property
    def pairs(self) -> list[Markup]:
        """What is to be matched: the left column, then the right one."""
        return [*self.pairs_left, *self.pairs_right]


@dataclass
class LevelView:
    """The questions of one level of a quiz; `name` is '' when there is but one."""

    name: str
    questions: list[QuestionView] = field(default_factory=list)


@dataclass(frozen=True)
class QuizView:
    """A version of a quiz: its letter or '', its questions by level, and the points to be had."""

    version: str
    levels: list[LevelView]
    points: int

    @property
    def questions(self) -> list[QuestionView]:
        """All questions in the order in which they are printed."""
        return [question for level in self.levels for question in level.questions]


@dataclass(frozen=True)
class SourceView:
    """An entry of the bibliography."""

    id: str
    key: str
    label: str
    html: Markup
    at: str


@dataclass(frozen=True)
class LinkView:
    """A numbered note on an external link; `qr` is the path of its QR code, or ''.

    `at` is the key of the item that has the link first.
    """

    number: int
    url: str
    text: str
    qr: str
    at: str


@dataclass(frozen=True)
class PlanDayView:
    """A day of a study plan; `session` is None on a day of rest, `week` marks where one begins.

    `new` are the numbers of the new cards, as they are printed on the cards.
    """

    text: str
    session: Session | None
    week: bool
    new: str = ""


@dataclass(frozen=True)
class PlanView:
    """A study plan: its days, its boxes with the number of sessions between their turns."""

    days: list[PlanDayView]
    boxes: int
    turns: list[int]
    cards: int
    per_day: int
    start: str
    end: str


@dataclass(frozen=True)
class IndexView:
    """A glossary term with the anchors of the pages where it is linked; `at` is the term's key."""

    id: str
    term: str
    refs: list[str]
    at: str


@dataclass(frozen=True)
class PointView:
    """A key point with the section it is from; `rank` is its place in that section."""

    text: Markup
    section: str
    number: int
    at: str = ""
    rank: int = 0


@dataclass(frozen=True)
class FigureView:
    """A picture of the text with its caption, apart from the text."""

    id: str
    path: str
    src: str
    alt: str
    caption: Markup
    at: str


@dataclass(frozen=True)
class ShortSourceView:
    """A source in few words, its label in the citation style, and the keys of items that name it."""

    id: str
    label: str
    text: str
    items: list[str]


@dataclass(frozen=True)
class HandoutView:
    """What a handout may print; `ranks` has a number for each key, the lowest stays longest."""

    ranks: dict[str, float]
    points: list[PointView]
    terms: set[str]
    figure: FigureView | None
    sources: list[ShortSourceView]


@dataclass(frozen=True)
class CardView:
    """A card's sides, ready for a layout; `lang` and `dir` are those of the side that is drawn.

    `lang` is '' where it is the pack's. `n_of_m` stands for the card's number in the deck, which is
    filled in when the deck is put together; a layout that prints `number` is set again for every
    card that moves. `head` is what the card is about: its topic, or else the deck's title; '' on a
    front where that would give the answer away. `long` is True where the side that is drawn takes
    too many lines in large type on the stock. `qr` is the path of a QR code for `qr_address`, '' without one.
    """

    id: str
    number: int
    layout: str
    front: Markup
    back: Markup
    hint: Markup
    choices: list[Markup]
    image: str
    image_alt: str
    topic: str
    colour: str
    date_text: str
    source: str
    origin: str
    front_length: int
    back_length: int
    tags: tuple[str, ...]
    langs: tuple[str, str] = ("", "")
    turned: bool = False
    several_sources: bool = False
    image_side: str = "front"
    n_of_m: Markup = Markup()
    heads: tuple[str, str] = ("", "")
    head: str = ""
    lang: str = ""
    dir: str = ""
    longs: tuple[bool, bool] = (False, False)
    long: bool = False
    qr: str = ""
    qr_address: str = ""

    def seen_from(self, side: str) -> CardView:
        """Return the card with the language, the head and the length of one side."""
        back = side == "back"
        lang, head = self.langs[back], self.heads[back]
        direction = Labels(lang).direction if lang else ""
        topic = self.topic if head else ""
        return replace(
            self, lang=lang, dir=direction, head=head, topic=topic, long=self.longs[back]
        )
