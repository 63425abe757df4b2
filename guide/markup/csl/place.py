"""What is known of a source where it is cited or listed, while its style is evaluated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from guide.markup.csl.rich import Rich
from guide.markup.csl.style import Node

DATES = frozenset("accessed available-date event-date issued original-date submitted".split())
NAMES = frozenset(
    """author chair collection-editor compiler composer container-author contributor
curator director editor editorial-director editor-translator executive-producer guest host illustrator
interviewer narrator organizer original-author performer producer recipient reviewed-author script-writer
series-creator translator""".split()
)

NONE, EMPTY, FULL = 0, 1, 2  # what a piece called: no variable, only empty ones, one with a value


@dataclass
class Told:
    """How a source is distinguished from others that would be printed alike."""

    shown: int = 0
    levels: dict[int, int] = field(default_factory=dict)
    condition: bool = False
    suffix: str = ""


@dataclass
class Place:
    """What is known where a source is cited or listed.

    `position` is one of first, subsequent, ibid, ibid-with-locator; `hide` leaves the author out.
    `stead` is the cs:names whose substitute is being rendered: names in it look alike,
    and only the first of them are printed (`stood` once they are). `instead` is
    printed for the first names, which are those of the entry before. `extra` is what the style omits;
    it goes before the part that says where the source is found.
    """

    area: Node
    item: Mapping[str, Any]
    number: int = 0
    locator: str = ""
    label: str = "page"
    position: str = "first"
    near: bool = False
    first_note: int = 0
    told: Told = field(default_factory=Told)
    hide: bool = False
    sorting: Mapping[str, str] | None = None
    suppressed: set[str] = field(default_factory=set)
    called: list[str] = field(default_factory=list)
    names: list[Rich] = field(default_factory=list)
    people: list[Sequence[Mapping[str, Any]]] = field(default_factory=list)
    shown: list[int] = field(default_factory=list)
    suffixed: bool = False
    labelled: bool = False
    stead: Node | None = None
    stood: bool = False
    instead: str | None = None
    extra: Rich = field(default_factory=list)
