"""Ids from titles: lower-case kebab, in any script, stable."""

from __future__ import annotations

import hashlib
import re
import unicodedata

from guide.model.letters import unaccented

_LETTERS = str.maketrans(
    dict(
        zip(
            "абвгдежзијклмнопрстуфхцчшйщъыьэюяђљњћџґєіїαβγδεζηθικλμνξοπρσςτυφχψωßøæœłđðþı",
            "a b v g d e zh z i j k l m n o p r s t u f h c ch sh j sht _ y _ e ju ja dj lj nj c dz g "
            "je i ji "
            "a b g d e z e th i k l m n x o p r s s t y f ch ps o ss o ae oe l d d th i".split(),
            strict=True,
        )
    )
)
_KNOWN = ("LATIN ", "CYRILLIC ", "MODIFIER ", "COMBINING ")  # scripts whose ids never change


def slug(text: str, length: int = 60) -> str:
    """Return a kebab id for `text`; a short hash if neither the table nor anyascii has a letter of it.

    A text with a letter of the table has the same id in every version of guide.
    """
    words = _kebab(text.casefold()) or _kebab(_latin(text))
    if len(words) > length:
        words = words[:length].rpartition("-")[0] or words[:length]
    return words or "x" + hashlib.sha256(text.encode()).hexdigest()[:8]


def _kebab(text: str) -> str:
    plain = unaccented(text.translate(_LETTERS))
    return re.sub(r"[^a-z0-9]+", "-", plain.translate(_LETTERS).replace("'", "")).strip("-")


def _latin(text: str) -> str:
    """Return a text of another script in Latin letters, with a hyphen between signs of Chinese."""
    from anyascii import anyascii  # a tenth of a second that few packs need

    other = "".join(c if unicodedata.category(c)[0] in "LM" else " " for c in text)
    other = "".join(" " if unicodedata.name(c).startswith(_KNOWN) else c for c in other)
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", anyascii(other)).lower()
