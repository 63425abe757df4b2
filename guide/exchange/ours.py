"""The field `Data` of guide's own note types in Anki: the card as the pack has it, so that it comes back the same.

It is used only while the fields that a person sees are those that were exported: what is edited in Anki counts.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape, unescape
from typing import Any

from guide.model.base import KEBAB

CARD, CLOZE, DATA, FIRST_COMMON = "guide card", "guide cloze", "Data", "Topic"
_TEXTS = {
    "id", "front", "back", "hint", "image", "image_side", "cloze", "layout", "front_lang", "back_lang",
}  # fmt: skip
_LISTS = {"tags", "sources"}
_PICTURE = re.compile(r"figures/(?!.*\.\.)[\w .()/-]+\.(?:png|jpe?g|svg)", re.IGNORECASE)


@dataclass(frozen=True)
class Own:
    """A card as its pack had it, and its pictures: their paths in the pack, and their names in the package."""

    card: Mapping[str, Any]
    pictures: Mapping[str, str]


def packed(own: Own, seen: Sequence[str]) -> str:
    """Return the field for a card; `seen` are the fields before the topic."""
    said = {"card": dict(own.card), "pictures": dict(own.pictures), "check": _check(seen)}
    return escape(json.dumps(said, ensure_ascii=False, separators=(",", ":")), quote=False)


def unpacked(kind: str, names: Sequence[str], fields: Sequence[str]) -> Own | None:
    """Return the card of a note of guide's own, None for any other note, and for one that was edited since."""
    if kind.partition("-")[0].strip() not in {CARD, CLOZE} or not {DATA, FIRST_COMMON} <= {*names}:
        return None
    by_name = dict(zip(names, fields, strict=False))
    seen = fields[: list(names).index(FIRST_COMMON)]
    try:
        said = json.loads(unescape(by_name.get(DATA, "")))
        card, pictures = said["card"], said["pictures"]
        if said["check"] != _check(seen) or not _is_sound(card):
            return None
        fine = all(
            _PICTURE.fullmatch(path) and isinstance(name, str) for path, name in pictures.items()
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return Own(card, pictures) if fine else None


def _is_sound(card: Any) -> bool:
    """Return True for the fields of a card, each of its type: a package may be anybody's work."""
    texts = {name: value for name, value in card.items() if name not in {*_LISTS, "reverse"}}
    lists = [card.get(name, []) for name in _LISTS]
    return (
        {*texts} <= _TEXTS
        and all(isinstance(value, str) for value in texts.values())
        and all(isinstance(each, list) and all(isinstance(v, str) for v in each) for each in lists)
        and isinstance(card.get("reverse", False), bool)
        and bool(KEBAB.fullmatch(card["id"]))
    )


def _check(seen: Sequence[str]) -> str:
    return hashlib.sha256("\x1f".join(seen).encode()).hexdigest()[:12]
