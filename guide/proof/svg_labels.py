"""The labels of drawings: each text of an SVG picture or chart is drawn as text in the finished PDF.

What WeasyPrint does not draw of an SVG it leaves out without a word. The labels are taken from the
picture's own source, before it is drawn; what was drawn is read from the file by PDFium.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any
from xml.etree.ElementTree import Element

import pypdfium2 as pdfium
from defusedxml import ElementTree
from pypdfium2 import raw

from guide.model.artifacts import Fault
from guide.model.letters import letters
from guide.proof.drawn import Box, Drawn, Reader, clip_of, extent_of, opened

_MOST = 20  # faults of one document
_SHOWN = 48
_UNDRAWN = frozenset(
    "defs symbol clipPath mask marker pattern title desc metadata style script foreignObject switch"
    " flowRoot linearGradient radialGradient filter".split()
)


def label_faults(root: Element, assets: Mapping[str, bytes], data: bytes) -> tuple[Fault, ...]:
    """Return a fault for each picture of which the PDF lacks labels, the first ones.

    `root` is the document that was laid out, `assets` its files, `data` the finished PDF. A label
    must be in the text of the figures as often as the labels of all pictures have it.
    """
    return lost_labels(labels_wanted(root, assets), lambda: drawn_in_figures(data))


def labels_wanted(root: Element, assets: Mapping[str, bytes]) -> list[tuple[str, str]]:
    """Return the labels of the pictures of a document, each with the key of its picture."""
    return [
        (at, label)
        for at, source in _pictures(root)
        for label in labels_of(assets.get(source, b""))
    ]


def lost_labels(
    wanted: Sequence[tuple[str, str]], of_figures: Callable[[], str]
) -> tuple[Fault, ...]:
    """Return a fault for each picture with labels that are not among the letters of figures."""
    if not wanted:
        return ()
    drawn = of_figures()
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
    has its own fill.
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
    document = pdfium.PdfDocument(data)
    try:
        return drawn_in_figures_of(document.raw, range(len(document)))
    finally:
        document.close()


def drawn_in_figures_of(document: Any, numbers: Iterable[int]) -> str:
    """Return the letters of the text of figures and artifacts on pages that PDFium has opened."""
    found: list[str] = []
    for number in numbers:
        with opened(document, number) as page:
            text = raw.FPDFText_LoadPage(page)
            reader, extent = Reader(text), extent_of(page)
            found += [
                letters(reader.words(each))
                for each in reader.objects(page)
                if each.kind == raw.FPDF_PAGEOBJ_TEXT and each.silent and _is_seen(each, extent)
            ]
            raw.FPDFText_ClosePage(text)
    return "".join(found)


def _is_seen(drawn: Drawn, extent: Box) -> bool:
    """Return True if the middle of an object is on the page and inside all paths that clip it."""
    box = drawn.box
    if box is None:
        return True
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    clip = clip_of(drawn.handle, drawn.holders[-1] if drawn.holders else None)
    return all(b[0] <= x <= b[2] and b[1] <= y <= b[3] for b in (extent, clip))
