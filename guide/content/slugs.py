"""Ids from titles: lower-case kebab, in any script, stable."""

from __future__ import annotations

import hashlib
import re

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


def slug(text: str, length: int = 60) -> str:
    """Return a kebab id for `text`; texts without any known letter get a short hash."""
    plain = unaccented(text.casefold().translate(_LETTERS))
    words = re.sub(r"[^a-z0-9]+", "-", plain.translate(_LETTERS).replace("'", "")).strip("-")
    if len(words) > length:
        words = words[:length].rpartition("-")[0] or words[:length]
    return words or "x" + hashlib.sha256(text.encode()).hexdigest()[:8]
