"""A request for a document, and what follows from it for every template: margins, marking, labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from guide.diagnostics.diagnostic import Diagnostic
from guide.html.margins import Margins, Tokens, face_marking
from guide.html.marking import Marking, too_long
from guide.html.templates import Templates
from guide.markup.blocks import bold, flow, plain
from guide.markup.labels import Labels
from guide.model.changes import Changes
from guide.model.content import Flashcard
from guide.model.kinds import Kind, Piece, Stock
from guide.model.pack import Pack, Theme
from guide.units import Paper


@dataclass(frozen=True)
class Request:
    """What to render: a pack as a kind of document, on a paper, in a theme.

    `options` are complete (defaults filled in). `cards` and `stock` are for documents of faces.
    `edition` is the name of the edition that the pack was reduced to, or ''. `piece` is the file of
    the kind that is made, `version` its letter when there are several. `changes` is what changed since an
    earlier version.
    """

    pack: Pack
    kind: Kind
    options: Mapping[str, Any]
    paper: Paper
    theme: Theme
    cards: tuple[Flashcard, ...] = ()
    stock: Stock | None = None
    edition: str = ""
    piece: Piece | None = None
    version: str = ""
    changes: Changes | None = None

    @property
    def edition_title(self) -> str:
        """The name of the edition for readers: its `title`, or its name in pack.yaml."""
        found = self.pack.manifest.editions.get(self.edition)
        return (found.title if found else "") or self.edition

    @property
    def faces_of(self) -> Stock | None:
        """The stock of a document of faces; None for a document of pages."""
        return self.stock if self.kind.shape == "faces" else None

    @property
    def has_own(self) -> bool:
        """Whether the pack replaces templates of a kind that it has not described itself."""
        folder = f"{self.kind.name}/"
        names = [name for name in self.pack.templates if name.startswith(folder)]
        return f"{folder}kind.toml" not in names and any(name.endswith(".html") for name in names)

    @cached_property
    def templates(self) -> Templates:
        """The templates, the pack's own first."""
        return Templates(self.pack.templates)

    @cached_property
    def labels(self) -> Labels:
        """The labels in the language of the pack."""
        return Labels(self.pack.manifest.lang)

    @property
    def tokens(self) -> Tokens:
        """The design tokens of the kind in this theme."""
        return Tokens(self.templates, self.kind.name, self.theme)

    @cached_property
    def margins(self) -> Margins:
        """The margins of a document of pages."""
        return Margins(self.pack.manifest, self.kind, self.paper, self.tokens, self.labels)

    @cached_property
    def marking(self) -> Marking:
        """The marking as it is set on the pages of a document, or on the faces of a deck."""
        if self.faces_of:
            return face_marking(self.pack.manifest.marking, self.faces_of, self.tokens)
        return self.margins.marking

    @cached_property
    def context(self) -> dict[str, Any]:
        """The values that every template is given."""
        manifest, labels, margins = self.pack.manifest, self.labels, self.margins

        def running(part: object) -> tuple[str, str]:
            """Return the texts left and right at the head of a part's pages."""
            return margins.heads(plain(part))

        return {
            "pack": self.pack,
            "m": manifest,
            "kind": self.kind,
            "options": self.options,
            "paper": self.paper,
            "theme": self.theme,
            "stock": self.stock,
            "edition": self.edition_title,
            "lang": manifest.lang,
            "dir": labels.direction,
            "t": labels,
            "running": running,
            "flow": flow,
            "bold": bold,
            "plain": plain,
            "marking": self.marking,
            "margins": margins,
            "date": labels.date,
            "number": labels.number,
        }


def marking_problems(request: Request) -> list[Diagnostic]:
    """Return the error for a marking that has no room in a document, if it has none."""
    pack, stock = request.pack, request.faces_of
    if not request.marking.room:
        return []
    where = f"a card of `{stock.name}`" if stock else f"a page of `{request.kind.name}`"
    return [too_long(pack.manifest.marking, request.marking, where, pack.at("marking"))]
