"""The structure tree of a tagged PDF (ISO 32000-1, 14.7 and 14.8) for a laid-out document.

WeasyPrint makes a tree of boxes: an element that crosses pages or lines becomes several structure
elements, and many are empty. Here the tree is one of the document: what one element of the markup
is, is one element of the structure, wherever its parts were printed. `corrections` installs it.

The markup may say more than its elements do, in words of ARIA: `role="doc-toc"` on a list is a table
of contents, `role="math"` on a picture a formula. `data-label` makes an element the label of the
list item that it is in, and `aria-hidden="true"` text an artifact.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import pydyf
from weasyprint.logger import LOGGER

from guide.engine import patches
from guide.engine.pieces import steps
from guide.engine.structure_tree import GROUPS, INLINE, Node, Tree, words_of

patches.check()
_NEEDED = {"TD", "TH", "TR"}  # a table has them even where they are empty


# What the tree says too much ------------------------------------------------------------------


def mended(node: Node) -> Node:
    """Return a node without what is empty or means nothing, and with text in paragraphs."""
    node.kids = list(_mended(node))
    if node.role in GROUPS:
        _paragraphs(node)
    elif node.role == "":
        _caption(node)
    elif node.role == "Link":
        _pictured(node)
    elif node.role == "L" and "A" in node.facts:
        labelled = any(kid.role == "Lbl" for item in node.kids for kid in item.kids)
        if not labelled:
            del node.facts["A"]
    return node


def _mended(node: Node) -> Iterator[Any]:
    for kid in node.kids:
        if not isinstance(kid, Node):
            yield kid
            continue
        mended(kid)
        if not kid.kids and kid.role not in _NEEDED:
            continue
        if kid.role in {"", "Span"} and not kid.facts:
            yield from _dissolved(kid, node)
        else:
            kid.role = kid.role or ("Div" if any(map(_is_block, kid.kids)) else "Span")
            yield kid


def _dissolved(kid: Node, above: Node) -> Iterator[Any]:
    """Yield what a node without a meaning holds; a block of text alone is a paragraph."""
    loose = kid.role == "" and above.role in {*GROUPS, ""} and not any(map(_is_block, kid.kids))
    if loose and any(isinstance(each, tuple) for each in kid.kids):
        kid.role = "P"
        yield kid
        return
    for each in kid.kids:
        if isinstance(each, Node):
            each.up = above
        yield each


def _is_block(kid: Any) -> bool:
    return isinstance(kid, Node) and kid.role not in INLINE and kid.role != "Figure"


def _paragraphs(node: Node) -> None:
    """Put text that is by itself in a group into paragraphs."""
    if not any(isinstance(kid, tuple) or kid.role in INLINE for kid in node.kids):
        return
    if node.role == "Div" and not any(map(_is_block, node.kids)):
        node.role = "P"
        return
    wrapper = "Reference" if node.role == "TOCI" else "P"
    kids: list[Any] = []
    for block, run in groupby(
        node.kids, lambda kid: isinstance(kid, Node) and kid.role not in INLINE
    ):
        each = list(run)
        if block:
            kids += each
            continue
        first = each[0]
        made = Node(wrapper, first[0] if isinstance(first, tuple) else first.page, node)
        made.kids = each
        for kid in each:
            if isinstance(kid, Node):
                kid.up = made
        kids.append(made)
    node.kids = kids


def _pictured(link: Node) -> None:
    """Let a link that is a picture alone say where it leads."""
    if not any(isinstance(kid, Node) or isinstance(kid[1], int) for kid in link.kids):
        return
    if not any(isinstance(kid, tuple) and isinstance(kid[1], int) for kid in link.kids) and all(
        kid.role == "Figure" for kid in link.kids if isinstance(kid, Node)
    ):
        link.facts["Alt"] = pydyf.String(words_of(link))


def _runs(node: Node) -> None:
    """Put texts that are between elements into elements: not every reader takes kids in turn."""
    kids: list[Any] = []
    for text, run in groupby(node.kids, lambda kid: type(kid) is tuple and type(kid[1]) is int):
        if not text:
            kids += run
            continue
        each = list(run)
        kids.append(Node("Span", each[0][0], node))
        kids[-1].kids = each
    node.kids = kids


def _caption(node: Node) -> None:
    """Put the caption of a table into the table, where it belongs (14.8.4.3.4)."""
    tables = [kid for kid in node.kids if isinstance(kid, Node) and kid.role == "Table"]
    captions = [kid for kid in node.kids if isinstance(kid, Node) and kid.role == "Caption"]
    if len(tables) == 1 and len(captions) == 1:
        node.kids.remove(captions[0])
        first = node.kids.index(tables[0]) == 0
        tables[0].kids.insert(0 if first else len(tables[0].kids), captions[0])
        captions[0].up = tables[0]


def in_steps(root: Node) -> Node:
    """Return a tree in which no heading is more than one level below the one that it belongs to.

    ISO 14289-1, 7.4.2: levels may not be skipped on the way down. A heading belongs to the nearest one
    before it of a higher level, whatever the numbers of the two are.
    """
    found: list[Node] = []
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if _HEADING.fullmatch(node.role):
            found.append(node)
        waiting += [kid for kid in reversed(node.kids) if isinstance(kid, Node)]
    for node, level in zip(found, steps(int(node.role[1]) for node in found), strict=True):
        node.role = f"H{level}"
    return root


_HEADING = re.compile("H[1-6]")

# Writing ----------------------------------------------------------------------------------------


@dataclass
class Open:
    """What is numbered through a document, of a part of it: left open in its objects.

    `heading` and `note` make what stands for the level of a heading and for the number of a note;
    `levels` are those of the headings as written, `notes` the notes.
    """

    heading: Callable[[int], bytes]
    note: Callable[[int], bytes]
    levels: list[int] = field(default_factory=list)
    notes: list[bytes] = field(default_factory=list)


def add_tags(pdf: Any, document: Any, pdf_version: Any, page_streams: Any, **how: Any) -> None:
    """Add the structure of a document to a PDF: in place of `weasyprint.pdf.tags.add_tags`."""
    del pdf_version  # 1.7, as the variant says
    tree, writer = _grown(pdf, document.pages, page_streams, Tree(**how))
    writer.write(in_steps(tree.root))
    _hide(pdf, tree)
    if tree.notes:
        writer.name(tree.notes)
    catalogue = pdf.catalog
    if "Lang" not in catalogue:
        LOGGER.error('Missing required "lang" attribute at the root of the document')
    catalogue["ViewerPreferences"] = pydyf.Dictionary({"DisplayDocTitle": "true"})
    catalogue["MarkInfo"] = pydyf.Dictionary({"Marked": "true"})


def add_part_tags(pdf: Any, pages: Any, streams: Any, left: Open) -> None:
    """Add the structure of a part of a document to a PDF; what is numbered through is left open."""
    tree, writer = _grown(pdf, pages, streams, Tree())
    writer.left = left
    writer.write(tree.root)
    _hide(pdf, tree)
    for note in tree.notes or ():
        if note.written is not None:
            note.written["ID"] = left.note(len(left.notes))
            left.notes.append(note.written.reference)


def _grown(pdf: Any, pages: Any, streams: Any, tree: Tree) -> tuple[Tree, _Writer]:
    counts = []
    for number, (page, stream) in enumerate(zip(pages, streams, strict=True)):
        counts.append(len(stream._tags))  # noqa: SLF001
        tree.add(number, page, stream._tags)  # noqa: SLF001
    mended(tree.root)
    return tree, _Writer(pdf, pdf.page_references, counts)


def _hide(pdf: Any, tree: Tree) -> None:
    for number, annotation in tree.hidden:
        page = pdf.objects[int(pdf.page_references[number].split()[0])]
        page["Annots"].remove(annotation.reference)


class _Writer:
    def __init__(self, pdf: Any, pages: Any, counts: list[int]) -> None:
        self.pdf, self.pages = pdf, pages
        self.owners: list[list[Any]] = [[b"null"] * count for count in counts]
        self.annotations: list[tuple[Any, Any]] = []
        self.mapping = pydyf.Dictionary({})
        self.top = pydyf.Dictionary({"Type": "/StructTreeRoot"})
        self.left: Open | None = None

    def write(self, root: Node) -> None:
        """Write the tree: first the mapping of contents, then the root, then the elements."""
        self.pdf.add_object(self.mapping)
        self.pdf.add_object(self.top)
        self.top["ParentTree"] = self.mapping.reference
        self.top["K"] = pydyf.Array([self._element(root, self.top.reference)])
        numbers: list[Any] = []
        for page, owners in enumerate(self.owners):
            numbers += [page, pydyf.Array(owners)]
        for number, (annotation, owner) in enumerate(self.annotations, len(self.owners)):
            annotation["StructParent"] = number
            numbers += [number, owner]
        self.mapping["Nums"] = pydyf.Array(numbers)
        self.pdf.catalog["StructTreeRoot"] = self.top.reference

    def _element(self, node: Node, above: bytes) -> bytes:
        role: Any = f"/{node.role}"
        if self.left is not None and _HEADING.fullmatch(node.role):
            role = self.left.heading(len(self.left.levels))
            self.left.levels.append(int(node.role[1]))
        written = pydyf.Dictionary({"Type": "/StructElem", "S": role, "P": above})
        if node.role != "Document":
            written["Pg"] = self.pages[node.page]
        written.update(node.facts)
        self.pdf.add_object(written)
        node.written, own = written, written.reference
        if any(isinstance(kid, Node) for kid in node.kids):
            _runs(node)
        written["K"] = pydyf.Array([self._kid(kid, node, own) for kid in node.kids])
        return own  # type: ignore[no-any-return]

    def _kid(self, kid: Any, node: Node, own: bytes) -> Any:
        if isinstance(kid, Node):
            return self._element(kid, own)
        page, content = kid
        if isinstance(content, int):
            self.owners[page][content] = own
            if page == node.page:
                return content
            return pydyf.Dictionary({"Type": "/MCR", "Pg": self.pages[page], "MCID": content})
        self.annotations.append((content, own))
        return pydyf.Dictionary({"Type": "/OBJR", "Obj": content.reference, "Pg": self.pages[page]})

    def name(self, notes: list[Node]) -> None:
        """Give each note its identifier (ISO 14289-1, 7.9), and the tree a list of them."""
        names: list[Any] = []
        for number, note in enumerate((note for note in notes if note.written is not None), 1):
            identifier = pydyf.String(f"note-{number:05}")
            note.written["ID"] = identifier
            names += [identifier, note.written.reference]
        if names:
            limits = pydyf.Array([names[0], names[-2]])
            leaf = pydyf.Dictionary({"Names": pydyf.Array(names), "Limits": limits})
            self.pdf.add_object(leaf)
            ids = pydyf.Dictionary({"Kids": pydyf.Array([leaf.reference])})
            self.top["IDTree"] = ids
