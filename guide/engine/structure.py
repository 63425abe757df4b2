"""The structure tree of a tagged PDF (ISO 32000-1, 14.7 and 14.8) for a laid-out document.

WeasyPrint makes a tree of boxes: an element that crosses pages or lines becomes several structure
elements, and many are empty. Here the tree is one of the document: what one element of the markup
is, is one element of the structure, wherever its parts were printed. `corrections` installs it.

The markup may say more than its elements do, in words of ARIA: `role="doc-toc"` on a list is a table
of contents, `role="math"` on a picture a formula. `data-label` makes an element the label of the
list item that it stands in, and `aria-hidden="true"` text an artifact.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from typing import Any

import pydyf
from weasyprint.formatting_structure import boxes
from weasyprint.layout.absolute import AbsolutePlaceholder
from weasyprint.logger import LOGGER

from guide.engine import patches

patches.check()
_SCALE = 0.75  # pt a px
_SVG = "{http://www.w3.org/2000/svg}"
_ROLES = {
    "div": "Div", "main": "Part", "article": "Art", "section": "Sect", "blockquote": "BlockQuote",
    "q": "Quote", "p": "P", "pre": "P", "code": "Code", "kbd": "Code", "samp": "Code",
    "h1": "H1", "h2": "H2", "h3": "H3", "h4": "H4", "h5": "H5", "h6": "H6",
    "ul": "L", "ol": "L", "dl": "L", "table": "Table", "thead": "THead", "tbody": "TBody",
    "tfoot": "TFoot", "tr": "TR", "th": "TH", "td": "TD", "caption": "Caption",
    "figcaption": "Caption", "img": "Figure", f"{_SVG}svg": "Figure", "input": "Form",
    "textarea": "Form", "select": "Form",
}  # fmt: skip
_PHRASES = {"span", "a", "b", "strong", "i", "em", "small", "abbr", "dfn", "mark", "sup", "sub", "time",
            "label", "u", "s", "del", "ins", "cite", "var"}  # fmt: skip
_INLINE = {"Span", "Link", "Quote", "Code", "Note", "Reference", "Form", "Formula"}
_GROUPS = {"Document", "Part", "Art", "Sect", "Div", "BlockQuote", "TOCI"}
_HOLDERS = {*_GROUPS, "LBody", "TD", "TH", "Caption", ""}  # in which a note may stand
_NEEDED = {"TD", "TH", "TR"}  # a table has them even where they are empty
_SCOPES = {"row": "/Row", "rowgroup": "/Row"}
_NUMBERINGS = {
    "decimal": "Decimal", "decimal-leading-zero": "Decimal", "upper-roman": "UpperRoman",
    "lower-roman": "LowerRoman", "upper-alpha": "UpperAlpha", "upper-latin": "UpperAlpha",
    "lower-alpha": "LowerAlpha", "lower-latin": "LowerAlpha", "disc": "Disc", "circle": "Circle",
    "square": "Square",
}  # fmt: skip


def is_decoration(box: Any) -> bool:
    """Tell whether a box is an image that says nothing, or text that is hidden from being said."""
    element = box.element
    if element is None:
        return False
    if not isinstance(box, boxes.ReplacedBox):
        return bool(element.get("aria-hidden") == "true")
    hidden = element.get("aria-hidden") == "true" or element.get("role") in {"presentation", "none"}
    return hidden or element.get("alt") == ""


class Node:
    """An element of the structure, until it is written.

    `role` is a standard structure type, '' for what has no meaning of its own. `kids` are nodes,
    marked contents as (page, number), and annotations as (page, dictionary). `facts` are the
    entries of the element besides those that every element has.
    """

    __slots__ = ("element", "facts", "kids", "page", "role", "up", "written")

    def __init__(self, role: str, page: int, up: Node | None = None, element: Any = None) -> None:
        self.role, self.page, self.up, self.element = role, page, up, element
        self.kids: list[Any] = []
        self.facts: dict[str, Any] = {}
        self.written: Any = None


class Tree:
    """Makes the tree of a document, page by page.

    With `notes`, footnotes stand where they are called, as notes with an identifier.
    """

    def __init__(self, *, notes: bool = True) -> None:
        self.root = Node("Document", 0)
        self.hidden: list[tuple[int, Any]] = []  # annotations of what is an artifact, by page
        self.notes: list[Node] | None = [] if notes else None
        self._known: dict[tuple[int, str], Node] = {}
        self._called: dict[int, Node] = {}

    def add(self, number: int, page: Any, tags: dict[Any, Any]) -> None:
        """Take in a page; `tags` are its marked contents by box, as they were drawn."""
        self.page, self.tags, self.height = number, tags, page.height
        self._box(page._page_box, self.root)  # noqa: SLF001
        if tags:  # drawn, but in no box that is known
            rest = Node("P", number, self.root)
            rest.kids = [(number, tag["mcid"]) for tag in tags.values()]
            self.root.kids.append(rest)

    def _box(self, box: Any, above: Node) -> None:
        if isinstance(box, AbsolutePlaceholder):
            box = box._box  # noqa: SLF001
        if isinstance(box, boxes.TextBox):
            self._content(box, above)
            return
        if isinstance(box, boxes.MarginBox) or is_decoration(box):
            return
        heads = getattr(box, "is_header", False) or getattr(box, "is_footer", False)
        if heads and (id(box.element), box.element_tag) in self._known:
            self._hide(box)
            return
        node = self._node(box, above)
        if box.link_annotation:
            self._link(box, node)
        if box.widget_annotation:
            node.kids.append((self.page, box.widget_annotation))
        for child in box.children:
            if isinstance(child, boxes.LineBox):
                for each in child.children:
                    self._box(each, node)
            else:
                self._box(child, node)
        if isinstance(box, boxes.ReplacedBox):
            self._content(box, node)

    def _content(self, box: Any, node: Node) -> None:
        tag = self.tags.pop(box, None)
        if tag is not None:
            node.kids.append((self.page, tag["mcid"]))

    def _hide(self, box: Any) -> None:
        for each in box.descendants(placeholders=True):
            inner = each._box if isinstance(each, AbsolutePlaceholder) else each  # noqa: SLF001
            if inner.link_annotation:
                self.hidden.append((self.page, inner.link_annotation))

    def _node(self, box: Any, above: Node) -> Node:
        """Return what a box adds to: the node above it, one of an earlier part, or a new one."""
        element, tag = box.element, box.element_tag
        if element is None or tag in {"html", "body"} or isinstance(box, boxes.PageBox):
            return above
        if above.element is not None and above.element[0] is element and above.element[1] == tag:
            return above  # an anonymous box
        known = self._known.get((id(element), tag))
        if known is not None and self._continues(known, above):
            return known
        node = self._made(box, element, tag, above)
        self._known[id(element), tag] = node
        return node

    def _continues(self, known: Node, above: Node) -> bool:
        outer = known.up if known.role == "LBody" else known
        if outer is None or outer.role in {"Note", "Lbl"}:
            return True
        if outer.up is not above:
            return False
        return outer.page != self.page or outer is next(
            (kid for kid in reversed(above.kids) if getattr(kid, "role", "") != "Note"), None
        )

    def _made(self, box: Any, element: Any, tag: str, above: Node) -> Node:
        name, _, pseudo = tag.partition("::")
        if pseudo == "marker":
            return self._label(above, element, tag)
        if pseudo == "footnote-marker" and above.role == "Note":
            return self._new("Lbl", above, element, tag)
        if pseudo == "footnote-call" and self.notes is not None:
            return self._call(element, tag, above)
        if id(element) in self._called and not pseudo:
            return self._called[id(element)]
        inline = isinstance(box, boxes.InlineLevelBox)
        if pseudo:
            role = "Span" if inline else ""
        elif element.get("data-label") is not None and _item(above) is not None:
            return self._label(above, element, tag)
        elif tag in {"li", "dt", "dd"}:
            return self._item(box, element, tag, above)
        elif isinstance(box, boxes.ReplacedBox):
            role = "Formula" if element.get("role") == "math" else "Figure"
        else:
            role = _ROLES.get(name, "Span" if inline or name in _PHRASES else "")
        if role == "L" and (element.get("role") == "doc-toc" or above.role == "TOCI"):
            role = "TOC"
        node = self._new(role, above, element, tag)
        self._describe(node, box, element)
        return node

    def _new(self, role: str, above: Node, element: Any, tag: str) -> Node:
        node = Node(role, self.page, above, (element, tag))
        above.kids.append(node)
        if "::" not in tag and element.get("lang"):
            node.facts["Lang"] = pydyf.String(element.get("lang"))
        return node

    def _describe(self, node: Node, box: Any, element: Any) -> None:
        role = node.role
        if role in {"Figure", "Formula"}:
            left, top = box.content_box_x(), box.content_box_y()
            right, foot = left + box.width, top + box.height
            edges = (left, self.height - foot, right, self.height - top)
            node.facts["A"] = pydyf.Dictionary(
                {"O": "/Layout", "BBox": pydyf.Array(round(edge * _SCALE, 2) for edge in edges)}
            )
            if said := _alternative(element):
                node.facts["Alt"] = pydyf.String(said)
        elif role in {"TH", "TD"}:
            facts = {"O": "/Table"}
            if role == "TH":
                facts["Scope"] = _SCOPES.get(element.get("scope", ""), "/Column")
            facts |= {"ColSpan": box.colspan} if box.colspan != 1 else {}
            facts |= {"RowSpan": box.rowspan} if box.rowspan != 1 else {}
            if len(facts) > 1:
                node.facts["A"] = pydyf.Dictionary(facts)
        elif element.get("aria-label") and role in _INLINE and role != "Link":
            node.facts["Alt"] = pydyf.String(element.get("aria-label"))

    # Lists -----------------------------------------------------------------------------------

    def _item(self, box: Any, element: Any, tag: str, above: Node) -> Node:
        """Return what the content of a list's item goes into: its body, or the label of a term."""
        if above.role == "TOC":
            return self._new("TOCI", above, element, tag)
        if above.role != "L":
            return self._new("", above, element, tag)
        item, role = _open_item(above), "Lbl" if tag == "dt" else "LBody"
        last = item.kids[-1] if item is not None and tag != "li" else None
        if last is not None and last.role == role:
            return last  # type: ignore[no-any-return]
        if item is None or last is None or role == "Lbl":
            item = self._new("LI", above, element, "")
        if tag == "li" and "A" not in above.facts:
            style = box.style["list_style_type"] if "list-item" in box.style["display"] else "none"
            ordered = "Decimal" if above.element[0].tag == "ol" else "None"
            number = _NUMBERINGS.get(style, ordered) if isinstance(style, str) else ordered
            if number != "None":
                above.facts["A"] = pydyf.Dictionary({"O": "/List", "ListNumbering": f"/{number}"})
        return self._new(role, item, element, tag)

    def _label(self, above: Node, element: Any, tag: str) -> Node:
        """Return a label at the head of the item that it stands in."""
        item = _item(above) or above
        node = Node("Lbl", self.page, item, (element, tag))
        item.kids.insert(0, node)
        return node

    # Links and notes --------------------------------------------------------------------------

    def _link(self, box: Any, node: Node) -> None:
        """Give a link its annotation; one that emphasis in it has is of the whole link."""
        annotation, link = box.link_annotation, node
        above: Node | None = node
        while above is not None and above.role != "Link" and above.role not in _GROUPS:
            above = above.up
        if above is not None and above.role == "Link":
            link = above
        elif link.role in {"", "Span"}:
            link.role = "Link"
        else:
            link = self._inside(link)
        annotation["F"] = 4  # printed as shown (Matterhorn 28)
        said = annotation["Contents"]
        annotation["Contents"] = pydyf.String(_said(link) or said.string)
        link.kids.append((self.page, annotation))

    def _inside(self, node: Node) -> Node:
        """Return a link within an element that must stay what it is, such as a figure."""
        up = node.up
        assert up is not None
        link = Node("Link", self.page, up, (node.element[0], "a::link"))
        up.kids[up.kids.index(node)] = link
        link.kids, node.up = [node], link
        return link

    def _call(self, element: Any, tag: str, above: Node) -> Node:
        call = self._new("Reference", above, element, tag)
        while above.role not in _HOLDERS and above.up is not None:
            above = above.up
        note = Node("Note", self.page, above, (element, element.tag))
        above.kids.append(note)  # after the paragraph: no sentence is interrupted
        self._called[id(element)] = note
        assert self.notes is not None
        self.notes.append(note)
        return call


