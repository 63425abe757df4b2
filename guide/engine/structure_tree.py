"""The tree of a document's structure, read from its laid-out boxes."""

from __future__ import annotations

from typing import Any

import pydyf
from weasyprint.formatting_structure import boxes
from weasyprint.layout.absolute import AbsolutePlaceholder

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
INLINE = {"Span", "Link", "Quote", "Code", "Note", "Reference", "Form", "Formula"}
GROUPS = {"Document", "Part", "Art", "Sect", "Div", "BlockQuote", "TOCI"}
_HOLDERS = {*GROUPS, "LBody", "TD", "TH", "Caption", ""}  # in which a note may be
_SCOPES = {"row": "/Row", "rowgroup": "/Row"}
_NUMBERINGS = {
    "decimal": "Decimal", "decimal-leading-zero": "Decimal", "upper-roman": "UpperRoman",
    "lower-roman": "LowerRoman", "upper-alpha": "UpperAlpha", "upper-latin": "UpperAlpha",
    "lower-alpha": "LowerAlpha", "lower-latin": "LowerAlpha", "disc": "Disc", "circle": "Circle",
    "square": "Square",
}  # fmt: skip


def unwrap(box: Any) -> Any:
    """Return the laid-out box behind a placeholder of an absolutely positioned one."""
    return box._box if isinstance(box, AbsolutePlaceholder) else box  # noqa: SLF001


def is_decoration(box: Any) -> bool:
    """Return whether a box is an image that says nothing, or text that is hidden from being said."""
    element = box.element
    if element is None:
        return False
    if not isinstance(box, boxes.ReplacedBox):
        return bool(element.get("aria-hidden") == "true")
    hidden = element.get("aria-hidden") == "true" or element.get("role") in {"presentation", "none"}
    return hidden or element.get("alt") == ""


class Node:
    """An element of the structure, until it is written.

    `role` is a standard structure type, '' for what has no meaning. `kids` are nodes,
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

    With `notes`, footnotes are where they are called, as notes with an identifier.
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
        box = unwrap(box)
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
        for inner in map(unwrap, box.descendants(placeholders=True)):
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
        elif element.get("aria-label") and role in INLINE and role != "Link":
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
        """Return a label at the head of the item that it is in."""
        item = _item(above) or above
        node = Node("Lbl", self.page, item, (element, tag))
        item.kids.insert(0, node)
        return node

    # Links and notes --------------------------------------------------------------------------

    def _link(self, box: Any, node: Node) -> None:
        """Give a link its annotation; one that emphasis in it has is of the whole link."""
        annotation, link = box.link_annotation, node
        above: Node | None = node
        while above is not None and above.role != "Link" and above.role not in GROUPS:
            above = above.up
        if above is not None and above.role == "Link":
            link = above
        elif link.role in {"", "Span"}:
            link.role = "Link"
        else:
            link = self._inside(link)
        annotation["F"] = 4  # printed as shown (Matterhorn 28)
        said = annotation["Contents"]
        annotation["Contents"] = pydyf.String(words_of(link) or said.string)
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
    """Return the list's item that a node is in, unless a block is between."""
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


def words_of(link: Node) -> str:
    """Return what a link says: its label, its words, or those of the picture in it."""
    element = link.element[0]
    text = element.get("aria-label") or " ".join("".join(element.itertext()).split())
    pictures = (each.get("alt") for each in element.iter("img") if each.get("alt"))
    return text or next(pictures, "") or element.get("href") or ""
