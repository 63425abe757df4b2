"""Numbers of cards, filled in when a deck is put together.

A card's number and the size of its deck change whenever a card is added. A face that is kept would
have to be set again; instead its number is drawn from glyphs that the face brings along (`slots`).
"""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby

from guide.engine.pieces import deflated, inflated
from guide.model.artifacts import SEPARATOR, Group, NumberSlot, SetFace

MARK = b"%guide-number"  # a comment in the content of a face, where the number is shown
_CONTENT = 2  # the place of a page's content among the objects of a face


def numbered(face: SetFace, text: str) -> SetFace:
    """Return a face with its number filled in; '' leaves the place empty."""
    slot = face.number
    if slot is None:
        return face
    shown = _shown(slot, text)
    return replace(
        face,
        objects=_with_content(face.objects, shown),
        plain=_filled(face.plain, shown),
        bookmarks=tuple(
            (label.replace(slot.text, text, 1), x, y) for label, x, y in face.bookmarks
        ),
        texts=tuple(
            tuple(text if run == slot.text else run for run in runs) for runs in face.texts
        ),
        number=None,
    )


def _shown(slot: NumberSlot, text: str) -> bytes:
    """Return the operators that show a number where the placeholder was."""
    known = {glyph.sign: glyph for glyph in slot.glyphs}
    glyphs = [known[sign] for sign in text if sign in known]
    width = sum(glyph.width * glyph.size / 1000 for glyph in glyphs)
    parts = [b"%.3f 0 Td" % (slot.width - width)] if slot.at_end else []
    for (font, size), run in groupby(glyphs, key=lambda glyph: (glyph.font, glyph.size)):
        codes = "".join(glyph.code for glyph in run)
        parts.append(f"/{font} {size:g} Tf\n<{codes}> Tj".encode())
    return b"\n".join(parts)


def _filled(data: bytes, shown: bytes) -> bytes:
    return deflated(inflated(data).replace(MARK, shown, 1))


def _with_content(group: Group, shown: bytes) -> Group:
    """Return the objects of a face with another content stream, and its length."""
    before = dict(group.data)[_CONTENT]
    content = _filled(before, shown)
    texts = group.text.split(SEPARATOR)
    length = b"/Length %d"
    texts[_CONTENT] = texts[_CONTENT].replace(length % len(before), length % len(content))
    data = tuple((n, content if n == _CONTENT else each) for n, each in group.data)
    return replace(group, text=SEPARATOR.join(texts), data=data)
