"""SVG files: their elements with lines, and the CSS in them, for those who check and who draw them."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote
from xml.etree.ElementTree import ParseError

from defusedxml.ElementTree import DefusedXMLParser

_MOST_STEPS = 200  # of replacing; variables may name one another
_DEFINED = re.compile(r"(?<![\w-])(--[\w-]+)\s*:\s*([^;{}]*)")
EXTERNAL = re.compile(r"url\(\s*['\"]?\s*(?!['\"]?#)[^'\"\s)]", re.I)
XLINK = "{http://www.w3.org/1999/xlink}href"


@dataclass
class Node:
    """An element in an SVG: its local name in lower case, and where its tag begins.

    `svg` is False for elements of other vocabularies: HTML, what an editor notes for itself.
    """

    name: str
    attributes: dict[str, str]
    line: int
    column: int
    svg: bool = True
    parent: Node | None = None
    children: list[Node] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    holders: frozenset[str] = field(init=False)
    """The names of the elements that hold this one, so that deep nesting costs no climbing."""

    def __post_init__(self) -> None:
        above = self.parent
        known = above.holders if above else frozenset[str]()
        self.holders = known if above is None or above.name in known else known | {above.name}

    @property
    def href(self) -> str:
        """What the element refers to, '' when to nothing."""
        return self.attributes.get("href", "").strip()

    @property
    def words(self) -> str:
        """The element's own text, with that of what is in it, as one line."""
        return " ".join(" ".join(self._texts()).split())

    def _texts(self) -> Iterator[str]:
        open_ones = [self]
        while open_ones:
            node = open_ones.pop()
            if node.name in {"style", "script", "title", "desc", "metadata"}:
                continue
            yield "".join(node.texts)
            open_ones += reversed(node.children)

    def inside(self, *names: str) -> bool:
        """Return True if an element of one of these names holds this one."""
        return not self.holders.isdisjoint(names)


@dataclass
class Drawing:
    """The elements of an SVG in their order, the first is the root; `sheets` are linked stylesheets."""

    nodes: list[Node]
    sheets: list[tuple[str, int]]

    @property
    def variables(self) -> dict[str, str]:
        """The custom properties of CSS that the file defines, the last definition of each."""
        found: dict[str, str] = {}
        for node in self.nodes:
            text = "".join(node.texts) if node.name == "style" else node.attributes.get("style", "")
            found.update(variables_in(text))
        return found


def read_drawing(data: bytes) -> Drawing | None:
    """Return the elements of an SVG, None if it is not well-formed or declares entities."""
    drawing = Drawing([], [])
    open_ones: list[Node] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        local = {key: value for key, value in attributes.items() if key[0] != "{"}
        reference = attributes.get("href", attributes.get(XLINK, ""))
        local |= {"href": reference} if reference else {}
        node = Node(
            _local(tag).lower(), local, expat.CurrentLineNumber, expat.CurrentColumnNumber + 1,
            tag.rpartition("}")[0] in {"", "{http://www.w3.org/2000/svg"},
            open_ones[-1] if open_ones else None,
        )  # fmt: skip
        if open_ones:
            open_ones[-1].children.append(node)
        open_ones.append(node)
        drawing.nodes.append(node)

    def instruction(target: str, content: str) -> None:
        if target == "xml-stylesheet":
            drawing.sheets.append((content, expat.CurrentLineNumber))

    def end(_tag: str) -> None:
        open_ones.pop()

    def words(text: str) -> None:
        open_ones[-1].texts.append(text)

    target = SimpleNamespace(start=start, end=end, data=words, pi=instruction)
    parser = DefusedXMLParser(target=target)
    expat: Any = parser.parser  # which knows the line
    try:
        parser.feed(data)
        parser.close()
    except (ParseError, LookupError, ValueError):
        return None
    return drawing if drawing.nodes else None


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def variables_in(css: str) -> dict[str, str]:
    """Return the custom properties that a stylesheet or a `style` attribute defines."""
    return {name: value.strip() for name, value in _DEFINED.findall(css)}


def settled(css: str, variables: Mapping[str, str]) -> str:
    """Return CSS with `var()` and `light-dark()` replaced by their values; paper is light.

    A variable that is not defined and has no fallback stays as it is.
    """
    at = 0
    for _ in range(_MOST_STEPS):
        found = _call(css, at)
        if found is None:
            break
        start, end, name, inner = found
        first, rest = _split(inner)
        value = first if name == "light-dark" else variables.get(first, rest)
        if value is None:
            at = end
            continue
        css = css[:start] + value.strip() + css[end:]
        if len(css) > 1_000_000:  # variables that multiply one another
            break
    return css


_CALL = re.compile(r"(?<![\w-])(var|light-dark)\(", re.I)


def _call(css: str, at: int) -> tuple[int, int, str, str] | None:
    """Return start, end, name and content of the first call of a function that is replaced."""
    match = _CALL.search(css, at)
    if match is None:
        return None
    depth = 1
    for end in range(match.end(), len(css)):
        depth += (css[end] == "(") - (css[end] == ")")
        if not depth:
            return match.start(), end + 1, match[1].lower(), css[match.end() : end]
    return None


def _split(inner: str) -> tuple[str, str | None]:
    """Return what is before the first comma outside brackets, and the rest, None without one."""
    depth = 0
    for n, sign in enumerate(inner):
        depth += (sign == "(") - (sign == ")")
        if sign == "," and not depth:
            return inner[:n].strip(), inner[n + 1 :]
    return inner.strip(), None


def chosen(switch: list[tuple[str, Mapping[str, str]]], language: str) -> int:
    """Return which child of a `switch` is drawn, by name and attributes; -1 for none.

    HTML cannot be drawn. `systemLanguage` is compared as SVG 2 says (5.8.3), with the pack's.
    """
    wanted = language.lower()
    for n, (name, attributes) in enumerate(switch):
        if name == "foreignobject" or attributes.get("requiredExtensions", "").strip():
            continue
        spoken = attributes.get("systemLanguage")
        if spoken is None:
            return n
        for each in spoken.lower().replace("_", "-").split(","):
            tag = each.strip()
            if tag and (
                wanted == tag or wanted.startswith(f"{tag}-") or tag.startswith(f"{wanted}-")
            ):
                return n
    return -1


_STARTS = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:svg|\?xml|!DOCTYPE svg|!--)", re.I)


def is_drawing(data: bytes) -> bool:
    """Return True if bytes begin as an SVG does."""
    return bool(_STARTS.match(data))


def picture_in(uri: str) -> bytes | None:
    """Return the bytes in a data: URI (RFC 2397), None if they cannot be decoded."""
    head, comma, body = uri.partition(",")
    if not comma:
        return None
    try:
        if head.lower().rstrip().endswith(";base64"):
            return base64.b64decode("".join(unquote(body).split()) + "==")
        return unquote(body, "latin-1").encode("latin-1")
    except (binascii.Error, ValueError):
        return None
