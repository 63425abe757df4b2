"""BibTeX and biblatex to CSL items: entries with their lines, names, dates, and what is lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from guide.content.bibentries import read_entries
from guide.content.bibitem import Item
from guide.content.bibtables import FIELDS
from guide.diagnostics.diagnostic import Diagnostic, Place, error
from guide.model.lostfields import LostField, lost_notes

Found = dict[str, tuple[dict[str, Any], Place]]


def read_bibtex(
    text: str, path: str
) -> tuple[Found, list[Diagnostic], dict[str, Mapping[str, Place]]]:
    """Read a file of BibTeX: its sources, what is wrong with it, and where the fields of each are."""
    problems: list[Diagnostic] = []
    lost: list[LostField] = []
    found, places = Found(), dict[str, Mapping[str, Place]]()
    for entry in read_entries(text, path, problems):
        if entry.kind in {"xdata", "set"}:
            continue
        item = Item(entry, problems, lost).made()
        if not item.get("title"):
            hint = "Add `title = {...}`."
            message = f"the source `{entry.key}` has no title"
            problems.append(error("missing-key", message, entry.place, hint))
            continue
        if entry.parents:
            item["custom"] = {"parents": entry.parents}
        found[entry.key] = ({**item, "id": entry.key}, entry.place)
        places[entry.key] = {FIELDS.get(name, name): at for name, at in entry.places.items()}
    return found, problems + lost_notes(lost), places
