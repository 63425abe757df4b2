"""Kinds of document and card stock: data that is in templates/, as values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, Field, model_validator

from guide.model.base import Frozen, Text, Texts
from guide.model.copies import StampPlace
from guide.model.pack import PaperField
from guide.model.parts import FIELDS, NAMED, RENDERED
from guide.units import Paper

# They become file names, and what is written stays in the output folder.
KindName = Annotated[Text, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,60}$")]
FileName = Annotated[Text, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,60}\.pdf$")]


class Option(Frozen):
    """A setting of a document kind: its type, what it may be, what it is when omitted."""

    type: Literal["boolean", "integer", "number", "string", "list", "map"]
    default: Any
    choices: Texts = ()
    least: float | None = None
    most: float | None = None
    help: Text

    @model_validator(mode="after")
    def _usual(self) -> Option:
        """Refuse a default that could not be given."""
        expected: Any = _TYPES[self.type]
        value = self.default
        if not isinstance(value, expected) or (isinstance(value, bool) and expected is not bool):
            of = f"an option of the type {self.type}"
            raise ValueError(f"the default of {of} cannot be {value!r}")
        for each in value if isinstance(value, list) else [value]:
            if self.choices and str(each) not in self.choices:
                raise ValueError(f"the default {each!r} is none of the choices")
            low, high = self.least, self.most
            if isinstance(each, int | float) and not (
                (low is None or each >= low) and (high is None or each <= high)
            ):
                raise ValueError(f"the default {each!r} is not between `least` and `most`")
        return self


_TYPES: dict[str, Any] = {
    "boolean": bool, "integer": int, "number": (int, float), "string": str, "list": list, "map": dict,
}  # fmt: skip
MOST_PIECES = 50  # files of a kind
if TYPE_CHECKING:
    Need: TypeAlias = str
    PartName: TypeAlias = str
else:
    Need = Literal[(*NAMED, "sources", "figures")]
    PartName = Literal[tuple(FIELDS)]


def _known_fields(whole: dict[PartName, tuple[str, ...]]) -> dict[PartName, tuple[str, ...]]:
    for part, names in whole.items():
        for each in names:
            name = each.partition(" if ")[0].strip()
            if name not in FIELDS[part]:
                raise ValueError(f"{part} has no field `{name}`; it has {', '.join(FIELDS[part])}")
    return whole


Whole = Annotated[
    dict[PartName, Texts],
    AfterValidator(_known_fields),
]
"""Fields that are printed of every item: `{timeline: [date, title]}`."""


VIEWS: dict[str, tuple[str, ...]] = {
    "quiz": ("versions", "seed", "questions", "tags", "levels", "sections", "shuffle"),
    "planner": ("start", "deadline", "new-per-day", "boxes", "rest"),
    "handout": ("figure",),
    "worksheet": ("gaps",),
    "flashcards": (
        "stock", "duplex", "derive", "order", "marks", "fit", "tags", "sort", "seed", "layouts",
        "colours", "bleed", "corners", "ruler", "front_lang", "back_lang", "qr",
        "title-card", "contents-card",
    ),
}  # fmt: skip
"""The options that Python reads for each `views` of kind.toml, and for kinds of faces (flashcards).

