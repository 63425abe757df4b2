"""What of a source its citation style does not print: each field is in the entry, or reported."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from guide.markup.csl.place import DATES, NAMES
from guide.model.letters import unaccented

# Marks that programs keep, codes for finding a work again, and what only serves to print others.
_SILENT = frozenset(
    """id type tags custom note language abstract annote keyword source citation-key citation-label
year-suffix title-short shortTitle container-title-short journalAbbreviation page-first ISBN ISSN PMID PMCID
call-number license categories accessed event references""".split()
)
# A field that says the same as another one which is printed.
_SAME = {"URL": ("DOI",), "container-title": ("container-title-short", "journalAbbreviation")}
_SHORT = 4  # letters of a text that may be in an entry by chance


def unprinted(
    item: Mapping[str, Any], entry: str, called: frozenset[str]
) -> Iterator[tuple[str, str]]:
    """Yield the name and text of each field that an entry of the list does not print.

    `entry` is the entry as a reader sees it, `called` are the fields that the style printed, perhaps
    in another form, such as a number in words or a range of pages cut short.
    """
    seen = _letters(entry)
    for name, value in item.items():
        if name in _SILENT or name in called or not value:
            continue
        if any(other in called and item.get(other) for other in _SAME.get(name, ())):
            continue
        text = _text(name, value)
        plain = _letters(re.sub(r"</?\w[^<>]*>", "", text))
        if plain and not (len(plain) >= _SHORT and plain in seen):
            yield name, text


def _text(name: str, value: Any) -> str:
    """Return a field as its author would recognize it."""
    if name in NAMES:
        return "; ".join(" ".join(filter(None, _parts(each))) for each in value)
    if name in DATES and isinstance(value, Mapping):
        ends = ["-".join(f"{n:02d}" for n in part if n) for part in value.get("date-parts", ())]
        return str(value.get("literal", "")) or "/".join(ends)
    return str(value)


def _parts(person: Mapping[str, Any]) -> tuple[str, ...]:
    order = ("given", "non-dropping-particle", "family", "suffix", "literal")
    return tuple(str(person.get(part) or "") for part in order)


def _letters(text: str) -> str:
    """Return the letters and digits of a text, without accents and capitals."""
    return "".join(filter(str.isalnum, unaccented(text.casefold())))
