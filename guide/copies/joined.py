"""The copies of a class in one PDF for the printer."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from typing import Any


def joined(copies: Sequence[bytes], title: str) -> bytes:
    """Return copies as one PDF in which each begins on a new sheet, printed on both sides.

    A copy with an odd number of pages is followed by an empty one, as large as its last. Layers stay
    as they are: what is hidden in a copy is hidden in the whole. Raises ValueError when a copy is no
    PDF.
    """
    import pikepdf

    with contextlib.ExitStack() as stack:
        whole = stack.enter_context(pikepdf.new())
        layers: list[Any] = []
        for data in copies:
            try:
                copy = stack.enter_context(pikepdf.open(io.BytesIO(data)))
            except pikepdf.PdfError as exc:
                raise ValueError(str(exc)) from exc
            whole.pages.extend(copy.pages)
            if len(copy.pages) % 2:
                _add_empty(whole, whole.pages[-1])
            if "/Lang" in copy.Root and "/Lang" not in whole.Root:
                whole.Root.Lang = pikepdf.String(str(copy.Root.Lang))
            if "/OCProperties" in copy.Root:
                layers.append(whole.copy_foreign(copy.make_indirect(copy.Root.OCProperties)))
        if layers:
            whole.Root.OCProperties = _layers(layers)
        # As it is printed, not made larger or smaller, on both sides (ISO 32000-2, 12.2).
        whole.Root.ViewerPreferences = pikepdf.Dictionary(
            PrintScaling=pikepdf.Name("/None"),
            Duplex=pikepdf.Name.DuplexFlipLongEdge,
        )
        whole.docinfo["/Title"] = title
        made = io.BytesIO()
        whole.save(
            made, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate
        )
        return made.getvalue()


def _add_empty(whole: Any, like: Any) -> None:
    """Add an empty page that is seen as large as another, and turned as that is."""
    import pikepdf

    page = pikepdf.Dictionary(Type=pikepdf.Name.Page, Resources=pikepdf.Dictionary())
    for name in ("/MediaBox", "/CropBox", "/Rotate", "/UserUnit"):
        if name in like.obj:  # `extend` has put on each page what it inherits
            page[name] = like.obj[name]
    whole.pages.append(pikepdf.Page(whole.make_indirect(page)))


def _layers(every: Sequence[Any]) -> Any:
    """Return the optional content of all copies as one (ISO 32000-2, 8.11.4)."""
    import pikepdf

    groups, hidden, usage = pikepdf.Array(), pikepdf.Array(), pikepdf.Array()
    for properties in every:
        settings = properties.get("/D", pikepdf.Dictionary())
        own = list(properties.get("/OCGs", pikepdf.Array()))
        groups.extend(own)
        if str(settings.get("/BaseState", "/ON")) == "/OFF":
            shown = {group.objgen for group in settings.get("/ON", pikepdf.Array())}
            hidden.extend(group for group in own if group.objgen not in shown)
        else:
            hidden.extend(settings.get("/OFF", pikepdf.Array()))
        usage.extend(settings.get("/AS", pikepdf.Array()))
    return pikepdf.Dictionary(OCGs=groups, D=pikepdf.Dictionary(OFF=hidden, AS=usage))