The bundled kind of that name declares their types, choices and limits.
"""


class Piece(Frozen):
    """One file of a kind that makes several: the quiz and its answers.

    `template` is in the kind's folder. With `versions` there is a file for each version, named
    `quiz-a.pdf` for an `output` of `quiz.pdf`. `when` names an option that must be true. `whole` is
    as for the kind.
    """

    output: FileName
    template: Text = "page.html"
    versions: bool = False
    when: str = ""
    whole: Whole = Field(default_factory=dict)


def _few(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
    if len(pieces) > MOST_PIECES:
        raise ValueError(f"there are {len(pieces)} pieces; {MOST_PIECES} is the most")
    return pieces


class Kind(Frozen):
    """A kind of document: a folder in templates/ with kind.toml, page.html and page.css.

    `needs` names content of which a pack must have at least one; `output` is the file's name, where
    there is but one, and `pieces` are the files otherwise; `shape` says whether pages flow (`pages`)
    or every face has its own (`faces`). `prints` names the content that the templates use, so that
    other content is not rendered for nothing; `views` names the bundled kind whose options Python reads
    for this one. `whole` names, for each part of the content, the fields that are printed of every
    item: a missing one is an error. `stamp` is where numbered copies carry their label.
    """

    name: KindName
    title: Text
    output: FileName
    shape: Literal["pages", "faces"] = "pages"
    needs: tuple[Need, ...] = ()
    styles: Texts = ()
    fill: bool = False
    prints: Texts = RENDERED
    whole: Whole = Field(default_factory=dict)
    pieces: Annotated[tuple[Piece, ...], AfterValidator(_few)] = ()
    views: Literal["", "quiz", "planner", "handout", "worksheet"] = ""
    order: int = 100
    options: dict[str, Option] = Field(default_factory=dict)
    stamp: StampPlace = StampPlace()

    @property
    def files(self) -> tuple[Piece, ...]:
        """The files of the kind."""
        return self.pieces or (Piece(output=self.output, whole=self.whole),)


MOST_PAGES = 10_000


def page_budget(value: Any) -> tuple[int, int]:
    """Return the most pages (0: any number) and what they must be a multiple of, for `pages:`.

    A whole number is the most. Raises ValueError, with what may be given.
    """
    if value is None:
        return 0, 1
    given = {"max": value} if not isinstance(value, dict) else value
    unknown = set(given) - {"max", "multiple_of"}
    numbers = [given.get("max", 1), given.get("multiple_of", 1)]
    whole = all(isinstance(n, int) and not isinstance(n, bool) for n in numbers)
    if unknown or not given or not whole or not all(1 <= n <= MOST_PAGES for n in numbers):
        raise ValueError("`pages` is a number of pages, {max: 4} or {multiple_of: 4}")
    return int(given.get("max", 0)), int(given.get("multiple_of", 1))


Pair = tuple[float, float]
CLEAR_PRINT = 12.0  # pt, after the UKAAF's guidelines for clear and large print


class Stock(Frozen):
    """Card stock: where the cards lie on a sheet. All lengths in mm, from the sheet's top left.

    `card` is width and height at the trim; `origin` the first card's corner; `pitch` the distance
    from one card's corner to the next one's. `sizes` are the type sizes in pt, largest first, that
    a face may be set in; `safe` keeps text this far inside the trim; `corner` is the radius of
    rounded corners. `fold` is set on stock whose cells hold a front and its back.
    """

    name: Text
    title: Text
    aliases: Texts = ()
    paper: PaperField
    card: Pair
    columns: Annotated[int, Field(ge=1, le=20)]
    rows: Annotated[int, Field(ge=1, le=30)]
    origin: Pair
    pitch: Pair
    safe: Annotated[float, Field(ge=0, le=30)] = 5
    corner: Annotated[float, Field(ge=0, le=20)] = 0
    sizes: tuple[float, ...] = (11, 10.5, 10, 9.5, 9, 8.5, 8)
    least: Annotated[float, Field(ge=0, le=72)] = 0
    fold: Literal["", "beside", "below"] = ""

    @property
    def per_sheet(self) -> int:
        """Cards on one side of a sheet."""
        return self.columns * self.rows

    @property
    def cell(self) -> Pair:
        """Width and height of what is in one place of the grid: a card, or two that are folded."""
        return _cell(self.card, self.fold)

    @property
    def gutters(self) -> Pair:
        """Horizontal and vertical space between neighbours."""
        return (
            max(0.0, self.pitch[0] - self.cell[0]) if self.columns > 1 else 0.0,
            max(0.0, self.pitch[1] - self.cell[1]) if self.rows > 1 else 0.0,
        )

    @property
    def margins(self) -> tuple[float, float, float, float]:
        """Space around the block of cards: left, top, right, bottom."""
        width = (self.columns - 1) * self.pitch[0] + self.cell[0]
        height = (self.rows - 1) * self.pitch[1] + self.cell[1]
        left, top = self.origin
        return left, top, self.paper.width - left - width, self.paper.height - top - height

    @model_validator(mode="after")
    def _fits(self) -> Stock:
        if min(self.card) <= 0 or min(self.origin) < 0:
            raise ValueError("card sizes must be positive and the origin not negative")
        for axis, (name, count) in enumerate((("columns", self.columns), ("rows", self.rows))):
            if count > 1 and self.pitch[axis] < self.cell[axis] - 0.001:
                raise ValueError(
                    f"{name}: cards of {self.cell[axis]:g} mm overlap at a pitch of "
                    f"{self.pitch[axis]:g} mm; the pitch is the card and the gutter, "
                    "and a gutter cannot be negative"
                )
        if min(self.margins[2:]) < -0.05:
            sides = (self.paper.width, self.margins[2]), (self.paper.height, self.margins[3])
            right, bottom = (side - margin for side, margin in sides)
            raise ValueError(
                f"{self.columns} x {self.rows} cards reach {right:g} x {bottom:g} mm, "
                f"but the paper is {self.paper.width:g} x {self.paper.height:g} mm"
            )
        if 2 * self.safe >= min(self.card):
            raise ValueError(f"safe: {self.safe:g} mm on all sides leave no room for text")
        if 2 * self.corner > min(self.card):
            raise ValueError(f"corner: {self.corner:g} mm is more than half of the card")
        if len(self.sizes) > MOST_SIZES:
            raise ValueError(f"sizes: there are {len(self.sizes)}; {MOST_SIZES} is the most")
        if not self.sizes or list(self.sizes) != sorted(self.sizes, reverse=True):
            raise ValueError("sizes must be given largest first")
        if min(self.sizes) < 4 or max(self.sizes) > 72:
            raise ValueError("sizes must be between 4 and 72 pt")
        return self

    def enlarged(self, least: float) -> Stock:
        """Return the stock for large print: type of `least` pt and more where a text leaves room.

        No type is smaller than CLEAR_PRINT; what is between the two is a warning.
        """
        largest = round(max(least + 4, 1.4 * self.sizes[0]))
        smallest = round(min(least, CLEAR_PRINT))
        sizes = tuple(float(size) for size in range(largest, smallest - 1, -1))
        return self.model_copy(update={"sizes": sizes, "least": least})

    def folded(self) -> Stock:
        """Return stock of the same cards with front and back side by side, for a fold between them.

        Raises ValueError when two cards do not fit on the paper.
        """
        return grid(self, ("beside", "below"))


MOST_SIZES = 140  # half points from 72 pt to 4 pt
EDGE = 5.0  # mm that most printers leave blank
MARK_LENGTH = 5.0  # mm of a crop mark
MARK_DISTANCE = 3.0  # mm between a crop mark and the trim
RULER_ROOM = 11.0  # mm of margin at the foot: a line of text, the ruler, what printers leave blank
RULER_HEIGHT = 2.2  # mm of its longest tick


def grid(like: Stock, folds: tuple[str, ...] = ("",)) -> Stock:
    """Return the stock on which the most cards of this size lie, upright or across, without gutters.

    The block is in the middle of the sheet, and inside what printers can print unless then
    nothing fits. Raises ValueError when nothing does.
    """
    best: Stock | None = None
    papers = (like.paper, like.paper.turned)
    for fold in folds:
        for paper in papers:
            for edge in (EDGE, 0.0):
                made = _filled(like, paper, fold, edge)
                if made is not None:
                    break
            if made is not None and (best is None or made.per_sheet > best.per_sheet):
                best = made
    if best is None:
        size = f"{like.card[0]:g} x {like.card[1]:g} mm"
        what = (
            f"a card of {size} does" if folds == ("",) else f"two cards of {size} side by side do"
        )
        sheet = f"{like.paper.width:g} x {like.paper.height:g} mm of paper"
        raise ValueError(f"{what} not fit on {sheet}")
    return best


def _cell(card: Pair, fold: str) -> Pair:
    return card[0] * (2 if fold == "beside" else 1), card[1] * (2 if fold == "below" else 1)


def _filled(like: Stock, paper: Paper, fold: str, edge: float) -> Stock | None:
    width, height = _cell(like.card, fold)
    columns = int((paper.width - 2 * edge + 0.01) // width)
    rows = int((paper.height - 2 * edge + 0.01) // height)
    if not columns or not rows:
        return None
    origin = (
        max(0.0, round((paper.width - columns * width) / 2, 3)),
        max(0.0, round((paper.height - rows * height) / 2, 3)),
    )
    changes = {
        "paper": paper, "columns": min(columns, 20), "rows": min(rows, 30), "origin": origin,
        "pitch": (width, height), "fold": fold,
    }  # fmt: skip
    return like.model_copy(update=changes)
