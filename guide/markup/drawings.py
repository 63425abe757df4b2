"""What an SVG means on paper, before it is drawn: one child of each switch, plain CSS, its pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from xml.etree import ElementTree as ET

import tinycss2

from guide.markup.svg_words import lay_side_by_side, local
from guide.model.drawings import EXTERNAL, chosen, is_drawing, picture_in, settled, variables_in
from guide.model.rasters import format_of

_XLINK = "{http://www.w3.org/1999/xlink}href"
_SUFFIXES = {"PNG": "png", "JPEG": "jpeg"}
Keep = Callable[[bytes, str], str]
"""Keeps a picture of a document under a suffix, and returns its path there."""


def settle(
    root: ET.Element, language: str, keep: Keep | None, clean: Callable[[bytes], bytes]
) -> None:
    """Replace what WeasyPrint draws wrongly by what it means on paper.

    A switch becomes the child that is chosen, variables and `light-dark()` become their values, a
    filter, of which only the displacement would be drawn, is omitted, words inside words are
    beside one another, and pictures inside the drawing become files of the document; `clean` is what a drawing inside it goes through.
    """
    _settle_switches(root, language)
    lay_side_by_side(root)
    variables: dict[str, str] = {}
    for element in root.iter():
        text = "".join(element.itertext()) if local(element) == "style" else element.get("style")
        variables.update(variables_in(text or ""))
    for element in root.iter():
        if local(element) == "style":
            _settle_sheet(element, variables)
        _settle_attributes(element, variables)
        if local(element) == "image":
            _settle_picture(element, keep, clean)


def _settle_switches(root: ET.Element, language: str) -> None:
    for parent in list(root.iter()):
        if local(parent) != "switch":
            continue
        children = [child for child in parent if isinstance(child.tag, str)]
        kept = chosen([(local(child), child.attrib) for child in children], language)
        for n, child in enumerate(children):
            if n != kept:
                parent.remove(child)
            else:
                child.attrib.pop("systemLanguage", None)
        parent.tag = parent.tag.rpartition("}")[0] + "}g" if "}" in parent.tag else "g"


def _settle_attributes(element: ET.Element, variables: Mapping[str, str]) -> None:
    for name, value in list(element.attrib.items()):
        plain = settled(value, variables) if "(" in value else value
        if name == "style" and ("filter" in plain or EXTERNAL.search(plain)):
            kept = [each for each in plain.split(";") if _is_drawn(*each.partition(":")[::2])]
            plain = ";".join(kept)
        element.attrib[name] = plain
    element.attrib.pop("filter", None)


def _is_drawn(name: str, value: str) -> bool:
    return name.strip().lower() != "filter" and not EXTERNAL.search(value)


def _settle_sheet(element: ET.Element, variables: Mapping[str, str]) -> None:
    """Leave the rules of a stylesheet that load nothing; `@media` and the like are not understood."""
    css = settled("".join(element.itertext()), variables)
    for child in list(element):
        element.remove(child)
    made = []
    for rule in tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True):
        if rule.type != "qualified-rule" or not _is_sound(rule.prelude):
            continue
        drawn = []
        for each in tinycss2.parse_blocks_contents(rule.content, True, True):
            if each.type == "declaration" and not each.name.startswith("--"):
                value = tinycss2.serialize(each.value)
                if _is_sound(each.value) and _is_drawn(each.lower_name, value):
                    drawn.append(f"{each.name}:{value}{'!important' if each.important else ''}")
        rule_text = f"{tinycss2.serialize(rule.prelude).strip()}{{{';'.join(drawn)}}}"
        if drawn and "\\" not in rule_text:  # an escape could hide an address
            made.append(rule_text)
    element.text = "\n".join(made)


def _is_sound(tokens: Iterable[Any]) -> bool:
    """Return True if all that was written is CSS: what is not would be read in another way again."""
    for token in tokens:
        inner = getattr(token, "arguments", None) or getattr(token, "content", None) or ()
        if token.type == "error" or not _is_sound(inner):
            return False
    return True


def _settle_picture(
    element: ET.Element, keep: Keep | None, clean: Callable[[bytes], bytes]
) -> None:
    """Put a picture inside the drawing among the document's files; what cannot be one is omitted."""
    uri = element.attrib.pop("href", "")
    uri = element.attrib.pop(_XLINK, uri) or uri
    data = picture_in(uri) if uri[:5].lower() == "data:" else None
    if not data or not keep:
        return
    suffix = _SUFFIXES.get(format_of(data), "")
    if is_drawing(data):
        data, suffix = clean(data), "svg"
    if suffix:
        # The drawing is a file of the same folder.
        element.set("href", keep(data, suffix).rpartition("/")[2])
