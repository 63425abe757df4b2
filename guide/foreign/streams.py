"""How a PDF stores content, as far as it can be read.

Objects are those of pikepdf, which has its home elsewhere; they are only asked for their entries.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

# Filters of text and instructions, with the short names of inline pictures (ISO 32000-2, 7.4, table
# 92). The others store pictures, or are unknown to the standard.
_READ = frozenset(
    "/FlateDecode /Fl /LZWDecode /LZW /ASCIIHexDecode /AHx /ASCII85Decode /A85 /RunLengthDecode /RL "
    "/Crypt".split()
)
_LONGEST = 40  # characters of an unknown filter's name that are shown


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
