"""The labels of drawings: each text of an SVG picture or chart is drawn as text in the finished PDF.

What WeasyPrint does not draw of an SVG it leaves out without a word. The labels are taken from the
picture's own source, before it is drawn; what was drawn is read from the file by PDFium.
"""

from __future__ import annotations

import ctypes
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from xml.etree.ElementTree import Element

import pypdfium2 as pdfium
from defusedxml import ElementTree
from pypdfium2 import raw

from guide.model.artifacts import Fault
from guide.model.letters import letters

_ROOM = 65_536  # bytes of one text
_NAME = 64  # bytes of a mark's name
_DEEP = 12  # forms in forms
_MOST = 20  # faults of one document
_SHOWN = 48
_UNDRAWN = frozenset(
    "defs symbol clipPath mask marker pattern title desc metadata style script foreignObject switch"
    " flowRoot linearGradient radialGradient filter".split()
)
_MARKS = {f"{name}\0".encode("utf-16-le") for name in ("Artifact", "Figure")}


def label_faults(root: Element, assets: Mapping[str, bytes], data: bytes) -> tuple[Fault, ...]:
    """Return a fault for each picture of which the PDF lacks labels, the first ones.

    `root` is the document that was laid out, `assets` its files, `data` the finished PDF. A label
    must be in the text of the figures as often as the labels of all pictures have it.
    """
    wanted = [
        (at, label)
        for at, source in _pictures(root)
        for label in labels_of(assets.get(source, b""))
    ]
    if not wanted:
        return ()
    drawn = drawn_in_figures(data)
    plain = [letters(label) for _, label in wanted]
    everything = "\n".join(plain)
    lost: dict[str, list[str]] = {}
    for (at, label), each in zip(wanted, plain, strict=True):
        if drawn.count(each) < everything.count(each):
            lost.setdefault(at, []).append(label)
    return tuple(_fault(at, labels) for at, labels in [*lost.items()][:_MOST])


def _fault(at: str, labels: list[str]) -> Fault:
    more = f" and {len(labels) - 1} more labels" if len(labels) > 1 else ""
    shown = labels[0] if len(labels[0]) <= _SHOWN else labels[0][:_SHOWN] + "…"
    message = f"the label `{shown}`{more} of a picture {'are' if more else 'is'} not in the PDF"
    hint = "Export the SVG again with text as plain text or as paths, or as a PNG of 300 dpi."
    return Fault("lost-content", message, at, hint)


def _pictures(root: Element) -> Iterator[tuple[str, str]]:
    """Yield the key and the path of each SVG picture that is drawn."""
    stack = [(root, "")]
    while stack:
        element, at = stack.pop()
        if {"hidden", "data-unprinted"} & {*element.keys()}:
            continue
        at = element.get("data-at") or at
        source = element.get("src") or ""
        if element.tag == "img" and source.endswith(".svg"):
            yield at, source
        stack += [(child, at) for child in reversed(element)]


def labels_of(svg: bytes) -> list[str]:
    """Return the texts that an SVG file draws, in its order.

    What it hides, only defines or offers to some readers alone is no label; neither is text from
    right to left, which is drawn in another order.
    """
    if b"<text" not in svg and b":text" not in svg:
        return []
    try:
        root = ElementTree.fromstring(svg)
    except ElementTree.ParseError:
        return []
    styles = " ".join("".join(e.itertext()) for e in root.iter() if _name(e) == "style")
    by_class = "none" in styles or "hidden" in styles or "opacity" in styles
    found: list[str] = []
    stack: list[tuple[Element, Mapping[str, str]]] = [(root, {})]
    while stack:
        element, around = stack.pop()
        name = _name(element)
        looks = _looks(element, around)
        if name in _UNDRAWN or looks is None or (by_class and element.get("class")):
            continue
        if name == "text":
            label = " ".join("".join(_spoken(element, looks)).split())
            if letters(label) and not any(
                unicodedata.bidirectional(c) in {"R", "AL"} for c in label
            ):
                found.append(label)
        else:
            stack += [(child, looks) for child in reversed(element) if isinstance(child.tag, str)]
    return found


def _spoken(element: Element, looks: Mapping[str, str]) -> Iterator[str]:
    """Yield what a text element draws of itself and of its spans."""
    seen = not any(looks.get(name, "") in values for name, values in _HIDES.items())
    yield (element.text or "") if seen else ""
    for child in element:
        inner = _looks(child, looks) if isinstance(child.tag, str) else None
        if inner is not None and _name(child) not in _UNDRAWN:
            yield from _spoken(child, inner)
        yield (child.tail or "") if seen else ""


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _looks(element: Element, around: Mapping[str, str]) -> Mapping[str, str] | None:
    """Return what parts of an element inherit from it, of what can hide them; None if all is hidden.

    A group without fill, such as the one that drawing programs put around all, hides no text that
    has a fill of its own.
    """
    declared = [
        each.split(":", 1) for each in (element.get("style") or "").split(";") if ":" in each
    ]
    style = {name.strip(): value.strip() for name, value in declared}
    given = {name: element.get(name, "") for name in (*_HIDES, *_HIDES_ALL)}
    given = {name: value for name, value in {**given, **style}.items() if value}
    if any(given.get(name, "") in values for name, values in _HIDES_ALL.items()):
        return None
    own = {name: value for name, value in given.items() if name in _HIDES and value != "inherit"}
    return {**around, **own}


