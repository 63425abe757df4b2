"""What a page draws, made ready to be drawn over: its state put back, its content shut in."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from typing import Any

from guide.diagnostics.diagnostic import GuideError, Place, error
from guide.foreign.forms import unread_filters
from guide.model.pageview import PageView, inherited

_SAVES = re.compile(rb"(?<![^\s\]>)])([qQ])(?![^\s\[<(/])")
_OPAQUE = re.compile(
    rb"[(%]|\bBI\b"
)  # strings, comments and pictures, in which letters mean nothing


def unbalanced(contents: Sequence[Any]) -> tuple[int, int]:
    """Return how many states a page restores without having saved them, and how many it leaves.

    Counting letters is enough for a page without strings, comments and inline pictures. Others are
    read instruction by instruction. Raises GuideError for content that cannot be read.
    """
    import pikepdf

    data = _read(contents)
    if _OPAQUE.search(data) is None:
        letters = [str(letter, "ascii") for letter in _SAVES.findall(data)]
    else:
        pdf = pikepdf.new()  # a stream is gone when its file is
        with warnings.catch_warnings():  # of content without an end; `stamp` looks at what is seen
            warnings.simplefilter("ignore")
            read: Any = pikepdf.parse_content_stream(pikepdf.Stream(pdf, data), "q Q")
        letters = [str(operator) for _, operator in read]
    depth = least = 0
    for letter in letters:
        depth += 1 if letter == "q" else -1
        least = min(least, depth)
    return -least, depth - least


def shut_in(pdf: Any, page: Any, contents: Sequence[Any], view: PageView) -> Any:
    """Return a page's content as a form, which ends whatever the content leaves open.

    A string or an inline picture without an end would swallow all that is drawn after it. Raises
    GuideError for content that cannot be read.
    """
    import pikepdf

    data = _read(contents)
    form = pikepdf.Stream(pdf, data)
    form.Type, form.Subtype = pikepdf.Name.XObject, pikepdf.Name.Form
    form.BBox = pikepdf.Array([round(side, 3) for side in view.box])
    resources = inherited(page, "/Resources")
    form.Resources = resources if resources is not None else pikepdf.Dictionary()
    if "/Group" in page:
        form.Group = page.Group
    return pdf.make_indirect(form)


def _read(contents: Sequence[Any]) -> bytes:
    """Return the instructions of a page; raises GuideError where a filter keeps them from being read."""
    filters = unread_filters(contents)
    if filters:
        message = f"the PDF cannot be stamped: a page has content that is stored as {filters}"
        hint = "Print the PDF to a new one in a viewer, and distribute that."
        raise GuideError(error("not-a-pdf", message, Place(""), hint))
    return b"\n".join(stream.read_bytes() for stream in contents)
