"""What a pack says: sections, events, terms, actors, facts, cards, questions, figures."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StrictBool, ValidationInfo, field_validator

from guide.diagnostics.diagnostic import Place, place_of
from guide.model.alike import printed
from guide.model.base import Frozen, Item, Text, Texts, Words
from guide.model.dates import Date


class Section(Item):
    """A chapter: front matter and the Markdown `body`, which starts at line `body_line`."""

    title: Text
    summary: Words = ""
    objectives: Texts = ()
    key_points: Texts = ()
    autolink: StrictBool = True
    body: str = Field(default="", exclude=True)
    body_line: int = Field(default=1, exclude=True)

    def in_body(self, offset: int) -> Place:
        """Return where a character of the body was written."""
        return place_of(offset, self.body, self.at("body"))


class Event(Item):
    """A line of the timeline."""

    date: Date
    end: Date | None = None
    title: Text
    detail: Words = ""


class Term(Item):
    """A glossary entry."""

    term: Text
    abbreviation: Words = ""
    aliases: Texts = ()
    definition: Text


class Actor(Item):
    """A person or organisation that plays a part."""

    name: Text
    abbreviation: Words = ""
    kind: Text
    role: Text
    from_: Date | None = Field(default=None, alias="from")
    to: Date | None = None
    detail: Words = ""


def _review(value: Any) -> Any:
    text = str(getattr(value, "text", value)) if isinstance(value, int) else value
    if isinstance(text, str) and not _AGE.fullmatch(text):
        Date.parse(text)
    return text


_AGE = re.compile(r"(\d{1,6}) ?(days?|weeks?|months?|years?|[dwmy])")

ReviewAfter = Annotated[
    str,
    BeforeValidator(_review),
    Field(pattern=r"^(~?-?\d{4}(-\d{2}(-\d{2})?)?|\d{1,6} ?(days?|weeks?|months?|years?|[dwmy]))$"),
]
"""A date (older facts are stale), or an age at the date of the pack (`2 years`, `18 months`)."""


class Fact(Item):
    """A key figure, as printed: `label`, `value` and `unit`, true at `as_of`."""

    label: Text
    value: Text
    unit: Words = ""
    as_of: Date | None = None
    review_after: ReviewAfter | None = None


Language = Annotated[str, Field(pattern=r"^([A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*)?$")]
"""A language tag after BCP 47: `de`, `sr-Cyrl`, `pt-BR`."""


class Card(Item):
    """A card as written: a front and a back, or a cloze text with `{{gaps}}`."""

    front: Words = ""
    back: Words = ""
    hint: Words = ""
    image: str = ""
    image_side: Literal["front", "back"] = "front"
    reverse: StrictBool = False
    cloze: Words = ""
    layout: str = ""
    front_lang: Language = ""
    back_lang: Language = ""


class Flashcard(Item):
    """A card as printed: one front, one back, ready for a layout.

    `layout` names the template in flashcards/layouts; `front`, `back` and `hint` are Markdown, with
    `{{:hint}}` and `{{answer}}` for the gap of a cloze. `start` and `end` are an event's or actor's
    dates, `start` a fact's "as of". `choices` are the options of a question, `turned` marks
    the second card of a reversed one, `cloze` one with a gap, `truth` one of a statement, whose
    choices and answer are guide's own words. `number` counts from 1 to `count` in the whole deck,
    in the order in which it is printed; it is 0 on cards that are not counted. `of` is the id of
    the item that it is made of. `fixed` is the number that guide.lock has for it, 0 without one.
    """

    number: int
    count: int = 0
    fixed: int = 0
    layout: str
    front: str
    back: str
    hint: str = ""
    image: str = ""
    image_side: Literal["front", "back"] = "front"
    choices: tuple[str, ...] = ()
    front_lang: str = ""
    back_lang: str = ""
    turned: bool = False
    cloze: bool = False
    truth: bool = False
    of: str = ""
    start: Date | None = None
    end: Date | None = None
    origin: str = Field(
        description="The part of the pack; deck for cards that the deck itself has."
    )


class _Question(Item):
    prompt: Text
    explanation: Words = ""
    points: int = Field(default=1, ge=0, le=100)
    level: int = Field(default=1, ge=1, le=5)
    shuffle: StrictBool = True


class ChoiceQuestion(_Question):
    """One or several right answers among options."""

    type: Literal["choice"] = "choice"
    options: Annotated[Texts, Field(min_length=2)]
    answer: Annotated[Texts, Field(min_length=1)]

    @field_validator("answer")
    @classmethod
    def _as_the_option(cls, answer: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        """Return each answer as its option spells it: a keyboard may decompose an accent."""
        spelled = {printed(option): option for option in reversed(info.data.get("options", ()))}
        return tuple(
            each if each in spelled.values() else spelled.get(printed(each), each)
            for each in answer
        )


class TrueFalseQuestion(_Question):
    """A statement that holds or does not."""

    type: Literal["true-false"]
    answer: StrictBool


class ShortQuestion(_Question):
    """An answer in the pupil's own words, on `lines` ruled lines."""

    type: Literal["short"]
    answer: Text
    lines: int = Field(default=2, ge=1, le=40)


class MatchQuestion(_Question):
    """Pairs that belong together."""

    type: Literal["match"]
    pairs: Annotated[dict[Text, Text], Field(min_length=2)]


class OrderQuestion(_Question):
    """Items to be brought into order; they are written in the right one."""

    type: Literal["order"]
    items: Annotated[Texts, Field(min_length=2)]


Question = ChoiceQuestion | TrueFalseQuestion | ShortQuestion | MatchQuestion | OrderQuestion


@dataclass(frozen=True)
class Figure:
    """A picture of the pack: its bytes, or a Vega-Lite spec with its data put in.

    `path` is relative to the pack; `format` is chart, svg, png or jpeg; `width` and `height` are
    pixels of an image, 0 when unknown; `alt` is what the file itself says it shows. `places` are
    those of a spec's values, by dotted path.
    """

    path: str
    format: Literal["chart", "svg", "png", "jpeg"]
    data: bytes = b""
    spec: Mapping[str, Any] = field(default_factory=dict)
    alt: str = ""
    width: int = 0
    height: int = 0
    place: Place = Place("")
    places: Mapping[str, Place] = field(default_factory=dict, compare=False, repr=False)


class Citation(Frozen):
    """A reference to a source: its `key`, the place in it, and the words around it.

    `locator` is the place with its CSL `label` (page, chapter...); with the label '' it is a whole
    phrase, such as `art. 5` or `annex B`, and printed as written. `written` is the place as the
    author wrote it. `prefix` and `suffix` are printed before and after; `hide` leaves out the
    author (`[-@key]`).
    """

    key: str
    locator: str = ""
    label: str = "page"
    written: str = ""
    prefix: str = ""
    hide: bool = False
