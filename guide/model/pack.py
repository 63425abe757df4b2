"""A pack: what pack.yaml says, and everything that is in the folder beside it."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal
from urllib.parse import unquote

from pydantic import BeforeValidator, Field, PlainSerializer, StrictBool, WithJsonSchema

from guide.diagnostics.diagnostic import Diagnostic, Place, Severity
from guide.model.base import Frozen, Item, Text, Texts, Words
from guide.model.content import (
    Actor,
    Card,
    Event,
    Fact,
    Figure,
    Question,
    ReviewAfter,
    Section,
    Term,
)
from guide.model.dates import Date
from guide.model.identity import Lock
from guide.model.parts import NAMED
from guide.units import Paper, parse_paper

_SIDES = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
PaperField = Annotated[
    Paper,
    BeforeValidator(parse_paper),
    PlainSerializer(lambda paper: paper.name),
    WithJsonSchema({"anyOf": [{"enum": ["a4", "letter", "a5", "a3", "legal"]}, _SIDES]}),
]


class Theme(Frozen):
    """A token file in templates/themes, and the accent colour that replaces its own."""

    name: Text = "default"
    accent: Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")] | None = None


class Accepted(Frozen):
    """A problem that the author knows and accepts, and why."""

    code: Text
    id: str = ""
    because: Text


class Edition(Frozen):
    """A named subset: items with one of `tags`, without any of `without`."""

    tags: Texts = ()
    without: Texts = ()
    title: Words = ""


class Since(Frozen):
    """The version that changes are printed since."""

    since: Text


ThemeField = Annotated[
    Theme, BeforeValidator(lambda value: {"name": value} if isinstance(value, str) else value)
]
LONG_FORMS = {"theme": "name", "documents.*.pages": "max"}
"""Keys whose value may be written short, and what the short form stands for: {name: ...}, {max: ...}."""

DocumentOptions = Annotated[
    dict[str, Any], BeforeValidator(lambda value: {} if value is None else value)
]
EditionName = Annotated[str, Field(pattern=r"^\w[\w .-]{0,60}$")]
"""It names a folder below the pack's in build/."""


class Manifest(Frozen):
    """pack.yaml."""

    format: Literal[1]
    title: Text
    subtitle: Words = ""
    lang: Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] = "en"
    version: Text = "1.0"
    date: Date | None = None
    authors: Texts = ()
    publisher: Words = ""
    url: str = ""
    marking: Words = ""
    summary: Words = ""
    supersedes: Words = ""
    valid_until: Date | None = None
    paper: PaperField = Field(default=parse_paper("a4"), validate_default=False)
    theme: ThemeField = Theme()
    citation_style: Text = "ieee"
    documents: dict[str, DocumentOptions] | None = None
    accept: tuple[Accepted, ...] = ()
    editions: dict[EditionName, Edition] = Field(default_factory=dict)
    require_sources: StrictBool = False
    review_after: ReviewAfter | None = None
    autolink: StrictBool = True
    changes: Since | None = None

    @property
    def language(self) -> str:
        """The language without its script and country: `sr` of `sr-Latn`."""
        return self.lang.partition("-")[0]

    def accepting(self, problem: Diagnostic) -> tuple[int, ...]:
        """Return which entries of `accept:` mean a problem, by number; none mean notes."""
        if problem.severity == Severity.NOTE:
            return ()
        ids = {"", problem.item, *problem.names}
        return tuple(
            number
            for number, entry in enumerate(self.accept)
            if entry.code == problem.code and entry.id in ids
        )

    def stops(self, problem: Diagnostic) -> bool:
        """Return whether a problem is an error that nobody accepts."""
        return problem.severity == Severity.ERROR and not self.accepting(problem)


def spelling(path: str) -> str:
    """Return the one spelling of a picture's path: no %20, and each accent with its letter (NFC)."""
    return unicodedata.normalize("NFC", unquote(path))


@dataclass(frozen=True)
class Pack:
    """Everything that is known of one subject, read once; stages take it as a value.

    `name` is the folder's name and names the output folder. `sources` maps a citation key to its
    CSL-JSON item. `figures` maps a path inside the pack to its picture; `templates` maps the path
    of an override (`briefing/page.css`) to its text. `places` maps dotted keys of pack.yaml to
    their places; `source_places` does so for citation keys, `source_fields` for what a source says.
    `listed` are the kinds of document that pack.yaml lists, None for all that there is content for.
    `whole` is set on an edition: the pack that it is a part of. `locked` is what guide.lock says,
    None without one, and `lock` is that brought up to date with the pack.
    """

    name: str
    manifest: Manifest
    sections: tuple[Section, ...] = ()
    timeline: tuple[Event, ...] = ()
    glossary: tuple[Term, ...] = ()
    actors: tuple[Actor, ...] = ()
    facts: tuple[Fact, ...] = ()
    cards: tuple[Card, ...] = ()
    questions: tuple[Question, ...] = ()
    sources: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    figures: Mapping[str, Figure] = field(default_factory=dict)
    templates: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, Place] = field(default_factory=dict)
    source_places: Mapping[str, Place] = field(default_factory=dict)
    source_fields: Mapping[str, Mapping[str, Place]] = field(default_factory=dict)
    listed: frozenset[str] | None = None
    whole: Pack | None = field(default=None, repr=False)
    locked: Lock | None = field(default=None, repr=False)
    lock: Lock | None = field(default=None, repr=False)

    @property
    def items(self) -> tuple[Item, ...]:
        """All items, file by file in reading order."""
        return tuple(item for name in NAMED for item in getattr(self, name))

    def asking(self, questions: tuple[Question, ...]) -> Pack:
        """Return the pack with other questions."""
        return replace(self, questions=questions)

    def picture(self, path: str) -> Figure | None:
        """Return the picture that a text names by `path`, however it spells that."""
        found = self.figures.get(path)
        return found if found else self.figures.get(spelling(path))

    def at(self, key: str) -> Place:
        """Return where the dotted `key` of pack.yaml is, or its nearest parent."""
        while key and key not in self.places:
            key = key.rpartition(".")[0]
        return self.places.get(key, Place("pack.yaml", 1, 1))

    def edition(self, name: str) -> Pack:
        """Return the subset of items that the edition `name` asks for.

        An item stays when the edition names no tags, or the item carries one of them, and it
        carries none of `without`. Sources and figures stay whole: a document prints those it uses.
        Raises KeyError when there is no such edition.
        """
        edition = self.manifest.editions[name]
        wanted, unwanted = set(edition.tags), set(edition.without)

        def stays(item: Item) -> bool:
            tags = set(item.tags)
            return not (wanted and not wanted & tags) and not unwanted & tags

        kept: dict[str, Any] = {name: tuple(filter(stays, getattr(self, name))) for name in NAMED}
        return replace(self, whole=self, **kept)
