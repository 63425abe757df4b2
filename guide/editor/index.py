"""The names of a pack that its texts may refer to, and what is wrong with its content."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from guide.diagnostics.diagnostic import Diagnostic, GuideError, Place
from guide.markup.numbering import outline, section_anchor
from guide.model.pack import Pack
from guide.pipeline.reading import content_only, read
from guide.pipeline.settings import Settings
from guide.preview.resident import Say, requests
from guide.system.cache import Store
from guide.system.sandbox import Limits


@dataclass(frozen=True)
class Name:
    """Something that a text can name: `kind` is source, term, tag or target (fig, tbl, sec)."""

    kind: str
    key: str
    about: str
    place: Place


@dataclass(frozen=True)
class Index:
    """What an editor asks of a pack; places are relative to it. Without names, it could not be read."""

    problems: tuple[Diagnostic, ...]
    names: tuple[Name, ...]
    read: bool


def serve(link: Connection, bounds: Limits, say: Say) -> None:
    """Answer requests for the index of a folder, in a confined process."""
    for (folder,) in requests(link, bounds, say):
        try:
            answer: tuple[str, object] = "done", index(folder)
        except GuideError as exc:
            answer = "raised", exc
        link.send(answer)


def index(folder: Path) -> Index:
    """Return the problems of a pack's content, and its names; raises GuideError."""
    reading = read(folder, Settings(layout=False))
    record = content_only(reading, Store(folder, enabled=False))
    names = tuple(_names(reading.pack)) if reading.pack is not None else ()
    return Index(record.diagnostics, names, reading.pack is not None)


def _names(pack: Pack) -> Iterator[Name]:
    for key, source in pack.sources.items():
        place = pack.source_places.get(key, Place(""))
        yield Name("source", key, str(source.get("title", "")), place)
    for term in pack.glossary:
        yield Name("term", term.term, term.definition, term.at())
    known = outline(pack, pack.manifest.language)
    places = {section_anchor(parsed.section): parsed.section.at() for parsed in known.sections}
    for parsed in known.sections:
        for token in parsed.tokens:
            if "id" in token.attrs and token.map:
                line = parsed.section.body_line + token.map[0]
                path = parsed.section.at("body").path
                places.setdefault(str(token.attrs["id"]), Place(path, line, 1))
    for key, target in known.targets.items():
        yield Name("target", key, target.title, places.get(key, Place("")))
    tags = {tag: item.at("tags") for item in pack.items for tag in item.tags}
    for tag, place in tags.items():
        yield Name("tag", tag, "", place)
