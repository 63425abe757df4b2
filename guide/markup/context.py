"""What rendering Markdown needs to know: the document, the text at hand, and the token at hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as with_default
from typing import Any

from markdown_it.token import Token
from markupsafe import Markup

from guide.diagnostics.diagnostic import Diagnostic, Place
from guide.markup.assets import Assets
from guide.markup.glossary import Linker
from guide.markup.labels import Labels
from guide.model.content import Citation


@dataclass
class Target:
    """What a cross-reference leads to: its kind (fig, tbl, sec), its number and its title."""

    kind: str
    number: str
    title: str = ""
    words: Sequence[Token] = ()  # the title, parsed


@dataclass
class Context:
    """What rendering needs to know, for one document; a text's own facts are in `Here`.

    `formula`, if given, writes a formula in TeX, which may be a block, for another program to set.
    """

    labels: Labels
    assets: Assets
    linker: Linker
    report: Callable[[Diagnostic], None]
    cite: Callable[[Sequence[Citation], str], Markup]
    targets: dict[str, Target] = with_default(default_factory=dict)
    links: dict[str, Any] = with_default(default_factory=dict)
    index: dict[str, list[str]] = with_default(default_factory=dict)
    places: dict[str, Place] = with_default(default_factory=dict)
    terms_printed: bool = True
    links_printed: bool = True
    notes_below: bool = True
    formula: Callable[[str, bool], str] | None = None

    @property
    def language(self) -> str:
        """The language whose quote marks are printed."""
        return self.labels.lang.partition("-")[0]

    @property
    def silent(self) -> Context:
        """The context for what is rendered once more in another place, which reports nothing."""
        return replace(self, report=lambda _: None)


@dataclass
class Here:
    """The text at hand: whose it is, where it is in its file, what it may do by itself."""

    item: str = ""
    field: str = ""
    place: Place = Place("")
    first_line: int = 0
    autolink: bool = False
    gaps: bool = False
    heading_shift: int = 0
    blocks: int = 0
    breaks: int = 0
    in_heading: bool = False
    in_link: int = 0
    spot: Place | None = None
    notes: dict[int, list[Token]] = with_default(default_factory=dict)
    open_notes: list[int] = with_default(default_factory=list)

    @property
    def key(self) -> str:
        """The key of the block at hand."""
        return f"{self.owner}/{self.field}{self.blocks}"

    @property
    def owner(self) -> str:
        """The beginning of this text's keys: its item's id, or "pack" for the texts of pack.yaml."""
        return self.item or "pack"


@dataclass(frozen=True, slots=True)
class At:
    """The token at hand, `tokens[number]`, which nobody changes: other documents have it too."""

    tokens: Sequence[Token]
    number: int
    context: Context
    here: Here

    @property
    def token(self) -> Token:
        """The token."""
        return self.tokens[self.number]

    @property
    def spot(self) -> Place:
        """The line that is being rendered: that of its block, and the breaks since."""
        here = self.here
        at = here.spot or self.context.places.get(here.key, here.place)
        return replace(at, line=at.line + here.breaks) if here.first_line else at

    def report(self, make: Callable[..., Diagnostic], code: str, message: str, hint: str) -> None:
        """Report what is wrong at this token."""
        self.context.report(make(code, message, self.spot, hint, self.here.item))

    def begin_block(self, name: str = "") -> str:
        """Note where this block is, and return its key; one with its own id keeps that."""
        here, places = self.here, self.context.places
        here.blocks += 1
        here.breaks = 0
        line = (self.token.map or [0])[0] + here.first_line
        place = Place(here.place.path, line, 1) if here.first_line else here.place
        key = here.key
        places[key] = place
        if name and not name.isdecimal():
            key = f"{here.owner}/{name}"
            places[key] = place
        return key
