"""The names of people and bodies in BibTeX: `Family, Given`, `Given Family`, `{{A Body}}`."""

from __future__ import annotations

import re
from collections.abc import Callable

Text = Callable[[str], str]


def people(value: str, text: Text, joined: Callable[[str], None]) -> list[dict[str, str]]:
    """Return the names of a field as CSL names.

    `text` turns TeX into text, `joined` reports what is read as one name and looks like several.
    """
    from pybtex.bibtex.utils import split_name_list
    from pybtex.exceptions import PybtexError

    found = []
    # `and` ends a line in the exports of DBLP; between names BibTeX takes any white space.
    for written in split_name_list(" ".join(value.split())):
        if not written.strip():
            continue
        if is_joined(written):
            joined(written)
        try:
            found.append(_person(written.strip(), text))
        except PybtexError:
            found.append({"literal": text(written)})
    return found


def _person(written: str, text: Text) -> dict[str, str]:
    from pybtex.database import Person

    if re.match(r"\s*(?:family|given|prefix|suffix)\s*=", written):
        return _extended(written, text)
    if written.startswith("{") and _closes_last(written):
        return {"literal": text(written)}
    if written.casefold() == "others":
        return {"literal": "others"}
    # `Doe, Jane, and Roe, Richard` is often seen; the last comma would make Jane a Jr.
    written = written.rstrip(", \t\n")
    parts = [part.strip() for part in written.split(",")]
    if len(parts) == 3 and _JR.fullmatch(parts[2]):  # BibTeX's order is `Doe, Jr., Jane`
        written = f"{parts[0]}, {parts[2]}, {parts[1]}"
    person = Person(written)

    def joined(*lists: list[str]) -> str:
        return " ".join(text(each) for names in lists for each in names)

    made = {
        "family": joined(person.last_names),
        "given": joined(person.first_names, person.middle_names),
        "non-dropping-particle": joined(person.prelast_names),
        "suffix": joined(person.lineage_names),
    }
    if not made["given"] and not made["suffix"] and not made["non-dropping-particle"]:
        return {"literal": made["family"]}
    return {key: value for key, value in made.items() if value}


def _extended(written: str, text: Text) -> dict[str, str]:
    """Read biblatex's `family=Doe, given=Jane, prefix=von`."""
    keys = {name: name for name in ("family", "given", "suffix")} | {
        "prefix": "non-dropping-particle"
    }
    found: dict[str, str] = {}
    for part in written.split(","):
        key, _, value = part.partition("=")
        if key.strip().lower() in keys:
            found[keys[key.strip().lower()]] = text(value.strip(' "'))
    return found or {"literal": text(written)}


_JR = re.compile(r"(?:Jr|Sr|jun|sen|[IVX]+|\d(?:st|nd|rd|th))\.?", re.I)


def _closes_last(text: str) -> bool:
    """Return True if the brace that begins a text closes at its end."""
    depth = 0
    for at, sign in enumerate(text):
        depth += (sign == "{") - (sign == "}")
        if depth == 0:
            return at == len(text) - 1
    return False


def is_joined(written: str) -> bool:
    """Return True if what BibTeX reads as one name seems to be several, joined by other signs than `and`."""
    if re.match(r"\s*(?:family|given|prefix|suffix)\s*=", written):
        return False
    plain = re.sub(r"\{[^{}]*\}", "", written)
    if re.search(r";|(?<!\\)&|\bet\.? al\b", plain):
        return True
    parts = [part.strip() for part in plain.strip(", \t\n").split(",")]
    return len(parts) > 3 or (len(parts) == 3 and not any(map(_JR.fullmatch, parts[1:])))