def _open_item(above: Node) -> Node | None:
    """Return the last item of a list of terms, to which what follows may belong."""
    last = above.kids[-1] if above.kids else None
    if not isinstance(last, Node) or last.role != "LI" or not last.kids:
        return None
    return last if last.kids[-1].element[1] in {"dt", "dd"} else None


def _item(node: Node | None) -> Node | None:
    """Return the list's item that a node stands in, unless a block stands between."""
    while node is not None and node.role in {"", "Span", "P", "LBody", "TOCI"}:
        if node.role == "TOCI":
            return node
        if node.role == "LBody":
            return node.up
        node = node.up
    return None


def _alternative(element: Any) -> str:
    if element.tag == f"{_SVG}svg":
        title = element.find(f"{_SVG}title")
        return (title.text or "") if title is not None else ""
    return str(element.get("alt") or element.get("aria-label") or "")


def _said(link: Node) -> str:
    """Return what a link says: its label, its words, or those of the picture in it."""
    element = link.element[0]
    text = element.get("aria-label") or " ".join("".join(element.itertext()).split())
    pictures = (each.get("alt") for each in element.iter("img") if each.get("alt"))
    return text or next(pictures, "") or element.get("href") or ""


# What the tree says too much ------------------------------------------------------------------


def mended(node: Node) -> Node:
    """Return a node without what is empty or means nothing, and with text in paragraphs."""
    node.kids = list(_mended(node))
    if node.role in _GROUPS:
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
    loose = kid.role == "" and above.role in {*_GROUPS, ""} and not any(map(_is_block, kid.kids))
    if loose and any(isinstance(each, tuple) for each in kid.kids):
        kid.role = "P"
        yield kid
        return
    for each in kid.kids:
        if isinstance(each, Node):
            each.up = above
        yield each


