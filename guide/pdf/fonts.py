"""The fonts of a deck, each once, with the glyphs that all its faces use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pydyf
import weasyprint
from weasyprint.pdf import fonts as weasyprint_fonts
from weasyprint.text.ffi import ffi, harfbuzz

from guide.engine.clock import at_a_fixed_time
from guide.engine.pieces import group_of
from guide.model.artifacts import FontFace, FontObjects, FontUse
from guide.pdf.uses import of_use

_DECLARED = False


def font_objects(fonts: tuple[FontFace, ...], uses: tuple[FontUse, ...]) -> FontObjects:
    """Return the PDF objects of fonts, subset to the glyphs of `uses`, one for each font."""
    wanted = {use.name: use for use in uses}
    ready = {font.name: _font(font, wanted[font.name]) for font in fonts if font.name in wanted}
    pdf = pydyf.PDF()
    first = len(pdf.objects)
    options = {**weasyprint.DEFAULT_OPTIONS, "pdf_version": "1.7"}
    with at_a_fixed_time():
        made = weasyprint_fonts.build_fonts_dictionary(pdf, ready, True, True, options)

    def local(number: int) -> int:
        return number - first

    names = {name: local(int(ref.split()[0])) for name, ref in made.items()}
    return FontObjects(group_of(pdf.objects[first:], local), names)


def _font(face: FontFace, use: FontUse) -> Any:
    """Return WeasyPrint's font as it was, with the glyphs that are used now."""
    font = weasyprint_fonts.Font.__new__(weasyprint_fonts.Font)
    texts, widths = of_use(use)
    content = face.data or Path(face.file).read_bytes()
    vars(font).update(face.facts)
    vars(font).update(
        hash=face.name,  # under which it is listed; the tag before its name is as it was
        file_content=content,
        hb_face=_harfbuzz_face(content, face.facts["index"]),
        to_unicode=dict(sorted(texts.items())),
        widths=widths,
        missing={},
        variations=dict(face.facts["variations"]),
    )
    return font


def _harfbuzz_face(content: bytes, index: int) -> Any:
    """Return HarfBuzz's face of a font file that stays in memory as long as the face."""
    global _DECLARED  # noqa: PLW0603  cffi wants a declaration once in a process
    if not _DECLARED:
        ffi.cdef(
            "hb_blob_t * hb_blob_create"
            "(const char *data, unsigned int length, int mode, void *user_data, void *destroy);"
            "hb_face_t * hb_face_create (hb_blob_t *blob, unsigned int index);"
        )
        _DECLARED = True
    duplicate = 0  # HB_MEMORY_MODE_DUPLICATE: HarfBuzz keeps its own copy
    blob = harfbuzz.hb_blob_create(content, len(content), duplicate, ffi.NULL, ffi.NULL)
    try:
        return ffi.gc(harfbuzz.hb_face_create(blob, index), harfbuzz.hb_face_destroy)
    finally:
        harfbuzz.hb_blob_destroy(blob)
