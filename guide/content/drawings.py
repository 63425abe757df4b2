"""SVG files: what of them cannot be printed, with the line, and how to export the drawing instead.

Lost text and pictures are errors (svg-incomplete), a lost look is a warning (svg-simplified).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from guide.diagnostics.diagnostic import Diagnostic, Place, error, warning
from guide.model.drawings import (
    EXTERNAL,
    Drawing,
    Node,
    is_drawing,
    picture_in,
    read_drawing,
    settled,
)
from guide.model.rasters import RasterError, check_raster, format_of

_MOST_INSIDE = 3  # drawings in drawings; more are refused when they are drawn
_SHOWN = 60  # letters of a lost text that a message repeats
_HTML_ONLY = {"img", "canvas", "video", "table", "input", "math", "object", "embed", "iframe"}
_FLOWED = {"flowroot", "flowpara", "flowspan", "textarea"}
_LEFTOVER = re.compile(
    r"\[Not supported by viewer\]|Text is not SVG - cannot display|"
    r"Viewer does not support full SVG",
    re.I,
)
_COLOURS = ("fill", "stroke", "stop-color", "flood-color", "lighting-color", "color")
_WORDS = {"none", "inherit", "initial", "unset", "currentcolor", "context-fill", "context-stroke",
          "auto", "transparent", ""}  # fmt: skip
_DRAWIO = (
    "In draw.io select everything and, in the panel Text, untick Word Wrap and Formatted Text; "
    "then File > Export as > SVG. Or export it as PNG with a zoom of 300 %."
)
_MERMAID = (
    "Give Mermaid the setting `htmlLabels: false` (at the top level and under `flowchart`) and "
    "export the SVG again, or export it as PNG with a scale of 3."
)
_INKSCAPE = (
    "In Inkscape select the text, choose Text > Convert to Text (or Path > Object to Path), and "
    "save a copy as Plain SVG."
)
_OTHER = "Turn the text into paths or plain text and export the SVG again, or export it as PNG."
_EMBED = (
    "Embed the pictures and save again: in Inkscape, Extensions > Images > Embed Images; in "
    "draw.io, tick Embed Images when exporting."
)

# Properties of letters: which values print otherwise, and how.
_MISREAD: dict[str, tuple[Callable[[str], bool], str]] = {
    "paint-order": (lambda v: v.startswith("stroke"), "letters are covered by their outlines"),
    "baseline-shift": (
        lambda v: v.strip("0.%pxemt") not in {"", "baseline"}, "raised or lowered letters print on the line"),
    "writing-mode": (lambda v: v.startswith(("tb", "vertical")), "vertical text prints across"),
}  # fmt: skip


def check_drawing(path: str, data: bytes) -> list[Diagnostic]:
    """Return what cannot be printed of an SVG; nothing of one that cannot be read, found later."""
    drawing = read_drawing(data)
    return [*_Check(path, drawing, data).run()] if drawing else []


class _Check:
    def __init__(self, path: str, drawing: Drawing, data: bytes, inside: int = 0) -> None:
        self.inside = inside  # in how many drawings this one is
        self.path, self.drawing, self.nodes = path, drawing, drawing.nodes
        self.drawn = [n for n in drawing.nodes if n.svg and not n.inside("foreignobject")]
        self.variables = drawing.variables
        self.head = data[:20_000].decode("utf-8", "replace")

    def run(self) -> Iterator[Diagnostic]:
        yield from self._html()
        yield from self._flowed()
        yield from self._pictures()
        yield from self._uses()
        yield from self._letters()
        yield from self._colours()
        yield from self._look()

    def _lost(self, nodes: list[Node], what: str, hint: str) -> Iterator[Diagnostic]:
        """Yield one error for all parts of a kind, at the first of them."""
        if not nodes:
            return
        first = nodes[0]
        words = first.words
        quoted = f": “{words[:_SHOWN]}{'…' * (len(words) > _SHOWN)}”" if words else ""
        more = f", and {len(nodes) - 1} more" if len(nodes) > 1 else ""
        place = Place(self.path, first.line, first.column)
        yield error("svg-incomplete", f"{what}{quoted}{more}", place, hint)

    def _maker(self) -> str:
        """Return how to export from the program that wrote the file, as far as that shows."""
        root = self.nodes[0]
        named = " ".join((root.attributes.get("id", ""), root.attributes.get("class", "")))
        if "mxfile" in root.attributes.get("content", "") or re.search(
            r"diagrams\.net|draw\.?io|mxgraph|feature#Extensibility", self.head, re.I
        ):
            return _DRAWIO
        if "mermaid" in named or "aria-roledescription" in root.attributes:
            return _MERMAID
        if "inkscape" in self.head.lower():
            return _INKSCAPE
        return _OTHER

    def _html(self) -> Iterator[Diagnostic]:
        lost, leftover = [], []
        for node in self.nodes:
            if node.name == "foreignobject" and not node.inside("foreignobject"):
                if _says_something(node) and not _has_equal(node):
                    lost.append(node)
            elif node.name == "text" and not node.inside("switch", "foreignobject"):
                leftover += [node] if _LEFTOVER.search(node.words) else []
        maker = self._maker()
        yield from self._lost(lost, "text written in HTML is not printed", maker)
        what = "the file holds only a note in place of its text"
        yield from self._lost(leftover if not lost else [], what, _DRAWIO)

    def _flowed(self) -> Iterator[Diagnostic]:
        lost = [
            node for node in self.nodes
            if node.name in _FLOWED and node.words and not node.inside(*_FLOWED)
        ]  # fmt: skip
        hint = _INKSCAPE if self._maker() == _OTHER else self._maker()
        yield from self._lost(lost, "text that flows into a frame is not printed", hint)
        curved = [node for node in self.nodes if node.name == "textpath" and node.words]
        hint = "Turn the text into a path (in Inkscape: Path > Object to Path), and save it again."
        yield from self._lost(curved, "text along a curve is not printed as drawn", hint)

    def _pictures(self) -> Iterator[Diagnostic]:
        for node in self.nodes:
            if node.name != "image" or not node.href:
                continue
            place = Place(self.path, node.line, node.column)
            if not node.href.lower().startswith("data:"):
                shown = node.href.rpartition("/")[2][:_SHOWN] or node.href[:_SHOWN]
                message = f"the drawing shows the picture `{shown}`, which is not inside it"
                yield error("svg-incomplete", message, place, _EMBED)
                continue
            yield from self._inner(picture_in(node.href) or b"", place)

    def _inner(self, data: bytes, place: Place) -> Iterator[Diagnostic]:
        """Yield what is wrong with a picture inside the drawing, or a drawing inside it, at its place."""
        if is_drawing(data):
            inner = read_drawing(data)
            fault = "" if inner else "cannot be read"
            if inner and self.inside < _MOST_INSIDE:
                found = _Check(self.path, inner, data, self.inside + 1).run()
                yield from (replace(each, place=place) for each in found)
        else:
            fault = _fault_of(data)
        if fault:
            message = f"a picture inside the drawing {fault}"
            hint = "Replace it by a PNG or JPEG, or export the whole drawing as PNG."
            yield error("svg-incomplete", message, place, hint)

    def _uses(self) -> Iterator[Diagnostic]:
        lost = [n for n in self.nodes if n.name == "use" and n.href and not n.href.startswith("#")]
        hint = (
            "Copy the part into this file (in Inkscape: Edit > Clone > Unlink Clone), and save it."
        )
        yield from self._lost(lost, "a part that is in another file is not printed", hint)

    def _letters(self) -> Iterator[Diagnostic]:
        """Yield letters that are printed where or how they cannot be read as meant."""
        faults: dict[str, list[Node]] = {}
        for node in self.drawn:
            for name, value in _declared(node):
                if (rule := _MISREAD.get(name)) and rule[0](value.lower()):
                    faults.setdefault(rule[1], []).append(node)
        for what, nodes in faults.items():
            yield from self._lost(nodes, what, _OTHER)

    def _colours(self) -> Iterator[Diagnostic]:
        for node in self.drawn:
            for name, value in _declared(node):
                wrong = self._unknown(value) if name in _COLOURS else ""
                if wrong:
                    place = Place(self.path, node.line, node.column)
                    message = (
                        f"`{name}: {wrong[:_SHOWN]}` is not a known colour and prints as black"
                    )
                    hint = "Write the colour as #1f4e79 or by its CSS name, or export it again."
                    yield error("svg-incomplete", message, place, hint)
                    return

    def _unknown(self, value: str) -> str:
        from tinycss2.color5 import parse_color

        plain = settled(value, self.variables).replace("!important", "").strip()
        if plain.lower().startswith("url("):
            plain = plain.partition(")")[2].strip()
        if plain.lower() in _WORDS:
            return ""
        return "" if parse_color(plain) is not None else plain

    def _look(self) -> Iterator[Diagnostic]:
        """Yield what is drawn, but not as it should look: each kind once, at its first place."""
        told: dict[str, tuple[int, int]] = {}
        for content, line in self.drawing.sheets:
            told.setdefault(f"the stylesheet `{_name_in(content)}` is not loaded", (line, 1))
        for node in self.drawn:
            for message in _simplified(node):
                told.setdefault(message, (node.line, node.column))
        for message, (line, column) in told.items():
            hint = "Look at the printed picture; export it as PNG if something is missing."
            yield warning("svg-simplified", message, Place(self.path, line, column), hint)


def _says_something(node: Node) -> bool:
    found, inner = bool(node.words), list(node.children)
    while inner and not found:
        each = inner.pop()
        found = each.name in _HTML_ONLY
        inner += each.children
    return found


def _has_equal(node: Node) -> bool:
    """Return True if the part that is drawn instead of HTML says the same."""
    beside = node.parent
    if beside is None or beside.name != "switch":
        return False
    return any(
        each.name != "foreignobject" and "".join(each.words.split()) == "".join(node.words.split())
        for each in beside.children
    )


def _declared(node: Node) -> Iterator[tuple[str, str]]:
    """Yield the properties that an element gets from its attributes, or a `style` from its rules."""
    moves = node.name.startswith("animate") or node.name == "set"
    for name, value in node.attributes.items():
        if name != "style" and not moves:  # whose `fill` is another one
            yield name, value
    css = "".join(node.texts) if node.name == "style" else node.attributes.get("style", "")
    plain = re.sub(r"/\*.*?\*/", "", css, flags=re.S)
    for match in re.finditer(r"(?:^|[;{])\s*([a-z-]+)\s*:\s*([^;{}]*)", plain, re.I):
        yield match[1].lower(), match[2].strip()


def _simplified(node: Node) -> Iterator[str]:
    if node.name == "script":
        yield "a script is not run"
    if node.name.startswith("animate") or node.name == "set":
        yield "an animation is not printed, only its beginning"
    if node.name == "style" and (found := re.search(r"@import[^;]*", "".join(node.texts))):
        yield f"the stylesheet `{_name_in(found[0])}` is not loaded"
    for name, value in _declared(node):
        word = value.lower()
        if name in {"filter", "mix-blend-mode", "mask-image"} and word not in {"none", "normal"}:
            yield f"`{name}` is not printed: a shadow, a blur or a blend"
        elif name == "clip-path" and word not in {"none", ""} and not word.startswith("url("):
            yield "`clip-path` with a shape of CSS is not printed"
        elif name == "text-decoration" and word not in {"none", ""}:
            yield "`text-decoration` is not printed: an underline or a strike"
        elif name != "href" and EXTERNAL.search(value) and "data:" not in word:
            yield f"`{_name_in(value)}` is not loaded"


def _name_in(text: str) -> str:
    """Return the address that a declaration or instruction names."""
    found = re.search(r"(?:href=|url\(|@import)\s*[\"']?\s*([^\"')\s]+)", text)
    return (found[1] if found else text)[:_SHOWN]


def _fault_of(data: bytes) -> str:
    """Return what is wrong with the picture of a data: URI, '' if it can be printed."""
    if not data:
        return "cannot be decoded"
    kind = format_of(data)
    if kind not in {"PNG", "JPEG"}:
        return f"is {kind}, which cannot be printed" if kind else "is neither PNG nor JPEG"
    try:
        check_raster(data)
    except RasterError as exc:
        return str(exc)
    return ""
