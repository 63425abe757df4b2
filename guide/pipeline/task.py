"""What is made, and with what: the task of one run, its orders, and documents under way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from guide.diagnostics.diagnostic import Place
from guide.model.changes import Changes
from guide.model.content import Flashcard
from guide.model.kinds import Kind
from guide.model.origins import Origins
from guide.model.pack import Pack, Theme
from guide.pipeline.problems import Problems
from guide.pipeline.record import Output
from guide.pipeline.settings import Progress, Settings
from guide.system.cache import Store
from guide.system.pool import Workers
from guide.units import Paper


@dataclass(frozen=True)
class Task:
    """One pack to make: what the run asks, what makes it, and where problems are told.

    `most` is the size in MB that a document may have. `early` gets a file before it is proven. `decks` has the fingerprint of each card that
    is made, by kind and id. `changes` is what changed since an earlier version, None where nobody asks.
    """

    pack: Pack
    settings: Settings
    store: Store
    pool: Workers
    progress: Progress
    most: int
    problems: Problems
    early: Callable[[Output], None] = lambda _: None
    changes: Changes | None = None
    decks: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Order:
    """A kind of document to make, with its options as they were resolved."""

    kind: Kind
    options: dict[str, Any]
    paper: Paper
    theme: Theme

    @property
    def key(self) -> str:
        """Where pack.yaml says how it is made."""
        return f"documents.{self.kind.name}"


@dataclass(frozen=True)
class Document:
    """A document under way: its file's name, when it was begun, and where its keys were written."""

    pack: Pack
    kind: Kind
    name: str
    started: float
    places: Mapping[str, Place]
    cards: tuple[Flashcard, ...] = ()

    @property
    def stem(self) -> str:
        """The name of its file without `.pdf`."""
        return self.name.removesuffix(".pdf")

    @cached_property
    def origins(self) -> Origins:
        """What knows where its content was written."""
        return Origins(self.pack, self.places, self.cards)
