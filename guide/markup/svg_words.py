"""Words of an SVG side by side instead of inside one another, which WeasyPrint does not draw whole.

It loses what follows a `tspan` inside another `tspan`, and the blank after such a one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.etree import ElementTree as ET

_PARTS = frozenset(("tspan", "a"))
_PLACED = ("x", "y", "dx", "dy", "rotate")
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_OF_ITS_OWN = frozenset(("id", "href", "target", "style", "class", *_PLACED))
_RELATIVE = re.compile(r"[\d.]\s*(?:em|ex|rem|%)|larger|smaller|lighter|bolder")
_SIZE = re.compile(r"(?:^|;)\s*font-(?:size|weight)\s*:([^;]*)")


def local(element: ET.Element) -> str:
    """Return an element's name without its namespace, in lower case."""
    tag = element.tag if isinstance(element.tag, str) else ""
    return tag.rpartition("}")[2].lower()


def lay_side_by_side(root: ET.Element) -> None:
    """Give each `text` with parts inside parts one row of parts, each with all its looks.

    A text is left as it is where that could change it: with a path, with places for single letters,
    and with sizes that are relative to that of the part around them.
    """
    for text in list(root.iter()):
        if local(text) == "text" and any(len(part) for part in text) and _can(text):
            _flatten(text)


def _can(text: ET.Element) -> bool:
    parts = [part for part in text.iter() if part is not text]
    nested = [inner for part in text for inner in part.iter() if inner is not part]
    return (
        all(local(part) in _PARTS for part in parts)
        and not any(_places_letters(part) for part in parts if len(part))
        and not any(_is_relative(part) for part in nested)
    )


def _places_letters(part: ET.Element) -> bool:
    values = (part.get(name, "").strip() for name in _PLACED)
    return any(re.search(r"[\s,]", value) for value in values)


def _is_relative(part: ET.Element) -> bool:
    sizes = [part.get("font-size", ""), part.get("font-weight", "")]
    return any(map(_RELATIVE.search, [*sizes, *_SIZE.findall(part.get("style", ""))]))


def _flatten(text: ET.Element) -> None:
    row: list[ET.Element] = []
    name = f"{text.tag[: -len('text')]}tspan"
    place: dict[str, str] = {}

    def add(words: str | None, looks: Mapping[str, str]) -> None:
        if not words or (place and not words.strip()):
            return
        row.append(ET.Element(name, {**looks, **place}))
        row[-1].text = words
        place.clear()

    def walk(part: ET.Element, around: Mapping[str, str]) -> None:
        looks = _looks(part, around)
        place.update({each: part.attrib[each] for each in _PLACED if each in part.attrib})
        add(part.text, looks)
        for inner in part:
            walk(inner, looks)
            add(inner.tail, looks)

    for part in list(text):
        walk(part, {})
        add(part.tail, {})
        text.remove(part)
    if row and row[-1].get(_SPACE, text.get(_SPACE)) != "preserve":
        row[-1].text = (row[-1].text or "").rstrip()
    text.extend(row)


def _looks(part: ET.Element, around: Mapping[str, str]) -> dict[str, str]:
    """Return how a part looks: its attributes over those around it, then the styles of both.

    An attribute of the inner part is written as style where the outer one has styles, which would
    win otherwise.
    """
    own = {
        name: value
        for name, value in part.attrib.items()
        if name.rpartition("}")[2] not in _OF_ITS_OWN and (name[:1] != "{" or name == _SPACE)
    }
    made = {**around, **own}
    plain = [f"{name}:{value}" for name, value in own.items() if name[:1] != "{"]
    outer, inner = around.get("style", ""), part.get("style", "")
    style = ";".join(filter(None, [outer, *(plain if outer else ()), inner]))
    classes = " ".join(filter(None, [around.get("class", ""), part.get("class", "")]))
    made |= {name: value for name, value in (("style", style), ("class", classes)) if value}
    return made