def _is_block(kid: Any) -> bool:
    return isinstance(kid, Node) and kid.role not in _INLINE and kid.role != "Figure"


def _paragraphs(node: Node) -> None:
    """Put text that stands by itself in a group into paragraphs."""
    if not any(isinstance(kid, tuple) or kid.role in _INLINE for kid in node.kids):
        return
    if node.role == "Div" and not any(map(_is_block, node.kids)):
        node.role = "P"
        return
    wrapper = "Reference" if node.role == "TOCI" else "P"
    kids: list[Any] = []
    for block, run in groupby(node.kids, _is_apart):
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
        link.facts["Alt"] = pydyf.String(_said(link))


def _runs(node: Node) -> None:
    """Put texts that stand between elements into elements: not every reader takes kids in turn."""
    kids: list[Any] = []
    for text, run in groupby(node.kids, lambda kid: type(kid) is tuple and type(kid[1]) is int):
        if not text:
            kids += run
            continue
        each = list(run)
        kids.append(Node("Span", each[0][0], node))
        kids[-1].kids = each
    node.kids = kids


def _is_apart(kid: Any) -> bool:
    return isinstance(kid, Node) and kid.role not in _INLINE


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
    levels: list[int] = []  # as written, of the headings that the next one may belong to
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if _HEADING.fullmatch(node.role):
            level = int(node.role[1])
            while levels and levels[-1] >= level:
                levels.pop()
            levels.append(level)
            node.role = f"H{len(levels)}"
        waiting += [kid for kid in reversed(node.kids) if isinstance(kid, Node)]
    return root


