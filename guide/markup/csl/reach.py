"""What an element of a style can print, through all of its macros."""

from __future__ import annotations

from guide.markup.csl.style import Node, Style

_PRINTING = frozenset(("text", "number", "date", "names"))
_ACCESS = frozenset(("URL", "DOI", "accessed", "medium", "PMID", "PMCID"))


def is_access(style: Style, node: Node) -> bool:
    """Return True if a node prints an address, and no field but those that belong to it."""
    key = ("access", id(node))
    if key not in style.cache:
        found = _fields(style, node, set())
        style.cache[key] = bool(found & {"URL", "DOI"}) and found <= _ACCESS
    return bool(style.cache[key])


def _fields(style: Style, node: Node, seen: set[str]) -> set[str]:
    """Return the fields that a node can print."""
    found = set(node.attrs.get("variable", "").split()) if node.tag in _PRINTING else set()
    kids = list(node.kids)
    macro = node.attrs.get("macro", "") if node.tag == "text" else ""
    if macro and macro not in seen and macro in style.macros:
        seen.add(macro)
        kids += style.macros[macro].kids
    return found.union(*(_fields(style, kid, seen) for kid in kids))


def has_suffix_text(style: Style, area: Node) -> bool:
    """Return True if the style says itself where the year's letter goes."""
    cache = style.cache
    key = ("suffix", area.tag)
    if key not in cache:
        cache[key] = _names_suffix(style, area, set())
    return bool(cache[key])


def _names_suffix(style: Style, node: Node, seen: set[str]) -> bool:
    if node.attrs.get("variable") == "year-suffix" and node.tag == "text":
        return True
    name = node.attrs.get("macro", "")
    if name and name not in seen:
        seen.add(name)
        macro = style.macros.get(name)
        if macro and any(_names_suffix(style, kid, seen) for kid in macro.kids):
            return True
    return any(_names_suffix(style, kid, seen) for kid in node.kids)