_HIDES_ALL = {"display": {"none"}, "opacity": {"0"}}  # inherited by nothing, and hides all inside
_HIDES = {
    "visibility": {"hidden", "collapse"}, "fill-opacity": {"0"}, "fill": {"none", "transparent"},
    "font-size": {"0", "0px"},
}  # fmt: skip


def drawn_in_figures(data: bytes) -> str:
    """Return the letters of the text of a PDF's figures and artifacts, in the order of drawing."""
    found: list[str] = []
    document = pdfium.PdfDocument(data)
    try:
        for number in range(len(document)):
            page = raw.FPDF_LoadPage(document.raw, number)
            text = raw.FPDFText_LoadPage(page)
            count = raw.FPDFPage_CountObjects(page)
            box = raw.FS_RECTF()
            raw.FPDF_GetPageBoundingBox(page, box)
            sides = (box.left, box.bottom, box.right, box.top)
            reading = _Reading(text, sides)
            found += reading.texts(page, count, raw.FPDFPage_GetObject, marked=False, depth=0)
            raw.FPDFText_ClosePage(text)
            raw.FPDF_ClosePage(page)
    finally:
        document.close()
    return "".join(found)


class _Reading:
    """Reads the texts of figures and artifacts of one page."""

    def __init__(self, text: Any, box: tuple[float, float, float, float]) -> None:
        self.text, self.box = text, box
        self._room = (raw.FPDF_WCHAR * (_ROOM // 2))()

    def texts(
        self, parent: Any, count: int, get: Callable[..., Any], *, marked: bool, depth: int
    ) -> Iterator[str]:
        """Yield the letters of what is seen of the objects on a page or in a form."""
        for number in range(count):
            drawn = get(parent, number)
            kind = raw.FPDFPageObj_GetType(drawn)
            inside = marked or _is_marked(drawn)
            if kind == raw.FPDF_PAGEOBJ_TEXT and inside and self._is_seen(drawn, depth):
                size = raw.FPDFTextObj_GetText(drawn, self.text, self._room, _ROOM)
                if 2 < size <= _ROOM:
                    written = ctypes.string_at(self._room, size - 2)
                    yield letters(written.decode("utf-16-le", "replace"))
            elif kind == raw.FPDF_PAGEOBJ_FORM and depth < _DEEP:
                inner = raw.FPDFFormObj_CountObjects(drawn)
                get_inner = raw.FPDFFormObj_GetObject
                yield from self.texts(drawn, inner, get_inner, marked=inside, depth=depth + 1)

    def _is_seen(self, drawn: Any, depth: int) -> bool:
        """Return True if the middle of an object is on the page and inside all paths that clip it."""
        sides = [ctypes.c_float() for _ in range(4)]
        if not raw.FPDFPageObj_GetBounds(drawn, *sides):
            return True
        left, bottom, right, top = (side.value for side in sides)
        x, y = (left + right) / 2, (bottom + top) / 2
        if not depth and not (self.box[0] <= x <= self.box[2] and self.box[1] <= y <= self.box[3]):
            return False
        path = raw.FPDFPageObj_GetClipPath(drawn)
        count = raw.FPDFClipPath_CountPaths(path) if path else 0
        return all(_holds(path, number, x, y) for number in range(count))


def _is_marked(drawn: Any) -> bool:
    """Return True if an object is marked as an artifact or a figure (ISO 32000-2, 14.8)."""
    name, size = (raw.FPDF_WCHAR * (_NAME // 2))(), ctypes.c_ulong()
    for number in range(raw.FPDFPageObj_CountMarks(drawn)):
        raw.FPDFPageObjMark_GetName(raw.FPDFPageObj_GetMark(drawn, number), name, _NAME, size)
        if ctypes.string_at(name, size.value) in _MARKS:
            return True
    return False


def _holds(path: Any, number: int, x: float, y: float) -> bool:
    px, py = ctypes.c_float(), ctypes.c_float()
    xs, ys = [], []
    for n in range(raw.FPDFClipPath_CountPathSegments(path, number)):
        raw.FPDFPathSegment_GetPoint(raw.FPDFClipPath_GetPathSegment(path, number, n), px, py)
        xs.append(px.value)
        ys.append(py.value)
    return not xs or (min(xs) <= x <= max(xs) and min(ys) <= y <= max(ys))
