"""Frozen, strict about unknown keys, and aware of where each value was written."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Annotated, Any, Self, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr

from guide.diagnostics.diagnostic import Place
from guide.model.signs import is_blank

T = TypeVar("T")


class Frozen(BaseModel):
    """A value: immutable, and an error for every key that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


def _as_written(value: Any) -> Any:
    """Give a plain number or boolean back as its author wrote it, for fields that hold text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(getattr(value, "text", value))
    return "" if isinstance(value, str) and is_blank(value) else value


Text = Annotated[str, BeforeValidator(_as_written), Field(min_length=1)]
"""Text a person writes: never empty, nor only blanks or a comment; `1999` and `1.10` keep their spelling."""

Words = Annotated[str, BeforeValidator(_as_written)]
"""Text that may be omitted, with numbers as in `Text`: the back of a card may be 1999."""

Texts = Annotated[
    tuple[Text, ...],
    BeforeValidator(lambda value: [value] if isinstance(value, str | int | float) else value),
]
"""A list of texts; a writer may leave the brackets of a list of one out."""

KEBAB = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*$")
Id = Annotated[str, BeforeValidator(_as_written), Field(pattern=KEBAB.pattern)]
"""Lower-case kebab."""


@dataclass(eq=False)
class Memo:
    """What was worked out of an item; it is no part of its value. `lasting` goes where the item goes."""

    lasting: dict[str, Any] = dataclass_field(default_factory=dict)
    passing: dict[str, Any] = dataclass_field(default_factory=dict)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Memo)

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[type[Memo], tuple[dict[str, Any]]]:
        return Memo, (self.lasting,)


class Item(Frozen):
    """Anything a pack is made of: it has an id, tags, sources and places in files."""

    id: Id = ""
    tags: Texts = ()
    sources: Texts = ()

    _places: Mapping[str, Place] = PrivateAttr(default_factory=dict)
    _memo: Memo = PrivateAttr(default_factory=Memo)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a copy with changes, of which nothing is known yet."""
        copy = super().model_copy(update=update, deep=deep)
        copy._memo = Memo()  # noqa: SLF001
        return copy

    def once(self, name: str, make: Callable[[], T], lasting: bool = False) -> T:
        """Return what `make` gives, which depends on this item and the name alone: it is called once.

        A `lasting` value is a plain one, and is kept where the item is.
        """
        memo = self._memo
        kept = memo.lasting if lasting else memo.passing
        if name not in kept:
            kept[name] = make()
        found: T = kept[name]
        return found

    def placed(self, places: Mapping[str, Place], **changes: Any) -> Self:
        """Return the item with the places of its fields ('' is the item itself) and `changes`."""
        copy = self.model_copy(update=changes)
        copy._places = dict(places)  # noqa: SLF001  frozen for everybody else
        return copy

    def at(self, field: str = "") -> Place:
        """Return where `field` was written (`options.0` for an element), else its parent."""
        places = self._places
        while field and field not in places:
            field = field.rpartition(".")[0]
        return places.get(field, Place(""))

    @property
    def places(self) -> Mapping[str, Place]:
        """The places of all fields, by dotted name; '' is the item itself."""
        return self._places
