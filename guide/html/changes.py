"""The page of changes since an earlier version, and the bars beside what changed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape

from guide.content.identity import blocks_of, paragraphs
from guide.html.document import Document
from guide.markup.labels import Labels
from guide.markup.numbering import section_anchor
from guide.model.changes import Change, Changes
from guide.model.content import Section

SHORT = 240  # characters of a wording that is printed as it was
_TITLES = {
    "sections": "Sections", "timeline": "Timeline", "actors": "Actors", "facts": "Key figures", "glossary": "Glossary",
    "cards": "Cards", "questions": "Review questions",
}  # fmt: skip
_ANCHORS = {
    "timeline": "event",
    "actors": "actor",
    "glossary": "term",
    "questions": "question",
    "facts": "fact",
}
_HOW = {"new": "New", "changed": "Changed", "removed": "Removed"}
_SINCE = {"new": "New since version %(version)s", "changed": "Changed since version %(version)s"}
_TAG = re.compile(r'<(\w+)((?:\s[\w-]+="[^"]*")*?)\sdata-at="([^"]*)"([^<>]*)>')
_CELL = re.compile(r"<td\b")
_GAP = re.compile(r"\{\{(?:c[\d,]+::)?(.*?)(?:::[^{}]*)?\}\}")
_BAR = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="2" height="20" viewBox="0 0 2 20" preserveAspectRatio="none">'
    '<rect width="2" height="20" fill="%s"/></svg>'
)
_DOT = '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10" viewBox="0 0 10 10"><circle cx="5" cy="5" r="5" fill="%s"/></svg>'


@dataclass(frozen=True)
class ChangeView:
    """One change: what happened, the wording now and before, and where the item is in the document."""

    how: str
    label: str
    now: str
    before: str
    href: str


@dataclass(frozen=True)
class ChangesView:
    """All changes since a version, part by part."""

    title: str
    groups: tuple[tuple[str, tuple[ChangeView, ...]], ...]


def view(document: Document, changes: Changes) -> ChangesView:
    """Return the changes as they are printed."""
    labels = document.labels
    anchors = {section.id: section_anchor(section) for section in document.pack.sections}
    groups = [
        (labels(title), tuple(_view(each, labels, document, anchors) for each in changes.of(part)))
        for part, title in _TITLES.items()
        if changes.of(part)
    ]
    return ChangesView(
        labels("Changes since version %(version)s") % {"version": changes.since}, tuple(groups)
    )


def _view(
    change: Change, labels: Labels, document: Document, anchors: Mapping[str, str]
) -> ChangeView:
    printed = change.part in document.parts and change.how != "removed"
    anchor = anchors.get(change.id, "") if change.part == "sections" else ""
    if change.part in _ANCHORS:
        anchor = f"{_ANCHORS[change.part]}-{change.id}"
    before = _plain(change.before)
    if change.how == "removed":
        return ChangeView(change.how, labels(_HOW[change.how]), _shortened(before), "", "")
    old = before if len(before) <= SHORT and before != _plain(change.now) else ""
    now = _shortened(_plain(change.now))
    return ChangeView(
        change.how, labels(_HOW[change.how]), now, old, f"#{anchor}" if printed and anchor else ""
    )


def _plain(words: str) -> str:
    return _GAP.sub(r"\1", words).replace(" | ", " – ")


def _shortened(text: str) -> str:
    return text if len(text) <= SHORT else text[: SHORT - 2].rsplit(" ", 1)[0] + " …"


def marked(markup: str, document: Document, changes: Changes, colour: str) -> str:
    """Return a document with a bar beside each item and paragraph that is new or changed, and marks in its contents.

    A bar is a picture with the change as its text, so that it is said to somebody who listens.
    """
    bar = document.assets.add((_BAR % colour).encode(), "svg")
    dot = document.assets.add((_DOT % colour).encode(), "svg")
    said = {
        how: escape(document.labels(text) % {"version": changes.since})
        for how, text in _SINCE.items()
    }
    keys = dict(_keys(markup, document, changes))
    sections = {each.id: each.how for each in changes.of("sections") if each.how != "removed"}

    def image(css: str, path: str, how: str) -> str:
        return f'<img class="{css}" src="{path}" alt="{said[how]}">'

    made, at = "", 0
    for found in _TAG.finditer(markup):
        name, before, key, after = found.groups()
        if "toc-section" in before and key in sections:
            end = markup.find("</a>", found.end()) + 4
            made, at = made + markup[at:end] + image("toc-mark", dot, sections[key]), end
        elif key in keys and "toc-" not in before and found.start() >= at:
            begin, end = found.start(), found.end()
            opened = f'<{name}{before} data-at="{key}"{after} data-changed="">'
            if name == "tr":
                cell = _CELL.search(markup, end)
                begin = end = cell.start() if cell else end
                close = markup.find(">", end) + 1
                opened, end = f'{markup[begin : close - 1]} data-changed="">', close
            made, at = made + markup[at:begin] + opened + image("changed-bar", bar, keys[key]), end
    return _parts_marked(made + markup[at:], changes, lambda how: image("toc-mark", dot, how))


def _parts_marked(markup: str, changes: Changes, image: object) -> str:
    """Mark the parts with changes in the contents."""
    assert callable(image)
    for part in ("timeline", "actors", "facts", "glossary", "questions"):
        if any(each.how != "removed" for each in changes.of(part)):
            row = re.compile(
                rf'(<li class="toc-part">(?:(?!</li>).)*?<a href="#{part}">.*?</a>)', re.S
            )
            markup = row.sub(lambda m: m[1] + image("changed"), markup, count=1)
    return markup


def _keys(markup: str, document: Document, changes: Changes) -> Iterator[tuple[str, str]]:
    """Yield the keys of what changed, as `data-at` has them: items, and paragraphs of sections."""
    sections = {section.id: section for section in document.pack.sections}
    for each in changes.items:
        if each.how == "removed":
            continue
        if each.part != "sections":
            yield each.id, each.how
        elif each.how == "new":
            yield f"{each.id}/title", "new"
        else:
            section = sections[each.id]
            for key in _blocks(markup, section, document, {*each.blocks}):
                yield key, "changed"


def _blocks(markup: str, section: Section, document: Document, changed: set[str]) -> Iterator[str]:
    """Yield the keys of the paragraphs of a section that changed: of a list, those of its items."""
    places, found = document.context.places, list[tuple[str, str, int]]()
    for match in _TAG.finditer(markup):
        if match[3].startswith(f"{section.id}/") and match[3] in places:
            found.append((match[1], match[3], places[match[3]].line - section.body_line))
    digests = blocks_of(section.body)
    for (text, start), digest in zip(paragraphs(section.body), digests, strict=True):
        if digest not in changed:
            continue
        inside = [each for each in found if start <= each[2] <= start + text.count("\n")]
        inside = [each for each in inside if places[each[1]].path == section.at("body").path]
        items = [key for tag, key, _ in inside if tag == "li"]
        yield from items or [key for _, key, _ in inside[:1]]
