"""Kinds of document and card stock: data that lies in templates/, as values."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from guide.model.base import Frozen, Text, Texts
from guide.model.pack import PaperField


class Option(Frozen):
    """A setting of a document kind: its type, what it may be, what it is when left out."""

    type: Literal["boolean", "integer", "string", "list"]
    default: Any
    choices: Texts = ()
    help: Text


class Kind(Frozen):
    """A kind of document: a folder in templates/ with kind.toml, page.html and page.css.

    `needs` names content of which a pack must have at least one; `output` is the file's name;
    `shape` says whether pages flow (`pages`) or every face has its own (`faces`).
    """

    name: Text
    title: Text
    output: Text
    shape: Literal["pages", "faces"] = "pages"
    needs: Texts = ()
    order: int = 100
    options: dict[str, Option] = Field(default_factory=dict)


Pair = tuple[float, float]


class Stock(Frozen):
    """Card stock: where the cards lie on a sheet. All lengths in mm, from the sheet's top left.

    `card` is width and height at the trim; `origin` the first card's corner; `pitch` the distance
    from one card's corner to the next one's. `sizes` are the type sizes in pt, largest first, that
    a face may be set in; `safe` keeps text this far inside the trim.
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
    safe: float = 5
    corner: float = 0
    sizes: tuple[float, ...] = (11, 10.5, 10, 9.5, 9, 8.5, 8)

    @property
    def per_sheet(self) -> int:
        """Cards on one side of a sheet."""
        return self.columns * self.rows

    @model_validator(mode="after")
    def _fits(self) -> Stock:
        right = self.origin[0] + (self.columns - 1) * self.pitch[0] + self.card[0]
        bottom = self.origin[1] + (self.rows - 1) * self.pitch[1] + self.card[1]
        if min(self.card) <= 0 or min(self.origin) < 0:
            raise ValueError("card sizes must be positive and the origin not negative")
        if right > self.paper.width + 0.05 or bottom > self.paper.height + 0.05:
            raise ValueError(
                f"{self.columns} x {self.rows} cards reach {right:g} x {bottom:g} mm, "
                f"but the paper is {self.paper.width:g} x {self.paper.height:g} mm"
            )
        if self.columns > 1 and self.pitch[0] < self.card[0] - 0.001:
            raise ValueError(
                f"cards of {self.card[0]:g} mm overlap at a pitch of {self.pitch[0]:g} mm"
            )
        if self.rows > 1 and self.pitch[1] < self.card[1] - 0.001:
            raise ValueError(
                f"cards of {self.card[1]:g} mm overlap at a pitch of {self.pitch[1]:g} mm"
            )
        if not self.sizes or list(self.sizes) != sorted(self.sizes, reverse=True):
            raise ValueError("sizes must be given largest first")
        return self
