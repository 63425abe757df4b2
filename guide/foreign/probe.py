"""Whether something is seen on a page, by a library that had no part in drawing it.

A page is drawn twice by PDFium, with a thing and without. Where no pixel changes, no reader sees it,
whatever the file says.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pypdfium2 as pdfium
from pypdfium2 import raw

_WIDE, _HIGH = 240, 60  # pixels of a spot that are looked at, at most
_CHANGED = 40  # levels of grey of 255 that a reader notices
_DARK = 75  # level of grey on which dark text cannot be read


@dataclass(frozen=True)
class Spot:
    """Where to look: a page from 0, and left, bottom, right and top in pt as the page is read."""

    page: int
    box: tuple[float, float, float, float]


@dataclass(frozen=True)
class Change:
    """What is seen there: the share of the spot that changed, and that was dark before."""

    changed: float
    dark: float


def changes(drawn: bytes, bare: bytes, spots: Sequence[Spot]) -> list[Change]:
    """Return what `drawn` shows at each spot that `bare` does not; raises ValueError.

    The files have the same pages. Units of user space count as a point, as PDFium has them.
    """
    try:
        documents = pdfium.PdfDocument(drawn), pdfium.PdfDocument(bare)
    except pdfium.PdfiumError as exc:
        raise ValueError("PDFium cannot open it") from exc
    try:
        return [_change(documents, spot) for spot in spots]
    finally:
        for document in documents:
            document.close()


def _change(documents: tuple[Any, Any], spot: Spot) -> Change:
    after, before = (_pixels(document, spot) for document in documents)
    if not before:
        return Change(0.0, 0.0)
    dark = sum(level < _DARK for level in before) / len(before)
    if after == before:
        return Change(0.0, dark)
    changed = sum(abs(a - b) > _CHANGED for a, b in zip(after, before, strict=True))
    return Change(changed / len(before), dark)


def _pixels(document: Any, spot: Spot) -> bytes:
    """Return a spot in levels of grey; nothing when the page cannot be read or has no such place."""
    page = raw.FPDF_LoadPage(document.raw, spot.page)
    if not page:
        return b""
    try:
        width, height = raw.FPDF_GetPageWidthF(page), raw.FPDF_GetPageHeightF(page)
        left, bottom = (max(0.0, side) for side in spot.box[:2])
        right, top = min(width, spot.box[2]), min(height, spot.box[3])
        if right <= left or top <= bottom:
            return b""
        scale = min(_WIDE / (right - left), _HIGH / (top - bottom), 4.0)
        wide = max(1, int((right - left) * scale))
        high = max(1, int((top - bottom) * scale))
        bitmap = raw.FPDFBitmap_CreateEx(wide, high, raw.FPDFBitmap_Gray, None, 0)
        if not bitmap:
            return b""
        try:
            raw.FPDFBitmap_FillRect(bitmap, 0, 0, wide, high, 0xFFFFFFFF)
            raw.FPDF_RenderPageBitmap(
                bitmap, page, round(-left * scale), round((top - height) * scale),
                max(1, round(width * scale)), max(1, round(height * scale)), 0, raw.FPDF_ANNOT,
            )  # fmt: skip
            stride = raw.FPDFBitmap_GetStride(bitmap)
            data = ctypes.string_at(raw.FPDFBitmap_GetBuffer(bitmap), stride * high)
            return b"".join(data[row * stride : row * stride + wide] for row in range(high))
        finally:
            raw.FPDFBitmap_Destroy(bitmap)
    finally:
        raw.FPDF_ClosePage(page)
