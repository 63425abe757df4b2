"""How a PDF stores content, and its interactive form: whether it is signed, or its page a placeholder.

Objects are those of pikepdf, which has its home elsewhere; they are only asked for their entries.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from guide.diagnostics.diagnostic import Diagnostic, Place, error

# Filters of text and instructions, with the short names of inline pictures (ISO 32000-2, 7.4, table
# 92). The others store pictures, or are unknown to the standard.
_READ = frozenset(
    "/FlateDecode /Fl /LZWDecode /LZW /ASCIIHexDecode /AHx /ASCII85Decode /A85 /RunLengthDecode /RL "
    "/Crypt".split()
)
_LONGEST = 40  # characters of an unknown filter's name that are shown
_MOST = 50_000  # fields that are looked at
_DEEPEST = 100


def is_signed(pdf: Any) -> bool:
    """Return True if a stamp would break a signature in the file.

    That is a signature field with a value, or a certification (DocMDP; ISO 32000-2, 12.8.2.2). An
    empty field is none, and usage rights alone (UR, UR3) protect functions of a viewer.
    """
    permissions = _entry(pdf.Root, "/Perms")
    if _entry(permissions, "/DocMDP") is not None:
        return True
    return any(kind == "/Sig" and _has_entries(value) for kind, value in _fields(pdf))


def is_placeholder(pdf: Any) -> bool:
    """Return True if the pages only ask the reader to wait: those of a dynamic XFA form.

    Such a form is drawn by Adobe's programs alone. Its one page has no field but signatures, whatever
    language it speaks, or the catalog asks for rendering (NeedsRendering).
    """
    if _entry(_entry(pdf.Root, "/AcroForm"), "/XFA") is None:
        return False
    if _entry(pdf.Root, "/NeedsRendering") is True:
        return True
    fields = any(kind and kind != "/Sig" for kind, _ in _widgets(pdf))
    return len(pdf.pages) == 1 and not fields


def placeholder(path: str) -> Diagnostic:
    """Return the problem with a file of which `is_placeholder` is True."""
    message = "the PDF is an XFA form: its page only asks the reader to wait"
    hint = "Open it in Adobe Acrobat Reader, print it to a PDF (Microsoft Print to PDF), and use that file."
    return error("xfa-form", message, Place(path), hint)


def drop_usage_rights(pdf: Any) -> None:
    """Remove usage rights, which end with any change and of which a viewer would then complain."""
    permissions = _entry(pdf.Root, "/Perms")
    for key in ("/UR", "/UR3"):
        if _entry(permissions, key) is not None:
            del permissions[key]
    if permissions is not None and not _has_entries(permissions):
        del pdf.Root["/Perms"]


def names_of_fields(pdf: Any) -> set[str]:
    """Return the names of the fields at the top of the form."""
    found = set()
    for field in _listed(_entry(_entry(pdf.Root, "/AcroForm"), "/Fields")):
        name = _entry(field, "/T")
        if name is not None:
            found.add(str(name))
    return found


def _fields(pdf: Any) -> Iterator[tuple[str, Any]]:
    """Yield kind and value of each field, those of widgets that no form lists included."""
    form = _entry(pdf.Root, "/AcroForm")
    known: set[tuple[int, int]] = set()
    waiting = [(field, "", None) for field in _listed(_entry(form, "/Fields"))]
    while waiting and len(known) < _MOST:
        field, kind, value = waiting.pop()
        number = getattr(field, "objgen", (0, 0))
        if number in known:
            continue
        known.add(number if number != (0, 0) else (-len(known) - 1, 0))
        kind = str(_entry(field, "/FT") or kind)
        own = _entry(field, "/V")
        value = value if own is None else own
        yield kind, value
        waiting += [(kid, kind, value) for kid in _listed(_entry(field, "/Kids"))]
    yield from _widgets(pdf)


def _widgets(pdf: Any) -> Iterator[tuple[str, Any]]:
    """Yield kind and value of each field that is on a page."""
    count = 0
    for page in pdf.pages:
        for each in _listed(_entry(page.obj, "/Annots")):
            count += 1
            if count > _MOST:
                return
            if _entry(each, "/Subtype") == "/Widget":
                yield str(above(each, "/FT") or ""), above(each, "/V")


def above(field: Any, key: str) -> Any:
    """Return an entry of a field or of those that it belongs to."""
    for _ in range(_DEEPEST):
        found = _entry(field, key)
        if found is not None or field is None:
            return found
        field = _entry(field, "/Parent")
    return None


def _entry(thing: Any, key: str) -> Any:
    """Return an entry of what should be a dictionary, None where it is not one."""
    try:
        return None if thing is None else thing.get(key)
    except (AttributeError, TypeError, ValueError, KeyError):
        return None


def _has_entries(thing: Any) -> bool:
    try:
        return len(thing.keys()) > 0
    except (AttributeError, TypeError, ValueError):
        return False


def _listed(thing: Any) -> list[Any]:
    """Return what should be an array as a list, [] where it is not one."""
    try:
        return [] if thing is None else list(thing)
    except (TypeError, ValueError):
        return []


def unread_filter(stream: Any) -> str:
    """Return the name of the filter that keeps a stream's text from being read, '' if none does."""
    filters = stream.get("/Filter")
    if filters is None:
        return ""
    try:
        names = [str(each) for each in filters]
    except TypeError:  # one name, or what is none
        names = [str(filters)]
    found = next((name for name in names if name not in _READ), "")
    return "".join(c for c in found.removeprefix("/") if c.isprintable())[:_LONGEST]


def unread_filters(streams: Iterable[Any]) -> str:
    """Return the names of the filters that keep streams from being read, '' if all can be read."""
    return ", ".join(dict.fromkeys(filter(None, map(unread_filter, streams))))
