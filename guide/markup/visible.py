"""HTML as a reader sees it: the runs of text and the pictures that are printed, and what is hidden."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import NamedTuple

_TAG = re.compile(
    r"<!--.*?(?:-->|\Z)|<[!?][^>]*>"
    r"|<(?P<end>/?)(?P<name>[a-zA-Z][^\s/>]*)(?P<attributes>(?:[^>\"']|\"[^\"]*\"|'[^']*')*)>",
    re.S,
)
_ATTRIBUTE = re.compile(r"([^\s=\"'/>]+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+)))?")
_UNDRAWN = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse))")
_MAY_HIDE = re.compile("hidden|unprinted|style", re.I)
VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())
_SILENT = frozenset(
    "head script style template title textarea select option svg math noscript iframe object"
    " video audio canvas datalist".split()
)
_RAW = frozenset("script style textarea title iframe noscript".split())


class Tag(NamedTuple):
    """A tag: its name in small letters, its attributes as written, and whether it ends its element."""

    name: str
    written: str
    end: bool

    @property
    def attributes(self) -> dict[str, str]:
        """The attributes with their values, by names in small letters."""
        return {
            match[1].lower(): unescape(match[2] or match[3] or match[4] or "")
            for match in _ATTRIBUTE.finditer(self.written)
        }


class Run(NamedTuple):
    """A text, or a picture by its `src`, in the elements of the item with the key `at`.

    `hidden` is what keeps it from being printed as text, such as `aria-hidden`; '' when nothing does.
    """

    at: str
    text: str
    picture: str = ""
    hidden: str = ""


def parts(markup: str) -> Iterator[str | Tag]:
    """Yield the texts, with their entities read, and the tags of HTML; comments are neither."""
    last = 0
    for match in _TAG.finditer(markup):
        if match.start() < last:
            continue  # inside a script or a style
        if match.start() > last:
            yield unescape(markup[last : match.start()])
        last = match.end()
        name = match["name"]
        if name is None:
            continue
        tag = Tag(name.lower(), match["attributes"], bool(match["end"]))
        yield tag
        if tag.name in _RAW and not tag.end:
            close = re.compile(rf"</{tag.name}[\s/>]", re.I).search(markup, last)
            last = close.start() if close else len(markup)
    if last < len(markup):
        yield unescape(markup[last:])


def hides(tag: Tag) -> str:
    """Return what in a tag keeps its element from being printed as text; '' when nothing does.

    An element with `aria-hidden` is drawn as an artifact, which is not text; so is one with
    `data-unprinted` or `hidden`. The pictures of the program's own markup are `img`.
    """
    if tag.name in _SILENT:
        return f"<{tag.name}>"
    if not _MAY_HIDE.search(tag.written):
        return ""
    given = tag.attributes
    if given.get("aria-hidden", "").strip().lower() == "true":
        return "aria-hidden"
    for name in ("hidden", "data-unprinted"):
        if name in given:
            return name
    return "style" if _UNDRAWN.search(given.get("style", "").lower()) else ""


def runs(markup: str) -> Iterator[Run]:
    """Yield the texts and pictures of a document in its order, each with the key it is under."""
    opened: list[tuple[str, str, str]] = []  # name, key and reason, of elements that hold others
    at = hidden = ""
    for part in parts(markup):
        if isinstance(part, str):
            yield Run(at, part, "", hidden)
        elif part.end:
            last = next((n for n in reversed(range(len(opened))) if opened[n][0] == part.name), -1)
            if last >= 0:
                del opened[last:]
                _, at, hidden = opened[-1] if opened else ("", "", "")
        else:
            own_at = part.attributes.get("data-at", at) if "data-at" in part.written else at
            own_hidden = hidden or hides(part)
            if part.name == "img":
                yield Run(own_at, "", part.attributes.get("src", ""), own_hidden)
            if part.name not in VOID:
                opened.append((part.name, own_at, own_hidden))
                at, hidden = own_at, own_hidden