_HEADING = re.compile("H[1-6]")

# Writing ----------------------------------------------------------------------------------------


def add_tags(pdf: Any, document: Any, pdf_version: Any, page_streams: Any, **how: Any) -> None:
    """Add the structure of a document to a PDF: in place of `weasyprint.pdf.tags.add_tags`."""
    del pdf_version  # 1.7, as the variant says
    pages = pdf.page_references
    tree = Tree(**how)
    counts = []
    for number, (page, stream) in enumerate(zip(document.pages, page_streams, strict=True)):
        counts.append(len(stream._tags))  # noqa: SLF001
        tree.add(number, page, stream._tags)  # noqa: SLF001
    writer = _Writer(pdf, pages, counts)
    writer.write(in_steps(mended(tree.root)))
    for number, annotation in tree.hidden:
        page = pdf.objects[int(pages[number].split()[0])]
        page["Annots"].remove(annotation.reference)
    if tree.notes:
        writer.name(tree.notes)
    catalogue = pdf.catalog
    if "Lang" not in catalogue:
        LOGGER.error('Missing required "lang" attribute at the root of the document')
    catalogue["ViewerPreferences"] = pydyf.Dictionary({"DisplayDocTitle": "true"})
    catalogue["MarkInfo"] = pydyf.Dictionary({"Marked": "true"})


class _Writer:
    def __init__(self, pdf: Any, pages: Any, counts: list[int]) -> None:
        self.pdf, self.pages = pdf, pages
        self.owners: list[list[Any]] = [[b"null"] * count for count in counts]
        self.annotations: list[tuple[Any, Any]] = []
        self.mapping = pydyf.Dictionary({})
        self.top = pydyf.Dictionary({"Type": "/StructTreeRoot"})

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
        written = pydyf.Dictionary({"Type": "/StructElem", "S": f"/{node.role}", "P": above})
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
