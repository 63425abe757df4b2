"""The text of a file to the items in it: pure, so that what it gave can be kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from guide.content.known import Make, one_entry
from guide.content.rules import check_marks, of_item
from guide.content.slugs import slug
from guide.content.sources import read_sources
from guide.content.tables import read_table
from guide.content.validate import Places, Validator
from guide.content.yaml import Document, read_yaml
from guide.diagnostics.diagnostic import Diagnostic, Place, error
from guide.model.base import Item
from guide.model.content import Question, Section
from guide.model.entries import Entry
from guide.model.parts import Part
from guide.model.signs import TAG, understood

I = TypeVar("I", bound=Item)  # noqa: E741  an Item
YAML = (".yaml", ".yml")


def maker(part: Part, path: str, language: str) -> Make:
    """Return what reads the items of a part in a file; their texts are in a language."""
    if not part.file:
        return partial(_section, path, language)
    return partial(_entries if path.endswith(YAML) else _rows, part, path, language)


def document_of(text: str, path: str, problems: list[Diagnostic]) -> Document | None:
    """Return what a YAML file holds; None, and why, when it cannot be used."""
    document, found = read_yaml(text, path)
    problems.extend(found)
    if document is not None and document.data is None:
        hint = "Write something into it, or delete it: an absent file is omitted."
        if path == "pack.yaml":
            hint = "Write a line such as `title: My Subject` into it; `guide new my-pack` makes a pack to copy from."
        problems.append(error("empty-file", "the file is empty", Place(path, 1, 1), hint))
        return None
    return document


def sources(path: str, text: str, _line: int, _whole: bool) -> Entry:
    """Return the sources of a file by their keys, and the places of what each says."""
    fields: dict[str, Any] = {}
    found, problems = read_sources(text, path, fields)
    return Entry(1, text, (found, fields), tuple(problems))


def _entries(part: Part, path: str, language: str, text: str, line: int, whole: bool) -> Entry:
    """Return the items of a YAML list, or of one entry of it."""
    problems: list[Diagnostic] = []
    if whole:
        document = document_of(text, path, problems)
    else:
        document, found = one_entry(text, path, line)
        problems.extend(found)
    given: list[tuple[Any, Places]] = []
    if document is not None and isinstance(document.data, list):
        given = [(data, Places(path, document, str(n))) for n, data in enumerate(document.data)]
    elif document is not None:
        at = document.places.get("", Place(path, 1, 1))
        hint = "Write each entry after `- `."
        problems.append(error("wrong-type", f"{path} must be a list", at, hint))
    made = tuple(_validated(part, given, problems, language))
    return Entry(line, text, made, tuple(problems), len(document.places) if document else 0)


def _rows(part: Part, path: str, language: str, text: str, line: int, _whole: bool) -> Entry:
    """Return the items of a table."""
    rows, problems = read_table(text, path)
    given = [(row.data, Places(path, row.document)) for row in rows]
    made = tuple(_validated(part, given, problems, language))
    return Entry(line, text, made, tuple(problems))


def _validated(
    part: Part, given: list[tuple[Any, Places]], problems: list[Diagnostic], language: str
) -> Iterator[Item]:
    validator = Validator(problems)
    for data, places in given:
        if part.model is Question:
            made: Item | None = validator.question(data, places)
        else:
            made = validator.item(part.model, data, places, part.what)
        if made is not None:
            yield of_item(_named(made, part.title(made)), language)


def _named(item: I, title: str) -> I:
    """Mark an item without an id; it is given one that is free when all are known."""
    if item.id:
        return item
    words = TAG.sub(lambda tag: "" if understood(tag[2].lower()) else tag[0], title)
    return item.placed(item.places, id="?" + slug(words))


def _section(path: str, language: str, text: str, line: int, _whole: bool) -> Entry:
    """Return the section that a file is."""
    none = Entry(line, text, ())
    match = re.match(r"---[ \t]*\n(.*?)(?:^|\n)(?:---|\.\.\.)[ \t]*(?:\n|$)", text, re.S)
    if not match:
        return replace(none, problems=(_no_front_matter(path, text),))
    document, problems = read_yaml(match[1], path, first_line=2)
    if document is None:
        return replace(none, problems=tuple(problems))
    data = document.data if document.data is not None else {}
    places = Places(path, document)
    made = Validator(problems).item(Section, data, places, "the section")
    if made is None:
        return replace(none, problems=tuple(problems))
    stem = re.sub(r"^[\d\s._-]+", "", Path(path).stem) or Path(path).stem
    begin = text.count("\n", 0, match.end()) + 1
    fields = {"id": made.id or slug(stem), "body": text[match.end() :], "body_line": begin}
    section = made.placed(
        {**made.places, "": Place(path, 1, 1), "body": Place(path, begin, 1)}, **fields
    )
    problems += check_marks(section)
    return replace(none, made=(of_item(section, language),), problems=tuple(problems))


def _no_front_matter(path: str, text: str) -> Diagnostic:
    """Say that a section does not begin with front matter, or where it should have ended."""
    if not re.match(r"---[ \t]*\n", text):
        hint = "Begin the file with three lines: ---, then title: ..., then ---."
        message = "the section has no front matter"
        return error("missing-front-matter", message, Place(path, 1, 1), hint)
    lines = text.split("\n")
    yaml = re.compile(r"[ \t]+\S|#|- |[\w-]+:(?: |$)")
    end = next((n for n, line in enumerate(lines[1:], 2) if not yaml.match(line)), len(lines))
    message = "the front matter that begins on line 1 is never closed"
    hint = "Write a line --- here, between the keys and the text."
    return error("missing-front-matter", message, Place(path, end, 1), hint)
